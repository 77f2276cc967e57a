//! The end of a backup: a digest over everything before it. SQLite looks at the structure of its pages, not at what
//! stands in a blob; and it reads a file with something behind its last page as if nothing were there.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

const MARK: [u8; 16] = *b"\nLocard-backup1\n";
const DIGEST: usize = 32;
const LENGTH: u64 = (MARK.len() + DIGEST) as u64;

/// Pages are whole multiples of this, so a file with an ending never is.
const SECTOR: u64 = 512;

/// What stands at the end of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The digest, and it agrees.
    Agrees,
    /// The digest of something else: a byte of the file has changed.
    Differs,
    /// None: it was cut off, or the file is no backup.
    Missing,
    /// Neither a digest nor the end of a page.
    Foreign,
}

/// Puts the digest behind a finished file.
pub(crate) fn append(file: &Path) -> std::io::Result<()> {
    let mut file = File::options().read(true).append(true).open(file)?;
    let length = file.metadata()?.len();
    let digest = digest(&mut file, length)?;
    file.write_all(&MARK)?;
    file.write_all(&digest)?;
    file.sync_all()
}

/// Compares a copy with the digest at its end, and takes that off.
pub(super) fn take(file: &Path) -> std::io::Result<Ending> {
    let mut file = File::options().read(true).write(true).open(file)?;
    let length = file.metadata()?.len();
    if length % SECTOR == 0 {
        return Ok(Ending::Missing);
    }
    let Some(content) = length.checked_sub(LENGTH) else {
        return Ok(Ending::Foreign);
    };
    file.seek(SeekFrom::Start(content))?;
    let (mut mark, mut told) = ([0; MARK.len()], [0; DIGEST]);
    file.read_exact(&mut mark)?;
    file.read_exact(&mut told)?;
    if mark != MARK {
        return Ok(Ending::Foreign);
    }
    file.rewind()?;
    if digest(&mut file, content)? != told {
        return Ok(Ending::Differs);
    }
    file.set_len(content)?;
    Ok(Ending::Agrees)
}

fn digest(file: &mut File, length: u64) -> std::io::Result<[u8; DIGEST]> {
    let mut content = file.take(length);
    let mut sum = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match content.read(&mut buffer)? {
            0 => return Ok(sum.finalize().into()),
            read => sum.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup");
        std::fs::write(&file, bytes).unwrap();
        (folder, file)
    }

    #[test]
    fn what_was_appended_is_taken_off() {
        let (_folder, file) = written(&[7; 1024]);
        append(&file).unwrap();
        assert_eq!(take(&file).unwrap(), Ending::Agrees);
        assert_eq!(std::fs::read(&file).unwrap(), [7; 1024]);
        assert_eq!(take(&file).unwrap(), Ending::Missing);
    }

    #[test]
    fn no_bit_falls_over_unnoticed() {
        let (_folder, file) = written(&[7; 512]);
        append(&file).unwrap();
        let whole = std::fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            std::fs::write(&file, &bytes).unwrap();
            let ending = take(&file).unwrap();
            assert!(matches!(ending, Ending::Differs | Ending::Foreign), "{at}");
        }
        std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(take(&file).unwrap(), Ending::Foreign);
    }
}
