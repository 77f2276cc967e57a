//! Where results go.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use locard_connector::Entity;
use locard_engine::{
    Concluded, Error, Failure, Finished, PieceDone, Planned, Result, ScannedColumn, Shown, Sink,
    Start,
};
use locard_model::{ColumnId, EntityId, PieceId, SourceId};
use locard_store::ErrorKind::Conflict;
use locard_store::{EntityRead, FailureDraft, Lease, TaskDraft};
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::{DEATHS, Held, StoreLedger, deadly, gone, is_suspect, lease_lost, lost};
use crate::record;

/// Entities of which it is asked at the same time whether they have changed.
const CHECKED: usize = 8;

/// Columns of small entities that are written in one transaction, about.
const COLUMNS: usize = 1_000;

#[async_trait]
impl Sink for StoreLedger {
    async fn lists(&self, source: SourceId) -> Result<()> {
        let now = self.store.clock().await.map_err(lost)?;
        self.state().listings.insert(source, now);
        Ok(())
    }

    async fn listed(&self, source: SourceId, entities: &[(Arc<Shown>, Entity)]) -> Result<()> {
        let (store, author) = (self.store.as_ref(), self.lease.into());
        let put = record::put_listed(store, author, source, entities).await;
        put.map(drop).map_err(lost)
    }

    async fn listed_all(&self, source: SourceId, complete: bool) -> Result<()> {
        let began = self.state().listings.remove(&source);
        let Some(began) = began.filter(|_| complete && !self.narrowed) else {
            return Ok(());
        };
        let (store, author) = (self.store.as_ref(), self.lease.into());
        let buried = record::bury_unlisted(store, author, source, began).await;
        buried.map(drop).map_err(lost)
    }

    async fn planned(&self, planned: &[Arc<Planned>]) -> Result<()> {
        let mut drafts = Vec::new();
        for entity in planned {
            for piece in &entity.pieces {
                drafts.push(self.draft(entity.shown.entity, piece)?);
            }
        }
        if let Err(error) = self.store.add_tasks(&self.lease, &drafts).await {
            let refused = error.kind() == locard_store::ErrorKind::LeaseLost;
            if !(refused && self.is_cancelled().await) {
                return Err(lost(error));
            }
            self.stop.cancel();
            return Ok(());
        }
        for entity in planned {
            self.tell_planned(entity);
        }
        Ok(())
    }

    async fn unchanged(&self, planned: &[Arc<Planned>]) -> Result<HashSet<EntityId>> {
        if self.anew {
            return Ok(HashSet::new());
        }
        let unchanged = self.all_unchanged(planned).await?;
        Ok(unchanged.into_iter().map(|(entity, _)| entity).collect())
    }

    async fn adopt(&self, planned: &[Arc<Planned>]) -> Result<HashSet<EntityId>> {
        if self.anew {
            return Ok(HashSet::new());
        }
        let unchanged = self.all_unchanged(planned).await?;
        let mut adopted = HashSet::new();
        if self.adopts(&unchanged).await? {
            adopted.extend(unchanged.iter().map(|(entity, _)| *entity));
        } else {
            // Which of them it is that another job took away shows one by one.
            for one in &unchanged {
                if self.adopts(std::slice::from_ref(one)).await? {
                    adopted.insert(one.0);
                }
            }
        }
        self.state().unchanged += adopted.len() as u64;
        Ok(adopted)
    }

    async fn start(&self, pieces: &[PieceId]) -> Result<Vec<Start>> {
        let deaths = |piece: &PieceId| self.state().deaths.get(piece).copied().unwrap_or(0);
        let died: Vec<u32> = pieces.iter().map(deaths).collect();
        let is_alone = died.iter().copied().any(is_suspect);
        let stops = || pieces.iter().map(|_| Start::Stop).collect();
        let Some(room) = self.room(is_alone).await? else {
            return Ok(stops());
        };
        let leased = self.store.lease_tasks(&self.claim(pieces)).await;
        let leased = leased.map_err(lost)?;
        let all = leased.len() == pieces.len();
        let room = Arc::new(room);
        let held = leased.into_iter().map(|leased| {
            let held = Held {
                lease: leased.lease,
                _room: Arc::clone(&room),
            };
            (leased.task.piece, held)
        });
        self.state().held.extend(held);
        if !all {
            if self.is_cancelled().await {
                // Whoever cancelled has ended the tasks that wait.
                self.stop.cancel();
                return Ok(stops());
            }
            return Err(lease_lost(
                "a planned piece of work is no longer in the store",
            ));
        }
        debug!(pieces = pieces.len(), "pieces are being read");
        let start = |deaths| match deaths {
            DEATHS.. => Start::GiveUp(deadly(deaths)),
            _ => Start::Read,
        };
        Ok(died.into_iter().map(start).collect())
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
        let outcome = record::outcome(done, columns);
        self.store
            .complete_task(&lease, &outcome)
            .await
            .map_err(lost)?;
        self.state().held.remove(&piece);
        let (resource, rows, bytes) = (&planned.shown.resource, done.rows, done.bytes);
        debug!(piece = %piece.0, resource, rows, bytes, "a piece was read and recorded");
        Ok(())
    }

