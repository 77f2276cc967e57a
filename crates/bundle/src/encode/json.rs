//! JSON, as an array or as lines: rows as they came, fields in their order.

use std::io;

use super::{Encoder, Row};
use crate::{Neutralised, Result};

/// One array, of which each row has a line.
#[derive(Debug, Default)]
pub(crate) struct Array {
    has_rows: bool,
}

/// One object a line.
#[derive(Debug)]
pub(crate) struct Lines;

impl Encoder for Array {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.push(b'[');
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(if self.has_rows { b",\n" } else { b"\n" });
        self.has_rows = true;
        object(row, out)
    }

    fn end(self: Box<Self>, out: &mut Vec<u8>) -> Result<Vec<Neutralised>> {
        out.extend_from_slice(if self.has_rows { b"\n]\n" } else { b"]\n" });
        Ok(Vec::new())
    }
}

impl Encoder for Lines {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> Result<()> {
        object(row, out)?;
        out.push(b'\n');
        Ok(())
    }

    fn end(self: Box<Self>, _: &mut Vec<u8>) -> Result<Vec<Neutralised>> {
        Ok(Vec::new())
    }
}

fn object(row: &Row<'_>, out: &mut Vec<u8>) -> Result<()> {
    Ok(serde_json::to_writer(out, row.fields).map_err(io::Error::from)?)
}
