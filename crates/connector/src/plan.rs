//! What a source answers to a request.

use arrow_schema::SchemaRef;
use locard_model::{EntityKind, EntityPath};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a request will be read.
#[derive(Clone, Debug)]
pub struct ScanPlan {
    /// The columns, where the source knows them before it reads.
    pub schema: Option<SchemaRef>,
    /// Pieces that together hold every wanted record once.
    pub splits: Vec<Split>,
    /// What the source does itself.
    pub honoured: Honoured,
}

/// What the source does itself; the engine finishes whatever is not exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Honoured {
    /// Answer to [`ScanRequest::matching`](crate::ScanRequest::matching).
    pub matching: Exactness,
    /// Answer to [`ScanRequest::filter`](crate::ScanRequest::filter).
    pub filter: Exactness,
    /// Answer to [`ScanRequest::sample`](crate::ScanRequest::sample); a source that does not filter exactly must not
    /// sample, since sampling comes last.
    pub sample: Exactness,
}

impl Honoured {
    /// The answer of a source that does nothing itself.
    pub const NOTHING: Self = Self {
        matching: Exactness::No,
        filter: Exactness::No,
        sample: Exactness::No,
    };
}

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exactness {
    /// Not done: every record comes.
    No,
    /// No wanted record is missing, others may come too.
    Superset,
    /// Just the wanted records come.
    Exact,
}

/// A self-contained piece of one entity that any worker can read by itself. It never holds a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// The entity.
    pub path: EntityPath,
    /// What it is.
    pub kind: EntityKind,
    /// About how many records.
    pub rows: Option<u64>,
    /// About how many bytes will be read.
    pub bytes: Option<u64>,
    /// Tells one state of this piece from another (size and modification time, etag, row version), so that an
    /// interrupted scan knows what it may keep. `None`: never keep.
    pub version: Option<String>,
    /// The snapshot the piece was planned under, where the source has such things.
    pub snapshot: Option<String>,
    /// What the connector needs to read it.
    pub part: Value,
}
