//! The tokeniser of delimited text: 64 bytes at a time, quotes by parity. The only module here with `unsafe` code.
//!
//! The one thing a reader gets wrong: parity is right only while every quote opens at the start of a field and closes
//! at its end. [`walk`] checks that as it goes; where it does not hold, [`Carry::is_regular`] is false and the block
//! must be read by [`careful`](super::careful) instead.
#![expect(
    unsafe_code,
    reason = "instructions that not every processor has, and texts that were checked already"
)]
#![expect(
    clippy::inline_always,
    reason = "what is compiled for a processor's features is only what is inlined where they are required"
)]

use arrow_array::StringViewArray;
use arrow_buffer::{Buffer, NullBuffer, ScalarBuffer};

use super::layout::Marks;

/// What 64 bytes hold, one bit a byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    /// Ends of fields: delimiters and record ends.
    pub(crate) fields: u64,
    /// Ends of records.
    pub(crate) records: u64,
    /// Ends of records that hold nothing at all.
    pub(crate) blanks: u64,
    /// Line ends, those within quotes included.
    pub(crate) lines: u64,
}

/// Takes groups as they are found.
pub(crate) trait Visit {
    /// Whether [`Group::blanks`] is looked at; it costs a comparison more.
    const BLANKS: bool;

    /// The next 64 bytes, from `offset` on.
    fn group(&mut self, offset: usize, group: Group);
}

/// What carries over from one group, and from one block, to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carry {
    /// All ones within quotes.
    inside: u64,
    /// Whether a quote may open next: after a field end or a closing quote.
    may_open: u64,
    /// Whether the last byte closed a quote.
    closed: u64,
    /// Whether the last byte ended a record.
    ended: u64,
    /// Whether the last byte was a carriage return right after a record end.
    returned: u64,
    regular: bool,
}

impl Carry {
    /// At the start of a record.
    pub(crate) const START: Self = Self {
        inside: 0,
        may_open: 1,
        closed: 0,
        ended: 1,
        returned: 0,
        regular: true,
    };

    /// Whether the text so far ends within quotes.
    pub(crate) fn is_open(&self) -> bool {
        self.inside != 0
    }

    /// Whether every quote stood where parity is right.
    pub(crate) fn is_regular(&self) -> bool {
        self.regular
    }
}

#[derive(Clone, Copy)]
struct Masks {
    quotes: u64,
    delimiters: u64,
    newlines: u64,
    returns: u64,
}

/// A group without quotes, outside of quotes: nearly all of them.
#[inline(always)]
fn plain_step(masks: Masks, carry: &mut Carry) -> Group {
    let fields = masks.delimiters | masks.newlines;
    carry.may_open = fields >> 63;
    Group {
        fields,
        records: masks.newlines,
        blanks: 0,
        lines: masks.newlines,
    }
}

/// Any group.
#[inline(always)]
fn step(masks: Masks, carry: &mut Carry) -> Group {
    let inside = prefix_xor(masks.quotes) ^ carry.inside;
    carry.inside = ((inside as i64) >> 63) as u64;
    let records = masks.newlines & !inside;
    let fields = (masks.delimiters & !inside) | records;
    let (opening, closing) = (masks.quotes & inside, masks.quotes & !inside);
    let before = ((fields | closing) << 1) | carry.may_open;
    let after = (closing << 1) | carry.closed;
    let misplaced = (opening & !before) | (after & !(fields | masks.returns | masks.quotes));
    carry.regular &= misplaced == 0;
    carry.may_open = (fields | closing) >> 63;
    carry.closed = closing >> 63;
    Group {
        fields,
        records,
        blanks: 0,
        lines: masks.newlines,
    }
}

/// Which records of a group hold nothing, a carriage return aside.
#[inline(always)]
fn blanks(records: u64, returns: u64, carry: &mut Carry) -> u64 {
    let first = (records << 1) | carry.ended;
    let returned = returns & first;
    let blanks = records & (first | (returned << 1) | carry.returned);
    carry.ended = records >> 63;
    carry.returned = returned >> 63;
    blanks
}

