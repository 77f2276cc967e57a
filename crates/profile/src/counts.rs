//! Plain counts of a column: rows, lengths, types.

use locard_model::LogicalType;
use locard_sketch::{ClassMask, DecodeError, Reader, put_number};

const TYPES: usize = LogicalType::ALL.len();

/// Everything that is merged by adding, and the two lengths that are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Rows, nulls included.
    pub(crate) rows: u64,
    /// Rows without a value.
    pub(crate) nulls: u64,
    /// Rows with white space only.
    pub(crate) blanks: u64,
    /// Values whose forms entered the filter.
    pub(crate) indexed: u64,
    /// Characters of all values, outer white space aside.
    pub(crate) characters: u64,
    /// Characters of the shortest value; `u64::MAX` without any.
    pub(crate) narrowest: u64,
    /// Characters of the longest value.
    pub(crate) widest: u64,
    /// Values by what they look like.
    pub(crate) types: [u64; TYPES],
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            rows: 0,
            nulls: 0,
            blanks: 0,
            indexed: 0,
            characters: 0,
            narrowest: u64::MAX,
            widest: 0,
            types: [0; TYPES],
        }
    }
}

impl Counts {
    /// Values that are neither null nor blank.
    pub(crate) const fn values(&self) -> u64 {
        self.rows
            .saturating_sub(self.nulls)
            .saturating_sub(self.blanks)
    }

    /// Counts the length of a trimmed value.
    pub(crate) fn length(&mut self, text: &str, class: ClassMask, weight: u64) {
        let length = if class.any(ClassMask::WIDE) {
            text.chars().count()
        } else {
            text.len()
        } as u64;
        self.characters += length * weight;
        self.narrowest = self.narrowest.min(length);
        self.widest = self.widest.max(length);
    }

    /// Takes in all but `indexed`, which depends on the keys that are kept.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.nulls = self.nulls.saturating_add(other.nulls);
        self.blanks = self.blanks.saturating_add(other.blanks);
        self.characters = self.characters.saturating_add(other.characters);
        self.narrowest = self.narrowest.min(other.narrowest);
        self.widest = self.widest.max(other.widest);
        for (mine, theirs) in self.types.iter_mut().zip(&other.types) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// The type that nearly all values have.
    pub(crate) fn inferred(&self) -> LogicalType {
        let values = self.values();
        let share = |kinds: &[LogicalType]| {
            let count: f64 = kinds
                .iter()
                .map(|kind| self.types[*kind as usize] as f64)
                .sum();
            values > 0 && count >= values as f64 * 0.95
        };
        let wide = [
            (
                LogicalType::Decimal,
                [LogicalType::Decimal, LogicalType::Integer],
            ),
            (
                LogicalType::Timestamp,
                [LogicalType::Timestamp, LogicalType::Date],
            ),
        ];
        let single = LogicalType::ALL
            .iter()
            .copied()
            .find(|kind| share(&[*kind]));
        let mixed = || {
            wide.iter()
                .find(|(_, kinds)| share(kinds))
                .map(|(kind, _)| *kind)
        };
        single.or_else(mixed).unwrap_or_default()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        // Wrapping makes the missing narrowest length a zero.
        let narrowest = self.narrowest.wrapping_add(1);
        for number in [
            self.rows,
            self.nulls,
            self.blanks,
            self.indexed,
            self.characters,
            narrowest,
            self.widest,
        ] {
            put_number(out, number);
        }
        for number in self.types {
            put_number(out, number);
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut counts = Self {
            rows: reader.number()?,
            nulls: reader.number()?,
            blanks: reader.number()?,
            indexed: reader.number()?,
            characters: reader.number()?,
            narrowest: reader.number()?.wrapping_sub(1),
            widest: reader.number()?,
            types: [0; TYPES],
        };
        for number in &mut counts.types {
            *number = reader.number()?;
        }
        Ok(counts)
    }
}
