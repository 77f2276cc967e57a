//! What the engine needs from whoever remembers: which pieces of an entity are done, and where results go.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_schema::{DataType, SchemaRef};
use async_trait::async_trait;
use locard_connector::{Entity, Split};
use locard_identify::{ColumnJudgement, Evidence};
use locard_model::{ColumnId, EntityId, Finding, KeyId, PieceId, SourceId};
use locard_profile::{Extremes, Profile};
use uuid::Uuid;

use crate::{Failure, Result, ScannedColumn, Shown};

/// What one task reads: some splits of one entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Its id.
    pub id: PieceId,
    /// The splits, in order.
    pub splits: Vec<Split>,
    /// Whether every split tells its state, so that the piece may be kept after an interruption.
    pub versioned: bool,
}

/// An entity that is about to be read.
#[derive(Clone, Debug)]
pub struct Planned {
    /// As it may be shown.
    pub shown: Arc<Shown>,
    /// As the source listed it.
    pub entity: Entity,
    /// Its columns, where the source knows them before it reads.
    pub schema: Option<SchemaRef>,
    /// All its pieces, those kept included.
    pub pieces: Vec<Piece>,
}

/// Where a piece stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceState {
    /// Not read to its end.
    Open,
    /// Read; its sketches are recorded.
    Done,
    /// Read, but for some of its records; its sketches are recorded.
    Partial,
    /// Given up.
    Failed,
}

impl PieceState {
    /// Whether its sketches are recorded.
    pub(crate) const fn is_read(self) -> bool {
        matches!(self, Self::Done | Self::Partial)
    }
}

/// What was read of one piece.
#[derive(Clone, Debug)]
pub struct PieceDone {
    /// Records.
    pub rows: u64,
    /// Bytes, about.
    pub bytes: u64,
    /// Its columns in the order of their first appearance.
    pub columns: Vec<ScannedColumn>,
    /// What could not be read in it.
    pub failures: Vec<Failure>,
}

/// What is recorded of one piece, without its sketches.
#[derive(Debug)]
pub struct PieceOutline {
    /// Records of the piece.
    pub rows: u64,
    /// Its columns in their order, each with the bytes of its sketch.
    pub columns: Vec<(String, u64)>,
}

/// A column over its whole entity, without its sketch: that is in the ledger, since those of all columns may not fit
/// into memory.
#[derive(Clone, Debug)]
pub struct JudgedColumn {
    /// The column's dotted path.
    pub name: String,
    /// The type its values had.
    pub data_type: DataType,
    /// The column whose cells hold the documents it was derived from.
    pub within: Option<String>,
    /// The key of its sketch.
    pub key: KeyId,
    /// The figures of its sketch.
    pub profile: Profile,
    /// [`ColumnSketch::content`](locard_profile::ColumnSketch::content).
    pub content: Option<u64>,
    /// Its smallest and largest values.
    pub extremes: Option<Extremes>,
    /// What the rules saw.
    pub evidence: Evidence,
}

impl From<&ScannedColumn> for JudgedColumn {
    fn from(column: &ScannedColumn) -> Self {
        Self {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            within: column.within.clone(),
            key: column.sketch.key(),
            profile: column.sketch.summary(),
            content: column.sketch.content(),
            extremes: column.sketch.extremes().cloned(),
            evidence: column.evidence.clone(),
        }
    }
}

/// An entity that was read as far as it can be, merged and judged.
#[derive(Debug)]
pub struct Concluded {
    /// The entity as planned.
    pub planned: Arc<Planned>,
    /// The pieces that make it up.
    pub pieces: Vec<PieceId>,
    /// Records read.
    pub rows: u64,
    /// Its columns over all pieces. Their sketches are those of the only piece, or went to [`Sink::merged`].
    pub columns: Vec<JudgedColumn>,
    /// What was judged, one per column.
    pub judgements: Vec<ColumnJudgement>,
    /// The same as findings.
    pub findings: Vec<Finding>,
    /// Columns with a finding: their extremes must not be kept.
    pub personal: Vec<ColumnId>,
    /// Whether only some records were asked for.
    pub sampled: bool,
    /// Whether some of what was asked for could not be read.
    pub partial: bool,
    /// Whether reading broke off somewhere, so that all behind that is missing.
    pub broken: bool,
}

impl Concluded {
    /// Records of the whole entity where only some were asked for, as far as the source knows.
    pub fn asked(&self) -> Option<u64> {
        self.planned.entity.rows.filter(|_| self.sampled)
    }

    /// About how many bytes of the source were read: the share of its records where not all were.
    pub fn bytes(&self) -> u64 {
        let bytes = self.planned.shown.bytes.unwrap_or(0);
        match self.planned.shown.rows {
            Some(all) if (self.sampled || self.partial) && self.rows < all => {
                (u128::from(bytes) * u128::from(self.rows) / u128::from(all)) as u64
            }
            _ => bytes,
        }
    }
}

