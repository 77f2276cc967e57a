//! What SQL sources share: dialects as values, quoting, SELECT building, key ranges, and who has a session when.
//!
//! But for `sessions`, which holds what connectors open, it is pure text in, pure text out. Every predicate comes with an honest
//! [`Exactness`](locard_connector::Exactness): a server that cannot express a canonical form answers with a superset
//! that the engine checks again, never with fewer records than wanted.

mod address;
mod column;
mod condition;
pub mod defaults;
mod dialect;
mod filter;
mod long;
mod matching;
mod part;
mod planner;
mod range;
mod relation;
mod select;
mod sessions;
mod tls;

pub use address::{LIMITS, Login, Sets, Spoken, bracketed, view_limit};
pub use column::{Class, Column, find, project};
pub use condition::Conditions;
pub use dialect::{AnyElement, Dialect, Plain};
pub use long::{LONGEST_VALUE, MARK, too_long};
pub use part::{Decoding, Output, Part, schema};
pub use planner::{Planner, Range, denied, falls_by_modulo};
pub use range::{KeyRange, key_ranges, page_ranges};
pub use relation::{Found, Relation, RelationColumn, grouped};
pub use select::{Select, has_outside_quotes, is_select};
pub use sessions::{Connect, Lent, Listed, Questions, Sessions, listing};
pub use tls::{no_password, no_tls, pem_files, tls_reason};
