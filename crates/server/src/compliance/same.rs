//! Whether a key that was used before comes with the same body: else whoever asks takes another person's job for theirs.

use axum::http::StatusCode;
use locard_dsar::job::{DsarJob, DsarOptions, Known};

use crate::fault::Fault;

/// Refuses a known job that is not what is asked for now.
pub(super) fn check(job: &DsarJob, options: &DsarOptions) -> Result<(), Fault> {
    if is_same(job, options) {
        return Ok(());
    }
    let message = "this Idempotency-Key was used before, with another body";
    Err(Fault {
        hint: Some("take a new key for another job".to_owned()),
        ..Fault::new(StatusCode::CONFLICT, message)
    })
}

fn is_same(job: &DsarJob, options: &DsarOptions) -> bool {
    // Of a destroyed job nothing is known that could be told.
    let Some(body) = &job.body else { return true };
    let id = |id: Option<&String>| {
        id.map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty())
    };
    let (was, is) = (&body.scope, &options.scope);
    let named = id(is.data_subject_id.as_ref());
    let known: Vec<Known> = options.attributes.iter().map(Known::from).collect();
    // What the id stands for was added to what was given.
    let same_person = if named.is_some() {
        body.attributes.starts_with(&known)
    } else {
        body.attributes == known
    };
    same_person
        && id(was.data_subject_id.as_ref()) == named
        && (was.window_start, was.window_end) == (is.window_start, is.window_end)
        && (&was.campaign_ids, &was.substrates) == (&is.campaign_ids, &is.substrates)
        && was.with_rows == is.with_rows
        && body.request == options.request
        && body.request_notes == options.notes
        && body.recipients == options.recipients
        && options
            .purpose
            .as_ref()
            .is_none_or(|purpose| *purpose == body.purpose)
        && options
            .requested_by
            .as_ref()
            .is_none_or(|name| *name == body.requested_by)
}
