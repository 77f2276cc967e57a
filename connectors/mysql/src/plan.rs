//! From a request to splits: what the server is asked for it.
//!
//! A table with a whole-number key is cut into ranges of it, one without but with partitions into groups of those,
//! everything else is one split. The server shares no snapshot between sessions, so each split sees a state of its own.

use locard_connector::{Result, ScanPlan, ScanRequest};
use locard_sql::{Dialect, Range};

use crate::catalog::{Outline, Relation, Which, query};
use crate::error::{from_driver, granted};
use crate::session::{Session, number, text};
use crate::types::Decode;

pub(crate) const DIALECT: Dialect = Dialect::MYSQL;

type Planner<'a> = locard_sql::Planner<'a, Decode>;

/// Plans a request over a relation.
pub(crate) async fn plan(
    session: &mut Session,
    outline: &Outline,
    request: &ScanRequest,
) -> Result<ScanPlan> {
    let planned = planned(session, outline, request).await;
    planned.map_err(|error| granted(error, &request.path, session.account()))
}

async fn planned(
    session: &mut Session,
    outline: &Outline,
    request: &ScanRequest,
) -> Result<ScanPlan> {
    let mut planner = Planner::new(&DIALECT, &outline.relation, request)?;
    let key = primary_key(&outline.relation);
    let count = if key.is_some() && planner.needs_count() {
        Some(counted(session, &planner).await?)
    } else {
        None
    };
    let falls = |share: f64, seed| {
        let below = (share * (1_u64 << 32) as f64) as u64;
        Some(format!(
            "CRC32(CONCAT_WS(',', '{seed}', {})) < {below}",
            key?
        ))
    };
    if let Some(range) = planner.sampled(count, falls) {
        return planner.finish(&[range]);
    }
    let ranges = ranges(session, &planner, outline).await?;
    planner.finish(&ranges)
}

/// The bytes of a table's primary key; `None` without one.
fn primary_key(relation: &Relation) -> Option<String> {
    let key = relation.readable_primary_key()?;
    let bytes = |name: &str| format!("CAST({} AS BINARY)", DIALECT.identifier(name));
    let all: Vec<String> = key.iter().map(|column| bytes(&column.name)).collect();
    Some(all.join(", "))
}

/// How many rows there are. The estimate may be off by half, and a sample too small for it.
async fn counted(session: &mut Session, planner: &Planner<'_>) -> Result<u64> {
    let rows = session.rows(planner.count("CAST(COUNT(*) AS CHAR)")).await;
    let rows = rows.map_err(|error| from_driver(error, "planning"))?;
    let row = rows.first();
    Ok(row.and_then(|row| number(row, "rows")).unwrap_or(0))
}

/// The range of each split.
async fn ranges(
    session: &mut Session,
    planner: &Planner<'_>,
    outline: &Outline,
) -> Result<Vec<Range>> {
    if let Some(sql) = planner.bounds(|number| format!("CAST({number} AS CHAR)")) {
        return keyed(session, planner, sql).await;
    }
    if outline.partitioned && planner.is_divided() {
        let which = Which::of(&outline.relation.path)?;
        let rows = query(session, include_str!("../catalog/partitions.sql"), which).await?;
        let parts = rows.iter().map(|row| {
            let count = |name| number(row, name).unwrap_or(0);
            Some((text(row, "name")?, count("rows"), count("bytes")))
        });
        let parts: Option<Vec<Part>> = parts.collect();
        if let Some(parts) = parts.filter(|parts| parts.len() > 1) {
            return Ok(partitioned(&planner.whole(), &parts, planner.wanted()));
        }
    }
    Ok(vec![planner.whole()])
}

/// Ranges of a key.
async fn keyed(session: &mut Session, planner: &Planner<'_>, sql: String) -> Result<Vec<Range>> {
    let rows = session.rows(sql).await;
    let rows = rows.map_err(|error| from_driver(error, "planning"))?;
    let bound = |name| {
        let bound: i128 = rows.first().and_then(|row| number(row, name))?;
        // The last range has no end, so what lies beyond is in it.
        i64::try_from(bound.min(i128::from(i64::MAX))).ok()
    };
    Ok(match (bound("least"), bound("most")) {
        (Some(least), Some(most)) => planner.ranges(least, most),
        _ => vec![planner.whole()],
    })
}

/// Name, rows and bytes of a partition.
type Part = (String, u64, u64);

/// Groups of partitions.
fn partitioned(whole: &Range, parts: &[Part], wanted: usize) -> Vec<Range> {
    let group = |group: &[Part]| {
        let names = group.iter().map(|(name, ..)| DIALECT.identifier(name));
        let names = names.collect::<Vec<_>>().join(", ");
        Range {
            from: format!("{} PARTITION ({names})", whole.from),
            rows: Some(group.iter().map(|(_, rows, _)| rows).sum()),
            bytes: Some(group.iter().map(|(.., bytes)| bytes).sum()),
            ..whole.clone()
        }
    };
    let each = parts.len().div_ceil(wanted).max(1);
    parts.chunks(each).map(group).collect()
}
