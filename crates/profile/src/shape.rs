//! Shapes: what a value looks like when its letters and digits are forgotten.
//!
//! Capital letters are `A`, other letters `a`, digits `9`, of any script; punctuation of ASCII stays, any other sign is
//! `*`. A run of small letters is `a+` however long, so that words of one kind share a shape; capitals and digits are
//! counted, since codes are made of them.
//!
//! Shapes are stored and shown in the open, so a value of nothing but signs, which would be its own shape, is all `*`.

use locard_sketch::{ClassMask, hash};

use crate::tally::{Tallied, Tally};

/// Longest cell, in bytes, that has a shape.
const LONGEST: usize = 48;

/// Capitals in a row that may be a code.
const LONGEST_CODE: u32 = 8;

/// The shapes of a batch.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    /// Cells by what they look like at first sight; neighbours that look alike once.
    looks: Vec<Tallied>,
    /// Each shape, one behind the other, with their ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    counts: Vec<Tallied>,
    shape: Vec<u8>,
}

impl Shapes {
    pub(crate) fn clear(&mut self) {
        self.looks.clear();
    }

    /// Adds a trimmed cell, if it has a shape.
    pub(crate) fn add(&mut self, text: &str, class: ClassMask, rows: u64, cell: usize) {
        let Some(hash) = looks(text.as_bytes(), class) else {
            return;
        };
        match self.looks.last_mut() {
            Some(last) if last.hash == hash => last.rows += rows,
            _ => self.looks.push(Tallied {
                hash,
                rows,
                first: cell as u32,
            }),
        }
    }

    /// Each shape once, under its number; of cells that look alike one is asked for its shape.
    pub(crate) fn count<'a, 'b>(
        &mut self,
        tally: &'a mut Tally,
        cell: impl Fn(usize) -> (&'b str, ClassMask),
    ) -> &'a mut [Tallied] {
        self.bytes.clear();
        self.ends.clear();
        self.counts.clear();
        for alike in &*tally.count(self.looks.iter().copied()) {
            let (text, class) = cell(alike.first as usize);
            shape_of(text, class, &mut self.shape);
            let first = self.ends.len() as u32;
            self.bytes.extend_from_slice(&self.shape);
            self.ends.push(self.bytes.len());
            self.counts.push(Tallied {
                hash: hash(&self.shape),
                first,
                ..*alike
            });
        }
        tally.count(self.counts.iter().copied())
    }

    /// The shape of that number.
    pub(crate) fn name(&self, number: u32) -> String {
        let end = |number: usize| self.ends.get(number).copied().unwrap_or_default();
        let start = (number as usize).checked_sub(1).map_or(0, end);
        let bytes = self.bytes.get(start..end(number as usize));
        String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
    }
}

/// What stands behind a cell: no byte of ASCII, so that it keeps its kind.
const NOTHING: u8 = 0xff;

/// The kind of each byte of an ASCII cell.
#[derive(Clone, Copy, Debug)]
struct Kinds {
    kinds: [u8; LONGEST],
    length: usize,
}

impl Kinds {
    /// `None` for a cell that has no shape: empty or long.
    #[inline]
    fn of(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > LONGEST {
            return None;
        }
        let mut kinds = [NOTHING; LONGEST];
        let (places, _) = kinds.as_chunks_mut::<BLOCK>();
        let (whole, _) = text.as_chunks::<BLOCK>();
        for (to, from) in places.iter_mut().zip(whole) {
            *to = kinds_of(from);
        }
        if let Some(to) = places.get_mut(whole.len()) {
            *to = kinds_of(&rest(text));
        }
        Some(Self {
            kinds,
            length: text.len(),
        })
    }

    fn kinds(&self) -> &[u8] {
        &self.kinds[..self.length]
    }
}

