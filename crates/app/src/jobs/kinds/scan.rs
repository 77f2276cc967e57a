//! The scan as a job.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use locard_connector::ErrorKind as Missing;
use locard_engine::{Allowed, Event, Failure, Options, Reporter, Summary};
use locard_model::{JobId, JobState};
use locard_query::Condition;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::catalog::scope::{Chosen, Only};
use crate::jobs::errands::{Accept, about};
use crate::jobs::kinds::detected::Detecting;
use crate::jobs::kinds::sieve::Sieve;
use crate::jobs::kinds::{aggregate, similar};
use crate::record::skipping::Skipping;
use crate::record::spec::{SCAN, ScanSpec, Telling};
use crate::scan::ledger::{Basis, StoreLedger};
use crate::scan::open_all;
use crate::scan::slips::Opened;
use crate::scan::tally::Tally;
use crate::settings::window;
use crate::settings::window::ScanWindow;
use crate::sources::target::Resolved;
use crate::work::kind::{JobKind, Report, Work};
use crate::work::order::{self, Accepted, Asking};
use crate::{
    Amount, Error, ErrorKind, Home, PartlyIndexed, Result, ScanOptions, SourceLimits, Untested,
    jobs,
};

/// Reads and judges entities, and records what was found.
pub(crate) struct Scan;

/// What a scan did, as far as its job does not tell.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) summary: Summary,
    pub(crate) failures: Vec<Failure>,
    /// Entities that were listed.
    pub(crate) listed: u64,
    /// Sources without any entity in the scope.
    pub(crate) empty: Vec<String>,
    /// Resources that were begun and not judged.
    pub(crate) unfinished: Vec<String>,
    pub(crate) partly_indexed: Vec<PartlyIndexed>,
    pub(crate) untested: Untested,
    /// Entities that were read whole before, so that this part of them changed nothing.
    pub(crate) kept: u64,
    /// Entities that have not changed since an earlier scan.
    pub(crate) unchanged: u64,
    /// What the members of a dataset have in common.
    pub(crate) aggregation: Option<Value>,
    /// Whether the files of the store hold nothing any more of what was replaced, where that was asked for.
    compacted: Option<bool>,
    /// Where there is something of what was asked for by name.
    detected: Value,
    /// What of it holds the same.
    duplicates: Value,
    /// What was left out by what was known of it, and why.
    skipped: Value,
    /// When it goes on, where the windows of its sources do not let it now.
    goes_on_at: Option<Timestamp>,
}

impl Ran {
    /// Nothing was read: the windows open then.
    fn waiting(at: Timestamp) -> Self {
        let summary = Summary {
            cancelled: true,
            ..Summary::default()
        };
        Self {
            summary,
            failures: Vec::new(),
            listed: 0,
            empty: Vec::new(),
            unfinished: Vec::new(),
            partly_indexed: Vec::new(),
            untested: Untested::default(),
            kept: 0,
            unchanged: 0,
            aggregation: None,
            compacted: None,
            detected: Value::Null,
            duplicates: Value::Null,
            skipped: Value::Null,
            goes_on_at: Some(at),
        }
    }
}

impl Report for Ran {
    fn state(&self) -> JobState {
        state(&self.summary, &self.failures)
    }

    fn goes_on_at(&self) -> Option<Timestamp> {
        self.goes_on_at
    }

    fn outcome(&self) -> Value {
        let empty = self.empty.iter().filter(|_| self.failures.is_empty());
        let nothing = |source: &String| {
            format!("{source}: nothing in it is what was asked for, and nothing was read")
        };
        json!({
            "warnings": empty.map(nothing).collect::<Vec<_>>(),
            "listed": self.listed,
            "entities": self.summary.entities,
            "withFindings": self.summary.with_findings,
            "columns": self.summary.columns,
            "rows": self.summary.rows,
            "bytes": self.summary.bytes,
            "kept": self.kept,
            "unchanged": self.unchanged,
            "aggregation": self.aggregation,
            "skipped": self.skipped,
            "compacted": self.compacted,
            "detected": self.detected,
            "duplicates": self.duplicates,
        })
    }
}

impl JobKind for Scan {
    const NAME: &'static str = SCAN;
    const MAY_REPEAT: bool = true;

    /// The second form has conditions, the third leaves out by what is known of an entity, the fourth also by times, and tells
    /// more at its end.
    const VERSION: u32 = 4;

    type Request = ScanSpec;
    type Report = Ran;

