//! Shapes: what a value looks like when its letters and digits are forgotten.
//!
//! Capital letters are `A`, other letters `a`, digits `9`, of any script; punctuation of ASCII stays, any other sign is
//! `*`. A run of small letters is `a+` however long, so that words of one kind share a shape; capitals and digits are
//! counted, since codes are made of them.
//!
//! Encoded data (UUIDs, digests, tokens) has no shape: hardly two of its values would have one in common. Codes in which
//! letters and digits always alternate as often have none either.
//!
//! Shapes are stored and shown in the open, so a value of nothing but signs, which would be its own shape, is all `*`.

use locard_sketch::forms::trimmed;
use locard_sketch::{Cells, ClassMask, LONGEST_LOOK, Look, hash};

use crate::tally::{Tallied, Tally};

/// Longest cell, in bytes, that has a shape.
const LONGEST: usize = LONGEST_LOOK;

/// Capitals in a row that may be a code.
const LONGEST_CODE: u32 = 8;

/// How often letters and digits may follow each other directly in a cell that has a shape.
const MOST_CHANGES: u8 = 8;

/// The shapes of a batch.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    /// Each shape, one behind the other, with their ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    counts: Vec<Tallied>,
    shape: Vec<u8>,
}

impl Shapes {
    /// Each shape once, under its number; of cells that look alike one is asked for its shape.
    pub(crate) fn count<'a>(
        &mut self,
        tally: &'a mut Tally,
        cells: &Cells<'_>,
    ) -> &'a mut [Tallied] {
        self.bytes.clear();
        self.ends.clear();
        self.counts.clear();
        let has_shape = |look: &&Look| look.rows > 0 && !is_encoded(look.kinds.padded());
        for look in cells.alike.iter().filter(has_shape) {
            let text = trimmed(cells.texts.value(look.first as usize));
            shape_of(text, look, &mut self.shape);
            let first = self.ends.len() as u32;
            self.bytes.extend_from_slice(&self.shape);
            self.ends.push(self.bytes.len());
            self.counts.push(Tallied {
                hash: hash(&self.shape),
                rows: look.rows,
                first,
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

/// Whether letters and digits alternate as they do in no word or number and in few codes.
fn is_encoded(kinds: &[u8; LONGEST]) -> bool {
    // Without a branch, so that it becomes a few vector instructions.
    let letters = kinds.map(|kind| u8::from(kind | 0x20 == b'a'));
    let digits = kinds.map(|kind| u8::from(kind == b'9'));
    let (before, after) = (0..LONGEST - 1, 1..LONGEST);
    let changes = before.zip(after).fold(0, |changes, (a, b)| {
        changes + (letters[a] & digits[b] | digits[a] & letters[b])
    });
    changes > MOST_CHANGES
}

/// Marks what does not stay: the kind of no character.
const NOTHING: u8 = 0xff;

/// Writes the shape of a trimmed cell of that look.
fn shape_of(text: &str, look: &Look, out: &mut Vec<u8>) {
    out.clear();
    if look.class.any(ClassMask::WIDE) {
        shape_of_wide(text, out);
    } else {
        shape_of_ascii(look.kinds.padded(), text.len(), look.class, out);
    }
}

fn shape_of_ascii(kinds: &[u8; LONGEST], length: usize, class: ClassMask, out: &mut Vec<u8>) {
    if class.any(ClassMask::UPPER) && length as u32 > LONGEST_CODE {
        runs(kinds[..length].iter().copied(), out);
    } else if class.any(ClassMask::LOWER) {
        words(kinds, length, out);
    } else {
        // Nothing is shortened.
        out.extend_from_slice(&kinds[..length]);
    }
    if class.any(ClassMask::SPACE | ClassMask::OTHER) {
        out.iter_mut()
            .filter(|kind| kind.is_ascii_control())
            .for_each(|kind| *kind = b' ');
    }
    hide_signs(out);
}

/// As [`runs`], where no run of capitals is too long.
fn words(kinds: &[u8; LONGEST], length: usize, out: &mut Vec<u8>) {
    // Arrays of a fixed length, so that it becomes a few vector instructions.
    let mut before = [NOTHING; LONGEST];
    before[1..].copy_from_slice(&kinds[..LONGEST - 1]);
    let mut marked = *kinds;
    for (mark, before) in marked.iter_mut().zip(before) {
        *mark = if [before, *mark] == *b"aa" {
            NOTHING
        } else {
            *mark
        };
    }
    let mut bytes = [0; 2 * LONGEST + 1];
    let mut end = 0;
    for kind in &marked[..length] {
        // All is written; what follows takes its place unless it stays.
        bytes[end] = *kind;
        bytes[end + 1] = b'+';
        end += usize::from(*kind != NOTHING) + usize::from(*kind == b'a');
    }
    out.extend_from_slice(&bytes[..end]);
}

fn shape_of_wide(text: &str, out: &mut Vec<u8>) {
    runs(text.chars().map(kind), out);
    hide_signs(out);
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
    use arrow_array::StringViewArray;
    use locard_sketch::Preparer;

    use super::*;

    /// The shape, asked for in a batch with another one.
    fn shape(text: &str) -> Option<String> {
        let (mut shapes, mut tally) = (Shapes::default(), Tally::default());
        let mut preparer = Preparer::new();
        let texts = StringViewArray::from_iter_values(["x1x", text, text, "x1x", text]);
        let counted = shapes.count(&mut tally, &preparer.prepare(&texts));
        let found = counted.iter().find(|shape| shape.rows == 3)?;
        Some(shapes.name(found.first))
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shape(text).as_deref(), Some(expected), "{text}");
        let mut out = Vec::new();
        shape_of_wide(text, &mut out);
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
    fn control_characters_are_blanks() {
        check("a\u{1}B\tc", "a+ A a+");
    }

    #[test]
    fn encoded_data_has_none() {
        for encoded in [
            "5d41402abc4b2a76b9719d911017c592",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        ] {
            assert_eq!(shape(encoded), None, "{encoded}");
        }
        assert!(shape("00:1a:2b:3c:4d:5e").is_some());
        assert!(shape("2024-01-31T10:00:00.000+01:00").is_some());
        assert!(shape("GB82WEST12345698765432").is_some());
    }

    #[test]
    fn long_text_has_none() {
        assert_eq!(shape(&"x".repeat(LONGEST + 1)), None);
        assert_eq!(shape(&"é".repeat(LONGEST)), None);
        assert_eq!(shape(""), None);
        assert_eq!(shape(&"7".repeat(LONGEST)), Some("9".repeat(LONGEST)));
    }
}
