//! Entities and their columns.

use axum::extract::{Path, State};
use locard_app::{Annotated, EntitiesWanted, EntityRow, identifier_named};
use locard_model::{EntityId, EntityKind, SourceId};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::manage::{Query, annotations, id, listed, page, path_id};
use crate::reference::usage::{date, in_order};

/// What may stand in the query of a listing.
pub(crate) const QUERY: &[&str] = &[
    "source",
    "parent",
    "kind",
    "identifier",
    "tag",
    "search",
    "cursor",
    "limit",
];

fn told(entity: &EntityRow) -> Value {
    json!({
        "id": entity.id,
        "source": entity.source,
        "parent": entity.parent,
        "kind": entity.kind.as_str(),
        "resource": entity.resource,
        "rows": entity.rows,
        "bytes": entity.bytes,
    })
}

pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let (after, limit) = page(&query)?;
    let wanted = wanted(&context, &query).await?;
    let (rows, next) = locard_app::entities(context.home(), &wanted, after, limit).await?;
    let rows: Vec<Value> = rows.iter().map(told).collect();
    answer(listed(
        "entities",
        rows,
        (after, next.map(|next| json!(next))),
    ))
}

/// Which entities are asked for.
async fn wanted(context: &Context, query: &Query) -> Result<EntitiesWanted, Fault> {
    let text = |name: &str| query.get(name).filter(|text| !text.trim().is_empty());
    let of_field = |name: &str, error: locard_app::Error| Fault {
        field: Some(name.to_owned()),
        ..Fault::from(error)
    };
    let kind = text("kind").map(|text| {
        let kind = EntityKind::parse(text).filter(|kind| *kind != EntityKind::Column);
        kind.ok_or_else(|| Fault::field("kind", "the kind of an entity is wanted"))
    });
    let identifier = match text("identifier") {
        Some(name) => {
            let found = identifier_named(context.home(), name).await;
            Some(found.map_err(|error| of_field("identifier", error))?)
        }
        None => None,
    };
    let words = text("search").map_or(Ok(Vec::new()), |text| EntitiesWanted::search(text));
    Ok(EntitiesWanted {
        source: id(query, "source")?.map(SourceId),
        parent: id(query, "parent")?.map(EntityId),
        kind: kind.transpose()?,
        identifier,
        tag: text("tag").map(|tag| tag.trim().to_owned()),
        words: words.map_err(|error| of_field("search", error))?,
    })
}

pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let id = id
        .parse()
        .map_err(|_| Fault::field("id", "the id of an entity is wanted"))?;
    let detail = locard_app::entity(context.home(), id).await?;
    let columns = detail
        .columns
        .iter()
        .map(|column| json!({ "id": column.id, "path": column.path, "type": column.data_type }));
    let mut entity = told(&detail.entity);
    entity["description"] = json!(detail.description);
    entity["columns"] = columns.collect();
    annotations::tell(&context, Annotated::Entity(detail.entity.id), &mut entity).await?;
    answer(entity)
}

pub(crate) async fn usage(
    State(context): State<Context>,
    Path(id): Path<String>,
    query: Query,
) -> Answer {
    let id = EntityId(path_id(&id, "entity")?);
    let day = |name: &str| date(name, query.get(name).map(String::as_str));
    let (from, to) = (day("from")?, day("to")?);
    in_order("to", from, to)?;
    let figures = locard_app::entity_usage(context.home(), id, (from, to)).await?;
    let spans = figures.spans.iter().map(|span| {
        json!({
            "from": span.from.to_string(),
            "to": span.to.to_string(),
            "reads": span.reads,
            "writes": span.writes,
            "changes": span.changes,
        })
    });
    answer(json!({
        "entity": id,
        "reads": figures.reads,
        "writes": figures.writes,
        "changes": figures.changes,
        "lastRead": figures.last_read.map(|at| at.to_string()),
        "lastWrite": figures.last_write.map(|at| at.to_string()),
        "since": figures.since.map(|at| at.to_string()),
        "spans": spans.collect::<Vec<_>>(),
    }))
}
