//! The register, letters, and what the log says of a request.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use locard_app::{Actor, AuditFormat, audit_entries, check_audit, export_audit};
use locard_requests::Desk;
use serde_json::{Value, json};

use super::{accepted, desk, request_id, required_text, wanted};
use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::fields::Fields;
use crate::manage::Query;
use crate::requests::manifest::as_file;
use crate::routes::{Field, Kind};

pub(crate) const BODY_VERIFY: &[Field] = &[
    wanted("hash", Kind::Text),
    super::field("prevHash", Kind::Text),
    wanted("sequence", Kind::Text),
];

pub(crate) async fn register(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
) -> Answer {
    let mut text = Vec::new();
    let count = desk(&context).await?.export(&mut text).await?;
    let details = json!({ "requests": count });
    locard_app::record_audit(context.home(), &actor, "register.exported", details).await?;
    Ok(as_file("requests.csv", "text/csv; charset=utf-8", text))
}

pub(crate) async fn import(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let done = context.apart(async move |context: Context| {
        let desk = Desk::open(context.home()).await?;
        desk.import(&actor, &body[..]).await
    });
    let done = done.await??;
    let new = |is_new: bool| {
        let rows = done
            .rows
            .iter()
            .filter(|row| matches!(row.outcome, Ok((_, new)) if new == is_new));
        rows.count()
    };
    let refused = done.rows.iter().filter_map(|row| {
        let fault = row.outcome.as_ref().err()?;
        let message = &fault.message;
        Some(json!({ "line": row.line, "id": fault.code.id(), "message": message, "hint": fault.hint }))
    });
    let refused: Vec<Value> = refused.collect();
    accepted(
        json!({ "imported": new(true), "known": new(false), "refused": refused, "warnings": done.warnings }),
        None,
    )
}

pub(crate) async fn letter(
    State(context): State<Context>,
    Path((id, kind)): Path<(String, String)>,
    query: Query,
) -> Answer {
    let language = query
        .get("language")
        .map_or("en", String::as_str)
        .to_owned();
    let id = request_id(&id)?;
    let done = context.apart(async move |context: Context| {
        let desk = Desk::open(context.home()).await?;
        desk.letter(&desk.request(id).await?, &kind, &language)
    });
    let text = done.await??;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// The entries of a request: with their sealed details and hashes, or as lines for a spreadsheet.
pub(crate) async fn export(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    query: Query,
) -> Answer {
    let format = query.get("format").map_or("jsonl", String::as_str);
    let (home, id) = (context.home(), request_id(&id)?);
    let way = match format {
        "jsonl" => AuditFormat::Jsonl,
        "csv" => AuditFormat::Csv,
        _ => return Err(Fault::field("format", "jsonl or csv is wanted")),
    };
    // One that is not there has no log.
    desk(&context).await?.request(id).await?;
    let mut text = Vec::new();
    export_audit(home, Some(id), way, &mut text).await?;
    let text = String::from_utf8_lossy(&text);
    let line = |line: &str| match way {
        AuditFormat::Jsonl => serde_json::from_str(line).unwrap_or_default(),
        AuditFormat::Csv => Value::from(line),
    };
    let events: Vec<Value> = text.lines().map(line).collect();
    let head = check_audit(home, None).await?.head;
    locard_app::record_audit(home, &actor, "audit.exported", json!({ "format": format })).await?;
    let body = json!({
        "requestId": id,
        "format": format,
        "events": events,
        "rootHash": format!("sha256:{}", head.hash),
        "rootSequence": head.sequence,
    });
    accepted(body, None)
}

fn digits(hash: &str) -> String {
    let bare = hash.trim();
    bare.strip_prefix("sha256:").unwrap_or(bare).to_lowercase()
}

/// Compares an entry with what somebody kept of it, and reads the whole chain.
pub(crate) async fn verify(
    State(context): State<Context>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let hash = required_text(&mut fields, "hash", "")?;
    let previous = fields.text("prevHash")?;
    let sequence = fields
        .number("sequence")?
        .filter(|number| number.fract() == 0.0);
    let sequence = sequence.ok_or_else(|| Fault::field("sequence", "a number is wanted"))? as u64;
    let (home, id) = (context.home(), request_id(&id)?);
    desk(&context).await?.request(id).await?;
    let found = audit_entries(home, Some(id), sequence.saturating_sub(1), 1).await?;
    let found = found.into_iter().find(|entry| entry.sequence == sequence);
    let actual = found.as_ref().map(|entry| entry.hash.to_string());
    let before = found.as_ref().map(|entry| entry.previous.to_string());
    let mut pairs = vec![(actual, digits(&hash))];
    pairs.extend(previous.map(|previous| (before, digits(&previous))));
    let mismatches = pairs
        .iter()
        .filter(|(actual, kept)| actual.as_ref() != Some(kept));
    let mut mismatches: Vec<Value> = mismatches
        .map(|(actual, kept)| {
            json!({
                "eventId": sequence,
                "actualHash": actual.as_ref().map(|hash| format!("sha256:{hash}")),
                "expectedHash": format!("sha256:{kept}"),
            })
        })
        .collect();
    let check = check_audit(home, None).await?;
    mismatches.extend(
        check
            .fault
            .map(|fault| json!({ "eventId": null, "message": fault })),
    );
    let verified = mismatches.is_empty();
    let status = if verified { "verified" } else { "mismatch" };
    accepted(
        json!({ "verified": verified, "status": status, "mismatches": mismatches }),
        Some(&fields),
    )
}
