//! Avro: a header with the schema, then blocks of records, each with its length and a marker behind it.
//!
//! The one thing a reader gets wrong: the decoder takes the end of the input for the end of the file wherever it
//! comes, and believes any marker. Whether a block was complete is followed here, beside it.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use locard_connector::{Error, ErrorKind, Result};

use crate::blob::io_error;
use crate::columnar::{Broken, ROWS, with_views};
use crate::flatten::flat_schema;

/// Length of the marker behind each block.
const MARKER: usize = 16;

/// Where in a block the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// In one of its two numbers, with what is known of it.
    Number {
        is_length: bool,
        value: u64,
        shift: u32,
    },
    /// So many bytes of its records are left.
    Records(u64),
    /// So many bytes of its marker were seen.
    Marker(usize),
}

/// Between two blocks.
const BORDER: At = At::Number {
    is_length: false,
    value: 0,
    shift: 0,
};

/// Follows the borders of blocks.
#[derive(Debug)]
struct Frame {
    at: At,
    /// What every block must end with; `None` before the header is read.
    marker: Option<[u8; MARKER]>,
    /// Why nothing more is given, where it is not because the file is at its end.
    failure: Option<Error>,
}

impl Frame {
    /// Takes notice of bytes that the decoder used.
    fn pass(&mut self, mut bytes: &[u8]) {
        let Some(marker) = self.marker else { return };
        while let (Some(&byte), None) = (bytes.first(), &self.failure) {
            let mut used = 1;
            self.at = match self.at {
                At::Number {
                    is_length,
                    value,
                    shift,
                } => number(is_length, value, shift, byte),
                At::Records(left) => {
                    used = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    match left - used as u64 {
                        0 => At::Marker(0),
                        left => At::Records(left),
                    }
                }
                At::Marker(seen) => {
                    if marker.get(seen) != Some(&byte) {
                        let sentence =
                            "the Avro file is damaged: a block does not end where it says";
                        self.failure = Some(Error::new(ErrorKind::Malformed, sentence));
                    }
                    if seen + 1 == MARKER {
                        BORDER
                    } else {
                        At::Marker(seen + 1)
                    }
                }
            };
            bytes = &bytes[used..];
        }
    }

    /// Why the input ended, if it did not end as a file should.
    fn ending(&mut self) -> Option<Error> {
        let cut = || Error::new(ErrorKind::Malformed, "the Avro file ends too early");
        let failure = self.failure.take();
        let failure = failure.or_else(|| (self.at != BORDER).then(cut));
        self.at = BORDER;
        failure
    }
}

/// The next byte of a number: seven bits each, the lowest first, the sign in the lowest of all.
fn number(is_length: bool, value: u64, shift: u32, byte: u8) -> At {
    let value = value | u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
    if byte & 0x80 != 0 {
        // Longer numbers than there are get the decoder's own error.
        return At::Number {
            is_length,
            value,
            shift: shift.saturating_add(7),
        };
    }
    match (is_length, value >> 1) {
        (false, _) => At::Number {
            is_length: true,
            value: 0,
            shift: 0,
        },
        (true, 0) => At::Marker(0),
        (true, length) => At::Records(length),
    }
}

/// The input of the decoder. Failures end it, so that the records before them are given first.
struct Followed<R> {
    input: R,
    frame: Rc<RefCell<Frame>>,
}

impl<R: BufRead> Read for Followed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Followed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let mut frame = self.frame.borrow_mut();
        if frame.failure.is_some() {
            return Ok(&[]);
        }
        match self.input.fill_buf() {
            Err(error) if frame.marker.is_some() && error.kind() != io::ErrorKind::Interrupted => {
                frame.failure = Some(io_error(error, "reading the file"));
                Ok(&[])
            }
            other => other,
        }
    }

    fn consume(&mut self, amount: usize) {
        // What was used is still held: this asks the source for nothing.
        if let Ok(held) = self.input.fill_buf() {
            self.frame
                .borrow_mut()
                .pass(&held[..amount.min(held.len())]);
        }
        self.input.consume(amount);
    }
}

/// The batches of an Avro file.
pub(crate) struct Batches<R: BufRead> {
    reader: arrow_avro::reader::Reader<Followed<R>>,
    frame: Rc<RefCell<Frame>>,
}

/// Reads Avro.
pub(crate) fn batches<R: Read>(input: R) -> Result<Batches<BufReader<R>>> {
    let frame = Rc::new(RefCell::new(Frame {
        at: BORDER,
        marker: None,
        failure: None,
    }));
    let input = Followed {
        input: BufReader::with_capacity(256 << 10, input),
        frame: frame.clone(),
    };
    let reader = arrow_avro::reader::ReaderBuilder::new()
        .with_batch_size(ROWS)
        .build(input)
        .map_err(unknown)?;
    frame.borrow_mut().marker = Some(reader.avro_header().sync());
    Ok(Batches { reader, frame })
}

impl<R: BufRead> Iterator for Batches<R> {
    type Item = Result<RecordBatch, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.next() {
            Some(batch) => Some(batch.map_err(|error| Broken::End(damaged(error)))),
            None => self
                .frame
                .borrow_mut()
                .ending()
                .map(|error| Err(Broken::End(error))),
        }
    }
}

/// The schema of an Avro file.
pub(crate) fn schema(input: impl Read) -> Result<SchemaRef> {
    let reader = arrow_avro::reader::ReaderBuilder::new()
        .build(BufReader::new(input))
        .map_err(unknown)?;
    let flat = flat_schema(&reader.schema());
    Ok(Arc::new(Schema::new(
        flat.fields().iter().map(with_views).collect::<Vec<_>>(),
    )))
}

fn unknown(error: ArrowError) -> Error {
    let sentence = "the Avro file is damaged, truncated or of an unknown kind";
    Error::new(ErrorKind::Malformed, sentence).cause(error)
}

fn damaged(error: ArrowError) -> Error {
    Error::new(ErrorKind::Malformed, "the Avro file is damaged").cause(error)
}
