//! The ZIP archive that is written: file after file, each with its hash, and a hash over all.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::seal::{self, Sealing};
use crate::{Error, FileRecord, FileRole, Result, SigningKey};

/// What was written, as far as it can be recognised again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// A writer that hashes and counts what passes it. Around an encrypted bundle it gives the hash of what is delivered.
#[derive(Debug)]
pub struct Digesting<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Digesting<W> {
    /// A writer in front of that one.
    pub fn new(inner: W) -> Self {
        let (hash, size) = (Sha256::new(), 0);
        Self { inner, hash, size }
    }

    /// The inner writer, and what it was given.
    pub fn finish(self) -> (W, Fingerprint) {
        let fingerprint = Fingerprint {
            size: self.size,
            sha256: hex(&self.hash.finalize()),
        };
        (self.inner, fingerprint)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}

/// The archive; at most one of its files is open.
///
/// It is never sought in, so that it can be encrypted on its way. Sizes therefore stand behind each file and in the
/// directory. Times, permissions and system are fixed, so that the same files make the same archive.
pub(crate) struct Archive<W: Write> {
    zip: ZipWriter<StreamWriter<Sealing<Digesting<W>>>>,
    open: Digesting<io::Sink>,
}

impl<W: Write> Archive<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            zip: ZipWriter::new_stream(Sealing::new(Digesting::new(out))),
            open: Digesting::new(io::sink()),
        }
    }

    /// Begins a file. Data may be larger than 4 GiB, which must be known before; other files are small, and stay readable
    /// for programs that do not know of such sizes.
    pub(crate) fn begin(&mut self, path: &str, role: Option<FileRole>) -> Result<()> {
        let options = SimpleFileOptions::DEFAULT
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(DateTime::default())
            .system(zip::System::Unix)
            .unix_permissions(0o644)
            .large_file(role == Some(FileRole::Data));
        self.open = Digesting::new(io::sink());
        Ok(self.zip.start_file(path, options)?)
    }

    /// Ends the file that was begun last.
    pub(crate) fn end(&mut self) -> Fingerprint {
        let open = std::mem::replace(&mut self.open, Digesting::new(io::sink()));
        open.finish().1
    }

    /// Writes a whole file.
    pub(crate) fn file(
        &mut self,
        (path, media_type): (&str, &str),
        role: FileRole,
        content: &[u8],
    ) -> Result<FileRecord> {
        self.begin(path, Some(role))?;
        self.write_all(content)?;
        Ok(record((path, media_type), (role, None), self.end()))
    }

    /// Writes the archive's directory, and seals all of it.
    pub(crate) fn finish(mut self, key: &SigningKey) -> Result<(W, Fingerprint)> {
        // The place of the seal.
        self.zip.set_raw_comment(vec![b' '; seal::LENGTH].into())?;
        let out = self.zip.finish()?.into_inner().finish(key)?;
        Ok(out.finish())
    }
}

impl<W: Write> Write for Archive<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.zip.write(bytes)?;
        self.open.write_all(&bytes[..written])?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.flush()
    }
}

/// What the manifest says of a file.
pub(crate) fn record(
    (path, media_type): (&str, &str),
    (role, section): (FileRole, Option<usize>),
    Fingerprint { size, sha256 }: Fingerprint,
) -> FileRecord {
    FileRecord {
        path: path.to_owned(),
        role,
        section,
        media_type: media_type.to_owned(),
        size,
        sha256,
    }
}

/// The digest over all files; `Malformed` where a hash has other than 64 digits.
pub(crate) fn digest(files: &[FileRecord]) -> Result<String> {
    let mut files: Vec<&FileRecord> = files.iter().collect();
    files.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    let mut hash = Sha256::new();
    for file in files {
        hash.update((file.path.len() as u64).to_be_bytes());
        hash.update(&file.path);
        hash.update(file.size.to_be_bytes());
        hash.update(unhex(&file.sha256).ok_or(Error::Malformed("manifest"))?);
    }
    Ok(hex(&hash.finalize()))
}

fn unhex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let is_lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digits.len() != 64 || !digits.bytes().all(is_lower) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&digits[at..at + 2], 16).ok()?;
    }
    Some(bytes)
}