/// Each bit becomes the parity of the bits up to it.
#[inline(always)]
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

/// Walks over a block, telling each group to `visit`.
pub(crate) fn walk<V: Visit>(block: &[u8], marks: Marks, carry: &mut Carry, visit: &mut V) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("popcnt")
    {
        // SAFETY: the processor has what the function was compiled for, as just asked.
        return unsafe { walk_avx2(block, marks, carry, visit) };
    }
    walk_with(block, marks, carry, visit, equal_portable);
}

#[inline(always)]
fn walk_with<V: Visit>(
    block: &[u8],
    marks: Marks,
    carry: &mut Carry,
    visit: &mut V,
    equal: impl Fn(&[u8; 64], u8) -> u64,
) {
    let (quote, delimiter) = (marks.quote, marks.delimiter);
    let group = |bytes: &[u8; 64], carry: &mut Carry| {
        let mut masks = Masks {
            quotes: quote.map_or(0, |quote| equal(bytes, quote)),
            delimiters: delimiter.map_or(0, |delimiter| equal(bytes, delimiter)),
            newlines: equal(bytes, marks.newline),
            returns: 0,
        };
        let mut group = if (masks.quotes | carry.inside | carry.closed) == 0 {
            plain_step(masks, carry)
        } else {
            masks.returns = equal(bytes, b'\r');
            step(masks, carry)
        };
        if V::BLANKS {
            group.blanks = blanks(group.records, equal(bytes, b'\r'), carry);
        }
        (masks, group)
    };
    let (groups, rest) = block.as_chunks::<64>();
    for (number, bytes) in groups.iter().enumerate() {
        visit.group(number * 64, group(bytes, carry).1);
    }
    if !rest.is_empty() {
        // Zeros are no marks, so padding adds nothing; only what carries over is wrong now, and nobody reads it.
        let mut bytes = [0; 64];
        bytes[..rest.len()].copy_from_slice(rest);
        let before = *carry;
        let (masks, group) = group(&bytes, carry);
        // A quote that closes with the last byte is followed by padding, which is no misplaced text.
        if carry.regular != before.regular {
            carry.regular = before.regular && tail_is_regular(masks, before, rest.len());
        }
        visit.group(groups.len() * 64, group);
    }
}

/// Whether the quotes of a last group of `length` bytes are well placed.
fn tail_is_regular(mut masks: Masks, mut carry: Carry, length: usize) -> bool {
    // As if the text were followed by a record end.
    masks.newlines |= 1 << length;
    let _ = step(masks, &mut carry);
    carry.regular
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn walk_avx2<V: Visit>(block: &[u8], marks: Marks, carry: &mut Carry, visit: &mut V) {
    use std::arch::x86_64::{
        _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8,
    };
    walk_with(block, marks, carry, visit, |bytes, byte| {
        // SAFETY: both loads of 32 bytes lie within the 64 bytes of the array and need no alignment; AVX2 is present,
        // since this closure is only called from a function that requires it.
        unsafe {
            let needle = _mm256_set1_epi8(byte as i8);
            let low = _mm256_loadu_si256(bytes.as_ptr().cast());
            let high = _mm256_loadu_si256(bytes.as_ptr().add(32).cast());
            let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, needle)) as u32;
            let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, needle)) as u32;
            u64::from(low) | (u64::from(high) << 32)
        }
    });
}

/// Which of 64 bytes are equal to one, eight at a time in plain registers.
#[inline(always)]
fn equal_portable(bytes: &[u8; 64], byte: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let needle = u64::from(byte) * 0x0101_0101_0101_0101;
    let mut bits = 0;
    for (at, word) in bytes.as_chunks::<8>().0.iter().enumerate() {
        let differs = u64::from_le_bytes(*word) ^ needle;
        let zero = !(((differs & LOW) + LOW) | differs | LOW);
        bits |= ((zero >> 7).wrapping_mul(GATHER) >> 56) << (8 * at);
    }
    bits
}

