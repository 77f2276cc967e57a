//! What both databases have in common: statements with numbered parameters, typed values, rows, sessions.
//!
//! Statements use `$1`, `$2` …, which SQLite and PostgreSQL both read, and only what both mean alike; whatever they do
//! differently (locking, leases, the clock, upkeep) is a method of [`Session`] or [`Backend`].

mod row;
mod statement;
mod value;

use std::path::Path;

use async_trait::async_trait;
use futures::stream::BoxStream;

pub(crate) use row::Row;
pub(crate) use statement::{BYTES, Statement, VALUES, insert};
pub(crate) use value::{Value, values};

use crate::Result;

/// What a commit must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// A killed process. What can be read from a source again may be lost with the machine's power.
    Process,
    /// A power cut as well: what people decided, and keys.
    Power,
}

/// One connection; from [`Backend::write`] it is a transaction, undone when dropped without a commit.
#[async_trait]
pub(crate) trait Session: Send {
    /// Executes a statement and tells how many rows it changed.
    async fn run(&mut self, statement: Statement) -> Result<u64>;

    /// Executes a statement and gives its rows.
    async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>>;

    /// Executes a statement and gives its rows one by one.
    fn stream(&mut self, statement: Statement) -> BoxStream<'_, Result<Row>>;

    /// Executes several statements without parameters.
    async fn script(&mut self, text: &'static str) -> Result<()>;

    /// The store's clock in microseconds: the server's where several machines share it.
    async fn now(&mut self) -> Result<i64>;

    /// Ending of a `select` that locks its rows and passes over those that others have locked; empty where there
    /// is only one writer.
    fn skip_locked(&self) -> &'static str;

    /// Ending of a `select` that locks its rows; empty where there is only one writer.
    fn for_update(&self) -> &'static str;

    /// Makes everything since [`Backend::write`] last.
    async fn commit(self: Box<Self>) -> Result<()>;

    /// The first row, if any.
    async fn row(&mut self, statement: Statement) -> Result<Option<Row>> {
        Ok(self.rows(statement).await?.into_iter().next())
    }
}

/// One of the two databases.
#[async_trait]
pub(crate) trait Backend: Send + Sync + 'static {
    /// A connection for reading.
    async fn read(&self) -> Result<Box<dyn Session>>;

    /// A transaction.
    async fn write(&self, durability: Durability) -> Result<Box<dyn Session>>;

    /// See [`crate::Upkeep::backup`].
    async fn backup(&self, file: &Path) -> Result<()>;

    /// See [`crate::Upkeep::check`].
    async fn check(&self) -> Result<()>;

    /// See [`crate::Upkeep::compact`].
    async fn compact(&self) -> Result<bool>;

    /// See [`crate::Upkeep::close`].
    async fn close(&self);
}
