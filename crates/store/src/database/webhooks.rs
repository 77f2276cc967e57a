//! Webhooks, and what they are told. What is told is written down in the transaction in which it happens, so that nothing is
//! told that did not happen and nothing that did is forgotten.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use locard_model::{ExposeSecret as _, OrgId, RequestId, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Database, limit, paged};
use crate::ids;
use crate::sql::{Row, Session, Statement};
use crate::vault::{Cell, Vault};
use crate::{
    BusinessResult, Delivery, DeliveryId, DeliveryState, Dsar, DueDelivery, Error, ErrorKind, Job,
    Page, Paged, Result, Tried, Webhook, WebhookDraft, WebhookId, Webhooks,
};

const SELECT: &str =
    "select id, sealed, is_enabled, created_at, updated_at from webhooks where org_id = $1";

const PUT: &str = "insert into webhooks (org_id, id, name_hash, sealed, secret, is_enabled, created_at, updated_at) \
    values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict (org_id, id) do update set name_hash = excluded.name_hash, \
    sealed = excluded.sealed, secret = excluded.secret, is_enabled = excluded.is_enabled, updated_at = excluded.updated_at";

const DELIVERIES: &str = "select id, webhook_id, event, sealed, state, attempts, next_at, status_code, note, created_at, \
    ended_at from deliveries where org_id = $1";

const TELL: &str = "insert into deliveries (org_id, id, webhook_id, event, sealed, state, attempts, next_at, created_at) \
    values ($1, $2, $3, $4, $5, 'PENDING', 0, $6, $6)";

/// Whoever moves its next time on has undertaken to try it.
const UNDERTAKE: &str = "update deliveries set next_at = $4, attempts = attempts + 1 \
    where org_id = $1 and id = $2 and next_at = $3 and state = 'PENDING'";

const SETTLE: &str = "update deliveries set state = $4, next_at = $5, status_code = $6, note = $7, ended_at = $8 \
    where org_id = $1 and id = $2 and attempts = $3 and state = 'PENDING'";

/// Of two who come at the same time, one tells.
const TOLD: &str = "insert into tellings (org_id, webhook_id, once_hash, at) values ($1, $2, $3, $4) \
    on conflict do nothing";

const AGAIN: &str = "update deliveries set state = 'PENDING', attempts = 0, next_at = $3, ended_at = null, note = null \
    where org_id = $1 and id = $2 and state <> 'PENDING'";

#[derive(Serialize, Deserialize)]
struct Sealed {
    name: String,
    url: String,
    events: Vec<String>,
}

fn cell<'a>(name: &'static str, id: &'a Uuid) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(id),
    }
}

