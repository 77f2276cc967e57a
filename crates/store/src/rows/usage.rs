//! How entities are used, as their sources say.

use jiff::Timestamp;
use locard_model::EntityId;

/// What a source said of the use of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDraft {
    /// The entity.
    pub entity: EntityId,
    /// How often it was read since counting began, where the source counts.
    pub reads: Option<u64>,
    /// How often it was written to.
    pub writes: Option<u64>,
    /// Equal structures have equal texts; kept as a keyed digest.
    pub structure: Option<String>,
    /// When it was last read.
    pub last_read: Option<Timestamp>,
    /// When it was last written to.
    pub last_write: Option<Timestamp>,
    /// When counting began.
    pub since: Option<Timestamp>,
}

impl UsageDraft {
    /// A source that said nothing of this entity.
    pub const fn nothing(entity: EntityId) -> Self {
        Self {
            entity,
            reads: None,
            writes: None,
            structure: None,
            last_read: None,
            last_write: None,
            since: None,
        }
    }
}

/// What was said of one entity on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDay {
    /// The entity.
    pub entity: EntityId,
    /// Days since 1970, UTC.
    pub day: i64,
    /// Counters when it was first asked that day.
    pub first: UsageCounters,
    /// Counters when it was last asked that day.
    pub last: UsageCounters,
    /// When it was last read.
    pub last_read: Option<Timestamp>,
    /// When it was last written to.
    pub last_write: Option<Timestamp>,
    /// When counting began.
    pub since: Option<Timestamp>,
}

/// Counters at one point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageCounters {
    /// When.
    pub at: Timestamp,
    /// How often it was read by then.
    pub reads: Option<u64>,
    /// How often it was written to by then.
    pub writes: Option<u64>,
    /// Digest of its structure.
    pub structure: Option<uuid::Uuid>,
}
