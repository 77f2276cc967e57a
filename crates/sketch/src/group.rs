//! Grouping a batch by value, so that everything after it sees each distinct value once.

use arrow_array::{Array, StringViewArray};
use arrow_buffer::ScalarBuffer;

/// Distinct values of one batch, in order of first occurrence, and how many rows have each.
#[derive(Debug)]
pub(crate) struct Groups {
    texts: StringViewArray,
    weights: Vec<u32>,
    /// Open addressing by hash; an entry is the group's number plus one, zero is free.
    table: Vec<u32>,
    /// Row in which each group occurred first.
    firsts: Vec<u32>,
}

impl Default for Groups {
    fn default() -> Self {
        Self {
            texts: StringViewArray::new_null(0),
            weights: Vec::new(),
            table: Vec::new(),
            firsts: Vec::new(),
        }
    }
}

impl Groups {
    /// Groups the rows of `texts`; afterwards `hashes` runs parallel to [`Groups::texts`]. Returns the null rows,
    /// which belong to no group.
    pub(crate) fn group(&mut self, texts: &StringViewArray, hashes: &mut Vec<u64>) -> u64 {
        self.weights.clear();
        self.firsts.clear();
        self.table.clear();
        self.table.resize((texts.len() * 2).next_power_of_two(), 0);
        let mut nulls = 0;
        for row in 0..texts.len() {
            if texts.is_null(row) {
                nulls += 1;
            } else {
                self.add(texts, hashes, row);
            }
        }
        // Groups are in row order, so a hash only ever moves to the front.
        for (group, first) in self.firsts.iter().enumerate() {
            hashes[group] = hashes[*first as usize];
        }
        hashes.truncate(self.firsts.len());
        self.take(texts);
        nulls
    }

    /// Equal hashes are not enough: texts that differ in outer white space share one, and who writes the cells may
    /// know how to make two texts collide.
    fn add(&mut self, texts: &StringViewArray, hashes: &[u64], row: usize) {
        let mask = self.table.len() - 1;
        let mut slot = hashes[row] as usize & mask;
        loop {
            match self.table[slot] {
                0 => {
                    self.firsts.push(row as u32);
                    self.weights.push(1);
                    self.table[slot] = self.firsts.len() as u32;
                    return;
                }
                entry => {
                    let group = entry as usize - 1;
                    let first = self.firsts[group] as usize;
                    if hashes[first] == hashes[row] && texts.value(first) == texts.value(row) {
                        self.weights[group] += 1;
                        return;
                    }
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    fn take(&mut self, texts: &StringViewArray) {
        let views: ScalarBuffer<u128> = self
            .firsts
            .iter()
            .map(|row| texts.views()[*row as usize])
            .collect();
        // SAFETY: the views come from `texts` and keep its buffers, so they are as valid as they were there; checking
        // them again would cost more than the grouping.
        #[expect(
            unsafe_code,
            reason = "views of a valid array over the same buffers are valid"
        )]
        let taken =
            unsafe { StringViewArray::new_unchecked(views, texts.data_buffers().to_vec(), None) };
        self.texts = taken;
    }

    pub(crate) fn texts(&self) -> &StringViewArray {
        &self.texts
    }

    pub(crate) fn weights(&self) -> &[u32] {
        &self.weights
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    type Cells = Vec<Option<String>>;

    /// Few different texts, some of them too long to stand in a view, and nulls.
    fn cells() -> impl Strategy<Value = Cells> {
        let text = prop_oneof![
            "[ab]{0,3}",
            "[ab]{2} is longer than a view",
            Just(" a".to_owned())
        ];
        proptest::collection::vec(proptest::option::of(text), 0..200)
    }

    /// What [`Groups`] does, by a map: texts in order of first occurrence, each with its hash and number of rows.
    fn plain(cells: &Cells, hash: impl Fn(&str) -> u64) -> (u64, Vec<(String, u64, u32)>) {
        let (mut groups, mut places, mut nulls) = (Vec::new(), HashMap::new(), 0);
        for cell in cells {
            let Some(text) = cell else {
                nulls += 1;
                continue;
            };
            let place = *places.entry(text).or_insert_with(|| {
                groups.push((text.clone(), hash(text), 0));
                groups.len() - 1
            });
            groups[place].2 += 1;
        }
        (nulls, groups)
    }

    proptest! {
        /// Also where texts share hashes, and where the same value groups one batch after the other.
        #[test]
        fn groups_are_those_of_a_plain_map(
            batches in proptest::collection::vec(cells(), 1..4),
            hashes_at_all in prop_oneof![Just(1), Just(3), Just(u64::MAX)],
        ) {
            let hash = |text: &str| crate::hash(text.as_bytes()) % hashes_at_all;
            let mut groups = Groups::default();
            for cells in &batches {
                let texts: StringViewArray = cells.iter().map(Option::as_deref).collect();
                let mut hashes: Vec<u64> = cells.iter().map(|cell| hash(cell.as_deref().unwrap_or_default())).collect();
                let nulls = groups.group(&texts, &mut hashes);
                let texts = groups.texts().iter().map(|text| text.unwrap_or("a null").to_owned());
                let found: Vec<_> = texts.zip(hashes).zip(groups.weights()).map(|((text, hash), rows)| (text, hash, *rows)).collect();
                prop_assert_eq!((nulls, found), plain(cells, hash));
            }
        }
    }
}
