//! What the engine needs from whoever remembers: which pieces of an entity are done, and where results go.
//!
//! What a reader gets wrong: a piece's id contains its state (the versions of its splits), so a piece that changed
//! in the source is another piece, and results of the old one can never be mixed in.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_schema::{DataType, SchemaRef};
use async_trait::async_trait;
use locard_connector::{Entity, Sample, ScanPlan, Split};
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

/// Splits of a plan gathered into pieces, in order. A piece is the unit of resumption: small enough to lose, large
/// enough that recording it costs nothing beside reading it.
pub(crate) fn pieces(
    entity: EntityId,
    plan: &ScanPlan,
    manner: Manner,
    salt: Option<Uuid>,
) -> Vec<Piece> {
    gathered(&plan.splits, manner)
        .enumerate()
        .map(|(at, splits)| piece(entity, splits.to_vec(), (at, manner), salt))
        .collect()
}

/// How a scan reads, as far as its pieces depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) sample: Sample,
    /// What tells pieces that were read under a condition.
    pub(crate) condition: Option<Uuid>,
    pub(crate) exhaustive: bool,
    /// About how many bytes of the source a piece is.
    pub(crate) bytes: u64,
}

impl Manner {
    /// Whether an entity is read in one piece: a sample is of the whole.
    fn is_one(self) -> bool {
        self.sample != Sample::All
    }

    /// What tells a piece from one of the same splits that was read otherwise: neither may take the other's place.
    /// `None` where all of it is read in the common way.
    fn name(self) -> Option<String> {
        // Ids that are stored are made of it, so it never changes.
        let sample = match self.sample {
            Sample::All => None,
            Sample::First(rows) => Some(format!("First({rows})")),
            Sample::Percent(share, seed) => Some(format!("Percent({share:?}, {seed})")),
            Sample::Rows(rows, seed) => Some(format!("Rows({rows}, {seed})")),
        };
        let exhaustive = self.exhaustive.then(|| "exhaustive".to_owned());
        let condition = self.condition.map(|tag| format!("condition {tag}"));
        let words: Vec<String> = sample
            .into_iter()
            .chain(exhaustive)
            .chain(condition)
            .collect();
        (!words.is_empty()).then(|| words.join(" "))
    }
}

/// The splits of each piece.
fn gathered(splits: &[Split], manner: Manner) -> impl Iterator<Item = &[Split]> {
    let mut size = 0_u64;
    splits.split_inclusive(move |split| {
        size = size.saturating_add(weight(split, manner.bytes));
        let is_full = size >= manner.bytes && !manner.is_one();
        if is_full {
            size = 0;
        }
        is_full
    })
}

/// In how many pieces of about so many bytes a scan reads what was planned; a sample is one.
pub fn piece_count(plan: &ScanPlan, sample: Sample, bytes: u64) -> u64 {
    let exhaustive = false;
    let manner = Manner {
        sample,
        condition: None,
        exhaustive,
        bytes,
    };
    gathered(&plan.splits, manner).count() as u64
}

/// Bytes of a piece, about: some seconds of work. What is recorded per piece costs little beside it, and few entities have
/// pieces to merge.
pub const PIECE_BYTES: u64 = 128 << 20;

/// Bytes of a record whose size is not known.
pub const ROW_BYTES: u64 = 128;

impl Piece {
    /// Bytes of the source that it reads, about, as far as they are known; of what is not known, those of a whole piece.
    pub(crate) fn weight(&self, piece: u64) -> u64 {
        let weights = self.splits.iter().map(|split| weight(split, piece));
        weights.fold(0, u64::saturating_add)
    }
}

/// A split of unknown size is a piece of its own.
fn weight(split: &Split, piece: u64) -> u64 {
    split
        .bytes
        .or_else(|| split.rows.map(|rows| rows.saturating_mul(ROW_BYTES)))
        .unwrap_or(piece)
}

fn piece(
    entity: EntityId,
    splits: Vec<Split>,
    (position, manner): (usize, Manner),
    salt: Option<Uuid>,
) -> Piece {
    let versioned = splits.iter().all(|split| split.version.is_some());
    let parts: Vec<_> = splits
        .iter()
        .map(|split| (&split.part, &split.version))
        .collect();
    // Snapshots and estimates are left out: they differ from plan to plan of an unchanged entity.
    let salt = salt.map(|salt| salt.to_string());
    let name = match manner.name() {
        Some(manner) => serde_json::json!([position, parts, salt, manner]),
        None => serde_json::json!([position, parts, salt]),
    }
    .to_string();
    Piece {
        id: PieceId::derive(entity, name.as_bytes()),
        splits,
        versioned,
    }
}

/// What is to be done about an entity that an earlier run may have begun.
#[derive(Debug, PartialEq)]
pub(crate) enum Resume {
    /// Read these pieces; those in `done` are kept.
    Pieces {
        /// All pieces.
        pieces: Vec<Piece>,
        /// Which of them are done.
        done: Vec<PieceId>,
    },
    /// Everything was read before and the source cannot tell whether it changed since.
    Whole(Vec<PieceId>),
}

