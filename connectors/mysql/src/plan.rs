//! From a request to splits.
//!
//! A table with a whole-number key is cut into ranges of it, one without but with partitions into groups of those,
//! everything else is one split. The server shares no snapshot between sessions, so each split sees a state of its own.

use locard_connector::{
    Error, ErrorKind, Exactness, Result, Sample, ScanPlan, ScanRequest, Snapshot, Split,
};
use locard_model::EntityKind;
use locard_sql::{Column, Conditions, Dialect, Select, key_ranges, project, schema};

use crate::catalog::{self, Relation, Which, query};
use crate::error::{from_driver, granted};
use crate::part::{Output, Part};
use crate::session::{Session, number, text};

pub(crate) const DIALECT: Dialect = Dialect::MYSQL;
/// Rows below which another split costs more than it gains.
const LEAST_ROWS: u64 = 10_000;

/// Some rows of a relation.
#[derive(Clone, Debug)]
struct Range {
    from: String,
    predicate: Option<String>,
    rows: Option<u64>,
    bytes: Option<u64>,
}

/// Everything one plan is made from.
struct Work<'a> {
    request: &'a ScanRequest,
    relation: &'a Relation,
    columns: Vec<Output>,
    expressions: Vec<String>,
    conditions: Conditions,
    notes: Vec<String>,
}

/// Plans a request over a relation.
pub(crate) async fn plan(
    session: &mut Session,
    relation: &Relation,
    request: &ScanRequest,
) -> Result<ScanPlan> {
    let mut work = prepare(relation, request)
        .map_err(|error| granted(error, &request.path, session.account()))?;
    let sampled = sampled(session, &mut work).await;
    let (ranges, limit) = match sampled {
        Ok(Some((range, limit))) => (Ok(vec![range]), limit),
        Ok(None) => (ranges(session, &work).await, None),
        Err(error) => (Err(error), None),
    };
    let ranges = ranges.map_err(|error| granted(error, &request.path, session.account()))?;
    let splits = ranges
        .iter()
        .enumerate()
        .map(|(at, range)| work.split(at, range, limit))
        .collect::<Result<_>>()?;
    Ok(ScanPlan {
        schema: Some(schema(&work.columns)),
        splits,
        honoured: work.conditions.honoured,
    })
}

fn prepare<'a>(relation: &'a Relation, request: &'a ScanRequest) -> Result<Work<'a>> {
    let hidden = relation.columns.iter().filter(|column| !column.readable);
    let hidden = hidden.count();
    if hidden == relation.columns.len() && hidden > 0 {
        return Err(denied());
    }
    let known: Vec<Column> = relation.columns.iter().map(as_sql).collect();
    let wanted = project(&known, request.columns.as_deref())?;
    let mut notes = Vec::new();
    if request.columns.is_none() && hidden > 0 {
        notes.push(format!(
            "the account may not read {hidden} of {} columns",
            relation.columns.len()
        ));
    }
    if request.snapshot == Snapshot::Database {
        notes.push(
            "the server shares no snapshot between sessions, so each part is of its own moment"
                .to_owned(),
        );
    }
    let mut chosen: Vec<(Output, String)> = if request.with_keys {
        keys(relation)
    } else {
        Vec::new()
    };
    for column in &relation.columns {
        let is_wanted = wanted.iter().any(|wanted| wanted.name == column.name);
        if !is_wanted || chosen.iter().any(|(known, _)| known.name == column.name) {
            continue;
        }
        match (column.readable, request.columns.is_some()) {
            (true, _) => chosen.push(asked(column, false)),
            (false, true) => return Err(denied().place(format!("column {}", column.name))),
            (false, false) => {}
        }
    }
    let conditions = Conditions::of(&DIALECT, &known, request)?;
    let (columns, expressions) = chosen.into_iter().unzip();
    Ok(Work {
        request,
        relation,
        columns,
        expressions,
        conditions,
        notes,
    })
}

fn denied() -> Error {
    Error::new(ErrorKind::Denied, "the account may not read this")
}

fn as_sql(column: &catalog::Column) -> Column {
    Column {
        name: column.name.clone(),
        expression: column.kind.predicate(&DIALECT.identifier(&column.name)),
        class: column.kind.class,
        list: false,
    }
}

/// What comes of a column, and how it is asked for.
fn asked(column: &catalog::Column, key: bool) -> (Output, String) {
    let expression = column.kind.select(&DIALECT.identifier(&column.name));
    (column.output(key), expression)
}

