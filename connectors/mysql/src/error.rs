//! Driver errors as the contract's errors, in one function.
//!
//! Server messages may quote data (`Truncated incorrect INTEGER value: '…'`), so they are never shown: a sentence is
//! made from the error's number, and the driver's error is kept as a cause only where it cannot hold data.

use locard_connector::{Error, ErrorKind};
use locard_model::EntityPath;
use locard_sql::no_tls;
use sqlx::Error as Driver;
use sqlx::mysql::MySqlDatabaseError;

use crate::meanings::{CLASSES, MEANINGS, Meaning, TOO_LATE};

/// As [`from_driver`], for the reading of a view that is ended after so many seconds.
pub(crate) fn from_limited(error: Driver, doing: &str, limit: Option<u64>) -> Error {
    let is_late = number(&error).is_some_and(|number| TOO_LATE.contains(&number));
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
        Driver::Database(error) => {
            let number = error
                .try_downcast_ref::<MySqlDatabaseError>()
                .map_or(0, MySqlDatabaseError::number);
            from_number(number, error.code().as_deref().unwrap_or(""), doing)
        }
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
            format!("{doing}: the server's answer broke off or is not MySQL's protocol"),
        ),
        Driver::ColumnDecode { .. } | Driver::Decode(_) => Error::new(
            ErrorKind::Malformed,
            format!("{doing}: the server's answer could not be decoded"),
        ),
        _ => Error::new(ErrorKind::Unexpected, format!("{doing}: the driver failed")),
    }
}

/// An error, with the statement that lets the account read a table if it may not.
pub(crate) fn granted(error: Error, path: &EntityPath, account: &str) -> Error {
    let [database, table] = path.segments() else {
        return error;
    };
    if error.kind() != ErrorKind::Denied {
        return error;
    }
    // The reader's own session may have other quotes than ours.
    let quoted = |name: &str| format!("`{}`", name.replace('`', "``"));
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    error.hint(format!(
        "GRANT SELECT, SHOW VIEW ON {}.{} TO {}@{}",
        quoted(database),
        quoted(table),
        quoted(user),
        quoted(host)
    ))
}

/// The number of a server error.
pub(crate) fn number(error: &Driver) -> Option<u16> {
    error
        .as_database_error()?
        .try_downcast_ref::<MySqlDatabaseError>()
        .map(MySqlDatabaseError::number)
}

fn from_number(number: u16, state: &str, doing: &str) -> Error {
    const UNKNOWN: (ErrorKind, &str, &str) = (
        ErrorKind::Unexpected,
        "the server reported an error",
        "see the server's log",
    );
    let by_number = MEANINGS
        .iter()
        .find(|Meaning(numbers, ..)| numbers.contains(&number))
        .map(|Meaning(_, kind, what, hint)| (*kind, *what, *hint));
    let by_class = || {
        let found = CLASSES.iter().find(|(class, ..)| state.starts_with(class));
        found.map(|(_, kind, what, hint)| (*kind, *what, *hint))
    };
    let (kind, what, hint) = by_number.or_else(by_class).unwrap_or(UNKNOWN);
    let error = Error::new(kind, format!("{doing}: {what} (error {number})")).hint(hint);
    // A statement that took too long once takes too long again.
    if TOO_LATE.contains(&number) {
        error.retryable(false)
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_tell_the_kinds_apart() {
        let kind = |number, state| from_number(number, state, "reading").kind();
        assert_eq!(kind(1045, "28000"), ErrorKind::Unauthenticated);
        assert_eq!(kind(1142, "42000"), ErrorKind::Denied);
        assert_eq!(kind(1146, "42S02"), ErrorKind::NotFound);
        assert_eq!(kind(1317, "70100"), ErrorKind::Interrupted);
        assert_eq!(kind(1690, "22003"), ErrorKind::Malformed);
        assert_eq!(kind(9999, "22003"), ErrorKind::Malformed);
        assert_eq!(kind(9999, "HY000"), ErrorKind::Unexpected);
        assert_eq!(kind(0, ""), ErrorKind::Unexpected);
        assert!(!from_number(1146, "42S02", "reading").is_retryable());
        assert!(from_number(1040, "08004", "connecting").is_retryable());
        for late in TOO_LATE {
            assert!(!from_number(late, "HY000", "reading").is_retryable());
        }
    }

    #[test]
    fn no_number_has_two_meanings() {
        let mut all: Vec<u16> = MEANINGS
            .iter()
            .flat_map(|Meaning(numbers, ..)| numbers.iter().copied())
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
