//! Whether the server lives, whether it can do anything, and what it did.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse as _;
use locard_app::JobsWanted;
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

/// Its store answers too.
pub(crate) async fn readyz(State(context): State<Context>) -> Answer {
    locard_app::job_statuses(context.home(), &in_state(JobState::Running), None, 1).await?;
    json(json!({ "status": "ready" }))
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
    Ok((kind, context.metrics().text(&jobs)).into_response())
}

fn in_state(state: JobState) -> JobsWanted {
    JobsWanted {
        state: Some(state),
        ..JobsWanted::default()
    }
}