/// The same for equal cells, and for cells of ASCII and of one length that differ in letters and digits only; `None` for
/// a cell that has no shape. The hash is that of a fixed number of bytes, which takes a fraction of the time.
#[inline]
fn looks(text: &[u8], class: ClassMask) -> Option<u64> {
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    if class.any(ClassMask::WIDE) {
        return Some(hash(text));
    }
    if text.len() < BLOCK {
        return Some(hash(&kinds_of(&rest(text))));
    }
    Kinds::of(text).map(|kinds| hash(&kinds.kinds))
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

/// Bytes that are looked at together.
const BLOCK: usize = 16;

/// Without a branch or a table, so that it becomes a few vector instructions.
fn kinds_of(bytes: &[u8; BLOCK]) -> [u8; BLOCK] {
    let mut kinds = *bytes;
    for kind in &mut kinds {
        let byte = *kind;
        let blank = byte < b' ' || byte == 0x7f;
        *kind = if blank { b' ' } else { *kind };
        *kind = if byte.wrapping_sub(b'0') < 10 {
            b'9'
        } else {
            *kind
        };
        *kind = if byte.wrapping_sub(b'A') < 26 {
            b'A'
        } else {
            *kind
        };
        *kind = if byte.wrapping_sub(b'a') < 26 {
            b'a'
        } else {
            *kind
        };
    }
    kinds
}

/// Writes the shape of a trimmed cell, if it has one.
fn shape_of(text: &str, class: ClassMask, out: &mut Vec<u8>) {
    if class.any(ClassMask::WIDE) {
        shape_of_wide(text, out);
    } else if let Some(kinds) = Kinds::of(text.as_bytes()) {
        shape_of_ascii(&kinds, class, out);
    }
}

fn shape_of_ascii(kinds: &Kinds, class: ClassMask, out: &mut Vec<u8>) {
    out.clear();
    if class.any(ClassMask::UPPER) && kinds.length as u32 > LONGEST_CODE {
        runs(kinds.kinds().iter().copied(), out);
    } else if class.any(ClassMask::LOWER) {
        words(kinds, out);
    } else {
        // Nothing is shortened.
        out.extend_from_slice(kinds.kinds());
    }
    hide_signs(out);
}

/// As [`runs`], where no run of capitals is too long.
fn words(kinds: &Kinds, out: &mut Vec<u8>) {
    let mut marked = kinds.kinds;
    for (mark, pair) in marked[1..].iter_mut().zip(kinds.kinds.windows(2)) {
        *mark = if *pair == *b"aa" { NOTHING } else { pair[1] };
    }
    let mut bytes = [0; 2 * LONGEST + 1];
    let mut end = 0;
    for kind in &marked[..kinds.length] {
        // All is written; what follows takes its place unless it stays.
        bytes[end] = *kind;
        bytes[end + 1] = b'+';
        end += usize::from(*kind != NOTHING) + usize::from(*kind == b'a');
    }
    out.extend_from_slice(&bytes[..end]);
}

/// Writes the shape of any trimmed cell; `false` where it has none (empty or long).
fn shape_of_wide(text: &str, out: &mut Vec<u8>) -> bool {
    out.clear();
    if text.is_empty() || text.len() > LONGEST {
        return false;
    }
    runs(text.chars().map(kind), out);
    hide_signs(out);
    true
}

/// A shape of nothing but signs would be the cell itself.
fn hide_signs(shape: &mut [u8]) {
    if !shape.iter().any(|kind| matches!(kind, b'A' | b'a' | b'9')) {
        shape.fill(b'*');
    }
}

/// All kinds are of ASCII, and of no character comes more than two bytes. Each step writes and then decides what stays,
/// so that no branch depends on the text.
fn runs(kinds: impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    const ROOM: usize = (2 * LONGEST + 2).next_power_of_two();
    let mut bytes = [0; ROOM];
    let mut end = 0;
    let mut put = |kind: u8, stays: bool| {
        bytes[end & (ROOM - 1)] = kind;
        end += usize::from(stays);
    };
    let (mut last, mut length) = (0, 0u32);
    for kind in kinds {
        length = if kind == last { length + 1 } else { 1 };
        last = kind;
        // Of small letters one stays, of capitals eight; a plus sign stands for the others.
        let most = RUNS[kind as usize & 0x7f];
        put(kind, length <= most);
        put(b'+', length == most + u32::from(kind == b'A'));
    }
    out.extend_from_slice(bytes.get(..end).unwrap_or_default());
}

/// How many of one kind in a row stay.
const RUNS: [u32; 128] = {
    let mut runs = [u32::MAX - 1; 128];
    runs[b'a' as usize] = 1;
    runs[b'A' as usize] = LONGEST_CODE;
    runs
};

fn kind(c: char) -> u8 {
    match c {
        '0'..='9' => b'9',
        'A'..='Z' => b'A',
        'a'..='z' => b'a',
        '\0'..' ' | '\u{7f}' => b' ',
        _ if c.is_ascii() => c as u8,
        _ if c.is_uppercase() => b'A',
        _ if c.is_alphabetic() => b'a',
        _ if c.is_numeric() => b'9',
        _ if c.is_whitespace() => b' ',
        _ => b'*',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape, asked for in a batch with another one.
    fn shape(text: &str) -> Option<String> {
        let (mut shapes, mut tally) = (Shapes::default(), Tally::default());
        let cells = ["x1x", text, text, "x1x", text].map(|text| (text, ClassMask::of(text)));
        for (cell, (text, class)) in cells.iter().enumerate() {
            shapes.add(text, *class, 1, cell);
        }
        let counted = shapes.count(&mut tally, |cell| cells[cell]);
        let found = counted.iter().find(|shape| shape.rows == 3)?;
        Some(shapes.name(found.first))
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shape(text).as_deref(), Some(expected), "{text}");
        let mut out = Vec::new();
        assert!(shape_of_wide(text, &mut out));
        assert_eq!(out, expected.as_bytes(), "{text}, as if it were not ASCII");
    }

    #[test]
    fn codes_are_counted_and_words_are_not() {
        check("ABC-123", "AAA-999");
        check("118-29-3122", "999-99-9999");
        check("brian", "a+");
        check("Brian Frank", "Aa+ Aa+");
        check("Al", "Aa+");
        check("b.frank@example.org", "a+.a+@a+.a+");
        check("12345", "99999");
        check("ABCDEFGHIJK", "AAAAAAAA+");
    }

    #[test]
    fn letters_and_digits_of_any_script_have_a_shape() {
        check("Ёлка", "Aa+");
        check("山田 太郎", "a+ a+");
        check("٤٢", "99");
    }

    #[test]
    fn no_sign_of_a_value_of_signs_is_told() {
        check("$%-!", "****");
        check("Anna ❤ €5", "Aa+ * *9");
        check("日本\u{3000}語", "a+ a+");
        check("—", "*");
    }

    #[test]
    fn every_byte_of_a_cell_of_any_length_counts() {
        for length in 1..=LONGEST {
            let plain = "7".repeat(length);
            let hash_of = |text: &str| looks(text.as_bytes(), ClassMask::of(text));
            assert_eq!(hash_of(&plain), hash_of(&"1".repeat(length)));
            assert_ne!(hash_of(&plain), hash_of(&"7".repeat(length + 1)));
            for at in 0..length {
                let mut other = plain.clone();
                other.replace_range(at..=at, "-");
                assert_ne!(hash_of(&plain), hash_of(&other), "{other}");
                let kinds = Kinds::of(other.as_bytes()).unwrap();
                assert_eq!(kinds.kinds(), other.replace('7', "9").as_bytes());
            }
        }
    }

    #[test]
    fn long_text_has_none() {
        assert_eq!(shape(&"x".repeat(LONGEST + 1)), None);
        assert_eq!(shape(&"é".repeat(LONGEST)), None);
        assert_eq!(shape(""), None);
        assert_eq!(shape(&"7".repeat(LONGEST)), Some("9".repeat(LONGEST)));
    }
}
