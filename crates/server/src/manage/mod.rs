//! The management of everything, under `/api/v1`.

pub(crate) mod annotations;
pub(crate) mod business;
pub(crate) mod collections;
pub(crate) mod decide;
pub(crate) mod dictionaries;
pub(crate) mod diff;
pub(crate) mod duplicates;
pub(crate) mod entities;
pub(crate) mod events;
pub(crate) mod examples;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod findings;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod locate;
pub(crate) mod me;
mod parquet;
pub(crate) mod patterns;
pub(crate) mod processing;
pub(crate) mod relations;
pub(crate) mod roles;
pub(crate) mod schedules;
pub(crate) mod sources;
pub(crate) mod sparing;
pub(crate) mod starting;
pub(crate) mod webhooks;

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::fault::Fault;

/// What stands in the query of a request.
pub(crate) type Query = axum::extract::Query<HashMap<String, String>>;

/// Items of one page.
const MOST: u32 = 1_000;

/// Where to go on, and how many items are wanted.
pub(crate) fn page(query: &Query) -> Result<(Option<Uuid>, u32), Fault> {
    let limit = query.get("limit").map_or(Ok(100), |text| text.parse());
    let limit = limit.ok().filter(|limit| (1..=MOST).contains(limit));
    let limit = limit.ok_or_else(|| Fault::field("limit", "a number from 1 to 1000 is wanted"))?;
    Ok((id(query, "cursor")?, limit))
}

/// A page of a list and how much of it there is in all: exactly where the page holds all, and else at least what is known from
/// the page, since counting the rest would read it.
pub(crate) fn listed(
    name: &str,
    rows: Vec<Value>,
    (after, next): (Option<Uuid>, Option<Value>),
) -> Value {
    let (is_first, is_last) = (after.is_none(), next.is_none());
    // Before a later page is at least one row, and behind one that is not the last.
    let total = rows.len() + usize::from(!is_first) + usize::from(!is_last);
    json!({
        name: Value::Array(rows),
        "next": next,
        "total": total,
        "totalIsLowerBound": !(is_first && is_last),
    })
}

/// An id in the query.
pub(crate) fn id(query: &Query, name: &str) -> Result<Option<Uuid>, Fault> {
    let text = query.get(name).filter(|text| !text.is_empty());
    let id = text.map(|text| text.parse());
    id.transpose()
        .map_err(|_| Fault::field(name, "an id is wanted"))
}

/// An id in a path. What is none names nothing.
pub(crate) fn path_id(text: &str, what: &str) -> Result<Uuid, Fault> {
    let missing = || {
        let message = format!("there is no such {what}");
        Fault::new(axum::http::StatusCode::NOT_FOUND, message)
    };
    text.parse().map_err(|_| missing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_exact_where_a_page_holds_all_and_else_at_least_what_is_known() {
        let rows = || vec![json!(1), json!(2)];
        let told = |after: Option<Uuid>, next: Option<Value>| {
            let page = listed("rows", rows(), (after, next));
            assert_eq!(page["rows"], json!([1, 2]));
            (page["total"].clone(), page["totalIsLowerBound"].clone())
        };
        let after = Some(Uuid::from_u128(1));
        assert_eq!(told(None, None), (json!(2), json!(false)));
        assert_eq!(told(None, Some(json!("x"))), (json!(3), json!(true)));
        assert_eq!(told(after, Some(json!("x"))), (json!(4), json!(true)));
        assert_eq!(told(after, None), (json!(3), json!(true)));
    }
}
