//! Runs one job that this process holds, to its end.

use std::time::Duration;

use locard_engine::Reporter;
use locard_model::JobState;
use locard_store::{Heartbeat, JobLease, JobOutcome};
use tokio_util::sync::CancellationToken;

use crate::record::spec::asked;
use crate::work::kind::{JobKind, Report, Work};
use crate::work::order::Details;
use crate::{Error, ErrorKind, Home, Result};

/// How long a lease lasts without a heartbeat.
pub(crate) const LEASE: Duration = Duration::from_mins(1);

/// How soon a job hears that somebody asked it to stop.
const HEARS: Duration = Duration::from_secs(1);

/// Jobs of a specification whose outcomes are kept, for `locard diff` above all.
const KEPT_JOBS: u32 = 10;

/// How long the outcome of any job is kept at least: whoever started it asks later how it ended.
const KEPT_FOR: Duration = Duration::from_hours(7 * 24);

/// What it means that this process is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnStop {
    /// Whoever asked for the job no longer wants it.
    Cancel,
    /// Another process is to go on with it.
    GiveBack,
}

/// Runs the job from what is stored of it, keeps its lease alive, and ends it. Fails where the job could not be done at
/// all, and then it has ended so too, unless the store is what failed: it is found later as one whose process died.
pub(crate) async fn conduct<K: JobKind>(
    home: &Home,
    lease: JobLease,
    reporter: &dyn Reporter,
    (cancel, on_stop): (&CancellationToken, OnStop),
) -> Result<K::Report> {
    let ran = attempt::<K>(home, lease, reporter, cancel).await;
    if let Ok(report) = &ran
        && let Some(at) = report.goes_on_at()
        && home.store.postpone_job(&lease, at).await?
    {
        return ran;
    }
    let outcome = match &ran {
        Ok(report) if is_given_back(home, &lease, report.state(), on_stop).await => {
            return give_back(home, lease).await.and(ran);
        }
        Ok(report) => JobOutcome {
            state: report.state(),
            outcome: Some(report.outcome()),
            error: report.error(),
        },
        Err(error) => JobOutcome {
            state: JobState::Failed,
            outcome: None,
            error: Some(error.to_string()),
        },
    };
    let ended = home.store.finish_job(&lease, &outcome).await;
    let report = ran?;
    ended?;
    // Nothing that was found depends on it.
    if let Err(error) = home.store.prune(home.org, KEPT_JOBS, KEPT_FOR).await {
        tracing::warn!(why = error.sentence(), "old jobs could not be dropped");
    }
    Ok(report)
}

async fn attempt<K: JobKind>(
    home: &Home,
    lease: JobLease,
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<K::Report> {
    let job = home.store.job(home.org, lease.job).await?;
    let details = Details::read(&job.details)?;
    if details.version > K::VERSION {
        let sentence =
            "the job was accepted by a newer locard, which asks more than this one knows";
        return Err(Error::new(ErrorKind::Usage, sentence));
    }
    let request = asked::<K::Request>(&job, K::NAME)?;
    let work = Work {
        home,
        lease,
        affinity: job.affinity,
        details,
        reporter,
        stop: cancel.child_token(),
    };
    tokio::select! {
        ran = K::run(&work, request) => ran,
        error = keep_alive(&work) => Err(error),
    }
}

/// Keeps the job's lease alive until dropped; stops the work when somebody asked for it or the job was taken away.
async fn keep_alive(work: &Work<'_>) -> Error {
    let (store, lease) = (&work.home.store, work.lease);
    let mut beat = tokio::time::interval(LEASE / 4);
    let mut asked = tokio::time::interval(HEARS);
    loop {
        tokio::select! {
            _ = beat.tick() => {
                // An error here says nothing: if the store is really lost, the next write ends the work.
                let answer = store.job_heartbeat(&lease).await;
                if matches!(answer, Ok(Heartbeat::Cancel | Heartbeat::Lost)) {
                    work.stop.cancel();
                }
            }
            _ = asked.tick() => {
                if is_cancelled(work.home, &lease).await {
                    work.stop.cancel();
                }
            }
        }
    }
}

/// Whether somebody asked for the job to end.
async fn is_cancelled(home: &Home, lease: &JobLease) -> bool {
    let job = home.store.job(lease.org, lease.job).await;
    job.is_ok_and(|job| job.cancel_requested_at.is_some())
}

/// Whether the job broke off only because this process is to end.
async fn is_given_back(home: &Home, lease: &JobLease, state: JobState, on_stop: OnStop) -> bool {
    state == JobState::Cancelled && on_stop == OnStop::GiveBack && !is_cancelled(home, lease).await
}

/// Lets go of a job, so that another process can go on with it at once.
async fn give_back(home: &Home, lease: JobLease) -> Result<()> {
    let ended = JobLease {
        lease_for: Duration::ZERO,
        ..lease
    };
    home.store.job_heartbeat(&ended).await?;
    Ok(())
}