    fn targets(request: &ScanSpec) -> Vec<String> {
        request.targets.clone()
    }

    async fn run(work: &Work<'_>, request: ScanSpec) -> Result<Ran> {
        loop {
            // It is a large future, and lives as long as the job.
            let ran = Box::pin(within_windows(work, &request)).await?;
            match ran.goes_on_at {
                // Whoever runs it themselves waits; workers have other work until then.
                Some(at) if work.affinity.is_none() => {
                    if !wait(work, at).await {
                        return Ok(Ran {
                            goes_on_at: None,
                            ..ran
                        });
                    }
                }
                _ => return Ok(ran),
            }
        }
    }
}

/// Waits for the windows, and tells so; false where the job is to end instead.
async fn wait(work: &Work<'_>, at: Timestamp) -> bool {
    let sentence = format!("waiting for the scan windows of the sources, until {at:.0}");
    work.reporter.on(&Event::Waits(sentence));
    let opened = async {
        while Timestamp::now() < at {
            tokio::time::sleep(until(at).min(LOOK)).await;
        }
    };
    work.unless_stopped(opened).await.is_some()
}

/// Clocks are put, and machines sleep.
const LOOK: Duration = Duration::from_secs(10);

fn until(at: Timestamp) -> Duration {
    let left = at.duration_since(Timestamp::now());
    Duration::try_from(left).unwrap_or_default()
}

/// Scans as long as the windows of all sources are open.
async fn within_windows(work: &Work<'_>, request: &ScanSpec) -> Result<Ran> {
    let (sources, gone) = known(work.home, request).await?;
    let windows = windows(&sources);
    let opens = opening(&windows)?;
    if opens > Timestamp::now() {
        return Ok(Ran::waiting(opens));
    }
    let stop = work.stop.child_token();
    let closes = window::part(&windows, Timestamp::now());
    let closing = async {
        let Some(at) = closes else {
            return std::future::pending::<()>().await;
        };
        while Timestamp::now() < at {
            tokio::time::sleep(until(at).min(LOOK)).await;
        }
        stop.cancel();
        std::future::pending::<()>().await;
    };
    let mut ran = tokio::select! {
        ran = run(work, request, (sources, gone), &stop) => ran?,
        () = closing => return Err(Error::new(ErrorKind::Unexpected, "the clock stopped")),
    };
    if ran.summary.cancelled && !work.stop.is_cancelled() {
        ran.goes_on_at = Some(opening(&windows)?);
    }
    Ok(ran)
}

fn windows(sources: &[Resolved]) -> Vec<ScanWindow> {
    let windows = sources.iter().map(|source| source.settings.window.clone());
    windows.flatten().collect()
}

/// When the windows are open, from now on.
fn opening(windows: &[ScanWindow]) -> Result<Timestamp> {
    window::meet(windows, Timestamp::now()).ok_or_else(|| {
        let sentence = "the scan windows of the sources never meet";
        Error::usage(sentence).hint("scan each source by a job of its own")
    })
}

/// Whether a scan of these sources can ever be done.
pub(crate) fn check_windows(sources: &[Resolved]) -> Result<()> {
    opening(&windows(sources)).map(drop)
}

async fn run(
    work: &Work<'_>,
    request: &ScanSpec,
    (sources, gone): (Vec<Resolved>, Vec<Failure>),
    stop: &CancellationToken,
) -> Result<Ran> {
    let (home, started) = (work.home, Instant::now());
    let options = request.options(work.details.limits);
    crate::rules::remember(home).await?;
    let (mut targets, mut failures) = open_all(home, &sources, &options).await;
    failures.splice(..0, gone);
    let only = Only::load(home, &request.entities).await?;
    only.narrow(&mut targets);
    let sieve =
        Arc::new(Sieve::of(home, (request.skipping.clone(), request.header), &targets).await?);
    sieve.narrow(&mut targets);
    let allowed = allowed(home).await?;
    let basis = Basis::new(home.engine.library(), &allowed);
    check_basis(work, &basis).await?;
    let began = home.store.clock().await?;
    let narrowed = !only.is_everything() || !request.skipping.is_nothing();
    let ledger = StoreLedger::open(work, basis, stop.clone(), narrowed).await?;
    let (tally, opened) = (Tally::new(work.reporter), (targets, failures));
    let ran = tokio::select! {
        ran = read(home, &opened, (&options, allowed), (&ledger, work.lease.job), &tally, stop) => ran,
        () = ledger.keep_alive() => unreachable_end(),
    };
    let released = ledger.release().await;
    sources.iter().for_each(tell_load);
    let summary = ran.and_then(|summary| Ok(released.map(|()| summary)?))?;
    if !summary.cancelled {
        let by = (work.lease.into(), began);
        crate::sources::ingest::describe_tables(home, &opened.0, by).await?;
    }
    // One that was taken up, or found things unchanged, counts what it did not read.
    let is_plain = work.lease.fence <= 1
        && ledger.unchanged() == 0
        && sources.iter().all(|source| is_unhindered(source, &options));
    if is_plain {
        note_speed(home, summary.bytes, started).await;
    }
    let end = if summary.cancelled {
        End::default()
    } else {
        end(work, request, &sources).await?
    };
    Ok(Ran {
        goes_on_at: None,
        compacted: end.compacted,
        detected: end.detected,
        duplicates: end.duplicates,
        aggregation: end.aggregation,
        skipped: sieve.told(home),
        failures: jobs::failures(home, work.lease.job).await?,
        listed: tally.entities(),
        empty: tally.empty(),
        unfinished: tally.unfinished(),
        partly_indexed: tally.partly_indexed(),
        untested: tally.untested(),
        kept: ledger.kept(),
        unchanged: ledger.unchanged(),
        summary,
    })
}

