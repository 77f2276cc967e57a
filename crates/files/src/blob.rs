//! Where files come from: a folder, a bucket, a container.
//!
//! The one thing a reader gets wrong: these traits block. Everything in this crate runs on threads that may
//! (`spawn_blocking`); a store with an asynchronous client waits on its runtime handle inside
//! [`Blob::read_at`], which is allowed there.

use std::fmt::Debug;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use globset::GlobSet;
use locard_connector::{Error, ErrorKind, Result};
use locard_model::EntityPath;

use crate::compression::Damage;

/// A place that holds files.
pub trait Blobs: Debug + Send + Sync + 'static {
    /// Who answers: `local files`.
    fn product(&self) -> String;

    /// Whether the place can be reached.
    fn check(&self) -> Result<()>;

    /// Lists what is there in a stable order until `each` answers `false`. What cannot be listed, and what is there
    /// but can never be read (a device, a loop of links), is an `Err`; the listing goes on after it. What `excluded`
    /// matches is asked for by nobody and need not be entered.
    fn list(&self, excluded: &GlobSet, each: &mut dyn FnMut(Result<Found>) -> bool);

    /// The same of one folder and what is below it.
    fn below(&self, folder: &EntityPath, each: &mut dyn FnMut(Result<Found>) -> bool) {
        self.list(&GlobSet::empty(), &mut |found| match found {
            Ok(found) if !found.path.segments().starts_with(folder.segments()) => true,
            found => each(found),
        });
    }

    /// Whether the settings choose single files of a folder. What they exclude does not count: that is noise to whoever
    /// wrote them.
    fn is_narrowed(&self) -> bool {
        false
    }

    /// Opens one file.
    fn open(&self, path: &EntityPath) -> Result<Arc<dyn Blob>>;

    /// The first bytes of some listed files, at most so many of each, in the order of the files. A place with a network
    /// in between asks for several at the same time.
    fn heads(&self, files: &[Found], length: usize) -> Vec<Result<Vec<u8>>> {
        files
            .iter()
            .map(|file| {
                let mut head = vec![0; length];
                let read = self.open(&file.path)?.read_at(0, &mut head);
                head.truncate(read.map_err(|error| io_error(error, "opening the file"))?);
                Ok(head)
            })
            .collect()
    }

    /// When a file was last used, as far as the place notes that.
    fn times(&self, _path: &EntityPath) -> Result<Times> {
        Ok(Times::default())
    }

    /// The file's address for a connector that opens files itself (a database within a folder), if it has one.
    fn address(&self, path: &EntityPath) -> Option<String>;
}

/// When a file was last used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Read, by whomever, us included.
    pub read: Option<jiff::Timestamp>,
    /// Written.
    pub written: Option<jiff::Timestamp>,
}

/// A listed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its segments below the target.
    pub path: EntityPath,
    /// Its size in bytes.
    pub size: u64,
    /// Tells one state of the file from another, where the listing can tell.
    pub version: Option<String>,
}

/// An open file.
pub trait Blob: Debug + Send + Sync {
    /// Its size in bytes when it was opened.
    fn size(&self) -> u64;

    /// Tells one state of the file from another, where the place can tell.
    fn version(&self) -> Option<String>;

    /// Its size and its version as they are by now, where the place can tell; a place that gives every byte of one
    /// state, or an error, need not.
    fn now(&self) -> Option<(u64, Option<String>)> {
        None
    }

    /// Whether it can only be read from its beginning on, so that dividing it costs more than it gains.
    fn is_sequential(&self) -> bool {
        false
    }

    /// Whether it is a table whose cells are quoted and apart by commas, whatever it looks like.
    fn is_table(&self) -> bool {
        false
    }

    /// Fills as much of `buffer` as one request gives; 0 at the end.
    ///
    /// # Errors
    /// The place could not be read. An [`Error`] within is what the reader tells; other errors become one by their kind.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

/// Part of a file as a stream. `end` `None` reads to where the file ends by then.
#[derive(Debug)]
pub(crate) struct Range {
    blob: Arc<dyn Blob>,
    at: u64,
    end: Option<u64>,
}

impl Range {
    pub(crate) fn new(blob: Arc<dyn Blob>, start: u64, end: Option<u64>) -> Self {
        Self {
            blob,
            at: start,
            end,
        }
    }
}

impl Read for Range {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.map_or(usize::MAX, |end| {
            usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX)
        });
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.blob.read_at(self.at, &mut buffer[..wanted])?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Exactly these bytes.
pub(crate) fn read_exact(blob: &dyn Blob, offset: u64, length: usize) -> io::Result<Bytes> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match blob.read_at(offset + filled as u64, &mut bytes[filled..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes.into())
}

/// What an I/O error means for whoever asked for a file. Decoders report bad data as I/O errors too; a place that knows
/// more about its own failures puts an [`Error`] into them.
pub fn io_error(error: io::Error, attempted: &str) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(told) => return told,
        Err(error) => error,
    };
    let (kind, cause) = match error.kind() {
        io::ErrorKind::NotFound => (ErrorKind::NotFound, "it does not exist (any more)"),
        io::ErrorKind::PermissionDenied => (ErrorKind::Denied, "permission denied"),
        io::ErrorKind::UnexpectedEof => (ErrorKind::Malformed, "it ends too early"),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            (ErrorKind::Malformed, "the data is damaged")
        }
        io::ErrorKind::TimedOut
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted => (ErrorKind::Interrupted, "the connection ended"),
        _ => (ErrorKind::Unexpected, "the operating system refused"),
    };
    let hint = (kind == ErrorKind::Denied)
        .then_some("run as a user who may read it, or leave it out with `--exclude`");
    if let Some(refusal) = crate::unpack::refusal(&error) {
        return refusal;
    }
    let damage: Option<&Damage> = error.get_ref().and_then(|error| error.downcast_ref());
    let place = damage.map_or_else(String::new, |damage| {
        format!(" (byte {} of the compressed file)", damage.at)
    });
    let result = Error::new(kind, format!("{attempted}: {cause}{place}")).cause(error);
    match hint {
        Some(hint) => result.hint(hint),
        None => result,
    }
}
