//! Collections.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use locard_app::{Actor, CollectionKind, CollectionOptions, CollectionRow, Members};
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
    field("members", Kind::Texts, true),
    field("kind", Kind::Text, false),
    field("note", Kind::Text, false),
];

pub(crate) const BODY_CHANGE: &[Field] = &[
    field("name", Kind::Text, false),
    field("members", Kind::Texts, false),
    field("kind", Kind::Text, false),
    field("note", Kind::Text, false),
];

/// Entities of a collection that are told.
const TOLD: usize = 1_000;

fn told(collection: &CollectionRow) -> Value {
    let summed = collection.statistics.as_ref();
    json!({
        "id": collection.id,
        "name": collection.name,
        "kind": collection.kind.as_str(),
        "members": collection.members,
        "note": collection.note,
        "summedAt": summed.map(|(_, at)| at.to_string()),
        "createdAt": collection.created_at.to_string(),
        "updatedAt": collection.updated_at.to_string(),
    })
}

pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let (after, limit) = page(&query)?;
    let (rows, next) = locard_app::collections(context.home(), after, limit).await?;
    let rows: Vec<Value> = rows.iter().map(told).collect();
    answer(listed(
        "collections",
        rows,
        (after, next.map(|next| json!(next))),
    ))
}

/// With what its members name now, and what was summed up of them.
pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let id = path_id(&id, "collection")?;
    let row = locard_app::collection(context.home(), id).await?;
    let Members { chosen, missing } = locard_app::members(context.home(), &row).await?;
    let items = chosen.items.iter().take(TOLD);
    let items = items.map(|item| json!({ "id": item.id, "kind": item.kind, "title": item.title }));
    let mut shown = told(&row);
    shown["entities"] = items.collect();
    shown["entityCount"] = json!(chosen.items.len());
    shown["missing"] = json!(missing);
    shown["statistics"] = json!(row.statistics.map(|(statistics, _)| statistics));
    answer(shown)
}

pub(crate) async fn add(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let name = fields.text("name")?;
    let name = name.ok_or_else(|| Fault::field("name", "a name is wanted"))?;
    let options = CollectionOptions {
        kind: kind(&mut fields)?,
        members: fields.some("members")?,
        note: fields.text("note")?,
    };
    check(&fields)?;
    let made = locard_app::add_collection(context.home(), &name, options).await?;
    let details = json!({ "collection": made.id });
    locard_app::record_audit(context.home(), &actor, "add collection", details).await?;
    answer(told(&made))
}

/// What is not given stays as it is. What was summed up is forgotten.
pub(crate) async fn change(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let (home, id) = (context.home(), path_id(&id, "collection")?);
    let before = locard_app::collection(home, id).await?;
    let mut fields = Fields::of(&body)?;
    let name = fields.text("name")?.unwrap_or(before.name);
    let (members, kind) = if fields.is_given("members") {
        (fields.some("members")?, kind(&mut fields)?)
    } else {
        let kind = kind(&mut fields)?.unwrap_or(before.kind);
        (before.members, Some(kind))
    };
    let note = fields.text("note")?.or(before.note);
    check(&fields)?;
    let options = CollectionOptions {
        kind,
        members,
        note,
    };
    let changed = locard_app::change_collection(home, id, &name, options).await?;
    let details = json!({ "collection": id });
    locard_app::record_audit(home, &actor, "change collection", details).await?;
    answer(told(&changed))
}

pub(crate) async fn remove(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = path_id(&id, "collection")?;
    locard_app::remove_collection(context.home(), id).await?;
    let details = json!({ "collection": id });
    locard_app::record_audit(context.home(), &actor, "remove collection", details).await?;
    answer(json!({ "id": id, "removed": true }))
}

fn kind(fields: &mut Fields) -> Result<Option<CollectionKind>, Fault> {
    let text = fields.text("kind")?;
    let kind = text.map(|text| {
        let kind = CollectionKind::parse(&text.to_lowercase());
        kind.ok_or_else(|| Fault::field("kind", "collection or dataset is wanted"))
    });
    kind.transpose()
}

fn check(fields: &Fields) -> Result<(), Fault> {
    let unknown = fields.unheeded(&[]);
    let fault = |text: &String| Fault::new(axum::http::StatusCode::BAD_REQUEST, text.clone());
    unknown.first().map_or(Ok(()), |text| Err(fault(text)))
}
