//! Webhooks: who is told when something ends. What is told holds ids and counts only; it is signed, tried again with growing
//! pauses, and kept for a while so that it can be told again.
//!
//! Nothing here reaches a network: whoever delivers undertakes what is due, and says what came of it.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use locard_model::{ExposeSecret as _, SecretString};
use locard_store::{
    Delivery, DeliveryId, DeliveryState, DueDelivery, Page, Tried, Webhook, WebhookDraft, WebhookId,
};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use crate::{Error, ErrorKind, Home, Result};

/// How long whoever undertook a delivery has it to itself.
const PATIENCE: Duration = Duration::from_mins(2);

/// Seconds until each further try; after the last it is given up.
const PAUSES: [i64; 8] = [2, 10, 60, 300, 1_800, 7_200, 21_600, 43_200];

/// How long ended deliveries are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The shortest secret that somebody may choose.
const SHORTEST: usize = 16;

/// Events that a webhook may name, at most.
const MOST: usize = 50;

/// A webhook as it is told.
#[derive(Clone, Debug)]
pub struct WebhookRow {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// Of what it is made.
    pub options: WebhookOptions,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody changed it last.
    pub updated_at: Timestamp,
}

/// Of what a webhook is made.
#[derive(Clone, Debug)]
pub struct WebhookOptions {
    /// Where it is told. It may hold a secret.
    pub url: SecretString,
    /// Of which events: `job.failed`, or `job.*` for all that begin so; none: all.
    pub events: Vec<String>,
    /// Whether it is told at all.
    pub is_enabled: bool,
}

/// One telling as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryRow {
    /// Its id, which whoever is told sees too.
    pub id: Uuid,
    /// Who is told.
    pub webhook: Uuid,
    /// Of what, in one word.
    pub event: String,
    /// Ids and counts.
    pub data: Value,
    /// `PENDING`, `DELIVERED` or `FAILED`.
    pub state: &'static str,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// What was answered last.
    pub status_code: Option<u16>,
    /// Why it did not succeed when it was tried last.
    pub note: Option<String>,
    /// When it happened.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub ended_at: Option<Timestamp>,
}

/// A delivery to be tried.
#[derive(Clone, Debug)]
pub struct Due {
    /// Its id.
    pub id: Uuid,
    /// Of what, in one word.
    pub event: String,
    /// Where.
    pub url: SecretString,
    /// What is sent.
    pub body: String,
    /// By what whoever is told knows that it is ours: `t=1767225600,v1=…`, the HMAC-SHA256 of time, point and body.
    pub signature: String,
    delivery: Delivery,
}

/// What came of trying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Somebody answered with this.
    Answered(u16),
    /// Nobody did, for this reason.
    Silence(String),
    /// It may not be reached at all, for this reason.
    Refused(String),
}

/// Makes a webhook; without a secret it gets one. The secret is told this once.
pub async fn add_webhook(
    home: &Home,
    name: &str,
    options: WebhookOptions,
    secret: Option<SecretString>,
) -> Result<(WebhookRow, SecretString)> {
    let secret = secret.map_or_else(random, Ok)?;
    let id = WebhookId(Uuid::now_v7());
    let row = put(home, id, name, (options, Some(secret.clone()))).await?;
    Ok((row, secret))
}

/// Changes a webhook. Where it is to have another secret without one being given it gets one, which is told this once.
pub async fn change_webhook(
    home: &Home,
    id: Uuid,
    name: &str,
    options: WebhookOptions,
    secret: Option<Option<SecretString>>,
) -> Result<(WebhookRow, Option<SecretString>)> {
    let id = WebhookId(id);
    home.store.webhook(home.org, id).await?;
    let secret = secret.map(|secret| secret.map_or_else(random, Ok));
    let secret = secret.transpose()?;
    let row = put(home, id, name, (options, secret.clone())).await?;
    Ok((row, secret))
}

async fn put(
    home: &Home,
    id: WebhookId,
    name: &str,
    (options, secret): (WebhookOptions, Option<SecretString>),
) -> Result<WebhookRow> {
    check_webhook(name, &options, secret.as_ref())?;
    let draft = WebhookDraft {
        id,
        name: name.trim().to_owned(),
        url: options.url,
        events: options.events,
        is_enabled: options.is_enabled,
        secret,
    };
    Ok(row(home.store.put_webhook(home.org, &draft).await?))
}

