//! The seal of a bundle: a hash over every byte of the archive before it, and a signature over that.
//!
//! The manifest tells of files, and an archive is more than these: headers, its directory, and bits that a decompressor passes
//! over. The seal is the archive's comment, which stands at its very end, so that it can be written in one pass and other
//! programs open the archive as ever.

use std::io::{self, Read, Seek, SeekFrom, Write};

use sha2::{Digest as _, Sha256};

use crate::archive::hex;
use crate::{PublicKey, SigningKey};

const MARK: &str = "locard seal 1 ";

/// Bytes of a seal: the mark, 64 digits, a space, 128 digits.
pub(crate) const LENGTH: usize = MARK.len() + 64 + 1 + 128;

/// What is signed: no manifest begins like this, so that neither signature passes for the other.
fn signed(hash: &[u8; 32]) -> Vec<u8> {
    [b"locard bundle seal v1\0".as_slice(), hash].concat()
}

fn written(hash: &[u8; 32], signature: &[u8]) -> String {
    format!("{MARK}{} {}", hex(hash), hex(signature))
}

/// A writer that puts a seal in the place of the last bytes that it was given.
pub(crate) struct Sealing<W> {
    inner: W,
    hash: Sha256,
    /// The last bytes, which may be the place of the seal.
    held: Vec<u8>,
}

impl<W: Write> Sealing<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            held: Vec::new(),
        }
    }

    /// Seals what was written.
    pub(crate) fn finish(mut self, key: &SigningKey) -> io::Result<W> {
        let hash: [u8; 32] = self.hash.finalize().into();
        let seal = written(&hash, &key.seal(&signed(&hash)));
        self.inner.write_all(seal.as_bytes())?;
        self.inner.flush()?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if let Some(over) = self.held.len().checked_sub(LENGTH) {
            self.hash.update(&self.held[..over]);
            self.inner.write_all(&self.held[..over])?;
            self.held.drain(..over);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// What was found of a seal.
#[derive(Clone, Debug)]
pub(crate) struct Seal {
    hash: [u8; 32],
    /// The last bytes, as they stand there.
    last: Vec<u8>,
}

impl Seal {
    /// Reads a whole archive, and goes back to its beginning.
    pub(crate) fn of(input: &mut (impl Read + Seek)) -> io::Result<Self> {
        let end = input.seek(SeekFrom::End(0))?;
        let before = end.saturating_sub(LENGTH as u64);
        input.seek(SeekFrom::Start(0))?;
        let mut hash = Digest(Sha256::new());
        io::copy(&mut input.by_ref().take(before), &mut hash)?;
        let mut last = Vec::with_capacity(LENGTH);
        input.take(LENGTH as u64).read_to_end(&mut last)?;
        input.seek(SeekFrom::Start(0))?;
        Ok(Self {
            hash: hash.0.finalize().into(),
            last,
        })
    }

    /// Whether there is one at all.
    pub(crate) fn is_there(&self) -> bool {
        self.last.starts_with(MARK.as_bytes())
    }

    /// Whether every byte is as that key sealed it.
    pub(crate) fn holds(&self, key: &PublicKey) -> bool {
        let Some(signature) = self.signature() else {
            return false;
        };
        // Written anew, so that the seal itself has one form only.
        written(&self.hash, &signature).as_bytes() == self.last
            && key.verify(&signed(&self.hash), &signature)
    }

    fn signature(&self) -> Option<Vec<u8>> {
        let digits = self.last.get(LENGTH - 128..)?;
        let digit = |byte: &u8| {
            char::from(*byte)
                .to_digit(16)
                .and_then(|it| u8::try_from(it).ok())
        };
        let pairs = digits.chunks_exact(2);
        pairs
            .map(|pair| Some(digit(&pair[0])? << 4 | digit(&pair[1])?))
            .collect()
    }
}

struct Digest(Sha256);

impl Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
