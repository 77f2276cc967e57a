//! Running jobs: whoever asks makes sure that somebody works on one; workers take up what waits, and what dead ones left.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use locard_app::{
    Actor, CancellationToken, Error, ErrorKind, Home, JobSpan, Reporter, Result, Silent,
};
use locard_model::{DsarState, JobState};
use locard_store::{DsarChange, DsarId, JobDraft, JobLease, JobOutcome, WorkerId};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::gather::Counters;
use super::manage;
use super::work::{Worker, end};
use super::{DsarJob, Failed, conflict, create, json, load, review};

/// The label of the jobs by which DSAR jobs are worked on; no other worker takes them.
const AFFINITY: &str = "DSAR";

/// The kind of those jobs.
const KIND: &str = "dsar";

/// How long whoever works on one may be silent.
const LEASE: Duration = Duration::from_secs(30);

/// How often the store is asked for more.
const POLL: Duration = Duration::from_millis(500);

/// How often what is over is destroyed.
const SWEEP: Duration = Duration::from_secs(30);

/// Jobs that are worked on at the same time.
const AT_ONCE: usize = 2;

/// How often a job may take its worker down.
const MOST_FENCES: u64 = 20;

#[derive(Serialize, Deserialize)]
struct Spec {
    dsar: Uuid,
    /// What for: work that waited for people is another piece of work.
    part: String,
}

/// Sees to it that somebody works on a job. Whoever asks again joins in.
///
/// # Errors
/// The job has failed, or its time is over.
pub async fn run(home: &Home, actor: &Actor, id: Uuid) -> Result<DsarJob> {
    let job = load(home, id).await?;
    match job.state {
        DsarState::Failed => {
            return Err(conflict("the DSAR job is FAILED")
                .hint("retry it: that makes a job that goes on from it"));
        }
        DsarState::Expired => {
            return Err(conflict("the DSAR job is EXPIRED").hint("ask for a new one"));
        }
        DsarState::Ready | DsarState::Delivered => return Ok(job),
        _ => {}
    }
    if job.state == DsarState::Requested {
        create::record(home, actor, "dsar run", Some(id), job.known()?).await?;
    }
    if job.waits_for_review() && !review::is_released(home, &job).await? {
        return Ok(job);
    }
    queue(home, &job).await
}

/// Puts the work that a job is ripe for into the queue, once.
pub(super) async fn queue(home: &Home, job: &DsarJob) -> Result<DsarJob> {
    let part = if job.waits_for_review() {
        format!("pack {}", review::last(home, job).await?)
    } else {
        "collect".to_owned()
    };
    let spec = Spec {
        dsar: job.id,
        part: part.clone(),
    };
    let draft = JobDraft {
        affinity: Some(AFFINITY.to_owned()),
        idempotency_key: Some(format!("dsar {} {part}", job.id)),
        details: locard_app::asked_here()?,
        ..JobDraft::new(KIND, json(&spec)?)
    };
    let started = home.store().start_job(home.org(), &draft).await?;
    if started.job.state.is_final() {
        // Its worker ended it and not the job, as when the store did not answer: it goes on.
        home.store().retry_job(home.org(), started.job.id).await?;
    }
    let change = DsarChange {
        from: vec![job.state],
        job: Some(started.job.id),
        ..DsarChange::default()
    };
    let changed = home
        .store()
        .change_dsar(home.org(), DsarId(job.id), &change)
        .await;
    match changed {
        // Somebody took it up already.
        Err(error) if error.kind() == locard_store::ErrorKind::Conflict => load(home, job.id).await,
        changed => super::told(home, changed?),
    }
}

/// Runs a job in this process, as far as it goes without people.
pub async fn run_here(
    home: &Home,
    actor: &Actor,
    id: Uuid,
    reporter: &dyn Reporter,
    stop: &CancellationToken,
) -> Result<DsarJob> {
    let job = run(home, actor, id).await?;
    let is_to_do = !job.state.is_final() && job.state != DsarState::Ready;
    let waits = job.waits_for_review() && !review::is_released(home, &job).await?;
    if is_to_do && !waits {
        let dsar = home.store().dsar(home.org(), DsarId(id)).await?;
        let work = dsar
            .job
            .ok_or_else(|| conflict("nobody put the DSAR job into the queue"))?;
        let worker = WorkerId::random();
        let lease = home
            .store()
            .claim_job(home.org(), work, worker, LEASE)
            .await?;
        take(home, lease, id, reporter, stop).await?;
    }
    manage::job(home, id).await
}

