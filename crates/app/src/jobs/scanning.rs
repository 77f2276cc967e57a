//! A scan by whoever asks for it: accepted like any other job, and run in this process.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use locard_engine::{Failure, Reporter};
use locard_model::{ExposeSecret, JobId, JobState, SourceId};
use locard_store::{Job, JobDraft, JobFilter, JobLease, JobOutcome, Page};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::jobs::kinds::scan::{Ran, Scan, allowed, check_windows, state};
use crate::record::spec::ScanSpec;
use crate::scan::idle::{IdleGlob, idle_globs};
use crate::scan::ledger::Basis;
use crate::scan::slips::{forget_unread, is_glob, without_slips};
use crate::sources::target::Resolved;
use crate::work::conduct::{LEASE, OnStop, conduct};
use crate::work::kind::JobKind as _;
use crate::work::order::Details;
use crate::{
    Error, ErrorKind, FindingFilter, FindingRow, Home, PartlyIndexed, Result, ScanOptions, Untested,
};

/// How a scan began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// There was nothing to take up.
    New,
    /// It took up an interrupted one.
    TakenUp,
    /// An interrupted one had read by other rules or allowed values, so everything was read again.
    Anew,
}

/// What a scan found.
#[derive(Clone, Debug)]
pub struct ScanReport {
    /// The job, for `locard jobs show` and `locard diff`.
    pub job: JobId,
    /// How it ended: completed, partial, cancelled or failed.
    pub state: JobState,
    /// Whether it took up an interrupted scan.
    pub begun: Begun,
    /// Findings, by source, resource and column order; rejected ones are left out.
    pub findings: Vec<FindingRow>,
    /// Findings that are left out because a person rejected them.
    pub rejected: u64,
    /// What could not be read.
    pub failures: Vec<Failure>,
    /// Sources without any entity in the scope.
    pub empty: Vec<String>,
    /// Of them, whether a glob of the question may be why, or a database shows nothing to this account: both are
    /// rather slips than answers.
    pub suspicious: bool,
    /// Resources that were begun and not judged, as when the scan was cancelled.
    pub unfinished: Vec<String>,
    /// Entities that were read whole before, so that this part of them changed nothing in the index.
    pub kept: u64,
    /// Entities that have not changed since an earlier scan, so that they were not read again.
    pub unchanged: u64,
    /// Columns with so many values that not all of them are in the index.
    pub partly_indexed: Vec<PartlyIndexed>,
    /// What no rule was shown.
    pub untested: Untested,
    /// Sources that were named by their targets and are registered by name, so that they were read as registered.
    pub registered: Vec<String>,
    /// Globs that match nothing that was ever listed.
    pub idle_globs: Vec<IdleGlob>,
    /// Sums.
    pub totals: Totals,
}

/// Sums over a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Entities that were listed, read or not.
    pub listed: u64,
    /// Entities that were judged.
    pub entities: u64,
    /// Entities with at least one finding.
    pub entities_with_findings: u64,
    /// Columns, derived ones included.
    pub columns: u64,
    /// Records read, those kept from an interrupted scan included.
    pub rows: u64,
    /// Bytes of the source as it stores them, compressed where they are, as far as it tells; of a sample, its share of
    /// them where the records are counted. As [`crate::PlanReport::bytes`].
    pub bytes: u64,
    /// Failures.
    pub failures: u64,
    /// Time of this run.
    pub elapsed: Duration,
}

