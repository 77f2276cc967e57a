//! `locard requests`.

use anyhow::{Context as _, Result, bail};
use locard_app::Actor;
use locard_model::{ExposeSecret as _, SecretString};
use locard_requests::{
    Arrival, Asked, Desk, Extending, Fault, Known, Listing, Opened, Person, Refusing, RequestId,
    RequestOrder, RequestState, Requestor, TaskOutcome, Upload, detail, kind_named, listed,
    place_shape, task_shape, timeline,
};
use serde_json::{Value, json};

use super::{Outcome, Session};
use crate::args::{Judgement, ListFormat, Looked, NewRequest, ProofStep, Requests, Step};
use crate::lists::List;
use crate::printer::printable;
use crate::table::counted;

/// Who acts, as the log has it.
fn actor() -> Actor {
    Actor {
        id: "cli".to_owned(),
        name: "command line".to_owned(),
    }
}

/// What is wrong, as commands tell it.
fn told(fault: Fault) -> anyhow::Error {
    let error = locard_app::Error::usage(format!("{} ({})", fault.message, fault.code.id()));
    match fault.hint {
        Some(hint) => error.hint(hint).into(),
        None => error.into(),
    }
}

/// The request that an id or the beginning of one means.
pub(super) async fn request_named(session: &Session, text: &str) -> Result<RequestId> {
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

fn text(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(|secret| secret.expose_secret())
}

fn time(text: Option<&str>) -> Result<Option<jiff::Timestamp>> {
    let time = text.map(str::parse).transpose();
    time.ok()
        .context("a time such as 2026-03-31T10:00:00+02:00 is wanted")
}

pub(crate) async fn run(session: &Session, args: &Requests) -> Result<Outcome> {
    let desk = Desk::open(&session.home).await.map_err(told)?;
    match args {
        Requests::Create(new) => create(session, &desk, new).await?,
        Requests::List {
            status,
            at_risk,
            limit,
            format,
        } => {
            list(
                session,
                &desk,
                (status.as_deref(), *at_risk, *limit),
                *format,
            )
            .await?
        }
        Requests::Import { file } => return import(session, &desk, file).await,
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
            explain(session, &desk.explain(&request).map_err(told)?)?;
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
        Requests::Tasks {
            request,
            answer,
            outcome,
            format,
        } => {
            let asked = answer.as_deref().zip(*outcome);
            tasks(session, desk, (request, asked), *format).await?;
        }
        Requests::Places {
            request,
            find,
            recheck,
            format,
        } => places(session, desk, (request, *find, *recheck), *format).await?,
        args => {
            let done = step(session, desk, args).await?;
            if let Some(request) = done {
                say(session, &request);
            }
        }
    }
    Ok(Outcome::Done)
}

/// Commands that do something to one request.
async fn step(session: &Session, desk: &Desk<'_>, args: &Requests) -> Result<Option<Opened>> {
    let who = actor();
    let id = async |text: &str| request_named(session, text).await;
    let done = match args {
        Requests::Acknowledge(Step { request, at, .. }) => {
            desk.acknowledge(&who, id(request).await?, time(at.as_deref())?)
                .await
        }
        Requests::Ask(step) => {
            let message = text(step.message.as_ref());
            desk.ask(
                &who,
                id(&step.request).await?,
                message,
                time(step.at.as_deref())?,
            )
            .await
        }
        Requests::Hear(step) => {
            let message = text(step.message.as_ref());
            desk.hear(
                &who,
                id(&step.request).await?,
                message,
                time(step.at.as_deref())?,
            )
            .await
        }
        Requests::Fulfil(step) => {
            desk.fulfil(&who, id(&step.request).await?, time(step.at.as_deref())?)
                .await
        }
        Requests::Withdraw(step) => {
            desk.withdraw(&who, id(&step.request).await?, text(step.message.as_ref()))
                .await
        }
        Requests::Close(one) => desk.close(&who, id(&one.request).await?).await,
        Requests::Unhold(one) => desk.hold(&who, id(&one.request).await?, None).await,
        Requests::Hold { request, reason } => {
            desk.hold(&who, id(request).await?, Some(reason.expose_secret()))
                .await
        }
        Requests::Destroy(one) => {
            let destroyed = desk
                .destroy(&who, id(&one.request).await?)
                .await
                .map_err(told)?;
            session.printer.say(if destroyed {
                "destroyed; the log still verifies"
            } else {
                "it was destroyed before"
            });
            return Ok(None);
        }
        args => return judge(session, desk, args).await.map(Some),
    };
    done.map(Some).map_err(told)
}

/// Commands that decide.
async fn judge(session: &Session, desk: &Desk<'_>, args: &Requests) -> Result<Opened> {
    let who = actor();
    let id = async |text: &str| request_named(session, text).await;
    let is_good = |decision: &Judgement| *decision == Judgement::Approve;
    let done = match args {
        Requests::VerifyIdentity {
            request,
            step,
            reason,
            at,
        } => {
            let (id, at) = (id(request).await?, time(at.as_deref())?);
            let asked = Asked {
                reason: text(reason.as_ref()).map(str::to_owned),
                at,
                ..Asked::default()
            };
            match step {
                ProofStep::Request => desk.request_verification(&who, id, &asked).await,
                ProofStep::Approve => desk.resolve_verification(&who, id, true, at).await,
                ProofStep::Reject => desk.resolve_verification(&who, id, false, at).await,
                ProofStep::Waive => {
                    desk.waive_verification(&who, id, text(reason.as_ref()))
                        .await
                }
            }
        }
        Requests::Authority { request, decision } => {
            desk.judge_authority(&who, id(request).await?, is_good(decision))
                .await
        }
        Requests::Review { request, decision } => {
            desk.validate_manifest(&who, id(request).await?, is_good(decision))
                .await
        }
        Requests::Extend {
            request,
            reason,
            by,
            at,
        } => {
            let by = by.as_deref().map(str::parse).transpose();
            let extending = Extending {
                rationale: Some(reason.expose_secret().to_owned()),
                by: by
                    .ok()
                    .context("a length such as `2 months` or `30 days` is wanted")?,
                at: time(at.as_deref())?,
            };
            desk.extend(&who, id(request).await?, &extending).await
        }
        Requests::Refuse {
            request,
            rationale,
            kind,
            at,
        } => {
            let refusing = Refusing {
                rationale: Some(rationale.expose_secret().to_owned()),
                reason: Some(kind.clone()),
                message: None,
                at: time(at.as_deref())?,
            };
            desk.refuse(&who, id(request).await?, &refusing).await
        }
        args => return appeal(session, desk, args).await,
    };
    done.map_err(told)
}

/// Appeals and what is handed out.
async fn appeal(session: &Session, desk: &Desk<'_>, args: &Requests) -> Result<Opened> {
    let who = actor();
    match args {
        Requests::Appeal { request, message } => {
            let id = request_named(session, request).await?;
            let done = desk.appeal(&who, id, message.expose_secret(), None).await;
            Ok(done.map_err(told)?.0)
        }
        Requests::DecideAppeal {
            request,
            decision,
            explanation,
        } => {
            let before = opened(session, desk, request).await?;
            let mut appeals = before.known().map_err(told)?.appeals.iter();
            let Some(open) = appeals.find(|appeal| appeal.decision.is_none()) else {
                bail!("no appeal waits for a decision");
            };
            let why = text(explanation.as_ref());
            let done = desk
                .decide_appeal(&who, before.id, open.id, decision, why)
                .await;
            done.map_err(told)
        }
        Requests::Attach {
            request,
            file,
            media_type,
        } => {
            let id = request_named(session, request).await?;
            let content = std::fs::read(file)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let upload = Upload {
                name: &name,
                media_type,
                content: &content,
            };
            let done = desk.add_artifact(&who, id, &upload, None, None).await;
            Ok(done.map_err(told)?.0)
        }
        _ => bail!("that cannot be done"),
    }
}

async fn opened(session: &Session, desk: &Desk<'_>, text: &str) -> Result<Opened> {
    let id = request_named(session, text).await?;
    desk.request(id).await.map_err(told)
}

fn document(session: &Session, value: &Value) -> Result<()> {
    let mut output = session.printer.output(None)?;
    output.document(value)?;
    Ok(output.finish()?)
}

/// How a request stands now.
fn say(session: &Session, request: &Opened) {
    let shown = listed(request);
    let due = shown["dueDate"].as_str();
    let due = due.map(|due| format!(", due on {due}")).unwrap_or_default();
    session
        .printer
        .say(format!("{} is {}{due}", request.id, request.head.state));
}

async fn create(session: &Session, desk: &Desk<'_>, new: &NewRequest) -> Result<()> {
    let raw_text = match &new.text {
        Some(file) => locard_app::read_text(file)?,
        None => "(not taken down)".to_owned(),
    };
    let mut attributes = Vec::new();
    for text in &new.id {
        let Some((name, value)) = text.expose_secret().split_once('=') else {
            bail!("--id takes KIND=VALUE");
        };
        attributes.push(Known {
            identifier: name.trim().to_owned(),
            value: value.to_owned(),
        });
    }
    let owned = |secret: &Option<SecretString>| text(secret.as_ref()).map(str::to_owned);
    let kind = kind_named(&new.kind).with_context(|| {
        "there is no such type\nhint: access, deletion, correction, portability, restriction or objection"
    })?;
    let arrival = Arrival {
        jurisdiction: new.jurisdiction.clone(),
        region: new.region.clone(),
        kind: Some(kind),
        is_complex: new.complex,
        requires_verification: new.no_verification.then_some(false),
        channel: new.channel.clone(),
        raw_text,
        received_at: time(Some(&new.received))?.unwrap_or_default(),
        requestor: Some(Requestor {
            kind: new.requestor.clone(),
            name: owned(&new.name),
            email: owned(&new.email),
            relation: None,
        }),
        subject: Person {
            subject_id: owned(&new.subject_id),
            external_ref: None,
            attributes,
        },
        ..Arrival::default()
    };
    let received = desk.receive(&actor(), &arrival).await.map_err(told)?;
    let request = &received.request;
    let mut output = session.printer.output(None)?;
    output.line(&request.id.to_string())?;
    output.finish()?;
    say(session, request);
    let record = request.known().map_err(told)?;
    for warning in &record.warnings {
        session.printer.warn(&printable(warning));
    }
    if let Some(located) = &record.located {
        let places = counted(located.places, "place", "places");
        let sources = counted(located.sources.len() as u64, "source", "sources");
        session
            .printer
            .say(format!("the person may be in {places} of {sources}"));
    }
    session.printer.hint(locard_requests::NOTICE);
    Ok(())
}

async fn list(
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

/// The steps of every deadline, in sentences.
fn explain(session: &Session, explained: &Value) -> Result<()> {
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

async fn tasks(
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

async fn places(
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
        "rows",
        "verdict",
        "recheck",
        "instructions",
    ];
    let mut list = List::new(&names);
    for place in &request.known().map_err(told)?.places {
        let shown = place_shape(place);
        list.row(names.map(|name| shown[name].clone()));
    }
    let mut output = session.printer.output(None)?;
    let nothing = "no places; `locard requests places REQUEST --find` looks for them";
    list.print(&mut output, format, nothing)?;
    Ok(output.finish()?)
}

async fn import(session: &Session, desk: &Desk<'_>, file: &std::path::Path) -> Result<Outcome> {
    let text = locard_app::read_text(file)?;
    let done = desk.import(&actor(), text.as_bytes()).await.map_err(told)?;
    let (mut new, mut known, mut refused) = (0, 0, 0);
    for row in &done {
        match &row.outcome {
            Ok((_, true)) => new += 1,
            Ok((_, false)) => known += 1,
            Err(fault) => {
                refused += 1;
                session
                    .printer
                    .warn(&format!("line {}: {}", row.line, printable(&fault.message)));
            }
        }
    }
    session.printer.say(format!(
        "{} taken over, {known} known already, {refused} refused",
        counted(new, "request", "requests")
    ));
    Ok(if refused == 0 {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}
