//! Failures of drivers, without their words.

use locard_odbc::{About, Failure};
use odbc_api::Error;
use odbc_api::handles::Record;

/// What went wrong.
pub(crate) fn failure(error: &Error) -> Failure {
    match error {
        Error::Diagnostics { record, .. }
        | Error::UnsupportedOdbcApiVersion(record)
        | Error::InvalidRowArraySize { record, .. }
        | Error::UnableToRepresentNull(record)
        | Error::OracleOdbcDriverDoesNotSupport64Bit(record) => of_record(record),
        // Drivers say nothing of a connection that went away.
        Error::NoDiagnostics { .. } => Failure {
            state: "08S01".to_owned(),
            ..Failure::of(About::Unknown)
        },
        Error::TooLargeValueForBuffer { .. } => Failure::of(About::Truncated),
        _ => Failure::of(About::Driver),
    }
}

fn of_record(record: &Record) -> Failure {
    let state = record.state.as_str().to_owned();
    let words = String::from_utf16_lossy(&record.message).to_lowercase();
    Failure {
        about: about(&state, &words),
        state,
        native: record.native_error,
        registered: Vec::new(),
    }
}

/// What the words of a driver tell that its states do not: many have one state for all that goes wrong.
const WORDS: &[(About, &[&str])] = &[
    (About::NoLibrary, &["can't open lib", "cannot open lib"]),
    (
        About::Memory,
        &[
            "out of memory",
            "not enough memory",
            "memory allocation",
            "couldn't allocate",
            "could not allocate",
        ],
    ),
    (
        About::Host,
        &[
            "could not translate host name",
            "unknown host",
            "name or service not known",
            "unknown server host",
            "hostname lookup",
        ],
    ),
    (
        About::Credentials,
        &[
            "authentication failed",
            "login failed",
            "access denied for user",
            "invalid username",
            "no password supplied",
        ],
    ),
    (About::Tls, &["ssl", "tls", "certificate"]),
    (
        About::Rights,
        &[
            "permission denied",
            "insufficient privilege",
            "command denied",
        ],
    ),
];

fn about(state: &str, words: &str) -> About {
    if state.starts_with("28") {
        return About::Credentials;
    }
    let is_connecting = ["08", "01", "HY", "IM", "S1"]
        .iter()
        .any(|class| state.starts_with(class));
    let found = WORDS.iter().find(|(about, any)| {
        let fits = is_connecting || *about == About::Rights && state.starts_with("42");
        fits && any.iter().any(|word| words.contains(word))
    });
    found.map_or(About::Unknown, |(about, _)| *about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_what_one_state_for_all_does_not() {
        let refused = "fatal: password authentication failed for user \"anna\"";
        assert_eq!(about("08001", refused), About::Credentials);
        assert_eq!(about("28000", "whatever"), About::Credentials);
        assert_eq!(about("01000", "can't open lib 'x.so'"), About::NoLibrary);
        assert_eq!(about("08001", "ssl error: no"), About::Tls);
        let value = "value 'permission denied' of a column";
        assert_eq!(
            about("42501", "permission denied for table t"),
            About::Rights
        );
        assert_eq!(about("22018", "invalid input 'tls'"), About::Unknown);
        assert_eq!(
            about("HY000", "out of memory while reading tuples"),
            About::Memory
        );
        assert_eq!(about("22018", value), About::Unknown);
    }
}
