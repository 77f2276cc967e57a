//! Canonical forms, keyed hashes and the sketches over them. Pure: no I/O, no clock, no async.
//!
//! ```text
//! texts ─► Preparer ─► Cells (folded text, its hash, class) ─► Former ─► hashes of all forms
//!                                                             └─► Keyer ─► Membership, Hll ─► bytes
//! ```

mod cells;
mod class;
mod codec;
pub mod forms;
mod gather;
mod group;
mod hash;
mod hll;
mod key;
mod look;
mod membership;
mod prepare;
mod run;
mod sort;
mod waiting;

pub use cells::Cells;
pub use class::ClassMask;
pub use codec::{DecodeError, Reader, put_blob, put_number};
pub use gather::{Gathered, Gatherer};
pub use hash::hash;
pub use hll::Hll;
pub use key::Keyer;
pub use look::{Kinds, LONGEST_LOOK, Look};
pub use membership::Membership;
pub use prepare::Preparer;
