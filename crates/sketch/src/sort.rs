//! Sorting keys: their bits are as good as random, so the upper ones alone put nearly every key in its place.
//!
//! Keys go to buckets by their first bits, which the bucket then stands for, so that four bytes of each are left; then
//! each bucket is sorted by itself, while the processor's cache holds it. Hardly a branch depends on a key. Keys that
//! are not random are sorted too, more slowly.

use std::cell::Cell;
use std::ops::Range;

use crate::run::KEY_BITS;
use crate::waiting::{Packed, unpacked};

/// Bits that may name a bucket: with fewer, what is left of a key would not fit into four bytes; with more, the places
/// that keys go to would not fit into the cache.
const BUCKET_BITS: (u32, u32) = (KEY_BITS - u32::BITS, 11);

/// Keys of a bucket, about, where there may be as many buckets as that takes.
const BUCKET: usize = 1 << 9;

/// So many keys of a bucket are sorted by comparison: counting would cost more.
const FEW: usize = 32;

/// Bits by which a bucket is sorted at most.
const DIGIT: u32 = 11;

/// Keys for which a thread keeps the memory: 16 MiB.
const KEPT: usize = 1 << 22;

/// Memory for sorting.
#[derive(Default)]
struct Lists {
    lows: Vec<u32>,
    ends: Vec<u32>,
    bucket: Bucket,
}

/// Memory for sorting one bucket.
#[derive(Default)]
struct Bucket {
    places: Vec<u32>,
    lows: Vec<u32>,
}

thread_local! {
    static LISTS: Cell<Lists> = Cell::default();
}

/// Distinct keys in ascending order.
pub(crate) struct Sorted<'a> {
    /// The keys without the bits that name their buckets.
    lows: &'a mut [u32],
    /// Where each bucket ends in `lows`.
    ends: &'a mut [u32],
    /// Bits of a key that do not name its bucket.
    width: u32,
}

/// Sorts keys, packed ones and others, and drops repeated ones; what comes of them is in memory that the thread keeps.
pub(crate) fn with_sorted<R>(
    packed: &[Vec<Packed>],
    others: &[u64],
    then: impl FnOnce(&mut Sorted<'_>) -> R,
) -> R {
    // Taken out, so that `then` may sort too.
    let mut lists = LISTS.take();
    let mut sorted = distribute(packed, others, &mut lists.lows, &mut lists.ends);
    sorted.sort_buckets(&mut lists.bucket);
    let result = then(&mut sorted);
    if lists.lows.len() <= KEPT {
        LISTS.set(lists);
    }
    result
}

/// Puts keys into their buckets.
fn distribute<'a>(
    packed: &[Vec<Packed>],
    others: &[u64],
    lows: &'a mut Vec<u32>,
    ends: &'a mut Vec<u32>,
) -> Sorted<'a> {
    let keys = || {
        packed
            .iter()
            .flatten()
            .map(|key| unpacked(*key))
            .chain(others.iter().copied())
    };
    let count = packed.iter().map(Vec::len).sum::<usize>() + others.len();
    let (fewest, most) = BUCKET_BITS;
    let bits = (count / BUCKET).next_power_of_two().trailing_zeros();
    let width = KEY_BITS - bits.clamp(fewest, most);
    ends.clear();
    ends.resize(1 << (KEY_BITS - width), 0);
    keys().for_each(|key| ends[(key >> width) as usize] += 1);
    let mut sum = 0;
    for end in &mut *ends {
        sum += std::mem::replace(end, sum);
    }
    if lows.len() < count {
        // Growing would copy what is of no use any more.
        *lows = vec![0; count.next_power_of_two()];
    }
    keys().for_each(|key| {
        let end = &mut ends[(key >> width) as usize];
        lows[*end as usize] = key as u32 & low_mask(width);
        *end += 1;
    });
    Sorted {
        lows: &mut lows[..count],
        ends,
        width,
    }
}

const fn low_mask(width: u32) -> u32 {
    ((1_u64 << width) - 1) as u32
}