/// Whether a webhook may be made so; its address is judged by whoever connects to it.
pub fn check_webhook(
    name: &str,
    options: &WebhookOptions,
    secret: Option<&SecretString>,
) -> Result<()> {
    let name = name.trim();
    if name.is_empty() || name.len() > 200 || name.chars().any(crate::is_unprintable) {
        return Err(Error::usage(
            "a webhook needs a short name that can be printed",
        ));
    }
    if options.events.len() > MOST || !options.events.iter().all(|event| is_event(event)) {
        let sentence = "an event is a word such as job.failed, or job.* for all that begin so";
        let hint = format!("events begin with {}", KINDS.join(", "));
        return Err(Error::usage(sentence).hint(hint));
    }
    let is_short = |secret: &SecretString| secret.expose_secret().len() < SHORTEST;
    if secret.is_some_and(is_short) {
        let sentence = format!("a secret of at least {SHORTEST} characters is wanted");
        return Err(Error::usage(sentence));
    }
    Ok(())
}

/// What events begin with.
const KINDS: [&str; 4] = ["job.", "dsar.", "business-rule.", "request."];

/// Whether a text is an event, or the beginning of some, that can ever be told.
fn is_event(event: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || matches!(c, '.' | '-');
    let is_known = match event.strip_suffix('*') {
        Some(beginning) => {
            (KINDS.iter()).any(|kind| kind.starts_with(beginning) || beginning.starts_with(kind))
        }
        None => (KINDS.iter()).any(|kind| event.len() > kind.len() && event.starts_with(kind)),
    };
    let plain = event.strip_suffix('*').unwrap_or(event);
    event.len() <= 100 && is_known && plain.chars().all(fits)
}

/// A secret that nobody guesses.
fn random() -> Result<SecretString> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| {
        let sentence = "the system gives no random numbers";
        Error::new(ErrorKind::Unexpected, sentence)
    })?;
    Ok(SecretString::from(format!("whsec_{}", hex::encode(bytes))))
}

/// Webhooks in the order of their ids, after that one if one is given; and where to go on.
pub async fn webhooks(
    home: &Home,
    after: Option<Uuid>,
    limit: u32,
) -> Result<(Vec<WebhookRow>, Option<Uuid>)> {
    let page = Page { after, limit };
    let found = home.store.webhooks(home.org, page).await?;
    Ok((found.items.into_iter().map(row).collect(), found.next))
}

/// One webhook.
pub async fn webhook(home: &Home, id: Uuid) -> Result<WebhookRow> {
    Ok(row(home.store.webhook(home.org, WebhookId(id)).await?))
}

/// Forgets a webhook and what it was told.
pub async fn remove_webhook(home: &Home, id: Uuid) -> Result<()> {
    Ok(home.store.remove_webhook(home.org, WebhookId(id)).await?)
}

/// Tells a webhook something of no meaning, so that whoever set it up sees whether it is heard.
pub async fn test_webhook(home: &Home, id: Uuid) -> Result<DeliveryRow> {
    let event = ("webhook.test", &json!({ "webhook": id }));
    let told = home.store.tell_webhook(home.org, WebhookId(id), event);
    Ok(telling(told.await?))
}

/// What a webhook was told, the newest first, after that one if one is given; and where to go on.
pub async fn deliveries(
    home: &Home,
    webhook: Uuid,
    after: Option<Uuid>,
    limit: u32,
) -> Result<(Vec<DeliveryRow>, Option<Uuid>)> {
    let (id, page) = (WebhookId(webhook), Page { after, limit });
    home.store.webhook(home.org, id).await?;
    let found = home.store.deliveries(home.org, id, page).await?;
    Ok((found.items.into_iter().map(telling).collect(), found.next))
}

/// Tells the same again, under the same id.
pub async fn repeat_delivery(home: &Home, id: Uuid) -> Result<DeliveryRow> {
    let told = home.store.repeat_delivery(home.org, DeliveryId(id)).await?;
    Ok(telling(told))
}

/// A delivery whose time has come, signed; nobody else tries it for a while.
pub async fn undertake_delivery(home: &Home) -> Result<Option<Due>> {
    loop {
        let due = home.store.undertake_delivery(home.org, PATIENCE).await?;
        let Some(due) = due else { return Ok(None) };
        if due.is_enabled {
            return Ok(Some(signed(due, home.store.clock().await?)));
        }
        let tried = Tried {
            state: DeliveryState::Failed,
            next_at: None,
            status_code: None,
            note: Some("the webhook is switched off".to_owned()),
        };
        let settled = home.store.settle_delivery(home.org, &due.delivery, &tried);
        settled.await?;
    }
}

fn signed(due: DueDelivery, now: Timestamp) -> Due {
    let delivery = due.delivery;
    let body = json!({
        "id": delivery.id.0,
        "event": delivery.event,
        "at": delivery.created_at.to_string(),
        "data": delivery.data,
    });
    let body = body.to_string();
    Due {
        id: delivery.id.0,
        event: delivery.event.clone(),
        url: due.url,
        signature: signature(&due.secret, now.as_second(), &body),
        body,
        delivery,
    }
}

/// How a body is signed at a time, in seconds since 1970.
fn signature(secret: &SecretString, at: i64, body: &str) -> String {
    let key = secret.expose_secret().as_bytes();
    // Keys of any length are taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(format!("{at}.{body}").as_bytes());
    let digest = hex::encode(mac.finalize().into_bytes());
    format!("t={at},v1={digest}")
}

