//! Driver errors as the contract's errors, in one function.
//!
//! SQLite's own messages may quote data of a view's expressions, so only their known beginnings are looked at.

use locard_connector::{Error, ErrorKind};
use sqlx::Error as Driver;

use crate::settings::Limit;

/// As [`from_driver`], for a statement that is ended after some time.
pub(crate) fn from_limited(error: Driver, doing: &str, limit: Limit) -> Error {
    if code(&error) == Some(INTERRUPT) {
        late(doing, limit.setting)
    } else {
        from_driver(error, doing)
    }
}

/// Only the clock interrupts a statement that somebody waits for, and it would again.
fn late(doing: &str, setting: &str) -> Error {
    Error::new(
        ErrorKind::Interrupted,
        format!("{doing}: it took longer than `{setting}`, so the rest of it was not read"),
    )
    .hint(format!(
        "raise `{setting}` behind the target, or leave it out with --exclude"
    ))
    .retryable(false)
}

/// The primary result code: the low byte.
fn code(error: &Driver) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    code.parse().ok().map(|code: i32| code & 0xff)
}

/// What was attempted, for the sentence: `reading`, `listing tables`.
pub(crate) fn from_driver(error: Driver, doing: &str) -> Error {
    if code(&error) == Some(INTERRUPT) {
        return late(doing, "statement_timeout");
    }
    match error {
        Driver::Database(ref cause) => from_code(code(&error).unwrap_or(1), cause.message(), doing),
        Driver::WorkerCrashed => Error::new(
            ErrorKind::Interrupted,
            format!("{doing}: the reading thread ended"),
        ),
        Driver::Io(error) => {
            Error::new(ErrorKind::Interrupted, format!("{doing}: {}", error.kind())).cause(error)
        }
        Driver::ColumnDecode { .. } | Driver::Decode(_) => Error::new(
            ErrorKind::Malformed,
            format!("{doing}: a cell could not be decoded"),
        ),
        _ => Error::new(ErrorKind::Unexpected, format!("{doing}: the driver failed")),
    }
}

/// The error of a file that is no database.
pub(crate) fn no_database(doing: &str) -> Error {
    Error::new(
        ErrorKind::Malformed,
        format!("{doing}: the file is not an SQLite database, or it is encrypted"),
    )
    .hint("encrypted databases must be decrypted by the program that owns them first")
}

