//! Which types are decoded from MySQL's binary protocol and which the server is asked to write as text.
//!
//! Decided once per column from `information_schema`, never by failing: an unknown type has a text form.

use arrow_schema::{DataType, TimeUnit};
use locard_sql::{Class, Decoding, Dialect, LONGEST_VALUE, MARK};
use serde::{Deserialize, Serialize};

/// How the bytes of one value become an Arrow value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decode {
    Int1,
    Int2,
    Int4,
    Int8,
    Uint1,
    Uint2,
    Uint4,
    Uint8,
    Float4,
    Float8,
    Decimal,
    /// One bit.
    Bool,
    Text,
    Bytes,
    Date,
    /// A duration of either sign up to 838 hours: text, since no time of day holds it.
    Time,
    /// Without a zone.
    Datetime,
    /// A point in time.
    Timestamp,
}

impl Decoding for Decode {
    fn data_type(self) -> DataType {
        match self {
            Self::Int1 => DataType::Int8,
            Self::Int2 => DataType::Int16,
            Self::Int4 => DataType::Int32,
            Self::Int8 => DataType::Int64,
            Self::Uint1 => DataType::UInt8,
            Self::Uint2 => DataType::UInt16,
            Self::Uint4 => DataType::UInt32,
            Self::Uint8 => DataType::UInt64,
            Self::Float4 => DataType::Float32,
            Self::Float8 => DataType::Float64,
            Self::Bool => DataType::Boolean,
            Self::Decimal | Self::Text | Self::Time => DataType::Utf8View,
            Self::Bytes => DataType::BinaryView,
            Self::Date => DataType::Date32,
            Self::Datetime => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
        }
    }
}

impl Decode {
    /// Whether it can read what the answer calls its column's type: the table may have changed since the plan.
    pub(crate) fn reads(self, answered: &str) -> bool {
        let unsigned = answered.ends_with(" UNSIGNED");
        match (self, answered.trim_end_matches(" UNSIGNED")) {
            (Self::Int1, "TINYINT")
            | (Self::Int2, "SMALLINT")
            | (Self::Int4, "INT" | "MEDIUMINT")
            | (Self::Int8, "BIGINT") => !unsigned,
            (Self::Uint1, "TINYINT")
            | (Self::Uint2, "SMALLINT")
            | (Self::Uint4, "INT" | "MEDIUMINT")
            | (Self::Uint8, "BIGINT") => unsigned,
            (Self::Int1 | Self::Uint1, "BOOLEAN")
            | (Self::Uint2, "YEAR")
            | (Self::Float4, "FLOAT")
            | (Self::Float8, "DOUBLE")
            | (Self::Decimal, "DECIMAL")
            | (Self::Bool, "BIT")
            | (Self::Date, "DATE")
            | (Self::Time, "TIME")
            | (Self::Datetime, "DATETIME")
            | (Self::Timestamp, "TIMESTAMP") => true,
            // The names say whether a collation is binary, which has nothing to do with what a text is.
            (Self::Text | Self::Bytes, name) => {
                name.ends_with("TEXT")
                    || name.ends_with("BLOB")
                    || name.ends_with("CHAR")
                    || name.ends_with("BINARY")
                    || matches!(name, "ENUM" | "SET" | "JSON" | "NULL")
            }
            _ => answered == "NULL",
        }
    }
}

/// How a column is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    /// As it is.
    Plain,
    /// As it is, or the mark where it is too long to be sent.
    Limited,
    /// As the number that its bits are.
    Number,
    /// As well-known text.
    Geometry,
    /// As the server's text.
    Written,
}

/// What a column is to the server in a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    /// The column.
    Plain,
    /// In the character set of our literals: one that the column's own lacks would be an error.
    Converted,
    /// As a number: a year is also equal to its last two digits, bits are text to some functions.
    Number,
    /// Null for what is no day of the calendar, as it is no date to a reader either.
    Calendar,
}

/// How one column is asked for and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// How a value is decoded.
    pub(crate) decode: Decode,
    /// What its values are to predicates.
    pub(crate) class: Class,
    ask: Ask,
    compare: Compare,
}

impl Kind {
    const fn of(decode: Decode, class: Class) -> Self {
        Self {
            decode,
            class,
            ask: Ask::Plain,
            compare: Compare::Plain,
        }
    }

    const fn ask(self, ask: Ask) -> Self {
        Self { ask, ..self }
    }

    const fn compare(self, compare: Compare) -> Self {
        Self { compare, ..self }
    }

    /// Whether ranges of it can be read by themselves.
    pub(crate) const fn is_whole_number(self) -> bool {
        matches!(
            self.decode,
            Decode::Int1
                | Decode::Int2
                | Decode::Int4
                | Decode::Int8
                | Decode::Uint1
                | Decode::Uint4
                | Decode::Uint8
        ) && matches!(self.ask, Ask::Plain)
    }

    /// What the SELECT asks for, of a quoted column.
    pub(crate) fn select(self, column: &str) -> String {
        let limited = |value: &str| {
            format!(
                "CASE WHEN OCTET_LENGTH({column}) > {LONGEST_VALUE} THEN '{MARK}' ELSE {value} END"
            )
        };
        match self.ask {
            Ask::Plain => column.to_owned(),
            Ask::Limited => limited(column),
            Ask::Number => format!("({column} + 0)"),
            Ask::Geometry => format!("ST_AsText({column})"),
            Ask::Written => format!("CAST({column} AS CHAR)"),
        }
    }

