//! One value of a document as text, and its type's name.

use std::fmt::Write as _;

use locard_connector::as_text;
use mongodb::bson::RawBsonRef;
use mongodb::bson::raw::RawBinaryRef;
use mongodb::bson::spec::BinarySubtype;

/// Bytes of binary data that is no text, beyond which it is left out: nobody is found in a picture by its digits.
const MOST_BYTES: usize = 4_096;

/// What a value is as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Its text was appended.
    Text,
    /// It is null or undefined.
    Null,
    /// It is binary data of some size that is no text.
    LeftOut,
}

/// Appends the text of a plain value: as JSON files would have it, without their marks for types.
pub(crate) fn show(value: RawBsonRef<'_>, out: &mut String) -> Shown {
    // Writing to a String cannot fail.
    let _ = match value {
        RawBsonRef::String(text) | RawBsonRef::Symbol(text) | RawBsonRef::JavaScriptCode(text) => {
            out.push_str(text);
            Ok(())
        }
        RawBsonRef::Double(number) => write!(out, "{number}"),
        RawBsonRef::Int32(number) => write!(out, "{number}"),
        RawBsonRef::Int64(number) => write!(out, "{number}"),
        RawBsonRef::Decimal128(number) => write!(out, "{number}"),
        RawBsonRef::Boolean(truth) => write!(out, "{truth}"),
        RawBsonRef::ObjectId(id) => write!(out, "{id}"),
        RawBsonRef::DateTime(moment) => return moment_text(moment.timestamp_millis(), out),
        RawBsonRef::Timestamp(stamp) => return moment_text(i64::from(stamp.time) * 1_000, out),
        RawBsonRef::Binary(binary) => return binary_text(binary, out),
        RawBsonRef::RegularExpression(regex) => {
            write!(
                out,
                "/{}/{}",
                regex.pattern.as_str(),
                regex.options.as_str()
            )
        }
        RawBsonRef::JavaScriptCodeWithScope(code) => {
            out.push_str(code.code);
            Ok(())
        }
        RawBsonRef::MinKey => write!(out, "MinKey"),
        RawBsonRef::MaxKey => write!(out, "MaxKey"),
        RawBsonRef::DbPointer(_) => write!(out, "DBPointer"),
        // Documents and lists are walked through by whoever asks.
        RawBsonRef::Null
        | RawBsonRef::Undefined
        | RawBsonRef::Document(_)
        | RawBsonRef::Array(_) => return Shown::Null,
    };
    Shown::Text
}

/// RFC 3339; milliseconds where no calendar of ours reaches.
fn moment_text(milliseconds: i64, out: &mut String) -> Shown {
    let since = jiff::SignedDuration::from_millis(milliseconds);
    let _ = match jiff::civil::date(1970, 1, 1)
        .at(0, 0, 0, 0)
        .checked_add(since)
    {
        Ok(moment) => write!(out, "{moment}Z"),
        Err(_) => write!(out, "{milliseconds}"),
    };
    Shown::Text
}

/// UUIDs as people write them, bytes that are text as that, others as hexadecimal digits.
fn binary_text(binary: RawBinaryRef<'_>, out: &mut String) -> Shown {
    let is_uuid = matches!(binary.subtype, BinarySubtype::Uuid | BinarySubtype::UuidOld);
    let holds_text = matches!(
        binary.subtype,
        BinarySubtype::Generic | BinarySubtype::BinaryOld
    );
    if holds_text && let Some(text) = as_text(binary.bytes) {
        out.push_str(text);
        return Shown::Text;
    }
    if binary.bytes.len() > MOST_BYTES {
        return Shown::LeftOut;
    }
    for (at, byte) in binary.bytes.iter().enumerate() {
        if is_uuid && binary.bytes.len() == 16 && matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let _ = write!(out, "{byte:02x}");
    }
    Shown::Text
}

