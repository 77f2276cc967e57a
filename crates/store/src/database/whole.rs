//! Entities that were read: what several of them gave, and what was concluded from it, goes into one transaction, since
//! each has its price however little it writes.

use std::collections::HashMap;

use locard_model::TaskId;

use super::Database;
use super::conclusions::{are_there, put_conclusions};
use super::entities::{Stamp, replace_columns, write_entities};
use super::jobs::lost_job;
use super::outcomes::{Standing, end, lost, standing};
use super::sketches::put_pieces;
use super::tasks::{SELECT, put_failures, task};
use crate::sql::{Row, Session, Statement};
use crate::vault::Vault;
use crate::{Column, Conclusion, EntityRead, JobLease, Lease, Merged, Result, Task, TaskOutcome};

/// What is not recorded yet of an entity.
type Open<'a> = (&'a Lease, &'a TaskOutcome, Task);

/// An entity with that.
type One<'a> = (&'a EntityRead, Option<Open<'a>>);

impl Database {
    pub(super) async fn complete_whole(&self, lease: &JobLease, all: &[EntityRead]) -> Result<()> {
        let vault = self.vault(lease.org).await?;
        let mut session = self.write().await?;
        let rows = task_rows(&mut *session, lease, all).await?;
        let mut open: Vec<One<'_>> = Vec::with_capacity(all.len());
        for one in all {
            let Some((task_lease, outcome)) = &one.read else {
                let kept: Vec<_> = one
                    .conclusion
                    .merged
                    .iter()
                    .flat_map(Merged::kept)
                    .collect();
                if !one.conclusion.aside {
                    are_there(&mut *session, lease.org, one.entity.id, &kept).await?;
                }
                open.push((one, None));
                continue;
            };
            let row = rows.get(&task_lease.task).ok_or_else(lost)?;
            let planned = task(row, &vault)?;
            if let Standing::Held = standing(&planned, row.count("fence")?, task_lease)? {
                open.push((one, Some((task_lease, outcome, planned))));
            }
        }
        if open.is_empty() {
            return Ok(());
        }
        // Whoever writes of the same entities at the same time takes them in the same order.
        open.sort_unstable_by_key(|(one, _)| one.entity.id);
        let change = write_whole(&mut *session, &vault, lease, &open).await?;
        count(&mut *session, lease, &open, change).await?;
        for (task_lease, outcome, _) in open.iter().filter_map(|(_, open)| open.as_ref()) {
            end(&mut *session, task_lease, outcome).await?;
        }
        session.commit().await
    }
}

/// The rows of the tasks that read them.
async fn task_rows(
    session: &mut dyn Session,
    lease: &JobLease,
    all: &[EntityRead],
) -> Result<HashMap<TaskId, Row>> {
    let leases = all.iter().filter_map(|one| one.read.as_ref());
    let statement = Statement::new(SELECT)
        .with(" where org_id = ", lease.org)
        .with_list(" and id in ", leases.map(|(lease, _)| lease.task));
    let rows = session.rows(statement).await?;
    let named = |row: Row| Ok((TaskId(row.id("id")?), row));
    rows.into_iter().map(named).collect()
}

/// Everything but the job and its tasks; gives by how much the number of findings changed.
async fn write_whole(
    session: &mut dyn Session,
    vault: &Vault,
    lease: &JobLease,
    all: &[One<'_>],
) -> Result<i64> {
    let pieces = all.iter().filter_map(|(one, open)| {
        let (_, outcome, task) = open.as_ref()?;
        Some((one.entity.id, task, *outcome))
    });
    put_pieces(session, vault, &pieces.collect::<Vec<_>>()).await?;
    let conclusions: Vec<&Conclusion> = all.iter().map(|(one, _)| &one.conclusion).collect();
    let change = put_conclusions(session, vault, lease.job, &conclusions).await?;
    // What is known of an entity stays as it is where the conclusion stands aside.
    let known = all.iter().map(|(one, _)| *one);
    let known: Vec<&EntityRead> = known.filter(|one| !one.conclusion.aside).collect();
    if !known.is_empty() {
        let stamp = Stamp::next(session, vault.org()).await?;
        let columns = known.iter().map(|one| (one.entity.id, &*one.columns));
        let columns: Vec<(_, &[Column])> = columns.collect();
        replace_columns(session, vault, &columns, stamp).await?;
        let entities: Vec<_> = known.iter().map(|one| &one.entity).collect();
        write_entities(session, vault, &entities, stamp).await?;
    }
    for (_, outcome, task) in all.iter().filter_map(|(_, open)| open.as_ref()) {
        if !outcome.failures.is_empty() {
            let (task, failures) = (Some(task.id), &outcome.failures);
            put_failures(session, vault, lease.job, task, failures).await?;
        }
    }
    Ok(change)
}

/// Counts them in their job, if that is still the caller's.
async fn count(
    session: &mut dyn Session,
    lease: &JobLease,
    all: &[One<'_>],
    findings: i64,
) -> Result<()> {
    let read: Vec<&TaskOutcome> = all
        .iter()
        .filter_map(|(_, open)| open.as_ref().map(|(_, outcome, _)| *outcome))
        .collect();
    let sum = |of: fn(&TaskOutcome) -> u64| read.iter().map(|outcome| of(outcome)).sum::<u64>();
    let now = session.now().await?;
    let statement = Statement::new(include_str!("count_entities.sql"))
        .bind(lease.org)
        .bind(lease.job)
        .bind(lease.fence)
        .bind(read.len() as u64)
        .bind(sum(|outcome| outcome.counts.rows))
        .bind(sum(|outcome| outcome.counts.bytes))
        .bind(sum(|outcome| outcome.counts.faults))
        .bind(findings)
        .bind(now);
    if session.run(statement).await? == 0 {
        return Err(lost_job());
    }
    Ok(())
}
