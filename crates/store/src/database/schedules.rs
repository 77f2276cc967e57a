//! Schedules: kept, and fired once however many servers see that they are due.

use async_trait::async_trait;
use jiff::Timestamp;
use locard_model::{JobId, OrgId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Database, jobs, limit, paged};
use crate::sql::{Row, Session, Statement};
use crate::vault::{Cell, Vault};
use crate::{
    Error, ErrorKind, Fired, Firing, JobDraft, Page, Paged, Result, Schedule, ScheduleDraft,
    ScheduleId, Schedules,
};

const SELECT: &str = "select id, sealed, is_enabled, next_at, last_at, last_job_id, note, created_at, updated_at \
    from schedules where org_id = $1";

/// Names are unique without being readable.
const PUT: &str = "insert into schedules (org_id, id, name_hash, sealed, is_enabled, next_at, created_at, updated_at) \
    values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict (org_id, id) do update set name_hash = excluded.name_hash, \
    sealed = excluded.sealed, is_enabled = excluded.is_enabled, next_at = excluded.next_at, updated_at = excluded.updated_at";

/// Whoever changes this row has seen first that the schedule is due.
const MOVE_ON: &str = "update schedules set next_at = $4, last_at = $5, note = $6 \
    where org_id = $1 and id = $2 and next_at = $3 and is_enabled = 1";

#[derive(Serialize, Deserialize)]
struct Sealed {
    name: String,
    spec: Value,
}

fn cell<'a>(name: &'static str, id: &'a Uuid) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(id),
    }
}

