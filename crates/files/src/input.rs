//! The bytes of one split, decompressed and in UTF-8 as far as the file allows, with what was read but not yet used.

use std::io::{self, Read};
use std::sync::Arc;

use locard_connector::{Error, Fault};

use crate::blob::{Blob, Range, io_error};
use crate::compression::Compression;
use crate::encoding::{Encoding, Misfits, Transcoder};

/// A record, and a token within a document, may be this long; a block with a longer one is never built.
pub(crate) const LONGEST_RECORD: usize = 64 << 20;

/// Where the bytes of a split are and how they are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes {
    pub(crate) compression: Compression,
    pub(crate) encoding: Encoding,
    /// The first byte: of the file, or of its decompressed text behind the byte-order mark.
    pub(crate) start: u64,
    pub(crate) end: Option<u64>,
}

/// A stream with a look-ahead that grows on demand.
pub(crate) struct Input {
    reader: Box<dyn Read + Send>,
    /// What was read and not yet used.
    pub(crate) held: Vec<u8>,
    /// Nothing follows what is held.
    pub(crate) ended: bool,
    error: Option<io::Error>,
    misfits: Arc<Misfits>,
}

impl Input {
    /// Opens the bytes of a split.
    ///
    /// # Errors
    /// The decompressor could not be set up, or the text before `start` could not be skipped.
    pub(crate) fn open(blob: &Arc<dyn Blob>, bytes: Bytes) -> io::Result<Self> {
        let plain = bytes.compression == Compression::None;
        let (blob, start) = (blob.clone(), if plain { bytes.start } else { 0 });
        let range = move || Range::new(blob.clone(), start, bytes.end);
        let mut reader = bytes.compression.decode(range)?;
        if !plain {
            io::copy(&mut reader.by_ref().take(bytes.start), &mut io::sink())?;
        }
        let misfits = Arc::<Misfits>::default();
        if bytes.encoding != Encoding::Utf8 {
            // Such text is one split, so only a mark stands before its beginning.
            let encoding = (bytes.encoding, bytes.start > 0);
            reader = Box::new(Transcoder::new(reader, encoding, misfits.clone()));
        }
        Ok(Self {
            reader,
            held: Vec::new(),
            ended: false,
            error: None,
            misfits,
        })
    }

    /// What its encoding does not fit, for whoever tells it.
    pub(crate) fn misfits(&self) -> Arc<Misfits> {
        self.misfits.clone()
    }

    /// The stream itself, for readers that hold what they need; only before the first [`Input::fill`].
    pub(crate) fn into_reader(self) -> Box<dyn Read + Send> {
        self.reader
    }

    /// Reads until `wanted` bytes are held or nothing follows. An error counts as the end for now: what came before
    /// it is used first, then [`Input::failure`] tells it.
    pub(crate) fn fill(&mut self, wanted: usize) {
        let filled = self.held.len();
        if filled >= wanted || self.ended {
            return;
        }
        // Room for the padding too, so that taking the block never copies it.
        self.held.reserve(wanted + 64 - filled);
        let missing = (wanted - filled) as u64;
        let read = self
            .reader
            .by_ref()
            .take(missing)
            .read_to_end(&mut self.held);
        // What came before an error is held.
        self.error = read.err();
        self.ended = self.held.len() < wanted || self.error.is_some();
    }

    /// Takes the first bytes of what is held, with room for `padding` more behind them.
    pub(crate) fn take(&mut self, length: usize, padding: usize) -> Vec<u8> {
        let mut rest = Vec::with_capacity(self.held.len() + 64);
        rest.extend_from_slice(&self.held[length..]);
        let mut block = std::mem::replace(&mut self.held, rest);
        block.truncate(length);
        block.reserve(padding);
        block
    }

    /// Why the stream ended early, if it did; told once.
    pub(crate) fn failure(&mut self, what: &str) -> Option<Error> {
        self.error.take().map(|error| io_error(error, what))
    }

    /// Tells where the encoding did not fit in what was read since this was asked last. Other encodings than UTF-8 are
    /// read from the first line on.
    pub(crate) fn encoding_fault(&self) -> Option<Fault> {
        let (line, records) = self.misfits.lossy.told()?;
        Some(Fault {
            sentence: "bytes that the file's encoding does not have were replaced".to_owned(),
            place: format!("line {line}"),
            records,
        })
    }
}

/// Line ends in a text.
pub(crate) fn count_lines(text: &[u8], newline: u8) -> u64 {
    memchr::memchr_iter(newline, text).count() as u64
}

/// What had to be changed in a text before it could be used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Repairs {
    /// Byte of the first NUL.
    pub(crate) nul: Option<usize>,
    /// Byte of the first sequence that is not UTF-8, and how many lines have one.
    pub(crate) encoding: Option<(usize, u64)>,
}

/// Makes a text clean: bytes that are not UTF-8 are read as Windows-1252, NULs are left out. `None` when it is.
pub(crate) fn clean(text: &[u8]) -> Option<(Vec<u8>, Repairs)> {
    let mut repairs = Repairs::default();
    let mut repaired = None;
    if simdutf8::basic::from_utf8(text).is_err() {
        let (bytes, first) = locard_containers::encoding::repair(text);
        repairs.encoding = first;
        repaired = Some(bytes);
    }
    let bytes = repaired.as_deref().unwrap_or(text);
    repairs.nul = memchr::memchr(0, bytes);
    if repairs.nul.is_some() {
        let mut bytes = bytes.to_vec();
        bytes.retain(|byte| *byte != 0);
        repaired = Some(bytes);
    }
    repaired.map(|bytes| (bytes, repairs))
}

impl Repairs {
    /// As faults; `line` is the line on which the text begins.
    pub(crate) fn faults(&self, cleaned: &[u8], newline: u8, line: u64) -> Vec<Fault> {
        let place = |at: usize| {
            format!(
                "line {}",
                line + count_lines(&cleaned[..at.min(cleaned.len())], newline)
            )
        };
        let nul = self.nul.map(|at| ("NUL bytes were left out", at, 1));
        let sentence = "bytes that are not UTF-8 were read as Windows-1252";
        let encoding = self.encoding.map(|(at, lines)| (sentence, at, lines));
        let fault = |(sentence, at, records): (&str, usize, u64)| Fault {
            sentence: sentence.to_owned(),
            place: place(at),
            records,
        };
        [nul, encoding].into_iter().flatten().map(fault).collect()
    }
}
