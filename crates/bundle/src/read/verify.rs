//! Whether a bundle is what it was, and whose.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek};

use sha2::{Digest as _, Sha256};

use super::{Bundle, guarded};
use crate::archive::hex;
use crate::write::{MANIFEST, SIGNATURE};
use crate::{FileRecord, Manifest, PublicKey, Result};

/// What was found of a bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What it says of itself: to be believed where the signature is good.
    pub manifest: Manifest,
    /// Whose it is.
    pub signature: SignatureState,
    /// Whether the archive is the one that was sealed, byte for byte.
    pub whole: WholeState,
    /// Every file that the manifest names, in its order, then those that it does not.
    pub files: Vec<FileReport>,
}

impl Report {
    /// Whether everything is as a trusted key signed it.
    pub fn is_sound(&self) -> bool {
        self.signature == SignatureState::Good
            && self.whole == WholeState::Intact
            && self.damaged().next().is_none()
    }

    /// The files that are not as they were.
    pub fn damaged(&self) -> impl Iterator<Item = &FileReport> {
        let files = self.files.iter();
        files.filter(|file| file.state != FileState::Intact)
    }
}

/// What is known of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureState {
    /// It is over this manifest, under a key that was trusted before.
    Good,
    /// It is over this manifest, under a key that only the bundle itself names: anybody could have made it.
    UnknownKey,
    /// It is not over this manifest, which was therefore changed, or its signature was.
    Bad,
}

/// How an archive is, compared with its seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WholeState {
    /// Every byte is as whoever signed the manifest sealed it.
    Intact,
    /// Something was changed, added or cut off.
    Altered,
    /// It has no seal: its files were packed anew.
    Unsealed,
}

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Its path.
    pub path: String,
    /// How it is.
    pub state: FileState,
}

/// How a file is, compared with the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// As it was.
    Intact,
    /// It has other content.
    Altered,
    /// It is not there.
    Missing,
    /// The manifest does not name it.
    Added,
}

impl<R: Read + Seek> Bundle<R> {
    /// Compares everything with the manifest, and the manifest with its signature and the keys that are trusted. Errors are
    /// those of reading; what is wrong with a file stands in the report.
    pub fn verify(&mut self, trusted: &[PublicKey]) -> Result<Report> {
        let mut unnamed: BTreeSet<&str> = self.names.iter().map(String::as_str).collect();
        unnamed.remove(MANIFEST);
        unnamed.remove(SIGNATURE);
        let mut files = Vec::with_capacity(self.names.len());
        for file in &self.manifest.files {
            let is_there = unnamed.remove(file.path.as_str());
            let state = if is_there {
                state(&mut self.archive, file)?
            } else {
                FileState::Missing
            };
            files.push(FileReport {
                path: file.path.clone(),
                state,
            });
        }
        files.extend(unnamed.into_iter().map(|path| FileReport {
            path: path.to_owned(),
            state: FileState::Added,
        }));
        Ok(Report {
            manifest: self.manifest.clone(),
            signature: self.signature(trusted),
            whole: self.whole(),
            files,
        })
    }

    fn whole(&self) -> WholeState {
        if self.seal.holds(&self.signature.signer.public_key) {
            WholeState::Intact
        } else if self.seal.is_there() {
            WholeState::Altered
        } else {
            WholeState::Unsealed
        }
    }

    fn signature(&self, trusted: &[PublicKey]) -> SignatureState {
        let signer = &self.signature.signer;
        if !self.signature.holds(&self.signed) || *signer != self.manifest.signed_by {
            SignatureState::Bad
        } else if trusted.contains(&signer.public_key) {
            SignatureState::Good
        } else {
            SignatureState::UnknownKey
        }
    }
}

fn state<R: Read + Seek>(archive: &mut zip::ZipArchive<R>, file: &FileRecord) -> Result<FileState> {
    guarded(|| {
        let Ok(member) = archive.by_name(&file.path) else {
            return Ok(FileState::Altered);
        };
        match io::copy(&mut Checked::new(member, file.clone()), &mut io::sink()) {
            Ok(_) => Ok(FileState::Intact),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(FileState::Altered),
            Err(error) => Err(error.into()),
        }
    })
}

/// Reads a file and compares it with the manifest: no byte more than its size is read, and its end is an error where size
/// or hash differ.
pub(super) struct Checked<R> {
    inner: R,
    file: FileRecord,
    left: u64,
    hash: Sha256,
}

impl<R: Read> Checked<R> {
    pub(super) fn new(inner: R, file: FileRecord) -> Self {
        Self {
            inner,
            left: file.size,
            file,
            hash: Sha256::new(),
        }
    }

    /// At the end: whether it is the end there too, and the hash is right.
    fn end(&mut self) -> io::Result<usize> {
        let is_longer = self.inner.read(&mut [0]).map_err(damaged)? > 0;
        if is_longer || hex(&self.hash.clone().finalize()) != self.file.sha256 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(0)
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buffer.is_empty() {
            return self.end();
        }
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self.inner.read(&mut buffer[..most]).map_err(damaged)?;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.hash.update(&buffer[..read]);
        self.left -= read as u64;
        Ok(read)
    }
}

/// Whatever a decompressor says of damage is one kind of error here.
fn damaged(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof | io::ErrorKind::Other => {
            io::ErrorKind::InvalidData.into()
        }
        _ => error,
    }
}
