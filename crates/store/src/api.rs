//! The store as everybody above sees it: one trait, made of one small trait for each noun.
//!
//! Every call names its organisation. What belongs to another organisation does not exist: it is `NotFound` or an
//! empty listing, never an error that tells it apart.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use locard_audit::{Entry, Head};
use locard_model::{
    ColumnId, DsarState, EntityId, JobId, OrgId, PieceId, RelationId, RequestId, SecretString,
    SourceId, TaskState,
};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::rows::{
    Allowed, AnnotationRecord, ApiKey, ApiKeyDraft, ApiKeyId, AuditChecked, AuditDraft,
    AuditRecord, Author, BusinessResult, BusinessRule, BusinessRuleDraft, BusinessRuleId, Claim,
    Collection, CollectionDraft, CollectionId, Column, ColumnHead, ColumnRecord, Commit,
    Conclusion, Decision, Delivery, DeliveryId, Dsar, DsarChange, DsarDraft, DsarEvent, DsarId,
    DsarKey, DsarRecord, DsarRecordDraft, DueDelivery, Entity, EntityFilter, Failure, FailureDraft,
    FailureFilter, FindingFilter, FindingRecord, Fired, Firing, Heartbeat, Job, JobDraft,
    JobFilter, JobLease, JobOutcome, Lease, LeasedTask, Organisation, Page, Paged, PieceColumn,
    PieceHead, PiecePart, RecordedPiece, RelationReview, Request, RequestChange, RequestDraft,
    RequestEvent, RequestFilter, Review, Schedule, ScheduleDraft, ScheduleId, SketchKey, Source,
    SourceDraft, Started, StartedDsar, StartedRequest, Task, TaskDraft, TaskOutcome, Tried,
    UsageDay, UsageDraft, Webhook, WebhookDraft, WebhookId, WorkerId,
};
use crate::{MasterKey, Result};

/// The catalog and job database.
pub trait Store:
    Organisations
    + Sources
    + Entities
    + Jobs
    + Tasks
    + Sketches
    + Findings
    + Reviews
    + Relations
    + Annotations
    + Schedules
    + Collections
    + BusinessRules
    + Webhooks
    + Dsars
    + Requests
    + UsageDays
    + Settings
    + Keys
    + Audit
    + Upkeep
{
}

impl<T> Store for T where
    T: Organisations
        + Sources
        + Entities
        + Jobs
        + Tasks
        + Sketches
        + Findings
        + Reviews
        + Relations
        + Annotations
        + Schedules
        + Collections
        + BusinessRules
        + Webhooks
        + Dsars
        + Requests
        + Requests
        + UsageDays
        + Settings
        + Keys
        + Audit
        + Upkeep
{
}

/// Organisations and their keys.
#[async_trait]
pub trait Organisations: Send + Sync {
    /// Every organisation.
    async fn organisations(&self) -> Result<Vec<Organisation>>;

    /// One organisation.
    async fn organisation(&self, org: OrgId) -> Result<Organisation>;

    /// Makes an organisation with keys of its own; `Conflict` if it exists.
    async fn create_organisation(&self, org: OrgId, name: &str) -> Result<Organisation>;

    /// The key for its hashes.
    async fn sketch_key(&self, org: OrgId) -> Result<SketchKey>;

    /// The AES-128 key under which masked names are told apart. It derives from the master key, so that a catalog that
    /// is made anew, as in a pipeline, tells them apart in the same way.
    async fn name_key(&self, org: OrgId) -> Result<Zeroizing<[u8; 16]>>;

    /// Seals a text for other catalogs of the same master key, to which it goes in a file. The same text gives the same.
    async fn seal_for_file(&self, org: OrgId, text: &SecretString) -> Result<String>;

    /// What was sealed so; `None` where that was done under another master key.
    async fn unseal_from_file(&self, org: OrgId, sealed: &str) -> Result<Option<SecretString>>;

    /// Counts every change of its catalog.
    async fn generation(&self, org: OrgId) -> Result<u64>;
}

/// Registered sources.
#[async_trait]
pub trait Sources: Send + Sync {
    /// Registers a source or changes it, by id; `Conflict` if another source has the name.
    async fn put_source(&self, org: OrgId, draft: &SourceDraft) -> Result<Source>;

    /// One source.
    async fn source(&self, org: OrgId, id: SourceId) -> Result<Source>;

