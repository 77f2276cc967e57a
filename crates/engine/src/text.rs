//! Typed Arrow columns as canonical text: the form in which every rule and sketch sees a value.
//!
//! What a reader gets wrong: the cells of a leaf are not its records. A list adds one cell for each element, a
//! dictionary one cell for each distinct value (with weights), a struct none of its own.

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, StringViewArray};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use locard_connector::as_text;

/// Bytes that are not text are shown to rules as this many bytes in hexadecimal at most.
const MAX_BINARY: usize = 1024;

/// The array's values as text, row by row; nulls stay null. Nested arrays are the caller's to take apart.
pub(crate) fn texts(array: &ArrayRef) -> Result<StringViewArray, ArrowError> {
    Ok(match array.data_type() {
        DataType::Utf8View => array.as_string_view().clone(),
        DataType::Utf8 => StringViewArray::from(array.as_string::<i32>()),
        DataType::LargeUtf8 => StringViewArray::from(array.as_string::<i64>()),
        DataType::Int8 => integers::<Int8Type>(array),
        DataType::Int16 => integers::<Int16Type>(array),
        DataType::Int32 => integers::<Int32Type>(array),
        DataType::Int64 => integers::<Int64Type>(array),
        DataType::UInt8 => integers::<UInt8Type>(array),
        DataType::UInt16 => integers::<UInt16Type>(array),
        DataType::UInt32 => integers::<UInt32Type>(array),
        DataType::UInt64 => integers::<UInt64Type>(array),
        DataType::Float16 => floats::<Float32Type>(&arrow_cast::cast(array, &DataType::Float32)?),
        DataType::Float32 => floats::<Float32Type>(array),
        DataType::Float64 => floats::<Float64Type>(array),
        DataType::Decimal32(_, scale) => decimals::<Decimal32Type>(array, *scale),
        DataType::Decimal64(_, scale) => decimals::<Decimal64Type>(array, *scale),
        DataType::Decimal128(_, scale) => decimals::<Decimal128Type>(array, *scale),
        DataType::Decimal256(_, scale) => decimals::<Decimal256Type>(array, *scale),
        DataType::FixedSizeBinary(16) => each(array, |row, out| {
            uuid(array.as_fixed_size_binary().value(row), out);
        }),
        DataType::FixedSizeBinary(_) => each(array, |row, out| {
            binary(array.as_fixed_size_binary().value(row), out);
        }),
        DataType::Binary => each(array, |row, out| {
            binary(array.as_binary::<i32>().value(row), out);
        }),
        DataType::LargeBinary => each(array, |row, out| {
            binary(array.as_binary::<i64>().value(row), out);
        }),
        DataType::BinaryView => each(array, |row, out| {
            binary(array.as_binary_view().value(row), out);
        }),
        DataType::Timestamp(unit, Some(_)) => {
            // The instants are UTC whatever zone they are shown in; one notation for all.
            let utc = arrow_cast::cast(array, &DataType::Timestamp(*unit, None))?;
            displayed(&utc, "Z")?
        }
        DataType::Null => StringViewArray::new_null(array.len()),
        _ => displayed(array, "")?,
    })
}

/// Builds the array by writing each value that is not null into a buffer that is reused.
fn each(array: &dyn Array, write: impl Fn(usize, &mut String)) -> StringViewArray {
    let mut builder = StringViewBuilder::with_capacity(array.len());
    let mut text = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            builder.append_null();
            continue;
        }
        text.clear();
        write(row, &mut text);
        builder.append_value(&text);
    }
    builder.finish()
}

fn integers<T: ArrowPrimitiveType>(array: &ArrayRef) -> StringViewArray
where
    T::Native: itoa::Integer,
{
    let values = array.as_primitive::<T>();
    let mut digits = itoa::Buffer::new();
    let mut builder = StringViewBuilder::with_capacity(array.len());
    for value in values {
        match value {
            Some(value) => builder.append_value(digits.format(value)),
            None => builder.append_null(),
        }
    }
    builder.finish()
}

/// Shortest text that reads back as the same number; whole numbers look like integers.
fn floats<T: ArrowPrimitiveType>(array: &ArrayRef) -> StringViewArray
where
    T::Native: std::fmt::Display + std::fmt::LowerExp + Into<f64> + Copy,
{
    use std::fmt::Write as _;
    let values = array.as_primitive::<T>();
    each(array, |row, out| {
        let value = values.value(row);
        let wide: f64 = value.into();
        // Plain notation up to the precision of the type, since nobody writes an amount with an exponent.
        let written = if wide == 0.0 || (1e-7..1e16).contains(&wide.abs()) {
            write!(out, "{value}")
        } else {
            write!(out, "{value:e}")
        };
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    })
}

fn decimals<T: DecimalType>(array: &ArrayRef, scale: i8) -> StringViewArray {
    let values = array.as_primitive::<T>();
    each(array, |row, out| {
        out.push_str(&T::format_decimal(
            values.value(row),
            T::MAX_PRECISION,
            scale,
        ));
        if scale > 0 {
            let significant = out.trim_end_matches('0').trim_end_matches('.').len();
            out.truncate(significant);
        }
    })
}

fn displayed(array: &ArrayRef, suffix: &str) -> Result<StringViewArray, ArrowError> {
    let options = FormatOptions::default().with_display_error(true);
    let formatter = ArrayFormatter::try_new(array, &options)?;
    Ok(each(array, |row, out| {
        use std::fmt::Write as _;
        let written = write!(out, "{}{suffix}", formatter.value(row));
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }))
}

