//! Legal requests: each sealed under a key of its own, which is sealed under the organisation's.
//!
//! What a reader gets wrong: whatever is told of one goes through [`Case`], so that nothing of it outlives its key; and the
//! act in the log is recorded in the transaction that changes the request, so that there is neither without the other.

use async_trait::async_trait;
use locard_audit::RequestKey;
use locard_model::{OrgId, RequestId, RequestState};
use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Database, audit};
use crate::master::fill;
use crate::sql::{self, Row, Session, Statement, insert, values};
use crate::vault::{Cell, Vault};
use crate::{
    AuditDraft, Error, ErrorKind, Page, Request, RequestChange, RequestDraft, RequestEvent,
    RequestEventDraft, RequestFile, RequestFilter, RequestHead, RequestOrder, Requests, Result,
    StartedRequest, ids,
};

const SELECT: &str = "select id, state, kind, jurisdiction, key, sealed, version, is_held, received_at, due_at, \
    ended_at, retain_until, created_at, updated_at from requests where org_id = $1";

const COUNT: &str = "select count(*) as count from requests where org_id = $1";

const INSERT: &str = "insert into requests \
    (org_id, id, state, kind, jurisdiction, is_held, received_at, due_at, ended_at, retain_until, key, sealed, version, \
    idempotency_hash, created_at, updated_at) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $14, $14)";

const CHANGE: &str = "update requests set state = $3, kind = $4, jurisdiction = $5, is_held = $6, received_at = $7, \
    due_at = $8, ended_at = $9, retain_until = $10, sealed = $11, version = version + 1, updated_at = $12 \
    where org_id = $1 and id = $2";

const EVENT: &str = "insert into request_events (org_id, request_id, number, id, at, kind, sealed) \
    select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6 from request_events \
    where org_id = $1 and request_id = $2";

/// What is left of a request whose key was destroyed, in the order in which it goes.
const FORGET: [&str; 2] = [
    "delete from request_files where org_id = $1 and request_id = $2",
    "delete from request_subjects where org_id = $1 and request_id = $2",
];

fn cell<'a>(name: &'static str, id: &'a Uuid) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(id),
    }
}

/// What seals one request: nothing, once its key was destroyed.
struct Case {
    id: Uuid,
    key: Option<Zeroizing<[u8; 32]>>,
    vault: Option<Vault>,
}

impl Case {
    fn of(row: &Row, vault: &Vault) -> Result<Self> {
        Self::new(row.id("id")?, key(row, vault)?, vault)
    }

    fn new(id: Uuid, key: Option<Zeroizing<[u8; 32]>>, vault: &Vault) -> Result<Self> {
        let own = key.as_ref().map(|key| vault.under_bytes(key)).transpose()?;
        Ok(Self {
            id,
            key,
            vault: own,
        })
    }

    fn open(&self) -> Result<&Vault> {
        self.vault.as_ref().ok_or_else(|| {
            let sentence = "the key of the request was destroyed, so nothing of it can be changed";
            Error::new(ErrorKind::Conflict, sentence)
        })
    }

    fn seal(&self, body: &Value) -> Result<Vec<u8>> {
        self.open()?
            .seal_as(cell("requests.sealed", &self.id), body)
    }

    fn body(&self, blob: &[u8]) -> Result<Option<Value>> {
        let unseal = |vault: &Vault| vault.unseal_as(cell("requests.sealed", &self.id), blob);
        self.vault.as_ref().map(unseal).transpose()
    }

    /// What seals details in the log.
    fn log_key(&self) -> Option<RequestKey> {
        self.key.as_ref().map(|key| RequestKey::from_bytes(**key))
    }
}

/// The key of a row.
fn key(row: &Row, vault: &Vault) -> Result<Option<Zeroizing<[u8; 32]>>> {
    let Some(sealed) = row.get::<Option<Vec<u8>>>("key")? else {
        return Ok(None);
    };
    let id = row.id("id")?;
    let bytes = Zeroizing::new(vault.unseal(cell("requests.key", &id), &sealed)?);
    let bytes = bytes.as_slice().try_into();
    let bytes = bytes.map_err(|_| Error::corrupt("the key of a request has the wrong length"))?;
    Ok(Some(Zeroizing::new(bytes)))
}

/// The key of a request; `None` where there is none any more.
pub(super) async fn key_of(
    session: &mut dyn Session,
    vault: &Vault,
    id: RequestId,
) -> Result<Option<Zeroizing<[u8; 32]>>> {
    let statement = Statement::new("select id, key from requests where org_id = $1 and id = $2");
    let row = session.row(statement.bind(vault.org()).bind(id)).await?;
    row.map_or(Ok(None), |row| key(&row, vault))
}

