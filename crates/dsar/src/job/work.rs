//! The work on one job, by whoever holds it: from where it stands as far as it goes without people.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use locard_app::{
    CancellationToken, Doubt, Error, ErrorKind, Home, NotSearched, Reason, Reporter, Result, Why,
};
use locard_bundle::Cause;
use locard_index::Bounds;
use locard_model::DsarState;
use locard_store::{DsarId, Heartbeat, JobLease};
use uuid::Uuid;

use super::amend::{Step, amend};
use super::gather::{Counters, Gather};
use super::narrow::Narrow;
use super::pack::Packing;
use super::{
    Body, Collected, DsarJob, Failed, carry, conflict, load, narrow, review, tenant, unkept,
};
use crate::collect::{Answer, CollectOptions, Extract, collect_keeping};
use crate::keep::{Shelf, store};

/// How often whoever works gives a sign of life.
const BEAT: Duration = Duration::from_secs(2);

/// Jobs that one may repeat, one after the other, whose reads are looked at.
const GENERATIONS: usize = 8;

/// Somebody at work on a job.
pub(super) struct Worker<'a> {
    pub(super) home: &'a Home,
    pub(super) id: Uuid,
    pub(super) lease: JobLease,
    pub(super) reporter: &'a dyn Reporter,
    /// Fires when this process is to end.
    pub(super) stop: &'a CancellationToken,
    pub(super) counters: Arc<Counters>,
    /// Whether somebody else works on it by now.
    pub(super) is_lost: AtomicBool,
}

