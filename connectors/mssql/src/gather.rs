//! Cells as columns of one Arrow type each.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BinaryViewBuilder, BooleanBuilder, PrimitiveBuilder, StringViewBuilder,
};
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, UInt8Type,
};
use locard_connector::{Error, ErrorKind, Result};
use locard_sql::{Decoding as _, LONGEST_VALUE, MARK};
use tiberius::ColumnData;

use crate::types::Decode;
use crate::values::{self, is_null};

/// A column that is being gathered.
#[derive(Debug)]
pub(crate) struct Gathered {
    values: Values,
    scratch: String,
    /// Values that were too long, and the row of the first one in the batch.
    pub(crate) left_out: Option<(usize, u64)>,
}

#[derive(Debug)]
enum Values {
    Bools(BooleanBuilder),
    Uint1(PrimitiveBuilder<UInt8Type>),
    Int2(PrimitiveBuilder<Int16Type>),
    Int4(PrimitiveBuilder<Int32Type>),
    Int8(PrimitiveBuilder<Int64Type>),
    Float4(PrimitiveBuilder<Float32Type>),
    Float8(PrimitiveBuilder<Float64Type>),
    Dates(PrimitiveBuilder<Date32Type>),
    Moments(PrimitiveBuilder<TimestampMicrosecondType>),
    Texts(StringViewBuilder),
    Blobs(BinaryViewBuilder),
}

/// Does the same with whichever builder there is.
macro_rules! any {
    ($values:expr, $builder:ident => $does:expr) => {
        match $values {
            Values::Bools($builder) => $does,
            Values::Uint1($builder) => $does,
            Values::Int2($builder) => $does,
            Values::Int4($builder) => $does,
            Values::Int8($builder) => $does,
            Values::Float4($builder) => $does,
            Values::Float8($builder) => $does,
            Values::Dates($builder) => $does,
            Values::Moments($builder) => $does,
            Values::Texts($builder) => $does,
            Values::Blobs($builder) => $does,
        }
    };
}

impl Values {
    fn new(decode: Decode) -> Self {
        match decode {
            Decode::Bool => Self::Bools(BooleanBuilder::new()),
            Decode::Uint1 => Self::Uint1(PrimitiveBuilder::new()),
            Decode::Int2 => Self::Int2(PrimitiveBuilder::new()),
            Decode::Int4 => Self::Int4(PrimitiveBuilder::new()),
            Decode::Int8 => Self::Int8(PrimitiveBuilder::new()),
            Decode::Float4 => Self::Float4(PrimitiveBuilder::new()),
            Decode::Float8 => Self::Float8(PrimitiveBuilder::new()),
            Decode::Date => Self::Dates(PrimitiveBuilder::new()),
            Decode::Datetime | Decode::Offset => {
                Self::Moments(PrimitiveBuilder::new().with_data_type(decode.data_type()))
            }
            Decode::Decimal | Decode::Text => Self::Texts(StringViewBuilder::new()),
            Decode::Bytes => Self::Blobs(BinaryViewBuilder::new()),
        }
    }
}

impl Gathered {
    /// An empty column.
    pub(crate) fn new(decode: Decode) -> Self {
        Self {
            values: Values::new(decode),
            scratch: String::new(),
            left_out: None,
        }
    }

    /// Takes the cell of a row, and says about how many bytes it has; one that is too long becomes null.
    pub(crate) fn take(&mut self, cell: &ColumnData<'_>, row: usize) -> Result<usize> {
        if is_null(cell) {
            self.null();
            return Ok(1);
        }
        let bytes = match cell {
            ColumnData::String(Some(text)) => text.as_bytes(),
            ColumnData::Binary(Some(bytes)) => bytes,
            _ => &[],
        };
        if bytes.len() > LONGEST_VALUE || bytes == MARK.as_bytes() {
            self.left_out.get_or_insert((row, 0)).1 += 1;
            self.null();
            return Ok(1);
        }
        self.value(cell).ok_or_else(|| {
            Error::new(
                ErrorKind::Malformed,
                "a value is not of its column's type, which may have changed since the planning",
            )
            .hint("scan it again")
        })?;
        Ok(bytes.len() + 8)
    }

