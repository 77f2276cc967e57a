//! What a sketch says, as plain numbers.

use locard_model::LogicalType;

use crate::column::{ColumnSketch, not_indexed};

/// Why a column carries no filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotIndexed {
    /// Two values say nothing about a person.
    Boolean,
    /// Numbers of limited precision have no canonical text that people would look for.
    Float,
}

impl NotIndexed {
    /// The reason in a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Boolean => "booleans are not indexed: two values lead to nobody",
            Self::Float => "floating-point numbers are not indexed: they have no one spelling",
        }
    }
}

/// The figures of one column. Shares are 0 to 1 and 0 where there is nothing to share.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// What the source declares, where it has types and all parts agree.
    pub declared: Option<LogicalType>,
    /// What the values look like.
    pub inferred: LogicalType,
    /// Rows, nulls included.
    pub rows: u64,
    /// Rows without a value.
    pub nulls: u64,
    /// Rows with white space only.
    pub blanks: u64,
    /// Distinct values after folding: counted where indexed, else estimated.
    pub distinct: u64,
    /// Distinct values per value.
    pub uniqueness: f64,
    /// Values per row.
    pub density: f64,
    /// Characters of the shortest value.
    pub narrowest: Option<u64>,
    /// Characters of the longest value.
    pub widest: Option<u64>,
    /// Characters of a value on average.
    pub average_length: Option<f64>,
    /// Mean of what reads as a number; gone with the extremes.
    pub mean: Option<f64>,
    /// Standard deviation of what reads as a number; gone with the extremes.
    pub deviation: Option<f64>,
    /// Keyed folded hashes of the most frequent values with their rows, the most frequent first.
    pub frequent: Vec<(u64, u64)>,
    /// How much too low each count in `frequent` may be; 0 with up to 64 distinct values.
    pub frequent_error: u64,
    /// The most frequent shapes with their rows, the most frequent first.
    pub shapes: Vec<(String, u64)>,
    /// How much too low each count in `shapes` may be.
    pub shapes_error: u64,
    /// Share of the values whose forms entered the filter.
    pub indexed: f64,
    /// Why there is no filter, where there is none.
    pub not_indexed: Option<NotIndexed>,
    /// Keys in the filter: folded cells and other forms.
    pub keys: (u64, u64),
}

/// How much of a column its filter answers for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// Why there is no filter, where there is none.
    pub not_indexed: Option<NotIndexed>,
    /// Rows with a value that is more than white space.
    pub values: u64,
    /// Share of these whose forms entered the filter, 0 to 1.
    pub indexed: f64,
}

/// A part of a whole, 0 to 1; 0 where there is nothing to share.
fn share(part: f64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        (part / whole as f64).min(1.0)
    }
}

impl ColumnSketch {
    /// How much of the column may be asked for.
    pub fn coverage(&self) -> Coverage {
        let values = self.counts.values();
        Coverage {
            not_indexed: not_indexed(self.declared),
            values,
            indexed: share(self.counts.indexed as f64, values),
        }
    }

    /// The figures.
    pub fn summary(&self) -> Profile {
        let counts = &self.counts;
        let values = counts.values();
        let some = |number: u64| (values > 0).then_some(number);
        let distinct = self.count_distinct().min(values);
        Profile {
            declared: self.declared,
            inferred: counts.inferred(),
            rows: counts.rows,
            nulls: counts.nulls,
            blanks: counts.blanks,
            distinct,
            uniqueness: share(distinct as f64, values),
            density: share(values as f64, counts.rows),
            narrowest: some(counts.narrowest),
            widest: some(counts.widest),
            average_length: some(counts.characters)
                .map(|characters| characters as f64 / values as f64),
            mean: self.extremes().and_then(|extremes| extremes.moments.mean()),
            deviation: self
                .extremes()
                .and_then(|extremes| extremes.moments.deviation()),
            frequent: self
                .frequent
                .top()
                .into_iter()
                .map(|(hash, count, ())| (hash, count))
                .collect(),
            frequent_error: self.frequent.error(),
            shapes: self
                .shapes
                .top()
                .into_iter()
                .map(|(_, count, shape)| (shape.clone(), count))
                .collect(),
            shapes_error: self.shapes.error(),
            indexed: self.coverage().indexed,
            not_indexed: not_indexed(self.declared),
            keys: (self.values.count() as u64, self.forms.count() as u64),
        }
    }

    fn count_distinct(&self) -> u64 {
        if self.counter.is_none() {
            self.values.count() as u64
        } else {
            self.distinct().estimate().round() as u64
        }
    }
}
