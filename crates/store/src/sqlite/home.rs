//! The home: a folder that only its owner enters and only one process uses at a time.
//!
//! The lock and the process id are two files, because a locked file cannot be read on every platform. The lock is the
//! operating system's: it is gone the moment its process is, whatever the process id says.

use std::fs::{File, TryLockError};
use std::io::ErrorKind as Cause;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Error, ErrorKind, Result};

const LOCK: &str = "locard.lock";
const PID: &str = "locard.pid";

/// Stands behind the process id of one that answers others until it is stopped.
const SERVER: &str = "server";

/// Notes in a home that the process that holds it, this one, is a server: others are told what helps then.
pub fn mark_server(home: &Path) {
    let _ = std::fs::write(home.join(PID), format!("{} {SERVER}", std::process::id()));
}

/// A locked home.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
    lock: File,
    /// Whether the folder came with it, and whether the lock's file did.
    made: (bool, bool),
    /// Whether others were let in already: the process id may then be theirs.
    left: AtomicBool,
}

impl Home {
    /// Makes the folder if it is missing, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self> {
        let made_folder = prepare(path)?;
        let made_lock = !path.join(LOCK).exists();
        let lock = loop {
            let lock = locked(path)?;
            // Whoever took the attempt of a first start back may have removed this very file, and another is in its place.
            if is_there(&lock, &path.join(LOCK)) {
                break lock;
            }
        };
        let home = Self {
            path: path.to_owned(),
            lock,
            made: (made_folder, made_lock),
            left: AtomicBool::new(false),
        };
        sweep(path);
        std::fs::write(path.join(PID), std::process::id().to_string())
            .map_err(|error| unusable(path, error))?;
        Ok(home)
    }

    /// The database's file.
    pub(crate) fn file(&self) -> PathBuf {
        self.path.join(super::FILE)
    }

    /// Where the database is made before it gets its name; swept like what a killed restore leaves.
    pub(super) fn new_file(&self) -> PathBuf {
        self.path
            .join(format!("{}{}", super::staged::PREFIX, std::process::id()))
    }

    /// Lets others in.
    pub(crate) fn unlock(&self) {
        if self.left.swap(true, Ordering::Relaxed) {
            return;
        }
        let _ = std::fs::remove_file(self.path.join(PID));
        if !self.file().exists() {
            self.undo();
        }
        let _ = self.lock.unlock();
    }

    /// Where no store came to be, nothing is left of the attempt; a folder that holds anything stays.
    fn undo(&self) {
        let (folder, lock) = self.made;
        if lock {
            let _ = std::fs::remove_file(self.path.join(LOCK));
        }
        if folder {
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.unlock();
    }
}

/// The lock of a home whose last process was killed, held: it left its id behind, and the lock is free.
pub(super) fn after_a_kill(path: &Path) -> Option<File> {
    let is_left = path.join(PID).exists();
    is_left.then(|| locked(path).ok()).flatten()
}

/// Notes that what a killed process held is free.
pub(super) fn forget(path: &Path) {
    let _ = std::fs::remove_file(path.join(PID));
}

/// The file of the lock, locked.
fn locked(path: &Path) -> Result<File> {
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path.join(LOCK));
    let lock = lock.map_err(|error| unusable(path, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(held(path)),
        Err(TryLockError::Error(error)) => Err(unusable(path, error)),
    }
}

/// Whether an open file is still the one of that path.
#[cfg(unix)]
fn is_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let same = |open: &std::fs::Metadata, named: &std::fs::Metadata| {
        (open.dev(), open.ino()) == (named.dev(), named.ino())
    };
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => same(&open, &named),
        _ => false,
    }
}

/// An open file cannot be removed here.
#[cfg(not(unix))]
fn is_there(_: &File, _: &Path) -> bool {
    true
}

/// Removes what a killed restore left.
fn sweep(path: &Path) {
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(super::staged::PREFIX) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Answers whether it made the folder.
fn prepare(path: &Path) -> Result<bool> {
    if path.is_dir() {
        return tighten(path).map(|()| false);
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| unusable(path, error))?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        // Another first start was faster.
        Err(error) if error.kind() == Cause::AlreadyExists && path.is_dir() => {
            tighten(path).map(|()| false)
        }
        made => made.map(|()| true).map_err(|error| unusable(path, error)),
    }
}