/// Text where the bytes are text in one of the encodings that programs keep it in, else hexadecimal.
fn binary(bytes: &[u8], out: &mut String) {
    if let Some(encoding) = wide(bytes) {
        out.push_str(&encoding.decode(bytes).0);
    } else if let Some(text) = as_text(bytes) {
        out.push_str(text);
    } else if is_western(bytes) {
        out.push_str(&WINDOWS_1252.decode_without_bom_handling(bytes).0);
    } else {
        hexadecimal(bytes.get(..MAX_BINARY).unwrap_or(bytes), out);
    }
}

/// Characters by which it is told whether they are wide ones.
const MAX_LOOK: usize = 256;

/// The encoding of text in wide characters: it begins with a byte order mark, or most characters are those of western
/// Europe, of which one half is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.len() < 4 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    if let Some(encoding) = marked.filter(|encoding| *encoding != UTF_8) {
        return Some(encoding);
    }
    let (pairs, _) = bytes.as_chunks::<2>();
    let pairs = &pairs[..pairs.len().min(MAX_LOOK)];
    let is_of = |low: usize| {
        let western = pairs.iter().filter(|pair| pair[1 - low] == 0).count();
        let is_text =
            |pair: &[u8; 2]| pair[low] >= b' ' || matches!(pair[low], b'\t' | b'\n' | b'\r');
        pairs.iter().all(is_text) && western * 4 >= pairs.len() * 3
    };
    match (is_of(0), is_of(1)) {
        (true, false) => Some(UTF_16LE),
        (false, true) => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether bytes read well as text of western Europe: no control characters, and three of four are plain.
fn is_western(bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| match *byte {
        b'\t' | b'\n' | b'\r' => true,
        0x81 | 0x8d | 0x8f | 0x90 | 0x9d => false,
        byte => byte >= b' ' && byte != 0x7f,
    };
    let plain = bytes.iter().filter(|byte| byte.is_ascii()).count();
    bytes.iter().all(is_text) && plain * 4 >= bytes.len() * 3
}

fn uuid(bytes: &[u8], out: &mut String) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        hexadecimal(&[*byte], out);
    }
}

fn hexadecimal(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::*;

    use super::*;

    fn check(array: impl Array + 'static, expected: &[Option<&str>]) {
        let array: ArrayRef = Arc::new(array);
        let found = texts(&array).expect("the type is known");
        assert_eq!(
            found.iter().collect::<Vec<_>>(),
            expected,
            "{:?}",
            array.data_type()
        );
    }

    #[test]
    fn integers_have_no_signs_of_their_width() {
        check(
            Int64Array::from(vec![Some(-42), None, Some(i64::MAX)]),
            &[Some("-42"), None, Some("9223372036854775807")],
        );
        check(UInt8Array::from(vec![0, 255]), &[Some("0"), Some("255")]);
    }

    #[test]
    fn decimals_lose_their_trailing_zeros_only() {
        let decimals = |values: Vec<i128>, scale| {
            Decimal128Array::from(values)
                .with_precision_and_scale(20, scale)
                .unwrap()
        };
        check(
            decimals(vec![1250, 1200, 5, -1200], 2),
            &[Some("12.5"), Some("12"), Some("0.05"), Some("-12")],
        );
        check(decimals(vec![100, 0], 0), &[Some("100"), Some("0")]);
    }

    #[test]
    fn whole_floats_look_like_integers() {
        check(
            Float64Array::from(vec![42.0, 0.1, 1e300]),
            &[Some("42"), Some("0.1"), Some("1e300")],
        );
        check(Float32Array::from(vec![0.1]), &[Some("0.1")]);
    }

    #[test]
    fn dates_and_times_are_iso() {
        check(
            Date32Array::from(vec![Some(0), None]),
            &[Some("1970-01-01"), None],
        );
        check(
            TimestampSecondArray::from(vec![86_400]),
            &[Some("1970-01-02T00:00:00")],
        );
        check(
            TimestampMillisecondArray::from(vec![1]).with_timezone("+02:00"),
            &[Some("1970-01-01T00:00:00.001Z")],
        );
    }

    #[test]
    fn bytes_are_text_where_they_are_text() {
        check(
            BinaryArray::from(vec![b"abc".as_slice(), &[0xff, 0x01], b"\0bin"]),
            &[Some("abc"), Some("ff01"), Some("0062696e")],
        );
        let (little, big): (Vec<u8>, Vec<u8>) = (
            "Zoë".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "Zoë".encode_utf16().flat_map(u16::to_be_bytes).collect(),
        );
        let marked = [&[0xff, 0xfe], little.as_slice()].concat();
        let texts = BinaryArray::from(vec![
            little.as_slice(),
            &big,
            &marked,
            b"Anna M\xfcller",
            b"\xff\x00\x01\x00",
            b"\xfc\xe4\xf6a",
        ]);
        let [zoe, anna] = ["Zoë", "Anna Müller"].map(Some);
        let hex = ["ff000100", "fce4f661"].map(Some);
        check(texts, &[zoe, zoe, zoe, anna, hex[0], hex[1]]);
        let bytes = FixedSizeBinaryArray::try_from_iter([[0x9f_u8; 16]].iter()).unwrap();
        check(bytes, &[Some("9f9f9f9f-9f9f-9f9f-9f9f-9f9f9f9f9f9f")]);
    }

    #[test]
    fn booleans_and_nulls_have_text_or_none() {
        check(
            BooleanArray::from(vec![Some(true), None]),
            &[Some("true"), None],
        );
        check(NullArray::new(2), &[None, None]);
    }
}