fn request(row: &Row, vault: &Vault) -> Result<Request> {
    Ok(Request {
        id: RequestId(row.id("id")?),
        head: RequestHead {
            state: row.word("state", RequestState::parse)?,
            kind: row.get("kind")?,
            jurisdiction: row.get("jurisdiction")?,
            is_held: row.count("is_held")? != 0,
            received_at: row.time("received_at")?,
            due_at: row.time_if("due_at")?,
            ended_at: row.time_if("ended_at")?,
            retain_until: row.time_if("retain_until")?,
        },
        body: Case::of(row, vault)?.body(&row.blob("sealed")?)?,
        version: row.count("version")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// The row of one; locked until the transaction ends if it is to be changed.
async fn row(
    session: &mut dyn Session,
    org: OrgId,
    id: RequestId,
    lock: &'static str,
) -> Result<Row> {
    let statement = Statement::new(SELECT).bind(org).with(" and id = ", id);
    let row = session.row(statement.text(lock)).await?;
    row.ok_or_else(|| Error::not_found("request"))
}

/// The plain values of a request, as [`INSERT`] and [`CHANGE`] begin.
fn plain(text: &'static str, org: OrgId, id: Uuid, head: &RequestHead) -> Statement {
    Statement::new(text)
        .bind(org)
        .bind(id)
        .bind(head.state.as_str())
        .bind(head.kind.as_str())
        .bind(head.jurisdiction.as_str())
        .bind(head.is_held)
        .bind(head.received_at)
        .bind(head.due_at)
        .bind(head.ended_at)
        .bind(head.retain_until)
}

async fn tell(
    session: &mut dyn Session,
    org: OrgId,
    case: &Case,
    events: &[RequestEventDraft],
) -> Result<()> {
    for event in events {
        let id = ids::ordered();
        let sealed = cell("request_events.sealed", &id);
        let statement = Statement::new(EVENT)
            .bind(org)
            .bind(case.id)
            .bind(id)
            .bind(session.now().await?)
            .bind(event.kind.as_str())
            .bind(case.open()?.seal_as(sealed, &event.payload)?);
        session.run(statement).await?;
    }
    Ok(())
}

/// Replaces what the person is known by.
async fn know(
    session: &mut dyn Session,
    vault: &Vault,
    id: Uuid,
    subjects: &[String],
) -> Result<()> {
    let forget = Statement::new(FORGET[1]).bind(vault.org()).bind(id);
    session.run(forget).await?;
    let hashes = subjects.iter().map(|subject| digest(vault, subject));
    let mut hashes = hashes.collect::<Result<Vec<_>>>()?;
    hashes.sort_unstable();
    hashes.dedup();
    let rows: Vec<Vec<sql::Value>> = hashes
        .into_iter()
        .map(|hash| values![vault.org(), id, hash])
        .collect();
    let head = "insert into request_subjects (org_id, request_id, hash) values";
    insert(session, head, rows, "").await?;
    Ok(())
}

/// What a person is found by: the same for every case of letters.
fn digest(vault: &Vault, subject: &str) -> Result<Uuid> {
    vault.digest("request subject", subject.trim().to_lowercase().as_bytes())
}

async fn keep_files(
    session: &mut dyn Session,
    org: OrgId,
    case: &Case,
    files: &[RequestFile],
) -> Result<()> {
    for file in files {
        drop_file(session, org, case.id, file.id).await?;
        let sealed = cell("request_files.content", &file.id);
        let statement = Statement::new(
            "insert into request_files (org_id, request_id, id, class, at, content) values ($1, $2, $3, $4, $5, $6)",
        );
        let statement = statement
            .bind(org)
            .bind(case.id)
            .bind(file.id)
            .bind(file.class.as_str())
            .bind(session.now().await?)
            .bind(case.open()?.seal(sealed, &file.content)?);
        session.run(statement).await?;
    }
    Ok(())
}

async fn drop_file(session: &mut dyn Session, org: OrgId, request: Uuid, id: Uuid) -> Result<()> {
    let statement = Statement::new(
        "delete from request_files where org_id = $1 and request_id = $2 and id = $3",
    );
    session
        .run(statement.bind(org).bind(request).bind(id))
        .await?;
    Ok(())
}

/// The one that was recorded before with the same key.
async fn started_before(
    session: &mut dyn Session,
    vault: &Vault,
    hash: Option<Uuid>,
) -> Result<Option<Request>> {
    let Some(hash) = hash else { return Ok(None) };
    let statement = Statement::new(SELECT).bind(vault.org());
    let row = session.row(statement.with(" and idempotency_hash = ", hash));
    row.await?.map(|row| request(&row, vault)).transpose()
}

/// A new one, with a new key.
async fn new(
    session: &mut dyn Session,
    vault: &Vault,
    draft: &RequestDraft,
    hash: Option<Uuid>,
) -> Result<RequestId> {
    let id = ids::ordered();
    let mut key = Zeroizing::new([0; 32]);
    fill(key.as_mut_slice())?;
    let sealed_key = vault.seal(cell("requests.key", &id), key.as_slice())?;
    let case = Case::new(id, Some(key), vault)?;
    let statement = plain(INSERT, vault.org(), id, &draft.head)
        .bind(sealed_key)
        .bind(case.seal(&draft.body)?)
        .bind(hash)
        .bind(session.now().await?);
    session.run(statement).await?;
    know(session, vault, id, &draft.subjects).await?;
    tell(session, vault.org(), &case, &draft.events).await?;
    log(session, vault, &case, &draft.audit).await?;
    Ok(RequestId(id))
}

/// Records the act on a request in the log.
async fn log(
    session: &mut dyn Session,
    vault: &Vault,
    case: &Case,
    draft: &AuditDraft,
) -> Result<()> {
    let draft = AuditDraft {
        request: Some(RequestId(case.id)),
        ..draft.clone()
    };
    audit::append(session, vault, &draft, case.log_key().as_ref()).await?;
    Ok(())
}

/// The conditions of a filter.
fn narrowed(statement: Statement, filter: &RequestFilter, subject: Option<Uuid>) -> Statement {
    let mut statement = statement
        .with_some(" and kind = ", filter.kind.as_deref())
        .with_some(" and jurisdiction = ", filter.jurisdiction.as_deref())
        .with_some(" and due_at < ", filter.due_before);
    if !filter.states.is_empty() {
        let states = filter.states.iter().map(|state| state.as_str());
        statement = statement.with_list(" and state in ", states);
    }
    if let Some(hash) = subject {
        statement = statement
            .with(
                " and id in (select request_id from request_subjects where org_id = $1 and hash = ",
                hash,
            )
            .text(")");
    }
    if let Some(until) = filter.retained_until {
        let text = " and key is not null and is_held = 0 and retain_until <= ";
        statement = statement.with(text, until);
    }
    statement
}

const fn ordered(order: RequestOrder, descending: bool) -> &'static str {
    match (order, descending) {
        (RequestOrder::Received, false) => " order by received_at, id limit ",
        (RequestOrder::Received, true) => " order by received_at desc, id desc limit ",
        (RequestOrder::Due, false) => " order by due_at is null, due_at, id limit ",
        (RequestOrder::Due, true) => " order by due_at is null, due_at desc, id desc limit ",
        (RequestOrder::State, false) => " order by state, id limit ",
        (RequestOrder::State, true) => " order by state desc, id desc limit ",
    }
}

#[async_trait]
impl Requests for Database {
    async fn start_request(&self, org: OrgId, draft: &RequestDraft) -> Result<StartedRequest> {
        let vault = self.vault(org).await?;
        let hash = draft.idempotency_key.as_deref();
        let hash = hash.map(|key| vault.digest("request idempotency key", key.as_bytes()));
        let hash = hash.transpose()?;
        let mut session = self.write_durably().await?;
        // One after the other, whoever else records one: a key is used once.
        let held = Statement::new("select id from organisations where id = $1").bind(org);
        session.row(held.text(session.for_update())).await?;
        if let Some(known) = started_before(&mut *session, &vault, hash).await? {
            return Ok(StartedRequest::Known(Box::new(known)));
        }
        let id = new(&mut *session, &vault, draft, hash).await?;
        let new = request(&row(&mut *session, org, id, "").await?, &vault)?;
        session.commit().await?;
        Ok(StartedRequest::New(Box::new(new)))
    }

    async fn request(&self, org: OrgId, id: RequestId) -> Result<Request> {
        let vault = self.vault(org).await?;
        request(&row(&mut *self.read().await?, org, id, "").await?, &vault)
    }

    async fn requests(&self, org: OrgId, filter: &RequestFilter) -> Result<(Vec<Request>, u64)> {
        let vault = self.vault(org).await?;
        if filter.limit == 0 || filter.limit > Page::MAX {
            let sentence = format!("a page holds 1 to {} items", Page::MAX);
            return Err(Error::new(ErrorKind::Invalid, sentence));
        }
        let subject = filter.subject.as_deref();
        let subject = subject.map(|subject| digest(&vault, subject)).transpose()?;
        let mut session = self.read().await?;
        let count = narrowed(Statement::new(COUNT).bind(org), filter, subject);
        let total = session.row(count).await?;
        let total = total.map_or(Ok(0), |row| row.count("count"))?;
        let statement = narrowed(Statement::new(SELECT).bind(org), filter, subject)
            .with(ordered(filter.order, filter.descending), filter.limit)
            .with(" offset ", filter.offset);
        let rows = session.rows(statement).await?;
        let items = rows.iter().map(|row| request(row, &vault));
        Ok((items.collect::<Result<_>>()?, total))
    }

    async fn change_request(
        &self,
        org: OrgId,
        id: RequestId,
        change: &RequestChange,
    ) -> Result<Request> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let lock = session.for_update();
        let before = row(&mut *session, org, id, lock).await?;
        if before.count("version")? != change.version {
            let sentence = "somebody else changed the request at the same time";
            return Err(Error::new(ErrorKind::Conflict, sentence));
        }
        let case = Case::of(&before, &vault)?;
        let statement = plain(CHANGE, org, id.0, &change.head)
            .bind(case.seal(&change.body)?)
            .bind(session.now().await?);
        session.run(statement).await?;
        know(&mut *session, &vault, id.0, &change.subjects).await?;
        keep_files(&mut *session, org, &case, &change.files).await?;
        for file in &change.dropped {
            drop_file(&mut *session, org, id.0, *file).await?;
        }
        tell(&mut *session, org, &case, &change.events).await?;
        log(&mut *session, &vault, &case, &change.audit).await?;
        let changed = request(&row(&mut *session, org, id, "").await?, &vault)?;
        session.commit().await?;
        Ok(changed)
    }

    async fn request_events(&self, org: OrgId, id: RequestId) -> Result<Vec<RequestEvent>> {
        let vault = self.vault(org).await?;
        let mut session = self.read().await?;
        let case = Case::of(&row(&mut *session, org, id, "").await?, &vault)?;
        let statement = Statement::new(
            "select id, at, kind, sealed from request_events where org_id = $1 and request_id = $2 order by number",
        );
        let rows = session.rows(statement.bind(org).bind(id)).await?;
        let event = |row: &Row| {
            let event = row.id("id")?;
            let sealed = row.blob("sealed")?;
            let cell = cell("request_events.sealed", &event);
            let payload = case.vault.as_ref();
            Ok(RequestEvent {
                id: event,
                at: row.time("at")?,
                kind: row.get("kind")?,
                payload: payload
                    .map(|vault| vault.unseal_as(cell, &sealed))
                    .transpose()?,
            })
        };
        rows.iter().map(event).collect()
    }

    async fn request_file(&self, org: OrgId, id: RequestId, file: Uuid) -> Result<Vec<u8>> {
        let vault = self.vault(org).await?;
        let mut session = self.read().await?;
        let case = Case::of(&row(&mut *session, org, id, "").await?, &vault)?;
        let statement = Statement::new(
            "select content from request_files where org_id = $1 and request_id = $2 and id = $3",
        );
        let statement = statement.bind(org).bind(id).bind(file);
        let found = session.row(statement).await?;
        let found = found.zip(case.vault.as_ref());
        let (row, vault) = found.ok_or_else(|| Error::not_found("file of the request"))?;
        vault.unseal(cell("request_files.content", &file), &row.blob("content")?)
    }

    async fn destroy_request_key(
        &self,
        org: OrgId,
        id: RequestId,
        audit: &AuditDraft,
    ) -> Result<bool> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let lock = session.for_update();
        let before = row(&mut *session, org, id, lock).await?;
        let is = request(&before, &vault)?;
        let case = Case::of(&before, &vault)?;
        if case.vault.is_none() {
            return Ok(false);
        }
        let now = session.now().await?;
        may_go(&is.head, now)?;
        log(&mut *session, &vault, &case, audit).await?;
        for text in FORGET {
            session.run(Statement::new(text).bind(org).bind(id)).await?;
        }
        let statement = Statement::new(
            "update requests set key = null, idempotency_hash = null, version = version + 1, updated_at = $3 \
            where org_id = $1 and id = $2",
        );
        session.run(statement.bind(org).bind(id).bind(now)).await?;
        session.commit().await?;
        Ok(true)
    }
}

/// Whether everything of a request may be destroyed.
fn may_go(head: &RequestHead, now: i64) -> Result<()> {
    let refused = |sentence: String| Err(Error::new(ErrorKind::Conflict, sentence));
    if head.is_held {
        return refused("the request is under a legal hold".to_owned());
    }
    if head.state.is_open() {
        return refused(format!(
            "the request is {}, so its key is needed",
            head.state
        ));
    }
    match head.retain_until {
        Some(until) if until.as_microsecond() <= now => Ok(()),
        Some(until) => refused(format!("the request is to be retained until {until}")),
        None => refused("it is not decided until when the request is to be retained".to_owned()),
    }
}
