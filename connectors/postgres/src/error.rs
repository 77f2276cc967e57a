//! Driver errors as the contract's errors, in one function.
//!
//! Server messages may quote data (`invalid input syntax for type integer: "…"`), so they are never shown: a sentence
//! is made from the SQLSTATE, and the driver's error is kept as a cause only where it cannot hold data.

use locard_connector::{Error, ErrorKind};
use locard_model::EntityPath;
use locard_sql::{Dialect, no_tls};
use sqlx::Error as Driver;

const DIALECT: Dialect = Dialect::POSTGRES;

/// As [`from_driver`], for the reading of a view that is ended after so many seconds.
pub(crate) fn from_limited(error: Driver, doing: &str, limit: Option<u64>) -> Error {
    let is_late = state(&error).as_deref() == Some(TOO_LATE);
    let Some(seconds) = limit.filter(|_| is_late) else {
        return from_driver(error, doing);
    };
    let sentence = format!(
        "{doing}: the view took longer than `view_timeout`, {seconds} seconds, so the rest of it was not read"
    );
    Error::new(ErrorKind::Interrupted, sentence)
        .hint("raise `view_timeout` of the target, or leave the view out with --exclude")
        .retryable(false)
}

/// What was attempted, for the sentence: `reading`, `listing tables`.
pub(crate) fn from_driver(error: Driver, doing: &str) -> Error {
    match error {
        Driver::Database(error) => from_state(error.code().as_deref().unwrap_or(""), doing),
        Driver::Io(error) => Error::new(
            ErrorKind::Interrupted,
            format!(
                "{doing}: the connection to the server ended ({})",
                error.kind()
            ),
        )
        .hint("see whether the server still runs; what was read so far is kept")
        .cause(error),
        Driver::Tls(error) => no_tls(&error.to_string()),
        Driver::Protocol(_) => Error::new(
            ErrorKind::Interrupted,
            format!("{doing}: the server's answer broke off or is not PostgreSQL's protocol"),
        ),
        Driver::ColumnDecode { .. } | Driver::Decode(_) => Error::new(
            ErrorKind::Malformed,
            format!("{doing}: the server's answer could not be decoded"),
        ),
        _ => Error::new(ErrorKind::Unexpected, format!("{doing}: the driver failed")),
    }
}

/// An error, with the statements that let the account read a table if it may not.
pub(crate) fn granted(error: Error, path: &EntityPath, account: &str) -> Error {
    let [schema, name] = path.segments() else {
        return error;
    };
    if error.kind() != ErrorKind::Denied {
        return error;
    }
    let (schema, table) = (
        DIALECT.identifier(schema),
        DIALECT.qualified([schema.as_str(), name.as_str()]),
    );
    let account = DIALECT.identifier(account);
    error.hint(format!(
        "GRANT USAGE ON SCHEMA {schema} TO {account}; GRANT SELECT ON {table} TO {account};"
    ))
}

