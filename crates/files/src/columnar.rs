//! What formats that bring their schema have in common: batches of an Arrow reader become batches of a source.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema};
use locard_connector::{Batch, Error, ErrorKind, Fault, Result};

use crate::flatten::flatten;

/// Records of a batch.
pub(crate) const ROWS: usize = 8_192;

/// Bytes of a batch, about: a record may hold whole documents.
pub(crate) const BYTES: u64 = 64 << 20;

/// Elements of a batch, about: lists may have any number of them, and each takes memory.
pub(crate) const ELEMENTS: u64 = 1 << 20;

/// Elements of one record, at most: a file need not hold anything for each.
pub(crate) const MOST_ELEMENTS: u64 = 8 << 20;

/// The same field with its texts as views.
pub(crate) fn with_views(field: &FieldRef) -> FieldRef {
    let item = |field: &FieldRef| with_views(field);
    let data_type = match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Dictionary(_, value)
            if matches!(**value, DataType::Utf8 | DataType::LargeUtf8) =>
        {
            DataType::Utf8View
        }
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(item).collect()),
        DataType::List(inner) => DataType::List(item(inner)),
        DataType::LargeList(inner) => DataType::LargeList(item(inner)),
        DataType::Map(entries, sorted) => DataType::Map(item(entries), *sorted),
        other => other.clone(),
    };
    Arc::new(
        Field::new(field.name(), data_type, field.is_nullable())
            .with_metadata(field.metadata().clone()),
    )
}

/// Turns texts into views. The Avro reader could do it itself, but its views have lost their nulls.
fn as_views(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let fields: Vec<FieldRef> = batch.schema().fields().iter().map(with_views).collect();
    let columns = fields
        .iter()
        .zip(batch.columns())
        .map(|(field, array)| arrow_cast::cast(array, field.data_type()));
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let columns = columns.collect::<Result<_, _>>()?;
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

/// Whether a top-level field is wanted, or something in it: flat paths leave out what formats call the levels of lists, so
/// no part of a field is left out.
pub(crate) fn wanted(field: &str, columns: Option<&[String]>) -> bool {
    let below = |name: &String| {
        name.strip_prefix(field)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    columns.is_none_or(|columns| columns.iter().any(below))
}

/// Why there is no batch.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Nothing can be read after it.
    End(Error),
    /// So many records could not be read; the rest can.
    Lost {
        sentence: &'static str,
        records: u64,
    },
    /// Some columns could not be read in so many records; the others come.
    Columns {
        sentence: &'static str,
        columns: Vec<String>,
        records: u64,
    },
}

/// Gives the batches of such a reader with positions, flat and projected.
pub(crate) struct Reader<I> {
    batches: I,
    columns: Option<Vec<String>>,
    row: u64,
    limit: u64,
}

impl<I: Iterator<Item = Result<RecordBatch, Broken>>> Reader<I> {
    pub(crate) fn new(
        batches: I,
        columns: Option<Vec<String>>,
        row: u64,
        limit: Option<u64>,
    ) -> Self {
        Self {
            batches,
            columns,
            row,
            limit: limit.unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Batch>> {
        if self.limit == 0 {
            return Ok(None);
        }
        match self.batches.next() {
            None => Ok(None),
            Some(Ok(batch)) => self.batch(&batch).map(Some),
            Some(Err(Broken::End(error))) => Err(error.place(self.place())),
            Some(Err(Broken::Lost { sentence, records })) => {
                let fault = Fault {
                    sentence: sentence.to_owned(),
                    place: format!("record {}", self.row),
                    records,
                };
                self.row = self.row.saturating_add(records);
                self.limit = self.limit.saturating_sub(records);
                Ok(Some(alone(fault)))
            }
            Some(Err(Broken::Columns {
                sentence,
                columns,
                records,
            })) => Ok(Some(alone(Fault {
                sentence: sentence.to_owned(),
                place: format!("record {}, {}", self.row, named(&columns)),
                records: records.min(self.limit),
            }))),
        }
    }

    fn place(&self) -> String {
        format!("after record {}", self.row - 1)
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<Batch> {
        let flat = flatten(batch, self.columns.as_deref());
        let records = flat.and_then(|batch| as_views(&batch)).map_err(|error| {
            let sentence = "the file's records are damaged";
            Error::new(ErrorKind::Malformed, sentence)
                .place(self.place())
                .cause(error)
        })?;
        let kept = records
            .num_rows()
            .min(usize::try_from(self.limit).unwrap_or(usize::MAX));
        let mut batch = Batch::new(records.slice(0, kept));
        batch.first_row = Some(self.row);
        self.row += kept as u64;
        self.limit -= kept as u64;
        Ok(batch)
    }
}

/// Columns by their names, of which a fault bears a few.
fn named(columns: &[String]) -> String {
    const FEW: usize = 3;
    let names = columns.iter().take(FEW).map(String::as_str);
    let names = names.collect::<Vec<_>>().join(", ");
    match columns.len() {
        0 | 1 => format!("column {names}"),
        n if n <= FEW => format!("columns {names}"),
        n => format!("columns {names} and {} more", n - FEW),
    }
}

/// A fault without records around it.
pub(crate) fn alone(fault: Fault) -> Batch {
    let mut batch = Batch::new(RecordBatch::new_empty(Arc::new(Schema::empty())));
    batch.faults.push(fault);
    batch
}
