//! Entities and their columns.

use axum::extract::{Path, State};
use locard_app::EntityRow;
use locard_model::{EntityId, SourceId};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::manage::{Query, id, page};

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
    let wanted = (
        id(&query, "source")?.map(SourceId),
        id(&query, "parent")?.map(EntityId),
    );
    let (rows, next) = locard_app::entities(context.home(), wanted, after, limit).await?;
    let rows: Vec<Value> = rows.iter().map(told).collect();
    answer(json!({ "entities": rows, "next": next }))
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
    answer(entity)
}
