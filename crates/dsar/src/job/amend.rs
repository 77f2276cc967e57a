//! Changing a job: read, change, write, and again where somebody else was faster.

use locard_app::{Home, Result};
use locard_model::{DsarState, RequestId};
use locard_store::{DsarChange, DsarId, DsarNote};
use uuid::Uuid;

use super::{Body, DsarJob, conflict, destroyed, json, load, told};

/// How often somebody else may be faster.
const ATTEMPTS: usize = 50;

/// What a change does besides changing the body.
#[derive(Default)]
pub(super) struct Step {
    pub(super) to: Option<DsarState>,
    pub(super) expires_at: Option<jiff::Timestamp>,
    pub(super) note: Option<DsarNote>,
    pub(super) job: Option<locard_model::JobId>,
    /// Whether it is under a legal hold of its own from now on.
    pub(super) is_held: Option<bool>,
}

impl Step {
    /// A step to a state, told of.
    pub(super) fn to(state: DsarState, actor: &str, notes: impl Into<String>) -> Self {
        Self {
            to: Some(state),
            ..Self::told(actor, notes)
        }
    }

    /// A step that is told of and stays in its state.
    pub(super) fn told(actor: &str, notes: impl Into<String>) -> Self {
        Self {
            note: Some(DsarNote {
                actor: actor.to_owned(),
                notes: Some(notes.into()),
            }),
            ..Self::default()
        }
    }
}

/// Changes a job that is in one of these states; `Conflict` in any other.
pub(super) async fn amend(
    home: &Home,
    id: Uuid,
    from: &[DsarState],
    mut change: impl FnMut(&mut Body, &DsarJob) -> Result<Step> + Send,
) -> Result<DsarJob> {
    for _ in 0..ATTEMPTS {
        let job = load(home, id).await?;
        if !from.contains(&job.state) {
            return Err(conflict(format!("the DSAR job is {}", job.state)));
        }
        let mut body = job.body.clone().ok_or_else(destroyed)?;
        let step = change(&mut body, &job)?;
        let change = DsarChange {
            from: vec![job.state],
            to: step.to,
            body: Some(json(&body)?),
            job: step.job,
            expires_at: step.expires_at,
            is_held: step.is_held,
            note: step.note,
            seen: Some(job.updated_at),
            answers: body.request.map(RequestId),
        };
        let changed = home.store().change_dsar(home.org(), DsarId(id), &change);
        match changed.await {
            Ok(changed) => return told(home, changed),
            Err(error) if error.kind() == locard_store::ErrorKind::Conflict => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(conflict("the DSAR job changes all the time"))
}
