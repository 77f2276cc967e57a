//! What the connector does with a real server, beyond the behaviour suite.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod access;
mod catalog;
mod failures;
mod matching;
mod types;

use std::sync::Arc;

use locard_connector::{Connector as _, ScanRequest, Source};
use locard_connector_mysql::Mysql;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::Mysql as Database;

pub(crate) use locard_testkit::reads::{cells, count, in_splits, read, scan};

/// A source over a target.
pub(crate) async fn open(target: &str) -> Arc<dyn Source> {
    let target = Mysql
        .target(target)
        .expect("the target is MySQL's")
        .expect("the target makes sense");
    Mysql
        .open(target.settings)
        .await
        .expect("opening connects to nothing")
}

/// A fresh database with these tables and a source over it.
pub(crate) async fn seeded(test: &str, sql: &str) -> Option<(Database, Arc<dyn Source>)> {
    let database = Database::new(test)?;
    database.run(sql);
    let source = open(&database.url()).await;
    Some((database, source))
}

/// Everything of a table.
pub(crate) fn all(database: &Database, table: &str) -> ScanRequest {
    ScanRequest::all(EntityPath::new([database.name(), table]), EntityKind::Table)
}
