//! Who calls, and whether they may.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use locard_app::{Caller, Grant};
use locard_model::SecretString;

use crate::context::Context;
use crate::fault::Fault;
use crate::jwt::Jwt;
use crate::scopes;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Anybody, without a key.
    Anybody,
    /// Every key.
    Viewer,
    /// Operators and administrators.
    Operator,
    /// Privacy officers and administrators; which of them, what is asked for decides.
    Compliance,
    /// Privacy officers alone.
    PrivacyOfficer,
    /// Operators, privacy officers and administrators: whoever judges what is in the catalog.
    Reviewer,
    /// Administrators alone.
    Administrator,
}

impl Who {
    /// Whether a key of that kind is enough.
    pub(crate) fn admits(self, grant: Grant) -> bool {
        match self {
            Self::Anybody | Self::Viewer => true,
            Self::Operator => matches!(grant, Grant::Operator | Grant::Administrator),
            Self::Compliance => matches!(grant, Grant::PrivacyOfficer | Grant::Administrator),
            Self::PrivacyOfficer => grant == Grant::PrivacyOfficer,
            Self::Reviewer => grant != Grant::Viewer,
            Self::Administrator => grant == Grant::Administrator,
        }
    }

    /// Its name, for people.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Anybody => "anybody",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Compliance => "privacy-officer or administrator",
            Self::PrivacyOfficer => "privacy-officer",
            Self::Reviewer => "operator or privacy-officer",
            Self::Administrator => "administrator",
        }
    }
}

/// What whoever asks may do.
#[derive(Clone, Debug)]
pub(crate) struct Granted(pub(crate) Vec<Grant>);

/// To which parts of the interface that is narrowed; empty: to none.
#[derive(Clone, Debug)]
pub(crate) struct Scopes(pub(crate) Vec<String>);

/// Lets a request through whose key is enough, and puts who it is, what is [`Granted`] and its [`Scopes`] into it. The
/// state says who may, and of which part of the interface the route is.
pub(crate) async fn authorise(
    State((context, who, part)): State<(Context, Who, &'static str)>,
    mut request: Request,
    next: Next,
) -> Response {
    match caller(&context, who, request.headers()).await {
        Ok(caller) if !scopes::reach(&caller.scopes, part, request.method()) => {
            let message = format!("the key is narrowed to {}", caller.scopes.join(", "));
            Fault::new(StatusCode::FORBIDDEN, message).into_response()
        }
        Ok(caller) => {
            request.extensions_mut().insert(caller.actor);
            request.extensions_mut().insert(Granted(caller.grants));
            request.extensions_mut().insert(Scopes(caller.scopes));
            next.run(request).await
        }
        Err(fault) => fault.into_response(),
    }
}

async fn caller(context: &Context, who: Who, headers: &HeaderMap) -> Result<Caller, Fault> {
    let refused = |message: &'static str| Fault::new(StatusCode::UNAUTHORIZED, message);
    let token = token(headers)
        .ok_or_else(|| refused("a key is needed: Authorization: Bearer KEY, or X-API-Key: KEY"))?;
    let caller = match context.tokens() {
        Some(tokens) if Jwt::is_one(&token) => {
            let (actor, grants) = tokens.caller(&token).await.map_err(refused)?;
            let scopes = Vec::new();
            Caller {
                actor,
                grants,
                scopes,
            }
        }
        _ => {
            let caller = locard_app::caller(context.home(), &token).await?;
            caller.ok_or_else(|| refused("the key lets nobody in"))?
        }
    };
    if !caller.grants.iter().any(|grant| who.admits(*grant)) {
        let message = format!("a key of {} is needed here", with_article(who.as_str()));
        return Err(Fault::new(StatusCode::FORBIDDEN, message));
    }
    Ok(caller)
}

/// The key of a request, in either header.
fn token(headers: &HeaderMap) -> Option<SecretString> {
    let text = |name| headers.get(name)?.to_str().ok();
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let token = bearer.or_else(|| text("x-api-key"))?;
    Some(SecretString::from(token))
}

/// A word with its article: `an administrator`, `a privacy officer`.
pub(crate) fn with_article(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_privacy_officer_looks_persons_up_and_only_operators_start_jobs() {
        let all = [
            Grant::Viewer,
            Grant::Operator,
            Grant::PrivacyOfficer,
            Grant::Administrator,
        ];
        let admitted = |who: Who| all.map(|grant| who.admits(grant));
        assert_eq!(admitted(Who::Viewer), [true; 4]);
        assert_eq!(admitted(Who::Operator), [false, true, false, true]);
        assert_eq!(admitted(Who::Compliance), [false, false, true, true]);
        assert_eq!(admitted(Who::PrivacyOfficer), [false, false, true, false]);
        assert_eq!(admitted(Who::Reviewer), [false, true, true, true]);
        assert_eq!(admitted(Who::Administrator), [false, false, false, true]);
    }

    #[test]
    fn a_key_comes_in_either_header() {
        let header = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            token(&headers).is_some()
        };
        assert!(header("authorization", "Bearer abc") && header("authorization", "bearer abc"));
        assert!(header("x-api-key", "abc"));
        assert!(!header("authorization", "Basic abc") && !header("cookie", "abc"));
    }
}
