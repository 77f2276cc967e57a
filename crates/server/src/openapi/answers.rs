//! Every status that a route may answer with. The tests of the interface compare each answer that they get with it.

use serde_json::Value;
use utoipa::openapi::{ResponseBuilder, ResponsesBuilder};

use super::content;
use super::schema::of_answer;
use crate::auth::Who;
use crate::examples;
use crate::family::Family;
use crate::routes::{Pace, Route, Status};

/// What may be answered at a path of a route.
pub(super) fn of(route: &Route, path: &str) -> ResponsesBuilder {
    let mut responses = ResponsesBuilder::new();
    for (code, what) in done(route) {
        let example = examples::of(route.method, route.path).1;
        let content = content(of_answer(&example), Some(example));
        let response = ResponseBuilder::new().description(what);
        responses = responses.response(code, response.content(route.gives, content));
    }
    let fault = route.family().fault_type();
    for (code, what) in faults(route, path) {
        let mut response = ResponseBuilder::new().description(what);
        if route.family() == Family::Delivery {
            // Whoever follows a link is told by a page.
            let page = content(of_answer(&Value::from("a page")), None);
            response = response.content("text/html", page);
        }
        let told = content(of_answer(&examples::fault(route.family())), None);
        responses = responses.response(code, response.content(fault, told));
    }
    responses
}

/// Where what was asked for was done, or will be.
fn done(route: &Route) -> Vec<Status> {
    let is_change = route.method != "get";
    match route.family() {
        _ if !route.done.is_empty() => route.done.to_vec(),
        Family::Requests if is_change => vec![("202", route.summary)],
        _ => vec![("200", route.summary)],
    }
}

/// Why it was not. What a key or a body may do wrong stands at each route.
fn faults(route: &Route, path: &str) -> Vec<Status> {
    // Around every route.
    let mut codes = vec![
        ("429", "Too many requests, or too many of these at a time"),
        ("500", "A mistake in the program, or another master key"),
        (
            "503",
            "The store does not answer, or the server has just started; ask again later",
        ),
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
    let has_body = !route.body.is_empty() || route.file || route.method == "post";
    if is_asked || has_body || route.family().checks_queries() {
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
    if route.method != "get" || route.family().has_states() && path.contains('{') {
        codes.push((
            "409",
            "It would contradict what is there, or comes at the wrong time",
        ));
    }
    if has_body && route.family() == Family::Reference {
        codes.push(("415", "The body is said to be of another type than JSON"));
    }
    if route.family() == Family::Delivery {
        codes.extend([
            ("403", "The code is wrong"),
            ("409", "It is not handed out at the moment"),
            ("410", "The link was used, or has expired"),
        ]);
    }
    if route.pace != Pace::Catalog {
        codes.push(("502", "A source could not be read"));
    }
    codes.extend(route.refusals);
    codes
}
