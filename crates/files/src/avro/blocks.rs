//! The blocks of a file, one after the other, each decompressed as it is read.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, ErrorKind as Io, Read};
use std::rc::Rc;

use arrow_avro::compression::CompressionCodec;
use locard_connector::{Error, ErrorKind, Result};

use crate::blob::io_error;
use crate::compression::{MEMORY, WINDOW};

/// Length of the marker behind each block.
pub(super) const MARKER: usize = 16;

/// So much is decompressed at a time.
const STEP: usize = 64 << 10;

/// The file behind its header.
#[derive(Debug)]
struct Source<R> {
    input: BufReader<R>,
    /// Bytes of the open block that were not read yet.
    left: u64,
    /// Why the block could not be read to its end, where that is not the block's fault.
    failure: Option<io::Error>,
}

impl<R: Read> Source<R> {
    /// Reads from the open block.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX);
        let wanted = wanted.min(buffer.len());
        if wanted == 0 || self.failure.is_some() {
            return Ok(0);
        }
        match self.input.read(&mut buffer[..wanted]) {
            Ok(0) => self.failure = Some(Io::UnexpectedEof.into()),
            Ok(read) => {
                self.left -= read as u64;
                return Ok(read);
            }
            Err(error) if error.kind() == Io::Interrupted => return Err(error),
            Err(error) => self.failure = Some(error),
        }
        Ok(0)
    }

    /// One of the two numbers before a block; `None` where the file ends before it.
    fn number(&mut self) -> Result<Option<u64>> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let mut byte = [0];
            match self.input.read_exact(&mut byte) {
                Ok(()) => {}
                Err(error) if error.kind() == Io::UnexpectedEof && shift == 0 => return Ok(None),
                Err(error) => return Err(broken_off(error)),
            }
            value |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] & 0x80 == 0 {
                // The lowest bit is the sign.
                return if value & 1 == 0 {
                    Ok(Some(value >> 1))
                } else {
                    Err(damaged("a block has a size below zero"))
                };
            }
        }
        Err(damaged("a block has a size that is no number"))
    }
}

/// The bytes of the open block, as a decompressor reads them.
struct Packed<R>(Rc<RefCell<Source<R>>>);

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

/// Gives the blocks of a file.
pub(super) struct Blocks<R> {
    source: Rc<RefCell<Source<R>>>,
    codec: Option<CompressionCodec>,
    marker: [u8; MARKER],
}

impl<R: Read + 'static> Blocks<R> {
    pub(super) fn new(
        input: BufReader<R>,
        codec: Option<CompressionCodec>,
        marker: [u8; MARKER],
    ) -> Self {
        let source = Source {
            input,
            left: 0,
            failure: None,
        };
        Self {
            source: Rc::new(RefCell::new(source)),
            codec,
            marker,
        }
    }

    /// Opens the next block, if there is one. The one before must have been closed.
    pub(super) fn open(&mut self) -> Result<Option<Block>> {
        let (records, size) = {
            let mut source = self.source.borrow_mut();
            let Some(records) = source.number()? else {
                return Ok(None);
            };
            let Some(size) = source.number()? else {
                return Err(cut());
            };
            source.left = size;
            (records, size)
        };
        let reader = unpacked(self.codec, Packed(self.source.clone()))
            .map_err(|error| io_error(error, "decompressing a block"))?;
        Ok(Some(Block {
            reader,
            records,
            size,
            held: Vec::new(),
            at: 0,
            ended: false,
            is_damaged: false,
        }))
    }

    /// Goes to the end of the open block, whatever was read of it, and past its marker.
    pub(super) fn close(&mut self) -> Result<()> {
        let mut source = self.source.borrow_mut();
        while source.left > 0 && source.failure.is_none() {
            let left = usize::try_from(source.left).unwrap_or(usize::MAX);
            let passed = match source.input.fill_buf() {
                Ok([]) => Err(Io::UnexpectedEof.into()),
                Ok(bytes) => Ok(bytes.len().min(left)),
                Err(error) if error.kind() == Io::Interrupted => continue,
                Err(error) => Err(error),
            };
            match passed {
                Ok(passed) => {
                    source.input.consume(passed);
                    source.left -= passed as u64;
                }
                Err(error) => source.failure = Some(error),
            }
        }
        if let Some(failure) = source.failure.take() {
            return Err(broken_off(failure));
        }
        let mut marker = [0; MARKER];
        source.input.read_exact(&mut marker).map_err(broken_off)?;
        if marker == self.marker {
            Ok(())
        } else {
            Err(damaged("a block does not end where it says"))
        }
    }
}

