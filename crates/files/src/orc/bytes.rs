//! The bytes of one stream of an ORC file, decompressed block by block.
//!
//! The one thing a reader gets wrong: what a stream claims of itself takes no memory. A block is decompressed up to its
//! limit and no further, and all that is held is counted.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;
use std::sync::Arc;

use super::Why;
use crate::blob::Blob;

/// A block, decompressed, at most. Writers use 64 to 256 KiB.
pub(super) const BLOCK: u64 = 8 << 20;

/// How the blocks of a file are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    None,
    Zlib,
    Snappy,
    Lz4,
    Zstd,
}

/// A codec, and the size that no block is larger than.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compression {
    pub(super) codec: Codec,
    pub(super) block: usize,
}

/// Memory that may still be taken.
#[derive(Debug)]
pub(super) struct Memory(Cell<u64>);

impl Memory {
    pub(super) fn new(bytes: u64) -> Rc<Self> {
        Rc::new(Self(Cell::new(bytes)))
    }

    pub(super) fn take(&self, bytes: usize) -> Result<(), Why> {
        let left = self.0.get().checked_sub(bytes as u64);
        self.0.set(left.ok_or(Why::TooLarge)?);
        Ok(())
    }

    fn give(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_add(bytes as u64));
    }
}

/// Where a stream is, and how it is read.
pub(super) struct Place {
    pub(super) blob: Arc<dyn Blob>,
    pub(super) at: u64,
    pub(super) end: u64,
    pub(super) compression: Compression,
    /// So much is asked for at a time, if there is so much.
    pub(super) ahead: usize,
    pub(super) memory: Rc<Memory>,
}

/// A stream. Its end is where more is wanted than there is: damage.
pub(super) struct Stream {
    place: Place,
    raw: Vec<u8>,
    raw_at: usize,
    block: Vec<u8>,
    block_at: usize,
    /// What the memory was told of.
    held: usize,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.place.memory.give(self.held);
    }
}

impl Stream {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            raw: Vec::new(),
            raw_at: 0,
            block: Vec::new(),
            block_at: 0,
            held: 0,
        }
    }

    pub(super) fn byte(&mut self) -> Result<u8, Why> {
        if self.block_at == self.block.len() && !self.next_block()? {
            return Err(Why::Damaged);
        }
        let byte = self.block[self.block_at];
        self.block_at += 1;
        Ok(byte)
    }

    /// Exactly so many bytes, behind those that are in `out`.
    pub(super) fn read(&mut self, mut length: usize, out: &mut Vec<u8>) -> Result<(), Why> {
        while length > 0 {
            if self.block_at == self.block.len() && !self.next_block()? {
                return Err(Why::Damaged);
            }
            let there = &self.block[self.block_at..];
            let taken = &there[..there.len().min(length)];
            out.extend_from_slice(taken);
            self.block_at += taken.len();
            length -= taken.len();
        }
        Ok(())
    }

    /// All that follows, up to a limit.
    pub(super) fn rest(mut self, limit: usize) -> Result<Vec<u8>, Why> {
        let mut out = Vec::new();
        while self.next_block()? {
            if out.len() + self.block.len() > limit {
                return Err(Why::TooLarge);
            }
            out.extend_from_slice(&self.block);
        }
        Ok(out)
    }

    /// Seven bits a byte, the lowest first.
    pub(super) fn varint(&mut self) -> Result<u128, Why> {
        let mut value = 0;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            value |= u128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Why::Damaged)
    }

    /// Goes on to the next block that has bytes; whether there is one.
    fn next_block(&mut self) -> Result<bool, Why> {
        self.block_at = 0;
        loop {
            self.block.clear();
            if self.raw.len() == self.raw_at && self.place.at >= self.place.end {
                return Ok(false);
            }
            if self.place.compression.codec == Codec::None {
                let length = self.hold(1)?;
                self.block.extend_from_slice(&self.raw[self.raw_at..]);
                self.raw_at += length;
            } else {
                self.decompress()?;
            }
            let held = self.raw.capacity() + self.block.capacity();
            self.place.memory.give(std::mem::take(&mut self.held));
            self.place.memory.take(held)?;
            self.held = held;
            if !self.block.is_empty() {
                return Ok(true);
            }
        }
    }

    fn decompress(&mut self) -> Result<(), Why> {
        self.hold(3)?;
        let header = &self.raw[self.raw_at..self.raw_at + 3];
        let header = u32::from_le_bytes([header[0], header[1], header[2], 0]);
        self.raw_at += 3;
        let (length, is_original) = ((header >> 1) as usize, header & 1 == 1);
        if length == 0 {
            return Ok(());
        }
        self.hold(length)?;
        let bytes = &self.raw[self.raw_at..self.raw_at + length];
        if is_original {
            self.block.extend_from_slice(bytes);
        } else {
            decompress(self.place.compression, bytes, &mut self.block)?;
        }
        self.raw_at += length;
        Ok(())
    }

    /// Holds at least so many raw bytes; how many it holds.
    fn hold(&mut self, length: usize) -> Result<usize, Why> {
        let there = self.raw.len() - self.raw_at;
        if there >= length {
            return Ok(there);
        }
        self.raw.drain(..self.raw_at);
        self.raw_at = 0;
        let left = usize::try_from(self.place.end - self.place.at).unwrap_or(usize::MAX);
        if length - there > left {
            return Err(Why::Damaged);
        }
        let wanted = (length - there).max(self.place.ahead.min(left));
        let mut filled = there;
        self.raw.resize(there + wanted, 0);
        while filled < self.raw.len() {
            match self
                .place
                .blob
                .read_at(self.place.at, &mut self.raw[filled..])
            {
                Ok(0) => return Err(Why::Damaged),
                Ok(read) => {
                    filled += read;
                    self.place.at += read as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Why::Io(error)),
            }
        }
        Ok(filled)
    }
}

/// Decompresses one block; one that is larger than the file says of its blocks is damage.
fn decompress(compression: Compression, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Why> {
    let limit = compression.block;
    let damaged = |_| Why::Damaged;
    match compression.codec {
        Codec::None => out.extend_from_slice(bytes),
        Codec::Zlib => {
            let mut decoder = flate2::bufread::DeflateDecoder::new(bytes);
            read_to(decoder.by_ref(), limit, out)?;
            // There is no checksum, but what ends before its bytes do was another thing once.
            if decoder.total_in() != bytes.len() as u64 {
                return Err(Why::Damaged);
            }
        }
        Codec::Zstd => {
            let decoder = zstd::Decoder::new(bytes).map_err(|_| Why::Damaged)?;
            read_to(decoder, limit, out)?;
        }
        Codec::Snappy => {
            let length = snap::raw::decompress_len(bytes).map_err(|_| Why::Damaged)?;
            if length > limit {
                return Err(Why::Damaged);
            }
            out.resize(length, 0);
            let read = snap::raw::Decoder::new().decompress(bytes, out);
            read.map_err(|_| Why::Damaged)?;
        }
        Codec::Lz4 => {
            out.resize(limit, 0);
            let length = lz4_flex::block::decompress_into(bytes, out).map_err(damaged)?;
            out.truncate(length);
        }
    }
    Ok(())
}

fn read_to(decoder: impl Read, limit: usize, out: &mut Vec<u8>) -> Result<(), Why> {
    let mut decoder = decoder.take(limit as u64 + 1);
    decoder.read_to_end(out).map_err(|_| Why::Damaged)?;
    if out.len() > limit {
        return Err(Why::Damaged);
    }
    Ok(())
}
