//! Which types are decoded from PostgreSQL's binary format and which are cast to text by the server.
//!
//! Decided once per column from `pg_type`, never by failing: an unknown type has a text form, always. Composite values
//! and hstore travel as JSON, so that the engine finds their fields.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, TimeUnit};
use locard_sql::{Class, LONGEST_VALUE, MARK};
use serde::{Deserialize, Serialize};

/// How the bytes of one field become an Arrow value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decode {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    Text,
    /// `char(n)`: trailing blanks mean nothing and are dropped.
    Padded,
    Jsonb,
    Bytes,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Uuid,
    Inet,
    Mac,
}

impl Decode {
    /// The Arrow type of what it yields.
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int2 => DataType::Int16,
            Self::Int4 => DataType::Int32,
            Self::Int8 | Self::Oid => DataType::Int64,
            Self::Float4 => DataType::Float32,
            Self::Float8 => DataType::Float64,
            Self::Bytes => DataType::BinaryView,
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time64(TimeUnit::Microsecond),
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
            Self::Numeric
            | Self::Text
            | Self::Padded
            | Self::Jsonb
            | Self::Uuid
            | Self::Inet
            | Self::Mac => DataType::Utf8View,
        }
    }
}

/// How one column is asked for and read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kind {
    /// How a value, or an element of a list, is decoded.
    pub(crate) decode: Decode,
    /// Whether cells are arrays.
    pub(crate) list: bool,
    /// What the SELECT wraps around the column.
    #[serde(skip)]
    pub(crate) cast: Cast,
    /// What its values are to predicates.
    #[serde(skip, default = "opaque")]
    pub(crate) class: Class,
    /// Whether its values may be too long to be sent.
    #[serde(skip)]
    pub(crate) long: Long,
}

impl Kind {
    /// The same, about whose values the server is asked nothing.
    pub(crate) fn unasked(self) -> Self {
        Self {
            class: Class::Opaque,
            ..self
        }
    }
}

const fn opaque() -> Class {
    Class::Opaque
}

/// Whether values of a type may be too long to be sent, and what stands in their place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Long {
    /// They never are, or nothing of their type can be told from a value: arrays.
    #[default]
    Never,
    /// The mark itself.
    Text,
    /// The mark as a document.
    Json,
    /// The same in the type `jsonb`.
    Jsonb,
    /// The mark's bytes.
    Bytes,
}

/// A value that takes less room than this where it is stored is not too long however well it was compressed.
const SUSPICIOUS: usize = LONGEST_VALUE / 256;

/// What the SELECT wraps around a column so that its bytes can be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cast {
    /// Nothing.
    #[default]
    None,
    /// The type's text form.
    Text,
    /// The text form of each element.
    Texts,
    /// A number without a currency's sign and separators.
    Numeric,
    /// The same for each element.
    Numerics,
    /// A JSON document.
    Json,
    /// The JSON text of an extension's own cast.
    OwnJson,
}

impl Cast {
    /// The expression around a quoted column.
    pub(crate) fn around(self, column: &str) -> String {
        match self {
            Self::None => column.to_owned(),
            Self::Text => format!("{column}::pg_catalog.text"),
            Self::Texts => format!("{column}::pg_catalog.text[]"),
            Self::Numeric => format!("{column}::pg_catalog.numeric"),
            Self::Numerics => format!("{column}::pg_catalog.numeric[]"),
            Self::Json => format!("pg_catalog.to_jsonb({column})"),
            Self::OwnJson => format!("{column}::pg_catalog.jsonb"),
        }
    }
}

impl Kind {
    const fn of(decode: Decode, class: Class) -> Self {
        Self {
            decode,
            list: false,
            cast: Cast::None,
            class,
            long: Long::Never,
        }
    }

    const fn cast(decode: Decode, cast: Cast) -> Self {
        let long = match decode {
            Decode::Text => Long::Text,
            Decode::Jsonb => Long::Jsonb,
            _ => Long::Never,
        };
        Self {
            decode,
            list: false,
            cast,
            class: Class::Opaque,
            long,
        }
    }

    const fn long(self, long: Long) -> Self {
        Self { long, ..self }
    }

