//! Jobs: accepted, listed, cancelled, coordinated, ended.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use locard_model::{JobId, JobState, OrgId};
use serde_json::Value;
use uuid::Uuid;

use super::{Database, limit, paged, webhooks};
use crate::ids;
use crate::sql::{Row, Session, Statement};
use crate::vault::{Cell, Vault};
use crate::{
    Author, Error, ErrorKind, Heartbeat, Job, JobCounts, JobDraft, JobFilter, JobLease, JobOutcome,
    Jobs, Page, Paged, Result, ScheduleId, Started, WorkerId,
};

pub(super) const SELECT: &str = include_str!("job.sql");

pub(super) fn cell<'a>(name: &'static str, id: &'a JobId) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(&id.0),
    }
}

pub(super) fn job(row: &Row, vault: &Vault, now: i64) -> Result<Job> {
    let id = JobId(row.id("id")?);
    let outcome: Option<Vec<u8>> = row.get("outcome")?;
    let error: Option<Vec<u8>> = row.get("error")?;
    let details: Option<Vec<u8>> = row.get("details")?;
    Ok(Job {
        org: vault.org(),
        id,
        kind: row.get("kind")?,
        state: row.word("state", JobState::parse)?,
        spec: vault.unseal_as(cell("jobs.spec", &id), &row.blob("spec")?)?,
        details: details
            .map(|blob| vault.unseal_as(cell("jobs.details", &id), &blob))
            .transpose()?
            .unwrap_or_default(),
        priority: row.get::<i64>("priority")? as i32,
        parent: row.get::<Option<_>>("parent_id")?.map(JobId),
        schedule: row.get::<Option<_>>("schedule_id")?.map(ScheduleId),
        affinity: row.get("affinity")?,
        created_at: row.time("created_at")?,
        queued_at: row.time("queued_at")?,
        not_before: Some(row.time("not_before")?).filter(|at| at.as_microsecond() > now),
        started_at: row.time_if("started_at")?,
        heartbeat_at: row.time_if("heartbeat_at")?,
        held: row.get::<i64>("lease_until")? > now,
        ended_at: row.time_if("ended_at")?,
        cancel_requested_at: row.time_if("cancel_requested_at")?,
        counts: counts(row)?,
        deaths: row.count("deaths")?,
        outcome: outcome
            .map(|blob| vault.unseal_as(cell("jobs.outcome", &id), &blob))
            .transpose()?,
        error: error
            .map(|blob| vault.unseal_as(cell("jobs.error", &id), &blob))
            .transpose()?,
    })
}

fn counts(row: &Row) -> Result<JobCounts> {
    Ok(JobCounts {
        tasks: row.count("tasks")?,
        tasks_done: row.count("tasks_done")?,
        tasks_failed: row.count("tasks_failed")?,
        rows: row.count("row_count")?,
        bytes: row.count("byte_count")?,
        faults: row.count("faults")?,
        failures: row.count("failures")?,
        findings: row.count("findings")?,
    })
}

/// The job in this session's view, so that an answer shows what the transaction did.
pub(super) async fn fetch(session: &mut dyn Session, vault: &Vault, id: JobId) -> Result<Job> {
    let statement = Statement::new(SELECT)
        .bind(vault.org())
        .with(" and id = ", id);
    let row = session.row(statement).await?;
    let now = session.now().await?;
    job(&row.ok_or_else(|| Error::not_found("job"))?, vault, now)
}

/// The id of a job that is started now: jobs are ordered by their ids.
async fn next_id(session: &mut dyn Session, org: OrgId, drafted: JobId) -> Result<JobId> {
    let latest = Statement::new("select id from jobs")
        .with(" where org_id = ", org)
        .text(" order by id desc limit 1");
    let latest = session.row(latest).await?;
    let latest = latest.map(|row| row.id("id")).transpose()?;
    Ok(JobId(ids::after(latest, drafted.0)))
}

