//! What the store takes and gives, by noun. Everything here is in the clear: sealing happens inside the store.

mod access;
mod annotation;
mod business;
mod catalog;
mod collection;
mod dsar;
mod entity;
mod finding;
mod job;
mod own_rule;
mod relation;
mod request;
mod schedule;
mod source;
mod task;
mod usage;
mod webhook;

use uuid::Uuid;

pub use access::{
    ApiKey, ApiKeyDraft, ApiKeyId, AuditChecked, AuditDraft, AuditId, AuditRecord, Grant,
};
pub use annotation::AnnotationRecord;
pub use business::{BusinessResult, BusinessRule, BusinessRuleDraft, BusinessRuleId};
pub use catalog::{
    ColumnFilter, ColumnHead, ColumnRecord, Conclusion, EntityRead, Merged, PieceColumn, PieceHead,
    PiecePart, RecordedPiece,
};
pub use collection::{Collection, CollectionDraft, CollectionId};
pub use dsar::{
    Dsar, DsarChange, DsarDraft, DsarEvent, DsarId, DsarKey, DsarNote, DsarRecord, DsarRecordDraft,
    StartedDsar,
};
pub use entity::{Changes, Column, Entity, EntityFilter};
pub use finding::{
    Allowed, Decision, FindingDraft, FindingFilter, FindingId, FindingRecord, Review,
};
pub use job::{
    Author, Job, JobCounts, JobDraft, JobFilter, JobLease, JobOutcome, ScheduleId, Started,
    WorkerId,
};
pub use own_rule::{OwnKind, OwnRule};
pub use relation::RelationReview;
pub use request::{
    Request, RequestChange, RequestDraft, RequestEvent, RequestEventDraft, RequestFile,
    RequestFilter, RequestHead, RequestOrder, StartedRequest,
};
pub use schedule::{Fired, Firing, Schedule, ScheduleDraft};
pub use source::{Organisation, SketchKey, Source, SourceDraft};
pub use task::{
    Claim, Commit, Failure, FailureDraft, FailureFilter, Heartbeat, Lease, LeasedTask, Task,
    TaskCounts, TaskDraft, TaskOutcome,
};
pub use usage::{UsageCounters, UsageDay, UsageDraft};
pub use webhook::{
    Delivery, DeliveryId, DeliveryState, DueDelivery, Tried, Webhook, WebhookDraft, WebhookId,
};

/// Which stretch of a listing is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where the previous stretch ended: its [`Paged::next`].
    pub after: Option<Uuid>,
    /// At most this many, 1 to 10,000.
    pub limit: u32,
}

impl Page {
    /// The most that one stretch holds.
    pub const MAX: u32 = 10_000;

    /// The first stretch of that length.
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::first(1_000)
    }
}

/// A stretch of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where to go on; `None` at the end.
    pub next: Option<Uuid>,
}