/// Takes other users' access away, unless the folder is used for other things too.
#[cfg(unix)]
fn tighten(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path)
        .map_err(|error| unusable(path, error))?
        .permissions()
        .mode();
    if mode & crate::master::OTHERS == 0 {
        return Ok(());
    }
    let empty = std::fs::read_dir(path)
        .map_err(|error| unusable(path, error))?
        .next()
        .is_none();
    if !empty && !path.join(super::FILE).exists() {
        let sentence = format!(
            "{} holds other files and can be entered by other users",
            path.display()
        );
        return Err(Error::new(ErrorKind::Denied, sentence).hint(format!(
            "chmod 700 {}, or choose another home with --home",
            path.display()
        )));
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
        .map_err(|error| unusable(path, error))
}

#[cfg(not(unix))]
fn tighten(_path: &Path) -> Result<()> {
    Ok(())
}

fn held(path: &Path) -> Error {
    let noted = std::fs::read_to_string(path.join(PID)).unwrap_or_default();
    let (pid, what) = noted.trim().split_once(' ').unwrap_or((noted.trim(), ""));
    let who = pid.parse::<u32>().map_or_else(
        |_| "another process".to_owned(),
        |pid| format!("process {pid}"),
    );
    let in_use = |by: &str| {
        let sentence = format!("the home {} is in use by {by}", path.display());
        Error::new(ErrorKind::Locked, sentence)
    };
    if what == SERVER {
        return in_use(&format!("{who}, a server")).hint(
            "ask its programming interface for it (/docs tells how), end `locard serve` first (Ctrl-C; its jobs go on at \
            the next start), or choose another home with --home",
        );
    }
    in_use(&who).hint(
        "wait until it has ended, stop it with `locard jobs cancel latest`, or choose another home with --home",
    )
}

/// What the operating system said about a path of the home, as a sentence.
pub(crate) fn unusable(path: &Path, error: std::io::Error) -> Error {
    let path = path.display();
    let told = match error.kind() {
        Cause::PermissionDenied => Error::new(
            ErrorKind::Denied,
            format!("{path} may not be written by this user"),
        )
        .hint("make it writable, or choose another home with --home"),
        Cause::ReadOnlyFilesystem => {
            Error::new(ErrorKind::Denied, format!("{path} is on a read-only disk"))
                .hint("choose another home with --home")
        }
        Cause::StorageFull | Cause::QuotaExceeded => {
            Error::new(ErrorKind::Full, format!("no room is left for {path}"))
                .hint("make room, or choose another home with --home")
        }
        Cause::NotADirectory | Cause::AlreadyExists => {
            Error::new(ErrorKind::Invalid, format!("{path} is not a folder"))
                .hint("choose another home with --home")
        }
        Cause::NotFound => Error::new(ErrorKind::NotFound, format!("{path} does not exist"))
            .hint("choose another home with --home"),
        kind => Error::new(ErrorKind::Io, format!("{path} cannot be used: {kind}")),
    };
    told.cause(error)
}

/// Gives a finished backup its digest and its name, unless the name is taken; either the whole file appears or none.
/// A backup may be gigabytes, and other tasks go on meanwhile.
pub(crate) async fn publish(beside: &Path, file: &Path) -> Result<()> {
    let (from, to) = (beside.to_owned(), file.to_owned());
    let publishing = tokio::task::spawn_blocking(move || {
        let whole = super::trailer::append(&from);
        let linked = whole.and_then(|()| std::fs::hard_link(&from, &to));
        let _ = std::fs::remove_file(&from);
        linked
    });
    let published = publishing.await;
    let published = published.unwrap_or_else(|gone| Err(std::io::Error::other(gone)));
    published.map_err(|error| match error.kind() {
        Cause::AlreadyExists => Error::new(
            ErrorKind::Conflict,
            format!("{} exists already", file.display()),
        ),
        _ => super::unwritable(file, &error),
    })
}