/// Works on jobs until `stop` fires, and destroys what is over. `wake` tells of jobs that this process accepted.
pub async fn run_dsars(home: &Arc<Home>, wake: &Notify, stop: &CancellationToken) {
    let (room, worker) = (Arc::new(Semaphore::new(AT_ONCE)), WorkerId::random());
    let mut running = JoinSet::new();
    let mut swept = None::<tokio::time::Instant>;
    while !stop.is_cancelled() {
        while running.try_join_next().is_some() {}
        if swept.is_none_or(|swept| swept.elapsed() >= SWEEP) {
            if let Err(error) = manage::sweep(home).await {
                tracing::warn!(
                    why = error.sentence(),
                    "what is over could not be destroyed"
                );
            }
            swept = Some(tokio::time::Instant::now());
        }
        let permit = tokio::select! {
            () = stop.cancelled() => break,
            permit = Arc::clone(&room).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let affinities = [AFFINITY.to_owned()];
        let claimed = home
            .store()
            .claim_next_job(home.org(), &affinities, worker, LEASE)
            .await;
        if let Ok(Some(lease)) = claimed {
            let (home, stop, runtime) = (home.renewed().await, stop.clone(), Handle::current());
            // A thread of its own: the work waits for disks, and the compiler cannot prove that it may move.
            running.spawn_blocking(move || {
                if let Err(error) = runtime.block_on(attempt(&home, lease, &stop)) {
                    tracing::error!(job = %lease.job, why = error.sentence(), "a DSAR job failed");
                }
                drop(permit);
            });
            continue;
        }
        drop(permit);
        tokio::select! {
            () = stop.cancelled() => break,
            () = wake.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
    while running.join_next().await.is_some() {}
}

async fn attempt(home: &Home, lease: JobLease, stop: &CancellationToken) -> Result<()> {
    let job = home.store().job(home.org(), lease.job).await?;
    let spec = Spec::deserialize(&job.spec).map_err(|error| {
        Error::new(
            ErrorKind::Store,
            "what was recorded of the job is no DSAR job",
        )
        .cause(error)
    });
    let Spec { dsar, .. } = match spec {
        Ok(spec) => spec,
        Err(error) => {
            finish(home, &lease, JobState::Failed, Some(&error)).await?;
            return Err(error);
        }
    };
    let span = JobSpan::begin(&job);
    let taken = span
        .around(Box::pin(take(home, lease, dsar, &Silent, stop)))
        .await;
    span.end(match &taken {
        Ok(()) => JobState::Completed,
        Err(_) if stop.is_cancelled() => JobState::Cancelled,
        Err(_) => JobState::Failed,
    });
    taken
}

/// Works on a job that this process holds, and lets go of it.
async fn take(
    home: &Home,
    lease: JobLease,
    id: Uuid,
    reporter: &dyn Reporter,
    stop: &CancellationToken,
) -> Result<()> {
    if lease.fence > MOST_FENCES {
        let failed = Failed {
            reason: "error".to_owned(),
            message: format!(
                "locard ended without a word {MOST_FENCES} times while it worked on this"
            ),
            failed_at: Some(home.store().clock().await?),
            worker_id: None,
        };
        end(home, (id, &DsarState::ACTIVE), super::work::WORKER, failed).await?;
        return finish(home, &lease, JobState::Failed, None).await;
    }
    let worker = Worker {
        home,
        id,
        lease,
        reporter,
        stop,
        counters: Arc::new(Counters::default()),
        is_lost: AtomicBool::new(false),
    };
    let worked = worker.work().await;
    match &worked {
        Ok(()) => finish(home, &lease, JobState::Completed, None).await?,
        // Another process goes on with it, or the next start.
        Err(_) if stop.is_cancelled() => {
            let ended = JobLease {
                lease_for: Duration::ZERO,
                ..lease
            };
            home.store().job_heartbeat(&ended).await?;
        }
        Err(error) => finish(home, &lease, JobState::Failed, Some(error)).await?,
    }
    worked
}

async fn finish(
    home: &Home,
    lease: &JobLease,
    state: JobState,
    error: Option<&Error>,
) -> Result<()> {
    let outcome = JobOutcome {
        state,
        outcome: None,
        error: error.map(|error| error.sentence().to_owned()),
    };
    match home.store().finish_job(lease, &outcome).await {
        // Somebody else holds it now.
        Err(error) if error.kind() == locard_store::ErrorKind::LeaseLost => Ok(()),
        finished => Ok(finished.map(drop)?),
    }
}
