//! Test support: the behaviour suite that every connector passes, and what its fixtures need.
//!
//! Only ever a dev-dependency. A fixture whose server is not there is skipped with its reason, unless
//! [`servers::REQUIRE`] is 1.

// A helper of tests fails by panicking, as tests do.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "what cannot go on fails the test that uses it"
)]

pub mod behaviour;
pub mod files;
pub mod matching;
pub mod reads;
mod rows;
pub mod score;
pub mod servers;
pub mod speed;
mod table;

pub use rows::{Rows, cell, rows_of};
pub use table::{ODD_VALUE, Table, every_type, many_columns, odd_names, people};
