//! ZIP archives.
//!
//! The one thing a reader gets wrong: a bomb need not be large anywhere, its members may share their bytes. So members
//! that overlap are refused together.

use std::io::{self, Read, Seek as _, SeekFrom};
use std::sync::{Mutex, PoisonError};

use zip::{CompressionMethod, ZipArchive};

use crate::format::Format;
use crate::member::{Container, Content, Member, few_enough, unique};
use crate::{Broken, Expanding, File, Opener, Result, guarded};

/// ZIP.
pub(crate) const FORMAT: Format = Format::new("zip", "a ZIP archive", |look| Ok(look.is_zip()))
    .holding(|opener| {
        let zip = Zip::new(opener)?;
        zip.refuse_bombs()?;
        Ok(Box::new(zip))
    });

/// What an archive's directory says of a member.
#[derive(Clone, Debug)]
struct Entry {
    name: String,
    /// The same as it stands there.
    raw: Box<[u8]>,
    /// Its position in the directory.
    index: usize,
    header: u64,
    compressed: u64,
    size: u64,
    sum: u32,
    method: CompressionMethod,
    is_encrypted: bool,
}

/// An archive whose directory was read.
pub struct Zip {
    opener: Opener,
    archive: Mutex<ZipArchive<Box<dyn File>>>,
    entries: Vec<Entry>,
    members: Vec<Member>,
    has_duplicates: bool,
}

