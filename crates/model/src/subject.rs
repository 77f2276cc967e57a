//! Data subjects, and what agreeing on a value says about them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Identifier, named};

/// One typed value that is known of a data subject. `Debug` hides the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    /// What the value is, for instance `EMAIL_ADDRESS`.
    pub identifier: Identifier,
    /// The value as the user gave it.
    pub value: String,
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attribute({} = ***)", self.identifier)
    }
}

/// A person, described by what is known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The caller's name for the subject; appears in answers.
    pub id: String,
    /// What is known; several of one identifier are alternatives.
    pub attributes: Vec<Attribute>,
}

/// How firmly a location points at this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Only what many people may share agreed: a name, a birth date, a shared address or telephone number alone.
    Weak,
    /// A unique identifier agreed, or in one row a full name with a birth date, telephone number, address or plate
    /// beside it.
    Strong,
}

named!(Strength { Weak => "weak", Strong => "strong" });

/// By which spelling something that is known of a person was found; the plainest is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spelling {
    /// As it was given, but for case, accents and spaces; inside text too.
    AsGiven,
    /// The words of a name in another order, or with others between them.
    OtherOrder,
    /// A number, date or name that is written in another way: `+49 30 55` and `030 55`, `Müller` and `Mueller`.
    OtherNotation,
    /// A name in Latin letters that was given in others.
    Latin,
    /// A name in Cyrillic letters that was given in others.
    Cyrillic,
    /// A name in Greek letters that was given in others.
    Greek,
    /// A name in Arabic letters that was given in others.
    Arabic,
    /// A name in Hebrew letters that was given in others.
    Hebrew,
}

named!(Spelling {
    AsGiven => "as-given",
    OtherOrder => "other-order",
    OtherNotation => "other-notation",
    Latin => "latin",
    Cyrillic => "cyrillic",
    Greek => "greek",
    Arabic => "arabic",
    Hebrew => "hebrew",
});

impl Spelling {
    /// The same in words, where it is another spelling than the one that was given.
    pub const fn told(self) -> Option<&'static str> {
        Some(match self {
            Self::AsGiven => return None,
            Self::OtherOrder => "in another order",
            Self::OtherNotation => "in another notation",
            Self::Latin => "in Latin letters",
            Self::Cyrillic => "in Cyrillic letters",
            Self::Greek => "in Greek letters",
            Self::Arabic => "in Arabic letters",
            Self::Hebrew => "in Hebrew letters",
        })
    }
}

/// What agreeing on a value says about a person; rules declare it for their identifiers. The more telling one is the
/// greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nobody by itself: country, gender. Such attributes are not looked for.
    None,
    /// Many people: name, birth date.
    Weak,
    /// A household or workplace: telephone, address, plate.
    Shared,
    /// One person only: e-mail address, national number, account.
    Unique,
}

impl Role {
    /// How firmly a value of that role points at a person by itself.
    pub const fn strength(self) -> Strength {
        match self {
            Self::Unique => Strength::Strong,
            Self::Shared | Self::Weak | Self::None => Strength::Weak,
        }
    }
}
