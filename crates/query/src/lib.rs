//! SQL that people write: conditions of scans, and business rules.
//!
//! Both are read by a parser, checked against lists of what is allowed, and never reach a source as text. A condition
//! becomes a [`Filter`](locard_connector::Filter), which a source answers like any other. A business rule is one `SELECT`
//! that yields counts; DataFusion runs it over tables of which each is a [`Source`](locard_connector::Source) read through
//! its contract: only the columns that are needed, with what of its conditions the source can take.
//!
//! What a reader gets wrong: DataFusion is given no catalog, no files and no functions but those of `allowed`. What it can
//! reach is what it is handed.

mod allowed;
mod condition;
mod counts;
mod error;
mod joins;
mod names;
mod pushed;
mod run;
mod statement;
mod table;
#[cfg(test)]
mod tests;

pub use condition::Condition;
pub use error::{Error, Result};
pub use run::{Counts, Limits, count_rows, run};
pub use statement::{Statement, TableName};
pub use table::Table;
