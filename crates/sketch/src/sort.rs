//! Sorting keys: their bits are as good as random, so the upper ones alone put nearly every key in its place.
//!
//! Two passes by eleven bits each, then a look at every neighbour. For these keys it takes a fraction of the time of a
//! sort by comparison, and hardly a branch depends on a key. Keys that are not random are sorted too, more slowly.

use std::cell::RefCell;

/// Bits of one pass.
const DIGIT: u32 = 11;

const BUCKETS: usize = 1 << DIGIT;

/// Fewer keys than this are sorted by comparison: counting would cost more.
const FEW: usize = 1 << 10;

/// Keys for which a thread keeps the memory: 16 MiB.
const KEPT: usize = 1 << 21;

thread_local! {
    /// Where keys go between the passes.
    static OTHER: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Sorts keys of `bits` bits and drops repeated ones.
pub(crate) fn sort_distinct(keys: &mut Vec<u64>, bits: u32) {
    if keys.len() < FEW {
        keys.sort_unstable();
    } else {
        OTHER.with_borrow_mut(|other| {
            other.resize(keys.len(), 0);
            pass(keys, other, bits - 2 * DIGIT);
            pass(other, keys, bits - DIGIT);
            if other.capacity() > KEPT {
                *other = Vec::new();
            }
        });
        finish(keys, bits - 2 * DIGIT);
    }
    keys.dedup();
}

/// Writes keys in order of one digit; those with the same stay as they were.
fn pass(from: &[u64], to: &mut [u64], shift: u32) {
    let digit = |key: u64| (key >> shift) as usize & (BUCKETS - 1);
    let mut places = [0u32; BUCKETS];
    for key in from {
        places[digit(*key)] += 1;
    }
    let mut sum = 0;
    for place in &mut places {
        sum += std::mem::replace(place, sum);
    }
    for key in from {
        let place = &mut places[digit(*key)];
        to[*place as usize] = *key;
        *place += 1;
    }
}

/// Sorts what is in order of its upper bits: the keys that have them in common, mostly two or three.
fn finish(keys: &mut [u64], shift: u32) {
    let mut start = 0;
    for at in 1..keys.len() {
        if keys[at] >> shift == keys[at - 1] >> shift {
            continue;
        }
        if at - start > 1 {
            keys[start..at].sort_unstable();
        }
        start = at;
    }
    keys[start..].sort_unstable();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sorting_by_digits_is_sorting(seed: u64, len in 0usize..5_000, spread in 1u64..1 << 40) {
            let mut keys: Vec<u64> = (0..len as u64)
                .map(|i| crate::hash(&(seed ^ i).to_le_bytes()) % spread)
                .collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            expected.dedup();
            sort_distinct(&mut keys, 40);
            prop_assert_eq!(keys, expected);
        }
    }
}
