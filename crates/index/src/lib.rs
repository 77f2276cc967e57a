//! Which columns may hold what is known of a person, and whether a row does. Pure: no I/O, no clock, no async.
//!
//! ```text
//! Subject ─► Query ─┬─ candidates(columns of one entity) ─► Candidate: read these
//!                   └─ Verifier ─ check_row(cells) ─► Hit: it is there, in this form
//! ```
//!
//! What a reader gets wrong: a candidate is no location. It says that the filter cannot rule the column out; only a
//! row that was read and checked is a hit. A first or last name alone is neither.

mod candidate;
mod cell;
mod dates;
mod filters;
mod keys;
mod numbers;
mod person;
mod query;
mod relation;
mod role;
mod spelling;
mod strength;
mod transliteration;
mod verify;

#[cfg(test)]
mod tests;

pub use candidate::{Candidate, Column, candidates, unnamed};
pub use cell::Cell;
pub use dates::DateOrders;
pub use filters::{
    BLOCK_BYTES, Batch, Filters, Held, MOST_COLUMNS, MOST_ENTITY_KEYS, Position, SortedBatch,
};
pub use keys::is_key;
pub use query::{Query, Wanted, WantedForm};
pub use relation::{Bounds, Graph, KeyColumn, Origin, Pair, Relation, Side, Step, Walk, pairs};
pub use role::{builtin_role, is_name, is_no_date, role_of};
pub use verify::{Hit, Verifier};
