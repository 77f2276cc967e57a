//! A sheet as the text that a delimited file would have: what reads those reads it too.
//!
//! Every cell is quoted, so that nothing in it is taken for a mark, and a line is a row of the sheet: blank ones stand
//! for blank rows, and a cell of several lines is written in one.

use std::io::{self, Read};

use locard_containers::{Broken, Refusal, Row, Rows, guarded};

/// Rows that a sheet has at most; whoever counts further has no such program.
const ROWS: u64 = 1 << 22;

/// Marks around blank cells may be so many, and beyond that, so many times the text.
const BLANK: u64 = 64 << 20;
const SHARE: u64 = 200;

/// The text of a sheet.
pub(super) struct Text {
    rows: Box<dyn Rows>,
    /// What was written and not yet read.
    written: Vec<u8>,
    at: usize,
    /// The row that comes next.
    number: u64,
    ended: bool,
    blank: u64,
    filled: u64,
}

impl Text {
    pub(super) fn new(rows: Box<dyn Rows>) -> Self {
        Self {
            rows,
            written: Vec::new(),
            at: 0,
            number: 1,
            ended: false,
            blank: 0,
            filled: 0,
        }
    }

    fn write(&mut self, row: &Row) {
        let gap = row.number.min(ROWS).saturating_sub(self.number) as usize;
        self.written.extend(std::iter::repeat_n(b'\n', gap));
        self.number = self.number.max(row.number.min(ROWS)) + 1;
        self.blank += gap as u64;
        let mut column = 0;
        for (position, cell) in &row.cells {
            let gap = position.saturating_sub(column);
            self.written.extend(std::iter::repeat_n(b',', gap as usize));
            self.blank += u64::from(gap);
            self.filled += cell.len() as u64 + 2;
            column = *position;
            self.written.push(b'"');
            for byte in cell.trim().bytes() {
                match byte {
                    b'"' => self.written.extend_from_slice(b"\"\""),
                    b'\n' | b'\r' | 0 => self.written.push(b' '),
                    byte => self.written.push(byte),
                }
            }
            self.written.push(b'"');
        }
        self.written.push(b'\n');
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.written.len() && !self.ended {
            self.written.clear();
            self.at = 0;
            match guarded(|| self.rows.next()) {
                Ok(Some(row)) => self.write(&row),
                Ok(None) => self.ended = true,
                Err(Broken::Io(error)) => return Err(error),
                Err(Broken::Unread(sentence)) => return Err(Refusal::error(sentence)),
                Err(broken @ Broken::Damaged(_)) => {
                    // With its sentence, that says more than that the data is damaged.
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        super::error(broken),
                    ));
                }
            }
            if self.blank > BLANK && self.blank > SHARE * self.filled {
                return Err(Refusal::error(
                    "its cells are so far apart that the sheet is nearly all blank: the rest is not read",
                ));
            }
        }
        let length = buffer.len().min(self.written.len() - self.at);
        buffer[..length].copy_from_slice(&self.written[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Some_(Vec<Row>);

    impl Rows for Some_ {
        fn next(&mut self) -> locard_containers::Result<Option<Row>> {
            Ok((!self.0.is_empty()).then(|| self.0.remove(0)))
        }
    }

    fn text(rows: &[(u64, &[(u32, &str)])]) -> io::Result<String> {
        let rows = rows.iter().map(|(number, cells)| Row {
            number: *number,
            cells: cells
                .iter()
                .map(|(column, text)| (*column, (*text).to_owned()))
                .collect(),
        });
        let mut text = String::new();
        let rows = Box::new(Some_(rows.collect()));
        Text::new(rows).read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn lines_are_the_rows_of_the_sheet() {
        let sheet = text(&[(2, &[(0, "a"), (2, "say \"b\"")]), (5, &[(1, "c\nd")])]);
        assert_eq!(sheet.unwrap(), "\n\"a\",,\"say \"\"b\"\"\"\n\n\n,\"c d\"\n");
    }

    #[test]
    fn a_sheet_of_blanks_is_refused() {
        let row: &[(u32, &str)] = &[(16_383, "x")];
        let rows: Vec<(u64, &[(u32, &str)])> = (1..10_000).map(|number| (number, row)).collect();
        let error = text(&rows).unwrap_err();
        assert!(error.to_string().contains("blank"), "{error}");
        assert!(text(&[(u64::MAX, row), (u64::MAX, row)]).is_ok());
    }
}
