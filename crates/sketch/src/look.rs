//! What cells look like when their letters and digits are forgotten. The cells of a column mostly look alike, and what
//! depends on nothing else, such as the classes of characters or whether it may be a date, is asked once for all of
//! them.

use crate::forms::{Fold, Outline};
use crate::{ClassMask, hash};

/// Longest cell, in bytes, that has a look.
pub const LONGEST_LOOK: usize = 48;

/// Stands behind a cell: no byte of UTF-8.
const NOTHING: u8 = 0xff;

/// Bytes that are looked at together.
const BLOCK: usize = 16;

/// No look, of a cell that is empty or long.
pub(crate) const NONE: u32 = u32::MAX;

/// What some cells of a batch have in common that differ in nothing but which ASCII letters and digits they have.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Their classes.
    pub class: ClassMask,
    /// How many rows they stand for; none, if nothing of them is visible.
    pub rows: u64,
    /// The first of them.
    pub first: u32,
    pub(crate) fold: Fold,
    /// Of their folded texts, unless folding changes more than their case.
    pub(crate) outline: Outline,
    hash: u64,
    /// The kinds of their bytes.
    pub kinds: Kinds,
}

impl Look {
    /// Whether none of them is a date or a point in time.
    pub fn is_undated(&self) -> bool {
        self.fold != Fold::Other && !self.outline.dated
    }
}

/// The looks of a batch.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    all: Vec<Look>,
    /// Open addressing by hash; an entry is the look's number plus one, zero is free.
    table: Vec<u32>,
}

impl Looks {
    pub(crate) fn clear(&mut self) {
        // What a batch of many looks took would have to be cleared for each that follows.
        self.table.clear();
        self.table.resize(SMALLEST, 0);
        self.all.clear();
    }

    pub(crate) fn all(&self) -> &[Look] {
        &self.all
    }

    /// Takes in a trimmed cell; answers its look and the number of that, which is [`NONE`] without one.
    #[inline]
    pub(crate) fn add(&mut self, text: &str, cell: u32, rows: u64) -> (u32, Option<&Look>) {
        let Some(kinds) = Kinds::of(text.as_bytes()) else {
            return (NONE, None);
        };
        // Neighbours mostly look alike.
        let last = self.all.len().wrapping_sub(1);
        let number = match self.all.get(last) {
            Some(look) if look.kinds == kinds => last,
            _ => self.find(kinds, text, cell),
        };
        let look = &mut self.all[number];
        look.rows += rows;
        (number as u32, Some(look))
    }

    /// Takes back a cell that has nothing but invisible characters.
    pub(crate) fn drop_blank(&mut self, number: u32, rows: u64) {
        if let Some(look) = self.all.get_mut(number as usize) {
            look.rows -= rows;
        }
    }

    fn find(&mut self, kinds: Kinds, text: &str, cell: u32) -> usize {
        if self.all.len() * 2 >= self.table.len() {
            self.grow();
        }
        let hash = kinds.hash(text.len());
        let mut place = hash as usize & (self.table.len() - 1);
        while let Some(number) = (self.table[place] as usize).checked_sub(1) {
            if self.all[number].kinds == kinds {
                return number;
            }
            place = (place + 1) & (self.table.len() - 1);
        }
        let class = ClassMask::of(text);
        self.all.push(Look {
            class,
            rows: 0,
            first: cell,
            fold: Fold::of(text, class),
            outline: Outline::of(text, class.lowered()),
            hash,
            kinds,
        });
        self.table[place] = self.all.len() as u32;
        self.all.len() - 1
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 4).max(SMALLEST);
        self.table.clear();
        self.table.resize(size, 0);
        for (number, look) in (1..).zip(&self.all) {
            let mut place = look.hash as usize & (size - 1);
            while self.table[place] != 0 {
                place = (place + 1) & (size - 1);
            }
            self.table[place] = number;
        }
    }
}

/// Places of the table at first.
const SMALLEST: usize = 1 << 8;

/// The kind of each byte of a cell: `a`, `A`, `9`, or itself.
#[derive(Clone, Copy, Debug)]
pub struct Kinds([u8; LONGEST_LOOK]);

impl PartialEq for Kinds {
    /// All bytes at once, since most that are compared are alike.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let [mine, theirs] = [self, other].map(|kinds| kinds.0.as_chunks::<BLOCK>().0);
        let differences = mine
            .iter()
            .zip(theirs)
            .map(|(mine, theirs)| u128::from_ne_bytes(*mine) ^ u128::from_ne_bytes(*theirs));
        differences.fold(0, |all, difference| all | difference) == 0
    }
}

impl Kinds {
    /// `None` for a cell that has no look: empty or long.
    #[inline]
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > LONGEST_LOOK {
            return None;
        }
        let mut kinds = [NOTHING; LONGEST_LOOK];
        let (places, _) = kinds.as_chunks_mut::<BLOCK>();
        let (whole, _) = text.as_chunks::<BLOCK>();
        for (to, from) in places.iter_mut().zip(whole) {
            *to = kinds_of(from);
        }
        if let Some(to) = places.get_mut(whole.len()) {
            *to = kinds_of(&rest(text));
        }
        Some(Self(kinds))
    }

    /// The kinds, and behind them bytes that are none of a text.
    pub const fn padded(&self) -> &[u8; LONGEST_LOOK] {
        &self.0
    }

    /// Of a fixed number of bytes, which takes a fraction of the time.
    #[inline]
    fn hash(&self, length: usize) -> u64 {
        match self.0.first_chunk::<BLOCK>() {
            Some(block) if length < BLOCK => hash(block),
            _ => hash(&self.0),
        }
    }
}

