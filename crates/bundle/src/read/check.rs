//! Whether an archive has the structure of a bundle, and no other.

use std::collections::HashSet;
use std::io::{Read, Seek};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::{Error, Hostility, Result, name, seal};

/// Most members. A section has one for each format.
const MEMBERS: usize = 100_000;

/// The members' names, where all of them are plain files with safe names of their own, and where directory, headers and
/// bytes agree.
pub(super) fn names<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<Vec<String>> {
    if archive.len() > MEMBERS {
        return Err(hostile(0, Hostility::Size));
    }
    if archive.has_duplicate_names() {
        return Err(hostile(0, Hostility::Duplicate));
    }
    let (mut names, mut folded) = (Vec::with_capacity(archive.len()), HashSet::new());
    for index in 0..archive.len() {
        let member = archive.by_index_data(index)?;
        let name = std::str::from_utf8(member.name_raw()).ok();
        let name = name.filter(|name| name::is_safe(name));
        let name = name.ok_or(hostile(index + 1, Hostility::Name))?;
        let is_read = [CompressionMethod::Stored, CompressionMethod::Deflated];
        if member.is_dir()
            || member.is_symlink()
            || member.encrypted()
            || !is_read.contains(&member.compression())
        {
            return Err(hostile(index + 1, Hostility::Kind));
        }
        // Where case makes no difference, one would replace the other.
        if !folded.insert(name.to_lowercase()) {
            return Err(hostile(index + 1, Hostility::Duplicate));
        }
        names.push(name.to_owned());
    }
    // A comment is a seal, or nobody's.
    let comment = archive.comment().len();
    let begins_elsewhere = archive.offset() != 0 || (comment != 0 && comment != seal::LENGTH);
    match archive.validate_header_consistency() {
        Ok(()) if !begins_elsewhere => Ok(names),
        Err(ZipError::Io(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            Err(error.into())
        }
        _ => Err(hostile(0, Hostility::Structure)),
    }
}

fn hostile(member: usize, hostility: Hostility) -> Error {
    Error::Hostile { member, hostility }
}
