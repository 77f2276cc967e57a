//! The tokeniser for blocks in which quotes are not where they belong: byte by byte, with a definite meaning for
//! everything.
//!
//! A quote counts only at the start of a field. After the quote that closes it, text up to the next delimiter belongs
//! to the field. A quote that is never closed opened nothing: its field ends where an unquoted one would.

use memchr::{memchr, memchr2};

use super::layout::Marks;
use super::views::Tokens;

/// After so many unclosed quotes in one block, quotes mean nothing in the rest of it: each costs a search to the end.
const MANY: usize = 16;

/// Finds the borders of all fields; `last` says that nothing follows the block. Returns where quotes were opened and
/// never closed. Without `last` an open quote ends the search: its record is not complete.
pub(super) fn tokenise(block: &[u8], marks: Marks, last: bool, tokens: &mut Tokens) -> Vec<usize> {
    tokens.clear();
    // Whether there are any is not known here; who asks for lines must look.
    tokens.lines_in_fields = true;
    let mut unclosed = Vec::new();
    let mut at = 0;
    while at < block.len() {
        let mut from = at;
        if unclosed.len() < MANY && marks.quote == Some(block[at]) {
            match closing(block, at + 1, block[at]) {
                Some(closing) => from = closing + 1,
                None if last => unclosed.push(at),
                None => return unclosed,
            }
        }
        let Some(end) = border(&block[from..], marks).map(|end| from + end) else {
            return unclosed;
        };
        tokens.fields.push(end as u32);
        if block[end] == marks.newline {
            tokens.records.push(tokens.fields.len() as u32);
        }
        at = end + 1;
    }
    unclosed
}

/// The quote that ends a quoted field: the first one that is not doubled.
fn closing(block: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        let found = at + memchr(quote, block.get(at..)?)?;
        if block.get(found + 1) != Some(&quote) {
            return Some(found);
        }
        at = found + 2;
    }
}

fn border(text: &[u8], marks: Marks) -> Option<usize> {
    match marks.delimiter {
        Some(delimiter) => memchr2(delimiter, marks.newline, text),
        None => memchr(marks.newline, text),
    }
}
