//! A file that is written beside the one that it replaces, so that a full disk leaves the old one and no torn one.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A new file that takes the place of another. Dropped before, it is gone and the other as it was.
pub(crate) struct Beside {
    new: PathBuf,
    /// The new file, to see it to the disk.
    handle: File,
    /// What it takes the place of, for a name that cannot be given away, as that of a mount.
    old: File,
    place: PathBuf,
}

impl Beside {
    /// A new file for that open one; `None` where only itself can be written: it is no plain file, or it is one that
    /// others know by another name or own, or nothing can be made in its folder.
    pub(crate) fn of(file: &File, path: &Path) -> Option<(File, Self)> {
        let known = file.metadata().ok()?;
        let place = real(path).filter(|_| known.is_file())?;
        let new = unused(&place)?;
        let made = locard_app::create_private(&new).ok()?;
        let beside = Self {
            handle: made.try_clone().ok()?,
            old: file.try_clone().ok()?,
            new,
            place,
        };
        if !is_replaceable(&known, &made.metadata().ok()?) {
            return None;
        }
        made.set_permissions(known.permissions()).ok()?;
        Some((made, beside))
    }

    /// Puts it in its place, all of it or with an error.
    pub(crate) fn publish(self) -> io::Result<()> {
        self.handle.sync_all()?;
        if std::fs::rename(&self.new, &self.place).is_ok() {
            return Ok(());
        }
        self.old.set_len(0)?;
        io::copy(&mut File::open(&self.new)?, &mut &self.old).map(drop)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Where it was published there is none of that name.
        let _ = std::fs::remove_file(&self.new);
    }
}

/// A name in the same folder that nobody uses.
fn unused(place: &Path) -> Option<PathBuf> {
    let name = place.file_name()?.to_string_lossy();
    let mut names = (0..100).map(|number| {
        let name = format!(".{name}.{}-{number}.new", std::process::id());
        place.with_file_name(name)
    });
    names.find(|name| name.symlink_metadata().is_err())
}

/// Where the file really is, behind links; `None` for the name of something that is open already, as `/dev/stdout`: whoever
/// opened it goes on with what it had.
fn real(path: &Path) -> Option<PathBuf> {
    /// As many links as systems follow.
    const MOST: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
        if cfg!(unix) && ["/dev", "/proc"].iter().any(|of| folder.starts_with(of)) {
            return None;
        }
        let here = folder.join(path.file_name()?);
        match here.read_link() {
            Ok(target) => path = folder.join(target),
            Err(_) => return Some(here),
        }
    }
    None
}

/// Whether one file may take the place of the other without anybody but its owner seeing a difference.
#[cfg(unix)]
fn is_replaceable(known: &std::fs::Metadata, made: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    known.nlink() == 1 && (known.uid(), known.gid()) == (made.uid(), made.gid())
}

#[cfg(not(unix))]
fn is_replaceable(_: &std::fs::Metadata, _: &std::fs::Metadata) -> bool {
    true
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn open(path: &Path) -> Option<(File, Beside)> {
        let file = File::options().write(true).open(path).unwrap();
        Beside::of(&file, path)
    }

    #[test]
    fn it_replaces_what_a_link_means_and_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("out"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("out", &link).unwrap();
        let (mut new, beside) = open(&link).unwrap();
        new.write_all(b"new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        beside.publish().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(link.is_symlink());
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o640);
        drop(open(&file));
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_others_hold_by_another_name_is_written_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out");
        fs::write(&file, "old").unwrap();
        // As a shell opens what `--output /dev/stdout` then names.
        let held = File::options().write(true).open(&file).unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&held);
        let device = PathBuf::from(format!("/dev/fd/{number}"));
        if device.exists() {
            assert!(open(&device).is_none());
        }
        fs::hard_link(&file, folder.path().join("twin")).unwrap();
        assert!(open(&file).is_none());
        assert!(open(Path::new("/dev/null")).is_none());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
