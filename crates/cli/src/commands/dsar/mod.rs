//! `locard dsar`.

mod progress;
mod review;
mod verify;

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use locard_app::Silent;
use locard_dsar::job::{self, DsarJob, DsarOptions, NewLink, Purpose, Scope, StartedJob, job_id};
use locard_model::{DsarState, ExposeSecret as _};
use locard_requests::{Desk, RequestId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::requests::told as refused;
use super::subjects::one_subject;
use super::{Outcome, Session, actor};
use crate::args::{CreateDsar, Dsar, ListFormat};
use crate::lists::List;
use crate::printer::{new_file, printable};
use crate::table::{Cell, Table, counted};

pub(crate) async fn run(session: &Session, args: &Dsar) -> Result<Outcome> {
    match args {
        Dsar::Create(args) => create(session, args).await,
        Dsar::List { state, format } => list(session, state.as_deref(), *format).await,
        Dsar::Show { job } => show(session, &job::job(&session.home, job_id(job)?).await?),
        Dsar::Run { job } => run_job(session, job).await,
        Dsar::Review(args) => review::run(session, args).await,
        Dsar::Download {
            job,
            output,
            preview,
        } => download(session, job, output, *preview).await,
        Dsar::Link { job, hours } => link(session, job, *hours).await,
        Dsar::Cancel { job, reason } => {
            let id = job_id(job)?;
            let ended = job::cancel(&session.home, &actor(), id, reason.as_deref()).await?;
            session
                .printer
                .say(format!("{} is {}", ended.name(), ended.state));
            Ok(Outcome::Done)
        }
        Dsar::Hold { job, reason } => {
            let (id, reason) = (job_id(job)?, reason.expose_secret());
            let held = job::hold(&session.home, &actor(), id, reason).await?;
            let name = held.name();
            session.printer.say(format!("{name} is under a legal hold"));
            Ok(Outcome::Done)
        }
        Dsar::Unhold { job } => {
            let free = job::unhold(&session.home, &actor(), job_id(job)?).await?;
            let name = free.name();
            let told = format!("{name} is under no legal hold of its own any more");
            session.printer.say(told);
            Ok(Outcome::Done)
        }
        Dsar::Retry { job } => retry(session, job_id(job)?).await,
        Dsar::Verify { file, key } => verify::run(session, file, key).await,
        Dsar::Settings { changes } => settings(session, changes).await,
    }
}

async fn create(session: &Session, args: &CreateDsar) -> Result<Outcome> {
    let attributes = if args.everything {
        Vec::new()
    } else {
        one_subject(session, &args.person)?.attributes
    };
    let time = |text: &Option<String>, option: &str| {
        let time = text.as_ref().map(|text| text.parse());
        time.transpose().with_context(|| {
            format!("{option} is no point in time\nhint: for instance 2024-01-01T00:00:00Z")
        })
    };
    let options = DsarOptions {
        scope: Scope {
            window_start: time(&args.from, "--from")?,
            window_end: time(&args.until, "--until")?,
            campaign_ids: args.collection.clone(),
            substrates: args.source.clone(),
            with_rows: args.with_rows,
            ..Scope::default()
        },
        attributes,
        formats: args.format.clone(),
        notes: args.notes.clone(),
        recipients: args.recipient.clone(),
        review: args.no_review.then_some(false),
        ..DsarOptions::default()
    };
    let started = job::create(&session.home, &actor(), options).await?;
    told(session, started)
}

/// A job of a request is begun anew only while the request allows it, and is taken down with it.
async fn retry(session: &Session, id: Uuid) -> Result<Outcome> {
    let home = &session.home;
    let before = job::job(home, id).await?;
    let request = before.body.as_ref().and_then(|body| body.request);
    let Some(request) = request.map(RequestId) else {
        return told(session, job::retry(home, &actor(), id).await?);
    };
    let desk = Desk::open(home).await.map_err(refused)?;
    desk.check_known_job(&before).await.map_err(refused)?;
    let started = job::retry(home, &actor(), id).await?;
    if let StartedJob::New(job) | StartedJob::Known(job) = &started {
        let bound = desk.bind_job(&actor(), request, job).await;
        bound.map_err(refused)?;
    }
    told(session, started)
}

fn told(session: &Session, started: StartedJob) -> Result<Outcome> {
    let job = match started {
        StartedJob::New(job) | StartedJob::Known(job) => job,
        StartedJob::Full { active, limit } => bail!(
            "{active} jobs are active, and no more than {limit} may be\nhint: cancel one, or raise activeLimit with `locard dsar settings`"
        ),
    };
    for warning in job.body.iter().flat_map(|body| &body.warnings) {
        session.printer.warn(&printable(warning));
    }
    let mut output = session.printer.output(None)?;
    output.line(&job.name())?;
    output.finish()?;
    session
        .printer
        .hint(&format!("`locard dsar run {}` collects", job.name()));
    Ok(Outcome::Done)
}

async fn list(session: &Session, state: Option<&str>, format: ListFormat) -> Result<Outcome> {
    let state = state.map(|text| {
        DsarState::parse(&text.to_uppercase())
            .with_context(|| "there is no such state\nhint: `locard dsar list --help` names them")
    });
    let state = state.transpose()?;
    let mut list = List::new(&[
        "job",
        "state",
        "created at",
        "requested by",
        "rows",
        "expires at",
    ]);
    let mut after = None;
    loop {
        let (jobs, next) = job::jobs(&session.home, state, after, 1_000).await?;
        for job in jobs {
            let body = job.body.as_ref();
            list.row([
                json!(job.name()),
                json!(job.state),
                json!(job.created_at.to_string()),
                json!(body.map(|body| &body.requested_by)),
                json!(body.map(|body| body.progress.rows_collected)),
                json!(job.expires_at.map(|at| at.to_string())),
            ]);
        }
        if next.is_none() {
            break;
        }
        after = next;
    }
    let mut output = session.printer.output(None)?;
    list.print(&mut output, format, "no DSAR jobs yet")?;
    output.finish()?;
    Ok(Outcome::Done)
}

fn show(session: &Session, job: &DsarJob) -> Result<Outcome> {
    let mut output = session.printer.output(None)?;
    output.line(&format!(
        "{} {} · created {}",
        job.name(),
        job.state,
        job.created_at
    ))?;
    if let Some(body) = &job.body {
        let review = if job.waits_for_review() {
            " · waits for review"
        } else {
            ""
        };
        let rows = counted(body.progress.rows_collected, "row", "rows");
        output.line(&format!(
            "requested by {}{review} · {rows}",
            printable(&body.requested_by)
        ))?;
        if let Some(hold) = &body.hold {
            let told = format!("legal hold of {}: {}", hold.by, hold.reason);
            output.wrapped(0, &printable(&told))?;
        }
        if let Some(failure) = &body.failure {
            output.wrapped(0, &format!("failed: {}", printable(&failure.message)))?;
        }
        let collected = body.collected.iter();
        for gap in collected.flat_map(|collected| &collected.not_searched) {
            let place = gap
                .entity
                .as_ref()
                .map_or(String::new(), |entity| format!(" {entity}"));
            let detail = gap.detail.as_deref().unwrap_or_default();
            output.wrapped(
                2,
                &printable(&format!("not searched: {}{place}: {detail}", gap.source)),
            )?;
        }
        if let Some(delivery) = &body.delivery {
            output.line(&format!(
                "bundle of {} bytes, SHA-256 {}",
                delivery.size, delivery.sha256
            ))?;
        }
    }
    let mut table = Table::indented(2);
    for moment in &job.timeline {
        table.row(vec![
            Cell::new(moment.at.to_string()),
            Cell::new(moment.state.as_str()),
            Cell::new(moment.actor.as_deref().unwrap_or_default()),
            Cell::new(printable(moment.notes.as_deref().unwrap_or_default())),
        ]);
    }
    table.print(&mut output)?;
    output.finish()?;
    Ok(Outcome::Done)
}

async fn run_job(session: &Session, job: &str) -> Result<Outcome> {
    let (home, id) = (&session.home, job_id(job)?);
    // It is a large future.
    let actor = actor();
    let running = Box::pin(job::run_here(home, &actor, id, &Silent, &session.cancel));
    let ran = progress::beside(session, id, running).await?;
    show(session, &ran)?;
    if ran.waits_for_review() {
        let name = ran.name();
        session.printer.hint(&format!(
            "`locard dsar review {name}` shows what was collected; --approve lets `locard dsar run {name}` pack it"
        ));
    }
    Ok(match ran.state {
        DsarState::Failed => Outcome::Failed,
        _ => Outcome::Done,
    })
}

/// Refuses to hand out the bundle of a job of a request that does not let it go.
async fn check_handing(session: &Session, job: &str) -> Result<()> {
    let job = job::job(&session.home, job_id(job)?).await?;
    let desk = Desk::open(&session.home).await.map_err(refused)?;
    desk.check_handing(&job).await.map_err(refused)
}

async fn download(session: &Session, job: &str, file: &Path, preview: bool) -> Result<Outcome> {
    let purpose = if preview {
        Purpose::Preview
    } else {
        check_handing(session, job).await?;
        Purpose::Delivery
    };
    let place = || format!("cannot write {}", file.display());
    let mut out = new_file(file)?;
    let written = async {
        let download = job::bundle(&session.home, &actor(), job_id(job)?, (purpose, None)).await?;
        let mut bytes = download.bytes;
        std::io::copy(&mut bytes, &mut out).with_context(place)?;
        out.flush().with_context(place)?;
        out.sync_all().with_context(place)?;
        Ok::<_, anyhow::Error>(download.sha256)
    };
    let digest = match written.await {
        Ok(digest) => digest,
        Err(error) => {
            // Nobody takes half of it for a bundle.
            drop(std::fs::remove_file(file));
            return Err(error);
        }
    };
    let digest = digest
        .map(|digest| format!(", SHA-256 {digest}"))
        .unwrap_or_default();
    session
        .printer
        .say(format!("wrote {}{digest}", file.display()));
    Ok(Outcome::Done)
}

async fn link(session: &Session, job: &str, hours: u32) -> Result<Outcome> {
    check_handing(session, job).await?;
    let made = job::link(&session.home, &actor(), job_id(job)?, NewLink { hours }).await?;
    let mut output = session.printer.output(None)?;
    output.line(&format!("/v1/delivery/{}", made.token))?;
    output.line(&format!("code {}", made.code.expose_secret()))?;
    output.finish()?;
    session.printer.hint("send the address, behind that of your server, and the code in two ways; both are shown this once");
    Ok(Outcome::Done)
}

async fn settings(session: &Session, changes: &[String]) -> Result<Outcome> {
    let mut named = serde_json::Map::new();
    for change in changes {
        let Some((name, value)) = change.split_once('=') else {
            bail!("a change is NAME=VALUE\nhint: for instance activeLimit=10");
        };
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        named.insert(name.trim().to_owned(), value);
    }
    let settings = if named.is_empty() {
        job::settings(&session.home).await?
    } else {
        job::change_settings(&session.home, &actor(), &Value::Object(named)).await?
    };
    let key = job::signing_key(&session.home).await?.public();
    let mut output = session.printer.output(None)?;
    let mut told = json!(settings);
    told["publicKey"] = json!(key);
    output.document(&told)?;
    output.finish()?;
    Ok(Outcome::Done)
}