impl Sorted<'_> {
    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.last().map_or(0, |end| *end as usize)
    }

    /// The keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&*self.ends)
            .enumerate()
            .flat_map(|(bucket, (start, end))| {
                let high = (bucket as u64) << self.width;
                let lows = &self.lows[start as usize..*end as usize];
                lows.iter().map(move |low| high | u64::from(*low))
            })
    }

    /// Keeps the keys for which `wanted` says yes; they are asked in order.
    pub(crate) fn retain(&mut self, mut wanted: impl FnMut(u64) -> bool) {
        let width = self.width;
        self.each_bucket(|lows, range, mut kept, bucket| {
            for at in range {
                lows[kept] = lows[at];
                kept += usize::from(wanted((bucket as u64) << width | u64::from(lows[at])));
            }
            kept
        });
    }

    /// Brings the buckets into order, each key once.
    fn sort_buckets(&mut self, bucket: &mut Bucket) {
        let width = self.width;
        self.each_bucket(|lows, range, kept, _| {
            copy_distinct(bucket.sort(&lows[range], width), lows, kept)
        });
    }

    /// Lets `each` move what it keeps of a bucket to where what is kept so far ends; it answers the new end.
    fn each_bucket(
        &mut self,
        mut each: impl FnMut(&mut [u32], Range<usize>, usize, usize) -> usize,
    ) {
        let (mut start, mut kept) = (0, 0);
        for (bucket, end) in self.ends.iter_mut().enumerate() {
            let range = start..*end as usize;
            start = range.end;
            kept = each(self.lows, range, kept, bucket);
            *end = kept as u32;
        }
    }
}

/// Writes the distinct ones of sorted keys at `to`; answers where they end.
fn copy_distinct(from: &[u32], lows: &mut [u32], mut to: usize) -> usize {
    let Some(mut last) = from.first().map(|first| !first) else {
        return to;
    };
    for low in from {
        lows[to] = *low;
        to += usize::from(*low != last);
        last = *low;
    }
    to
}

impl Bucket {
    /// Keys of `width` bits in order: by their first bits, then those that have them in common, mostly two or three.
    fn sort(&mut self, from: &[u32], width: u32) -> &[u32] {
        let Self { places, lows } = self;
        if lows.len() < from.len() {
            lows.resize(from.len().next_power_of_two(), 0);
        }
        let lows = &mut lows[..from.len()];
        if from.len() <= FEW {
            lows.copy_from_slice(from);
            lows.sort_unstable();
            return lows;
        }
        let digit = (from.len().ilog2() + 1).min(DIGIT);
        let shift = width - digit;
        places.clear();
        places.resize(1 << digit, 0);
        for low in from {
            places[(low >> shift) as usize] += 1;
        }
        let mut sum = 0;
        for place in &mut *places {
            sum += std::mem::replace(place, sum);
        }
        for low in from {
            let place = &mut places[(low >> shift) as usize];
            lows[*place as usize] = *low;
            *place += 1;
        }
        sort_neighbours(lows);
        lows
    }
}

/// Sorts what is in order of its upper bits, where few keys have them in common.
fn sort_neighbours(lows: &mut [u32]) {
    let Some(mut largest) = lows.first().copied() else {
        return;
    };
    // Without a branch; afterwards two neighbours are in order, and most of three.
    for at in 1..lows.len() {
        lows[at - 1] = largest.min(lows[at]);
        largest = largest.max(lows[at]);
    }
    if let Some(last) = lows.last_mut() {
        *last = largest;
    }
    for at in 1..lows.len() {
        if lows[at] < lows[at - 1] && !insert(lows, at) {
            return lows.sort_unstable();
        }
    }
}

/// Moves a key to its place among those before it; `false` if that is far away, as in keys that are not random.
fn insert(lows: &mut [u32], at: usize) -> bool {
    let low = lows[at];
    let before = lows[..at].iter().rev().take(FEW);
    let larger = before.take_while(|before| **before > low).count();
    lows[at - larger..=at].rotate_right(1);
    larger < FEW
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::waiting::packed;

    proptest! {
        #[test]
        fn sorting_by_digits_is_sorting(seed: u64, len in 0usize..5_000, bits in 1u32..=KEY_BITS, stride in 1u64..9) {
            let keys: Vec<u64> = (0..len as u64)
                .map(|i| crate::hash(&(seed ^ (i / stride)).to_le_bytes()) >> (u64::BITS - bits))
                .collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            expected.dedup();
            let (some, others) = keys.split_at(len / 3);
            let blocks = [some.iter().copied().map(packed).collect(), Vec::new()];
            let sorted = with_sorted(&blocks, others, |keys| keys.iter().collect::<Vec<_>>());
            prop_assert_eq!(&sorted, &expected);
            let even = with_sorted(&blocks, others, |keys| {
                keys.retain(|key| key % 2 == 0);
                prop_assert_eq!(keys.len(), keys.iter().count());
                Ok(keys.iter().collect::<Vec<_>>())
            })?;
            expected.retain(|key| key % 2 == 0);
            prop_assert_eq!(even, expected);
        }
    }

    #[test]
    fn the_largest_keys_are_kept() {
        let most = (1 << KEY_BITS) - 1;
        for copies in [1, 100] {
            let keys = [vec![most; copies], vec![0; copies]].concat();
            let sorted = with_sorted(&[], &keys, |keys| keys.iter().collect::<Vec<_>>());
            assert_eq!(sorted, [0, most]);
        }
    }
}
