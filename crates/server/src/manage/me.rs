//! Who asks, and what they may do.

use axum::Extension;
use axum::extract::State;
use locard_app::Actor;
use serde_json::json;

use crate::auth::{Granted, Who};
use crate::context::Context;
use crate::fault::{Answer, json as answer};

/// Every role by which routes are told apart.
const ALL: [Who; 5] = [
    Who::Viewer,
    Who::Operator,
    Who::PrivacyOfficer,
    Who::Reviewer,
    Who::Administrator,
];

pub(crate) async fn me(
    State(_): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(Granted(grants)): Extension<Granted>,
) -> Answer {
    let may = ALL
        .iter()
        .filter(|who| grants.iter().any(|grant| who.admits(*grant)));
    answer(json!({
        "id": actor.id,
        "name": actor.name,
        "roles": grants.iter().map(|grant| grant.as_str()).collect::<Vec<_>>(),
        "may": may.map(|who| who.as_str()).collect::<Vec<_>>(),
    }))
}
