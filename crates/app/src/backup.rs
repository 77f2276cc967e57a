//! Backup and restore of a home.

use std::path::Path;

use locard_model::EntityId;
use locard_store::Page;

use crate::catalog::Catalog;
use crate::input::blocking;
use crate::{Error, ErrorKind, Home, HomeOptions, Result, record, why};

/// Columns that are looked at together.
const COLUMNS: u32 = 200;

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
    sketches_agree(home).await?;
    Ok(home.store.backup(to).await?)
}

/// Every sketch carries a checksum, which the database knows nothing of.
async fn sketches_agree(home: &Home) -> Result<()> {
    let mut page = Page::first(COLUMNS);
    loop {
        let found = home.store.catalog(home.org, None, page).await?;
        let records = found.items;
        let first = home.engine.pool().run(move |_| {
            let damaged = records.iter().find(|record| record::damaged(record));
            damaged.map(|record| record.entity)
        });
        let first = first.await.map_err(|panicked| {
            Error::new(ErrorKind::Unexpected, "the sketches could not be checked").cause(panicked)
        })?;
        if let Some(entity) = first {
            return Err(damaged(home, entity).await?);
        }
        let Some(after) = found.next else {
            return Ok(());
        };
        page.after = Some(after);
    }
}

async fn damaged(home: &Home, entity: EntityId) -> Result<Error> {
    let resource = Catalog::open(home).await?.resource(entity).await?;
    let sentence = format!("what is stored about {resource} is damaged, so no backup was written");
    Ok(Error::new(ErrorKind::Store, sentence)
        .hint("scan it again, or bring back an earlier backup with `locard restore`"))
}

/// Makes a home from such a file; refuses a key that does not open it, and, unless `replace`, a home that has something
/// in it.
pub async fn restore(options: HomeOptions, from: &Path, replace: bool) -> Result<Home> {
    let file = from.to_owned();
    blocking(move || checked(&file)).await?;
    locard_store::restore(from, &options.place()?, &options.keys()?, replace).await?;
    Home::open(options).await
}

/// Refuses what is no file that can be read.
fn checked(from: &Path) -> Result<()> {
    // Only a file is opened: opening a pipe waits for whoever writes to it.
    let is_file = std::fs::metadata(from).and_then(|data| {
        if data.is_file() {
            std::fs::File::open(from)?;
        }
        Ok(data.is_file())
    });
    let is_file = is_file.map_err(|error| {
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
    Ok(())
}
