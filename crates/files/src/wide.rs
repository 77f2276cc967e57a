//! UTF-16 and text of one byte a letter in one file: what `>>` of some shells makes of a log of another program.
//!
//! The one thing a reader gets wrong: text of one byte a letter read as UTF-16 is no error, it becomes other letters, and
//! everything in it is lost in silence. So each line is looked at before it is read; zeros tell the two apart, as long as
//! the letters are mostly Latin.

use locard_containers::encoding::{self, cut_character};

use crate::encoding::Encoding;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// UTF-8, or an older encoding of one byte a letter.
    Narrow,
    Little,
    Big,
}

/// Units of UTF-16 that must look like it.
const SEEN: usize = 32;

/// Bytes of narrow text behind UTF-16 on the same line, or among letters that are not Latin, that are no accident.
const NO_ACCIDENT: usize = 16;

/// Where a text of both is: which of them comes, and what came so far.
#[derive(Debug)]
pub(crate) struct Lines {
    kind: Kind,
    /// It begins behind a byte-order mark.
    marked: bool,
    /// The last line was longer than what can be held.
    within: bool,
    /// Of the UTF-16 so far.
    units: u64,
    zeros: u64,
}

impl Lines {
    pub(crate) fn new(encoding: Encoding, marked: bool) -> Option<Self> {
        let kind = match encoding {
            Encoding::Utf16Le => Kind::Little,
            Encoding::Utf16Be => Kind::Big,
            _ => return None,
        };
        Some(Self {
            kind,
            marked,
            within: false,
            units: 0,
            zeros: 0,
        })
    }

    /// The next line, or what there is of it; `None` where more must be read to tell, which `all` forbids.
    pub(crate) fn next(&mut self, rest: &[u8], all: bool) -> Option<(Kind, usize)> {
        let end = memchr::memchr(b'\n', rest);
        // What follows a line feed tells whether it is half of a letter.
        if end.is_none_or(|end| end + 1 == rest.len()) && !all {
            return None;
        }
        let mut length = None;
        if !self.within {
            let (kind, glued) = self.begins(rest, end);
            self.kind = kind;
            length = glued;
        }
        let length = length.or_else(|| match self.kind {
            Kind::Narrow => end.map(|end| end + 1),
            wide => self.wide(wide, rest),
        });
        self.within = length.is_none() && all;
        let length = match length {
            Some(length) => length,
            None if !all => return None,
            // Half of a character waits for the rest, unless it is all there is.
            None => {
                let whole = match self.kind {
                    Kind::Narrow => rest.len() - cut_character(rest),
                    _ => rest.len() & !1,
                };
                if whole > 0 { whole } else { rest.len() }
            }
        };
        if self.kind != Kind::Narrow {
            self.units += length as u64 / 2;
            self.zeros += memchr::memchr_iter(0, &rest[..length]).count() as u64;
        }
        Some((self.kind, length))
    }

    /// Whether text without zeros is unlikely to be UTF-16.
    fn is_latin(&self) -> bool {
        self.zeros * 10 >= self.units * 9
    }

    /// What a line begins as, and how long that is where something else follows on the same line.
    fn begins(&self, rest: &[u8], end: Option<usize>) -> (Kind, Option<usize>) {
        let stretch = &rest[..end.unwrap_or(rest.len())];
        let after = end.and_then(|end| rest.get(end + 1));
        // A byte-order mark says what the first line is; without one, Latin letters did.
        if self.marked && self.units == 0 {
            return (self.kind, None);
        }
        if self.kind != Kind::Narrow {
            let least = if self.is_latin() { 1 } else { NO_ACCIDENT };
            let is_half = self.kind == Kind::Little && after == Some(&0);
            let is_narrow = stretch.len() >= least && !is_half && is_text(stretch);
            return (if is_narrow { Kind::Narrow } else { self.kind }, None);
        }
        // A zero behind the line feed belongs to the next line, unless this one is empty.
        match wide_at(rest, end.map_or(rest.len(), |end| end.max(2))) {
            Some((kind, 0)) => (kind, None),
            Some((kind, from)) if from % 2 == 0 && !is_text(&rest[..from]) => (kind, None),
            Some((_, from)) => (Kind::Narrow, Some(from)),
            None => (Kind::Narrow, None),
        }
    }

    /// The length of a line of UTF-16, with its line feed, or up to where narrow text is glued to it.
    fn wide(&self, kind: Kind, rest: &[u8]) -> Option<usize> {
        for at in memchr::memchr_iter(b'\n', rest) {
            let (first, zero) = if kind == Kind::Little {
                (at, Some(at + 1))
            } else {
                (at.wrapping_sub(1), at.checked_sub(1))
            };
            if first % 2 == 0 && zero.and_then(|zero| rest.get(zero)) == Some(&0) {
                return Some(first + 2);
            }
            let from = memchr::memrchr(0, &rest[..at]).map_or(0, |zero| zero + 1);
            let glued = &rest[from..at];
            if from > 0 && self.is_latin() && glued.len() >= NO_ACCIDENT && is_text(glued) {
                return Some(from);
            }
        }
        None
    }
}

/// Where UTF-16 of mostly Latin letters begins that holds the first zero before `end`.
fn wide_at(text: &[u8], end: usize) -> Option<(Kind, usize)> {
    let zero = memchr::memchr(0, &text[..end.min(text.len())])?;
    let (kind, from) = match zero.checked_sub(1) {
        Some(from) => (Kind::Little, from),
        None => (Kind::Big, 0),
    };
    let seen = &text[from..text.len().min(from + 2 * SEEN)];
    let zeros = |odd: usize| {
        let bytes = seen.iter().skip(odd).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let units = seen.len() / 2;
    let (full, empty) = match kind {
        Kind::Big => (zeros(0), zeros(1)),
        _ => (zeros(1), zeros(0)),
    };
    // Narrow text may follow soon.
    let lines = memchr::memchr_iter(b'\n', seen).count();
    let is_wide = units > 1 && empty == 0 && (full * 10 > units * 6 || lines > 0 && full > 4);
    is_wide.then_some((kind, from))
}

/// The encoding of a text that begins with UTF-16 or has it behind narrow text: whichever of the two UTF-16 it is.
pub(crate) fn mixed(head: &[u8]) -> Option<Encoding> {
    let (kind, from) = wide_at(head, head.len())?;
    if !head[..from].split(|byte| *byte == b'\n').all(is_text) {
        return None;
    }
    let units = head[from..].chunks_exact(2).take(SEEN);
    let letters = units.filter(|unit| {
        let letter = unit[0] | unit[1];
        (unit[0] == 0 || unit[1] == 0) && (letter >= b' ' || letter.is_ascii_whitespace())
    });
    (letters.count() >= SEEN / 4).then_some(if kind == Kind::Big {
        Encoding::Utf16Be
    } else {
        Encoding::Utf16Le
    })
}

/// Whether a line can be text of one byte a letter.
fn is_text(line: &[u8]) -> bool {
    !line.contains(&b'\n') && encoding::is_text(line)
}
