//! Every status that a route may answer with. The tests of the interface compare each answer that they get with it.

use utoipa::openapi::{ResponseBuilder, ResponsesBuilder};

use super::{any, content, kind};
use crate::auth::Who;
use crate::examples;
use crate::routes::Route;
use crate::{query, requests};

/// What may be answered at a path of a route.
pub(super) fn of(route: &Route, path: &str) -> ResponsesBuilder {
    let mut responses = ResponsesBuilder::new();
    for (code, what) in done(route, path) {
        let example = examples::of(route.method, route.path).1;
        let content = content(any(), Some(example));
        let response = ResponseBuilder::new().description(what);
        responses = responses.response(code, response.content(kind(path), content));
    }
    let is_plain = path.starts_with("/api/public/")
        || path.starts_with("/v1/compliance/")
        || requests::is_here(path);
    let fault = if is_plain {
        "application/json"
    } else {
        "application/problem+json"
    };
    for (code, what) in faults(route, path) {
        let mut response = ResponseBuilder::new().description(what);
        if path.starts_with("/v1/delivery/") {
            // Whoever follows a link is told by a page.
            response = response.content("text/html", content(any(), None));
        }
        responses = responses.response(code, response.content(fault, content(any(), None)));
    }
    responses
}

type Status = (&'static str, &'static str);

/// Where what was asked for was done, or will be.
fn done(route: &Route, path: &str) -> Vec<Status> {
    let is_changed = requests::is_here(path) && route.method != "get";
    match (route.method, path) {
        ("post", "/v1/compliance/dsar") => vec![
            ("201", "The job was made"),
            ("200", "It was made before, with the same key"),
        ],
        ("post", "/v1/compliance/dsar/{id}/retry") => vec![
            ("201", "A job was made that goes on"),
            ("200", "It was made before"),
        ],
        ("post", "/v1/compliance/dsar/{id}/links") => vec![("201", route.summary)],
        ("post", "/v1/compliance/dsar/{id}/run") => vec![
            ("200", "The job is READY or has ended"),
            ("202", "It goes on, or waits for its review"),
        ],
        (_, path) if path.ends_with("/audit/export") => vec![("202", route.summary)],
        (_, path) if is_changed && !path.ends_with("/address/verify") => {
            vec![("202", route.summary)]
        }
        _ => vec![("200", route.summary)],
    }
}

/// Why it was not. What a key or a body may do wrong stands at each route.
fn faults(route: &Route, path: &str) -> Vec<Status> {
    // Around every route.
    let mut codes = vec![
        ("429", "Too many requests, or too many of these at a time"),
        ("500", "A mistake in the program, or another master key"),
        ("503", "The store does not answer"),
        ("504", "The answer took too long"),
    ];
    if route.who != Who::Anybody {
        codes.push(("401", "No key, or one that lets nobody in"));
        codes.push((
            "403",
            "The key is not enough, or what is named may not be reached",
        ));
    }
    let is_asked = path.contains('{') || !route.body.is_empty() || !route.query.is_empty();
    let has_body = !route.body.is_empty() || route.takes_file() || route.method == "post";
    if is_asked || has_body || query::is_ours(path) {
        codes.push((
            "400",
            "A field, a parameter, a header or an id makes no sense",
        ));
    }
    if is_asked {
        codes.push(("404", "There is no such thing"));
    }
    if has_body {
        codes.push(("413", "The body is too long"));
    }
    let is_stateful = path.starts_with("/v1/compliance/") || requests::is_here(path);
    if route.method != "get" || is_stateful && path.contains('{') {
        codes.push((
            "409",
            "It would contradict what is there, or comes at the wrong time",
        ));
    }
    codes.extend(special(path));
    codes
}

/// What only some routes answer.
fn special(path: &str) -> Vec<Status> {
    match path {
        path if path.starts_with("/v1/delivery/") => vec![
            ("403", "The code is wrong"),
            ("409", "It is not handed out at the moment"),
            ("410", "The link was used, or has expired"),
        ],
        "/v1/compliance/export" => vec![("409", "No export of everything was approved")],
        path if path.ends_with("/terms.txt") => {
            vec![("409", "The program carries no terms of its own lists")]
        }
        path if reads_sources(path) => vec![("502", "A source could not be read")],
        _ => Vec::new(),
    }
}

/// Whether sources are read before anything is answered.
fn reads_sources(path: &str) -> bool {
    path == "/api/v1/locate"
        || path.starts_with("/requests/{id}/places")
        || path == "/requests/{id}/collection"
        || path == "/v1/compliance/dsar/{id}/run"
}
