//! What SQL sources share: dialects as values, quoting, SELECT building, key ranges.
//!
//! Pure text in, pure text out: nothing here connects. Every predicate comes with an honest
//! [`Exactness`](locard_connector::Exactness): a server that cannot express a canonical form answers with a superset
//! that the engine checks again, never with fewer records than wanted.

mod column;
mod condition;
mod dialect;
mod filter;
mod long;
mod matching;
mod range;
mod select;
mod window;

pub use column::{Class, Column, find, project};
pub use condition::Conditions;
pub use dialect::{AnyElement, Dialect, Plain};
pub use long::{LONGEST_VALUE, MARK, too_long};
pub use range::{KeyRange, key_ranges, page_ranges};
pub use select::{Select, is_select};
