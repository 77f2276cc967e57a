//! Shapes: what a value looks like when its letters and digits are forgotten.
//!
//! Capital letters are `A`, other letters `a`, digits `9`, of any script; punctuation of ASCII stays, any other sign is
//! `*`. A run of small letters is `a+` however long, so that words of one kind share a shape; capitals and digits are
//! counted, since codes are made of them.
//!
//! Shapes are stored and shown in the open, so a value of nothing but signs, which would be its own shape, is all `*`.

use locard_sketch::{ClassMask, hash};

use crate::tally::Tallied;

/// Longest cell, in bytes, that has a shape.
const LONGEST: usize = 48;

/// Capitals in a row that may be a code.
const LONGEST_CODE: u32 = 8;

/// The shapes of a batch in a row; those of neighbours that are the same once.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    bytes: Vec<u8>,
    /// Where each run's shape begins in `bytes`, and how many rows have it.
    runs: Vec<(usize, u64)>,
    shape: Vec<u8>,
    last: Kinds,
}

impl Shapes {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.runs.clear();
        self.last = Kinds::default();
    }

    /// Adds the shape of a trimmed cell, if it has one.
    pub(crate) fn add(&mut self, text: &str, class: ClassMask, rows: u64) {
        if class.any(ClassMask::WIDE) {
            self.last = Kinds::default();
            if shape_of_wide(text, &mut self.shape) {
                self.add_shape(rows);
            }
            return;
        }
        let Some(kinds) = Kinds::of(text.as_bytes()) else {
            return;
        };
        if kinds == self.last {
            if let Some((_, before)) = self.runs.last_mut() {
                *before += rows;
            }
            return;
        }
        self.last = kinds;
        shape_of(&self.last, class, &mut self.shape);
        self.add_shape(rows);
    }

    fn add_shape(&mut self, rows: u64) {
        match self.runs.last_mut() {
            Some((start, before)) if self.bytes[*start..] == self.shape => *before += rows,
            _ => {
                self.runs.push((self.bytes.len(), rows));
                self.bytes.extend_from_slice(&self.shape);
            }
        }
    }

    /// Each run with its hash.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Tallied> {
        (0u32..).zip(&self.runs).map(|(run, (_, rows))| Tallied {
            hash: hash(self.bytes_of(run)),
            rows: *rows,
            first: run,
        })
    }

    /// The shape of a run.
    pub(crate) fn name(&self, run: u32) -> String {
        String::from_utf8_lossy(self.bytes_of(run)).into_owned()
    }

    fn bytes_of(&self, run: u32) -> &[u8] {
        let start = |run: usize| self.runs.get(run).map_or(self.bytes.len(), |run| run.0);
        &self.bytes[start(run as usize)..start(run as usize + 1)]
    }
}

/// What stands behind a cell: no byte of ASCII, so that it keeps its kind.
const NOTHING: u8 = 0xff;

/// The kind of each byte of an ASCII cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kinds {
    kinds: [u8; LONGEST],
    length: usize,
}

impl Default for Kinds {
    fn default() -> Self {
        Self {
            kinds: [NOTHING; LONGEST],
            length: 0,
        }
    }
}

impl Kinds {
    /// `None` for a cell that has no shape: empty or long.
    fn of(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > LONGEST {
            return None;
        }
        let mut kinds = [NOTHING; LONGEST];
        let (blocks, _) = kinds.as_chunks_mut::<BLOCK>();
        let (whole, rest) = text.as_chunks::<BLOCK>();
        for (to, from) in blocks.iter_mut().zip(whole) {
            *to = kinds_of(from);
        }
        if let Some(to) = blocks.get_mut(whole.len()) {
            let mut from = [NOTHING; BLOCK];
            for (to, from) in from.iter_mut().zip(rest) {
                *to = *from;
            }
            *to = kinds_of(&from);
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

/// Writes the shape of a cell of ASCII.
fn shape_of(kinds: &Kinds, class: ClassMask, out: &mut Vec<u8>) {
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

    /// The shape, asked for in a batch with another one and by itself.
    fn shape(text: &str) -> Option<String> {
        let mut shapes = Shapes::default();
        shapes.add("x1", ClassMask::of("x1"), 1);
        for _ in 0..2 {
            shapes.add(text, ClassMask::of(text), 1);
        }
        let found: Vec<_> = shapes.runs().collect();
        assert!(found.iter().map(|run| run.rows).sum::<u64>() % 2 == 1);
        let last = found.last().map(|run| run.first)?;
        (last > 0).then(|| shapes.name(last))
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
    fn long_text_has_none() {
        assert_eq!(shape(&"x".repeat(LONGEST + 1)), None);
        assert_eq!(shape(&"é".repeat(LONGEST)), None);
        assert_eq!(shape(""), None);
        assert_eq!(shape(&"7".repeat(LONGEST)), Some("9".repeat(LONGEST)));
    }
}
