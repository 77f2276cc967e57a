//! What people decided about relations.

use jiff::Timestamp;
use locard_model::{RelationId, SourceId};
use serde_json::Value;

use super::Decision;

/// A decision on a relation between two entities; it survives rescans and tombstones.
#[derive(Clone, Debug, PartialEq)]
pub struct RelationReview {
    /// The relation.
    pub id: RelationId,
    /// The source of the entity that is referred to.
    pub parent: SourceId,
    /// The source of the entity that refers to it.
    pub child: SourceId,
    /// Both sides of it, as the caller writes them.
    pub relation: Value,
    /// What was decided.
    pub decision: Decision,
    /// Why, in the reviewer's words.
    pub note: Option<String>,
    /// Who decided.
    pub actor: Option<String>,
    /// When; set by the store and ignored when given to it.
    pub decided_at: Timestamp,
}