/// Records what came of trying.
pub async fn settle_delivery(home: &Home, due: &Due, reaction: &Reaction) -> Result<()> {
    let now = home.store.clock().await?;
    let tried = tried(due.delivery.attempts, reaction, now);
    let settled = home.store.settle_delivery(home.org, &due.delivery, &tried);
    settled.await?;
    Ok(())
}

fn tried(attempts: u32, reaction: &Reaction, now: Timestamp) -> Tried {
    let (status_code, note) = match reaction {
        Reaction::Answered(code) if (200..300).contains(code) => {
            return Tried {
                state: DeliveryState::Delivered,
                next_at: None,
                status_code: Some(*code),
                note: None,
            };
        }
        Reaction::Answered(code) => (Some(*code), format!("it answered with {code}")),
        Reaction::Silence(why) | Reaction::Refused(why) => (None, why.clone()),
    };
    // Whoever answers that it is gone for good, or may not be reached, is not asked again.
    let is_final = matches!(reaction, Reaction::Refused(_) | Reaction::Answered(410));
    let pause = PAUSES.get(attempts.saturating_sub(1) as usize);
    let pause = pause.filter(|_| !is_final);
    Tried {
        state: if pause.is_some() {
            DeliveryState::Pending
        } else {
            DeliveryState::Failed
        },
        next_at: pause.map(|pause| now + SignedDuration::from_secs(*pause)),
        status_code,
        note: Some(note),
    }
}

/// Forgets what was told long ago.
pub async fn forget_deliveries(home: &Home) -> Result<()> {
    let before = home.store.clock().await? - KEPT;
    Ok(home.store.forget_deliveries(home.org, before).await?)
}

fn row(webhook: Webhook) -> WebhookRow {
    WebhookRow {
        id: webhook.id.0,
        name: webhook.name,
        options: WebhookOptions {
            url: webhook.url,
            events: webhook.events,
            is_enabled: webhook.is_enabled,
        },
        created_at: webhook.created_at,
        updated_at: webhook.updated_at,
    }
}

fn telling(delivery: Delivery) -> DeliveryRow {
    DeliveryRow {
        id: delivery.id.0,
        webhook: delivery.webhook.0,
        event: delivery.event,
        data: delivery.data,
        state: delivery.state.as_str(),
        attempts: delivery.attempts,
        next_at: delivery.next_at,
        status_code: delivery.status_code,
        note: delivery.note,
        created_at: delivery.created_at,
        ended_at: delivery.ended_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_keyed_hash_of_time_and_body() {
        // Of `openssl dgst -sha256 -hmac whsec_0123456789abcdef` over `1767225600.{"a":1}`.
        let secret = SecretString::from("whsec_0123456789abcdef");
        assert_eq!(
            signature(&secret, 1_767_225_600, "{\"a\":1}"),
            "t=1767225600,v1=a53ca153542dda924719487a749eff27f82654b84c58882e4310887580830628"
        );
    }

    #[test]
    fn only_events_that_can_be_told_are_events() {
        for event in [
            "job.failed",
            "job.*",
            "*",
            "dsar.ready",
            "business-rule.fail",
            "request.overdue",
            "request.due*",
        ] {
            assert!(is_event(event), "{event}");
        }
        for event in [
            "nope",
            "nope.*",
            "job.",
            "job",
            "Job.failed",
            "",
            "jobs.failed",
            "job.*.x",
        ] {
            assert!(!is_event(event), "{event}");
        }
    }

    #[test]
    fn pauses_grow_until_it_is_given_up() {
        let now = Timestamp::UNIX_EPOCH;
        let pause = |attempts: u32, reaction: Reaction| {
            let tried = tried(attempts, &reaction, now);
            let seconds = tried.next_at.map(Timestamp::as_second);
            (tried.state, seconds)
        };
        let down = || Reaction::Answered(503);
        assert_eq!(pause(1, down()), (DeliveryState::Pending, Some(2)));
        assert_eq!(pause(8, down()), (DeliveryState::Pending, Some(43_200)));
        assert_eq!(pause(9, down()), (DeliveryState::Failed, None));
        let silent = Reaction::Silence("nobody listens".to_owned());
        assert_eq!(pause(2, silent), (DeliveryState::Pending, Some(10)));
        let refused = Reaction::Refused("this machine".to_owned());
        assert_eq!(pause(1, refused), (DeliveryState::Failed, None));
        assert_eq!(
            pause(1, Reaction::Answered(410)),
            (DeliveryState::Failed, None)
        );
        assert_eq!(pause(1, Reaction::Answered(302)).0, DeliveryState::Pending);
        assert_eq!(
            pause(1, Reaction::Answered(204)),
            (DeliveryState::Delivered, None)
        );
    }
}
