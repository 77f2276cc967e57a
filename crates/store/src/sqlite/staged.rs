//! A backup on its way into a store: a copy, so that the backup itself is never written to.

use std::io::ErrorKind as Cause;
use std::path::{Path, PathBuf};

use super::home::unusable;
use super::trailer::{self, Ending};
use super::{Home, Sqlite};
use crate::{Error, ErrorKind, Result};

/// How the names of copies begin.
pub(super) const PREFIX: &str = "restore.part-";

/// A copy of a backup, brought up to date and open. Its files are removed when it is dropped.
pub(crate) struct Staged {
    pub(crate) store: Sqlite,
    file: PathBuf,
}

impl Staged {
    /// Copies a backup into a folder and opens the copy.
    pub(crate) async fn open(backup: &Path, folder: &Path) -> Result<Self> {
        let file = folder.join(format!("{PREFIX}{}", uuid::Uuid::new_v4()));
        let files = Files(file);
        match copied(backup, &files.0).await? {
            Ending::Agrees => {}
            Ending::Missing => return Err(cut(backup)),
            Ending::Differs => return Err(differs(backup)),
            Ending::Foreign => return Err(foreign(backup)),
        }
        let store = Sqlite::open_file(&files.0)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Corrupt => foreign(backup).cause(error),
                _ => error,
            })?;
        Ok(Self {
            store,
            file: files.keep(),
        })
    }

    /// Puts it in the place of the home's store.
    pub(crate) async fn replace(self, home: &Home) -> Result<()> {
        self.store.close_file().await;
        let target = home.file();
        // Folds the old log in, if the old store can be opened at all: until the rename it must stay usable.
        if let Ok(old) = Sqlite::open_file(&target).await {
            old.close_file().await;
        }
        remove_log(&target);
        let whole = std::fs::File::open(&self.file).and_then(|handle| handle.sync_all());
        whole
            .and_then(|()| std::fs::rename(&self.file, &target))
            .map_err(|error| unusable(&target, error))
    }
}

/// A catalog may be gigabytes, and other tasks go on meanwhile. The copy is compared with the digest, so that copying
/// is proven too.
async fn copied(backup: &Path, to: &Path) -> Result<Ending> {
    let (from, to, folder) = (backup.to_owned(), to.to_owned(), to.parent());
    let copy = tokio::task::spawn_blocking(move || {
        std::fs::copy(from, &to)?;
        trailer::take(&to)
    });
    match copy.await {
        Ok(copied) => copied,
        Err(gone) => Err(std::io::Error::other(gone)),
    }
    .map_err(|error| match error.kind() {
        Cause::StorageFull | Cause::QuotaExceeded => unusable(folder.unwrap_or(backup), error),
        _ => unusable(backup, error),
    })
}

fn differs(backup: &Path) -> Error {
    let sentence = format!(
        "the backup {} is damaged: its bytes do not agree with the digest at its end",
        backup.display()
    );
    Error::new(ErrorKind::Corrupt, sentence).hint(
        "nothing was replaced; copy the backup anew from where it is kept, or use an earlier one",
    )
}

/// Without the digest nothing tells whether the bytes are still those that were written.
fn cut(backup: &Path) -> Error {
    let sentence = format!(
        "{} holds no backup: it is no backup file, or its end is missing",
        backup.display()
    );
    Error::new(ErrorKind::Corrupt, sentence).hint(
        "nothing was replaced; name a file that `locard backup` wrote, or copy it anew from where it is kept",
    )
}

/// What is damaged or of another program is no store that a restore could bring back.
fn foreign(backup: &Path) -> Error {
    let backup = backup.display();
    let sentence = format!("{backup} is no backup: it is damaged or was made by another program");
    Error::new(ErrorKind::Corrupt, sentence).hint("name a file that `locard backup` wrote")
}

impl Drop for Staged {
    fn drop(&mut self) {
        drop(Files(std::mem::take(&mut self.file)));
    }
}

/// Removes a database file and its log when dropped.
struct Files(PathBuf);

impl Files {
    fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            let _ = std::fs::remove_file(&self.0);
            remove_log(&self.0);
        }
    }
}

pub(super) fn remove_log(file: &Path) {
    for ending in ["-wal", "-shm"] {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        let _ = std::fs::remove_file(file.with_file_name(name));
    }
}