/// A result code, the beginning of its message where that matters, and what it means to a reader.
struct Meaning(i32, &'static str, ErrorKind, &'static str, &'static str);

const OPENING: &str = "a database in WAL mode needs a folder in which its -shm file can be made";
/// The code of a statement that was ended from outside.
const INTERRUPT: i32 = 9;
const GONE: &str = "scan the source again";
const LEFT_OUT: &str = "leave it out with --exclude";

/// The first one whose code and beginning fit decides.
const MEANINGS: &[Meaning] = &[
    Meaning(
        1,
        "no such table",
        ErrorKind::NotFound,
        "the table does not exist (any more)",
        GONE,
    ),
    Meaning(
        1,
        "no such column",
        ErrorKind::NotFound,
        "a column does not exist (any more)",
        GONE,
    ),
    Meaning(
        1,
        "no such module",
        ErrorKind::Unsupported,
        "the table belongs to an extension that this program does not carry",
        LEFT_OUT,
    ),
    Meaning(
        1,
        "no such function",
        ErrorKind::Unsupported,
        "the view uses a function that this program does not carry",
        LEFT_OUT,
    ),
    Meaning(
        1,
        "unsafe use of",
        ErrorKind::Unsupported,
        "the view uses a function that may have side effects",
        LEFT_OUT,
    ),
    Meaning(
        1,
        "",
        ErrorKind::Malformed,
        "an expression of the view or table failed",
        "try the statement in the sqlite3 shell; `PRAGMA integrity_check` there tells whether the file is damaged",
    ),
    Meaning(
        3,
        "",
        ErrorKind::Denied,
        "the file may not be read",
        "see the file's permissions",
    ),
    Meaning(
        5,
        "",
        ErrorKind::Interrupted,
        "another program has the file locked",
        "try again later or raise `busy_timeout`",
    ),
    Meaning(
        6,
        "",
        ErrorKind::Interrupted,
        "another program has the table locked",
        "try again later or raise `busy_timeout`",
    ),
    Meaning(
        7,
        "",
        ErrorKind::Throttled,
        "there is not enough memory",
        "scan fewer tables at a time",
    ),
    Meaning(
        8,
        "",
        ErrorKind::Denied,
        "the file could not be opened",
        OPENING,
    ),
    Meaning(
        10,
        "",
        ErrorKind::Unreachable,
        "the disk could not be read",
        "see the system's log",
    ),
    Meaning(
        11,
        "",
        ErrorKind::Malformed,
        "the database file is damaged",
        "`PRAGMA integrity_check` in the sqlite3 shell shows where; restore the file from a backup and scan it again",
    ),
    Meaning(
        13,
        "",
        ErrorKind::Throttled,
        "the disk is full",
        "make room for temporary files",
    ),
    Meaning(
        14,
        "",
        ErrorKind::Denied,
        "the file could not be opened",
        OPENING,
    ),
    Meaning(
        18,
        "",
        ErrorKind::Unsupported,
        "the view or table makes up a value that is too long to be read",
        LEFT_OUT,
    ),
    Meaning(
        23,
        "",
        ErrorKind::Denied,
        "the file may not be read",
        "see the file's permissions",
    ),
];

/// The table that a message says is missing, where its name is one that may be shown.
fn missing(message: &str) -> Option<&str> {
    const MOST: usize = 64;
    let name = message.strip_prefix("no such table: ")?;
    let name = name.strip_prefix("main.").unwrap_or(name);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_shown = !name.is_empty() && name.len() <= MOST && name.chars().all(is_plain);
    is_shown.then_some(name)
}

fn from_code(code: i32, message: &str, doing: &str) -> Error {
    if code == 26 {
        return no_database(doing);
    }
    let found = MEANINGS
        .iter()
        .find(|meaning| meaning.0 == code && message.starts_with(meaning.1));
    let fallback = Meaning(
        0,
        "",
        ErrorKind::Unexpected,
        "SQLite reported an error",
        "try the statement in the sqlite3 shell; `PRAGMA integrity_check` there tells whether the file is damaged",
    );
    if let Some(name) = missing(message).filter(|_| code == 1) {
        let sentence = format!("{doing}: there is no table {name} (SQLite code {code})");
        return Error::new(ErrorKind::NotFound, sentence).hint(
            "a view that reads a table which was dropped must be made anew, dropped too or left out with --exclude; if it is no view, scan again",
        );
    }
    let Meaning(_, _, kind, what, hint) = found.unwrap_or(&fallback);
    Error::new(*kind, format!("{doing}: {what} (SQLite code {code})")).hint(*hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_the_kinds_apart() {
        let kind = |code, message| from_code(code, message, "reading").kind();
        assert_eq!(kind(26, ""), ErrorKind::Malformed);
        assert_eq!(kind(11, ""), ErrorKind::Malformed);
        assert_eq!(kind(1, "no such table: main.x"), ErrorKind::NotFound);
        assert_eq!(kind(1, "no such module: geo"), ErrorKind::Unsupported);
        assert_eq!(kind(5, ""), ErrorKind::Interrupted);
        assert!(from_code(5, "", "reading").is_retryable());
        assert!(!late("reading", "view_timeout").is_retryable());
    }

    #[test]
    fn the_table_that_a_view_misses_is_named() {
        let told = |message| from_code(1, message, "reading the schema").to_string();
        assert!(told("no such table: main.orders_2019").contains("no table orders_2019 "));
        // What is no plain name may be anybody's.
        assert!(!told("no such table: anna@example.org").contains("anna"));
    }

    #[test]
    fn no_message_of_the_library_is_shown() {
        assert!(
            !from_code(1, "malformed JSON: secret", "reading")
                .to_string()
                .contains("secret")
        );
    }
}
