//! Business rules: what is asked of data, and what came out.

use jiff::Timestamp;
use locard_model::JobId;
use serde_json::Value;
use uuid::Uuid;

/// A business rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BusinessRuleId(pub Uuid);

/// A business rule to make or to change.
#[derive(Clone, Debug, PartialEq)]
pub struct BusinessRuleDraft {
    /// Its id.
    pub id: BusinessRuleId,
    /// What it is called; no two of an organisation are called the same.
    pub name: String,
    /// What it asks, as the caller writes it.
    pub spec: Value,
}

/// A business rule as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct BusinessRule {
    /// Its id.
    pub id: BusinessRuleId,
    /// What it is called.
    pub name: String,
    /// What it asks, as the caller writes it.
    pub spec: Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody changed it last.
    pub updated_at: Timestamp,
}

/// What a job found of a business rule.
#[derive(Clone, Debug, PartialEq)]
pub struct BusinessResult {
    /// Of which rule.
    pub rule: BusinessRuleId,
    /// The job.
    pub job: JobId,
    /// In one word.
    pub status: String,
    /// Records that there are.
    pub total: u64,
    /// Records that the rule is about.
    pub scope: u64,
    /// Of these, records that do not keep it.
    pub non_compliant: u64,
    /// Records that could not be read.
    pub unread: u64,
    /// The rest, as the caller writes it; never a value that was read.
    pub details: Value,
    /// When it was recorded; when it is given to be recorded, of no meaning.
    pub at: Timestamp,
}
