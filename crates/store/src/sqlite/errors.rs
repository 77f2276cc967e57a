//! SQLite's result codes as sentences. The driver's message is not used: it may quote a value.

use crate::{Error, ErrorKind};

/// What helps when the file may be damaged.
pub(super) const DAMAGED: &str = "`locard restore --force` brings back a backup; without one, scan into a new home (--home). \
    `PRAGMA integrity_check` on the home's catalog.sqlite in the sqlite3 shell shows what is damaged";

/// The error as the store tells it.
pub(crate) fn translate(error: sqlx::Error) -> Error {
    let told = match &error {
        sqlx::Error::Database(cause) => {
            by_code(cause.code().and_then(|code| code.parse().ok()).unwrap_or(0))
        }
        sqlx::Error::PoolTimedOut => {
            Error::new(ErrorKind::Locked, "the store was busy for too long")
        }
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            Error::new(ErrorKind::Io, "the store was closed")
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => {
            Error::corrupt("a row has an unknown form")
        }
        _ => Error::new(ErrorKind::Io, "the store does not answer"),
    };
    told.cause(error)
}

/// By primary result code, the low byte; extended codes tell constraints apart.
fn by_code(code: i32) -> Error {
    const FOREIGN_KEY: i32 = 787;
    const WRITE_FAILED: i32 = 778;
    // The index of the log could not grow.
    const NO_ROOM_FOR_LOG: i32 = 4_874;
    match (code, code & 0xff) {
        (FOREIGN_KEY, _) => Error::new(ErrorKind::NotFound, "what this belongs to does not exist"),
        (_, 19) => Error::new(ErrorKind::Conflict, "there is one already"),
        (_, 5 | 6) => Error::new(ErrorKind::Locked, "another program is writing to the store")
            .hint("close whatever has the home's catalog.sqlite open"),
        (_, 8) => Error::new(
            ErrorKind::Denied,
            "the store cannot be written: it or its disk is read-only",
        )
        .hint("make the home writable, or choose another one with --home"),
        (_, 3 | 14 | 23) => {
            Error::new(ErrorKind::Denied, "the store cannot be opened by this user")
                .hint("make the home readable and writable, or choose another one with --home")
        }
        (_, 13) | (WRITE_FAILED | NO_ROOM_FOR_LOG, _) => {
            Error::new(ErrorKind::Full, "the disk that holds the store is full")
                .hint("make room; what was committed is safe, and the next run goes on from there")
        }
        (_, 11 | 26) => {
            Error::corrupt("its file is damaged or was made by another program").hint(DAMAGED)
        }
        // Every statement was tried on sound tables, so these are not.
        (_, 1) => Error::corrupt("a statement does not fit its tables, so its file is damaged")
            .hint(DAMAGED),
        (_, 18) => Error::new(ErrorKind::Invalid, "a value is too large for the store"),
        (_, 10) => Error::new(ErrorKind::Io, "the disk that holds the store fails")
            .hint("see whether it is full or gone; the system's log tells more"),
        _ => Error::new(
            ErrorKind::Io,
            format!("the store refused a statement (SQLite code {code})"),
        )
        .hint(DAMAGED),
    }
}
