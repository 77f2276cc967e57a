//! Runs what was accepted for workers: looks for jobs in the store, takes some up at a time, and ends them.

use std::sync::Arc;
use std::time::Duration;

use locard_engine::Silent;
use locard_model::JobState;
use locard_store::{Job, JobLease, JobOutcome};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::jobs::kinds;
use crate::scan::ledger::DEATHS;
use crate::work::conduct::LEASE;
use crate::work::order::DEFAULT_AFFINITY;
use crate::work::spans::JobSpan;
use crate::{Home, Result};

/// How often the store is asked for more.
const POLL: Duration = Duration::from_millis(500);

/// How long nobody asks a store that did not answer.
const UNANSWERED: Duration = Duration::from_secs(5);

/// How often a job may take its worker down without coming on before nobody takes it up any more. A piece of a scan that does
/// so is given up before, and then the scan comes on.
const MOST_DEATHS: u64 = DEATHS as u64 + 6;

/// How jobs are run.
#[derive(Clone, Debug)]
pub struct RunnerOptions {
    /// Jobs that run at the same time.
    pub at_once: usize,
    /// Labels of the jobs that it takes; empty: [`DEFAULT_AFFINITY`].
    pub affinities: Vec<String>,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            at_once: 2,
            affinities: Vec::new(),
        }
    }
}

/// Runs jobs until `stop` fires; then what runs is given back, for another process or the next start to go on with.
/// `wake` tells of jobs that this process accepted, so that nobody waits for the next look.
pub async fn run_jobs(
    home: &Arc<Home>,
    options: &RunnerOptions,
    wake: &tokio::sync::Notify,
    stop: &CancellationToken,
) {
    let affinities = match options.affinities.as_slice() {
        [] => vec![DEFAULT_AFFINITY.to_owned()],
        some => some.to_vec(),
    };
    let room = Arc::new(Semaphore::new(options.at_once.max(1)));
    let mut running = JoinSet::new();
    while !stop.is_cancelled() {
        // What has ended is forgotten; a panic in a job costs that job.
        while running.try_join_next().is_some() {}
        let permit = tokio::select! {
            () = stop.cancelled() => break,
            permit = Arc::clone(&room).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let claimed = home
            .store
            .claim_next_job(home.org, &affinities, home.worker, LEASE)
            .await;
        let pause = match claimed {
            Ok(Some(lease)) => {
                let (home, stop) = (Arc::clone(home), stop.clone());
                running.spawn(async move {
                    // A job is of the rules of its beginning.
                    let home = home.renewed().await;
                    Box::pin(run_job(&home, lease, &stop)).await;
                    drop(permit);
                });
                continue;
            }
            Ok(None) => POLL,
            Err(error) => {
                warn!(why = error.sentence(), "the store did not answer");
                UNANSWERED
            }
        };
        drop(permit);
        tokio::select! {
            () = stop.cancelled() => break,
            () = wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    while running.join_next().await.is_some() {}
}

/// Runs one job that this process holds, whatever comes of it.
async fn run_job(home: &Home, lease: JobLease, stop: &CancellationToken) {
    let id = lease.job;
    let job = match home.store.job(home.org, id).await {
        Ok(job) => job,
        Err(error) => {
            error!(job = %id, why = error.sentence(), "a job failed");
            return;
        }
    };
    let span = JobSpan::begin(&job);
    let state = match span.around(Box::pin(attempt(home, job, lease, stop))).await {
        Ok(state) => {
            info!(job = %id, %state, "a job was run");
            state
        }
        Err(error) => {
            error!(job = %id, why = error.sentence(), "a job failed");
            JobState::Failed
        }
    };
    span.end(state);
}

async fn attempt(
    home: &Home,
    job: Job,
    lease: JobLease,
    stop: &CancellationToken,
) -> Result<JobState> {
    info!(job = %job.id, kind = job.kind, "a job is run");
    let sentence = match kinds::named(&job.kind) {
        _ if job.cancel_requested_at.is_some() => None,
        _ if job.deaths > MOST_DEATHS => Some(format!(
            "locard ended without a word {} times while it ran this",
            job.deaths
        )),
        Some(kind) => return kind.run(home, lease, &Silent, stop).await,
        None => Some(format!(
            "this locard knows no jobs of the kind {}",
            job.kind
        )),
    };
    let state = match sentence {
        Some(_) => JobState::Failed,
        None => JobState::Cancelled,
    };
    let outcome = JobOutcome {
        state,
        outcome: None,
        error: sentence,
    };
    home.store.finish_job(&lease, &outcome).await?;
    Ok(state)
}
