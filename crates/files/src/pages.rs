//! How large the pages of a Parquet file are, before they take memory.
//!
//! The one thing a reader gets wrong: a page is decompressed whole, whatever part of it is wanted, and a few kilobytes
//! may stand for gigabytes. What it takes, its header says in its second field.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::varint::varint;

/// A page that takes more bytes than this when it is decompressed is not read.
const LARGEST: u64 = 512 << 20;

/// Kind and size of a page take at most so many bytes at the beginning of its header.
const HEAD: usize = 12;

/// Whether a page was refused, for the size that its header says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refused(Arc<AtomicBool>);

impl Refused {
    pub(crate) fn is_any(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Looks at the beginning of a header.
    fn admit(&self, head: &[u8]) -> io::Result<()> {
        match size(head) {
            Some(size) if size <= LARGEST => Ok(()),
            Some(_) => {
                self.0.store(true, Ordering::Relaxed);
                Err(io::Error::other("a page is larger than is read"))
            }
            None => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// Bytes of a page when it is decompressed, by the beginning of its header: two numbers of Thrift, the first one its kind.
fn size(head: &[u8]) -> Option<u64> {
    // The next field, of 32 bits.
    const FIELD: u8 = 0x15;
    let mut rest = head.strip_prefix(&[FIELD])?;
    varint(&mut rest)?;
    let mut rest = rest.strip_prefix(&[FIELD])?;
    let zigzag = varint(&mut rest)?;
    (zigzag & 1 == 0).then_some(zigzag >> 1)
}

/// A stream that begins with the header of a page, if anything of it is read.
pub(crate) struct Page<R> {
    reader: R,
    /// Who is asked about it first; nobody about what is no page.
    refused: Option<Refused>,
    head: [u8; HEAD],
    /// Of the head, what was read and is not used yet.
    held: std::ops::Range<usize>,
}

impl<R: BufRead> Page<R> {
    pub(crate) fn new(reader: R, refused: Option<Refused>) -> Self {
        Self {
            reader,
            refused,
            head: [0; HEAD],
            held: 0..0,
        }
    }

    fn look(&mut self, refused: &Refused) -> io::Result<()> {
        while self.held.end < HEAD {
            match self.reader.read(&mut self.head[self.held.end..]) {
                Ok(0) => break,
                Ok(length) => self.held.end += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        refused.admit(&self.head[..self.held.end])
    }
}

impl<R: BufRead> Read for Page<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(refused) = self.refused.take() {
            self.look(&refused)?;
        }
        if self.held.is_empty() {
            return self.reader.read(buffer);
        }
        let length = self.held.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.head[self.held.start..][..length]);
        self.held.start += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of a page of that kind and size, with a field behind them.
    fn header(kind: u8, size: u64) -> Vec<u8> {
        let mut header = vec![0x15, kind << 1, 0x15];
        let mut zigzag = size << 1;
        while zigzag > 0x7f {
            header.push(zigzag as u8 | 0x80);
            zigzag >>= 7;
        }
        header.extend([zigzag as u8, 0x15, 0x20, 0]);
        header
    }

    #[test]
    fn a_page_is_read_up_to_a_size() {
        for (size, is_read) in [
            (0, true),
            (100, true),
            (LARGEST, true),
            (LARGEST + 1, false),
        ] {
            let (header, refused) = (header(2, size), Refused::default());
            let mut page = Page::new(&header[..], Some(refused.clone()));
            let mut told = Vec::new();
            let read = page.read_to_end(&mut told);
            assert_eq!(read.is_ok(), is_read, "{size}");
            assert_eq!(refused.is_any(), !is_read, "{size}");
            if is_read {
                assert_eq!(told, header, "{size}");
            }
        }
    }

    #[test]
    fn what_is_no_header_is_not_read_but_not_too_large_either() {
        for head in [&[][..], &[0x15], &[0x15, 2, 0x16, 1], &[0x15, 0, 0x15, 3]] {
            let refused = Refused::default();
            let read = Page::new(head, Some(refused.clone())).read_to_end(&mut Vec::new());
            assert!(read.is_err() && !refused.is_any(), "{head:?}");
            assert!(Page::new(head, None).read_to_end(&mut Vec::new()).is_ok());
        }
    }
}
