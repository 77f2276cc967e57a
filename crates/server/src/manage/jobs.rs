//! Jobs.

use axum::Extension;
use axum::extract::{Path, State};
use jiff::Timestamp;
use locard_app::{
    Actor, JobStatus, JobsWanted, cancel_job, job_failures, job_id, job_status, short_id,
};
use locard_model::{JobId, JobState};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::manage::{Query, id, listed, page};

pub(crate) fn told(job: &JobStatus) -> Value {
    json!({
        "id": job.id,
        "shortId": short_id(job.id.0),
        "kind": job.kind,
        "label": job.label,
        "state": job.state.as_str(),
        "parent": job.parent,
        "actor": job.actor.as_ref().map(|actor| &actor.name),
        "createdAt": job.created_at.to_string(),
        "waitsUntil": job.waits_until.map(|at| at.to_string()),
        "startedAt": job.started_at.map(|at| at.to_string()),
        "endedAt": job.ended_at.map(|at| at.to_string()),
        "duration": job.duration(Timestamp::now()),
        "progress": job.progress(),
        "tasks": job.counts.tasks,
        "tasksDone": job.counts.tasks_done,
        "tasksFailed": job.counts.tasks_failed,
        "rows": job.counts.rows,
        "failures": job.counts.failures,
        "findings": job.counts.findings,
        "error": job.error,
        "warnings": job.warnings,
        "result": job.outcome,
    })
}

pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let (after, limit) = page(&query)?;
    let state = match query.get("state").filter(|text| !text.is_empty()) {
        Some(text) => Some(
            JobState::parse(&text.to_uppercase())
                .ok_or_else(|| Fault::field("state", "the state of a job is wanted"))?,
        ),
        None => None,
    };
    let wanted = JobsWanted {
        state,
        kind: query.get("kind").filter(|text| !text.is_empty()).cloned(),
        parent: id(&query, "parent")?.map(JobId),
        schedule: id(&query, "schedule")?,
    };
    let (jobs, next) = locard_app::job_statuses(context.home(), &wanted, after, limit).await?;
    let rows = jobs.iter().map(told).collect();
    answer(listed("jobs", rows, (after, next.map(|next| json!(next)))))
}

pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let home = context.home();
    let job = job_status(home, job_id(home, &id).await?).await?;
    let failures = job_failures(home, job.id).await?;
    let failures = failures.iter().map(|failure| {
        json!({
            "source": failure.source_name,
            "resource": failure.resource,
            "place": failure.place,
            "kind": failure.kind.as_str(),
            "sentence": failure.sentence,
            "hint": failure.hint,
        })
    });
    let mut told = told(&job);
    told["errors"] = failures.collect();
    told["items"] = json!(job.items);
    answer(told)
}

pub(crate) async fn tasks(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let home = context.home();
    let id = job_id(home, &id).await?;
    let detail = locard_app::job(home, &id.to_string()).await?;
    let tasks = detail.tasks.iter().map(|task| {
        json!({
            "source": task.source,
            "resource": task.resource,
            "state": task.state.as_str(),
            "attempts": task.attempts,
            "rows": task.rows,
            "error": task.error,
        })
    });
    answer(json!({ "tasks": tasks.collect::<Vec<_>>() }))
}

/// What happened in it, the oldest line first.
pub(crate) async fn log(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let home = context.home();
    let id = job_id(home, &id).await?;
    let lines = locard_app::job_log(home, &id.to_string()).await?;
    let lines = lines
        .iter()
        .map(|line| json!({ "at": line.at, "sentence": line.sentence }));
    answer(json!({ "lines": lines.collect::<Vec<_>>() }))
}

pub(crate) async fn cancel(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let home = context.home();
    let id = job_id(home, &id).await?;
    let row = cancel_job(home, &actor, &id.to_string()).await?;
    answer(json!({ "id": id, "state": row.state.as_str() }))
}
