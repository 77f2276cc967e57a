//! Delimited text: CSV and its kin, and plain text as the case without a delimiter.
//!
//! Cells are views into the block they were read in: nothing is copied, and what is quoted is unescaped in place.
//! [`simd`] finds the borders of fields where quotes are well placed, [`careful`] everywhere else.

mod careful;
mod cuts;
mod header;
mod layout;
mod reader;
mod simd;
mod views;

pub(crate) use cuts::cut;
pub(crate) use layout::{Layout, Marks, is_delimited, is_divided_by_controls};
pub(crate) use reader::{Position, Reader};
