//! Cells of any storage class as columns of one Arrow type each.
//!
//! A column starts as its declaration promises; the first cell that is something else turns what was gathered of the
//! batch into text, and the rest of the batch follows. Bytes that are no text make bytes of all: they may be a document.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{BinaryViewBuilder, Float64Builder, Int64Builder, StringViewBuilder};
use locard_connector::Result;
use locard_sql::{LONGEST_VALUE, MARK};
use sqlx::sqlite::{Sqlite, SqliteRow, SqliteValueRef};
use sqlx::{Decode, Row as _, TypeInfo as _, ValueRef as _};

use crate::catalog::Declared;
use crate::error::from_driver;

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

/// The storage class of a value that is not null.
#[derive(Clone, Copy)]
enum Class {
    Integer,
    Real,
    Text,
    Blob,
}

impl<'a> Cell<'a> {
    /// The cell of a row.
    pub(crate) fn of(row: &'a SqliteRow, at: usize) -> Result<Self> {
        let fault = |error| from_driver(error, "reading");
        let value = row.try_get_raw(at).map_err(fault)?;
        if value.is_null() {
            return Ok(Self::Null);
        }
        let class = match value.type_info().name() {
            "INTEGER" => Class::Integer,
            "REAL" => Class::Real,
            "TEXT" => Class::Text,
            _ => Class::Blob,
        };
        let cell = match class {
            Class::Integer => decode(value).map(Self::Integer),
            Class::Real => decode(value).map(Self::Real),
            Class::Text => decode(value).map(Self::Text),
            Class::Blob => decode(value).map(Self::Blob),
        };
        cell.map_err(fault)
    }

    /// Whether it is too long to be read, or the mark of a cell that was.
    pub(crate) fn is_too_long(self) -> bool {
        match self {
            Self::Blob(bytes) if bytes == MARK.as_bytes() => true,
            Self::Text(bytes) | Self::Blob(bytes) => bytes.len() > LONGEST_VALUE,
            _ => false,
        }
    }

    /// About how many bytes it takes.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Text(bytes) | Self::Blob(bytes) => bytes.len() + 16,
            _ => 16,
        }
    }

    /// Appends its canonical text, the one that every connector and file reader gives such a value; counts repaired
    /// text.
    fn write(self, text: &mut String, repaired: &mut u64) {
        // Writing to a string cannot fail.
        match self {
            Self::Null => {}
            Self::Integer(number) => _ = write!(text, "{number}"),
            Self::Real(number) if number == 0.0 || (1e-7..1e16).contains(&number.abs()) => {
                _ = write!(text, "{number}");
            }
            Self::Real(number) => _ = write!(text, "{number:e}"),
            Self::Text(bytes) => {
                let lossy = String::from_utf8_lossy(bytes);
                *repaired += u64::from(matches!(lossy, std::borrow::Cow::Owned(_)));
                text.push_str(&lossy);
            }
            // Bytes that are no text stay bytes.
            Self::Blob(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
        }
    }
}

fn decode<'a, T: Decode<'a, Sqlite>>(value: SqliteValueRef<'a>) -> Result<T, sqlx::Error> {
    T::decode(value).map_err(sqlx::Error::Decode)
}

/// A column that is being gathered.
#[derive(Debug)]
pub(crate) struct Gathered {
    values: Values,
    scratch: String,
    /// Texts that were not UTF-8.
    pub(crate) repaired: u64,
    /// Cells that were too long.
    pub(crate) left_out: Option<LeftOut>,
}

/// Cells that are null in their column since they were too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Cells before the first one.
    pub(crate) before: usize,
    pub(crate) cells: u64,
}

#[derive(Debug)]
enum Values {
    Integers(Int64Builder),
    Reals(Float64Builder),
    Blobs(BinaryViewBuilder),
    Texts(StringViewBuilder),
}

impl Gathered {
    /// An empty column.
    pub(crate) fn new(declared: Declared) -> Self {
        let values = match declared {
            Declared::Integer => Values::Integers(Int64Builder::new()),
            Declared::Real => Values::Reals(Float64Builder::new()),
            Declared::Blob => Values::Blobs(BinaryViewBuilder::new()),
            Declared::Any => Values::Texts(StringViewBuilder::new()),
        };
        Self {
            values,
            scratch: String::new(),
            repaired: 0,
            left_out: None,
        }
    }

