//! From a request to splits: ranges of row ids, or one split where there are none.

use std::num::NonZeroUsize;
use std::sync::Arc;

use locard_connector::{Exactness, Result, Sample, ScanPlan, ScanRequest, Split};
use locard_model::EntityKind;
use locard_sql::{Conditions, KeyRange, LONGEST_VALUE, MARK, Select, key_ranges, project};

use crate::catalog::{Column, DIALECT, Declared, Table, primary_key};
use crate::facts::Facts;
use crate::file::{FEW_AHEAD, OF_VIEWS_AHEAD};
use crate::part::{Output, Part, declared};

/// Rows below which another split costs more than it gains.
const LEAST_ROWS: u64 = 10_000;

/// What is known of the file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Tells its states apart.
    pub(crate) version: Option<String>,
    /// Its bytes, those of its log included.
    pub(crate) size: u64,
}

/// Rows of ordinary size that may wait for the reader, and the room for all that wait.
const MANY_AHEAD: u64 = 128;
const BYTES_AHEAD: u64 = 128 << 20;

impl File {
    /// How many of so many rows may wait for the reader: few where they may be large.
    fn ahead(&self, rows: Option<u64>, kind: EntityKind) -> u16 {
        if kind == EntityKind::View {
            return OF_VIEWS_AHEAD;
        }
        if self.size <= BYTES_AHEAD {
            return MANY_AHEAD as u16;
        }
        let Some(rows) = rows else {
            return FEW_AHEAD;
        };
        let row = self.size / rows.max(1);
        (BYTES_AHEAD / row.max(1)).clamp(2, MANY_AHEAD) as u16
    }

    /// Puts a mark in the place of a value that is too long. Its length stands in the record's header, so that no page
    /// of a long value is read; and a smaller file has no room for one.
    fn limited(&self, expression: String) -> String {
        if self.size <= LONGEST_VALUE as u64 {
            return expression;
        }
        format!(
            "CASE WHEN octet_length({expression}) > {LONGEST_VALUE} THEN CAST('{MARK}' AS BLOB) ELSE {expression} END"
        )
    }
}

/// Plans a request.
pub(crate) fn plan(facts: &Facts, request: &ScanRequest, file: &File) -> Result<ScanPlan> {
    let Facts {
        table,
        columns,
        bounds,
        rows,
    } = facts;
    let known: Vec<_> = columns.iter().map(Column::as_sql).collect();
    let mut conditions = Conditions::of(&DIALECT, &known, request)?;
    let rowid = table.rowid(columns);
    let chosen = choose(columns, request, rowid)?.into_iter();
    let limited = |(output, expression)| (output, file.limited(expression));
    let (outputs, expressions): (Vec<_>, Vec<_>) = chosen.map(limited).unzip();
    let limit = match request.sample {
        Sample::First(rows) if conditions.exact() => {
            conditions.honoured.sample = Exactness::Exact;
            Some(rows)
        }
        _ => None,
    };
    let ranges = ranges(
        *bounds,
        if limit.is_some() {
            NonZeroUsize::MIN
        } else {
            request.max_splits
        },
    );
    let work = Work {
        request,
        table,
        outputs: &outputs,
        expressions: &expressions,
        conditions: &conditions,
        limit,
        pieces: ranges.len() > 1,
        rows: rows.map(|rows| rows / ranges.len() as u64),
        file,
        ahead: file.ahead(*rows, table.kind),
    };
    let splits = ranges
        .iter()
        .map(|range| work.split(rowid.and_then(|rowid| range.predicate(rowid))))
        .collect::<Result<_>>()?;
    Ok(ScanPlan {
        schema: Some(Arc::new(declared(&outputs))),
        splits,
        honoured: conditions.honoured,
    })
}

