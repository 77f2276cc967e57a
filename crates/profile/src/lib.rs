//! The mergeable statistics of one column, filled in one pass. Pure: no I/O, no clock, no async.
//!
//! ```text
//! Cells ─► Profiler::update ─► ColumnSketch ─┬─ merge (any order) ─► summary() -> Profile
//!                                            └─ encode: keyed hashes and counts; Extremes apart
//! ```
//!
//! What a reader gets wrong: sketches cannot subtract. A part that changed is read again and replaced whole.

mod codec;
mod column;
mod counts;
mod extremes;
mod frequent;
mod kind;
mod moments;
mod profiler;
mod shape;
mod summary;
mod tally;
#[cfg(test)]
mod tests;

pub use column::{ColumnSketch, MergeError};
pub use extremes::{Extremes, Range};
pub use profiler::Profiler;
pub use summary::{Coverage, NotIndexed, Profile};
