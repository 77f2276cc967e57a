//! Reading a bundle, which anybody may have made.
//!
//! Nothing grows with what the archive claims: the directory is at most as large as the archive, manifest and signature
//! have limits, and all other members are streamed, no further than the manifest's size for them. What a hostile archive
//! can cost is the time to decompress it once, since members that share bytes are refused.

mod check;
mod verify;

use std::collections::BTreeSet;
use std::io::{self, Read, Seek};

use locard_model::foreign::decode;
use zip::ZipArchive;

use crate::manifest::{FORMAT, VERSION};
use crate::seal::Seal;
use crate::sign::Signature;
use crate::write::{MANIFEST, SIGNATURE};
use crate::{Error, FileRecord, Manifest, Result, archive};

pub use verify::{FileReport, FileState, Report, SignatureState, WholeState};

/// Most bytes of a manifest and of a signature.
const LONGEST_MANIFEST: u64 = 64 << 20;
const LONGEST_SIGNATURE: u64 = 64 << 10;

/// A bundle whose structure was checked and whose manifest was read. That the manifest is right is not said before
/// [`Bundle::verify`].
pub struct Bundle<R> {
    archive: ZipArchive<R>,
    manifest: Manifest,
    /// The bytes that are signed.
    signed: Vec<u8>,
    signature: Signature,
    seal: Seal,
    /// Paths of members, in the order of the directory.
    names: Vec<String>,
}

impl<R: Read + Seek> Bundle<R> {
    /// Opens a bundle. Archives of another structure than bundles have are errors, whether damaged or hostile.
    ///
    /// All of it is read once, for the hash over it.
    pub fn open(mut input: R) -> Result<Self> {
        let seal = Seal::of(&mut input)?;
        let (mut archive, names) = guarded(|| {
            let mut archive = ZipArchive::new(input)?;
            let names = check::names(&mut archive)?;
            Ok((archive, names))
        })?;
        let signed = whole(&mut archive, MANIFEST, LONGEST_MANIFEST)?;
        let signature = whole(&mut archive, SIGNATURE, LONGEST_SIGNATURE)?;
        let signature = serde_json::from_slice(&signature);
        Ok(Self {
            archive,
            manifest: manifest(&signed)?,
            signed,
            seal,
            signature: signature.map_err(|_| Error::Malformed("signature"))?,
            names,
        })
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The bytes of a file that the manifest names, as long as they agree with its size and hash: where they do not, the
    /// last read fails.
    pub fn file(&mut self, path: &str) -> Result<impl Read> {
        let mut files = self.manifest.files.iter();
        let file = files.find(|file| file.path == path).cloned();
        let file = file.ok_or(Error::NoSuchFile)?;
        let member = self.archive.by_name(path).map_err(|_| Error::NoSuchFile)?;
        Ok(verify::Checked::new(member, file))
    }
}

/// The manifest, if this program understands it.
fn manifest(text: &[u8]) -> Result<Manifest> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        format: String,
        format_version: u32,
    }
    let malformed = |_| Error::Malformed("manifest");
    let Version {
        format,
        format_version,
    } = serde_json::from_slice(text).map_err(malformed)?;
    if format != FORMAT {
        return Err(Error::Malformed("manifest"));
    }
    if format_version > VERSION {
        return Err(Error::Newer(format_version));
    }
    let manifest: Manifest = serde_json::from_slice(text).map_err(malformed)?;
    let mut paths = BTreeSet::new();
    let is_twice = |file: &FileRecord| !paths.insert(file.path.clone());
    if manifest.files.iter().any(is_twice) || archive::digest(&manifest.files)? != manifest.digest {
        return Err(Error::Malformed("manifest"));
    }
    Ok(manifest)
}

fn whole<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    name: &'static str,
    limit: u64,
) -> Result<Vec<u8>> {
    guarded(|| {
        let member = archive.by_name(name).map_err(|_| Error::Absent(name))?;
        let mut content = Vec::new();
        member
            .take(limit + 1)
            .read_to_end(&mut content)
            .map_err(damaged)?;
        if content.len() as u64 > limit {
            return Err(Error::Malformed(name));
        }
        Ok(content)
    })
}

/// Runs what others' code does with others' data: its panics are damage.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    decode(work).unwrap_or(Err(Error::Damaged))
}

/// A decompressor's complaint about what it read.
fn damaged(error: io::Error) -> Error {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    match error.kind() {
        InvalidData | InvalidInput | Other | UnexpectedEof => Error::Damaged,
        _ => Error::Io(error),
    }
}
