//! The rules by which identifiers are recognised: listed, tried on a text, judged by what came of them, switched off.

use std::collections::{BTreeMap, BTreeSet};

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use locard_app::{Actor, Efficacy, RuleRow};
use locard_model::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::Query;
use crate::manage::dictionaries::HEEDED;
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[Field {
    name: "enabled",
    kind: Kind::Flag,
    required: true,
}];

pub(crate) const BODY_TEST: &[Field] = &[
    Field {
        name: "text",
        kind: Kind::Text,
        required: true,
    },
    Field {
        name: "pattern",
        kind: Kind::Text,
        required: false,
    },
];

fn told(rule: &RuleRow, off: &BTreeSet<String>) -> Value {
    json!({
        "id": rule.id,
        "identifier": rule.identifier,
        "title": rule.title,
        "category": rule.category.as_str(),
        "sensitivity": rule.sensitivity.as_str(),
        "regions": rule.regions,
        "own": rule.own,
        "enabled": !off.contains(&rule.id),
        "used": rule.enabled,
    })
}

pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let off = locard_app::rules_off(context.home()).await?;
    let identifier = query.get("identifier").filter(|text| !text.is_empty());
    let identifier = identifier.map(|name| name.to_ascii_uppercase());
    let is_wanted = |rule: &&RuleRow| {
        let identifier = identifier.as_ref();
        identifier.is_none_or(|wanted| rule.identifier.as_str() == wanted)
    };
    let rules = locard_app::rules(context.home());
    let rules: Vec<Value> = (rules.iter().filter(is_wanted))
        .map(|rule| told(rule, &off))
        .collect();
    answer(json!({ "patterns": rules }))
}

pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    shown(&context, &id).await
}

/// A rule with what came of it.
async fn shown(context: &Context, id: &str) -> Answer {
    let rules = locard_app::rules(context.home());
    let missing = || Fault::new(StatusCode::NOT_FOUND, "there is no such pattern");
    let rule = rules.iter().find(|rule| rule.id == id);
    let off = locard_app::rules_off(context.home()).await?;
    let mut shown = told(rule.ok_or_else(missing)?, &off);
    let all = locard_app::efficacy(context.home()).await?;
    shown["efficacy"] = efficacy(&all.get(id).copied().unwrap_or_default());
    answer(shown)
}

fn efficacy(sum: &Efficacy) -> Value {
    let hundredths = |share: f64| (share * 100.0).round() / 100.0;
    json!({
        "findings": sum.findings,
        "tested": sum.tested,
        "matched": sum.matched,
        "validated": sum.validated,
        "confirmed": sum.confirmed,
        "rejected": sum.rejected,
        "precision": sum.precision().map(hundredths),
    })
}

/// What the findings in the catalog say of every rule that decided one.
pub(crate) async fn all(State(context): State<Context>) -> Answer {
    let rules: BTreeMap<String, Efficacy> = locard_app::efficacy(context.home()).await?;
    let rows = rules.iter().map(|(id, sum)| {
        let mut row = efficacy(sum);
        row["id"] = json!(id);
        row
    });
    answer(json!({ "patterns": rows.collect::<Vec<_>>() }))
}

pub(crate) async fn switch(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    if !fields.is_given("enabled") {
        return Err(Fault::field("enabled", "true or false is wanted"));
    }
    let on = fields.flag("enabled")?;
    check(&fields)?;
    locard_app::switch_rule(context.home(), &id, on).await?;
    let details = json!({ "pattern": id, "enabled": on });
    locard_app::record_audit(context.home(), &actor, "switch pattern", details).await?;
    let off = locard_app::rules_off(context.home()).await?;
    let enabled = !off.contains(&id);
    answer(json!({ "id": id, "enabled": enabled, "heeded": HEEDED }))
}

/// What the rules say of a text, which is kept nowhere.
pub(crate) async fn test(State(context): State<Context>, body: Bytes) -> Answer {
    let mut fields = Fields::of(&body)?;
    let text: Option<SecretString> = fields.secret(&["text"])?;
    let text = text.ok_or_else(|| Fault::field("text", "a text is wanted"))?;
    let rule = fields.text("pattern")?;
    check(&fields)?;
    let tried = context
        .apart(move |context| async move {
            locard_app::test_rules(context.home(), text.expose_secret(), rule.as_deref())
        })
        .await?;
    let tried = tried.map_err(|error| Fault {
        field: Some("pattern".to_owned()),
        ..Fault::from(error)
    })?;
    let rows = tried.iter().map(|test| {
        json!({
            "pattern": test.rule,
            "identifier": test.identifier,
            "whole": test.whole,
            "validated": test.validated,
        })
    });
    answer(json!({ "matches": rows.collect::<Vec<_>>() }))
}

fn check(fields: &Fields) -> Result<(), Fault> {
    let unknown = fields.unheeded(&[]);
    let fault = |text: &String| Fault::new(StatusCode::BAD_REQUEST, text.clone());
    unknown.first().map_or(Ok(()), |text| Err(fault(text)))
}
