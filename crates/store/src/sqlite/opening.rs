//! Opening: a file becomes a store, and only one that is ours does.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Row as _};

use super::home::{self, unusable};
use super::{FILE, Home, Sqlite, soundness, staged, translate};
use crate::migrate::{MIGRATIONS_SQLITE, migrate, migrated};
use crate::sql::{Backend as _, Durability};
use crate::{Error, ErrorKind, Result};

/// Marks a SQLite file as a store of Locard: "Loca".
const APPLICATION: i32 = 0x4c6f_6361;

/// How long a connection is waited for.
const PATIENCE: Duration = Duration::from_mins(30);

/// More readers than cores gain nothing: a read is short.
const READERS: u32 = 4;

/// KiB of pages that the writing connection keeps in memory. Rows are ordered by ids that are hashes, so what one
/// transaction writes lies all over the file.
const WRITER_CACHE: &str = "-65536";

/// The same of each reader.
const READER_CACHE: &str = "-16384";

/// Pages in the log after which it is folded into the file: the same pages are written again and again, and each
/// folding writes them out and waits for the disk.
const LOG: &str = "8192";

/// Who made a SQLite file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Locard,
    Nobody,
    Other,
}

impl Sqlite {
    /// Opens the store of a home, and makes it if there is none.
    pub(crate) async fn open(home: Home) -> Result<Self> {
        let file = home.file();
        make(&home).await?;
        let mut store = Self::open_file(&file).await?;
        store.look(&file).await?;
        store.home = Some(home);
        store.free_leases().await?;
        Ok(store)
    }

    /// Opens a file without a home, as a backup is.
    pub(crate) async fn open_file(file: &Path) -> Result<Self> {
        let store = Self::connect(options(file)).await?;
        store.claim_file().await?;
        migrate(store.write(Durability::Power).await?, MIGRATIONS_SQLITE).await?;
        Ok(store)
    }

    /// Opens the store of a home that another process holds or may come to hold; makes nothing of a file that is no
    /// store.
    pub(crate) async fn open_beside(home: &Path) -> Result<Self> {
        let file = home.join(FILE);
        if std::fs::metadata(&file).is_ok_and(|found| found.len() == 0) {
            return Err(Error::corrupt("its file is empty"));
        }
        let opened = match Self::open_to_look(options(&file).create_if_missing(false)).await {
            // Whoever holds a home has a log, or its index would have no room either.
            Err(error) if is_for_want_of_room(&error) && !has_log(&file) => {
                Self::open_to_look(resting(&file)).await
            }
            opened => opened,
        };
        let store = opened?;
        store.look(&file).await?;
        // Nobody runs what a killed process was at, and whoever looks is told so. A disk that takes nothing keeps the leases.
        if let Some(lock) = home::after_a_kill(home) {
            if store.free_leases().await.is_ok() {
                home::forget(home);
            }
            drop(lock);
        }
        Ok(store)
    }

    async fn open_to_look(options: SqliteConnectOptions) -> Result<Self> {
        let mut store = Self::connect(options).await?;
        store.beside = true;
        if store.owner().await? != Owner::Locard {
            return Err(Error::corrupt("it is no store"));
        }
        migrated(&mut *store.read().await?, MIGRATIONS_SQLITE).await?;
        Ok(store)
    }

    /// Whether the file is sound, unless it is too large for that to be seen at once.
    async fn look(&self, file: &Path) -> Result<()> {
        match std::fs::metadata(file) {
            Ok(found) if found.len() > soundness::LARGEST => Ok(()),
            _ => soundness::look(&self.writer).await,
        }
    }

    async fn connect(options: SqliteConnectOptions) -> Result<Self> {
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                // There is one writer, and compacting a large store takes it for minutes; waiting is right then.
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writing = options.clone().pragma("cache_size", WRITER_CACHE);
        let writer = pool(1)
            .connect_with(writing.pragma("wal_autocheckpoint", LOG))
            .await
            .map_err(translate)?;
        Ok(Self {
            writer,
            readers: pool(READERS).connect_lazy_with(
                options
                    .pragma("query_only", "on")
                    .pragma("cache_size", READER_CACHE),
            ),
            home: None,
            beside: false,
        })
    }

    /// Refuses a file that some other program made, and marks a new one.
    async fn claim_file(&self) -> Result<()> {
        match self.owner().await? {
            Owner::Locard => Ok(()),
            Owner::Nobody => {
                self.maintain(format!("pragma application_id = {APPLICATION}"))
                    .await
            }
            Owner::Other => Err(Error::corrupt("it is a SQLite file of another program")),
        }
    }

    async fn owner(&self) -> Result<Owner> {
        let row = sqlx::query(
            "select (select application_id from pragma_application_id) as application, count(*) as tables from sqlite_master",
        )
        .fetch_one(&self.writer)
        .await
        .map_err(translate)?;
        let (application, tables): (i32, i64) = (
            row.try_get("application").map_err(translate)?,
            row.try_get("tables").map_err(translate)?,
        );
        Ok(match (application, tables) {
            (APPLICATION, _) => Owner::Locard,
            (0, 0) => Owner::Nobody,
            _ => Owner::Other,
        })
    }

