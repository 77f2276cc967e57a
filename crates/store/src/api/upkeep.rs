//! The store itself: settings, keys, the log, upkeep; and how entities are used.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use locard_audit::{Entry, Head};
use locard_model::{EntityId, OrgId, RequestId};
use serde_json::Value;

use crate::rows::{
    ApiKey, ApiKeyDraft, ApiKeyId, AuditChecked, AuditDraft, AuditRecord, JobLease, Page, Paged,
    UsageDay, UsageDraft,
};
use crate::{MasterKey, Result};

/// How entities are used, day by day.
#[async_trait]
pub trait UsageDays: Send + Sync {
    /// Keeps what sources say now of some entities, under today; what was said first today stays beside it.
    async fn put_usage(&self, lease: &JobLease, drafts: &[UsageDraft]) -> Result<()>;

    /// What was said of some entities on these days, both included (since 1970, UTC), and on the last day before them, by
    /// entity and day.
    async fn usage(
        &self,
        org: OrgId,
        entities: &[EntityId],
        days: (i64, i64),
    ) -> Result<Vec<UsageDay>>;
}

/// Settings by name.
#[async_trait]
pub trait Settings: Send + Sync {
    /// A setting.
    async fn setting(&self, org: OrgId, name: &str) -> Result<Option<Value>>;

    /// The setting; where there is none it is this value from now on, whoever else asks at the same time.
    async fn setting_or(&self, org: OrgId, name: &str, value: &Value) -> Result<Value>;

    /// Sets it; `None` removes it.
    async fn set_setting(&self, org: OrgId, name: &str, value: Option<&Value>) -> Result<()>;
}

/// Keys of the programming interface.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Makes a key.
    async fn add_api_key(&self, org: OrgId, draft: &ApiKeyDraft) -> Result<ApiKey>;

    /// Makes the first key of an organisation; `None`, and nothing is made, where there ever was one. Several servers may
    /// start at the same time.
    async fn add_first_api_key(&self, org: OrgId, draft: &ApiKeyDraft) -> Result<Option<ApiKey>>;

    /// The key with this hash, of whatever organisation, revoked and expired ones included.
    async fn api_key(&self, token_hash: &[u8; 32]) -> Result<Option<ApiKey>>;

    /// Every key, oldest first.
    async fn api_keys(&self, org: OrgId) -> Result<Vec<ApiKey>>;

    /// Lets nobody in any more by that key; doing so twice changes nothing.
    async fn revoke_api_key(&self, org: OrgId, id: ApiKeyId) -> Result<ApiKey>;
}

/// Who did what.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds a row to the chain.
    async fn record_audit(&self, org: OrgId, draft: &AuditDraft) -> Result<AuditRecord>;

    /// Adds rows to the chain in that order, all of them or none.
    async fn record_audits(&self, org: OrgId, drafts: &[AuditDraft]) -> Result<()>;

    /// What was recorded, newest first.
    async fn audit(&self, org: OrgId, page: Page) -> Result<Paged<AuditRecord>>;

    /// Reads the whole log and verifies it, also against a head that was kept elsewhere.
    async fn check_audit(&self, org: OrgId, known: Option<&Head>) -> Result<AuditChecked>;

    /// Entries of the chain in their order, those of one request if one is given, after that number.
    async fn audit_entries(
        &self,
        org: OrgId,
        request: Option<RequestId>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Entry>>;
}

/// Looking after the store itself.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// What time it is by the store's clock, which several machines may share.
    async fn clock(&self) -> Result<Timestamp>;

    /// Writes everything to a new file while the store stays in use; sealed contents stay sealed. `Conflict` if
    /// the file exists.
    async fn backup(&self, file: &Path) -> Result<()>;

    /// Reads the whole store and says whether it is sound.
    async fn check(&self) -> Result<()>;

    /// Writes the store anew without what was deleted, so that its files hold no old bytes and give the room back. `false`
    /// where some table was in use all the time: its room is free for new rows, and old bytes may be left.
    async fn compact(&self) -> Result<bool>;

    /// Forgets ended jobs with their tasks, failures and findings, and gives how many. Of each specification the
    /// newest `keep` stay, and the latest that completed however old; so do jobs that ended within `time`, since somebody
    /// may still ask how, and jobs that wait or run, whose pieces are still in use, or that a kept job names as its parent. Findings that hold now stay in any case. An idempotency
    /// key is forgotten with its job.
    async fn prune(&self, org: OrgId, keep: u32, time: Duration) -> Result<u64>;

    /// Wraps every key under another master key; no data is touched. The caller keeps the key: [`crate::rotate`] does
    /// both so that neither can be lost.
    async fn rotate_master_key(&self, new: &MasterKey) -> Result<()>;

    /// Ends all connections and frees the home.
    async fn close(&self);
}
