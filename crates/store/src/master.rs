//! The master key: 32 bytes that live outside the home and wrap every other key.
//!
//! Looking for it and making it are apart: a store that already has keys never gets a new master key, since that would
//! hide the loss of the old one.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use locard_model::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{Error, ErrorKind, Result};

/// The environment variable that holds the key as 64 hex digits or base64.
pub const VARIABLE: &str = "LOCARD_MASTER_KEY";

/// The environment variable that names the key's file.
pub(crate) const FILE_VARIABLE: &str = "LOCARD_MASTER_KEY_FILE";

/// The name of the key's file in the platform's configuration directory.
const FILE: &str = "master.key";

/// The key that wraps all others. Never printed; wiped when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(***)")
    }
}

impl MasterKey {
    /// A new random key.
    pub fn random() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// The key in 64 hex digits or in base64.
    pub fn parse(text: &SecretString) -> Result<Self> {
        let text = text.expose_secret().trim();
        let bytes = hex(text).or_else(|| base64(text)).ok_or_else(|| {
            Error::new(
                ErrorKind::WrongKey,
                "the master key is not 32 bytes in hex or base64",
            )
            .hint("`openssl rand -hex 32` makes one")
        })?;
        Ok(Self(bytes))
    }

    /// The key in 64 hex digits, to be written to its place.
    pub fn to_hex(&self) -> SecretString {
        let mut text = String::with_capacity(64);
        for byte in self.0.iter() {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        SecretString::from(text)
    }

    /// Tells one master key from another without saying anything about it.
    pub(crate) fn fingerprint(&self) -> [u8; 8] {
        let digest = Sha256::new()
            .chain_update(b"locard master key fingerprint")
            .chain_update(self.bytes())
            .finalize();
        let mut short = [0; 8];
        short.copy_from_slice(&digest[..8]);
        short
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Where the master key is looked for, and where a new one is put.
#[derive(Clone, Debug)]
pub struct KeyPlace {
    /// Given outright, as by the environment; the file is then not looked at.
    pub given: Option<SecretString>,
    /// The file, readable by its owner only.
    pub file: PathBuf,
}

impl KeyPlace {
    /// What the environment says in [`VARIABLE`] and its sibling for a file, else `master.key` in the platform's
    /// configuration directory. Nothing else reads these variables.
    pub fn standard() -> Result<Self> {
        let given = match std::env::var(VARIABLE) {
            Ok(text) => Some(text).filter(|text| !text.trim().is_empty()),
            Err(std::env::VarError::NotPresent) => None,
            Err(std::env::VarError::NotUnicode(_)) => {
                return Err(Error::new(
                    ErrorKind::WrongKey,
                    format!("{VARIABLE} is not text"),
                ));
            }
        };
        let given = given.map(SecretString::from);
        let file = std::env::var_os(FILE_VARIABLE)
            .filter(|file| !file.is_empty())
            .map(PathBuf::from)
            .or_else(|| crate::folders::configuration().map(|folder| folder.join(FILE)))
            .or_else(|| given.is_some().then(PathBuf::new));
        let Some(file) = file else {
            return Err(Error::new(
                ErrorKind::WrongKey,
                "this user has no configuration directory for the master key",
            )
            .hint(format!("set {VARIABLE}")));
        };
        Ok(Self { given, file })
    }

    /// The key, if there is one.
    pub fn find(&self) -> Result<Option<MasterKey>> {
        if let Some(given) = &self.given {
            return MasterKey::parse(given).map(Some);
        }
        let Some(bytes) = read(&self.file)? else {
            return Ok(None);
        };
        private(&self.file)?;
        let text = std::str::from_utf8(&bytes).ok().map(SecretString::from);
        let key = text
            .map(|text| MasterKey::parse(&text))
            .and_then(Result::ok);
        key.map(Some).ok_or_else(|| {
            let file = self.file.display();
            let sentence = format!("the master key {file} is not 32 bytes in hex or base64");
            // What other programs make of random bytes.
            let hint = if bytes.len() == 32 {
                format!("`xxd -p -c 32 {file}` writes such plain bytes in hex")
            } else {
                "`openssl rand -hex 32` makes one".to_owned()
            };
            Error::new(ErrorKind::WrongKey, sentence).hint(hint)
        })
    }

    /// Makes a key and writes it to the file, which must not exist.
    pub fn create(&self) -> Result<MasterKey> {
        let key = MasterKey::random()?;
        write_new(&self.file, key.to_hex().expose_secret().as_bytes()).map_err(|error| {
            Error::new(ErrorKind::WrongKey, format!("the master key cannot be written to {}", self.file.display()))
                .hint(format!("make the folder writable, or set {VARIABLE} to the output of `openssl rand -hex 32`"))
                .cause(error)
        })?;
        Ok(key)
    }
}

/// Fills with random bytes of the operating system.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| {
        Error::new(ErrorKind::Io, "the operating system gives no random bytes").cause(error)
    })
}

