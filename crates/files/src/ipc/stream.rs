//! Arrow IPC streams: messages one after the other, as programs send them to each other and some keep them.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::{MessageHeader, root_as_message};
use arrow_schema::SchemaRef;
use locard_connector::Result;
use locard_containers::{Broken as Panicked, File, guarded};

use super::{BLOCK, Batches, DESCRIPTION, check_buffers, damaged, header, read, too_large, views};
use crate::blob::{Blob, io_error};
use crate::unpack::opener;

/// What stands before each message, and then its length.
const MARK: [u8; 4] = [0xff; 4];

/// Whether a file may be one: its first message tells a schema.
pub(crate) fn is(head: &[u8]) -> bool {
    let Some((length, message)) = length(head) else {
        return false;
    };
    if !(8..=DESCRIPTION).contains(&length) {
        return false;
    }
    // A schema of very many columns does not end in what is looked at.
    message.get(..length as usize).is_none_or(|message| {
        root_as_message(message).is_ok_and(|message| message.header_type() == MessageHeader::Schema)
    })
}

/// The length of the description that begins here, and what follows.
fn length(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (length, rest) = bytes.strip_prefix(&MARK)?.split_first_chunk()?;
    let length = u64::try_from(i32::from_le_bytes(*length)).ok()?;
    Some((length, rest))
}

/// The flat schema.
pub(crate) fn schema(blob: &Arc<dyn Blob>) -> Result<SchemaRef> {
    let mut messages = Messages::open(blob)?;
    let description = messages.description()?.ok_or_else(damaged)?;
    let bytes = read(messages.file.as_mut(), 8, description)?;
    let message = root_as_message(&bytes).map_err(|_| damaged())?;
    let schema = message.header_as_schema().ok_or_else(damaged)?;
    let schema = guarded(|| Ok(fb_to_schema(schema))).map_err(|_| damaged())?;
    Ok(views(&schema))
}

/// The records.
pub(crate) fn batches(blob: &Arc<dyn Blob>) -> Result<Batches> {
    let mut messages = Messages::open(blob)?;
    Ok(Batches::new(move || messages.next()))
}

/// Reads message after message. Each is compared with the file before the library sees it, as blocks are.
struct Messages {
    file: Box<dyn File>,
    size: u64,
    at: u64,
    decoder: StreamDecoder,
    /// Of the last message what the decoder left: it ends a message without a body only where another one begins.
    left: Buffer,
}

/// What a message gave.
enum Step {
    Records(RecordBatch),
    Other,
    End,
}

impl Messages {
    fn open(blob: &Arc<dyn Blob>) -> Result<Self> {
        let file = opener(blob)().map_err(|error| io_error(error, "reading the file"))?;
        Ok(Self {
            file,
            size: blob.size(),
            at: 0,
            decoder: StreamDecoder::new(),
            left: Buffer::default(),
        })
    }

    fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            match self.step()? {
                Step::Records(batch) => return Ok(Some(batch)),
                Step::Other => {}
                Step::End => return Ok(None),
            }
        }
    }

    /// The length of the description of the message that begins here; `None` at the end.
    fn description(&mut self) -> Result<Option<u64>> {
        let left = self.size - self.at;
        if left == 0 {
            return Ok(None);
        }
        let start = read(self.file.as_mut(), self.at, 8.min(left))?;
        let (description, _) = length(&start).ok_or_else(damaged)?;
        if description > DESCRIPTION || self.at + 8 + description > self.size {
            return Err(damaged());
        }
        Ok((description > 0).then_some(description))
    }

    fn step(&mut self) -> Result<Step> {
        if self.left.is_empty() {
            let Some(description) = self.description()? else {
                return Ok(Step::End);
            };
            let body_at = self.at + 8 + description;
            let body = self.body(body_at, description)?;
            let whole = read(self.file.as_mut(), self.at, 8 + description + body)?;
            self.at = body_at + body;
            self.left = Buffer::from_vec(whole);
        }
        let (decoder, left) = (&mut self.decoder, &mut self.left);
        let decoded = guarded(|| decoder.decode(left).map_err(|_| Panicked::damaged("")));
        Ok(match decoded.map_err(|_| damaged())? {
            Some(batch) => Step::Records(batch),
            None => Step::Other,
        })
    }

    /// The length of a message's body.
    fn body(&mut self, body_at: u64, description: u64) -> Result<u64> {
        let bytes = read(self.file.as_mut(), self.at + 8, description)?;
        let message = root_as_message(&bytes).map_err(|_| damaged())?;
        let body = u64::try_from(message.bodyLength()).map_err(|_| damaged())?;
        if body > BLOCK {
            return Err(too_large());
        }
        if body_at.checked_add(body).is_none_or(|end| end > self.size) {
            return Err(damaged());
        }
        if let Some(header) = header(&message) {
            check_buffers(self.file.as_mut(), body_at, body, &header)?;
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_begins_like_one_is_none() {
        assert!(!is(&[0xff; 64]));
        assert!(!is(&[
            0xff, 0xff, 0xff, 0xff, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8
        ]));
        assert!(!is(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
        assert!(!is(b""));
        // Its schema is longer than what was looked at.
        assert!(is(&[0xff, 0xff, 0xff, 0xff, 64, 0, 0, 0, 1]));
    }
}
