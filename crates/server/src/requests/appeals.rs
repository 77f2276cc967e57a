//! Appeals against an answer.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use locard_app::Actor;
use locard_requests::appeals_shape;
use serde_json::json;

use super::{accepted, desk, field, other_id, request_id, required_text, wanted};
use crate::context::Context;
use crate::fault::{Answer, json as answer};
use crate::fields::Fields;
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[wanted("message", Kind::Text), field("grounds", Kind::Text)];
pub(crate) const BODY_DECISION: &[Field] = &[
    wanted("decision", Kind::Text),
    field("explanation", Kind::Text),
];

pub(crate) async fn list(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let desk = desk(&context).await?;
    let request = desk.request(request_id(&id)?).await?;
    answer(appeals_shape(request.known()?))
}

pub(crate) async fn add(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let message = required_text(&mut fields, "message", "")?;
    let grounds = fields.long("grounds")?;
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    let (_, appeal) = desk
        .appeal(&actor, id, &message, grounds.as_deref())
        .await?;
    let body = json!({ "appealId": appeal, "requestId": id, "status": "appeal_submitted" });
    accepted(body, Some(&fields))
}

pub(crate) async fn decide(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path((id, appeal)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let decision = required_text(&mut fields, "decision", "")?;
    let explanation = fields.long("explanation")?;
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    let appeal = other_id(&appeal, "appeal")?;
    let why = explanation.as_deref();
    desk.decide_appeal(&actor, id, appeal, &decision, why)
        .await?;
    let body = json!({
        "appealId": appeal, "decision": decision, "requestId": id, "status": "appeal_decided",
    });
    accepted(body, Some(&fields))
}
