//! DSAR jobs: each sealed under a key of its own, which is sealed under the organisation's.
//!
//! What a reader gets wrong: whatever is told of one goes through [`Case`], so that nothing of it outlives its key.

use async_trait::async_trait;
use locard_model::{DsarState, JobId, OrgId, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Database, limit, paged, webhooks};
use crate::master::fill;
use crate::sql::{Row, Session, Statement};
use crate::vault::{Cell, Vault};
use crate::{
    Dsar, DsarChange, DsarDraft, DsarEvent, DsarId, DsarKey, DsarNote, DsarRecord, DsarRecordDraft,
    Dsars, Error, ErrorKind, Page, Paged, Result, StartedDsar, ids,
};

const SELECT: &str = "select id, state, key, sealed, job_id, expires_at, is_held, created_at, updated_at \
    from dsar_jobs where org_id = $1";

const INSERT: &str = "insert into dsar_jobs \
    (org_id, id, state, key, sealed, idempotency_hash, created_at, updated_at) \
    values ($1, $2, $3, $4, $5, $6, $7, $7)";

const CHANGE: &str = "update dsar_jobs set state = $3, sealed = $4, job_id = $5, expires_at = $6, updated_at = $7, \
    is_held = $8 \
    where org_id = $1 and id = $2";

const EVENT: &str = "insert into dsar_events (org_id, dsar_id, number, at, state, sealed) \
    select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5 from dsar_events where org_id = $1 and dsar_id = $2";

const RECORD: &str = "insert into dsar_records (org_id, dsar_id, number, kind, once_hash, at, sealed) \
    values ($1, $2, $3, $4, $5, $6, $7)";

#[derive(Serialize, Deserialize)]
struct SealedNote {
    actor: String,
    notes: Option<String>,
}

fn cell<'a>(name: &'static str, id: &'a Uuid) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(id),
    }
}

/// What seals one DSAR job: nothing, once its key was destroyed.
struct Case {
    id: Uuid,
    vault: Option<Vault>,
}

impl Case {
    /// That of a row.
    fn of(row: &Row, vault: &Vault) -> Result<Self> {
        let id = row.id("id")?;
        let key = key(row, vault)?;
        let vault = key.map(|key| vault.under(&key)).transpose()?;
        Ok(Self { id, vault })
    }

    fn open(&self) -> Result<&Vault> {
        self.vault.as_ref().ok_or_else(|| {
            let sentence = "the key of the DSAR job was destroyed, so nothing of it can be changed";
            Error::new(ErrorKind::Conflict, sentence)
        })
    }

    fn seal(&self, body: &Value) -> Result<Vec<u8>> {
        self.open()?
            .seal_as(cell("dsar_jobs.sealed", &self.id), body)
    }

    fn body(&self, blob: &[u8]) -> Result<Option<Value>> {
        let unseal = |vault: &Vault| vault.unseal_as(cell("dsar_jobs.sealed", &self.id), blob);
        self.vault.as_ref().map(unseal).transpose()
    }

    fn seal_note(&self, note: &DsarNote) -> Result<Vec<u8>> {
        let DsarNote { actor, notes } = note.clone();
        let note = SealedNote { actor, notes };
        self.open()?
            .seal_as(cell("dsar_events.sealed", &self.id), &note)
    }

    fn note(&self, blob: &[u8]) -> Result<Option<DsarNote>> {
        let Some(vault) = &self.vault else {
            return Ok(None);
        };
        let SealedNote { actor, notes } =
            vault.unseal_as(cell("dsar_events.sealed", &self.id), blob)?;
        Ok(Some(DsarNote { actor, notes }))
    }
}

/// The key of a row.
fn key(row: &Row, vault: &Vault) -> Result<Option<DsarKey>> {
    let Some(sealed) = row.get::<Option<Vec<u8>>>("key")? else {
        return Ok(None);
    };
    let id = row.id("id")?;
    let bytes = Zeroizing::new(vault.unseal(cell("dsar_jobs.key", &id), &sealed)?);
    let bytes = bytes.as_slice().try_into();
    let bytes = bytes.map_err(|_| Error::corrupt("the key of a DSAR job has the wrong length"))?;
    Ok(Some(DsarKey::new(Zeroizing::new(bytes))))
}

