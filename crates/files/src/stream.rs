//! From blocking readers to streams: the reader works on a thread of its own and stays a few batches ahead.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use locard_connector::{Batch, Error, ErrorKind, Fault, Result};
use tokio::sync::mpsc;

use crate::avro;
use crate::blob::Blob;
use crate::columnar;
use crate::csv::{self, Position};
use crate::encoding::Misfits;
use crate::input::{Bytes, Input};
use crate::ipc;
use crate::json;
use crate::orc::Orc;
use crate::paragraphs;
use crate::part::{Format, JsonRecords, Part};
use crate::row_groups::Footer;
use crate::unpack;

/// Batches that wait to be taken. A reader that is further ahead waits.
pub(crate) const AHEAD: usize = 2;

/// What `work` sends, as a stream. Dropping the stream makes the next send fail, which ends the work.
pub(crate) fn blocking<T: Send + 'static>(
    ahead: usize,
    work: impl FnOnce(&mut dyn FnMut(Result<T>) -> bool) + Send + 'static,
) -> BoxStream<'static, Result<T>> {
    let (sender, mut receiver) = mpsc::channel(ahead);
    tokio::task::spawn_blocking(move || {
        let mut send = |item| sender.blocking_send(item).is_ok();
        // Silence would look like the end of the data.
        if catch_unwind(AssertUnwindSafe(|| work(&mut send))).is_err() {
            let sentence = "the reader failed on data that it should have refused";
            send(Err(Error::new(ErrorKind::Malformed, sentence)));
        }
    });
    stream::poll_fn(move |context| receiver.poll_recv(context)).boxed()
}

/// A function that gives batch after batch.
pub(crate) type Next = Box<dyn FnMut() -> Result<Option<Batch>>>;

/// A file, which piece of it is to be read, and what is to be told before.
type Opened = (Arc<dyn Blob>, Part, Option<Fault>);

/// The batches of one piece of a file.
pub(crate) fn batches(
    open: impl FnOnce() -> Result<Opened> + Send + 'static,
    resource: String,
) -> BoxStream<'static, Result<Batch>> {
    blocking(AHEAD, move |send| {
        if let Err(error) = open().and_then(|opened| all(opened, send)) {
            send(Err(error.entity(resource)));
        }
    })
}

/// Sends the batches of a piece, and what is to be told of its file before and after them; whether more are wanted.
pub(crate) fn all(
    (blob, part, fault): Opened,
    send: &mut dyn FnMut(Result<Batch>) -> bool,
) -> Result<bool> {
    if fault.is_some_and(|fault| !send(Ok(columnar::alone(fault)))) {
        return Ok(false);
    }
    let ended = each(&blob, part.clone(), send);
    // Also where the reading failed: that may be why.
    if let (Ok(true) | Err(_), Some(fault)) = (&ended, part.change(blob.as_ref())) {
        send(Ok(columnar::alone(fault)));
    }
    ended
}

/// Sends the batches of a piece; whether it came to its end.
fn each(
    blob: &Arc<dyn Blob>,
    part: Part,
    send: &mut dyn FnMut(Result<Batch>) -> bool,
) -> Result<bool> {
    let mut next = reader(blob, part)?;
    while let Some(batch) = next()? {
        if !send(Ok(batch)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The text of a piece.
pub(crate) fn input(blob: &Arc<dyn Blob>, part: &Part) -> Result<Input> {
    let bytes = Bytes {
        compression: part.compression,
        encoding: part.encoding,
        start: part.start,
        end: part.end,
    };
    Input::open(blob, bytes).map_err(|error| crate::blob::io_error(error, "opening the file"))
}

pub(crate) fn reader(blob: &Arc<dyn Blob>, part: Part) -> Result<Next> {
    let at = Position {
        row: part.first_row,
        line: part.first_line,
    };
    let input = |part: &Part| input(blob, part);
    let columns = part.columns.as_deref();
    Ok(match &part.format {
        Format::Delimited(layout) => {
            let skip = if part.has_header { layout.skip } else { 0 };
            let input = input(&part)?;
            let misfits = input.misfits();
            let mut reader =
                csv::Reader::new(input, layout.clone(), columns, at, skip).limit(part.limit);
            noting(move || reader.next(), misfits, &part)
        }
        Format::Json(records) => {
            let input = input(&part)?;
            let misfits = input.misfits();
            let has_elements = *records != JsonRecords::Lines;
            let mut reader = json::Reader::new(input, (*records).into(), columns, at)
                .limit(part.limit)
                .placing(part.places && has_elements)
                .telling(part.places);
            noting(move || reader.next(), misfits, &part)
        }
        Format::Paragraphs => {
            let input = input(&part)?;
            let misfits = input.misfits();
            let mut reader = paragraphs::Reader::new(input, at, part.limit);
            noting(move || reader.next(), misfits, &part)
        }
        Format::Parquet(_)
        | Format::Orc(_)
        | Format::Avro
        | Format::Arrow
        | Format::ArrowStream => return columnar(blob, part),
        Format::Document(name) => {
            let mut reader = unpack::Reader::open(blob, name, &part, || input(&part))?;
            Box::new(move || reader.next())
        }
        Format::Empty => Box::new(|| Ok(None)),
    })
}

/// Formats that bring their schema.
fn columnar(blob: &Arc<dyn Blob>, part: Part) -> Result<Next> {
    let columns = part.columns.as_deref();
    Ok(match &part.format {
        Format::Parquet(groups) => {
            let batches = Footer::read(blob)?.open(groups.clone(), columns)?;
            batched(batches, part)
        }
        Format::Orc(stripes) => {
            let batches = Orc::read(blob)?.open(stripes.clone(), columns)?;
            batched(batches, part)
        }
        Format::ArrowStream => batched(ipc::stream_batches(blob)?, part),
        Format::Arrow => batched(ipc::batches(blob)?, part),
        _ => batched(avro::batches(input(blob, &part)?.into_reader())?, part),
    })
}

fn batched(
    batches: impl Iterator<Item = Result<RecordBatch, columnar::Broken>> + 'static,
    part: Part,
) -> Next {
    let mut reader = columnar::Reader::new(batches, part.columns, part.first_row, part.limit);
    Box::new(move || reader.next())
}

/// Notes with the first batch of a text how its encoding was told, and with each where it is in two encodings.
fn noting(
    mut next: impl FnMut() -> Result<Option<Batch>> + 'static,
    misfits: Arc<Misfits>,
    part: &Part,
) -> Next {
    let encoding = part.encoding;
    let begins = part.first_row == 1 && part.has_header;
    let mut told = encoding.note(part.start).filter(|_| begins);
    Box::new(move || {
        let mut batch = next()?;
        if let Some(batch) = &mut batch {
            batch.notes.extend(told.take());
            batch.notes.extend(misfits.note(encoding));
        }
        Ok(batch)
    })
}