    /// Puts back what a dead process held. The attempt that was cut short counts: what kills whoever reads it is given up
    /// some day.
    async fn free_leases(&self) -> Result<()> {
        let mut session = self.write(Durability::Process).await?;
        session.script(include_str!("free_leases.sql")).await?;
        session.commit().await
    }
}

/// Makes the store of a new home under another name first: a file of that name that is empty was then never ours, and
/// must not pass for a store that holds nothing.
async fn make(home: &Home) -> Result<()> {
    let file = home.file();
    match std::fs::metadata(&file) {
        Ok(found) if found.is_file() && found.len() > 0 => Ok(()),
        Ok(found) if found.is_file() => Err(Error::corrupt("its file is empty")),
        Ok(_) => Err(Error::corrupt("a folder has the name of its file")),
        Err(_) => {
            // Without its database a log is worth nothing, and must not be taken for the new one's.
            staged::remove_log(&file);
            let new = home.new_file();
            let made = whole(&new).await;
            let made = made.and_then(|()| named(&new, &file));
            if made.is_err() {
                // A log without its database, or half a database, is of no use to the next start.
                let _ = std::fs::remove_file(&new);
                staged::remove_log(&new);
            }
            made
        }
    }
}

/// Makes a store in that file alone: what its log holds would be lost under the new name.
async fn whole(new: &Path) -> Result<()> {
    let store = Sqlite::open_file(new).await?;
    let folded = store.fold_log().await;
    store.close_file().await;
    folded
}

/// Gives a whole store its name; a power cut leaves it or nothing.
fn named(new: &Path, file: &Path) -> Result<()> {
    let sync = |path: &Path| std::fs::File::open(path).and_then(|handle| handle.sync_all());
    sync(new)
        .and_then(|()| std::fs::rename(new, file))
        .map_err(|error| unusable(file, error))?;
    // Where a folder cannot be opened, as on Windows, it needs no such thing.
    let _ = file.parent().map(sync);
    Ok(())
}

fn options(file: &Path) -> SqliteConnectOptions {
    common(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .pragma("secure_delete", "on")
}

/// To read a file that nobody is writing to, without the index of its log that SQLite makes beside it otherwise.
fn resting(file: &Path) -> SqliteConnectOptions {
    common(file).read_only(true).immutable(true)
}

fn common(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(Duration::from_secs(5))
        .pragma("temp_store", "memory")
        .pragma("trusted_schema", "off")
        .disable_statement_logging()
}

/// Whether nothing can be made beside the file: the disk is full, or may not be written.
fn is_for_want_of_room(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Full | ErrorKind::Denied | ErrorKind::Io
    )
}

fn has_log(file: &Path) -> bool {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.is_file() && log.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Statement;

    #[tokio::test]
    async fn what_rests_is_looked_at_without_a_file_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let store = Sqlite::open_file(&file).await.unwrap();
        assert!(has_log(&file));
        store.close_file().await;
        assert!(!has_log(&file));
        // As if the disk were full: neither log nor index can be made.
        for taken in ["-wal", "-shm"] {
            std::fs::create_dir(folder.path().join(format!("{FILE}{taken}"))).unwrap();
        }
        let store = Sqlite::open_beside(folder.path()).await.unwrap();
        let statement = Statement::new("select count(*) as tables from sqlite_master");
        let rows = store.read().await.unwrap().rows(statement).await.unwrap();
        assert!(rows[0].get::<i64>("tables").unwrap() > 0);
        let mut session = store.write(Durability::Process).await.unwrap();
        assert!(session.script("create table own (a)").await.is_err());
    }

    #[tokio::test]
    async fn of_an_older_store_what_was_allowed_everywhere_stays_allowed_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let store = Sqlite::connect(options(&file)).await.unwrap();
        store.claim_file().await.unwrap();
        let session = store.write(Durability::Power).await.unwrap();
        migrate(session, &MIGRATIONS_SQLITE[..1]).await.unwrap();
        let mut session = store.write(Durability::Power).await.unwrap();
        let script = "insert into organisations values (x'01', x'', 0, 0);
            insert into allowed values (x'01', zeroblob(16), '', 1);
            insert into allowed values (x'01', zeroblob(16), 'AGE', 2);
            insert into allowed values (x'01', x'00112233445566778899aabbccddeeff', '', 3)";
        session.script(script).await.unwrap();
        session.commit().await.unwrap();
        store.close_file().await;
        let store = Sqlite::open_file(&file).await.unwrap();
        let mut session = store.read().await.unwrap();
        let rows = Statement::new("select hash, sealed from allowed");
        let rows = session.rows(rows).await.unwrap();
        let hashes: Vec<i64> = rows.iter().map(|row| row.get("hash").unwrap()).collect();
        assert_eq!(hashes, [1]);
    }
}
