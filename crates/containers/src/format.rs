//! What a format of documents or containers is.

use std::io::Read;

use crate::look::Look;
use crate::member::Container;
use crate::record::Records;
use crate::{Opener, Result, guarded};

/// Reads a file's records.
pub type ReadFile = fn(&Opener) -> Result<Box<dyn Records>>;

/// Reads the records of a text.
pub type ReadText = fn(Box<dyn Read + Send>) -> Result<Box<dyn Records>>;

/// Opens a container.
pub type Hold = fn(&Opener) -> Result<Box<dyn Container>>;

/// How the records of a format are read.
#[derive(Clone, Copy)]
pub enum Reads {
    /// It has none of its own: it only holds others.
    Nothing,
    /// From the file.
    File(ReadFile),
    /// From its text, decoded.
    Text(ReadText),
}

/// A format of documents or containers.
pub struct Format {
    /// Its name in splits: stable.
    pub name: &'static str,
    /// What it is, for people: `a PDF document`.
    pub what: &'static str,
    is: fn(&mut Look<'_>) -> Result<bool>,
    /// How its records are read.
    pub records: Reads,
    /// How its members are found, where it has any.
    pub members: Option<Hold>,
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Format {
    /// A line of the table.
    pub const fn new(
        name: &'static str,
        what: &'static str,
        is: fn(&mut Look<'_>) -> Result<bool>,
    ) -> Self {
        Self {
            name,
            what,
            is,
            records: Reads::Nothing,
            members: None,
        }
    }

    /// The format with records.
    #[must_use]
    pub const fn reading(self, records: Reads) -> Self {
        Self { records, ..self }
    }

    /// The format with members.
    #[must_use]
    pub const fn holding(self, members: fn(&Opener) -> Result<Box<dyn Container>>) -> Self {
        Self {
            members: Some(members),
            ..self
        }
    }
}

/// What a file is, if it is one of these formats. The first that recognises it has it, so what is special stands before
/// what is general.
pub fn detect(
    formats: impl IntoIterator<Item = &'static Format>,
    mut look: Look<'_>,
) -> Result<Option<&'static Format>> {
    guarded(|| {
        for format in formats {
            if (format.is)(&mut look)? {
                return Ok(Some(format));
            }
        }
        Ok(None)
    })
}