/// What stands behind the whole blocks of a text that is not empty, and [`NOTHING`] behind that; no byte is copied by
/// itself.
#[inline]
fn rest(text: &[u8]) -> [u8; BLOCK] {
    let length = text.len() % BLOCK;
    let nothing = u128::MAX.checked_shl(8 * length as u32).unwrap_or(0);
    let bytes = if let Some(last) = text.last_chunk::<BLOCK>() {
        u128::from_le_bytes(*last)
            .checked_shr(8 * (BLOCK - length) as u32)
            .unwrap_or(0)
    } else if let Some(both) = ends::<8>(text) {
        let [first, last] = both.map(|bytes| u128::from(u64::from_le_bytes(bytes)));
        first | last << (8 * (length - 8))
    } else if let Some(both) = ends::<4>(text) {
        let [first, last] = both.map(|bytes| u128::from(u32::from_le_bytes(bytes)));
        first | last << (8 * (length - 4))
    } else {
        let bytes = text.iter().rev();
        bytes.fold(0, |all, byte| all << 8 | u128::from(*byte))
    };
    (bytes | nothing).to_le_bytes()
}

/// The first and the last bytes, which may overlap.
fn ends<const N: usize>(text: &[u8]) -> Option<[[u8; N]; 2]> {
    Some([*text.first_chunk()?, *text.last_chunk()?])
}

/// Without a branch or a table, so that it becomes a few vector instructions; where it is inlined, it does not.
#[inline(never)]
fn kinds_of(bytes: &[u8; BLOCK]) -> [u8; BLOCK] {
    let mut kinds = *bytes;
    for kind in &mut kinds {
        let byte = *kind;
        let letter = byte | 0x20;
        let is_digit = byte.wrapping_sub(b'0') < 10;
        let is_letter = letter.wrapping_sub(b'a') < 26;
        *kind = if is_digit { b'9' } else { byte };
        *kind = if is_letter {
            b'a' ^ letter ^ byte
        } else {
            *kind
        };
    }
    kinds
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::forms::{folded, is_date, is_timestamp, trimmed};

    #[test]
    fn every_byte_of_a_cell_of_any_length_counts() {
        let of = |text: &str| Kinds::of(text.as_bytes()).unwrap();
        for length in 1..=LONGEST_LOOK {
            let plain = "7".repeat(length);
            assert_eq!(of(&plain), of(&"1".repeat(length)));
            if length < LONGEST_LOOK {
                assert_ne!(of(&plain), of(&"7".repeat(length + 1)));
            }
            for at in 0..length {
                let mut other = plain.clone();
                other.replace_range(at..=at, "-");
                assert_ne!(of(&plain), of(&other), "{other}");
                let kinds = other.replace('7', "9");
                assert_eq!(&of(&other).padded()[..length], kinds.as_bytes());
            }
        }
        assert_eq!(Kinds::of(b""), None);
        assert_eq!(Kinds::of(&[b'x'; LONGEST_LOOK + 1]), None);
    }

    #[test]
    fn only_letters_and_digits_of_ascii_lose_themselves() {
        for byte in 0..=u8::MAX {
            let expected = match byte {
                b'0'..=b'9' => b'9',
                b'a'..=b'z' => b'a',
                b'A'..=b'Z' => b'A',
                byte => byte,
            };
            assert_eq!(kinds_of(&[byte; BLOCK]), [expected; BLOCK]);
        }
    }

    #[test]
    fn cells_that_look_alike_are_counted_together_however_many_looks_there_are() {
        let mut looks = Looks::default();
        for round in 0..2 {
            looks.clear();
            for cell in 0..3_000_u32 {
                let text = format!("{:b}{}", cell % 1_500, cell % 10).replace('1', "x");
                let (number, look) = looks.add(&text, cell, 2);
                assert_eq!(look.unwrap().first, cell % 1_500, "round {round}");
                assert_eq!(number, cell % 1_500);
            }
            assert!(looks.all().iter().all(|look| look.rows == 4));
        }
    }

    proptest! {
        /// What is asked of one cell must hold for all that look like it.
        #[test]
        fn what_is_told_of_a_look_holds_for_each_cell(
            text in r"[0-9]{1,4}[-/. ,][0-9]{1,4}[-/. ,T][0-9a-zA-Z]{1,4}[ T]?([0-9]{2}[:.-][0-9]{2}Z?)?|[ -~]{1,20}|\PC{1,9}|[0-9:. TZ-]{8,20}",
            letters in "[a-z]{48}", digits in "[0-9]{48}",
        ) {
            let text = trimmed(&text);
            prop_assume!(!text.is_empty() && text.len() <= LONGEST_LOOK);
            let other: String = text.char_indices().map(|(at, c)| match c {
                'a'..='z' => letters.as_bytes()[at] as char,
                'A'..='Z' => letters.as_bytes()[at].to_ascii_uppercase() as char,
                '0'..='9' => digits.as_bytes()[at] as char,
                c => c,
            }).collect();
            let mut looks = Looks::default();
            let look = *looks.add(text, 0, 1).1.unwrap();
            prop_assert_eq!(looks.add(&other, 1, 1).0, 0);
            for text in [text, &other] {
                let class = ClassMask::of(text);
                prop_assert_eq!(look.class, class);
                prop_assert_eq!(look.fold, Fold::of(text, class));
                let folded = folded(text);
                if look.fold != Fold::Other {
                    prop_assert_eq!(&text.to_ascii_lowercase(), &*folded);
                }
                if look.fold != Fold::Other {
                    prop_assert_eq!(look.outline, Outline::of(&folded, ClassMask::of(&folded)));
                }
                for text in [text, &folded] {
                    let dated = is_date(text, ClassMask::of(text)) || is_timestamp(text);
                    prop_assert!(!(look.is_undated() && dated), "{}", text);
                }
            }
        }
    }
}
