//! Tasks as rows: planned, listed; and failures. Leases and outcomes have files of their own.

use std::collections::{BTreeSet, HashSet};

use async_trait::async_trait;
use locard_model::{EntityId, JobId, OrgId, PieceId, SourceId, TaskId, TaskState};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use super::jobs::{hold, lost_job};
use super::{Database, limit, paged};
use crate::sql::{Row, Session, Statement, VALUES, Value, insert, values};
use crate::vault::{Cell, Vault};
use crate::{
    Claim, Commit, EntityRead, Failure, FailureDraft, FailureFilter, Heartbeat, JobLease, Lease,
    LeasedTask, Page, Paged, Result, Task, TaskCounts, TaskDraft, TaskOutcome, Tasks,
};

#[derive(Serialize, Deserialize)]
struct Sealed {
    split: Json,
    version: Option<String>,
    snapshot: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SealedFailure {
    resource: Option<String>,
    kind: String,
    sentence: String,
    place: Option<String>,
    hint: Option<String>,
}

/// `$1` is the organisation.
const LAST: &str = " and entity_id is not null and id in (select id from (select id, row_number() over \
    (partition by entity_id order by id desc) as place from failures where org_id = $1 and entity_id is not null) \
    as told where place = 1)";

pub(super) const SELECT: &str = "select org_id, id, job_id, ordinal, piece_id, entity_id, sealed, state, attempts, \
    max_attempts, fence, row_count, byte_count, faults, error, started_at, ended_at from tasks";

const INSERT: &str = "insert into tasks (org_id, id, job_id, ordinal, piece_id, entity_id, sealed, state, attempts, \
    max_attempts, available_at, lease_until, fence, row_count, byte_count, faults) values";

pub(super) fn cell<'a>(name: &'static str, id: &'a TaskId) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(&id.0),
    }
}

pub(super) fn task(row: &Row, vault: &Vault) -> Result<Task> {
    let id = TaskId(row.id("id")?);
    let sealed: Sealed = vault.unseal_as(cell("tasks.sealed", &id), &row.blob("sealed")?)?;
    let error: Option<Vec<u8>> = row.get("error")?;
    Ok(Task {
        id,
        job: JobId(row.id("job_id")?),
        ordinal: row.count("ordinal")?,
        piece: PieceId(row.id("piece_id")?),
        entity: row.get::<Option<_>>("entity_id")?.map(EntityId),
        split: sealed.split,
        version: sealed.version,
        snapshot: sealed.snapshot,
        state: row.word("state", TaskState::parse)?,
        attempts: row.small("attempts")?,
        max_attempts: row.small("max_attempts")?,
        counts: TaskCounts {
            rows: row.count("row_count")?,
            bytes: row.count("byte_count")?,
            faults: row.count("faults")?,
        },
        error: error
            .map(|blob| vault.unseal_as(cell("tasks.error", &id), &blob))
            .transpose()?,
        started_at: row.time_if("started_at")?,
        ended_at: row.time_if("ended_at")?,
    })
}

fn task_row(vault: &Vault, job: JobId, ordinal: i64, draft: &TaskDraft) -> Result<Vec<Value>> {
    let id = TaskId(crate::ids::ordered());
    let sealed = Sealed {
        split: draft.split.clone(),
        version: draft.version.clone(),
        snapshot: draft.snapshot.clone(),
    };
    let sealed = vault.seal_as(cell("tasks.sealed", &id), &sealed)?;
    let (state, max_attempts) = (TaskState::Queued.as_str(), draft.max_attempts.max(1));
    let zero = 0_i64;
    Ok(values![
        vault.org(),
        id,
        job,
        ordinal,
        draft.piece,
        draft.entity,
        sealed,
        state,
        zero,
        max_attempts,
        zero,
        zero,
        zero,
        zero,
        zero,
        zero
    ])
}

fn failure_row(
    vault: &Vault,
    job: JobId,
    task: Option<TaskId>,
    draft: &FailureDraft,
    now: i64,
) -> Result<Vec<Value>> {
    let id = crate::ids::ordered();
    let sealed = SealedFailure {
        resource: draft.resource.clone(),
        kind: draft.kind.clone(),
        sentence: draft.sentence.clone(),
        place: draft.place.clone(),
        hint: draft.hint.clone(),
    };
    let sealed = vault.seal_as(
        Cell {
            name: "failures.sealed",
            row: &[id],
        },
        &sealed,
    )?;
    Ok(values![
        vault.org(),
        id,
        job,
        task,
        draft.entity,
        draft.records,
        sealed,
        now,
        draft.source
    ])
}

