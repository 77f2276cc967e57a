//! From a request to splits.
//!
//! A table with a whole-number key is cut into ranges of it, one without but with partitions into groups of those,
//! everything else is one split. Sessions share no snapshot, so each split sees a state of its own.

use locard_connector::{
    Error, ErrorKind, Exactness, Result, Sample, ScanPlan, ScanRequest, Snapshot, Split,
};
use locard_model::EntityKind;
use locard_sql::{Column, Conditions, Dialect, Select, project, schema};

use crate::catalog::{self, Relation};
use crate::error::granted;
use crate::part::{Output, Part};
use crate::ranges::{Range, ranges};
use crate::session::{Session, number};

pub(crate) const DIALECT: Dialect = Dialect::MSSQL;

/// Everything one plan is made from.
struct Work<'a> {
    request: &'a ScanRequest,
    relation: &'a Relation,
    columns: Vec<Output>,
    expressions: Vec<String>,
    conditions: Conditions,
    notes: Vec<String>,
    /// Whether the database allows snapshots.
    snapshot: bool,
}

/// Plans a request over a relation.
pub(crate) async fn plan(
    session: &mut Session,
    relation: &Relation,
    request: &ScanRequest,
    snapshot: bool,
) -> Result<ScanPlan> {
    let account = session.account().to_owned();
    let granted = |error| granted(error, &request.path, &account);
    let mut work = prepare(relation, request, snapshot).map_err(granted)?;
    let sampled = sampled(session, &mut work).await.map_err(granted)?;
    let (ranges, limit) = if let Some((range, limit)) = sampled {
        (vec![range], limit)
    } else {
        let wanted = request.max_splits.get();
        (
            ranges(session, relation, wanted).await.map_err(granted)?,
            None,
        )
    };
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

fn prepare<'a>(
    relation: &'a Relation,
    request: &'a ScanRequest,
    snapshot: bool,
) -> Result<Work<'a>> {
    let hidden = relation.columns.iter().filter(|column| !column.readable);
    let hidden = hidden.count();
    if hidden == relation.columns.len() && (hidden > 0 || !relation.readable) {
        return Err(denied());
    }
    let known: Vec<Column> = relation.columns.iter().map(as_sql).collect();
    let wanted = project(&known, request.columns.as_deref())?;
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
    let (columns, expressions): (Vec<Output>, Vec<String>) = chosen.into_iter().unzip();
    let notes = notes(relation, request, &columns, hidden);
    Ok(Work {
        request,
        relation,
        columns,
        expressions,
        conditions,
        notes,
        snapshot,
    })
}

/// What the reader must be told.
fn notes(
    relation: &Relation,
    request: &ScanRequest,
    columns: &[Output],
    hidden: usize,
) -> Vec<String> {
    let mut notes = Vec::new();
    if request.columns.is_none() && hidden > 0 {
        let all = relation.columns.len();
        notes.push(format!("the login may not read {hidden} of {all} columns"));
    }
    let is_masked = |output: &&Output| {
        let column = relation.column(&output.name);
        column.is_some_and(|column| column.masked)
    };
    let masked = columns.iter().filter(is_masked).count();
    if masked > 0 {
        notes.push(format!(
            "the server masks {masked} columns for this login, so what was read is not what is stored; GRANT UNMASK ends that"
        ));
    }
    if request.snapshot == Snapshot::Database {
        notes.push(
            "the server shares no snapshot between sessions, so each part is of its own moment"
                .to_owned(),
        );
    }
    notes
}

fn denied() -> Error {
    Error::new(ErrorKind::Denied, "the login may not read this")
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
    let full = |names: &Vec<String>| {
        let columns = names.iter().map(|name| {
            let column = relation.column(name)?;
            (column.readable && !column.nullable).then(|| asked(column, true))
        });
        columns
            .collect::<Option<Vec<_>>>()
            .filter(|key| !key.is_empty())
    };
    std::iter::once(&relation.primary_key)
        .chain(&relation.unique)
        .find_map(full)
        .unwrap_or_default()
}

/// A sample that the server takes itself: the first rows, or those whose key falls to a seed.
async fn sampled(
    session: &mut Session,
    work: &mut Work<'_>,
) -> Result<Option<(Range, Option<u64>)>> {
    if work.request.sample == Sample::All || !work.conditions.exact() {
        return Ok(None);
    }
    let mut range = Range::whole(work.relation);
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
    // A number of a hash's first three bytes is never negative.
    let below = (share / 100.0 * f64::from(1 << 24)) as u64;
    range.predicate = Some(format!(
        "CAST(SUBSTRING(HASHBYTES('SHA2_256', CONCAT('{seed}', {key})), 1, 3) AS int) < {below}"
    ));
    range.rows = range.rows.map(|rows| (rows as f64 * share / 100.0) as u64);
    work.conditions.honoured.sample = answer;
    Ok(Some((range, None)))
}

/// A table's primary key as parts of a text; `None` without one.
fn primary_key(relation: &Relation) -> Option<String> {
    let readable = |name: &String| relation.column(name).is_some_and(|column| column.readable);
    let is_usable = relation.kind == EntityKind::Table
        && !relation.primary_key.is_empty()
        && relation.primary_key.iter().all(readable);
    let part = |name: &String| {
        let column = DIALECT.identifier(name);
        format!("',', CONVERT(nvarchar(450), {column})")
    };
    let all: Vec<String> = relation.primary_key.iter().map(part).collect();
    is_usable.then(|| all.join(", "))
}

/// How many rows there are.
async fn counted(session: &mut Session, from: &str) -> Result<u64> {
    let sql = format!("SELECT COUNT_BIG(*) AS \"rows\" FROM {from}");
    let rows = session.rows(&sql, "planning").await?;
    let row = rows.first();
    Ok(row.and_then(|row| number(row, "rows")).unwrap_or(0))
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
            top: DIALECT.top,
        };
        let part = Part {
            sql: select.sql(),
            columns: self.columns.clone(),
            number: u32::try_from(number).unwrap_or(u32::MAX),
            snapshot: self.snapshot,
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
