//! Bundles in a container of an object store: Amazon S3 and compatible, Azure, Google. Credentials come from the
//! environment, as the stores' own programs read them.

use std::io::{self, Read, Write};
use std::sync::{Arc, mpsc};

use futures::StreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use tokio::runtime::{Builder, Runtime};

use super::{BundleStore, Put};

/// How the variables begin that the stores' own programs read.
const PREFIXES: [&str; 3] = ["aws_", "azure_", "google_"];

/// A container, or a folder in one. It has a thread of its own: whoever calls waits for it, and may be anywhere.
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    folder: Path,
    runtime: Arc<Own>,
}

/// A runtime that may be dropped wherever it is used last.
struct Own(Option<Runtime>);

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Own {
    /// Does something there and waits for it.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = io::Result<T>> + Send + 'static,
    ) -> io::Result<T> {
        let ended = || io::Error::other("the bundle store was closed");
        let (done, answer) = mpsc::sync_channel(1);
        let runtime = self.0.as_ref().ok_or_else(ended)?;
        runtime.spawn(async move {
            // Nobody listens where whoever asked has gone.
            let _ = done.send(work.await);
        });
        answer.recv().map_err(|_| ended())?
    }
}

impl Objects {
    /// The one at that address.
    pub(crate) fn new(address: &str) -> io::Result<Self> {
        let url = url::Url::parse(address)
            .map_err(|_| io::Error::other("the bundle store's address cannot be understood"))?;
        // What is called `TOKEN` or `ENDPOINT` may be anybody's; and a variable that is no text is none of these.
        let options = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?.to_ascii_lowercase();
            let is_theirs = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            is_theirs.then_some((name, value.into_string().ok()?))
        });
        let (store, folder) =
            object_store::parse_url_opts(&url, options).map_err(|error| refused(&error))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        Ok(Self {
            store: Arc::from(store),
            folder,
            runtime: Arc::new(Own(Some(runtime))),
        })
    }

    fn path(&self, name: &str) -> Path {
        let parts = name.split('/').filter(|part| !part.is_empty());
        parts.fold(self.folder.clone(), Path::join)
    }
}

/// What the store said, without what it quotes.
fn refused(error: &object_store::Error) -> io::Error {
    use object_store::Error as Cause;
    match error {
        Cause::NotFound { .. } => io::Error::other("the bundle store has no such container"),
        Cause::PermissionDenied { .. } | Cause::Unauthenticated { .. } => {
            io::Error::other("the bundle store lets nobody in with these credentials")
        }
        _ => io::Error::other("the bundle store does not answer as it should"),
    }
}

impl BundleStore for Objects {
    fn create(&self, name: &str) -> io::Result<Box<dyn Put>> {
        let (store, path) = (Arc::clone(&self.store), self.path(name));
        let upload = self.runtime.wait(async move {
            store
                .put_multipart(&path)
                .await
                .map_err(|error| refused(&error))
        })?;
        Ok(Box::new(Upload {
            runtime: Arc::clone(&self.runtime),
            parts: Some(WriteMultipart::new(upload)),
            pending: Vec::new(),
        }))
    }

    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + Send>>> {
        let (store, path) = (Arc::clone(&self.store), self.path(name));
        let found = self.runtime.wait(async move {
            match store.get(&path).await {
                Ok(found) => Ok(Some(found.into_stream())),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(refused(&error)),
            }
        })?;
        let Some(mut stream) = found else {
            return Ok(None);
        };
        // A few pieces ahead, so that memory is bounded.
        let (give, take) = mpsc::sync_channel(2);
        let runtime = self.runtime.0.as_ref();
        let runtime = runtime.ok_or_else(|| io::Error::other("the bundle store was closed"))?;
        runtime.spawn_blocking({
            let handle = runtime.handle().clone();
            move || {
                while let Some(piece) = handle.block_on(stream.next()) {
                    let piece = piece.map_err(|error| refused(&error));
                    if give.send(piece).is_err() {
                        break;
                    }
                }
            }
        });
        Ok(Some(Box::new(Pieces {
            take,
            piece: bytes::Bytes::new(),
            _runtime: Arc::clone(&self.runtime),
        })))
    }

    fn remove(&self, folder: &str) -> io::Result<()> {
        let (store, path) = (Arc::clone(&self.store), self.path(folder));
        self.runtime.wait(async move {
            // A listing names what is below a folder, and not what has its name.
            match store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(refused(&error)),
            }
            let mut found = store.list(Some(&path));
            while let Some(object) = found.next().await {
                let object = object.map_err(|error| refused(&error))?;
                match store.delete(&object.location).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(refused(&error)),
                }
            }
            Ok(())
        })
    }
}

/// Bytes of a part of an upload.
const PART: usize = 8 << 20;

/// An object on its way.
struct Upload {
    runtime: Arc<Own>,
    parts: Option<WriteMultipart>,
    pending: Vec<u8>,
}

impl Upload {
    /// Hands a part on, once not too many are under way.
    fn hand_on(&mut self) -> io::Result<()> {
        let Some(mut upload) = self.parts.take() else {
            return Err(io::Error::other("an upload was broken off"));
        };
        let part = std::mem::take(&mut self.pending);
        self.parts = Some(self.runtime.wait(async move {
            upload
                .wait_for_capacity(2)
                .await
                .map_err(|error| refused(&error))?;
            upload.write(&part);
            Ok(upload)
        })?);
        Ok(())
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= PART {
            self.hand_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Put for Upload {
    fn commit(mut self: Box<Self>) -> io::Result<()> {
        self.hand_on()?;
        let Some(upload) = self.parts.take() else {
            return Ok(());
        };
        self.runtime.wait(async move {
            let finished = upload.finish().await;
            finished.map(drop).map_err(|error| refused(&error))
        })
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(upload) = self.parts.take() {
            // What is left of it the store forgets by its own rules.
            let _ = self
                .runtime
                .wait(async move { upload.abort().await.map_err(|error| refused(&error)) });
        }
    }
}

/// An object as it comes.
struct Pieces {
    take: mpsc::Receiver<io::Result<bytes::Bytes>>,
    piece: bytes::Bytes,
    _runtime: Arc<Own>,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.take.recv() {
                Ok(piece) => self.piece = piece?,
                Err(_) => return Ok(0),
            }
        }
        let taken = buffer.len().min(self.piece.len());
        buffer[..taken].copy_from_slice(&self.piece.split_to(taken));
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In memory, which is a store like the others to this code.
    #[test]
    fn objects_are_kept_given_back_and_removed() {
        let store = Objects::new("memory:///bundles").unwrap();
        let text = vec![7; PART + 5];
        let mut put = store.create("job/a").unwrap();
        put.write_all(&text).unwrap();
        assert!(store.open("job/a").unwrap().is_none(), "it is not complete");
        put.commit().unwrap();
        let mut read = Vec::new();
        store
            .open("job/a")
            .unwrap()
            .unwrap()
            .read_to_end(&mut read)
            .unwrap();
        assert!(read == text);
        store.remove("job").unwrap();
        assert!(store.open("job/a").unwrap().is_none());
    }
}
