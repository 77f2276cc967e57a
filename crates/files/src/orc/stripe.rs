//! A stripe: where the streams of its columns are.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::Why;
use super::bytes::{Compression, Memory, Place, Stream};
use super::runs::{Ints, Written};
use super::tail::{DESCRIPTION, Stripe};
use super::time::Zone;
use super::wire::Fields;
use crate::blob::Blob;

const PRESENT: u64 = 0;
const DATA: u64 = 1;
const LENGTH: u64 = 2;
const DICTIONARY: u64 = 3;
const SECONDARY: u64 = 5;

/// What is held of a stripe while it is read, at most: blocks and dictionaries.
const HELD: u64 = 512 << 20;

/// What all streams of a stripe ask for at a time, together.
const AHEAD: usize = 32 << 20;

/// How a column is written.
#[derive(Clone, Copy, Default)]
struct Encoding {
    kind: u64,
    words: u64,
}

/// The streams of a stripe.
pub(super) struct Streams {
    blob: Arc<dyn Blob>,
    compression: Compression,
    places: HashMap<(u64, u64), (u64, u64)>,
    encodings: Vec<Encoding>,
    zone: Zone,
    ahead: usize,
    memory: Rc<Memory>,
}

impl Streams {
    pub(super) fn read(
        blob: &Arc<dyn Blob>,
        compression: Compression,
        stripe: Stripe,
    ) -> Result<Self, Why> {
        // Where everything ends was compared with the file.
        let data_end = stripe.offset + stripe.index + stripe.data;
        let footer = Stream::new(Place {
            blob: blob.clone(),
            at: data_end,
            end: data_end + stripe.footer,
            compression,
            ahead: 1 << 20,
            memory: Memory::new(4 * DESCRIPTION as u64),
        });
        let footer = footer.rest(DESCRIPTION)?;
        let mut streams = Self {
            blob: blob.clone(),
            compression,
            places: HashMap::new(),
            encodings: Vec::new(),
            zone: Zone::utc(),
            ahead: 0,
            memory: Memory::new(HELD),
        };
        let mut at = stripe.offset;
        for field in Fields(&footer) {
            match field? {
                (1, value) => at = streams.place(value.bytes()?, at, data_end)?,
                (2, value) => streams.encodings.push(encoding(value.bytes()?)?),
                (3, value) => streams.zone = Zone::named(&value.text()?),
                _ => {}
            }
        }
        streams.ahead = (AHEAD / streams.places.len().max(1)).clamp(4 << 10, 1 << 20);
        Ok(streams)
    }

    /// Notes where a stream is; where the next one begins.
    fn place(&mut self, bytes: &[u8], at: u64, data_end: u64) -> Result<u64, Why> {
        let (mut kind, mut column, mut length) = (0, 0, 0);
        for field in Fields(bytes) {
            match field? {
                (1, value) => kind = value.number()?,
                (2, value) => column = value.number()?,
                (3, value) => length = value.number()?,
                _ => {}
            }
        }
        let end = at.checked_add(length).filter(|end| *end <= data_end);
        let end = end.ok_or(Why::Damaged)?;
        if kind <= SECONDARY {
            self.places.insert((column, kind), (at, end));
        }
        Ok(end)
    }

    /// The stream of that kind, which ends at once where there is none: writers leave out what is empty.
    fn stream(&self, column: u64, kind: u64) -> Stream {
        let (at, end) = self.places.get(&(column, kind)).copied().unwrap_or((0, 0));
        Stream::new(Place {
            blob: self.blob.clone(),
            at,
            end,
            compression: self.compression,
            ahead: self.ahead,
            memory: self.memory.clone(),
        })
    }

    fn encoding(&self, column: u64) -> Encoding {
        let encoding = self.encodings.get(column as usize);
        encoding.copied().unwrap_or_default()
    }

    fn ints(&self, column: u64, kind: u64, signed: bool) -> Ints {
        let second = self.encoding(column).kind >= 2;
        Ints::new(self.stream(column, kind), Written { second, signed })
    }

    pub(super) fn present(&self, column: u64) -> Option<Stream> {
        let is_there = self.places.contains_key(&(column, PRESENT));
        is_there.then(|| self.stream(column, PRESENT))
    }

    pub(super) fn data(&self, column: u64) -> Stream {
        self.stream(column, DATA)
    }

    pub(super) fn signed(&self, column: u64) -> Ints {
        self.ints(column, DATA, true)
    }

    pub(super) fn unsigned(&self, column: u64) -> Ints {
        self.ints(column, DATA, false)
    }

    pub(super) fn lengths(&self, column: u64) -> Ints {
        self.ints(column, LENGTH, false)
    }

    pub(super) fn secondary(&self, column: u64, signed: bool) -> Ints {
        self.ints(column, SECONDARY, signed)
    }

    pub(super) fn dictionary(&self, column: u64) -> Stream {
        self.stream(column, DICTIONARY)
    }

    /// How many words the column's dictionary has, if it has one.
    pub(super) fn words(&self, column: u64) -> Option<usize> {
        let encoding = self.encoding(column);
        let is_dictionary = matches!(encoding.kind, 1 | 3);
        is_dictionary.then(|| usize::try_from(encoding.words).unwrap_or(usize::MAX))
    }

    pub(super) fn zone(&self) -> Zone {
        self.zone.clone()
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }
}

fn encoding(bytes: &[u8]) -> Result<Encoding, Why> {
    let mut encoding = Encoding::default();
    for field in Fields(bytes) {
        match field? {
            (1, value) => encoding.kind = value.number()?,
            (2, value) => encoding.words = value.number()?,
            _ => {}
        }
    }
    Ok(encoding)
}
