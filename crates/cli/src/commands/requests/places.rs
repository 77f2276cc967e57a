//! `locard requests places`.

use anyhow::{Result, bail};
use locard_requests::{Desk, Opened, Place, PlaceDecision, Record, place_shape};
use serde_json::json;
use uuid::Uuid;

use super::{actor, request_named, text, told, told_of};
use crate::args::{ListFormat, Places};
use crate::commands::Session;
use crate::lists::List;
use crate::printer::printable;
use crate::table::counted;

/// Rows of a place that are shown in a line; over HTTP each is told.
const SHOWN: usize = 20;

pub(super) async fn run(session: &Session, desk: &Desk<'_>, args: &Places) -> Result<()> {
    let id = request_named(session, &args.request).await?;
    let mut request = desk.request(id).await.map_err(told)?;
    if args.find {
        let found = Box::pin(desk.find_places(&actor(), id)).await;
        request = found.map_err(|fault| told_of("places --find", fault))?;
    }
    let who = actor();
    // All of them are known before any is decided on.
    let decisions = decisions(&request, args)?;
    for (place, verdict) in decisions {
        let reason = text(args.reason.as_ref());
        let decided = desk.decide_place(&who, id, place, verdict, reason);
        request = decided.await.map_err(told)?;
    }
    if args.recheck {
        let again = Box::pin(desk.recheck_places(&actor(), id)).await;
        let (rechecked, jobs) = again.map_err(|fault| told_of("places --recheck", fault))?;
        request = rechecked;
        // What is kept of rows that were erased does not wait for a server.
        locard_app::rebuild_here(&session.home, &jobs, &session.cancel).await?;
    }
    list(session, &request, args.format)?;
    tell_open(session, request.known().map_err(told)?);
    Ok(())
}

/// What is decided on which place.
fn decisions(request: &Opened, args: &Places) -> Result<Vec<(Uuid, PlaceDecision)>> {
    let places = &request.known().map_err(told)?.places;
    let mut decisions: Vec<(Uuid, PlaceDecision)> = Vec::new();
    for (named, verdict) in [
        (&args.include, PlaceDecision::Included),
        (&args.exclude, PlaceDecision::Excluded),
        (&args.done, PlaceDecision::Done),
        (&args.reopen, PlaceDecision::Open),
    ] {
        for text in named {
            let id = place_named(places, text)?;
            if decisions.iter().any(|(known, _)| *known == id) {
                bail!("two things are decided on one place");
            }
            decisions.push((id, verdict));
        }
    }
    Ok(decisions)
}

/// The place that an id, or the beginning of one, names.
fn place_named(places: &[Place], text: &str) -> Result<Uuid> {
    let is_meant = |place: &&Place| text.len() >= 4 && place.id.to_string().starts_with(text);
    let mut found = places.iter().filter(is_meant);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.id),
        (None, _) => bail!(
            "the request has no such place\nhint: `locard requests places REQUEST` prints their ids"
        ),
        _ => bail!("several places begin so\nhint: give more of the id"),
    }
}

fn list(session: &Session, request: &Opened, format: ListFormat) -> Result<()> {
    let names = [
        "id",
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
    let mut list = List::new(&names).prose(&["reached", "recheck note", "instructions"]);
    for place in &request.known().map_err(told)?.places {
        let mut shown = place_shape(place);
        let rows = shown["rowsAt"].as_array().into_iter().flatten();
        let rows: Vec<&str> = rows.filter_map(|row| row["at"].as_str()).collect();
        shown["at"] = if rows.len() > SHOWN {
            format!("{} …", rows[..SHOWN].join("; ")).into()
        } else {
            rows.join("; ").into()
        };
        if format == ListFormat::Table {
            let id = place.id.to_string();
            shown["id"] = json!(id.get(..8).unwrap_or(&id));
        }
        shown["recheck note"] = shown["recheckNote"].take();
        list.row(names.map(|name| shown[name].clone()));
    }
    let mut output = session.printer.output(None)?;
    let nothing = "no places; `locard requests places REQUEST --find` looks for them";
    list.print(&mut output, format, nothing)?;
    Ok(output.finish()?)
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
