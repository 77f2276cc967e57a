//! Files that people name and write: settings, subjects, decisions, lists of terms.
//!
//! A device may never end, so only files and pipes are read, and of those no more than any person writes.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;

use crate::{Error, Result, why};

/// Far more than any such file holds, far less than a pipe that never ends.
const MOST: u64 = 64 << 20;

/// The text of a file or pipe, or of stdin for `-`.
pub fn read_text(file: &Path) -> Result<String> {
    if file == Path::new("-") {
        return text_of(std::io::stdin().lock(), "stdin", MOST);
    }
    let name = file.display().to_string();
    let unreadable = |error: std::io::Error| unreadable(&name, &error);
    // Looked at first: opening some devices does something already.
    if is_device(&std::fs::metadata(file).map_err(unreadable)?) {
        return Err(Error::usage(format!("{name} is a device, not a file"))
            .hint("name a file or a pipe, or `-` for what comes on stdin"));
    }
    text_of(File::open(file).map_err(unreadable)?, &name, MOST)
}

#[cfg(unix)]
fn is_device(found: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = found.file_type();
    kind.is_char_device() || kind.is_block_device()
}

#[cfg(not(unix))]
fn is_device(_found: &Metadata) -> bool {
    false
}

/// Why a file that was named cannot be read, with what may help: other things do when one cannot be written.
fn unreadable(name: &str, error: &std::io::Error) -> Error {
    use std::io::ErrorKind as Cause;
    let told = Error::usage(format!("cannot read {name}: {}", why(error)));
    match error.kind() {
        Cause::NotFound | Cause::NotADirectory => {
            told.hint("check how the path is spelled; it is looked for from the current folder")
        }
        Cause::IsADirectory => told.hint("name a file in it"),
        Cause::PermissionDenied => told.hint("check who may read it"),
        _ => told,
    }
}

fn text_of(from: impl Read, name: &str, most: u64) -> Result<String> {
    let mut bytes = Vec::new();
    from.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(name, &error))?;
    if bytes.len() as u64 > most {
        let sentence = format!("{name} holds more than {} MiB", most >> 20);
        return Err(Error::usage(sentence).hint("split it into several files"));
    }
    String::from_utf8(bytes).map_err(|_| Error::usage(format!("{name} is not UTF-8 text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_never_ends_is_refused() {
        assert_eq!(text_of(&b"abc"[..], "x", 3).ok().as_deref(), Some("abc"));
        let error = text_of(std::io::repeat(b'a'), "x", 3).err();
        assert!(error.is_some_and(|error| error.sentence().starts_with("x holds more than")));
        assert!(text_of(&[0xff_u8][..], "x", 3).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_refused_unread() {
        for device in ["/dev/zero", "/dev/null"] {
            let error = read_text(Path::new(device)).unwrap_err();
            assert!(error.sentence().ends_with("is a device, not a file"));
            assert!(error.hint_text().is_some());
        }
    }
}
