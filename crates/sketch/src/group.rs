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
