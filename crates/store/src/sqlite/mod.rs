//! SQLite in a home: one process, one writing connection, several readers.
//!
//! The home is locked before the database is touched, so whatever lease is found at opening belongs to a dead process.
//! `synchronous = NORMAL` with a write-ahead log never corrupts and survives a killed process; what must survive a
//! power cut too is committed with `FULL` (docs/decisions/store.md).

mod errors;
mod home;
mod session;
mod staged;
mod trailer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};

use crate::migrate::{MIGRATIONS_SQLITE, migrate, migrated};
use crate::sql::{Backend, Durability, Session, Statement};
use crate::{Error, ErrorKind, Result};

pub(crate) use errors::translate;
pub(crate) use home::{Home, publish};
use session::{Connection, SqliteSession};
pub(crate) use staged::Staged;

/// The database's file in the home.
pub(crate) const FILE: &str = "catalog.sqlite";

/// Marks a SQLite file as a store of Locard: "Loca".
const APPLICATION: i32 = 0x4c6f_6361;

/// More readers than cores gain nothing: a read is short.
const READERS: u32 = 4;

/// Who made a SQLite file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Locard,
    Nobody,
    Other,
}

/// The store in a home, or in one file.
pub(crate) struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    home: Option<Home>,
    /// Whether another process holds the home; the log is then its business.
    beside: bool,
}

impl Sqlite {
    /// Opens the store of a home, and makes it if there is none.
    pub(crate) async fn open(home: Home) -> Result<Self> {
        let file = home.file();
        make(&home).await?;
        let mut store = Self::open_file(&file).await?;
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
        let mut store = Self::connect(options(&file).create_if_missing(false)).await?;
        store.beside = true;
        if store.owner().await? != Owner::Locard {
            return Err(Error::corrupt("it is no store"));
        }
        migrated(&mut *store.read().await?, MIGRATIONS_SQLITE).await?;
        Ok(store)
    }

    async fn connect(options: SqliteConnectOptions) -> Result<Self> {
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool(1)
            .connect_with(options.clone())
            .await
            .map_err(translate)?;
        Ok(Self {
            writer,
            readers: pool(READERS).connect_lazy_with(options.pragma("query_only", "on")),
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

    /// Runs a statement outside of a transaction on the writing connection.
    async fn maintain(&self, text: String) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(&self.writer)
            .await
            .map_err(translate)?;
        Ok(())
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
        .map_err(|error| home::unusable(file, error))?;
    // Where a folder cannot be opened, as on Windows, it needs no such thing.
    let _ = file.parent().map(sync);
    Ok(())
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("temp_store", "memory")
        .pragma("secure_delete", "on")
        .pragma("trusted_schema", "off")
        .disable_statement_logging()
}

#[async_trait]
impl Backend for Sqlite {
    async fn read(&self) -> Result<Box<dyn Session>> {
        let connection = self.readers.acquire().await.map_err(translate)?;
        Ok(Box::new(SqliteSession(Connection::Read(connection))))
    }

    async fn write(&self, durability: Durability) -> Result<Box<dyn Session>> {
        // `synchronous` cannot change inside a transaction, so it is set on the way into each.
        let begin = match durability {
            Durability::Process => "pragma synchronous = normal; begin immediate",
            Durability::Power => "pragma synchronous = full; begin immediate",
        };
        let transaction = match self.writer.begin_with(begin).await {
            // When the disk is full or fails, SQLite undoes the transaction by itself, and the driver goes on believing
            // in it: such a connection is of no more use.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                let stale = self.writer.acquire().await.map_err(translate)?;
                stale.close().await.map_err(translate)?;
                self.writer.begin_with(begin).await
            }
            begun => begun,
        };
        let transaction = transaction.map_err(translate)?;
        Ok(Box::new(SqliteSession(Connection::Write(transaction))))
    }

    async fn backup(&self, file: &Path) -> Result<()> {
        absent(file)?;
        let beside = beside(file);
        // SQLite writes into a file that is there and empty; made here, it tells why it cannot be.
        crate::create_private(&beside).map_err(|error| unwritable(file, &error))?;
        // Read from a reader's snapshot, so that writers go on; SQLite reads the name as a string literal.
        let text = format!("vacuum into '{}'", printable(&beside)?.replace('\'', "''"));
        let copied = match self.writer_copy().await {
            Ok(mut connection) => sqlx::raw_sql(AssertSqlSafe(text))
                .execute(&mut connection)
                .await
                .map_err(translate),
            Err(error) => Err(error),
        };
        if let Err(error) = copied {
            let _ = std::fs::remove_file(&beside);
            return Err(of_backup(file, error));
        }
        publish(&beside, file).await
    }

    async fn check(&self) -> Result<()> {
        let mut session = self.read().await?;
        for row in session
            .rows(Statement::new(
                "select integrity_check as answer from pragma_integrity_check",
            ))
            .await?
        {
            if row.get::<String>("answer")? != "ok" {
                return Err(Error::corrupt("its pages are damaged"));
            }
        }
        match session
            .row(Statement::new(
                "select 1 as broken from pragma_foreign_key_check limit 1",
            ))
            .await?
        {
            Some(_) => Err(Error::corrupt("rows are missing that others belong to")),
            None => Ok(()),
        }
    }

    async fn compact(&self) -> Result<()> {
        // The copy is as large as the store, so it may not be made in memory; all it holds is sealed like the store.
        self.maintain("pragma temp_store = file; vacuum; pragma temp_store = memory".to_owned())
            .await?;
        self.maintain("pragma wal_checkpoint(truncate)".to_owned())
            .await
    }

    async fn close(&self) {
        self.close_file().await;
        if let Some(home) = &self.home {
            home.unlock();
        }
    }
}

impl Sqlite {
    /// Ends all connections; the file is then complete without its log.
    pub(crate) async fn close_file(&self) {
        self.readers.close().await;
        if !self.beside {
            // If folding the log in fails, the next opening does it.
            let _ = self.fold_log().await;
        }
        self.writer.close().await;
    }

    /// Brings what the log holds into the file, all of it or with an error.
    async fn fold_log(&self) -> Result<()> {
        let row = sqlx::query("pragma wal_checkpoint(truncate)")
            .fetch_one(&self.writer)
            .await
            .map_err(translate)?;
        let busy: i64 = row.try_get(0).map_err(translate)?;
        if busy != 0 {
            return Err(Error::new(ErrorKind::Locked, "its log is in use"));
        }
        Ok(())
    }

    /// A connection of its own: `vacuum into` is refused on one that may only query, and would hold up the writer.
    async fn writer_copy(&self) -> Result<sqlx::SqliteConnection> {
        let options = self.writer.connect_options();
        options
            .as_ref()
            .clone()
            .create_if_missing(false)
            .connect()
            .await
            .map_err(translate)
    }
}

/// Where a file is written before it gets its name.
pub(crate) fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".part-{}", std::process::id()));
    file.with_file_name(name)
}

