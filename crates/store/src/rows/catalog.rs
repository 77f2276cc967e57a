//! Sketches: per piece of an entity, and merged per column.

use locard_model::{ColumnId, EntityId, JobId, KeyId, PieceId, SourceId};
use serde_json::Value;

use super::{Column, Entity, FindingDraft, Lease, TaskOutcome};

/// The sketch of one column over one piece of its entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PieceColumn {
    /// The column.
    pub column: ColumnId,
    /// The sketch key in use.
    pub key: KeyId,
    /// Version of the canonical forms.
    pub forms: u32,
    /// The encoded sketch: keyed hashes and counts only.
    pub sketch: Vec<u8>,
    /// The encoded evidence: counts only.
    pub evidence: Vec<u8>,
    /// The encoded minima and maxima; sealed, and dropped once the column is judged personal.
    pub extremes: Option<Vec<u8>>,
}

/// A piece that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PieceHead {
    /// Which piece.
    pub piece: PieceId,
    /// The job that read it.
    pub job: JobId,
    /// Its state when it was read.
    pub version: Option<String>,
    /// Records read.
    pub rows: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Records that could not be read.
    pub faults: u64,
}

/// A piece as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedPiece {
    /// The piece.
    pub head: PieceHead,
    /// Its sketches, in the order of the column ids.
    pub columns: Vec<PieceColumn>,
}

/// What is recorded of one column in one piece, without its sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PiecePart {
    /// The piece.
    pub piece: PieceId,
    /// The column.
    pub column: ColumnId,
    /// Bytes of its sketch.
    pub bytes: u64,
}

/// What is known of a column over its whole entity.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnRecord {
    /// The column.
    pub column: ColumnId,
    /// Its entity.
    pub entity: EntityId,
    /// The source of that.
    pub source: SourceId,
    /// The catalog's generation when this was written; set by the store and ignored when given to it.
    pub generation: u64,
    /// The sketch key in use.
    pub key: KeyId,
    /// Version of the canonical forms.
    pub forms: u32,
    /// Numbers that listings show without decoding the sketch (rows, distinct, coverage ...); never a value.
    pub summary: Value,
    /// The encoded sketch. Empty where it is given to the store and the entity's only piece holds it, or
    /// [`Merged::staged`]: it is read from there, and stored once.
    pub sketch: Vec<u8>,
    /// The encoded evidence.
    pub evidence: Vec<u8>,
    /// The encoded minima and maxima; sealed, and dropped once the column is judged personal.
    pub extremes: Option<Vec<u8>>,
}

/// What a look-up asks of a column over its whole entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnFilter {
    /// The column.
    pub column: ColumnId,
    /// Its entity.
    pub entity: EntityId,
    /// [`ColumnRecord::summary`], as JSON text.
    pub summary: Vec<u8>,
    /// The encoded sketch.
    pub sketch: Vec<u8>,
}

/// What is known of a column over its whole entity, without its sketch.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnHead {
    /// The column.
    pub column: ColumnId,
    /// The job that concluded its entity. Pieces may be of a later one that did not come to its end.
    pub job: JobId,
    /// [`ColumnRecord::summary`].
    pub summary: Value,
}

/// The columns of an entity, merged over its pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The pieces that make up the entity now, each of which must be there; of the others those are dropped that
    /// this job read, or one that has ended.
    pub pieces: Vec<PieceId>,
    /// The piece that holds the merged sketches, where they were written before ([`crate::Sketches::stage`]).
    pub staged: Option<PieceId>,
    /// The columns; those of the entity that are not named here are dropped.
    pub columns: Vec<ColumnRecord>,
}

/// An entity that was read, with everything that is known of it then.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityRead {
    /// What is not recorded yet, where it was read in one piece: the right to the task that did, and what came of that.
    pub read: Option<(Lease, TaskOutcome)>,
    /// What was concluded from it.
    pub conclusion: Conclusion,
    /// The entity's columns.
    pub columns: Vec<Column>,
    /// The entity in the state in which it was read.
    pub entity: Entity,
}

/// The result of a job for one entity, committed whole or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Conclusion {
    /// The source.
    pub source: SourceId,
    /// The table, file or collection.
    pub entity: EntityId,
    /// Its columns; `None` when they were only judged anew.
    pub merged: Option<Merged>,
    /// The latest generation of the columns that were judged anew. Where a scan concluded the entity since, it is left as
    /// that said, with `Conflict`.
    pub judged: Option<u64>,
    /// Whether what is known of the entity stays as it is: the findings are the job's alone, but for those of columns
    /// that nothing is known of, and the job's pieces are dropped.
    pub aside: bool,
    /// Every finding of this entity; they replace those of earlier jobs as the current ones, which stay readable
    /// under their job.
    pub findings: Vec<FindingDraft>,
    /// Columns that were judged personal: their minima and maxima are dropped.
    pub personal: Vec<ColumnId>,
}
