//! How tasks end. Everything that an attempt produced is committed with its state, or nothing is.

use std::time::Duration;

use locard_model::TaskState;

use super::Database;
use super::jobs::until;
use super::sketches::put_pieces;
use super::tasks::{SELECT, cell, put_failures, task};
use crate::sql::{Session, Statement};
use crate::vault::Vault;
use crate::{Commit, Error, ErrorKind, FailureDraft, Lease, Result, Task, TaskOutcome};

/// Where a lease stands.
pub(super) enum Standing {
    Held,
    Committed,
}

impl Database {
    pub(super) async fn complete(&self, lease: &Lease, outcome: &TaskOutcome) -> Result<Commit> {
        let vault = self.vault(lease.org).await?;
        let mut session = self.write().await?;
        let row = task_row(&mut *session, lease).await?;
        let planned = task(&row, &vault)?;
        if let Standing::Committed = standing(&planned, row.count("fence")?, lease)? {
            return Ok(Commit::Already);
        }
        // The piece first, then the job, then the task: the lock order.
        if planned.entity.is_none() && !outcome.columns.is_empty() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "a task without an entity has no sketches",
            ));
        }
        if let Some(entity) = planned.entity {
            put_pieces(&mut *session, &vault, &[(entity, &planned, outcome)]).await?;
        }
        put_failures(
            &mut *session,
            &vault,
            lease.job,
            Some(lease.task),
            &outcome.failures,
        )
        .await?;
        count(&mut *session, lease, outcome).await?;
        end(&mut *session, lease, outcome).await?;
        session.commit().await?;
        Ok(Commit::Written)
    }

    pub(super) async fn fail(
        &self,
        lease: &Lease,
        why: &FailureDraft,
        retry_after: Option<Duration>,
    ) -> Result<TaskState> {
        let vault = self.vault(lease.org).await?;
        let mut session = self.write().await?;
        let held = Statement::new("select id from jobs where org_id = $1 and id = $2")
            .bind(lease.org)
            .bind(lease.job);
        let held = held.text(session.for_update());
        session.row(held).await?;
        let row = task_row(&mut *session, lease).await?;
        let failed = task(&row, &vault)?;
        if row.count("fence")? != lease.fence || failed.state != TaskState::Running {
            return Err(lost());
        }
        let now = session.now().await?;
        let state = match retry_after {
            Some(pause) if failed.attempts < failed.max_attempts => {
                let error = vault.seal_as(cell("tasks.error", &failed.id), &why.sentence)?;
                let statement = Statement::new(include_str!("requeue_task.sql"));
                let statement = statement
                    .bind(lease.org)
                    .bind(lease.task)
                    .bind(error)
                    .bind(until(now, pause));
                session.run(statement).await?;
                TaskState::Queued
            }
            _ => {
                put_failures(
                    &mut *session,
                    &vault,
                    lease.job,
                    Some(lease.task),
                    std::slice::from_ref(why),
                )
                .await?;
                end_failed(&mut *session, &vault, &failed, why, now).await?;
                TaskState::Failed
            }
        };
        session.commit().await?;
        Ok(state)
    }
}

/// Ends a task that was read. Since it was looked at somebody may have taken it over: then nothing is to be committed.
pub(super) async fn end(
    session: &mut dyn Session,
    lease: &Lease,
    outcome: &TaskOutcome,
) -> Result<()> {
    let state = if outcome.partial {
        TaskState::Partial
    } else {
        TaskState::Completed
    };
    let now = session.now().await?;
    let statement = Statement::new(include_str!("complete_task.sql"))
        .bind(lease.org)
        .bind(lease.task)
        .bind(lease.fence)
        .bind(state.as_str())
        .bind(outcome.counts.rows)
        .bind(outcome.counts.bytes)
        .bind(outcome.counts.faults)
        .bind(now);
    if session.run(statement).await? == 0 {
        return Err(lost());
    }
    Ok(())
}

async fn task_row(session: &mut dyn Session, lease: &Lease) -> Result<crate::sql::Row> {
    let statement = Statement::new(SELECT)
        .with(" where org_id = ", lease.org)
        .with(" and id = ", lease.task);
    session
        .row(statement)
        .await?
        .ok_or_else(|| Error::not_found("task"))
}

pub(super) fn standing(task: &Task, fence: u64, lease: &Lease) -> Result<Standing> {
    match task.state {
        _ if fence != lease.fence => Err(lost()),
        TaskState::Running => Ok(Standing::Held),
        TaskState::Completed | TaskState::Partial => Ok(Standing::Committed),
        _ => Err(lost()),
    }
}

pub(super) fn lost() -> Error {
    Error::new(
        ErrorKind::LeaseLost,
        "another worker has taken this task over",
    )
}

async fn count(session: &mut dyn Session, lease: &Lease, outcome: &TaskOutcome) -> Result<()> {
    let now = session.now().await?;
    let statement = Statement::new(include_str!("count_task.sql"))
        .bind(lease.org)
        .bind(lease.job)
        .bind(outcome.counts.rows)
        .bind(outcome.counts.bytes)
        .bind(outcome.counts.faults)
        .bind(now);
    session.run(statement).await?;
    Ok(())
}

/// Ends a task as failed and counts it; the caller records why and has locked the job's row.
pub(super) async fn end_failed(
    session: &mut dyn Session,
    vault: &Vault,
    task: &Task,
    why: &FailureDraft,
    now: i64,
) -> Result<()> {
    let count = Statement::new(
        "update jobs set tasks_failed = tasks_failed + 1, deaths = 0 where org_id = $1 and id = $2",
    );
    session.run(count.bind(vault.org()).bind(task.job)).await?;
    let error = vault.seal_as(cell("tasks.error", &task.id), &why.sentence)?;
    let statement = Statement::new(include_str!("fail_task.sql"));
    session
        .run(
            statement
                .bind(vault.org())
                .bind(task.id)
                .bind(error)
                .bind(now),
        )
        .await?;
    Ok(())
}
