//! Who did what: one chain of entries for each organisation, as [`locard_audit`] makes them.
//!
//! What a reader gets wrong: an entry is sealed as a whole too, so that the file tells nothing of who acted. Its hash is over
//! what is within, in which details are sealed under the key of their request. Rows of the table `audit` are of an earlier
//! form: they stay as they are, and the first entry says where they ended.

use async_trait::async_trait;
use jiff::Timestamp;
use locard_audit::{Checker, Damage, Entry, Event, Flaw, Head, RequestKey, SubjectKey};
use locard_model::{OrgId, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Database, limit, requests};
use crate::sql::{Row, Session, Statement};
use crate::vault::{Cell, Vault};
use crate::{
    Audit, AuditChecked, AuditDraft, AuditId, AuditRecord, Error, Page, Paged, Result, ids,
};

const SELECT: &str =
    "select sequence, id, action, request_id, entry from audit_entries where org_id = $1";

const OLDER: &str = "select id, at, action, sealed, hash from audit where org_id = $1";

/// Entries that are checked at once.
const CHUNK: i64 = 1_000;

/// What the first entry after the rows of an earlier form says.
const CONTINUED: &str = "audit.continued";

#[derive(Serialize, Deserialize)]
struct Sealed {
    actor: String,
    details: Value,
}

fn cell<'a>(name: &'static str, id: &'a Uuid) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(id),
    }
}

/// An entry of a row.
fn entry(row: &Row, vault: &Vault) -> Result<Entry> {
    let id = row.id("id")?;
    let bytes = vault.unseal(cell("audit_entries.entry", &id), &row.blob("entry")?)?;
    Entry::from_bytes(&bytes)
        .map_err(|_| Error::corrupt("an entry of the audit has an unknown form"))
}

/// What seals details that belong to no request.
fn own_key(vault: &Vault) -> Result<RequestKey> {
    Ok(RequestKey::from_bytes(
        *vault.key_for("locard audit details key")?,
    ))
}

/// What details of an entry are opened with; `None` where it was destroyed.
async fn key(
    session: &mut dyn Session,
    vault: &Vault,
    request: Option<RequestId>,
) -> Result<Option<RequestKey>> {
    match request {
        None => own_key(vault).map(Some),
        Some(id) => {
            let key = requests::key_of(session, vault, id).await?;
            Ok(key.map(|key| RequestKey::from_bytes(*key)))
        }
    }
}

fn record(entry: &Entry, id: Uuid, key: Option<&RequestKey>) -> Result<AuditRecord> {
    let unreadable = |_| Error::corrupt("the details of an entry of the audit were altered");
    let details = key.map(|key| entry.open(key)).transpose();
    let details = details.map_err(unreadable)?.flatten();
    let details = match details {
        Some(plain) => serde_json::from_slice(&plain).map_err(|_| {
            Error::corrupt("the details of an entry of the audit have an unknown form")
        })?,
        None => Value::Null,
    };
    let event = entry.event.clone();
    Ok(AuditRecord {
        id: AuditId(id),
        sequence: Some(entry.sequence),
        at: event.at,
        what: AuditDraft {
            action: event.action,
            actor: event.actor,
            purpose: event.purpose,
            details,
            request: event.request.map(RequestId),
            subject: None,
            retention: event.retention,
            hold: event.hold,
        },
        hash: entry.hash.0,
    })
}

/// Where the chain of an organisation ends, and under which id. Whoever asks holds the organisation's row.
async fn last(session: &mut dyn Session, vault: &Vault) -> Result<(Head, Option<Uuid>)> {
    let statement = Statement::new(SELECT).bind(vault.org());
    let row = session.row(statement.text(" order by sequence desc limit 1"));
    match row.await? {
        Some(row) => Ok((entry(&row, vault)?.head(), Some(row.id("id")?))),
        None => Ok((Head::genesis(vault.org()), None)),
    }
}

/// Appends an act within a transaction. `key` seals its details: that of its request, or none for the organisation's own.
pub(super) async fn append(
    session: &mut dyn Session,
    vault: &Vault,
    draft: &AuditDraft,
    key: Option<&RequestKey>,
) -> Result<AuditRecord> {
    let org = vault.org();
    // One after the other, whoever else writes.
    let held = Statement::new("select id from organisations where id = $1").bind(org);
    session.row(held.text(session.for_update())).await?;
    let (mut head, mut latest) = last(session, vault).await?;
    if latest.is_none()
        && let Some(older) = older_end(session, org).await?
    {
        latest = Some(older.id);
        let continued = AuditDraft {
            purpose: older.to_string(),
            ..AuditDraft::new(CONTINUED, "locard", Value::Null)
        };
        latest = Some(
            put(session, vault, (&mut head, latest), &continued, None)
                .await?
                .id
                .0,
        );
    }
    put(session, vault, (&mut head, latest), draft, key).await
}

