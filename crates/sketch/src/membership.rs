//! A set of keyed hashes that answers "may this be one of yours?", never wrongly with no.
//!
//! Of each hash the upper 40 bits are kept, all of them, whatever the size of the set. So the set is a function of
//! what was inserted, merging is exact set union, and the chance of a wrong yes is n / 2^40: one in ten thousand at a
//! hundred million keys. `docs/decisions/membership.md` compares it with a split-block Bloom filter.

use crate::codec::{DecodeError, Reader};
use crate::run::{KEY_BITS, Run};
use crate::sort::Sorted;
use crate::waiting::Waiting;

/// Places that are open to one key.
const WAYS: usize = 4;

/// Places for recent keys at first.
const SMALLEST: usize = 4 * WAYS;

/// Most places for recent keys: 128 KiB.
const REMEMBERED: usize = 1 << 14;

/// Keys that wait to be compressed: 20 MiB, whatever comes. Who fills many sets asks for less
/// ([`Membership::compress`]).
const LARGEST: usize = 1 << 22;

/// After a batch of new keys so many batches are taken to be new without a look: what comes again is found where keys
/// are sorted.
const TRUSTED: u32 = 15;

/// Fewer keys than this say nothing about the next batch.
const TELLING: usize = 256;

/// Runs that are put up with before they become one.
const MOST_RUNS: usize = 16;

/// Keys that are sorted at once where runs become one: one list of 16 MiB, beside the keys that the runs decompress to,
/// which are as many at most.
const AT_ONCE: usize = 1 << 22;

/// Marks a place in use, so that key 0 can be remembered.
const USED: u64 = 1 << 63;

/// A growing set of keyed hashes.
///
/// New keys wait in a list; when it is full they are sorted and become a compressed run of about 22 bits a key. A small
/// memory of recent keys keeps most repeated keys out of the list.
#[derive(Clone, Debug, Default)]
pub struct Membership {
    /// Recent keys: groups of places, the latest key first in each.
    recent: Vec<[u64; WAYS]>,
    /// Keys that are in no run yet, in no order; some may be there twice.
    waiting: Waiting,
    /// Compressed keys; one may be in several.
    runs: Vec<Run>,
    /// How many further batches are taken to be new.
    trusted: u32,
}

impl Membership {
    /// A set without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Inserts a keyed hash. `false` says that it was there already; `true` may be said again of one that was inserted
    /// long ago.
    #[inline]
    pub fn insert(&mut self, hash: u64) -> bool {
        let places = self.recent.len() * WAYS;
        if self.waiting.len() >= places && places < REMEMBERED {
            self.remember_more();
        }
        let key = hash >> (u64::BITS - KEY_BITS);
        let Some(group) = group(&mut self.recent, key) else {
            return false;
        };
        remember(group, key);
        self.waiting.push(key);
        if self.waiting.len() >= LARGEST {
            self.compress();
        }
        true
    }

    /// Inserts many; calls `new` with the position of each that was not there, or was inserted long ago.
    pub fn insert_all(&mut self, hashes: &[u64], mut new: impl FnMut(usize)) {
        if self.trusted > 0 {
            self.trusted -= 1;
            (0..hashes.len()).for_each(new);
            return self.extend_new(hashes);
        }
        let mut count = 0;
        for (i, hash) in hashes.iter().enumerate() {
            if self.insert(*hash) {
                count += 1;
                new(i);
            }
        }
        if hashes.len() >= TELLING && count >= hashes.len() - hashes.len() / 32 {
            self.trusted = TRUSTED;
        }
    }

    /// Inserts many.
    pub fn extend(&mut self, hashes: &[u64]) {
        self.insert_all(hashes, |_| ());
    }

    /// Inserts many that are most probably new, without a look; repeated ones are found where keys are sorted.
    pub fn extend_new(&mut self, hashes: &[u64]) {
        self.waiting
            .extend(hashes, |hash| hash >> (u64::BITS - KEY_BITS));
        if self.waiting.len() >= LARGEST {
            self.compress();
        }
    }

