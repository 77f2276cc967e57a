//! What people decide about findings and values. Decisions survive rescans, and travel as a file.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use locard_app::{Actor, Decision, FindingRef, decide, identifier_named, withdraw_decision};
use serde_json::json;

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::findings;
use crate::routes::{Field, Kind};

const fn field(name: &'static str, required: bool) -> Field {
    Field {
        name,
        kind: Kind::Text,
        required,
    }
}

pub(crate) const BODY: &[Field] = &[
    field("entity", true),
    field("column", true),
    field("identifier", false),
    field("reason", false),
];

pub(crate) const BODY_WITHDRAW: &[Field] = &[
    field("entity", true),
    field("column", true),
    field("identifier", true),
];

pub(crate) const BODY_IMPORT: &[Field] = &[field("toml", true)];

pub(crate) const BODY_ALLOW: &[Field] = &[field("value", true), field("reason", false)];

pub(crate) const BODY_DISALLOW: &[Field] = &[field("value", true)];

/// Letters of a reason.
const REASON: usize = 2_000;

pub(crate) async fn confirm(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    decided(&context, &actor, &body, Decision::Confirmed).await
}

pub(crate) async fn reject(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    decided(&context, &actor, &body, Decision::Rejected).await
}

async fn decided(context: &Context, actor: &Actor, body: &Bytes, decision: Decision) -> Answer {
    let mut fields = Fields::of(body)?;
    let finding = named(context, &mut fields).await?;
    let reason = reason(&mut fields)?;
    check(&fields)?;
    let rows = decide(context.home(), actor, &finding, decision, reason.as_deref())
        .await?
        .findings;
    answer(json!({ "findings": rows.iter().map(findings::told).collect::<Vec<_>>() }))
}

/// Takes a decision back.
pub(crate) async fn withdraw(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let finding = named(&context, &mut fields).await?;
    check(&fields)?;
    if finding.identifier.is_none() {
        return Err(Fault::field("identifier", "an identifier is wanted"));
    }
    withdraw_decision(context.home(), &actor, &finding).await?;
    answer(json!({ "withdrawn": true }))
}

/// The finding that a body names: the entity by id or resource, the column by path or id.
async fn named(context: &Context, fields: &mut Fields) -> Result<FindingRef, Fault> {
    let entity = wanted(
        fields,
        "entity",
        "the id or resource of an entity is wanted",
    )?;
    let column = wanted(fields, "column", "the path or id of a column is wanted")?;
    let identifier = match fields.text("identifier")? {
        Some(name) => {
            let found = identifier_named(context.home(), &name).await;
            Some(found.map_err(|error| of_field("identifier", error))?)
        }
        None => None,
    };
    Ok(FindingRef {
        entity,
        column,
        identifier,
    })
}

fn wanted(fields: &mut Fields, name: &str, what: &str) -> Result<String, Fault> {
    let text = fields.text(name)?;
    text.ok_or_else(|| Fault::field(name, what))
}

fn of_field(name: &str, error: locard_app::Error) -> Fault {
    Fault {
        field: Some(name.to_owned()),
        ..Fault::from(error)
    }
}

pub(crate) fn reason(fields: &mut Fields) -> Result<Option<String>, Fault> {
    let reason = fields.text("reason")?;
    let is_long = |reason: &String| reason.chars().count() > REASON;
    if reason.as_ref().is_some_and(is_long) {
        let what = "a text of at most 2,000 letters is wanted";
        return Err(Fault::field("reason", what));
    }
    Ok(reason)
}

pub(crate) fn check(fields: &Fields) -> Result<(), Fault> {
    let unknown = fields.unheeded(&[]);
    let fault = |text: &String| Fault::new(StatusCode::BAD_REQUEST, text.clone());
    unknown.first().map_or(Ok(()), |text| Err(fault(text)))
}

/// Every decision as the text of a TOML file; allowed values are hashes in it, and sealed.
pub(crate) async fn export(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
) -> Answer {
    let text = locard_app::export_decisions(context.home(), &actor).await?;
    let kind = [(header::CONTENT_TYPE, "application/toml")];
    Ok((kind, text).into_response())
}

pub(crate) async fn import(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let Some(serde_json::Value::String(text)) = fields.value("toml") else {
        let what = "the text of a file of decisions is wanted";
        return Err(Fault::field("toml", what));
    };
    check(&fields)?;
    let taken = locard_app::import_decisions(context.home(), &actor, &text, &[]).await;
    let taken = taken.map_err(|error| of_field("toml", error))?;
    let told = json!({
        "decisions": taken.decisions,
        "allowed": taken.allowed,
        "unknown": taken.unknown,
        "unmatched": taken.unmatched,
        "unknownIdentifiers": taken.nameless,
    });
    answer(told)
}

/// What is allowed is written and never read.
pub(crate) async fn allow(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let value = wanted(&mut fields, "value", "a value is wanted")?;
    let reason = reason(&mut fields)?;
    check(&fields)?;
    let allowed = locard_app::allow_value(context.home(), &actor, &value, reason.as_deref()).await;
    allowed.map_err(|error| of_field("value", error))?;
    answer(json!({ "allowed": true }))
}

pub(crate) async fn disallow(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let value = wanted(&mut fields, "value", "a value is wanted")?;
    check(&fields)?;
    let done = locard_app::disallow_value(context.home(), &actor, &value).await;
    done.map_err(|error| of_field("value", error))?;
    answer(json!({ "allowed": false }))
}
