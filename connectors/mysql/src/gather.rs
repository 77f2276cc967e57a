//! Cells as columns of one Arrow type each.
//!
//! A column of dates stays one until a cell is no day of the calendar: that turns what was gathered of the batch into
//! text, and the rest of the batch follows.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::ArrowPrimitiveType;
use arrow_array::builder::{
    BinaryViewBuilder, BooleanBuilder, PrimitiveBuilder, StringViewBuilder,
};
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use locard_connector::{Error, ErrorKind, Result};
use locard_sql::{Decoding as _, LONGEST_VALUE, MARK};

use crate::decode::{Moment, decimal, moment, write_moment, write_time};
use crate::types::Decode;

/// A column that is being gathered.
#[derive(Debug)]
pub(crate) struct Gathered {
    decode: Decode,
    values: Values,
    scratch: String,
    /// Texts that were not UTF-8.
    pub(crate) repaired: u64,
    /// Dates of zeros, which are null.
    pub(crate) zeros: u64,
    /// Values that were too long, and the row of the first one in the batch.
    pub(crate) left_out: Option<(usize, u64)>,
}

#[derive(Debug)]
enum Values {
    Bools(BooleanBuilder),
    Int1(PrimitiveBuilder<Int8Type>),
    Int2(PrimitiveBuilder<Int16Type>),
    Int4(PrimitiveBuilder<Int32Type>),
    Int8(PrimitiveBuilder<Int64Type>),
    Uint1(PrimitiveBuilder<UInt8Type>),
    Uint2(PrimitiveBuilder<UInt16Type>),
    Uint4(PrimitiveBuilder<UInt32Type>),
    Uint8(PrimitiveBuilder<UInt64Type>),
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
            Values::Int1($builder) => $does,
            Values::Int2($builder) => $does,
            Values::Int4($builder) => $does,
            Values::Int8($builder) => $does,
            Values::Uint1($builder) => $does,
            Values::Uint2($builder) => $does,
            Values::Uint4($builder) => $does,
            Values::Uint8($builder) => $does,
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
            Decode::Int1 => Self::Int1(PrimitiveBuilder::new()),
            Decode::Int2 => Self::Int2(PrimitiveBuilder::new()),
            Decode::Int4 => Self::Int4(PrimitiveBuilder::new()),
            Decode::Int8 => Self::Int8(PrimitiveBuilder::new()),
            Decode::Uint1 => Self::Uint1(PrimitiveBuilder::new()),
            Decode::Uint2 => Self::Uint2(PrimitiveBuilder::new()),
            Decode::Uint4 => Self::Uint4(PrimitiveBuilder::new()),
            Decode::Uint8 => Self::Uint8(PrimitiveBuilder::new()),
            Decode::Float4 => Self::Float4(PrimitiveBuilder::new()),
            Decode::Float8 => Self::Float8(PrimitiveBuilder::new()),
            Decode::Date => Self::Dates(PrimitiveBuilder::new()),
            Decode::Datetime | Decode::Timestamp => {
                Self::Moments(PrimitiveBuilder::new().with_data_type(decode.data_type()))
            }
            Decode::Decimal | Decode::Text | Decode::Time => Self::Texts(StringViewBuilder::new()),
            Decode::Bytes => Self::Blobs(BinaryViewBuilder::new()),
        }
    }
}

/// Appends a value of a fixed width; `None` for bytes of another one.
fn fixed<T: ArrowPrimitiveType, const N: usize>(
    builder: &mut PrimitiveBuilder<T>,
    bytes: &[u8],
    read: fn([u8; N]) -> T::Native,
) -> Option<()> {
    builder.append_value(read(bytes.try_into().ok()?));
    Some(())
}

impl Gathered {
    /// An empty column.
    pub(crate) fn new(decode: Decode) -> Self {
        Self {
            decode,
            values: Values::new(decode),
            scratch: String::new(),
            repaired: 0,
            zeros: 0,
            left_out: None,
        }
    }

    /// Takes the cell of a row; one that is too long becomes null.
    pub(crate) fn take(&mut self, cell: Option<&[u8]>, row: usize) -> Result<()> {
        let Some(bytes) = cell else {
            self.null();
            return Ok(());
        };
        if bytes.len() > LONGEST_VALUE || bytes == MARK.as_bytes() {
            self.left_out.get_or_insert((row, 0)).1 += 1;
            self.null();
            return Ok(());
        }
        self.value(bytes).ok_or_else(|| {
            Error::new(
                ErrorKind::Malformed,
                "decoding the server's answer failed: a value is not of its column's type",
            )
        })
    }

    fn null(&mut self) {
        any!(&mut self.values, builder => builder.append_null());
    }

    fn value(&mut self, bytes: &[u8]) -> Option<()> {
        match &mut self.values {
            Values::Bools(builder) => builder.append_value(bytes.iter().any(|byte| *byte != 0)),
            Values::Int1(builder) => fixed(builder, bytes, i8::from_le_bytes)?,
            Values::Int2(builder) => fixed(builder, bytes, i16::from_le_bytes)?,
            Values::Int4(builder) => fixed(builder, bytes, i32::from_le_bytes)?,
            Values::Int8(builder) => fixed(builder, bytes, i64::from_le_bytes)?,
            Values::Uint1(builder) => fixed(builder, bytes, u8::from_le_bytes)?,
            Values::Uint2(builder) => fixed(builder, bytes, u16::from_le_bytes)?,
            Values::Uint4(builder) => fixed(builder, bytes, u32::from_le_bytes)?,
            Values::Uint8(builder) => fixed(builder, bytes, u64::from_le_bytes)?,
            Values::Float4(builder) => fixed(builder, bytes, f32::from_le_bytes)?,
            Values::Float8(builder) => fixed(builder, bytes, f64::from_le_bytes)?,
            Values::Blobs(builder) => builder.append_value(bytes),
            Values::Dates(_) | Values::Moments(_) => self.moment(moment(bytes)?),
            Values::Texts(_) => self.text(bytes)?,
        }
        Some(())
    }

