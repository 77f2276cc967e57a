//! `POST jobs/execute/remove-datasource`.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use locard_app::{Actor, accept_removal, choose, source_id};
use serde_json::json;

use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::fields::Fields;
use crate::reference::{asking, started};
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[
    Field {
        name: "id",
        kind: Kind::Text,
        required: true,
    },
    Field {
        name: "fqdnId",
        kind: Kind::Text,
        required: true,
    },
];

/// Both names must mean the same source: what is removed does not come back.
pub(crate) async fn remove(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let home = context.home();
    let mut fields = Fields::of(&body)?;
    let id = fields.text("id")?;
    let key = fields.text("fqdnId")?;
    let by_id = match &id {
        Some(id) => source_id(home, id).await?,
        None => return Err(Fault::field("id", "the id of a source is wanted")),
    };
    let key = key.ok_or_else(|| Fault::field("fqdnId", "the key of the source is wanted"))?;
    let missing = || Fault::new(axum::http::StatusCode::NOT_FOUND, "there is no such source");
    let source = by_id.ok_or_else(missing)?;
    let chosen = choose(home, std::slice::from_ref(&key)).await?;
    if chosen.sources != [source] || !chosen.entities.is_empty() {
        let message = "id and fqdnId name two different sources";
        return Err(Fault::new(axum::http::StatusCode::CONFLICT, message));
    }
    let warnings = fields.unheeded(&[]);
    let asking = asking(
        &actor,
        &headers,
        "DELETE_DATASOURCE",
        warnings,
        chosen.items,
    )?;
    let accepted = accept_removal(home, source, &asking).await?;
    let details = json!({ "source": source, "job": accepted.job });
    locard_app::record_audit(home, &actor, "remove source", details).await?;
    started(&context, accepted).await
}
