//! SQLite in a home: one process, one writing connection, several readers.
//!
//! The home is locked before the database is touched, so whatever lease is found at opening belongs to a dead process.
//! `synchronous = NORMAL` with a write-ahead log never corrupts and survives a killed process; what must survive a
//! power cut too is committed with `FULL` (docs/decisions/store.md).

mod backup;
mod errors;
mod home;
mod opening;
mod session;
mod soundness;
mod staged;
#[cfg(test)]
mod tests;
mod trailer;

use std::path::Path;

use async_trait::async_trait;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Row as _};

use crate::sql::{Backend, Durability, Session, Statement};
use crate::{Error, ErrorKind, Result};

pub(crate) use backup::{absent, beside, of_backup, unwritable};
pub(crate) use errors::translate;
pub use home::mark_server;
pub(crate) use home::{Home, publish};
use session::{Connection, SqliteSession};
pub(crate) use staged::Staged;

/// The database's file in the home.
pub(crate) const FILE: &str = "catalog.sqlite";

/// The store in a home, or in one file.
pub(crate) struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    home: Option<Home>,
    /// Whether another process holds the home; the log is then its business.
    beside: bool,
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
        self.copy_to(file).await
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

    async fn compact(&self) -> Result<bool> {
        // The copy is as large as the store, so it may not be made in memory; all it holds is sealed like the store.
        self.maintain("pragma temp_store = file; vacuum; pragma temp_store = memory".to_owned())
            .await?;
        // Whoever reads at that moment keeps the log from being emptied.
        match self.fold_log().await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Locked => Ok(false),
            Err(error) => Err(error),
        }
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

    /// Runs a statement outside of a transaction on the writing connection.
    async fn maintain(&self, text: String) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(&self.writer)
            .await
            .map_err(translate)?;
        Ok(())
    }
}
