//! Plain text whose records are paragraphs: lines up to a blank one, joined so that nothing is split by a line end.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{Array, ArrayRef, RecordBatch};
use locard_connector::{Batch, Error, ErrorKind, Result};

use crate::csv::Position;
use crate::input::{Input, clean};

/// A paragraph that grows beyond this is given in parts.
const LONGEST: usize = 1 << 20;
const BLOCK: usize = 256 << 10;
const ROWS: usize = 1_024;

/// Reads paragraphs.
pub(crate) struct Reader {
    input: Input,
    at: Position,
    limit: u64,
    /// How much of what the input holds was used.
    used: usize,
    /// The paragraph at hand and the line it began on.
    text: String,
    began: u64,
}

impl Reader {
    pub(crate) fn new(input: Input, at: Position, limit: Option<u64>) -> Self {
        Self {
            input,
            at,
            limit: limit.unwrap_or(u64::MAX),
            used: 0,
            text: String::new(),
            began: at.line,
        }
    }

    /// The next paragraphs.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>> {
        let (mut texts, mut lines, mut faults) = (StringViewBuilder::new(), Vec::new(), Vec::new());
        let wanted = usize::try_from(self.limit).unwrap_or(usize::MAX).min(ROWS);
        while lines.len() < wanted {
            let Some(line) = self.line() else {
                self.end(&mut texts, &mut lines);
                break;
            };
            let line = match clean(&line) {
                Some((cleaned, repairs)) => {
                    faults.extend(repairs.faults(&cleaned, b'\n', self.at.line));
                    cleaned
                }
                None => line,
            };
            let line = String::from_utf8_lossy(&line);
            let line = line.trim();
            if line.is_empty() || self.text.len() + line.len() > LONGEST {
                self.end(&mut texts, &mut lines);
            }
            if !line.is_empty() {
                if self.text.is_empty() {
                    self.began = self.at.line;
                } else {
                    self.text.push('\n');
                }
                self.text.push_str(line);
            }
            self.at.line += 1;
        }
        faults.extend(self.input.encoding_fault());
        let array = texts.finish();
        if array.is_empty() && faults.is_empty() {
            return match self.input.failure("reading the file") {
                Some(error) if self.limit > 0 => Err(error.place(format!("line {}", self.at.line))),
                _ => Ok(None),
            };
        }
        let rows = array.len() as u64;
        let records = RecordBatch::try_from_iter([("text", Arc::new(array) as ArrayRef)])
            .map_err(|error| Error::new(ErrorKind::Unexpected, "building a batch").cause(error))?;
        let batch = Batch {
            first_row: Some(self.at.row),
            lines,
            faults,
            ..Batch::new(records)
        };
        self.at.row += rows;
        self.limit -= rows;
        Ok(Some(batch))
    }

    fn end(&mut self, texts: &mut StringViewBuilder, lines: &mut Vec<u64>) {
        if !self.text.is_empty() {
            texts.append_value(&self.text);
            self.text.clear();
            lines.push(self.began);
        }
    }

    /// The next line with its end; a long one in parts.
    fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            let rest = &self.input.held[self.used..];
            if let Some(end) = memchr::memchr(b'\n', rest) {
                let line = rest[..=end].to_vec();
                self.used += end + 1;
                return Some(line);
            }
            if self.input.ended || rest.len() >= LONGEST {
                let rest = rest.to_vec();
                self.used = self.input.held.len();
                return (!rest.is_empty()).then_some(rest);
            }
            self.input.held.drain(..self.used);
            self.used = 0;
            self.input.fill(self.input.held.len() + BLOCK);
        }
    }
}
