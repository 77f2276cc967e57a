//! Backup and restore of a home.

use std::path::Path;

use crate::{Error, Home, HomeOptions, Result, why};

/// Writes a consistent copy of the home to one new file; the master key is not in it.
pub async fn backup(home: &Home, to: &Path) -> Result<()> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Error::usage(format!(
            "{} cannot be written: there is no folder {}",
            to.display(),
            folder.display()
        ))
        .hint("make the folder, or choose another place for the backup"));
    }
    // A copy of what is damaged would only be found out on the day it is needed.
    home.store.check().await?;
    Ok(home.store.backup(to).await?)
}

/// Makes a home from such a file; refuses a key that does not open it, and, unless `replace`, a home that has something
/// in it.
pub async fn restore(options: HomeOptions, from: &Path, replace: bool) -> Result<Home> {
    let opened = std::fs::File::open(from).and_then(|file| file.metadata());
    let is_file = opened.map(|data| data.is_file()).map_err(|error| {
        Error::usage(format!(
            "{} cannot be read: {}",
            from.display(),
            why(&error)
        ))
        .hint("name a file that `locard backup` wrote")
    })?;
    if !is_file {
        return Err(Error::usage(format!("{} is no file", from.display()))
            .hint("name a file that `locard backup` wrote"));
    }
    locard_store::restore(from, &options.place()?, &options.keys()?, replace).await?;
    Home::open(options).await
}