/// What identifies a record: the primary key, else a unique one without nulls; a row has no place to go by.
fn keys(relation: &Relation) -> Vec<(Output, String)> {
    let full = |names: &Vec<String>, nulls: bool| {
        let columns = names.iter().map(|name| {
            let column = relation.column(name)?;
            (column.readable && (nulls || !column.nullable)).then(|| asked(column, true))
        });
        columns
            .collect::<Option<Vec<_>>>()
            .filter(|key| !key.is_empty())
    };
    full(&relation.primary_key, true)
        .or_else(|| relation.unique.iter().find_map(|key| full(key, false)))
        .unwrap_or_default()
}

/// Everything as one range.
fn one(relation: &Relation) -> Range {
    Range {
        from: DIALECT.qualified([relation.schema.as_str(), relation.name.as_str()]),
        predicate: None,
        rows: relation.rows,
        bytes: relation.bytes,
    }
}

/// A sample that the server takes itself: the first rows, or those whose key falls to a seed.
async fn sampled(
    session: &mut Session,
    work: &mut Work<'_>,
) -> Result<Option<(Range, Option<u64>)>> {
    if work.request.sample == Sample::All || !work.conditions.exact() {
        return Ok(None);
    }
    let mut range = one(work.relation);
    if let Sample::First(rows) = work.request.sample {
        work.conditions.honoured.sample = Exactness::Exact;
        return Ok(Some((range, Some(rows))));
    }
    let Some(key) = primary_key(work.relation) else {
        return Ok(None);
    };
    let (share, seed, answer) = match work.request.sample {
        Sample::Percent(share, seed) => (share, seed, Exactness::Exact),
        Sample::Rows(rows, seed) if work.conditions.predicates.is_empty() => {
            let all = match range.rows {
                Some(rows) if work.request.estimate => rows,
                _ => counted(session, &range.from).await?,
            };
            range.rows = Some(all);
            // Half as many again, since chance may have it that fewer come.
            let share = 150.0 * rows as f64 / all.max(1) as f64;
            (share, seed, Exactness::Superset)
        }
        _ => return Ok(None),
    };
    if !(0.0..=50.0).contains(&share) {
        return Ok(None);
    }
    let below = (share / 100.0 * (1_u64 << 32) as f64) as u64;
    range.predicate = Some(format!("CRC32(CONCAT_WS(',', '{seed}', {key})) < {below}"));
    range.rows = range.rows.map(|rows| (rows as f64 * share / 100.0) as u64);
    work.conditions.honoured.sample = answer;
    Ok(Some((range, None)))
}

/// The bytes of a table's primary key; `None` without one.
fn primary_key(relation: &Relation) -> Option<String> {
    let readable = |name: &String| relation.column(name).is_some_and(|column| column.readable);
    let is_usable = relation.kind == EntityKind::Table
        && !relation.primary_key.is_empty()
        && relation.primary_key.iter().all(readable);
    let bytes = |name: &String| format!("CAST({} AS BINARY)", DIALECT.identifier(name));
    let all: Vec<String> = relation.primary_key.iter().map(bytes).collect();
    is_usable.then(|| all.join(", "))
}

/// How many rows there are. The estimate may be off by half, and a sample too small for it.
async fn counted(session: &mut Session, from: &str) -> Result<u64> {
    let sql = format!("SELECT CAST(COUNT(*) AS CHAR) AS \"rows\" FROM {from}");
    let rows = session.rows(sql).await;
    let rows = rows.map_err(|error| from_driver(error, "planning"))?;
    Ok(rows
        .first()
        .and_then(|row| number(row, "rows"))
        .unwrap_or(0))
}

/// The range of each split.
async fn ranges(session: &mut Session, work: &Work<'_>) -> Result<Vec<Range>> {
    let whole = one(work.relation);
    let wanted = work.request.max_splits.get();
    if wanted == 1 || work.relation.kind == EntityKind::View {
        return Ok(vec![whole]);
    }
    if let Some((key, is_unique)) = whole_number_key(work.relation) {
        return keyed(session, &whole, (&key, is_unique), wanted).await;
    }
    if work.relation.partitioned {
        return partitioned(session, work.relation, whole, wanted).await;
    }
    Ok(vec![whole])
}

