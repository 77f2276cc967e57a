//! Sealing of streams: AES-256-GCM over chunks, each bound to its place, so that none can be taken out, moved or cut off.
//!
//! `version 1 | salt 32 | chunk…`; each chunk is at most 64 KiB of text and its tag. The key of a stream derives from the
//! job's key, the salt and the stream's name; the nonce of a chunk is its number and whether it is the last.

use std::io::{self, Read, Write};

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac as _};
use locard_store::DsarKey;
use sha2::Sha256;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const SALT: usize = 32;
const CHUNK: usize = 64 << 10;
const TAG: usize = 16;

/// A keyed digest in hexadecimal: names of streams that say nothing to whoever has not the key.
pub(crate) fn digest(key: &DsarKey, purpose: &str, text: &[u8]) -> io::Result<String> {
    Ok(hex::encode(mac(key, &[purpose.as_bytes(), &[0], text])?))
}

fn mac(key: &DsarKey, parts: &[&[u8]]) -> io::Result<[u8; 32]> {
    let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key.expose());
    let mut mac = mac.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

fn cipher(key: &DsarKey, name: &str, salt: &[u8; SALT]) -> io::Result<Aes256Gcm> {
    let key = Zeroizing::new(mac(key, &[b"locard stream v1\0", salt, name.as_bytes()])?);
    Ok(Aes256Gcm::new((&*key).into()))
}

fn nonce(number: u64, is_last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&number.to_be_bytes());
    nonce[11] = u8::from(is_last);
    nonce
}

/// Seals what is written into it. Without [`Sealing::finish`] it cannot be opened to its end.
pub(crate) struct Sealing<W> {
    out: W,
    cipher: Aes256Gcm,
    number: u64,
    chunk: Zeroizing<Vec<u8>>,
}

impl<W: Write> Sealing<W> {
    pub(crate) fn new(mut out: W, key: &DsarKey, name: &str) -> io::Result<Self> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt)
            .map_err(|_| io::Error::other("this machine gives no random numbers"))?;
        out.write_all(&[VERSION])?;
        out.write_all(&salt)?;
        Ok(Self {
            out,
            cipher: cipher(key, name, &salt)?,
            number: 0,
            chunk: Zeroizing::new(Vec::with_capacity(CHUNK)),
        })
    }

    /// Ends and gives the writer back.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn seal(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = nonce(self.number, is_last);
        let sealed = self
            .cipher
            .encrypt(&Nonce::from(nonce), self.chunk.as_slice());
        let sealed = sealed.map_err(|_| io::Error::other("the cipher refused its input"))?;
        self.out.write_all(&sealed)?;
        self.number += 1;
        self.chunk.clear();
        Ok(())
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits until more comes: it may be the last one.
        if self.chunk.len() == CHUNK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Opens what was sealed; what was altered or cut off is an error.
pub(crate) struct Opening<R> {
    input: R,
    cipher: Aes256Gcm,
    number: u64,
    /// Sealed bytes that were read ahead.
    ahead: Vec<u8>,
    text: Zeroizing<Vec<u8>>,
    at: usize,
    is_over: bool,
}

impl<R: Read> Opening<R> {
    pub(crate) fn new(mut input: R, key: &DsarKey, name: &str) -> io::Result<Self> {
        let mut head = [0; 1 + SALT];
        input.read_exact(&mut head).map_err(|_| altered())?;
        let mut salt = [0; SALT];
        salt.copy_from_slice(&head[1..]);
        if head[0] != VERSION {
            return Err(altered());
        }
        Ok(Self {
            input,
            cipher: cipher(key, name, &salt)?,
            number: 0,
            ahead: Vec::new(),
            text: Zeroizing::new(Vec::new()),
            at: 0,
            is_over: false,
        })
    }

    fn next(&mut self) -> io::Result<()> {
        let wanted = CHUNK + TAG + 1 - self.ahead.len();
        let mut input = (&mut self.input).take(wanted as u64);
        input.read_to_end(&mut self.ahead)?;
        self.is_over = self.ahead.len() <= CHUNK + TAG;
        let rest = self.ahead.split_off(self.ahead.len().min(CHUNK + TAG));
        let nonce = nonce(self.number, self.is_over);
        let text = self
            .cipher
            .decrypt(&Nonce::from(nonce), self.ahead.as_slice());
        self.text = Zeroizing::new(text.map_err(|_| altered())?);
        (self.ahead, self.at, self.number) = (rest, 0, self.number + 1);
        Ok(())
    }
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.is_over {
            self.next()?;
        }
        let taken = buffer.len().min(self.text.len() - self.at);
        buffer[..taken].copy_from_slice(&self.text[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

fn altered() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "what was kept of the job was altered, cut off, or is another's",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> DsarKey {
        DsarKey::new(Zeroizing::new([byte; 32]))
    }

    fn sealed(text: &[u8], name: &str) -> Vec<u8> {
        let mut out = Sealing::new(Vec::new(), &key(1), name).unwrap();
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    fn opened(bytes: &[u8], key: &DsarKey, name: &str) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        Opening::new(bytes, key, name)?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn what_was_sealed_opens_under_its_key_and_name_alone() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7] {
            let text: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let bytes = sealed(&text, "a");
            assert_eq!(opened(&bytes, &key(1), "a").unwrap(), text, "{length}");
            assert!(opened(&bytes, &key(2), "a").is_err());
            assert!(opened(&bytes, &key(1), "b").is_err());
        }
    }

    #[test]
    fn nothing_can_be_altered_moved_or_cut_off() {
        let text = vec![7; 3 * CHUNK];
        let bytes = sealed(&text, "a");
        let chunk = |at: usize| 1 + SALT + at * (CHUNK + TAG);
        for at in [0, 1, chunk(0), chunk(1) + 9, bytes.len() - 1] {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert!(opened(&altered, &key(1), "a").is_err(), "byte {at}");
        }
        for end in [0, 5, chunk(0), chunk(1), chunk(2), bytes.len() - 1] {
            assert!(opened(&bytes[..end], &key(1), "a").is_err(), "cut at {end}");
        }
        let mut swapped = bytes.clone();
        swapped[chunk(0)..chunk(1)].copy_from_slice(&bytes[chunk(1)..chunk(2)]);
        assert!(opened(&swapped, &key(1), "a").is_err());
    }
}
