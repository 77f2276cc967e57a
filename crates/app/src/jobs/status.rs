//! How a job stands, as programs are told.

use jiff::Timestamp;
use locard_engine::Failure;
use locard_model::{JobId, JobState};
use locard_store::{Job, JobCounts, JobFilter, Page, ScheduleId};
use serde_json::Value;
use uuid::Uuid;

use crate::access::Actor;
use crate::catalog::scope::ScopeItem;
use crate::work::order::Details;
use crate::{Error, Home, Result, jobs, work};

/// How a job stands.
#[derive(Clone, Debug)]
pub struct JobStatus {
    /// Its id.
    pub id: JobId,
    /// What it does.
    pub kind: String,
    /// What the face that asked for it calls that.
    pub label: Option<String>,
    /// State.
    pub state: JobState,
    /// The job that it repeats.
    pub parent: Option<JobId>,
    /// Who asked for it.
    pub actor: Option<Actor>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Until when it waits for the scan windows of its sources.
    pub waits_until: Option<Timestamp>,
    /// When it was first taken up.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What was done so far.
    pub counts: JobCounts,
    /// What came out.
    pub outcome: Option<Value>,
    /// Why it failed as a whole.
    pub error: Option<String>,
    /// What of the question was not heeded.
    pub warnings: Vec<String>,
    /// What it is about: its sources, and of them the entities if not all.
    pub items: Vec<ScopeItem>,
}

impl JobStatus {
    /// Share of its pieces that are done, 0 to 1; of a job without pieces nothing is known until it ends.
    pub fn progress(&self) -> f64 {
        let done = self.counts.tasks_done + self.counts.tasks_failed;
        match (self.state, self.counts.tasks) {
            (JobState::Completed | JobState::Partial, _) => 1.0,
            (_, 0) => 0.0,
            (_, tasks) => done as f64 / tasks as f64,
        }
    }

    /// Milliseconds from its start to its end, or until now.
    pub fn duration(&self, now: Timestamp) -> i64 {
        let Some(started) = self.started_at else {
            return 0;
        };
        let end = self.ended_at.unwrap_or(now);
        (end.as_millisecond() - started.as_millisecond()).max(0)
    }

    fn of(job: Job) -> Self {
        // What cannot be told must not keep the rest from being told.
        let details = Details::read(&job.details).unwrap_or_default();
        let waits_until = work::waits_until(&job);
        Self {
            id: job.id,
            kind: job.kind,
            label: details.label,
            state: job.state,
            parent: job.parent,
            actor: details.actor,
            created_at: job.created_at,
            waits_until,
            started_at: job.started_at,
            ended_at: job.ended_at,
            counts: job.counts,
            outcome: job.outcome,
            error: job.error,
            warnings: details.warnings,
            items: details.items,
        }
    }
}

/// How the job of that id stands.
pub async fn job_status(home: &Home, id: JobId) -> Result<JobStatus> {
    let job = home.store.job(home.org, id).await.map_err(Error::from)?;
    Ok(JobStatus::of(job))
}

/// What failed in it.
pub async fn job_failures(home: &Home, id: JobId) -> Result<Vec<Failure>> {
    jobs::failures(home, id).await
}

/// Which jobs are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobsWanted {
    /// In this state.
    pub state: Option<JobState>,
    /// Of this kind.
    pub kind: Option<String>,
    /// That repeat this job.
    pub parent: Option<JobId>,
    /// That this schedule started.
    pub schedule: Option<Uuid>,
}

/// Jobs that are wanted, the newest first, after that one if one is given; and where to go on.
pub async fn job_statuses(
    home: &Home,
    wanted: &JobsWanted,
    after: Option<Uuid>,
    limit: u32,
) -> Result<(Vec<JobStatus>, Option<Uuid>)> {
    let filter = JobFilter {
        states: wanted.state.into_iter().collect(),
        kind: wanted.kind.clone(),
        parent: wanted.parent,
        schedule: wanted.schedule.map(ScheduleId),
        ..JobFilter::default()
    };
    let page = Page { after, limit };
    let found = home.store.jobs(home.org, &filter, page).await?;
    let jobs = found.items.into_iter().map(JobStatus::of);
    Ok((jobs.collect(), found.next))
}
