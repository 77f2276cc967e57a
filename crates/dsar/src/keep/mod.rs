//! Where bundles are kept, and what is kept on the way to one: a folder, or a container of an object store. Everything is
//! sealed under its job's key before it comes here, so destroying that key destroys all of it, wherever copies are.
//!
//! What a reader gets wrong: calls wait for disks and networks. Whoever collects or packs has a thread of its own.

mod address;
mod folder;
mod objects;
mod sealed;

use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

use locard_app::{Home, Result};
use locard_store::DsarKey;

pub(crate) use address::check as check_address;
pub(crate) use folder::Folder;
pub(crate) use objects::Objects;
pub(crate) use sealed::{Opening, Sealing, digest};

use crate::collect::{KeepRead, ReadId, Reads};
use crate::job::unkept;

/// Keeps named streams of bytes. Names are of lower-case letters, digits, `-`, `.` and `/`.
pub trait BundleStore: Send + Sync {
    /// A place for a stream; nothing of that name is there before [`Put::commit`], which replaces what was.
    ///
    /// # Errors
    /// There is no room, or no access.
    fn create(&self, name: &str) -> io::Result<Box<dyn Put>>;

    /// A stream; `None` where there is none of that name.
    ///
    /// # Errors
    /// It cannot be read.
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + Send>>>;

    /// Removes the stream of that name, or all in the folder of that name.
    ///
    /// # Errors
    /// It cannot be removed.
    fn remove(&self, folder: &str) -> io::Result<()>;

    /// Removes what was begun by processes that ended in the middle of it, and tells how much. Object stores forget uploads
    /// that were not completed by rules of their own.
    ///
    /// # Errors
    /// It cannot be looked for.
    fn sweep(&self) -> io::Result<u64> {
        Ok(0)
    }
}

/// Finds out whether a store can be written, read and cleaned, by a stream that is gone afterwards.
pub(crate) fn try_out(store: &dyn BundleStore) -> io::Result<()> {
    const PROBE: &[u8] = b"locard";
    let name = format!("probe-{}", uuid::Uuid::new_v4());
    let mut put = store.create(&name)?;
    put.write_all(PROBE)?;
    put.commit()?;
    let mut read = Vec::new();
    if let Some(stream) = store.open(&name)? {
        stream.take(64).read_to_end(&mut read)?;
    }
    store.remove(&name)?;
    if read == PROBE {
        Ok(())
    } else {
        Err(io::Error::other("what is written there does not come back"))
    }
}

/// A stream on its way into the store. Dropped, it leaves nothing behind.
pub trait Put: Write + Send {
    /// It is complete, and there from now on.
    ///
    /// # Errors
    /// It cannot be stored.
    fn commit(self: Box<Self>) -> io::Result<()>;
}

/// The store at an address: `s3://bucket/folder`, `az://container/folder`; a folder of the home where there is none.
pub(crate) fn store(home: &Home, address: Option<&str>) -> Result<Arc<dyn BundleStore>> {
    Ok(match address {
        Some(address) if address.contains("://") => {
            Arc::new(Objects::new(address).map_err(unkept)?)
        }
        Some(folder) => Arc::new(Folder::new(folder.into())),
        None => Arc::new(Folder::new(home.dir().join("bundles"))),
    })
}

/// What is kept of one job, sealed under its key.
#[derive(Clone)]
pub(crate) struct Shelf {
    store: Arc<dyn BundleStore>,
    folder: String,
    key: DsarKey,
    /// Whose reads are taken over, where there are none here: jobs that this one repeats.
    before: Vec<Self>,
}

impl Shelf {
    pub(crate) fn new(store: Arc<dyn BundleStore>, folder: String, key: DsarKey) -> Self {
        Self {
            store,
            folder,
            key,
            before: Vec::new(),
        }
    }

    /// With reads of earlier jobs.
    pub(crate) fn after(mut self, before: Vec<Self>) -> Self {
        self.before = before;
        self
    }

    /// A stream of the job that is sealed as it is written.
    pub(crate) fn create(&self, name: &str) -> io::Result<Sealed> {
        let put = self.store.create(&self.path(name))?;
        Ok(Sealed(Sealing::new(put, &self.key, name)?))
    }

    pub(crate) fn open(&self, name: &str) -> io::Result<Option<Opening<Box<dyn Read + Send>>>> {
        let stream = self.store.open(&self.path(name))?;
        let open = |stream| Opening::new(stream, &self.key, name);
        stream.map(open).transpose()
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    fn read_name(&self, read: &ReadId) -> io::Result<String> {
        Ok(format!("reads/{}", digest(&self.key, "read", &read.0)?))
    }
}

/// Keyed names, since a read is called after what was asked.
impl Reads for Shelf {
    fn kept(&self, read: &ReadId) -> io::Result<Option<Box<dyn io::BufRead + Send>>> {
        if let Some(kept) = self.open(&self.read_name(read)?)? {
            return Ok(Some(Box::new(BufReader::new(kept))));
        }
        for before in &self.before {
            if let Some(kept) = before.kept(read)? {
                return Ok(Some(kept));
            }
        }
        Ok(None)
    }

    fn begin(&self, read: &ReadId) -> io::Result<Box<dyn KeepRead>> {
        Ok(Box::new(self.create(&self.read_name(read)?)?))
    }
}

/// A stream that is sealed on its way.
pub(crate) struct Sealed(Sealing<Box<dyn Put>>);

impl Sealed {
    pub(crate) fn commit(self) -> io::Result<()> {
        self.0.finish()?.commit()
    }
}

impl Write for Sealed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl KeepRead for Sealed {
    fn keep(self: Box<Self>) -> io::Result<()> {
        (*self).commit()
    }
}
