//! CSV as people open it: every cell quoted, none executed.

use locard_model::spreadsheet::disarm;
use serde_json::Value;

use super::{Encoder, Row, Tally, text};
use crate::{Column, Neutralised, Result};

/// Comma-separated values after RFC 4180.
pub(crate) struct Csv {
    columns: Vec<Column>,
    tally: Tally,
}

impl Csv {
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self {
            columns: columns.to_vec(),
            tally: Tally::new(columns.len()),
        }
    }

    fn cell(&mut self, column: usize, row: u64, text: &str, out: &mut Vec<u8>) {
        let safe = disarm(text);
        if safe != text {
            self.tally.add(column, row);
        }
        if column > 0 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(safe.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    }
}

impl Encoder for Csv {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        for column in 0..self.columns.len() {
            let name = self.columns[column].name.clone();
            self.cell(column, 0, &name, out);
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> Result<()> {
        for (column, value) in row.cells.iter().enumerate() {
            match value {
                // What is no text is no formula, however it begins.
                Some(number @ Value::Number(_)) => {
                    if column > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(text(Some(number)).as_bytes());
                }
                value => self.cell(column, row.number, &text(*value), out),
            }
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn end(self: Box<Self>, _: &mut Vec<u8>) -> Result<Vec<Neutralised>> {
        Ok(self.tally.finish("CSV", &self.columns))
    }
}
