//! What is in documents and containers: their text, their properties, their members.
//!
//! Each format is one file here and one line in [`FORMATS`]. A format gives [`Records`] (text and properties), a
//! [`Container`] of members (files of an archive, sheets of a workbook), or both. What a file is, its content tells.
//!
//! Everything here reads what strangers wrote. Sizes that a file claims are never believed, nothing grows with what
//! a file claims, and [`guarded`] keeps the panics of libraries in.

mod broken;
mod dates;
mod expand;
mod format;
mod html;
mod look;
mod mail;
mod markup;
mod member;
mod msg;
mod names;
mod odf;
mod office;
mod package;
mod pdf;
mod properties;
mod record;
mod rtf;
mod sevenz;
mod sheet;
mod tar;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod xml;
mod zip;

use std::io::{self, Read, Seek};
use std::sync::Arc;

pub use broken::{Broken, Refusal, Result, guarded};
pub use expand::{Expanding, FREE, RATIO};
pub use format::{FORMATS, Format, Hold, ReadFile, ReadText, Reads, detect, format};
pub use look::Look;
pub use member::{Container, Content, Member};
pub use record::{Item, Place, Record, Records, Row, Rows};

/// Containers may be inside each other so deep.
pub const DEPTH: usize = 8;

/// A container may have so many members.
pub const MEMBERS: usize = 100_000;

/// A text of one record, a property, a table of texts that must be held: none may be longer.
pub(crate) const LONGEST: usize = 64 << 20;

/// A file to read from.
pub trait File: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> File for T {}

/// Opens a file at its beginning, as often as it is wanted.
pub type Opener = Arc<dyn Fn() -> io::Result<Box<dyn File>> + Send + Sync>;