/// Scans targets and stores what was found.
///
/// An interrupted scan of the same targets and options is taken up: what was read completely and has not changed is
/// kept, everything else is read again whole. Of what an earlier scan read to its end, an entity is not read again whose
/// source tells that it has not changed, unless [`ScanOptions::fresh`] is set. A source or entity that fails becomes a [`Failure`]; the scan goes on
/// and ends as [`JobState::Partial`]. When `cancel` fires, running tasks end, what was found stays, and the state is
/// [`JobState::Cancelled`]. Fails only when a target makes no sense or the home cannot be written.
///
/// It is accepted like any other job, and then run in this process.
pub async fn scan(
    home: &Home,
    options: &ScanOptions,
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<ScanReport> {
    let started = Instant::now();
    let Accept {
        lease,
        begun,
        sources,
        new,
        slips,
    } = accept(home, options).await?;
    let ran = conduct::<Scan>(home, lease, reporter, (cancel, OnStop::Cancel)).await?;
    forget_unread(home, &sources, &new, (&ran.empty, &ran.failures)).await?;
    let (findings, rejected) = found(home, lease.job).await?;
    let mut failures = ran.failures.clone();
    failures.splice(..0, slips);
    let totals = totals(&ran, failures.len(), started.elapsed());
    let idle_globs = if ran.summary.cancelled {
        Vec::new()
    } else {
        idle_globs(home, &sources, options, &failures).await?
    };
    Ok(ScanReport {
        idle_globs,
        suspicious: suspicious(&sources, options, &ran.empty, totals.listed),
        state: state(&ran.summary, &failures),
        empty: ran.empty,
        unfinished: ran.unfinished,
        partly_indexed: ran.partly_indexed,
        untested: ran.untested,
        kept: ran.kept,
        unchanged: ran.unchanged,
        job: lease.job,
        begun,
        findings,
        rejected,
        failures,
        registered: registered(&sources, options),
        totals,
    })
}

/// A scan that was accepted by whoever runs it.
struct Accept {
    lease: JobLease,
    begun: Begun,
    sources: Vec<Resolved>,
    /// Of them those that the catalog did not know.
    new: HashSet<SourceId>,
    /// Targets that are not there.
    slips: Vec<Failure>,
}

/// Accepts a scan and takes it up: nobody else is to run it.
async fn accept(home: &Home, options: &ScanOptions) -> Result<Accept> {
    let sources = home.resolve_all(&options.targets).await?;
    check_windows(&sources)?;
    let (sources, new, slips) = without_slips(home, sources, options.limits).await?;
    for source in &sources {
        source.remember(home).await?;
    }
    crate::rules::remember(home).await?;
    let basis = Basis::new(home.engine.library(), &allowed(home).await?);
    let (lease, begun) = take_up(home, &sources, options, &basis).await?;
    Ok(Accept {
        lease,
        begun,
        sources,
        new,
        slips,
    })
}

/// The findings of the job, and how many others a person rejected.
async fn found(home: &Home, job: JobId) -> Result<(Vec<FindingRow>, u64)> {
    let filter = FindingFilter {
        job: Some(job),
        with_rejected: true,
        ..FindingFilter::default()
    };
    let mut findings = crate::findings::findings(home, &filter).await?;
    let all = findings.len();
    findings.retain(|finding| !finding.is_rejected());
    let rejected = (all - findings.len()) as u64;
    Ok((findings, rejected))
}

/// The sources with a name of their own that were typed as targets.
fn registered(sources: &[Resolved], options: &ScanOptions) -> Vec<String> {
    let is_typed = |source: &Resolved| {
        let mut typed = options.targets.iter().map(ExposeSecret::expose_secret);
        let id = source.id.to_string();
        typed.any(|text| text == source.name || text == id)
    };
    let named = sources.iter().filter(|source| source.is_registered());
    let named = named.filter(|source| !options.targets.is_empty() && !is_typed(source));
    named.map(|source| source.name.clone()).collect()
}

/// Whether what is empty is rather a slip of the question than an answer. A folder may well be empty.
fn suspicious(sources: &[Resolved], options: &ScanOptions, empty: &[String], listed: u64) -> bool {
    let is_empty = |source: &&Resolved| empty.contains(&source.name);
    let narrowed = !options.include.is_empty() || !options.exclude.is_empty();
    (narrowed && listed == 0 && !empty.is_empty())
        || sources
            .iter()
            .filter(is_empty)
            .any(|source| !source.connector.holds_files() || is_glob(source))
}

/// Takes up an interrupted job of that specification, or starts one. In a shared store only one scan of a specification
/// runs at a time.
async fn take_up(
    home: &Home,
    sources: &[Resolved],
    options: &ScanOptions,
    basis: &Basis,
) -> Result<(JobLease, Begun)> {
    let spec = ScanSpec::new(sources, options).json()?;
    let latest = latest(home, &spec).await?;
    if let Some(job) = latest.as_ref().filter(|job| !job.state.is_final()) {
        if job.affinity.is_some() {
            return Err(waits(job.id));
        }
        // Nobody ended it, so its process is dead. Ended and queued again it is like one that was cancelled: what
        // failed outside of pieces is forgotten, since it will be tried again.
        let lease = claim(home, job.id).await?;
        finish(home, &lease, JobState::Cancelled, None).await?;
    }
    let interrupted = latest
        .as_ref()
        .filter(|job| is_interrupted(job) && !options.fresh);
    let mut begun = Begun::New;
    if let Some(job) = interrupted {
        if basis.is_of(home.store.as_ref(), home.org, job.id).await? {
            let retried = home.store.retry_job(home.org, job.id).await;
            retried.map_err(taken)?;
            return Ok((claim(home, job.id).await?, Begun::TakenUp));
        }
        begun = Begun::Anew;
    }
    // Whoever starts the same at the same moment gets the same job, and only one of both can claim it.
    let after = latest.map_or_else(String::new, |job| job.id.to_string());
    let details = Details {
        limits: options.limits,
        anew: options.fresh,
        ..Details::of::<Scan>()
    };
    let draft = JobDraft {
        details: details.json()?,
        idempotency_key: Some(format!("{} after {after}: {spec}", Scan::NAME)),
        ..JobDraft::new(Scan::NAME, spec)
    };
    let started = home.store.start_job(home.org, &draft).await?;
    Ok((claim(home, started.job.id).await?, begun))
}

/// Whether a job broke off: nobody ended it, somebody cancelled it, or its store was lost. One that failed by itself has come
/// to its end.
fn is_interrupted(job: &Job) -> bool {
    match job.state {
        JobState::Failed => job.error.is_some(),
        state => !state.is_final() || state == JobState::Cancelled,
    }
}

async fn claim(home: &Home, job: JobId) -> Result<JobLease> {
    home.store
        .claim_job(home.org, job, home.worker, LEASE)
        .await
        .map_err(taken)
}

/// What was accepted for the workers is theirs, also while none of them runs.
fn waits(job: JobId) -> Error {
    let sentence = format!("the job {job} scans the same, and waits for a worker");
    Error::new(ErrorKind::Locked, sentence)
        .hint("`locard worker` or `locard serve` runs it, `locard jobs cancel` takes it back")
}

/// In a shared store somebody else may be at the same work.
fn taken(error: locard_store::Error) -> Error {
    if error.kind() != locard_store::ErrorKind::Conflict {
        return error.into();
    }
    let sentence = "another locard is scanning the same targets into this store";
    Error::new(ErrorKind::Locked, sentence)
        .hint(format!(
            "`locard jobs list` shows it, `locard jobs cancel` stops it; the hold of one that was killed ends after {} s",
            LEASE.as_secs()
        ))
        .cause(error)
}

/// The latest job of that specification.
async fn latest(home: &Home, spec: &Value) -> Result<Option<Job>> {
    let filter = JobFilter {
        kind: Some(Scan::NAME.to_owned()),
        spec: Some(spec.clone()),
        ..JobFilter::default()
    };
    let jobs = home.store.jobs(home.org, &filter, Page::first(1)).await?;
    Ok(jobs.items.into_iter().next())
}

async fn finish(
    home: &Home,
    lease: &JobLease,
    state: JobState,
    error: Option<String>,
) -> Result<()> {
    home.store
        .finish_job(
            lease,
            &JobOutcome {
                state,
                outcome: None,
                error,
            },
        )
        .await?;
    Ok(())
}

fn totals(ran: &Ran, failures: usize, elapsed: Duration) -> Totals {
    let summary = &ran.summary;
    Totals {
        listed: ran.listed,
        entities: summary.entities,
        entities_with_findings: summary.with_findings,
        columns: summary.columns,
        rows: summary.rows,
        bytes: summary.bytes,
        failures: failures as u64,
        elapsed,
    }
}
