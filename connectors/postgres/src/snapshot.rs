//! One state of the database for several splits.
//!
//! A snapshot lives as long as the session that exported it. A plan's snapshot is held here until each of its splits
//! was read, or nobody asked for it for a while; a worker in another process uses it while it lasts and reads under its
//! own afterwards, and says so.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use locard_connector::Result;
use sqlx::Row as _;

use crate::error::from_driver;
use crate::session::Session;
use crate::settings::Settings;

/// How long an exported snapshot waits for its next reader: it keeps the server from cleaning up.
const IDLE: Duration = Duration::from_mins(10);

/// Exported snapshots by id.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    held: Mutex<HashMap<String, Held>>,
    database: tokio::sync::Mutex<Option<String>>,
}

#[derive(Debug)]
struct Held {
    /// Keeps the snapshot alive.
    _session: Session,
    /// Splits that were not read yet; `None` for the snapshot of the whole database, which lives with the source.
    unread: Option<HashSet<u32>>,
    readers: usize,
    used: Instant,
}

/// A reader's hold on a snapshot.
#[derive(Debug)]
pub(crate) struct Lease {
    snapshots: Arc<Snapshots>,
    id: String,
    number: u32,
    /// Whether the split may be asked for again.
    pub(crate) retry: bool,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.snapshots.release(&self.id, self.number, self.retry);
    }
}

impl Snapshots {
    fn held(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        // A panic elsewhere leaves the map whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Exports a snapshot for that many splits.
    pub(crate) async fn export(
        self: &Arc<Self>,
        settings: &Arc<Settings>,
        splits: u32,
    ) -> Result<String> {
        let id = self.hold(settings, Some((0..splits).collect())).await?;
        self.watch(id.clone());
        Ok(id)
    }

    /// The one snapshot for everything that this source reads.
    pub(crate) async fn database(self: &Arc<Self>, settings: &Arc<Settings>) -> Result<String> {
        let mut database = self.database.lock().await;
        if let Some(id) = &*database {
            return Ok(id.clone());
        }
        let id = self.hold(settings, None).await?;
        *database = Some(id.clone());
        Ok(id)
    }

    async fn hold(&self, settings: &Arc<Settings>, unread: Option<HashSet<u32>>) -> Result<String> {
        let describe = |error| from_driver(error, "exporting a snapshot");
        let mut session = Session::open(settings).await?;
        session.begin(None).await.map_err(describe)?;
        let rows = session
            .rows("SELECT pg_catalog.pg_export_snapshot() AS id".to_owned())
            .await
            .map_err(describe)?;
        let id: String = rows
            .first()
            .ok_or(sqlx::Error::RowNotFound)
            .and_then(|row| row.try_get("id"))
            .map_err(describe)?;
        self.held().insert(
            id.clone(),
            Held {
                _session: session,
                unread,
                readers: 0,
                used: Instant::now(),
            },
        );
        Ok(id)
    }

    /// A reader's hold; the snapshot may be another process's, so not holding it here proves nothing.
    pub(crate) fn lease(self: &Arc<Self>, id: &str, number: u32) -> Lease {
        if let Some(held) = self.held().get_mut(id) {
            held.readers += 1;
            held.used = Instant::now();
        }
        Lease {
            snapshots: self.clone(),
            id: id.to_owned(),
            number,
            retry: false,
        }
    }

    fn release(&self, id: &str, number: u32, retry: bool) {
        let mut all = self.held();
        let Some(held) = all.get_mut(id) else { return };
        held.readers = held.readers.saturating_sub(1);
        held.used = Instant::now();
        if let Some(unread) = held.unread.as_mut().filter(|_| !retry) {
            unread.remove(&number);
        }
        if held.readers == 0 && held.unread.as_ref().is_some_and(HashSet::is_empty) {
            // Dropping the session closes its socket, and the server forgets the snapshot.
            all.remove(id);
        }
    }

    /// Gives a snapshot up when nobody reads under it any more.
    fn watch(self: &Arc<Self>, id: String) {
        let snapshots = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(IDLE / 10).await;
                let Some(snapshots) = snapshots.upgrade() else {
                    return;
                };
                let mut all = snapshots.held();
                match all.get(&id) {
                    None => return,
                    Some(held) if held.readers == 0 && held.used.elapsed() > IDLE => {
                        all.remove(&id);
                        return;
                    }
                    Some(_) => {}
                }
            }
        });
    }
}