    /// The source of that name.
    async fn source_by_name(&self, org: OrgId, name: &str) -> Result<Option<Source>>;

    /// The source that other systems name so.
    async fn source_by_key(&self, org: OrgId, key: &str) -> Result<Option<Source>>;

    /// Every source, oldest first.
    async fn sources(&self, org: OrgId) -> Result<Vec<Source>>;

    /// The connector's settings as JSON text.
    async fn source_settings(&self, org: OrgId, id: SourceId) -> Result<SecretString>;

    /// Forgets a source with everything that was learnt from it, reviews included, and what jobs that may be taken up
    /// again have read of it: they read it anew.
    async fn remove_source(&self, org: OrgId, id: SourceId) -> Result<()>;
}

/// Entities and their columns.
#[async_trait]
pub trait Entities: Send + Sync {
    /// Adds or updates entities, by id; tombstones among them come back to life.
    async fn put_entities(&self, author: Author, entities: &[Entity]) -> Result<()>;

    /// Replaces the columns of an entity; columns that are not named become tombstones.
    async fn put_columns(&self, author: Author, entity: EntityId, columns: &[Column])
    -> Result<()>;

    /// Adds or updates columns of an entity, by id, and leaves the others as they are: several pieces of one entity end at the
    /// same time, and each may know columns that the others do not have.
    async fn add_columns(&self, author: Author, entity: EntityId, columns: &[Column])
    -> Result<()>;

    /// Makes entities tombstones: no longer listed, their sketches dropped, their reviews kept. What a listing named
    /// since `began` stays, whoever made that listing. Gives how many were buried.
    async fn bury(&self, author: Author, entities: &[EntityId], began: Timestamp) -> Result<u64>;

    /// One entity, tombstone or not.
    async fn entity(&self, org: OrgId, id: EntityId) -> Result<Entity>;

    /// Entities, in the order of their ids.
    async fn entities(
        &self,
        org: OrgId,
        filter: &EntityFilter,
        page: Page,
    ) -> Result<Paged<Entity>>;

    /// The columns of an entity in their order, without tombstones.
    async fn columns(&self, org: OrgId, entity: EntityId) -> Result<Vec<Column>>;

    /// One column, tombstone or not.
    async fn column(&self, org: OrgId, id: ColumnId) -> Result<Column>;
}

/// Jobs: durable units of work.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Accepts a job. With an idempotency key that was used before it gives that job, and `Conflict` if the
    /// specification differs.
    async fn start_job(&self, org: OrgId, draft: &JobDraft) -> Result<Started>;

    /// One job.
    async fn job(&self, org: OrgId, id: JobId) -> Result<Job>;

    /// Jobs, newest first.
    async fn jobs(&self, org: OrgId, filter: &JobFilter, page: Page) -> Result<Paged<Job>>;

    /// Asks to cancel: waiting tasks end at once, running ones hear of it with their next heartbeat. A queued job
    /// ends `CANCELLED`; one that has ended is left as it is.
    async fn cancel_job(&self, org: OrgId, id: JobId) -> Result<Job>;

    /// Takes up one given job, queued or left by a dead coordinator; `Conflict` if it has ended, is held, or is not to be
    /// taken up yet.
    async fn claim_job(
        &self,
        org: OrgId,
        id: JobId,
        worker: WorkerId,
        lease_for: Duration,
    ) -> Result<JobLease>;

    /// Takes up the next job that is to be run by a worker with one of these affinities: one that waits, or that a dead
    /// worker left. A job without an affinity is run by whoever accepted it, and so is never among them; nor is one
    /// whose specification somebody is at work on.
    async fn claim_next_job(
        &self,
        org: OrgId,
        affinities: &[String],
        worker: WorkerId,
        lease_for: Duration,
    ) -> Result<Option<JobLease>>;

    /// Extends the lease of a job.
    async fn job_heartbeat(&self, lease: &JobLease) -> Result<Heartbeat>;

    /// Puts a job that is held back in the queue, not to be taken up before that time; what is done of it stays. Answers
    /// false, and changes nothing, where somebody asked to cancel it or it is held by another by now.
    async fn postpone_job(&self, lease: &JobLease, until: Timestamp) -> Result<bool>;

    /// Lets a job that waits for a time be taken up at once.
    async fn hasten_job(&self, org: OrgId, id: JobId) -> Result<()>;

    /// Ends a job; waiting tasks end `CANCELLED`. Doing so twice under one lease changes nothing.
    async fn finish_job(&self, lease: &JobLease, outcome: &JobOutcome) -> Result<Job>;

    /// Puts an ended job back in the queue with the tasks that failed or were cancelled; done ones stay done. Attempts
    /// that ended without a word still count, the one that said why it failed does not.
    async fn retry_job(&self, org: OrgId, id: JobId) -> Result<Job>;
}

