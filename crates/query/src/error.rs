//! What goes wrong with SQL.

use std::time::Duration;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What goes wrong. No text of it holds a value that was read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no SQL, or asks for what is not allowed; whoever wrote it must change it.
    #[error("{0}")]
    Refused(String),
    /// It cannot be run over what it was to be run over: a column is missing, a value has the wrong type.
    #[error("{0}")]
    Unfit(String),
    /// A source did not answer.
    #[error("{}", .0.sentence())]
    Source(#[source] Box<locard_connector::Error>),
    /// It took too long.
    #[error("it was not done after {} seconds", .0.as_secs())]
    TooLong(Duration),
    /// It needs too much memory.
    #[error("it needs more than {} MB of memory", .0 / 1_000_000)]
    TooLarge(usize),
    /// This program was built without what runs it.
    #[error(
        "this build of Locard runs no business rules: build it with the feature `business-rules`, which is on by default"
    )]
    Absent,
    /// It was asked to stop.
    #[error("it was stopped")]
    Stopped,
}

impl Error {
    pub(crate) fn refused(what: impl Into<String>) -> Self {
        Self::Refused(what.into())
    }

    pub(crate) fn unfit(what: impl Into<String>) -> Self {
        Self::Unfit(what.into())
    }
}

impl From<locard_connector::Error> for Error {
    fn from(error: locard_connector::Error) -> Self {
        Self::Source(Box::new(error))
    }
}
