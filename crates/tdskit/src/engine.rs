//! What the server holds: databases as files of SQLite, logins, grants and locks.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::ddl::failure;
use crate::functions::{Asker, install};
use crate::lexer::quoted;
use crate::tokens::Failure;

/// The login that may do everything, and its password.
pub(crate) const OWNER: (&str, &str) = ("sa", "test-Only-1");

/// Everything that sessions share.
#[derive(Debug)]
pub(crate) struct Engine {
    folder: TempDir,
    state: Mutex<State>,
    /// Statements of the connector's that run at this moment, by database.
    pub(crate) busy: Mutex<HashMap<String, usize>>,
    /// Statements that were given up because the client said so.
    pub(crate) attentions: AtomicUsize,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) logins: HashMap<String, String>,
    /// Login and what it may read: `[database].[schema].[name]`, or `[database]`.
    pub(crate) grants: HashSet<(String, String)>,
    /// Tables that somebody holds.
    pub(crate) locked: HashSet<String>,
}

impl Engine {
    pub(crate) fn new() -> Arc<Self> {
        let folder = TempDir::new().expect("a folder for databases");
        let state = State {
            logins: HashMap::from([(OWNER.0.to_owned(), OWNER.1.to_owned())]),
            ..State::default()
        };
        let engine = Arc::new(Self {
            folder,
            state: Mutex::new(state),
            busy: Mutex::default(),
            attentions: AtomicUsize::new(0),
        });
        engine.create("master").expect("the first database");
        let master = Connection::open(engine.file("master")).expect("it is there");
        let sql = "CREATE TABLE \"sys.databases\" (name TEXT, state INTEGER, snapshot_isolation_state INTEGER, \
                   is_distributor INTEGER); INSERT INTO \"sys.databases\" VALUES ('master', 0, 1, 0)";
        master.execute_batch(sql).expect("the list of databases");
        engine
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, database: &str) -> PathBuf {
        self.folder
            .path()
            .join(format!("{}.db", database.replace('/', "%")))
    }

    pub(crate) fn has(&self, database: &str) -> bool {
        self.file(database).exists()
    }

    pub(crate) fn create(&self, database: &str) -> Result<(), Failure> {
        let made = || {
            let connection = Connection::open(self.file(database))?;
            connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")?;
            connection.execute_batch(include_str!("catalog.sql"))?;
            if database != "master" {
                let master = Connection::open(self.file("master"))?;
                let sql = "INSERT INTO \"sys.databases\" VALUES (?1, 0, 1, 0)";
                master.execute(sql, [database])?;
            }
            Ok(())
        };
        made().map_err(|error: rusqlite::Error| failure(&error))
    }

    pub(crate) fn drop_database(&self, database: &str) -> Result<(), Failure> {
        // A database that is gone has no file, whoever still has it open.
        let _ = std::fs::remove_file(self.file(database));
        let removed = Connection::open(self.file("master")).and_then(|master| {
            master.execute("DELETE FROM \"sys.databases\" WHERE name = ?1", [database])
        });
        removed.map(drop).map_err(|error| failure(&error))
    }

    /// Whether a login may read an object, in its brackets.
    pub(crate) fn may_read(&self, login: &str, object: &str) -> bool {
        let state = self.state();
        let database = object.split_once("].").map_or(object, |(name, _)| name);
        let database = format!("{}]", database.trim_end_matches(']'));
        login == OWNER.0
            || [object, &database].iter().any(|what| {
                state
                    .grants
                    .contains(&(login.to_owned(), (*what).to_owned()))
            })
    }

    /// A connection to a database, with its own words for T-SQL.
    pub(crate) fn open(self: &Arc<Self>, asker: &Asker) -> Result<Connection, Failure> {
        let connect = || {
            let connection = Connection::open(self.file(&asker.database))?;
            connection.busy_timeout(std::time::Duration::from_secs(10))?;
            let (engine, login) = (self.clone(), asker.login.clone());
            install(&connection, asker, move |object| {
                engine.may_read(&login, object)
            })?;
            self.attach(&connection, "master", "srv")?;
            Ok(connection)
        };
        connect().map_err(|error: rusqlite::Error| failure(&error))
    }

    /// Lets statements name another database.
    pub(crate) fn attach(
        &self,
        connection: &Connection,
        database: &str,
        name: &str,
    ) -> rusqlite::Result<()> {
        let file = self.file(database);
        let file = file.to_str().expect("a path of letters");
        let sql = format!("ATTACH {} AS {}", crate::lexer::literal(file), quoted(name));
        connection.execute(&sql, []).map(drop)
    }
}