/// Whether what an earlier run of the job read was read by the same rules and allowed values.
async fn check_basis(work: &Work<'_>, basis: &Basis) -> Result<()> {
    let (store, job) = (work.home.store.as_ref(), work.lease.job);
    if basis.is_of(store, work.home.org, job).await? {
        return Ok(());
    }
    let sentence = "rules or allowed values changed after a part of it was read";
    Err(Error::new(ErrorKind::Usage, sentence).hint("start it again"))
}

/// What is done and told when everything was read.
#[derive(Default)]
struct End {
    aggregation: Option<Value>,
    compacted: Option<bool>,
    detected: Value,
    duplicates: Value,
}

async fn end(work: &Work<'_>, request: &ScanSpec, sources: &[Resolved]) -> Result<End> {
    let aggregation = match request.collection {
        Some(id) => aggregate::sum(work, id).await?,
        None => None,
    };
    let compacted = if request.compacts {
        Some(work.home.store.compact().await?)
    } else {
        None
    };
    let read = Detecting {
        work,
        sources: sources.iter().map(|source| source.id).collect(),
        entities: &request.entities,
    };
    let (detected, duplicates) = read.told(&request.telling).await?;
    Ok(End {
        aggregation: aggregation.map(|sum| sum.told),
        compacted,
        detected,
        duplicates,
    })
}

/// Notes how fast a scan was; nothing that was found depends on it.
async fn note_speed(home: &Home, bytes: u64, started: Instant) {
    if let Err(error) = crate::scan::plan::measured(home, bytes, started.elapsed()).await {
        let why = error.sentence();
        tracing::warn!(why, "the speed of the scan could not be noted");
    }
}

/// Whether a source is read as fast as it goes, so that a scan of it says how fast that is.
fn is_unhindered(source: &Resolved, options: &ScanOptions) -> bool {
    options.limits.or(source.settings.limits) == SourceLimits::default()
}

/// The sources that the request names. One that was removed since is a failure.
async fn known(home: &Home, request: &ScanSpec) -> Result<(Vec<Resolved>, Vec<Failure>)> {
    let (mut sources, mut gone) = (Vec::new(), Vec::new());
    for name in &request.targets {
        if let Some(source) = home.known(name).await? {
            sources.push(home.stored(source).await?);
        } else {
            let sentence = "the source was removed after the scan was asked for";
            let error = locard_connector::Error::new(Missing::NotFound, sentence);
            gone.push(Failure::of(home.engine.mask(), &error, name, None));
        }
    }
    Ok((sources, gone))
}

/// What the scan asked of a source, for the log of whoever has to bear it.
fn tell_load(source: &Resolved) {
    let asked = source.meter.read();
    tracing::info!(
        source = source.name,
        questions = asked.calls,
        errors = asked.errors,
        batches = asked.batches,
        rows = asked.rows,
        bytes = asked.bytes,
        faults = asked.faults,
        "asked of the source"
    );
}

/// The heartbeat never ends by itself.
fn unreachable_end() -> Result<Summary> {
    Err(Error::new(
        ErrorKind::Unexpected,
        "the heartbeat of the pieces stopped",
    ))
}