/// Keeps what is sure to be the same and reads everything else again whole: pieces of two states of one entity are
/// never put together.
pub(crate) fn resume(
    entity: EntityId,
    plan: &ScanPlan,
    manner: Manner,
    left: &HashMap<PieceId, PieceState>,
    run: Uuid,
) -> Resume {
    let planned = pieces(entity, plan, manner, None);
    let versioned = planned.iter().all(|piece| piece.versioned);
    let states: Vec<_> = planned
        .iter()
        .filter_map(|piece| left.get(&piece.id).copied())
        .collect();
    let same = states.is_empty()
        || (states.len() == planned.len() && !states.contains(&PieceState::Failed));
    if versioned && same {
        let is_done = |piece: &&Piece| left.get(&piece.id).is_some_and(|state| state.is_read());
        let done = planned
            .iter()
            .filter(is_done)
            .map(|piece| piece.id)
            .collect();
        return Resume::Pieces {
            pieces: planned,
            done,
        };
    }
    if !versioned && !left.is_empty() && left.values().all(|state| state.is_read()) {
        let mut kept: Vec<PieceId> = left.keys().copied().collect();
        kept.sort_unstable();
        return Resume::Whole(kept);
    }
    Resume::Pieces {
        pieces: pieces(entity, plan, manner, Some(run)),
        done: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use locard_connector::Honoured;
    use locard_model::{EntityKind, EntityPath};

    use super::*;

    const ALL: Manner = Manner {
        sample: Sample::All,
        condition: None,
        exhaustive: false,
        bytes: PIECE_BYTES,
    };

    fn split(part: u64, version: Option<&str>) -> Split {
        Split {
            path: EntityPath::new(["t"]),
            kind: EntityKind::Table,
            rows: None,
            bytes: Some(PIECE_BYTES),
            version: version.map(str::to_owned),
            snapshot: Some(format!("snapshot of {part}")),
            part: serde_json::json!(part),
        }
    }

    fn plan(splits: Vec<Split>) -> ScanPlan {
        ScanPlan {
            schema: None,
            splits,
            honoured: Honoured::NOTHING,
        }
    }

    fn entity() -> EntityId {
        EntityId(Uuid::from_u128(7))
    }

    fn left(plan: &ScanPlan, states: &[PieceState]) -> HashMap<PieceId, PieceState> {
        let pieces = pieces(
            entity(),
            plan,
            ALL,
            plan.splits[0].version.is_none().then(Uuid::nil),
        );
        pieces
            .iter()
            .map(|piece| piece.id)
            .zip(states.iter().copied())
            .collect()
    }

    fn kept(plan: &ScanPlan, left: &HashMap<PieceId, PieceState>) -> usize {
        match resume(entity(), plan, ALL, left, Uuid::from_u128(9)) {
            Resume::Pieces { done, .. } => done.len(),
            Resume::Whole(pieces) => pieces.len(),
        }
    }

    #[test]
    fn unchanged_pieces_are_kept_whatever_their_snapshot() {
        let before = plan(vec![split(1, Some("a")), split(2, Some("a"))]);
        let left = left(&before, &[PieceState::Done, PieceState::Open]);
        let mut now = before.clone();
        now.splits[0].snapshot = None;
        assert_eq!(kept(&now, &left), 1);
    }

    #[test]
    fn one_changed_piece_voids_all() {
        let left = left(
            &plan(vec![split(1, Some("a")), split(2, Some("a"))]),
            &[PieceState::Done, PieceState::Done],
        );
        assert_eq!(
            kept(&plan(vec![split(1, Some("a")), split(2, Some("b"))]), &left),
            0
        );
    }

    #[test]
    fn a_failed_piece_voids_all() {
        let plan = plan(vec![split(1, Some("a")), split(2, Some("a"))]);
        assert_eq!(
            kept(&plan, &left(&plan, &[PieceState::Done, PieceState::Failed])),
            0
        );
    }

    #[test]
    fn pieces_without_a_state_are_kept_only_when_all_are_done() {
        let plan = plan(vec![split(1, None), split(2, None)]);
        assert_eq!(
            kept(&plan, &left(&plan, &[PieceState::Done, PieceState::Done])),
            2
        );
        assert_eq!(
            kept(&plan, &left(&plan, &[PieceState::Done, PieceState::Open])),
            0
        );
    }

    #[test]
    fn read_again_means_other_pieces() {
        let plan = plan(vec![split(1, None), split(2, None)]);
        let left = left(&plan, &[PieceState::Done, PieceState::Open]);
        let Resume::Pieces { pieces, .. } = resume(entity(), &plan, ALL, &left, Uuid::from_u128(9))
        else {
            panic!("the entity is read again")
        };
        assert!(pieces.iter().all(|piece| !left.contains_key(&piece.id)));
    }

    #[test]
    fn small_splits_share_a_piece_and_a_sample_is_one() {
        let mut splits = vec![split(1, None), split(2, None), split(3, None)];
        for split in &mut splits {
            split.bytes = Some(PIECE_BYTES / 2);
        }
        let plan = plan(splits);
        assert_eq!(pieces(entity(), &plan, ALL, None).len(), 2);
        let sample = Manner {
            sample: Sample::Rows(9, 1),
            ..ALL
        };
        assert_eq!(pieces(entity(), &plan, sample, None).len(), 1);
    }

    #[test]
    fn what_is_read_in_another_manner_is_another_piece() {
        let plan = plan(vec![split(1, Some("a"))]);
        let sample = |rows| Manner {
            sample: Sample::Rows(rows, 1),
            ..ALL
        };
        let exhaustive = Manner {
            exhaustive: true,
            ..ALL
        };
        let all = [ALL, exhaustive, sample(9), sample(10)];
        let ids: HashSet<_> = all
            .iter()
            .map(|manner| pieces(entity(), &plan, *manner, None)[0].id)
            .collect();
        assert_eq!(ids.len(), all.len());
    }
}