/// An SQLSTATE or a class of them, and what it means to a reader.
struct Meaning(&'static str, ErrorKind, &'static str, &'static str);

/// The state of a statement that the server ended.
const TOO_LATE: &str = "57014";
const LOG: &str = "see the server's log";
/// What a server says that cannot make UTF-8 of a text.
const BYTES: &str = "a text has bytes that mean no letter in the database's encoding";
const BYTES_HINT: &str = "repair the text, or leave its table out with --exclude";

/// States before their classes: the first prefix that fits decides.
const MEANINGS: &[Meaning] = &[
    Meaning(
        "28P01",
        ErrorKind::Unauthenticated,
        "the server refused the password",
        "set the password in the target, in PGPASSWORD, or where `locard sources add --secret` says",
    ),
    Meaning(
        "28",
        ErrorKind::Unauthenticated,
        "the server does not let this account in",
        "see pg_hba.conf on the server",
    ),
    Meaning(
        "3D000",
        ErrorKind::NotFound,
        "there is no such database",
        "`psql --list` shows the databases",
    ),
    Meaning(
        "42501",
        ErrorKind::Denied,
        "the account may not read this",
        "GRANT USAGE ON SCHEMA the_schema TO the_account; GRANT SELECT ON the_schema.the_table TO the_account;",
    ),
    Meaning(
        "42P01",
        ErrorKind::NotFound,
        "it does not exist (any more)",
        "scan the source again",
    ),
    Meaning(
        "3F000",
        ErrorKind::NotFound,
        "its schema does not exist (any more)",
        "scan the source again",
    ),
    Meaning(
        "42703",
        ErrorKind::NotFound,
        "a column does not exist (any more)",
        "scan the source again",
    ),
    Meaning(
        TOO_LATE,
        ErrorKind::Interrupted,
        "the server ended the statement: a time-out or a cancel",
        "raise `statement_timeout` of the target",
    ),
    Meaning(
        "55P03",
        ErrorKind::Interrupted,
        "another session holds a lock for longer than `lock_timeout`",
        "try again later or raise `lock_timeout` of the target",
    ),
    Meaning(
        "57P01",
        ErrorKind::Interrupted,
        "the server is shutting down or ended the session",
        "start the server; what was read so far is kept",
    ),
    Meaning(
        "57P02",
        ErrorKind::Interrupted,
        "the server is restarting after a crash",
        "try again; what was read so far is kept",
    ),
    Meaning(
        "57P03",
        ErrorKind::Unreachable,
        "the server is starting up or shutting down",
        "try again in a moment",
    ),
    Meaning(
        "25006",
        ErrorKind::Unsupported,
        "reading it would write, and sessions are read-only",
        "leave the view out",
    ),
    Meaning(
        "53",
        ErrorKind::Throttled,
        "the server has no connection, memory or disk to spare",
        "lower `connections` of the target",
    ),
    Meaning(
        "40",
        ErrorKind::Interrupted,
        "the server ended the transaction in favour of another",
        "try again",
    ),
    Meaning(
        "08",
        ErrorKind::Interrupted,
        "the connection failed",
        "see whether the server still runs",
    ),
    Meaning(
        "58",
        ErrorKind::Malformed,
        "the server could not read its own files",
        LOG,
    ),
    Meaning(
        "XX",
        ErrorKind::Malformed,
        "the server could not read its own files",
        LOG,
    ),
    Meaning(
        "55000",
        ErrorKind::Unsupported,
        "there is nothing to read behind it: a materialised view that was never filled, or a foreign table whose \
         wrapper has no handler",
        "REFRESH MATERIALIZED VIEW fills a view; --exclude leaves it out",
    ),
    Meaning("22021", ErrorKind::Malformed, BYTES, BYTES_HINT),
    Meaning("22P05", ErrorKind::Malformed, BYTES, BYTES_HINT),
    Meaning(
        "22",
        ErrorKind::Malformed,
        "an expression of the view or a value of the table failed",
        LOG,
    ),
    Meaning(
        "P0",
        ErrorKind::Malformed,
        "a function of the view failed",
        LOG,
    ),
    Meaning(
        "38",
        ErrorKind::Malformed,
        "a function of the view failed",
        LOG,
    ),
    Meaning(
        "39",
        ErrorKind::Malformed,
        "a function of the view failed",
        LOG,
    ),
    Meaning(
        "HV",
        ErrorKind::Unreachable,
        "the server behind the foreign table did not answer",
        LOG,
    ),
    Meaning(
        "0A",
        ErrorKind::Unsupported,
        "the server does not support this",
        LOG,
    ),
    Meaning(
        "",
        ErrorKind::Unexpected,
        "the server reported an error",
        LOG,
    ),
];

fn from_state(state: &str, doing: &str) -> Error {
    let found = MEANINGS.iter().find(|meaning| state.starts_with(meaning.0));
    let Meaning(_, kind, what, hint) = found.unwrap_or(&Meaning(
        "",
        ErrorKind::Unexpected,
        "the server reported an error",
        LOG,
    ));
    let error = Error::new(*kind, format!("{doing}: {what} (SQLSTATE {state})")).hint(*hint);
    // A statement that took too long once takes too long again.
    if state == TOO_LATE {
        error.retryable(false)
    } else {
        error
    }
}

/// The SQLSTATE of a server error.
pub(crate) fn state(error: &Driver) -> Option<String> {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_tell_the_kinds_apart() {
        let kind = |state| from_state(state, "reading").kind();
        assert_eq!(kind("28P01"), ErrorKind::Unauthenticated);
        assert_eq!(kind("42501"), ErrorKind::Denied);
        assert_eq!(kind("42P01"), ErrorKind::NotFound);
        assert_eq!(kind("57P01"), ErrorKind::Interrupted);
        assert_eq!(kind("22P02"), ErrorKind::Malformed);
        let told = from_state("22P05", "reading").to_string();
        assert!(told.contains("mean no letter"), "{told}");
        assert_eq!(kind("55000"), ErrorKind::Unsupported);
        assert_eq!(kind("55006"), ErrorKind::Unexpected);
        assert_eq!(kind(""), ErrorKind::Unexpected);
        assert!(!from_state("42P01", "reading").is_retryable());
        assert!(from_state("53300", "connecting").is_retryable());
        assert!(!from_state(TOO_LATE, "reading").is_retryable());
    }
}