    /// What stands for a quoted column in predicates.
    pub(crate) fn predicate(self, column: &str) -> String {
        match self.compare {
            Compare::Plain => column.to_owned(),
            Compare::Converted => (Dialect::MYSQL.text)(column),
            Compare::Number => format!("({column} + 0)"),
            Compare::Calendar => {
                format!(
                    "CASE WHEN DAYOFMONTH({column}) > 0 AND MONTH({column}) > 0 THEN {column} END"
                )
            }
        }
    }
}

/// How a column is read, by its type, that type as declared, and its character set.
pub(crate) fn kind(data_type: &str, declared: &str, charset: Option<&str>) -> Kind {
    let signed = !declared.contains("unsigned");
    let integer = |narrow, wide| Kind::of(if signed { narrow } else { wide }, Class::Integer);
    let text = Kind::of(Decode::Text, Class::LooseText);
    let text = match charset {
        Some("utf8mb4") => text,
        _ => text.compare(Compare::Converted),
    };
    let dynamic = Kind::of(Decode::Text, Class::Dynamic);
    let opaque = |decode| Kind::of(decode, Class::Opaque);
    match data_type {
        "tinyint" => integer(Decode::Int1, Decode::Uint1),
        "smallint" => integer(Decode::Int2, Decode::Uint2),
        "mediumint" | "int" | "integer" => integer(Decode::Int4, Decode::Uint4),
        "bigint" if signed => Kind::of(Decode::Int8, Class::Integer),
        // Beyond the integers that questions are asked in.
        "bigint" => Kind::of(Decode::Uint8, Class::Decimal),
        "year" => Kind::of(Decode::Uint2, Class::Integer).compare(Compare::Number),
        "bit" if declared == "bit(1)" => {
            Kind::of(Decode::Bool, Class::Boolean).compare(Compare::Number)
        }
        "bit" => Kind::of(Decode::Uint8, Class::Decimal)
            .ask(Ask::Number)
            .compare(Compare::Number),
        "float" => Kind::of(Decode::Float4, Class::Float),
        "double" => Kind::of(Decode::Float8, Class::Float),
        "decimal" => Kind::of(Decode::Decimal, Class::Decimal),
        "date" => Kind::of(Decode::Date, Class::Date).compare(Compare::Calendar),
        "datetime" => Kind::of(Decode::Datetime, Class::Timestamp).compare(Compare::Calendar),
        "timestamp" => Kind::of(Decode::Timestamp, Class::TimestampTz).compare(Compare::Calendar),
        "time" => opaque(Decode::Time),
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" => text,
        "longtext" => text.ask(Ask::Limited),
        "enum" | "set" | "inet4" | "inet6" => dynamic,
        "json" => opaque(Decode::Text).ask(Ask::Limited),
        "uuid" => Kind::of(Decode::Text, Class::Uuid),
        "longblob" => opaque(Decode::Bytes).ask(Ask::Limited),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "vector" => {
            opaque(Decode::Bytes)
        }
        name if is_geometry(name) => opaque(Decode::Text).ask(Ask::Geometry),
        _ => opaque(Decode::Text).ask(Ask::Written),
    }
}

fn is_geometry(name: &str) -> bool {
    const PLAIN: [&str; 4] = ["geometry", "point", "linestring", "polygon"];
    let single = name.strip_prefix("multi").unwrap_or(name);
    PLAIN.contains(&single) || matches!(name, "geometrycollection" | "geomcollection")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_width_and_sign() {
        let decode = |name, declared| kind(name, declared, None).decode;
        assert_eq!(decode("tinyint", "tinyint(1)"), Decode::Int1);
        assert_eq!(
            decode("mediumint", "mediumint(8) unsigned zerofill"),
            Decode::Uint4
        );
        assert_eq!(decode("bigint", "bigint unsigned"), Decode::Uint8);
        assert_eq!(decode("year", "year(4)"), Decode::Uint2);
        assert_eq!(decode("bit", "bit(1)"), Decode::Bool);
    }

    #[test]
    fn literals_meet_a_column_in_their_own_character_set() {
        let predicate = |charset| kind("varchar", "varchar(9)", Some(charset)).predicate("\"c\"");
        assert_eq!(predicate("utf8mb4"), "\"c\"");
        assert_eq!(predicate("latin1"), "CONVERT(\"c\" USING utf8mb4)");
        assert_eq!(predicate("utf8mb3"), "CONVERT(\"c\" USING utf8mb4)");
    }

    #[test]
    fn what_may_be_long_is_asked_for_with_a_limit_and_what_is_unknown_as_text() {
        let select = |name| kind(name, name, None).select("c");
        assert!(select("longblob").starts_with("CASE WHEN OCTET_LENGTH(c)"));
        assert_eq!(select("multipolygon"), "ST_AsText(c)");
        assert_eq!(select("xmltype"), "CAST(c AS CHAR)");
        assert_eq!(select("varchar"), "c");
        for name in ["longtext", "json", "bit", "point", "novelty"] {
            let sql = format!("SELECT {} FROM t", select(name));
            assert!(locard_sql::is_select(&sql), "{sql}");
        }
    }

    #[test]
    fn an_answer_of_another_type_is_not_read() {
        assert!(Decode::Int4.reads("INT") && !Decode::Int4.reads("INT UNSIGNED"));
        assert!(!Decode::Int4.reads("BIGINT") && !Decode::Int4.reads("VARCHAR"));
        assert!(Decode::Text.reads("VARBINARY") && !Decode::Text.reads("INT"));
        assert!(Decode::Uint8.reads("BIGINT UNSIGNED") && Decode::Date.reads("NULL"));
    }
}
