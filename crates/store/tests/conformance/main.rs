//! One suite for both databases: every test runs on SQLite and, where a server is at hand, on PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "these are tests; clippy knows it of test functions only"
)]

mod access;
mod annotations;
mod append_only;
mod business;
mod catalog;
mod collections;
mod dsars;
mod entities;
mod findings;
mod harness;
mod jobs;
mod older;
mod organisations;
mod own_rules;
mod relations;
mod requests;
mod resuming;
mod schedules;
mod tasks;
mod upkeep;
mod usage;
mod webhooks;
