//! What goes wrong with a document.

use std::borrow::Cow;
use std::fmt;
use std::io;

use locard_model::foreign;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Broken>;

/// Why a document, or the rest of it, is not read. No text in it is the document's.
#[derive(Debug)]
pub enum Broken {
    /// The data is damaged.
    Damaged(Cow<'static, str>),
    /// It is whole, and it is not read: encrypted, too large, of another kind.
    Unread(Cow<'static, str>),
    /// The file could not be read, or a decoder refused what it holds.
    Io(io::Error),
}

impl Broken {
    /// A damaged document.
    pub fn damaged(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::Damaged(sentence.into())
    }

    /// A document that is not read.
    pub fn unread(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::Unread(sentence.into())
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Refusal>() {
            Ok(Refusal(sentence)) => Self::Unread(sentence),
            Err(error) => Self::Io(error),
        }
    }
}

impl From<quick_xml::Error> for Broken {
    fn from(error: quick_xml::Error) -> Self {
        match error {
            quick_xml::Error::Io(error) => match std::sync::Arc::try_unwrap(error) {
                Ok(error) => error.into(),
                Err(shared) => Self::Io(shared.kind().into()),
            },
            _ => Self::damaged("its XML is damaged"),
        }
    }
}

impl From<zip::result::ZipError> for Broken {
    fn from(error: zip::result::ZipError) -> Self {
        match error {
            zip::result::ZipError::Io(error) => error.into(),
            _ => Self::damaged("the directory of the ZIP archive is damaged"),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(sentence) | Self::Unread(sentence) => f.write_str(sentence),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Broken {}

/// Within an [`io::Error`]: nothing is damaged, and no more is read. What it says is for people.
#[derive(Debug)]
pub struct Refusal(pub Cow<'static, str>);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// As an error of a reader.
    pub fn error(sentence: impl Into<Cow<'static, str>>) -> io::Error {
        io::Error::other(Self(sentence.into()))
    }
}

/// Runs something that calls a library over what strangers wrote. A panic there is a mistake of that library, which
/// others may know how to provoke: it must cost a document and not the scan. What was borrowed is not used again.
pub fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    foreign::decode(work).unwrap_or_else(|| {
        Err(Broken::damaged(
            "the reader failed on data that it should have refused",
        ))
    })
}
