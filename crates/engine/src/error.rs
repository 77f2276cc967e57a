//! What ends a scan early: the ledger was lost. Everything else is a [`Failure`](crate::Failure) of an item.

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The scan cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was read cannot be recorded.
    #[error("what was read cannot be recorded")]
    Ledger(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What an earlier run recorded does not fit this one.
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
