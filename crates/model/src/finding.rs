//! Findings: the judged result, column by identifier.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ColumnId, EntityId, SourceId};

/// A kind of personal data by its stable name, such as `EMAIL_ADDRESS` or `US_SSN`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identifier(String);

impl Identifier {
    /// An identifier by name; names are upper case by convention of the rule files.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The family an identifier belongs to; `--fail-on` accepts these names too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Names and other direct designations of a person.
    Identity,
    /// E-mail, telephone, postal address.
    Contact,
    /// City, region, country, coordinates.
    Location,
    /// Age, birth date, gender, nationality, family status, occupation.
    Demographic,
    /// Numbers that a state gives to a person.
    GovernmentId,
    /// Accounts, cards, wallets.
    Financial,
    /// Health data.
    Health,
    /// Addresses and numbers of devices and vehicles.
    Device,
    /// Login names, password hashes, secrets.
    Credential,
    /// Text with identifiers in it.
    Text,
}

/// How much harm disclosure does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sensitivity {
    /// Tells little without more.
    Low,
    /// Identifies or reaches a person.
    Medium,
    /// Enables fraud or serious intrusion.
    High,
    /// A special category by law (GDPR article 9: health, religion, ethnicity ...).
    Special,
}

/// Gives an enum one stable name for each value: `ALL`, `as_str`, `parse` and `Display`. Stores and output spell it so.
#[macro_export]
macro_rules! named {
    ($type:ident { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name used in stores and output.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The value with that stable name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named!(Category {
    Identity => "identity",
    Contact => "contact",
    Location => "location",
    Demographic => "demographic",
    GovernmentId => "government-id",
    Financial => "financial",
    Health => "health",
    Device => "device",
    Credential => "credential",
    Text => "text",
});
named!(Sensitivity { Low => "low", Medium => "medium", High => "high", Special => "special" });

/// How an identifier occurs in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The column holds this identifier.
    Column,
    /// The identifier occurs inside longer text or documents of the column.
    Embedded,
    /// A few cells hold it although the column is something else.
    Stray,
}

named!(FindingKind { Column => "column", Embedded => "embedded", Stray => "stray" });

/// The judged result for one column and one identifier. It has no field for a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The source that was read.
    pub source: SourceId,
    /// The table, file or collection.
    pub entity: EntityId,
    /// The column.
    pub column: ColumnId,
    /// The column's dotted path, as the source spells it.
    pub column_name: String,
    /// What was found.
    pub identifier: Identifier,
    /// How it occurs.
    pub kind: FindingKind,
    /// Estimated probability that it is right, 0 to 1.
    pub confidence: f64,
    /// Family of the identifier.
    pub category: Category,
    /// Harm of disclosure.
    pub sensitivity: Sensitivity,
    /// Rows of the entity that were read.
    pub rows: u64,
    /// Cells of the column that hold something: more than rows where these hold lists or maps. 0: not known.
    pub filled: u64,
    /// Cells that the deciding rules judged.
    pub tested: u64,
    /// Cells that hold it: those that matched, without those that failed every check they were put to.
    pub matched: u64,
    /// Matches that passed a validator; 0 where the rule has none.
    pub validated: u64,
    /// Estimated number of distinct values of the column.
    pub distinct: u64,
    /// Share of values whose canonical forms entered the column's subject filter, 0 to 1.
    pub indexed: f64,
    /// Ids of the deciding rules.
    pub rules: Vec<String>,
}
