//! Failures of drivers as the contract's errors, in one place.
//!
//! No word of a driver gets here: it may quote data, or the connection string. A sentence is made from the state of the
//! standard, from what the helper made of the words, and from the server's own number.

use locard_connector::{Error, ErrorKind, Step};
use locard_model::EntityPath;
use locard_odbc::{About, Failure};

use crate::product::Product;
use crate::settings::Access;

/// The error of a failed statement.
pub(crate) fn failed(failure: &Failure, doing: &str, product: &Product) -> Error {
    let by_number = product
        .meaning(failure.native)
        .filter(|_| !failure.state.is_empty());
    let (kind, what, hint) = by_number
        .or_else(|| by_about(failure.about))
        .or_else(|| by_state(&failure.state))
        .unwrap_or((
            ErrorKind::Unexpected,
            "the driver reported an error",
            "see the server's log",
        ));
    let numbers = match (failure.state.as_str(), failure.native) {
        ("", _) => String::new(),
        (state, 0) => format!(" ({state})"),
        (state, native) => format!(" ({state}, {native})"),
    };
    let error = Error::new(kind, format!("{doing}: {what}{numbers}")).hint(hint);
    let error = match failure.about {
        About::Tls => error.at(Step::Tls),
        _ => error,
    };
    error
        // What took too long once takes too long again.
        .retryable(is_retryable(kind, &failure.state))
}

fn is_retryable(kind: ErrorKind, state: &str) -> bool {
    matches!(
        kind,
        ErrorKind::Unreachable | ErrorKind::Throttled | ErrorKind::Interrupted
    ) && !matches!(state, "HYT00" | "HY008" | "57014")
}

type Found = (ErrorKind, &'static str, &'static str);

fn by_about(about: About) -> Option<Found> {
    Some(match about {
        About::Credentials => (
            ErrorKind::Unauthenticated,
            "the server refused the user or the password",
            "see user and password of the target",
        ),
        About::Rights => (
            ErrorKind::Denied,
            "the account may not read this",
            "grant SELECT on it to the account",
        ),
        About::Tls => (
            ErrorKind::Unreachable,
            "an encrypted connection could not be agreed on",
            "see the driver's keywords for encryption and certificates",
        ),
        About::NoLibrary => (
            ErrorKind::Unsupported,
            "the driver is registered, and its library cannot be loaded",
            "see the path that /etc/odbcinst.ini has for it; `ldd` tells what the library misses",
        ),
        About::Memory => (
            ErrorKind::Throttled,
            "the driver has too little memory",
            "raise `memory` of the target, or let the driver fetch fewer rows at once",
        ),
        About::Columns => (
            ErrorKind::Malformed,
            "the table changed between the planning and the reading",
            "scan it again",
        ),
        About::Truncated => (
            ErrorKind::Interrupted,
            "a value is longer than the driver had said of its column",
            "it is read again, value by value",
        ),
        About::Driver => (
            ErrorKind::Malformed,
            "the driver broke the rules of ODBC",
            "see whether there is a newer driver",
        ),
        About::Unknown | About::NoDriver | About::NoSource | About::Host => return None,
    })
}

/// The states of the standard and of its kin, the longest beginning first.
const STATES: &[(&str, Found)] = &[
    (
        "IM002",
        (
            ErrorKind::Settings,
            "no such data source or driver is registered",
            "`odbcinst -q -d` lists the drivers, `odbcinst -q -s` the data sources",
        ),
    ),
    (
        "IM",
        (
            ErrorKind::Unsupported,
            "the driver cannot do this",
            "see whether there is a newer driver",
        ),
    ),
    (
        "HYT",
        (
            ErrorKind::Interrupted,
            "it took longer than it may",
            "raise `statement_timeout` or `connect_timeout` of the target",
        ),
    ),
    (
        "S1T00",
        (
            ErrorKind::Interrupted,
            "it took longer than it may",
            "raise `statement_timeout` of the target",
        ),
    ),
    (
        "57014",
        (
            ErrorKind::Interrupted,
            "the server ended the statement",
            "raise `statement_timeout` of the target",
        ),
    ),
    (
        "HY008",
        (
            ErrorKind::Interrupted,
            "it was cancelled",
            "try again; what was read so far is kept",
        ),
    ),
    (
        "HY001",
        (
            ErrorKind::Throttled,
            "the driver has too little memory",
            "raise `memory` of the target, or let the driver fetch fewer rows at once",
        ),
    ),
    (
        "S1001",
        (
            ErrorKind::Throttled,
            "the driver has too little memory",
            "raise `memory` of the target, or let the driver fetch fewer rows at once",
        ),
    ),
    (
        "42501",
        (
            ErrorKind::Denied,
            "the account may not read this",
            "grant SELECT on it to the account",
        ),
    ),
    (
        "42S02",
        (
            ErrorKind::NotFound,
            "it does not exist (any more)",
            "scan the source again",
        ),
    ),
    (
        "42P01",
        (
            ErrorKind::NotFound,
            "it does not exist (any more)",
            "scan the source again",
        ),
    ),
    (
        "S0002",
        (
            ErrorKind::NotFound,
            "it does not exist (any more)",
            "scan the source again",
        ),
    ),
    (
        "42S22",
        (
            ErrorKind::NotFound,
            "a column does not exist (any more)",
            "scan the source again",
        ),
    ),
    (
        "42703",
        (
            ErrorKind::NotFound,
            "a column does not exist (any more)",
            "scan the source again",
        ),
    ),
    (
        "08004",
        (
            ErrorKind::Throttled,
            "the server accepts no more connections",
            "lower `connections` of the target",
        ),
    ),
    (
        "08001",
        (
            ErrorKind::Unreachable,
            "the server could not be reached",
            "see whether the server runs there and a firewall lets this machine through",
        ),
    ),
    (
        "08",
        (
            ErrorKind::Interrupted,
            "the connection to the server ended",
            "see whether the server still runs; what was read so far is kept",
        ),
    ),
    (
        "57P",
        (
            ErrorKind::Interrupted,
            "the server ended the connection",
            "see whether the server still runs; what was read so far is kept",
        ),
    ),
    (
        "28",
        (
            ErrorKind::Unauthenticated,
            "the server refused the user or the password",
            "see user and password of the target",
        ),
    ),
    (
        "22",
        (
            ErrorKind::Malformed,
            "a value cannot be read as its column's type",
            "see the column in the server; what was read so far is kept",
        ),
    ),
    (
        "07006",
        (
            ErrorKind::Malformed,
            "a value cannot be read as its column's type",
            "see the column in the server; what was read so far is kept",
        ),
    ),
    (
        "40",
        (
            ErrorKind::Interrupted,
            "the server gave the transaction up",
            "try again; what was read so far is kept",
        ),
    ),
    (
        "53",
        (
            ErrorKind::Throttled,
            "the server is short of means",
            "lower `connections` of the target",
        ),
    ),
];

