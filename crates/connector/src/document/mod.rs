//! Documents (JSON, BSON, jsonb columns) become columns whose names are dotted paths.
//!
//! `a.b` is a field of an object, `a.links[]` the elements of a list, `a.*` what stands under the keys of a map and
//! `a.*#key` those keys themselves. A name with `[]` or `*` in it may have several values per record, so its column is
//! an Arrow list. Every value is text exactly as it was written: `1.10` stays `1.10`.
//!
//! The one thing a reader gets wrong: an object whose keys are data (e-mail addresses, ids, numbers, dates) is a map,
//! and one with more than [`MAX_SIBLINGS`] keys is taken for one. So a million distinct keys make two columns, and
//! the keys are scanned like any other value. A key that may be a person, `Ada Lovelace`, is scanned as a value beside the
//! column that it names.

/// Marks a column of a batch whose name is a path into an object, where a dot in it tells so; a header of a table may have
/// dots in it too.
pub const NESTED: &str = "nested";

/// Marks a column of a batch that tells where the values of another one stand in their documents ([`place`]); its value
/// is the name of that one. It has a value for each of them.
pub const PLACES: &str = "places";

mod columns;
mod flatten;
mod json;
mod keys;
mod nodes;
mod paths;
pub mod place;

pub use flatten::Flattener;
pub use json::{Events, Ignore, Parser, Records, Syntax};
pub use keys::looks_like_a_value;
pub use nodes::MAX_SIBLINGS;
pub use paths::Paths;
