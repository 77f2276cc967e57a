//! What the connector does with a server, beyond the behaviour suite.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod access;
mod catalog;
mod failures;
mod matching;
mod types;

use std::sync::Arc;

use locard_connector::{Connector as _, ScanRequest, Source};
use locard_connector_mssql::Mssql;
use locard_model::{EntityKind, EntityPath};
use locard_tdskit::Mssql as Database;

pub(crate) use locard_testkit::reads::{cells, count, in_splits, read, scan};

/// A source over a target.
pub(crate) async fn open(target: &str) -> Arc<dyn Source> {
    let target = Mssql
        .target(target)
        .expect("the target is SQL Server's")
        .expect("the target makes sense");
    Mssql
        .open(target.settings)
        .await
        .expect("opening connects to nothing")
}

/// A fresh database with these tables and a source over it.
pub(crate) async fn seeded(sql: &str) -> (Database, Arc<dyn Source>) {
    let database = Database::new();
    database.run(sql);
    let source = open(&database.url()).await;
    (database, source)
}

/// Everything of a table.
pub(crate) fn all(table: &str) -> ScanRequest {
    ScanRequest::all(EntityPath::new(["dbo", table]), EntityKind::Table)
}

/// Everything of a view.
pub(crate) fn view(name: &str) -> ScanRequest {
    ScanRequest::all(EntityPath::new(["dbo", name]), EntityKind::View)
}
