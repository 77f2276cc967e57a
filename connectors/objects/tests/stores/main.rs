//! Object stores, as they are and as they fail.

#![expect(
    clippy::expect_used,
    clippy::format_collect,
    clippy::match_bool,
    clippy::too_many_lines,
    reason = "a test that cannot go on fails, says what it saw, and tells its story in one piece"
)]

#[path = "../support/mod.rs"]
mod support;

mod credentials;
mod failures;
mod listing;
mod names;
mod tables;
