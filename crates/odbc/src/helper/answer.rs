//! The rows of a cursor, in bounded batches.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{Field, Schema};
use locard_odbc::{About, Decode, Failure, Query};
use odbc_api::Cursor;

use super::column::{Cell, Column, data_type};
use super::{Ended, Output, bound, cells};

/// Rows of a batch.
pub(crate) const ROWS: usize = 8_192;
/// Bytes after which a batch is handed over earlier.
const BYTES: usize = 4 << 20;

/// Hands over all rows of a cursor. The error says also whether some were.
pub(crate) fn answer(
    mut cursor: impl Cursor,
    query: &Query,
    bounded: bool,
    output: &mut Output,
) -> Result<(), (Ended, bool)> {
    let count = cursor
        .num_result_cols()
        .map_err(|error| (error.into(), false))?;
    let count = usize::try_from(count).unwrap_or(0);
    let decodes = match query.columns.len() {
        0 => vec![Decode::Text; count],
        // A column that stands for none is not read.
        wanted if wanted <= count => query.columns.clone(),
        _ => return Err((Ended::Failed(Failure::of(About::Columns)), false)),
    };
    let mut batches = Batches::new(&decodes, output);
    let buffers = if bounded {
        bound::buffers(&mut cursor, &decodes, query.utf8)
    } else {
        None
    };
    let read = match buffers {
        Some(buffers) => bound::read(cursor, &buffers, &mut batches),
        None => cells::read(cursor, query.longest, &mut batches),
    };
    // What came before a failure stands.
    let read = match read {
        Err(Ended::Failed(failure)) if batches.rows > 0 && failure.about != About::Truncated => {
            batches
                .hand_over()
                .map_err(Ended::from)
                .and(Err(Ended::Failed(failure)))
        }
        Ok(()) if batches.rows > 0 || !batches.is_begun => batches.hand_over().map_err(Ended::from),
        read => read,
    };
    read.map_err(|ended| (ended, batches.is_begun))
}

/// The batch that is being gathered.
pub(crate) struct Batches<'a> {
    pub(crate) columns: Vec<Column>,
    schema: Arc<Schema>,
    output: &'a mut Output,
    /// Rows and bytes of this batch.
    rows: usize,
    bytes: usize,
    /// Rows of the batches before.
    before: u64,
    is_begun: bool,
}

impl<'a> Batches<'a> {
    fn new(decodes: &[Decode], output: &'a mut Output) -> Self {
        let fields = decodes.iter().enumerate();
        let fields =
            fields.map(|(at, decode)| Field::new(at.to_string(), data_type(*decode), true));
        Self {
            columns: decodes.iter().copied().map(Column::new).collect(),
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            output,
            rows: 0,
            bytes: 0,
            before: 0,
            is_begun: false,
        }
    }

    /// The cell of a column in the row that is being read.
    pub(crate) fn take(&mut self, column: usize, cell: &Cell<'_>, ahead: usize) {
        let row = self.before + (self.rows + ahead) as u64;
        if let Some(column) = self.columns.get_mut(column) {
            self.bytes += column.take(cell, row);
        }
    }

    /// So many more rows have all their cells.
    pub(crate) fn rows_done(&mut self, rows: usize) -> std::io::Result<()> {
        self.rows += rows;
        if self.rows >= ROWS || self.bytes >= BYTES {
            self.hand_over()?;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> std::io::Result<()> {
        let finished = self.columns.iter_mut().enumerate();
        let (arrays, odd): (Vec<_>, Vec<_>) =
            finished.map(|(at, column)| column.finish(at)).unzip();
        // A row that failed in the middle leaves some columns longer.
        let arrays = arrays.iter().map(|array| array.slice(0, self.rows));
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let arrays = arrays.collect();
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options);
        let stream = batch.and_then(|batch| {
            let mut writer = StreamWriter::try_new(Vec::new(), &self.schema)?;
            writer.write(&batch)?;
            writer.into_inner()
        });
        let stream = stream.map_err(std::io::Error::other)?;
        self.output.batch(odd.concat(), &stream)?;
        self.before += self.rows as u64;
        (self.rows, self.bytes, self.is_begun) = (0, 0, true);
        Ok(())
    }
}
