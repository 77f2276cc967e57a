//! How DSAR jobs are done here, and persons whom other systems name by an id.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use locard_app::Actor;
use locard_dsar::job;
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::locate;
use crate::routes::{Field, Kind};

const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

pub(crate) const BODY: &[Field] = &[
    field("activeLimit", Kind::Text),
    field("ttlHours", Kind::Text),
    field("review", Kind::Flag),
    field("secondApprover", Kind::Flag),
    field("tenantExport", Kind::Flag),
    field("store", Kind::Text),
    field("controller", Kind::Object),
    field("notice", Kind::Texts),
    field("register", Kind::Object),
];

pub(crate) const BODY_SUBJECT: &[Field] = &[
    Field {
        name: "id",
        kind: Kind::Text,
        required: true,
    },
    field("attributes", Kind::Object),
];

pub(crate) async fn show(State(context): State<Context>) -> Answer {
    let settings = job::settings(context.home()).await?;
    let key = job::signing_key(context.home()).await?.public();
    answer(json!({ "settings": settings, "publicKey": key, "keyId": key.id() }))
}

pub(crate) async fn change(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let changes: serde_json::Map<String, Value> = fields
        .names()
        .into_iter()
        .filter_map(|name| fields.value(&name).map(|value| (name, value)))
        .collect();
    let settings = job::change_settings(context.home(), &actor, &Value::Object(changes)).await?;
    answer(json!({ "settings": settings }))
}

/// Registers a person, or forgets them where nothing is known of them.
pub(crate) async fn subject(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let id = fields.text("id")?;
    let id = id.ok_or_else(|| Fault::field("id", "an id is wanted"))?;
    let attributes = if fields.is_given("attributes") {
        locate::attributes(&context, &mut fields).await?
    } else {
        Vec::new()
    };
    let details = json!({ "attributes": attributes.len() });
    locard_app::record_audit(context.home(), &actor, "register subject", details).await?;
    job::put_subject(context.home(), &id, &attributes).await?;
    answer(json!({ "id": id, "registered": !attributes.is_empty() }))
}