fn by_state(state: &str) -> Option<Found> {
    let found = STATES.iter().find(|(start, _)| state.starts_with(start));
    found.map(|(_, meaning)| *meaning)
}

/// The error of a connection that was not made.
pub(crate) async fn unconnected(failure: &Failure, doing: &str, access: &Access) -> Error {
    let listed = |what: &str| match failure.registered.as_slice() {
        [] => format!("no {what} is registered on this machine; the driver's manual says how to"),
        names => format!("registered: {}", names.join(", ")),
    };
    match failure.about {
        About::NoDriver => {
            let name = access.driver.as_deref().unwrap_or_default();
            let sentence = format!("no ODBC driver is registered as {name}");
            return Error::new(ErrorKind::Settings, sentence).hint(listed("driver"));
        }
        About::NoSource => {
            let name = access.dsn.as_deref().unwrap_or_default();
            let sentence = format!("no ODBC data source is registered as {name}");
            return Error::new(ErrorKind::Settings, sentence).hint(listed("data source"));
        }
        _ => {}
    }
    let known = access
        .product
        .or_else(|| access.driver.as_deref().and_then(Product::of_driver));
    let product = match known {
        Some(product) => product,
        None => Product::of_server(""),
    };
    let error = failed(failure, doing, product);
    if failure.about != About::Host && error.kind() != ErrorKind::Unreachable {
        return error;
    }
    // A host that stands for no address is told as such.
    let cause = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
    let reached = access.address.unreached(&cause).await;
    if reached.step() == Some(Step::Resolve) {
        reached
    } else {
        error
    }
}

/// The error of a driver that says nothing any more.
pub(crate) fn silent(doing: &str, seconds: u32) -> Error {
    let sentence = format!(
        "{doing}: no answer came within `statement_timeout`, {seconds} seconds, so the driver was ended"
    );
    Error::new(ErrorKind::Interrupted, sentence)
        .hint("raise `statement_timeout` of the target")
        .retryable(false)
}

/// An error, with the statement that lets the account read a table if it may not.
pub(crate) fn granted(
    error: Error,
    path: &EntityPath,
    product: &Product,
    user: Option<&str>,
) -> Error {
    if error.kind() != ErrorKind::Denied {
        return error;
    }
    match product.grant(path, user.unwrap_or("the_account")) {
        Some(grant) => error.hint(grant),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(state: &str, native: i32, about: About) -> (ErrorKind, bool) {
        let failure = Failure {
            state: state.into(),
            native,
            ..Failure::of(about)
        };
        let product = Product::named("hana").expect("known");
        let error = failed(&failure, "reading", product);
        (error.kind(), error.is_retryable())
    }

    #[test]
    fn states_numbers_and_words_tell_the_kinds_apart() {
        assert_eq!(
            kind("28000", 10, About::Unknown).0,
            ErrorKind::Unauthenticated
        );
        assert_eq!(kind("HY000", 258, About::Unknown).0, ErrorKind::Denied);
        assert_eq!(
            kind("08001", 101, About::Credentials),
            (ErrorKind::Unauthenticated, false)
        );
        assert_eq!(kind("42S02", 1, About::Unknown).0, ErrorKind::NotFound);
        assert_eq!(
            kind("08S01", 1, About::Unknown),
            (ErrorKind::Interrupted, true)
        );
        assert_eq!(
            kind("HYT00", 1, About::Unknown),
            (ErrorKind::Interrupted, false)
        );
        assert_eq!(
            kind("XX000", 1, About::Unknown),
            (ErrorKind::Unexpected, false)
        );
        assert_eq!(
            kind("", 0, About::Truncated),
            (ErrorKind::Interrupted, true)
        );
    }
}
