//! From borders of fields to columns of text.
//!
//! The one thing a reader gets wrong: quoted fields are unescaped within the block, so [`Views::columns`] must be
//! called once, before the block is frozen.
#![expect(
    clippy::inline_always,
    reason = "a visitor is compiled for a processor's features where it is inlined into the walk"
)]

use std::ops::Range;

use arrow_array::StringViewArray;
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, Buffer, NullBuffer};

use super::layout::Marks;
use super::simd::{self, Carry, Group, Visit, push_positions, walk};

/// Bytes behind a block that may be read but mean nothing: a view takes 16 at once.
pub(super) const PADDING: usize = 16;

/// So many rows are taken apart at a time.
const NEAR: usize = 128;

/// Where fields and records end in a block.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// The byte after each field: a delimiter or record end.
    pub(super) fields: Vec<u32>,
    /// For each record, how many fields end in it or before.
    pub(super) records: Vec<u32>,
    /// Whether a line ends within a field.
    pub(super) lines_in_fields: bool,
}

impl Visit for Tokens {
    const BLANKS: bool = false;

    #[inline(always)]
    fn group(&mut self, offset: usize, group: Group) {
        let before = self.fields.len() as u32;
        push_positions(&mut self.fields, group.fields, offset as u32);
        let mut records = group.records;
        while records != 0 {
            let below = (records & records.wrapping_neg()) - 1;
            self.records
                .push(before + (group.fields & below).count_ones() + 1);
            records &= records - 1;
        }
        self.lines_in_fields |= group.lines != group.records;
    }
}

impl Tokens {
    pub(super) fn clear(&mut self) {
        self.fields.clear();
        self.records.clear();
        self.lines_in_fields = false;
    }

    /// Finds all borders by parity; false when the block must be read carefully.
    pub(super) fn scan(&mut self, block: &[u8], marks: Marks) -> Carry {
        self.clear();
        let mut carry = Carry::START;
        walk(block, marks, &mut carry, self);
        carry
    }

    /// The byte after the last complete record.
    pub(super) fn consumed(&self) -> usize {
        let last = self.records.last().map_or(0, |fields| *fields as usize);
        last.checked_sub(1)
            .map_or(0, |field| self.fields[field] as usize + 1)
    }

    /// Keeps only so many records, where there are more; gives the byte after them.
    pub(super) fn first_of(&mut self, most: usize) -> Option<usize> {
        if self.records.len() <= most {
            return None;
        }
        self.records.truncate(most);
        let fields = self.records.last().map_or(0, |fields| *fields as usize);
        self.fields.truncate(fields);
        Some(self.consumed())
    }

    /// Ends the last record at the end of a text that lacks its line end.
    pub(super) fn end_at(&mut self, end: usize) {
        self.fields.push(end as u32);
        self.records.push(self.fields.len() as u32);
    }
}

/// A record by its fields: the first one's number and how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) first: u32,
    pub(super) count: u32,
}

/// A block with the borders of its fields.
pub(super) struct Views<'a> {
    block: &'a mut [u8],
    fields: &'a [u32],
    rows: &'a [Row],
    quote: Option<u8>,
    /// The first field and how many make a row, where all rows are alike and follow each other.
    even: Option<(usize, usize)>,
}

/// The cells of a column, not yet an array: the block may still change.
pub(super) struct Column {
    views: Vec<u128>,
    nulls: Option<NullBuffer>,
}

impl<'a> Views<'a> {
    /// Over a block with [`PADDING`] bytes behind its text.
    pub(super) fn new(
        block: &'a mut [u8],
        fields: &'a [u32],
        rows: &'a [Row],
        quote: Option<u8>,
    ) -> Self {
        Self {
            block,
            fields,
            rows,
            quote,
            even: even(rows),
        }
    }

    /// Where a field begins: behind the border before it.
    #[inline(always)]
    fn start(&self, field: usize) -> usize {
        if field == 0 {
            0
        } else {
            self.fields[field - 1] as usize + 1
        }
    }

    /// Where a field begins and ends; its record's line end is left out.
    #[inline(always)]
    fn range(&self, row: Row, column: u32) -> (usize, usize) {
        let field = (row.first + column) as usize;
        let start = self.start(field);
        let mut end = self.fields[field] as usize;
        if column + 1 == row.count && end > start && self.block[end - 1] == b'\r' {
            end -= 1;
        }
        (start, end)
    }

