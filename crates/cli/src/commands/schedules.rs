//! `locard schedules`.

use anyhow::Result;
use locard_app::{
    BusinessRun, CollectionScan, DatasetSum, Errand, Identification, Ingestion, Missed,
    NameReading, Plan, Profiling, ScheduleRow, UsageQuestion, schedule_named,
};
use serde_json::{Value, json};

use super::{Outcome, Session, actor};
use crate::args::{ListFormat, MissedTimes, Schedule, ScheduledJob, Schedules};
use crate::lists::List;
use crate::printer::printable;

pub(crate) async fn run(session: &Session, args: &Schedules) -> Result<Outcome> {
    let (home, printer) = (&session.home, session.printer);
    match args {
        Schedules::Add(schedule) => add(session, schedule).await?,
        Schedules::List { format } => list(session, *format).await?,
        Schedules::Show { schedule } => show(session, &schedule_named(home, schedule).await?)?,
        Schedules::Pause { schedule } => {
            let row = schedule_named(home, schedule).await?;
            locard_app::change_schedule(home, &actor(), row.id, &row.name, &row.plan, false)
                .await?;
            printer.say(format!("{} fires no more", printable(&row.name)));
        }
        Schedules::Resume { schedule } => {
            let row = schedule_named(home, schedule).await?;
            let changed =
                locard_app::change_schedule(home, &actor(), row.id, &row.name, &row.plan, true)
                    .await?;
            let next = changed.next;
            let next = next.first().map(|next| format!(", next at {next}"));
            let name = printable(&row.name);
            printer.say(format!("{name} fires again{}", next.unwrap_or_default()));
        }
        Schedules::Run { schedule } => {
            let row = schedule_named(home, schedule).await?;
            let job = locard_app::run_schedule(home, &row, None).await?;
            printer.say(format!("the job {job} waits for a worker"));
            printer.hint(
                "`locard serve` or `locard worker` runs it, `locard jobs show` tells how it stands",
            );
        }
        Schedules::Remove { schedule } => {
            let row = schedule_named(home, schedule).await?;
            locard_app::remove_schedule(home, &actor(), row.id).await?;
            printer.say(format!("removed {}", printable(&row.name)));
        }
    }
    Ok(Outcome::Done)
}

async fn add(session: &Session, schedule: &Schedule) -> Result<()> {
    let (job, label, errand, body) = errand(schedule)?;
    let plan = Plan {
        cron: schedule.cron.clone(),
        zone: schedule.time_zone.clone(),
        missed: match schedule.missed {
            MissedTimes::Skip => Missed::Skip,
            MissedTimes::RunOnce => Missed::RunOnce,
        },
        job: job.to_owned(),
        body,
        errand,
        label: label.to_owned(),
        warnings: Vec::new(),
        affinity: schedule.affinity.clone(),
        actor: None,
    };
    let is_enabled = !schedule.paused;
    let made = locard_app::add_schedule(&session.home, &actor(), &schedule.name, &plan, is_enabled)
        .await?;
    let next = made.next.first().map(|next| format!(", next at {next}"));
    let name = printable(&made.name);
    session
        .printer
        .say(format!("made {name}{}", next.unwrap_or_default()));
    let hint = "`locard serve` fires schedules while it runs";
    session.printer.hint(hint);
    Ok(())
}

/// What is done: as the interface names it, calls it, does it and is asked for it.
fn errand(schedule: &Schedule) -> Result<(&'static str, &'static str, Errand, Value)> {
    let scope = schedule.scope.clone();
    let about = json!({ "scope": scope });
    Ok(match schedule.job {
        ScheduledJob::Ingest => {
            let errand = Errand::Ingest(Ingestion { scope });
            ("metadata/re-ingest", "METADATA_REINGEST", errand, about)
        }
        ScheduledJob::Scan => {
            let errand = Errand::Scan(Profiling {
                scope,
                ..Profiling::default()
            });
            ("data-profiling", "DATA_PROFILE", errand, about)
        }
        ScheduledJob::Identify => {
            let rules = Vec::new();
            let errand = Errand::Identify(Identification { scope, rules });
            ("data-identification", "DATA_IDENTIFICATION", errand, about)
        }
        ScheduledJob::Names => {
            let language = None;
            let errand = Errand::Names(NameReading { scope, language });
            ("pii-detection", "PII_DETECTION", errand, about)
        }
        ScheduledJob::Usage => {
            let (from, to) = (None, None);
            let errand = Errand::Usage(UsageQuestion { scope, from, to });
            ("usage-statistics", "USAGE_STATISTICS", errand, about)
        }
        ScheduledJob::BusinessRules => {
            let body = json!({ "ruleId": scope });
            let errand = Errand::BusinessRules(BusinessRun {
                rules: scope,
                scope: None,
            });
            ("business-rule", "BUSINESS_RULE", errand, body)
        }
        ScheduledJob::ScanCollection => {
            let (collection, body) = collection(&scope)?;
            let errand = Errand::ScanCollection(CollectionScan { collection });
            let path = "collections/data-profiling";
            (path, "COLLECTION_DATA_PROFILE", errand, body)
        }
        ScheduledJob::SumCollection => {
            let (collection, body) = collection(&scope)?;
            let errand = Errand::SumCollection(DatasetSum { collection });
            let path = "collections/data-aggregation";
            (path, "COLLECTION_DATA_AGGREGATION", errand, body)
        }
    })
}

fn collection(scope: &[String]) -> Result<(uuid::Uuid, Value)> {
    let wanted = || locard_app::Error::usage("the id of one collection is wanted");
    let [id] = scope else {
        return Err(wanted().into());
    };
    let id = id.parse().map_err(|_| wanted())?;
    Ok((id, json!({ "collectionId": id })))
}

async fn list(session: &Session, format: ListFormat) -> Result<()> {
    let mut list = List::new(&[
        "id",
        "name",
        "enabled",
        "cron",
        "time zone",
        "job",
        "next",
        "last at",
        "note",
    ])
    .prose(&["note"]);
    let mut after = None;
    loop {
        let (rows, next) = locard_app::schedules(&session.home, after, 1_000).await?;
        for row in rows {
            list.row([
                json!(row.id),
                json!(row.name),
                json!(if row.is_enabled { "yes" } else { "no" }),
                json!(row.plan.cron),
                json!(row.plan.zone),
                json!(row.plan.job),
                json!(row.next.first().map(ToString::to_string)),
                json!(row.last_at.map(|at| at.to_string())),
                json!(row.note),
            ]);
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    if format == ListFormat::Table {
        list.hide(&["id"]);
    }
    let mut output = session.printer.output(None)?;
    list.print(&mut output, format, "no schedules yet")?;
    Ok(output.finish()?)
}

fn show(session: &Session, row: &ScheduleRow) -> Result<()> {
    let mut output = session.printer.output(None)?;
    let plan = &row.plan;
    let state = if row.is_enabled { "fires" } else { "paused" };
    output.line(&format!("{} {} · {state}", printable(&row.name), row.id))?;
    output.line(&format!("{} by {} at {}", plan.job, plan.body, plan.cron))?;
    output.line(&format!(
        "zone {} · missed times: {}",
        plan.zone, plan.missed
    ))?;
    for next in &row.next {
        output.line(&format!("next {next}"))?;
    }
    if let Some(at) = row.last_at {
        let job = row.last_job.map(|job| format!(" · job {job}"));
        output.line(&format!("last {at}{}", job.unwrap_or_default()))?;
    }
    if let Some(note) = &row.note {
        output.line(&printable(note))?;
    }
    Ok(output.finish()?)
}
