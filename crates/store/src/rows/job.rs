//! Jobs and who coordinates them.

use std::time::Duration;

use jiff::Timestamp;
use locard_model::{JobId, JobState, OrgId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// One worker process, random at its start. It says nothing about machine or user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WorkerId(pub Uuid);

impl WorkerId {
    /// A new worker.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

/// The schedule that started a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ScheduleId(pub Uuid);

/// A job to start.
#[derive(Clone, Debug, PartialEq)]
pub struct JobDraft {
    /// Time-ordered (UUIDv7).
    pub id: JobId,
    /// What it does: `scan`, `find` ...
    pub kind: String,
    /// What exactly, as the caller writes it.
    pub spec: Value,
    /// How it is to be run, beyond what tells it from others; null where there is nothing to say.
    pub details: Value,
    /// Starting again with this key gives the first job instead of a second one.
    pub idempotency_key: Option<String>,
    /// Higher goes first.
    pub priority: i32,
    /// The job that this one belongs to or repeats.
    pub parent: Option<JobId>,
    /// The schedule that asked for it.
    pub schedule: Option<ScheduleId>,
    /// Only workers with this affinity run it, and without one nobody but whoever accepted it; an operator's label, stored
    /// in the clear.
    pub affinity: Option<String>,
    /// Not to be taken up before.
    pub not_before: Option<Timestamp>,
}

impl JobDraft {
    /// A job of that kind, to be done as soon as possible.
    pub fn new(kind: impl Into<String>, spec: Value) -> Self {
        Self {
            id: JobId(crate::ids::ordered()),
            kind: kind.into(),
            spec,
            details: Value::Null,
            idempotency_key: None,
            priority: 0,
            parent: None,
            schedule: None,
            affinity: None,
            not_before: None,
        }
    }
}

/// A durable unit of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its organisation.
    pub org: OrgId,
    /// Its id.
    pub id: JobId,
    /// What it does.
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// What exactly it does.
    pub spec: Value,
    /// How it is to be run, beyond what tells it from others.
    pub details: Value,
    /// Higher goes first.
    pub priority: i32,
    /// The job that this one belongs to or repeats.
    pub parent: Option<JobId>,
    /// The schedule that asked for it.
    pub schedule: Option<ScheduleId>,
    /// Only workers with this affinity run it.
    pub affinity: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was last put in the queue.
    pub queued_at: Timestamp,
    /// Until when it waits to be taken up, by the clock of the store; `None`: for a worker alone.
    pub not_before: Option<Timestamp>,
    /// When it was first taken up.
    pub started_at: Option<Timestamp>,
    /// Last sign of life of its coordinator or of a task.
    pub heartbeat_at: Option<Timestamp>,
    /// Whether a coordinator holds it now, by the clock of the store.
    pub held: bool,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When somebody asked to cancel it.
    pub cancel_requested_at: Option<Timestamp>,
    /// What was done so far.
    pub counts: JobCounts,
    /// How often whoever ran it has ended without a word since a task of it last ended. A lease that was given back is no
    /// death.
    pub deaths: u64,
    /// What came out, as the caller writes it.
    pub outcome: Option<Value>,
    /// Why it failed, in a sentence.
    pub error: Option<String>,
}

/// What a job has done; changes only in the transactions that end tasks or record failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Tasks planned.
    pub tasks: u64,
    /// Tasks that ended `COMPLETED` or `PARTIAL`.
    pub tasks_done: u64,
    /// Tasks that ended `FAILED`.
    pub tasks_failed: u64,
    /// Records read.
    pub rows: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Records that could not be read.
    pub faults: u64,
    /// Failures recorded.
    pub failures: u64,
    /// Findings recorded.
    pub findings: u64,
}

/// The answer to a start.
#[derive(Clone, Debug, PartialEq)]
pub struct Started {
    /// The new job, or the first one with this idempotency key.
    pub job: Job,
    /// Whether it is new.
    pub new: bool,
}

/// The right to coordinate a job: to plan it, to conclude its entities, to end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobLease {
    /// The job's organisation.
    pub org: OrgId,
    /// The job.
    pub job: JobId,
    /// Who holds it.
    pub worker: WorkerId,
    /// Grows with every take-over; what is written must show the current one.
    pub fence: u64,
    /// How long each heartbeat extends it.
    pub lease_for: Duration,
}

/// On whose word the catalog changes.
#[derive(Clone, Copy, Debug)]
pub enum Author {
    /// The coordinator of a job: once somebody else has taken that over, nothing is written.
    Job(JobLease),
    /// A person's command, outside of any job.
    Person(OrgId),
}

impl Author {
    /// Whose catalog it is.
    pub const fn org(&self) -> OrgId {
        match self {
            Self::Job(lease) => lease.org,
            Self::Person(org) => *org,
        }
    }
}

impl From<JobLease> for Author {
    fn from(lease: JobLease) -> Self {
        Self::Job(lease)
    }
}

impl From<OrgId> for Author {
    fn from(org: OrgId) -> Self {
        Self::Person(org)
    }
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub struct JobOutcome {
    /// A final state.
    pub state: JobState,
    /// What came out, as the caller writes it.
    pub outcome: Option<Value>,
    /// Why it failed, in a sentence.
    pub error: Option<String>,
}

/// Which jobs are wanted; newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// In one of these states; empty means any.
    pub states: Vec<JobState>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Of this specification; a question that names the kind too.
    pub spec: Option<Value>,
    /// Started by this schedule.
    pub schedule: Option<ScheduleId>,
    /// Belonging to this job.
    pub parent: Option<JobId>,
    /// From this id to that one, both included: ids that begin alike.
    pub between: Option<(JobId, JobId)>,
}
