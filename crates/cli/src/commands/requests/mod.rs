//! `locard requests`.

mod hand;
mod intake;
mod places;
mod show;
mod step;
mod tasks;

use anyhow::{Context as _, Result, bail};
use locard_model::SecretString;
use locard_requests::{
    Code, Desk, Fault, Listing, Opened, RequestId, RequestState, detail, listed, timeline,
};
use serde_json::Value;

use super::{Outcome, Session, actor};
use crate::args::Requests;
use crate::table::counted;

/// What is wrong, as commands tell it.
pub(in crate::commands) fn told(fault: Fault) -> anyhow::Error {
    let error = locard_app::Error::usage(format!("{} ({})", fault.message, fault.code.id()));
    let way_on = way_on(&fault).map(str::to_owned);
    match fault.hint.or(way_on) {
        Some(hint) => error.hint(hint).into(),
        None => error.into(),
    }
}

/// What is wrong with a command that takes some steps in one, by the name of the command.
pub(in crate::commands) fn told_of(command: &str, fault: Fault) -> anyhow::Error {
    let message = match state(&fault) {
        Some(state) => {
            format!("`locard requests {command}` is not possible while the request is {state}")
        }
        None => fault.message.clone(),
    };
    told(Fault { message, ..fault })
}

/// The state in which something is not possible.
fn state(fault: &Fault) -> Option<&str> {
    let trace = fault.trace.as_ref();
    let trace = trace.filter(|_| fault.code == Code::TransitionDisallowed);
    trace.and_then(|trace| trace["lifecycle"]["currentStatus"].as_str())
}

/// What helps where something is not possible in a state.
fn way_on(fault: &Fault) -> Option<&'static str> {
    let unproven = [RequestState::Captured, RequestState::VerificationPending];
    let is_unproven = |state: &str| unproven.iter().any(|known| known.as_str() == state);
    state(fault).filter(|state| is_unproven(state)).map(|_| {
        "`locard requests verify-identity` takes down how it was proven who asks, or that no proof is needed"
    })
}

/// The request that an id or the beginning of one means.
pub(in crate::commands) async fn request_named(session: &Session, text: &str) -> Result<RequestId> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let desk = Desk::open(&session.home).await.map_err(told)?;
    let mut listing = Listing {
        limit: 1_000,
        ..Listing::default()
    };
    let mut found = Vec::new();
    loop {
        let (requests, _) = desk.requests(&listing).await.map_err(told)?;
        let ids = requests.iter().map(|request| request.id);
        found.extend(ids.filter(|id| text.len() >= 4 && id.to_string().starts_with(text)));
        listing.offset += requests.len() as u32;
        if requests.is_empty() {
            break;
        }
    }
    match found.as_slice() {
        [one] => Ok(*one),
        [] => bail!("there is no such request\nhint: `locard requests list` prints their ids"),
        _ => bail!("several requests begin so\nhint: give more of the id"),
    }
}

pub(super) fn text(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(locard_model::ExposeSecret::expose_secret)
}

pub(super) fn time(text: Option<&str>) -> Result<Option<jiff::Timestamp>> {
    let time = text.map(str::parse).transpose();
    time.ok()
        .context("a time such as 2026-03-31T10:00:00+02:00 is wanted")
}

pub(crate) async fn run(session: &Session, args: &Requests) -> Result<Outcome> {
    let desk = Desk::open(&session.home).await.map_err(told)?;
    match args {
        Requests::Create(new) => intake::create(session, &desk, new).await?,
        Requests::List {
            status,
            at_risk,
            limit,
            format,
        } => {
            show::list(
                session,
                &desk,
                (status.as_deref(), *at_risk, *limit),
                *format,
            )
            .await?;
        }
        Requests::Import { file } => return intake::import(session, &desk, file).await,
        Requests::Export { output } => {
            let mut out = session.printer.output(output.as_deref())?;
            let count = desk.export(&mut out).await.map_err(told)?;
            out.finish()?;
            session
                .printer
                .say(format!("{} written", counted(count, "request", "requests")));
        }
        Requests::Calendar => {
            let mut out = session.printer.output(None)?;
            let text = desk.calendar().await.map_err(told)?;
            std::io::Write::write_all(&mut out, text.as_bytes())?;
            out.finish()?;
        }
        args => return of_one(session, &desk, args).await,
    }
    Ok(Outcome::Done)
}

/// Commands that show one request.
async fn of_one(session: &Session, desk: &Desk<'_>, args: &Requests) -> Result<Outcome> {
    match args {
        Requests::Show(one) => {
            let request = opened(session, desk, &one.request).await?;
            document(session, &detail(&request))?;
        }
        Requests::Explain(one) => {
            let request = opened(session, desk, &one.request).await?;
            show::explain(session, &desk.explain(&request).map_err(told)?)?;
        }
        Requests::Timeline(one) => {
            let request = opened(session, desk, &one.request).await?;
            let events = desk.timeline(request.id).await.map_err(told)?;
            document(session, &timeline(&request, &events))?;
        }
        Requests::Letter {
            request,
            kind,
            language,
        } => {
            let request = opened(session, desk, request).await?;
            let letter = desk.letter(&request, kind, language).map_err(told)?;
            let mut out = session.printer.output(None)?;
            std::io::Write::write_all(&mut out, letter.as_bytes())?;
            out.finish()?;
            session
                .printer
                .hint("it is a draft: read it, and put in what stands in brackets");
        }
        Requests::Tasks(args) => tasks::run(session, desk, args).await?,
        Requests::Places(args) => places::run(session, desk, args).await?,
        args => {
            let done = step::step(session, desk, args).await?;
            if let Some(request) = done {
                say(session, &request);
            }
        }
    }
    Ok(Outcome::Done)
}

pub(super) async fn opened(session: &Session, desk: &Desk<'_>, text: &str) -> Result<Opened> {
    let id = request_named(session, text).await?;
    desk.request(id).await.map_err(told)
}

pub(super) fn document(session: &Session, value: &Value) -> Result<()> {
    let mut output = session.printer.output(None)?;
    output.document(value)?;
    Ok(output.finish()?)
}

/// How a request stands now.
pub(super) fn say(session: &Session, request: &Opened) {
    let shown = listed(request);
    let due = shown["dueDate"].as_str();
    let due = due.map(|due| format!(", due on {due}")).unwrap_or_default();
    session
        .printer
        .say(format!("{} is {}{due}", request.id, request.head.state));
}