fn dsar(row: &Row, vault: &Vault) -> Result<Dsar> {
    Ok(Dsar {
        id: DsarId(row.id("id")?),
        state: row.word("state", DsarState::parse)?,
        body: Case::of(row, vault)?.body(&row.blob("sealed")?)?,
        job: row.get::<Option<_>>("job_id")?.map(JobId),
        expires_at: row.time_if("expires_at")?,
        is_held: row.count("is_held")? != 0,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// The row of one; locked until the transaction ends if it is to be changed.
async fn row(session: &mut dyn Session, org: OrgId, id: DsarId, lock: &'static str) -> Result<Row> {
    let statement = Statement::new(SELECT).bind(org).with(" and id = ", id);
    let row = session.row(statement.text(lock)).await?;
    row.ok_or_else(|| Error::not_found("DSAR job"))
}

async fn tell(
    session: &mut dyn Session,
    org: OrgId,
    (case, state): (&Case, DsarState),
    note: &DsarNote,
) -> Result<()> {
    let statement = Statement::new(EVENT)
        .bind(org)
        .bind(case.id)
        .bind(session.now().await?)
        .bind(state.as_str())
        .bind(case.seal_note(note)?);
    session.run(statement).await?;
    Ok(())
}

/// How many of those of an organisation are active.
async fn active(session: &mut dyn Session, org: OrgId) -> Result<u64> {
    let states = DsarState::ACTIVE.map(DsarState::as_str);
    let statement =
        Statement::new("select count(*) as active from dsar_jobs where org_id = $1").bind(org);
    let row = session.row(statement.with_list(" and state in ", states));
    row.await?.map_or(Ok(0), |row| row.count("active"))
}

/// A new one, with a new key.
async fn insert(session: &mut dyn Session, vault: &Vault, draft: &DsarDraft) -> Result<DsarId> {
    let id = ids::ordered();
    let mut key = Zeroizing::new([0; 32]);
    fill(key.as_mut_slice())?;
    let case = Case {
        id,
        vault: Some(vault.under(&DsarKey::new(key.clone()))?),
    };
    let hash = draft.idempotency_key.as_deref();
    let hash = hash.map(|key| vault.digest("DSAR idempotency key", key.as_bytes()));
    let statement = Statement::new(INSERT)
        .bind(vault.org())
        .bind(id)
        .bind(DsarState::Requested.as_str())
        .bind(vault.seal(cell("dsar_jobs.key", &id), key.as_slice())?)
        .bind(case.seal(&draft.body)?)
        .bind(hash.transpose()?)
        .bind(session.now().await?);
    session.run(statement).await?;
    let state = (&case, DsarState::Requested);
    tell(session, vault.org(), state, &draft.note).await?;
    Ok(DsarId(id))
}

/// The one that was started before with the same key.
async fn started_before(
    session: &mut dyn Session,
    vault: &Vault,
    draft: &DsarDraft,
) -> Result<Option<Dsar>> {
    let Some(key) = &draft.idempotency_key else {
        return Ok(None);
    };
    let hash = vault.digest("DSAR idempotency key", key.as_bytes())?;
    let statement = Statement::new(SELECT).bind(vault.org());
    let row = session.row(statement.with(" and idempotency_hash = ", hash));
    row.await?.map(|row| dsar(&row, vault)).transpose()
}

#[async_trait]
impl Dsars for Database {
    async fn start_dsar(&self, org: OrgId, draft: &DsarDraft) -> Result<StartedDsar> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        // One after the other, whoever else starts one: the cap holds, and a key is used once.
        let held = Statement::new("select id from organisations where id = $1").bind(org);
        session.row(held.text(session.for_update())).await?;
        if let Some(known) = started_before(&mut *session, &vault, draft).await? {
            return Ok(StartedDsar::Known(Box::new(known)));
        }
        let active = active(&mut *session, org).await?;
        if active >= u64::from(draft.most) {
            return Ok(StartedDsar::Full(active));
        }
        let id = insert(&mut *session, &vault, draft).await?;
        let row = row(&mut *session, org, id, "").await?;
        let new = dsar(&row, &vault)?;
        session.commit().await?;
        Ok(StartedDsar::New(Box::new(new)))
    }

    async fn dsar(&self, org: OrgId, id: DsarId) -> Result<Dsar> {
        let vault = self.vault(org).await?;
        dsar(&row(&mut *self.read().await?, org, id, "").await?, &vault)
    }

    async fn dsars(&self, org: OrgId, state: Option<DsarState>, page: Page) -> Result<Paged<Dsar>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with_some(" and state = ", state.map(DsarState::as_str))
            .with_some(" and id < ", page.after)
            .with(" order by id desc limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "id", |row| dsar(row, &vault))
    }

    async fn dsar_counts(&self, org: OrgId) -> Result<Vec<(DsarState, u64)>> {
        self.vault(org).await?;
        let statement = Statement::new(
            "select state, count(*) as jobs from dsar_jobs where org_id = $1 group by state",
        );
        let rows = self.read().await?.rows(statement.bind(org)).await?;
        let count = |row: &Row| Ok((row.word("state", DsarState::parse)?, row.count("jobs")?));
        rows.iter().map(count).collect()
    }

    async fn change_dsar(&self, org: OrgId, id: DsarId, change: &DsarChange) -> Result<Dsar> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let lock = session.for_update();
        let before = row(&mut *session, org, id, lock).await?;
        let is = dsar(&before, &vault)?;
        if !change.from.contains(&is.state) {
            let sentence = format!("the DSAR job is {}", is.state);
            return Err(Error::new(ErrorKind::Conflict, sentence));
        }
        if change.seen.is_some_and(|seen| seen != is.updated_at) {
            let sentence = "somebody else changed the DSAR job at the same time";
            return Err(Error::new(ErrorKind::Conflict, sentence));
        }
        let case = Case::of(&before, &vault)?;
        let state = change.to.unwrap_or(is.state);
        let sealed = match &change.body {
            Some(body) => case.seal(body)?,
            None => before.blob("sealed")?,
        };
        let statement = Statement::new(CHANGE)
            .bind(org)
            .bind(id)
            .bind(state.as_str())
            .bind(sealed)
            .bind(change.job.or(is.job))
            .bind(change.expires_at.or(is.expires_at))
            // No two changes have one time, so that it tells whether there was another.
            .bind(session.now().await?.max(is.updated_at.as_microsecond() + 1))
            .bind(change.is_held.unwrap_or(is.is_held));
        session.run(statement).await?;
        if let Some(note) = &change.note {
            tell(&mut *session, org, (&case, state), note).await?;
        }
        let after = row(&mut *session, org, id, "").await?;
        let changed = dsar(&after, &vault)?;
        if changed.state != is.state {
            webhooks::reached(&mut *session, &vault, (&changed, change.answers)).await?;
        }
        session.commit().await?;
        Ok(changed)
    }

    async fn dsar_events(&self, org: OrgId, id: DsarId) -> Result<Vec<DsarEvent>> {
        let vault = self.vault(org).await?;
        let mut session = self.read().await?;
        let case = Case::of(&row(&mut *session, org, id, "").await?, &vault)?;
        let statement = Statement::new(
            "select at, state, sealed from dsar_events where org_id = $1 and dsar_id = $2 order by number",
        );
        let rows = session.rows(statement.bind(org).bind(id)).await?;
        let event = |row: &Row| {
            Ok(DsarEvent {
                at: row.time("at")?,
                state: row.word("state", DsarState::parse)?,
                note: case.note(&row.blob("sealed")?)?,
            })
        };
        rows.iter().map(event).collect()
    }

    async fn add_dsar_record(
        &self,
        org: OrgId,
        id: DsarId,
        draft: &DsarRecordDraft,
    ) -> Result<Option<u64>> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        // One after the other: numbers have no gaps, and what may happen once does.
        let lock = session.for_update();
        let case = Case::of(&row(&mut *session, org, id, lock).await?, &vault)?;
        let once = draft.once.as_deref();
        let digest = |once: &str| case.open()?.digest("DSAR record", once.as_bytes());
        let once = once.map(digest).transpose()?;
        if let Some(once) = once {
            let known = Statement::new(
                "select number from dsar_records where org_id = $1 and dsar_id = $2",
            );
            let known = known.bind(org).bind(id).with(" and once_hash = ", once);
            if session.row(known).await?.is_some() {
                return Ok(None);
            }
        }
        let last = Statement::new(
            "select coalesce(max(number), 0) as last from dsar_records where org_id = $1 and dsar_id = $2",
        );
        let last = session.row(last.bind(org).bind(id)).await?;
        let number = last.map_or(Ok(0), |row| row.count("last"))? + 1;
        let statement = Statement::new(RECORD)
            .bind(org)
            .bind(id)
            .bind(number)
            .bind(draft.kind)
            .bind(once)
            .bind(session.now().await?)
            .bind(
                case.open()?
                    .seal_as(cell("dsar_records.sealed", &case.id), &draft.body)?,
            );
        session.run(statement).await?;
        session.commit().await?;
        Ok(Some(number))
    }

    async fn dsar_records(&self, org: OrgId, id: DsarId, kind: &str) -> Result<Vec<DsarRecord>> {
        let vault = self.vault(org).await?;
        let mut session = self.read().await?;
        let case = Case::of(&row(&mut *session, org, id, "").await?, &vault)?;
        let statement = Statement::new(
            "select number, at, sealed from dsar_records where org_id = $1 and dsar_id = $2 and kind = $3 order by number",
        );
        let rows = session
            .rows(statement.bind(org).bind(id).bind(kind))
            .await?;
        let record = |row: &Row| {
            let sealed = row.blob("sealed")?;
            let body =
                |vault: &Vault| vault.unseal_as(cell("dsar_records.sealed", &case.id), &sealed);
            Ok(DsarRecord {
                number: row.count("number")?,
                at: row.time("at")?,
                body: case.vault.as_ref().map(body).transpose()?,
            })
        };
        rows.iter().map(record).collect()
    }

    async fn overdue_dsars(&self, org: OrgId, most: u32) -> Result<Vec<Dsar>> {
        let vault = self.vault(org).await?;
        let mut session = self.read().await?;
        let now = session.now().await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .text(" and key is not null and is_held = 0")
            .with(" and expires_at <= ", now)
            .with(" order by expires_at limit ", most);
        let rows = session.rows(statement).await?;
        rows.iter().map(|row| dsar(row, &vault)).collect()
    }

    async fn dsar_key(&self, org: OrgId, id: DsarId) -> Result<Option<DsarKey>> {
        let vault = self.vault(org).await?;
        key(&row(&mut *self.read().await?, org, id, "").await?, &vault)
    }

    async fn destroy_dsar_key(
        &self,
        org: OrgId,
        id: DsarId,
        answers: Option<RequestId>,
    ) -> Result<bool> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let lock = session.for_update();
        if let Some(request) = answers {
            // Nobody places a hold until the key is gone, or it stays.
            let held = Statement::new("select is_held from requests where org_id = $1 and id = $2");
            let held = session.row(held.bind(org).bind(request).text(lock)).await?;
            if held.map_or(Ok(0), |row| row.count("is_held"))? != 0 {
                let sentence = "the request that the DSAR job answers is under a legal hold";
                return Err(Error::new(ErrorKind::Conflict, sentence));
            }
        }
        let is = dsar(&row(&mut *session, org, id, lock).await?, &vault)?;
        if is.is_held {
            let sentence = "the DSAR job is under a legal hold";
            return Err(Error::new(ErrorKind::Conflict, sentence));
        }
        if !is.state.is_final() {
            let sentence = format!("the DSAR job is {}, so its key is still needed", is.state);
            return Err(Error::new(ErrorKind::Conflict, sentence));
        }
        let statement = Statement::new(
            "update dsar_jobs set key = null, idempotency_hash = null, updated_at = $3 \
            where org_id = $1 and id = $2 and key is not null",
        );
        let now = session.now().await?;
        let destroyed = session.run(statement.bind(org).bind(id).bind(now)).await? == 1;
        session.commit().await?;
        Ok(destroyed)
    }
}
