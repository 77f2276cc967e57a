//! One state of the database for several splits.
//!
//! A snapshot lives as long as the session that exported it, and while it lives the server cannot clean up. So a plan only
//! promises one: the first of its splits that is read exports it, and it is held here until each was read, or nobody
//! asked for it for a while. Plans that are never read hold nothing. A worker in another process, and whoever comes
//! later, reads under a snapshot of its own and says so.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use locard_connector::{Error, ErrorKind, Result};
use locard_sql::Connect as _;
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
    promised: Mutex<HashMap<String, Arc<Promise>>>,
    database: tokio::sync::Mutex<Option<String>>,
}

/// The snapshot of a plan, as far as it was exported.
#[derive(Debug)]
struct Promise {
    splits: u32,
    /// Its id; `None` where the server exports none.
    id: tokio::sync::OnceCell<Option<String>>,
}

/// Under what a split is to be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shared {
    /// The snapshot of that id.
    Id(String),
    /// The server exported none.
    Refused,
    /// It had ended, or is another process's.
    Ended,
}

/// How the name of a promised snapshot begins. The ids of exported ones begin with a digit.
const PROMISED: &str = "plan-";

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
    retry: bool,
    /// Whether its plan is outdated, so that none of its splits is asked for again.
    outdated: bool,
}

impl Lease {
    /// Notes what ended the reading of the split.
    pub(crate) fn ends_with(&mut self, error: &Error) {
        (self.retry, self.outdated) = (error.is_retryable(), error.is_outdated());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let unread = (!self.outdated).then_some(self.retry);
        self.snapshots.release(&self.id, self.number, unread);
    }
}

impl Snapshots {
    fn held(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        // A panic elsewhere leaves the map whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn promised(&self) -> MutexGuard<'_, HashMap<String, Arc<Promise>>> {
        self.promised.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of a snapshot for that many splits, which the first of them exports.
    pub(crate) fn promise(&self, splits: u32) -> String {
        // Drawn at random, since another process may have promised one too.
        let name = format!(
            "{PROMISED}{:016x}",
            RandomState::new().build_hasher().finish()
        );
        let id = tokio::sync::OnceCell::new();
        let promise = Arc::new(Promise { splits, id });
        self.promised().insert(name.clone(), promise);
        name
    }

    /// The snapshot that a split names.
    pub(crate) async fn shared(
        self: &Arc<Self>,
        name: &str,
        settings: &Arc<Settings>,
    ) -> Result<Shared> {
        if !name.starts_with(PROMISED) {
            return Ok(Shared::Id(name.to_owned()));
        }
        let promise = self.promised().get(name).cloned();
        let Some(promise) = promise else {
            return Ok(Shared::Ended);
        };
        let id = promise
            .id
            .get_or_try_init(|| self.export(settings, promise.splits));
        Ok(id.await?.clone().map_or(Shared::Refused, Shared::Id))
    }

    /// Exports a snapshot for that many splits. A server that spares no session for it is read all the same.
    async fn export(
        self: &Arc<Self>,
        settings: &Arc<Settings>,
        splits: u32,
    ) -> Result<Option<String>> {
        match self.hold(settings, Some((0..splits).collect())).await {
            Ok(id) => {
                self.watch(id.clone());
                Ok(Some(id))
            }
            Err(error) if is_refusal(error.kind()) => Ok(None),
            Err(error) => Err(error),
        }
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
        let export = "SELECT pg_catalog.pg_export_snapshot() AS id";
        let rows = session.begin(None, export).await.map_err(describe)?;
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
            outdated: false,
        }
    }

    /// Ends a hold. `retry`: whether its split may be asked for again; `None`: no split of its plan is.
    fn release(&self, id: &str, number: u32, retry: Option<bool>) {
        let mut all = self.held();
        let Some(held) = all.get_mut(id) else { return };
        held.readers = held.readers.saturating_sub(1);
        held.used = Instant::now();
        match (held.unread.as_mut(), retry) {
            (Some(unread), None) => unread.clear(),
            (Some(unread), Some(false)) => {
                unread.remove(&number);
            }
            _ => {}
        }
        if held.readers == 0 && held.unread.as_ref().is_some_and(HashSet::is_empty) {
            // Dropping the session closes its socket, and the server forgets the snapshot.
            all.remove(id);
            self.promised()
                .retain(|_, promise| promise.id.get().and_then(Option::as_deref) != Some(id));
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

/// Whether a server that answers so can be read without a shared snapshot.
pub(crate) fn is_refusal(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Throttled | ErrorKind::Unsupported | ErrorKind::Unexpected
    )
}
