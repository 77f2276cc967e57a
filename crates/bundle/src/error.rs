//! What goes wrong with a bundle.

use std::fmt;
use std::io;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a bundle was not written or read. No text in it comes from a row, a name in an archive or a key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A row has a field that its section does not declare; rows count from 1.
    #[error("row {0} of the section has a field that the section does not declare")]
    UndeclaredField(u64),
    /// A section declares two columns of one name; columns count from 1.
    #[error("column {0} of the section has the name of another one")]
    DuplicateColumn(usize),
    /// Another section, or the end, was asked for while a section was left without its end.
    #[error("a section of the bundle was left unfinished")]
    Unfinished,
    /// Several formats are written side by side, for which there must be room that the caller provides.
    #[error("several formats at once need scratch space")]
    NoScratch,
    /// Parts of a text that are to be redacted are not in it, or begin or end inside of a character.
    #[error("a span to redact is not one of the text")]
    Span,
    /// A writer of that format refused what it was given.
    #[error("the {0} file cannot be written")]
    Format(&'static str),
    /// It is no ZIP archive, or a truncated or damaged one.
    #[error("the bundle is truncated or damaged")]
    Damaged,
    /// It is an archive that no bundle is; members count from 1.
    #[error("member {member} of the archive {hostility}: the bundle is not read")]
    Hostile {
        /// Which one, in the order of the archive's directory; 0 where it is about all of them.
        member: usize,
        /// What it does.
        hostility: Hostility,
    },
    /// It has no manifest, or no signature.
    #[error("the archive has no {0}: it is no bundle")]
    Absent(&'static str),
    /// The manifest or signature cannot be understood, or contradicts itself.
    #[error("the bundle's {0} cannot be understood")]
    Malformed(&'static str),
    /// It was written by a later program; the number is its format's version.
    #[error("the bundle has format version {0}, which this program does not read")]
    Newer(u32),
    /// There is no such file in the bundle.
    #[error("the bundle has no such file")]
    NoSuchFile,
    /// A key or recipient cannot be understood.
    #[error("the key cannot be understood")]
    Key,
    /// What was encrypted does not open with this key, or was altered.
    #[error("the bundle does not open with this key")]
    NotDecrypted,
    /// Reading or writing failed.
    #[error("the bundle cannot be passed on")]
    Io(#[from] io::Error),
}

/// What an archive does that no bundle does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hostility {
    /// A name that leads elsewhere, or that not every system can have.
    Name,
    /// A name that another member has, or has in other case.
    Duplicate,
    /// Members that share bytes, headers that contradict the directory, or members that the directory hides.
    Structure,
    /// A link, a folder, an encrypted member, or one compressed by another method.
    Kind,
    /// More members, or longer lists of them, than any bundle.
    Size,
}

impl fmt::Display for Hostility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "has a name that is not safe",
            Self::Duplicate => "has the name of another one",
            Self::Structure => "contradicts the archive's directory",
            Self::Kind => "is not a plain file",
            Self::Size => "is larger than it may be",
        })
    }
}

impl From<zip::result::ZipError> for Error {
    fn from(error: zip::result::ZipError) -> Self {
        match error {
            zip::result::ZipError::Io(error) => Self::Io(error),
            _ => Self::Damaged,
        }
    }
}