fn failure(row: &Row, vault: &Vault) -> Result<Failure> {
    let id = row.id("id")?;
    let sealed: SealedFailure = vault.unseal_as(
        Cell {
            name: "failures.sealed",
            row: &[id],
        },
        &row.blob("sealed")?,
    )?;
    Ok(Failure {
        job: JobId(row.id("job_id")?),
        task: row.get::<Option<_>>("task_id")?.map(TaskId),
        what: FailureDraft {
            source: row.get::<Option<_>>("source_id")?.map(SourceId),
            entity: row.get::<Option<_>>("entity_id")?.map(EntityId),
            resource: sealed.resource,
            kind: sealed.kind,
            sentence: sealed.sentence,
            place: sealed.place,
            hint: sealed.hint,
            records: row.count("records")?,
        },
        at: row.time("at")?,
    })
}

/// Records failures and counts them in the job.
pub(super) async fn put_failures(
    session: &mut dyn Session,
    vault: &Vault,
    job: JobId,
    task: Option<TaskId>,
    drafts: &[FailureDraft],
) -> Result<()> {
    let now = session.now().await?;
    let rows = drafts
        .iter()
        .map(|draft| failure_row(vault, job, task, draft, now))
        .collect::<Result<_>>()?;
    let head = "insert into failures (org_id, id, job_id, task_id, entity_id, records, sealed, at, source_id) values";
    let new = insert(session, head, rows, "").await?;
    let count =
        Statement::new("update jobs set failures = failures + $3 where org_id = $1 and id = $2");
    session
        .run(count.bind(vault.org()).bind(job).bind(new))
        .await?;
    Ok(())
}

/// Those of the drafts' pieces that are planned already; not all of the job's, since planning each of many entities
/// would read those of all before it.
async fn planned(
    session: &mut dyn Session,
    lease: &JobLease,
    drafts: &[TaskDraft],
) -> Result<HashSet<Uuid>> {
    let mut known = HashSet::new();
    for drafts in drafts.chunks(VALUES) {
        let asked = drafts.iter().map(|draft| draft.piece);
        let of_job = Statement::new("select piece_id from tasks where org_id = $1 and job_id = $2")
            .bind(lease.org)
            .bind(lease.job);
        for row in session
            .rows(of_job.with_list(" and piece_id in ", asked))
            .await?
        {
            known.insert(row.id("piece_id")?);
        }
    }
    Ok(known)
}

/// The position of the next task of a job. Tasks may have gone with their source, so it is not how many there are.
async fn next_ordinal(session: &mut dyn Session, lease: &JobLease) -> Result<i64> {
    let last =
        Statement::new("select max(ordinal) as last from tasks where org_id = $1 and job_id = $2");
    let last = session.row(last.bind(lease.org).bind(lease.job)).await?;
    let last: Option<i64> = last.map(|row| row.get("last")).transpose()?.flatten();
    Ok(last.map_or(0, |last| last.saturating_add(1)))
}

/// Takes pieces of an entity over; whether all were there for that.
async fn adopt(
    session: &mut dyn Session,
    lease: &JobLease,
    entity: EntityId,
    pieces: &[PieceId],
) -> Result<bool> {
    let unique: BTreeSet<PieceId> = pieces.iter().copied().collect();
    let count = unique.len() as u64;
    let now = session.now().await?;
    let of_job = |text| {
        let statement = Statement::new(text).bind(lease.org).bind(lease.job);
        statement.bind(entity)
    };
    let adopted = of_job(include_str!("adopt_pieces.sql"));
    let adopted = adopted.with_list(" and piece_id in ", unique.iter().copied());
    if session.run(adopted).await? != count {
        return Ok(false);
    }
    let done = of_job(include_str!("adopt_tasks.sql")).bind(now);
    let done = done.with_list(" and piece_id in ", unique.iter().copied());
    if session.run(done).await? != count {
        return Ok(false);
    }
    let counted = of_job(include_str!("count_adopted.sql"))
        .bind(count)
        .with_list(" and piece_id in ", unique)
        .text(") as adopted where org_id = $1 and id = $2");
    session.run(counted).await?;
    Ok(true)
}

