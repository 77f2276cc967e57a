//! A ledger in memory that dies like a killed process: from then on nothing is written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use locard_connector::Entity;
use locard_engine::{
    Checkpoints, Concluded, Error, Failure, Finished, PieceDone, PieceOutline, PieceState, Planned,
    Result, ScannedColumn, Shown, Sink, Start,
};
use locard_model::{EntityId, Finding, PieceId, SourceId};
use locard_profile::Profile;
use locard_sketch::Membership;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[derive(Default)]
pub(crate) struct Ledger {
    state: Mutex<State>,
    run: AtomicU64,
    /// Commits until it dies; negative: never.
    left: AtomicI64,
    cancel: Mutex<Option<(usize, CancellationToken)>>,
}

#[derive(Default)]
struct State {
    pieces: HashMap<EntityId, HashMap<PieceId, PieceState>>,
    done: HashMap<PieceId, (u64, Vec<ScannedColumn>)>,
    commits: Vec<String>,
    concluded: BTreeMap<String, Outcome>,
    failures: Vec<Failure>,
    /// Pieces of which nothing can be read back.
    damaged: HashSet<PieceId>,
    /// Resources whose pieces are damaged as soon as they are recorded.
    spoiled: HashSet<String>,
    /// Columns that are merged and not concluded.
    merged: HashMap<EntityId, Vec<ScannedColumn>>,
    /// The most columns that were asked for at once.
    widest: usize,
    /// How many pieces were taken up together, each time.
    groups: Vec<usize>,
    /// Entities that were listed, and how many were when the first piece was taken up.
    listed: usize,
    listed_first: Option<usize>,
    mortal: bool,
    dead: bool,
}

#[derive(Default)]
struct Outcome {
    findings: Vec<Finding>,
    columns: Vec<ScannedColumn>,
    partial: bool,
}

