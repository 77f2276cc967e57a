//! Whole sets of rows at once, into buffers that are as wide as the widest value can be.

use locard_odbc::Decode;
use odbc_api::buffers::{BufferDesc, ColumnarDynBuffer};
use odbc_api::sys::{Date, Timestamp};
use odbc_api::{Bit, Cursor, DataType};

use super::Ended;
use super::answer::{Batches, ROWS};
use super::column::Cell;

/// Letters or bytes of a column that has a buffer for each row; longer ones are read value by value.
const WIDEST: usize = 8_000;
/// Bytes of all buffers together.
const BYTES: usize = 8 << 20;
/// Letters of a number or time.
const SHORT: usize = 128;

/// The buffers of an answer; `None` where a column may be too wide for one.
pub(crate) fn buffers(
    cursor: &mut impl Cursor,
    decodes: &[Decode],
    utf8: bool,
) -> Option<Vec<BufferDesc>> {
    let mut number = 0;
    let all = decodes.iter().map(|decode| {
        number += 1;
        let known = cursor.col_data_type(number).ok()?;
        buffer(*decode, known, utf8)
    });
    all.collect::<Option<Vec<_>>>()
        .filter(|all| !all.is_empty())
}

fn buffer(decode: Decode, known: DataType, utf8: bool) -> Option<BufferDesc> {
    let nullable = true;
    let text = |max_str_len| {
        if utf8 {
            // A letter is four bytes at most; of UTF-16 two units were counted for some already.
            let max_str_len = max_str_len * 4;
            BufferDesc::Text { max_str_len }
        } else {
            BufferDesc::WText { max_str_len }
        }
    };
    Some(match decode {
        Decode::Bool => BufferDesc::Bit { nullable },
        Decode::Int16 => BufferDesc::I16 { nullable },
        Decode::Int32 => BufferDesc::I32 { nullable },
        Decode::Int64 => BufferDesc::I64 { nullable },
        Decode::Float32 => BufferDesc::F32 { nullable },
        Decode::Float64 => BufferDesc::F64 { nullable },
        Decode::Date => BufferDesc::Date { nullable },
        Decode::Timestamp => BufferDesc::Timestamp { nullable },
        Decode::Decimal => text(SHORT),
        Decode::Text => text(width(known)?),
        Decode::Bytes => BufferDesc::Binary {
            max_bytes: width(known)?,
        },
    })
}

/// How many letters or bytes a value has at most.
fn width(known: DataType) -> Option<usize> {
    let length = match known {
        DataType::Char { length }
        | DataType::WChar { length }
        | DataType::Varchar { length }
        | DataType::WVarchar { length }
        | DataType::Varbinary { length }
        | DataType::Binary { length } => length?.get(),
        DataType::Unknown
        | DataType::Other { .. }
        | DataType::LongVarchar { .. }
        | DataType::WLongVarchar { .. }
        | DataType::LongVarbinary { .. } => return None,
        _ => SHORT,
    };
    // Letters beyond the first plane are two units.
    (length <= WIDEST).then_some(if length < SHORT { length * 2 } else { length })
}

/// Reads all rows.
pub(crate) fn read(
    cursor: impl Cursor,
    buffers: &[BufferDesc],
    batches: &mut Batches<'_>,
) -> Result<(), Ended> {
    let row: usize = buffers.iter().map(BufferDesc::bytes_per_row).sum();
    let rows = (BYTES / row.max(1)).clamp(1, ROWS);
    let set = ColumnarDynBuffer::try_from_descs(rows, buffers.iter().copied())?;
    let mut cursor = cursor.bind_buffer(set)?;
    while let Some(set) = cursor.fetch_with_truncation_check(true)? {
        for at in 0..set.num_cols() {
            take(set, at, batches);
        }
        batches.rows_done(set.num_rows())?;
    }
    Ok(())
}

/// All cells of a column, of whichever type it is.
macro_rules! cells {
    ($batches:expr, $at:expr, $values:expr, $value:pat => $cell:expr) => {
        for (ahead, value) in $values.enumerate() {
            let cell = match value {
                Some($value) => $cell,
                None => Cell::Null,
            };
            $batches.take($at, &cell, ahead);
        }
    };
}

fn take(set: &ColumnarDynBuffer, at: usize, batches: &mut Batches<'_>) {
    let slice = set.column(at);
    if let Some(texts) = slice.as_wide_text() {
        cells!(batches, at, (0..texts.len()).map(|row| texts.get(row)), text => Cell::Text(text));
    } else if let Some(texts) = slice.as_text() {
        cells!(batches, at, (0..texts.len()).map(|row| texts.get(row)), text => Cell::Utf8(text));
    } else if let Some(blobs) = slice.as_binary() {
        cells!(batches, at, blobs.iter(), bytes => Cell::Bytes(bytes));
    } else if let Some(values) = slice.as_nullable_slice::<i64>() {
        cells!(batches, at, values, value => Cell::Int64(*value));
    } else if let Some(values) = slice.as_nullable_slice::<i32>() {
        cells!(batches, at, values, value => Cell::Int32(*value));
    } else if let Some(values) = slice.as_nullable_slice::<i16>() {
        cells!(batches, at, values, value => Cell::Int16(*value));
    } else if let Some(values) = slice.as_nullable_slice::<f64>() {
        cells!(batches, at, values, value => Cell::Float64(*value));
    } else if let Some(values) = slice.as_nullable_slice::<f32>() {
        cells!(batches, at, values, value => Cell::Float32(*value));
    } else if let Some(values) = slice.as_nullable_slice::<Bit>() {
        cells!(batches, at, values, value => Cell::Bool(value.as_bool()));
    } else if let Some(values) = slice.as_nullable_slice::<Date>() {
        cells!(batches, at, values, value => Cell::Date(*value));
    } else if let Some(values) = slice.as_nullable_slice::<Timestamp>() {
        cells!(batches, at, values, value => Cell::Moment(*value));
    }
}