impl Worker<'_> {
    /// Works until people are wanted, or nothing is left to do. What fails ends the job, unless this process is to end, or
    /// somebody else holds the job by now.
    pub(super) async fn work(&self) -> Result<()> {
        let cancel = self.stop.child_token();
        let worked = tokio::select! {
            biased;
            worked = self.steps(&cancel) => worked,
            lost = self.keep_alive(&cancel) => Err(lost),
        };
        match worked {
            Err(_) if self.is_over().await => Ok(()),
            Err(error) if self.stop.is_cancelled() || self.is_lost.load(Ordering::Relaxed) => {
                Err(error)
            }
            Err(error) => {
                self.fail(&error).await?;
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    /// Whether somebody ended the job meanwhile, so that the work on it is nobody's failure.
    async fn is_over(&self) -> bool {
        let job = load(self.home, self.id).await;
        job.is_ok_and(|job| job.state.is_final())
    }

    async fn steps(&self, cancel: &CancellationToken) -> Result<()> {
        loop {
            let job = load(self.home, self.id).await?;
            match job.state {
                DsarState::Requested => {
                    self.held().await?;
                    let step = || Step::to(DsarState::Collecting, WORKER, "collecting began");
                    amend(self.home, self.id, &[DsarState::Requested], |_, _| {
                        Ok(step())
                    })
                    .await?;
                }
                DsarState::Collecting => Box::pin(self.collect(&job, cancel)).await?,
                DsarState::Packaging if carry::is_due(job.known()?) => self.carry(&job).await?,
                DsarState::Packaging if review::is_released(self.home, &job).await? => {
                    if !Box::pin(self.go_on(&job, cancel)).await? {
                        self.pack(load(self.home, self.id).await?).await?;
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// Refuses to go on with what somebody else holds.
    pub(super) async fn held(&self) -> Result<()> {
        match self.home.store().job_heartbeat(&self.lease).await? {
            Heartbeat::Lost => {
                self.is_lost.store(true, Ordering::Relaxed);
                Err(conflict("somebody else works on the DSAR job now"))
            }
            Heartbeat::Cancel => Err(Error::new(
                ErrorKind::Cancelled,
                "the DSAR job was cancelled",
            )),
            Heartbeat::Extended => Ok(()),
        }
    }

    /// Gives signs of life until dropped; ends where the job was taken away, or ended by somebody.
    async fn keep_alive(&self, cancel: &CancellationToken) -> Error {
        loop {
            tokio::time::sleep(BEAT).await;
            let held = self.held().await;
            let is_ended = self.is_over().await;
            match held {
                Err(error)
                    if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Cancelled) =>
                {
                    cancel.cancel();
                    return error;
                }
                _ if is_ended => {
                    cancel.cancel();
                    return Error::new(ErrorKind::Cancelled, "somebody ended the DSAR job");
                }
                // A store that does not answer is found out by the work itself.
                Err(_) => {}
                // The work may have gone on to its end meanwhile.
                Ok(()) => drop(self.beat().await),
            }
        }
    }

    async fn beat(&self) -> Result<()> {
        let at = self.home.store().clock().await?;
        let worker = self.lease.worker.0.to_string();
        let at_work = [DsarState::Collecting, DsarState::Packaging];
        let counters = &self.counters;
        amend(self.home, self.id, &at_work, |body, _| {
            let progress = &mut body.progress;
            progress.last_heartbeat_at = Some(at);
            progress.worker_id = Some(worker.clone());
            if body.collected.is_none() {
                progress.rows_collected = counters.rows.load(Ordering::Relaxed);
                progress.sections = counters.sections.load(Ordering::Relaxed);
            }
            progress.bytes_packaged = counters.bytes.load(Ordering::Relaxed);
            Ok(Step::default())
        })
        .await?;
        Ok(())
    }

    async fn collect(&self, job: &DsarJob, cancel: &CancellationToken) -> Result<()> {
        let body = job.known()?;
        let shelf = shelf(self.home, job).await?;
        let shelf = shelf.after(before(self.home, body).await?);
        let narrow = narrow::narrowed(self.home, &body.scope).await?;
        let counters = Arc::clone(&self.counters);
        counters.rows.store(0, Ordering::Relaxed);
        counters.sections.store(0, Ordering::Relaxed);
        let entities = narrow.entities.clone();
        let mut gather = Gather::new(shelf.clone(), &body.scope, entities, counters);
        let collected = if body.is_tenant() {
            let into = (&mut gather, &shelf);
            let told = tenant::collect(self.home, &body.scope, &narrow, into, cancel);
            let gaps = Box::pin(told).await?;
            if cancel.is_cancelled() {
                return Err(Error::new(ErrorKind::Cancelled, "collecting was stopped"));
            }
            Collected {
                not_searched: gaps.iter().map(told_gap).collect(),
                ..collected(None, &gather, !narrow.sources.is_empty())
            }
        } else {
            let options = options(body, &narrow);
            let mut extract = collect_keeping(
                self.home,
                &options,
                (&mut gather, Some(&shelf)),
                self.reporter,
                cancel,
            )
            .await?;
            if cancel.is_cancelled() {
                return Err(Error::new(ErrorKind::Cancelled, "collecting was stopped"));
            }
            narrow::only_asked(self.home, &narrow, &mut extract.not_searched).await?;
            collected(Some(&extract), &gather, narrow.entities.is_some())
        };
        self.package(collected).await
    }

    /// All was collected.
    async fn package(&self, mut collected: Collected) -> Result<()> {
        self.held().await?;
        collected.at = Some(self.home.store().clock().await?);
        let sections = collected.sections.iter();
        let rows: u64 = sections
            .map(|it| it.included + it.review + it.outside)
            .sum();
        let note = match collected.not_searched.len() {
            0 => format!("{rows} rows in {} sections", collected.sections.len()),
            places => format!(
                "{rows} rows in {} sections; {places} places were not searched",
                collected.sections.len()
            ),
        };
        amend(self.home, self.id, &[DsarState::Collecting], |body, _| {
            body.progress.rows_collected = rows;
            body.progress.rows_expected = Some(rows);
            body.progress.sections = collected.sections.len() as u64;
            body.collected = Some(collected.clone());
            Ok(Step::to(DsarState::Packaging, WORKER, note.as_str()))
        })
        .await?;
        Ok(())
    }

    async fn pack(&self, job: DsarJob) -> Result<()> {
        let shelf = shelf(self.home, &job).await?;
        let decisions = review::decisions(self.home, job.id).await?;
        self.counters.bytes.store(0, Ordering::Relaxed);
        let counters = Arc::clone(&self.counters);
        let packing = Packing::prepare(self.home, job, shelf, decisions, counters).await?;
        let packed = tokio::task::spawn_blocking(move || packing.pack()).await;
        let packed = packed.map_err(|gone| {
            Error::new(ErrorKind::Unexpected, "packing ended in the middle").cause(gone)
        })??;
        self.held().await?;
        let now = self.home.store().clock().await?;
        let packaging = [DsarState::Packaging];
        amend(self.home, self.id, &packaging, |body, _| {
            let ends = jiff::SignedDuration::from_secs(body.ttl.try_into().unwrap_or(i64::MAX));
            body.progress.bytes_packaged = packed.delivery.size;
            body.progress.last_heartbeat_at = Some(now);
            body.delivery = Some(packed.delivery.clone());
            body.report = Some(packed.report.clone());
            if let Some(collected) = &mut body.collected {
                collected.sections.clone_from(&packed.sections);
            }
            let note = format!(
                "{} rows in a bundle of {} bytes",
                packed.report.total_records, packed.delivery.size
            );
            Ok(Step {
                expires_at: now.checked_add(ends).ok(),
                ..Step::to(DsarState::Ready, WORKER, note)
            })
        })
        .await?;
        Ok(())
    }

    /// Ends a job that could not be done.
    async fn fail(&self, error: &Error) -> Result<()> {
        let now = self.home.store().clock().await?;
        let worker = self.lease.worker.0.to_string();
        let hint = error
            .hint_text()
            .map(|hint| format!(" ({hint})"))
            .unwrap_or_default();
        let failed = Failed {
            reason: "error".to_owned(),
            message: format!("{}{hint}", error.sentence()),
            failed_at: Some(now),
            worker_id: Some(worker),
        };
        // A bundle that is ready is not taken back.
        let at_work = [
            DsarState::Requested,
            DsarState::Collecting,
            DsarState::Packaging,
        ];
        let ended = end(self.home, (self.id, &at_work), WORKER, failed).await;
        match ended {
            // Somebody else ended it.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
            ended => ended.map(drop),
        }
    }
}

/// How a job collects.
pub(super) fn options(body: &Body, narrow: &Narrow) -> CollectOptions {
    CollectOptions {
        subject: body.subject(),
        sources: narrow.sources.clone(),
        relations: true,
        review: true,
        bounds: Bounds::default(),
    }
}

/// As whom the work itself stands in the timeline.
pub(super) const WORKER: &str = "worker";

/// Ends an active job without a bundle. What was read is kept for a while, for a job that repeats it.
pub(super) async fn end(
    home: &Home,
    (id, from): (Uuid, &[DsarState]),
    actor: &str,
    failed: Failed,
) -> Result<DsarJob> {
    amend(home, id, from, |body, _| {
        let ends = jiff::SignedDuration::from_secs(body.ttl.try_into().unwrap_or(i64::MAX));
        let at = failed.failed_at.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        body.failure = Some(failed.clone());
        Ok(Step {
            expires_at: at.checked_add(ends).ok(),
            ..Step::to(DsarState::Failed, actor, failed.message.as_str())
        })
    })
    .await
}

/// What is kept of a job.
pub(super) async fn shelf(home: &Home, job: &DsarJob) -> Result<Shelf> {
    let key = home.store().dsar_key(home.org(), DsarId(job.id)).await?;
    let key = key.ok_or_else(super::destroyed)?;
    let store = store(home, job.known()?.store.as_deref())?;
    Ok(Shelf::new(store, Body::folder(job.id), key))
}

/// What is kept of the jobs that this one repeats, as far as it is still there.
pub(super) async fn before(home: &Home, body: &Body) -> Result<Vec<Shelf>> {
    let (mut shelves, mut next) = (Vec::new(), body.retry_of);
    while let Some(id) = next.filter(|_| shelves.len() < GENERATIONS) {
        let Ok(job) = load(home, id).await else { break };
        let Ok(body) = job.known() else { break };
        next = body.retry_of;
        shelves.push(shelf(home, &job).await?);
    }
    Ok(shelves)
}

pub(super) fn collected(extract: Option<&Extract>, gather: &Gather, is_narrow: bool) -> Collected {
    let mut collected = Collected {
        sections: gather.sections.clone(),
        between: gather.between,
        answer: Answer::Found.as_str().to_owned(),
        ..Collected::default()
    };
    collected.warnings = timeless(gather);
    let Some(extract) = extract else {
        return collected;
    };
    extract.answer().as_str().clone_into(&mut collected.answer);
    collected.sources = extract.sources;
    collected.not_searched = not_searched(extract);
    // What else is doubtful was told when the job was asked for; where a short value may be, only the filters tell.
    let doubts = extract.doubts.iter();
    let short = doubts.filter(|doubt| doubt.why == Why::Short);
    collected.warnings.extend(short.map(Doubt::sentence));
    if let Some(sentence) = said(extract) {
        collected.warnings.push(sentence);
    }
    if is_narrow {
        let sentence = "only the sources and collections that were asked for are in";
        collected.warnings.push(sentence.to_owned());
    }
    collected
}

/// Warnings of places and rows to which the window could not be applied.
pub(super) fn timeless(gather: &Gather) -> Vec<String> {
    let sentence = |place: &String| {
        format!("{place} has no column of times: its rows are in, whatever period was asked for")
    };
    let untimed = |((place, column), rows): (&(String, String), &u64)| {
        let (noun, verb) = if *rows == 1 {
            ("row", "it is")
        } else {
            ("rows", "they are")
        };
        format!(
            "{place}: the time of {rows} {noun} cannot be read in {column}: {verb} in, whatever period was asked for"
        )
    };
    let timeless = gather.timeless.iter().map(sentence);
    timeless.chain(gather.untimed.iter().map(untimed)).collect()
}

/// The answer, where it is not rows.
fn said(extract: &Extract) -> Option<String> {
    let sources = extract.sources;
    let places = if sources == 1 { "source" } else { "sources" };
    Some(match extract.answer() {
        Answer::Found => return None,
        Answer::ForReview => "no row is certainly about the person; some may be".to_owned(),
        Answer::Nowhere => format!(
            "nothing about the person was found: {sources} {places} were searched, and all of what was scanned of them"
        ),
        Answer::NotKnown => format!(
            "nothing about the person was found in {sources} {places}, and not everything was searched"
        ),
    })
}

/// Where nobody looked, as bundles tell it.
pub(super) fn not_searched(extract: &Extract) -> Vec<locard_bundle::NotSearched> {
    extract.not_searched.iter().map(told_gap).collect()
}

fn told_gap(gap: &NotSearched) -> locard_bundle::NotSearched {
    let entity = match (&gap.resource, &gap.column) {
        (Some(resource), Some(column)) => Some(format!("{resource}:{column}")),
        (resource, _) => resource.clone(),
    };
    locard_bundle::NotSearched {
        source: gap.source.clone(),
        entity,
        cause: match gap.reason {
            Reason::Unreachable => Cause::Unreachable,
            Reason::Failed => Cause::Failed,
            Reason::Damaged => Cause::Damaged,
            Reason::Stale => Cause::Stale,
            Reason::Sampled => Cause::Sampled,
            Reason::PartlyIndexed | Reason::TooMany | Reason::TooShort => Cause::Partly,
            Reason::NotIndexed => Cause::NotIndexed,
            Reason::Unsupported => Cause::Unsupported,
            Reason::Manual => Cause::Manual,
            Reason::NotScanned | Reason::Unfinished | Reason::Cancelled => Cause::NotScanned,
            Reason::LeftOut | Reason::Named => Cause::Skipped,
        },
        detail: Some(gap.sentence.clone()),
    }
}

/// Removes what is kept of a job.
pub(super) async fn remove(home: &Home, id: Uuid, store_at: Option<&str>) -> Result<()> {
    let (store, folder) = (store(home, store_at)?, Body::folder(id));
    let removed = tokio::task::spawn_blocking(move || store.remove(&folder)).await;
    let removed = removed.map_err(|gone| {
        Error::new(ErrorKind::Unexpected, "removing ended in the middle").cause(gone)
    })?;
    removed.map_err(unkept)
}

/// Removes the bundle of a job that was ended; what it read stays for a job that repeats it.
pub(super) async fn remove_bundle(home: &Home, job: &DsarJob) -> Result<()> {
    let (store, folder) = (
        store(home, job.known()?.store.as_deref())?,
        Body::folder(job.id),
    );
    let remove = move || {
        for name in [super::pack::BUNDLE, super::pack::ARTIFACT] {
            store.remove(&format!("{folder}/{name}"))?;
        }
        Ok(())
    };
    let removed = tokio::task::spawn_blocking(remove).await;
    let removed: std::io::Result<()> = removed.map_err(|gone| {
        Error::new(ErrorKind::Unexpected, "removing ended in the middle").cause(gone)
    })?;
    removed.map_err(unkept)
}
