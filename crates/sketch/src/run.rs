//! A sealed set of 40-bit keys, compressed as Elias and Fano did and searched in that form.
//!
//! The upper bits of a key name its bucket; the lower bits are packed side by side in order. A bit vector says how
//! many keys each bucket has: a one for each key, then a zero. That is about two bits a key besides the lower bits,
//! whatever the keys are.

use std::sync::OnceLock;

use crate::codec::{DecodeError, Reader, put_number};

/// Bits of a key. With n keys a foreign key is taken for a member once in 2^40 / n.
pub(crate) const KEY_BITS: u32 = 40;

/// Every how many buckets the place of the bucket is remembered.
const STRIDE: u64 = 16;

/// A sorted set of distinct keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    len: usize,
    /// Lower bits of all keys, packed.
    lows: Vec<u64>,
    /// Bucket by bucket: a one for each key, a zero at the end.
    highs: Vec<u64>,
    /// Where every [`STRIDE`]-th bucket starts in `highs`; found when the first key is asked for, which of most runs
    /// never happens while they are made and merged.
    starts: OnceLock<Vec<u32>>,
}

impl PartialEq for Run {
    fn eq(&self, other: &Self) -> bool {
        (self.len, &self.lows, &self.highs) == (other.len, &other.lows, &other.highs)
    }
}

/// How many lower bits keys of a run of this length have: buckets hold between a half and one key on average.
const fn low_bits(len: usize) -> u32 {
    let buckets = (len as u64).next_power_of_two().trailing_zeros();
    KEY_BITS.saturating_sub(buckets)
}

const fn buckets(len: usize) -> u64 {
    1 << (KEY_BITS - low_bits(len))
}

impl Run {
    /// Seals keys that come in strictly ascending order; `len` is how many there are.
    pub(crate) fn from_sorted(len: usize, keys: impl Iterator<Item = u64>) -> Self {
        let width = low_bits(len);
        let mut lows = Packer::for_bits(len * width as usize);
        let mut highs = vec![0; (len + buckets(len) as usize).div_ceil(64)];
        let mut i = 0;
        keys.for_each(|key| {
            lows.put(key & mask(width), width);
            let place = (key >> width) as usize + i;
            if let Some(word) = highs.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
            i += 1;
        });
        Self::new(len, lows.finish(), highs)
    }

    fn new(len: usize, lows: Vec<u64>, highs: Vec<u64>) -> Self {
        Self {
            len,
            lows,
            highs,
            starts: OnceLock::new(),
        }
    }

    /// Walks over the zeros of `highs`.
    fn bucket_starts(&self) -> Vec<u32> {
        let count = buckets(self.len);
        let mut starts = vec![0];
        let mut passed = 0;
        for (at, word) in self.highs.iter().enumerate() {
            let zeros = u64::from(word.count_zeros());
            // The next bucket to remember may start in this word.
            while passed + zeros >= starts.len() as u64 * STRIDE
                && starts.len() as u64 * STRIDE < count
            {
                let nth = starts.len() as u64 * STRIDE - passed;
                starts.push((at * 64) as u32 + nth_zero(*word, nth) + 1);
            }
            passed += zeros;
        }
        starts
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Bytes in memory.
    pub(crate) fn memory(&self) -> usize {
        let starts = self.starts.get().map_or(0, Vec::capacity);
        (self.lows.capacity() + self.highs.capacity()) * 8 + starts * 4
    }

    pub(crate) fn contains(&self, key: u64) -> bool {
        if self.len == 0 {
            return false;
        }
        let width = low_bits(self.len);
        let bucket = key >> width;
        let starts = self.starts.get_or_init(|| self.bucket_starts());
        let Some(start) = starts.get((bucket / STRIDE) as usize) else {
            return false;
        };
        let mut zeros = bucket % STRIDE;
        let mut place = *start as usize;
        // Over the buckets between the remembered one and the wanted one.
        while zeros > 0 {
            let Some(word) = self.highs.get(place / 64) else {
                return false;
            };
            let rest = !word >> (place % 64);
            let found = u64::from(rest.count_ones());
            if found < zeros {
                zeros -= found;
                place = (place / 64 + 1) * 64;
            } else {
                place += nth_one(rest, zeros) as usize + 1;
                zeros = 0;
            }
        }
        let low = key & mask(width);
        // Every bucket before this one has ended with a zero, so the ones so far are the keys so far.
        let mut at = place - bucket as usize;
        while self
            .highs
            .get(place / 64)
            .is_some_and(|word| word >> (place % 64) & 1 == 1)
        {
            if get_bits(&self.lows, at * width as usize, width) == low {
                return true;
            }
            place += 1;
            at += 1;
        }
        false
    }

    /// The keys in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        let width = low_bits(self.len);
        let mut words = self.highs.iter().enumerate();
        let mut current = (0, 0);
        (0..self.len).map_while(move |i| {
            while current.1 == 0 {
                let (at, word) = words.next()?;
                current = (at, *word);
            }
            let place = current.0 * 64 + current.1.trailing_zeros() as usize;
            current.1 &= current.1 - 1;
            Some(((place - i) as u64) << width | get_bits(&self.lows, i * width as usize, width))
        })
    }

