//! Documents and containers among the files: what is inside of one has a path behind it, `a.zip!/folder/b.csv`.
//!
//! The one thing a reader gets wrong: most of what is in a container can only be read from its beginning on, and whoever
//! reads a member wants its head first. [`Inflated`](inflated::Inflated) makes a file of such a stream.

mod cabinet;
mod inflated;
mod list;
mod records;
mod seeking;
mod table;

use std::sync::Arc;

use locard_connector::{Error, ErrorKind};
use locard_containers::{Broken, Format, Look, Opener, Refusal};

pub(crate) use cabinet::Unpacked;
pub(crate) use list::Contents;
pub(crate) use records::{Reader, sampled_schema};
pub(crate) use seeking::opener;

use crate::blob::{Blob, Range, io_error};
use crate::compression::Compression;
use crate::encoding::Encoding;

/// So much of a file tells whether it is a document or a container.
const LOOKED_AT: usize = 4 << 10;

/// Every format: documents of office programs are ZIP archives, so they stand before those.
fn formats() -> impl Iterator<Item = &'static Format> {
    let office = locard_office::FORMATS.iter();
    office
        .chain(locard_containers::FORMATS)
        .chain(locard_documents::FORMATS)
}

/// The format of that name.
fn known(name: &str) -> Option<&'static Format> {
    formats().find(|format| format.name == name)
}

/// What a file is, by its first bytes, if it is a document or a container.
pub(crate) fn format(head: &[u8], opener: &Opener) -> Result<Option<&'static Format>, Error> {
    let head = head.get(..LOOKED_AT).unwrap_or(head);
    let (encoding, mark) = Encoding::detect(head);
    let text = encoding.preview(head, mark);
    let look = Look::new(head, &text, opener);
    locard_containers::detect(formats(), look).map_err(error)
}

/// The first bytes of what is compressed as a whole, decompressed.
pub(crate) fn decompressed(head: &[u8]) -> Option<Vec<u8>> {
    let compression = Compression::detect(head);
    if compression == Compression::None {
        return None;
    }
    let head = head.to_vec();
    let decoder = compression
        .decode(move || std::io::Cursor::new(head.clone()))
        .ok()?;
    Some(first_bytes(decoder))
}

/// As many of the first bytes as there are before the end or the first damage.
fn first_bytes(mut reader: impl std::io::Read) -> Vec<u8> {
    let (mut head, mut filled) = (vec![0; LOOKED_AT], 0);
    while filled < LOOKED_AT {
        match reader.read(&mut head[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    head.truncate(filled);
    head
}

/// A document or container that is compressed as a whole becomes a file as it was before; any other stays as it is.
fn as_it_was(blob: Arc<dyn Blob>) -> Result<Arc<dyn Blob>, Error> {
    let head = first_bytes(Range::new(blob.clone(), 0, None));
    let Some(inner) = decompressed(&head) else {
        return Ok(blob);
    };
    let plain = inflated::Inflated::compressed(blob.clone(), Compression::detect(&head));
    let plain: Arc<dyn Blob> = Arc::new(plain);
    Ok(match format(&inner, &opener(&plain))? {
        Some(_) => plain,
        None => blob,
    })
}

/// What a document's error means for whoever asked for a file.
pub(crate) fn error(broken: Broken) -> Error {
    match broken {
        Broken::Damaged(sentence) => Error::new(ErrorKind::Malformed, sentence),
        Broken::Unread(sentence) => Error::new(ErrorKind::Unsupported, sentence),
        Broken::Io(error) => io_error(error, "reading the document"),
    }
}

/// What a reader refuses to give, where an I/O error carries that.
pub(crate) fn refusal(error: &std::io::Error) -> Option<Error> {
    let refusal: &Refusal = error.get_ref()?.downcast_ref()?;
    Some(Error::new(ErrorKind::Unsupported, refusal.0.clone()))
}
