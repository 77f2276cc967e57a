//! Dictionaries: made, taken in, given back, switched off, removed. Whatever begins after a change heeds it.

use std::collections::BTreeMap;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse as _;
use locard_app::{Actor, DictionaryDraft, DictionaryRow, Efficacy, dictionary, import_terms};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::patterns::{check, efficacy, rule_of, switched};
use crate::manage::{Query, page};
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[
    Field {
        name: "name",
        kind: Kind::Text,
        required: true,
    },
    Field {
        name: "terms",
        kind: Kind::Texts,
        required: true,
    },
    Field {
        name: "source",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "licence",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "identifier",
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
        name: "coverage",
        kind: Kind::Number,
        required: false,
    },
    Field {
        name: "chance",
        kind: Kind::Number,
        required: false,
    },
];

pub(crate) const BODY_TEST: &[Field] = &[Field {
    name: "values",
    kind: Kind::Texts,
    required: true,
}];

/// A name has a slash, which a path cannot have.
fn id(name: &str) -> String {
    name.replace('/', ".")
}

fn told(list: &DictionaryRow) -> Value {
    json!({
        "id": id(&list.name),
        "name": list.name,
        "terms": list.terms,
        "source": list.source,
        "licence": list.licence,
        "own": list.own,
        "enabled": list.enabled,
        "patterns": list.rules,
    })
}

pub(crate) async fn list(State(context): State<Context>) -> Answer {
    let lists = locard_app::dictionaries(context.home());
    answer(json!({ "dictionaries": lists.iter().map(told).collect::<Vec<_>>() }))
}

/// A list with what came of the rules that refer to it.
pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let list = dictionary(context.home(), &id)?;
    let all: BTreeMap<String, Efficacy> = locard_app::efficacy(context.home()).await?;
    let mut sum = Efficacy::default();
    for rule in &list.rules {
        sum.add(&all.get(rule).copied().unwrap_or_default());
    }
    let mut shown = told(&list);
    shown["efficacy"] = efficacy(&sum);
    answer(shown)
}

/// Makes a list of terms, or replaces the own one of that name.
pub(crate) async fn import(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let name = fields.text("name")?;
    let draft = DictionaryDraft {
        name: name.ok_or_else(|| Fault::field("name", "a name like own/branches is wanted"))?,
        terms: fields.some("terms")?,
        source: fields.text("source")?.unwrap_or_else(|| "own".to_owned()),
        licence: fields.text("licence")?.unwrap_or_else(|| "own".to_owned()),
        rule: if fields.is_given("identifier") {
            Some(rule_of(&mut fields, String::new())?)
        } else {
            None
        },
    };
    check(&fields)?;
    taken(&context, &actor, draft).await
}

/// Takes a list over as a file of lines, or replaces the own one of that name.
pub(crate) async fn upload(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let text =
        std::str::from_utf8(&body).map_err(|_| Fault::field("body", "text in UTF-8 is wanted"))?;
    let known = dictionary(context.home(), &id).map(|list| list.name);
    let name = known.unwrap_or_else(|_| id.replacen('.', "/", 1));
    taken(&context, &actor, DictionaryDraft::of_text(name, text)).await
}

async fn taken(context: &Context, actor: &Actor, draft: DictionaryDraft) -> Answer {
    if let Some((field, wanted)) = draft.wrong() {
        return Err(Fault::field(field, wanted));
    }
    let made = context
        .apart(move |context| async move { import_terms(context.home(), &draft).await })
        .await??;
    let details = json!({ "dictionary": made.name, "terms": made.terms });
    locard_app::record_audit(context.home(), actor, "import dictionary", details).await?;
    answer(told(&made))
}

/// The terms of an own list, as a file that can be imported again.
pub(crate) async fn export(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let text = locard_app::dictionary_text(context.home(), &id).await?;
    let details = json!({ "dictionary": id });
    locard_app::record_audit(context.home(), &actor, "export dictionary", details).await?;
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, text).into_response())
}

pub(crate) async fn switch(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let on = switched(&body)?;
    let list = context
        .apart(move |context| async move {
            locard_app::switch_dictionary(context.home(), &id, on).await
        })
        .await??;
    let details = json!({ "dictionary": list.name, "enabled": on });
    locard_app::record_audit(context.home(), &actor, "switch dictionary", details).await?;
    answer(told(&list))
}

pub(crate) async fn remove(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let gone = context
        .apart(
            move |context| async move { locard_app::remove_dictionary(context.home(), &id).await },
        )
        .await??;
    let details = json!({ "dictionary": gone.name });
    locard_app::record_audit(context.home(), &actor, "remove dictionary", details).await?;
    answer(json!({ "id": self::id(&gone.name), "name": gone.name, "removed": true }))
}

/// Which of some values are terms; they are kept nowhere and not answered.
pub(crate) async fn test(
    State(context): State<Context>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let values = fields.some("values")?;
    check(&fields)?;
    let terms = locard_app::test_dictionary(context.home(), &id, &values)?;
    let matched = terms.iter().filter(|is_term| **is_term).count();
    answer(json!({ "matches": terms, "matched": matched, "tested": values.len() }))
}

/// The scanned columns that share values with it, by the stored sketches.
pub(crate) async fn overlaps(
    State(context): State<Context>,
    Path(id): Path<String>,
    query: Query,
) -> Answer {
    let name = dictionary(context.home(), &id)?.name;
    let least = match query.get("minShare").filter(|text| !text.is_empty()) {
        None => 0.1,
        Some(text) => {
            let least = text.parse().ok();
            let least = least.filter(|least: &f64| (0.0..=1.0).contains(least));
            least.ok_or_else(|| Fault::field("minShare", "a number from 0 to 1 is wanted"))?
        }
    };
    let (_, limit) = page(&query)?;
    let found = context
        .apart(
            move |context| async move { locard_app::overlaps(context.home(), &name, least).await },
        )
        .await??;
    let hundredths = |share: f64| (share * 100.0).round() / 100.0;
    let rows = found.iter().take(limit as usize).map(|row| {
        json!({
            "source": row.source,
            "resource": row.resource,
            "column": row.column,
            "distinct": row.distinct,
            "shared": row.shared,
            "share": hundredths(row.share),
            "ofTerms": hundredths(row.of_terms),
        })
    });
    answer(json!({ "columns": rows.collect::<Vec<_>>(), "total": found.len() }))
}
