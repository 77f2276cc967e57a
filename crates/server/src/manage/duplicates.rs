//! What is there more than once.

use axum::extract::State;
use locard_app::{Duplicate, duplicates};
use locard_model::SecretString;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::fault::{Answer, json as answer};
use crate::manage::{Query, page};

/// Groups of entities with the same content, of one source or among all.
pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let (_, limit) = page(&query)?;
    let source = query.get("source").filter(|source| !source.is_empty());
    let sources: Vec<SecretString> = source.map(|it| it.clone().into()).into_iter().collect();
    let found = context
        .apart(async move |context: Context| duplicates(context.home(), &sources).await)
        .await??;
    let groups = found.groups.iter().take(limit as usize).map(|group| {
        let first = group.first();
        json!({
            "content": first.map(|copy| format!("{:016x}", copy.content)),
            "rows": first.map(|copy| copy.rows),
            "copies": group.iter().map(told).collect::<Vec<_>>(),
        })
    });
    let unknown = found.unknown.iter();
    let unknown: Map<String, Value> = unknown
        .map(|(why, entities)| (why.as_str().to_owned(), json!(entities)))
        .collect();
    answer(json!({
        "groups": groups.collect::<Vec<_>>(),
        "total": found.groups.len(),
        "unknown": unknown,
    }))
}

fn told(copy: &Duplicate) -> Value {
    json!({
        "source": copy.source,
        "resource": copy.resource,
        "entity": copy.entity,
        "bytes": copy.bytes,
    })
}