/// How a job is to be run, where there is something to say.
fn details(vault: &Vault, id: &JobId, details: &Value) -> Result<Option<Vec<u8>>> {
    let said = (!details.is_null()).then_some(details);
    said.map(|details| vault.seal_as(cell("jobs.details", id), details))
        .transpose()
}

/// What equal jobs have in common.
fn spec_hash(vault: &Vault, kind: &str, spec: &[u8]) -> Result<Uuid> {
    vault.digest("job spec", &[kind.as_bytes(), &[0], spec].concat())
}

fn written(spec: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec(spec).map_err(|error| {
        Error::new(ErrorKind::Invalid, "the job's specification is not JSON").cause(error)
    })
}

fn idempotency_hash(vault: &Vault, draft: &JobDraft) -> Result<Option<Uuid>> {
    let key = draft.idempotency_key.as_ref();
    key.map(|key| vault.digest("idempotency key", key.as_bytes()))
        .transpose()
}

/// Puts a job in the queue; `None`, and nothing is done, where its idempotency key was used before.
pub(super) async fn insert(
    session: &mut dyn Session,
    vault: &Vault,
    draft: &JobDraft,
) -> Result<Option<Job>> {
    let (org, now) = (vault.org(), session.now().await?);
    let spec = written(&draft.spec)?;
    let id = next_id(session, org, draft.id).await?;
    let statement = Statement::new(include_str!("start_job.sql"))
        .bind(org)
        .bind(id)
        .bind(draft.kind.as_str())
        .bind(vault.seal(cell("jobs.spec", &id), &spec)?)
        .bind(spec_hash(vault, &draft.kind, &spec)?)
        .bind(idempotency_hash(vault, draft)?)
        .bind(draft.priority)
        .bind(draft.parent)
        .bind(draft.schedule)
        .bind(draft.affinity.clone())
        .bind(draft.not_before.map_or(0, Timestamp::as_microsecond))
        .bind(now)
        .bind(details(vault, &id, &draft.details)?);
    if session.run(statement).await? == 0 {
        return Ok(None);
    }
    fetch(session, vault, id).await.map(Some)
}

/// The hash of the specification that is asked for.
fn wanted_spec(vault: &Vault, filter: &JobFilter) -> Result<Option<Uuid>> {
    let Some(spec) = &filter.spec else {
        return Ok(None);
    };
    let kind = filter.kind.as_deref().ok_or_else(|| {
        let sentence = "a specification is looked for together with its kind";
        Error::new(ErrorKind::Invalid, sentence)
    })?;
    spec_hash(vault, kind, &written(spec)?).map(Some)
}

/// Locks the job's row; `NotFound` if there is none.
async fn lock(session: &mut dyn Session, org: OrgId, id: JobId) -> Result<Row> {
    let statement = Statement::new(
        "select state, idempotency_hash, not_before, lease_until, fence, cancel_requested_at from jobs where org_id = $1 and id = $2",
    );
    let statement = statement.bind(org).bind(id).text(session.for_update());
    session
        .row(statement)
        .await?
        .ok_or_else(|| Error::not_found("job"))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}

/// The end of a lease that begins now.
pub(super) fn until(now: i64, lease_for: Duration) -> i64 {
    now.saturating_add(micros(lease_for))
}

/// Takes the job under a new fence; the caller has locked its row.
async fn take(
    session: &mut dyn Session,
    org: OrgId,
    id: JobId,
    claim: (WorkerId, Duration),
    now: i64,
) -> Result<JobLease> {
    let (worker, lease_for) = claim;
    // Whoever had it before may have died in the middle: what failed outside of tasks is tried again, and told again.
    let told = "delete from failures where org_id = $1 and job_id = $2 and task_id is null";
    session.run(Statement::new(told).bind(org).bind(id)).await?;
    let statement = Statement::new(include_str!("take_job.sql"))
        .bind(org)
        .bind(id)
        .bind(worker)
        .bind(until(now, lease_for))
        .bind(now);
    let row = session
        .row(statement)
        .await?
        .ok_or_else(|| Error::not_found("job"))?;
    Ok(JobLease {
        org,
        job: id,
        worker,
        fence: row.count("fence")?,
        lease_for,
    })
}