/// Tasks: the resumable pieces of jobs.
#[async_trait]
pub trait Tasks: Send + Sync {
    /// Plans tasks, all or none. A piece of an entity that the job already has is left as it is. Gives how many
    /// were new.
    async fn add_tasks(&self, lease: &JobLease, drafts: &[TaskDraft]) -> Result<u64>;

    /// Takes pieces of an entity over that a job which has ended read whole, all or none: they are this job's from here on,
    /// and its tasks of them, which must wait, are done. Gives whether all were.
    async fn adopt_pieces(
        &self,
        lease: &JobLease,
        entity: EntityId,
        pieces: &[PieceId],
    ) -> Result<bool>;

    /// Puts tasks back in the queue that are done, and of which the piece that their job read is no longer there: another
    /// job may have concluded the entity since, or read the same piece. What they counted is taken back. Gives how
    /// many.
    async fn reopen_tasks(&self, lease: &JobLease) -> Result<u64>;

    /// Tasks of a job, by state if one is given, in the order of their ids.
    async fn tasks(
        &self,
        org: OrgId,
        job: JobId,
        state: Option<TaskState>,
        page: Page,
    ) -> Result<Paged<Task>>;

    /// Takes up waiting tasks and those whose worker died; a task that was started too often ends `FAILED`
    /// instead. Empty when there is nothing to do now.
    async fn lease_tasks(&self, claim: &Claim) -> Result<Vec<LeasedTask>>;

    /// Extends a lease.
    async fn task_heartbeat(&self, lease: &Lease) -> Result<Heartbeat>;

    /// Commits a task's sketches, counts, failures and state in one transaction; `LeaseLost` if somebody else has
    /// taken it over. Delivering it twice counts once.
    async fn complete_task(&self, lease: &Lease, outcome: &TaskOutcome) -> Result<Commit>;

    /// Ends an attempt that failed: the task waits (for `retry_after`) for another one, or ends `FAILED` when there
    /// is none or none is wanted; then the failure is recorded.
    async fn fail_task(
        &self,
        lease: &Lease,
        why: &FailureDraft,
        retry_after: Option<Duration>,
    ) -> Result<TaskState>;

    /// Gives a task back unfinished, as at an orderly shutdown or cancel; the attempt is not counted.
    async fn release_task(&self, lease: &Lease) -> Result<()>;

    /// Records what could not be read outside of any task, all or none.
    async fn record_failures(&self, lease: &JobLease, failures: &[FailureDraft]) -> Result<()>;

    /// What could not be read.
    async fn failures(
        &self,
        org: OrgId,
        filter: &FailureFilter,
        page: Page,
    ) -> Result<Paged<Failure>>;
}

/// Sketches of pieces and columns.
#[async_trait]
pub trait Sketches: Send + Sync {
    /// The pieces of an entity that were read, those of a job that has not concluded it included.
    async fn pieces(&self, org: OrgId, entity: EntityId) -> Result<Vec<PieceHead>>;

    /// One piece with its sketches; `None` where it is not there, as against one without columns.
    async fn piece(
        &self,
        org: OrgId,
        entity: EntityId,
        piece: PieceId,
    ) -> Result<Option<RecordedPiece>>;

    /// Which columns some pieces of an entity hold, without the sketches.
    async fn piece_parts(
        &self,
        org: OrgId,
        entity: EntityId,
        pieces: &[PieceId],
    ) -> Result<Vec<PiecePart>>;

    /// The sketches of some columns in some pieces of an entity, for a caller that has not the memory for all of them.
    async fn piece_columns(
        &self,
        org: OrgId,
        entity: EntityId,
        pieces: &[PieceId],
        columns: &[ColumnId],
    ) -> Result<Vec<(PieceId, PieceColumn)>>;

