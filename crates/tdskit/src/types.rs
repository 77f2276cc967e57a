//! Types and values as they stand on the wire (MS-TDS 2.2.5.4 and 2.2.5.5).

use encoding_rs::{SHIFT_JIS, WINDOWS_1252};
use rusqlite::types::ValueRef;

use crate::tokens::{long, short};

/// A type as it is declared: `decimal(10,2)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) name: String,
    /// What stands in brackets; `None` there is `max`.
    pub(crate) arguments: Vec<Option<u32>>,
    pub(crate) collation: Option<String>,
}

impl Type {
    /// From its text; a collation may stand behind it.
    pub(crate) fn parse(text: &str) -> Self {
        let (text, collation) = match text.split_once(" COLLATE ") {
            Some((text, collation)) => (text, Some(collation.trim().to_owned())),
            None => (text, None),
        };
        let (name, arguments) = text.split_once('(').unwrap_or((text, ""));
        let arguments = arguments.trim_end_matches(')').split(',');
        let arguments = arguments.map(str::trim).filter(|part| !part.is_empty());
        Self {
            name: name.trim().to_ascii_lowercase(),
            arguments: arguments.map(|part| part.parse().ok()).collect(),
            collation,
        }
    }

    pub(crate) fn argument(&self, at: usize, usual: u32) -> u32 {
        self.arguments.get(at).copied().flatten().unwrap_or(usual)
    }

    /// Whether values have no limit of length.
    pub(crate) fn is_max(&self) -> bool {
        self.arguments.first() == Some(&None)
    }

    /// Decimal places, of numbers and of seconds.
    pub(crate) fn scale(&self) -> u32 {
        match self.name.as_str() {
            "decimal" | "numeric" => self.argument(1, 0),
            "money" | "smallmoney" => 4,
            _ => self.argument(0, 7),
        }
    }

    pub(crate) fn precision(&self) -> u32 {
        match self.name.as_str() {
            "money" => 19,
            "smallmoney" => 10,
            _ => self.argument(0, 18),
        }
    }
}

/// Latin1_General_CI_AS of version 0; Japanese.
fn collation(kind: &Type) -> [u8; 5] {
    match kind.collation.as_deref() {
        Some(name) if name.starts_with("Japanese") => [0x11, 0x04, 0xD0, 0, 0],
        // SQL_Latin1_General_CP1_CI_AS.
        _ => [0x09, 0x04, 0xD0, 0, 0x34],
    }
}

