//! Arrow IPC: files, also called Feather, and streams.
//!
//! The one thing a reader gets wrong: the library takes memory by what a file claims of its blocks. [`check`] compares
//! every claim with the file before the library sees it.

mod stream;

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use arrow_ipc::{Block, Footer, Message, RecordBatch as Header, root_as_footer, root_as_message};
use arrow_schema::{Schema, SchemaRef};
use locard_connector::{Error, ErrorKind, Result};
use locard_containers::{Broken as Panicked, File, guarded};

use crate::blob::{Blob, io_error};
use crate::columnar::{Broken, ROWS, with_views};
use crate::flatten::flat_schema;
use crate::unpack::opener;

/// What stands at both ends of a file.
const MAGIC: &[u8] = b"ARROW1";

/// The footer, and the description of one block.
const DESCRIPTION: u64 = 16 << 20;

/// One block, decompressed: it is held while its records are read.
const BLOCK: u64 = 512 << 20;

/// Records of a block that take no bytes of the file.
const MOST_ROWS: i64 = 1 << 26;

fn damaged() -> Error {
    Error::new(
        ErrorKind::Malformed,
        "the Arrow file is damaged or truncated",
    )
}

fn too_large() -> Error {
    let sentence = "a block of the Arrow file takes more than 512 MiB: the file is not read";
    Error::new(ErrorKind::Unsupported, sentence)
        .hint("write it again with fewer records in a batch")
}

pub(crate) use stream::{batches as stream_batches, is as is_stream, schema as stream_schema};

/// Whether a file may be one.
pub(crate) fn is(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// The flat schema.
pub(crate) fn schema(blob: &Arc<dyn Blob>) -> Result<SchemaRef> {
    Ok(views(&open(blob)?.schema()))
}

/// A flat schema with its texts as views.
fn views(schema: &Schema) -> SchemaRef {
    let flat = flat_schema(schema);
    let fields = flat.fields().iter().map(with_views);
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The records.
pub(crate) fn batches(blob: &Arc<dyn Blob>) -> Result<Batches> {
    let mut reader = open(blob)?;
    Ok(Batches::new(move || {
        let next = guarded(|| {
            let next = reader.next().transpose();
            next.map_err(|_| Panicked::damaged(""))
        });
        next.map_err(|_| damaged())
    }))
}

type Reader = FileReader<Box<dyn File>>;

fn open(blob: &Arc<dyn Blob>) -> Result<Reader> {
    let failed = |error| io_error(error, "reading the file");
    let mut file = opener(blob)().map_err(failed)?;
    check(blob.size(), file.as_mut())?;
    file.rewind().map_err(failed)?;
    let read = guarded(|| FileReader::try_new(file, None).map_err(|_| Panicked::damaged("")));
    read.map_err(|_| damaged())
}

fn read(file: &mut dyn File, at: u64, length: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = file
        .seek(SeekFrom::Start(at))
        .and_then(|_| file.take(length).read_to_end(&mut bytes));
    match read {
        Ok(_) if bytes.len() as u64 == length => Ok(bytes),
        Ok(_) => Err(damaged()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(damaged()),
        Err(error) => Err(io_error(error, "reading the file")),
    }
}

/// Refuses a file whose blocks are not where it says, or would take more memory than is given to one.
fn check(size: u64, file: &mut dyn File) -> Result<()> {
    let end = read(file, size.checked_sub(10).ok_or_else(damaged)?, 10)?;
    let (length, magic) = end.split_at(4);
    let length = length
        .first_chunk()
        .map_or(-1, |bytes| i32::from_le_bytes(*bytes));
    let length = u64::try_from(length).map_err(|_| damaged())?;
    let start = (size - 10)
        .checked_sub(length)
        .filter(|_| magic == MAGIC)
        .ok_or_else(damaged)?;
    if length > DESCRIPTION {
        return Err(damaged());
    }
    let footer = read(file, start, length)?;
    let footer = root_as_footer(&footer).map_err(|_| damaged())?;
    for block in blocks(&footer) {
        check_block(start, file, block)?;
    }
    Ok(())
}

fn blocks<'a>(footer: &Footer<'a>) -> impl Iterator<Item = &'a Block> {
    let dictionaries = footer.dictionaries().into_iter().flatten();
    dictionaries.chain(footer.recordBatches().into_iter().flatten())
}

fn check_block(size: u64, file: &mut dyn File, block: &Block) -> Result<()> {
    let at = u64::try_from(block.offset()).map_err(|_| damaged())?;
    let description = u64::try_from(block.metaDataLength()).map_err(|_| damaged())?;
    let body = u64::try_from(block.bodyLength()).map_err(|_| damaged())?;
    let body_at = at.checked_add(description).ok_or_else(damaged)?;
    let is_inside = body_at.checked_add(body).is_some_and(|end| end <= size);
    if !is_inside || description > DESCRIPTION {
        return Err(damaged());
    }
    if body > BLOCK {
        return Err(too_large());
    }
    let bytes = read(file, at, description)?;
    // The length stands before it, in newer files behind a mark.
    let skipped = if bytes.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let message =
        root_as_message(bytes.get(skipped..).unwrap_or_default()).map_err(|_| damaged())?;
    header(&message).map_or(Ok(()), |header| check_buffers(file, body_at, body, &header))
}

fn header<'a>(message: &Message<'a>) -> Option<Header<'a>> {
    let dictionary = || message.header_as_dictionary_batch()?.data();
    message.header_as_record_batch().or_else(dictionary)
}

fn check_buffers(file: &mut dyn File, body_at: u64, body: u64, header: &Header<'_>) -> Result<()> {
    if !(0..=MOST_ROWS).contains(&header.length()) {
        return Err(too_large());
    }
    let mut total = 0_u64;
    for buffer in header.buffers().into_iter().flatten() {
        let (at, length) = (buffer.offset(), buffer.length());
        let at = u64::try_from(at).map_err(|_| damaged())?;
        let length = u64::try_from(length).map_err(|_| damaged())?;
        if at.checked_add(length).is_none_or(|end| end > body) {
            return Err(damaged());
        }
        if header.compression().is_none() || length == 0 {
            continue;
        }
        // Its size before it was compressed stands in front; -1: it is not.
        let claimed = read(file, body_at + at, 8.min(length))?;
        let claimed = claimed
            .first_chunk()
            .map_or(-2, |bytes| i64::from_le_bytes(*bytes));
        if claimed < -1 {
            return Err(damaged());
        }
        total = total.saturating_add(u64::try_from(claimed).unwrap_or(length));
        if total > BLOCK {
            return Err(too_large());
        }
    }
    Ok(())
}

/// The records of a file, a few thousand at a time.
pub(crate) struct Batches {
    next: Box<dyn FnMut() -> Result<Option<RecordBatch>>>,
    rest: Option<RecordBatch>,
}

impl Batches {
    fn new(next: impl FnMut() -> Result<Option<RecordBatch>> + 'static) -> Self {
        Self {
            next: Box::new(next),
            rest: None,
        }
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(rest) = self.rest.take().filter(|rest| rest.num_rows() > 0) {
                let rows = rest.num_rows().min(ROWS);
                let batch = rest.slice(0, rows);
                self.rest = Some(rest.slice(rows, rest.num_rows() - rows));
                return Some(Ok(batch));
            }
            match (self.next)() {
                Ok(Some(batch)) => self.rest = Some(batch),
                Ok(None) => return None,
                Err(error) => return Some(Err(Broken::End(error))),
            }
        }
    }
}