/// Appends the positions of the set bits, counted from `offset`.
///
/// Eight are written without asking how many there are: that many is usual, and a loop that ends after three, four or
/// five rounds at random costs more than the writes.
#[inline(always)]
pub(crate) fn push_positions(positions: &mut Vec<u32>, mut bits: u64, offset: u32) {
    positions.reserve(64);
    let (length, count) = (positions.len(), bits.count_ones() as usize);
    let slots = positions.spare_capacity_mut().as_mut_ptr();
    let mut written = 0;
    while written < 8 || bits != 0 {
        // SAFETY: at most 64 bits are set, so this round writes to one of the first 64 slots, which were reserved.
        unsafe { (*slots.add(written)).write(offset.wrapping_add(bits.trailing_zeros())) };
        bits &= bits.wrapping_sub(1);
        written += 1;
    }
    // SAFETY: the loop wrote one position per set bit right behind the old ones, and maybe more behind those.
    unsafe { positions.set_len(length + count) };
}

/// A text column over a block.
///
/// `views` must come from [`view`](super::views::view) over that very block, whose text must be valid UTF-8 and whose
/// field borders must be ASCII: [`Views`](super::views::Views) is the only caller and guarantees it.
pub(super) fn array(views: Vec<u128>, block: Buffer, nulls: Option<NullBuffer>) -> StringViewArray {
    // SAFETY: every view was computed from a range of the block that begins and ends at an ASCII byte, so it is within
    // bounds and valid UTF-8 like the block itself; short values are inlined with zeros behind them, nulls are zero.
    unsafe { StringViewArray::new_unchecked(ScalarBuffer::from(views), vec![block], nulls) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Default)]
    struct All(Vec<(usize, u64, u64, u64, u64)>);

    impl Visit for All {
        const BLANKS: bool = true;

        fn group(&mut self, offset: usize, group: Group) {
            self.0.push((
                offset,
                group.fields,
                group.records,
                group.blanks,
                group.lines,
            ));
        }
    }

    const MARKS: Marks = Marks {
        delimiter: Some(b','),
        quote: Some(b'"'),
        newline: b'\n',
    };

    proptest! {
        #[test]
        fn both_implementations_agree(text in proptest::collection::vec(prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r'), any::<u8>()], 0..400)) {
            let (mut fast, mut portable) = (All::default(), All::default());
            let (mut one, mut two) = (Carry::START, Carry::START);
            walk(&text, MARKS, &mut one, &mut fast);
            walk_with(&text, MARKS, &mut two, &mut portable, equal_portable);
            prop_assert_eq!(fast.0, portable.0);
            prop_assert_eq!(one.regular, two.regular);
        }

        #[test]
        fn the_portable_comparison_finds_each_byte(bytes in proptest::array::uniform32(any::<u8>()), byte: u8) {
            let mut group = [0; 64];
            group[16..48].copy_from_slice(&bytes);
            let expected = (0..64).filter(|at| group[*at] == byte).fold(0, |bits, at| bits | 1_u64 << at);
            prop_assert_eq!(equal_portable(&group, byte), expected);
        }

        #[test]
        fn positions_are_those_of_the_set_bits(bits: u64) {
            let mut positions = vec![7];
            push_positions(&mut positions, bits, 100);
            let expected: Vec<u32> = (0..64).filter(|at| bits >> at & 1 == 1).map(|at| 100 + at).collect();
            prop_assert_eq!(&positions[1..], expected);
        }
    }

    #[test]
    fn quotes_within_unquoted_text_are_noticed() {
        let regular = |text: &str| {
            let mut carry = Carry::START;
            walk(text.as_bytes(), MARKS, &mut carry, &mut All::default());
            carry.is_regular()
        };
        for text in [
            "a,b\n",
            "\"a\",b\r\n",
            "\"a \"\"b\"\"\",\"\"\n\"x\ny\"\n",
            "\"a\"",
            "\"\"\"\"",
            "",
        ] {
            assert!(regular(text), "{text:?}");
        }
        for text in [
            "5\" disk,b\n",
            "\"a\" ,b\n",
            "a,\"b\"c\n",
            " \"a\",b\n",
            "\"a\"b",
        ] {
            assert!(!regular(text), "{text:?}");
        }
    }
}
