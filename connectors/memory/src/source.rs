//! The tables and how they are read.

use std::collections::BTreeMap;
use std::fmt::{Debug, Formatter};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use arrow_array::{ArrayRef, RecordBatch, StringViewArray, UInt64Array};
use arrow_schema::Schema;
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use locard_connector::{
    Batch, Description, Entity, Error, ErrorKind, Exactness, Globs, Honoured, Result, ScanPlan,
    ScanRequest, Scope, Server, Source, Split,
};
use locard_model::{EntityKind, EntityPath};
use serde::{Deserialize, Serialize};

use crate::answer::rows;
use crate::settings::{Settings, TextTable};

/// A batch has at most so many records.
const ROWS: usize = 1_024;

/// Tables in memory. Clones share them.
#[derive(Clone, Default)]
pub struct Tables(Arc<Shared>);

#[derive(Default)]
struct Shared {
    tables: RwLock<BTreeMap<EntityPath, RecordBatch>>,
    streams: Arc<AtomicUsize>,
}

impl Debug for Tables {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tables")
    }
}

/// What a split says: which records and columns.
#[derive(Serialize, Deserialize)]
struct Part {
    rows: Rows,
    columns: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rows {
    From(usize, usize),
    These(Vec<u64>),
}

impl Tables {
    /// No tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tables of some settings.
    ///
    /// # Errors
    /// A row is not as wide as its table, or a table has no columns.
    pub fn of(settings: &Settings) -> Result<Self> {
        let tables = Self::new();
        for table in &settings.tables {
            tables.put(EntityPath::new([&table.name]), records(table)?);
        }
        Ok(tables)
    }

    /// Puts a table in place of what was there.
    pub fn put(&self, path: EntityPath, records: RecordBatch) {
        self.0
            .tables
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path, records);
    }

    /// Takes a table away.
    pub fn remove(&self, path: &EntityPath) {
        self.0
            .tables
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(path);
    }

    /// Streams that are being read at this moment.
    pub fn streams(&self) -> usize {
        self.0.streams.load(Ordering::SeqCst)
    }

    fn table(&self, path: &EntityPath) -> Result<RecordBatch> {
        let tables = self.0.tables.read().unwrap_or_else(PoisonError::into_inner);
        let missing = || {
            Error::new(ErrorKind::NotFound, "there is no such table")
                .entity(path.resource(EntityKind::Table))
        };
        tables.get(path).cloned().ok_or_else(missing)
    }
}

/// The rows of a table from settings.
fn records(table: &TextTable) -> Result<RecordBatch> {
    let width = table.columns.len();
    if let Some(at) = table.rows.iter().position(|row| row.len() != width) {
        let sentence = format!(
            "the row has {} cells, and its table has {width} columns",
            table.rows[at].len()
        );
        return Err(Error::new(ErrorKind::Settings, sentence)
            .entity(&table.name)
            .place(format!("row {}", at + 1))
            .hint("give each row one cell for each column; `null` is an empty one"));
    }
    let column = |at: usize| -> ArrayRef {
        let cells = table.rows.iter().map(|row| row[at].as_deref());
        Arc::new(cells.collect::<StringViewArray>())
    };
    let columns = table.columns.iter().enumerate();
    let columns = columns.map(|(at, name)| (name, column(at), true));
    RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| {
        Error::new(ErrorKind::Settings, "a table needs at least one column").cause(error)
    })
}

fn project(records: &RecordBatch, columns: Option<&[String]>) -> Result<RecordBatch> {
    let Some(columns) = columns else {
        return Ok(records.clone());
    };
    let schema = records.schema();
    let index = |name: &String| {
        schema
            .index_of(name)
            .map_err(|_| Error::new(ErrorKind::NotFound, format!("there is no column `{name}`")))
    };
    let indices = columns.iter().map(index).collect::<Result<Vec<_>>>()?;
    records.project(&indices).map_err(unexpected)
}

fn unexpected(error: arrow_schema::ArrowError) -> Error {
    Error::new(ErrorKind::Unexpected, "cutting a table").cause(error)
}

/// Divides records into at most so many parts of nearly equal size.
fn parts(rows: Rows, splits: usize) -> Vec<Rows> {
    match rows {
        Rows::From(from, until) => {
            let share = (until - from).div_ceil(splits).max(1);
            (from..until)
                .step_by(share)
                .map(|at| Rows::From(at, (at + share).min(until)))
                .collect()
        }
        Rows::These(rows) => {
            let share = rows.len().div_ceil(splits).max(1);
            rows.chunks(share)
                .map(|rows| Rows::These(rows.to_vec()))
                .collect()
        }
    }
}

impl Rows {
    fn count(&self) -> u64 {
        match self {
            Self::From(from, until) => (until - from) as u64,
            Self::These(rows) => rows.len() as u64,
        }
    }

