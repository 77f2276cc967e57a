//! What the engine needs to be remembered, kept in the store.
//!
//! What a reader gets wrong: a piece is leased when it is read and not before, so that a process that dies leaves the
//! leases of what it was reading, small entities in groups, and of nothing else. That is how a file is found that brings the process down.

mod basis;
mod checkpoints;
mod sink;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use locard_connector::ErrorKind;
use locard_engine::{Error, PieceState, Planned, Pool, Result};
use locard_model::{EntityId, JobId, OrgId, PieceId, SourceId, TaskState};
use locard_sketch::Keyer;
use locard_store::{Claim, Column, JobLease, Lease, Page, Store, WorkerId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::warn;

pub(crate) use basis::Basis;

use crate::work::conduct::LEASE;
use crate::work::kind::Work;

/// How often a process may die while it reads a piece before that is read alone. Until then the piece is no suspect:
/// others were read beside it, and somebody may have killed the process.
const DEATHS_BESIDE_OTHERS: u32 = 3;

/// How often it may die in all. What brings the process down every time would do so for ever, and nothing behind it would
/// be read. But what ends a process is mostly somebody from outside, a machine that restarts or one that is short of
/// memory, and that can meet one long piece many times; to be read at last after all of that is worth some vain runs.
pub(crate) const DEATHS: u32 = 24;

/// Pieces that are read at the same time, at most; one that is read alone takes the room of all.
const ROOM: u32 = 1 << 16;

/// The ledger of one job.
pub(crate) struct StoreLedger {
    store: Arc<dyn Store>,
    lease: JobLease,
    /// What workers of the job are called.
    affinity: Option<String>,
    /// Where sketches are encoded and decoded, so that heartbeats need not wait for that.
    pool: Pool,
    /// By what pieces are read.
    basis: Basis,
    /// Whether what has not changed since an earlier scan is read all the same.
    anew: bool,
    /// Keys and version of the forms that sketches must have to be taken over.
    keyer: Arc<Keyer>,
    /// Whether only some entities are listed.
    narrowed: bool,
    /// Ends the scan; fired when somebody asked for it or the job was taken away.
    stop: CancellationToken,
    state: Mutex<State>,
    /// Room for pieces that are being read.
    room: Arc<Semaphore>,
}

/// A piece that is being read.
struct Held {
    lease: Lease,
    /// Given back when all ended that were taken up with it.
    _room: Arc<OwnedSemaphorePermit>,
}

#[derive(Default)]
struct State {
    /// The pieces that earlier runs left, by their entities; there may be a million of them.
    left: Vec<(EntityId, PieceId, PieceState)>,
    /// When the listing of each source began, by the store's clock.
    listings: HashMap<SourceId, Timestamp>,
    /// Where the merged sketches of entities go that are put together from several pieces.
    staged: HashMap<EntityId, PieceId>,
    /// Pieces of earlier runs whose process died while it read them, and how often.
    deaths: HashMap<PieceId, u32>,
    /// Pieces that are being read.
    held: HashMap<PieceId, Held>,
    /// Columns known so far of entities that are being read.
    columns: HashMap<EntityId, Vec<Column>>,
    /// Entities that were read whole before, so that a part of them changed nothing in the index.
    kept: u64,
    /// Entities that have not changed since an earlier scan read them.
    unchanged: u64,
}

impl StoreLedger {
    /// The ledger of a job that this process coordinates. `narrowed`: what a listing does not name is not gone.
    pub(crate) async fn open(
        work: &Work<'_>,
        basis: Basis,
        stop: CancellationToken,
        narrowed: bool,
    ) -> locard_store::Result<Self> {
        let (store, lease) = (Arc::clone(&work.home.store), work.lease);
        // What another job or command took away is read again, and is not taken for rows without values.
        let reopened = store.reopen_tasks(&lease).await?;
        if reopened > 0 {
            warn!(
                pieces = reopened,
                "what an earlier run read of them is no longer there, so they are read again"
            );
        }
        let state = State::of(store.as_ref(), &lease).await?;
        Ok(Self {
            store,
            lease,
            affinity: work.affinity.clone(),
            pool: work.home.engine.pool().clone(),
            basis,
            anew: work.details.anew,
            keyer: Arc::clone(work.home.engine.keyer()),
            narrowed,
            stop,
            state: Mutex::new(state),
            room: Arc::new(Semaphore::new(ROOM as usize)),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn org(&self) -> OrgId {
        self.lease.org
    }

    /// Keeps the leases of what is being read alive until dropped.
    pub(crate) async fn keep_alive(&self) {
        let mut beat = tokio::time::interval(LEASE / 4);
        loop {
            beat.tick().await;
            self.beat().await;
        }
    }

    /// Whether somebody asked for the job to end.
    async fn is_cancelled(&self) -> bool {
        let job = self.store.job(self.org(), self.lease.job).await;
        job.is_ok_and(|job| job.cancel_requested_at.is_some())
    }

    async fn beat(&self) {
        let leases: Vec<Lease> = self.state().held.values().map(|held| held.lease).collect();
        for lease in leases {
            // A lost task lease shows when its piece is committed.
            drop(self.store.task_heartbeat(&lease).await);
        }
    }

    /// Gives back what was not read to its end.
    pub(crate) async fn release(&self) -> locard_store::Result<()> {
        let held = std::mem::take(&mut self.state().held);
        for held in held.values() {
            self.store.release_task(&held.lease).await?;
        }
        Ok(())
    }

    fn claim(&self, pieces: &[PieceId]) -> Claim {
        Claim {
            worker: self.lease.worker,
            job: Some((self.org(), self.lease.job)),
            pieces: pieces.to_vec(),
            affinity: self.affinity.clone(),
            lease_for: LEASE,
            limit: pieces.len() as u32,
        }
    }

    /// How often a process died over a piece that is a suspect, where one of the entity's is.
    fn suspicion(&self, planned: &Planned) -> Option<u32> {
        let state = self.state();
        let deaths = planned
            .pieces
            .iter()
            .map(|piece| state.deaths.get(&piece.id));
        let most = deaths.flatten().max().copied();
        most.filter(|deaths| is_suspect(*deaths))
    }

    /// Waits until pieces may be read: a suspect when nothing else is, and nothing else while a suspect is. `None`:
    /// the scan was stopped first.
    async fn room(&self, is_alone: bool) -> Result<Option<OwnedSemaphorePermit>> {
        let wanted = if is_alone { ROOM } else { 1 };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Ok(None),
            room = Arc::clone(&self.room).acquire_many_owned(wanted) => room.map(Some).map_err(Error::ledger),
        }
    }

    /// Runs what costs CPU on the thread pool.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        self.pool.run(|_| work()).await.map_err(Error::ledger)
    }

    /// Entities of which a part was read and whose index stayed as it was.
    pub(crate) fn kept(&self) -> u64 {
        self.state().kept
    }

    /// Entities that have not changed since an earlier scan read them.
    pub(crate) fn unchanged(&self) -> u64 {
        self.state().unchanged
    }
}

/// Whether a piece over which the process died so often is read, and alone.
const fn is_suspect(deaths: u32) -> bool {
    DEATHS_BESIDE_OTHERS <= deaths && deaths < DEATHS
}

/// Why a piece is not read that brings the process down.
fn deadly(deaths: u32) -> locard_connector::Error {
    let sentence = format!(
        "locard ended without a word {deaths} times while it read this, and is not tried again"
    );
    locard_connector::Error::new(ErrorKind::Interrupted, sentence)
        .hint("leave it out with --exclude, or give locard more memory and scan with --fresh")
}

fn lease_lost(sentence: &str) -> Error {
    let kind = locard_store::ErrorKind::LeaseLost;
    lost(locard_store::Error::new(kind, sentence))
}

fn lost(error: locard_store::Error) -> Error {
    Error::ledger(error)
}

/// What was read of a piece went since: another scan or command took it away, or read it by other rules.
fn gone() -> Error {
    Error::Recorded(
        "a part of it is no longer in the store; another scan may have replaced it".into(),
    )
}

impl State {
    /// What earlier runs of the job left.
    async fn of(store: &dyn Store, lease: &JobLease) -> locard_store::Result<Self> {
        let mut state = Self::default();
        let mut page = Page::first(Page::MAX);
        loop {
            let tasks = store.tasks(lease.org, lease.job, None, page).await?;
            for task in tasks.items {
                let Some(entity) = task.entity else { continue };
                let piece = match task.state {
                    TaskState::Completed => PieceState::Done,
                    TaskState::Partial => PieceState::Partial,
                    TaskState::Failed => PieceState::Failed,
                    _ => PieceState::Open,
                };
                state.left.push((entity, task.piece, piece));
                if piece == PieceState::Open && task.attempts > 0 {
                    state.deaths.insert(task.piece, task.attempts);
                }
            }
            let Some(after) = tasks.next else {
                break;
            };
            page.after = Some(after);
        }
        state.left.shrink_to_fit();
        state
            .left
            .sort_unstable_by_key(|(entity, piece, _)| (*entity, *piece));
        Ok(state)
    }

    /// The pieces of an entity that earlier runs left.
    fn left(&self, entity: EntityId) -> HashMap<PieceId, PieceState> {
        let from = self.left.partition_point(|(left, ..)| *left < entity);
        let of_entity = self.left[from..].iter();
        of_entity
            .take_while(|(left, ..)| *left == entity)
            .map(|(_, piece, state)| (*piece, *state))
            .collect()
    }
}

/// Names the worker and job, for logs.
impl std::fmt::Debug for StoreLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let JobLease { job, worker, .. } = self.lease;
        let (job, worker): (JobId, WorkerId) = (job, worker);
        write!(f, "StoreLedger({job}, {worker:?})")
    }
}
