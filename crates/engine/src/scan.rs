//! The scan: list, plan, read, record, judge; parallel over pieces.
//!
//! One future drives everything and only waits; connectors read in spawned tasks, the pass runs on the thread pool.
//! What a reader gets wrong: a failure never ends a scan. Only a lost ledger does, and a cancel, which is no failure.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use locard_connector::{
    Entity, ErrorKind, Filter, Sample, ScanPlan, ScanRequest, Scope, Settled, Snapshot, Source,
};
use locard_identify::Library;
use locard_model::{EntityId, SourceId};
use locard_sketch::Keyer;
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::board::{Board, Group};
use crate::ledger::Ledger;
use crate::mask::Mask;
use crate::pass::Room;
use crate::pieces::{Manner, ROW_BYTES};
use crate::pool::{Pool, Scratches};
use crate::settle::Settling;
use crate::silence::{Silence, not_tried};
use crate::waiting::{Listed, Waiting, waiting};
use crate::{Allowed, Error, Event, Failure, Reporter, Result, Shown};

/// Entities that are planned ahead of reading. So many are also recorded together.
const PLANNED_AHEAD: usize = 32;

/// The same of the first, by which it shows whether their source answers. So many are planned at the same time, too: each
/// takes a connection, and a database of thousands of tables is slow to connect to.
const PLANNED_FIRST: usize = 4;

/// Runs scans and look-ups; made once per process. A clone shares its threads and memory.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) library: Arc<Library>,
    pub(crate) keyer: Arc<Keyer>,
    pub(crate) pool: Pool,
    pub(crate) scratches: Arc<Scratches>,
    pub(crate) mask: Mask,
    /// Memory that all passes share.
    pub(crate) room: Arc<Room>,
}

/// One source of a scan.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its id.
    pub id: SourceId,
    /// As people see it, without credentials.
    pub name: String,
    /// Opened by the caller.
    pub source: Arc<dyn Source>,
    /// Which of its entities are wanted.
    pub scope: Scope,
}

/// How to scan.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many records of each entity.
    pub sample: Sample,
    /// Only records for which this holds; and what tells pieces that were read so from all others, which is never used for
    /// another condition.
    pub condition: Option<(Filter, Uuid)>,
    /// Let every rule judge every value, even where a column's label is settled.
    pub exhaustive: bool,
    /// How long one consistent view lasts.
    pub snapshot: Snapshot,
    /// About how many bytes of a source are read and recorded together: [`PIECE_BYTES`](crate::PIECE_BYTES), unless a
    /// test should not have to fill gigabytes.
    pub piece_bytes: u64,
    /// About how many bytes of what was listed may wait for its plan: [`LISTED_BYTES`](crate::LISTED_BYTES), unless a test
    /// should not have to list a million entities.
    pub listed_bytes: usize,
    /// Values that count as evidence for nothing.
    pub allowed: Arc<Allowed>,
}

impl Options {
    /// Whether only some records are asked for.
    pub(crate) fn reads_some(&self) -> bool {
        self.sample != Sample::All || self.condition.is_some()
    }

    /// What is asked of an entity.
    pub(crate) fn request(&self, entity: &Entity) -> ScanRequest {
        let condition = self.condition.as_ref();
        ScanRequest {
            filter: condition.map(|(filter, _)| filter.clone()),
            ..scan_request(entity, self.sample, self.snapshot, self.piece_bytes)
        }
    }

    /// How pieces are read.
    pub(crate) fn manner(&self) -> Manner {
        Manner {
            sample: self.sample,
            condition: self.condition.as_ref().map(|(_, tag)| *tag),
            exhaustive: self.exhaustive,
            bytes: self.piece_bytes.max(1),
        }
    }
}

/// What a scan did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Entities that were judged.
    pub entities: u64,
    /// Of them, with at least one finding.
    pub with_findings: u64,
    /// Columns judged.
    pub columns: u64,
    /// Records, those of kept pieces included.
    pub rows: u64,
    /// Bytes, about.
    pub bytes: u64,
    /// Failures.
    pub failures: u64,
    /// Whether it was cancelled before its end.
    pub cancelled: bool,
}

