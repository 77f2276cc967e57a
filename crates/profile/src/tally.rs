//! Counting equal things of one batch, cheaply where nearly all are equal and where nearly all differ.
//!
//! A small table, one place for each of a thousand hashes, counts the things that got there first. What finds its
//! place taken goes to a list; two bitmaps tell which of that list come again, and only those are counted with a map.

use hashbrown::HashMap;

use crate::frequent::PassThrough;

/// Places of the table.
const PLACES: usize = 1 << 10;

/// Bits of each bitmap: 16 KiB, and hardly a false alarm with a batch's hashes.
const BITS: usize = 1 << 17;

/// A thing of a batch and how many rows have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tallied {
    pub(crate) hash: u64,
    pub(crate) rows: u64,
    /// Where it came first in the batch.
    pub(crate) first: u32,
}

/// Counts the things of a batch; owns the memory for it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    table: Vec<Tallied>,
    /// Things that found their place taken, then everything that was counted.
    things: Vec<Tallied>,
    seen: Bitmap,
    again: Bitmap,
    repeated: HashMap<u64, Tallied, std::hash::BuildHasherDefault<PassThrough>>,
}

impl Tally {
    /// Each thing of a batch once, in no order. The hashes' upper bits must be as good as random.
    pub(crate) fn count(&mut self, things: impl Iterator<Item = Tallied>) -> &mut [Tallied] {
        self.table.clear();
        self.table.resize(PLACES, Tallied::default());
        self.things.clear();
        for thing in things {
            let place = &mut self.table[(thing.hash >> 54) as usize];
            if place.rows == 0 {
                *place = thing;
            } else if place.hash == thing.hash {
                place.rows += thing.rows;
            } else {
                self.things.push(thing);
            }
        }
        self.count_rest();
        self.things
            .extend(self.table.iter().filter(|place| place.rows > 0));
        &mut self.things
    }

    /// Counts what found its place taken.
    fn count_rest(&mut self) {
        if self.things.len() < 2 {
            return;
        }
        self.seen.clear();
        self.again.clear();
        for thing in &self.things {
            if self.seen.set(thing.hash) {
                self.again.set(thing.hash);
            }
        }
        let Self {
            things,
            again,
            repeated,
            ..
        } = self;
        repeated.clear();
        let mut once = 0;
        for at in 0..things.len() {
            let thing = things[at];
            // Each is written where the next one goes that comes once.
            things[once] = thing;
            if again.has(thing.hash) {
                let known = repeated.entry(thing.hash);
                known.or_insert(Tallied { rows: 0, ..thing }).rows += thing.rows;
            } else {
                once += 1;
            }
        }
        things.truncate(once);
        things.extend(repeated.values());
    }
}

/// A set of hashes by 17 of their bits.
#[derive(Debug, Default)]
struct Bitmap(Vec<u64>);

impl Bitmap {
    fn clear(&mut self) {
        self.0.clear();
        self.0.resize(BITS / 64, 0);
    }

    /// Marks a hash; tells whether it was marked.
    fn set(&mut self, hash: u64) -> bool {
        let (word, bit) = Self::place(hash);
        let before = self.0[word];
        self.0[word] = before | bit;
        before & bit != 0
    }

    fn has(&self, hash: u64) -> bool {
        let (word, bit) = Self::place(hash);
        self.0[word] & bit != 0
    }

    /// By other bits than those of the table.
    const fn place(hash: u64) -> (usize, u64) {
        let bit = (hash >> 36) as usize & (BITS - 1);
        (bit / 64, 1 << (bit % 64))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn thing(number: u64) -> u64 {
        locard_sketch::hash(&number.to_le_bytes())
    }

    proptest! {
        #[test]
        fn every_row_is_counted_for_its_thing(
            numbers in prop::collection::vec((0u64..5_000, 1u64..4), 0..6_000), few in 1u64..5_000,
        ) {
            let things = numbers.iter().enumerate().map(|(at, (number, rows))| Tallied {
                hash: thing(number % few),
                rows: *rows,
                first: at as u32,
            });
            let mut expected = BTreeMap::new();
            for (number, rows) in &numbers {
                *expected.entry(thing(number % few)).or_insert(0) += rows;
            }
            let mut tally = Tally::default();
            tally.count((0..3_000).map(|i| Tallied { hash: thing(i), rows: 1, first: 0 }));
            let counted = tally.count(things);
            prop_assert_eq!(counted.len(), expected.len());
            let found: BTreeMap<u64, u64> = counted.iter().map(|thing| (thing.hash, thing.rows)).collect();
            prop_assert_eq!(found, expected);
            for counted in counted {
                prop_assert_eq!(thing(numbers[counted.first as usize].0 % few), counted.hash);
            }
        }
    }
}
