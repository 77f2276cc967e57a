//! Looking at requests: the queue, one of them, its timeline, its deadlines, those of one person.

use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use locard_requests::{
    Code, Listing, RequestOrder, RequestState, detail, kind_named, listed, notifications, timeline,
};
use serde_json::{Value, json};

use super::{desk, request_id};
use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::manage::Query;

/// Items of one page.
const MOST: u32 = 1_000;

fn number(query: &Query, name: &str, otherwise: Option<u32>) -> Result<Option<u32>, Fault> {
    match query.get(name).filter(|text| !text.is_empty()) {
        None => Ok(otherwise),
        Some(text) => {
            let number = text
                .parse()
                .map_err(|_| Fault::field(name, "a whole number is wanted"));
            number.map(Some)
        }
    }
}

fn word<'a>(query: &'a Query, name: &str, known: &[&'a str]) -> Result<&'a str, Fault> {
    let text = query
        .get(name)
        .map(String::as_str)
        .filter(|text| !text.is_empty());
    let text = text.or(known.first().copied()).unwrap_or_default();
    if known.contains(&text) {
        return Ok(text);
    }
    let known = known.join(", ");
    Err(Fault::field(name, &format!("one of {known} is wanted")))
}

pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let limit = number(&query, "limit", Some(25))?.filter(|limit| (1..=MOST).contains(limit));
    let limit = limit.ok_or_else(|| Fault::field("limit", "a number from 1 to 1000 is wanted"))?;
    let offset = number(&query, "offset", Some(0))?.unwrap_or_default();
    let sort_by = word(&query, "sortBy", &["receivedAt", "dueAt", "status"])?;
    let sort_order = word(&query, "sortOrder", &["desc", "asc"])?;
    let state = query
        .get("status")
        .filter(|text| !text.is_empty())
        .map(|text| {
            let unknown = || {
                let known: Vec<&str> = RequestState::ALL.iter().map(|it| it.as_str()).collect();
                Fault::field("status", &format!("one of {} is wanted", known.join(", ")))
            };
            // The reference's samples call a new request so.
            let text = if text == "received" { "captured" } else { text };
            RequestState::parse(text).ok_or_else(unknown)
        });
    let kind = query
        .get("requestType")
        .filter(|text| !text.is_empty())
        .map(|text| {
            kind_named(text).ok_or_else(|| Fault::field("requestType", "there is no such type"))
        });
    let listing = Listing {
        state: state.transpose()?,
        kind: kind.transpose()?.map(|kind| kind.word().to_owned()),
        jurisdiction: query
            .get("jurisdiction")
            .filter(|text| !text.is_empty())
            .cloned(),
        at_risk_days: number(&query, "atRiskDays", None)?,
        subject: None,
        order: match sort_by {
            "dueAt" => RequestOrder::Due,
            "status" => RequestOrder::State,
            _ => RequestOrder::Received,
        },
        descending: sort_order == "desc",
        offset,
        limit,
    };
    let desk = desk(&context).await?;
    let (items, total) = desk.requests(&listing).await?;
    answer(json!({
        "items": items.iter().map(listed).collect::<Vec<_>>(),
        "limit": limit,
        "offset": offset,
        "sortBy": sort_by,
        "sortOrder": sort_order,
        "total": total,
    }))
}

pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let desk = desk(&context).await?;
    answer(detail(&desk.request(request_id(&id)?).await?))
}

pub(crate) async fn history(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    let request = desk.request(id).await?;
    answer(timeline(&request, &desk.timeline(id).await?))
}

pub(crate) async fn explain(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let desk = desk(&context).await?;
    let request = desk.request(request_id(&id)?).await?;
    answer(desk.explain(&request)?)
}

pub(crate) async fn notices(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let desk = desk(&context).await?;
    let request = desk.request(request_id(&id)?).await?;
    answer(notifications(&request, request.known()?))
}

/// The requests of whoever is known by that: an id, a reference, an address of mail.
pub(crate) async fn subject(State(context): State<Context>, Path(subject): Path<String>) -> Answer {
    let desk = desk(&context).await?;
    let listing = Listing {
        subject: Some(subject.clone()),
        limit: MOST,
        ..Listing::default()
    };
    let (requests, _) = desk.requests(&listing).await?;
    let requests = requests.iter().map(|request| {
        json!({
            "id": request.id,
            "status": request.head.state.as_str(),
            "receivedAt": request.head.received_at.to_string(),
            "requestType": request.head.kind,
        })
    });
    answer(json!({ "subjectId": subject, "requests": requests.collect::<Vec<_>>() }))
}

/// Deadlines as a calendar that people subscribe to.
pub(crate) async fn calendar(State(context): State<Context>) -> Answer {
    let desk = desk(&context).await?;
    let kind = [(
        axum::http::header::CONTENT_TYPE,
        "text/calendar; charset=utf-8",
    )];
    Ok((kind, desk.calendar().await?).into_response())
}

pub(crate) async fn init() -> Answer {
    answer(json!({ "initialized": true }))
}

pub(crate) async fn status() -> Answer {
    answer(json!({ "service": "locard", "status": "ok" }))
}

/// An entry of the catalogue of errors.
pub(crate) async fn code(Path(id): Path<String>) -> Answer {
    let code = Code::parse(&id).ok_or_else(Fault::not_found)?;
    answer(told(code))
}

pub(crate) fn told(code: Code) -> Value {
    json!({ "id": code.id(), "code": code.name(), "status": code.status(), "title": code.title() })
}
