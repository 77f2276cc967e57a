//! Collections: named sets of entities.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// A collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CollectionId(pub Uuid);

/// A collection to make or to change.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectionDraft {
    /// Its id.
    pub id: CollectionId,
    /// What it is called; no two of an organisation are called the same.
    pub name: String,
    /// Of what it is made, as the caller writes it.
    pub spec: Value,
}

/// A collection as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Collection {
    /// Its id.
    pub id: CollectionId,
    /// What it is called.
    pub name: String,
    /// Of what it is made, as the caller writes it.
    pub spec: Value,
    /// What its members have in common, as the caller wrote it last, and when.
    pub statistics: Option<(Value, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody changed it last.
    pub updated_at: Timestamp,
}
