//! Backups: a copy of the store in one file, beside its name until it is whole.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::{AssertSqlSafe, ConnectOptions as _};

use super::{Sqlite, publish, translate};
use crate::{Error, ErrorKind, Result};

impl Sqlite {
    /// Copies the store into a file that is not there yet.
    pub(super) async fn copy_to(&self, file: &Path) -> Result<()> {
        absent(file)?;
        let beside = beside(file);
        // SQLite writes into a file that is there and empty; made here, it tells why it cannot be.
        crate::create_private(&beside).map_err(|error| unwritable(file, &error))?;
        // Read from a reader's snapshot, so that writers go on; SQLite reads the name as a string literal.
        let text = format!("vacuum into '{}'", printable(&beside)?.replace('\'', "''"));
        let copied = match self.writer_copy().await {
            Ok(mut connection) => sqlx::raw_sql(AssertSqlSafe(text))
                .execute(&mut connection)
                .await
                .map_err(translate),
            Err(error) => Err(error),
        };
        if let Err(error) = copied {
            let _ = std::fs::remove_file(&beside);
            return Err(of_backup(file, error));
        }
        publish(&beside, file).await
    }

    /// A connection of its own: `vacuum into` is refused on one that may only query, and would hold up the writer.
    async fn writer_copy(&self) -> Result<sqlx::SqliteConnection> {
        let options = self.writer.connect_options();
        options
            .as_ref()
            .clone()
            .create_if_missing(false)
            .connect()
            .await
            .map_err(translate)
    }
}

/// Where a file is written before it gets its name.
pub(crate) fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".part-{}", std::process::id()));
    file.with_file_name(name)
}

/// How long a part of a backup must have rested before it is taken for that of a killed process.
const ABANDONED: Duration = Duration::from_hours(1);

/// Removes what killed backups of that name left.
fn sweep(file: &Path) {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let Some(name) = file.file_name().map(|name| name.to_string_lossy()) else {
        return;
    };
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
    for entry in entries.into_iter().flatten().flatten() {
        let part = entry.file_name();
        let part = part.to_string_lossy();
        let part = part.strip_prefix(&*name);
        let process = part.and_then(|rest| rest.strip_prefix(".part-"));
        let is_part = process.is_some_and(|process| process.parse::<u32>().is_ok());
        let rested = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if is_part && rested().is_some_and(|rested| rested > ABANDONED) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A backup never overwrites anything.
pub(crate) fn absent(file: &Path) -> Result<()> {
    if !file.exists() {
        sweep(file);
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Conflict,
        format!("{} exists already", file.display()),
    )
    .hint("choose another name, or remove it first"))
}

/// A place where no backup can be.
pub(crate) fn unwritable(file: &Path, error: &std::io::Error) -> Error {
    use std::io::ErrorKind as Cause;
    let file = file.display();
    let (kind, why) = match error.kind() {
        Cause::PermissionDenied => (ErrorKind::Denied, "this user may not"),
        Cause::ReadOnlyFilesystem => (ErrorKind::Denied, "the disk is read-only"),
        Cause::StorageFull | Cause::QuotaExceeded => (ErrorKind::Full, "the disk is full"),
        _ => (ErrorKind::Invalid, "no file can be made there"),
    };
    Error::new(kind, format!("{file} cannot be written: {why}"))
        .hint("choose another place for the backup")
}

/// An error while a backup was written: the disk that is full is that of the backup.
pub(crate) fn of_backup(file: &Path, error: Error) -> Error {
    match error.kind() {
        ErrorKind::Full => unwritable(file, &std::io::ErrorKind::StorageFull.into()),
        _ => error,
    }
}

fn printable(file: &Path) -> Result<&str> {
    file.to_str().ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            "the name of the backup is not valid UTF-8",
        )
    })
}
