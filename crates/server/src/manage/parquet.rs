//! Findings as Parquet, a row group for each page.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use locard_app::FindingRow;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;

use crate::fault::Fault;
use crate::manage::export::{self, cells};

/// Writes into a buffer that is emptied after each page.
pub(crate) struct Parquet {
    schema: SchemaRef,
    writer: Option<ArrowWriter<Vec<u8>>>,
}

/// What of [`export::columns`] is a number.
fn kind(name: &str) -> DataType {
    match name {
        "confidence" | "indexed" => DataType::Float64,
        "rows" | "tested" | "matched" | "validated" | "distinct" => DataType::UInt64,
        _ => DataType::Utf8,
    }
}

impl Parquet {
    pub(crate) fn new() -> std::result::Result<Self, Fault> {
        let fields = export::columns().map(|name| Field::new(name, kind(name), true));
        let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("locard".to_owned())
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties));
        let writer = writer.map_err(|_| {
            let message = "no Parquet file can be begun; this is a mistake in the program";
            Fault::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, message)
        })?;
        Ok(Self {
            schema,
            writer: Some(writer),
        })
    }

    pub(crate) fn rows(&mut self, rows: &[FindingRow], out: &mut Vec<u8>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns(rows))?;
        let writer = self.writer.as_mut().ok_or_else(ended)?;
        writer.write(&batch)?;
        writer.flush()?;
        out.append(writer.inner_mut());
        Ok(())
    }

    pub(crate) fn end(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let writer = self.writer.take().ok_or_else(ended)?;
        out.append(&mut writer.into_inner()?);
        Ok(())
    }
}

fn ended() -> ParquetError {
    ParquetError::General("the file has ended".to_owned())
}

/// Numbers are taken from the row, texts as they stand in every other file.
fn columns(rows: &[FindingRow]) -> Vec<ArrayRef> {
    let texts: Vec<Vec<String>> = rows.iter().map(|row| cells(row).collect()).collect();
    let text = |at: usize| -> ArrayRef {
        let cells = texts
            .iter()
            .map(|row| Some(row[at].as_str()).filter(|cell| !cell.is_empty()));
        Arc::new(cells.collect::<StringArray>())
    };
    let count = |of: fn(&FindingRow) -> u64| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<UInt64Array>())
    };
    let share = |of: fn(&FindingRow) -> f64| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<Float64Array>())
    };
    let names = export::columns().enumerate();
    names
        .map(|(at, name)| match name {
            "confidence" => share(|row| row.confidence),
            "indexed" => share(|row| row.indexed),
            "rows" => count(|row| row.rows),
            "tested" => count(|row| row.tested),
            "matched" => count(|row| row.matched),
            "validated" => count(|row| row.validated),
            "distinct" => count(|row| row.distinct),
            _ => text(at),
        })
        .collect()
}
