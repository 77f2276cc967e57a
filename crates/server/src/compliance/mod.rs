//! The compliance interface of the reference: its paths, envelope and words, completed where it is silent.

pub(crate) mod delivery;
pub(crate) mod examples;
pub(crate) mod jobs;
pub(crate) mod review;
mod same;
pub(crate) mod setup;
pub(crate) mod stream;
mod told;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use locard_app::Grant;
use locard_dsar::job::{DsarJob, job_id};
use locard_requests::{Desk, RequestId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::auth::Granted;
use crate::context::Context;
use crate::fault::{Answer, Fault};

/// Of the envelope: what a client that knows it may rely on.
pub(crate) const CONTRACT: &str = "v1.0";

/// An answer in the envelope.
fn answer(data: Value) -> Answer {
    answer_as(StatusCode::OK, data)
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a handler ends with")]
fn answer_as(status: StatusCode, data: Value) -> Answer {
    let mut body = json!({ "ok": true, "contractVersion": CONTRACT });
    body["data"] = data;
    Ok((status, axum::Json(body)).into_response())
}

/// A fault in the envelope.
pub(crate) fn fault(fault: &Fault) -> Response {
    let body = json!({
        "ok": false,
        "data": null,
        "error": {
            "code": code(fault.status),
            "message": fault.message,
            "hint": fault.hint,
            "field": fault.field,
        },
        "contractVersion": CONTRACT,
    });
    (fault.status, axum::Json(body)).into_response()
}

fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "INVALID_REQUEST",
        StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
        StatusCode::FORBIDDEN => "FORBIDDEN",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::CONFLICT => "CONFLICT",
        StatusCode::GONE => "GONE",
        StatusCode::TOO_MANY_REQUESTS => "RATE_LIMITED",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        _ => "ERROR",
    }
}

/// The job of a path, if the caller may see it: a person's data is the privacy officer's, the export of what the catalog
/// knows the administrator's.
async fn job_of(context: &Context, grants: &Granted, name: &str) -> Result<DsarJob, Fault> {
    let id = job_id(name)?;
    let job = locard_dsar::job::job(context.home(), id).await?;
    if may_see(grants, &job) {
        Ok(job)
    } else {
        let message = "a key of another role is needed for this DSAR job";
        Err(Fault::new(StatusCode::FORBIDDEN, message))
    }
}

fn may_see(grants: &Granted, job: &DsarJob) -> bool {
    let wanted = match &job.body {
        Some(body) if body.is_tenant() => Grant::Administrator,
        Some(_) => Grant::PrivacyOfficer,
        // Nothing of it is known but when it was in which state.
        None => return true,
    };
    grants.0.contains(&wanted)
}

/// The legal request that a job is of.
fn request_of(job: &DsarJob) -> Option<RequestId> {
    job.body.as_ref()?.request.map(RequestId)
}

/// Refuses a job of a request whose person is not proven, or that is about somebody else: nothing may be collected then.
async fn check_collecting(context: &Context, job: &DsarJob) -> Result<(), Fault> {
    if request_of(job).is_some() {
        let desk = Desk::open(context.home()).await?;
        desk.check_known_job(job).await?;
    }
    Ok(())
}

/// Refuses to hand out the bundle of a job of a request that does not let it go.
async fn check_handing(context: &Context, job: &DsarJob) -> Result<(), Fault> {
    if request_of(job).is_some() {
        Desk::open(context.home()).await?.check_handing(job).await?;
    }
    Ok(())
}

/// The same by id alone.
async fn id_of(context: &Context, grants: &Granted, name: &str) -> Result<Uuid, Fault> {
    Ok(job_of(context, grants, name).await?.id)
}