impl Engine {
    /// An engine with so many worker threads, 0: one per core; `names` tells masked names apart.
    pub fn new(
        library: Arc<Library>,
        keyer: Arc<Keyer>,
        names: Keyer,
        threads: usize,
    ) -> Result<Self> {
        let mask = Mask::new(Arc::clone(&library), Arc::new(names));
        let scratches = Arc::new(Scratches::new(Arc::clone(&keyer)));
        let pool = Pool::new(threads).map_err(Error::Threads)?;
        Ok(Self {
            library,
            keyer,
            room: Room::new(pool.threads()),
            pool,
            scratches,
            mask,
        })
    }

    /// The same engine, which masks by these rules: what is no longer looked for is still not shown.
    #[must_use]
    pub fn masking(self, library: Arc<Library>) -> Self {
        Self {
            mask: self.mask.by(library),
            ..self
        }
    }

    /// The same engine by other rules; threads, keys and memory are those of this one.
    #[must_use]
    pub fn ruled_by(&self, library: Arc<Library>) -> Self {
        Self {
            mask: self.mask.clone().by(Arc::clone(&library)),
            scratches: Arc::new(Scratches::new(Arc::clone(&self.keyer))),
            library,
            ..self.clone()
        }
    }

    /// The rules in use.
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// The keyed hash function in use.
    pub fn keyer(&self) -> &Arc<Keyer> {
        &self.keyer
    }

    /// Worker threads.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// Those threads, for what a ledger encodes and decodes.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// What of a path or value may be shown.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// An entity as it may be shown.
    pub fn shown(&self, target: &Target, entity: &Entity) -> Shown {
        let resource = self.mask.path(&entity.path, entity.kind);
        Shown {
            masked: resource != entity.path.resource(entity.kind),
            source: target.id,
            source_name: target.name.clone(),
            entity: EntityId::derive(target.id, entity.kind, &entity.path),
            kind: entity.kind,
            resource,
            rows: entity.rows,
            bytes: entity.bytes,
        }
    }

    /// What could not be listed, with its place as it may be shown.
    pub fn listing_failure(&self, error: &locard_connector::Error, target: &Target) -> Failure {
        let plain = error.entity_name();
        let resource = plain.map(|resource| self.mask.resource(resource));
        let failure = Failure::of(&self.mask, error, &target.name, None);
        // A hint may name what the mask hides.
        let hint = failure.hint.filter(|_| resource.as_deref() == plain);
        Failure {
            source: Some(target.id),
            resource,
            hint,
            ..failure
        }
    }

    /// Scans the targets. What was done is in the ledger when this returns, however it returns.
    pub async fn scan(
        &self,
        targets: &[Target],
        options: &Options,
        ledger: &dyn Ledger,
        reporter: &dyn Reporter,
        cancel: &CancellationToken,
    ) -> Result<Summary> {
        let run = Run {
            engine: self,
            options,
            ledger,
            reporter,
            cancel,
            board: Board::default(),
            silence: Silence::default(),
            settling: Settling::default(),
            left: AtomicUsize::new(1),
        };
        let (sender, receiver) = mpsc::channel(1);
        let receiver = Mutex::new(receiver);
        let workers = (0..self.pool.threads()).map(|_| run.work(&receiver));
        let workers = futures::future::try_join_all(workers);
        let (lister, waiting) = waiting(options.listed_bytes);
        let listing = run.list_all(targets, lister);
        tokio::try_join!(listing, run.plan(targets, waiting, sender), workers)?;
        Ok(Summary {
            // One that came after the last piece was done cut nothing off.
            cancelled: cancel.is_cancelled() && run.left.into_inner() > 0,
            ..run.board.summary()
        })
    }
}

/// An entity whose plan was asked for.
pub(crate) struct Asked {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) shown: Arc<Shown>,
    pub(crate) entity: Entity,
    /// Whether what its plan tells of its state was known to be all of it, where the source was asked before.
    pub(crate) settled: Option<Settled>,
}

