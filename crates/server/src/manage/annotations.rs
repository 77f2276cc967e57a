//! What people say of sources and entities, changed by a JSON merge patch: what is null is taken back, what is not named stays.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use locard_app::{Actor, Annotated, annotate, annotated, wrong_annotation};
use locard_model::EntityId;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::manage::{path_id, sources};
use crate::routes::{Field, Kind};

const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

pub(crate) const BODY: &[Field] = &[
    field("tags", Kind::Texts),
    field("terms", Kind::Texts),
    field("sensitivity", Kind::Text),
    field("owner", Kind::Text),
    field("purpose", Kind::Text),
    field("legalBasis", Kind::Text),
    field("retention", Kind::Text),
    field("recipients", Kind::Texts),
    field("origin", Kind::Text),
];

/// The same with what else a source has.
pub(crate) async fn of_source(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let source = sources::meant(&context, &id).await?;
    let (what, named) = (Annotated::Source(source), json!({ "source": source }));
    change(&context, &actor, (what, named), &body).await
}

pub(crate) async fn of_entity(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let entity = EntityId(path_id(&id, "entity")?);
    let (what, named) = (Annotated::Entity(entity), json!({ "entity": entity }));
    change(&context, &actor, (what, named), &body).await
}

async fn change(
    context: &Context,
    actor: &Actor,
    (what, named): (Annotated, Value),
    body: &Bytes,
) -> Answer {
    let changes = changes(body)?;
    if let Some((name, wanted)) = wrong_annotation(&changes) {
        return Err(Fault::field(&name, &wanted));
    }
    annotate(context.home(), what, &changes).await?;
    let (mut answered, mut details) = (named.clone(), named);
    // Which fields, and never what was said.
    details["fields"] = changes.keys().map(String::as_str).collect();
    locard_app::record_audit(context.home(), actor, "annotate", details).await?;
    tell(context, what, &mut answered).await?;
    answer(answered)
}

/// The body, with its nulls.
fn changes(body: &Bytes) -> Result<Map<String, Value>, Fault> {
    let value = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = format!("the body is no JSON at line {line}, column {column}");
        Fault::new(axum::http::StatusCode::BAD_REQUEST, message)
    })?;
    match value {
        Value::Object(changes) => Ok(changes),
        _ => Err(Fault::field("body", "an object is wanted")),
    }
}

/// Adds what was said of something itself, and what holds for it.
pub(crate) async fn tell(
    context: &Context,
    what: Annotated,
    shown: &mut Value,
) -> Result<(), Fault> {
    let (said, holds) = annotated(context.home(), what).await?;
    shown["said"] = json!(said);
    shown["holds"] = json!(holds);
    Ok(())
}
