//! The records of a document as batches.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use locard_connector::{Batch, Error, ErrorKind, Fault, Result};
use locard_containers::{Item, Reads, Record, Records, guarded};

use super::{error, opener};
use crate::blob::Blob;
use crate::input::Input;
use crate::part::Part;

/// Records and bytes of a batch.
const ROWS: usize = 1_024;
const BYTES: usize = 1 << 20;

/// Records that tell the columns of a document.
const SAMPLED: u64 = 200;

/// Reads a document.
pub(crate) struct Reader {
    records: Box<dyn Records>,
    columns: Option<Vec<String>>,
    /// Places are told in columns of their own.
    places: bool,
    row: u64,
    limit: u64,
    failure: Option<Error>,
}

impl Reader {
    /// Opens the document that a part names.
    pub(crate) fn open(
        blob: &Arc<dyn Blob>,
        name: &str,
        part: &Part,
        input: impl FnOnce() -> Result<Input>,
    ) -> Result<Self> {
        let format = super::known(name).ok_or_else(|| {
            Error::new(
                ErrorKind::Malformed,
                "the split was made by another version",
            )
            .hint("plan the scan again")
        })?;
        let records = match format.records {
            Reads::File(read) => guarded(|| read(&opener(blob))),
            Reads::Text(read) => {
                let text = input()?.into_reader();
                guarded(|| read(text))
            }
            Reads::Nothing => {
                let sentence = format!("{} has no records of its own", format.what);
                return Err(Error::new(ErrorKind::Unsupported, sentence)
                    .hint("its members are listed behind it, as in `a.zip!/b.csv`"));
            }
        };
        Ok(Self {
            records: records.map_err(error)?,
            columns: part.columns.clone(),
            places: part.places,
            row: part.first_row,
            limit: part.limit.unwrap_or(u64::MAX),
            failure: None,
        })
    }

    /// The next records.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>> {
        let (mut table, mut faults) = (Table::default(), Vec::new());
        while table.rows < ROWS && table.bytes < BYTES && self.limit > 0 && self.failure.is_none() {
            match guarded(|| self.records.next()) {
                Ok(Some(Item::Record(record))) => {
                    self.limit -= 1;
                    self.add(&mut table, record);
                }
                Ok(Some(Item::Fault { sentence, place })) => faults.push(Fault {
                    sentence: sentence.into_owned(),
                    place,
                    records: 1,
                }),
                Ok(None) => break,
                Err(broken) => {
                    let at = self.row + table.rows as u64;
                    let place = format!("after record {}", at.saturating_sub(1));
                    self.failure = Some(error(broken).place(place));
                }
            }
        }
        if table.rows == 0 && faults.is_empty() {
            return self.failure.take().map_or(Ok(None), Err);
        }
        let rows = table.rows as u64;
        let mut batch = Batch::new(table.finish()?);
        batch.first_row = Some(self.row);
        batch.faults = faults;
        self.row += rows;
        Ok(Some(batch))
    }

    fn add(&self, table: &mut Table, record: Record) {
        let wanted = |column: &str| {
            self.columns
                .as_ref()
                .is_none_or(|columns| columns.iter().any(|known| known == column))
        };
        if let Some(place) = record.place.filter(|_| self.places) {
            table.add(Cow::Borrowed(place.key), &place.value);
        }
        for (column, text) in record.cells {
            if wanted(&column) {
                table.add(column, &text);
            }
        }
        table.rows += 1;
    }
}

/// Cells in the columns that turned up.
#[derive(Default)]
struct Table {
    columns: Vec<(Cow<'static, str>, StringViewBuilder, usize)>,
    rows: usize,
    bytes: usize,
}

impl Table {
    fn add(&mut self, column: Cow<'static, str>, text: &str) {
        self.bytes += text.len();
        let known = self.columns.iter().position(|(name, ..)| *name == column);
        let position = known.unwrap_or_else(|| {
            self.columns.push((column, StringViewBuilder::new(), 0));
            self.columns.len() - 1
        });
        let (_, builder, filled) = &mut self.columns[position];
        // A document that says its page in a column of that name says it twice.
        if *filled > self.rows {
            return;
        }
        builder.extend(std::iter::repeat_n(None::<&str>, self.rows - *filled));
        builder.append_value(text);
        *filled = self.rows + 1;
    }

    fn finish(self) -> Result<RecordBatch> {
        let (mut fields, mut arrays): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for (name, mut builder, filled) in self.columns {
            builder.extend(std::iter::repeat_n(None::<&str>, self.rows - filled));
            fields.push(Field::new(name, DataType::Utf8View, true));
            arrays.push(Arc::new(builder.finish()));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .map_err(|error| Error::new(ErrorKind::Unexpected, "building a batch").cause(error))
    }
}

/// The columns that the first records of a document have.
pub(crate) fn sampled_schema(mut reader: Reader) -> Result<SchemaRef> {
    reader.limit = SAMPLED;
    let mut fields: Vec<Arc<Field>> = Vec::new();
    loop {
        let batch = match reader.next() {
            Ok(Some(batch)) => batch,
            // What is damaged further on is met again when it is read.
            Ok(None) => break,
            Err(_) if !fields.is_empty() => break,
            Err(error) => return Err(error),
        };
        for field in batch.records.schema().fields() {
            if !fields.iter().any(|known| known.name() == field.name()) {
                fields.push(field.clone());
            }
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}
