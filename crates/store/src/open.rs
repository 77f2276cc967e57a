//! Opening a store: where it is, whose key it needs, what was made on the way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use locard_model::{OrgId, SecretString};

use crate::database::{Database, check_keys, has_keys};
use crate::postgres::Postgres;
use crate::rotation::Rotation;
use crate::sql::{Backend, Durability, Session};
use crate::sqlite::{Home, Sqlite, Staged};
use crate::{
    Error, ErrorKind, KeyPlace, MASTER_KEY_VARIABLE, MasterKey, Organisations as _, Result, Store,
    archive,
};

/// Where a store is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder that only this user may enter; made if it is missing.
    Home(PathBuf),
    /// `postgres://…`; the database must exist.
    Postgres(SecretString),
}

/// An open store.
pub struct Opened {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The file of a master key that was made just now: tell the user, once, to keep a copy.
    pub new_key: Option<PathBuf>,
}

/// Opens a store, and makes it with one organisation if it is new. An older one is migrated, a newer one refused.
pub async fn open(place: &Place, keys: &KeyPlace) -> Result<Opened> {
    apart(place, keys)?;
    let backend: Box<dyn Backend> = match place {
        Place::Home(path) => Box::new(Sqlite::open(Home::lock(path)?).await?),
        Place::Postgres(url) => Box::new(Postgres::open(url).await?),
    };
    let (master, new_key) = master_key(&*backend, keys).await?;
    let store = Database::new(backend, master);
    if store.organisations().await?.is_empty() {
        // Another server may have been first; then its organisation is ours too, if its master key is.
        match store.create_organisation(OrgId::DEFAULT, "default").await {
            Err(error) if error.kind() == ErrorKind::Conflict => {
                store
                    .sketch_key(OrgId::DEFAULT)
                    .await
                    .map_err(|error| error.hint(wanted(keys)))?;
            }
            made => drop(made?),
        }
    }
    Ok(Opened {
        store: Arc::new(store),
        new_key,
    })
}

/// Opens the store of a home beside whoever holds it, to look at it or to ask that process for something. The home is
/// not locked, and nothing is made or migrated. Leases of a process that was killed are freed, of which nobody can be alive.
pub async fn open_beside(home: &Path, keys: &KeyPlace) -> Result<Arc<dyn Store>> {
    apart(&Place::Home(home.to_owned()), keys)?;
    let backend = Sqlite::open_beside(home).await?;
    let master = fitting(&mut *backend.read().await?, keys).await?;
    let store = Database::new(Box::new(backend), master);
    if store.organisations().await?.is_empty() {
        // Its first opening did not come to its end yet.
        return Err(Error::not_found("organisation"));
    }
    Ok(Arc::new(store))
}

/// A key beside what it locks is no lock.
fn apart(place: &Place, keys: &KeyPlace) -> Result<()> {
    match place {
        Place::Home(home) if keys.given.is_none() && keys.file.starts_with(home) => {
            Err(Error::new(
                ErrorKind::Invalid,
                "the master key may not be inside the home that it protects",
            )
            .hint(format!(
                "choose another home with --home, or set {MASTER_KEY_VARIABLE}"
            )))
        }
        _ => Ok(()),
    }
}

/// The master key of a store; a new one only for a store without keys.
async fn master_key(
    backend: &dyn Backend,
    keys: &KeyPlace,
) -> Result<(MasterKey, Option<PathBuf>)> {
    let mut session = backend.read().await?;
    if !has_keys(&mut *session).await? && keys.find()?.is_none() {
        return match keys.create() {
            Ok(master) => Ok((master, Some(keys.file.clone()))),
            // Another first start may have made it between the two looks.
            Err(error) => keys.find()?.map(|master| (master, None)).ok_or(error),
        };
    }
    let master = fitting(&mut *session, keys).await?;
    Rotation::complete(keys, &master);
    Ok((master, None))
}

/// The key that opens the store: the one in use, or one that a rotation of this store or of another put beside it.
async fn fitting(session: &mut dyn Session, keys: &KeyPlace) -> Result<MasterKey> {
    let in_use = keys.find()?;
    let mut told = in_use.is_none().then(|| lost_key(keys));
    let beside = keys.beside();
    // A rotation may have come to its end between the two looks.
    let again = keys.find()?;
    for key in in_use.into_iter().chain(beside).chain(again) {
        match check_keys(session, &key).await {
            Err(error) if error.kind() == ErrorKind::WrongKey => {
                told.get_or_insert(error);
            }
            checked => return checked.map(|()| key),
        }
    }
    let error = told.unwrap_or_else(|| lost_key(keys));
    Err(error.hint(wanted(keys)))
}

/// Replaces the master key in its file and answers where the old one is kept; no data is touched. Killed at any moment,
/// the store opens with one of the two keys, and [`open`] finds which. `Locked` while another store that shares the file
/// is at it.
pub async fn rotate(store: &dyn Store, keys: &KeyPlace) -> Result<PathBuf> {
    let rotation = Rotation::begin(keys)?;
    let next = rotation.create_next()?;
    let old = rotation.keep_old()?;
    store.rotate_master_key(&next).await?;
    rotation.adopt_next()?;
    Ok(old)
}

fn lost_key(keys: &KeyPlace) -> Error {
    let sentence =
        "the master key of this store is missing; without it nothing in the store can be read";
    Error::new(ErrorKind::WrongKey, sentence).hint(wanted(keys))
}

fn wanted(keys: &KeyPlace) -> String {
    if keys.given.is_some() {
        return format!(
            "set {MASTER_KEY_VARIABLE} to the key that was in use when the store was made"
        );
    }
    format!(
        "bring the right key back to {}, or set {MASTER_KEY_VARIABLE} to it",
        keys.file.display()
    )
}

/// Puts a backup in place of a store; `Conflict` if there is one already and `force` is not set. The backup must be
/// sound and made with the same master key.
pub async fn restore(backup: &Path, place: &Place, keys: &KeyPlace, force: bool) -> Result<()> {
    apart(place, keys)?;
    match place {
        Place::Home(path) => {
            let home = Home::lock(path)?;
            if home.file().exists() && !force {
                return Err(archive::occupied(&path.display().to_string()));
            }
            let staged = staged(backup, path, keys).await?;
            let replaced = staged.replace(&home).await;
            home.unlock();
            replaced
        }
        Place::Postgres(url) => {
            let staged = staged(backup, &std::env::temp_dir(), keys).await?;
            let store = Postgres::open(url).await?;
            let mut session = store.write(Durability::Power).await?;
            archive::clear(&mut *session, force).await?;
            archive::copy(&mut *staged.store.read().await?, &mut *session).await?;
            session.commit().await?;
            staged.store.close_file().await;
            store.close().await;
            Ok(())
        }
    }
}

/// A copy of the backup that was found sound and opens under the master key.
async fn staged(backup: &Path, folder: &Path, keys: &KeyPlace) -> Result<Staged> {
    let staged = Staged::open(backup, folder).await?;
    staged.store.check().await?;
    archive::filled(&mut *staged.store.read().await?, backup).await?;
    if keys.find()?.is_none() {
        return Err(Error::new(
            ErrorKind::WrongKey,
            "a backup needs the master key it was made with",
        )
        .hint(wanted(keys)));
    }
    fitting(&mut *staged.store.read().await?, keys).await?;
    Ok(staged)
}
