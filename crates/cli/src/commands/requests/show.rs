//! What is shown of requests.

use anyhow::{Context as _, Result};
use locard_requests::{Desk, Listing, RequestOrder, RequestState, listed};
use serde_json::{Value, json};

use super::told;
use crate::args::ListFormat;
use crate::commands::Session;
use crate::lists::List;
use crate::printer::printable;
use crate::table::counted;

/// The steps of every deadline, in sentences.
pub(super) fn explain(session: &Session, explained: &Value) -> Result<()> {
    let mut output = session.printer.output(None)?;
    let all = &explained["deadlines"];
    let (title, law) = (all["title"].as_str(), all["law"].as_str());
    output.line(&format!(
        "{}: {}",
        title.unwrap_or_default(),
        law.unwrap_or_default()
    ))?;
    for deadline in all["deadlines"].as_array().into_iter().flatten() {
        for reading in ["statutory", "safe"] {
            let due = &deadline[reading]["due"]["date"];
            let duty = deadline["duty"]
                .as_str()
                .unwrap_or_default()
                .replace('_', " ");
            output.line(&format!(
                "\n{duty}, {reading}: {}",
                due.as_str().unwrap_or_default()
            ))?;
            for step in deadline[reading]["steps"].as_array().into_iter().flatten() {
                output.wrapped(2, &printable(step["sentence"].as_str().unwrap_or_default()))?;
            }
        }
    }
    for caveat in all["caveats"].as_array().into_iter().flatten() {
        output.line("")?;
        output.wrapped(0, &printable(caveat.as_str().unwrap_or_default()))?;
    }
    output.line("")?;
    output.wrapped(0, explained["notice"].as_str().unwrap_or_default())?;
    Ok(output.finish()?)
}

pub(super) async fn list(
    session: &Session,
    desk: &Desk<'_>,
    (status, at_risk, limit): (Option<&str>, Option<u32>, u32),
    format: ListFormat,
) -> Result<()> {
    let state = status.map(|name| {
        RequestState::parse(name).with_context(|| {
            let known = RequestState::ALL.iter().map(|state| state.as_str());
            format!(
                "there is no such state\nhint: states are {}",
                known.collect::<Vec<_>>().join(", ")
            )
        })
    });
    let listing = Listing {
        state: state.transpose()?,
        at_risk_days: at_risk,
        order: RequestOrder::Due,
        limit,
        ..Listing::default()
    };
    let (requests, total) = desk.requests(&listing).await.map_err(told)?;
    let mut list = List::new(&[
        "id",
        "status",
        "type",
        "jurisdiction",
        "received",
        "due",
        "overdue",
        "held",
    ]);
    for request in &requests {
        let id = request.id.to_string();
        let shown = listed(request);
        let yes = |is: bool| if is { json!("yes") } else { Value::Null };
        list.row([
            json!(if format == ListFormat::Table {
                id.get(..13).unwrap_or(&id)
            } else {
                &id
            }),
            shown["status"].clone(),
            shown["requestType"].clone(),
            shown["jurisdiction"].clone(),
            json!(request.head.received_at.to_string().get(..10)),
            shown["dueDate"].clone(),
            yes(locard_requests::is_overdue(request)),
            yes(request.head.is_held),
        ]);
    }
    let mut output = session.printer.output(None)?;
    let nothing = "no requests; `locard requests create` records one";
    list.print(&mut output, format, nothing)?;
    output.finish()?;
    if total > requests.len() as u64 {
        let more = total - requests.len() as u64;
        session
            .printer
            .say(format!("{} more", counted(more, "request", "requests")));
    }
    Ok(())
}
