//! The rules by which identifiers are recognised: made, taken in, given back, tried on a text, judged by what came of them,
//! switched off, removed. Whatever begins after a change heeds it.

use std::collections::{BTreeMap, BTreeSet};

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use locard_app::{Actor, Efficacy, RuleDraft, RuleRow};
use locard_model::{Category, ExposeSecret as _, Role, SecretString, Sensitivity};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::Query;
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[Field {
    name: "enabled",
    kind: Kind::Flag,
    required: true,
}];

pub(crate) const BODY_RULE: &[Field] = &[
    Field {
        name: "id",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "identifier",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "pattern",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "dictionary",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "title",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "category",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "sensitivity",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "role",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "columnNames",
        kind: Kind::Texts,
        required: false,
    },
    Field {
        name: "columnHints",
        kind: Kind::Texts,
        required: false,
    },
    Field {
        name: "examples",
        kind: Kind::Texts,
        required: false,
    },
    Field {
        name: "counterexamples",
        kind: Kind::Texts,
        required: false,
    },
    Field {
        name: "lookalikes",
        kind: Kind::Number,
        required: false,
    },
    Field {
        name: "rule",
        kind: Kind::Text,
        required: false,
    },
];

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

pub(crate) fn efficacy(sum: &Efficacy) -> Value {
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

/// A rule from a body: as the text of its file, or in few words.
pub(crate) async fn make(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let text = fields.long("rule")?;
    let draft = if text.is_some() {
        None
    } else {
        let id = fields.text("id")?;
        let id = id.ok_or_else(|| Fault::field("id", "an id like own.badge is wanted"))?;
        Some(rule_of(&mut fields, id)?)
    };
    check(&fields)?;
    if let Some(draft) = draft
        .as_ref()
        .filter(|it| it.pattern.is_none() && it.list.is_none() && it.column_names.is_empty())
    {
        let what = format!(
            "{} is known by nothing: a pattern, dictionary or columnNames are wanted",
            draft.id
        );
        return Err(Fault::field("pattern", &what));
    }
    let made = context.apart(move |context| async move {
        let home = context.home();
        match (text, draft) {
            (Some(text), _) => locard_app::import_rule(home, &text).await,
            (None, Some(draft)) => locard_app::make_rule(home, &draft).await,
            (None, None) => Ok(String::new()),
        }
    });
    let id = made.await??;
    let details = json!({ "pattern": id });
    locard_app::record_audit(context.home(), &actor, "make pattern", details).await?;
    shown(&context.renewed(), &id).await
}

/// What a body says of a rule, with the id that it is to have.
pub(crate) fn rule_of(fields: &mut Fields, id: String) -> Result<RuleDraft, Fault> {
    let identifier = fields.text("identifier")?;
    let wanted = || Fault::field("identifier", "a name like BADGE_NUMBER is wanted");
    let draft = RuleDraft::new(id, identifier.ok_or_else(wanted)?);
    Ok(RuleDraft {
        title: fields.text("title")?,
        category: word(fields, "category", Category::parse, Category::ALL)?
            .unwrap_or(draft.category),
        sensitivity: word(fields, "sensitivity", Sensitivity::parse, Sensitivity::ALL)?
            .unwrap_or(draft.sensitivity),
        role: role(fields)?.unwrap_or(draft.role),
        pattern: fields.text("pattern")?,
        lookalikes: share(fields, "lookalikes")?.unwrap_or(draft.lookalikes),
        list: fields
            .text("dictionary")?
            .map(|list| list.replacen('.', "/", 1)),
        coverage: share(fields, "coverage")?.unwrap_or(draft.coverage),
        chance: share(fields, "chance")?.unwrap_or(draft.chance),
        column_names: fields.list("columnNames")?,
        column_hints: fields.list("columnHints")?,
        examples: fields.list("examples")?,
        counterexamples: fields.list("counterexamples")?,
        ..draft
    })
}

/// One of the words that something may be.
fn word<T: std::fmt::Display>(
    fields: &mut Fields,
    name: &'static str,
    parse: fn(&str) -> Option<T>,
    all: &[T],
) -> Result<Option<T>, Fault> {
    let Some(text) = fields.text(name)? else {
        return Ok(None);
    };
    let known: Vec<String> = all.iter().map(T::to_string).collect();
    let wanted = format!("one of {} is wanted", known.join(", "));
    parse(&text)
        .map(Some)
        .ok_or_else(|| Fault::field(name, &wanted))
}

fn role(fields: &mut Fields) -> Result<Option<Role>, Fault> {
    let Some(text) = fields.text("role")? else {
        return Ok(None);
    };
    let known = [
        ("unique", Role::Unique),
        ("shared", Role::Shared),
        ("weak", Role::Weak),
        ("none", Role::None),
    ];
    let found = known.iter().find(|(word, _)| *word == text);
    let wanted = "one of unique, shared, weak, none is wanted";
    found
        .map(|(_, role)| Some(*role))
        .ok_or_else(|| Fault::field("role", wanted))
}

/// A number above 0 and at most 1.
fn share(fields: &mut Fields, name: &'static str) -> Result<Option<f64>, Fault> {
    match fields.number(name)? {
        Some(share) if share > 0.0 && share <= 1.0 => Ok(Some(share)),
        Some(_) => Err(Fault::field(
            name,
            "a number above 0 and at most 1 is wanted",
        )),
        None => Ok(None),
    }
}

/// The text of a rule, as a file that can be imported again.
pub(crate) async fn export(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let text = locard_app::rule_text(context.home(), &id).await?;
    let kind = [(header::CONTENT_TYPE, "application/toml")];
    Ok((kind, text).into_response())
}

pub(crate) async fn remove(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let details = json!({ "pattern": id });
    let gone = id.clone();
    context
        .apart(move |context| async move { locard_app::remove_rule(context.home(), &gone).await })
        .await??;
    locard_app::record_audit(context.home(), &actor, "remove pattern", details).await?;
    answer(json!({ "id": id, "removed": true }))
}

/// Whether something is to be used, as a body says.
pub(crate) fn switched(body: &Bytes) -> Result<bool, Fault> {
    let mut fields = Fields::of(body)?;
    if !fields.is_given("enabled") {
        return Err(Fault::field("enabled", "true or false is wanted"));
    }
    let on = fields.flag("enabled")?;
    check(&fields)?;
    Ok(on)
}

pub(crate) async fn switch(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let on = switched(&body)?;
    let details = json!({ "pattern": id, "enabled": on });
    let meant = id.clone();
    context
        .apart(
            move |context| async move { locard_app::switch_rule(context.home(), &meant, on).await },
        )
        .await??;
    locard_app::record_audit(context.home(), &actor, "switch pattern", details).await?;
    shown(&context.renewed(), &id).await
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

pub(crate) fn check(fields: &Fields) -> Result<(), Fault> {
    let unknown = fields.unheeded(&[]);
    let fault = |text: &String| Fault::new(StatusCode::BAD_REQUEST, text.clone());
    unknown.first().map_or(Ok(()), |text| Err(fault(text)))
}
