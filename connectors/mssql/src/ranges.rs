//! Cutting a table into ranges that are read by themselves.

use locard_connector::Result;
use locard_model::EntityKind;
use locard_sql::key_ranges;

use crate::catalog::Relation;
use crate::place::query;
use crate::plan::DIALECT;
use crate::session::{Session, number, text};

/// Rows below which another split costs more than it gains.
const LEAST_ROWS: u64 = 10_000;

/// Some rows of a relation.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) from: String,
    pub(crate) predicate: Option<String>,
    pub(crate) rows: Option<u64>,
    pub(crate) bytes: Option<u64>,
}

impl Range {
    /// Everything of a relation.
    pub(crate) fn whole(relation: &Relation) -> Self {
        Self {
            from: relation.place().qualified(),
            predicate: None,
            rows: relation.rows,
            bytes: relation.bytes,
        }
    }

    /// One of so many like it.
    fn share(&self, predicate: Option<String>, count: u64) -> Self {
        Self {
            predicate,
            rows: self.rows.map(|rows| rows / count),
            bytes: self.bytes.map(|bytes| bytes / count),
            ..self.clone()
        }
    }
}

/// The range of each split.
pub(crate) async fn ranges(
    session: &mut Session,
    relation: &Relation,
    wanted: usize,
) -> Result<Vec<Range>> {
    let whole = Range::whole(relation);
    if wanted == 1 || relation.kind == EntityKind::View {
        return Ok(vec![whole]);
    }
    if let Some(key) = whole_number_key(relation) {
        return keyed(session, &whole, &key, wanted).await;
    }
    if relation.parts > 1 {
        return partitioned(session, relation, whole, wanted).await;
    }
    Ok(vec![whole])
}

/// The quoted whole-number column that a key begins with, so that an index leads to its ranges.
fn whole_number_key(relation: &Relation) -> Option<String> {
    let mut keys = std::iter::once(&relation.primary_key).chain(&relation.unique);
    keys.find_map(|key| {
        let column = relation.column(key.first()?)?;
        let is_usable = column.readable && column.kind.is_whole_number();
        is_usable.then(|| DIALECT.identifier(&column.name))
    })
}

/// Ranges of a key.
async fn keyed(
    session: &mut Session,
    whole: &Range,
    key: &str,
    wanted: usize,
) -> Result<Vec<Range>> {
    let sql = format!(
        "SELECT CAST(MIN({key}) AS bigint) AS \"least\", CAST(MAX({key}) AS bigint) AS \"most\" FROM {}",
        whole.from
    );
    let rows = session.rows(&sql, "planning").await?;
    let bound = |name| rows.first().and_then(|row| number::<i64>(row, name));
    let (Some(least), Some(most)) = (bound("least"), bound("most")) else {
        return Ok(vec![whole.clone()]);
    };
    // The server keeps count of a table's rows.
    let parts = whole.rows.map(|rows| rows / LEAST_ROWS);
    let parts = parts.map_or(wanted, |parts| usize::try_from(parts).unwrap_or(wanted));
    let ranges = key_ranges(least, most, parts.clamp(1, wanted));
    let count = ranges.len() as u64;
    Ok(ranges
        .iter()
        .map(|range| whole.share(range.predicate(key), count))
        .collect())
}

/// Groups of partitions.
async fn partitioned(
    session: &mut Session,
    relation: &Relation,
    whole: Range,
    wanted: usize,
) -> Result<Vec<Range>> {
    let place = relation.place();
    let rows = query(session, include_str!("../catalog/partitions.sql"), place).await?;
    let first = rows.first();
    let names = first.and_then(|row| Some((text(row, "function")?, text(row, "column")?)));
    let Some((function, column)) = names.filter(|(_, column)| relation.column(column).is_some())
    else {
        return Ok(vec![whole]);
    };
    let number_of = format!(
        "{}$PARTITION.{}({})",
        place.prefix(),
        DIALECT.identifier(&function),
        DIALECT.identifier(&column)
    );
    let each = rows.len().div_ceil(wanted).max(1);
    let groups = rows.chunks(each);
    let count = groups.len();
    let numbers = groups.map(|group| group.first().and_then(|row| number::<u64>(row, "number")));
    let Some(numbers) = numbers.collect::<Option<Vec<u64>>>().filter(|_| count > 1) else {
        return Ok(vec![whole]);
    };
    // The outer groups are open, so that a partition that is made meanwhile is read too.
    let range = |(at, from): (usize, &u64)| {
        let from = (at > 0).then(|| format!("{number_of} >= {from}"));
        let until = numbers.get(at + 1);
        let until = until.map(|until| format!("{number_of} < {until}"));
        let tests: Vec<String> = from.into_iter().chain(until).collect();
        whole.share(Some(format!("({})", tests.join(" AND "))), count as u64)
    };
    Ok(numbers.iter().enumerate().map(range).collect())
}
