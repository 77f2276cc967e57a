//! Driver errors as the contract's errors, in one function.
//!
//! Server messages may quote data (`Conversion failed when converting the varchar value '…'`), so they are never shown: a
//! sentence is made from the error's number.

use std::io;

use locard_connector::{Error, ErrorKind, Step};
use locard_model::EntityPath;
use locard_sql::tls_reason;
use tiberius::error::{Error as Driver, IoErrorKind};

use crate::meanings::{MEANINGS, Meaning};
use crate::settings::{Encryption, Settings};

/// What was attempted, for the sentence: `reading`, `listing tables`.
pub(crate) fn from_driver(error: Driver, doing: &str) -> Error {
    match error {
        Driver::Server(token) => from_number(token.code(), doing),
        Driver::Io { kind, .. } => ended(kind, doing),
        Driver::Protocol(_) => Error::new(
            ErrorKind::Interrupted,
            format!("{doing}: the server's answer broke off or is not SQL Server's protocol"),
        ),
        Driver::Encoding(_) | Driver::Utf8 | Driver::Utf16 | Driver::Conversion(_) => Error::new(
            ErrorKind::Malformed,
            format!("{doing}: the server's answer could not be decoded"),
        ),
        _ => Error::new(ErrorKind::Unexpected, format!("{doing}: the driver failed")),
    }
}

fn ended(kind: IoErrorKind, doing: &str) -> Error {
    let sentence = format!("{doing}: the connection to the server ended ({kind})");
    Error::new(ErrorKind::Interrupted, sentence)
        .hint("see whether the server still runs; what was read so far is kept")
}

/// The error of a statement that went without an answer for so long.
pub(crate) fn silent(doing: &str, seconds: u64) -> Error {
    let sentence = format!("{doing}: no answer came within `statement_timeout`, {seconds} seconds");
    Error::new(ErrorKind::Interrupted, sentence)
        .hint("raise `statement_timeout` of the target")
        .retryable(false)
}

/// The error of a view that took longer than it may.
pub(crate) fn view_late(seconds: u64) -> Error {
    let sentence = format!(
        "reading: the view took longer than `view_timeout`, {seconds} seconds, so the rest of it was not read"
    );
    Error::new(ErrorKind::Interrupted, sentence)
        .hint("raise `view_timeout` of the target, or leave the view out with --exclude")
        .retryable(false)
}

/// An error, with the statement that lets the account read a table if it may not.
pub(crate) fn granted(error: Error, path: &EntityPath, account: &str) -> Error {
    let [database @ .., schema, table] = path.segments() else {
        return error;
    };
    if error.kind() != ErrorKind::Denied {
        return error;
    }
    let quoted = |name: &str| format!("[{}]", name.replace(']', "]]"));
    let place = match database {
        [database] => format!("in {}: ", quoted(database)),
        _ => String::new(),
    };
    error.hint(format!(
        "{place}GRANT SELECT ON {}.{} TO {}",
        quoted(schema),
        quoted(table),
        quoted(account)
    ))
}

/// A failed handshake; rustls names the reason in words that hold no secret.
pub(crate) fn no_tls(error: &io::Error, settings: &Settings) -> Error {
    let reason = error.to_string();
    let is_about_certificate = reason.contains("certificate");
    let strict = settings.encryption == Encryption::Strict;
    let hint = match (is_about_certificate, strict) {
        (true, true) => {
            "name the authority's PEM file with `serverCertificate` of the target, or the server's name with `hostNameInCertificate`"
        }
        (true, false) => {
            "name the authority's PEM file with `serverCertificate` of the target; `trustServerCertificate=true` takes any \
             certificate"
        }
        (false, true) => "`encrypt=strict` of the target needs SQL Server 2022 or later",
        (false, false) => "see `encrypt` of the target",
    };
    let sentence = format!("negotiating TLS failed: {}", tls_reason(&reason));
    Error::new(ErrorKind::Unreachable, sentence)
        .hint(hint)
        .at(Step::Tls)
        .retryable(!is_about_certificate && error.kind() == io::ErrorKind::ConnectionReset)
}

fn from_number(number: u32, doing: &str) -> Error {
    const UNKNOWN: (ErrorKind, &str, &str) = (
        ErrorKind::Unexpected,
        "the server reported an error",
        "see the server's log",
    );
    let known = MEANINGS
        .iter()
        .find(|Meaning(numbers, ..)| numbers.contains(&number))
        .map(|Meaning(_, kind, what, hint)| (*kind, *what, *hint));
    let (kind, what, hint) = known.unwrap_or(UNKNOWN);
    Error::new(kind, format!("{doing}: {what} (error {number})")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_tell_the_kinds_apart() {
        let kind = |number| from_number(number, "reading").kind();
        assert_eq!(kind(18_456), ErrorKind::Unauthenticated);
        assert_eq!(kind(229), ErrorKind::Denied);
        assert_eq!(kind(208), ErrorKind::NotFound);
        assert_eq!(kind(1_222), ErrorKind::Interrupted);
        assert_eq!(kind(245), ErrorKind::Malformed);
        assert_eq!(kind(99_999), ErrorKind::Unexpected);
        assert!(from_number(1_205, "reading").is_retryable());
        assert!(!from_number(208, "reading").is_retryable());
    }

    #[test]
    fn no_number_has_two_meanings() {
        let mut all: Vec<u32> = MEANINGS
            .iter()
            .flat_map(|Meaning(numbers, ..)| numbers.iter().copied())
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn who_may_not_read_a_table_is_told_the_grant() {
        let denied = || from_number(229, "reading");
        let path = EntityPath::new(["crm", "dbo", "odd ] name"]);
        let hint = granted(denied(), &path, "reader");
        assert_eq!(
            hint.hint_text(),
            Some("in [crm]: GRANT SELECT ON [dbo].[odd ]] name] TO [reader]")
        );
    }
}