async fn put(
    session: &mut dyn Session,
    vault: &Vault,
    (head, latest): (&mut Head, Option<Uuid>),
    draft: &AuditDraft,
    key: Option<&RequestKey>,
) -> Result<AuditRecord> {
    let at = session.now().await?;
    let subjects = SubjectKey::from_bytes(*vault.key_for("locard audit subject key")?);
    let broken = |_| Error::corrupt("the audit takes no further entry");
    let subject = draft
        .subject
        .as_deref()
        .map(|subject| subjects.digest(subject));
    let event = Event {
        at: Timestamp::from_microsecond(at).unwrap_or_default(),
        actor: draft.actor.clone(),
        action: draft.action.clone(),
        purpose: draft.purpose.clone(),
        subject: subject.transpose().map_err(broken)?,
        request: draft.request.map(|request| request.0),
        retention: draft.retention,
        hold: draft.hold,
    };
    let own = own_key(vault)?;
    let key = key.unwrap_or(&own);
    let plain = draft.details.to_string();
    let details = (!draft.details.is_null()).then_some((key, plain.as_bytes()));
    let entry = head.append(event, details).map_err(broken)?;
    let id = ids::after(latest, ids::ordered());
    let sealed = vault.seal(cell("audit_entries.entry", &id), &entry.to_bytes())?;
    let statement = Statement::new(
        "insert into audit_entries (org_id, sequence, id, action, request_id, entry) \
        values ($1, $2, $3, $4, $5, $6)",
    );
    let statement = statement
        .bind(vault.org())
        .bind(entry.sequence)
        .bind(id)
        .bind(draft.action.as_str())
        .bind(draft.request)
        .bind(sealed);
    session.run(statement).await?;
    record(&entry, id, Some(key))
}

/// Where the rows of an earlier form ended.
struct OlderEnd {
    id: Uuid,
    count: u64,
    hash: [u8; 32],
}

impl std::fmt::Display for OlderEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hash = locard_audit::Hash(self.hash);
        write!(f, "continues {} rows that end with {hash}", self.count)
    }
}

async fn older_end(session: &mut dyn Session, org: OrgId) -> Result<Option<OlderEnd>> {
    let count = Statement::new("select count(*) as count from audit where org_id = $1").bind(org);
    let count = session.row(count).await?;
    let count = count.map_or(Ok(0), |row| row.count("count"))?;
    let statement = Statement::new(OLDER).bind(org);
    let row = session
        .row(statement.text(" order by id desc limit 1"))
        .await?;
    let end = |row: Row| {
        Ok(OlderEnd {
            id: row.id("id")?,
            count,
            hash: older_hash(&row)?,
        })
    };
    row.map(end).transpose()
}

/// The hash of a row of the earlier form that follows one with the hash `before`.
fn chained(before: &[u8], id: Uuid, at: i64, action: &str, sealed: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(id.as_bytes());
    hash.update(at.to_be_bytes());
    hash.update((action.len() as u64).to_be_bytes());
    hash.update(action.as_bytes());
    hash.update(sealed);
    hash.finalize().into()
}

fn older_hash(row: &Row) -> Result<[u8; 32]> {
    let hash = row.blob("hash")?;
    hash.try_into()
        .map_err(|_| Error::corrupt("a hash of the audit has the wrong length"))
}

fn older_record(row: &Row, vault: &Vault) -> Result<AuditRecord> {
    let id = row.id("id")?;
    let Sealed { actor, details } =
        vault.unseal_as(cell("audit.sealed", &id), &row.blob("sealed")?)?;
    Ok(AuditRecord {
        id: AuditId(id),
        sequence: None,
        at: row.time("at")?,
        what: AuditDraft::new(row.get::<String>("action")?, actor, details),
        hash: older_hash(row)?,
    })
}

impl Database {
    async fn entry_rows(
        &self,
        org: OrgId,
        request: Option<RequestId>,
        after: u64,
        limit: i64,
    ) -> Result<Vec<Row>> {
        let statement = Statement::new(SELECT)
            .bind(org)
            .with(" and sequence > ", after)
            .with_some(" and request_id = ", request)
            .with(" order by sequence limit ", limit);
        self.read().await?.rows(statement).await
    }

