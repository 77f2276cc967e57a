//! Who may use the programming interface, and what they did.

use jiff::Timestamp;
use locard_audit::{Flaw, Head, Hold, Retention, RetentionClass};
use locard_model::{RequestId, named};
use serde_json::Value;
use uuid::Uuid;

/// A key of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ApiKeyId(pub Uuid);

/// A row of the audit chain; ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AuditId(pub Uuid);

/// What a caller may do; each may do what those before it may, but only the privacy officer may look persons up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grant {
    /// Read what is in the catalog, without samples.
    Viewer,
    /// Register sources, start and stop jobs.
    Operator,
    /// Look persons up and decide on findings.
    PrivacyOfficer,
    /// Manage keys and everything that is not about a person.
    Administrator,
}

named!(Grant {
    Viewer => "viewer",
    Operator => "operator",
    PrivacyOfficer => "privacy-officer",
    Administrator => "administrator",
});

/// A key to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyDraft {
    /// SHA-256 of the token, which is random, long, and never stored.
    pub token_hash: [u8; 32],
    /// What it is called; people see it as whoever acted.
    pub name: String,
    /// What it lets do.
    pub grant: Grant,
    /// To which parts of the interface that is narrowed; empty: to none.
    pub scopes: Vec<String>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The organisation that it lets into.
    pub org: locard_model::OrgId,
    /// What it is called.
    pub name: String,
    /// What it lets do.
    pub grant: Grant,
    /// To which parts of the interface that is narrowed; empty: to none.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When somebody took it back.
    pub revoked_at: Option<Timestamp>,
    /// Whether it lets in now, by the clock of the store.
    pub is_valid: bool,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditDraft {
    /// What, by a stable name: `locate`.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// Why: the purpose or order that it followed; may be read for as long as the log is kept.
    pub purpose: String,
    /// What about it. Sealed under the key of its request, else under the organisation's.
    pub details: Value,
    /// The request that it belongs to.
    pub request: Option<RequestId>,
    /// What the person whom it was about is known by; kept as a keyed digest.
    pub subject: Option<String>,
    /// How long it is to be kept.
    pub retention: Retention,
    /// What it says about a legal hold on its request.
    pub hold: Hold,
}

impl AuditDraft {
    /// An act that belongs to no request.
    pub fn new(action: impl Into<String>, actor: impl Into<String>, details: Value) -> Self {
        Self {
            action: action.into(),
            actor: actor.into(),
            purpose: String::new(),
            details,
            request: None,
            subject: None,
            retention: Retention {
                class: RetentionClass::AuditEvent,
                until: None,
            },
            hold: Hold::Unchanged,
        }
    }
}

/// Something that was done, as it is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// Its place in the chain.
    pub id: AuditId,
    /// Its number in the chain; none for what was recorded before entries had numbers.
    pub sequence: Option<u64>,
    /// When.
    pub at: Timestamp,
    /// What happened; its details are null where the key of its request was destroyed, and the subject is not told.
    pub what: AuditDraft,
    /// Hash over this entry's sealed content and the hash of the one before it.
    pub hash: [u8; 32],
}

/// What came of reading the whole log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditChecked {
    /// How many acts there are, those from before entries had numbers included.
    pub count: u64,
    /// Where the chain ends.
    pub head: Head,
    /// What is wrong with it first; what comes after was not read.
    pub fault: Option<Flaw>,
}
