//! What the connector does through real drivers, beyond the behaviour suite.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod access;
mod catalog;
mod drivers;
mod failures;
mod matching;
mod types;

use std::sync::Arc;

use locard_connector::{Connector, Result, ScanRequest, Source, Target};
use locard_connector_odbc::{Hana, Odbc};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::Hana as Database;

pub(crate) use locard_testkit::reads::in_splits;

/// What a target means.
pub(crate) fn target(text: &str) -> Result<Target> {
    let found = Hana.target(text).or_else(|| Odbc.target(text));
    found.expect("the target is ODBC's")
}

/// A source over a target.
pub(crate) async fn open(text: &str) -> Arc<dyn Source> {
    let settings = target(text).expect("the target makes sense").settings;
    let source = if text.starts_with("hana:") {
        Hana.open(settings).await
    } else {
        Odbc.open(settings).await
    };
    source.expect("opening connects to nothing")
}

/// A fresh database of HANA's kind with these tables and a source over it.
pub(crate) async fn seeded(test: &str, sql: &str) -> Option<(Database, Arc<dyn Source>)> {
    let database = Database::new(test)?;
    database.database().run(sql);
    let source = open(&database.url()).await;
    Some((database, source))
}

/// The target of the same database by PostgreSQL's own driver.
pub(crate) fn by_its_driver(database: &Database) -> String {
    let url = database.database().url();
    let port = url.rsplit_once(':').map_or("", |(_, rest)| rest);
    let port: String = port.chars().take_while(char::is_ascii_digit).collect();
    let (name, password) = (database.database().name(), database.password());
    format!(
        "odbc:driver=PostgreSQL Unicode;Server=127.0.0.1;Port={port};Database={name};uid={name};pwd={password};\
         connect_timeout=60"
    )
}

/// The same as of a product of which nothing is known.
pub(crate) fn by_functions(database: &Database) -> String {
    format!("{};product=odbc", by_its_driver(database))
}

/// Everything of a table.
pub(crate) fn all(table: &str) -> ScanRequest {
    ScanRequest::all(EntityPath::new(["SALES", table]), EntityKind::Table)
}