impl Ledger {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panicked")
    }

    pub(crate) fn dies_after(&self, commits: i64) {
        self.left.store(commits, Ordering::SeqCst);
        self.state().mortal = true;
    }

    pub(crate) fn revives(&self) {
        let mut state = self.state();
        (state.mortal, state.dead) = (false, false);
        // What was merged and not concluded is merged anew.
        state.merged.clear();
        self.run.fetch_add(1, Ordering::SeqCst);
    }

    /// The next scan is another job.
    pub(crate) fn ends_the_job(&self) {
        let mut state = self.state();
        state.pieces.clear();
        state.merged.clear();
        self.run.fetch_add(1, Ordering::SeqCst);
    }

    /// What is recorded so far cannot be read back.
    pub(crate) fn is_damaged(&self) {
        let mut state = self.state();
        let recorded: Vec<PieceId> = state.done.keys().copied().collect();
        state.damaged.extend(recorded);
    }

    /// Nothing of a resource can be read back, whenever it is recorded.
    pub(crate) fn spoils(&self, resource: &str) {
        self.state().spoiled.insert(resource.to_owned());
    }

    /// The most columns that were in memory together, to be merged.
    pub(crate) fn widest(&self) -> usize {
        self.state().widest
    }

    /// The most pieces that were taken up together.
    pub(crate) fn largest_group(&self) -> usize {
        self.state().groups.iter().copied().max().unwrap_or(0)
    }

    /// Entities that were listed when the first piece was taken up.
    pub(crate) fn listed_before_reading(&self) -> Option<usize> {
        self.state().listed_first
    }

    pub(crate) fn cancels_after(&self, commits: usize, cancel: CancellationToken) {
        *self.cancel.lock().expect("no test panicked") = Some((commits, cancel));
    }

    pub(crate) fn findings(&self, resource: &str) -> Vec<Finding> {
        self.state()
            .concluded
            .get(resource)
            .map_or_else(Vec::new, |outcome| outcome.findings.clone())
    }

    pub(crate) fn is_partial(&self, resource: &str) -> bool {
        self.state()
            .concluded
            .get(resource)
            .is_some_and(|outcome| outcome.partial)
    }

    pub(crate) fn columns(&self, resource: &str) -> Vec<String> {
        let state = self.state();
        state.concluded[resource]
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect()
    }

    /// Whether a value with this keyed form may be in the first column.
    pub(crate) fn holds(&self, resource: &str, keyed: u64) -> bool {
        self.state().concluded[resource].columns[0]
            .sketch
            .may_hold(keyed)
    }

    /// Everything that was concluded, as bytes.
    pub(crate) fn result(&self, resource: &str) -> Vec<(String, Vec<u8>, Vec<u8>)> {
        let state = self.state();
        let encoded = |column: &ScannedColumn| {
            (
                column.name.clone(),
                column.sketch.encode(),
                column.evidence.encode(),
            )
        };
        state.concluded[resource]
            .columns
            .iter()
            .map(encoded)
            .collect()
    }

    /// What was concluded but for the most frequent values: figures, indexed values, what the rules saw.
    pub(crate) fn figures(&self, resource: &str) -> Vec<(Profile, Membership, Vec<u8>)> {
        let encoded = |column: &ScannedColumn| {
            let profile = Profile {
                frequent: Vec::new(),
                frequent_error: 0,
                ..column.sketch.summary()
            };
            let values = column.sketch.values().clone();
            (profile, values, column.evidence.encode())
        };
        let state = self.state();
        state.concluded[resource]
            .columns
            .iter()
            .map(encoded)
            .collect()
    }

    pub(crate) fn commits(&self, resource: &str) -> usize {
        self.state()
            .commits
            .iter()
            .filter(|name| *name == resource)
            .count()
    }

    pub(crate) fn failures(&self) -> Vec<Failure> {
        self.state().failures.clone()
    }

    fn alive(&self) -> Result<()> {
        if self.state().dead {
            Err(Error::ledger("killed"))
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl Checkpoints for Ledger {
    fn run(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.run.load(Ordering::SeqCst)) + 1)
    }

    async fn left(&self, entity: EntityId) -> Result<HashMap<PieceId, PieceState>> {
        Ok(self
            .state()
            .pieces
            .get(&entity)
            .cloned()
            .unwrap_or_default())
    }

    async fn check(&self, _entity: EntityId, piece: PieceId) -> Result<()> {
        if self.state().damaged.contains(&piece) {
            return Err(Error::Recorded("its checksum is wrong".to_owned()));
        }
        Ok(())
    }

    async fn outlines(&self, _entity: EntityId, pieces: &[PieceId]) -> Result<Vec<PieceOutline>> {
        let state = self.state();
        let outline = |piece: &PieceId| {
            let (rows, columns) = &state.done[piece];
            let columns = columns.iter().map(|column| {
                let bytes = column.sketch.encode().len() as u64;
                (column.name.clone(), bytes)
            });
            PieceOutline {
                rows: *rows,
                columns: columns.collect(),
            }
        };
        Ok(pieces.iter().map(outline).collect())
    }

    async fn recorded(
        &self,
        _entity: EntityId,
        pieces: &[PieceId],
        columns: &[String],
    ) -> Result<Vec<Vec<ScannedColumn>>> {
        let mut state = self.state();
        if pieces.iter().any(|piece| state.damaged.contains(piece)) {
            return Err(Error::Recorded("its checksum is wrong".to_owned()));
        }
        state.widest = state.widest.max(columns.len());
        let of = |name: &String| {
            let all = pieces.iter().flat_map(|piece| &state.done[piece].1);
            all.filter(|column| column.name == *name).cloned().collect()
        };
        Ok(columns.iter().map(of).collect())
    }
}

#[async_trait]
impl Sink for Ledger {
    async fn lists(&self, _source: SourceId) -> Result<()> {
        self.alive()
    }

    async fn listed(&self, _source: SourceId, entities: &[(Arc<Shown>, Entity)]) -> Result<()> {
        self.state().listed += entities.len();
        self.alive()
    }

    async fn listed_all(&self, _source: SourceId, _complete: bool) -> Result<()> {
        self.alive()
    }

    async fn planned(&self, planned: &[Arc<Planned>]) -> Result<()> {
        self.alive()?;
        let mut state = self.state();
        for planned in planned {
            let pieces = state.pieces.entry(planned.shown.entity).or_default();
            for piece in &planned.pieces {
                pieces.entry(piece.id).or_insert(PieceState::Open);
            }
        }
        Ok(())
    }

