//! Jobs as such, whatever they do: how one is accepted, is run to its end, and tells how it stands.

pub(crate) mod conduct;
pub(crate) mod kind;
pub(crate) mod order;
pub(crate) mod spans;

use jiff::Timestamp;
use locard_model::JobState;
use locard_store::Job;

/// Until when a job waits that nobody is to take up before.
pub(crate) fn waits_until(job: &Job) -> Option<Timestamp> {
    job.not_before.filter(|_| job.state == JobState::Queued)
}

/// Whether a job is said to run, and nobody does: its process ended without a word. The store says whether somebody holds
/// it, since the clocks of machines that share it may differ.
pub(crate) fn is_interrupted(job: &Job) -> bool {
    matches!(job.state, JobState::Running | JobState::Cancelling) && !job.held
}
