//! Links to bundles: made and taken back by the privacy officer, followed by the recipient, who has no key.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use locard_app::Actor;
use locard_dsar::job::{self, NewLink, Opened, Refused};
use locard_model::{ExposeSecret as _, SecretString};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::{answer, answer_as, check_handing, id_of, job_of, stream, told};
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
    let job = job_of(&context, &grants, &name).await?;
    let mut fields = Fields::of(&body)?;
    let hours = fields.text("hours")?.map(|text| text.parse());
    let hours = hours
        .transpose()
        .map_err(|_| Fault::field("hours", "a number is wanted"))?;
    let new = NewLink {
        hours: hours.unwrap_or(HOURS),
    };
    check_handing(&context, &job).await?;
    let link = job::link(context.home(), &actor, job.id, new).await?;
    let data = json!({
        "id": link.id,
        "url": format!("/v1/delivery/{}", link.token),
        "code": link.code.expose_secret(),
        "expiresAt": link.expires_at,
        "notHeeded": fields.unheeded(&[]),
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
pub(crate) async fn page(
    State(context): State<Context>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Answer {
    Ok(match openable(&context, &token).await? {
        Ok(()) if cookie(&headers).is_some() => shown(StatusCode::OK, &again()),
        Ok(()) => shown(StatusCode::OK, &form("Your copy is ready")),
        Err(why) => refused(why),
    })
}

pub(crate) async fn follow(
    State(context): State<Context>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.contains("json"));
    if let Err(why) = openable(&context, &token).await? {
        return told_to(is_json, why);
    }
    let opened = match (code(&body), key(&headers)) {
        (Ok(code), None) => job::follow_link(context.home(), &token, &code).await?,
        (_, Some(key)) => job::follow_again(context.home(), &token, &key).await?,
        (Err(fault), None) if is_json => return Err(fault),
        // Whoever sends an empty form is a person, who is asked again.
        (Err(_), None) => {
            let page = form("The code is missing");
            return Ok(shown(StatusCode::BAD_REQUEST, &page));
        }
    };
    match opened {
        Ok(opened) => Ok(handed(&token, &headers, opened)),
        Err(why) => told_to(is_json, why.into()),
    }
}

/// What opens a link again, as programs are told it and say it.
const KEY: &str = "locard-delivery-key";

/// The same for browsers.
const COOKIE: &str = "locard-delivery";

/// What opens a link again, of whoever opened it before: a header of a program, or a browser's cookie.
fn key(headers: &HeaderMap) -> Option<SecretString> {
    let header = headers.get(KEY).and_then(|value| value.to_str().ok());
    header.map(SecretString::from).or_else(|| cookie(headers))
}

fn cookie(headers: &HeaderMap) -> Option<SecretString> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let mut cookies = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    cookies.find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == COOKIE && !value.is_empty()).then(|| SecretString::from(value))
    })
}

/// The bundle, with what opens the link again: a cookie of this link alone, which no script reads.
fn handed(token: &str, headers: &HeaderMap, opened: Opened) -> Response {
    let mut response = stream::file(opened.download);
    let is_tls = headers
        .get("x-forwarded-proto")
        .is_some_and(|proto| proto == "https");
    let secure = if is_tls { "; Secure" } else { "" };
    let key = opened.key.expose_secret();
    let cookie =
        format!("{COOKIE}={key}; Path=/v1/delivery/{token}; HttpOnly; SameSite=Strict{secure}");
    let key_name = HeaderName::from_static(KEY);
    for (name, value) in [(key_name, key), (header::SET_COOKIE, cookie.as_str())] {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Why nothing is handed out by a link.
#[derive(Clone, Copy)]
enum Why {
    Refused(Refused),
    /// The request that the bundle answers does not let it go (any more).
    Kept,
}

impl From<Refused> for Why {
    fn from(why: Refused) -> Self {
        Self::Refused(why)
    }
}

impl Why {
    const fn status(self) -> StatusCode {
        match self {
            Self::Refused(Refused::Unknown) => StatusCode::NOT_FOUND,
            Self::Refused(Refused::WrongCode) => StatusCode::FORBIDDEN,
            Self::Refused(_) => StatusCode::GONE,
            Self::Kept => StatusCode::CONFLICT,
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Refused(why) => why.sentence(),
            Self::Kept => "this copy is not handed out at the moment; ask whoever sent the link",
        }
    }
}

/// Whether a link can be opened now, by the link itself and by the request that the bundle answers.
async fn openable(context: &Context, token: &str) -> Result<Result<(), Why>, Fault> {
    let id = match job::is_link(context.home(), token).await? {
        Ok(id) => id,
        Err(why) => return Ok(Err(why.into())),
    };
    let job = job::job(context.home(), id).await?;
    match check_handing(context, &job).await {
        Ok(()) => Ok(Ok(())),
        // The recipient is told nothing of how the request stands.
        Err(fault) if fault.status.is_client_error() => Ok(Err(Why::Kept)),
        Err(fault) => Err(fault),
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

/// A program is told in JSON, a person by a page.
fn told_to(is_json: bool, why: Why) -> Answer {
    if is_json {
        Err(Fault::new(why.status(), why.sentence()))
    } else {
        Ok(refused(why))
    }
}

fn refused(why: impl Into<Why>) -> Response {
    let why = why.into();
    let sentence = capital(why.sentence());
    let page = match why {
        // Whoever mistyped may try again, as often as the link lets them.
        Why::Refused(Refused::WrongCode) => form(&sentence),
        _ => whole(&format!("<p>{sentence}.</p>")),
    };
    shown(why.status(), &page)
}

/// Sentences of pages begin with a capital.
fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn whole(content: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Delivery</title><h1>Delivery</h1>{content}</html>"
    )
}

fn form(sentence: &str) -> String {
    whole(&format!(
        "<p>{sentence}. Enter the code that you were given apart from this link; it works once, and from then on this browser may download your copy again.</p>\
        <form method=post><label>Code <input name=code autocomplete=off required></label> <button>Download</button></form>"
    ))
}

/// The page of whoever opened the link before.
fn again() -> String {
    whole(
        "<p>You opened this link before. Your copy can be downloaded again.</p>\
        <form method=post><button>Download</button></form>",
    )
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_from_a_header_or_from_the_cookie_of_that_name() {
        let of = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            key(&headers).map(|key| key.expose_secret().to_owned())
        };
        assert_eq!(
            of("cookie", "a=b; locard-delivery=k; c"),
            Some("k".to_owned())
        );
        assert_eq!(of("cookie", "x-locard-delivery=k; locard-delivery="), None);
        assert_eq!(of("locard-delivery-key", "k"), Some("k".to_owned()));
    }

    #[test]
    fn whoever_has_a_wrong_code_may_try_again_and_whoever_comes_late_is_told() {
        let wrong = Why::from(Refused::WrongCode);
        assert_eq!(wrong.status(), StatusCode::FORBIDDEN);
        assert_eq!(capital(wrong.sentence()), "The code is another one");
        assert_eq!(Why::from(Refused::Used).status(), StatusCode::GONE);
        assert_eq!(Why::from(Refused::Expired).status(), StatusCode::GONE);
        assert_eq!(Why::Kept.status(), StatusCode::CONFLICT);
        assert!(form("x").contains("<form method=post>"));
        assert!(told_to(true, wrong).is_err() && told_to(false, wrong).is_ok());
    }
}
