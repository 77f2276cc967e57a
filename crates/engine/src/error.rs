//! What a ledger answers when it cannot. Only one that was lost ends a scan; everything else is a
//! [`Failure`](crate::Failure) of an item.

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The scan cannot go on, unless it is one piece that is damaged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was read cannot be recorded.
    #[error("what was read cannot be recorded")]
    Ledger(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What an earlier run recorded of a piece is damaged. It ends no scan: the piece is read again, or its entity
    /// becomes a failure.
    #[error("recorded sketches cannot be used: {0}")]
    Recorded(String),
    /// The pool of worker threads could not be started.
    #[error("worker threads could not be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}

impl Error {
    /// An error of the ledger's.
    pub fn ledger(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Ledger(error.into())
    }
}
