//! What a legal hold keeps: nothing of a job is destroyed while its request is under one, or while all of its class is,
//! whoever cancels it and whatever its time says.

use locard_app::{Error, ErrorKind, Home, Result};
use locard_audit::RetentionClass;
use locard_model::RequestId;

use super::DsarJob;

/// The setting that says of each class of records how long they are kept, and whether any of them may go.
pub const RETENTION: &str = "retention";

/// The legal request that a job answers.
pub(super) fn request_of(job: &DsarJob) -> Option<RequestId> {
    job.body.as_ref()?.request.map(RequestId)
}

/// Whether nothing of a job may be destroyed, though nobody is handed a bundle any more whose time is over.
pub(super) async fn is_held(home: &Home, job: &DsarJob) -> Result<bool> {
    if is_class_held(home).await? {
        return Ok(true);
    }
    let Some(request) = request_of(job) else {
        return Ok(false);
    };
    let found = home.store().request(home.org(), request).await;
    match found.map_err(Error::from) {
        Ok(request) => Ok(request.head.is_held),
        // A job may name a request of another system.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether everything that was collected for anybody is to be kept.
async fn is_class_held(home: &Home) -> Result<bool> {
    let policies = home.store().setting(home.org(), RETENTION).await?;
    let policy = policies.and_then(|mut all| {
        let policy = all.get_mut(RetentionClass::FulfilmentArtifact.as_str())?;
        Some(policy.take())
    });
    Ok(policy.is_some_and(|policy| policy["legalHoldEnabled"] == true))
}
