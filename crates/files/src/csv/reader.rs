//! Reads a split of delimited text block by block.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use locard_connector::{Batch, Error, ErrorKind, Fault, Result};

use super::careful;
use super::layout::{Layout, MOST_SURPLUS};
use super::views::{PADDING, Row, Tokens, Views};
use crate::input::{Input, LONGEST_RECORD, clean, count_lines};

/// Where a split begins: how much of the file came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// Number of the first record, from 1.
    pub(crate) row: u64,
    /// Line on which it starts, from 1.
    pub(crate) line: u64,
}

/// Blocks hold about this many records, within these sizes.
const ROWS: usize = 8_192;
const SMALLEST: usize = 64 << 10;
const LARGEST: usize = 1 << 20;

/// With so many columns a block may be larger, since each costs something in every batch.
const WIDE: usize = 1_000;
const LARGEST_WIDE: usize = 16 << 20;

/// A line of plain text longer than this is read in pieces.
const LONGEST_LINE: usize = 1 << 20;
/// Records of a batch, at most: of a block that grew in search of a closing quote, there may be one for every two bytes,
/// and each of its fields takes memory.
const MOST_ROWS: usize = 1 << 18;

/// Reads delimited text.
pub(crate) struct Reader {
    input: Input,
    layout: Layout,
    /// Which columns are wanted, by number.
    wanted: Vec<u32>,
    every_column: bool,
    at: Position,
    skip: u64,
    /// How many rows at the begin of the block are text above the header.
    remarks: u64,
    limit: u64,
    target: usize,
    tokens: Tokens,
    rows: Vec<Row>,
    faults: Vec<Fault>,
    notes: Vec<Fault>,
}

/// A block whose records are complete.
struct Block {
    bytes: Vec<u8>,
    length: usize,
}

impl Reader {
    /// Reads the columns named (all of them for `None`) from an input that begins with a record.
    pub(crate) fn new(
        input: Input,
        layout: Layout,
        columns: Option<&[String]>,
        at: Position,
        skip: u64,
    ) -> Self {
        let wanted = match columns {
            Some(columns) => columns
                .iter()
                .filter_map(|name| layout.number(name))
                .collect(),
            None => (0..layout.width()).collect(),
        };
        let notes = above(&layout, skip).into_iter().collect();
        Self {
            input,
            layout,
            wanted,
            every_column: columns.is_none(),
            at,
            skip,
            remarks: 0,
            limit: u64::MAX,
            target: 4 * SMALLEST,
            tokens: Tokens::default(),
            rows: Vec::new(),
            faults: Vec::new(),
            notes,
        }
    }

    /// Stops after so many records.
    pub(crate) fn limit(mut self, records: Option<u64>) -> Self {
        self.limit = records.unwrap_or(u64::MAX);
        self
    }

