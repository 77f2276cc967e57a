//! Replacing the master key in its file, which several stores may share: a rotation is of one store, and the others go on
//! with the key of before.
//!
//! No key is ever lost: the next one lies beside the one in use until its store is wrapped by it and it takes the place, and
//! whatever it takes the place of is kept under a number. Killed at any moment, each store opens with one of them.

use std::fs::{File, TryLockError};
use std::io::ErrorKind as Cause;
use std::path::{Path, PathBuf};

use locard_model::ExposeSecret as _;

use crate::master::{unreadable, write_new};
use crate::{Error, ErrorKind, KeyPlace, MASTER_KEY_VARIABLE, MasterKey, Result};

/// The right to replace the key in a file. The operating system's lock: gone the moment its process is.
pub(crate) struct Rotation<'a> {
    place: &'a KeyPlace,
    _lock: File,
}

impl<'a> Rotation<'a> {
    /// Takes the key file; `Locked` while another rotation has it.
    pub(crate) fn begin(place: &'a KeyPlace) -> Result<Self> {
        if place.given.is_some() {
            let sentence = format!(
                "a master key that is given by {MASTER_KEY_VARIABLE} cannot be replaced here"
            );
            return Err(Error::new(ErrorKind::Invalid, sentence)
                .hint("unset it, and keep the key in its file"));
        }
        let file = place.file.with_extension("key.lock");
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(&file);
        let lock = lock.map_err(|error| unwritable(&file, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { place, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(under_way(&place.file)),
            Err(TryLockError::Error(error)) => Err(unwritable(&file, error)),
        }
    }

    /// Makes a key and keeps it beside the one in use, until [`Rotation::adopt_next`].
    pub(crate) fn create_next(&self) -> Result<MasterKey> {
        let next = KeyPlace {
            given: None,
            file: self.place.next(),
        };
        if next.file.exists() {
            // Another store may be wrapped by it since, whose rotation was killed before it could say so.
            let old = self.numbered(|old| std::fs::hard_link(&next.file, old))?;
            std::fs::remove_file(&next.file).map_err(|error| unwritable(&old, error))?;
        }
        next.create()
    }

    /// Keeps a copy of the key in use beside it, which older backups and other stores need, and tells where.
    pub(crate) fn keep_old(&self) -> Result<PathBuf> {
        let in_use = self.place.find()?.ok_or_else(|| {
            let sentence = format!("there is no master key in {}", self.place.file.display());
            Error::new(ErrorKind::WrongKey, sentence)
        })?;
        let mut kept = self.place.older().into_iter();
        if let Some((file, _)) = kept.find(|(_, old)| old.bytes() == in_use.bytes()) {
            return Ok(file);
        }
        let text = in_use.to_hex();
        self.numbered(|old| write_new(old, text.expose_secret().as_bytes()))
    }

    /// Puts the next key in the place of the one in use.
    pub(crate) fn adopt_next(&self) -> Result<()> {
        std::fs::rename(self.place.next(), &self.place.file)
            .map_err(|error| unwritable(&self.place.file, error))
    }

    /// Ends a rotation that was killed between the store's commit and the renaming, where that key opens the store. What
    /// fails here is no failure: the store opens with the key from where it lies.
    pub(crate) fn complete(place: &KeyPlace, key: &MasterKey) {
        let is_next = || {
            place
                .find_next()
                .is_some_and(|next| next.bytes() == key.bytes())
        };
        if !is_next() {
            return;
        }
        let Ok(rotation) = Rotation::begin(place) else {
            return;
        };
        // Of two that come to its end together, one may be late.
        if is_next() && (!place.file.exists() || rotation.keep_old().is_ok()) {
            let _ = rotation.adopt_next();
        }
    }

    /// Keeps something under the first free number.
    fn numbered(&self, keep: impl Fn(&Path) -> std::io::Result<()>) -> Result<PathBuf> {
        for number in 1..10_000 {
            let old = self.place.file.with_extension(format!("key.old{number}"));
            match keep(&old) {
                Ok(()) => return Ok(old),
                Err(error) if error.kind() == Cause::AlreadyExists => {}
                Err(error) => return Err(unwritable(&old, error)),
            }
        }
        let sentence = "there are too many old keys beside the master key";
        Err(Error::new(ErrorKind::Io, sentence).hint(format!(
            "delete those of {}.old1 and so on that no store and no backup needs",
            self.place.file.display()
        )))
    }
}

impl KeyPlace {
    /// The keys that rotations left beside the one in use, the latest first. What cannot be read is none of them.
    pub(crate) fn beside(&self) -> Vec<MasterKey> {
        let next = self.find_next().into_iter();
        next.chain(self.older().into_iter().map(|(_, key)| key))
            .collect()
    }

    /// The key that a rotation is about to put in its place, or was when it was killed.
    fn find_next(&self) -> Option<MasterKey> {
        self.neighbour(self.next())
    }

    fn next(&self) -> PathBuf {
        self.file.with_extension("key.next")
    }

    /// Those of before rotations, and where they are.
    fn older(&self) -> Vec<(PathBuf, MasterKey)> {
        let prefix = self.file.with_extension("key.old");
        let (Some(folder), Some(prefix)) = (self.file.parent(), prefix.file_name()) else {
            return Vec::new();
        };
        let number = |file: &Path| {
            let name = file.file_name()?.to_str()?;
            name.strip_prefix(prefix.to_str()?)?.parse::<u32>().ok()
        };
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<(u32, PathBuf)> = files
            .filter_map(|entry| Some((number(&entry.path())?, entry.path())))
            .collect();
        files.sort_unstable_by(|a, b| b.cmp(a));
        files
            .into_iter()
            .filter_map(|(_, file)| Some((file.clone(), self.neighbour(file)?)))
            .collect()
    }

    fn neighbour(&self, file: PathBuf) -> Option<MasterKey> {
        let place = Self { given: None, file };
        let key = || place.find().ok().flatten();
        self.given.is_none().then(key).flatten()
    }
}

fn under_way(file: &Path) -> Error {
    let sentence = format!(
        "another locard is replacing the master key in {}",
        file.display()
    );
    Error::new(ErrorKind::Locked, sentence).hint("try again when it has ended")
}

fn unwritable(file: &Path, error: std::io::Error) -> Error {
    match error.kind() {
        Cause::NotFound => unreadable(file, error),
        kind => Error::new(
            ErrorKind::WrongKey,
            format!("{} cannot be written: {kind}", file.display()),
        )
        .hint("make the folder of the master key writable and make room in it")
        .cause(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(folder: &Path) -> KeyPlace {
        KeyPlace {
            given: None,
            file: folder.join("master.key"),
        }
    }

    #[test]
    fn a_next_key_that_another_store_may_need_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let first = place.create().unwrap();
        let killed = Rotation::begin(&place).unwrap();
        let needed = killed.create_next().unwrap();
        killed.keep_old().unwrap();
        drop(killed);
        let rotation = Rotation::begin(&place).unwrap();
        let next = rotation.create_next().unwrap();
        rotation.keep_old().unwrap();
        rotation.adopt_next().unwrap();
        let in_use = place.find().unwrap().unwrap();
        assert_eq!(in_use.bytes(), next.bytes());
        let beside = place.beside();
        for key in [&first, &needed] {
            assert!(beside.iter().any(|kept| kept.bytes() == key.bytes()));
        }
        assert_eq!(beside.len(), 2, "each is kept once");
    }

    #[test]
    fn one_rotation_at_a_time_has_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        place.create().unwrap();
        let first = Rotation::begin(&place).unwrap();
        let next = first.create_next().unwrap();
        let second = Rotation::begin(&place).err().unwrap();
        assert_eq!(second.kind(), ErrorKind::Locked);
        // Nor does an opening end what is under way.
        Rotation::complete(&place, &next);
        assert!(place.find_next().is_some());
        drop(first);
        Rotation::complete(&place, &next);
        assert_eq!(place.find().unwrap().unwrap().bytes(), next.bytes());
        assert!(place.find_next().is_none());
        assert_eq!(place.beside().len(), 1, "what was replaced is kept");
    }
}