/// Text as the bytes of a collation's character set; what that lacks is a question mark.
fn narrow(kind: &Type, text: &str) -> Vec<u8> {
    let set = match kind.collation.as_deref() {
        Some(name) if name.ends_with("_UTF8") => return text.as_bytes().to_vec(),
        Some(name) if name.starts_with("Japanese") => SHIFT_JIS,
        _ => WINDOWS_1252,
    };
    let letter = |c: char| match set.encode(c.encode_utf8(&mut [0; 4])) {
        (_, _, true) => vec![b'?'],
        (bytes, ..) => bytes.into_owned(),
    };
    text.chars().flat_map(letter).collect()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// TYPE_INFO, and what follows it for the old types.
pub(crate) fn information(kind: &Type) -> Vec<u8> {
    let sized = |token: u8, length: u32, collated: bool| {
        let length = if kind.is_max() { 0xFFFF } else { length as u16 };
        let mut bytes = vec![token];
        bytes.extend(length.to_le_bytes());
        if collated {
            bytes.extend(collation(kind));
        }
        bytes
    };
    let length = kind.argument(0, 1);
    match kind.name.as_str() {
        "tinyint" => vec![0x26, 1],
        "smallint" => vec![0x26, 2],
        "int" => vec![0x26, 4],
        "bigint" => vec![0x26, 8],
        "bit" => vec![0x68, 1],
        "real" => vec![0x6D, 4],
        "float" => vec![0x6D, 8],
        "smallmoney" => vec![0x6E, 4],
        "money" => vec![0x6E, 8],
        "smalldatetime" => vec![0x6F, 4],
        "datetime" => vec![0x6F, 8],
        "decimal" => vec![0x6A, 17, kind.precision() as u8, kind.scale() as u8],
        "numeric" => vec![0x6C, 17, kind.precision() as u8, kind.scale() as u8],
        "uniqueidentifier" => vec![0x24, 16],
        "date" => vec![0x28],
        "time" => vec![0x29, kind.scale() as u8],
        "datetime2" => vec![0x2A, kind.scale() as u8],
        "datetimeoffset" => vec![0x2B, kind.scale() as u8],
        "char" => sized(0xAF, length, true),
        "varchar" => sized(0xA7, length, true),
        "nchar" => sized(0xEF, length * 2, true),
        "sysname" => sized(0xE7, 256, true),
        "binary" => sized(0xAD, length, false),
        "timestamp" | "rowversion" => sized(0xAD, 8, false),
        "varbinary" => sized(0xA5, length, false),
        "xml" => vec![0xF1, 0],
        "sql_variant" => [&[0x62][..], &8_009_u32.to_le_bytes()].concat(),
        "text" => old(0x23, Some(collation(kind))),
        "ntext" => old(0x63, Some(collation(kind))),
        "image" => old(0x22, None),
        "hierarchyid" | "geometry" | "geography" => {
            let mut bytes = vec![0xF0, 0xFF, 0xFF];
            for part in ["", "sys", &kind.name] {
                bytes.extend(short(part));
            }
            bytes.extend(long("Microsoft.SqlServer.Types"));
            bytes
        }
        _ => sized(0xE7, length * 2, true),
    }
}

/// A type of values beside the row; the name of its table stands behind it, in parts.
fn old(token: u8, collation: Option<[u8; 5]>) -> Vec<u8> {
    let mut bytes = vec![token];
    bytes.extend(0x7FFF_FFFF_u32.to_le_bytes());
    bytes.extend(collation.into_iter().flatten());
    bytes.push(1);
    bytes.extend(long("t"));
    bytes
}

/// A value in chunks of odd length, whose number nobody knows beforehand.
fn chunked(bytes: &[u8], into: &mut Vec<u8>) {
    into.extend(0xFFFF_FFFF_FFFF_FFFE_u64.to_le_bytes());
    for chunk in bytes.chunks(2_999) {
        into.extend((chunk.len() as u32).to_le_bytes());
        into.extend_from_slice(chunk);
    }
    into.extend(0_u32.to_le_bytes());
}

/// A value that lies beside the row, behind a pointer and the time of its last change.
fn beside(bytes: &[u8], into: &mut Vec<u8>) {
    into.push(16);
    into.extend([7; 16]);
    into.extend([0; 8]);
    into.extend((bytes.len() as u32).to_le_bytes());
    into.extend_from_slice(bytes);
}

fn is_chunked(kind: &Type) -> bool {
    kind.is_max()
        || matches!(
            kind.name.as_str(),
            "xml" | "hierarchyid" | "geometry" | "geography"
        )
}

/// Null, as each type writes it.
pub(crate) fn null(kind: &Type, into: &mut Vec<u8>) {
    match kind.name.as_str() {
        _ if is_chunked(kind) => into.extend(u64::MAX.to_le_bytes()),
        "char" | "varchar" | "nchar" | "nvarchar" | "sysname" | "binary" | "varbinary"
        | "timestamp" | "rowversion" => into.extend(u16::MAX.to_le_bytes()),
        "sql_variant" => into.extend(0_u32.to_le_bytes()),
        _ => into.push(0),
    }
}

/// The bytes of a value.
fn raw(kind: &Type, value: ValueRef<'_>) -> Vec<u8> {
    let bytes = match value {
        ValueRef::Integer(number) => number.to_string().into_bytes(),
        ValueRef::Real(number) => number.to_string().into_bytes(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
        ValueRef::Null => Vec::new(),
    };
    let text = || String::from_utf8_lossy(&bytes).into_owned();
    match kind.name.as_str() {
        "char" | "varchar" | "text" => narrow(kind, &text()),
        "binary" | "varbinary" | "image" | "timestamp" | "rowversion" | "hierarchyid"
        | "geometry" | "geography" => bytes,
        _ => wide(&text()),
    }
}

/// A value of a type that is not null.
pub(crate) fn value(kind: &Type, value: ValueRef<'_>, into: &mut Vec<u8>) {
    match kind.name.as_str() {
        _ if is_chunked(kind) => chunked(&raw(kind, value), into),
        "text" | "ntext" | "image" => beside(&raw(kind, value), into),
        "sql_variant" => variant(value, into),
        "tinyint" | "smallint" | "int" | "bigint" | "bit" | "real" | "float" | "decimal"
        | "numeric" | "money" | "smallmoney" | "uniqueidentifier" | "date" | "time"
        | "datetime" | "smalldatetime" | "datetime2" | "datetimeoffset" => {
            let bytes = crate::values::bytes(kind, value);
            into.push(bytes.len() as u8);
            into.extend(bytes);
        }
        _ => {
            let bytes = raw(kind, value);
            into.extend((bytes.len() as u16).to_le_bytes());
            into.extend(bytes);
        }
    }
}

/// A value of any type, which is stored as `type:text`: its own type, what belongs to that, and the value.
fn variant(value: ValueRef<'_>, into: &mut Vec<u8>) {
    let text = value.as_str().unwrap_or_default();
    let (name, text) = text.split_once(':').unwrap_or(("nvarchar(4000)", text));
    let kind = Type::parse(name);
    let inner = ValueRef::Text(text.as_bytes());
    let (token, properties, bytes) = match kind.name.as_str() {
        "int" => (0x38, vec![], crate::values::bytes(&kind, inner)),
        "float" => (0x3E, vec![], crate::values::bytes(&kind, inner)),
        "date" => (0x28, vec![], crate::values::bytes(&kind, inner)),
        "datetime2" => (
            0x2A,
            vec![kind.scale() as u8],
            crate::values::bytes(&kind, inner),
        ),
        "uniqueidentifier" => (0x24, vec![], crate::values::bytes(&kind, inner)),
        "decimal" => (
            0x6A,
            vec![kind.precision() as u8, kind.scale() as u8],
            crate::values::bytes(&kind, inner),
        ),
        _ => {
            let mut properties = collation(&kind).to_vec();
            properties.extend(8_000_u16.to_le_bytes());
            (0xE7, properties, wide(text))
        }
    };
    into.extend(((2 + properties.len() + bytes.len()) as u32).to_le_bytes());
    into.extend([token, properties.len() as u8]);
    into.extend(properties);
    into.extend(bytes);
}
