//! How a column is read, by the server's own word for its type or by ODBC's number of it.

use arrow_schema::{DataType, TimeUnit};
use locard_odbc::Decode;
use locard_sql::{Class, Decoding, Dialect, RelationColumn};
use serde::{Deserialize, Serialize};

use crate::product::Product;

/// How the cells of a column come from the helper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Cells(pub(crate) Decode);

impl Decoding for Cells {
    fn data_type(self) -> DataType {
        match self.0 {
            Decode::Bool => DataType::Boolean,
            Decode::Int16 => DataType::Int16,
            Decode::Int32 => DataType::Int32,
            Decode::Int64 => DataType::Int64,
            Decode::Float32 => DataType::Float32,
            Decode::Float64 => DataType::Float64,
            Decode::Date => DataType::Date32,
            Decode::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Decode::Decimal | Decode::Text => DataType::Utf8View,
            Decode::Bytes => DataType::BinaryView,
        }
    }
}

/// What a catalog says of a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Described {
    pub(crate) name: String,
    /// The server's word for its type.
    pub(crate) native: String,
    /// ODBC's number of it, where known.
    pub(crate) code: Option<i32>,
    pub(crate) length: Option<String>,
    pub(crate) scale: Option<String>,
    pub(crate) nullable: bool,
    pub(crate) comment: Option<String>,
}

impl Described {
    /// The column as it is read.
    pub(crate) fn column(self, product: &Product, dialect: &Dialect) -> RelationColumn<Cells> {
        let quoted = dialect.identifier(&self.name);
        let known = product.types.get(&self.native);
        let known = known.or_else(|| product.types.get(&self.native.to_lowercase()));
        let (decode, class) = match (known, product.dynamic) {
            (_, true) => dynamic(&self.native),
            (Some(known), _) => (known.decode, known.class),
            (None, _) => by_code(self.code),
        };
        let select = known.and_then(|known| known.select.as_ref());
        RelationColumn {
            select: select.map_or_else(|| quoted.clone(), |how| how.replace("{column}", &quoted)),
            expression: quoted,
            decode: Cells(decode),
            class,
            native: self.declared(),
            whole_number: class == Class::Integer,
            readable: true,
            nullable: self.nullable,
            comment: self.comment,
            name: self.name,
        }
    }

    /// The type as a person would declare it.
    fn declared(&self) -> String {
        let upper = self.native.to_uppercase();
        let has_length = ["CHAR", "BINARY", "ALPHANUM", "SHORTTEXT"]
            .iter()
            .any(|part| upper.contains(part));
        match (&self.length, &self.scale) {
            (Some(length), _) if has_length => format!("{}({length})", self.native),
            (Some(length), Some(scale)) if upper == "DECIMAL" || upper == "NUMERIC" => {
                format!("{}({length},{scale})", self.native)
            }
            _ => self.native.clone(),
        }
    }
}

/// Where a column's type binds nobody, only what is declared as bytes does not come as text.
fn dynamic(native: &str) -> (Decode, Class) {
    if native.to_lowercase().contains("blob") {
        (Decode::Bytes, Class::Opaque)
    } else {
        (Decode::Text, Class::Dynamic)
    }
}

/// By the numbers of `sql.h` and `sqlext.h`. Texts are compared loosely, since nobody knows how the server does it.
fn by_code(code: Option<i32>) -> (Decode, Class) {
    match code.unwrap_or_default() {
        // SQL_CHAR, SQL_VARCHAR, and their wide kin; long ones have no comparison on many servers.
        1 | 12 | -8 | -9 => (Decode::Text, Class::LooseText),
        // SQL_NUMERIC, SQL_DECIMAL
        2 | 3 => (Decode::Decimal, Class::Decimal),
        // SQL_INTEGER may be unsigned; SQL_BIGINT too, and those that are have an entry in the product's file.
        4 | -5 => (Decode::Int64, Class::Integer),
        // SQL_SMALLINT may be unsigned too.
        5 => (Decode::Int32, Class::Integer),
        // SQL_FLOAT is of either precision, whatever its size is said to be; SQL_DOUBLE.
        6 | 8 => (Decode::Float64, Class::Float),
        // SQL_REAL
        7 => (Decode::Float32, Class::Float),
        // SQL_TINYINT
        -6 => (Decode::Int16, Class::Integer),
        // SQL_BIT
        -7 => (Decode::Bool, Class::Boolean),
        // SQL_BINARY, SQL_VARBINARY, SQL_LONGVARBINARY
        -4..=-2 => (Decode::Bytes, Class::Opaque),
        // SQL_TYPE_DATE, SQL_DATE
        91 | 9 => (Decode::Date, Class::Date),
        // SQL_TYPE_TIMESTAMP, SQL_TIMESTAMP
        93 | 11 => (Decode::Timestamp, Class::Timestamp),
        // SQL_GUID, SQL_LONGVARCHAR, SQL_TYPE_TIME, intervals, zoned times, XML, what a vendor made up.
        _ => (Decode::Text, Class::Opaque),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(product: &str, native: &str, code: Option<i32>) -> RelationColumn<Cells> {
        let product = Product::named(product).expect("known");
        let described = Described {
            name: "c".into(),
            native: native.into(),
            code,
            length: Some("50".into()),
            scale: Some("2".into()),
            ..Described::default()
        };
        described.column(product, &product.dialect(Some('"')))
    }

    #[test]
    fn types_are_read_by_their_names_else_by_their_numbers() {
        let text = column("hana", "NVARCHAR", None);
        assert_eq!((text.decode.0, text.class), (Decode::Text, Class::Text));
        assert_eq!(text.native, "NVARCHAR(50)");
        assert_eq!(column("hana", "DECIMAL", None).native, "DECIMAL(50,2)");
        assert_eq!(column("hana", "ST_POINT", None).select, "\"c\".ST_AsWKT()");
        assert_eq!(column("hana", "MYSTERY", None).decode.0, Decode::Text);
        assert_eq!(column("odbc", "float8", Some(6)).decode.0, Decode::Float64);
        assert_eq!(column("odbc", "x", Some(-155)).decode.0, Decode::Text);
        assert_eq!(column("sqlite", "integer", Some(4)).class, Class::Dynamic);
    }
}