    async fn unchanged(&self, planned: &[Arc<Planned>]) -> Result<HashSet<EntityId>> {
        self.alive()?;
        let state = self.state();
        let is_done = |planned: &&Arc<Planned>| {
            let mut pieces = planned.pieces.iter();
            pieces.all(|piece| state.done.contains_key(&piece.id))
        };
        let unchanged = planned.iter().filter(is_done);
        Ok(unchanged.map(|planned| planned.shown.entity).collect())
    }

    async fn adopt(&self, planned: &[Arc<Planned>]) -> Result<HashSet<EntityId>> {
        self.unchanged(planned).await
    }

    async fn start(&self, pieces: &[PieceId]) -> Result<Vec<Start>> {
        self.alive()?;
        let is_done = |piece| {
            let state = self.state();
            let mut all = state.pieces.values();
            all.any(|of| of.get(piece) == Some(&PieceState::Done))
        };
        if pieces.iter().any(is_done) {
            return Err(Error::ledger("a piece that is done cannot be taken up"));
        }
        let mut state = self.state();
        state.groups.push(pieces.len());
        let listed = state.listed;
        state.listed_first.get_or_insert(listed);
        drop(state);
        Ok(pieces.iter().map(|_| Start::Read).collect())
    }

    async fn commit(&self, planned: &Planned, piece: PieceId, done: &Arc<PieceDone>) -> Result<()> {
        self.alive()?;
        if self.state().mortal && self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.state().dead = true;
            return self.alive();
        }
        let mut state = self.state();
        state.failures.extend(done.failures.iter().cloned());
        state.commits.push(planned.shown.resource.clone());
        if state.spoiled.contains(&planned.shown.resource) {
            state.damaged.insert(piece);
        }
        state.done.insert(piece, (done.rows, done.columns.clone()));
        state
            .pieces
            .entry(planned.shown.entity)
            .or_default()
            .insert(piece, PieceState::Done);
        if let Some((commits, cancel)) = &*self.cancel.lock().expect("no test panicked")
            && state.commits.len() >= *commits
        {
            cancel.cancel();
        }
        Ok(())
    }

    async fn abandon(&self, _piece: PieceId, why: &Failure) -> Result<()> {
        self.alive()?;
        self.state().failures.push(why.clone());
        Ok(())
    }

    async fn merged(&self, entity: EntityId, columns: &Arc<Vec<ScannedColumn>>) -> Result<()> {
        self.alive()?;
        let mut state = self.state();
        let merged = state.merged.entry(entity).or_default();
        merged.extend(columns.iter().cloned());
        Ok(())
    }

    async fn conclude(&self, concluded: &[Arc<Concluded>]) -> Result<()> {
        self.alive()?;
        for concluded in concluded {
            self.conclude_one(concluded);
        }
        Ok(())
    }

    async fn finish(&self, finished: &[Finished]) -> Result<()> {
        for one in finished {
            let planned = &one.concluded.planned;
            self.commit(planned, one.piece, &one.done).await?;
            self.conclude(std::slice::from_ref(&one.concluded)).await?;
        }
        Ok(())
    }

    async fn failed(&self, failures: &[Failure]) -> Result<()> {
        self.alive()?;
        self.state().failures.extend_from_slice(failures);
        Ok(())
    }
}

impl Ledger {
    fn conclude_one(&self, concluded: &Concluded) {
        let mut state = self.state();
        let merged = state.merged.remove(&concluded.planned.shown.entity);
        let mut columns = match concluded.pieces.as_slice() {
            [only] => state.done[only].1.clone(),
            _ => merged.unwrap_or_default(),
        };
        for column in &mut columns {
            column.sketch.seal();
        }
        let names = |all: Vec<&String>| all.into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(
            names(columns.iter().map(|column| &column.name).collect()),
            names(
                concluded
                    .columns
                    .iter()
                    .map(|column| &column.name)
                    .collect()
            ),
            "the sketches are those of the columns"
        );
        let outcome = Outcome {
            findings: concluded.findings.clone(),
            columns,
            partial: concluded.partial,
        };
        state
            .concluded
            .insert(concluded.planned.shown.resource.clone(), outcome);
    }
}