    /// Writes merged sketches ahead of the conclusion that will name them ([`crate::Merged::staged`]), so that those of
    /// all columns need not be in memory together. Until then nobody sees them; what never is concluded goes with the
    /// next conclusion.
    async fn stage(
        &self,
        lease: &JobLease,
        entity: EntityId,
        staged: PieceId,
        columns: &[PieceColumn],
    ) -> Result<()>;

    /// Commits the result of a job for one entity; `LeaseLost` if somebody else coordinates the job now, `Conflict` if
    /// a piece that makes up the entity is no longer there. Doing so again under the same job replaces it.
    async fn conclude(&self, lease: &JobLease, conclusion: &Conclusion) -> Result<()>;

    /// The merged columns of one entity without their sketches, in the order of the column ids.
    async fn column_heads(&self, org: OrgId, entity: EntityId) -> Result<Vec<ColumnHead>>;

    /// The merged columns of one entity.
    async fn column_records(&self, org: OrgId, entity: EntityId) -> Result<Vec<ColumnRecord>>;

    /// The current record of one column, if it was scanned.
    async fn column_record(&self, org: OrgId, column: ColumnId) -> Result<Option<ColumnRecord>>;

    /// Merged columns of the whole catalog in the order of their ids, those written after a generation if one is
    /// given.
    async fn catalog(
        &self,
        org: OrgId,
        since: Option<u64>,
        page: Page,
    ) -> Result<Paged<ColumnRecord>>;
}

/// Findings of jobs.
#[async_trait]
pub trait Findings: Send + Sync {
    /// Findings, in the order in which they were recorded.
    async fn findings(
        &self,
        org: OrgId,
        filter: &FindingFilter,
        page: Page,
    ) -> Result<Paged<FindingRecord>>;
}

/// What people decided.
#[async_trait]
pub trait Reviews: Send + Sync {
    /// Decides on columns and identifiers, all or none; the last decision stands.
    async fn review(&self, org: OrgId, reviews: &[Review]) -> Result<()>;

    /// Takes a decision back; whether there was one.
    async fn withdraw_review(&self, org: OrgId, column: ColumnId, identifier: &str)
    -> Result<bool>;

    /// Every decision, of one kind if given.
    async fn reviews(&self, org: OrgId, decision: Option<Decision>) -> Result<Vec<Review>>;

    /// Allows values, all or none; those that are already allowed stay so, and the last reason that was given stands.
    async fn allow(&self, org: OrgId, values: &[Allowed]) -> Result<()>;

    /// No longer allows a value, by its hash; whether it was.
    async fn disallow(&self, org: OrgId, hash: u64) -> Result<bool>;

    /// Every allowed value.
    async fn allowed(&self, org: OrgId) -> Result<Vec<Allowed>>;
}

/// What people say of sources and entities.
#[async_trait]
pub trait Annotations: Send + Sync {
    /// Says it of a source or an entity, instead of what was said before.
    async fn annotate(&self, org: OrgId, record: &AnnotationRecord) -> Result<()>;

    /// Everything that was said, by source.
    async fn annotations(&self, org: OrgId) -> Result<Vec<AnnotationRecord>>;
}

/// What people decided about relations between entities.
#[async_trait]
pub trait Relations: Send + Sync {
    /// Decides on relations, all or none; the last decision stands.
    async fn review_relations(&self, org: OrgId, reviews: &[RelationReview]) -> Result<()>;

    /// Takes a decision back; whether there was one.
    async fn withdraw_relation_review(&self, org: OrgId, id: RelationId) -> Result<bool>;

    /// Every decision, in the order of the ids.
    async fn relation_reviews(&self, org: OrgId) -> Result<Vec<RelationReview>>;
}

/// Schedules: what is asked for again and again.
#[async_trait]
pub trait Schedules: Send + Sync {
    /// Makes a schedule or changes it, by id; `Conflict` if another one has the name.
    async fn put_schedule(&self, org: OrgId, draft: &ScheduleDraft) -> Result<Schedule>;

    /// One schedule.
    async fn schedule(&self, org: OrgId, id: ScheduleId) -> Result<Schedule>;

    /// Schedules, in the order of their ids.
    async fn schedules(&self, org: OrgId, page: Page) -> Result<Paged<Schedule>>;

    /// Forgets a schedule; the jobs that it started stay.
    async fn remove_schedule(&self, org: OrgId, id: ScheduleId) -> Result<()>;