    /// Whether a keyed hash may have been inserted; certainly not, if `false`. Quick after [`Membership::seal`] only.
    pub fn contains(&self, hash: u64) -> bool {
        let key = hash >> (u64::BITS - KEY_BITS);
        self.runs.iter().any(|run| run.contains(key)) || self.waiting.iter().any(|it| it == key)
    }

    /// Inserts what the other set holds.
    pub fn merge(&mut self, other: &Self) {
        for run in &other.runs {
            self.add_run(run.clone());
        }
        for key in other.waiting.iter() {
            self.insert(key << (u64::BITS - KEY_BITS));
        }
    }

    /// How many keys are held at most; exactly as many once they are [sealed](Membership::seal).
    pub fn len(&self) -> usize {
        self.waiting.len() + self.runs.iter().map(Run::len).sum::<usize>()
    }

    /// How many keys are held; sorts what is not sealed.
    pub fn count(&self) -> usize {
        if self.is_sealed() {
            self.len()
        } else {
            self.clone().sealed().len()
        }
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether everything is in one compressed run.
    fn is_sealed(&self) -> bool {
        self.waiting.is_empty() && self.runs.len() <= 1
    }

    /// Bytes that [`Membership::compress`] would free, about.
    pub fn loose(&self) -> usize {
        self.recent.len() * WAYS * 8 + self.waiting.memory()
    }

    /// Bytes in memory.
    pub fn memory(&self) -> usize {
        self.loose() + self.runs.iter().map(Run::memory).sum::<usize>()
    }

    /// Compresses everything into one run. Later inserts are still possible.
    pub fn seal(&mut self) {
        self.recent = Vec::new();
        if !self.is_sealed() {
            let run = self.take_sorted(|keys| Run::from_sorted(keys.len(), keys.iter()));
            self.runs.push(run.unwrap_or_else(|run| run));
        }
    }

    /// Takes everything out: sorted keys where there are few enough, else one run.
    fn take_sorted<R>(&mut self, then: impl FnOnce(&mut Sorted<'_>) -> R) -> Result<R, Run> {
        if self.len() <= AT_ONCE {
            let runs = std::mem::take(&mut self.runs);
            let compressed: Vec<u64> = runs.iter().flat_map(Run::iter).collect();
            return Ok(self.waiting.sort_with(&compressed, then));
        }
        self.compress();
        self.unite();
        Err(self.runs.pop().unwrap_or_default())
    }

    /// The keys in ascending order: hashes with all but their upper 40 bits zero. Seals first.
    pub fn iter(&mut self) -> impl Iterator<Item = u64> + '_ {
        self.seal();
        self.runs
            .first()
            .into_iter()
            .flat_map(Run::iter)
            .map(|key| key << (u64::BITS - KEY_BITS))
    }

    /// Takes out what the other set holds. Seals both.
    pub fn remove_all(&mut self, other: &mut Self) {
        if other.is_empty() {
            return self.seal();
        }
        let was_sealed = self.is_sealed();
        let theirs = other.sealed();
        let run = match self.runs.pop() {
            Some(run) if was_sealed => run.without(theirs).unwrap_or(run),
            last => {
                self.runs.extend(last);
                let kept = self.take_sorted(|keys| {
                    let mut is_theirs = theirs.ascending();
                    keys.retain(|key| !is_theirs(key));
                    Run::from_sorted(keys.len(), keys.iter())
                });
                kept.unwrap_or_else(|run| run.without(theirs).unwrap_or(run))
            }
        };
        (self.recent, self.runs) = (Vec::new(), vec![run]);
    }

    /// How many keys are in both sets. Walks over the smaller one.
    pub fn overlap(&self, other: &Self) -> usize {
        let (mut small, mut large) = (self.clone(), other.clone());
        if small.len() > large.len() {
            std::mem::swap(&mut small, &mut large);
        }
        large.seal();
        small.iter().filter(|hash| large.contains(*hash)).count()
    }

    /// Appends the set. Equal sets have equal bytes, however they came about.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self.runs.as_slice() {
            [] if self.waiting.is_empty() => Run::default().encode(out),
            [run] if self.waiting.is_empty() => run.encode(out),
            _ => self.clone().sealed().encode(out),
        }
    }

    /// Reads what [`Membership::encode`] wrote.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            runs: vec![Run::decode(reader)?],
            ..Self::default()
        })
    }

    /// The one run that holds everything.
    fn sealed(&mut self) -> &Run {
        self.seal();
        if self.runs.is_empty() {
            self.runs.push(Run::default());
        }
        &self.runs[0]
    }

    /// Makes the memory four times as large as the keys that it is for, as far as it may grow.
    fn remember_more(&mut self) {
        if self.waiting.len() < REMEMBERED {
            self.waiting.drop_repeated();
        }
        let groups = (self.waiting.len().max(SMALLEST / 4) * 4 / WAYS).next_power_of_two();
        let groups = groups.min(REMEMBERED / WAYS);
        if groups <= self.recent.len() {
            return;
        }
        self.recent = vec![[0; WAYS]; groups];
        for key in self.waiting.iter().rev().take(REMEMBERED / WAYS) {
            if let Some(group) = group(&mut self.recent, key) {
                remember(group, key);
            }
        }
    }

    /// Makes a run of the keys that wait, and gives their memory back.
    pub fn compress(&mut self) {
        self.recent = Vec::new();
        let run = self
            .waiting
            .sort_with(&[], |keys| Run::from_sorted(keys.len(), keys.iter()));
        self.add_run(run);
    }

    fn add_run(&mut self, run: Run) {
        if run.len() == 0 {
            return;
        }
        self.runs.push(run);
        if self.runs.len() > MOST_RUNS {
            self.unite();
        }
    }

    /// Makes one run of all, two of the shortest at a time, so that each key is written a logarithmic number of times.
    fn unite(&mut self) {
        self.runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
        while let Some(shortest) = self.runs.pop() {
            let Some(next) = self.runs.pop() else {
                return self.runs.push(shortest);
            };
            let both = next.union(&shortest);
            let at = self.runs.partition_point(|run| run.len() > both.len());
            self.runs.insert(at, both);
        }
    }
}