fn webhook(row: &Row, vault: &Vault) -> Result<Webhook> {
    let id = row.id("id")?;
    let sealed = row.blob("sealed")?;
    let Sealed { name, url, events } = vault.unseal_as(cell("webhooks.sealed", &id), &sealed)?;
    Ok(Webhook {
        id: WebhookId(id),
        name,
        url: SecretString::from(url),
        events,
        is_enabled: row.get::<i64>("is_enabled")? != 0,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn delivery(row: &Row, vault: &Vault) -> Result<Delivery> {
    let id = row.id("id")?;
    let note: Option<Vec<u8>> = row.get("note")?;
    let note = note.map(|note| vault.unseal_as(cell("deliveries.note", &id), &note));
    let code: Option<i64> = row.get("status_code")?;
    Ok(Delivery {
        id: DeliveryId(id),
        webhook: WebhookId(row.id("webhook_id")?),
        event: row.get("event")?,
        data: vault.unseal_as(cell("deliveries.sealed", &id), &row.blob("sealed")?)?,
        state: row.word("state", DeliveryState::parse)?,
        attempts: row.count("attempts")? as u32,
        next_at: row.time_if("next_at")?,
        status_code: code.map(|code| code as u16),
        note: note.transpose()?,
        created_at: row.time("created_at")?,
        ended_at: row.time_if("ended_at")?,
    })
}

async fn fetch(session: &mut dyn Session, vault: &Vault, id: WebhookId) -> Result<Webhook> {
    let statement = Statement::new(SELECT).bind(vault.org());
    let row = session.row(statement.with(" and id = ", id.0)).await?;
    webhook(&row.ok_or_else(|| Error::not_found("webhook"))?, vault)
}

async fn fetch_delivery(
    session: &mut dyn Session,
    vault: &Vault,
    id: DeliveryId,
) -> Result<Delivery> {
    let statement = Statement::new(DELIVERIES).bind(vault.org());
    let row = session.row(statement.with(" and id = ", id.0)).await?;
    delivery(&row.ok_or_else(|| Error::not_found("delivery"))?, vault)
}

/// What the webhook's bodies are signed with.
async fn secret(session: &mut dyn Session, vault: &Vault, id: Uuid) -> Result<SecretString> {
    let statement = Statement::new("select secret from webhooks where org_id = $1 and id = $2");
    let row = session.row(statement.bind(vault.org()).bind(id)).await?;
    let row = row.ok_or_else(|| Error::not_found("webhook"))?;
    let secret: String = vault.unseal_as(cell("webhooks.secret", &id), &row.blob("secret")?)?;
    Ok(SecretString::from(secret))
}

/// Whether it wants to hear of an event.
fn hears(webhook: &Webhook, event: &str) -> bool {
    let fits = |wanted: &String| match wanted.strip_suffix('*') {
        Some(begin) => event.starts_with(begin),
        None => wanted == event,
    };
    webhook.is_enabled && (webhook.events.is_empty() || webhook.events.iter().any(fits))
}

/// Those who want to hear of an event.
async fn hearing(session: &mut dyn Session, vault: &Vault, event: &str) -> Result<Vec<WebhookId>> {
    let statement = Statement::new(SELECT).bind(vault.org());
    let rows = session.rows(statement.text(" order by id")).await?;
    let mut hearing = Vec::new();
    for row in &rows {
        let webhook = webhook(row, vault)?;
        if hears(&webhook, event) {
            hearing.push(webhook.id);
        }
    }
    Ok(hearing)
}

/// Writes down who is to be told of an event, with the rest of the session's transaction.
async fn tell(session: &mut dyn Session, vault: &Vault, event: &str, data: &Value) -> Result<()> {
    for webhook in hearing(session, vault, event).await? {
        tell_one(session, vault, webhook, (event, data)).await?;
    }
    Ok(())
}

/// Whether a webhook was told under that text.
async fn was_told(session: &mut dyn Session, org: OrgId, (id, once): (Uuid, Uuid)) -> Result<bool> {
    let statement = Statement::new("select at from tellings where org_id = $1 and webhook_id = $2");
    let statement = statement.bind(org).bind(id).with(" and once_hash = ", once);
    Ok(session.row(statement).await?.is_some())
}

async fn tell_one(
    session: &mut dyn Session,
    vault: &Vault,
    webhook: WebhookId,
    (event, data): (&str, &Value),
) -> Result<DeliveryId> {
    let (id, now) = (ids::ordered(), session.now().await?);
    let statement = Statement::new(TELL)
        .bind(vault.org())
        .bind(id)
        .bind(webhook.0)
        .bind(event)
        .bind(vault.seal_as(cell("deliveries.sealed", &id), data)?)
        .bind(now);
    session.run(statement).await?;
    Ok(DeliveryId(id))
}

/// Tells that a job ended, if it did.
pub(super) async fn ended(session: &mut dyn Session, vault: &Vault, job: &Job) -> Result<()> {
    if !job.state.is_final() {
        return Ok(());
    }
    let counts = &job.counts;
    let data = json!({
        "job": job.id,
        "kind": job.kind,
        "state": job.state.as_str(),
        "schedule": job.schedule.map(|schedule| schedule.0),
        "counts": {
            "tasks": counts.tasks,
            "tasksDone": counts.tasks_done,
            "tasksFailed": counts.tasks_failed,
            "rows": counts.rows,
            "bytes": counts.bytes,
            "faults": counts.faults,
            "failures": counts.failures,
            "findings": counts.findings,
        },
    });
    let event = format!("job.{}", job.state.as_str().to_lowercase());
    tell(session, vault, &event, &data).await
}

/// Tells that a DSAR job reached a state, and which request it answers.
pub(super) async fn reached(
    session: &mut dyn Session,
    vault: &Vault,
    (dsar, answers): (&Dsar, Option<RequestId>),
) -> Result<()> {
    let state = dsar.state.as_str();
    let data = json!({
        "dsarJob": format!("dsar:{}", dsar.id.0),
        "state": state,
        "request": answers,
    });
    let event = format!("dsar.{}", state.to_lowercase());
    tell(session, vault, &event, &data).await
}

/// Tells what came of a business rule.
pub(super) async fn judged(
    session: &mut dyn Session,
    vault: &Vault,
    result: &BusinessResult,
) -> Result<()> {
    let data = json!({
        "businessRule": result.rule.0,
        "job": result.job,
        "status": result.status,
        "total_count": result.total,
        "scopeCount": result.scope,
        "nonCompliant": result.non_compliant,
        "unread": result.unread,
    });
    let event = format!("business-rule.{}", result.status.to_lowercase());
    tell(session, vault, &event, &data).await
}

#[async_trait]
impl Webhooks for Database {
    async fn put_webhook(&self, org: OrgId, draft: &WebhookDraft) -> Result<Webhook> {
        let vault = self.vault(org).await?;
        let hash = vault.digest("webhook name", draft.name.as_bytes())?;
        let sealed = Sealed {
            name: draft.name.clone(),
            url: draft.url.expose_secret().to_owned(),
            events: draft.events.clone(),
        };
        let mut session = self.write_durably().await?;
        let taken = Statement::new("select id from webhooks where org_id = $1 and name_hash = $2");
        let taken = session.row(taken.bind(org).bind(hash)).await?;
        let taken = taken.map(|row| row.id("id")).transpose()?;
        if taken.is_some_and(|id| id != draft.id.0) {
            let sentence = "there is a webhook of that name already";
            return Err(Error::new(ErrorKind::Conflict, sentence).hint("choose another name"));
        }
        let signed_with = match &draft.secret {
            Some(secret) => secret.clone(),
            None => secret(&mut *session, &vault, draft.id.0).await?,
        };
        let signed_with = signed_with.expose_secret();
        let statement = Statement::new(PUT)
            .bind(org)
            .bind(draft.id.0)
            .bind(hash)
            .bind(vault.seal_as(cell("webhooks.sealed", &draft.id.0), &sealed)?)
            .bind(vault.seal_as(cell("webhooks.secret", &draft.id.0), &signed_with)?)
            .bind(draft.is_enabled)
            .bind(session.now().await?);
        session.run(statement).await?;
        let webhook = fetch(&mut *session, &vault, draft.id).await?;
        session.commit().await?;
        Ok(webhook)
    }

    async fn webhook(&self, org: OrgId, id: WebhookId) -> Result<Webhook> {
        let vault = self.vault(org).await?;
        fetch(&mut *self.read().await?, &vault, id).await
    }

    async fn webhooks(&self, org: OrgId, page: Page) -> Result<Paged<Webhook>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with_some(" and id > ", page.after)
            .with(" order by id limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "id", |row| webhook(row, &vault))
    }

    async fn remove_webhook(&self, org: OrgId, id: WebhookId) -> Result<()> {
        self.vault(org).await?;
        let mut session = self.write_durably().await?;
        for told in [
            "delete from deliveries where org_id = $1 and webhook_id = $2",
            "delete from tellings where org_id = $1 and webhook_id = $2",
        ] {
            session
                .run(Statement::new(told).bind(org).bind(id.0))
                .await?;
        }
        let statement = Statement::new("delete from webhooks where org_id = $1 and id = $2");
        if session.run(statement.bind(org).bind(id.0)).await? == 0 {
            return Err(Error::not_found("webhook"));
        }
        session.commit().await
    }

    async fn tell_webhook(
        &self,
        org: OrgId,
        id: WebhookId,
        (event, data): (&str, &Value),
    ) -> Result<Delivery> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        fetch(&mut *session, &vault, id).await?;
        let id = tell_one(&mut *session, &vault, id, (event, data)).await?;
        let delivery = fetch_delivery(&mut *session, &vault, id).await?;
        session.commit().await?;
        Ok(delivery)
    }

    async fn tell_once(
        &self,
        org: OrgId,
        once: &str,
        (event, data): (&str, &Value),
    ) -> Result<u64> {
        let vault = self.vault(org).await?;
        let once = vault.digest("told once", once.as_bytes())?;
        // Most times everybody was told, and whoever looks must not keep others from writing.
        let mut session = self.read().await?;
        let mut new = Vec::new();
        for id in hearing(&mut *session, &vault, event).await? {
            if !was_told(&mut *session, org, (id.0, once)).await? {
                new.push(id);
            }
        }
        drop(session);
        if new.is_empty() {
            return Ok(0);
        }
        let (mut session, mut told) = (self.write_durably().await?, 0);
        let now = session.now().await?;
        for id in new {
            let statement = Statement::new(TOLD).bind(org).bind(id.0).bind(once);
            if session.run(statement.bind(now)).await? == 1 {
                tell_one(&mut *session, &vault, id, (event, data)).await?;
                told += 1;
            }
        }
        session.commit().await?;
        Ok(told)
    }

    async fn deliveries(
        &self,
        org: OrgId,
        webhook: WebhookId,
        page: Page,
    ) -> Result<Paged<Delivery>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(DELIVERIES)
            .bind(org)
            .with(" and webhook_id = ", webhook.0)
            .with_some(" and id < ", page.after)
            .with(" order by id desc limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "id", |row| delivery(row, &vault))
    }

    async fn repeat_delivery(&self, org: OrgId, id: DeliveryId) -> Result<Delivery> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let now = session.now().await?;
        let statement = Statement::new(AGAIN).bind(org).bind(id.0).bind(now);
        session.run(statement).await?;
        let delivery = fetch_delivery(&mut *session, &vault, id).await?;
        session.commit().await?;
        Ok(delivery)
    }

    async fn undertake_delivery(
        &self,
        org: OrgId,
        patience: Duration,
    ) -> Result<Option<DueDelivery>> {
        let vault = self.vault(org).await?;
        // Most times there is nothing to do, and whoever looks must not keep others from writing.
        let mut session = self.read().await?;
        let now = session.now().await?;
        let due = || {
            Statement::new(DELIVERIES)
                .bind(org)
                .with(" and next_at <= ", now)
                .text(" order by next_at, id limit 1")
        };
        let Some(row) = session.row(due()).await? else {
            return Ok(None);
        };
        let (id, next) = (row.id("id")?, row.get::<i64>("next_at")?);
        drop(session);
        let mut session = self.write_durably().await?;
        let patience = i64::try_from(patience.as_micros()).unwrap_or(i64::MAX / 4);
        let statement = Statement::new(UNDERTAKE)
            .bind(org)
            .bind(id)
            .bind(next)
            .bind(now.saturating_add(patience));
        if session.run(statement).await? == 0 {
            return Ok(None);
        }
        let delivery = fetch_delivery(&mut *session, &vault, DeliveryId(id)).await?;
        let webhook = fetch(&mut *session, &vault, delivery.webhook).await?;
        let secret = secret(&mut *session, &vault, delivery.webhook.0).await?;
        session.commit().await?;
        Ok(Some(DueDelivery {
            delivery,
            url: webhook.url,
            secret,
            is_enabled: webhook.is_enabled,
        }))
    }

    async fn settle_delivery(
        &self,
        org: OrgId,
        delivery: &Delivery,
        tried: &Tried,
    ) -> Result<bool> {
        let vault = self.vault(org).await?;
        let id = delivery.id.0;
        let note = tried.note.as_ref();
        let note = note.map(|note| vault.seal_as(cell("deliveries.note", &id), note));
        let mut session = self.write_durably().await?;
        let now = session.now().await?;
        let is_over = tried.state != DeliveryState::Pending;
        let next: Option<Timestamp> = tried.next_at.filter(|_| !is_over);
        let statement = Statement::new(SETTLE)
            .bind(org)
            .bind(id)
            .bind(delivery.attempts)
            .bind(tried.state.as_str())
            .bind(next)
            .bind(tried.status_code.map(u32::from).map(i64::from))
            .bind(note.transpose()?)
            .bind(is_over.then_some(now));
        let settled = session.run(statement).await? == 1;
        session.commit().await?;
        Ok(settled)
    }

    async fn forget_deliveries(&self, org: OrgId, before: Timestamp) -> Result<()> {
        self.vault(org).await?;
        let mut session = self.write().await?;
        let statement = Statement::new(
            "delete from deliveries where org_id = $1 and state <> 'PENDING' and ended_at < $2",
        );
        session.run(statement.bind(org).bind(before)).await?;
        session.commit().await
    }
}
