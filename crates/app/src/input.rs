//! Files that people name and write: settings, subjects, decisions, lists of terms.
//!
//! A device may never end, so only files and pipes are read, and of those no more than any person writes.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Error, ErrorKind, Result, why};

/// Far more than any such file holds, far less than a pipe that never ends.
const MOST: u64 = 64 << 20;

/// How many are waiting for such a file. A pipe that nobody writes to ends for no signal.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Whether somebody waits for what a person has yet to write.
pub fn waits_for_input() -> bool {
    WAITING.load(Ordering::Relaxed) > 0
}

/// The text of a file or pipe, or of stdin for `-`.
pub fn read_text(file: &Path) -> Result<String> {
    WAITING.fetch_add(1, Ordering::Relaxed);
    let text = text_at(file);
    WAITING.fetch_sub(1, Ordering::Relaxed);
    text
}

fn text_at(file: &Path) -> Result<String> {
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

/// Does what waits for a disk on a thread of its own: the runtime has others to serve meanwhile.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|gone| {
        Err(Error::new(ErrorKind::Unexpected, "reading ended in the middle").cause(gone))
    })
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
    decoded(bytes).ok_or_else(|| {
        Error::usage(format!("{name} is neither UTF-8 nor UTF-16 text"))
            .hint("save it as UTF-8 and try again")
    })
}

/// The text without the mark that editors of some platforms put in front. Their shells write UTF-16; it is told by its
/// mark, or by the zeros between the ASCII characters that all such files begin with.
fn decoded(bytes: Vec<u8>) -> Option<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = units.iter().copied().map(unit).collect();
        rest.is_empty()
            .then(|| String::from_utf16(&units).ok())
            .flatten()
    };
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, text @ ..] => std::str::from_utf8(text).ok().map(str::to_owned),
        [0xff, 0xfe, text @ ..] => utf16(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf16(text, u16::from_be_bytes),
        [1..=u8::MAX, 0, ..] => utf16(&bytes, u16::from_le_bytes),
        [0, 1..=u8::MAX, ..] => utf16(&bytes, u16::from_be_bytes),
        _ => String::from_utf8(bytes).ok(),
    }
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

    #[test]
    fn a_text_is_read_as_editors_of_every_platform_write_it() {
        const TEXT: &str = "{\"PERSON\": \"Zoë 🙂\"}";
        let units = |to: fn(u16) -> [u8; 2]| TEXT.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let (little, big) = (units(u16::to_le_bytes), units(u16::to_be_bytes));
        for bytes in [
            TEXT.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", TEXT.as_bytes()].concat(),
            [b"\xff\xfe", little.as_slice()].concat(),
            [b"\xfe\xff", big.as_slice()].concat(),
            little.clone(),
            big,
        ] {
            let read = text_of(bytes.as_slice(), "x", 100).ok();
            assert_eq!(read.as_deref(), Some(TEXT), "{bytes:?}");
        }
        let cut = text_of(&little[..little.len() - 1], "x", 100);
        assert!(cut.is_err_and(|error| error.hint_text().is_some()));
    }

    /// On a runtime of one thread, what waits for a disk must not keep others waiting.
    #[tokio::test]
    async fn whoever_waits_for_a_disk_holds_up_nobody_else() {
        let (free, held) = std::sync::mpsc::channel::<()>();
        let waits = blocking(move || Ok(held.recv().is_ok()));
        let frees = async move { free.send(()).is_ok() };
        let (waited, freed) = tokio::join!(waits, frees);
        assert!(waited.is_ok_and(|waited| waited) && freed);
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
