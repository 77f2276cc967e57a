//! What people decide and write about what was found.

use async_trait::async_trait;
use jiff::Timestamp;
use locard_model::{ColumnId, EntityId, JobId, OrgId, RelationId};
use serde_json::Value;

use crate::Result;
use crate::rows::{
    Allowed, AnnotationRecord, BusinessResult, BusinessRule, BusinessRuleDraft, BusinessRuleId,
    Collection, CollectionDraft, CollectionId, Decision, JobLease, OwnKind, OwnRule, Page, Paged,
    RelationReview, Review,
};

/// What people decided.
#[async_trait]
pub trait Reviews: Send + Sync {
    /// Decides on columns and identifiers, all or none; the last decision stands.
    async fn review(&self, org: OrgId, reviews: &[Review]) -> Result<()>;

    /// Takes a decision back; whether there was one.
    async fn withdraw_review(&self, org: OrgId, column: ColumnId, identifier: &str)
    -> Result<bool>;

    /// Every decision, of one kind if given.
    async fn reviews(&self, org: OrgId, decision: Option<Decision>) -> Result<Vec<Review>>;

    /// Every decision of one kind on columns of one entity that are known.
    async fn reviews_of(
        &self,
        org: OrgId,
        entity: EntityId,
        decision: Decision,
    ) -> Result<Vec<Review>>;

    /// Allows values, all or none; those that are already allowed stay so, and the last reason that was given stands.
    async fn allow(&self, org: OrgId, values: &[Allowed]) -> Result<()>;

    /// No longer allows a value, by its hash; whether it was.
    async fn disallow(&self, org: OrgId, hash: u64) -> Result<bool>;

    /// Every allowed value.
    async fn allowed(&self, org: OrgId) -> Result<Vec<Allowed>>;
}

/// What people decided about relations between entities.
#[async_trait]
pub trait Relations: Send + Sync {
    /// Decides on relations, all or none; the last decision stands.
    async fn review_relations(&self, org: OrgId, reviews: &[RelationReview]) -> Result<()>;

    /// Takes a decision back; whether there was one.
    async fn withdraw_relation_review(&self, org: OrgId, id: RelationId) -> Result<bool>;

    /// Every decision, in the order of the ids.
    async fn relation_reviews(&self, org: OrgId) -> Result<Vec<RelationReview>>;
}

/// What people say of sources and entities.
#[async_trait]
pub trait Annotations: Send + Sync {
    /// Says it of a source or an entity, instead of what was said before.
    async fn annotate(&self, org: OrgId, record: &AnnotationRecord) -> Result<()>;

    /// Everything that was said, by source.
    async fn annotations(&self, org: OrgId) -> Result<Vec<AnnotationRecord>>;
}

/// Collections: named sets of entities.
#[async_trait]
pub trait Collections: Send + Sync {
    /// Makes a collection or changes it, by id; `Conflict` if another one has the name. What was summed up is forgotten.
    async fn put_collection(&self, org: OrgId, draft: &CollectionDraft) -> Result<Collection>;

    /// One collection.
    async fn collection(&self, org: OrgId, id: CollectionId) -> Result<Collection>;

    /// Collections, in the order of their ids.
    async fn collections(&self, org: OrgId, page: Page) -> Result<Paged<Collection>>;

    /// Forgets a collection; its entities stay.
    async fn remove_collection(&self, org: OrgId, id: CollectionId) -> Result<()>;

    /// Keeps what its members have in common.
    async fn sum_collection(&self, org: OrgId, id: CollectionId, statistics: &Value) -> Result<()>;
}

/// Rules and word lists of an organisation's own.
#[async_trait]
pub trait OwnRules: Send + Sync {
    /// All of them.
    async fn own_rules(&self, org: OrgId) -> Result<Vec<OwnRule>>;

    /// Makes some, or replaces those of the same kinds and names; all of them or none.
    async fn put_own_rules(&self, org: OrgId, rules: &[OwnRule]) -> Result<()>;

    /// Forgets some, all at once; how many were there.
    async fn remove_own_rules(&self, org: OrgId, rules: &[(OwnKind, String)]) -> Result<u64>;

    /// How many there are, and when the last of them was changed: as long as neither changes, none of them did.
    async fn own_rules_state(&self, org: OrgId) -> Result<(u64, Option<Timestamp>)>;
}

/// Business rules, and what came of them.
#[async_trait]
pub trait BusinessRules: Send + Sync {
    /// Makes a business rule or changes it, by id; `Conflict` if another one has the name.
    async fn put_business_rule(
        &self,
        org: OrgId,
        draft: &BusinessRuleDraft,
    ) -> Result<BusinessRule>;

    /// One business rule.
    async fn business_rule(&self, org: OrgId, id: BusinessRuleId) -> Result<BusinessRule>;

    /// Business rules, in the order of their ids.
    async fn business_rules(&self, org: OrgId, page: Page) -> Result<Paged<BusinessRule>>;

    /// Forgets a business rule and what came of it.
    async fn remove_business_rule(&self, org: OrgId, id: BusinessRuleId) -> Result<()>;

    /// Records what the holder of a job found; `false`, and nothing is recorded, where the rule was removed meanwhile.
    async fn record_business_result(
        &self,
        lease: &JobLease,
        result: &BusinessResult,
    ) -> Result<bool>;

    /// What came of one, the newest first.
    async fn business_results(
        &self,
        org: OrgId,
        rule: BusinessRuleId,
        page: Page,
    ) -> Result<Paged<BusinessResult>>;

    /// What one job found of its rules.
    async fn business_results_of(&self, org: OrgId, job: JobId) -> Result<Vec<BusinessResult>>;
}