    /// Takes the cell that comes after so many others; one that is too long becomes null.
    pub(crate) fn take(&mut self, cell: Cell<'_>, before: usize) {
        if cell.is_too_long() {
            let first = LeftOut { before, cells: 0 };
            self.left_out.get_or_insert(first).cells += 1;
            self.push(Cell::Null);
        } else {
            self.push(cell);
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (&mut self.values, cell) {
            (Values::Integers(builder), Cell::Null) => builder.append_null(),
            (Values::Integers(builder), Cell::Integer(number)) => builder.append_value(number),
            (Values::Reals(builder), Cell::Null) => builder.append_null(),
            (Values::Reals(builder), Cell::Real(number)) => builder.append_value(number),
            (Values::Blobs(builder), Cell::Null) => builder.append_null(),
            (Values::Blobs(builder), Cell::Blob(bytes)) => builder.append_value(bytes),
            (Values::Blobs(builder), cell) => {
                self.scratch.clear();
                cell.write(&mut self.scratch, &mut self.repaired);
                builder.append_value(&self.scratch);
            }
            (Values::Texts(builder), Cell::Null) => builder.append_null(),
            (Values::Texts(builder), Cell::Blob(bytes)) if std::str::from_utf8(bytes).is_err() => {
                let texts = builder.finish();
                let mut blobs = BinaryViewBuilder::new();
                blobs.extend(texts.iter().map(|text| text.map(str::as_bytes)));
                blobs.append_value(bytes);
                self.values = Values::Blobs(blobs);
            }
            (Values::Texts(builder), cell) => {
                self.scratch.clear();
                cell.write(&mut self.scratch, &mut self.repaired);
                builder.append_value(&self.scratch);
            }
            (_, cell) => {
                self.loosen();
                self.push(cell);
            }
        }
    }

    /// Turns what was gathered into text.
    fn loosen(&mut self) {
        let mut texts = Self {
            left_out: self.left_out,
            ..Self::new(Declared::Any)
        };
        match &mut self.values {
            Values::Integers(builder) => {
                builder
                    .finish()
                    .iter()
                    .for_each(|number| texts.push(number.map_or(Cell::Null, Cell::Integer)));
            }
            Values::Reals(builder) => {
                builder
                    .finish()
                    .iter()
                    .for_each(|number| texts.push(number.map_or(Cell::Null, Cell::Real)));
            }
            Values::Blobs(_) | Values::Texts(_) => return,
        }
        *self = texts;
    }

    /// The column.
    pub(crate) fn finish(mut self) -> ArrayRef {
        match &mut self.values {
            Values::Integers(builder) => Arc::new(builder.finish()),
            Values::Reals(builder) => Arc::new(builder.finish()),
            Values::Blobs(builder) => Arc::new(builder.finish()),
            Values::Texts(builder) => Arc::new(builder.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::Int64Type;

    use super::*;

    fn check(declared: Declared, cells: &[Cell<'_>]) -> ArrayRef {
        let mut column = Gathered::new(declared);
        for cell in cells {
            column.push(*cell);
        }
        column.finish()
    }

    #[test]
    fn cells_that_agree_keep_the_declared_type() {
        let column = check(Declared::Integer, &[Cell::Integer(1), Cell::Null]);
        assert_eq!(
            column
                .as_primitive::<Int64Type>()
                .iter()
                .collect::<Vec<_>>(),
            [Some(1), None]
        );
    }

    #[test]
    fn one_cell_of_another_class_makes_the_batch_text() {
        let column = check(
            Declared::Integer,
            &[
                Cell::Integer(42),
                Cell::Null,
                Cell::Text(b"n/a"),
                Cell::Real(1.5),
            ],
        );
        assert_eq!(
            column.as_string_view().iter().collect::<Vec<_>>(),
            [Some("42"), None, Some("n/a"), Some("1.5")]
        );
    }

    #[test]
    fn numbers_have_one_text() {
        let column = check(
            Declared::Any,
            &[
                Cell::Real(42.0),
                Cell::Real(1e300),
                Cell::Real(0.1),
                Cell::Integer(-7),
            ],
        );
        assert_eq!(
            column.as_string_view().iter().flatten().collect::<Vec<_>>(),
            ["42", "1e300", "0.1", "-7"]
        );
    }

    #[test]
    fn a_mark_is_a_cell_that_was_left_out_and_the_same_text_is_none() {
        let mut column = Gathered::new(Declared::Integer);
        for (before, cell) in [
            Cell::Integer(1),
            Cell::Blob(MARK.as_bytes()),
            Cell::Text(MARK.as_bytes()),
            Cell::Blob(MARK.as_bytes()),
        ]
        .into_iter()
        .enumerate()
        {
            column.take(cell, before);
        }
        let expected = LeftOut {
            before: 1,
            cells: 2,
        };
        assert_eq!(column.left_out, Some(expected));
        assert_eq!(
            column.finish().as_string_view().iter().collect::<Vec<_>>(),
            [Some("1"), None, Some(MARK), None]
        );
    }

    #[test]
    fn bytes_are_text_where_they_are_text_and_broken_text_is_counted() {
        let mut column = Gathered::new(Declared::Any);
        column.push(Cell::Blob(b"plain"));
        column.push(Cell::Blob(&[0xff, 0x01]));
        column.push(Cell::Text(b"caf\xe9"));
        assert_eq!(column.repaired, 1);
        let column = column.finish();
        let cells: Vec<&[u8]> = column.as_binary_view().iter().flatten().collect();
        assert_eq!(
            cells,
            [&b"plain"[..], &[0xff, 0x01], "caf\u{fffd}".as_bytes()]
        );
    }
}