#[async_trait]
impl Tasks for Database {
    async fn add_tasks(&self, lease: &JobLease, drafts: &[TaskDraft]) -> Result<u64> {
        let vault = self.vault(lease.org).await?;
        let mut session = self.write().await?;
        // The update is the lock: planning of one job is one after the other, so ordinals leave no gap.
        let held = Statement::new(
            "update jobs set tasks = tasks where org_id = $1 and id = $2 and fence = $3 and state = 'RUNNING'",
        );
        let held = held.bind(lease.org).bind(lease.job).bind(lease.fence);
        if session.run(held).await? == 0 {
            return Err(lost_job());
        }
        let first = next_ordinal(&mut *session, lease).await?;
        let mut known = planned(&mut *session, lease, drafts).await?;
        let new = drafts.iter().filter(|draft| known.insert(draft.piece.0));
        let rows = new
            .zip(first..)
            .map(|(draft, ordinal)| task_row(&vault, lease.job, ordinal, draft));
        let added = insert(&mut *session, INSERT, rows.collect::<Result<_>>()?, "").await?;
        let count =
            Statement::new("update jobs set tasks = tasks + $3 where org_id = $1 and id = $2");
        session
            .run(count.bind(lease.org).bind(lease.job).bind(added))
            .await?;
        session.commit().await?;
        Ok(added)
    }

    async fn tasks(
        &self,
        org: OrgId,
        job: JobId,
        state: Option<TaskState>,
        page: Page,
    ) -> Result<Paged<Task>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .with(" where org_id = ", org)
            .with(" and job_id = ", job)
            .with_some(" and state = ", state.map(TaskState::as_str))
            .with_some(" and id > ", page.after)
            .with(" order by id limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "id", |row| task(row, &vault))
    }

    async fn lease_tasks(&self, claim: &Claim) -> Result<Vec<LeasedTask>> {
        self.lease(claim).await
    }

    async fn task_heartbeat(&self, lease: &Lease) -> Result<Heartbeat> {
        self.extend(lease).await
    }

    async fn complete_task(&self, lease: &Lease, outcome: &TaskOutcome) -> Result<Commit> {
        self.complete(lease, outcome).await
    }

    async fn fail_task(
        &self,
        lease: &Lease,
        why: &FailureDraft,
        retry_after: Option<std::time::Duration>,
    ) -> Result<TaskState> {
        self.fail(lease, why, retry_after).await
    }

    async fn release_task(&self, lease: &Lease) -> Result<()> {
        self.release(lease).await
    }

    async fn complete_entities(&self, lease: &JobLease, read: &[EntityRead]) -> Result<()> {
        self.complete_whole(lease, read).await
    }

    async fn adopt_pieces(
        &self,
        lease: &JobLease,
        entities: &[(EntityId, Vec<PieceId>)],
    ) -> Result<bool> {
        self.vault(lease.org).await?;
        let mut session = self.write().await?;
        hold(&mut *session, lease).await?;
        for (entity, pieces) in entities {
            // Nothing is committed where one is missing.
            if !adopt(&mut *session, lease, *entity, pieces).await? {
                return Ok(false);
            }
        }
        session.commit().await?;
        Ok(true)
    }

    async fn reopen_tasks(&self, lease: &JobLease) -> Result<u64> {
        self.vault(lease.org).await?;
        let mut session = self.write().await?;
        hold(&mut *session, lease).await?;
        let of_job = |text| Statement::new(text).bind(lease.org).bind(lease.job);
        session
            .run(of_job(include_str!("reopen_failures.sql")))
            .await?;
        let reopened = session
            .run(of_job(include_str!("reopen_tasks.sql")))
            .await?;
        if reopened > 0 {
            session.run(of_job(include_str!("recount_job.sql"))).await?;
            session.commit().await?;
        }
        Ok(reopened)
    }

    async fn record_failures(&self, lease: &JobLease, failures: &[FailureDraft]) -> Result<()> {
        let vault = self.vault(lease.org).await?;
        if failures.is_empty() {
            return Ok(());
        }
        let mut session = self.write().await?;
        put_failures(&mut *session, &vault, lease.job, None, failures).await?;
        hold(&mut *session, lease).await?;
        session.commit().await
    }

    async fn failures(
        &self,
        org: OrgId,
        filter: &FailureFilter,
        page: Page,
    ) -> Result<Paged<Failure>> {
        let vault = self.vault(org).await?;
        let text =
            "select id, job_id, task_id, entity_id, source_id, records, sealed, at from failures";
        let statement = Statement::new(text)
            .with(" where org_id = ", org)
            .with_some(" and job_id = ", filter.job)
            .with_some(" and entity_id = ", filter.entity)
            .text(if filter.last_of_entities { LAST } else { "" })
            .with_some(" and id > ", page.after)
            .with(" order by id limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "id", |row| failure(row, &vault))
    }
}
