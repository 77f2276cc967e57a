//! The most frequent of many things in bounded memory (Misra and Gries), mergeable.
//!
//! Up to `N` different things all counts are exact. Beyond, each count is too low by at most the same known error, and
//! whatever is more frequent than that error is there.

use hashbrown::HashMap;
use locard_sketch::{DecodeError, Reader, put_blob, put_number};

use crate::tally::Tallied;

/// Hashes are hashed already.
type Counts<V> = HashMap<u64, (u64, V), std::hash::BuildHasherDefault<PassThrough>>;

/// Counts by hash, each with a name of the thing or `()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frequent<V, const N: usize> {
    counts: Counts<V>,
    error: u64,
}

impl<V: Clone, const N: usize> Frequent<V, N> {
    /// Counts a thing; `name` is asked for when it is new.
    pub(crate) fn add(&mut self, hash: u64, weight: u64, name: impl FnOnce() -> V) {
        self.counts.entry(hash).or_insert_with(|| (0, name())).0 += weight;
        if self.counts.len() > N {
            self.make_room(N / 2);
        }
    }

    /// Counts the things of a batch, each of which is there once; `name` is asked for of those that are new. Of more
    /// things than are kept only those that stand out enter, with what they have beyond the others.
    pub(crate) fn add_all(&mut self, things: &mut [Tallied], mut name: impl FnMut(u32) -> V) {
        let mut cut = 0;
        if things.len() > N {
            let most_first = |a: &Tallied, b: &Tallied| b.rows.cmp(&a.rows);
            cut = things.select_nth_unstable_by(N, most_first).1.rows;
            self.error = self.error.saturating_add(cut);
        }
        // What is as frequent as the one that was left out is left out too, so that the result depends on the counts.
        for thing in things.iter().take(N).filter(|thing| thing.rows > cut) {
            self.add(thing.hash, thing.rows - cut, || name(thing.first));
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (hash, (count, name)) in &other.counts {
            let mine = &mut self
                .counts
                .entry(*hash)
                .or_insert_with(|| (0, name.clone()))
                .0;
            *mine = mine.saturating_add(*count);
        }
        self.error = self.error.saturating_add(other.error);
        if self.counts.len() > N {
            self.make_room(N / 2);
        }
    }

    /// Forgets what says little, where counts are inexact anyway: of a column of ids nothing stays.
    pub(crate) fn seal(&mut self) {
        if self.error > 0 && self.counts.len() > N / 4 {
            self.make_room(N / 4);
        }
    }

    /// Takes as much off every count as leaves so many at most. Ties go together, so the result depends on the counts
    /// alone.
    fn make_room(&mut self, kept: usize) {
        let mut sizes: Vec<u64> = self.counts.values().map(|(count, _)| *count).collect();
        let (_, cut, _) = sizes.select_nth_unstable_by(kept, |a, b| b.cmp(a));
        let cut = *cut;
        self.counts.retain(|_, (count, _)| {
            *count = count.saturating_sub(cut);
            *count > 0
        });
        self.error = self.error.saturating_add(cut);
    }

    /// The most frequent first; of equal counts the smaller hash.
    pub(crate) fn top(&self) -> Vec<(u64, u64, &V)> {
        let mut top: Vec<_> = self
            .counts
            .iter()
            .map(|(hash, (count, name))| (*hash, *count, name))
            .collect();
        top.sort_unstable_by_key(|(hash, count, _)| (std::cmp::Reverse(*count), *hash));
        top
    }

    /// How much too low a count may be.
    pub(crate) const fn error(&self) -> u64 {
        self.error
    }

    pub(crate) fn encode(
        &self,
        out: &mut Vec<u8>,
        mut put_name: impl FnMut(&mut Vec<u8>, u64, &V),
    ) {
        put_number(out, self.error);
        put_number(out, self.counts.len() as u64);
        for (hash, count, name) in self.top() {
            put_name(out, hash, name);
            put_number(out, count);
        }
    }

    pub(crate) fn decode(
        reader: &mut Reader<'_>,
        mut name: impl FnMut(&mut Reader<'_>) -> Result<(u64, V), DecodeError>,
    ) -> Result<Self, DecodeError> {
        let error = reader.number()?;
        let len = reader.count(2)?;
        if len > N {
            return Err(DecodeError::Malformed("too many frequent values"));
        }
        let mut counts = Counts::default();
        for _ in 0..len {
            let (hash, name) = name(reader)?;
            counts.insert(hash, (reader.number()?, name));
        }
        Ok(Self { counts, error })
    }
}

/// Writes a keyed hash as its upper five bytes; [`kept`] cuts it to them.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is that of a name"
)]
pub(crate) fn put_hash(out: &mut Vec<u8>, hash: u64, (): &()) {
    out.extend_from_slice(&hash.to_be_bytes()[..5]);
}

