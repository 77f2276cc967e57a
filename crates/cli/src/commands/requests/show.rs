//! What is shown of requests.

use anyhow::{Context as _, Result, bail};
use locard_requests::{
    Desk, Listing, Record, RequestOrder, RequestState, TaskOutcome, listed, place_shape, task_shape,
};
use serde_json::{Value, json};

use super::{actor, opened, request_named, told};
use crate::args::{ListFormat, Looked};
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

pub(super) async fn tasks(
    session: &Session,
    desk: &Desk<'_>,
    (request, asked): (&str, Option<(&str, Looked)>),
    format: ListFormat,
) -> Result<()> {
    let mut request = opened(session, desk, request).await?;
    if let Some((source, outcome)) = asked {
        let mut tasks = request.known().map_err(told)?.tasks.iter();
        let Some(task) = tasks.find(|task| task.source == source) else {
            bail!("the request has no task of that source");
        };
        let outcome = match outcome {
            Looked::Answered => TaskOutcome::Answered,
            Looked::NothingFound => TaskOutcome::NothingFound,
        };
        let done = desk
            .answer_task(&actor(), request.id, task.id, outcome, None)
            .await;
        request = done.map_err(told)?;
    }
    let mut list = List::new(&[
        "source",
        "kind",
        "owner",
        "contact",
        "status",
        "due at",
        "instructions",
    ]);
    for task in &request.known().map_err(told)?.tasks {
        let shown = task_shape(task, &request);
        list.row(
            [
                "source",
                "kind",
                "owner",
                "contact",
                "status",
                "dueAt",
                "instructions",
            ]
            .map(|name| shown[name].clone()),
        );
    }
    let mut output = session.printer.output(None)?;
    list.print(
        &mut output,
        format,
        "no tasks: every source has a connector",
    )?;
    Ok(output.finish()?)
}

/// Rows of a place that are shown in a line; over HTTP each is told.
const SHOWN: usize = 20;

pub(super) async fn places(
    session: &Session,
    desk: &Desk<'_>,
    (request, find, recheck): (&str, bool, bool),
    format: ListFormat,
) -> Result<()> {
    let id = request_named(session, request).await?;
    let request = if find {
        desk.find_places(&actor(), id).await
    } else if recheck {
        desk.recheck_places(&actor(), id).await
    } else {
        desk.request(id).await
    };
    let request = request.map_err(told)?;
    let names = [
        "source",
        "resource",
        "strength",
        "reached",
        "rows",
        "at",
        "listed",
        "verdict",
        "recheck",
        "recheck note",
        "instructions",
    ];
    let mut list = List::new(&names);
    for place in &request.known().map_err(told)?.places {
        let mut shown = place_shape(place);
        let rows = shown["rowsAt"].as_array().into_iter().flatten();
        let rows: Vec<&str> = rows.filter_map(|row| row["at"].as_str()).collect();
        shown["at"] = if rows.len() > SHOWN {
            format!("{} …", rows[..SHOWN].join("; ")).into()
        } else {
            rows.join("; ").into()
        };
        shown["recheck note"] = shown["recheckNote"].take();
        list.row(names.map(|name| shown[name].clone()));
    }
    let mut output = session.printer.output(None)?;
    let nothing = "no places; `locard requests places REQUEST --find` looks for them";
    list.print(&mut output, format, nothing)?;
    output.finish()?;
    tell_open(session, request.known().map_err(told)?);
    Ok(())
}

/// What the list leaves open.
fn tell_open(session: &Session, record: &Record) {
    let undecided = record.places.iter().filter(|place| place.is_undecided());
    let undecided = undecided.count() as u64;
    if undecided > 0 {
        let places = counted(undecided, "weak place", "weak places");
        session.printer.say(format!(
            "{places} may be somebody else's: not listed before somebody decides that it is the person"
        ));
    }
    for gap in &record.places_not_searched {
        let place = gap.resource.as_deref().unwrap_or(&gap.source);
        session.printer.say(printable(&format!(
            "not searched: {place}: {}",
            gap.sentence
        )));
    }
}