/// One scan under way.
pub(crate) struct Run<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) options: &'a Options,
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) reporter: &'a dyn Reporter,
    pub(crate) cancel: &'a CancellationToken,
    pub(crate) board: Board,
    pub(crate) silence: Silence,
    pub(crate) settling: Settling,
    /// What a cancel would cut off: the planning, as one, and the pieces that were planned and are not done.
    pub(crate) left: AtomicUsize,
}

impl Run<'_> {
    /// Plans what was listed. The first entities are planned by themselves: should their source not answer, the others need
    /// not wait for it too.
    async fn plan(
        &self,
        targets: &[Target],
        mut waiting: Waiting,
        sender: mpsc::Sender<Group>,
    ) -> Result<()> {
        if self.unless_cancelled(waiting.gather()).await.is_none() {
            return Ok(());
        }
        {
            let mut listed = std::pin::pin!(waiting.entities(targets));
            let first = listed.by_ref().take(PLANNED_FIRST).try_collect::<Vec<_>>();
            let Some(first) = self.unless_cancelled(first).await else {
                return Ok(());
            };
            let first = stream::iter(first?.into_iter().map(Ok));
            if !self
                .plan_listed(targets, first, PLANNED_FIRST, &sender)
                .await?
                || !self
                    .plan_listed(targets, listed, PLANNED_AHEAD, &sender)
                    .await?
            {
                return Ok(());
            }
        }
        // A cancel may have ended the listing.
        if waiting.is_whole() {
            self.left.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Plans entities, so many ahead of reading; a group of pieces enters the channel when a worker is free for it. Whether
    /// it came to the end, as against a cancel.
    async fn plan_listed(
        &self,
        targets: &[Target],
        listed: impl Stream<Item = Result<Listed>>,
        ahead: usize,
        sender: &mpsc::Sender<Group>,
    ) -> Result<bool> {
        // Planning runs in tasks of its own: a future that waits here unpolled, with a connection in its hand, would
        // keep the workers from theirs.
        // It takes the place of a target rather than the target: else nobody could prove that the whole may move
        // between threads.
        let turns = Arc::new(Semaphore::new(PLANNED_FIRST));
        let asked = listed.map_ok(|(place, shown, entity)| {
            let target = &targets[place];
            let asked = Asked {
                source: Arc::clone(&target.source),
                shown,
                settled: self.settling.known(target.id),
                entity,
            };
            let mut request = self.options.request(&asked.entity);
            let source = Arc::clone(&target.source);
            let silent = self.silence.of(target.id);
            let turns = Arc::clone(&turns);
            let plan = tokio::spawn(async move {
                // It is never closed.
                let _turn = turns.acquire().await;
                if silent {
                    return Err(not_tried());
                }
                let plan = fitted(source.as_ref(), &mut request).await?;
                Ok((request, plan))
            });
            let plan = AbortOnDropHandle::new(plan);
            async move { Ok((asked, plan.await)) }
        });
        let mut planned = std::pin::pin!(asked.try_buffered(ahead).ready_chunks(ahead));
        loop {
            let Some(next) = self.unless_cancelled(planned.next()).await else {
                return Ok(false);
            };
            let Some(answers) = next else {
                return Ok(true);
            };
            let answers = answers.into_iter().collect::<Result<Vec<_>>>()?;
            let groups = self.plan_entities(answers).await?;
            let pieces = groups.iter().map(Vec::len).sum();
            self.left.fetch_add(pieces, Ordering::Relaxed);
            for group in groups {
                // Once cancelled, no worker takes anything out of the channel.
                let Some(Ok(())) = self.unless_cancelled(sender.send(group)).await else {
                    return Ok(false);
                };
            }
        }
    }

    async fn work(&self, receiver: &Mutex<mpsc::Receiver<Group>>) -> Result<()> {
        loop {
            let next = async { receiver.lock().await.recv().await };
            let Some(group) = self.unless_cancelled(next).await.flatten() else {
                return Ok(());
            };
            let done = self.read_group(group).await?;
            self.left.fetch_sub(done, Ordering::Relaxed);
        }
    }

    /// Records and tells a failure.
    pub(crate) async fn fail(&self, failure: Failure) -> Result<()> {
        self.tell_failure(&failure);
        self.ledger.failed(std::slice::from_ref(&failure)).await
    }

    /// Records and tells the failure that ends an entity.
    pub(crate) async fn fail_whole(&self, failure: Failure, entity: &Arc<Shown>) -> Result<()> {
        self.fail(failure).await?;
        self.tell_given_up(entity);
        Ok(())
    }

    /// Tells that nothing more comes of an entity, and that it is not judged.
    pub(crate) fn tell_given_up(&self, entity: &Arc<Shown>) {
        let entity = Arc::clone(entity);
        self.reporter.on(&Event::GivenUp { entity });
    }

    /// Tells a failure that the ledger hears of in another way.
    pub(crate) fn tell_failure(&self, failure: &Failure) {
        self.board.count(|summary| summary.failures += 1);
        self.reporter.on(&Event::Failed(failure.clone()));
    }

    /// The future's value, or `None` when the cancel comes first.
    pub(crate) async fn unless_cancelled<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => None,
            value = future => Some(value),
        }
    }
}

