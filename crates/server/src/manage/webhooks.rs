//! Webhooks.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use locard_app::{Actor, DeliveryRow, WebhookOptions, WebhookRow, check_webhook};
use locard_model::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::{Query, listed, page, path_id};
use crate::routes::{Field, Kind};

const fn field(name: &'static str, kind: Kind, required: bool) -> Field {
    Field {
        name,
        kind,
        required,
    }
}

pub(crate) const BODY: &[Field] = &[
    field("name", Kind::Text, true),
    field("url", Kind::Text, true),
    field("events", Kind::Texts, false),
    field("enabled", Kind::Flag, false),
    field("secret", Kind::Text, false),
];

pub(crate) const BODY_CHANGE: &[Field] = &[
    field("name", Kind::Text, false),
    field("url", Kind::Text, false),
    field("events", Kind::Texts, false),
    field("enabled", Kind::Flag, false),
    field("secret", Kind::Text, false),
    field("newSecret", Kind::Flag, false),
];

/// What stands behind the path of an address is often a secret.
fn told(webhook: &WebhookRow) -> Value {
    let url = webhook.options.url.expose_secret();
    json!({
        "id": webhook.id,
        "name": webhook.name,
        "url": url.split(['?', '#']).next(),
        "events": webhook.options.events,
        "enabled": webhook.options.is_enabled,
        "createdAt": webhook.created_at.to_string(),
        "updatedAt": webhook.updated_at.to_string(),
    })
}

fn telling(delivery: &DeliveryRow) -> Value {
    json!({
        "id": delivery.id,
        "webhook": delivery.webhook,
        "event": delivery.event,
        "data": delivery.data,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "nextAt": delivery.next_at.map(|at| at.to_string()),
        "statusCode": delivery.status_code,
        "note": delivery.note,
        "createdAt": delivery.created_at.to_string(),
        "endedAt": delivery.ended_at.map(|at| at.to_string()),
    })
}

pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let (after, limit) = page(&query)?;
    let (rows, next) = locard_app::webhooks(context.home(), after, limit).await?;
    let rows: Vec<Value> = rows.iter().map(told).collect();
    answer(listed(
        "webhooks",
        rows,
        (after, next.map(|next| json!(next))),
    ))
}

pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let id = path_id(&id, "webhook")?;
    answer(told(&locard_app::webhook(context.home(), id).await?))
}

/// The secret is told this once.
pub(crate) async fn add(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let name = fields.text("name")?;
    let name = name.ok_or_else(|| Fault::field("name", "a name is wanted"))?;
    let url = fields.secret(&["url"])?;
    let url = url.ok_or_else(|| Fault::field("url", "an address is wanted"))?;
    let options = WebhookOptions {
        url,
        events: fields.list("events")?,
        is_enabled: !fields.is_given("enabled") || fields.flag("enabled")?,
    };
    let secret = fields.secret(&["secret"])?;
    check_webhook(&name, &options, secret.as_ref())?;
    check(&context, &fields, &options.url).await?;
    let (made, secret) = locard_app::add_webhook(context.home(), &name, options, secret).await?;
    let details = json!({ "webhook": made.id });
    locard_app::record_audit(context.home(), &actor, "add webhook", details).await?;
    answer(with_secret(told(&made), Some(&secret)))
}

/// What is not given stays as it is.
pub(crate) async fn change(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let (home, id) = (context.home(), path_id(&id, "webhook")?);
    let before = locard_app::webhook(home, id).await?;
    let mut fields = Fields::of(&body)?;
    let name = fields.text("name")?.unwrap_or(before.name);
    let mut options = before.options;
    options.url = fields.secret(&["url"])?.unwrap_or(options.url);
    if fields.is_given("events") {
        options.events = fields.list("events")?;
    }
    if fields.is_given("enabled") {
        options.is_enabled = fields.flag("enabled")?;
    }
    let given = fields.secret(&["secret"])?;
    let is_new = fields.flag("newSecret")?;
    check_webhook(&name, &options, given.as_ref())?;
    let secret = (given.is_some() || is_new).then_some(given);
    check(&context, &fields, &options.url).await?;
    let changed = locard_app::change_webhook(home, id, &name, options, secret);
    let (changed, secret) = changed.await?;
    let details = json!({ "webhook": id });
    locard_app::record_audit(home, &actor, "change webhook", details).await?;
    answer(with_secret(told(&changed), secret.as_ref()))
}

