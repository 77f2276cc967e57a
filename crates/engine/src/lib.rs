//! Runs a scan: plan, read, one pass per column, record, merge, judge.
//!
//! ```text
//! Source ─ entities ─► plan ─► pieces ─► read (task) ─► channel ─► pass (thread pool) ─► Sink::commit
//!                               ▲ Checkpoints::left                     all pieces done ─► merge, judge ─► Sink::conclude
//! ```
//!
//! The engine opens nothing: it is given an [`Arc<dyn Source>`](locard_connector::Source) and cannot name a database.
//! What a reader gets wrong: nothing here decides what is remembered. [`Checkpoints`] and [`Sink`] do.

mod allowed;
mod board;
mod cells;
mod embedded;
mod error;
mod faults;
mod finish;
mod judge;
mod leaf;
mod ledger;
mod listing;
mod lookup;
mod mask;
mod names;
mod parts;
mod pass;
mod piece;
mod pieces;
mod plan;
mod pool;
mod renew;
mod report;
mod reservoir;
mod scan;
mod settle;
mod silence;
mod text;
mod waiting;
mod within;

pub use allowed::Allowed;
pub use cells::{Record, Stands};
pub use embedded::is_document;
pub use error::{Error, Result};
pub use judge::{indexed, judge, personal};
pub use ledger::{
    Checkpoints, Concluded, Finished, JudgedColumn, Ledger, Piece, PieceDone, PieceOutline,
    PieceState, Planned, Sink, Start,
};
pub use lookup::{Examine, Found, LookUp, Row};
pub use mask::{Mask, untagged};
pub use pass::ScannedColumn;
pub use pieces::{PIECE_BYTES, ROW_BYTES, piece_count};
pub use pool::{Panicked, Pool, give_way};
pub use report::{Event, Failure, Reporter, Shown, Silent};
pub use scan::{Engine, LEAST_SAMPLED, Options, Summary, Target, scan_request};
pub use waiting::LISTED_BYTES;
pub use within::Within;
