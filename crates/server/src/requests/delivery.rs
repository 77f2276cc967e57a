//! Handing an answer out.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use locard_app::Actor;
use locard_requests::{Code, logs};
use serde_json::json;

use super::{accepted, desk, field, header, must, request_id, wanted};
use crate::context::Context;
use crate::fault::{Answer, json as answer};
use crate::fields::Fields;
use crate::routes::{Field, Kind};

pub(crate) const BODY_PREPARE: &[Field] = &[
    field("channel", Kind::Text),
    field("securityLevel", Kind::Text),
];
pub(crate) const BODY_ADDRESS: &[Field] = &[field("email", Kind::Text)];
pub(crate) const BODY_TOKEN: &[Field] = &[wanted("token", Kind::Text)];

pub(crate) async fn prepare(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let (channel, level) = (fields.text("channel")?, fields.text("securityLevel")?);
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    let how = (channel.as_deref(), level.as_deref());
    let (done, artifact) = desk.prepare_delivery(&actor, id, how.0, how.1).await?;
    let delivery = done.known()?.delivery.as_ref().map(|delivery| {
        json!({
            "channel": delivery.channel,
            "securityLevel": delivery.security_level,
            "preparedAt": delivery.prepared_at.to_string(),
            "preparedBy": delivery.prepared_by,
        })
    });
    let body = json!({
        "requestId": id, "artifactId": artifact, "deliveryPrepare": delivery, "surface": "delivery_prepare",
    });
    accepted(body, Some(&fields))
}

pub(crate) async fn verify_address(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let email = fields.text("email")?;
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    let (email, verified) = desk.verify_address(&actor, id, email.as_deref()).await?;
    answer(json!({ "requestId": id, "email": email, "verified": verified }))
}

pub(crate) async fn challenge(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    let handing = desk.challenge(&actor, id).await?;
    let expires_at = handing.expires_at.to_string();
    accepted(
        json!({ "requestId": id, "token": handing.token, "expiresAt": expires_at }),
        None,
    )
}

pub(crate) async fn complete(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let token = must(&mut fields, "token", "")?;
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    desk.complete_challenge(&actor, id, &token).await?;
    accepted(
        json!({ "requestId": id, "status": "completed" }),
        Some(&fields),
    )
}

pub(crate) async fn download(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path((id, artifact)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let token = header(&headers, "x-delivery-token");
    let missing = |_| {
        locard_requests::Fault::new(Code::ArtifactNotFound, "the manifest has no such artifact")
    };
    let artifact = artifact.parse().map_err(missing)?;
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    let (found, file) = desk
        .download(&actor, id, artifact, token.as_deref())
        .await?;
    let content = file.as_ref().map(|(_, content)| STANDARD.encode(content));
    let note = file.map(|(note, _)| note);
    answer(json!({
        "requestId": id,
        "artifactId": artifact,
        "artifact": {
            "title": found.title,
            "type": found.kind,
            "filename": note.as_ref().map(|note| &note.name),
            "mediaType": note.as_ref().map(|note| &note.media_type),
            "sizeBytes": note.as_ref().map(|note| note.size_bytes),
            "sha256": note.as_ref().map(|note| &note.sha256),
            "contentBase64": content,
            "reference": found.reference,
        },
    }))
}

pub(crate) async fn history(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let desk = desk(&context).await?;
    let request = desk.request(request_id(&id)?).await?;
    answer(logs(&request, request.known()?))
}
