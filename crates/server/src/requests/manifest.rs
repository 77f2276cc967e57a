//! What is to be handed out.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header as names};
use axum::response::{IntoResponse as _, Response};
use locard_app::Actor;
use locard_requests::{Code, Content, Manifest, Returned, ReturnedArtifact, manifest_shape};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Handed, accepted, desk, header, request_id, required_text, wanted};
use crate::compliance::stream;
use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::Query;
use crate::routes::{Field, Kind};

pub(crate) const BODY_VALIDATE: &[Field] = &[wanted("action", Kind::Text)];
pub(crate) const BODY_CALLBACK: &[Field] = &[wanted("manifest", Kind::Object)];

fn file_missing() -> Fault {
    locard_requests::Fault::new(Code::DownloadFailed, "the request has no such file").into()
}

pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let desk = desk(&context).await?;
    let request = desk.request(request_id(&id)?).await?;
    let manifest = request.known()?.manifest.as_ref();
    answer(manifest.map_or_else(|| manifest_shape(&Manifest::default()), manifest_shape))
}

pub(crate) async fn validate(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let action = required_text(&mut fields, "action", "")?;
    let is_good = match action.as_str() {
        "approved" => true,
        "rejected" => false,
        _ => return Err(Fault::field("action", "approved or rejected is wanted")),
    };
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    desk.validate_manifest(&actor, id, is_good).await?;
    accepted(json!({ "id": id, "status": action }), Some(&fields))
}

pub(crate) async fn upload(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let handed = Handed::of(&headers, "x-artifact", body);
    let text = |name: &str| header(&headers, name);
    let (title, kind) = (text("x-artifact-title"), text("x-artifact-type"));
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    let about = (title.as_deref(), kind.as_deref());
    let (_, artifact) = desk
        .add_artifact(&actor, id, &handed.upload(), about.0, about.1)
        .await?;
    accepted(told(id, artifact), None)
}

fn told(id: locard_requests::RequestId, artifact: Uuid) -> Value {
    json!({
        "artifactId": artifact,
        "artifactKey": format!("manifest/{id}/{artifact}"),
        "requestId": id,
    })
}

pub(crate) async fn replace(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path((id, artifact)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let handed = Handed::of(&headers, "x-artifact", body);
    let missing =
        |_| locard_requests::Fault::new(Code::ReplaceFailed, "the manifest has no such artifact");
    let artifact = artifact.parse().map_err(missing)?;
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    desk.replace_artifact(&actor, id, artifact, &handed.upload())
        .await?;
    let mut told = told(id, artifact);
    if let Some(told) = told.as_object_mut() {
        told.insert("replaced".to_owned(), json!(true));
    }
    accepted(told, None)
}

/// A file, for whoever reviews it: of the manifest, or handed in as proof or by a task.
pub(crate) async fn download(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    query: Query,
) -> Answer {
    let file = query.get("artifactId");
    let file = file.ok_or_else(|| Fault::field("artifactId", "the id of a file is wanted"))?;
    let file: Uuid = file.parse().map_err(|_| file_missing())?;
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    let content = desk.artifact(&actor, id, file).await?;
    let details = json!({ "request": id, "file": file });
    locard_app::record_audit(context.home(), &actor, "request.file_viewed", details).await?;
    match content {
        Content::File(note, content) => Ok(as_file(&note.name, &note.media_type, content)),
        Content::Bundle(bundle) => Ok(stream::file(bundle)),
        Content::Elsewhere => Err(file_missing()),
    }
}

/// A file as it is saved: never shown by a browser as what it says it is.
pub(crate) fn as_file(name: &str, media_type: &str, content: Vec<u8>) -> Response {
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let saved = format!("attachment; filename*=UTF-8''{encoded}");
    let value = |text: &str| HeaderValue::from_str(text);
    let kind = value(media_type);
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let saved = value(&saved).unwrap_or(HeaderValue::from_static("attachment"));
    let headers: [(HeaderName, HeaderValue); 2] = [
        (names::CONTENT_TYPE, kind),
        (names::CONTENT_DISPOSITION, saved),
    ];
    (headers, content).into_response()
}

pub(crate) async fn callback(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    if !fields.is_given("manifest") {
        return Err(Fault::field("manifest", "an object is wanted"));
    }
    let mut within = fields.object("manifest")?;
    let artifacts = within.items("artifacts", 500)?;
    let artifacts =
        artifacts.ok_or_else(|| Fault::field("manifest.artifacts", "a list is wanted"))?;
    let returned = Returned {
        artifacts: artifacts.iter().map(artifact).collect(),
        supplementary_info: within.long("supplementaryInfoInline")?,
        supplementary_info_ref: within.text("supplementaryInfoRef")?,
        data_categories: within.list("dataCategories")?,
        redactions: within.list("redactionsApplied")?,
        exclusions: within.list("thirdPartyExclusions")?,
    };
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    desk.take_back(&actor, id, &returned).await?;
    accepted(
        json!({ "requestId": id, "status": "recorded" }),
        Some(&within),
    )
}

/// A part of what another system gives back; a text is its reference.
fn artifact(value: &Value) -> ReturnedArtifact {
    let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
    ReturnedArtifact {
        title: text("title")
            .or(text("id"))
            .unwrap_or_else(|| "artifact".to_owned()),
        kind: text("type"),
        reference: text("reference")
            .or(text("url"))
            .or(text("key"))
            .or(value.as_str().map(str::to_owned)),
        source_system: text("sourceSystem"),
        description: text("description"),
    }
}