    fn null(&mut self) {
        any!(&mut self.values, builder => builder.append_null());
    }

    fn value(&mut self, cell: &ColumnData<'_>) -> Option<()> {
        match (&mut self.values, cell) {
            (Values::Bools(builder), ColumnData::Bit(value)) => builder.append_option(*value),
            (Values::Uint1(builder), ColumnData::U8(value)) => builder.append_option(*value),
            (Values::Int2(builder), ColumnData::I16(value)) => builder.append_option(*value),
            (Values::Int4(builder), ColumnData::I32(value)) => builder.append_option(*value),
            (Values::Int8(builder), ColumnData::I64(value)) => builder.append_option(*value),
            (Values::Float4(builder), ColumnData::F32(value)) => builder.append_option(*value),
            (Values::Float8(builder), ColumnData::F64(value)) => builder.append_option(*value),
            (Values::Dates(builder), ColumnData::Date(Some(value))) => {
                builder.append_value(values::date(value.days())?);
            }
            (Values::Moments(builder), ColumnData::DateTime(Some(value))) => {
                builder.append_value(values::datetime(*value)?);
            }
            (Values::Moments(builder), ColumnData::SmallDateTime(Some(value))) => {
                builder.append_value(values::smalldatetime(*value)?);
            }
            (Values::Moments(builder), ColumnData::DateTime2(Some(value))) => {
                builder.append_value(values::datetime2(*value)?);
            }
            (Values::Moments(builder), ColumnData::DateTimeOffset(Some(value))) => {
                builder.append_value(values::datetime2(value.datetime2())?);
            }
            (Values::Blobs(builder), ColumnData::Binary(Some(bytes))) => {
                builder.append_value(bytes);
            }
            (Values::Texts(builder), ColumnData::String(Some(text))) => builder.append_value(text),
            (Values::Texts(builder), cell) => {
                self.scratch.clear();
                values::write(cell, &mut self.scratch)?;
                builder.append_value(&self.scratch);
            }
            _ => return None,
        }
        Some(())
    }

    /// The column.
    pub(crate) fn finish(mut self) -> ArrayRef {
        any!(&mut self.values, builder => Arc::new(builder.finish()) as ArrayRef)
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Array as _;
    use arrow_array::cast::AsArray as _;

    use super::*;

    #[test]
    fn marks_become_nulls_that_are_told() {
        let mut column = Gathered::new(Decode::Text);
        for (row, text) in ["short", MARK, MARK].into_iter().enumerate() {
            let cell = ColumnData::String(Some(text.into()));
            column.take(&cell, row).unwrap();
        }
        assert_eq!(column.left_out, Some((1, 2)));
        assert_eq!(column.finish().null_count(), 2);
    }

    #[test]
    fn a_value_of_another_type_is_malformed() {
        let error = Gathered::new(Decode::Int4)
            .take(&ColumnData::I64(Some(1)), 0)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }

    #[test]
    fn a_null_of_any_type_is_null() {
        let mut column = Gathered::new(Decode::Bool);
        column.take(&ColumnData::I32(None), 0).unwrap();
        assert_eq!(column.finish().null_count(), 1);
    }

    #[test]
    fn values_of_any_type_have_a_text() {
        let mut column = Gathered::new(Decode::Text);
        for cell in [ColumnData::I32(Some(7)), ColumnData::Bit(Some(true))] {
            column.take(&cell, 0).unwrap();
        }
        let texts = column.finish();
        assert_eq!(texts.as_string_view().value(0), "7");
        assert_eq!(texts.as_string_view().value(1), "true");
    }
}
