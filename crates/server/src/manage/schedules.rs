//! Schedules.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use locard_app::{Actor, Missed, Plan, ScheduleRow, check_cron, read_zone, short_id};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::{Query, listed, page, path_id};
use crate::reference::errands::{self, ERRANDS};
use crate::routes::{Field, Kind};

const fn field(name: &'static str, kind: Kind, required: bool) -> Field {
    Field {
        name,
        kind,
        required,
    }
}

pub(crate) const BODY: &[Field] = &[
    field("name", Kind::Text, true),
    field("cron", Kind::Text, true),
    field("timeZone", Kind::Text, false),
    field("missed", Kind::Text, false),
    field("enabled", Kind::Flag, false),
    field("job", Kind::Text, true),
    field("body", Kind::Object, true),
    field("affinity", Kind::Text, false),
];

pub(crate) const BODY_CHANGE: &[Field] = &[
    field("name", Kind::Text, false),
    field("cron", Kind::Text, false),
    field("timeZone", Kind::Text, false),
    field("missed", Kind::Text, false),
    field("enabled", Kind::Flag, false),
    field("job", Kind::Text, false),
    field("body", Kind::Object, false),
    field("affinity", Kind::Text, false),
];

fn told(schedule: &ScheduleRow) -> Value {
    let plan = &schedule.plan;
    let next = schedule.next.iter().map(ToString::to_string);
    json!({
        "id": schedule.id,
        "name": schedule.name,
        "enabled": schedule.is_enabled,
        "cron": plan.cron,
        "timeZone": plan.zone,
        "missed": plan.missed.as_str(),
        "job": plan.job,
        "body": plan.body,
        "affinity": plan.affinity,
        "warnings": plan.warnings,
        "next": next.collect::<Vec<_>>(),
        "lastAt": schedule.last_at.map(|at| at.to_string()),
        "lastJob": schedule.last_job,
        "lastJobShortId": schedule.last_job.map(|job| short_id(job.0)),
        "note": schedule.note,
        "createdBy": plan.actor.as_ref().map(|actor| &actor.name),
        "createdAt": schedule.created_at.to_string(),
    })
}

pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let (after, limit) = page(&query)?;
    let (rows, next) = locard_app::schedules(context.home(), after, limit).await?;
    let rows: Vec<Value> = rows.iter().map(told).collect();
    answer(listed(
        "schedules",
        rows,
        (after, next.map(|next| json!(next))),
    ))
}

pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let id = path_id(&id, "schedule")?;
    answer(told(&locard_app::schedule(context.home(), id).await?))
}

pub(crate) async fn add(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let wanted = |field: &str, what: &str| Fault::field(field, what);
    let name = fields.text("name")?;
    let name = name.ok_or_else(|| wanted("name", "a name is wanted"))?;
    let is_enabled = !fields.is_given("enabled") || fields.flag("enabled")?;
    let job = fields.text("job")?;
    let job = job.ok_or_else(|| wanted("job", "the name of a job is wanted"))?;
    let cron = fields.text("cron")?;
    let plan = Plan {
        cron: cron.ok_or_else(|| wanted("cron", "a cron expression is wanted"))?,
        zone: fields.text("timeZone")?.unwrap_or_else(|| "UTC".to_owned()),
        missed: missed(&mut fields)?.unwrap_or_default(),
        affinity: fields.text("affinity")?,
        actor: Some(actor.clone()),
        ..asked(&job, &mut fields)?
    };
    check(&context, &plan, &fields)?;
    let made = locard_app::add_schedule(context.home(), &actor, &name, &plan, is_enabled).await?;
    answer(told(&made))
}

/// What is not given stays as it is.
pub(crate) async fn change(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let (home, id) = (context.home(), path_id(&id, "schedule")?);
    let before = locard_app::schedule(home, id).await?;
    let mut fields = Fields::of(&body)?;
    let name = fields.text("name")?.unwrap_or(before.name);
    let is_enabled = if fields.is_given("enabled") {
        fields.flag("enabled")?
    } else {
        before.is_enabled
    };
    let mut plan = before.plan;
    let job = fields.text("job")?;
    if job.is_some() || fields.is_given("body") {
        let job = job.unwrap_or_else(|| plan.job.clone());
        plan = Plan {
            cron: plan.cron,
            zone: plan.zone,
            missed: plan.missed,
            affinity: plan.affinity,
            ..asked(&job, &mut fields)?
        };
    }
    plan.cron = fields.text("cron")?.unwrap_or(plan.cron);
    plan.zone = fields.text("timeZone")?.unwrap_or(plan.zone);
    plan.missed = missed(&mut fields)?.unwrap_or(plan.missed);
    plan.affinity = fields.text("affinity")?.or(plan.affinity);
    // Its jobs are started in the name of whoever said last what they are.
    plan.actor = Some(actor.clone());
    check(&context, &plan, &fields)?;
    let changed = locard_app::change_schedule(home, &actor, id, &name, &plan, is_enabled).await?;
    answer(told(&changed))
}

/// Puts its job in the queue now; its times stay as they are.
pub(crate) async fn run(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = path_id(&id, "schedule")?;
    let schedule = locard_app::schedule(context.home(), id).await?;
    let job = locard_app::run_schedule(context.home(), &schedule, Some(actor)).await?;
    context.wake().notify_one();
    answer(json!({ "id": id, "job": job, "jobShortId": short_id(job.0) }))
}

pub(crate) async fn remove(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = path_id(&id, "schedule")?;
    locard_app::remove_schedule(context.home(), &actor, id).await?;
    answer(json!({ "id": id, "removed": true }))
}

fn missed(fields: &mut Fields) -> Result<Option<Missed>, Fault> {
    let text = fields.text("missed")?;
    let missed = text.map(|text| {
        Missed::parse(&text).ok_or_else(|| Fault::field("missed", "skip or run-once is wanted"))
    });
    missed.transpose()
}

/// The job that is asked for, as a plan without a time.
fn asked(job: &str, fields: &mut Fields) -> Result<Plan, Fault> {
    let read = errands::named(job).ok_or_else(|| {
        let known: Vec<&str> = ERRANDS.iter().map(|(path, _)| *path).collect();
        Fault::field("job", &format!("one of {} is wanted", known.join(", ")))
    })?;
    let body = fields.value("body").unwrap_or_else(|| json!({}));
    let mut within = fields.object("body")?;
    let asked = read(&mut within)?;
    Ok(Plan {
        cron: String::new(),
        zone: String::new(),
        missed: Missed::default(),
        job: job.trim_matches('/').to_owned(),
        body,
        errand: asked.errand,
        label: asked.label.to_owned(),
        warnings: asked.warnings,
        affinity: None,
        actor: None,
    })
}

/// What makes no sense is told by its field.
fn check(context: &Context, plan: &Plan, fields: &Fields) -> Result<(), Fault> {
    if let Some(unknown) = fields.unheeded(&[]).first() {
        return Err(Fault::new(
            axum::http::StatusCode::BAD_REQUEST,
            unknown.clone(),
        ));
    }
    let of = |name: &str, error: locard_app::Error| Fault {
        field: Some(name.to_owned()),
        ..Fault::from(error)
    };
    check_cron(context.home(), &plan.cron).map_err(|error| of("cron", error))?;
    read_zone(&plan.zone).map_err(|error| of("timeZone", error))?;
    Ok(())
}