/// The job that a worker with one of these affinities is to take up next.
fn runnable(org: OrgId, affinities: &[String], now: i64) -> Statement {
    Statement::new("select id from jobs where state in ('QUEUED', 'RUNNING', 'CANCELLING')")
        .with(" and org_id = ", org)
        .with_list(" and affinity in ", affinities.iter().map(String::as_str))
        .with(" and not_before <= ", now)
        .with(" and (state = 'QUEUED' or lease_until <= ", now)
        .text(
            ") and not exists (select 1 from jobs busy where busy.org_id = jobs.org_id \
            and busy.spec_hash = jobs.spec_hash and busy.id <> jobs.id \
            and busy.state in ('RUNNING', 'CANCELLING')",
        )
        .with(" and busy.lease_until > ", now)
        .text(") order by priority desc, created_at, id limit 1")
}

/// Ends the tasks that still wait. Whoever works on one keeps its lease until the job ends.
const DROP_WAITING: &str = "update tasks set state = 'CANCELLED', ended_at = $3 where org_id = $1 and job_id = $2 and state = 'QUEUED'";

#[async_trait]
impl Jobs for Database {
    async fn start_job(&self, org: OrgId, draft: &JobDraft) -> Result<Started> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        if let Some(job) = insert(&mut *session, &vault, draft).await? {
            session.commit().await?;
            return Ok(Started { job, new: true });
        }
        let spec_hash = spec_hash(&vault, &draft.kind, &written(&draft.spec)?)?;
        let key = idempotency_hash(&vault, draft)?;
        let first = Statement::new(
            "select id, spec_hash from jobs where org_id = $1 and idempotency_hash = $2",
        );
        let row = session
            .row(first.bind(org).bind(key))
            .await?
            .ok_or_else(|| Error::not_found("job"))?;
        if row.id("spec_hash")? != spec_hash {
            return Err(Error::new(
                ErrorKind::Conflict,
                "this idempotency key was used for another job",
            )
            .hint("use a new key for a new job"));
        }
        let job = fetch(&mut *session, &vault, JobId(row.id("id")?)).await?;
        Ok(Started { job, new: false })
    }

    async fn job(&self, org: OrgId, id: JobId) -> Result<Job> {
        let vault = self.vault(org).await?;
        fetch(&mut *self.read().await?, &vault, id).await
    }

    async fn jobs(&self, org: OrgId, filter: &JobFilter, page: Page) -> Result<Paged<Job>> {
        let vault = self.vault(org).await?;
        let mut statement = Statement::new(SELECT).bind(org);
        if !filter.states.is_empty() {
            statement = statement.with_list(
                " and state in ",
                filter.states.iter().map(|state| state.as_str()),
            );
        }
        let statement = statement
            .with_some(" and kind = ", filter.kind.as_deref())
            .with_some(" and spec_hash = ", wanted_spec(&vault, filter)?)
            .with_some(" and schedule_id = ", filter.schedule)
            .with_some(" and parent_id = ", filter.parent)
            .with_some(" and id >= ", filter.between.map(|(from, _)| from))
            .with_some(" and id <= ", filter.between.map(|(_, to)| to))
            .with_some(" and id < ", page.after)
            .with(" order by id desc limit ", limit(page)?);
        let mut session = self.read().await?;
        let rows = session.rows(statement).await?;
        let now = session.now().await?;
        paged(rows, page, "id", |row| job(row, &vault, now))
    }

    async fn cancel_job(&self, org: OrgId, id: JobId) -> Result<Job> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let row = lock(&mut *session, org, id).await?;
        if !row.word("state", JobState::parse)?.is_final() {
            let now = session.now().await?;
            session
                .run(Statement::new(DROP_WAITING).bind(org).bind(id).bind(now))
                .await?;
            // With nobody at work there is nobody to wind down.
            let statement = Statement::new(include_str!("cancel_job.sql"))
                .bind(org)
                .bind(id)
                .bind(now);
            session.run(statement).await?;
            let job = fetch(&mut *session, &vault, id).await?;
            webhooks::ended(&mut *session, &vault, &job).await?;
        }
        let job = fetch(&mut *session, &vault, id).await?;
        session.commit().await?;
        Ok(job)
    }

    async fn claim_job(
        &self,
        org: OrgId,
        id: JobId,
        worker: WorkerId,
        lease_for: Duration,
    ) -> Result<JobLease> {
        self.vault(org).await?;
        let mut session = self.write().await?;
        let row = lock(&mut *session, org, id).await?;
        let now = session.now().await?;
        let state = row.word("state", JobState::parse)?;
        if state.is_final() {
            return Err(
                Error::new(ErrorKind::Conflict, format!("the job has ended: {state}"))
                    .hint("`locard jobs show` tells what came out"),
            );
        }
        if row.get::<i64>("not_before")? > now {
            let at = row.time("not_before")?;
            let sentence = format!("the job is not to be taken up before {at:.0}");
            return Err(Error::new(ErrorKind::Conflict, sentence));
        }
        if state != JobState::Queued && row.get::<i64>("lease_until")? > now {
            return Err(Error::new(
                ErrorKind::Conflict,
                "another process works on this job",
            ));
        }
        let lease = take(&mut *session, org, id, (worker, lease_for), now).await?;
        session.commit().await?;
        Ok(lease)
    }

    async fn claim_next_job(
        &self,
        org: OrgId,
        affinities: &[String],
        worker: WorkerId,
        lease_for: Duration,
    ) -> Result<Option<JobLease>> {
        self.vault(org).await?;
        // Most times there is nothing to do, and whoever looks must not keep others from writing.
        let mut session = self.read().await?;
        let now = session.now().await?;
        let waiting = runnable(org, affinities, now);
        if session.row(waiting).await?.is_none() {
            return Ok(None);
        }
        drop(session);
        let mut session = self.write().await?;
        let now = session.now().await?;
        let next = runnable(org, affinities, now).text(session.skip_locked());
        let Some(row) = session.row(next).await? else {
            return Ok(None);
        };
        let id = JobId(row.id("id")?);
        let lease = take(&mut *session, org, id, (worker, lease_for), now).await?;
        session.commit().await?;
        Ok(Some(lease))
    }

    async fn job_heartbeat(&self, lease: &JobLease) -> Result<Heartbeat> {
        self.vault(lease.org).await?;
        let mut session = self.write().await?;
        let now = session.now().await?;
        let statement = Statement::new(include_str!("job_heartbeat.sql"))
            .bind(lease.org)
            .bind(lease.job)
            .bind(lease.fence)
            .bind(until(now, lease.lease_for))
            .bind(now);
        let Some(row) = session.row(statement).await? else {
            return Ok(Heartbeat::Lost);
        };
        session.commit().await?;
        Ok(if row.time_if("cancel_requested_at")?.is_some() {
            Heartbeat::Cancel
        } else {
            Heartbeat::Extended
        })
    }

    async fn postpone_job(&self, lease: &JobLease, until: Timestamp) -> Result<bool> {
        self.vault(lease.org).await?;
        let mut session = self.write_durably().await?;
        let statement = Statement::new(include_str!("postpone_job.sql"))
            .bind(lease.org)
            .bind(lease.job)
            .bind(lease.fence)
            .bind(until);
        let changed = session.run(statement).await?;
        session.commit().await?;
        Ok(changed > 0)
    }

    async fn hasten_job(&self, org: OrgId, id: JobId) -> Result<()> {
        self.vault(org).await?;
        let mut session = self.write().await?;
        let text =
            "update jobs set not_before = 0 where org_id = $1 and id = $2 and state = 'QUEUED'";
        session.run(Statement::new(text).bind(org).bind(id)).await?;
        session.commit().await
    }

    async fn finish_job(&self, lease: &JobLease, outcome: &JobOutcome) -> Result<Job> {
        if !outcome.state.is_final() {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("a job does not end {}", outcome.state),
            ));
        }
        let vault = self.vault(lease.org).await?;
        let mut session = self.write_durably().await?;
        let row = lock(&mut *session, lease.org, lease.job).await?;
        if row.count("fence")? != lease.fence {
            return Err(lost_job());
        }
        if !row.word("state", JobState::parse)?.is_final() {
            end(&mut *session, &vault, lease, outcome).await?;
            let job = fetch(&mut *session, &vault, lease.job).await?;
            webhooks::ended(&mut *session, &vault, &job).await?;
        }
        let job = fetch(&mut *session, &vault, lease.job).await?;
        session.commit().await?;
        Ok(job)
    }

    async fn retry_job(&self, org: OrgId, id: JobId) -> Result<Job> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let row = lock(&mut *session, org, id).await?;
        if !row.word("state", JobState::parse)?.is_final() {
            return Err(Error::new(ErrorKind::Conflict, "the job has not ended yet"));
        }
        let now = session.now().await?;
        for text in [
            include_str!("retry_failures.sql"),
            include_str!("retry_tasks.sql"),
        ] {
            session.run(Statement::new(text).bind(org).bind(id)).await?;
        }
        session
            .run(
                Statement::new(include_str!("retry_job.sql"))
                    .bind(org)
                    .bind(id)
                    .bind(now),
            )
            .await?;
        let job = fetch(&mut *session, &vault, id).await?;
        session.commit().await?;
        Ok(job)
    }
}

