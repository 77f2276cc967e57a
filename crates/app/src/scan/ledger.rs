//! What the engine needs to be remembered, kept in the store.
//!
//! What a reader gets wrong: a piece is leased when it is read and not before, so that a process that dies leaves the
//! leases of what it was reading, and of nothing else. That is how a file is found that brings the process down.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use locard_connector::{Entity, ErrorKind, Split};
use locard_engine::{
    Allowed, Checkpoints, Concluded, Error, Failure, PieceDone, PieceOutline, PieceState, Planned,
    Pool, Result, ScannedColumn, Shown, Sink, Start,
};
use locard_identify::Library;
use locard_model::{ColumnId, EntityId, JobId, OrgId, PieceId, SourceId, TaskState};
use locard_sketch::Keyer;
use locard_sketch::forms::FORMS_VERSION;
use locard_store::ErrorKind::{Conflict, NotFound};
use locard_store::{
    Claim, Column, FailureDraft, JobLease, Lease, Page, PieceHead, Store, TaskCounts, TaskDraft,
    TaskOutcome, WorkerId,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::jobs::conduct::LEASE;
use crate::jobs::kinds::Work;
use crate::scan::record::{self, Listing};

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
    /// Given back when the piece ends.
    _room: OwnedSemaphorePermit,
}

#[derive(Default)]
struct State {
    /// What earlier runs left.
    left: HashMap<EntityId, HashMap<PieceId, PieceState>>,
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

/// By what a scan reads: rules and allowed values. Pieces that were read by others know nothing of these.
#[derive(Clone, Debug)]
pub(crate) struct Basis(String);

impl Basis {
    pub(crate) fn new(library: &Library, allowed: &Allowed) -> Self {
        let (rules, allowed) = (library.fingerprint(), allowed.digest());
        // Another release may see more in the same values by the same rules.
        let release = env!("CARGO_PKG_VERSION");
        Self(format!("{rules:016x}.{allowed:016x}.{release}"))
    }

    /// Whether a piece was read by the same.
    fn is_in(&self, version: Option<&str>) -> bool {
        version.and_then(|version| version.split(' ').next()) == Some(self.0.as_str())
    }

    fn version(&self, splits: &[Split]) -> String {
        let state = record::fingerprint(splits).unwrap_or_default();
        format!("{} {state}", self.0)
    }

    /// Whether it is also that of what a job has read; all its tasks have the same.
    pub(crate) async fn is_of(
        &self,
        store: &dyn Store,
        org: OrgId,
        job: JobId,
    ) -> locard_store::Result<bool> {
        let tasks = store.tasks(org, job, None, Page::first(1)).await?;
        let mut versions = tasks.items.iter().map(|task| task.version.as_deref());
        Ok(versions.all(|version| self.is_in(version)))
    }
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

    /// What is recorded of these pieces, in their order; [`Error::Recorded`] where one is not there, or was read by other
    /// rules than ours.
    async fn heads(&self, entity: EntityId, pieces: &[PieceId]) -> Result<Vec<PieceHead>> {
        let heads = self.store.pieces(self.org(), entity).await.map_err(lost)?;
        let mut heads: HashMap<PieceId, PieceHead> =
            heads.into_iter().map(|head| (head.piece, head)).collect();
        let head = |piece| {
            let head = heads.remove(piece).ok_or_else(gone)?;
            self.is_ours(&head).then_some(head).ok_or_else(gone)
        };
        pieces.iter().map(head).collect()
    }

    fn is_ours(&self, head: &PieceHead) -> bool {
        self.basis.is_in(head.version.as_deref())
    }

    /// The columns of an entity in their order, and of these ids those too that are gone by now: another job may have
    /// concluded so since, and what this one has read of them counts all the same.
    async fn names(&self, entity: EntityId, ids: &[ColumnId]) -> Result<Vec<Column>> {
        let mut columns = self.store.columns(self.org(), entity).await.map_err(lost)?;
        let mut known: HashSet<ColumnId> = columns.iter().map(|column| column.id).collect();
        let mut buried = Vec::new();
        for id in ids {
            if !known.insert(*id) {
                continue;
            }
            match self.store.column(self.org(), *id).await {
                Err(error) if error.kind() == NotFound => return Err(gone()),
                column => buried.push(column.map_err(lost)?),
            }
        }
        buried.sort_by(|a, b| (a.ordinal, &a.path).cmp(&(b.ordinal, &b.path)));
        columns.append(&mut buried);
        Ok(columns)
    }