    /// The cells of some columns. What a row lacks and what is empty without quotes is null.
    ///
    /// A few rows at a time, so that their text stays near the processor while one column after the other is made.
    pub(super) fn columns(&mut self, numbers: &[u32]) -> Vec<Column> {
        let mut plain = vec![Plain::default(); numbers.len()];
        if let Some((first, width)) = self.even {
            for column in &mut plain {
                column.views.reserve_exact(self.rows.len());
            }
            let fields = &self.fields[first..first + self.rows.len() * width];
            let mut start = self.start(first);
            for rows in fields.chunks(width * NEAR) {
                for (column, number) in plain.iter_mut().zip(numbers) {
                    self.plain(rows, start, width, *number as usize, column);
                }
                start = rows.last().map_or(start, |end| *end as usize + 1);
            }
        }
        let columns = plain.into_iter().zip(numbers);
        columns
            .map(|(column, number)| {
                column
                    .finish(self.rows.len())
                    .unwrap_or_else(|| self.any(*number))
            })
            .collect()
    }

    /// One column of a few even rows, the first of which begins at `start`; nothing branches on the text but whether
    /// a cell is quoted.
    fn plain(
        &self,
        rows: &[u32],
        mut start: usize,
        width: usize,
        number: usize,
        column: &mut Plain,
    ) {
        if column.quoted || number >= width {
            return;
        }
        let quote = self.quote.map_or(u32::MAX, u32::from);
        let last = number == width - 1;
        let views = rows.chunks_exact(width).map(|row| {
            let from = if number == 0 {
                start
            } else {
                row[number - 1] as usize + 1
            };
            let mut end = row[number] as usize;
            start = row[width - 1] as usize + 1;
            if last && end > from && self.block[end - 1] == b'\r' {
                end -= 1;
            }
            let view = view(self.block, from, end);
            // The first byte of a view's text; an empty one has none.
            column.quoted |= (view >> 32) as u32 & 0xff == quote;
            view
        });
        column.views.extend(views);
    }

    /// The column of any block.
    fn any(&mut self, column: u32) -> Column {
        let mut views = Vec::with_capacity(self.rows.len());
        let mut valid = BooleanBufferBuilder::new(self.rows.len());
        for &row in self.rows {
            let (mut start, mut end) = if column < row.count {
                self.range(row, column)
            } else {
                (0, 0)
            };
            valid.append(start < end);
            if start < end && self.quote == Some(self.block[start]) {
                let inner = unquote(&mut self.block[start..end]);
                (start, end) = (start + inner.start, start + inner.end);
            }
            views.push(view(self.block, start, end));
        }
        let nulls = Some(NullBuffer::new(valid.finish())).filter(|nulls| nulls.null_count() > 0);
        Column { views, nulls }
    }

    /// Whether a row holds nothing at all.
    pub(super) fn is_blank(&self, row: Row) -> bool {
        let (start, end) = self.range(row, 0);
        row.count == 1 && start == end
    }

    /// The block.
    pub(super) fn bytes(&self) -> &[u8] {
        self.block
    }

    /// A field as text, for headers.
    pub(super) fn text(&mut self, row: Row, column: u32) -> String {
        let (mut start, mut end) = self.range(row, column);
        if start < end && self.quote == Some(self.block[start]) {
            let inner = unquote(&mut self.block[start..end]);
            (start, end) = (start + inner.start, start + inner.end);
        }
        String::from_utf8_lossy(&self.block[start..end]).into_owned()
    }
}

/// A column of even rows as far as it was made.
#[derive(Clone, Default)]
struct Plain {
    views: Vec<u128>,
    /// A cell is quoted, so the column must be made another way.
    quoted: bool,
}

impl Plain {
    /// The column, if it is complete.
    fn finish(self, rows: usize) -> Option<Column> {
        let views = self.views;
        if self.quoted || views.len() < rows {
            return None;
        }
        // Without quotes, what is empty is null, and only that has an empty view.
        let valid = || BooleanBuffer::collect_bool(rows, |row| views[row] != 0);
        let nulls = views.contains(&0).then(|| NullBuffer::new(valid()));
        Some(Column { views, nulls })
    }
}

impl Column {
    /// The array, now that the block is final.
    pub(super) fn freeze(self, block: &Buffer) -> StringViewArray {
        simd::array(self.views, block.clone(), self.nulls)
    }
}

/// The first field and the width of rows that are all alike and follow each other.
fn even(rows: &[Row]) -> Option<(usize, usize)> {
    let first = rows.first()?;
    let follows =
        |two: &[Row]| two[1].count == first.count && two[1].first == two[0].first + first.count;
    let even = first.count > 0 && rows.windows(2).all(follows);
    even.then_some((first.first as usize, first.count as usize))
}