    /// Schedules that are due by the store's clock, the longest waiting first, and what time it is.
    async fn due_schedules(&self, org: OrgId, most: u32) -> Result<(Vec<Schedule>, Timestamp)>;

    /// Moves a due schedule on and starts its job, both or neither. Of several that try only one does, and nobody does
    /// while a job of this schedule has not ended.
    async fn fire_schedule(&self, org: OrgId, firing: &Firing, draft: &JobDraft) -> Result<Fired>;

    /// Moves a due schedule on and starts nothing; whether nobody else did before.
    async fn pass_schedule(&self, org: OrgId, firing: &Firing, why: &str) -> Result<bool>;
}

/// Collections: named sets of entities.
#[async_trait]
pub trait Collections: Send + Sync {
    /// Makes a collection or changes it, by id; `Conflict` if another one has the name. What was summed up is forgotten.
    async fn put_collection(&self, org: OrgId, draft: &CollectionDraft) -> Result<Collection>;

    /// One collection.
    async fn collection(&self, org: OrgId, id: CollectionId) -> Result<Collection>;

    /// Collections, in the order of their ids.
    async fn collections(&self, org: OrgId, page: Page) -> Result<Paged<Collection>>;

    /// Forgets a collection; its entities stay.
    async fn remove_collection(&self, org: OrgId, id: CollectionId) -> Result<()>;

    /// Keeps what its members have in common.
    async fn sum_collection(&self, org: OrgId, id: CollectionId, statistics: &Value) -> Result<()>;
}

/// Business rules, and what came of them.
#[async_trait]
pub trait BusinessRules: Send + Sync {
    /// Makes a business rule or changes it, by id; `Conflict` if another one has the name.
    async fn put_business_rule(
        &self,
        org: OrgId,
        draft: &BusinessRuleDraft,
    ) -> Result<BusinessRule>;

    /// One business rule.
    async fn business_rule(&self, org: OrgId, id: BusinessRuleId) -> Result<BusinessRule>;

    /// Business rules, in the order of their ids.
    async fn business_rules(&self, org: OrgId, page: Page) -> Result<Paged<BusinessRule>>;

    /// Forgets a business rule and what came of it.
    async fn remove_business_rule(&self, org: OrgId, id: BusinessRuleId) -> Result<()>;

    /// Records what the holder of a job found; `false`, and nothing is recorded, where the rule was removed meanwhile.
    async fn record_business_result(
        &self,
        lease: &JobLease,
        result: &BusinessResult,
    ) -> Result<bool>;

    /// What came of one, the newest first.
    async fn business_results(
        &self,
        org: OrgId,
        rule: BusinessRuleId,
        page: Page,
    ) -> Result<Paged<BusinessResult>>;

    /// What one job found of its rules.
    async fn business_results_of(&self, org: OrgId, job: JobId) -> Result<Vec<BusinessResult>>;
}

/// Webhooks, and what they are told.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Makes a webhook or changes it, by id; `Conflict` if another one has the name, `NotFound` if one is to keep a secret
    /// that it does not have.
    async fn put_webhook(&self, org: OrgId, draft: &WebhookDraft) -> Result<Webhook>;

    /// One webhook.
    async fn webhook(&self, org: OrgId, id: WebhookId) -> Result<Webhook>;

    /// Webhooks, in the order of their ids.
    async fn webhooks(&self, org: OrgId, page: Page) -> Result<Paged<Webhook>>;

    /// Forgets a webhook and what it was told.
    async fn remove_webhook(&self, org: OrgId, id: WebhookId) -> Result<()>;

    /// Tells one webhook of something, whether it wants to hear of that or not.
    async fn tell_webhook(
        &self,
        org: OrgId,
        id: WebhookId,
        event: (&str, &Value),
    ) -> Result<Delivery>;

    /// Tells of an event to every webhook that hears it and was not told under this text before; gives to how many.
    async fn tell_once(&self, org: OrgId, once: &str, event: (&str, &Value)) -> Result<u64>;

    /// What one was told, the newest first.
    async fn deliveries(
        &self,
        org: OrgId,
        webhook: WebhookId,
        page: Page,
    ) -> Result<Paged<Delivery>>;

    /// Lets a delivery that has ended begin again, with the same id and the same data.
    async fn repeat_delivery(&self, org: OrgId, id: DeliveryId) -> Result<Delivery>;

    /// A delivery whose time has come, for the caller to try: nobody else is given it for so long.
    async fn undertake_delivery(
        &self,
        org: OrgId,
        patience: Duration,
    ) -> Result<Option<DueDelivery>>;

    /// Records what came of trying; `false`, and nothing is recorded, where somebody else has it by now.
    async fn settle_delivery(&self, org: OrgId, delivery: &Delivery, tried: &Tried)
    -> Result<bool>;

    /// Forgets deliveries that ended before.
    async fn forget_deliveries(&self, org: OrgId, before: Timestamp) -> Result<()>;
}