    /// What the SELECT asks for: the column in a form that can be decoded, or a mark where its value is too long.
    pub(crate) fn select(&self, column: &str) -> String {
        let value = self.cast.around(column);
        let (length, mark) = match self.long {
            Long::Never => return value,
            _ if self.list => return value,
            Long::Text => (format!("{value}::pg_catalog.text"), format!("'{MARK}'")),
            Long::Json => (
                format!("{value}::pg_catalog.text"),
                format!("'\"{MARK}\"'::pg_catalog.json"),
            ),
            Long::Jsonb => (
                format!("{value}::pg_catalog.text"),
                format!("'\"{MARK}\"'::pg_catalog.jsonb"),
            ),
            Long::Bytes => (value.clone(), format!("'{MARK}'::pg_catalog.bytea")),
        };
        format!(
            "CASE WHEN pg_catalog.pg_column_size({column}) > {SUSPICIOUS} \
             AND pg_catalog.octet_length({length}) > {LONGEST_VALUE} THEN {mark} ELSE {value} END"
        )
    }

    /// The column's name as the contract spells it, and its field.
    pub(crate) fn field(&self, name: &str, nullable: bool) -> Field {
        if !self.list {
            return Field::new(name, self.decode.data_type(), nullable);
        }
        Field::new(
            format!("{name}[]"),
            DataType::List(self.element()),
            nullable,
        )
    }

    /// The field of a list's elements.
    pub(crate) fn element(&self) -> Arc<Field> {
        Arc::new(Field::new("item", self.decode.data_type(), true))
    }
}

/// One row of `pg_type`.
#[derive(Clone, Debug)]
pub(crate) struct Type {
    /// Its name without schema.
    pub(crate) name: String,
    /// `b`ase, `c`omposite, `d`omain, `e`num, `m`ultirange, `p`seudo, `r`ange.
    pub(crate) kind: String,
    /// `A` for arrays.
    pub(crate) category: String,
    /// Base type of a domain.
    pub(crate) base: i64,
    /// Element type of an array.
    pub(crate) element: i64,
    /// Whether it is one of PostgreSQL's own.
    pub(crate) builtin: bool,
}

/// Types by oid.
pub(crate) type Types = HashMap<i64, Type>;

/// How a column of that type is read.
pub(crate) fn kind(types: &Types, oid: i64) -> Kind {
    const DEPTH: usize = 16;
    let mut oid = oid;
    for _ in 0..DEPTH {
        let Some(found) = types.get(&oid) else {
            return Kind::cast(Decode::Text, Cast::Text);
        };
        if found.kind == "d" {
            oid = found.base;
        } else if found.category == "A"
            && found.name.starts_with('_') | (found.kind == "b" && !is_vector(found))
            && found.element != 0
        {
            return list(&kind(types, found.element));
        } else {
            return scalar(found);
        }
    }
    Kind::cast(Decode::Text, Cast::Text)
}

/// `int2vector` and `oidvector` are arrays by category only.
fn is_vector(found: &Type) -> bool {
    found.builtin && found.name.ends_with("vector")
}

fn list(element: &Kind) -> Kind {
    let cast = match element.cast {
        _ if element.list => Cast::Json,
        Cast::None => Cast::None,
        Cast::Text | Cast::Texts => Cast::Texts,
        Cast::Numeric | Cast::Numerics => Cast::Numerics,
        // Documents of documents: one JSON array, which the engine takes apart.
        Cast::Json | Cast::OwnJson => Cast::Json,
    };
    if cast == Cast::Json {
        Kind::cast(Decode::Jsonb, Cast::Json)
    } else {
        Kind {
            list: true,
            cast,
            ..element.clone()
        }
    }
}