    /// How many rows of the earlier form there are, if none of them was changed.
    async fn check_older(&self, org: OrgId) -> Result<Option<OlderEnd>> {
        let (mut count, mut after, mut before) = (0, None::<Uuid>, [0; 32]);
        loop {
            let statement = Statement::new(OLDER)
                .bind(org)
                .with_some(" and id > ", after)
                .with(" order by id limit ", CHUNK);
            let rows = self.read().await?.rows(statement).await?;
            for row in &rows {
                let (id, at) = (row.id("id")?, row.get::<i64>("at")?);
                let action: String = row.get("action")?;
                let expected = chained(&before, id, at, &action, &row.blob("sealed")?);
                if older_hash(row)? != expected {
                    return Err(Error::corrupt("the audit was changed by hand"));
                }
                (before, after, count) = (expected, Some(id), count + 1);
            }
            if rows.len() < CHUNK as usize {
                let hash = before;
                return Ok(after.map(|id| OlderEnd { id, count, hash }));
            }
        }
    }
}

/// The entry of a row, if what is plain of it agrees, and it continues what was recorded in an earlier form.
fn whole(row: &Row, vault: &Vault, older: Option<&OlderEnd>) -> Result<Entry, Damage> {
    let entry = entry(row, vault).map_err(|_| Damage::Altered)?;
    let event = &entry.event;
    let says = row.get::<String>("action").ok();
    let of = row.get::<Option<Uuid>>("request_id").ok();
    if says.as_ref() != Some(&event.action) || of != Some(event.request) {
        return Err(Damage::Altered);
    }
    match older {
        Some(older) if event.action != CONTINUED || event.purpose != older.to_string() => {
            Err(Damage::Unlinked)
        }
        _ => Ok(entry),
    }
}

#[async_trait]
impl Audit for Database {
    async fn record_audit(&self, org: OrgId, draft: &AuditDraft) -> Result<AuditRecord> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let key = key(&mut *session, &vault, draft.request).await?;
        let record = append(&mut *session, &vault, draft, key.as_ref()).await?;
        session.commit().await?;
        Ok(record)
    }

    async fn record_audits(&self, org: OrgId, drafts: &[AuditDraft]) -> Result<()> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        for draft in drafts {
            let key = key(&mut *session, &vault, draft.request).await?;
            append(&mut *session, &vault, draft, key.as_ref()).await?;
        }
        session.commit().await
    }

    async fn audit(&self, org: OrgId, page: Page) -> Result<Paged<AuditRecord>> {
        let vault = self.vault(org).await?;
        let wanted = limit(page)?;
        let mut session = self.read().await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with_some(" and id < ", page.after)
            .with(" order by id desc limit ", wanted);
        let mut items = Vec::new();
        for row in session.rows(statement).await? {
            let entry = entry(&row, &vault)?;
            let request = entry.event.request.map(RequestId);
            let key = key(&mut *session, &vault, request).await?;
            items.push(record(&entry, row.id("id")?, key.as_ref())?);
        }
        let older = Statement::new(OLDER)
            .bind(org)
            .with_some(" and id < ", page.after)
            .with(" order by id desc limit ", wanted - items.len() as i64);
        for row in session.rows(older).await? {
            items.push(older_record(&row, &vault)?);
        }
        let more = items.len() > page.limit as usize;
        items.truncate(page.limit as usize);
        let next = items.last().filter(|_| more).map(|item| item.id.0);
        Ok(Paged { items, next })
    }

    async fn check_audit(&self, org: OrgId, known: Option<&Head>) -> Result<AuditChecked> {
        let vault = self.vault(org).await?;
        let older = self.check_older(org).await?;
        let known = known.copied().unwrap_or_else(|| Head::genesis(org));
        let (mut checker, mut head) = (Checker::new(org), Head::genesis(org));
        let mut fault = None;
        'all: loop {
            let rows = self.entry_rows(org, None, head.sequence, CHUNK).await?;
            for row in &rows {
                let expected = head.sequence.saturating_add(1);
                match whole(row, &vault, older.as_ref().filter(|_| expected == 1)) {
                    Ok(entry) => match checker.check(&entry, &known) {
                        Ok(()) => head = entry.head(),
                        Err(found) => fault = Some(found),
                    },
                    Err(damage) => {
                        let sequence = expected;
                        fault = Some(Flaw { sequence, damage });
                    }
                }
                if fault.is_some() {
                    break 'all;
                }
            }
            if rows.len() < CHUNK as usize {
                fault = checker.finish(&known).err();
                break;
            }
        }
        Ok(AuditChecked {
            count: older.map_or(0, |older| older.count) + head.sequence,
            head,
            fault,
        })
    }

    async fn audit_entries(
        &self,
        org: OrgId,
        request: Option<RequestId>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Entry>> {
        let vault = self.vault(org).await?;
        let limit = i64::from(limit.min(Page::MAX));
        let rows = self.entry_rows(org, request, after, limit).await?;
        rows.iter().map(|row| entry(row, &vault)).collect()
    }
}
