//! Which types are decoded from TDS as they are and which the server is asked to write otherwise.
//!
//! Decided once per column from `sys.columns`, never by failing: an unknown type is a class of the server's, and has a
//! text form.

use arrow_schema::{DataType, TimeUnit};
use locard_sql::{Class, Decoding, LONGEST_VALUE, MARK};
use serde::{Deserialize, Serialize};

/// How one value becomes an Arrow value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decode {
    Bool,
    Uint1,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    /// Text without zeros at the end of the fraction.
    Decimal,
    /// Text, of whatever else has one: UUIDs, times of day, values of any type.
    Text,
    Bytes,
    Date,
    /// Without a zone.
    Datetime,
    /// A point in time.
    Offset,
}

impl Decoding for Decode {
    fn data_type(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Uint1 => DataType::UInt8,
            Self::Int2 => DataType::Int16,
            Self::Int4 => DataType::Int32,
            Self::Int8 => DataType::Int64,
            Self::Float4 => DataType::Float32,
            Self::Float8 => DataType::Float64,
            Self::Decimal | Self::Text => DataType::Utf8View,
            Self::Bytes => DataType::BinaryView,
            Self::Date => DataType::Date32,
            Self::Datetime => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Offset => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
        }
    }
}

/// How a column is written in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it is.
    Plain,
    /// In another type.
    Cast(&'static str),
    /// In another type, or the mark where it is too long to be sent.
    Long(&'static str),
    /// As what a method of its class answers.
    Method(&'static str),
}

impl Form {
    fn write(self, column: &str) -> String {
        match self {
            Self::Plain => column.to_owned(),
            Self::Cast(to) => format!("CAST({column} AS {to})"),
            Self::Long(to) => format!(
                "CASE WHEN DATALENGTH({column}) > {LONGEST_VALUE} THEN CAST('{MARK}' AS {to}) \
                 ELSE CAST({column} AS {to}) END"
            ),
            Self::Method(method) => format!("{column}.{method}()"),
        }
    }
}

/// How one column is asked for and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// How a value is decoded.
    pub(crate) decode: Decode,
    /// What its values are to predicates.
    pub(crate) class: Class,
    ask: Form,
    compare: Form,
}

impl Kind {
    const fn of(decode: Decode, class: Class) -> Self {
        Self {
            decode,
            class,
            ask: Form::Plain,
            compare: Form::Plain,
        }
    }

    const fn ask(self, ask: Form) -> Self {
        Self { ask, ..self }
    }

    const fn compare(self, compare: Form) -> Self {
        Self { compare, ..self }
    }

    /// Whether ranges of it can be read by themselves.
    pub(crate) const fn is_whole_number(self) -> bool {
        matches!(
            self.decode,
            Decode::Uint1 | Decode::Int2 | Decode::Int4 | Decode::Int8
        )
    }

    /// What the SELECT asks for, of a quoted column.
    pub(crate) fn select(self, column: &str) -> String {
        self.ask.write(column)
    }

    /// What stands for a quoted column in predicates.
    pub(crate) fn predicate(self, column: &str) -> String {
        self.compare.write(column)
    }
}

const NVARCHAR: &str = "nvarchar(max)";
const VARBINARY: &str = "varbinary(max)";
const MONEY: &str = "decimal(19, 4)";

/// How a column is read, by the server's own type beneath it, whether its length is unlimited, and its collation.
pub(crate) fn kind(data_type: &str, unlimited: bool, collation: Option<&str>) -> Kind {
    let text = Kind::of(Decode::Text, Class::LooseText);
    let opaque = |decode| Kind::of(decode, Class::Opaque);
    match data_type {
        "bit" => Kind::of(Decode::Bool, Class::Boolean),
        "tinyint" => Kind::of(Decode::Uint1, Class::Integer),
        "smallint" => Kind::of(Decode::Int2, Class::Integer),
        "int" => Kind::of(Decode::Int4, Class::Integer),
        "bigint" => Kind::of(Decode::Int8, Class::Integer),
        "real" => Kind::of(Decode::Float4, Class::Float),
        "float" => Kind::of(Decode::Float8, Class::Float),
        "decimal" | "numeric" => Kind::of(Decode::Decimal, Class::Decimal),
        // The driver would make a binary fraction of it.
        "money" | "smallmoney" => Kind::of(Decode::Decimal, Class::Decimal)
            .ask(Form::Cast(MONEY))
            .compare(Form::Cast(MONEY)),
        "nchar" | "nvarchar" | "sysname" if !unlimited => text,
        "char" | "varchar" if !unlimited && is_latin(collation) => text,
        "char" | "varchar" if !unlimited => text.ask(Form::Cast(NVARCHAR)),
        "char" | "varchar" | "nchar" | "nvarchar" => text.ask(Form::Long(NVARCHAR)),
        "json" | "vector" => opaque(Decode::Text).ask(Form::Cast(NVARCHAR)),
        "text" | "ntext" | "xml" => text.ask(Form::Long(NVARCHAR)).compare(Form::Cast(NVARCHAR)),
        "binary" | "varbinary" if !unlimited => opaque(Decode::Bytes),
        "timestamp" | "rowversion" => opaque(Decode::Bytes),
        "binary" | "varbinary" | "image" => opaque(Decode::Bytes).ask(Form::Long(VARBINARY)),
        "date" => Kind::of(Decode::Date, Class::Date),
        "datetime2" | "smalldatetime" => Kind::of(Decode::Datetime, Class::Timestamp),
        // Its steps are thirds of a millisecond's hundredth; a reader gets them rounded.
        "datetime" => {
            Kind::of(Decode::Datetime, Class::Timestamp).compare(Form::Cast("datetime2(3)"))
        }
        "datetimeoffset" => Kind::of(Decode::Offset, Class::TimestampTz),
        "uniqueidentifier" => Kind::of(Decode::Text, Class::Uuid),
        "time" | "sql_variant" => opaque(Decode::Text),
        "geography" | "geometry" => opaque(Decode::Text).ask(Form::Method("STAsText")),
        // hierarchyid, and whatever classes users made types of.
        _ => opaque(Decode::Text).ask(Form::Method("ToString")),
    }
}

/// Whether the driver knows the character set of a collation for certain.
fn is_latin(collation: Option<&str>) -> bool {
    collation.is_some_and(|name| {
        let latin = ["SQL_Latin1_General_CP1_", "Latin1_General_"];
        latin.iter().any(|prefix| name.starts_with(prefix)) && !name.ends_with("_UTF8")
    })
}

/// A type as people declare it.
pub(crate) fn native(name: &str, length: i32, precision: u32, scale: u32) -> String {
    match name {
        "nchar" | "nvarchar" | "char" | "varchar" | "binary" | "varbinary" if length < 0 => {
            format!("{name}(max)")
        }
        "nchar" | "nvarchar" => format!("{name}({})", length / 2),
        "char" | "varchar" | "binary" | "varbinary" => format!("{name}({length})"),
        "decimal" | "numeric" => format!("{name}({precision},{scale})"),
        "datetime2" | "datetimeoffset" | "time" => format!("{name}({scale})"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_long_is_asked_for_with_a_limit() {
        let long = kind("nvarchar", true, None).select("\"c\"");
        assert!(long.starts_with("CASE WHEN DATALENGTH(\"c\")"), "{long}");
        assert_eq!(kind("nvarchar", false, None).select("\"c\""), "\"c\"");
        for (name, unlimited) in [("image", false), ("xml", false), ("geography", true)] {
            let sql = format!(
                "SELECT {} FROM t",
                kind(name, unlimited, None).select("\"c\"")
            );
            assert!(locard_sql::is_select(&sql), "{sql}");
        }
    }

    #[test]
    fn text_of_an_unknown_character_set_is_made_unicode_by_the_server() {
        let select = |collation| kind("varchar", false, Some(collation)).select("c");
        assert_eq!(select("SQL_Latin1_General_CP1_CI_AS"), "c");
        assert_eq!(select("Latin1_General_100_CI_AS"), "c");
        assert_eq!(
            select("Latin1_General_100_CI_AS_SC_UTF8"),
            "CAST(c AS nvarchar(max))"
        );
        assert_eq!(select("Japanese_CI_AS"), "CAST(c AS nvarchar(max))");
    }

    #[test]
    fn money_keeps_its_fraction_and_classes_are_asked_for_their_text() {
        assert_eq!(
            kind("money", false, None).select("c"),
            "CAST(c AS decimal(19, 4))"
        );
        assert_eq!(kind("geometry", true, None).select("c"), "c.STAsText()");
        assert_eq!(kind("hierarchyid", false, None).select("c"), "c.ToString()");
    }

    #[test]
    fn types_are_shown_as_they_are_declared() {
        assert_eq!(native("nvarchar", 100, 0, 0), "nvarchar(50)");
        assert_eq!(native("varbinary", -1, 0, 0), "varbinary(max)");
        assert_eq!(native("decimal", 9, 18, 2), "decimal(18,2)");
        assert_eq!(native("datetime2", 8, 27, 7), "datetime2(7)");
        assert_eq!(native("int", 4, 10, 0), "int");
    }
}
