//! Proof of who a person is, and of the authority to ask for another.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use locard_app::Actor;
use locard_requests::{Asked, Code, Opened, Submitted, case_shape, lifecycle};
use serde_json::{Value, json};

use super::{Handed, accepted, desk, field, header, intake, request_id, time, wanted};
use crate::context::Context;
use crate::fault::{Answer, json as answer};
use crate::fields::Fields;
use crate::routes::{Field, Kind};

pub(crate) const BODY_REQUEST: &[Field] = &[
    field("level", Kind::Text),
    field("method", Kind::Text),
    field("reasonForDoubt", Kind::Text),
    field("at", Kind::Text),
];
pub(crate) const BODY_EVIDENCE: &[Field] = &[
    field("level", Kind::Text),
    field("evidenceArtifacts", Kind::Object),
    field("methodsAllowed", Kind::Texts),
    field("reasonForDoubt", Kind::Text),
];
pub(crate) const BODY_WAIVE: &[Field] = &[wanted("rationale", Kind::Text)];
pub(crate) const BODY_AUTHORITY: &[Field] = &[
    wanted("evidenceArtifacts", Kind::Object),
    wanted("status", Kind::Text),
    field("verifiedAt", Kind::Text),
];

fn told(request: &Opened) -> Value {
    lifecycle(request)
}

pub(crate) async fn request(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let asked = Asked {
        level: fields.text("level")?,
        method: fields.text("method")?,
        reason: fields.long("reasonForDoubt")?,
        at: time(&mut fields, "at")?,
    };
    let desk = desk(&context).await?;
    let done = desk
        .request_verification(&actor, request_id(&id)?, &asked)
        .await?;
    accepted(told(&done), Some(&fields))
}

pub(crate) async fn evidence(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let submitted = Submitted {
        level: fields.text("level")?,
        references: fields.items("evidenceArtifacts", 50)?.unwrap_or_default(),
        methods: fields.list("methodsAllowed")?,
        reason: fields.long("reasonForDoubt")?,
    };
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    let (_, piece) = desk.submit_evidence(&actor, id, &submitted).await?;
    let level = submitted.level.as_deref().unwrap_or("reasonable");
    let body = json!({
        "requestId": id, "evidenceId": piece, "level": level, "status": "pending",
        "surface": "verification_evidence",
    });
    accepted(body, Some(&fields))
}

pub(crate) async fn upload(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let handed = Handed::of(&headers, "x-evidence", body);
    let level = header(&headers, "x-evidence-level");
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    let upload = handed.upload();
    let (_, piece) = desk
        .upload_evidence(&actor, id, &upload, level.as_deref())
        .await?;
    let body = json!({
        "artifactKey": format!("verification/{id}/evidence/{piece}"),
        "evidenceId": piece, "requestId": id, "status": "pending",
    });
    accepted(body, None)
}

pub(crate) async fn approve(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    resolve(context, actor, id, body, true).await
}

pub(crate) async fn reject(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    resolve(context, actor, id, body, false).await
}

async fn resolve(context: Context, actor: Actor, id: String, body: Bytes, is_good: bool) -> Answer {
    let mut fields = Fields::of(&body)?;
    let at = time(&mut fields, "at")?;
    let desk = desk(&context).await?;
    let done = desk
        .resolve_verification(&actor, request_id(&id)?, is_good, at)
        .await?;
    accepted(told(&done), Some(&fields))
}

pub(crate) async fn waive(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let mut reason = fields.long("rationale")?;
    reason = reason.or(fields.long("reason")?);
    let desk = desk(&context).await?;
    let done = desk
        .waive_verification(&actor, request_id(&id)?, reason.as_deref())
        .await?;
    accepted(told(&done), Some(&fields))
}

pub(crate) async fn case(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let desk = desk(&context).await?;
    let request = desk.request(request_id(&id)?).await?;
    let case = request.known()?.verification.as_ref().map(case_shape);
    let missing =
        || locard_requests::Fault::new(Code::NotFound, "no proof of identity was asked for");
    answer(case.ok_or_else(missing)?)
}

pub(crate) async fn submit_authority(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let authority = intake::authority(&mut fields, "")?;
    let desk = desk(&context).await?;
    let done = desk
        .submit_authority(&actor, request_id(&id)?, &authority)
        .await?;
    accepted(told(&done), Some(&fields))
}

pub(crate) async fn approve_authority(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let done = desk(&context)
        .await?
        .judge_authority(&actor, request_id(&id)?, true)
        .await?;
    accepted(told(&done), None)
}

pub(crate) async fn reject_authority(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let done = desk(&context)
        .await?
        .judge_authority(&actor, request_id(&id)?, false)
        .await?;
    accepted(told(&done), None)
}
