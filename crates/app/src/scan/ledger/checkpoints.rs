//! What earlier runs and scans left.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use locard_engine::{Checkpoints, PieceOutline, PieceState, Result, ScannedColumn};
use locard_model::{ColumnId, EntityId, PieceId};
use locard_sketch::forms::FORMS_VERSION;
use locard_store::ErrorKind::NotFound;
use locard_store::{Column, PieceHead};
use uuid::Uuid;

use super::{StoreLedger, gone, is_suspect, lost};
use crate::record;

#[async_trait]
impl Checkpoints for StoreLedger {
    fn run(&self) -> Uuid {
        self.lease.worker.0
    }

    async fn left(&self, entity: EntityId) -> Result<HashMap<PieceId, PieceState>> {
        Ok(self.state().left(entity))
    }

    fn is_alone(&self, piece: PieceId) -> bool {
        let deaths = self.state().deaths.get(&piece).copied();
        deaths.is_some_and(is_suspect)
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

impl StoreLedger {
    /// What is recorded of these pieces, in their order; [`Error::Recorded`] where one is not there, or was read by other
    /// rules than ours.
    pub(super) async fn heads(
        &self,
        entity: EntityId,
        pieces: &[PieceId],
    ) -> Result<Vec<PieceHead>> {
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

    /// Whether what is recorded of a piece is what this scan would record of it.
    pub(super) async fn is_as_ours(&self, entity: EntityId, piece: PieceId) -> Result<bool> {
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

    pub(super) async fn is_whole(&self, entity: EntityId) -> Result<bool> {
        let heads = self.store.column_heads(self.org(), entity).await;
        Ok(record::is_whole(&heads.map_err(lost)?))
    }
}
