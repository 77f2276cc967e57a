//! Engine results as store rows, and back.

mod columns;
mod conclusions;
mod entities;
mod failures;

pub(crate) use columns::{
    add_columns, add_judged, columns_of_pieces, damaged, is_whole, merged_rows, outlines,
    piece_rows, scanned_column, sound,
};
pub use columns::{sketch, within};
pub(crate) use conclusions::{Recorded, concluded, finished, judged_again, outcome, recorded};
pub use entities::fingerprint;
pub(crate) use entities::{Listing, concluded_entity, described_entity, fingerprint_of};
pub(crate) use failures::{failure, shown_failure};
