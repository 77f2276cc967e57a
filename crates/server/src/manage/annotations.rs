//! What people say of sources and entities, changed by a JSON merge patch: what is null is taken back, what is not named stays.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use locard_app::{Actor, Annotated, annotate, annotated, wrong_annotation};
use locard_model::EntityId;
use serde_json::{Map, Value, json};

use crate::auth::{Granted, Who};
use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::{path_id, sources, sparing};
use crate::routes::{Field, Kind};

const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

/// Of a source also how it is spared.
pub(crate) const BODY_SOURCE: &[Field] = &[
    field("tags", Kind::Texts),
    field("terms", Kind::Texts),
    field("sensitivity", Kind::Text),
    field("owner", Kind::Text),
    field("purpose", Kind::Text),
    field("legalBasis", Kind::Text),
    field("retention", Kind::Text),
    field("recipients", Kind::Texts),
    field("origin", Kind::Text),
    field("scanWindow", Kind::Text),
    field("maxBytesPerSecond", Kind::Number),
    field("readers", Kind::Number),
];

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
    Extension(granted): Extension<Granted>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let source = sources::meant(&context, &id).await?;
    let (what, named) = (Annotated::Source(source), json!({ "source": source }));
    let mut changes = changes(&body)?;
    let spared: Map<String, Value> = sparing::FIELDS
        .iter()
        .filter_map(|name| changes.remove_entry(*name))
        .collect();
    if spared.is_empty() {
        return change(&context, &actor, (what, named), &changes).await;
    }
    if !granted.0.iter().any(|grant| Who::Operator.admits(*grant)) {
        let message = "a key of an operator is needed to change how a source is spared";
        return Err(Fault::new(axum::http::StatusCode::FORBIDDEN, message));
    }
    check(&changes)?;
    let mut fields = Fields::new("", Value::Object(spared))?;
    let changes_of = sparing::changes(&mut fields)?;
    sparing::change(context.home(), &actor, source, changes_of).await?;
    context.wake().notify_one();
    change(&context, &actor, (what, named), &changes).await
}

pub(crate) async fn of_entity(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let entity = EntityId(path_id(&id, "entity")?);
    let (what, named) = (Annotated::Entity(entity), json!({ "entity": entity }));
    change(&context, &actor, (what, named), &changes(&body)?).await
}

async fn change(
    context: &Context,
    actor: &Actor,
    (what, named): (Annotated, Value),
    changes: &Map<String, Value>,
) -> Answer {
    check(changes)?;
    let (mut answered, mut details) = (named.clone(), named);
    if !changes.is_empty() {
        annotate(context.home(), what, changes).await?;
        // Which fields, and never what was said.
        details["fields"] = changes.keys().map(String::as_str).collect();
        locard_app::record_audit(context.home(), actor, "annotate", details).await?;
    }
    tell(context, what, &mut answered).await?;
    answer(answered)
}

fn check(changes: &Map<String, Value>) -> Result<(), Fault> {
    match wrong_annotation(changes) {
        Some((name, wanted)) => Err(Fault::field(&name, &wanted)),
        None => Ok(()),
    }
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
