//! Business rules: kept, changed, with what came of them, removed.

use std::sync::Arc;

use locard_model::OrgId;
use locard_store::{
    BusinessResult, BusinessRuleDraft, BusinessRuleId, ErrorKind, JobLease, Page, Store,
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;

on_both!(a_business_rule_is_kept_with_what_came_of_it);

fn draft(id: u128, name: &str) -> BusinessRuleDraft {
    BusinessRuleDraft {
        id: BusinessRuleId(Uuid::from_u128(id)),
        name: name.to_owned(),
        spec: json!({ "sql": "select 1" }),
    }
}

async fn a_business_rule_is_kept_with_what_came_of_it(_: &Bench, store: Arc<dyn Store>) {
    let first = draft(1, "mail");
    let made = store.put_business_rule(ORG, &first).await.unwrap();
    assert_eq!(made.name, "mail");
    store
        .put_business_rule(ORG, &draft(2, "age"))
        .await
        .unwrap();
    let taken = store.put_business_rule(ORG, &draft(3, "mail")).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::Conflict);
    let mut found = Vec::new();
    for count in [7, 9] {
        let lease = running(&*store).await;
        let job = lease.job;
        let mut result = BusinessResult {
            rule: first.id,
            job,
            status: "FAIL".to_owned(),
            total: 10,
            scope: count,
            non_compliant: 1,
            unread: 0,
            details: json!({ "entities": [] }),
            at: made.created_at,
        };
        // A job that is taken up again says the same once more.
        assert!(store.record_business_result(&lease, &result).await.unwrap());
        assert!(store.record_business_result(&lease, &result).await.unwrap());
        let of_job = store.business_results_of(ORG, job).await.unwrap();
        result.at = of_job[0].at;
        assert_eq!(of_job, [result.clone()]);
        found.insert(0, result);
        let gone = BusinessResult {
            rule: BusinessRuleId(Uuid::from_u128(99)),
            ..found[0].clone()
        };
        assert!(!store.record_business_result(&lease, &gone).await.unwrap());
        let late = JobLease {
            fence: lease.fence + 1,
            ..lease
        };
        let late = store.record_business_result(&late, &found[0]).await;
        assert_eq!(late.unwrap_err().kind(), ErrorKind::LeaseLost);
    }
    pages_are_ours_alone(&*store, first.id, &found).await;
    store.remove_business_rule(ORG, first.id).await.unwrap();
    let gone = store.business_rule(ORG, first.id).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    let results = store.business_results(ORG, first.id, Page::first(9)).await;
    assert_eq!(results.unwrap().items, []);
}

/// The newest first, page by page, and nothing of them for another organisation.
async fn pages_are_ours_alone(store: &dyn Store, rule: BusinessRuleId, found: &[BusinessResult]) {
    let page = store
        .business_results(ORG, rule, Page::first(1))
        .await
        .unwrap();
    assert_eq!(page.items, found[..1]);
    let rest = Page {
        after: page.next,
        limit: 9,
    };
    let rest = store.business_results(ORG, rule, rest).await.unwrap();
    assert_eq!(rest.items, found[1..]);
    let all = store.business_rules(ORG, Page::first(9)).await.unwrap();
    assert_eq!(all.items.len(), 2);
    // What belongs to another organisation does not exist.
    let other = OrgId(Uuid::from_u128(7));
    store.create_organisation(other, "other").await.unwrap();
    let foreign = store.business_rules(other, Page::first(9)).await.unwrap();
    assert_eq!(foreign.items, []);
    let foreign = store.business_results(other, rule, Page::first(9)).await;
    assert_eq!(foreign.unwrap().items, []);
    for foreign in [
        store.business_rule(other, rule).await.unwrap_err(),
        store.remove_business_rule(other, rule).await.unwrap_err(),
    ] {
        assert_eq!(foreign.kind(), ErrorKind::NotFound);
    }
}
