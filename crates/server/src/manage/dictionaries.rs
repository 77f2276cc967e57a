//! Dictionaries. What is imported is used by whatever opens the home from then on, as with the command line.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use locard_app::{Actor, DictionaryDraft, DictionaryRow, import_terms};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
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
];

/// When a change of rules or lists is heeded.
pub(crate) const HEEDED: &str = "when a server, worker or command is started next";

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
    })
}

fn missing() -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "there is no such dictionary")
}

/// The name that an id or name in a path means.
fn meant(context: &Context, text: &str) -> Result<DictionaryRow, Fault> {
    let lists = locard_app::dictionaries(context.home());
    let mut lists = lists.into_iter();
    let found = lists.find(|list| list.name == text || id(&list.name) == text);
    found.ok_or_else(missing)
}

pub(crate) async fn list(State(context): State<Context>) -> Answer {
    let lists = locard_app::dictionaries(context.home());
    answer(json!({ "dictionaries": lists.iter().map(told).collect::<Vec<_>>() }))
}

pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    answer(told(&meant(&context, &id)?))
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
    };
    if let Some(unknown) = fields.unheeded(&[]).first() {
        return Err(Fault::new(StatusCode::BAD_REQUEST, unknown.clone()));
    }
    if let Some((field, wanted)) = draft.wrong() {
        return Err(Fault::field(field, wanted));
    }
    let made = context
        .apart(move |context| async move { import_terms(context.home(), &draft) })
        .await??;
    let details = json!({ "dictionary": made.name, "terms": made.terms });
    locard_app::record_audit(context.home(), &actor, "import dictionary", details).await?;
    let mut made = told(&made);
    made["heeded"] = json!(HEEDED);
    answer(made)
}

/// The terms of an own list, as a file that can be imported again.
pub(crate) async fn export(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let name = match meant(&context, &id) {
        Ok(list) => list.name,
        // It may have been imported since the home was opened.
        Err(_) => id.replacen('.', "/", 1),
    };
    let text = locard_app::dictionary_text(context.home(), &name).await?;
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, text).into_response())
}

/// The scanned columns that share values with it, by the stored sketches.
pub(crate) async fn overlaps(
    State(context): State<Context>,
    Path(id): Path<String>,
    query: Query,
) -> Answer {
    let name = meant(&context, &id)?.name;
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
