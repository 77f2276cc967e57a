//! What an explanation says.

use locard_engine::Failure;
use locard_identify::Hypothesis;

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
    /// The source's own comment on it; masked where it is like somebody's data.
    pub comment: Option<String>,
    /// What its profile says.
    pub profile: Profile,
    /// What was reported, with what it rests on.
    pub reported: Vec<Reported>,
    /// What was weighed and not reported, the likeliest first.
    pub rejected: Vec<Hypothesis>,
    /// Columns with findings that were derived from documents inside its cells.
    pub fields: Vec<String>,
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
    /// Distinct values per value, 0 to 1: 1 where no value comes twice, as in a key.
    pub uniqueness: f64,
    /// Values per cell, 0 to 1: what is null or blank is none.
    pub density: f64,
    /// Shortest, mean and longest text in characters.
    pub length: Option<(u64, f64, u64)>,
    /// Mean and standard deviation of the numbers of a column that is nobody's data.
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
