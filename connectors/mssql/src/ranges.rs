//! Cutting a table into ranges that are read by themselves.

use locard_connector::Result;
use locard_sql::Range;
use tiberius::Row;

use crate::catalog::Outline;
use crate::place::{Place, query};
use crate::plan::{DIALECT, Planner};
use crate::session::{Session, number, text};

/// The range of each split.
pub(crate) async fn ranges(
    session: &mut Session,
    planner: &Planner<'_>,
    outline: &Outline,
) -> Result<Vec<Range>> {
    if let Some(sql) = planner.bounds(|number| format!("CAST({number} AS bigint)")) {
        return keyed(session, planner, &sql).await;
    }
    if outline.parts > 1 && planner.is_divided() {
        let settings = session.settings().clone();
        let place = Place::of(&outline.relation.path, &settings)?;
        let rows = query(session, include_str!("../catalog/partitions.sql"), place).await?;
        if let Some(number_of) = number_of_partition(outline, &place, rows.first()) {
            return Ok(partitioned(planner, &number_of, &rows));
        }
    }
    Ok(vec![planner.whole()])
}

/// Ranges of a key.
async fn keyed(session: &mut Session, planner: &Planner<'_>, sql: &str) -> Result<Vec<Range>> {
    let rows = session.rows(sql, "planning").await?;
    let bound = |name| rows.first().and_then(|row| number::<i64>(row, name));
    Ok(match (bound("least"), bound("most")) {
        (Some(least), Some(most)) => planner.ranges(least, most),
        _ => vec![planner.whole()],
    })
}

/// What tells the partition of a row, by the function and column that a row of the catalog names.
fn number_of_partition(outline: &Outline, place: &Place<'_>, row: Option<&Row>) -> Option<String> {
    let (function, column) = (text(row?, "function")?, text(row?, "column")?);
    outline.relation.column(&column)?;
    let [function, column] = [function, column].map(|name| DIALECT.identifier(&name));
    Some(format!("{}$PARTITION.{function}({column})", place.prefix()))
}

/// Groups of partitions.
fn partitioned(planner: &Planner<'_>, number_of: &str, rows: &[Row]) -> Vec<Range> {
    let whole = planner.whole();
    let each = rows.len().div_ceil(planner.wanted()).max(1);
    let groups = rows.chunks(each);
    let count = groups.len();
    let numbers = groups.map(|group| group.first().and_then(|row| number::<u64>(row, "number")));
    let Some(numbers) = numbers.collect::<Option<Vec<u64>>>().filter(|_| count > 1) else {
        return vec![whole];
    };
    // The outer groups are open, so that a partition that is made meanwhile is read too.
    let range = |(at, from): (usize, &u64)| {
        let from = (at > 0).then(|| format!("{number_of} >= {from}"));
        let until = numbers.get(at + 1);
        let until = until.map(|until| format!("{number_of} < {until}"));
        let tests: Vec<String> = from.into_iter().chain(until).collect();
        whole.share(Some(format!("({})", tests.join(" AND "))), count as u64)
    };
    numbers.iter().enumerate().map(range).collect()
}
