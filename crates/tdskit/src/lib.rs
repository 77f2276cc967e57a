//! Test support: a small server that speaks SQL Server's protocol over SQLite.
//!
//! There is no SQL Server to be had for tests, so the connector talks to this one: pre-login, TLS inside of packets and
//! from the first byte on, signing in with a right and a wrong password, results of every type in packets of 4 KiB, values
//! in chunks, errors, attention, connections that are cut. Behind it is SQLite, whose statements are translated from
//! T-SQL as far as the connector writes it, with the views of `sys` as tables. It can only prove what its authors believe
//! of the protocol; `LOCARD_TEST_MSSQL_URL` runs the same tests against a real server.
//!
//! Only ever a dev-dependency.

#![expect(
    clippy::expect_used,
    reason = "a server for tests that cannot go on fails its test"
)]

mod batch;
mod certificates;
mod database;
mod ddl;
mod engine;
mod functions;
mod lexer;
mod login;
mod server;
mod session;
mod tokens;
mod translate;
mod types;
mod values;
mod wire;

pub use database::{MSSQL_URL, Mssql};
pub use server::{Encryption, Server};
