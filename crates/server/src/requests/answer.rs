//! The course of a request: confirmed, asked about, extended, answered, refused, taken back, closed, held.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use locard_app::Actor;
use locard_requests::{Extending, Fulfilling, Refusing, lifecycle};
use serde_json::json;

use super::{accepted, desk, field, intake, other_id, request_id, required_text, time, wanted};
use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::fields::Fields;
use crate::routes::{Field, Kind};

pub(crate) const BODY_AT: &[Field] = &[field("at", Kind::Text)];
pub(crate) const BODY_FULFILMENT: &[Field] = &[
    field("at", Kind::Text),
    field("acknowledgeOpen", Kind::Flag),
    field("reason", Kind::Text),
];
pub(crate) const BODY_MESSAGE: &[Field] = &[field("message", Kind::Text), field("at", Kind::Text)];
pub(crate) const BODY_EXTENSION: &[Field] = &[
    wanted("rationale", Kind::Text),
    field("by", Kind::Text),
    field("days", Kind::Text),
    field("at", Kind::Text),
];
pub(crate) const BODY_REFUSAL: &[Field] = &[
    field("message", Kind::Text),
    field("rationale", Kind::Text),
    field("reason", Kind::Text),
    field("at", Kind::Text),
];
pub(crate) const BODY_REASON: &[Field] = &[wanted("reason", Kind::Text)];

pub(crate) async fn acknowledge(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let at = time(&mut fields, "at")?;
    let done = desk(&context)
        .await?
        .acknowledge(&actor, request_id(&id)?, at)
        .await?;
    accepted(lifecycle(&done), Some(&fields))
}

pub(crate) async fn ask(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let (question, at) = (fields.long("message")?, time(&mut fields, "at")?);
    let desk = desk(&context).await?;
    let done = desk
        .ask(&actor, request_id(&id)?, question.as_deref(), at)
        .await?;
    accepted(lifecycle(&done), Some(&fields))
}

pub(crate) async fn hear(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let (said, at) = (fields.long("message")?, time(&mut fields, "at")?);
    let desk = desk(&context).await?;
    let done = desk
        .hear(&actor, request_id(&id)?, said.as_deref(), at)
        .await?;
    accepted(lifecycle(&done), Some(&fields))
}

pub(crate) async fn extend(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let mut by = fields.text("by")?;
    for days in ["days", "additionalDays"] {
        by = by.or(fields.text(days)?.map(|days| format!("{days} days")));
    }
    let by = by.map(|by| by.parse()).transpose();
    let mut rationale = fields.long("rationale")?;
    for name in ["reason", "justification", "message"] {
        rationale = rationale.or(fields.long(name)?);
    }
    let extending = Extending {
        rationale,
        by: by.map_err(|error| Fault::field("by", &format!("{error}")))?,
        at: time(&mut fields, "at")?,
    };
    let done = desk(&context)
        .await?
        .extend(&actor, request_id(&id)?, &extending)
        .await?;
    accepted(lifecycle(&done), Some(&fields))
}

pub(crate) async fn refuse(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let refusing = Refusing {
        rationale: fields.long("rationale")?,
        reason: fields.long("reason")?,
        message: fields.long("message")?,
        at: time(&mut fields, "at")?,
    };
    let done = desk(&context)
        .await?
        .refuse(&actor, request_id(&id)?, &refusing)
        .await?;
    accepted(lifecycle(&done), Some(&fields))
}

pub(crate) async fn fulfil(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let at = time(&mut fields, "at")?;
    let reason = fields.long("reason")?;
    let is_known = fields.flag("acknowledgeOpen")?;
    if is_known && reason.is_none() {
        let what = "why it is answered although not everything is done is wanted";
        return Err(Fault::field("reason", what));
    }
    let fulfilling = Fulfilling {
        at,
        despite_open: reason.filter(|_| is_known),
    };
    let done = desk(&context)
        .await?
        .fulfil(&actor, request_id(&id)?, &fulfilling)
        .await?;
    accepted(lifecycle(&done), Some(&fields))
}

pub(crate) async fn withdraw(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let message = fields.long("message")?;
    let desk = desk(&context).await?;
    let done = desk
        .withdraw(&actor, request_id(&id)?, message.as_deref())
        .await?;
    accepted(lifecycle(&done), Some(&fields))
}

pub(crate) async fn close(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let done = desk(&context)
        .await?
        .close(&actor, request_id(&id)?)
        .await?;
    accepted(lifecycle(&done), None)
}

pub(crate) async fn requestor(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let requestor = intake::requestor(&mut fields, "")?;
    let desk = desk(&context).await?;
    let done = desk
        .change_requestor(&actor, request_id(&id)?, &requestor)
        .await?;
    accepted(lifecycle(&done), Some(&fields))
}

pub(crate) async fn hold(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let reason = required_text(&mut fields, "reason", "")?;
    let desk = desk(&context).await?;
    let done = desk.hold(&actor, request_id(&id)?, Some(&reason)).await?;
    accepted(lifecycle(&done), Some(&fields))
}

pub(crate) async fn unhold(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let done = desk(&context)
        .await?
        .hold(&actor, request_id(&id)?, None)
        .await?;
    accepted(lifecycle(&done), None)
}

/// Destroys all that is known of a request whose retention has ended.
pub(crate) async fn destroy(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = request_id(&id)?;
    let destroyed = desk(&context).await?.destroy(&actor, id).await?;
    accepted(json!({ "id": id, "destroyed": destroyed }), None)
}

pub(crate) async fn replay(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path((id, event)): Path<(String, String)>,
) -> Answer {
    let event = other_id(&event, "notification")?;
    let desk = desk(&context).await?;
    desk.replay(&actor, request_id(&id)?, event).await?;
    accepted(json!({ "eventId": event, "status": "replayed" }), None)
}