/// The server's name of a value's type, as `$type` knows it.
pub(crate) fn name(value: RawBsonRef<'_>) -> &'static str {
    match value {
        RawBsonRef::Double(_) => "double",
        RawBsonRef::String(_) => "string",
        RawBsonRef::Document(_) => "object",
        RawBsonRef::Array(_) => "array",
        RawBsonRef::Binary(binary) => match binary.subtype {
            BinarySubtype::Uuid | BinarySubtype::UuidOld => "uuid",
            _ => "binData",
        },
        RawBsonRef::Undefined => "undefined",
        RawBsonRef::ObjectId(_) => "objectId",
        RawBsonRef::Boolean(_) => "bool",
        RawBsonRef::DateTime(_) => "date",
        RawBsonRef::Null => "null",
        RawBsonRef::RegularExpression(_) => "regex",
        RawBsonRef::DbPointer(_) => "dbPointer",
        RawBsonRef::JavaScriptCode(_) => "javascript",
        RawBsonRef::JavaScriptCodeWithScope(_) => "javascriptWithScope",
        RawBsonRef::Symbol(_) => "symbol",
        RawBsonRef::Int32(_) => "int",
        RawBsonRef::Int64(_) => "long",
        RawBsonRef::Timestamp(_) => "timestamp",
        RawBsonRef::Decimal128(_) => "decimal",
        RawBsonRef::MinKey => "minKey",
        RawBsonRef::MaxKey => "maxKey",
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{Binary, Bson, DateTime, Decimal128, Regex, Timestamp, doc, oid::ObjectId};

    use super::*;

    fn check(value: impl Into<Bson>) -> String {
        let document = doc! { "v": value.into() };
        let raw = mongodb::bson::RawDocumentBuf::try_from(&document).unwrap();
        let mut out = String::new();
        match show(raw.get("v").unwrap().unwrap(), &mut out) {
            Shown::Text => out,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        assert_eq!(check(42), "42");
        assert_eq!(check(i64::MIN), "-9223372036854775808");
        assert_eq!(check(1e15), "1000000000000000");
        assert_eq!(check(0.1), "0.1");
        assert_eq!(check("1.10".parse::<Decimal128>().unwrap()), "1.10");
        assert_eq!(check(true), "true");
    }

    #[test]
    fn moments_are_written_as_everybody_does() {
        assert_eq!(check(DateTime::from_millis(0)), "1970-01-01T00:00:00Z");
        assert_eq!(
            check(DateTime::from_millis(1_704_067_200_123)),
            "2024-01-01T00:00:00.123Z"
        );
        assert_eq!(
            check(DateTime::from_millis(253_402_300_799_000)),
            "9999-12-31T23:59:59Z"
        );
        assert_eq!(check(DateTime::from_millis(i64::MAX)), i64::MAX.to_string());
        let stamp = Timestamp {
            time: 86_400,
            increment: 7,
        };
        assert_eq!(check(stamp), "1970-01-02T00:00:00Z");
    }

    #[test]
    fn ids_and_bytes_are_text() {
        let id = "507f1f77bcf86cd799439011";
        assert_eq!(check(ObjectId::parse_str(id).unwrap()), id);
        let binary = |subtype, bytes: &[u8]| Binary {
            subtype,
            bytes: bytes.to_vec(),
        };
        let uuid: Vec<u8> = (0..16).collect();
        for subtype in [BinarySubtype::Uuid, BinarySubtype::UuidOld] {
            assert_eq!(
                check(binary(subtype, &uuid)),
                "00010203-0405-0607-0809-0a0b0c0d0e0f"
            );
        }
        assert_eq!(
            check(binary(BinarySubtype::Generic, "ümlaut".as_bytes())),
            "ümlaut"
        );
        assert_eq!(check(binary(BinarySubtype::Generic, &[0xff, 0x01])), "ff01");
        assert_eq!(check(binary(BinarySubtype::Generic, b"\0bin")), "0062696e");
        assert_eq!(check(binary(BinarySubtype::Md5, &[0x61])), "61");
        assert_eq!(
            check(binary(BinarySubtype::Generic, &[0xff; 5_000])),
            "LeftOut"
        );
        assert_eq!(check(Bson::Null), "Null");
        let regex = Regex {
            pattern: "^a".try_into().unwrap(),
            options: "i".try_into().unwrap(),
        };
        assert_eq!(check(regex), "/^a/i");
    }
}
