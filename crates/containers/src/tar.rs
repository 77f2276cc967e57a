//! TAR archives, by hand: a library would hold a name of any length in memory.

use std::io::SeekFrom;

use crate::format::Format;
use crate::member::{Container, Content, Member, few_enough, unique};
use crate::{Broken, File, MEMBERS, Opener, Result};

/// TAR.
pub(crate) const FORMAT: Format = Format::new("tar", "a TAR archive", |look| Ok(is_tar(look.head)))
    .holding(|opener| Ok(Box::new(Tar::new(opener)?)));

/// A header, and what everything is padded to.
const BLOCK: usize = 512;

/// A name, or what a pax header says, may be this long.
const LONGEST_NAME: u64 = 1 << 20;

/// Whether bytes begin with the header of a member. Old archives have no mark; the checksum tells.
fn is_tar(head: &[u8]) -> bool {
    head.first_chunk::<BLOCK>()
        .is_some_and(|header| header[0] != 0 && checksum_agrees(header))
}

fn checksum_agrees(header: &[u8; BLOCK]) -> bool {
    let sum = |range: std::ops::Range<usize>| {
        header[range]
            .iter()
            .map(|byte| u64::from(*byte))
            .sum::<u64>()
    };
    number(&header[148..156]) == Some(sum(0..148) + 8 * 32 + sum(156..BLOCK))
}

/// A number in octal digits, or in base 256 where it is large.
fn number(field: &[u8]) -> Option<u64> {
    if field.first().is_some_and(|first| first & 0x80 != 0) {
        let (high, low) = field.split_at(field.len().checked_sub(8)?);
        let is_small = high
            .iter()
            .enumerate()
            .all(|(at, byte)| *byte == if at == 0 { 0x80 } else { 0 });
        return is_small.then(|| low.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    }
    let text = field.split(|byte| *byte == 0).next()?;
    let digits = std::str::from_utf8(text).ok()?.trim();
    u64::from_str_radix(digits, 8).ok()
}

fn text(field: &[u8]) -> String {
    let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

struct Tar {
    members: Vec<Member>,
    spans: Vec<(u64, u64)>,
    faults: Vec<&'static str>,
}

/// What stands before a member and says more about it.
#[derive(Default)]
struct Ahead {
    name: Option<String>,
    size: Option<u64>,
    is_sparse: bool,
}

impl Tar {
    fn new(opener: &Opener) -> Result<Self> {
        let mut tar = Self {
            members: Vec::new(),
            spans: Vec::new(),
            faults: Vec::new(),
        };
        let (mut file, mut at, mut ahead) = (opener()?, 0, Ahead::default());
        loop {
            let header = match block(file.as_mut(), at) {
                Ok(Some(header)) => header,
                Ok(None) => break,
                Err(Broken::Io(error))
                    if at > 0 && error.kind() == std::io::ErrorKind::UnexpectedEof =>
                {
                    tar.faults
                        .push("the archive ends too early: what came behind is not read");
                    break;
                }
                Err(error) => return Err(error),
            };
            let size = number(&header[124..136]);
            let (Some(size), true) = (size, checksum_agrees(&header)) else {
                tar.faults
                    .push("the header of a member is damaged: nothing behind it is read");
                break;
            };
            let size = ahead.size.unwrap_or(size);
            at += BLOCK as u64;
            match header[156] {
                b'L' => ahead.name = Some(text(&held(file.as_mut(), at, size)?)),
                b'x' => ahead.pax(&held(file.as_mut(), at, size)?),
                b'0' | 0 | b'7' | b'S' => {
                    let ahead = std::mem::take(&mut ahead);
                    tar.add(&header, ahead, at, size)?;
                }
                // Folders, links, devices, notes of the writer.
                _ => ahead = Ahead::default(),
            }
            at = at.saturating_add(size.div_ceil(BLOCK as u64).saturating_mul(BLOCK as u64));
        }
        unique(&mut tar.members);
        Ok(tar)
    }

    fn add(&mut self, header: &[u8; BLOCK], ahead: Ahead, at: u64, size: u64) -> Result<()> {
        let name = ahead.name.unwrap_or_else(|| short_name(header));
        if name.ends_with('/') {
            return Ok(());
        }
        let is_sparse = ahead.is_sparse || header[156] == b'S';
        few_enough(self.members.len() + 1)?;
        self.spans.push((at, size));
        self.members.push(Member {
            refused: is_sparse.then_some("it is stored with holes, which is not read"),
            ..Member::file(&name, Some(size))
        });
        Ok(())
    }
}

/// The name in a header.
fn short_name(header: &[u8; BLOCK]) -> String {
    let name = text(&header[..100]);
    let prefix = text(&header[345..500]);
    if &header[257..263] == b"ustar\0" && !prefix.is_empty() {
        format!("{prefix}/{name}")
    } else {
        name
    }
}

impl Ahead {
    /// Reads lines of `length key=value`.
    fn pax(&mut self, mut rest: &[u8]) {
        while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
            let length = std::str::from_utf8(&rest[..space])
                .ok()
                .and_then(|text| text.parse::<usize>().ok());
            let Some(line) = length.and_then(|length| rest.get(space + 1..length)) else {
                return;
            };
            let line = String::from_utf8_lossy(line);
            match line.trim_end_matches('\n').split_once('=') {
                Some(("path", path)) => self.name = Some(path.to_owned()),
                Some(("size", size)) => self.size = size.parse().ok(),
                Some((key, _)) if key.starts_with("GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
            rest = rest.get(length.unwrap_or(usize::MAX)..).unwrap_or_default();
        }
    }
}

/// The block there; `None` where the archive ends, be it with a block of zeros or with the file.
fn block(file: &mut dyn File, at: u64) -> Result<Option<[u8; BLOCK]>> {
    let mut header = [0; BLOCK];
    file.seek(SeekFrom::Start(at))?;
    let mut filled = 0;
    while filled < BLOCK {
        match file.read(&mut header[filled..])? {
            // A block of zeros ends an archive; without it something is missing.
            0 if filled == 0 && at == 0 => return Ok(None),
            0 => return Err(Broken::Io(std::io::ErrorKind::UnexpectedEof.into())),
            read => filled += read,
        }
    }
    Ok(header.iter().any(|byte| *byte != 0).then_some(header))
}

/// What a header says about the next member.
fn held(file: &mut dyn File, at: u64, size: u64) -> Result<Vec<u8>> {
    if size > LONGEST_NAME {
        return Err(Broken::unread(
            "the name of a member is longer than a megabyte: nothing is read",
        ));
    }
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; size as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

impl Container for Tar {
    fn members(&self) -> &[Member] {
        &self.members
    }

    fn open(&self, member: usize) -> Result<Content> {
        let refused = self.members.get(member).and_then(|member| member.refused);
        let span = self.spans.get(member).filter(|_| member < MEMBERS);
        match (refused, span) {
            (Some(sentence), _) => Err(Broken::unread(sentence)),
            (None, Some(&(start, length))) => Ok(Content::Span { start, length }),
            (None, None) => Err(Broken::damaged("there is no such member")),
        }
    }

    fn faults(&self) -> Vec<&'static str> {
        self.faults.clone()
    }
}
