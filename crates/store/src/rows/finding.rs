//! Findings and what people decided about them.

use jiff::Timestamp;
use locard_model::{
    Category, ColumnId, EntityId, Finding, FindingKind, Identifier, JobId, SecretString, SourceId,
    named,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Names a finding of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FindingId(pub Uuid);

/// A finding to record.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingDraft {
    /// The finding.
    pub finding: Finding,
    /// Why, in numbers, as the caller writes it.
    pub explanation: Value,
}

/// A recorded finding.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingRecord {
    /// Its id.
    pub id: FindingId,
    /// The job that found it.
    pub job: JobId,
    /// Whether no later job judged the entity.
    pub current: bool,
    /// The finding.
    pub finding: Finding,
    /// Why, in numbers.
    pub explanation: Value,
    /// What people decided about this column and identifier.
    pub decision: Option<Decision>,
}

/// Which findings are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindingFilter {
    /// Of this job; without it, the current ones.
    pub job: Option<JobId>,
    /// In this source.
    pub source: Option<SourceId>,
    /// In this entity.
    pub entity: Option<EntityId>,
    /// In this column.
    pub column: Option<ColumnId>,
    /// Of this identifier.
    pub identifier: Option<Identifier>,
    /// Of this family.
    pub category: Option<Category>,
    /// Of this kind.
    pub kind: Option<FindingKind>,
    /// At least this confident.
    pub min_confidence: Option<f64>,
}

/// What somebody decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is so.
    Confirmed,
    /// It is not so.
    Rejected,
}

named!(Decision {
    Confirmed => "confirmed",
    Rejected => "rejected",
});

/// A decision on a column and an identifier; it survives rescans and tombstones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The source.
    pub source: SourceId,
    /// The table, file or collection.
    pub entity: EntityId,
    /// The column.
    pub column: ColumnId,
    /// The identifier.
    pub identifier: Identifier,
    /// What was decided.
    pub decision: Decision,
    /// Why, in the reviewer's words.
    pub note: Option<String>,
    /// Who decided.
    pub actor: Option<String>,
    /// When; set by the store and ignored when given to it.
    pub decided_at: Timestamp,
}

/// A value that is no finding, known by its keyed hash.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// Hash of the folded value under the organisation's sketch key.
    pub hash: u64,
    /// The folded value, so that other catalogs can hash it too; `None` of those that older releases took down.
    pub value: Option<SecretString>,
    /// Why, in the words of whoever allowed it.
    pub reason: Option<String>,
}
