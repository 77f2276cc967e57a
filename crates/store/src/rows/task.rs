//! Tasks, their leases, and what failed.

use std::time::Duration;

use jiff::Timestamp;
use locard_model::{EntityId, JobId, OrgId, PieceId, SourceId, TaskId, TaskState};
use serde_json::Value;

use super::{PieceColumn, WorkerId};

/// A task to plan.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskDraft {
    /// Which piece of the entity; within a job, planning the same piece of the same entity again changes nothing.
    pub piece: PieceId,
    /// The entity, where the task is about one.
    pub entity: Option<EntityId>,
    /// What to do, as the caller writes it: a split or a batch of them.
    pub split: Value,
    /// State of the piece when it was planned; equal states need no second read.
    pub version: Option<String>,
    /// The snapshot it was planned under.
    pub snapshot: Option<String>,
    /// How often it may be started, 1 or more.
    pub max_attempts: u32,
}

/// A resumable piece of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Its job.
    pub job: JobId,
    /// Position in the job, from 0.
    pub ordinal: u64,
    /// Which piece of the entity.
    pub piece: PieceId,
    /// The entity, where the task is about one.
    pub entity: Option<EntityId>,
    /// What to do.
    pub split: Value,
    /// What the record of the piece stands for, as the caller writes it: its state when it was planned, and by what it is read.
    pub version: Option<String>,
    /// The snapshot it was planned under.
    pub snapshot: Option<String>,
    /// Where it stands.
    pub state: TaskState,
    /// How often it was started.
    pub attempts: u32,
    /// How often it may be started.
    pub max_attempts: u32,
    /// What was read.
    pub counts: TaskCounts,
    /// Why it failed last, in a sentence.
    pub error: Option<String>,
    /// When it was started last.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What a task read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// Records.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// Records that could not be read; one for a failure that cost nobody knows how many. A piece with any is read again by
    /// the next scan.
    pub faults: u64,
}

/// What a worker asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who asks.
    pub worker: WorkerId,
    /// Only tasks of this job; a worker process takes those of any job and organisation.
    pub job: Option<(OrgId, JobId)>,
    /// Only these pieces, of whatever jobs are meant; none: all.
    pub pieces: Vec<PieceId>,
    /// Jobs that carry an affinity are taken only by a worker with the same.
    pub affinity: Option<String>,
    /// How long a lease lasts without a heartbeat.
    pub lease_for: Duration,
    /// At most this many tasks.
    pub limit: u32,
}

/// The right to work on one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The task's organisation.
    pub org: OrgId,
    /// Its job.
    pub job: JobId,
    /// The task.
    pub task: TaskId,
    /// Who holds it.
    pub worker: WorkerId,
    /// Grows with every take-over; a commit must show the current one.
    pub fence: u64,
    /// How long each heartbeat extends it.
    pub lease_for: Duration,
}

/// A task that was taken up.
#[derive(Clone, Debug, PartialEq)]
pub struct LeasedTask {
    /// The right to work on it.
    pub lease: Lease,
    /// The task.
    pub task: Task,
}

/// The answer to a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// The lease was extended.
    Extended,
    /// The lease was extended; somebody asked to cancel the job, so wind down.
    Cancel,
    /// The lease was lost: stop, whatever is done now cannot be committed.
    Lost,
}

/// The result of a task, committed whole or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskOutcome {
    /// Whether some records could not be read: the task ends `PARTIAL` instead of `COMPLETED`.
    pub partial: bool,
    /// What was read.
    pub counts: TaskCounts,
    /// The piece's sketches, one for each column; they replace those of the same piece.
    pub columns: Vec<PieceColumn>,
    /// What could not be read.
    pub failures: Vec<FailureDraft>,
}

/// The answer to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// It was written now.
    Written,
    /// The same lease had already committed; nothing was counted twice.
    Already,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureDraft {
    /// The source, where it is known: of older failures it is not.
    pub source: Option<SourceId>,
    /// The entity, where it is known.
    pub entity: Option<EntityId>,
    /// The entity as people write it.
    pub resource: Option<String>,
    /// Kind of the error by its stable name, such as `malformed`.
    pub kind: String,
    /// What is wrong.
    pub sentence: String,
    /// Where in the entity.
    pub place: Option<String>,
    /// What the user can do about it.
    pub hint: Option<String>,
    /// How many records are affected; 0 when the whole entity is.
    pub records: u64,
}

/// Something that could not be read, as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The job.
    pub job: JobId,
    /// The task, if one was under way.
    pub task: Option<TaskId>,
    /// What happened.
    pub what: FailureDraft,
    /// When.
    pub at: Timestamp,
}

/// Which failures are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailureFilter {
    /// Of this job.
    pub job: Option<JobId>,
    /// About this entity.
    pub entity: Option<EntityId>,
    /// Only the last one about each entity.
    pub last_of_entities: bool,
}