pub(crate) async fn remove(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = path_id(&id, "webhook")?;
    locard_app::remove_webhook(context.home(), id).await?;
    let details = json!({ "webhook": id });
    locard_app::record_audit(context.home(), &actor, "remove webhook", details).await?;
    answer(json!({ "id": id, "removed": true }))
}

pub(crate) async fn test(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let id = path_id(&id, "webhook")?;
    answer(telling(
        &locard_app::test_webhook(context.home(), id).await?,
    ))
}

pub(crate) async fn deliveries(
    State(context): State<Context>,
    Path(id): Path<String>,
    query: Query,
) -> Answer {
    let (after, limit) = page(&query)?;
    let id = path_id(&id, "webhook")?;
    let (rows, next) = locard_app::deliveries(context.home(), id, after, limit).await?;
    let rows: Vec<Value> = rows.iter().map(telling).collect();
    answer(json!({ "deliveries": rows, "next": next }))
}

pub(crate) async fn replay(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = path_id(&id, "delivery")?;
    let told = locard_app::repeat_delivery(context.home(), id).await?;
    let details = json!({ "delivery": id });
    locard_app::record_audit(context.home(), &actor, "replay delivery", details).await?;
    answer(telling(&told))
}

fn with_secret(mut told: Value, secret: Option<&SecretString>) -> Value {
    if let Some(secret) = secret {
        told["secret"] = json!(secret.expose_secret());
    }
    told
}

/// What is not understood is told before a name is looked up: that takes a while, and leaves this machine.
async fn check(context: &Context, fields: &Fields, url: &SecretString) -> Result<(), Fault> {
    let unknown = fields.unheeded(&[]);
    if let Some(text) = unknown.first() {
        return Err(Fault::new(
            axum::http::StatusCode::BAD_REQUEST,
            text.clone(),
        ));
    }
    crate::webhooks::check(context.guard(), url).await
}

/// What is sent to and answered by these routes, as examples.
pub(crate) fn example(method: &str, rest: &str, sent: bool) -> Value {
    let id = "0198c1f2-6f3e-7d1a-9b7c-2f6d1e0a4c55";
    let at = "2026-03-31T02:00:00Z";
    let delivery = json!({
        "id": id, "webhook": id, "event": "job.failed", "data": {},
        "state": "DELIVERED", "attempts": 1, "nextAt": at, "statusCode": 204, "note": "nobody answered", "createdAt": at, "endedAt": at,
    });
    let webhook = json!({
        "id": id, "name": "on call", "url": "https://hooks.example/locard", "events": ["job.failed", "business-rule.*"],
        "enabled": true, "createdAt": at, "updatedAt": at,
    });
    match (sent, method, rest) {
        (true, "post", "/webhooks") => json!({
            "name": "on call", "url": "https://hooks.example/locard", "events": ["job.failed", "business-rule.*"],
        }),
        (true, "patch", _) => json!({ "newSecret": true }),
        (true, ..) => Value::Null,
        (_, "delete", _) => json!({ "id": id, "removed": true }),
        (_, "get", "/webhooks") => {
            json!({ "webhooks": [webhook], "next": id, "total": 2, "totalIsLowerBound": true })
        }
        (_, _, "/webhooks/{id}/deliveries") => json!({ "deliveries": [delivery], "next": id }),
        (_, _, "/webhooks/{id}/test" | "/deliveries/{id}/replay") => delivery,
        (_, "post", "/webhooks") | (_, "patch", _) => {
            with_secret(webhook, Some(&SecretString::from("whsec_0123456789abcdef")))
        }
        _ => webhook,
    }
}
