//! What is kept of scans: what they were asked, and what the engine gave, as rows of the store; and back.

pub(crate) mod amount;
mod columns;
mod conclusions;
mod entities;
mod failures;
pub(crate) mod skipping;
pub(crate) mod spec;
pub(crate) mod summary;

pub(crate) use columns::{
    add_columns, add_judged, columns_of_pieces, damaged, is_whole, merged_rows, outlines,
    piece_rows, scanned_column, sound,
};
pub use columns::{sketch, within};
pub(crate) use conclusions::{Recorded, concluded, explanation, finished, outcome, recorded};
pub use entities::fingerprint;
pub(crate) use entities::{
    bury_unlisted, concluded_entity, described_entity, fingerprint_of, put_listed,
};
pub(crate) use failures::{all_failures, failure, failures_of, shown_failure, unreadable};