    /// Where the merged sketches of an entity go.
    fn staged(&self, entity: EntityId) -> PieceId {
        let new = || PieceId(Uuid::new_v4());
        *self.state().staged.entry(entity).or_insert_with(new)
    }

    /// The lease of a piece that ends now. It is held until the store has taken that in.
    fn leased(&self, piece: PieceId) -> Result<Lease> {
        let held = self.state().held.get(&piece).map(|held| held.lease);
        held.ok_or_else(|| lease_lost("a piece of work ended that this process does not hold"))
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

    /// Whether what is recorded of a piece is what this scan would record of it.
    async fn is_as_ours(&self, entity: EntityId, piece: PieceId) -> Result<bool> {
        let Some(recorded) = self
            .store
            .piece(self.org(), entity, piece)
            .await
            .map_err(lost)?
        else {
            return Ok(false);
        };
        let (key, forms) = (self.keyer.id(), u32::from(FORMS_VERSION));
        let mut columns = recorded.columns.iter();
        let same = columns.all(|column| (column.key, column.forms) == (key, forms));
        if !same || !self.is_ours(&recorded.head) {
            return Ok(false);
        }
        let sound = self.apart(move || record::sound(&recorded.columns)).await?;
        Ok(sound.is_ok())
    }

    async fn is_whole(&self, entity: EntityId) -> Result<bool> {
        let heads = self.store.column_heads(self.org(), entity).await;
        Ok(record::is_whole(&heads.map_err(lost)?))
    }

    fn claim(&self, piece: PieceId) -> Claim {
        Claim {
            worker: self.lease.worker,
            job: Some((self.org(), self.lease.job)),
            piece: Some(piece),
            affinity: self.affinity.clone(),
            lease_for: LEASE,
            limit: 1,
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

    /// Waits until the piece may be read: a suspect when nothing else is, and nothing else while a suspect is. `None`:
    /// the scan was stopped first.
    async fn room(&self, deaths: u32) -> Result<Option<OwnedSemaphorePermit>> {
        let wanted = if is_suspect(deaths) { ROOM } else { 1 };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Ok(None),
            room = Arc::clone(&self.room).acquire_many_owned(wanted) => room.map(Some).map_err(Error::ledger),
        }
    }

    /// Writes those of the entity's columns that this piece is the first to bring, so that a later run knows the names of
    /// what is in it. Other pieces do the same at the same time: nobody takes away what another has written.
    async fn name_columns(
        &self,
        planned: &Planned,
        columns: &[ScannedColumn],
    ) -> locard_store::Result<()> {
        let entity = planned.shown.entity;
        let known = self.state().columns.get(&entity).cloned();
        let mut known = match known {
            Some(known) => known,
            // Those of an earlier scan stay until this one is concluded: the index still stands for them.
            None => self.store.columns(self.org(), entity).await?,
        };
        let before = known.len();
        record::add_columns(planned, columns, &mut known);
        if let Some(new @ [_, ..]) = known.get(before..) {
            let author = self.lease.into();
            self.store.add_columns(author, entity, new).await?;
        }
        let mut state = self.state();
        let all = state.columns.entry(entity).or_default();
        let ids: HashSet<ColumnId> = all.iter().map(|column| column.id).collect();
        all.extend(known.into_iter().filter(|column| !ids.contains(&column.id)));
        Ok(())
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

/// A conclusion that the store refuses for the state of one entity costs that entity only.
fn unconcluded(error: locard_store::Error) -> Error {
    if error.kind() == Conflict {
        gone()
    } else {
        lost(error)
    }
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
                let of_entity = state.left.entry(entity).or_default();
                of_entity.insert(task.piece, piece);
                if piece == PieceState::Open && task.attempts > 0 {
                    state.deaths.insert(task.piece, task.attempts);
                }
            }
            let Some(after) = tasks.next else {
                return Ok(state);
            };
            page.after = Some(after);
        }
    }
}

#[async_trait]
impl Checkpoints for StoreLedger {
    fn run(&self) -> Uuid {
        self.lease.worker.0
    }

    async fn left(&self, entity: EntityId) -> Result<HashMap<PieceId, PieceState>> {
        Ok(self.state().left.get(&entity).cloned().unwrap_or_default())
    }

    async fn check(&self, entity: EntityId, piece: PieceId) -> Result<()> {
        let recorded = self.store.piece(self.org(), entity, piece).await;
        let recorded = recorded.map_err(lost)?.ok_or_else(gone)?;
        if !self.is_ours(&recorded.head) {
            return Err(gone());
        }
        self.apart(move || record::sound(&recorded.columns)).await?
    }

