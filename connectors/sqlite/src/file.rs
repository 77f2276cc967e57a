//! The database file: opening it to read, and telling its states apart.
//!
//! Opening takes as long as there are tables in the schema, so sessions that have nothing to do are kept for the next
//! question.
//!
//! What a reader gets wrong: nobody else ends a statement of SQLite. It runs on the driver's thread for as long as it
//! wants, also when nobody waits for it any more, unless the [`Session`] it belongs to stops it.

use std::fs::{File, Metadata};
use std::io::{ErrorKind as Io, Read as _};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use locard_connector::{Error, ErrorKind, Result};
use locard_sql::LONGEST_VALUE;
use sqlx::sqlite::{LockedSqliteHandle, SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::error::{from_driver, no_database};
use crate::settings::Settings;

/// Rows of a view that may wait for the reader, since any of them may be longer than the file.
pub(crate) const OF_VIEWS_AHEAD: u16 = 4;

/// Answers that a question's thread may be ahead of whoever asked.
pub(crate) const FEW_AHEAD: u16 = 16;

/// Steps of SQLite's machine between two looks at whether somebody waits: few, since one step may work on a very long text.
const STEPS: i32 = 16;

/// Of so many looks at whether somebody still waits, one is at the clock too, which costs more.
const CLOCK: u32 = 16;

/// The first bytes of a database file.
const HEADER: usize = 100;

/// A connection whose statements end: after the time that the settings allow, and when it is dropped.
pub(crate) struct Session {
    connection: SqliteConnection,
    brake: Brake,
    end: Arc<Mutex<Option<Instant>>>,
    ahead: u16,
    /// The state of the file before it was opened.
    version: Option<String>,
    /// Since when it waits.
    since: Instant,
}

/// Ends what still runs when it is dropped.
struct Brake(Arc<AtomicBool>);

impl Drop for Brake {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Session {
    /// Says good-bye; failing at that changes nothing.
    pub(crate) async fn close(self) {
        let Self {
            connection, brake, ..
        } = self;
        let _ = connection.close().await;
        drop(brake);
    }

    /// Begins a transaction that sees one state for as long as it lasts.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        // `BEGIN` alone takes no snapshot, the first reading does.
        for sql in ["BEGIN", "SELECT count(*) FROM sqlite_schema"] {
            sqlx::raw_sql(sql)
                .execute(&mut self.connection)
                .await
                .map_err(|error| from_driver(error, "reading"))?;
        }
        Ok(())
    }

    /// Ends what takes longer than that from now on.
    pub(crate) fn limit(&self, most: Option<Duration>) {
        *locked(&self.end) = most.and_then(|most| Instant::now().checked_add(most));
    }
}

impl Deref for Session {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sessions without a transaction that wait for the next question.
#[derive(Default)]
pub(crate) struct Idle(Mutex<Vec<Session>>);

/// How long one waits; then it lets go of the file.
const LINGER: Duration = Duration::from_secs(1);

/// So many wait at most: as many as planning and reading side by side use.
const MOST_IDLE: usize = 16;

impl Idle {
    /// A session of the file as it is now. One that waits is of a file that may have been replaced since: its state
    /// tells.
    pub(crate) async fn open(
        &self,
        settings: &Settings,
        ahead: u16,
        most: Option<Duration>,
    ) -> Result<Session> {
        let version = version(&settings.path).await;
        let kept = {
            let mut waiting = locked(&self.0);
            waiting.retain(|session| session.version.is_some() && session.version == version);
            let fitting = waiting.iter().position(|session| session.ahead == ahead);
            fitting.map(|at| waiting.swap_remove(at))
        };
        match kept {
            Some(session) => {
                session.limit(most);
                Ok(session)
            }
            None => open(settings, ahead, most, version).await,
        }
    }

    /// Keeps a session that has nothing under way.
    pub(crate) fn keep(self: &Arc<Self>, session: Session) {
        session.limit(None);
        let since = Instant::now();
        let mut waiting = locked(&self.0);
        if waiting.len() == MOST_IDLE {
            return;
        }
        waiting.push(Session { since, ..session });
        drop(waiting);
        let idle = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(LINGER).await;
            if let Some(idle) = idle.upgrade() {
                locked(&idle.0).retain(|session| session.since.elapsed() < LINGER);
            }
        });
    }
}

