//! PostgreSQL's SQLSTATEs as sentences. The server's message is not used: it may quote a value.

use crate::{Error, ErrorKind};

/// The error as the store tells it.
pub(crate) fn translate(error: sqlx::Error) -> Error {
    let told = match &error {
        sqlx::Error::Database(cause) => by_state(cause.code().as_deref().unwrap_or("")),
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => Error::new(
            ErrorKind::Unreachable,
            "the PostgreSQL server of the store does not answer",
        )
        .hint("check address and port, and whether the server runs"),
        sqlx::Error::Tls(_) => Error::new(
            ErrorKind::Unreachable,
            "the PostgreSQL server of the store refuses TLS",
        )
        .hint("see sslmode and sslrootcert in its address"),
        sqlx::Error::Configuration(_) => Error::new(
            ErrorKind::Invalid,
            "the address of the PostgreSQL store makes no sense",
        ),
        sqlx::Error::PoolClosed => Error::new(ErrorKind::Io, "the store was closed"),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => {
            Error::corrupt("a row has an unknown form")
        }
        _ => Error::new(
            ErrorKind::Io,
            "the PostgreSQL server of the store answers in an unknown way",
        ),
    };
    told.cause(error)
}

fn by_state(state: &str) -> Error {
    match (state, state.get(..2).unwrap_or("")) {
        ("23503", _) => Error::new(ErrorKind::NotFound, "what this belongs to does not exist"),
        (_, "23") => Error::new(ErrorKind::Conflict, "there is one already"),
        (_, "28") => Error::new(
            ErrorKind::Unreachable,
            "the PostgreSQL server of the store refuses the account",
        )
        .hint("check user and password in its address"),
        (_, "3D") => Error::new(
            ErrorKind::Unreachable,
            "the database of the store does not exist",
        )
        .hint("create it, and name it in the address"),
        ("42501" | "25006", _) => {
            Error::new(ErrorKind::Denied, "the account may not write to the store")
                .hint("grant it usage and create on the schema")
        }
        ("53100", _) => Error::new(
            ErrorKind::Full,
            "the disk of the store's PostgreSQL server is full",
        ),
        ("55P03" | "40P01" | "40001", _) => Error::new(
            ErrorKind::Locked,
            "the store was busy for too long; trying again helps",
        ),
        (_, "08" | "53" | "57" | "58") => Error::new(
            ErrorKind::Unreachable,
            "the PostgreSQL server of the store is overloaded or going down",
        ),
        (_, "XX") => Error::corrupt("the server reports damaged data"),
        (_, "3F") | ("42P01", _) => Error::corrupt("the schema or a table is missing"),
        _ => Error::new(
            ErrorKind::Io,
            format!("the store refused a statement (SQLSTATE {state})"),
        ),
    }
}
