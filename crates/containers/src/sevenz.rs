//! 7z archives.
//!
//! The one thing a reader gets wrong: members share blocks, and a member can only be read by decoding all of its block that
//! stands before it. A block that is small is decoded once and kept; a large one anew for each member.

use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use sevenz_rust2::{Archive, BlockDecoder, Error, Password};

use crate::expand::Expanding;
use crate::format::Format;
use crate::member::{Container, Content, Member, few_enough, unique};
use crate::{Broken, File, Opener, Refusal, Result, guarded};

/// 7z.
pub(crate) const FORMAT: Format = Format::new("7z", "a 7z archive", |look| {
    Ok(look.head.starts_with(b"7z\xbc\xaf\x27\x1c"))
})
.holding(|opener| Ok(Box::new(SevenZ::new(opener)?)));

/// Memory that a decoder may take, in KiB.
const MEMORY: usize = 256 << 10;

/// A block that is not larger is kept.
const KEPT: u64 = 32 << 20;

/// Pieces in which a member passes from its decoder to its reader, and how many may wait.
const PIECE: usize = 64 << 10;
const AHEAD: usize = 4;

/// The members of a block.
type Block = Arc<Vec<Vec<u8>>>;

struct SevenZ {
    opener: Opener,
    archive: Arc<Archive>,
    members: Vec<Member>,
    /// Block of each member, and its place in there; none where it is empty.
    places: Vec<Option<(usize, usize)>>,
    kept: Mutex<Option<(usize, Block)>>,
}

fn broken(error: Error) -> Broken {
    match error {
        Error::Io(error, _) => error.into(),
        Error::PasswordRequired | Error::MaybeBadPassword(_) => {
            Broken::unread("it is encrypted: not read")
        }
        // Encryption is a method like others to the reader; it meets it here where the list of members is encrypted.
        Error::UnsupportedCompressionMethod(name) if name.contains("AES") => {
            Broken::unread("it is encrypted, its list of members included: not read")
        }
        Error::MaxMemLimited { .. } => {
            Broken::unread("reading it takes more memory than is given to it")
        }
        Error::UnsupportedCompressionMethod(_)
        | Error::Unsupported(_)
        | Error::ExternalUnsupported => {
            Broken::unread("it is compressed by a method that is not read")
        }
        _ => Broken::damaged("the 7z archive is damaged"),
    }
}

impl SevenZ {
    fn new(opener: &Opener) -> Result<Self> {
        let archive = guarded(|| {
            let mut file = opener()?;
            Archive::read_with_memory_limit(&mut file, &Password::empty(), MEMORY).map_err(broken)
        })?;
        few_enough(archive.files.len())?;
        let (mut members, mut places) = (Vec::new(), Vec::new());
        for (at, file) in archive.files.iter().enumerate() {
            if file.is_directory() || file.is_anti_item {
                continue;
            }
            let block = archive
                .stream_map
                .file_block_index
                .get(at)
                .copied()
                .flatten();
            let block = block.filter(|_| file.has_stream);
            let first = block.and_then(|block| {
                archive
                    .stream_map
                    .block_first_file_index
                    .get(block)
                    .copied()
            });
            let place = block
                .zip(first)
                .and_then(|(block, first)| Some((block, at.checked_sub(first)?)));
            members.push(Member {
                refused: place.and_then(|(block, _)| refused(&archive, block)),
                ..Member::file(file.name(), Some(file.size))
            });
            places.push(place);
        }
        unique(&mut members);
        Ok(Self {
            opener: opener.clone(),
            archive: Arc::new(archive),
            members,
            places,
            kept: Mutex::new(None),
        })
    }

    /// A small block, decoded.
    fn block(&self, block: usize) -> Result<Block> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, members)) = kept.as_ref()
            && *known == block
        {
            return Ok(members.clone());
        }
        let (mut file, mut members, mut left) = ((self.opener)()?, Vec::new(), KEPT);
        decode(&self.archive, &mut file, block, &mut |reader| {
            let mut bytes = Vec::new();
            reader.take(left + 1).read_to_end(&mut bytes)?;
            left = left.saturating_sub(bytes.len() as u64);
            members.push(bytes);
            Ok(true)
        })?;
        let members = Arc::new(members);
        *kept = Some((block, members.clone()));
        Ok(members)
    }
}

