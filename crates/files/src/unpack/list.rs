//! What a listed file holds: itself, or its members, however deep.

use std::sync::Arc;

use locard_connector::{Entity, Error, ErrorKind, Globs, Result};
use locard_containers::{DEPTH, MEMBERS, RATIO, Reads};
use locard_model::{EntityKind, EntityPath};

use super::cabinet::{Drawer, Unpacked, depth, inside};
use super::{decompressed, first_bytes, format, opener};
use crate::blob::{Blob, Blobs, Range, io_error};
use crate::compression::Compression;
use crate::source;

/// So much may come of any file.
const HONEST: u64 = 1 << 30;

/// Lists the contents of a file.
pub(crate) struct Contents<'a, B> {
    blobs: &'a Unpacked<B>,
    scope: &'a Globs,
    send: &'a mut dyn FnMut(Result<Entity>) -> bool,
    /// Everything below is wanted, since what it is in was asked for.
    all: bool,
    /// The file that all of it is in.
    outermost: String,
    /// How many members may still come.
    left: usize,
    /// How many bytes they may still have; `None`: they had too many, which was told.
    room: Option<u64>,
}

impl<'a, B: Blobs> Contents<'a, B> {
    /// Of a file whose first bytes are these, if it is a document or a container: whether more is wanted after them.
    /// `None`: it is a file like others.
    pub(crate) fn of(
        blobs: &'a Unpacked<B>,
        scope: &'a Globs,
        path: &EntityPath,
        head: &[u8],
        send: &'a mut dyn FnMut(Result<Entity>) -> bool,
    ) -> Option<bool> {
        let failed = |error: Error| error.entity(path.resource(EntityKind::File));
        let may_be = may_be_document(head);
        let blob = match may_be.and_then(|may_be| may_be.then(|| blobs.open(path)).transpose()) {
            Ok(blob) => blob?,
            Err(error) => return Some(send(Err(failed(error)))),
        };
        let all = scope.admit(&path.resource(EntityKind::File));
        let mut contents = Self {
            blobs,
            scope,
            send,
            all,
            outermost: path.resource(EntityKind::File),
            left: MEMBERS,
            room: Some(HONEST.saturating_add(blob.size().saturating_mul(RATIO))),
        };
        let head = first_bytes(Range::new(blob.clone(), 0, None));
        contents.file(path, &blob, &head)
    }

    /// Tells what is in a file that begins like that; `None` where it is neither document nor container.
    fn file(&mut self, path: &EntityPath, blob: &Arc<dyn Blob>, head: &[u8]) -> Option<bool> {
        let resource = path.resource(EntityKind::File);
        let format = match format(head, &opener(blob)) {
            Ok(format) => format?,
            Err(error) => return Some((self.send)(Err(error.entity(resource)))),
        };
        let drawer = if format.members.is_some() && depth(path) < DEPTH {
            match self.blobs.drawer(path) {
                Ok(drawer) => drawer,
                // What cannot be opened for its members has no text that could be read either.
                Err(error) => return Some((self.send)(Err(error.entity(resource)))),
            }
        } else {
            None
        };
        if !matches!(format.records, Reads::Nothing)
            && self.wants(&resource)
            && !(self.send)(Ok(entity(path.clone(), Some(blob.size()))))
        {
            return Some(false);
        }
        if format.members.is_some() && depth(path) >= DEPTH {
            let sentence = format!(
                "{} inside of {DEPTH} other containers: what is in it is not read",
                format.what
            );
            let error = Error::new(ErrorKind::Unsupported, sentence).entity(resource);
            return Some((self.send)(Err(error)));
        }
        Some(drawer.is_none_or(|drawer| self.members(path, &drawer)))
    }

