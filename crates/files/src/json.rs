//! JSON: one document a line, documents one after the other, a list of them, or one document that holds lists of them.
//!
//! The one thing a reader gets wrong: a bad line of NDJSON costs that line; elsewhere nothing tells where the next
//! document begins, so reading ends there and what came before stands. A text that is too long ends at its quote
//! wherever it stands, and costs itself alone.

use arrow_schema::ArrowError;
use locard_connector::document::{Flattener, Parser, Records, Syntax};
use locard_connector::{Batch, Error, ErrorKind, Fault, Result};

use crate::csv::Position;
use crate::input::{Input, LONGEST_RECORD, clean, count_lines};
use crate::places::{Placed, Places};

/// A batch has at most so many documents and bytes.
const ROWS: usize = 8_192;
const BYTES: usize = 8 << 20;
const BLOCK: usize = 1 << 20;

/// Reads JSON documents.
pub(crate) struct Reader {
    input: Input,
    /// Each record ends with its line.
    by_line: bool,
    parser: Parser,
    flattener: Flattener,
    at: Position,
    limit: u64,
    /// Line of each record that is complete in the batch at hand.
    lines: Vec<u64>,
    faults: Vec<Fault>,
    /// Text that is clean, up to here used.
    text: String,
    used: usize,
    /// Line on which the unused text begins.
    line: u64,
    /// Whether the rest of the file cannot be read.
    lost: Option<Error>,
    /// Where the records stand, if that is wanted.
    places: Option<Places>,
}

impl Reader {
    /// Reads from an input that begins with a document; one that is a record by itself takes a line.
    pub(crate) fn new(
        input: Input,
        records: Records,
        columns: Option<&[String]>,
        at: Position,
    ) -> Self {
        Self {
            input,
            by_line: records == Records::Documents,
            parser: Parser::new(records),
            flattener: Flattener::new(columns),
            at,
            limit: u64::MAX,
            lines: Vec::new(),
            faults: Vec::new(),
            text: String::new(),
            used: 0,
            line: at.line,
            lost: None,
            places: None,
        }
    }

    /// Tells where in its document each record stands, in a column of its own.
    pub(crate) fn placing(mut self, wanted: bool) -> Self {
        self.places = wanted.then(Places::default);
        self
    }

    /// Tells of each value where in its record it stands, where its column does not say it.
    pub(crate) fn telling(mut self, wanted: bool) -> Self {
        self.flattener = self.flattener.telling_places(wanted);
        self
    }

    /// Stops after so many records.
    pub(crate) fn limit(mut self, records: Option<u64>) -> Self {
        self.limit = records.unwrap_or(u64::MAX);
        self
    }

