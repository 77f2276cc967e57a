//! How much a statement may take, and what it yields.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How much a statement may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes that it may hold at a time. Nothing is ever written to a disk, so one that needs more fails.
    pub memory: usize,
    /// How long it may take.
    pub time: Duration,
    /// Ends it.
    pub stop: CancellationToken,
}

/// What a business rule counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that there are.
    pub total: u64,
    /// Records that it is about.
    pub scope: u64,
    /// Of these, records that do not keep it.
    pub non_compliant: u64,
    /// Records that could not be read, and so were not counted; several times where a table is read several times.
    pub unread: u64,
}
