//! A file as libraries want it: something to read and seek in.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use locard_containers::{File, Opener};

use crate::blob::Blob;

/// So much is read at once: directories are read in crumbs.
const BUFFER: usize = 32 << 10;

/// Opens a file as often as it is wanted.
pub(crate) fn opener(blob: &Arc<dyn Blob>) -> Opener {
    let blob = blob.clone();
    Arc::new(move || {
        let file: Box<dyn File> = Box::new(Seeking {
            blob: blob.clone(),
            at: 0,
            held: Vec::new(),
            held_at: 0,
        });
        Ok(file)
    })
}

/// A place in a file, and what was read around it.
struct Seeking {
    blob: Arc<dyn Blob>,
    at: u64,
    held: Vec<u8>,
    held_at: u64,
}

impl Read for Seeking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let held = self.at.checked_sub(self.held_at);
        let held = held.and_then(|from| self.held.get(usize::try_from(from).ok()?..));
        let read = match held {
            Some(held) if !held.is_empty() => {
                let read = held.len().min(buffer.len());
                buffer[..read].copy_from_slice(&held[..read]);
                read
            }
            _ if buffer.len() >= BUFFER => self.blob.read_at(self.at, buffer)?,
            _ => {
                self.held.resize(BUFFER, 0);
                self.held_at = self.at;
                let read = self.blob.read_at(self.at, &mut self.held);
                self.held.truncate(*read.as_ref().unwrap_or(&0));
                let read = read?.min(buffer.len());
                buffer[..read].copy_from_slice(&self.held[..read]);
                read
            }
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Seeking {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.blob.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
