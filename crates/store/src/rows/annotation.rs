//! What people say of sources and entities.

use jiff::Timestamp;
use locard_model::{EntityId, SourceId};
use serde_json::Value;

/// What was said of a source, or of an entity of it; it survives rescans and tombstones.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotationRecord {
    /// The source.
    pub source: SourceId,
    /// The entity of it; `None`: the source as a whole is meant.
    pub entity: Option<EntityId>,
    /// What was said, as the caller writes it.
    pub annotation: Value,
    /// When it last changed; set by the store and ignored when given to it.
    pub changed_at: Timestamp,
}
