//! Driver errors as the contract's errors, in one function.
//!
//! Server messages may quote data (`E11000 duplicate key … { mail: "…" }`), so they are never shown: a sentence is made
//! from the error's code, and the driver's error is kept as a cause only where it cannot hold data.

use locard_connector::{Error, ErrorKind, Step};
use locard_model::EntityPath;
use mongodb::error::{Error as Driver, ErrorKind as Cause};

/// The server's codes for a question that took longer than it may.
const TOO_LATE: [i32; 2] = [50, 262];

/// Codes, what they mean for a caller, the sentence and the hint.
struct Meaning(&'static [i32], ErrorKind, &'static str, &'static str);

const MEANINGS: &[Meaning] = &[
    Meaning(
        &[18, 11],
        ErrorKind::Unauthenticated,
        "the server refused the account or its password",
        "see user, password, `authSource` and `authMechanism` of the target",
    ),
    Meaning(
        &[13, 31, 8000],
        ErrorKind::Denied,
        "the account may not do this",
        "grant the role `read` on the database; the connector's README has the least that is needed",
    ),
    Meaning(
        &[26, 73, 81],
        ErrorKind::NotFound,
        "it does not exist, or not any more",
        "scan the source again",
    ),
    Meaning(
        &[175],
        ErrorKind::NotFound,
        "it was dropped or rebuilt while it was read",
        "scan it again",
    ),
    Meaning(
        &[43, 237],
        ErrorKind::Interrupted,
        "the server gave the reading up",
        "see whether it was dropped or ended by an administrator; what was read so far is kept",
    ),
    Meaning(
        &TOO_LATE,
        ErrorKind::Interrupted,
        "it took the server longer than `statement_timeout`",
        "raise `statement_timeout` of the target, or read in more splits",
    ),
    Meaning(
        &[
            6, 7, 89, 91, 189, 9001, 10_107, 11_600, 11_602, 13_435, 13_436, 317, 358, 384,
        ],
        ErrorKind::Interrupted,
        "the server is going away or has changed its part",
        "see whether the server still runs; what was read so far is kept",
    ),
    Meaning(
        &[462, 365, 292],
        ErrorKind::Throttled,
        "the server has too much to do",
        "read with fewer `connections`, or at another time",
    ),
    Meaning(
        &[166, 167, 181],
        ErrorKind::Unsupported,
        "the server does not do this for views",
        "leave it out with --exclude",
    ),
    Meaning(
        &[238, 72, 115],
        ErrorKind::Unsupported,
        "the server cannot do this",
        "the connector's README tells what it needs",
    ),
];

/// What was attempted, for the sentence: `reading`, `listing collections`.
pub(crate) fn from_driver(error: &Driver, doing: &str) -> Error {
    match &*error.kind {
        Cause::Command(command) => from_code(command.code, doing),
        Cause::Authentication { .. } => unauthenticated(doing),
        Cause::Io(cause) => lost(doing, cause.kind()),
        Cause::ConnectionPoolCleared { .. } | Cause::Shutdown => {
            lost(doing, std::io::ErrorKind::ConnectionAborted)
        }
        Cause::ServerSelection { .. } => Error::new(
            ErrorKind::Unreachable,
            format!("{doing}: no server answered that may be read"),
        )
        .hint("see hosts, `replicaSet`, `readPreference` and `tls` of the target"),
        Cause::DnsResolve { .. } => Error::new(
            ErrorKind::Unreachable,
            format!("{doing}: DNS tells no hosts for this name"),
        )
        .hint("see the spelling of the host, and whether it has an SRV record")
        .at(Step::Resolve),
        Cause::InvalidTlsConfig { .. } => Error::new(
            ErrorKind::Settings,
            format!("{doing}: a file with certificates cannot be used"),
        )
        .hint(
            "`tlsCAFile` and `tlsCertificateKeyFile` name PEM files; the second also holds the key",
        )
        .at(Step::Tls),
        Cause::IncompatibleServer { .. } => Error::new(
            ErrorKind::Unsupported,
            format!("{doing}: the server is too old"),
        )
        .hint("MongoDB 4.2 and later can be read"),
        Cause::InvalidResponse { .. } | Cause::BsonDeserialization(_) | Cause::Bson(_) => {
            Error::new(
                ErrorKind::Malformed,
                format!("{doing}: the server's answer could not be decoded"),
            )
        }
        Cause::InvalidArgument { .. } => Error::new(
            ErrorKind::Settings,
            format!("{doing}: the driver refuses these settings"),
        )
        .hint("see account, `authMechanism` and hosts of the target"),
        _ => Error::new(ErrorKind::Unexpected, format!("{doing}: the driver failed")),
    }
}

/// As [`from_driver`], for a reading that is ended after a setting of this name.
pub(crate) fn from_limited(error: &Driver, doing: &str, setting: &str) -> Error {
    if !matches!(&*error.kind, Cause::Command(command) if TOO_LATE.contains(&command.code)) {
        return from_driver(error, doing);
    }
    let sentence =
        format!("{doing}: it took the server longer than `{setting}`, so the rest was not read");
    Error::new(ErrorKind::Interrupted, sentence)
        .hint(format!(
            "raise `{setting}` of the target, or leave it out with --exclude"
        ))
        .retryable(false)
}

/// The error of a password that was refused.
pub(crate) fn unauthenticated(doing: &str) -> Error {
    from_code(18, doing)
}

/// The sentence of a connection that ended.
fn lost(doing: &str, kind: std::io::ErrorKind) -> Error {
    let sentence = format!("{doing}: the connection to the server ended ({kind})");
    Error::new(ErrorKind::Interrupted, sentence)
        .hint("see whether the server still runs; what was read so far is kept")
}

fn from_code(code: i32, doing: &str) -> Error {
    let known = MEANINGS
        .iter()
        .find(|Meaning(codes, ..)| codes.contains(&code));
    let unknown = &Meaning(
        &[],
        ErrorKind::Unexpected,
        "the server reported an error",
        "see the server's log",
    );
    let Meaning(_, kind, what, hint) = known.unwrap_or(unknown);
    let error = Error::new(*kind, format!("{doing}: {what} (error {code})")).hint(*hint);
    // What took too long once takes too long again.
    if TOO_LATE.contains(&code) {
        error.retryable(false)
    } else {
        error
    }
}

/// Whether the server does not let the account do this.
pub(crate) fn is_denied(error: &Driver) -> bool {
    matches!(&*error.kind, Cause::Command(command) if matches!(command.code, 13 | 31 | 8_000))
}

/// An error, with the command that lets the account read a collection if it may not.
pub(crate) fn granted(error: Error, path: &EntityPath, user: Option<&str>) -> Error {
    let ([database, _], Some(user)) = (path.segments(), user) else {
        return error;
    };
    if error.kind() != ErrorKind::Denied {
        return error;
    }
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    error.hint(format!(
        "db.grantRolesToUser({}, [{{ role: \"read\", db: {} }}])",
        quoted(user),
        quoted(database)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_the_kinds_apart() {
        let kind = |code| from_code(code, "reading").kind();
        assert_eq!(kind(18), ErrorKind::Unauthenticated);
        assert_eq!(kind(13), ErrorKind::Denied);
        assert_eq!(kind(26), ErrorKind::NotFound);
        assert_eq!(kind(175), ErrorKind::NotFound);
        assert_eq!(kind(43), ErrorKind::Interrupted);
        assert_eq!(kind(11_600), ErrorKind::Interrupted);
        assert_eq!(kind(4_711), ErrorKind::Unexpected);
        assert!(from_code(11_600, "reading").is_retryable());
        assert!(!from_code(26, "reading").is_retryable());
        for late in TOO_LATE {
            assert!(!from_code(late, "reading").is_retryable());
        }
    }

    #[test]
    fn no_code_has_two_meanings() {
        let codes = MEANINGS.iter().flat_map(|Meaning(codes, ..)| *codes);
        let mut all: Vec<i32> = codes.copied().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_denial_tells_the_grant() {
        let error = granted(
            from_code(13, "reading"),
            &EntityPath::new(["crm", "people"]),
            Some("an\"na"),
        );
        let hint = error.hint_text().unwrap_or_default();
        assert_eq!(
            hint,
            "db.grantRolesToUser(\"an\\\"na\", [{ role: \"read\", db: \"crm\" }])"
        );
    }
}
