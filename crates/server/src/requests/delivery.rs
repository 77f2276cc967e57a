//! Handing an answer out.

use std::io::Read;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use locard_app::Actor;
use locard_requests::{Artifact, Code, Content, RequestId, logs};
use serde_json::{Value, json};

use super::{accepted, desk, field, header, request_id, required_text, wanted};
use crate::compliance::stream;
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
    let token = required_text(&mut fields, "token", "")?;
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
    let (found, content) = desk
        .download(&actor, id, artifact, token.as_deref())
        .await?;
    Ok(match content {
        Content::Elsewhere => handed((id, artifact), &found, None, None),
        Content::File(note, content) => {
            let about = json!({
                "filename": note.name, "mediaType": note.media_type, "sizeBytes": note.size_bytes, "sha256": note.sha256,
            });
            let content = Box::new(std::io::Cursor::new(content));
            handed((id, artifact), &found, Some(about), Some(content))
        }
        Content::Bundle(bundle) => {
            let about = json!({
                "filename": bundle.name, "mediaType": bundle.media_type, "sizeBytes": bundle.size, "sha256": bundle.sha256,
            });
            handed((id, artifact), &found, Some(about), Some(bundle.bytes))
        }
    })
}

/// An artifact in the reference's form. Its content is encoded as it is read, since a bundle may be of any size.
fn handed(
    (id, artifact): (RequestId, uuid::Uuid),
    found: &Artifact,
    about: Option<Value>,
    content: Option<Box<dyn Read + Send>>,
) -> Response {
    let mut told = json!({
        "title": found.title, "type": found.kind, "reference": found.reference,
        "filename": null, "mediaType": null, "sizeBytes": null, "sha256": null,
    });
    if let (Some(told), Some(Value::Object(about))) = (told.as_object_mut(), about) {
        told.extend(about);
    }
    let Some(content) = content else {
        told["contentBase64"] = Value::Null;
        return axum::Json(json!({ "requestId": id, "artifactId": artifact, "artifact": told }))
            .into_response();
    };
    let told = told.to_string();
    let open = told.strip_suffix('}').unwrap_or(&told);
    let before = format!(
        "{{\"requestId\":\"{id}\",\"artifactId\":\"{artifact}\",\"artifact\":{open},\"contentBase64\":\""
    );
    stream::json_within(before, stream::Base64::new(content), "\"}}".to_owned())
}

pub(crate) async fn history(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let desk = desk(&context).await?;
    let request = desk.request(request_id(&id)?).await?;
    answer(logs(&request, request.known()?))
}