/// The quoted whole-number column that a key begins with, so that an index leads to its ranges, and whether it is the
/// whole key.
fn whole_number_key(relation: &Relation) -> Option<(String, bool)> {
    let mut keys = std::iter::once(&relation.primary_key).chain(&relation.unique);
    keys.find_map(|key| {
        let column = relation.column(key.first()?)?;
        let is_usable = column.readable && column.kind.is_whole_number();
        is_usable.then(|| (DIALECT.identifier(&column.name), key.len() == 1))
    })
}

/// Ranges of a key.
async fn keyed(
    session: &mut Session,
    whole: &Range,
    (key, is_unique): (&str, bool),
    wanted: usize,
) -> Result<Vec<Range>> {
    let sql = format!(
        "SELECT CAST(MIN({key}) AS CHAR) AS \"least\", CAST(MAX({key}) AS CHAR) AS \"most\" FROM {}",
        whole.from
    );
    let rows = session.rows(sql).await;
    let rows = rows.map_err(|error| from_driver(error, "planning"))?;
    let bound = |name| {
        let bound: i128 = rows.first().and_then(|row| number(row, name))?;
        // The last range has no end, so what lies beyond is in it.
        i64::try_from(bound.min(i128::from(i64::MAX))).ok()
    };
    let (Some(least), Some(most)) = (bound("least"), bound("most")) else {
        return Ok(vec![whole.clone()]);
    };
    let estimate = whole.rows.unwrap_or(0);
    let records = if is_unique {
        let width = most.abs_diff(least).saturating_add(1);
        width.min(estimate.saturating_mul(2).saturating_add(LEAST_ROWS))
    } else {
        estimate
    };
    let parts = usize::try_from(records / LEAST_ROWS).unwrap_or(wanted);
    let ranges = key_ranges(least, most, parts.clamp(1, wanted));
    let count = ranges.len() as u64;
    Ok(ranges
        .into_iter()
        .map(|range| Range {
            predicate: range.predicate(key),
            rows: whole.rows.map(|rows| rows / count),
            bytes: whole.bytes.map(|bytes| bytes / count),
            ..whole.clone()
        })
        .collect())
}

/// Groups of partitions.
async fn partitioned(
    session: &mut Session,
    relation: &Relation,
    whole: Range,
    wanted: usize,
) -> Result<Vec<Range>> {
    let which = Which::One(&relation.schema, &relation.name);
    let rows = query(session, include_str!("../catalog/partitions.sql"), which).await?;
    let parts: Option<Vec<(String, u64, u64)>> = rows
        .iter()
        .map(|row| {
            let count = |name| number(row, name).unwrap_or(0);
            Some((text(row, "name")?, count("rows"), count("bytes")))
        })
        .collect();
    let Some(parts) = parts.filter(|parts| parts.len() > 1) else {
        return Ok(vec![whole]);
    };
    let group = |group: &[(String, u64, u64)]| {
        let names = group.iter().map(|(name, ..)| DIALECT.identifier(name));
        Range {
            from: format!(
                "{} PARTITION ({})",
                whole.from,
                names.collect::<Vec<_>>().join(", ")
            ),
            predicate: None,
            rows: Some(group.iter().map(|(_, rows, _)| rows).sum()),
            bytes: Some(group.iter().map(|(.., bytes)| bytes).sum()),
        }
    };
    let each = parts.len().div_ceil(wanted).max(1);
    Ok(parts.chunks(each).map(group).collect())
}

impl Work<'_> {
    fn split(&self, number: usize, range: &Range, limit: Option<u64>) -> Result<Split> {
        let predicates: Vec<String> = range
            .predicate
            .iter()
            .chain(&self.conditions.predicates)
            .cloned()
            .collect();
        let select = Select {
            columns: &self.expressions,
            from: &range.from,
            predicates: &predicates,
            limit,
            top: false,
        };
        let part = Part {
            sql: select.sql(),
            columns: self.columns.clone(),
            number: u32::try_from(number).unwrap_or(u32::MAX),
            notes: if number == 0 {
                self.notes.clone()
            } else {
                Vec::new()
            },
        };
        Ok(Split {
            path: self.request.path.clone(),
            kind: self.relation.kind,
            rows: range.rows,
            bytes: range.bytes,
            // Nothing tells one state of a table from another once the server was restarted.
            version: None,
            snapshot: None,
            part: part.value()?,
        })
    }
}
