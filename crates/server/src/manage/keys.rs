//! Keys of this interface, and who did what by them.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use locard_app::{Actor, Grant, KeyRow};
use locard_model::ExposeSecret as _;
use serde_json::{Value, json};

use crate::auth::Scopes;
use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::{Query, listed, page};
use crate::routes::{Field, Kind};
use crate::scopes;

pub(crate) const BODY: &[Field] = &[
    Field {
        name: "name",
        kind: Kind::Text,
        required: true,
    },
    Field {
        name: "role",
        kind: Kind::Text,
        required: true,
    },
    Field {
        name: "expiresAt",
        kind: Kind::Text,
        required: false,
    },
    Field {
        name: "scopes",
        kind: Kind::Texts,
        required: false,
    },
];

fn told(key: &KeyRow) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "role": key.grant.as_str(),
        "scopes": key.scopes,
        "valid": key.is_valid,
        "createdAt": key.created_at,
        "expiresAt": key.expires_at,
        "revokedAt": key.revoked_at,
    })
}

pub(crate) async fn list(State(context): State<Context>) -> Answer {
    let keys = locard_app::keys(context.home()).await?;
    answer(json!({ "keys": keys.iter().map(told).collect::<Vec<_>>() }))
}

/// The token is in the answer and nowhere else.
pub(crate) async fn add(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(own): Extension<Scopes>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let name = fields
        .text("name")?
        .ok_or_else(|| Fault::field("name", "a name is wanted"))?;
    let role = fields.text("role")?.unwrap_or_default();
    let grant = Grant::parse(&role).ok_or_else(|| {
        Fault::field(
            "role",
            "viewer, operator, privacy-officer or administrator is wanted",
        )
    })?;
    let ends = fields.text("expiresAt")?.map(|text| text.parse());
    let ends = ends
        .transpose()
        .map_err(|_| Fault::field("expiresAt", "a point in time is wanted"))?;
    let scopes = fields.list("scopes")?;
    if let Some(unknown) = scopes.iter().find(|scope| !scopes::is_known(scope)) {
        let known: Vec<&str> = scopes::all().into_iter().collect();
        let what = format!("{unknown} is none of {}", known.join(", "));
        return Err(Fault::field("scopes", &what));
    }
    if !scopes::cover(&own.0, &scopes) {
        let message = "a narrowed key makes only keys that reach no further";
        return Err(Fault::new(StatusCode::FORBIDDEN, message));
    }
    let checked = locard_app::check_key_end(context.home(), ends).await;
    checked.map_err(|error| Fault::field("expiresAt", error.sentence()))?;
    let granted = (grant, scopes);
    let (key, token) = locard_app::add_key(context.home(), &name, granted, ends).await?;
    let details = json!({ "key": key.id, "role": grant.as_str(), "scopes": key.scopes });
    locard_app::record_audit(context.home(), &actor, "make key", details).await?;
    let mut made = told(&key);
    made["token"] = json!(token.expose_secret());
    answer(made)
}

pub(crate) async fn revoke(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = id
        .parse()
        .map_err(|_| Fault::field("id", "the id of a key is wanted"))?;
    let key = locard_app::revoke_key(context.home(), id).await?;
    let details = json!({ "key": key.id });
    locard_app::record_audit(context.home(), &actor, "revoke key", details).await?;
    answer(told(&key))
}

pub(crate) async fn audit(State(context): State<Context>, query: Query) -> Answer {
    let (after, limit) = page(&query)?;
    let (rows, next) = locard_app::audit(context.home(), after, limit).await?;
    let rows = rows.iter().map(|row| {
        json!({
            "id": row.id, "at": row.at, "action": row.action, "actor": row.actor, "details": row.details,
            "purpose": row.purpose, "request": row.request, "sequence": row.sequence, "hash": row.hash,
        })
    });
    answer(listed(
        "rows",
        rows.collect(),
        (after, next.map(|next| json!(next))),
    ))
}

/// Reads the whole log; a head that was kept elsewhere tells more.
pub(crate) async fn verify_audit(State(context): State<Context>, query: Query) -> Answer {
    let known = query.get("head").filter(|text| !text.is_empty());
    let known = known.map(|text| text.parse()).transpose();
    let known = known.map_err(|what: String| Fault::field("head", &what))?;
    let check = locard_app::check_audit(context.home(), known).await?;
    answer(json!({
        "verified": check.fault.is_none(),
        "fault": check.fault,
        "count": check.count,
        "head": check.head.to_string(),
    }))
}
