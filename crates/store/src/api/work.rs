//! Work: jobs, their tasks, schedules that start jobs, and webhooks that are told of them.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use locard_model::{EntityId, JobId, OrgId, PieceId, TaskState};
use serde_json::Value;

use crate::Result;
use crate::rows::{
    Claim, Commit, Delivery, DeliveryId, DueDelivery, EntityRead, Failure, FailureDraft,
    FailureFilter, Fired, Firing, Heartbeat, Job, JobDraft, JobFilter, JobLease, JobOutcome, Lease,
    LeasedTask, Page, Paged, Schedule, ScheduleDraft, ScheduleId, Started, Task, TaskDraft,
    TaskOutcome, Tried, Webhook, WebhookDraft, WebhookId, WorkerId,
};

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

    /// Takes pieces of entities over that jobs which have ended read whole, all or none: they are this job's from here on,
    /// and its tasks of them, which must wait, are done. Gives whether all were.
    async fn adopt_pieces(
        &self,
        lease: &JobLease,
        entities: &[(EntityId, Vec<PieceId>)],
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

    /// Commits entities that were read, with what was concluded of them, in one transaction: all or none. The refusals are
    /// those of [`Tasks::complete_task`] and [`crate::Sketches::conclude`]; an entity whose task is committed already is left as
    /// it is.
    async fn complete_entities(&self, lease: &JobLease, read: &[EntityRead]) -> Result<()>;

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