    /// The batches; records that were picked have no common first number.
    fn batches(&self, records: &RecordBatch) -> Result<Vec<Batch>> {
        match self {
            Self::From(from, until) => {
                let until = (*until).min(records.num_rows());
                let slice = |at: usize| {
                    let mut batch = Batch::new(records.slice(at, ROWS.min(until - at)));
                    batch.first_row = Some(at as u64 + 1);
                    batch
                };
                Ok((*from..until).step_by(ROWS).map(slice).collect())
            }
            Self::These(rows) => rows
                .chunks(ROWS)
                .map(|rows| {
                    let indices = UInt64Array::from(rows.to_vec());
                    arrow_select::take::take_record_batch(records, &indices)
                        .map(Batch::new)
                        .map_err(unexpected)
                })
                .collect(),
        }
    }
}

/// Counts a stream as open until it is dropped.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Source for Tables {
    async fn check(&self) -> Result<Server> {
        Ok(Server {
            product: "tables in memory".to_owned(),
            account: None,
        })
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        let tables = self.0.tables.read().unwrap_or_else(PoisonError::into_inner);
        let globs = match Globs::of_tables(scope) {
            Ok(globs) => globs,
            Err(error) => return stream::iter([Err(error)]).boxed(),
        };
        let wanted = tables
            .iter()
            .filter(|(path, _)| globs.admit(&path.resource(EntityKind::Table)));
        let entity = |(path, records): (&EntityPath, &RecordBatch)| {
            Ok(Entity {
                path: path.clone(),
                kind: EntityKind::Table,
                rows: Some(records.num_rows() as u64),
                bytes: Some(records.get_array_memory_size() as u64),
                comment: None,
                version: None,
            })
        };
        stream::iter(wanted.map(entity).collect::<Vec<_>>()).boxed()
    }

    async fn describe(&self, path: &EntityPath, _kind: EntityKind) -> Result<Description> {
        let schema = self.table(path)?.schema();
        let (primary_key, unique, foreign_keys) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Description {
            schema,
            primary_key,
            unique,
            foreign_keys,
            definition: None,
            comment: None,
        })
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        let resource = request.path.resource(request.kind);
        let records = self.table(&request.path)?;
        let schema = project(&records, request.columns.as_deref())
            .map_err(|error| error.entity(&resource))?
            .schema();
        let wanted = rows(&records, request).map_err(|error| error.entity(&resource))?;
        let all = wanted.len() == records.num_rows();
        let wanted = if all {
            Rows::From(0, wanted.len())
        } else {
            Rows::These(wanted)
        };
        let split = |rows: Rows| {
            let (count, columns) = (rows.count(), request.columns.clone());
            let part = serde_json::to_value(Part { rows, columns });
            let part = part.map_err(|error| {
                Error::new(ErrorKind::Unexpected, "writing down a split").cause(error)
            })?;
            let (path, kind) = (request.path.clone(), request.kind);
            Ok(Split {
                path,
                kind,
                rows: Some(count),
                bytes: None,
                version: None,
                snapshot: None,
                part,
            })
        };
        let splits = parts(wanted, request.max_splits.get())
            .into_iter()
            .map(split)
            .collect::<Result<_>>()?;
        let exact = Exactness::Exact;
        let honoured = Honoured {
            matching: exact,
            filter: exact,
            sample: exact,
        };
        Ok(ScanPlan {
            schema: Some(Arc::new(Schema::new(schema.fields().clone()))),
            splits,
            honoured,
        })
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        let resource = split.path.resource(split.kind);
        let part = Part::deserialize(&split.part).map_err(|_| {
            Error::new(
                ErrorKind::Malformed,
                "the split was made by another version",
            )
            .entity(&resource)
        })?;
        let records = project(&self.table(&split.path)?, part.columns.as_deref())?;
        let batches = part
            .rows
            .batches(&records)
            .map_err(|error| error.entity(&resource))?;
        self.0.streams.fetch_add(1, Ordering::SeqCst);
        let open = Open(self.0.streams.clone());
        let stream = stream::iter(batches).map(move |batch| {
            let _held = &open;
            Ok(batch)
        });
        Ok(stream.boxed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[&[&str]]) -> Result<Tables> {
        let cells = |row: &&[&str]| row.iter().map(|cell| Some((*cell).to_owned())).collect();
        Tables::of(&Settings {
            tables: vec![TextTable {
                name: "t".to_owned(),
                columns: vec!["a".to_owned(), "b".to_owned()],
                rows: rows.iter().map(cells).collect(),
            }],
        })
    }

    #[test]
    fn a_row_that_is_not_as_wide_as_its_table_is_refused() {
        assert!(of(&[&["1", "2"], &["3", "4"]]).is_ok());
        for row in [&["5"] as &[&str], &["5", "6", "7"], &[]] {
            let error = of(&[&["1", "2"], row]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Settings);
            assert_eq!(error.place_name(), Some("row 2"));
            assert!(error.hint_text().is_some());
        }
    }
}