    async fn leave(&self, piece: PieceId) -> Result<()> {
        let lease = self.leased(piece)?;
        self.store.release_task(&lease).await.map_err(lost)?;
        self.state().held.remove(&piece);
        debug!(piece = %piece.0, "a piece is left unread, since its entity changed after it was planned");
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
    async fn conclude(&self, concluded: &[Arc<Concluded>]) -> Result<()> {
        let mut read = Vec::with_capacity(concluded.len());
        for one in concluded {
            let entity = one.planned.shown.entity;
            let staged = self.state().staged.get(&entity).copied();
            let (encoded, aside) = (Arc::clone(one), self.stands_aside(one).await?);
            if !aside {
                // Another job may have replaced a piece while it was put together with the others.
                self.heads(entity, &one.pieces).await?;
            }
            let concluded = self.apart(move || record::concluded(&encoded, staged, aside));
            read.push(concluded.await?);
        }
        self.write(&read).await.map_err(unconcluded)?;
        self.conclusions(concluded.iter().zip(&read));
        Ok(())
    }

    async fn finish(&self, finished: &[Finished]) -> Result<()> {
        for portion in portions(finished) {
            let mut read = Vec::with_capacity(portion.len());
            for one in portion {
                let (lease, aside) = (
                    self.leased(one.piece)?,
                    self.stands_aside(&one.concluded).await?,
                );
                let one = one.clone();
                read.push(
                    self.apart(move || record::finished(&one, lease, aside))
                        .await?,
                );
            }
            self.write(&read).await.map_err(lost)?;
            for one in portion {
                self.state().held.remove(&one.piece);
            }
            let concluded = portion.iter().map(|one| &one.concluded);
            self.conclusions(concluded.zip(&read));
        }
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

impl StoreLedger {
    fn draft(&self, entity: EntityId, piece: &locard_engine::Piece) -> Result<TaskDraft> {
        let snapshot = piece
            .splits
            .first()
            .and_then(|split| split.snapshot.clone());
        Ok(TaskDraft {
            piece: piece.id,
            entity: Some(entity),
            split: serde_json::to_value(&piece.splits).map_err(Error::ledger)?,
            version: Some(self.basis.version(&piece.splits)),
            snapshot,
            // This ledger gives up by itself, and says what.
            max_attempts: u32::MAX,
        })
    }

    fn tell_planned(&self, planned: &Planned) {
        let (shown, pieces) = (&planned.shown, planned.pieces.len());
        let (source, resource) = (&shown.source_name, &shown.resource);
        if let Some(deaths) = self.suspicion(planned) {
            warn!(
                source,
                resource,
                deaths,
                "it is read alone, since locard ended without a word while it read this"
            );
        }
        info!(source, resource, pieces, "planned");
    }

    /// The entities of which all pieces are recorded as this scan would record them, with these pieces.
    async fn all_unchanged(
        &self,
        planned: &[Arc<Planned>],
    ) -> Result<Vec<(EntityId, Vec<PieceId>)>> {
        let asked = planned.iter().map(|entity| self.unchanged_pieces(entity));
        let asked = stream::iter(asked.collect::<Vec<_>>()).buffered(CHECKED);
        let unchanged: Vec<_> = asked.try_collect().await?;
        Ok(unchanged.into_iter().flatten().collect())
    }

    /// The pieces of an entity, where what is recorded of each is what this scan would record of it.
    async fn unchanged_pieces(
        &self,
        planned: &Planned,
    ) -> Result<Option<(EntityId, Vec<PieceId>)>> {
        let entity = planned.shown.entity;
        for piece in &planned.pieces {
            if !self.is_as_ours(entity, piece.id).await? {
                return Ok(None);
            }
        }
        let pieces = planned.pieces.iter().map(|piece| piece.id);
        Ok(Some((entity, pieces.collect())))
    }

    /// Whether all of that could be taken over.
    async fn adopts(&self, unchanged: &[(EntityId, Vec<PieceId>)]) -> Result<bool> {
        let adopted = self.store.adopt_pieces(&self.lease, unchanged).await;
        adopted.map_err(lost)
    }

    /// Whether the index of an entity stays as it is.
    async fn stands_aside(&self, concluded: &Concluded) -> Result<bool> {
        let is_less = concluded.sampled || concluded.broken;
        Ok(is_less && self.is_whole(concluded.planned.shown.entity).await?)
    }

    async fn write(&self, read: &[EntityRead]) -> locard_store::Result<()> {
        self.store.complete_entities(&self.lease, read).await
    }

    /// Notes and tells what was recorded.
    fn conclusions<'a>(
        &self,
        concluded: impl Iterator<Item = (&'a Arc<Concluded>, &'a EntityRead)>,
    ) {
        for (concluded, read) in concluded {
            let shown = &concluded.planned.shown;
            let mut state = self.state();
            state.kept += u64::from(read.conclusion.aside);
            state.columns.remove(&shown.entity);
            state.staged.remove(&shown.entity);
            drop(state);
            let (rows, findings) = (concluded.rows, concluded.findings.len());
            let (source, resource) = (&shown.source_name, &shown.resource);
            info!(source, resource, rows, findings, "judged and stored");
        }
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

/// Small entities in portions of what is written together: some of them may have very many columns.
fn portions(finished: &[Finished]) -> impl Iterator<Item = &[Finished]> {
    let mut columns = 0;
    finished.chunk_by(move |one, _| {
        columns += one.done.columns.len();
        let fits = columns < COLUMNS;
        if !fits {
            columns = 0;
        }
        fits
    })
}

/// A conclusion that the store refuses for the state of one entity costs that entity only.
fn unconcluded(error: locard_store::Error) -> Error {
    if error.kind() == Conflict {
        gone()
    } else {
        lost(error)
    }
}