/// Written beside and linked, so that a killed process leaves a whole key or none. The name beside is drawn at random and
/// must be new: two first starts that shared a file would each write into what the other has just linked, and a process
/// id says nothing between containers that share a folder.
pub(crate) fn write_new(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut name = [0; 8];
    getrandom::fill(&mut name)?;
    let beside = file.with_extension(format!("new-{:016x}", u64::from_le_bytes(name)));
    let mut handle = crate::create_private(&beside)?;
    let written = handle
        .write_all(bytes)
        .and_then(|()| handle.write_all(b"\n"))
        .and_then(|()| handle.sync_all());
    // A hard link fails if the name is taken: two first starts cannot overwrite each other's key.
    let linked = written.and_then(|()| std::fs::hard_link(&beside, file));
    std::fs::remove_file(&beside)?;
    linked
}

/// The permissions that nobody but the owner may have.
#[cfg(unix)]
pub(crate) const OTHERS: u32 = 0o077;

#[cfg(unix)]
fn private(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(file)
        .map_err(|error| unreadable(file, error))?
        .permissions()
        .mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::WrongKey,
        format!(
            "the master key {} can be read by other users",
            file.display()
        ),
    )
    .hint(format!("chmod 600 {}", file.display())))
}

#[cfg(not(unix))]
fn private(_file: &Path) -> Result<()> {
    Ok(())
}

/// What a file holds, if it is there. A key is short; a device may never end, and a pipe never begin.
fn read(file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    const MOST: u64 = 4_096;
    let mut bytes = Zeroizing::new(Vec::new());
    let found = std::fs::metadata(file).and_then(|found| {
        if found.is_file() {
            File::open(file)?.take(MOST).read_to_end(&mut bytes)?;
        }
        Ok(found.is_file())
    });
    match found {
        Ok(true) => Ok(Some(bytes)),
        Ok(false) => {
            let sentence = format!("the master key {} is no file", file.display());
            Err(Error::new(ErrorKind::WrongKey, sentence).hint(format!(
                "set {FILE_VARIABLE} to a file, or {VARIABLE} to the key itself"
            )))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(file, error)),
    }
}

pub(crate) fn unreadable(file: &Path, error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::WrongKey,
        format!("the master key {} cannot be read", file.display()),
    )
    .cause(error)
}

fn hex(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    if text.len() != 64 {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 32]);
    for (at, character) in text.chars().enumerate() {
        let byte = bytes.get_mut(at / 2)?;
        *byte = *byte << 4 | u8::try_from(character.to_digit(16)?).ok()?;
    }
    Some(bytes)
}

/// Both alphabets, padded or not: 43 digits carry the 32 bytes.
fn base64(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let digits = text.trim_end_matches('=');
    if digits.len() != 43 {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 32]);
    let (mut bits, mut count, mut at) = (0_u32, 0, 0);
    for digit in digits.bytes() {
        bits = bits << 6 | u32::from(base64_digit(digit)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            *bytes.get_mut(at)? = (bits >> count) as u8;
            at += 1;
        }
    }
    // The two bits that are left over must be blank.
    (at == 32 && bits.trailing_zeros() >= 2).then_some(bytes)
}

