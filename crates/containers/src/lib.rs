//! Containers and what is in them: archives, packages, and what every reader of documents shares.
//!
//! A [`Format`] gives [`Records`] (text and properties), a [`Container`] of members (files of an archive, sheets of a
//! workbook), or both. Archives are here ([`FORMATS`]); documents are in crates that build upon this one. What a file is,
//! its content tells: [`detect`].
//!
//! Everything here reads what strangers wrote. Sizes that a file claims are never believed, nothing grows with what
//! a file claims, and [`guarded`] keeps the panics of libraries in.

mod broken;
pub mod encoding;
mod expand;
mod format;
mod look;
mod member;
mod package;
mod record;
mod sevenz;
mod tar;
#[cfg(feature = "testing")]
pub mod testing;
mod xml;
mod zip;

use std::io::{self, Read, Seek};
use std::sync::Arc;

pub use broken::{Broken, Refusal, Result, guarded};
pub use expand::{Expanding, FREE, RATIO};
pub use format::{Format, Hold, ReadFile, ReadText, Reads, detect};
pub use look::Look;
pub use member::{Container, Content, Member, few_enough, unique};
pub use package::{Link, Package};
pub use record::{Chain, Item, Part, Place, Record, Records, Row, Rows, fault};
pub use xml::{Event, Tag, Xml, push};
pub use zip::Zip;

/// Containers may be inside each other so deep.
pub const DEPTH: usize = 8;

/// A container may have so many members.
pub const MEMBERS: usize = 100_000;

/// A text of one record, a property, a table of texts that must be held: none may be longer.
pub const LONGEST: usize = 64 << 20;

/// The archives. They have no text of their own.
pub const FORMATS: &[Format] = &[zip::FORMAT, tar::FORMAT, sevenz::FORMAT];

/// A file to read from.
pub trait File: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> File for T {}

/// Opens a file at its beginning, as often as it is wanted.
pub type Opener = Arc<dyn Fn() -> io::Result<Box<dyn File>> + Send + Sync>;
