//! The record of processing (GDPR, article 30), as far as a catalog can know it.

use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse as _;
use locard_app::{Actor, ProcessingRow, record_of_processing};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::manage::export::line;

/// Columns of the file: what is known, and what was said.
const KNOWN: [&str; 6] = [
    "source",
    "resource",
    "identifiers",
    "categories",
    "special",
    "rows",
];
const SAID: [&str; 9] = [
    "purpose",
    "legalBasis",
    "retention",
    "recipients",
    "origin",
    "owner",
    "sensitivity",
    "tags",
    "terms",
];

async fn rows(context: &Context, actor: &Actor) -> Result<Vec<ProcessingRow>, Fault> {
    let rows = context
        .apart(|context| async move { record_of_processing(context.home()).await })
        .await??;
    let details = json!({ "rows": rows.len() });
    locard_app::record_audit(context.home(), actor, "record of processing", details).await?;
    Ok(rows)
}

fn told(row: &ProcessingRow) -> Value {
    json!({
        "source": row.source,
        "resource": row.resource,
        "identifiers": row.identifiers,
        "categories": row.categories,
        "special": row.special,
        "rows": row.rows,
        "holds": row.annotation,
        "missing": missing(row),
    })
}

/// What an article 30 record must say and nobody said here.
fn missing(row: &ProcessingRow) -> Vec<&'static str> {
    let wanted = ["purpose", "recipients", "retention"];
    let is_missing = |name: &&str| row.annotation.text(name).is_none();
    wanted.into_iter().filter(is_missing).collect()
}

pub(crate) async fn show(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
) -> Answer {
    let rows = rows(&context, &actor).await?;
    answer(json!({ "rows": rows.iter().map(told).collect::<Vec<_>>() }))
}

pub(crate) async fn csv(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
) -> Answer {
    let rows = rows(&context, &actor).await?;
    let mut bytes = Vec::new();
    let names = KNOWN.iter().chain(&SAID);
    line(&mut bytes, names.map(|name| (*name).to_owned()));
    for row in rows {
        let identifiers: Vec<&str> = row.identifiers.iter().map(String::as_str).collect();
        let categories: Vec<&str> = row.categories.iter().copied().collect();
        let known = [
            row.source.clone(),
            row.resource.clone().unwrap_or_default(),
            identifiers.join(" "),
            categories.join(" "),
            row.special.to_string(),
            row.rows.to_string(),
        ];
        let said = SAID.iter();
        let said = said.map(|name| row.annotation.text(name).unwrap_or_default());
        line(&mut bytes, known.into_iter().chain(said));
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"record-of-processing.csv\"",
        ),
    ];
    Ok((headers, bytes).into_response())
}
