//! What a plan is made from: the columns of a table, the bounds of its row ids, about how many rows there are.
//!
//! A listing reads that of every table. It holds for as long as the file is in the state that it was in before: so whoever
//! goes on to plan the tables asks the file for its state, and SQLite for nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use locard_connector::Result;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row as _};

use crate::catalog::{Column, Table, columns};
use crate::error::from_driver;
use crate::file::locked;

/// What is known of a table.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) table: Table,
    pub(crate) columns: Vec<Column>,
    /// The smallest and the largest row id.
    pub(crate) bounds: Option<(i64, i64)>,
    /// About how many rows there are, where that can be told.
    pub(crate) rows: Option<u64>,
}

/// Of a file in one state, by the names of tables.
type OfState = (String, HashMap<String, Arc<Facts>>);

/// What the last listing read.
#[derive(Debug, Default)]
pub(crate) struct Listed(Mutex<Option<OfState>>);

impl Listed {
    /// Keeps what was read after the file was in that state.
    pub(crate) fn keep(&self, version: Option<String>, facts: Vec<Facts>) {
        let named = |facts: Facts| (facts.table.name.clone(), Arc::new(facts));
        let named = facts.into_iter().map(named).collect();
        *locked(&self.0) = version.map(|version| (version, named));
    }

    /// What was read of a table, if the file is in the same state.
    pub(crate) fn find(&self, version: Option<&str>, name: &str) -> Option<Arc<Facts>> {
        let listed = locked(&self.0);
        let (known, facts) = listed.as_ref()?;
        facts
            .get(name)
            .filter(|_| version == Some(known.as_str()))
            .cloned()
    }
}

/// Reads what is known of a table.
pub(crate) async fn facts(connection: &mut SqliteConnection, table: Table) -> Result<Facts> {
    let columns = columns(connection, &table).await?;
    let (bounds, rows) = match table.rowid(&columns) {
        Some(rowid) => extent(connection, &table, rowid).await?,
        None => (None, None),
    };
    Ok(Facts {
        table,
        columns,
        bounds,
        rows,
    })
}

/// Row ids at each end of a table that are looked at to tell how close together they are.
const PROBED: u64 = 100;

/// The bounds of the row ids, and about how many rows there are between them, where that can be told without reading them. Row
/// ids that are far apart, like those that count milliseconds, say nothing about it.
async fn extent(
    connection: &mut SqliteConnection,
    table: &Table,
    rowid: &str,
) -> Result<(Option<(i64, i64)>, Option<u64>)> {
    let fault = |error| from_driver(error, "reading the bounds of the table");
    let first = end(connection, table, rowid, "ASC").await;
    let (rows, ids) = first.map_err(fault)?;
    if rows < PROBED {
        return Ok((ids, Some(rows)));
    }
    let bounds = bounds(connection, table, rowid).await?;
    let is_sparse = |(rows, ids): (u64, Option<(i64, i64)>)| {
        rows >= PROBED && ids.is_none_or(|ids| span(ids) > 2 * rows)
    };
    if is_sparse((rows, ids)) {
        return Ok((bounds, None));
    }
    let last = end(connection, table, rowid, "DESC").await;
    let is_sparse = is_sparse(last.map_err(fault)?);
    Ok((bounds, bounds.filter(|_| !is_sparse).map(span)))
}

/// The smallest and the largest row id, without reading what is in between.
async fn bounds(
    connection: &mut SqliteConnection,
    table: &Table,
    rowid: &str,
) -> Result<Option<(i64, i64)>> {
    let name = table.quoted();
    // Two questions, since one for both bounds reads the whole table.
    let sql = format!(
        "SELECT (SELECT min({rowid}) FROM {name}) AS least, (SELECT max({rowid}) FROM {name}) AS most"
    );
    let fault = |error| from_driver(error, "reading the bounds of the table");
    let row = sqlx::query(AssertSqlSafe(sql))
        .persistent(false)
        .fetch_one(connection)
        .await
        .map_err(fault)?;
    let least: Option<i64> = row.try_get("least").map_err(fault)?;
    let most: Option<i64> = row.try_get("most").map_err(fault)?;
    Ok(least.zip(most))
}

fn span((least, most): (i64, i64)) -> u64 {
    most.abs_diff(least).saturating_add(1)
}

/// How many rows an end of the table has, up to those that are looked at, and their bounds.
async fn end(
    connection: &mut SqliteConnection,
    table: &Table,
    rowid: &str,
    order: &str,
) -> Result<(u64, Option<(i64, i64)>), sqlx::Error> {
    let name = table.quoted();
    let sql = format!(
        "SELECT count(*) AS found, min(id) AS least, max(id) AS most \
         FROM (SELECT {rowid} AS id FROM {name} ORDER BY 1 {order} LIMIT {PROBED})"
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .persistent(false)
        .fetch_one(connection)
        .await?;
    let (least, most): (Option<i64>, Option<i64>) = (row.try_get("least")?, row.try_get("most")?);
    let rows = row.try_get::<i64, _>("found")?.unsigned_abs();
    Ok((rows, least.zip(most)))
}