/// How long a part of a backup must have rested before it is taken for that of a killed process.
const ABANDONED: Duration = Duration::from_hours(1);

/// Removes what killed backups of that name left.
fn sweep(file: &Path) {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let Some(name) = file.file_name().map(|name| name.to_string_lossy()) else {
        return;
    };
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
    for entry in entries.into_iter().flatten().flatten() {
        let part = entry.file_name();
        let part = part.to_string_lossy();
        let part = part.strip_prefix(&*name);
        let process = part.and_then(|rest| rest.strip_prefix(".part-"));
        let is_part = process.is_some_and(|process| process.parse::<u32>().is_ok());
        let rested = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if is_part && rested().is_some_and(|rested| rested > ABANDONED) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A backup never overwrites anything.
pub(crate) fn absent(file: &Path) -> Result<()> {
    if !file.exists() {
        sweep(file);
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Conflict,
        format!("{} exists already", file.display()),
    )
    .hint("choose another name, or remove it first"))
}

/// A place where no backup can be.
pub(crate) fn unwritable(file: &Path, error: &std::io::Error) -> Error {
    use std::io::ErrorKind as Cause;
    let file = file.display();
    let (kind, why) = match error.kind() {
        Cause::PermissionDenied => (ErrorKind::Denied, "this user may not"),
        Cause::ReadOnlyFilesystem => (ErrorKind::Denied, "the disk is read-only"),
        Cause::StorageFull | Cause::QuotaExceeded => (ErrorKind::Full, "the disk is full"),
        _ => (ErrorKind::Invalid, "no file can be made there"),
    };
    Error::new(kind, format!("{file} cannot be written: {why}"))
        .hint("choose another place for the backup")
}

/// An error while a backup was written: the disk that is full is that of the backup.
pub(crate) fn of_backup(file: &Path, error: Error) -> Error {
    match error.kind() {
        ErrorKind::Full => unwritable(file, &std::io::ErrorKind::StorageFull.into()),
        _ => error,
    }
}

fn printable(file: &Path) -> Result<&str> {
    file.to_str().ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            "the name of the backup is not valid UTF-8",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn store(folder: &tempfile::TempDir) -> Sqlite {
        Sqlite::open_file(&folder.path().join(FILE)).await.unwrap()
    }

    async fn write_one(store: &Sqlite, size: usize) -> Result<()> {
        let mut session = store.write(Durability::Process).await?;
        let text =
            "insert into organisations (id, sealed, generation, created_at) values ($1, $2, 0, 0)";
        session
            .run(
                Statement::new(text)
                    .bind(uuid::Uuid::new_v4())
                    .bind(vec![7; size]),
            )
            .await?;
        session.commit().await
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_what_was_committed_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        store
            .maintain("pragma max_page_count = 120".to_owned())
            .await
            .unwrap();
        let mut written = 0_i64;
        let error = loop {
            match write_one(&store, 20_000).await {
                Ok(()) => written += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(
            (error.kind(), written > 3),
            (ErrorKind::Full, true),
            "{error}"
        );
        assert_eq!(error.sentence(), "the disk that holds the store is full");
        write_one(&store, 20_000).await.unwrap();
        store.check().await.unwrap();
        let count = Statement::new("select count(*) as count from organisations");
        let rows = store.read().await.unwrap().rows(count).await.unwrap();
        assert_eq!(rows[0].get::<i64>("count").unwrap(), written + 1);
    }

    /// A small disk in memory; only root may make one.
    #[cfg(target_os = "linux")]
    struct Disk(tempfile::TempDir);

    #[cfg(target_os = "linux")]
    impl Disk {
        fn mount(options: &str) -> Option<Self> {
            let folder = tempfile::tempdir().unwrap();
            let disk = Self(folder);
            disk.run("mount", &["-t", "tmpfs", "-o", options, "tmpfs"])
                .then_some(disk)
        }

        fn run(&self, program: &str, arguments: &[&str]) -> bool {
            let mut command = std::process::Command::new(program);
            let status = command.args(arguments).arg(self.0.path()).output();
            status.is_ok_and(|output| output.status.success())
        }
    }

    #[cfg(target_os = "linux")]
    impl Drop for Disk {
        fn drop(&mut self) {
            self.run("umount", &[]);
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_first_start_on_a_full_disk_leaves_nothing_that_a_second_stumbles_over() {
        for kilobytes in (40..=600).step_by(40) {
            let Some(disk) = Disk::mount(&format!("size={kilobytes}k")) else {
                eprintln!("left out: this user may not mount a disk");
                return;
            };
            let path = disk.0.path().join("home");
            if let Ok(home) = Home::lock(&path) {
                match Sqlite::open(home).await {
                    Ok(store) => store.close_file().await,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Full, "{kilobytes}k"),
                }
            }
            assert!(disk.run("mount", &["-o", "remount,size=8m"]));
            let store = Sqlite::open(Home::lock(&path).unwrap()).await;
            let store = store.unwrap_or_else(|error| panic!("{kilobytes}k: {error}"));
            store.check().await.unwrap();
            write_one(&store, 10).await.unwrap();
            store.close_file().await;
        }
    }

    #[tokio::test]
    async fn a_store_that_may_only_be_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        store
            .maintain("pragma query_only = on".to_owned())
            .await
            .unwrap();
        assert_eq!(
            write_one(&store, 10).await.unwrap_err().kind(),
            ErrorKind::Denied
        );
    }

    #[tokio::test]
    async fn a_file_of_another_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let other = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true);
        let mut connection = other.connect().await.unwrap();
        sqlx::raw_sql("create table music (title text)")
            .execute(&mut connection)
            .await
            .unwrap();
        assert_eq!(
            Sqlite::open_file(&file).await.err().unwrap().kind(),
            ErrorKind::Corrupt
        );
        let tables = sqlx::query("select name from sqlite_master")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        assert_eq!(tables.len(), 1);
    }

    #[tokio::test]
    async fn connections_are_set_up_as_argued() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        for session in [
            store.read().await.unwrap(),
            store.write(Durability::Process).await.unwrap(),
        ] {
            let mut session = session;
            let text = "select journal_mode, temp_store, secure_delete, foreign_keys
                from pragma_journal_mode, pragma_temp_store, pragma_secure_delete, pragma_foreign_keys";
            let row = session.row(Statement::new(text)).await.unwrap().unwrap();
            assert_eq!(row.get::<String>("journal_mode").unwrap(), "wal");
            for (name, value) in [("temp_store", 2), ("secure_delete", 1), ("foreign_keys", 1)] {
                assert_eq!(row.get::<i64>(name).unwrap(), value, "{name}");
            }
        }
        for (durability, level) in [(Durability::Power, 2), (Durability::Process, 1)] {
            let mut session = store.write(durability).await.unwrap();
            let row = session
                .row(Statement::new("select synchronous from pragma_synchronous"))
                .await
                .unwrap()
                .unwrap();
            assert_eq!(row.get::<i64>("synchronous").unwrap(), level);
        }
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