impl std::fmt::Debug for Idle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Idle({})", locked(&self.0).len())
    }
}

/// What is attempted. The path is no part of it: it may be called like a person, and whoever reads the sentence is told which
/// database it is about, masked.
const OPENING: &str = "opening the database file";

/// Opens the database to read; the driver's thread may be so many rows ahead, and ends what takes longer than that.
/// Nothing is created, and the session refuses to write.
async fn open(
    settings: &Settings,
    ahead: u16,
    most: Option<Duration>,
    version: Option<String>,
) -> Result<Session> {
    let path = settings.path.clone();
    apart(move || header(&path)).await??;
    let mut connection = SqliteConnectOptions::new()
        .filename(&settings.path)
        .read_only(true)
        .busy_timeout(Duration::from_secs(settings.busy_timeout))
        .row_buffer_size(usize::from(ahead.max(1)))
        .pragma("query_only", "ON")
        // A hostile schema may not call functions with side effects from its views.
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .disable_statement_logging()
        .connect()
        .await
        .map_err(|error| from_driver(error, OPENING))?;
    let dropped = Arc::<AtomicBool>::default();
    let brake = Brake(dropped.clone());
    let end = Arc::<Mutex<Option<Instant>>>::default();
    let looked_at = Arc::clone(&end);
    let mut looks = 0_u32;
    let longest = longest(size(&settings.path).await);
    let handle = connection.lock_handle().await;
    let mut handle = handle.map_err(|error| from_driver(error, OPENING))?;
    limit_length(&mut handle, longest);
    handle.set_progress_handler(STEPS, move || {
        looks = looks.wrapping_add(1);
        let late = || {
            looks.is_multiple_of(CLOCK)
                && locked(&looked_at).is_some_and(|end| Instant::now() > end)
        };
        !dropped.load(Ordering::Relaxed) && !late()
    });
    drop(handle);
    let session = Session {
        connection,
        brake,
        end,
        ahead,
        version,
        since: Instant::now(),
    };
    session.limit(most);
    Ok(session)
}

/// Bytes of the longest value that SQLite may build: views make up values that no file holds. What is only somewhat too
/// long is left out and its row kept. What is stored may be as long as the file, and its length is asked before any of it is
/// read.
fn longest(file: u64) -> i32 {
    let longest = file.max(2 * LONGEST_VALUE as u64);
    i32::try_from(longest).unwrap_or(i32::MAX)
}

/// The driver offers no call for it, and SQLite no statement. A limit above the library's own is lowered to that.
#[expect(
    unsafe_code,
    reason = "one call of the library, with the driver's handle"
)]
fn limit_length(handle: &mut LockedSqliteHandle<'_>, longest: i32) {
    let raw = handle.as_raw_handle().as_ptr();
    // SAFETY: the handle is open for as long as it is locked, nobody else uses it meanwhile, and the call takes plain
    // numbers.
    unsafe { libsqlite3_sys::sqlite3_limit(raw, libsqlite3_sys::SQLITE_LIMIT_LENGTH, longest) };
}

/// The file's header, all zero for the empty file that is an empty database.
fn header(path: &Path) -> Result<[u8; HEADER]> {
    let fault = |error: std::io::Error| {
        let told = error.kind().to_string();
        let (kind, told, hint) = match error.kind() {
            Io::NotFound => (
                ErrorKind::NotFound,
                "there is no such file",
                "see the spelling of the path",
            ),
            Io::PermissionDenied => (ErrorKind::Denied, &*told, "this user may not read the file"),
            _ => (
                ErrorKind::Unreachable,
                &*told,
                "see whether the disk is there",
            ),
        };
        Error::new(kind, format!("{OPENING}: {told}"))
            .hint(hint)
            .retryable(false)
            .cause(error)
    };
    let metadata = std::fs::metadata(path).map_err(fault)?;
    if !metadata.is_file() {
        // To open a pipe is to wait for whoever writes into it.
        let what = if metadata.is_dir() {
            "it is a folder"
        } else {
            "it is no file but a pipe or a device"
        };
        return Err(
            Error::new(ErrorKind::Settings, format!("{OPENING}: {what}"))
                .hint("name the database file"),
        );
    }
    let mut bytes = Vec::with_capacity(HEADER);
    File::open(path)
        .and_then(|file| file.take(HEADER as u64).read_to_end(&mut bytes))
        .map_err(fault)?;
    if bytes.is_empty() {
        return Ok([0; HEADER]);
    }
    bytes
        .try_into()
        .ok()
        .filter(|header: &[u8; HEADER]| header.starts_with(b"SQLite format 3\0"))
        .ok_or_else(|| no_database(OPENING))
}

