//! States of durable work.

use serde::{Deserialize, Serialize};

use crate::named;

/// State of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobState {
    /// Accepted, not yet started.
    Queued,
    /// At least one task was taken up.
    Running,
    /// Cancel was asked; running tasks are winding down.
    Cancelling,
    /// Ended by a cancel; what was found is kept.
    Cancelled,
    /// Ended, every item succeeded.
    Completed,
    /// Ended, some items failed.
    Partial,
    /// Ended, nothing could be done.
    Failed,
}

named!(JobState {
    Queued => "QUEUED",
    Running => "RUNNING",
    Cancelling => "CANCELLING",
    Cancelled => "CANCELLED",
    Completed => "COMPLETED",
    Partial => "PARTIAL",
    Failed => "FAILED",
});

impl JobState {
    /// Whether the job has ended.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Cancelled | Self::Completed | Self::Partial | Self::Failed
        )
    }
}

/// State of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskState {
    /// Waiting for a worker.
    Queued,
    /// Leased by a worker.
    Running,
    /// Done; its sketches are committed.
    Completed,
    /// Done in part: some records could not be read.
    Partial,
    /// Gave up.
    Failed,
    /// Ended by a cancel.
    Cancelled,
}

named!(TaskState {
    Queued => "QUEUED",
    Running => "RUNNING",
    Completed => "COMPLETED",
    Partial => "PARTIAL",
    Failed => "FAILED",
    Cancelled => "CANCELLED",
});
