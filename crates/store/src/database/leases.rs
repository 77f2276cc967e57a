//! Leases of tasks: taken, extended, given back.
//!
//! A fence grows with every change of hands. Time only decides when a task may be taken over; whether a worker may still
//! commit is decided by its fence, so a clock that is wrong costs work but never counts anything twice.

use locard_model::{JobId, OrgId, TaskId};

use super::Database;
use super::jobs::until;
use super::tasks::{SELECT, put_failures, task};
use crate::sql::{Row, Session, Statement};
use crate::{Claim, FailureDraft, Heartbeat, Lease, LeasedTask, Result};

/// Jobs that are looked at for one lease; those at the front may have all their tasks in work.
const JOBS: i64 = 16;

impl Database {
    pub(super) async fn lease(&self, claim: &Claim) -> Result<Vec<LeasedTask>> {
        for (org, job) in self.jobs_with_work(claim).await? {
            // Where every candidate had to be given up, there may be more behind them.
            while let Some(leased) = self.lease_in(claim, org, job).await? {
                if !leased.is_empty() {
                    return Ok(leased);
                }
            }
        }
        Ok(Vec::new())
    }

    async fn jobs_with_work(&self, claim: &Claim) -> Result<Vec<(OrgId, JobId)>> {
        if let Some((org, _)) = claim.job {
            self.vault(org).await?;
        }
        let mut session = self.read().await?;
        let now = session.now().await?;
        let statement = Statement::new("select org_id, id from jobs where state in ('QUEUED', 'RUNNING')")
            .with_some(" and org_id = ", claim.job.map(|(org, _)| org))
            .with_some(" and id = ", claim.job.map(|(_, job)| job))
            .text(" and cancel_requested_at is null")
            .with(" and (affinity is null or affinity = ", claim.affinity.clone())
            // Else SQLite would look through all tasks of the job, those that are done first.
            .text(") and exists (select 1 from tasks where tasks.org_id = jobs.org_id and tasks.job_id = jobs.id and tasks.ordinal >= 0");
        let statement =
            ready(statement, now).with(") order by priority desc, created_at limit ", JOBS);
        let rows = session.rows(statement).await?;
        rows.iter()
            .map(|row| Ok((OrgId(row.id("org_id")?), JobId(row.id("id")?))))
            .collect()
    }

    /// Tasks of one job; `None` when it has none that are ready.
    async fn lease_in(
        &self,
        claim: &Claim,
        org: OrgId,
        job: JobId,
    ) -> Result<Option<Vec<LeasedTask>>> {
        let vault = self.vault(org).await?;
        let mut session = self.write().await?;
        let now = session.now().await?;
        // The job's row first (see the lock order), and its state again, now that it cannot change.
        let held = Statement::new(
            "select state from jobs where org_id = $1 and id = $2 and cancel_requested_at is null",
        )
        .bind(org)
        .bind(job)
        .text(" and state in ('QUEUED', 'RUNNING')")
        .text(session.for_update());
        if session.row(held).await?.is_none() {
            return Ok(None);
        }
        let statement = Statement::new(SELECT)
            .with(" where org_id = ", org)
            .with(" and job_id = ", job);
        let statement = ready(statement, now)
            .with_any(" and piece_id in ", claim.pieces.iter().copied())
            .with(" order by ordinal limit ", claim.limit.max(1))
            .text(session.skip_locked());
        let candidates = session.rows(statement).await?;
        if candidates.is_empty() {
            return Ok(None);
        }
        let mut leased = Vec::new();
        for row in candidates {
            if row.small("attempts")? < row.small("max_attempts")? {
                leased.push(lease_of(claim, &row)?);
            } else {
                give_up(&mut *session, &vault, &row, now).await?;
            }
        }
        let taken = Statement::new(include_str!("take_tasks.sql"))
            .bind(org)
            .bind(claim.worker)
            .bind(until(now, claim.lease_for))
            .bind(now)
            .with_list(" and id in ", leased.iter().map(|lease| lease.task));
        session.run(taken).await?;
        let tasks = leased.iter().map(|lease| lease.task);
        let statement = Statement::new(SELECT)
            .with(" where org_id = ", org)
            .with_list(" and id in ", tasks);
        let rows = session.rows(statement.text(" order by ordinal")).await?;
        session.commit().await?;
        let pair = |(lease, row): (&Lease, &Row)| {
            Ok(LeasedTask {
                lease: *lease,
                task: task(row, &vault)?,
            })
        };
        leased
            .iter()
            .zip(&rows)
            .map(pair)
            .collect::<Result<_>>()
            .map(Some)
    }

    pub(super) async fn extend(&self, lease: &Lease) -> Result<Heartbeat> {
        self.vault(lease.org).await?;
        let mut session = self.write().await?;
        let now = session.now().await?;
        let statement = Statement::new(include_str!("task_heartbeat.sql"))
            .bind(lease.org)
            .bind(lease.task)
            .bind(lease.fence)
            .bind(until(now, lease.lease_for));
        if session.run(statement).await? == 0 {
            return Ok(Heartbeat::Lost);
        }
        let job =
            Statement::new("select cancel_requested_at from jobs where org_id = $1 and id = $2");
        let job = session.row(job.bind(lease.org).bind(lease.job)).await?;
        session.commit().await?;
        let cancelled = job
            .map(|row| row.time_if("cancel_requested_at"))
            .transpose()?
            .flatten()
            .is_some();
        Ok(if cancelled {
            Heartbeat::Cancel
        } else {
            Heartbeat::Extended
        })
    }

    pub(super) async fn release(&self, lease: &Lease) -> Result<()> {
        self.vault(lease.org).await?;
        let mut session = self.write().await?;
        let now = session.now().await?;
        let statement = Statement::new(include_str!("release_task.sql"));
        let statement = statement
            .bind(lease.org)
            .bind(lease.task)
            .bind(lease.fence)
            .bind(lease.job)
            .bind(now);
        session.run(statement).await?;
        session.commit().await
    }
}

/// Tasks that wait, and those whose worker has been silent for too long.
fn ready(statement: Statement, now: i64) -> Statement {
    // The first condition follows from the others; it lets the index of open tasks be used.
    statement
        .text(" and tasks.state in ('QUEUED', 'RUNNING')")
        .with(
            " and (tasks.state = 'QUEUED' and tasks.available_at <= ",
            now,
        )
        .with(" or tasks.state = 'RUNNING' and tasks.lease_until <= ", now)
        .text(")")
}

/// The right to a task that is taken up now.
fn lease_of(claim: &Claim, row: &Row) -> Result<Lease> {
    Ok(Lease {
        org: OrgId(row.id("org_id")?),
        job: JobId(row.id("job_id")?),
        task: TaskId(row.id("id")?),
        worker: claim.worker,
        fence: row.count("fence")? + 1,
        lease_for: claim.lease_for,
    })
}

/// Ends a task that took its worker down every time it was tried.
async fn give_up(
    session: &mut dyn Session,
    vault: &crate::vault::Vault,
    row: &Row,
    now: i64,
) -> Result<()> {
    let given_up = task(row, vault)?;
    let why = FailureDraft {
        source: None,
        entity: given_up.entity,
        resource: None,
        kind: "interrupted".to_owned(),
        sentence: format!(
            "its worker ended {} times without an answer",
            given_up.attempts
        ),
        place: None,
        hint: Some("look for a crash or lack of memory in the worker's log".to_owned()),
        records: 0,
    };
    super::outcomes::end_failed(session, vault, &given_up, &why, now).await?;
    put_failures(session, vault, given_up.job, Some(given_up.id), &[why]).await
}
