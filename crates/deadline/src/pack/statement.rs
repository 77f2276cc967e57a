//! What stands behind a rule: who says so, and how sure that is.

use serde::{Deserialize, Serialize};

use super::{Counting, Extension, Rule, Safe, Waiting};

/// How sure a statement of a pack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Read in the law or in the regulator's guidance.
    Confirmed,
    /// Read in a secondary source: a law firm's page, a comparison.
    Secondary,
    /// General knowledge that nobody has looked up yet.
    Unverified,
    /// Where the law is silent: our reading of it.
    Reading,
}

/// A statement of a pack, as an explanation cites it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Who says so.
    pub cite: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// What else a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Flattening would let unknown fields of a pack pass, so each rule has the three fields of its own.
macro_rules! stated {
    ($($rule:ident)*) => {$(
        impl $rule {
            /// What stands behind it.
            pub fn statement(&self) -> Statement {
                Statement {
                    cite: self.cite.clone(),
                    certainty: self.certainty,
                    note: self.note.clone(),
                }
            }
        }
    )*};
}

stated!(Rule Counting Waiting Extension Safe);