    /// The union of two runs. Both are walked over twice, since a list of the keys would be three times as large as they
    /// are.
    pub(crate) fn union(&self, other: &Self) -> Self {
        let keys = || {
            let (mut a, mut b) = (self.iter().peekable(), other.iter().peekable());
            std::iter::from_fn(move || match (a.peek().copied(), b.peek().copied()) {
                (Some(left), Some(right)) => {
                    if right <= left {
                        b.next();
                    }
                    if left <= right {
                        a.next();
                    }
                    Some(left.min(right))
                }
                (Some(_), None) => a.next(),
                (None, _) => b.next(),
            })
        };
        Self::from_sorted(keys().count(), keys())
    }

    /// The run without what the other holds; `None` where that takes nothing out.
    pub(crate) fn without(&self, other: &Self) -> Option<Self> {
        let kept = || {
            let mut is_theirs = other.ascending();
            self.iter().filter(move |key| !is_theirs(*key))
        };
        let len = kept().count();
        (len < self.len).then(|| Self::from_sorted(len, kept()))
    }

    /// Whether a key is one of the run's, asked in ascending order.
    pub(crate) fn ascending(&self) -> impl FnMut(u64) -> bool {
        let mut mine = self.iter().peekable();
        move |key| {
            while mine.next_if(|mine| *mine < key).is_some() {}
            mine.peek() == Some(&key)
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_number(out, self.len as u64);
        put_packed(out, &self.lows, self.len * low_bits(self.len) as usize);
        put_packed(
            out,
            &self.highs,
            if self.len == 0 {
                0
            } else {
                self.len + buckets(self.len) as usize
            },
        );
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // Each key takes at least one bit of `highs`.
        let len = usize::try_from(reader.number()?).map_err(|_| DecodeError::Short)?;
        if len.div_ceil(8) > reader.left() {
            return Err(DecodeError::Short);
        }
        if len == 0 {
            return Ok(Self::default());
        }
        let lows = take_packed(reader, len * low_bits(len) as usize)?;
        let highs = take_packed(reader, len + buckets(len) as usize)?;
        let ones: u64 = highs.iter().map(|word| u64::from(word.count_ones())).sum();
        if ones != len as u64 {
            return Err(DecodeError::Malformed(
                "a set has another number of keys than it says",
            ));
        }
        let run = Self::new(len, lows, highs);
        let mut next = 0;
        let in_order = run.iter().all(|key| {
            let fine = key >= next && key >> KEY_BITS == 0;
            next = key + 1;
            fine
        });
        if !in_order {
            return Err(DecodeError::Malformed("the keys of a set are not in order"));
        }
        Ok(run)
    }
}

const fn mask(width: u32) -> u64 {
    (1 << width) - 1
}

/// Packs bits side by side.
struct Packer {
    words: Vec<u64>,
    /// The word that is not full yet.
    last: u64,
    /// Bits in it.
    filled: u32,
}

impl Packer {
    fn for_bits(bits: usize) -> Self {
        Self {
            words: Vec::with_capacity(bits.div_ceil(64)),
            last: 0,
            filled: 0,
        }
    }

    /// Appends the lower `width` bits of a word that has no others.
    fn put(&mut self, bits: u64, width: u32) {
        self.last |= bits << self.filled;
        self.filled += width;
        if let Some(over) = self.filled.checked_sub(u64::BITS) {
            self.words.push(self.last);
            self.last = bits.checked_shr(width - over).unwrap_or(0);
            self.filled = over;
        }
    }

    fn finish(mut self) -> Vec<u64> {
        if self.filled > 0 {
            self.words.push(self.last);
        }
        self.words
    }
}

fn get_bits(words: &[u64], at: usize, width: u32) -> u64 {
    let (word, shift) = (at / 64, at % 64);
    let first = words.get(word).map_or(0, |bits| bits >> shift);
    let second = if shift + width as usize > 64 {
        words.get(word + 1).map_or(0, |bits| bits << (64 - shift))
    } else {
        0
    };
    (first | second) & mask(width)
}

/// Place of the n-th zero, counted from 1.
fn nth_zero(word: u64, n: u64) -> u32 {
    nth_one(!word, n)
}

/// Place of the n-th one, counted from 1; there must be so many.
fn nth_one(mut word: u64, n: u64) -> u32 {
    for _ in 1..n {
        word &= word.wrapping_sub(1);
    }
    word.trailing_zeros()
}

fn put_packed(out: &mut Vec<u8>, words: &[u64], bits: usize) {
    let (whole, rest) = (bits / 64, (bits % 64).div_ceil(8));
    out.reserve(bits.div_ceil(8));
    for word in words.iter().take(whole) {
        out.extend_from_slice(&word.to_le_bytes());
    }
    if let Some(last) = words.get(whole) {
        out.extend_from_slice(&last.to_le_bytes()[..rest]);
    }
}

fn take_packed(reader: &mut Reader<'_>, bits: usize) -> Result<Vec<u64>, DecodeError> {
    let bytes = reader.bytes(bits.div_ceil(8))?;
    let words = bytes.chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    Ok(words.collect())
}