/// The view of a range: length and text up to 12 bytes, else length, the first four bytes and the offset.
///
/// Twelve bytes are always read, of which a short text keeps its own; so nothing here depends on the length but which
/// of two values is taken.
#[inline(always)]
fn view(block: &[u8], start: usize, end: usize) -> u128 {
    let length = end - start;
    let bytes = block
        .get(start..)
        .and_then(<[u8]>::first_chunk::<12>)
        .unwrap_or(&[0; 12]);
    let (head, tail) = (
        u32::from_le_bytes(*first(bytes)),
        u64::from_le_bytes(*last(bytes)),
    );
    let kept = length.min(12);
    let low = length as u64 | u64::from(head & HEADS[kept]) << 32;
    let high = if length <= 12 {
        tail & TAILS[kept]
    } else {
        (start as u64) << 32
    };
    u128::from(high) << 64 | u128::from(low)
}

#[inline(always)]
fn first(bytes: &[u8; 12]) -> &[u8; 4] {
    bytes.first_chunk().unwrap_or(&[0; 4])
}

#[inline(always)]
fn last(bytes: &[u8; 12]) -> &[u8; 8] {
    bytes.last_chunk().unwrap_or(&[0; 8])
}

/// What a text of so many bytes keeps of its first four bytes.
const HEADS: [u32; 13] = {
    let mut masks = [u32::MAX; 13];
    let mut length = 0;
    while length < 4 {
        masks[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    masks
};

/// What a text of so many bytes keeps of the eight bytes after those.
const TAILS: [u64; 13] = {
    let mut masks = [0; 13];
    let mut length = 5;
    while length < 12 {
        masks[length] = (1 << (8 * (length - 4))) - 1;
        length += 1;
    }
    masks[12] = u64::MAX;
    masks
};

/// Takes the quotes off a field, and what escapes quotes in it, within its place. Returns where its text is.
fn unquote(field: &mut [u8]) -> Range<usize> {
    let quote = field[0];
    // The usual case: one more quote, at the end.
    let last = field.len() - 1;
    if memchr::memchr(quote, &field[1..]) == last.checked_sub(1) && last > 0 {
        return 1..last;
    }
    let (mut from, mut to, mut open) = (1, 0, true);
    while from < field.len() {
        let byte = field[from];
        from += 1;
        if open && byte == quote {
            if field.get(from) == Some(&quote) {
                from += 1;
            } else {
                open = false;
                continue;
            }
        }
        field[to] = byte;
        to += 1;
    }
    0..to
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::careful::tokenise;
    use super::{Marks, Tokens, unquote, view};

    #[test]
    fn views_are_those_that_arrow_makes() {
        let block: Vec<u8> = (1..=100).collect();
        for length in 0..=40 {
            let expected = arrow_array::builder::make_view(&block[3..3 + length], 0, 3);
            assert_eq!(view(&block, 3, 3 + length), expected, "{length}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn parity_and_care_agree_wherever_parity_is_right(
            text in proptest::collection::vec(proptest::sample::select(b",\"\n\rab".to_vec()), 0..300),
        ) {
            let marks = Marks { delimiter: Some(b','), quote: Some(b'"'), newline: b'\n' };
            let (mut fast, mut careful) = (Tokens::default(), Tokens::default());
            let carry = fast.scan(&text, marks);
            let misplaced = tokenise(&text, marks, true, &mut careful);
            if carry.is_regular() && !carry.is_open() {
                prop_assert_eq!(misplaced.unclosed.count + misplaced.followed.count, 0);
                prop_assert_eq!(fast.fields, careful.fields);
                prop_assert_eq!(fast.records, careful.records);
            }
        }
    }

    fn check(field: &str, expected: &str) {
        let mut bytes = field.as_bytes().to_vec();
        let text = unquote(&mut bytes);
        assert_eq!(
            std::str::from_utf8(&bytes[text]).unwrap(),
            expected,
            "{field}"
        );
    }

    #[test]
    fn quotes_are_taken_off_and_doubled_ones_halved() {
        check(r#""""#, "");
        check(r#""a""#, "a");
        check(r#""a ""b"" c""#, r#"a "b" c"#);
        check(r#""""""#, r#"""#);
        check(r#""a"b"c"#, r#"ab"c"#);
        check(r#""never closed"#, "never closed");
        check(r#"""#, "");
    }
}
