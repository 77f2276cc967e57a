//! What an explanation says.

use locard_engine::Failure;
use locard_model::{FindingKind, Identifier};

use crate::FindingRow;

/// The answer for one entity.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// The source as people see it.
    pub source: String,
    /// The resource, masked.
    pub resource: String,
    /// Records read by the last scan.
    pub rows: u64,
    /// When, RFC 3339.
    pub scanned_at: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<ColumnExplanation>,
    /// Whether the rules changed since the scan: findings and their weights are those of then, other identifiers are
    /// weighed by the rules of today.
    pub rules_changed: bool,
    /// Of the rules of today, those that saw none of these values: they are new or were changed since the scan.
    pub untested: Vec<String>,
    /// Records that could not be read for samples.
    pub failures: Vec<Failure>,
}

/// The answer for one column.
#[derive(Clone, Debug, Default)]
pub struct ColumnExplanation {
    /// The column's path.
    pub column: String,
    /// What its profile says.
    pub profile: Profile,
    /// What was reported, with what it rests on.
    pub reported: Vec<Reported>,
    /// What was weighed and not reported, the likeliest first.
    pub rejected: Vec<Hypothesis>,
    /// Whether there were too few cells to tell anything.
    pub too_few: bool,
    /// Masked values, when asked for.
    pub samples: Vec<String>,
}

/// A finding with what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// The finding.
    pub finding: FindingRow,
    /// What each rule weighed; empty where only a person said so.
    pub because: Vec<Hypothesis>,
}

/// Figures of one column, for people; estimates where sketches estimate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Inferred logical type.
    pub logical_type: String,
    /// Cells.
    pub rows: u64,
    /// Nulls.
    pub nulls: u64,
    /// Blanks.
    pub blanks: u64,
    /// Estimated distinct values.
    pub distinct: u64,
    /// Shortest, mean and longest text in characters.
    pub length: Option<(u64, f64, u64)>,
    /// Mean and standard deviation of numbers.
    pub moments: Option<(f64, f64)>,
    /// The smallest and the largest number or date of a column that is nobody's data.
    pub range: Option<(String, String)>,
    /// Keyed hashes of the most frequent values with their share.
    pub frequent: Vec<(u64, f64)>,
    /// The most frequent shapes with their share.
    pub shapes: Vec<(String, f64)>,
    /// Share of values in the subject filter, 0 to 1.
    pub indexed: f64,
    /// Why the column has no filter, where it has none.
    pub not_indexed: Option<String>,
}

/// An identifier that a rule weighed.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// The identifier; look-alikes that are no personal data have names of their own.
    pub identifier: Identifier,
    /// How it would occur.
    pub kind: FindingKind,
    /// Estimated probability.
    pub confidence: f64,
    /// The rule that spoke loudest.
    pub rule: String,
    /// Hash of the rule's text.
    pub version: u64,
    /// Cells that the rule judged.
    pub tested: u64,
    /// Of them, those that matched.
    pub matched: u64,
    /// Of these, those that passed a check.
    pub validated: u64,
    /// What each piece of evidence weighed.
    pub weights: Vec<Weight>,
}

impl Hypothesis {
    /// Share of the judged cells that are like the identifier, 0 to 1.
    pub fn similarity(&self) -> f64 {
        self.matched as f64 / self.tested.max(1) as f64
    }
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// What it is: `prior`, `value pattern`, `column name` ...
    pub what: String,
    /// Weight in log-odds; positive speaks for the identifier.
    pub log_odds: f64,
    /// In words and numbers.
    pub detail: String,
}
