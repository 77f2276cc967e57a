//! A stream that grew when it was decompressed, and how far it may.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Refusal;

/// So much may come of any compressed data.
pub const FREE: u64 = 64 << 20;

/// And beyond that, so many times what was read for it. Repetitive logs reach a hundred, bombs a thousand.
pub const RATIO: u64 = 200;

/// Stops where more comes out than any honest data holds.
#[derive(Debug)]
pub struct Expanding<R> {
    inner: R,
    /// Compressed bytes: what was read of them so far, or all there are.
    used: Arc<AtomicU64>,
    given: u64,
}

impl<R: Read> Expanding<R> {
    /// What a decoder gives that counts in `used` what it takes.
    pub fn new(inner: R, used: Arc<AtomicU64>) -> Self {
        Self {
            inner,
            used,
            given: 0,
        }
    }

    /// What a decoder gives of so many bytes.
    pub fn of(inner: R, compressed: u64) -> Self {
        Self::new(inner, Arc::new(AtomicU64::new(compressed)))
    }
}

impl<R: Read> Read for Expanding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.given += read as u64;
        let honest = || self.used.load(Ordering::Relaxed).saturating_mul(RATIO);
        if self.given > FREE && self.given > honest() {
            return Err(Refusal::error(format!(
                "it grows more than {RATIO} times when it is decompressed, as bombs do: the rest is not read"
            )));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_beyond_all_reason_is_refused() {
        let read = |compressed, bytes| {
            let zeros = io::repeat(0).take(bytes);
            io::copy(&mut Expanding::of(zeros, compressed), &mut io::sink())
        };
        assert_eq!(read(1, FREE).unwrap(), FREE);
        assert_eq!(read(FREE / RATIO + 1, FREE + 1).unwrap(), FREE + 1);
        let error = read(1_000, 2 * FREE).unwrap_err();
        assert!(error.to_string().contains("bombs"), "{error}");
    }
}
