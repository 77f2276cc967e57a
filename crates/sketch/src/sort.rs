//! Sorting keys: their bits are as good as random, so the upper ones alone put nearly every key in its place.
//!
//! Two passes by eleven bits each, then a look at every neighbour. For these keys it takes a fraction of the time of a
//! sort by comparison, and hardly a branch depends on a key. Keys that are not random are sorted too, more slowly.

use std::cell::Cell;

/// Bits of one pass.
const DIGIT: u32 = 11;

const BUCKETS: usize = 1 << DIGIT;

/// Fewer keys than this are sorted by comparison: counting would cost more.
const FEW: usize = 1 << 10;

/// Keys for which a thread keeps the memory: two lists of 16 MiB.
const KEPT: usize = 1 << 21;

thread_local! {
    /// Where keys go in the first pass, and in the second.
    static LISTS: Cell<(Vec<u64>, Vec<u64>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// Sorts keys of `bits` bits and drops repeated ones; what comes of them is in memory that the thread keeps.
pub(crate) fn with_sorted<R>(
    parts: &[&[u64]],
    bits: u32,
    then: impl FnOnce(&mut Vec<u64>) -> R,
) -> R {
    // Taken out, so that `then` may sort too.
    let (mut first, mut keys) = LISTS.take();
    let count = parts.iter().map(|part| part.len()).sum();
    clear_for(&mut keys, count);
    if count < FEW {
        keys.extend(parts.iter().copied().flatten());
        keys.sort_unstable();
    } else {
        clear_for(&mut first, count);
        first.resize(count, 0);
        keys.resize(count, 0);
        pass(parts, &mut first, bits - 2 * DIGIT);
        pass(&[&first], &mut keys, bits - DIGIT);
        finish(&mut keys, bits - 2 * DIGIT);
    }
    keys.dedup();
    let result = then(&mut keys);
    if first.capacity().max(keys.capacity()) <= KEPT {
        LISTS.set((first, keys));
    }
    result
}

/// Empties a list that is to hold so many keys: growing would copy what is of no use any more.
fn clear_for(keys: &mut Vec<u64>, count: usize) {
    keys.clear();
    if keys.capacity() < count {
        *keys = Vec::with_capacity(count.next_power_of_two());
    }
}

/// Writes keys in order of one digit; those with the same stay as they were.
fn pass(from: &[&[u64]], to: &mut [u64], shift: u32) {
    let digit = |key: u64| (key >> shift) as usize & (BUCKETS - 1);
    let mut places = [0u32; BUCKETS];
    for key in from.iter().copied().flatten() {
        places[digit(*key)] += 1;
    }
    let mut sum = 0;
    for place in &mut places {
        sum += std::mem::replace(place, sum);
    }
    for part in from {
        for key in *part {
            let place = &mut places[digit(*key)];
            to[*place as usize] = *key;
            *place += 1;
        }
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
            let keys: Vec<u64> = (0..len as u64)
                .map(|i| crate::hash(&(seed ^ i).to_le_bytes()) % spread)
                .collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            expected.dedup();
            let (some, others) = keys.split_at(len / 3);
            let sorted = with_sorted(&[some, &[], others], 40, |keys| keys.clone());
            prop_assert_eq!(sorted, expected);
        }
    }
}