/// Ends the job and whatever of its tasks has not ended; a worker that still has one loses its lease.
async fn end(
    session: &mut dyn Session,
    vault: &Vault,
    lease: &JobLease,
    outcome: &JobOutcome,
) -> Result<()> {
    let now = session.now().await?;
    let told = outcome
        .outcome
        .as_ref()
        .map(|value| vault.seal_as(cell("jobs.outcome", &lease.job), value))
        .transpose()?;
    let error = outcome
        .error
        .as_ref()
        .map(|text| vault.seal_as(cell("jobs.error", &lease.job), text))
        .transpose()?;
    let statement = Statement::new(include_str!("finish_job.sql"))
        .bind(lease.org)
        .bind(lease.job)
        .bind(outcome.state.as_str())
        .bind(told)
        .bind(error)
        .bind(now);
    session.run(statement).await?;
    let statement = Statement::new(include_str!("drop_tasks.sql"))
        .bind(lease.org)
        .bind(lease.job)
        .bind(now);
    session.run(statement).await?;
    Ok(())
}

/// The last statement of a transaction of the job's coordinator: `LeaseLost`, and nothing is written, where that is
/// another by now.
pub(super) async fn hold(session: &mut dyn Session, lease: &JobLease) -> Result<()> {
    let now = session.now().await?;
    let statement = Statement::new(include_str!("hold_job.sql"))
        .bind(lease.org)
        .bind(lease.job)
        .bind(lease.fence)
        .bind(now);
    if session.run(statement).await? == 0 {
        return Err(lost_job());
    }
    Ok(())
}

/// The same for whoever need not be a coordinator.
pub(super) async fn authorise(session: &mut dyn Session, author: &Author) -> Result<()> {
    match author {
        Author::Job(lease) => hold(session, lease).await,
        Author::Person(_) => Ok(()),
    }
}

/// The answer to whoever shows an old fence.
pub(super) fn lost_job() -> Error {
    Error::new(
        ErrorKind::LeaseLost,
        "another process has taken this job over",
    )
}