/// Equal sets are equal, however they came about.
impl PartialEq for Membership {
    fn eq(&self, other: &Self) -> bool {
        let (mut a, mut b) = (self.clone(), other.clone());
        a.iter().eq(b.iter())
    }
}

/// The group for a key; `None` if the key is in it.
fn group(recent: &mut [[u64; WAYS]], key: u64) -> Option<&mut [u64; WAYS]> {
    let at = key as usize & (recent.len() - 1);
    let group = &mut recent[at];
    // All places are compared, found or not: no branch depends on where a key stands.
    let found = group
        .iter()
        .fold(0, |found, slot| found | u8::from(*slot == key | USED));
    (found == 0).then_some(group)
}

/// Puts a key first in its group; the oldest is forgotten.
const fn remember(group: &mut [u64; WAYS], key: u64) {
    let [first, second, third, _] = *group;
    *group = [key | USED, first, second, third];
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn hashes(n: u64, salt: u64) -> Vec<u64> {
        (0..n)
            .map(|i| crate::hash(&(i ^ salt << 40).to_le_bytes()))
            .collect()
    }

    fn of(hashes: &[u64]) -> Membership {
        let mut set = Membership::new();
        set.extend(hashes);
        set
    }

    fn bytes(set: &Membership) -> Vec<u8> {
        let mut out = Vec::new();
        set.encode(&mut out);
        out
    }

    fn decode(bytes: &[u8]) -> Result<Membership, DecodeError> {
        let mut reader = Reader::new(bytes);
        let set = Membership::decode(&mut reader)?;
        reader.end()?;
        Ok(set)
    }

    #[test]
    fn nothing_is_lost_while_it_grows_and_is_sealed() {
        let hashes = hashes(1_000_000, 0);
        let mut set = of(&hashes[..600_000]);
        set.compress();
        for batch in hashes[600_000..].chunks(5_000) {
            set.extend(batch);
        }
        assert!(hashes.iter().step_by(9_973).all(|hash| set.contains(*hash)));
        set.seal();
        assert!(hashes.iter().all(|hash| set.contains(*hash)));
        assert_eq!(set.len(), 1_000_000);
        assert!(set.memory() < 10 << 20, "{}", set.memory());
    }

    #[test]
    fn a_million_keys_take_less_than_24_bits_each_and_lie_rarely() {
        let mut set = of(&hashes(1_000_000, 0));
        set.seal();
        assert!(bytes(&set).len() * 8 < 24_000_000, "{}", bytes(&set).len());
        let wrong = hashes(1_000_000, 1)
            .iter()
            .filter(|hash| set.contains(**hash))
            .count();
        assert!(wrong <= 10, "{wrong} wrong answers, one is expected");
    }

    #[test]
    fn a_few_keys_take_a_few_bytes() {
        assert_eq!(bytes(&of(&[])).len(), 1);
        assert!(bytes(&of(&hashes(17, 0))).len() <= 17 * 5);
        assert!(bytes(&of(&hashes(4_096, 0))).len() <= 4_096 * 4);
    }

    /// Sketches in catalogs hold these bytes: other ones need a new version of the sketch.
    #[test]
    fn the_stored_form_never_changes() {
        let few = [
            0x03, 0x91, 0x5c, 0xc6, 0x86, 0x20, 0x59, 0x4d, 0x16, 0xef, 0xfb, 0xb6, 0xab, 0xb3,
            0x77, 0x00, 0x23,
        ];
        assert_eq!(bytes(&of(&hashes(3, 0))), few);
        let many = bytes(&of(&hashes(50_000, 0)));
        assert_eq!(
            (many.len(), crate::hash(&many)),
            (164_445, 0x5fd2_d20b_9162_b952)
        );
    }

    #[test]
    fn keys_at_both_ends_are_kept() {
        let ends = [0, u64::MAX, 1 << 24, u64::MAX << 24];
        let mut set = of(&ends);
        assert_eq!(set.len(), 3, "the lower 24 bits are no part of a key");
        assert!(ends.iter().all(|hash| set.contains(*hash)));
        set.seal();
        assert!(ends.iter().all(|hash| set.contains(*hash)) && !set.contains(2 << 24));
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 1 << 24, u64::MAX << 24]);
    }

    #[test]
    fn merging_large_sets_is_their_union() {
        let (a, b) = (hashes(600_000, 0), hashes(700_000, 2));
        let mut merged = of(&a);
        merged.merge(&of(&b));
        merged.merge(&of(&a));
        merged.seal();
        assert_eq!(merged.len(), 1_300_000);
        assert_eq!(bytes(&merged), bytes(&of(&[b, a].concat())));
    }

    #[test]
    fn repeated_keys_do_not_pile_up() {
        let few = hashes(1_000, 0);
        let mut set = Membership::new();
        for _ in 0..3_000 {
            set.extend(&few);
        }
        assert!(set.memory() < 16 << 20, "{}", set.memory());
        set.seal();
        assert_eq!(set.len(), 1_000);
    }

    #[test]
    fn after_new_keys_repeated_ones_are_still_one() {
        let (new, few) = (hashes(20_000, 0), hashes(100, 1));
        let mut set = Membership::new();
        let mut told = 0;
        for batch in new.chunks(1_000) {
            set.insert_all(batch, |_| told += 1);
        }
        assert_eq!(told, 20_000);
        for _ in 0..100 {
            set.extend(&few.repeat(10));
        }
        set.insert_all(&few, |_| panic!("these were there a moment ago"));
        set.seal();
        assert_eq!(set.len(), 20_100);
    }

    #[test]
    fn many_runs_become_few() {
        let mut merged = Membership::new();
        for salt in 0..100 {
            let mut part = of(&hashes(50, salt));
            part.seal();
            merged.merge(&part);
            assert!(merged.runs.len() <= MOST_RUNS);
        }
        merged.seal();
        assert_eq!(merged.len(), 5_000);
    }

    proptest! {
        #[test]
        fn merging_is_associative_and_commutative(a: Vec<u64>, b: Vec<u64>, c: Vec<u64>) {
            let mut left = of(&a);
            left.merge(&of(&b));
            left.seal();
            left.merge(&of(&c));
            let mut right = of(&c);
            right.merge(&of(&b));
            right.merge(&of(&a));
            prop_assert_eq!(bytes(&left), bytes(&right));
            prop_assert_eq!(bytes(&left), bytes(&of(&[a, b, c].concat())));
        }

        #[test]
        fn members_are_members_before_and_after_storing(hashes: Vec<u64>, others: Vec<u64>) {
            let set = of(&hashes);
            let stored = decode(&bytes(&set)).unwrap();
            prop_assert!(hashes.iter().all(|hash| set.contains(*hash) && stored.contains(*hash)));
            prop_assert!(others.iter().all(|hash| set.contains(*hash) == stored.contains(*hash)));
            prop_assert_eq!(&stored, &set);
        }

        #[test]
        fn dense_keys_are_told_apart(keys in prop::collection::btree_set(0u64..300, 0..200)) {
            let mut set = of(&keys.iter().map(|key| key << 24).collect::<Vec<_>>());
            set.seal();
            for key in 0..300 {
                prop_assert_eq!(set.contains(key << 24), keys.contains(&key));
            }
        }

        #[test]
        fn what_is_taken_out_is_gone_and_the_rest_is_not(a: Vec<u64>, b: Vec<u64>) {
            let mut set = of(&[a.clone(), b.clone()].concat());
            let mut out = of(&b);
            set.remove_all(&mut out);
            prop_assert!(b.iter().all(|hash| !set.contains(*hash)));
            prop_assert!(a.iter().all(|hash| set.contains(*hash) != out.contains(*hash)));
            prop_assert_eq!(set.overlap(&out), 0);
        }

        #[test]
        fn what_two_sets_share_is_counted_from_either_side_and_from_storage(
            a in prop::collection::btree_set(0u64..2_000, 0..400),
            b in prop::collection::btree_set(0u64..2_000, 0..400),
        ) {
            let hash = |value: &u64| crate::hash(&value.to_le_bytes());
            let set = |of_values: &BTreeSet<u64>| of(&of_values.iter().map(hash).collect::<Vec<_>>());
            let (left, right) = (set(&a), set(&b));
            let shared = a.intersection(&b).count();
            prop_assert_eq!((left.overlap(&right), right.overlap(&left)), (shared, shared));
            let (left, right) = (decode(&bytes(&left)).unwrap(), decode(&bytes(&right)).unwrap());
            prop_assert_eq!(left.overlap(&right), shared);
        }

        #[test]
        fn hostile_bytes_are_an_error_or_a_set(mut stored in Just(bytes(&of(&hashes(100, 0)))),
            place: prop::sample::Index, value: u8, any: Vec<u8>) {
            let at = place.index(stored.len());
            stored[at] = value;
            for bytes in [stored, any] {
                if let Ok(mut set) = decode(&bytes) {
                    let _ = (set.contains(0), set.contains(u64::MAX), set.iter().count());
                }
            }
        }
    }
}