    async fn outlines(&self, entity: EntityId, pieces: &[PieceId]) -> Result<Vec<PieceOutline>> {
        let heads = self.heads(entity, pieces).await?;
        let parts = self.store.piece_parts(self.org(), entity, pieces).await;
        let parts = parts.map_err(lost)?;
        let ids: Vec<ColumnId> = parts.iter().map(|part| part.column).collect();
        let columns = self.names(entity, &ids).await?;
        self.apart(move || record::outlines(&heads, &parts, &columns))
            .await
    }

    async fn recorded(
        &self,
        entity: EntityId,
        pieces: &[PieceId],
        columns: &[String],
    ) -> Result<Vec<Vec<ScannedColumn>>> {
        let heads = self.heads(entity, pieces).await?;
        let ids: Vec<ColumnId> = columns
            .iter()
            .map(|name| ColumnId::derive(entity, name))
            .collect();
        let names = self.names(entity, &ids).await?;
        let recorded = self.store.piece_columns(self.org(), entity, pieces, &ids);
        let recorded = recorded.await.map_err(lost)?;
        self.apart(move || record::columns_of_pieces(&heads, &ids, &names, recorded))
            .await?
    }
}

#[async_trait]
impl Sink for StoreLedger {
    async fn lists(&self, source: SourceId) -> Result<()> {
        let now = self.store.clock().await.map_err(lost)?;
        self.state().listings.insert(source, now);
        Ok(())
    }

    async fn listed(
        &self,
        source: SourceId,
        entities: &[(Arc<Shown>, Entity)],
        complete: bool,
    ) -> Result<()> {
        let began = self.state().listings.remove(&source);
        let listing = Listing {
            source,
            entities,
            began: began.filter(|_| complete && !self.narrowed),
        };
        let written = listing.write(self.store.as_ref(), self.lease.into()).await;
        written.map_err(lost)?;
        Ok(())
    }

    async fn planned(&self, planned: &Planned) -> Result<()> {
        let draft = |piece: &locard_engine::Piece| {
            Ok(TaskDraft {
                piece: piece.id,
                entity: Some(planned.shown.entity),
                split: serde_json::to_value(&piece.splits).map_err(Error::ledger)?,
                version: Some(self.basis.version(&piece.splits)),
                snapshot: piece
                    .splits
                    .first()
                    .and_then(|split| split.snapshot.clone()),
                // This ledger gives up by itself, and says what.
                max_attempts: u32::MAX,
            })
        };
        let drafts: Vec<TaskDraft> = planned.pieces.iter().map(draft).collect::<Result<_>>()?;
        if let Err(error) = self.store.add_tasks(&self.lease, &drafts).await {
            let refused = error.kind() == locard_store::ErrorKind::LeaseLost;
            if !(refused && self.is_cancelled().await) {
                return Err(lost(error));
            }
            self.stop.cancel();
            return Ok(());
        }
        let (shown, pieces) = (&planned.shown, drafts.len());
        if let Some(deaths) = self.suspicion(planned) {
            warn!(
                source = shown.source_name,
                resource = shown.resource,
                deaths,
                "it is read alone, since locard ended without a word while it read this"
            );
        }
        info!(
            source = shown.source_name,
            resource = shown.resource,
            pieces,
            "planned"
        );
        Ok(())
    }

    async fn adopt(&self, planned: &Planned) -> Result<bool> {
        let entity = planned.shown.entity;
        if self.anew {
            return Ok(false);
        }
        for piece in &planned.pieces {
            if !self.is_as_ours(entity, piece.id).await? {
                return Ok(false);
            }
        }
        let pieces: Vec<PieceId> = planned.pieces.iter().map(|piece| piece.id).collect();
        let adopted = self.store.adopt_pieces(&self.lease, entity, &pieces).await;
        let adopted = adopted.map_err(lost)?;
        self.state().unchanged += u64::from(adopted);
        Ok(adopted)
    }

