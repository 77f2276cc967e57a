//! Running a job once more.

use locard_model::JobId;
use locard_store::JobDraft;

use crate::jobs::kinds;
use crate::work::kind::AnyKind;
use crate::work::order::{DEFAULT_AFFINITY, Details};
use crate::work::spans::asked_within;
use crate::{Accepted, Asking, Error, ErrorKind, Home, Result};

/// Accepts a new job that does what an ended one was asked to do; that one is its parent.
pub async fn rerun_job(home: &Home, id: JobId, asking: &Asking) -> Result<Accepted> {
    let job = home.store.job(home.org, id).await?;
    if !job.state.is_final() {
        let sentence = "the job has not ended yet";
        return Err(Error::new(ErrorKind::Conflict, sentence).hint("cancel it first"));
    }
    if !kinds::named(&job.kind).is_some_and(AnyKind::may_repeat) {
        let sentence = format!("a job that does {} is not run again", job.kind);
        return Err(Error::new(ErrorKind::Conflict, sentence));
    }
    let before = Details::read(&job.details)?;
    let details = Details {
        actor: asking.actor.clone(),
        label: before.label.or_else(|| asking.label.clone()),
        asked_within: asked_within(),
        ..before
    };
    let key = asking.idempotency_key.as_ref();
    let draft = JobDraft {
        idempotency_key: key.map(|key| format!("asked: {key}")),
        details: details.json()?,
        affinity: job.affinity.or_else(|| Some(DEFAULT_AFFINITY.to_owned())),
        parent: Some(job.id),
        ..JobDraft::new(job.kind, job.spec)
    };
    let started = home.store.start_job(home.org, &draft).await?;
    Ok(Accepted {
        job: started.job.id,
        new: started.new,
    })
}
