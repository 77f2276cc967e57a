//! What a column holds.

use crate::named;

/// The type of a column, declared by its source or inferred from its cells. The position is the stored number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogicalType {
    /// Strings, and whatever else is read as text.
    #[default]
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers with a fraction, exact.
    Decimal,
    /// Numbers of limited precision; only ever declared, since text shows no difference to a decimal.
    Float,
    /// Two-valued.
    Boolean,
    /// Calendar dates.
    Date,
    /// Points in time.
    Timestamp,
    /// Universally unique identifiers.
    Uuid,
    /// Documents in text.
    Json,
    /// Bytes.
    Binary,
}

named!(LogicalType {
    Text => "text",
    Integer => "integer",
    Decimal => "decimal",
    Float => "float",
    Boolean => "boolean",
    Date => "date",
    Timestamp => "timestamp",
    Uuid => "uuid",
    Json => "json",
    Binary => "binary",
});

impl LogicalType {
    /// Whether values have an order as numbers.
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Float)
    }
}