/// An open block.
pub(super) struct Block {
    reader: Box<dyn Read>,
    /// Records that it says it has, without those that were used.
    pub(super) records: u64,
    /// Its compressed size.
    pub(super) size: u64,
    held: Vec<u8>,
    at: usize,
    /// Nothing follows what is held.
    pub(super) ended: bool,
    /// Nothing follows because it cannot be decompressed.
    pub(super) is_damaged: bool,
}

impl Block {
    /// What is decompressed and not used yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.held[self.at..]
    }

    /// Uses so much of it.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Decompresses more, the more the more is held: a long record is looked at a few times only.
    pub(super) fn more(&mut self) {
        self.held.drain(..self.at);
        self.at = 0;
        let wanted = self.held.len().max(STEP) as u64;
        let mut reader = self.reader.by_ref().take(wanted);
        let read = reader.read_to_end(&mut self.held);
        self.is_damaged = read.is_err();
        self.ended = read.is_ok_and(|read| (read as u64) < wanted) || self.is_damaged;
    }
}

/// The bytes of a block without their compression.
fn unpacked<R: Read + 'static>(
    codec: Option<CompressionCodec>,
    packed: Packed<R>,
) -> io::Result<Box<dyn Read>> {
    Ok(match codec {
        None => Box::new(packed),
        Some(CompressionCodec::Deflate) => Box::new(flate2::read::DeflateDecoder::new(packed)),
        Some(CompressionCodec::Bzip2) => Box::new(bzip2::read::BzDecoder::new(packed)),
        Some(CompressionCodec::ZStandard) => {
            let mut decoder = zstd::stream::read::Decoder::new(packed)?;
            decoder.window_log_max(WINDOW)?;
            Box::new(decoder)
        }
        Some(CompressionCodec::Xz) => {
            let stream = liblzma::stream::Stream::new_stream_decoder(MEMORY, 0)?;
            Box::new(liblzma::read::XzDecoder::new_stream(packed, stream))
        }
        Some(CompressionCodec::Snappy) => Box::new(Snappy::Packed(packed)),
    })
}

/// Snappy as Avro has it: all at once, with a checksum behind it.
enum Snappy<R> {
    Packed(Packed<R>),
    Open(io::Cursor<Vec<u8>>),
}

impl<R: Read> Read for Snappy<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Self::Packed(packed) = self {
            *self = Self::Open(io::Cursor::new(unsnapped(packed)?));
        }
        match self {
            Self::Open(open) => open.read(buffer),
            Self::Packed(_) => Ok(0),
        }
    }
}

fn unsnapped(packed: impl Read) -> io::Result<Vec<u8>> {
    let invalid = || io::Error::from(Io::InvalidData);
    let mut bytes = Vec::new();
    packed.take(MEMORY).read_to_end(&mut bytes)?;
    let (packed, sum) = bytes.split_last_chunk::<4>().ok_or_else(invalid)?;
    let length = snap::raw::decompress_len(packed)?;
    if length as u64 > MEMORY {
        return Err(invalid());
    }
    let open = snap::raw::Decoder::new().decompress_vec(packed)?;
    let mut crc = flate2::Crc::new();
    crc.update(&open);
    if crc.sum() == u32::from_be_bytes(*sum) {
        Ok(open)
    } else {
        Err(invalid())
    }
}

fn cut() -> Error {
    Error::new(ErrorKind::Malformed, "the Avro file ends too early")
}

fn broken_off(error: io::Error) -> Error {
    match error.kind() {
        Io::UnexpectedEof if error.get_ref().is_none() => cut(),
        _ => io_error(error, "reading the file"),
    }
}

fn damaged(what: &str) -> Error {
    Error::new(
        ErrorKind::Malformed,
        format!("the Avro file is damaged: {what}"),
    )
}