    /// The next records.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>> {
        while self.limit > 0 {
            let Some(block) = self.block() else { break };
            if let Some(batch) = self.batch(block)? {
                return Ok(Some(batch));
            }
        }
        if let Some(batch) = self.last_words() {
            return Ok(Some(batch));
        }
        match self.input.failure("reading the file") {
            Some(error) if self.limit > 0 => Err(error.place(format!("line {}", self.at.line))),
            _ => Ok(None),
        }
    }

    /// Faults that no batch of records told.
    fn last_words(&mut self) -> Option<Batch> {
        self.faults.extend(self.input.encoding_fault());
        if self.faults.is_empty() && self.notes.is_empty() {
            return None;
        }
        Some(Batch {
            faults: std::mem::take(&mut self.faults),
            notes: std::mem::take(&mut self.notes),
            ..Batch::new(RecordBatch::new_empty(self.schema(0)))
        })
    }

    /// The next block of complete records, with their borders in `tokens`.
    fn block(&mut self) -> Option<Block> {
        let mut wanted = self.target;
        loop {
            self.input.fill(wanted);
            if self.input.held.is_empty() {
                return None;
            }
            let forced = self.input.held.len() >= LONGEST_RECORD;
            let consumed = self.tokenise(self.input.ended || forced);
            let consumed = self.tokens.first_of(MOST_ROWS).unwrap_or(consumed);
            if consumed > 0 {
                return Some(self.cut(consumed));
            }
            if self.layout.marks.delimiter.is_none() && self.input.held.len() >= LONGEST_LINE {
                let piece = piece(&self.input.held);
                self.tokens.clear();
                self.tokens.end_at(piece);
                return Some(self.cut(piece));
            }
            if forced {
                self.skip_line();
            }
            wanted = (self.input.held.len() * 2).clamp(self.target, LONGEST_RECORD);
        }
    }

    /// Finds the borders in what is held; returns how much of it are complete records. `last` says that an unclosed
    /// quote will not close any more.
    fn tokenise(&mut self, last: bool) -> usize {
        let marks = self.layout.marks;
        let held = &self.input.held;
        let carry = self.tokens.scan(held, marks);
        let is_open = carry.is_open();
        if !carry.is_regular() || (is_open && last) {
            let misplaced = careful::tokenise(held, marks, last, &mut self.tokens);
            // Of a record that is too long only that is told.
            if self.input.ended || self.tokens.consumed() > 0 {
                let (unclosed, followed) = self.misplaced(&misplaced);
                self.faults.extend(unclosed);
                self.notes.extend(followed);
            }
        }
        let fields = self
            .tokens
            .records
            .last()
            .map_or(0, |fields| *fields as usize);
        if self.input.ended && self.tokens.consumed() < held.len() {
            self.tokens.end_at(held.len());
            return held.len();
        }
        self.tokens.fields.truncate(fields);
        self.tokens.consumed()
    }

    /// What to tell of quotes that are not where they belong: the fault of a field whose quote nothing closes, which was not
    /// read as it was meant, and a note of text behind closing quotes, which was.
    fn misplaced(&self, misplaced: &careful::Misplaced) -> (Option<Fault>, Option<Fault>) {
        let newline = self.layout.marks.newline;
        let told = |places: &careful::Places, sentence: &str| {
            places.first.map(|first| Fault {
                sentence: sentence.to_owned(),
                place: format!(
                    "line {}",
                    self.at.line + count_lines(&self.input.held[..first], newline)
                ),
                records: places.count,
            })
        };
        let sentence = if self.input.ended || self.input.held.len() < LONGEST_RECORD {
            "a quote is opened and never closed; it was taken for text"
        } else {
            "a quote is opened and not closed within 64 MiB; it was taken for text"
        };
        let unclosed = told(&misplaced.unclosed, sentence);
        let sentence = "text stands behind a closing quote; it was taken for part of the field";
        (unclosed, told(&misplaced.followed, sentence))
    }

    /// Takes the records out of the input; cleans them where they are not clean text.
    fn cut(&mut self, consumed: usize) -> Block {
        let mut bytes = self.input.take(consumed, PADDING);
        if let Some((cleaned, repairs)) = clean(&bytes) {
            self.faults
                .extend(repairs.faults(&cleaned, self.layout.marks.newline, self.at.line));
            // Borders moved. The text is the same as far as quotes go, and all of it is complete.
            careful::tokenise(&cleaned, self.layout.marks, true, &mut self.tokens);
            if self.tokens.consumed() < cleaned.len() {
                self.tokens.end_at(cleaned.len());
            }
            bytes = cleaned;
        }
        let length = bytes.len();
        bytes.resize(length + PADDING, 0);
        Block { bytes, length }
    }

    /// A record that is too long is left out up to its line end.
    fn skip_line(&mut self) {
        let newline = self.layout.marks.newline;
        let sentence = format!(
            "a record is longer than {} MiB and was left out",
            LONGEST_RECORD >> 20
        );
        self.faults.push(Fault {
            sentence,
            place: format!("line {}", self.at.line),
            records: 1,
        });
        loop {
            if let Some(end) = memchr::memchr(newline, &self.input.held) {
                self.input.held.drain(..=end);
                break;
            }
            self.input.held.clear();
            self.input.fill(LARGEST);
            if self.input.held.is_empty() {
                break;
            }
        }
        self.at.line += 1;
        self.at.row += 1;
        self.limit = self.limit.saturating_sub(1);
        self.skip = self.skip.saturating_sub(1);
    }

    /// The records of a block as a batch; `None` if it holds none.
    fn batch(&mut self, mut block: Block) -> Result<Option<Batch>> {
        let start_line = self.at.line;
        let lines = self.take_rows(&mut block);
        self.at.line = start_line + self.lines(&block);
        if self.rows.is_empty() {
            return Ok(None);
        }
        self.adapt(block.length);
        self.ragged(&lines);
        self.faults.extend(self.input.encoding_fault());
        let (schema, arrays) = self.columns(block);
        let rows = self.rows.len();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let records = RecordBatch::try_new_with_options(schema, arrays, &options)
            .map_err(|error| Error::new(ErrorKind::Unexpected, "building a batch").cause(error))?;
        let batch = Batch {
            first_row: Some(self.at.row),
            lines,
            faults: std::mem::take(&mut self.faults),
            notes: std::mem::take(&mut self.notes),
            ..Batch::new(records)
        };
        self.at.row += rows as u64;
        self.limit -= rows as u64;
        Ok(Some(batch))
    }

    /// Sorts out which fields make which record; returns the line of each.
    fn take_rows(&mut self, block: &mut Block) -> Vec<u64> {
        self.rows.clear();
        self.remarks = 0;
        let (mut lines, mut line, mut from, mut first) = (Vec::new(), self.at.line, 0, 0);
        let newline = self.layout.marks.newline;
        let views = Views::new(&mut block.bytes, &self.tokens.fields, &[], None);
        for &end in &self.tokens.records {
            let row = Row {
                first,
                count: end - first,
            };
            first = end;
            if self.rows.len() as u64 >= self.limit {
                break;
            }
            let until = self.tokens.fields[end as usize - 1] as usize;
            if !views.is_blank(row) {
                let is_above = self.skip > 1 && self.skip <= self.layout.preamble + 1;
                if self.skip == 0 || is_above {
                    self.remarks += u64::from(is_above);
                    self.rows.push(row);
                    lines.push(line);
                }
                self.skip = self.skip.saturating_sub(1);
            }
            line += 1;
            if self.tokens.lines_in_fields {
                line += count_lines(&views.bytes()[from..until], newline);
            }
            from = until + 1;
        }
        lines
    }

    /// Line ends of a block. Without any in fields there is one to a record.
    fn lines(&self, block: &Block) -> u64 {
        if self.tokens.lines_in_fields {
            count_lines(&block.bytes[..block.length], self.layout.marks.newline)
        } else {
            self.tokens.records.len() as u64
        }
    }

    /// Sizes the next block by the records of this one.
    fn adapt(&mut self, length: usize) {
        let record = length / self.rows.len().max(1);
        let largest = if self.layout.names.len() >= WIDE {
            LARGEST_WIDE
        } else {
            LARGEST
        };
        self.target = (record * ROWS)
            .clamp(SMALLEST, largest)
            .next_multiple_of(64);
    }

    /// Tells of rows that are shorter or longer than the header. What a row lacks is missing and what it has beyond is
    /// kept, so that is odd and no fault; only fields behind those that are read are lost.
    fn ragged(&mut self, lines: &[u64]) {
        let (width, read) = (self.layout.width(), self.most_fields());
        if self.layout.marks.delimiter.is_none() {
            return;
        }
        let rows = self.rows.iter().zip(lines).skip(self.remarks as usize);
        let (mut odd, mut lost): (Option<Fault>, Option<Fault>) = (None, None);
        for (row, line) in rows.filter(|(row, _)| row.count != width) {
            let is_lost = row.count > read;
            let told = if is_lost { &mut lost } else { &mut odd };
            let told = told.get_or_insert_with(|| Fault {
                sentence: if is_lost {
                    format!("row has {} fields, of which {read} were read", row.count)
                } else {
                    format!("rows have fewer or more fields than the header, which has {width}; nothing of them is lost")
                },
                place: format!("line {line}"),
                records: 0,
            });
            told.records += 1;
        }
        // The cells of a sheet may stand anywhere.
        self.notes.extend(odd.filter(|_| !self.layout.sheet));
        self.faults.extend(lost);
    }

    /// So many fields of a row are read, where all columns are.
    fn most_fields(&self) -> u32 {
        let surplus = if self.layout.is_too_wide() {
            0
        } else {
            MOST_SURPLUS
        };
        self.layout.width() + surplus
    }

    fn columns(&self, mut block: Block) -> (SchemaRef, Vec<ArrayRef>) {
        let width = self.layout.width();
        let widest = self.rows.iter().map(|row| row.count).max().unwrap_or(0);
        let surplus = if self.every_column {
            widest.min(self.most_fields()).saturating_sub(width)
        } else {
            0
        };
        let quote = self.layout.marks.quote;
        let mut views = Views::new(&mut block.bytes, &self.tokens.fields, &self.rows, quote);
        let numbers = self.wanted.iter().copied().chain(width..width + surplus);
        let columns = views.columns(&numbers.collect::<Vec<_>>());
        let buffer = Buffer::from_vec(block.bytes);
        let arrays = columns
            .into_iter()
            .map(|column| Arc::new(column.freeze(&buffer)) as ArrayRef)
            .collect();
        (self.schema(surplus), arrays)
    }

    fn schema(&self, surplus: u32) -> SchemaRef {
        let width = self.layout.width();
        let columns = self.wanted.iter().copied().chain(width..width + surplus);
        Arc::new(Schema::new(
            columns
                .map(|column| Field::new(self.layout.name(column), DataType::Utf8View, true))
                .collect::<Vec<_>>(),
        ))
    }
}

/// What stands before a header is told, since it makes records that the table does not have.
fn above(layout: &Layout, skip: u64) -> Option<Fault> {
    (skip > 0 && layout.preamble > 0).then(|| Fault {
        sentence: "text above the header was read as records of their own".to_owned(),
        place: "line 1".to_owned(),
        records: layout.preamble,
    })
}

/// How much of a line without end is read as one record: up to the last blank, else to the last whole character.
fn piece(text: &[u8]) -> usize {
    let head = &text[..LONGEST_LINE];
    match memchr::memrchr(b' ', head) {
        Some(blank) => blank + 1,
        None => (1..=LONGEST_LINE)
            .rev()
            .find(|at| head.get(*at).is_some_and(|byte| byte & 0xc0 != 0x80))
            .unwrap_or(LONGEST_LINE),
    }
}
