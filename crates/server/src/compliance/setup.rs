//! How DSAR jobs are done here, and persons whom other systems name by an id.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use locard_app::{Actor, Doubt};
use locard_dsar::job::{self, DsarSettings};
use locard_model::Subject;
use serde_json::{Map, Value, json};

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
    field("activeLimit", Kind::Number),
    field("ttlHours", Kind::Number),
    field("review", Kind::Flag),
    field("secondApprover", Kind::Flag),
    field("tenantExport", Kind::Flag),
    field("tenantExportRows", Kind::Flag),
    field("store", Kind::Text),
    field("controller", Kind::Object),
    field("notice", Kind::Texts),
    field("alertDays", Kind::Numbers),
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
    let changes = changes(&body)?;
    check_store(&context, &changes)?;
    let settings = job::change_settings(context.home(), &actor, &Value::Object(changes)).await?;
    answer(json!({ "settings": settings }))
}

/// Refuses a folder for bundles that the server was not told of; one that is kept already may be named again.
fn check_store(context: &Context, changes: &Map<String, Value>) -> Result<(), Fault> {
    match changes.get("store").and_then(Value::as_str) {
        Some(folder) if !folder.contains("://") => {
            context.guard().file(folder.trim()).map_err(|_| Fault {
                hint: Some(
                    "name a folder below one of --allow-path, or set it on the server with `locard dsar settings`".to_owned(),
                ),
                ..Fault::new(
                    axum::http::StatusCode::FORBIDDEN,
                    "bundles may only be kept in folders that the server was told of",
                )
            })
        }
        _ => Ok(()),
    }
}

/// The settings that are changed. `null` is the value that holds where nobody decided, and a value of the wrong type is told by
/// its name.
fn changes(body: &Bytes) -> Result<Map<String, Value>, Fault> {
    // Tells what is no object, or no JSON at all.
    Fields::of(body)?;
    let given: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let usual = json!(DsarSettings::default());
    let mut changes = Map::new();
    for (name, value) in given {
        let value = match (value, usual.get(&name)) {
            (Value::Null, Some(usual)) => usual.clone(),
            (value, Some(_)) => {
                let alone = json!({ name.as_str(): value });
                if serde_json::from_value::<DsarSettings>(alone).is_err() {
                    return Err(Fault::field(&name, "it has a value of the wrong type"));
                }
                value
            }
            // What there is none of is refused by whoever keeps them.
            (value, None) => value,
        };
        changes.insert(name, value);
    }
    Ok(changes)
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
    let registered = !attributes.is_empty();
    let subject = Subject {
        id: "subject".to_owned(),
        attributes,
    };
    let doubts = locard_app::doubtful(context.home(), &subject);
    let warnings: Vec<String> = doubts.iter().map(Doubt::sentence).collect();
    answer(json!({ "id": id, "registered": registered, "warnings": warnings }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_the_usual_value_and_a_wrong_type_is_named() {
        let of = |text: &'static str| changes(&Bytes::from_static(text.as_bytes()));
        let changed = of(r#"{"activeLimit": null, "store": null, "review": false}"#).unwrap();
        assert_eq!(changed["activeLimit"], 5);
        assert_eq!(changed["store"], Value::Null);
        assert_eq!(changed["review"], false);
        let fault = of(r#"{"review": true, "ttlHours": "SECRET"}"#).unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("ttlHours"));
        assert!(!fault.message.contains("SECRET"));
    }
}
