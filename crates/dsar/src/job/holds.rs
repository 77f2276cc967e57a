//! What a legal hold keeps: nothing of a job is destroyed while it or its request is under one, or while all of its class
//! is, whoever cancels it and whatever its time says.

use locard_app::{Actor, Error, ErrorKind, Home, Result};
use locard_audit::RetentionClass;
use locard_model::{DsarState, RequestId};
use uuid::Uuid;

use super::amend::{Step, amend};
use super::body::Hold;
use super::{DsarJob, conflict, create, job, load};

/// The setting that says of each class of records how long they are kept, and whether any of them may go.
pub const RETENTION: &str = "retention";

/// The legal request that a job answers.
pub(super) fn request_of(job: &DsarJob) -> Option<RequestId> {
    job.body.as_ref()?.request.map(RequestId)
}

/// Sees to it that nothing of a job is destroyed, whatever request it answers, until [`unhold`]. Its bundle is handed out
/// as before, as long as its time is not over.
///
/// # Errors
/// `Usage` without a reason, `Conflict` where it is held already, `NotFound` where it was destroyed.
pub async fn hold(home: &Home, actor: &Actor, id: Uuid, reason: &str) -> Result<DsarJob> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::usage("a legal hold wants a reason"));
    }
    let hold = Hold {
        reason: reason.to_owned(),
        at: Some(home.store().clock().await?),
        by: actor.name.clone(),
    };
    change(home, actor, id, Some(hold)).await
}

/// Lifts the hold of a job: what is over goes with the next sweep, unless its request or class is held.
///
/// # Errors
/// `Conflict` where it is under none, `NotFound` where it was destroyed.
pub async fn unhold(home: &Home, actor: &Actor, id: Uuid) -> Result<DsarJob> {
    change(home, actor, id, None).await
}

async fn change(home: &Home, actor: &Actor, id: Uuid, hold: Option<Hold>) -> Result<DsarJob> {
    let before = load(home, id).await?;
    let body = before.known()?;
    check(&before, hold.is_some())?;
    let (action, told) = match &hold {
        Some(hold) => ("dsar hold", format!("under a legal hold: {}", hold.reason)),
        None => ("dsar unhold", "the legal hold was lifted".to_owned()),
    };
    create::record(home, actor, action, Some(id), body).await?;
    amend(home, id, DsarState::ALL, |body, now| {
        check(now, hold.is_some())?;
        body.hold.clone_from(&hold);
        Ok(Step {
            is_held: Some(hold.is_some()),
            ..Step::told(&actor.name, told.as_str())
        })
    })
    .await?;
    job(home, id).await
}

/// A hold is placed once, and lifted once.
fn check(job: &DsarJob, places: bool) -> Result<()> {
    match (job.is_held, places) {
        (true, true) => Err(conflict("the DSAR job is under a legal hold already")),
        (false, false) => Err(conflict("the DSAR job is under no legal hold of its own")
            .hint("one on its request or on its class is lifted there")),
        _ => Ok(()),
    }
}

/// Whether nothing of a job may be destroyed, though nobody is handed a bundle any more whose time is over.
pub(super) async fn is_held(home: &Home, job: &DsarJob) -> Result<bool> {
    if job.is_held || is_class_held(home).await? {
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