/// The plan of a request, once its condition calls the columns as the entity has them.
pub(crate) async fn fitted(
    source: &dyn Source,
    request: &mut ScanRequest,
) -> locard_connector::Result<ScanPlan> {
    fit(source, request).await?;
    source.plan(request).await
}

/// Calls the columns of a condition as the entity has them.
async fn fit(source: &dyn Source, request: &mut ScanRequest) -> locard_connector::Result<()> {
    let Some(filter) = &request.filter else {
        return Ok(());
    };
    let described = source.describe(&request.path, request.kind).await?;
    let fitted = filter.fitted(&described.schema).map_err(|column| {
        let sentence = format!("it has no column {column}, which the condition names");
        locard_connector::Error::new(ErrorKind::NotFound, sentence)
    });
    request.filter = Some(fitted?);
    Ok(())
}

/// The question that a scan in pieces of so many bytes asks of an entity.
pub fn scan_request(
    entity: &Entity,
    sample: Sample,
    snapshot: Snapshot,
    piece_bytes: u64,
) -> ScanRequest {
    ScanRequest {
        sample: telling(entity, sample),
        max_splits: splits_for(entity, sample, piece_bytes),
        snapshot,
        ..ScanRequest::all(entity.path.clone(), entity.kind)
    }
}

/// Records of which there must be so many in a share, if there are: of an entity that is known to be small, they are read
/// whatever share was asked for.
pub const LEAST_SAMPLED: u64 = 1_000;

/// A share of few records is next to nothing, and nothing is no answer: of small entities so many are read instead.
fn telling(entity: &Entity, sample: Sample) -> Sample {
    let Sample::Percent(share, seed) = sample else {
        return sample;
    };
    let of_bytes = || entity.bytes.map(|bytes| bytes / ROW_BYTES);
    match entity.rows.or_else(of_bytes) {
        Some(rows) if rows as f64 * share < LEAST_SAMPLED as f64 * 100.0 => {
            Sample::Rows(LEAST_SAMPLED, seed)
        }
        _ => sample,
    }
}

/// How many splits are useful for that much data.
fn splits_for(entity: &Entity, sample: Sample, piece_bytes: u64) -> NonZeroUsize {
    const MOST: u64 = 4_096;
    let bytes = entity
        .bytes
        .or_else(|| entity.rows.map(|rows| rows.saturating_mul(ROW_BYTES)));
    // A sample is taken from the entity as a whole, so it is read in one piece.
    let wanted = if sample == Sample::All {
        bytes.map_or(1, |bytes| bytes.div_ceil(piece_bytes.max(1)))
    } else {
        1
    };
    NonZeroUsize::new(wanted.clamp(1, MOST) as usize).unwrap_or(NonZeroUsize::MIN)
}
