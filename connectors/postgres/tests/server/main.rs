//! What the connector does with a real server, beyond the behaviour suite.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod access;
mod catalog;
mod changes;
mod encoding;
mod failures;
mod matching;
mod settling;
mod snapshots;
mod splits;
mod types;

use std::sync::Arc;

use locard_connector::{Connector as _, ScanRequest, Source};
use locard_connector_postgres::Postgres;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::Database;

pub(crate) use locard_testkit::reads::{cells, count, in_splits, read, scan};

/// A source over a target.
pub(crate) async fn open(target: &str) -> Arc<dyn Source> {
    let target = Postgres
        .target(target)
        .expect("the target is PostgreSQL's")
        .expect("the target makes sense");
    Postgres
        .open(target.settings)
        .await
        .expect("opening connects to nothing")
}

/// A fresh database with these tables and a source over it.
pub(crate) async fn seeded(test: &str, sql: &str) -> Option<(Database, Arc<dyn Source>)> {
    let database = Database::postgres(test)?;
    database.run(sql);
    let source = open(&database.url()).await;
    Some((database, source))
}

/// Everything of a table of schema `public`.
pub(crate) fn all(table: &str) -> ScanRequest {
    ScanRequest::all(EntityPath::new(["public", table]), EntityKind::Table)
}