pub(crate) fn take_hash(reader: &mut Reader<'_>) -> Result<(u64, ()), DecodeError> {
    let mut bytes = [0; 8];
    bytes[..5].copy_from_slice(reader.bytes(5)?);
    Ok((u64::from_be_bytes(bytes), ()))
}

/// The part of a keyed hash that is kept, as in the sets.
pub(crate) const fn kept(keyed: u64) -> u64 {
    keyed & !0xff_ffff
}

pub(crate) fn put_shape(out: &mut Vec<u8>, _: u64, shape: &String) {
    put_blob(out, shape.as_bytes());
}

pub(crate) fn take_shape(reader: &mut Reader<'_>) -> Result<(u64, String), DecodeError> {
    let shape = std::str::from_utf8(reader.blob()?)
        .map_err(|_| DecodeError::Malformed("a shape is not text"))?;
    Ok((locard_sketch::hash(shape.as_bytes()), shape.to_owned()))
}

/// A hasher for what is a hash.
#[derive(Default)]
pub(crate) struct PassThrough(u64);

impl std::hash::Hasher for PassThrough {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = locard_sketch::hash(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        // The upper bits choose the group and the lower seven the tag; keyed hashes end in zeros here.
        self.0 = hash ^ hash >> 32;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tally::Tally;

    const N: usize = 64;

    fn of(things: &[u8]) -> Frequent<(), N> {
        let mut frequent = Frequent::default();
        for thing in things {
            frequent.add(u64::from(*thing) << 32, 1, || ());
        }
        frequent
    }

    /// As [`of`], batch by batch.
    fn of_batches(things: &[u8], batch: usize) -> Frequent<(), N> {
        let mut frequent = Frequent::default();
        let mut tally = Tally::default();
        for batch in things.chunks(batch) {
            let things = batch.iter().map(|thing| Tallied {
                hash: u64::from(*thing) << 32,
                rows: 1,
                first: 0,
            });
            frequent.add_all(tally.count(things), |_| ());
        }
        frequent
    }

    proptest! {
        #[test]
        fn few_things_are_counted_exactly_however_they_are_merged(
            a in prop::collection::vec(0u8..60, 0..200), b in prop::collection::vec(0u8..60, 0..200),
        ) {
            let mut left = of(&a);
            left.merge(&of(&b));
            let mut right = of(&b);
            right.merge(&of(&a));
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(&left, &of(&[&a[..], &b].concat()));
            prop_assert_eq!(left, of_batches(&[a, b].concat(), 50));
        }

        #[test]
        fn counts_are_too_low_by_the_error_at_most(
            parts in prop::collection::vec(prop::collection::vec(0u8.., 0..300), 1..5), batch in 1usize..200,
        ) {
            let mut merged = of(&[]);
            for (at, part) in parts.iter().enumerate() {
                merged.merge(&if at % 2 == 0 { of_batches(part, batch) } else { of(part) });
            }
            merged.seal();
            let all = parts.concat();
            prop_assert!(merged.error() as usize <= all.len() / (N / 4) + 1, "{} of {}", merged.error(), all.len());
            for thing in 0u8..=255 {
                let real = all.iter().map(|other| u64::from(*other == thing)).sum::<u64>();
                let found = merged.counts.get(&(u64::from(thing) << 32)).map_or(0, |(count, ())| *count);
                prop_assert!(found <= real && found + merged.error() >= real);
            }
        }

        #[test]
        fn decoding_gives_what_was_encoded(things: Vec<u8>) {
            let frequent = of(&things);
            let mut bytes = Vec::new();
            frequent.encode(&mut bytes, put_hash);
            prop_assert_eq!(Frequent::decode(&mut Reader::new(&bytes), take_hash).unwrap(), frequent);
        }
    }
}