/// The columns to read, keys first where they are wanted.
fn choose(
    columns: &[Column],
    request: &ScanRequest,
    rowid: Option<&str>,
) -> Result<Vec<(Output, String)>> {
    let known: Vec<_> = columns.iter().map(Column::as_sql).collect();
    let wanted = project(&known, request.columns.as_deref())?;
    let mut chosen = if request.with_keys {
        keys(columns, rowid)
    } else {
        Vec::new()
    };
    for column in columns {
        let is_wanted = wanted.iter().any(|wanted| wanted.name == column.name);
        if is_wanted && !chosen.iter().any(|(known, _)| known.name == column.name) {
            chosen.push(output(column, false));
        }
    }
    Ok(chosen)
}

fn ranges(bounds: Option<(i64, i64)>, wanted: NonZeroUsize) -> Vec<KeyRange> {
    let Some((least, most)) = bounds else {
        return key_ranges(0, 0, 1);
    };
    let useful = usize::try_from(most.abs_diff(least) / LEAST_ROWS)
        .unwrap_or(usize::MAX)
        .max(1);
    key_ranges(least, most, useful.min(wanted.get()))
}

fn output(column: &Column, key: bool) -> (Output, String) {
    let output = Output {
        name: column.name.clone(),
        declared: column.declared,
        native: column.native.clone(),
        key,
    };
    (output, DIALECT.identifier(&column.name))
}

/// What identifies a record: the primary key, else the row id.
fn keys(columns: &[Column], rowid: Option<&str>) -> Vec<(Output, String)> {
    let key = primary_key(columns);
    if !key.is_empty() {
        return key
            .iter()
            .filter_map(|name| columns.iter().find(|column| column.name == *name))
            .map(|column| output(column, true))
            .collect();
    }
    rowid
        .map(|rowid| {
            let output = Output {
                name: "rowid".to_owned(),
                declared: Declared::Integer,
                native: "INTEGER".to_owned(),
                key: true,
            };
            (output, rowid.to_owned())
        })
        .into_iter()
        .collect()
}

/// What all splits of a plan share.
struct Work<'a> {
    request: &'a ScanRequest,
    table: &'a Table,
    outputs: &'a [Output],
    expressions: &'a [String],
    conditions: &'a Conditions,
    limit: Option<u64>,
    pieces: bool,
    /// Of each piece.
    rows: Option<u64>,
    file: &'a File,
    ahead: u16,
}

impl Work<'_> {
    fn split(&self, range: Option<String>) -> Result<Split> {
        Ok(Split {
            path: self.request.path.clone(),
            kind: self.table.kind,
            rows: self.rows,
            bytes: None,
            version: self.file.version.clone(),
            snapshot: None,
            part: self.part(range).value()?,
        })
    }

    fn part(&self, range: Option<String>) -> Part {
        let predicates: Vec<String> = range
            .into_iter()
            .chain(self.conditions.predicates.iter().cloned())
            .collect();
        let from = self.table.quoted();
        let select = Select {
            columns: self.expressions,
            from: &from,
            predicates: &predicates,
            limit: self.limit,
            top: false,
        };
        Part {
            sql: select.sql(),
            columns: self.outputs.to_vec(),
            piece: self.pieces,
            ahead: self.ahead,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_rows_wait_where_rows_are_large() {
        let file = |size| File {
            version: None,
            size,
        };
        let ahead = |size, rows| file(size).ahead(rows, EntityKind::Table);
        assert_eq!(ahead(1 << 20, None), 128);
        assert_eq!(ahead(1 << 40, None), 16);
        assert_eq!(ahead(1 << 30, Some(1 << 20)), 128);
        assert_eq!(ahead(1 << 30, Some(256)), 32);
        assert_eq!(ahead(1 << 40, Some(0)), 2);
        assert_eq!(file(1 << 20).ahead(None, EntityKind::View), 4);
    }

    #[test]
    fn small_tables_and_those_without_row_ids_are_one_split() {
        let many = NonZeroUsize::new(8).unwrap();
        assert_eq!(ranges(None, many).len(), 1);
        assert_eq!(ranges(Some((1, 100)), many).len(), 1);
        assert_eq!(ranges(Some((1, 35_000)), many).len(), 3);
        assert_eq!(ranges(Some((i64::MIN, i64::MAX)), many).len(), 8);
    }
}