    /// Whether more is wanted after the members of a container.
    fn members(&mut self, path: &EntityPath, drawer: &Drawer) -> bool {
        let resource = path.resource(EntityKind::File);
        for sentence in drawer.faults() {
            let error = Error::new(ErrorKind::Malformed, sentence).entity(&resource);
            if !(self.send)(Err(error)) {
                return false;
            }
        }
        for (position, member) in drawer.members().iter().enumerate() {
            if self.room.is_none() {
                return true;
            }
            let Some(left) = self.left.checked_sub(1) else {
                let sentence =
                    format!("more than {MEMBERS} members in one file: the rest is not read");
                let error = Error::new(ErrorKind::Unsupported, sentence).entity(&resource);
                return (self.send)(Err(error));
            };
            self.left = left;
            let path = inside(path, &member.path);
            let resource = path.resource(EntityKind::File);
            if self.scope.excludes(&resource) {
                continue;
            }
            let told = match (member.refused, member.is_table) {
                (Some(sentence), _) => {
                    let error = Error::new(ErrorKind::Unsupported, sentence).entity(&resource);
                    !self.wants(&resource) || (self.send)(Err(error))
                }
                (None, true) => {
                    !self.wants(&resource) || (self.send)(Ok(entity(path, member.size)))
                }
                (None, false) => self.member(&path, drawer.open(position)),
            };
            if !told {
                return false;
            }
        }
        true
    }

    fn member(&mut self, path: &EntityPath, blob: Result<Arc<dyn Blob>>) -> bool {
        let resource = path.resource(EntityKind::File);
        let blob = match blob {
            Ok(blob) => blob,
            Err(error) => {
                return !self.wants(&resource) || (self.send)(Err(error.entity(resource)));
            }
        };
        let head = first_bytes(Range::new(blob.clone(), 0, None));
        if let Some(more) = self.crowded(blob.size(), &head) {
            return more;
        }
        match self.file(path, &blob, &head) {
            Some(more) => more,
            None if !self.wants(&resource) => true,
            None => {
                let looked = known(blob.as_ref(), &head);
                let looked = looked.and_then(|()| source::look(self.blobs, path, &head));
                let told = looked.map(|()| entity(path.clone(), Some(blob.size())));
                (self.send)(told.map_err(|error| error.entity(resource)))
            }
        }
    }

    /// Takes the room of a member, or tells that there is none: then, whether more is wanted. Every member may be honest, and
    /// all of them together more than anybody ever wrote.
    fn crowded(&mut self, size: u64, head: &[u8]) -> Option<bool> {
        let size = match Compression::detect(head) {
            Compression::None => size,
            // How far it grows is seen when it is read.
            _ => size.saturating_mul(RATIO),
        };
        self.room = self.room.and_then(|room| room.checked_sub(size));
        if self.room.is_some() {
            return None;
        }
        let sentence = format!(
            "what is in it grows more than {RATIO} times when it is decompressed, as bombs do: the rest is not read"
        );
        let error = Error::new(ErrorKind::Unsupported, sentence).entity(&self.outermost);
        Some((self.send)(Err(error)))
    }

    fn wants(&self, resource: &str) -> bool {
        !self.scope.excludes(resource) && (self.all || self.scope.admit(resource))
    }
}

/// Why nothing is known of the first bytes of a member, where that is so.
fn known(blob: &dyn Blob, head: &[u8]) -> Result<()> {
    if !head.is_empty() {
        return Ok(());
    }
    let read = blob.read_at(0, &mut [0]).map(drop);
    read.map_err(|error| io_error(error, "opening the file"))
}

/// Whether a closer look pays: judged by the first bytes alone, as far as they tell.
fn may_be_document(head: &[u8]) -> Result<bool> {
    let inner = decompressed(head);
    let head = inner.as_deref().unwrap_or(head);
    // What is in these says what they are.
    if head.starts_with(b"PK") || head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Ok(true);
    }
    // Others are not looked into, so nothing is opened.
    let never: locard_containers::Opener = Arc::new(|| Err(std::io::ErrorKind::NotFound.into()));
    Ok(format(head, &never)?.is_some())
}

fn entity(path: EntityPath, bytes: Option<u64>) -> Entity {
    Entity {
        path,
        kind: EntityKind::File,
        rows: None,
        bytes,
        comment: None,
        // Told when it is planned, as for whatever is looked into.
        version: None,
    }
}
