//! What is put around every route: a request id, a time limit, headers, a count, a line in the log.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use uuid::Uuid;

use crate::context::Context;
use crate::family::Family;
use crate::fault::Fault;
use crate::listen::Peer;
use crate::routes::Pace;
use crate::spans::RequestSpan;

/// How long a request may take. Jobs are not run in requests.
const LIMIT: Duration = Duration::from_mins(1);

const FOR_EVER: Duration = Duration::from_hours(24);

/// Bytes of a body.
pub(crate) const BODY: usize = 2 << 20;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Headers of every answer: nothing of it is to be shown in a page, guessed at or kept.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Links to bundles have their token in the address.
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

pub(crate) async fn around(
    State(context): State<Context>,
    request: Request,
    next: Next,
) -> Response {
    let (started, id) = (Instant::now(), request_id(&request));
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| "none".to_owned(), |route| route.as_str().to_owned());
    let method = request.method().clone();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let may_ask = context.rates().may_ask(request.headers(), peer, started);
    let span = RequestSpan::begin(&method, &route, &id, request.headers());
    let mut response = if may_ask && is_of_another_type(&request) {
        let message = "a body of the type application/json is wanted";
        Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response()
    } else if may_ask {
        span.around(next.run(request)).await
    } else {
        let message = "too many requests; ask less often";
        Fault::new(StatusCode::TOO_MANY_REQUESTS, message).into_response()
    };
    if response.status() == StatusCode::UNAUTHORIZED {
        context.rates().refused(peer, started);
    }
    if let Some(fault) = told(&response) {
        response = fault.told(&path);
    }
    let (status, took) = (response.status().as_u16(), started.elapsed());
    context
        .metrics()
        .count(method.as_str(), &route, status, took);
    span.end(status);
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // The reference page has a policy of its own.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    let millis = took.as_millis() as u64;
    // The path itself may hold what somebody typed.
    tracing::info!(
        request = id,
        method = method.as_str(),
        route,
        status,
        millis,
        "answered"
    );
    response
}

/// Whether the body of a job of the reference is said to be no JSON. Programs that say nothing, or what they say of any body,
/// are taken at the body's word.
fn is_of_another_type(request: &Request) -> bool {
    if Family::of(request.uri().path()) != Family::Reference || request.method() != Method::POST {
        return false;
    }
    let Some(given) = request.headers().get(header::CONTENT_TYPE) else {
        return false;
    };
    let kind = given.to_str().unwrap_or_default().split(';').next();
    let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
    let is_any = [
        "",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "text/plain",
    ];
    !is_any.contains(&kind.as_str()) && !kind.ends_with("/json") && !kind.ends_with("+json")
}

/// Ends what takes too long; on a route that waits for a job, that is nothing.
pub(crate) async fn in_time(State(pace): State<Pace>, request: Request, next: Next) -> Response {
    let limit = match pace {
        Pace::Catalog | Pace::Sources => LIMIT,
        Pace::Job => FOR_EVER,
    };
    let answered = tokio::time::timeout(limit, next.run(request)).await;
    answered.unwrap_or_else(|_| {
        let message = "the answer took too long";
        Fault::new(StatusCode::GATEWAY_TIMEOUT, message).into_response()
    })
}

/// The fault of a response; what axum itself refuses has none, and no body that our clients could read.
fn told(response: &Response) -> Option<Fault> {
    if let Some(fault) = response.extensions().get::<Fault>() {
        return Some(fault.clone());
    }
    let is_json = response.headers().get(header::CONTENT_TYPE);
    // Pages for whoever follows a link say by themselves what is wrong.
    let is_told = is_json.is_some_and(|kind| {
        kind.as_bytes().ends_with(b"json") || kind.as_bytes().starts_with(b"text/html")
    });
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    (refused && !is_told).then(|| match status {
        StatusCode::NOT_FOUND => Fault::not_found(),
        status => Fault::new(
            status,
            status
                .canonical_reason()
                .unwrap_or("refused")
                .to_lowercase(),
        ),
    })
}

/// The id that the caller gave, where it is a plain one; else a new one.
fn request_id(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID);
    let given = given.and_then(|value| value.to_str().ok());
    let is_plain = |id: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (1..=64).contains(&id.len()) && id.bytes().all(plain)
    };
    given
        .filter(is_plain)
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}
