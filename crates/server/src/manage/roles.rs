//! Roles: what each of them lets do, by the table of routes, and who has which.

use axum::extract::State;
use locard_app::{Grant, KeyRow};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, json as answer};
use crate::routes::ROUTES;
use crate::scopes;

/// What a role is for.
const fn about(grant: Grant) -> &'static str {
    match grant {
        Grant::Viewer => "looks at the catalog, and at nobody",
        Grant::Operator => "registers sources and runs jobs",
        Grant::PrivacyOfficer => {
            "looks persons up, collects about them and works on their requests"
        }
        Grant::Administrator => "manages keys, and sees nobody's data",
    }
}

/// The table of least privilege: of each role every route that it may use.
pub(crate) async fn roles(State(_): State<Context>) -> Answer {
    let roles = Grant::ALL.iter().map(|grant| {
        let may = ROUTES.iter().filter(|route| route.who.admits(*grant));
        let routes = may.flat_map(|route| {
            let told = |path| json!({ "method": route.method.to_uppercase(), "path": path });
            route.paths().into_iter().map(told)
        });
        json!({
            "role": grant.as_str(),
            "about": about(*grant),
            "routes": routes.collect::<Vec<_>>(),
        })
    });
    let scopes = scopes::all();
    answer(json!({ "roles": roles.collect::<Vec<_>>(), "scopes": scopes }))
}

fn told(key: &KeyRow) -> Value {
    json!({
        "key": key.id,
        "name": key.name,
        "role": key.grant.as_str(),
        "scopes": key.scopes,
        "expiresAt": key.expires_at,
    })
}

/// Whoever may come in now. Of those with tokens the provider knows who they are, so only their roles are told.
pub(crate) async fn users(State(context): State<Context>) -> Answer {
    let keys = locard_app::keys(context.home()).await?;
    let users = keys.iter().filter(|key| key.is_valid).map(told);
    let tokens = context.tokens().map(|tokens| {
        let options = tokens.options();
        let roles = options.roles.iter();
        let roles = roles.map(|(theirs, ours)| json!({ "claim": theirs, "role": ours.as_str() }));
        json!({
            "issuer": options.issuer,
            "audience": options.audience,
            "roleClaim": options.role_claim,
            "roles": roles.collect::<Vec<_>>(),
        })
    });
    answer(json!({ "users": users.collect::<Vec<_>>(), "tokens": tokens }))
}