    /// Takes a date or time, as text where the batch has become that.
    fn moment(&mut self, moment: Moment) {
        if moment == Moment::Zero {
            self.zeros += 1;
            return self.null();
        }
        if matches!(moment, Moment::Odd(..)) {
            self.loosen();
        }
        let zone = self.zone();
        match (&mut self.values, moment) {
            (Values::Dates(builder), Moment::Day(days, _)) => builder.append_value(days),
            (Values::Moments(builder), _) => builder.append_option(moment.micros()),
            (Values::Texts(builder), _) => {
                self.scratch.clear();
                write_moment(moment, zone, &mut self.scratch);
                builder.append_value(&self.scratch);
            }
            _ => self.null(),
        }
    }

    /// What stands behind the time in the text of such a column; `None` where it has no time.
    fn zone(&self) -> Option<&'static str> {
        match self.decode {
            Decode::Datetime => Some(""),
            Decode::Timestamp => Some("Z"),
            _ => None,
        }
    }

    fn text(&mut self, bytes: &[u8]) -> Option<()> {
        if matches!(
            self.decode,
            Decode::Date | Decode::Datetime | Decode::Timestamp
        ) {
            self.moment(moment(bytes)?);
            return Some(());
        }
        let Values::Texts(builder) = &mut self.values else {
            return None;
        };
        self.scratch.clear();
        match (self.decode, std::str::from_utf8(bytes)) {
            (Decode::Time, _) => {
                write_time(bytes, &mut self.scratch)?;
                builder.append_value(&self.scratch);
            }
            (Decode::Decimal, Ok(text)) => {
                let (sign, digits) = decimal(text);
                self.scratch.extend([sign, digits]);
                builder.append_value(&self.scratch);
            }
            (_, Ok(text)) => builder.append_value(text),
            (_, Err(_)) => {
                self.repaired += 1;
                builder.append_value(String::from_utf8_lossy(bytes));
            }
        }
        Some(())
    }

    /// Turns dates and times that were gathered into text.
    fn loosen(&mut self) {
        let micros: Vec<Option<i64>> = match &mut self.values {
            Values::Dates(builder) => builder
                .finish()
                .iter()
                .map(|days| days.and_then(|days| Moment::Day(days, 0).micros()))
                .collect(),
            Values::Moments(builder) => builder.finish().iter().collect(),
            _ => return,
        };
        self.values = Values::Texts(StringViewBuilder::new());
        for moment in micros {
            match moment.and_then(split) {
                Some(moment) => self.moment(moment),
                None => self.null(),
            }
        }
    }

    /// The column.
    pub(crate) fn finish(mut self) -> ArrayRef {
        any!(&mut self.values, builder => Arc::new(builder.finish()) as ArrayRef)
    }
}

/// The day and the time of day of microseconds since 1970.
fn split(micros: i64) -> Option<Moment> {
    const DAY: i64 = 86_400_000_000;
    let days = i32::try_from(micros.div_euclid(DAY)).ok()?;
    Some(Moment::Day(days, micros.rem_euclid(DAY)))
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray as _;

    use super::*;

    fn check(decode: Decode, cells: &[Option<&[u8]>]) -> Gathered {
        let mut column = Gathered::new(decode);
        for (row, cell) in cells.iter().enumerate() {
            column.take(*cell, row).unwrap();
        }
        column
    }

    #[test]
    fn an_odd_date_makes_the_batch_text_and_nothing_is_lost() {
        let cells: [Option<&[u8]>; 5] = [
            Some(&[4, 232, 7, 2, 29]),
            None,
            Some(&[4, 188, 7, 0, 0]),
            Some(&[0]),
            Some(&[4, 178, 7, 1, 1]),
        ];
        let column = check(Decode::Date, &cells);
        assert_eq!(column.zeros, 1);
        assert_eq!(
            column.finish().as_string_view().iter().collect::<Vec<_>>(),
            [
                Some("2024-02-29"),
                None,
                Some("1980-00-00"),
                None,
                Some("1970-01-01")
            ]
        );
    }

    #[test]
    fn marks_and_what_is_too_long_become_nulls_that_are_told() {
        let column = check(
            Decode::Bytes,
            &[Some(b"short"), Some(MARK.as_bytes()), Some(MARK.as_bytes())],
        );
        assert_eq!(column.left_out, Some((1, 2)));
        assert_eq!(column.finish().null_count(), 2);
    }

    #[test]
    fn a_value_of_another_width_is_malformed() {
        let error = Gathered::new(Decode::Int4)
            .take(Some(&[1, 2]), 0)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }

    #[test]
    fn broken_text_is_repaired_and_counted() {
        let column = check(Decode::Text, &[Some(b"caf\xe9")]);
        assert_eq!(column.repaired, 1);
        assert_eq!(column.finish().as_string_view().value(0), "caf\u{fffd}");
    }
}
