//! Decisions on relations: kept, changed, taken back, and gone with either source.

use std::sync::Arc;

use jiff::Timestamp;
use locard_model::{OrgId, RelationId};
use locard_store::{Decision, RelationReview, Store};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;

on_both!(a_decision_on_a_relation_stands_until_it_is_taken_back_or_a_source_is_gone);

async fn a_decision_on_a_relation_stands_until_it_is_taken_back_or_a_source_is_gone(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let mut sources = Vec::new();
    for name in ["crm", "shop"] {
        let put = store.put_source(ORG, &source_draft(name)).await.unwrap();
        sources.push(put.id);
    }
    let review = |id: u128, decision| RelationReview {
        id: RelationId(Uuid::from_u128(id)),
        parent: sources[0],
        child: sources[1],
        relation: json!({ "parent": "planted" }),
        decision,
        note: Some("same numbers".to_owned()),
        actor: None,
        decided_at: Timestamp::UNIX_EPOCH,
    };
    let both = [
        review(1, Decision::Confirmed),
        review(2, Decision::Rejected),
    ];
    store.review_relations(ORG, &both).await.unwrap();
    let again = review(1, Decision::Rejected);
    store.review_relations(ORG, &[again]).await.unwrap();
    let known = store.relation_reviews(ORG).await.unwrap();
    let told: Vec<_> = known
        .iter()
        .map(|it| (it.id.0.as_u128(), it.decision))
        .collect();
    assert_eq!(told, [(1, Decision::Rejected), (2, Decision::Rejected)]);
    assert_eq!(known[0].relation, json!({ "parent": "planted" }));
    assert_eq!(known[0].note.as_deref(), Some("same numbers"));

    // What belongs to another organisation does not exist.
    let other = OrgId(Uuid::from_u128(7));
    store.create_organisation(other, "other").await.unwrap();
    assert_eq!(store.relation_reviews(other).await.unwrap(), []);
    let first = RelationId(Uuid::from_u128(1));
    assert!(!store.withdraw_relation_review(other, first).await.unwrap());

    assert!(store.withdraw_relation_review(ORG, first).await.unwrap());
    assert!(!store.withdraw_relation_review(ORG, first).await.unwrap());
    store.remove_source(ORG, sources[1]).await.unwrap();
    assert_eq!(store.relation_reviews(ORG).await.unwrap(), []);
}
