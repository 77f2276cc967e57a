//! The jobs interface of the reference: its paths, bodies and replies, so that its clients work unchanged.

pub(crate) mod address;
pub(crate) mod business;
pub(crate) mod collections;
pub(crate) mod connection;
pub(crate) mod errands;
pub(crate) mod remove;
pub(crate) mod scans;
pub(crate) mod scoped;
pub(crate) mod status;
pub(crate) mod usage;

use axum::http::HeaderMap;
use locard_app::{Accepted, Actor, Asking, ScopeItem, job_status, short_id};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};

/// How a job is asked for here. A repeated `Idempotency-Key` gives the first job again.
pub(crate) fn asking(
    actor: &Actor,
    headers: &HeaderMap,
    label: &str,
    warnings: Vec<String>,
    items: Vec<ScopeItem>,
) -> Result<Asking, Fault> {
    let key = headers.get("idempotency-key").map(|key| key.to_str());
    let key = key
        .transpose()
        .map_err(|_| Fault::field("Idempotency-Key", "plain text is wanted"))?;
    Ok(Asking {
        actor: Some(actor.clone()),
        label: Some(label.to_owned()),
        // The same key in two hands is two keys.
        idempotency_key: key.map(|key| format!("{} {key}", actor.id)),
        warnings,
        items,
        ..Asking::default()
    })
}

/// The reply to whoever started a job.
pub(crate) async fn started(context: &Context, accepted: Accepted) -> Answer {
    context.wake().notify_one();
    let job = job_status(context.home(), accepted.job).await?;
    let sources = job.items.iter().filter(|item| is_source(item));
    let worker = job.label.clone().unwrap_or_else(|| job.kind.clone());
    let message = if accepted.new {
        format!("{worker} was started")
    } else {
        format!("{worker} was started before with the same key")
    };
    answer(json!({
        "status": "SUCCESS",
        "message": message,
        "warnings": job.warnings,
        "data": {
            "userId": job.actor.as_ref().map(|actor| &actor.id),
            "resourceIds": sources.map(|item| short_id(item.id)).collect::<Vec<_>>(),
            "scope": scope(&job.items),
            "_id": short_id(job.id.0),
            "jobId": job.id,
            "date": job.created_at.to_string(),
            "workerName": worker,
            "activity": "accepted",
            "createdAt": job.created_at.to_string(),
            "updatedAt": job.created_at.to_string(),
            "pId": 0,
            "__v": 0,
        },
    }))
}

fn is_source(item: &ScopeItem) -> bool {
    item.kind == "source"
}

/// What a job is about, as the reference tells it.
fn scope(items: &[ScopeItem]) -> Value {
    let (sources, entities): (Vec<_>, Vec<_>) = items.iter().partition(|item| is_source(item));
    let sources = sources
        .into_iter()
        .map(|item| json!({ "_id": short_id(item.id), "title": item.title }));
    let entities = entities.into_iter().map(
        |item| json!({ "type": item.kind.to_uppercase(), "_id": item.id, "title": item.title }),
    );
    json!({
        "dataSources": sources.collect::<Vec<_>>(),
        "scope": entities.collect::<Vec<_>>(),
    })
}
