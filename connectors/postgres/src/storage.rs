//! The tables in which the rows of relations lie: a table itself, or the leaves of a partitioned one.

use std::collections::{HashMap, HashSet};

use locard_connector::Result;
use locard_sql::Dialect;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::error::from_driver;
use crate::session::Session;

/// A table that holds rows of a relation: itself or a partition.
#[derive(Clone, Debug)]
pub(crate) struct Storage {
    /// As a FROM names it.
    pub(crate) from: String,
    /// Its name, where it is stored here.
    pub(crate) table: Option<String>,
    /// Whether its rows have places that pages can be told from.
    pub(crate) heap: bool,
    /// Whether it is stored here; a foreign table is not.
    pub(crate) stored: bool,
    /// Whether this account may read it by itself.
    pub(crate) readable: bool,
    /// Its pages.
    pub(crate) pages: Option<u64>,
    /// Its bytes.
    pub(crate) bytes: Option<u64>,
    /// Its rows, estimated.
    pub(crate) rows: Option<f64>,
    /// What tells one state of it from another.
    pub(crate) version: Option<String>,
    /// Whether policies may hide rows of it from this account.
    pub(crate) row_security: bool,
}

/// The storages of one relation. Waits, as long as the session's limits allow, for a table that is locked.
pub(crate) async fn storages(session: &mut Session, relation: i64) -> Result<Vec<Storage>> {
    let mut known = ask(session, &[relation], false).await?;
    Ok(known.remove(&relation).unwrap_or_default())
}

/// The storages of many relations in one question. Relations that would have to be waited for are left out.
pub(crate) async fn storages_of(
    session: &mut Session,
    relations: &[i64],
) -> Result<HashMap<i64, Vec<Storage>>> {
    ask(session, relations, true).await
}

async fn ask(
    session: &mut Session,
    relations: &[i64],
    without_locked: bool,
) -> Result<HashMap<i64, Vec<Storage>>> {
    let describe = |error| from_driver(error, "planning");
    let rows = sqlx::query(include_str!("../catalog/parts.sql"))
        .persistent(false)
        .bind(relations)
        .bind(without_locked)
        .fetch_all(&mut session.connection)
        .await
        .map_err(describe)?;
    let mut known: HashMap<i64, Vec<Storage>> = HashMap::new();
    let mut locked = HashSet::new();
    for row in &rows {
        let relation = row.try_get("relation").map_err(describe)?;
        if row.try_get("locked").map_err(describe)? {
            locked.insert(relation);
        }
        let storage = storage(row).map_err(describe)?;
        known.entry(relation).or_default().push(storage);
    }
    known.retain(|relation, _| !locked.contains(relation));
    Ok(known)
}

fn storage(row: &PgRow) -> Result<Storage, sqlx::Error> {
    let (schema, name): (String, String) = (row.try_get("schema")?, row.try_get("name")?);
    let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    let pages = count(row.try_get("pages")?);
    let analysed = count(row.try_get("analysed_pages")?);
    // The estimate is as old as the last ANALYZE; the size is of now.
    let rows = row
        .try_get::<Option<f64>, _>("rows")?
        .map(|rows| match (pages, analysed) {
            (Some(now), Some(then)) => rows * now as f64 / then as f64,
            _ => rows,
        });
    let stored: bool = row.try_get("stored")?;
    let qualified = Dialect::POSTGRES.qualified([schema.as_str(), name.as_str()]);
    Ok(Storage {
        from: if stored {
            format!("ONLY {qualified}")
        } else {
            qualified.clone()
        },
        table: stored.then_some(qualified),
        heap: row.try_get("heap")?,
        stored,
        readable: row.try_get("readable")?,
        pages,
        bytes: count(row.try_get("bytes")?),
        rows,
        version: row.try_get("version")?,
        row_security: row.try_get("row_security")?,
    })
}