    async fn start(&self, piece: PieceId) -> Result<Start> {
        let deaths = self.state().deaths.get(&piece).copied().unwrap_or(0);
        let Some(room) = self.room(deaths).await? else {
            return Ok(Start::Stop);
        };
        let leased = self.store.lease_tasks(&self.claim(piece)).await;
        let Some(leased) = leased.map_err(lost)?.pop() else {
            if self.is_cancelled().await {
                // Whoever cancelled has ended the tasks that wait.
                self.stop.cancel();
                return Ok(Start::Stop);
            }
            return Err(lease_lost(
                "a planned piece of work is no longer in the store",
            ));
        };
        let held = Held {
            lease: leased.lease,
            _room: room,
        };
        self.state().held.insert(piece, held);
        if deaths >= DEATHS {
            return Ok(Start::GiveUp(deadly(deaths)));
        }
        debug!(piece = %piece.0, deaths, "a piece is being read");
        Ok(Start::Read)
    }

    async fn commit(&self, planned: &Planned, piece: PieceId, done: &Arc<PieceDone>) -> Result<()> {
        self.name_columns(planned, &done.columns)
            .await
            .map_err(lost)?;
        let (entity, encoded) = (planned.shown.entity, Arc::clone(done));
        let columns = self
            .apart(move || record::piece_rows(entity, &encoded.columns))
            .await?;
        let lease = self.leased(piece)?;
        let faults: u64 = done.failures.iter().map(|failure| failure.records).sum();
        let outcome = TaskOutcome {
            partial: !done.failures.is_empty(),
            counts: TaskCounts {
                rows: done.rows,
                bytes: done.bytes,
                faults,
            },
            columns,
            failures: done.failures.iter().map(record::failure).collect(),
        };
        self.store
            .complete_task(&lease, &outcome)
            .await
            .map_err(lost)?;
        self.state().held.remove(&piece);
        let (resource, rows, bytes) = (&planned.shown.resource, done.rows, done.bytes);
        debug!(piece = %piece.0, resource, rows, bytes, faults, "a piece was read and recorded");
        Ok(())
    }

    async fn abandon(&self, piece: PieceId, why: &Failure) -> Result<()> {
        let lease = self.leased(piece)?;
        self.store
            .fail_task(&lease, &record::failure(why), None)
            .await
            .map_err(lost)?;
        self.state().held.remove(&piece);
        warn!(piece = %piece.0, resource = why.resource, why = why.sentence, "a piece was given up");
        Ok(())
    }

    async fn merged(&self, entity: EntityId, columns: &Arc<Vec<ScannedColumn>>) -> Result<()> {
        let encoded = Arc::clone(columns);
        let columns = self
            .apart(move || record::merged_rows(entity, &encoded))
            .await?;
        let staged = self.staged(entity);
        self.store
            .stage(&self.lease, entity, staged, &columns)
            .await
            .map_err(lost)
    }

    /// Where an entity was read whole before, a sample of it, or a reading that broke off, takes nothing out of the index:
    /// whoever is in it stays.
    ///
    /// Otherwise three writes, in an order in which a death between them shows as "stale" or "not scanned": the index first,
    /// then the columns that are gone, and only then the state that everything before stands for.
    async fn conclude(&self, concluded: &Arc<Concluded>) -> Result<()> {
        let shown = &concluded.planned.shown;
        let mut columns = Vec::new();
        record::add_judged(&concluded.planned, &concluded.columns, &mut columns);
        let (encoded, staged) = (
            Arc::clone(concluded),
            self.state().staged.remove(&shown.entity),
        );
        let mut conclusion = self
            .apart(move || record::conclusion(&encoded, staged))
            .await?;
        let is_less = concluded.sampled || concluded.broken;
        conclusion.aside = is_less && self.is_whole(shown.entity).await?;
        if !conclusion.aside {
            // Another job may have replaced a piece while it was put together with the others.
            self.heads(shown.entity, &concluded.pieces).await?;
        }
        self.store
            .conclude(&self.lease, &conclusion)
            .await
            .map_err(unconcluded)?;
        if conclusion.aside {
            self.state().kept += 1;
        } else {
            let author = self.lease.into();
            let written = self.store.put_columns(author, shown.entity, &columns).await;
            written.map_err(lost)?;
            let entity = [record::concluded_entity(concluded)];
            let written = self.store.put_entities(author, &entity).await;
            written.map_err(lost)?;
        }
        self.state().columns.remove(&shown.entity);
        let (rows, findings) = (concluded.rows, concluded.findings.len());
        info!(
            source = shown.source_name,
            resource = shown.resource,
            rows,
            findings,
            "judged and stored"
        );
        Ok(())
    }

    async fn failed(&self, failures: &[Failure]) -> Result<()> {
        let drafts: Vec<FailureDraft> = failures.iter().map(record::failure).collect();
        self.store
            .record_failures(&self.lease, &drafts)
            .await
            .map_err(lost)
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