fn scalar(found: &Type) -> Kind {
    match found.kind.as_str() {
        "e" => return Kind::of(Decode::Text, Class::Dynamic),
        "c" => return Kind::cast(Decode::Jsonb, Cast::Json),
        "b" => {}
        _ => return Kind::cast(Decode::Text, Cast::Text),
    }
    if !found.builtin {
        return match found.name.as_str() {
            "citext" => Kind::of(Decode::Text, Class::Dynamic).long(Long::Text),
            "hstore" => Kind::cast(Decode::Jsonb, Cast::OwnJson),
            _ => Kind::cast(Decode::Text, Cast::Text),
        };
    }
    match found.name.as_str() {
        "bool" => Kind::of(Decode::Bool, Class::Boolean),
        "int2" => Kind::of(Decode::Int2, Class::Integer),
        "int4" => Kind::of(Decode::Int4, Class::Integer),
        "int8" => Kind::of(Decode::Int8, Class::Integer),
        "oid" => Kind::of(Decode::Oid, Class::Opaque),
        "float4" => Kind::of(Decode::Float4, Class::Float),
        "float8" => Kind::of(Decode::Float8, Class::Float),
        "numeric" => Kind::of(Decode::Numeric, Class::Decimal),
        "money" => Kind::cast(Decode::Numeric, Cast::Numeric),
        "text" | "varchar" => Kind::of(Decode::Text, Class::Text).long(Long::Text),
        "name" => Kind::of(Decode::Text, Class::Dynamic),
        "bpchar" => Kind::of(Decode::Padded, Class::LooseText).long(Long::Text),
        "json" => Kind::of(Decode::Text, Class::Opaque).long(Long::Json),
        "jsonb" => Kind::of(Decode::Jsonb, Class::Opaque).long(Long::Jsonb),
        "bytea" => Kind::of(Decode::Bytes, Class::Opaque).long(Long::Bytes),
        "date" => Kind::of(Decode::Date, Class::Date),
        "time" => Kind::of(Decode::Time, Class::Opaque),
        "timestamp" => Kind::of(Decode::Timestamp, Class::Timestamp),
        "timestamptz" => Kind::of(Decode::TimestampTz, Class::TimestampTz),
        "uuid" => Kind::of(Decode::Uuid, Class::Uuid),
        "inet" | "cidr" => Kind::of(Decode::Inet, Class::Opaque),
        "macaddr" | "macaddr8" => Kind::of(Decode::Mac, Class::Opaque),
        _ => Kind::cast(Decode::Text, Cast::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types() -> Types {
        let one = |name: &str, kind: &str, category: &str, base, element, builtin| Type {
            name: name.into(),
            kind: kind.into(),
            category: category.into(),
            base,
            element,
            builtin,
        };
        Types::from([
            (23, one("int4", "b", "N", 0, 0, true)),
            (1007, one("_int4", "b", "A", 0, 23, true)),
            (22, one("int2vector", "b", "A", 0, 21, true)),
            (1186, one("interval", "b", "T", 0, 0, true)),
            (1187, one("_interval", "b", "A", 0, 1186, true)),
            (500, one("positive", "d", "N", 23, 0, false)),
            (501, one("_positive", "b", "A", 0, 500, false)),
            (502, one("numbers", "d", "A", 1007, 0, false)),
            (503, one("address", "c", "C", 0, 0, false)),
            (504, one("_address", "b", "A", 0, 503, false)),
            (505, one("_numbers", "b", "A", 0, 502, false)),
        ])
    }

    fn check(oid: i64) -> (Decode, bool, Cast) {
        let kind = kind(&types(), oid);
        (kind.decode, kind.list, kind.cast)
    }

    #[test]
    fn a_domain_is_read_as_its_base_whatever_the_nesting() {
        assert_eq!(check(500), (Decode::Int4, false, Cast::None));
        assert_eq!(check(501), (Decode::Int4, true, Cast::None));
        assert_eq!(check(502), (Decode::Int4, true, Cast::None));
    }

    #[test]
    fn what_has_no_decoder_is_cast_by_the_server() {
        assert_eq!(check(1186), (Decode::Text, false, Cast::Text));
        assert_eq!(check(1187), (Decode::Text, true, Cast::Texts));
        assert_eq!(check(22), (Decode::Text, false, Cast::Text));
        assert_eq!(check(99_999), (Decode::Text, false, Cast::Text));
    }

    #[test]
    fn what_may_be_long_is_asked_for_with_a_limit() {
        let kind = |oid| kind(&types(), oid);
        assert_eq!(kind(23).select("c"), "c");
        let select = kind(1186).select("c");
        assert!(select.ends_with("ELSE c::pg_catalog.text END"), "{select}");
        assert!(locard_sql::is_select(&format!("SELECT {select} FROM t")));
        let select = kind(503).select("c");
        assert!(
            select.ends_with("ELSE pg_catalog.to_jsonb(c) END"),
            "{select}"
        );
        assert!(locard_sql::is_select(&format!("SELECT {select} FROM t")));
        // Nothing in an array's place could be told from an array.
        assert!(!kind(1187).select("c").contains("CASE"));
    }

    #[test]
    fn composites_and_what_nests_travel_as_documents() {
        assert_eq!(check(503), (Decode::Jsonb, false, Cast::Json));
        assert_eq!(check(504), (Decode::Jsonb, false, Cast::Json));
        assert_eq!(check(505), (Decode::Jsonb, false, Cast::Json));
    }
}
