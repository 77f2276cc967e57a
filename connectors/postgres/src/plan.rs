//! From a request to splits.
//!
//! A heap table is cut by pages (`ctid` ranges, which any table has and no index is needed for), several partitions
//! are put together when there are more of them than splits are wanted, everything else is one split or, with a
//! whole-number key, key ranges.

use locard_connector::{Error, ErrorKind, Exactness, Result, Sample, ScanRequest, Split};
use locard_model::EntityKind;
use locard_sql::{Column, Conditions, Dialect, Select, key_ranges, page_ranges, project};
use sqlx::Row as _;

use crate::catalog::{self, Relation};
use crate::error::{from_driver, granted};
use crate::part::{Output, Part};
use crate::session::Session;
use crate::storage::Storage;
use crate::types::{Cast, Decode, Kind, Long};

const DIALECT: Dialect = Dialect::POSTGRES;
/// Pages below which another split costs more than it gains.
const LEAST_PAGES: u64 = 64;
/// Whole pages are cheap to sample; where fewer would be hit, single rows make the better sample.
const FEW_PAGES: f64 = 200.0;
/// Servers before this scan the whole table for each page range.
const PAGE_RANGES_SINCE: u32 = 140_000;

/// Some rows of one storage.
#[derive(Clone, Debug)]
struct Range {
    from: String,
    /// The tables that hold its rows.
    tables: Vec<String>,
    predicate: Option<String>,
    rows: Option<u64>,
    bytes: Option<u64>,
    version: Option<String>,
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

/// The splits of a plan, without snapshot, and what the server does itself.
pub(crate) struct Planned {
    pub(crate) columns: Vec<Output>,
    pub(crate) splits: Vec<(Split, Part)>,
    pub(crate) conditions: Conditions,
}

/// Plans a request over a relation and the tables that hold its rows.
pub(crate) async fn plan(
    session: &mut Session,
    (relation, storages): (&Relation, &[Storage]),
    request: &ScanRequest,
) -> Result<Planned> {
    let mut work = prepare(relation, request, storages)
        .map_err(|error| granted(error, &request.path, session.account()))?;
    let (ranges, limit) = match sampled(session, &mut work, storages).await? {
        Some((range, limit)) => (vec![vec![range]], limit),
        None => (ranges(session, &work, storages).await?, None),
    };
    let splits = ranges
        .into_iter()
        .enumerate()
        .map(|(number, ranges)| split(&work, number, &ranges, limit))
        .collect();
    Ok(Planned {
        columns: work.columns,
        splits,
        conditions: work.conditions,
    })
}

fn whole(relation: &Relation) -> String {
    let name = DIALECT.qualified([relation.schema.as_str(), relation.name.as_str()]);
    // Tables that inherit from a plain table are listed on their own.
    if relation.kind == EntityKind::Table && !relation.partitioned {
        format!("ONLY {name}")
    } else {
        name
    }
}

fn prepare<'a>(
    relation: &'a Relation,
    request: &'a ScanRequest,
    storages: &[Storage],
) -> Result<Work<'a>> {
    let readable: Vec<&catalog::Column> = relation
        .columns
        .iter()
        .filter(|column| column.readable)
        .collect();
    if readable.is_empty() && !relation.columns.is_empty() {
        return Err(denied());
    }
    let known: Vec<Column> = relation.columns.iter().map(as_sql).collect();
    let wanted = project(&known, request.columns.as_deref())?;
    let mut notes = Vec::new();
    let hidden = relation.columns.len() - readable.len();
    if request.columns.is_none() && hidden > 0 {
        notes.push(format!(
            "the account may not read {hidden} of {} columns",
            relation.columns.len()
        ));
    }
    if request.columns.is_none() && relation.unnamed > 0 {
        notes.push(format!(
            "columns whose names are not UTF-8 were left out: {}",
            relation.unnamed
        ));
    }
    if storages.iter().any(|storage| storage.row_security) {
        notes.push("row-level security may hide rows from the account".to_owned());
    }
    let mut chosen: Vec<(Output, String)> = if request.with_keys {
        // Who may read some columns may not read the places of rows.
        keys(relation, storages.iter().all(|storage| storage.readable))
    } else {
        Vec::new()
    };
    for column in &relation.columns {
        let is_wanted = wanted
            .iter()
            .any(|wanted| wanted.name == contract_name(column));
        if !is_wanted || chosen.iter().any(|(known, _)| known.name == column.name) {
            continue;
        }
        match (column.readable, request.columns.is_some()) {
            (true, _) => chosen.push(output(column, false)),
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

fn contract_name(column: &catalog::Column) -> String {
    if column.kind.list {
        format!("{}[]", column.name)
    } else {
        column.name.clone()
    }
}

fn as_sql(column: &catalog::Column) -> Column {
    Column {
        name: contract_name(column),
        expression: DIALECT.identifier(&column.name),
        class: column.kind.class,
        list: column.kind.list,
    }
}

fn output(column: &catalog::Column, key: bool) -> (Output, String) {
    let expression = column.kind.select(&DIALECT.identifier(&column.name));
    (
        Output {
            name: column.name.clone(),
            kind: column.kind.clone(),
            native: column.native().to_owned(),
            oid: column.oid,
            key,
        },
        expression,
    )
}

/// What identifies a record: the primary key, else the row's place, where that may be read.
fn keys(relation: &Relation, with_places: bool) -> Vec<(Output, String)> {
    let key: Vec<_> = relation
        .primary_key
        .iter()
        .filter_map(|name| {
            relation
                .columns
                .iter()
                .find(|column| column.name == *name && column.readable)
        })
        .map(|column| output(column, true))
        .collect();
    if !key.is_empty() && key.len() == relation.primary_key.len() {
        return key;
    }
    let place = if relation.partitioned {
        "pg_catalog.concat_ws(' ', tableoid::pg_catalog.regclass, ctid)"
    } else {
        "ctid::pg_catalog.text"
    };
    match relation.kind {
        EntityKind::Table | EntityKind::MaterializedView if with_places => {
            let kind = Kind {
                decode: Decode::Text,
                list: false,
                cast: Cast::None,
                class: locard_sql::Class::Opaque,
                long: Long::Never,
            };
            vec![(
                Output {
                    name: "ctid".to_owned(),
                    kind,
                    native: "tid".to_owned(),
                    oid: 0,
                    key: true,
                },
                place.to_owned(),
            )]
        }
        _ => Vec::new(),
    }
}

/// Everything as one range, read through the relation itself.
fn one(work: &Work<'_>, storages: &[Storage]) -> Range {
    Range {
        from: whole(work.relation),
        tables: storages
            .iter()
            .filter_map(|storage| storage.table.clone())
            .collect(),
        predicate: None,
        rows: total(
            storages
                .iter()
                .map(|storage| storage.rows.map(|rows| rows as u64)),
        ),
        bytes: total(storages.iter().map(|storage| storage.bytes)),
        version: versions(storages.iter().map(|storage| storage.version.as_deref())),
    }
}

fn total(numbers: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    numbers.sum()
}

fn versions<'a>(versions: impl Iterator<Item = Option<&'a str>>) -> Option<String> {
    let all: Vec<&str> = versions.collect::<Option<_>>()?;
    (!all.is_empty()).then(|| all.join(","))
}

/// A sample that the server takes itself: one range with a limit, or one over sampled pages.
async fn sampled(
    session: &mut Session,
    work: &mut Work<'_>,
    storages: &[Storage],
) -> Result<Option<(Range, Option<u64>)>> {
    if work.request.sample == Sample::All || !work.conditions.exact() {
        return Ok(None);
    }
    let mut range = one(work, storages);
    if let Sample::First(rows) = work.request.sample {
        work.conditions.honoured.sample = Exactness::Exact;
        return Ok(Some((range, Some(rows))));
    }
    let Some(pages) = sampleable(storages) else {
        return Ok(None);
    };
    let (share, seed, answer) = match work.request.sample {
        Sample::Percent(share, seed) => (share, seed, Exactness::Exact),
        Sample::Rows(rows, seed) if work.conditions.predicates.is_empty() => {
            let Some(all) = counted(session, &range.from, pages).await? else {
                return Ok(None);
            };
            range.rows = Some(all as u64);
            // Half as many again, since that is an estimate too.
            (150.0 * rows as f64 / all, seed, Exactness::Superset)
        }
        _ => return Ok(None),
    };
    if !(0.0..=50.0).contains(&share) {
        return Ok(None);
    }
    let method = if pages * share / 100.0 < FEW_PAGES {
        "BERNOULLI"
    } else {
        "SYSTEM"
    };
    // The server takes a double as seed; 2^53 is where those stop telling whole numbers apart.
    range.from = format!(
        "{} TABLESAMPLE {method} ({share}) REPEATABLE ({})",
        range.from,
        seed % (1 << 53)
    );
    range.rows = range.rows.map(|rows| (rows as f64 * share / 100.0) as u64);
    work.conditions.honoured.sample = answer;
    Ok(Some((range, None)))
}

/// The pages of tables that the server can sample.
fn sampleable(storages: &[Storage]) -> Option<f64> {
    let all = storages
        .iter()
        .all(|storage| storage.heap && storage.stored);
    let pages = total(storages.iter().map(|storage| storage.pages))?;
    (all && !storages.is_empty()).then_some(pages as f64)
}

/// About how many rows there are, from those in a few pages. Statistics are as old as the last ANALYZE: of a table that
/// was emptied since, they would leave no sample. `None` where there are few pages, or few rows in them.
async fn counted(session: &mut Session, from: &str, pages: f64) -> Result<Option<f64>> {
    const LEAST_ROWS: i64 = 100;
    if pages < 2.0 * FEW_PAGES {
        return Ok(None);
    }
    let share = 100.0 * FEW_PAGES / pages;
    let sql = format!(
        "SELECT pg_catalog.count(*) FROM {from} TABLESAMPLE SYSTEM ({share}) REPEATABLE (0)"
    );
    let rows = session.rows(sql).await;
    let rows = rows.map_err(|error| from_driver(error, "planning"))?;
    let found = rows.first().map(|row| row.try_get::<i64, _>(0));
    let found = found.transpose();
    let found = found.map_err(|error| from_driver(error, "planning"))?;
    let found = found.filter(|found| *found >= LEAST_ROWS);
    Ok(found.map(|found| found as f64 * 100.0 / share))
}

/// The ranges of each split.
async fn ranges(
    session: &mut Session,
    work: &Work<'_>,
    storages: &[Storage],
) -> Result<Vec<Vec<Range>>> {
    let wanted = work.request.max_splits.get();
    let through_parts = storages.iter().all(|storage| storage.readable);
    if wanted == 1 || !through_parts || storages.is_empty() {
        return Ok(vec![vec![one(work, storages)]]);
    }
    if let [storage] = storages
        && !(storage.heap && session.version() >= PAGE_RANGES_SINCE)
    {
        return keyed(session, work, storage, wanted).await;
    }
    let pages: u64 = storages.iter().filter_map(|storage| storage.pages).sum();
    let per_split = (pages / wanted as u64).max(LEAST_PAGES);
    let ranged = session.version() >= PAGE_RANGES_SINCE;
    let all: Vec<Range> = storages
        .iter()
        .flat_map(|storage| cut(storage, per_split, ranged))
        .collect();
    let per_split = all.len().div_ceil(wanted).max(1);
    Ok(all.chunks(per_split).map(<[Range]>::to_vec).collect())
}

/// The page ranges of one storage.
fn cut(storage: &Storage, per_split: u64, ranged: bool) -> Vec<Range> {
    let pages = storage
        .pages
        .filter(|_| storage.heap && ranged)
        .unwrap_or(0);
    let ranges = page_ranges(pages, usize::try_from(pages / per_split).unwrap_or(1));
    let count = ranges.len() as u64;
    ranges
        .into_iter()
        .map(|(from, until)| {
            let tests: Vec<String> = [(Some(from).filter(|from| *from > 0), ">="), (until, "<")]
                .into_iter()
                .filter_map(|(page, sign)| {
                    page.map(|page| format!("ctid {sign} '({page},0)'::pg_catalog.tid"))
                })
                .collect();
            Range {
                from: storage.from.clone(),
                tables: storage.table.iter().cloned().collect(),
                predicate: (!tests.is_empty()).then(|| tests.join(" AND ")),
                rows: storage.rows.map(|rows| rows as u64 / count),
                bytes: storage.bytes.map(|bytes| bytes / count),
                version: storage.version.clone(),
            }
        })
        .collect()
}

/// Ranges of a whole-number primary key, where there is one; else everything in one range.
async fn keyed(
    session: &mut Session,
    work: &Work<'_>,
    storage: &Storage,
    wanted: usize,
) -> Result<Vec<Vec<Range>>> {
    let whole = one(work, std::slice::from_ref(storage));
    let key = match work.relation.primary_key.as_slice() {
        [key] => work.relation.columns.iter().find(|column| {
            column.name == *key
                && column.readable
                && matches!(
                    column.kind.decode,
                    Decode::Int2 | Decode::Int4 | Decode::Int8
                )
        }),
        _ => None,
    };
    let Some(key) = key.map(|key| DIALECT.identifier(&key.name)) else {
        return Ok(vec![vec![whole]]);
    };
    let sql = format!(
        "SELECT pg_catalog.min({key})::pg_catalog.int8, pg_catalog.max({key})::pg_catalog.int8 FROM {}",
        whole.from
    );
    let rows = session
        .rows(sql)
        .await
        .map_err(|error| from_driver(error, "planning"))?;
    let bound = |at: usize| {
        rows.first()
            .and_then(|row| row.try_get::<Option<i64>, _>(at).ok().flatten())
    };
    let (Some(least), Some(most)) = (bound(0), bound(1)) else {
        return Ok(vec![vec![whole]]);
    };
    let ranges = key_ranges(least, most, wanted);
    let count = ranges.len() as u64;
    Ok(ranges
        .into_iter()
        .map(|range| {
            vec![Range {
                predicate: range.predicate(&key),
                rows: whole.rows.map(|rows| rows / count),
                bytes: whole.bytes.map(|bytes| bytes / count),
                ..whole.clone()
            }]
        })
        .collect())
}

/// The tables that hold the rows of some ranges, each once.
fn tables(ranges: &[Range]) -> Vec<String> {
    let mut tables: Vec<String> = ranges
        .iter()
        .flat_map(|range| range.tables.iter().cloned())
        .collect();
    tables.dedup();
    tables
}

fn split(work: &Work<'_>, number: usize, ranges: &[Range], limit: Option<u64>) -> (Split, Part) {
    // PostgreSQL knows records without columns; an empty list asks for them.
    let nothing = [String::new()];
    let columns = if work.expressions.is_empty() {
        &nothing[..]
    } else {
        &work.expressions
    };
    let selects: Vec<String> = ranges
        .iter()
        .map(|range| {
            let predicates: Vec<String> = range
                .predicate
                .iter()
                .chain(&work.conditions.predicates)
                .cloned()
                .collect();
            Select {
                columns,
                from: &range.from,
                predicates: &predicates,
                limit,
                top: false,
            }
            .sql()
        })
        .collect();
    let part = Part {
        sql: selects.join(" UNION ALL "),
        columns: work.columns.clone(),
        tables: tables(ranges),
        number: u32::try_from(number).unwrap_or(u32::MAX),
        notes: if number == 0 {
            work.notes.clone()
        } else {
            Vec::new()
        },
    };
    let split = Split {
        path: work.request.path.clone(),
        kind: work.relation.kind,
        rows: total(ranges.iter().map(|range| range.rows)),
        bytes: total(ranges.iter().map(|range| range.bytes)),
        version: versions(ranges.iter().map(|range| range.version.as_deref())),
        snapshot: None,
        part: serde_json::Value::Null,
    };
    (split, part)
}
