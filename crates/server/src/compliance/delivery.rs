//! Links to bundles: made and taken back by the privacy officer, followed by the recipient, who has no key.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use locard_app::Actor;
use locard_dsar::job::{self, NewLink, Refused};
use locard_model::{ExposeSecret as _, SecretString};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::{answer, answer_as, id_of, stream, told};
use crate::auth::Granted;
use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::fields::Fields;
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[Field {
    name: "hours",
    kind: Kind::Text,
    required: false,
}];

pub(crate) const BODY_CODE: &[Field] = &[Field {
    name: "code",
    kind: Kind::Text,
    required: true,
}];

/// How long a link lasts where nobody says, in hours.
const HOURS: u32 = 7 * 24;

/// The page may send its form to this server, and nothing else.
const POLICY: &str =
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) async fn add(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let hours = Fields::of(&body)?.text("hours")?.map(|text| text.parse());
    let hours = hours
        .transpose()
        .map_err(|_| Fault::field("hours", "a number is wanted"))?;
    let new = NewLink {
        hours: hours.unwrap_or(HOURS),
    };
    let link = job::link(context.home(), &actor, id, new).await?;
    let data = json!({
        "id": link.id,
        "url": format!("/v1/delivery/{}", link.token),
        "code": link.code.expose_secret(),
        "expiresAt": link.expires_at,
    });
    answer_as(StatusCode::CREATED, data)
}

pub(crate) async fn list(
    State(context): State<Context>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let links = job::links(context.home(), id).await?;
    answer(json!({ "links": links.iter().map(told::link).collect::<Vec<_>>() }))
}

pub(crate) async fn revoke(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path((name, link)): Path<(String, String)>,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let link = crate::manage::path_id(&link, "link")?;
    job::revoke_link(context.home(), &actor, id, link).await?;
    answer(json!({ "id": link, "revoked": true }))
}

/// The page that asks for the code. That there is a link costs no attempt and tells nothing.
pub(crate) async fn page(State(context): State<Context>, Path(token): Path<String>) -> Answer {
    if job::is_link(context.home(), &token).await? {
        Ok(shown(StatusCode::OK, FORM))
    } else {
        Ok(refused(Refused::Unknown))
    }
}

pub(crate) async fn follow(
    State(context): State<Context>,
    Path(token): Path<String>,
    body: Bytes,
) -> Answer {
    let code = code(&body)?;
    match job::follow_link(context.home(), &token, &code).await? {
        Ok(download) => Ok(stream::file(download)),
        Err(why) => Ok(refused(why)),
    }
}

/// The code of a form, or of a JSON object.
fn code(body: &Bytes) -> Result<SecretString, Fault> {
    let wanted = || Fault::field("code", "the code of the link is wanted");
    let text = std::str::from_utf8(body).map_err(|_| wanted())?;
    let code = match text.strip_prefix("code=") {
        Some(code) => {
            let code = code.split('&').next().unwrap_or_default().replace('+', " ");
            percent_decode_str(&code).decode_utf8_lossy().into_owned()
        }
        None => Fields::of(body)?.text("code")?.ok_or_else(wanted)?,
    };
    if code.trim().is_empty() || code.len() > 100 {
        return Err(wanted());
    }
    Ok(SecretString::from(code))
}

fn refused(why: Refused) -> Response {
    let status = match why {
        Refused::Unknown => StatusCode::NOT_FOUND,
        Refused::WrongCode => StatusCode::FORBIDDEN,
        Refused::Expired | Refused::Revoked | Refused::Used | Refused::Locked => StatusCode::GONE,
    };
    let sentence = why.sentence();
    shown(
        status,
        &format!(
            "<!doctype html><html lang=en><meta charset=utf-8><title>Delivery</title><h1>Delivery</h1><p>{sentence}.</p></html>"
        ),
    )
}

const FORM: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Delivery</title><h1>Delivery</h1>\
    <p>Your copy is ready. Enter the code that you were given apart from this link; it works once.</p>\
    <form method=post><label>Code <input name=code autocomplete=off required></label> <button>Download</button></form></html>";

fn shown(status: StatusCode, page: &str) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ),
    ];
    (status, headers, page.to_owned()).into_response()
}
