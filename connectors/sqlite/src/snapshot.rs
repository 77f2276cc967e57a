//! One state of a database that others write to, for all pieces of a table.
//!
//! SQLite shares no snapshot between connections, but with a write-ahead log a transaction keeps what it saw for as long
//! as it lasts, and keeps no writer out. One that was begun with the plan waits here until each of the plan's pieces was
//! read, or nobody read one for a while; pieces are read through it one after the other once the file has gone on
//! without them. A log cannot be emptied while a transaction is held.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use crate::file::{Session, locked};

/// Transactions by the state that they see.
#[derive(Default)]
pub(crate) struct Snapshots(Mutex<HashMap<String, Held>>);

struct Held {
    session: Arc<tokio::sync::Mutex<Session>>,
    /// The statements of the pieces that were not read yet. Those that an earlier scan read never are.
    unread: HashSet<String>,
    /// When it was last asked for.
    used: Instant,
}

/// A transaction that nobody asked for so long is given up.
const IDLE: Duration = Duration::from_mins(10);

impl std::fmt::Debug for Snapshots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snapshots({})", locked(&self.0).len())
    }
}

/// The hold of one piece on the state it was planned for, whether or not a transaction that sees it is here.
pub(crate) struct Lease {
    snapshots: Arc<Snapshots>,
    version: String,
    statement: String,
    session: Option<Arc<tokio::sync::Mutex<Session>>>,
    /// Whether the piece may be asked for again.
    pub(crate) retry: bool,
}

impl Lease {
    /// The transaction that sees the state; pieces take turns.
    pub(crate) fn session(&self) -> Option<Arc<tokio::sync::Mutex<Session>>> {
        self.session.clone()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.retry {
            self.snapshots.release(&self.version, &self.statement);
        }
    }
}

impl Snapshots {
    /// Those that are not given up.
    fn in_use(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        let mut all = locked(&self.0);
        // A piece that is being read has the session, too.
        all.retain(|_, held| held.used.elapsed() < IDLE || Arc::strong_count(&held.session) > 1);
        all
    }

    /// Keeps a transaction that sees a state until these statements were read in it.
    pub(crate) fn hold(
        self: &Arc<Self>,
        version: String,
        session: Session,
        statements: Vec<String>,
    ) {
        let mut all = self.in_use();
        if all.is_empty() {
            tokio::spawn(watch(Arc::downgrade(self)));
        }
        let held = all.entry(version).or_insert_with(|| Held {
            session: Arc::new(tokio::sync::Mutex::new(session)),
            unread: HashSet::new(),
            used: Instant::now(),
        });
        held.unread.extend(statements);
    }

    pub(crate) fn lease(self: &Arc<Self>, version: &str, statement: &str) -> Lease {
        let session = self.in_use().get_mut(version).map(|held| {
            held.used = Instant::now();
            Arc::clone(&held.session)
        });
        Lease {
            snapshots: Arc::clone(self),
            version: version.to_owned(),
            statement: statement.to_owned(),
            session,
            retry: false,
        }
    }

    fn release(&self, version: &str, statement: &str) {
        let mut all = locked(&self.0);
        if let Some(held) = all.get_mut(version) {
            held.unread.remove(statement);
            if held.unread.is_empty() {
                all.remove(version);
            }
        }
    }
}

/// Gives up what nobody asks for, for as long as something is held.
async fn watch(snapshots: Weak<Snapshots>) {
    loop {
        tokio::time::sleep(IDLE / 10).await;
        let Some(snapshots) = snapshots.upgrade() else {
            return;
        };
        if snapshots.in_use().is_empty() {
            return;
        }
    }
}
