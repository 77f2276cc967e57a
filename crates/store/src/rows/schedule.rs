//! Schedules: what is asked for again and again.

use jiff::Timestamp;
use locard_model::JobId;
use serde_json::Value;

use super::{Job, ScheduleId};

/// A schedule to make or to change.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleDraft {
    /// Its id.
    pub id: ScheduleId,
    /// What it is called; no two of an organisation are called the same.
    pub name: String,
    /// When and what, as the caller writes it.
    pub spec: Value,
    /// Whether it fires at all.
    pub is_enabled: bool,
    /// When it fires next; `None`: never again.
    pub next_at: Option<Timestamp>,
}

/// A schedule as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// What it is called.
    pub name: String,
    /// When and what, as the caller writes it.
    pub spec: Value,
    /// Whether it fires at all.
    pub is_enabled: bool,
    /// When it fires next.
    pub next_at: Option<Timestamp>,
    /// When somebody saw last that it was due.
    pub last_at: Option<Timestamp>,
    /// The job that it started last.
    pub last_job: Option<JobId>,
    /// Why it started nothing then, where it did not.
    pub note: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody changed it last.
    pub updated_at: Timestamp,
}

/// A schedule that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    /// Which.
    pub schedule: ScheduleId,
    /// The point in time that has come.
    pub due: Timestamp,
    /// The one after it.
    pub next: Option<Timestamp>,
}

/// What came of firing.
#[derive(Clone, Debug, PartialEq)]
pub enum Fired {
    /// This job.
    Started(Box<Job>),
    /// Nothing: the job that it started before has not ended.
    Overlapped(JobId),
    /// Nothing: somebody else saw it first, or it was changed, disabled or removed meanwhile.
    Taken,
}
