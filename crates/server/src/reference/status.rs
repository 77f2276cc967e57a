//! `GET jobs/{id}/status`.

use axum::extract::{Path, State};
use jiff::Timestamp;
use locard_app::{
    ItemOutcome, JobItem, JobStatus, job_failures, job_id, job_items, job_status, short_id,
};
use locard_model::JobState;
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, json as answer};
use crate::reference::scope;

/// Failures that are told.
const TOLD: usize = 1_000;

pub(crate) async fn status(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let home = context.home();
    let job = job_status(home, job_id(home, &id).await?).await?;
    let failures = job_failures(home, job.id).await?;
    let mut told = reply(&job, context.partial_is_completed());
    if matches!(job.state, JobState::Partial | JobState::Failed) {
        let items = job_items(home, job.id, &failures).await?;
        tell_items(&mut told, &items);
    }
    let errors = failures.iter().take(TOLD).map(|failure| {
        json!({
            "source": failure.source_name,
            "resource": failure.resource,
            "kind": failure.kind.as_str(),
            "message": failure.sentence,
            "hint": failure.hint,
        })
    });
    let whole = job.error.as_ref().map(|error| json!({ "message": error }));
    told["errors"] = whole.into_iter().chain(errors).collect();
    answer(told)
}

/// What became of each thing, where not all went well. What failed before a piece of it was planned counts as failed too.
fn tell_items(told: &mut Value, items: &[JobItem]) {
    let failed = items
        .iter()
        .filter(|item| item.outcome == ItemOutcome::Failed);
    let pieces = told["counts"]["failed"].as_u64().unwrap_or(0);
    told["counts"]["failed"] = json!(pieces.max(failed.count() as u64));
    let items = items.iter().map(|item| {
        json!({
            "source": item.source,
            "resource": item.resource,
            "outcome": item.outcome.as_str(),
            "rows": item.rows,
            "message": item.message,
        })
    });
    told["items"] = items.collect();
}

/// The word for a state that clients of the reference know.
pub(crate) fn word(state: JobState, partial_is_completed: bool) -> &'static str {
    match state {
        JobState::Queued | JobState::Running | JobState::Cancelling => "RUNNING",
        JobState::Completed => "COMPLETED",
        JobState::Partial if partial_is_completed => "COMPLETED",
        JobState::Partial | JobState::Failed => "FAILED",
        JobState::Cancelled => "CANCELLED",
    }
}

fn activity(job: &JobStatus) -> String {
    let counts = &job.counts;
    match job.state {
        JobState::Queued => job.waits_until.map_or_else(
            || "waiting for a worker".to_owned(),
            |at| format!("waiting for the scan window, until {at:.0}"),
        ),
        JobState::Running if counts.tasks > 0 => {
            format!("{} of {} pieces read", counts.tasks_done, counts.tasks)
        }
        JobState::Running => "at work".to_owned(),
        JobState::Cancelling => "stopping".to_owned(),
        state => format!("ended {}", state.as_str().to_lowercase()),
    }
}

/// What was not heeded, and what of the question turned out to mean nothing.
fn warnings(job: &JobStatus) -> Vec<Value> {
    let found = job
        .outcome
        .as_ref()
        .and_then(|outcome| outcome.get("warnings"));
    let found = found
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .cloned();
    let asked = job.warnings.iter().map(|warning| json!(warning));
    asked.chain(found).collect()
}

fn reply(job: &JobStatus, partial_is_completed: bool) -> Value {
    let counts = &job.counts;
    let name = job.actor.as_ref().map_or("", |actor| actor.name.as_str());
    json!({
        "workerId": short_id(job.id.0),
        "workerName": job.label.as_ref().unwrap_or(&job.kind),
        "activity": activity(job),
        "status": word(job.state, partial_is_completed),
        "user": { "name": name, "email": "", "firstName": name, "lastName": "" },
        "createdAt": job.created_at.to_string(),
        "duration": job.duration(Timestamp::now()),
        "scope": scope(&job.items),
        "jobId": job.id,
        "outcome": job.state.is_final().then(|| job.state.as_str()),
        "progress": (job.progress() * 1_000.0).round() / 1_000.0,
        "startedAt": job.started_at.map(|at| at.to_string()),
        "endedAt": job.ended_at.map(|at| at.to_string()),
        "counts": {
            "tasks": counts.tasks,
            "done": counts.tasks_done,
            "failed": counts.tasks_failed,
            "rows": counts.rows,
            "bytes": counts.bytes,
            "faults": counts.faults,
            "failures": counts.failures,
            "findings": counts.findings,
        },
        "items": [],
        "result": job.outcome,
        "warnings": warnings(job),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_counted_also_where_no_piece_of_it_was_planned() {
        let item = |outcome: ItemOutcome| JobItem {
            source: "crm".to_owned(),
            resource: Some(format!("{outcome:?}.csv")),
            outcome,
            rows: 1,
            message: None,
        };
        let mut told = json!({ "counts": { "failed": 0 } });
        let items = [item(ItemOutcome::Failed), item(ItemOutcome::Completed)];
        tell_items(&mut told, &items);
        assert_eq!(told["counts"]["failed"], 1);
        assert_eq!(told["items"][1]["outcome"], "COMPLETED");
    }

    /// What a client in the field takes for done and failed; everything else it waits for.
    #[test]
    fn a_client_that_knows_only_the_usual_words_sees_every_job_end() {
        let done = [
            "COMPLETE",
            "COMPLETED",
            "SUCCESS",
            "SUCCEEDED",
            "DONE",
            "FINISHED",
        ];
        let failed = [
            "FAIL",
            "FAILED",
            "ERROR",
            "CANCELLED",
            "CANCELED",
            "ABORTED",
        ];
        for state in JobState::ALL {
            let word = word(*state, false);
            let ends = done.contains(&word) || failed.contains(&word);
            assert_eq!(ends, state.is_final(), "{state}");
            assert_eq!(
                done.contains(&word),
                *state == JobState::Completed,
                "{state}"
            );
        }
        assert_eq!(word(JobState::Partial, true), "COMPLETED");
        assert_eq!(word(JobState::Partial, false), "FAILED");
    }
}
