//! Whether the server lives, whether it can do anything, and what it did.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse as _;
use locard_app::{JobsWanted, filter_memory};
use locard_model::JobState;
use serde_json::json;

use crate::context::Context;
use crate::fault::{Answer, json};

/// Jobs that are counted at most, of each state.
const COUNTED: u32 = 10_000;

/// It answers.
pub(crate) async fn healthz() -> Answer {
    json(json!({ "status": "ok" }))
}

/// Its store answers too. While filters are being read it can answer whatever needs none of them.
pub(crate) async fn readyz(State(context): State<Context>) -> Answer {
    locard_app::job_statuses(context.home(), &in_state(JobState::Running), None, 1).await?;
    let memory = filter_memory(context.home());
    let (done, of) = memory.entities;
    let share = if of == 0 {
        1.0
    } else {
        done as f64 / of as f64
    };
    json(json!({
        "status": "ready",
        "filters": { "state": memory.state.as_str(), "share": (share * 1e3).floor() / 1e3 },
    }))
}

/// Figures for Prometheus. Jobs that have ended are not among them: they are forgotten in time.
pub(crate) async fn metrics(State(context): State<Context>) -> Answer {
    let mut jobs = Vec::new();
    for state in [JobState::Queued, JobState::Running, JobState::Cancelling] {
        let (found, _) =
            locard_app::job_statuses(context.home(), &in_state(state), None, COUNTED).await?;
        jobs.push((state.as_str(), found.len() as u64));
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    let memory = filter_memory(context.home());
    Ok((kind, context.metrics().text(&jobs, &memory)).into_response())
}

fn in_state(state: JobState) -> JobsWanted {
    JobsWanted {
        state: Some(state),
        ..JobsWanted::default()
    }
}
