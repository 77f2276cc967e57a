//! PostgreSQL, shared by several servers and workers.
//!
//! Lock order, everywhere: the rows of a piece or entity, then the job's row, then its tasks' rows. Whoever keeps it
//! cannot deadlock; leases pass over rows that others hold.

mod errors;
mod session;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use locard_model::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::migrate::{MIGRATIONS_POSTGRES, migrate};
use crate::sql::{Backend, Durability, Session, Statement};
use crate::{Error, ErrorKind, Result};

use errors::translate;
use session::{Connection, PostgresSession};

const CONNECTIONS: u32 = 10;

/// Migrations of one schema run one after the other, whoever starts them.
const MIGRATING: &str =
    "select pg_advisory_xact_lock(hashtextextended('locard migrations ' || current_schema(), 0))";

/// The store in a database; tables are in the first schema of the search path.
pub(crate) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    /// Connects, and makes the tables if there are none.
    pub(crate) async fn open(url: &SecretString) -> Result<Self> {
        let options = address(url)?
            .application_name("locard")
            .options([
                ("lock_timeout", "30s"),
                ("idle_in_transaction_session_timeout", "120s"),
            ])
            .disable_statement_logging();
        // Alone first: a pool would go on trying a server that refuses until its time is up.
        let first = options.connect().await.map_err(translate)?;
        first.close().await.map_err(translate)?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(Duration::from_secs(30));
        let store = Self {
            pool: pool.connect_lazy_with(options),
        };
        let mut session = store.write(Durability::Power).await?;
        session.script(MIGRATING).await?;
        migrate(session, MIGRATIONS_POSTGRES).await?;
        Ok(store)
    }
}

/// The driver reads any scheme, and its error may quote a password.
fn address(url: &SecretString) -> Result<PgConnectOptions> {
    let text = url.expose_secret();
    let named = text.starts_with("postgres://") || text.starts_with("postgresql://");
    let parsed = if named { text.parse().ok() } else { None };
    parsed.ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            "the address of the PostgreSQL store makes no sense",
        )
        .hint("it reads postgres://user@host:5432/database; give the password in PGPASSWORD or in a password file")
    })
}

#[async_trait]
impl Backend for Postgres {
    async fn read(&self) -> Result<Box<dyn Session>> {
        let connection = self.pool.acquire().await.map_err(translate)?;
        Ok(Box::new(PostgresSession(Connection::Read(connection))))
    }

    async fn write(&self, _durability: Durability) -> Result<Box<dyn Session>> {
        // What a commit survives is the server's setting.
        let transaction = self.pool.begin().await.map_err(translate)?;
        Ok(Box::new(PostgresSession(Connection::Write(transaction))))
    }

    async fn backup(&self, file: &Path) -> Result<()> {
        let transaction = self
            .pool
            .begin_with("begin isolation level repeatable read read only")
            .await
            .map_err(translate)?;
        crate::archive::write(&mut PostgresSession(Connection::Write(transaction)), file).await
    }

    async fn check(&self) -> Result<()> {
        // The server looks after its pages; what can be asked is that every table is there and answers.
        let mut session = self.read().await?;
        for table in crate::archive::TABLES {
            session.rows(Statement::new(table.count)).await?;
        }
        Ok(())
    }

    async fn compact(&self) -> Result<bool> {
        let mut is_whole = true;
        for table in crate::archive::TABLES {
            is_whole &= self.rewrite(table).await?;
        }
        Ok(is_whole)
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

/// How often it is tried to have a table alone, each time for as long as anybody here waits for a lock.
const TRIES: usize = 3;

impl Postgres {
    /// Writes a table into new files without its old row versions. A plain `vacuum` frees their room and leaves the bytes in it.
    /// That takes the table alone: where others use it all the time, it is left at the plain one, and `false`.
    async fn rewrite(&self, table: &crate::archive::Table) -> Result<bool> {
        for _ in 0..TRIES {
            let rewritten = sqlx::raw_sql(table.rewrite).execute(&self.pool).await;
            match rewritten.map_err(translate) {
                Ok(_) => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Locked => {}
                Err(error) => return Err(error),
            }
        }
        let vacuumed = sqlx::raw_sql(table.vacuum).execute(&self.pool).await;
        vacuumed.map_err(translate)?;
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_kind_is_refused_unquoted() {
        let check = |text: &str| address(&SecretString::from(text));
        assert!(check("postgres://anna:hush@db.example/crm").is_ok());
        assert!(check("postgresql://db.example/crm?sslmode=verify-full").is_ok());
        for text in [
            "mysql://anna:hush@db.example/crm",
            "host=db.example password=hush",
            "postgres://anna:hush@db.example:hush/crm",
            "",
        ] {
            let error = check(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            let told = format!("{error} {}", error.hint_text().unwrap_or_default());
            assert!(!told.contains("hush"), "{told}");
        }
    }
}
