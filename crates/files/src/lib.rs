//! What file sources share: formats, compression, encodings, and the pieces that large files are read in.
//!
//! A connector brings [`Blobs`], which lists and range-reads files wherever they are; [`Files`] is the
//! [`Source`](locard_connector::Source) over them. What a file is, its content tells (`detect.rs`); cells
//! of delimited text are views into the blocks they were read in (`csv`). Documents, and what is in containers, are
//! files with a path behind that of the file they are in (`unpack`).

mod avro;
mod blob;
mod columnar;
mod compression;
mod csv;
mod decoder;
mod detect;
mod ebcdic;
mod elements;
mod encoding;
mod flatten;
pub mod in_cells;
mod input;
mod ipc;
mod json;
mod members;
mod orc;
mod pages;
mod paragraphs;
mod part;
mod partitions;
mod places;
mod plan;
mod row_groups;
mod source;
mod stream;
mod unpack;
mod usage;
mod varint;
mod wide;

pub use blob::{Blob, Blobs, Found, Times, io_error};
pub use compression::Compression;
pub use encoding::Encoding;
pub use in_cells::InCells;
pub use source::{Files, Sizes};