/// An entity that was read in one piece, and judged.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The piece.
    pub piece: PieceId,
    /// What was read of it.
    pub done: Arc<PieceDone>,
    /// What was concluded from that.
    pub concluded: Arc<Concluded>,
}

/// What earlier runs of the same job left.
#[async_trait]
pub trait Checkpoints: Send + Sync {
    /// Different for each run of a job; goes into the ids of pieces that do not tell their state.
    fn run(&self) -> Uuid;

    /// The pieces of an entity that earlier runs planned; empty when it is new to the job.
    async fn left(&self, entity: EntityId) -> Result<HashMap<PieceId, PieceState>>;

    /// Whether nothing else may be read beside a piece.
    fn is_alone(&self, piece: PieceId) -> bool {
        let _ = piece;
        false
    }

    /// Whether what is recorded of a piece is there and whole, without decoding it; [`Error::Recorded`](crate::Error::Recorded) otherwise.
    async fn check(&self, entity: EntityId, piece: PieceId) -> Result<()>;

    /// What is recorded of each of these pieces; [`Error::Recorded`](crate::Error::Recorded) where one is not there.
    async fn outlines(&self, entity: EntityId, pieces: &[PieceId]) -> Result<Vec<PieceOutline>>;

    /// Some columns of these pieces, decoded on the thread pool: of each column what the pieces hold that have it, in
    /// their order.
    async fn recorded(
        &self,
        entity: EntityId,
        pieces: &[PieceId],
        columns: &[String],
    ) -> Result<Vec<Vec<ScannedColumn>>>;
}

/// What is to be done about a piece.
#[derive(Debug)]
pub enum Start {
    /// Read it.
    Read,
    /// Abandon it unread, for this reason.
    GiveUp(locard_connector::Error),
    /// Leave it open: the scan is being stopped.
    Stop,
}

/// Where results go. What is written is durable when the call returns, or not written at all.
#[async_trait]
pub trait Sink: Send + Sync {
    /// A source is about to be listed. What others learn of it from here on is as new as the listing.
    async fn lists(&self, source: SourceId) -> Result<()>;

    /// These entities were found in a source.
    async fn listed(&self, source: SourceId, entities: &[(Arc<Shown>, Entity)]) -> Result<()>;

    /// The listing of a source came to its end. `complete`: nothing was left out of it, and what it did not name is gone.
    async fn listed_all(&self, source: SourceId, complete: bool) -> Result<()>;

    /// Entities are about to be read.
    async fn planned(&self, planned: &[Arc<Planned>]) -> Result<()>;

    /// Of which entities an earlier scan read exactly the pieces, so that they could be taken over.
    async fn unchanged(&self, planned: &[Arc<Planned>]) -> Result<HashSet<EntityId>> {
        let _ = planned;
        Ok(HashSet::new())
    }

    /// Takes over what an earlier scan read of exactly the pieces of an entity, all or none; of which entities it did.
    /// What was taken over counts as read by this one.
    async fn adopt(&self, planned: &[Arc<Planned>]) -> Result<HashSet<EntityId>> {
        let _ = planned;
        Ok(HashSet::new())
    }

    /// Pieces are about to be read; what is to be done about each. Until [`Sink::commit`], [`Sink::abandon`] or
    /// [`Sink::finish`] nobody else may read them.
    async fn start(&self, pieces: &[PieceId]) -> Result<Vec<Start>>;

    /// A piece was read. Encoding it is work for the thread pool, not for whoever waits here.
    async fn commit(&self, planned: &Planned, piece: PieceId, done: &Arc<PieceDone>) -> Result<()>;

    /// A piece is left unread, since its entity changed after it was planned. Another plan of it follows.
    async fn leave(&self, piece: PieceId) -> Result<()> {
        let _ = piece;
        Ok(())
    }

    /// A piece could not be read at all.
    async fn abandon(&self, piece: PieceId, why: &Failure) -> Result<()>;

    /// Some columns of an entity are put together from several pieces. [`Sink::conclude`] follows when all are; until then
    /// nobody must see them.
    async fn merged(&self, entity: EntityId, columns: &Arc<Vec<ScannedColumn>>) -> Result<()>;

    /// Every piece of these entities was read or given up; all are recorded or none.
    /// [`Error::Recorded`](crate::Error::Recorded) where a piece is no longer there.
    async fn conclude(&self, concluded: &[Arc<Concluded>]) -> Result<()>;

    /// Small entities that were read in one piece each, and judged: [`Sink::commit`] and [`Sink::conclude`] of all of them
    /// at the price of one.
    async fn finish(&self, finished: &[Finished]) -> Result<()>;

    /// Some things failed outside of any piece.
    async fn failed(&self, failures: &[Failure]) -> Result<()>;
}

/// Both in one.
pub trait Ledger: Checkpoints + Sink {}

impl<T: Checkpoints + Sink> Ledger for T {}