/// Looks at files on a thread that may wait for a disk.
async fn apart<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(look).await.map_err(|_| {
        let sentence = "the database file could not be looked at; this is a mistake in the program";
        Error::new(ErrorKind::Unexpected, sentence)
    })
}

/// Tells one state of the file from another: sizes and times of the file and its write-ahead log, and the counter that
/// the file itself keeps. (`PRAGMA data_version` means something within one connection only.)
pub(crate) async fn version(path: &Path) -> Option<String> {
    let path = path.to_owned();
    apart(move || states(&path)).await.ok().flatten()
}

fn states(path: &Path) -> Option<String> {
    let header = header(path).ok()?;
    let counter = header
        .get(24..28)?
        .try_into()
        .ok()
        .map(u32::from_be_bytes)?;
    let main = state(&std::fs::metadata(path).ok()?)?;
    let log = match std::fs::metadata(log(path)) {
        Ok(metadata) if metadata.len() > 0 => state(&metadata)?,
        _ => "-".to_owned(),
    };
    Some(format!("{main}:{counter}:{log}"))
}

/// Bytes of the file and its write-ahead log.
async fn size(path: &Path) -> u64 {
    let path = path.to_owned();
    apart(move || bytes(&path)).await.unwrap_or(0)
}

fn bytes(path: &Path) -> u64 {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    size(path).saturating_add(size(&log(path)))
}

/// Where writers may keep what they have committed.
fn log(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// Whether writers append to a write-ahead log instead of changing the file under their lock.
pub(crate) async fn has_log(path: &Path) -> bool {
    let path = path.to_owned();
    apart(move || logs(&path)).await.unwrap_or(false)
}

fn logs(path: &Path) -> bool {
    const WRITE_VERSION: usize = 18;
    header(path).is_ok_and(|header| header[WRITE_VERSION] == 2)
}

/// Whether nobody has changed the file for a while, as nobody does with a copy or an archive.
fn rests(path: &Path) -> bool {
    const WHILE: Duration = Duration::from_hours(1);
    let changed = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    let age = |changed: SystemTime| changed.elapsed().ok();
    let age = changed.ok().and_then(age);
    age.is_some_and(|age| age > WHILE)
}

/// What a plan must know of a file.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// As [`version`].
    pub(crate) version: Option<String>,
    /// Bytes, those of its log included.
    pub(crate) size: u64,
    /// As [`has_log`].
    pub(crate) has_log: bool,
    /// Whether nobody has changed it for a while.
    pub(crate) rests: bool,
}

/// Looks at the file once, for all of it.
pub(crate) async fn look(path: &Path) -> Look {
    let path = path.to_owned();
    let look = apart(move || Look {
        version: states(&path),
        size: bytes(&path),
        has_log: logs(&path),
        rests: rests(&path),
    });
    look.await.unwrap_or_default()
}

fn state(metadata: &Metadata) -> Option<String> {
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{}@{}", metadata.len(), modified.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_value_is_built_that_is_longer_than_the_limit() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut handle = connection.lock_handle().await.unwrap();
        limit_length(&mut handle, 1_000);
        drop(handle);
        let length = async |connection: &mut SqliteConnection, bytes: i64| {
            let sql = sqlx::query_scalar("SELECT octet_length(hex(zeroblob(?)))").bind(bytes);
            sql.fetch_one(connection).await
        };
        let told: Result<i64, _> = length(&mut connection, 499).await;
        assert_eq!(told.unwrap(), 998);
        let refused = length(&mut connection, 501).await.unwrap_err();
        let error = from_driver(refused, "reading");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(!error.is_retryable());
        assert_eq!(longest(10), 128 << 20);
        assert_eq!(longest(700 << 20), 700 << 20);
        assert_eq!(longest(u64::MAX), i32::MAX);
    }
}
