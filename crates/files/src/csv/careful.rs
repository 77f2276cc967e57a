//! The tokeniser for blocks in which quotes are not where they belong: byte by byte, with a definite meaning for
//! everything.
//!
//! A quote counts only at the start of a field. After the quote that closes it, text up to the next delimiter belongs
//! to the field. A quote that is never closed opened nothing: its field ends where an unquoted one would. So it is of one
//! that is closed on a later line by a quote with text behind it, which may well open a field there, if its own line has as
//! many fields as a record without it.

use memchr::{memchr, memchr2};

use super::layout::Marks;
use super::views::Tokens;

/// After so many unclosed quotes in one block, quotes mean nothing in the rest of it: each costs a search to the end.
const MANY: u64 = 16;

/// Quotes that are not where they belong.
#[derive(Debug, Default)]
pub(super) struct Misplaced {
    /// Opened, and never closed.
    pub(super) unclosed: Places,
    /// Closing, with text behind them.
    pub(super) followed: Places,
}

/// Some places in a block.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The first of them, as an offset.
    pub(super) first: Option<usize>,
    /// How many there are.
    pub(super) count: u64,
}

impl Places {
    fn add(&mut self, at: usize) {
        self.first.get_or_insert(at);
        self.count += 1;
    }
}

/// Finds the borders of all fields; `last` says that nothing follows the block. Returns which quotes are misplaced.
/// Without `last` an open quote ends the search: its record is not complete.
pub(super) fn tokenise(block: &[u8], marks: Marks, last: bool, tokens: &mut Tokens) -> Misplaced {
    tokens.clear();
    // Whether there are any is not known here; who asks for lines must look.
    tokens.lines_in_fields = true;
    let mut misplaced = Misplaced::default();
    let mut at = 0;
    while at < block.len() {
        let mut from = at;
        if misplaced.unclosed.count < MANY && marks.quote == Some(block[at]) {
            match closing(block, at + 1, block[at]) {
                Some(closing) if is_followed(&block[closing + 1..], marks) => {
                    if is_another(block, at, closing, marks, tokens) {
                        misplaced.unclosed.add(at);
                    } else {
                        misplaced.followed.add(closing);
                        from = closing + 1;
                    }
                }
                Some(closing) => from = closing + 1,
                None if last => misplaced.unclosed.add(at),
                None => return misplaced,
            }
        }
        let Some(end) = border(&block[from..], marks).map(|end| from + end) else {
            return misplaced;
        };
        tokens.fields.push(end as u32);
        if block[end] == marks.newline {
            tokens.records.push(tokens.fields.len() as u32);
        }
        at = end + 1;
    }
    misplaced
}

/// Whether text stands between a closing quote and the border behind it. A carriage return right behind the quote ends a
/// line, as whoever goes by parity takes it.
fn is_followed(rest: &[u8], marks: Marks) -> bool {
    let end = border(rest, marks).unwrap_or(rest.len());
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    rest.first() != Some(&b'\r') && !rest[..end].iter().all(is_blank)
}

/// Whether the closing quote, behind which text follows, is rather the opening one of another field: it is on a later line,
/// and the line of the first one is a record as long as the others.
fn is_another(block: &[u8], opening: usize, closing: usize, marks: Marks, tokens: &Tokens) -> bool {
    let Some(end) = memchr(marks.newline, &block[opening..closing]) else {
        return false;
    };
    let Some(&usual) = tokens.records.first() else {
        return false;
    };
    let before = tokens.fields.len() as u32 - tokens.records.last().copied().unwrap_or(0);
    let line = &block[opening..opening + end];
    let delimiters = line.iter().filter(|byte| marks.delimiter == Some(**byte));
    before + delimiters.count() as u32 + 1 == usual
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

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: Marks = Marks {
        delimiter: Some(b','),
        quote: Some(b'"'),
        newline: b'\n',
    };

    fn check(text: &str, fields: &[&str], unclosed: Option<usize>, followed: Option<usize>) {
        let mut tokens = Tokens::default();
        let misplaced = tokenise(text.as_bytes(), MARKS, true, &mut tokens);
        let mut from = 0;
        let found: Vec<&str> = (tokens.fields.iter())
            .map(|&end| {
                let field = &text[from..end as usize];
                from = end as usize + 1;
                field
            })
            .collect();
        assert_eq!(found, fields, "{text}");
        assert_eq!(misplaced.unclosed.first, unclosed, "{text}");
        assert_eq!(misplaced.followed.first, followed, "{text}");
    }

    #[test]
    fn a_quote_that_another_record_seems_to_close_opened_nothing() {
        check(
            "a,b,c\n1,\"x,y\n2,\"z\",w\n",
            &["a", "b", "c", "1", "\"x", "y", "2", "\"z\"", "w"],
            Some(8),
            None,
        );
        // Its own line is no record without it: the field goes on.
        check(
            "a,b\n1,\"x,y\n2,\"z,w\n",
            &["a", "b", "1", "\"x,y\n2,\"z", "w"],
            None,
            Some(13),
        );
        check(
            "a,b\n1,\"two\nlines\"\n",
            &["a", "b", "1", "\"two\nlines\""],
            None,
            None,
        );
    }

    #[test]
    fn text_behind_a_closing_quote_is_told_and_blanks_are_not() {
        check("\"a\"x,b\n", &["\"a\"x", "b"], None, Some(2));
        check("\"a\" ,\"b\"\r\n", &["\"a\" ", "\"b\"\r"], None, None);
    }
}
