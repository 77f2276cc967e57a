//! A backup on its way into a store: a copy, so that the backup itself is never written to.

use std::path::{Path, PathBuf};

use super::home::unusable;
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
        copied(backup, &files.0).await?;
        let store = Sqlite::open_file(&files.0)
            .await
            .map_err(|error| foreign(backup, error))?;
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

/// A catalog may be gigabytes, and other tasks go on meanwhile.
async fn copied(backup: &Path, to: &Path) -> Result<()> {
    let paths = (backup.to_owned(), to.to_owned());
    let copy = tokio::task::spawn_blocking(move || std::fs::copy(paths.0, paths.1));
    match copy.await {
        Ok(copied) => copied,
        Err(gone) => Err(std::io::Error::other(gone)),
    }
    .map(drop)
    .map_err(|error| unusable(backup, error))
}

/// What is damaged or of another program is no store that a restore could bring back.
fn foreign(backup: &Path, error: Error) -> Error {
    if error.kind() != ErrorKind::Corrupt {
        return error;
    }
    let backup = backup.display();
    let sentence = format!("{backup} is no backup: it is damaged or was made by another program");
    Error::new(ErrorKind::Corrupt, sentence)
        .hint("name a file that `locard backup` wrote")
        .cause(error)
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