fn base64_digit(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<MasterKey> {
        MasterKey::parse(&SecretString::from(text)).ok()
    }

    #[test]
    fn hex_and_both_alphabets_of_base64_name_the_same_key() {
        let hex = "fb".repeat(32);
        let key = parse(&hex).unwrap();
        assert_eq!(key.bytes(), &[0xfb; 32]);
        assert_eq!(key.to_hex().expose_secret(), hex);
        let base64 = "+/v7".repeat(10) + "+/s";
        for text in [
            base64.clone(),
            format!(" {base64}=\n"),
            base64.replace('+', "-").replace('/', "_"),
        ] {
            assert_eq!(parse(&text).unwrap().bytes(), key.bytes(), "{text}");
        }
    }

    #[test]
    fn what_is_not_32_bytes_is_refused_without_being_quoted() {
        for text in [
            "",
            "abc",
            &"0".repeat(63),
            &"g".repeat(64),
            &"A".repeat(42),
            &("A".repeat(42) + "B"),
        ] {
            let error = MasterKey::parse(&SecretString::from(text)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WrongKey);
            assert!(text.len() < 4 || !format!("{error} {error:?}").contains(text));
        }
    }

    #[test]
    fn a_key_file_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let place = KeyPlace {
            given: None,
            file: folder.path().join("config/master.key"),
        };
        assert!(place.find().unwrap().is_none());
        let key = place.create().unwrap();
        assert_eq!(place.find().unwrap().unwrap().bytes(), key.bytes());
        assert!(place.create().is_err(), "it would overwrite a key");
        assert_eq!(place.find().unwrap().unwrap().bytes(), key.bytes());
        assert_eq!(
            std::fs::read_dir(folder.path().join("config"))
                .unwrap()
                .count(),
            1
        );
    }

    #[test]
    fn of_many_that_make_a_key_at_once_one_wins_and_its_key_stays() {
        for _ in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            let place = KeyPlace {
                given: None,
                file: folder.path().join("master.key"),
            };
            let made: Vec<_> = std::thread::scope(|scope| {
                let starts: Vec<_> = (0..4)
                    .map(|_| scope.spawn(|| place.create().ok()))
                    .collect();
                let ends = starts.into_iter().map(|start| start.join().unwrap());
                ends.flatten().collect()
            });
            assert_eq!(made.len(), 1);
            assert_eq!(place.find().unwrap().unwrap().bytes(), made[0].bytes());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let place = KeyPlace {
            given: None,
            file: folder.path().join("master.key"),
        };
        place.create().unwrap();
        let mode = std::fs::metadata(&place.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&place.file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = place.find().unwrap_err();
        assert!(
            error.hint_text().unwrap().starts_with("chmod 600"),
            "{error}"
        );
    }

    #[test]
    fn what_a_key_file_holds_instead_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let place = KeyPlace {
            given: None,
            file: folder.path().join("master.key"),
        };
        for (held, hint) in [
            (&[0xfb; 32][..], "xxd"),
            (b"\xff\xfe", "openssl"),
            (b"", "openssl"),
        ] {
            drop(std::fs::remove_file(&place.file));
            crate::create_private(&place.file)
                .unwrap()
                .write_all(held)
                .unwrap();
            let error = place.find().unwrap_err();
            let sentence = format!(
                "the master key {} is not 32 bytes in hex or base64",
                place.file.display()
            );
            assert_eq!(
                (error.kind(), error.to_string()),
                (ErrorKind::WrongKey, sentence)
            );
            assert!(error.hint_text().unwrap().contains(hint), "{error:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_or_folder_in_place_of_a_key_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for file in [pipe, folder.path().to_owned()] {
            let error = KeyPlace { given: None, file }.find().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WrongKey);
            assert!(error.to_string().ends_with(" is no file"), "{error}");
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = parse(&"ab".repeat(32)).unwrap();
        assert_eq!(format!("{key:?}"), "MasterKey(***)");
    }
}
