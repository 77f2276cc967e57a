//! Sources. What is secret of them is written and never read.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use locard_app::{
    Actor, AddSource, Annotated, Manual, ManualKind, SecretRef, Secrets, SourceLimits, SourceRow,
    Upsert, accept_removal, choose, short_id, upsert_source,
};
use locard_model::{ExposeSecret as _, SourceId};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::{annotations, sparing};
use crate::reference::asking;
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[
    Field {
        name: "name",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "key",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "target",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "owner",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "manual",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "contact",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "instructions",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "note",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "secrets",
        kind: Kind::Object,
        required: false,
    },
    Field {
        name: "scanWindow",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "maxBytesPerSecond",
        kind: Kind::Number,
        required: false,
    },
    Field {
        name: "readers",
        kind: Kind::Number,
        required: false,
    },
];

fn told(source: &SourceRow) -> Value {
    json!({
        "id": source.id,
        "shortId": short_id(source.id.0),
        "name": source.name,
        "key": source.key,
        "connector": source.connector,
        "target": source.target,
        "registered": source.registered,
        "owner": source.owner,
        "note": source.note,
        "manual": source.manual.as_ref().map(|manual| manual.kind.as_str()),
        "contact": source.manual.as_ref().and_then(|manual| manual.contact.as_ref()),
        "instructions": source.manual.as_ref().and_then(|manual| manual.instructions.as_ref()),
        "maxBytesPerSecond": source.limits.bytes_per_second,
        "readers": source.limits.readers,
        "scanWindow": source.window.as_ref().map(ToString::to_string),
        "entities": source.entities,
        "scannedAt": source.scanned_at,
    })
}

pub(crate) async fn list(State(context): State<Context>) -> Answer {
    let sources = locard_app::sources(context.home()).await?;
    answer(json!({
        "sources": sources.iter().map(told).collect::<Vec<_>>(),
        "total": sources.len(),
        "totalIsLowerBound": false,
    }))
}

pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let source = meant(&context, &id).await?;
    let sources = locard_app::sources(context.home()).await?;
    let found = sources.iter().find(|row| row.id == source);
    let mut shown = told(found.ok_or_else(missing)?);
    annotations::tell(&context, Annotated::Source(source), &mut shown).await?;
    answer(shown)
}

/// The source that an id, key or name means.
pub(crate) async fn meant(context: &Context, id: &str) -> Result<SourceId, Fault> {
    let chosen = choose(context.home(), &[id.to_owned()]).await?;
    match (chosen.sources.as_slice(), chosen.entities.as_slice()) {
        ([source], []) => Ok(*source),
        _ => Err(missing()),
    }
}

fn missing() -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "there is no such source")
}

pub(crate) async fn add(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    if let Some(kind) = fields.text("manual")? {
        return add_manual(&context, &actor, fields, &kind).await;
    }
    let target = fields.secret(&["target"])?;
    if let Some(target) = &target {
        context.guard().target(target.expose_secret()).await?;
    }
    let secrets = secrets(&context, fields.object("secrets")?)?;
    let spared = sparing::changes(&mut fields)?;
    let upsert = Upsert {
        id: None,
        key: fields.text("key")?,
        name: fields.text("name")?,
        has_secret: target.is_some(),
        target,
        owner: fields.text("owner")?,
        note: fields.text("note")?,
        affinity: None,
        secrets,
        within: Some(context.guard().roots().to_vec()),
    };
    if let Some(unknown) = fields.unheeded(&[]).first() {
        return Err(Fault::new(StatusCode::BAD_REQUEST, unknown.clone()));
    }
    judge(&context, &upsert)?;
    let source = upsert_source(context.home(), upsert).await?;
    sparing::change(context.home(), &actor, source.id, spared).await?;
    let details = json!({ "source": source.id, "new": source.new });
    locard_app::record_audit(context.home(), &actor, "put source", details).await?;
    answer(
        json!({ "id": source.id, "shortId": short_id(source.id.0), "name": source.name, "new": source.new }),
    )
}

/// Judges a target as its connector understands it.
pub(crate) fn judge(context: &Context, upsert: &Upsert) -> Result<(), Fault> {
    let Some(target) = &upsert.target else {
        return Ok(());
    };
    let canonical = context.home().canonical(target.expose_secret())?;
    context.guard().understood(&canonical)
}

/// Where secrets are kept, as far as a request may say so.
fn secrets(context: &Context, mut given: Fields) -> Result<Secrets, Fault> {
    let mut secrets = Secrets::default();
    for name in given.names() {
        let text = given.text(&name)?.unwrap_or_default();
        let place: SecretRef = text
            .parse()
            .map_err(|what: String| Fault::field("secrets", &what))?;
        context.guard().secret(&place)?;
        secrets.0.insert(name, place);
    }
    Ok(secrets)
}

/// Registers a place that no connector reaches, so that answers name it and requests have a task for it.
async fn add_manual(context: &Context, actor: &Actor, mut fields: Fields, kind: &str) -> Answer {
    let wanted = || {
        let known: Vec<&str> = ManualKind::ALL.iter().map(|kind| kind.as_str()).collect();
        Fault::field("manual", &format!("one of {} is wanted", known.join(", ")))
    };
    let name = fields.text("name")?;
    let source = AddSource {
        name: name.ok_or_else(|| Fault::field("name", "a name is wanted"))?,
        target: None,
        owner: fields.text("owner")?,
        note: fields.text("note")?,
        limits: SourceLimits::default(),
        window: None,
        key: fields.text("key")?,
        manual: Manual {
            kind: ManualKind::parse(kind).ok_or_else(wanted)?,
            contact: fields.text("contact")?,
            instructions: fields.text("instructions")?,
        },
        options: Vec::new(),
        secrets: Secrets::default(),
    };
    if let Some(unknown) = fields.unheeded(&[]).first() {
        return Err(Fault::new(StatusCode::BAD_REQUEST, unknown.clone()));
    }
    let row = locard_app::add_source(context.home(), actor, source).await?;
    answer(json!({ "id": row.id, "shortId": short_id(row.id.0), "name": row.name, "new": true }))
}

pub(crate) async fn remove(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    let source = meant(&context, &id).await?;
    let chosen = choose(context.home(), &[source.to_string()]).await?;
    let asking = asking(&actor, &headers, "remove-source", Vec::new(), chosen.items)?;
    let accepted = accept_removal(context.home(), source, &asking).await?;
    context.wake().notify_one();
    let details = json!({ "source": source, "job": accepted.job });
    locard_app::record_audit(context.home(), &actor, "remove source", details).await?;
    answer(json!({ "job": accepted.job }))
}