impl Zip {
    /// Reads the directory.
    pub fn new(opener: &Opener) -> Result<Self> {
        let archive = guarded(|| Ok(ZipArchive::new(opener()?)?))?;
        few_enough(archive.len())?;
        let mut entries = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            let entry = archive.by_index_data(index)?;
            if entry.is_dir() || entry.is_symlink() {
                continue;
            }
            let name = entry.name();
            entries.push(Entry {
                name: name.map_or_else(
                    |_| String::from_utf8_lossy(entry.name_raw()).into_owned(),
                    std::borrow::Cow::into_owned,
                ),
                raw: entry.name_raw().into(),
                index,
                header: entry.header_start(),
                compressed: entry.compressed_size(),
                size: entry.size(),
                sum: entry.crc32(),
                method: entry.compression(),
                is_encrypted: entry.encrypted(),
            });
        }
        let mut members: Vec<Member> = entries.iter().map(member).collect();
        unique(&mut members);
        Ok(Self {
            opener: opener.clone(),
            has_duplicates: archive.has_duplicate_names(),
            archive: Mutex::new(archive),
            entries,
            members,
        })
    }

    /// The members' names as the archive has them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// The member with that name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names().position(|known| known == name)
    }

    /// Whether each member stands where the directory says, under the same name: one whose name is damaged in the directory
    /// is looked for in vain.
    pub fn is_consistent(&self) -> Result<bool> {
        let mut file = io::BufReader::new((self.opener)()?);
        for entry in &self.entries {
            file.seek(SeekFrom::Start(entry.header))?;
            let (mut head, mut name) = ([0; HEADER], vec![0; entry.raw.len()]);
            let read = file
                .read_exact(&mut head)
                .and_then(|()| file.read_exact(&mut name));
            let is_there = read.is_ok() && head.starts_with(b"PK\x03\x04");
            let length = usize::from(u16::from_le_bytes([head[26], head[27]]));
            if !is_there || length != name.len() || *name != *entry.raw {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn refuse_bombs(&self) -> Result<()> {
        let mut spans: Vec<(u64, u64)> = self
            .entries
            .iter()
            .map(|entry| (entry.header, entry.header.saturating_add(entry.compressed)))
            .collect();
        spans.sort_unstable();
        if spans.windows(2).any(|pair| pair[0].1 > pair[1].0) {
            return Err(Broken::unread(
                "its members share their bytes, as those of bombs do: none is read",
            ));
        }
        Ok(())
    }

    /// The decompressed bytes of a member.
    pub fn read(&self, member: usize) -> Result<Box<dyn Read + Send>> {
        let entry = self.entry(member)?;
        let start = self.start(entry)?;
        let mut file = (self.opener)()?;
        file.seek(SeekFrom::Start(start))?;
        let raw = io::BufReader::with_capacity(64 << 10, file.take(entry.compressed));
        let decoder: Box<dyn Read + Send> = match entry.method {
            CompressionMethod::Stored => Box::new(raw),
            CompressionMethod::DEFLATE => Box::new(flate2::bufread::DeflateDecoder::new(raw)),
            CompressionMethod::BZIP2 => Box::new(bzip2::bufread::BzDecoder::new(raw)),
            CompressionMethod::ZSTD => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(raw)?;
                decoder.window_log_max(27)?;
                Box::new(decoder)
            }
            CompressionMethod::XZ => Box::new(liblzma::bufread::XzDecoder::new_stream(
                raw,
                liblzma::stream::Stream::new_stream_decoder(256 << 20, 0)
                    .map_err(io::Error::from)?,
            )),
            _ => return Err(Broken::unread(METHOD)),
        };
        Ok(Box::new(Checked {
            inner: Expanding::of(decoder, entry.compressed),
            sum: flate2::Crc::new(),
            wanted: (entry.sum, entry.size),
            given: 0,
            is_done: false,
        }))
    }

    fn entry(&self, member: usize) -> Result<&Entry> {
        let entry = self.entries.get(member);
        let entry = entry.ok_or_else(|| Broken::damaged("there is no such member"))?;
        refusal(entry).map_or(Ok(entry), |sentence| Err(Broken::unread(sentence)))
    }

    /// Where the bytes of a member begin.
    fn start(&self, entry: &Entry) -> Result<u64> {
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        guarded(|| {
            let raw = archive.by_index_raw(entry.index)?;
            raw.data_start().ok_or_else(|| {
                Broken::damaged("a member of the ZIP archive is not where it should be")
            })
        })
    }
}

/// Bytes before the name of a member where it stands.
const HEADER: usize = 30;

/// Members that are no larger are read as streams even where they stand as they are: a stream is compared with its
/// checksum, and what is held can be read in any order.
const STREAMED: u64 = 32 << 20;

const METHOD: &str = "it is compressed by a method that is not read";

fn member(entry: &Entry) -> Member {
    Member {
        refused: refusal(entry),
        ..Member::file(&entry.name, Some(entry.size))
    }
}

/// Why a member cannot be read.
fn refusal(entry: &Entry) -> Option<&'static str> {
    let is_read = matches!(
        entry.method,
        CompressionMethod::Stored
            | CompressionMethod::DEFLATE
            | CompressionMethod::BZIP2
            | CompressionMethod::ZSTD
            | CompressionMethod::XZ
    );
    if entry.is_encrypted {
        Some("it is encrypted: not read")
    } else if is_read {
        None
    } else {
        Some(METHOD)
    }
}

impl Container for Zip {
    fn members(&self) -> &[Member] {
        &self.members
    }

    fn open(&self, member: usize) -> Result<Content> {
        let entry = self.entry(member)?;
        if entry.method == CompressionMethod::Stored && entry.compressed > STREAMED {
            return Ok(Content::Span {
                start: self.start(entry)?,
                length: entry.compressed,
            });
        }
        self.read(member).map(Content::Stream)
    }

    fn faults(&self) -> Vec<&'static str> {
        let duplicates = "some names stand for several members, of which only the last is read";
        Vec::from_iter(self.has_duplicates.then_some(duplicates))
    }
}

/// Compares what came with what the directory says, and gives no more than that.
struct Checked<R> {
    inner: R,
    sum: flate2::Crc,
    wanted: (u32, u64),
    given: u64,
    is_done: bool,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sum.update(&buffer[..read]);
        self.given += read as u64;
        // What a member claims is what its archive is judged by.
        if self.given > self.wanted.1 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if read == 0 && !buffer.is_empty() && !self.is_done {
            self.is_done = true;
            if (self.sum.sum(), self.given) != self.wanted {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(read)
    }
}
