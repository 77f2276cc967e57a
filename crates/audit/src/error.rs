//! What goes wrong with an entry.

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done. No text in it is the log's.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system gave no randomness, or the cipher refused its input.
    #[error("the details of an event cannot be sealed")]
    NotSealed,
    /// The details were sealed under another key, for another entry, or were altered.
    #[error("the details of an event do not open under this key")]
    NotOpened,
    /// Bytes or a line that no entry was written as; lines count from 1, bytes from 0.
    #[error("an entry cannot be read at {0}")]
    Malformed(u64),
    /// The number of entries is exhausted.
    #[error("the chain is full")]
    Full,
    /// Reading or writing failed.
    #[error("an entry cannot be passed on")]
    Io(#[from] std::io::Error),
}
