//! From a request to splits: what the server is asked for it.
//!
//! A table with a whole-number key is cut into ranges of it, one without but with partitions into groups of those,
//! everything else is one split. Sessions share no snapshot, so each split sees a state of its own.

use locard_connector::{Result, ScanPlan, ScanRequest};
use locard_sql::{Dialect, denied};
use serde_json::json;

use crate::catalog::{Outline, Relation};
use crate::error::granted;
use crate::part::SNAPSHOT;
use crate::ranges::ranges;
use crate::session::{Session, number};
use crate::types::Decode;

pub(crate) const DIALECT: Dialect = Dialect::MSSQL;

pub(crate) type Planner<'a> = locard_sql::Planner<'a, Decode>;

/// Plans a request over a relation. `snapshot`: whether its database allows them.
pub(crate) async fn plan(
    session: &mut Session,
    outline: &Outline,
    request: &ScanRequest,
    snapshot: bool,
) -> Result<ScanPlan> {
    let planned = planned(session, outline, request).await;
    let mut plan = planned.map_err(|error| granted(error, &request.path, session.account()))?;
    for split in plan.splits.iter_mut().filter(|_| snapshot) {
        split.part[SNAPSHOT] = json!(true);
    }
    Ok(plan)
}

async fn planned(
    session: &mut Session,
    outline: &Outline,
    request: &ScanRequest,
) -> Result<ScanPlan> {
    if outline.relation.columns.is_empty() && !outline.readable {
        return Err(denied());
    }
    let mut planner = Planner::new(&DIALECT, &outline.relation, request)?;
    tell_of_masks(&mut planner, outline);
    let key = primary_key(&outline.relation);
    let count = if key.is_some() && planner.needs_count() {
        Some(counted(session, &planner).await?)
    } else {
        None
    };
    let falls = |share: f64, seed| {
        // A number of a hash's first three bytes is never negative.
        let below = (share * f64::from(1 << 24)) as u64;
        Some(format!(
            "CAST(SUBSTRING(HASHBYTES('SHA2_256', CONCAT('{seed}', {})), 1, 3) AS int) < {below}",
            key?
        ))
    };
    if let Some(range) = planner.sampled(count, falls) {
        return planner.finish(&[range]);
    }
    let ranges = ranges(session, &planner, outline).await?;
    planner.finish(&ranges)
}

/// Tells the reader of columns that the server shows otherwise than they are.
fn tell_of_masks(planner: &mut Planner<'_>, outline: &Outline) {
    let columns = planner.columns().iter();
    let masked = columns.filter(|column| outline.masked.contains(&column.name));
    let masked = masked.count();
    if masked > 0 {
        planner.note(format!(
            "the server masks {masked} columns for this login, so what was read is not what is stored; GRANT UNMASK ends that"
        ));
    }
}

/// A table's primary key as parts of a text; `None` without one.
fn primary_key(relation: &Relation) -> Option<String> {
    let key = relation.readable_primary_key()?;
    let part = |name: &str| {
        let column = DIALECT.identifier(name);
        format!("',', CONVERT(nvarchar(450), {column})")
    };
    let all: Vec<String> = key.iter().map(|column| part(&column.name)).collect();
    Some(all.join(", "))
}

/// How many rows there are.
async fn counted(session: &mut Session, planner: &Planner<'_>) -> Result<u64> {
    let sql = planner.count("COUNT_BIG(*)");
    let rows = session.rows(&sql, "planning").await?;
    let row = rows.first();
    Ok(row.and_then(|row| number(row, "rows")).unwrap_or(0))
}
