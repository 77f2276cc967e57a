//! Gathering a column's values over many batches, each once, so that what is done with a value is done once for all
//! its rows.
//!
//! Worth it only where values come again: each row costs a look into a table, each new value a copy.

use arrow_array::{Array, StringViewArray};

use crate::hash;

/// Values after which a gatherer is full.
const MOST_VALUES: usize = 1 << 15;

/// Bytes of values after which it is full.
const MOST_BYTES: usize = 1 << 20;

/// Bytes of the longest text that stands in its view.
const IN_VIEW: u32 = 12;

/// The view of no text: it would be of four gigabytes and stand in its view.
const LONG: u128 = u128::MAX;

/// Distinct values of a column since they were last taken, in order of first occurrence, and how many rows have each.
#[derive(Debug, Default)]
pub struct Gatherer {
    /// Open addressing by hash; an entry is the value's number plus one, zero is free.
    table: Vec<u32>,
    hashes: Vec<u64>,
    /// The view of each value that stands in its view, which is compared at once; [`LONG`] for others.
    views: Vec<u128>,
    /// Where each value ends in `bytes`.
    ends: Vec<usize>,
    bytes: String,
    weights: Vec<u32>,
    nulls: u64,
    rows: u64,
}

/// What a [`Gatherer`] gives away.
#[derive(Debug)]
pub struct Gathered {
    /// Each value once.
    pub texts: StringViewArray,
    /// How many rows have each.
    pub weights: Vec<u32>,
    /// Rows that are null.
    pub nulls: u64,
}

impl Gatherer {
    /// A gatherer without values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the rows of a batch, and so many nulls that are not in it.
    pub fn add(&mut self, texts: &StringViewArray, extra_nulls: u64) {
        self.rows += texts.len() as u64 + extra_nulls;
        self.nulls += extra_nulls;
        for (row, view) in texts.views().iter().enumerate() {
            if texts.is_null(row) {
                self.nulls += 1;
            } else if *view as u32 <= IN_VIEW {
                let hash = hash(&view.to_le_bytes());
                self.add_value(hash, *view, || texts.value(row), |_, _| true);
            } else {
                let text = texts.value(row);
                let hash = hash(text.as_bytes());
                self.add_value(
                    hash,
                    LONG,
                    || text,
                    |this, number| {
                        // Equal hashes are not enough: who writes the values may know how to make two collide.
                        this.hashes[number] == hash && this.text(number) == text
                    },
                );
            }
        }
    }

    /// Whether there is nothing to take.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Whether it is time to take the values out.
    pub fn is_full(&self) -> bool {
        self.ends.len() >= MOST_VALUES || self.bytes.len() >= MOST_BYTES || self.rows >= 1 << 31
    }

    /// Whether gathering paid: values came twice on average, at least.
    pub fn pays(&self) -> bool {
        self.ends.len() as u64 * 2 <= self.rows
    }

    /// Gives the values away; `None` if there were no rows.
    pub fn take(&mut self) -> Option<Gathered> {
        if self.is_empty() {
            return None;
        }
        let texts = (0..self.ends.len()).map(|number| self.text(number));
        let gathered = Gathered {
            texts: StringViewArray::from_iter_values(texts),
            weights: std::mem::take(&mut self.weights),
            nulls: self.nulls,
        };
        self.table.fill(0);
        self.hashes.clear();
        self.views.clear();
        self.ends.clear();
        self.bytes.clear();
        (self.nulls, self.rows) = (0, 0);
        Some(gathered)
    }

    /// Takes in a value; of those with an equal view `is_equal` is asked.
    #[inline]
    fn add_value<'a>(
        &mut self,
        hash: u64,
        view: u128,
        text: impl Fn() -> &'a str,
        is_equal: impl Fn(&Self, usize) -> bool,
    ) {
        if self.ends.len() * 2 >= self.table.len() {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        while self.table[slot] != 0 {
            let number = self.table[slot] as usize - 1;
            if self.views[number] == view && is_equal(self, number) {
                self.weights[number] += 1;
                return;
            }
            slot = (slot + 1) & mask;
        }
        self.bytes.push_str(text());
        self.ends.push(self.bytes.len());
        self.hashes.push(hash);
        self.views.push(view);
        self.weights.push(1);
        self.table[slot] = self.ends.len() as u32;
    }

    fn text(&self, number: usize) -> &str {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[number]]
    }

    fn grow(&mut self) {
        let mask = (self.table.len() * 2).max(256) - 1;
        self.table = vec![0; mask + 1];
        for (number, hash) in self.hashes.iter().enumerate() {
            let mut slot = *hash as usize & mask;
            while self.table[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.table[slot] = number as u32 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn counted<'a>(texts: impl Iterator<Item = (&'a str, u32)>) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for (text, weight) in texts {
            *counts.entry(text.to_owned()).or_insert(0) += weight;
        }
        counts
    }

    #[test]
    fn it_fills_up_and_starts_anew() {
        let texts: Vec<String> = (0..MOST_VALUES).map(|i| format!("{i}")).collect();
        let array: StringViewArray = texts.iter().map(Some).collect();
        let mut gatherer = Gatherer::new();
        assert!(gatherer.take().is_none());
        gatherer.add(&array, 0);
        assert!(gatherer.is_full() && !gatherer.pays());
        assert_eq!(gatherer.take().unwrap().texts, array);
        assert!(!gatherer.is_full() && gatherer.take().is_none());
    }

    #[test]
    fn few_long_values_fill_it_too() {
        let mut gatherer = Gatherer::new();
        gatherer.add(&std::iter::once(Some("x".repeat(MOST_BYTES))).collect(), 0);
        assert!(gatherer.is_full());
    }

    proptest! {
        #[test]
        fn every_row_is_counted_once(batches in prop::collection::vec(
            prop::collection::vec(prop::option::of("[ab ]{0,4}|[ab]{11,14}"), 0..50), 0..6)) {
            let mut gatherer = Gatherer::new();
            for batch in &batches {
                gatherer.add(&batch.iter().map(Option::as_deref).collect(), 2);
            }
            let rows = batches.concat();
            let texts = rows.iter().flatten();
            let expected = counted(texts.clone().map(|text| (text.as_str(), 1)));
            if let Some(gathered) = gatherer.take() {
                let pairs = gathered.texts.iter().flatten().zip(gathered.weights.iter().copied());
                prop_assert_eq!(gathered.texts.len(), expected.len());
                prop_assert_eq!(counted(pairs), expected);
                prop_assert_eq!(gathered.nulls as usize, rows.len() - texts.count() + 2 * batches.len());
            } else {
                prop_assert!(batches.is_empty());
            }
        }
    }
}
