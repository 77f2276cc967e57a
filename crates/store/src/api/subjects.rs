//! What is done for data subjects.

use async_trait::async_trait;
use locard_model::{DsarState, OrgId, RequestId};

use crate::Result;
use crate::rows::{
    AuditDraft, Dsar, DsarChange, DsarDraft, DsarEvent, DsarId, DsarKey, DsarRecord,
    DsarRecordDraft, Page, Paged, Request, RequestChange, RequestDraft, RequestEvent,
    RequestFilter, StartedDsar, StartedRequest,
};

/// DSAR jobs.
#[async_trait]
pub trait Dsars: Send + Sync {
    /// Starts one with a key of its own, unless too many are active.
    async fn start_dsar(&self, org: OrgId, draft: &DsarDraft) -> Result<StartedDsar>;

    /// One of them.
    async fn dsar(&self, org: OrgId, id: DsarId) -> Result<Dsar>;

    /// Those in a state, or all of them, newest first.
    async fn dsars(&self, org: OrgId, state: Option<DsarState>, page: Page) -> Result<Paged<Dsar>>;

    /// How many there are in each state that any is in.
    async fn dsar_counts(&self, org: OrgId) -> Result<Vec<(DsarState, u64)>>;

    /// Changes one that is in one of the states from which that may be done; `Conflict` if it is in another, or changed
    /// since the caller saw it.
    async fn change_dsar(&self, org: OrgId, id: DsarId, change: &DsarChange) -> Result<Dsar>;

    /// What became of one, oldest first.
    async fn dsar_events(&self, org: OrgId, id: DsarId) -> Result<Vec<DsarEvent>>;

    /// Keeps something that was decided or done about one whose key is there, and gives its number; `None` where what may
    /// happen once did before.
    async fn add_dsar_record(
        &self,
        org: OrgId,
        id: DsarId,
        draft: &DsarRecordDraft,
    ) -> Result<Option<u64>>;

    /// What was decided or done about one, of one kind, oldest first.
    async fn dsar_records(&self, org: OrgId, id: DsarId, kind: &str) -> Result<Vec<DsarRecord>>;

    /// Those whose bundles are to be destroyed by the store's clock and that are under no hold of their own, the longest
    /// waiting first.
    async fn overdue_dsars(&self, org: OrgId, most: u32) -> Result<Vec<Dsar>>;

    /// The key of one; `None` once it was destroyed.
    async fn dsar_key(&self, org: OrgId, id: DsarId) -> Result<Option<DsarKey>>;

    /// Destroys the key of one that has come to its end, and with it all that is known of it but when which state was
    /// reached; whether there was one. `Conflict` while it is active, and while it or the request that it answers, if it
    /// does, is under a legal hold.
    async fn destroy_dsar_key(
        &self,
        org: OrgId,
        id: DsarId,
        answers: Option<RequestId>,
    ) -> Result<bool>;
}

/// Legal requests of persons.
#[async_trait]
pub trait Requests: Send + Sync {
    /// Records one with a key of its own, and the act of it in the log.
    async fn start_request(&self, org: OrgId, draft: &RequestDraft) -> Result<StartedRequest>;

    /// One of them.
    async fn request(&self, org: OrgId, id: RequestId) -> Result<Request>;

    /// Some of them, and how many there are in all.
    async fn requests(&self, org: OrgId, filter: &RequestFilter) -> Result<(Vec<Request>, u64)>;

    /// Changes one, and records the act in the log; `Conflict` if somebody else changed it since.
    async fn change_request(
        &self,
        org: OrgId,
        id: RequestId,
        change: &RequestChange,
    ) -> Result<Request>;

    /// What became of one, oldest first.
    async fn request_events(&self, org: OrgId, id: RequestId) -> Result<Vec<RequestEvent>>;

    /// A file of one; `NotFound` too once the key was destroyed.
    async fn request_file(&self, org: OrgId, id: RequestId, file: uuid::Uuid) -> Result<Vec<u8>>;

    /// Destroys the key of one on which nothing is owed, with its files, and all that is known of it but when which state
    /// was reached; whether there was one. `Conflict` while it is open, held, or to be retained by the store's clock.
    async fn destroy_request_key(
        &self,
        org: OrgId,
        id: RequestId,
        audit: &AuditDraft,
    ) -> Result<bool>;
}