/// DSAR jobs.
#[async_trait]
pub trait Dsars: Send + Sync {
    /// Starts one with a key of its own, unless too many are active.
    async fn start_dsar(&self, org: OrgId, draft: &DsarDraft) -> Result<StartedDsar>;

    /// One of them.
    async fn dsar(&self, org: OrgId, id: DsarId) -> Result<Dsar>;

    /// Those in a state, or all of them, newest first.
    async fn dsars(&self, org: OrgId, state: Option<DsarState>, page: Page) -> Result<Paged<Dsar>>;

    /// How many there are in each state that any is in.
    async fn dsar_counts(&self, org: OrgId) -> Result<Vec<(DsarState, u64)>>;

    /// Changes one that is in one of the states from which that may be done; `Conflict` if it is in another, or changed
    /// since the caller saw it.
    async fn change_dsar(&self, org: OrgId, id: DsarId, change: &DsarChange) -> Result<Dsar>;

    /// What became of one, oldest first.
    async fn dsar_events(&self, org: OrgId, id: DsarId) -> Result<Vec<DsarEvent>>;

    /// Keeps something that was decided or done about one whose key is there, and gives its number; `None` where what may
    /// happen once did before.
    async fn add_dsar_record(
        &self,
        org: OrgId,
        id: DsarId,
        draft: &DsarRecordDraft,
    ) -> Result<Option<u64>>;

    /// What was decided or done about one, of one kind, oldest first.
    async fn dsar_records(&self, org: OrgId, id: DsarId, kind: &str) -> Result<Vec<DsarRecord>>;

    /// Those whose bundles are to be destroyed by the store's clock, the longest waiting first.
    async fn overdue_dsars(&self, org: OrgId, most: u32) -> Result<Vec<Dsar>>;

    /// The key of one; `None` once it was destroyed.
    async fn dsar_key(&self, org: OrgId, id: DsarId) -> Result<Option<DsarKey>>;

    /// Destroys the key of one that has come to its end, and with it all that is known of it but when which state was
    /// reached; whether there was one. `Conflict` while it is active, and while the request that it answers, if it does, is
    /// under a legal hold.
    async fn destroy_dsar_key(
        &self,
        org: OrgId,
        id: DsarId,
        answers: Option<RequestId>,
    ) -> Result<bool>;
}

/// Legal requests of persons.
#[async_trait]
pub trait Requests: Send + Sync {
    /// Records one with a key of its own, and the act of it in the log.
    async fn start_request(&self, org: OrgId, draft: &RequestDraft) -> Result<StartedRequest>;

    /// One of them.
    async fn request(&self, org: OrgId, id: RequestId) -> Result<Request>;

    /// Some of them, and how many there are in all.
    async fn requests(&self, org: OrgId, filter: &RequestFilter) -> Result<(Vec<Request>, u64)>;

    /// Changes one, and records the act in the log; `Conflict` if somebody else changed it since.
    async fn change_request(
        &self,
        org: OrgId,
        id: RequestId,
        change: &RequestChange,
    ) -> Result<Request>;

    /// What became of one, oldest first.
    async fn request_events(&self, org: OrgId, id: RequestId) -> Result<Vec<RequestEvent>>;

    /// A file of one; `NotFound` too once the key was destroyed.
    async fn request_file(&self, org: OrgId, id: RequestId, file: uuid::Uuid) -> Result<Vec<u8>>;

    /// Destroys the key of one on which nothing is owed, with its files, and all that is known of it but when which state
    /// was reached; whether there was one. `Conflict` while it is open, held, or to be retained by the store's clock.
    async fn destroy_request_key(
        &self,
        org: OrgId,
        id: RequestId,
        audit: &AuditDraft,
    ) -> Result<bool>;
}