/// Reads, profiles and judges, as an errand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profiling {
    /// About what.
    pub scope: Vec<String>,
    /// Globs over resources; none: all.
    pub include: Vec<String>,
    /// Globs over resources that are left out.
    pub exclude: Vec<String>,
    /// How much of each entity is read; `None`: all.
    pub sample: Option<Amount>,
    /// Only records for which this holds, as SQL; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// What is left out by what is known of it before it is read.
    #[serde(default, skip_serializing_if = "Skipping::is_nothing")]
    pub skipping: Skipping,
    /// Whether the first record of delimited text names its columns; `None`: the text itself tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Whether the store is written anew at the end, without what was replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compacts: bool,
    /// What is told at the end. Rules and dictionaries are named by their ids or names; all are looked for in any case, since
    /// they compete for columns.
    #[serde(default, skip_serializing_if = "Telling::is_nothing")]
    pub telling: Telling,
}

impl Accept for Profiling {
    async fn accept(&self, home: &Home, asking: Asking) -> Result<Accepted> {
        let telling = Telling {
            rules: similar::named(home.engine.library(), &self.telling.rules)?,
            ..self.telling.clone()
        };
        let (chosen, asking) = about(home, &self.scope, asking).await?;
        let options = ScanOptions {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            sample: self.sample,
            condition: self.condition.clone(),
            skipping: self.skipping.clone(),
            header: self.header,
            compacts: self.compacts,
            telling,
            ..ScanOptions::default()
        };
        accept_scan(home, &options, &chosen, &asking).await
    }
}

/// Accepts a scan of registered sources, or of some entities of the catalog, for the workers.
pub(crate) async fn accept_scan(
    home: &Home,
    options: &ScanOptions,
    chosen: &Chosen,
    asking: &Asking,
) -> Result<Accepted> {
    let sources = home.resolve_all(&chosen.targets()).await?;
    if let Some(unknown) = sources.iter().find(|source| !source.known) {
        return Err(
            Error::not_found(format!("no source {} is registered", unknown.name))
                .hint("register it first"),
        );
    }
    check_windows(&sources)?;
    if let Some(condition) = &options.condition {
        check_condition(condition)?;
    }
    let mut spec = ScanSpec::new(&sources, options);
    spec.entities.clone_from(&chosen.entities);
    spec.collection = chosen.collection;
    order::accept::<Scan>(home, &spec, asking, options.limits).await
}

/// The values that people allowed.
pub(crate) async fn allowed(home: &Home) -> Result<Allowed> {
    let allowed = home.store.allowed(home.org).await?;
    Ok(Allowed::new(allowed.into_iter().map(|value| value.hash)))
}

/// The condition that a text is.
fn condition(text: &str) -> Result<Condition> {
    Condition::parse(text).map_err(|error| {
        Error::usage(format!("the condition: {error}"))
            .hint("as in: country = 'CH' AND (born < DATE '1990-01-01' OR born IS NULL)")
    })
}

/// Whether a text is a condition that a scan may have.
pub fn check_condition(text: &str) -> Result<()> {
    condition(text).map(drop)
}

/// Scans the sources that answered.
async fn read(
    home: &Home,
    (targets, failures): &Opened,
    (options, allowed): (&ScanOptions, Allowed),
    (ledger, job): (&StoreLedger, JobId),
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<Summary> {
    for failure in failures {
        reporter.on(&Event::Failed(failure.clone()));
    }
    locard_engine::Sink::failed(ledger, failures).await?;
    let condition = options.condition.as_deref().map(condition).transpose()?;
    let options = Options {
        sample: options.asked(),
        // Pieces of one job are its own, and all of them are read under the same.
        condition: condition.map(|condition| (condition.filter().clone(), job.0)),
        exhaustive: options.exhaustive,
        snapshot: options.snapshot,
        piece_bytes: home.piece_bytes,
        listed_bytes: locard_engine::LISTED_BYTES,
        allowed: Arc::new(allowed),
    };
    Ok(home
        .engine
        .scan(targets, &options, ledger, reporter, cancel)
        .await?)
}

/// How a scan ended; failures of kept pieces count too.
pub(crate) fn state(summary: &Summary, failures: &[Failure]) -> JobState {
    match (failures.is_empty(), summary) {
        (
            _,
            Summary {
                cancelled: true, ..
            },
        ) => JobState::Cancelled,
        (true, _) => JobState::Completed,
        (false, Summary { entities: 0, .. }) => JobState::Failed,
        (false, _) => JobState::Partial,
    }
}
