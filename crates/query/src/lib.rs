//! SQL that people write: conditions of scans, and business rules.
//!
//! Both are read by a parser, checked against lists of what is allowed, and never reach a source as text. A condition
//! becomes a [`Filter`](locard_connector::Filter), which a source answers like any other. A business rule is one `SELECT`
//! that yields counts; DataFusion runs it over tables of which each is a [`Source`](locard_connector::Source) read through
//! its contract: only the columns that are needed, with what of its conditions the source can take.
//!
//! What a reader gets wrong: DataFusion is given no catalog, no files and no functions but those of `allowed`. What it can
//! reach is what it is handed. It is a feature, `engine`, since it makes up a third of a cold build: without it rules are still
//! read and checked, and whoever runs one is told that this build cannot.

#[cfg(not(feature = "engine"))]
mod absent;
mod allowed;
mod condition;
#[cfg(feature = "engine")]
mod engine;
mod error;
mod limits;
mod statement;

#[cfg(not(feature = "engine"))]
pub use absent::{Table, count_rows, run};
pub use condition::Condition;
#[cfg(feature = "engine")]
pub use engine::{Table, count_rows, run};
pub use error::{Error, Result};
pub use limits::{Counts, Limits};
pub use statement::{Statement, TableName};