fn schedule(row: &Row, vault: &Vault) -> Result<Schedule> {
    let id = row.id("id")?;
    let sealed = row.blob("sealed")?;
    let Sealed { name, spec } = vault.unseal_as(cell("schedules.sealed", &id), &sealed)?;
    let note: Option<Vec<u8>> = row.get("note")?;
    let note = note.map(|note| vault.unseal_as(cell("schedules.note", &id), &note));
    Ok(Schedule {
        id: ScheduleId(id),
        name,
        spec,
        is_enabled: row.get::<i64>("is_enabled")? != 0,
        next_at: row.time_if("next_at")?,
        last_at: row.time_if("last_at")?,
        last_job: row.get::<Option<_>>("last_job_id")?.map(JobId),
        note: note.transpose()?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

async fn fetch(session: &mut dyn Session, vault: &Vault, id: ScheduleId) -> Result<Schedule> {
    let statement = Statement::new(SELECT).bind(vault.org());
    let row = session.row(statement.with(" and id = ", id)).await?;
    schedule(&row.ok_or_else(|| Error::not_found("schedule"))?, vault)
}

/// Whether this session is the one that fires it; then the row is locked until its transaction ends.
async fn move_on(
    session: &mut dyn Session,
    vault: &Vault,
    firing: &Firing,
    note: Option<&str>,
) -> Result<bool> {
    let id = firing.schedule;
    let note = note.map(|note| vault.seal_as(cell("schedules.note", &id.0), &note));
    let statement = Statement::new(MOVE_ON)
        .bind(vault.org())
        .bind(id)
        .bind(firing.due)
        .bind(firing.next)
        .bind(session.now().await?)
        .bind(note.transpose()?);
    Ok(session.run(statement).await? == 1)
}

/// The job of this schedule that has not ended.
async fn under_way(session: &mut dyn Session, org: OrgId, id: ScheduleId) -> Result<Option<JobId>> {
    let statement = Statement::new(
        "select id from jobs where org_id = $1 and schedule_id = $2 and state in ('QUEUED', 'RUNNING', 'CANCELLING') \
        order by id desc limit 1",
    );
    let row = session.row(statement.bind(org).bind(id)).await?;
    row.map(|row| Ok(JobId(row.id("id")?))).transpose()
}

#[async_trait]
impl Schedules for Database {
    async fn put_schedule(&self, org: OrgId, draft: &ScheduleDraft) -> Result<Schedule> {
        let vault = self.vault(org).await?;
        let hash = vault.digest("schedule name", draft.name.as_bytes())?;
        let sealed = Sealed {
            name: draft.name.clone(),
            spec: draft.spec.clone(),
        };
        let mut session = self.write_durably().await?;
        let taken = Statement::new("select id from schedules where org_id = $1 and name_hash = $2");
        let taken = session.row(taken.bind(org).bind(hash)).await?;
        let taken = taken.map(|row| row.id("id")).transpose()?;
        if taken.is_some_and(|id| id != draft.id.0) {
            let sentence = "there is a schedule of that name already";
            return Err(Error::new(ErrorKind::Conflict, sentence).hint("choose another name"));
        }
        let statement = Statement::new(PUT)
            .bind(org)
            .bind(draft.id)
            .bind(hash)
            .bind(vault.seal_as(cell("schedules.sealed", &draft.id.0), &sealed)?)
            .bind(draft.is_enabled)
            .bind(draft.next_at)
            .bind(session.now().await?);
        session.run(statement).await?;
        let schedule = fetch(&mut *session, &vault, draft.id).await?;
        session.commit().await?;
        Ok(schedule)
    }

    async fn schedule(&self, org: OrgId, id: ScheduleId) -> Result<Schedule> {
        let vault = self.vault(org).await?;
        fetch(&mut *self.read().await?, &vault, id).await
    }

    async fn schedules(&self, org: OrgId, page: Page) -> Result<Paged<Schedule>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with_some(" and id > ", page.after)
            .with(" order by id limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "id", |row| schedule(row, &vault))
    }

    async fn remove_schedule(&self, org: OrgId, id: ScheduleId) -> Result<()> {
        self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let statement = Statement::new("delete from schedules where org_id = $1 and id = $2");
        if session.run(statement.bind(org).bind(id)).await? == 0 {
            return Err(Error::not_found("schedule"));
        }
        session.commit().await
    }

    async fn due_schedules(&self, org: OrgId, most: u32) -> Result<(Vec<Schedule>, Timestamp)> {
        let vault = self.vault(org).await?;
        let mut session = self.read().await?;
        let now = session.now().await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with(" and is_enabled = 1 and next_at <= ", now)
            .with(" order by next_at limit ", most);
        let rows = session.rows(statement).await?;
        let due = rows.iter().map(|row| schedule(row, &vault));
        let now = Timestamp::from_microsecond(now).unwrap_or_default();
        Ok((due.collect::<Result<_>>()?, now))
    }

    async fn fire_schedule(&self, org: OrgId, firing: &Firing, draft: &JobDraft) -> Result<Fired> {
        let vault = self.vault(org).await?;
        let (id, mut session) = (firing.schedule, self.write_durably().await?);
        if !move_on(&mut *session, &vault, firing, None).await? {
            return Ok(Fired::Taken);
        }
        if let Some(job) = under_way(&mut *session, org, id).await? {
            let note = format!("the job {job} that it started before had not ended");
            let note = vault.seal_as(cell("schedules.note", &id.0), &note)?;
            let statement =
                Statement::new("update schedules set note = $3 where org_id = $1 and id = $2");
            session.run(statement.bind(org).bind(id).bind(note)).await?;
            session.commit().await?;
            return Ok(Fired::Overlapped(job));
        }
        let draft = JobDraft {
            schedule: Some(id),
            ..draft.clone()
        };
        let job = jobs::insert(&mut *session, &vault, &draft).await?;
        let job = job.ok_or_else(|| {
            let sentence = "the job's idempotency key was used before";
            Error::new(ErrorKind::Conflict, sentence)
        })?;
        let statement =
            Statement::new("update schedules set last_job_id = $3 where org_id = $1 and id = $2");
        session
            .run(statement.bind(org).bind(id).bind(job.id))
            .await?;
        session.commit().await?;
        Ok(Fired::Started(Box::new(job)))
    }

    async fn pass_schedule(&self, org: OrgId, firing: &Firing, why: &str) -> Result<bool> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let passed = move_on(&mut *session, &vault, firing, Some(why)).await?;
        session.commit().await?;
        Ok(passed)
    }
}