    /// The next documents.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>> {
        while self.limit > 0 && self.lost.is_none() && !self.is_full() {
            if !self.refill() {
                break;
            }
            if self.by_line {
                self.take_lines();
            } else {
                self.take_documents();
            }
        }
        let told =
            self.flattener.size() > 0 || self.flattener.records() > 0 || !self.faults.is_empty();
        if told && self.limit > 0 {
            return self.batch().map(Some);
        }
        match self
            .lost
            .take()
            .or_else(|| self.input.failure("reading the file"))
        {
            Some(error) if self.limit > 0 => {
                self.limit = 0;
                Err(error)
            }
            _ => Ok(None),
        }
    }

    fn is_full(&self) -> bool {
        self.flattener.records() >= ROWS || self.flattener.size() >= BYTES
    }

    /// Makes more text available; false at the end.
    fn refill(&mut self) -> bool {
        if self.has_line() {
            return true;
        }
        self.text.drain(..self.used);
        self.used = 0;
        self.input.fill(BLOCK);
        if self.input.held.is_empty() {
            return self.finish();
        }
        let length = self.whole_characters();
        let bytes = self.input.take(length, 0);
        let bytes = match clean(&bytes) {
            Some((cleaned, repairs)) => {
                let line = self.line + count_lines(self.text.as_bytes(), b'\n');
                self.faults.extend(repairs.faults(&cleaned, b'\n', line));
                cleaned
            }
            None => bytes,
        };
        // Clean text is valid; the replacement never happens.
        self.text.push_str(&String::from_utf8_lossy(&bytes));
        if self.text.len() >= LONGEST_RECORD && !self.has_line() {
            self.give_up();
        }
        true
    }

    /// Whether a whole line waits.
    fn has_line(&self) -> bool {
        self.by_line && memchr::memchr(b'\n', &self.text.as_bytes()[self.used..]).is_some()
    }

    /// The end of the input: what is left is a last document or the beginning of one.
    fn finish(&mut self) -> bool {
        if self.text.is_empty() && self.parser.is_idle() {
            return false;
        }
        let text = std::mem::take(&mut self.text);
        if let Err((at, syntax)) = self.feed(&text, true) {
            let line = self.line + count_lines(&text.as_bytes()[..at], b'\n');
            self.fault(not_json(syntax), line);
        }
        self.count_records(self.line);
        self.parser.reset();
        false
    }

    /// How much of what is held ends with a whole character (or with the input).
    fn whole_characters(&self) -> usize {
        let held = &self.input.held;
        if self.input.ended {
            return held.len();
        }
        let continued = held
            .iter()
            .rev()
            .take(3)
            .take_while(|byte| **byte & 0xc0 == 0x80)
            .count();
        let lead = held.len().saturating_sub(continued + 1);
        let needed = match held.get(lead) {
            Some(0xc0..=0xdf) => 2,
            Some(0xe0..=0xef) => 3,
            Some(0xf0..=0xff) => 4,
            _ => 1,
        };
        if lead > 0 && needed > continued + 1 {
            lead
        } else {
            held.len()
        }
    }

    /// Parses line by line; a line that is not complete yet is parsed as far as it goes.
    fn take_lines(&mut self) {
        while self.limit > 0 && !self.is_full() {
            let rest = &self.text[self.used..];
            let Some(end) = memchr::memchr(b'\n', rest.as_bytes()) else {
                // A line of ordinary length waits for its end; a long one must not.
                if rest.len() >= BLOCK {
                    self.take_documents();
                }
                return;
            };
            let result = self.parser.feed(&rest[..end], true, &mut self.flattener);
            if let Err((_, syntax)) = result {
                self.fault(not_json(syntax), self.line);
            }
            self.parser.reset();
            self.count_records(self.line);
            self.used += end + 1;
            self.line += 1;
        }
    }

    /// Parses a text, whose records are taken as they end.
    fn feed(&mut self, text: &str, last: bool) -> Result<usize, (usize, Syntax)> {
        let flattener = &mut self.flattener;
        match &mut self.places {
            Some(places) => self
                .parser
                .feed(text, last, &mut Placed { flattener, places }),
            None => self.parser.feed(text, last, flattener),
        }
    }

    fn take_documents(&mut self) {
        let text = std::mem::take(&mut self.text);
        let rest = &text[self.used..];
        let fed = self.feed(rest, false);
        let (Ok(passed) | Err((passed, _))) = fed;
        let line = self.line + count_lines(&rest.as_bytes()[..passed], b'\n');
        self.text = text;
        match fed {
            Ok(used) => {
                self.line = line;
                self.used += used;
            }
            Err((_, syntax)) => {
                if self.by_line {
                    self.skip_line(not_json(syntax));
                } else {
                    self.lost = Some(malformed(&syntax.to_string(), line));
                    self.flattener.abandon();
                }
            }
        }
        self.count_records(self.line);
    }

    /// Leaves out the rest of a line that is wrong or too long, and longer than a block.
    fn skip_line(&mut self, sentence: String) {
        self.fault(sentence, self.line);
        self.parser.reset();
        // What was read of it is of this line, whatever comes next.
        self.count_records(self.line);
        self.text.clear();
        self.used = 0;
        while !self.input.held.is_empty() || !self.input.ended {
            if let Some(end) = memchr::memchr(b'\n', &self.input.held) {
                self.input.held.drain(..=end);
                self.line += 1;
                return;
            }
            self.input.held.clear();
            self.input.fill(BLOCK);
        }
    }

    /// Tells of a record that is lost.
    fn fault(&mut self, sentence: String, line: u64) {
        self.note(sentence, line);
        self.flattener.abandon();
    }

    fn note(&mut self, sentence: String, line: u64) {
        match self
            .faults
            .iter_mut()
            .find(|fault| fault.sentence == sentence)
        {
            Some(fault) => fault.records += 1,
            None => self.faults.push(Fault {
                sentence,
                place: format!("line {line}"),
                records: 1,
            }),
        }
    }

    /// A value that is too long costs its line; without lines it costs itself, if its end can be told.
    fn give_up(&mut self) {
        let why = format!("a value is longer than {} MiB", LONGEST_RECORD >> 20);
        if self.by_line {
            return self.skip_line(format!("{why}; it and the rest of its line were left out"));
        }
        if self.text.as_bytes().get(self.used) == Some(&b'"') {
            return self.skip_text(format!("{why} and was left out"));
        }
        self.lost = Some(malformed(&why, self.line));
        self.flattener.abandon();
    }

    /// Leaves out the text at hand, whose end may not be read yet; the record around it goes on without it.
    fn skip_text(&mut self, sentence: String) {
        self.note(sentence, self.line);
        let mut rest = Rest::default();
        self.text.drain(..=self.used);
        self.used = 0;
        let mut end = rest.end(self.text.as_bytes());
        let passed = end.unwrap_or(self.text.len());
        self.line += count_lines(&self.text.as_bytes()[..passed], b'\n');
        self.text.drain(..passed);
        while end.is_none() && !(self.input.held.is_empty() && self.input.ended) {
            end = rest.end(&self.input.held);
            let passed = end.unwrap_or(self.input.held.len());
            self.line += count_lines(&self.input.held[..passed], b'\n');
            self.input.held.drain(..passed);
            self.input.fill(BLOCK);
        }
        if end.is_some() {
            // A key cannot be left out; any other text can.
            let key = self.parser.wants_key();
            self.text.insert_str(0, if key { "\"\"" } else { "null" });
        }
    }

    /// Records that ended since the last call began on this line (exact for one document a line).
    fn count_records(&mut self, line: u64) {
        self.lines.resize(self.flattener.records(), line);
    }

    fn batch(&mut self) -> Result<Batch> {
        let complete = self.flattener.records() as u64;
        let failed =
            |error: ArrowError| Error::new(ErrorKind::Unexpected, "building a batch").cause(error);
        let mut records = self.flattener.finish().map_err(failed)?;
        if let Some(places) = &mut self.places {
            records = places.beside(&records).map_err(failed)?;
        }
        let kept = records
            .num_rows()
            .min(usize::try_from(self.limit).unwrap_or(usize::MAX));
        let records = records.slice(0, kept);
        let mut lines = std::mem::take(&mut self.lines);
        lines.resize(if self.by_line { kept } else { 0 }, self.line);
        let mut batch = Batch {
            first_row: Some(self.at.row),
            lines,
            faults: std::mem::take(&mut self.faults),
            ..Batch::new(records)
        };
        batch.faults.extend(self.input.encoding_fault());
        self.at.row += complete;
        self.limit -= complete.min(self.limit);
        Ok(batch)
    }
}

/// Where a text of JSON ends, block by block.
#[derive(Default)]
struct Rest {
    /// The last block ended with a backslash, which takes the next byte's meaning.
    escaped: bool,
}

impl Rest {
    /// The first byte behind the closing quote, if the text ends in this block.
    fn end(&mut self, block: &[u8]) -> Option<usize> {
        if block.is_empty() {
            return None;
        }
        let mut at = usize::from(std::mem::take(&mut self.escaped));
        while let Some(found) = memchr::memchr2(b'"', b'\\', block.get(at..)?) {
            if block[at + found] == b'"' {
                return Some(at + found + 1);
            }
            at += found + 2;
            self.escaped = at > block.len();
        }
        None
    }
}

fn not_json(syntax: Syntax) -> String {
    format!("not a JSON document: {syntax}")
}

fn malformed(why: &str, line: u64) -> Error {
    Error::new(ErrorKind::Malformed, format!("not JSON: {why}")).place(format!("line {line}"))
}
