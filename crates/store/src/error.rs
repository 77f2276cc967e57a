//! What goes wrong with the store, as a kind, a sentence and a hint.
//!
//! Sentences are made here, never taken from a driver: a driver's message may quote a value or a connection string.

use std::fmt;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a caller must act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Another process holds the home.
    Locked,
    /// The store was written by a newer program.
    Newer,
    /// The master key is missing, unreadable or not the one that the store was made with.
    WrongKey,
    /// No such thing in this organisation.
    NotFound,
    /// It would contradict what is already there.
    Conflict,
    /// The lease was lost: somebody else works on this now, and nothing was written.
    LeaseLost,
    /// What is stored cannot be read.
    Corrupt,
    /// The server of the store does not answer, or refused the account.
    Unreachable,
    /// No room left where the store is.
    Full,
    /// The store may not be written or read by this user.
    Denied,
    /// The input makes no sense.
    Invalid,
    /// Everything else between the program and the disk or server.
    Io,
}

/// An error of the store. Its text never holds a secret or a value that was read from a source.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    sentence: String,
    hint: Option<String>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of that kind; the sentence is lower case without a full stop.
    pub fn new(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Self {
            kind,
            sentence: sentence.into(),
            hint: None,
            cause: None,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Keeps the underlying error for [`std::error::Error::source`]; [`fmt::Display`] does not print it.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence alone.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// The hint, if any.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(ErrorKind::NotFound, format!("there is no such {what}"))
    }

    pub(crate) fn corrupt(what: impl fmt::Display) -> Self {
        Self::new(
            ErrorKind::Corrupt,
            format!("the store cannot be read: {what}"),
        )
        .hint("`locard restore` brings back a backup")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