/// Why a block cannot be read.
fn refused(archive: &Archive, block: usize) -> Option<&'static str> {
    let coders = &archive.blocks.get(block)?.coders;
    let is_encrypted = coders
        .iter()
        .any(|coder| coder.encoder_method_id() == [0x06, 0xf1, 0x07, 0x01]);
    is_encrypted.then_some("it is encrypted: not read")
}

/// Decodes a block, member by member, until one answers `false`.
fn decode(
    archive: &Archive,
    file: &mut Box<dyn File>,
    block: usize,
    each: &mut dyn FnMut(&mut dyn Read) -> std::result::Result<bool, Error>,
) -> Result<()> {
    guarded(|| {
        let password = Password::empty();
        let decoder =
            BlockDecoder::new_with_memory_limit(1, MEMORY, block, archive, &password, file);
        let each = &mut |_: &_, reader: &mut dyn Read| each(reader);
        decoder.for_each_entries(each).map(drop).map_err(broken)
    })
}

impl Container for SevenZ {
    fn members(&self) -> &[Member] {
        &self.members
    }

    fn open(&self, member: usize) -> Result<Content> {
        let known = self.members.get(member).zip(self.places.get(member));
        let (known, place) = known.ok_or_else(|| Broken::damaged("there is no such member"))?;
        if let Some(sentence) = known.refused {
            return Err(Broken::unread(sentence));
        }
        let Some((block, at)) = *place else {
            return Ok(Content::Held(Vec::new()));
        };
        let size = self
            .archive
            .blocks
            .get(block)
            .map_or(u64::MAX, sevenz_rust2::Block::get_unpack_size);
        if size <= KEPT {
            let members = self.block(block)?;
            let bytes = members.get(at).cloned();
            return bytes
                .map(Content::Held)
                .ok_or_else(|| Broken::damaged("there is no such member"));
        }
        let (sender, receiver) = sync_channel(AHEAD);
        let (archive, opener) = (self.archive.clone(), self.opener.clone());
        std::thread::Builder::new()
            .name("7z".to_owned())
            .spawn(move || send(&archive, &opener, (block, at), &sender))?;
        let packed = self.archive.pack_sizes().iter().sum();
        let stream = Expanding::of(Pieces::new(receiver), packed);
        Ok(Content::Stream(Box::new(stream)))
    }
}

/// Sends the pieces of a member until nobody takes them.
fn send(
    archive: &Archive,
    opener: &Opener,
    (block, at): (usize, usize),
    sender: &SyncSender<Piece>,
) {
    let mut number = 0;
    let sent = opener().map_err(Broken::from).and_then(|mut file| {
        decode(archive, &mut file, block, &mut |reader| {
            let is_wanted = number == at;
            number += 1;
            if !is_wanted {
                return Ok(true);
            }
            loop {
                let mut piece = vec![0; PIECE];
                let read = reader.read(&mut piece)?;
                piece.truncate(read);
                if read == 0 || sender.send(Ok(piece)).is_err() {
                    return Ok(false);
                }
            }
        })
    });
    if let Err(error) = sent {
        // Nobody waits for it any more where this fails.
        let _ = sender.send(Err(error));
    }
}

type Piece = Result<Vec<u8>>;

/// What comes from the thread that decodes.
struct Pieces {
    receiver: Mutex<Receiver<Piece>>,
    held: Vec<u8>,
    at: usize,
}

impl Pieces {
    const fn new(receiver: Receiver<Piece>) -> Self {
        Self {
            receiver: Mutex::new(receiver),
            held: Vec::new(),
            at: 0,
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.held.len() {
            let receiver = self
                .receiver
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner);
            self.held = match receiver.recv() {
                Err(_) => return Ok(0),
                Ok(Ok(piece)) => piece,
                Ok(Err(Broken::Io(error))) => return Err(error),
                Ok(Err(Broken::Unread(sentence))) => return Err(Refusal::error(sentence)),
                Ok(Err(Broken::Damaged(_))) => return Err(std::io::ErrorKind::InvalidData.into()),
            };
            self.at = 0;
        }
        let length = buffer.len().min(self.held.len() - self.at);
        buffer[..length].copy_from_slice(&self.held[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn an_archive_whose_list_is_encrypted_is_called_so() {
        let archive = crate::testing::sevenz_hidden();
        let opener: Opener = Arc::new(move || Ok(Box::new(Cursor::new(archive.clone()))));
        match SevenZ::new(&opener).err() {
            Some(Broken::Unread(sentence)) => assert_eq!(
                sentence,
                "it is encrypted, its list of members included: not read"
            ),
            other => panic!("{other:?}"),
        }
    }
}
