//! Entities and their columns.

use jiff::Timestamp;
use locard_model::{ColumnId, EntityId, EntityKind, EntityPath, SourceId};
use serde_json::Value;

/// An entity of a source. `seen_at` and `gone_at` are set by the store and ignored when given to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Derived from source, kind and path.
    pub id: EntityId,
    /// Its source.
    pub source: SourceId,
    /// The schema or folder it is in, where that is an entity too.
    pub parent: Option<EntityId>,
    /// What it is.
    pub kind: EntityKind,
    /// Where it is.
    pub path: EntityPath,
    /// Number of records as last known.
    pub rows: Option<u64>,
    /// Bytes that a full read moves, as last known.
    pub bytes: Option<u64>,
    /// The source's own comment.
    pub comment: Option<String>,
    /// Schema, keys and foreign keys as the caller writes them; `None` leaves what is stored.
    pub description: Option<Value>,
    /// Tells one state of the entity from another; `None` when the source cannot tell.
    pub fingerprint: Option<String>,
    /// When a listing named it last.
    pub seen_at: Timestamp,
    /// Since when it is gone: a tombstone, which keeps its reviews.
    pub gone_at: Option<Timestamp>,
}

/// A column or nested field of an entity. `gone_at` is set by the store and ignored when given to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Derived from the entity and the path.
    pub id: ColumnId,
    /// Its table, file or collection.
    pub entity: EntityId,
    /// The source of that.
    pub source: SourceId,
    /// Position in the entity, from 0.
    pub ordinal: u32,
    /// Dotted path, as the source spells it.
    pub path: String,
    /// The source's type.
    pub data_type: String,
    /// The source's own comment.
    pub comment: Option<String>,
    /// Since when it is gone.
    pub gone_at: Option<Timestamp>,
}

/// Which entities are wanted; columns are never among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntityFilter {
    /// Of this source.
    pub source: Option<SourceId>,
    /// In this schema or folder.
    pub parent: Option<EntityId>,
    /// Of this kind.
    pub kind: Option<EntityKind>,
    /// Tombstones too.
    pub gone: bool,
}

/// What changed of a catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// How many changes there were in all.
    pub at: u64,
    /// The entities that were asked for.
    pub entities: Vec<EntityId>,
}
