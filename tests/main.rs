//! One binary for all end-to-end tests, so that there is one link step; a module per theme.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::format_push_string,
    clippy::too_many_lines,
    reason = "a test that cannot go on fails, says what it saw, and tells its story in one piece"
)]

mod alerts;
mod answers;
mod architecture;
mod asking;
mod business;
mod cli;
mod client;
mod collect;
mod collections;
#[cfg(unix)]
mod crashes;
mod decisions;
mod documents;
mod dsar;
mod edges;
mod events;
mod faces;
mod handed;
mod holds;
mod hostile;
mod kill;
#[cfg(unix)]
mod killed;
mod lists;
mod live;
mod lookup;
mod manage;
mod mongo;
mod mssql;
mod mysql;
mod namesakes;
mod objects;
mod odbc;
mod organisations;
mod piped;
mod places;
mod postgres;
mod privacy;
mod proxy;
mod reference;
mod register;
mod relations;
mod requests;
mod schedules;
mod score;
#[cfg(target_os = "linux")]
mod screen;
mod scripts;
mod serve;
mod shared;
mod spread;
mod stopping;
mod stores;
mod support;
mod tables;
mod targets;
mod tarpit;
mod telling;
mod tokens;
mod town;
#[cfg(unix)]
mod traces;
mod unchanged;
mod usage;
mod webhooks;
mod windows;
mod words;