/// How entities are used, day by day.
#[async_trait]
pub trait UsageDays: Send + Sync {
    /// Keeps what sources say now of some entities, under today; what was said first today stays beside it.
    async fn put_usage(&self, lease: &JobLease, drafts: &[UsageDraft]) -> Result<()>;

    /// What was said of some entities on these days, both included (since 1970, UTC), and on the last day before them, by
    /// entity and day.
    async fn usage(
        &self,
        org: OrgId,
        entities: &[EntityId],
        days: (i64, i64),
    ) -> Result<Vec<UsageDay>>;
}

/// Settings by name.
#[async_trait]
pub trait Settings: Send + Sync {
    /// A setting.
    async fn setting(&self, org: OrgId, name: &str) -> Result<Option<Value>>;

    /// The setting; where there is none it is this value from now on, whoever else asks at the same time.
    async fn setting_or(&self, org: OrgId, name: &str, value: &Value) -> Result<Value>;

    /// Sets it; `None` removes it.
    async fn set_setting(&self, org: OrgId, name: &str, value: Option<&Value>) -> Result<()>;
}

/// Keys of the programming interface.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Makes a key.
    async fn add_api_key(&self, org: OrgId, draft: &ApiKeyDraft) -> Result<ApiKey>;

    /// Makes the first key of an organisation; `None`, and nothing is made, where there ever was one. Several servers may
    /// start at the same time.
    async fn add_first_api_key(&self, org: OrgId, draft: &ApiKeyDraft) -> Result<Option<ApiKey>>;

    /// The key with this hash, of whatever organisation, revoked and expired ones included.
    async fn api_key(&self, token_hash: &[u8; 32]) -> Result<Option<ApiKey>>;

    /// Every key, oldest first.
    async fn api_keys(&self, org: OrgId) -> Result<Vec<ApiKey>>;

    /// Lets nobody in any more by that key; doing so twice changes nothing.
    async fn revoke_api_key(&self, org: OrgId, id: ApiKeyId) -> Result<ApiKey>;
}

/// Who did what.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds a row to the chain.
    async fn record_audit(&self, org: OrgId, draft: &AuditDraft) -> Result<AuditRecord>;

    /// Adds rows to the chain in that order, all of them or none.
    async fn record_audits(&self, org: OrgId, drafts: &[AuditDraft]) -> Result<()>;

    /// What was recorded, newest first.
    async fn audit(&self, org: OrgId, page: Page) -> Result<Paged<AuditRecord>>;

    /// Reads the whole log and verifies it, also against a head that was kept elsewhere.
    async fn check_audit(&self, org: OrgId, known: Option<&Head>) -> Result<AuditChecked>;

    /// Entries of the chain in their order, those of one request if one is given, after that number.
    async fn audit_entries(
        &self,
        org: OrgId,
        request: Option<RequestId>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Entry>>;
}

/// Looking after the store itself.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// What time it is by the store's clock, which several machines may share.
    async fn clock(&self) -> Result<Timestamp>;

    /// Writes everything to a new file while the store stays in use; sealed contents stay sealed. `Conflict` if
    /// the file exists.
    async fn backup(&self, file: &Path) -> Result<()>;

    /// Reads the whole store and says whether it is sound.
    async fn check(&self) -> Result<()>;

    /// Gives room of what was deleted back: SQLite to the disk, leaving no old bytes behind; PostgreSQL to new rows,
    /// without keeping anybody waiting.
    async fn compact(&self) -> Result<()>;

    /// Forgets ended jobs with their tasks, failures and findings, and gives how many. Of each specification the
    /// newest `keep` stay, and the latest that completed however old; so do jobs that ended within `time`, since somebody
    /// may still ask how, and jobs that wait or run, whose pieces are still in use, or that a kept job names as its parent. Findings that hold now stay in any case. An idempotency
    /// key is forgotten with its job.
    async fn prune(&self, org: OrgId, keep: u32, time: Duration) -> Result<u64>;

    /// Wraps every key under another master key; no data is touched. The caller keeps the key: [`crate::rotate`] does
    /// both so that neither can be lost.
    async fn rotate_master_key(&self, new: &MasterKey) -> Result<()>;

    /// Ends all connections and frees the home.
    async fn close(&self);
}
