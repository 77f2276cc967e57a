//! Parquet: columns of the declared types.
//!
//! The types are fixed before the first row comes. A value that is not of its column's type, as a mark of redaction in a
//! column of numbers, is not lost: it stands in one more column, as a JSON object by the names of its fields.

use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use serde_json::{Map, Value};

use super::{Encoder, Row, text};
use crate::{Column, Error, Kind, Neutralised, Result};

/// Rows that are held before they are encoded, and bytes of text at which it happens earlier.
const ROWS: usize = 1_024;
const BYTES: usize = 4 << 20;

/// Encoded bytes that are held before they become a row group.
const GROUP: usize = 16 << 20;

/// The name of the column for values that are not of their column's type.
const UNFIT: &str = "otherValues";

/// Writes Parquet into a buffer that is emptied after each row group.
pub(crate) struct Parquet {
    names: Vec<String>,
    columns: Vec<Builder>,
    /// Only where a column has a type, or there is none.
    unfit: Option<StringBuilder>,
    schema: SchemaRef,
    writer: ArrowWriter<Vec<u8>>,
    rows: usize,
    bytes: usize,
}

impl Parquet {
    pub(crate) fn new(columns: &[Column]) -> Result<Self> {
        // Without any column, readers would count no rows.
        let has_unfit =
            columns.is_empty() || columns.iter().any(|column| column.kind != Kind::Text);
        let mut fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(&column.name, data_type(column.kind), true))
            .collect();
        if has_unfit {
            let mut name = UNFIT.to_owned();
            while columns.iter().any(|column| column.name == name) {
                name.push('_');
            }
            fields.push(Field::new(name, DataType::Utf8, true));
        }
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("locard".to_owned())
            .build();
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        Ok(Self {
            names: columns.iter().map(|column| column.name.clone()).collect(),
            columns: columns
                .iter()
                .map(|column| Builder::new(column.kind))
                .collect(),
            unfit: has_unfit.then(StringBuilder::new),
            writer: ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))?,
            schema,
            rows: 0,
            bytes: 0,
        })
    }

    /// Encodes the rows that are held.
    fn encode(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut arrays: Vec<ArrayRef> = self.columns.iter_mut().map(Builder::finish).collect();
        if let Some(unfit) = &mut self.unfit {
            arrays.push(Arc::new(unfit.finish()));
        }
        let schema = Arc::clone(&self.schema);
        let batch = RecordBatch::try_new(schema, arrays)?;
        self.writer.write(&batch)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Encoder for Parquet {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> Result<()> {
        let mut unfit = Map::new();
        for ((column, value), name) in self.columns.iter_mut().zip(&row.cells).zip(&self.names) {
            if column.append(*value) {
                continue;
            }
            unfit.extend(value.map(|value| (name.clone(), value.clone())));
        }
        if let Some(column) = &mut self.unfit {
            column.append_option((!unfit.is_empty()).then(|| Value::Object(unfit).to_string()));
        }
        self.rows += 1;
        self.bytes += row.cells.iter().map(|cell| size(*cell)).sum::<usize>();
        if self.rows >= ROWS || self.bytes >= BYTES {
            self.encode()?;
            if self.writer.in_progress_size() >= GROUP {
                self.writer.flush()?;
            }
            out.append(self.writer.inner_mut());
        }
        Ok(())
    }

    fn end(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<Vec<Neutralised>> {
        self.encode()?;
        out.append(&mut self.writer.into_inner()?);
        Ok(Vec::new())
    }
}

/// One column of the rows that are held.
enum Builder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    Boolean(BooleanBuilder),
}

impl Builder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Float => Self::Float(Float64Builder::new()),
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
        }
    }

    /// Appends the value; `false`, and a null appended, where it is not of the type.
    fn append(&mut self, value: Option<&Value>) -> bool {
        let value = value.filter(|value| !value.is_null());
        match self {
            Self::Text(column) => {
                column.append_option(value.map(|value| text(Some(value))));
                true
            }
            Self::Integer(column) => {
                let fit = value.and_then(Value::as_i64);
                column.append_option(fit);
                fit.is_some() == value.is_some()
            }
            Self::Float(column) => {
                let fit = value.and_then(exact);
                column.append_option(fit);
                fit.is_some() == value.is_some()
            }
            Self::Boolean(column) => {
                let fit = value.and_then(Value::as_bool);
                column.append_option(fit);
                fit.is_some() == value.is_some()
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Integer(column) => Arc::new(column.finish()),
            Self::Float(column) => Arc::new(column.finish()),
            Self::Boolean(column) => Arc::new(column.finish()),
        }
    }
}

/// The number in double precision, where it is exact in it.
fn exact(value: &Value) -> Option<f64> {
    const LARGEST: u64 = 1 << 53;
    let is_exact = match value.as_i64() {
        Some(whole) => whole.unsigned_abs() <= LARGEST,
        None => !value.is_u64(),
    };
    value.as_f64().filter(|_| is_exact)
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::Utf8,
        Kind::Integer => DataType::Int64,
        Kind::Float => DataType::Float64,
        Kind::Boolean => DataType::Boolean,
    }
}

/// About what a value takes in memory.
fn size(value: Option<&Value>) -> usize {
    match value {
        Some(Value::String(text)) => text.len(),
        Some(value @ (Value::Array(_) | Value::Object(_))) => value.to_string().len(),
        _ => 8,
    }
}

impl From<ParquetError> for Error {
    fn from(_: ParquetError) -> Self {
        Self::Format("Parquet")
    }
}

impl From<ArrowError> for Error {
    fn from(_: ArrowError) -> Self {
        Self::Format("Parquet")
    }
}
