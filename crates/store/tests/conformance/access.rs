//! Keys of the interface, the audit chain, and jobs that any worker may take up.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use locard_model::{JobState, OrgId};
use locard_store::{
    ApiKeyDraft, AuditDraft, ErrorKind, Grant, JobDraft, JobOutcome, Page, Store, WorkerId,
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;

on_both!(
    a_key_lets_in_until_it_is_revoked_or_ends,
    there_is_one_first_key_however_many_ask,
    the_audit_is_a_chain_of_each_organisation,
    a_worker_takes_up_what_was_left_to_it_one_of_a_kind_at_a_time,
    a_source_keeps_the_key_that_others_know_it_by,
);

fn draft(token: u8) -> ApiKeyDraft {
    ApiKeyDraft {
        token_hash: [token; 32],
        name: format!("key {token}"),
        grant: Grant::Operator,
        scopes: Vec::new(),
        expires_at: None,
    }
}

async fn a_key_lets_in_until_it_is_revoked_or_ends(_: &Bench, store: Arc<dyn Store>) {
    let key = store.add_api_key(ORG, &draft(1)).await.unwrap();
    assert_eq!(
        (key.org, key.grant, key.is_valid),
        (ORG, Grant::Operator, true)
    );
    let found = store.api_key(&[1; 32]).await.unwrap();
    assert_eq!(found, Some(key.clone()));
    assert_eq!(store.api_key(&[2; 32]).await.unwrap(), None);
    let narrow = ApiKeyDraft {
        scopes: vec!["jobs".to_owned(), "sources:read".to_owned()],
        ..draft(3)
    };
    let narrow = store.add_api_key(ORG, &narrow).await.unwrap();
    assert_eq!((narrow.name.as_str(), narrow.scopes.len()), ("key 3", 2));
    let past = ApiKeyDraft {
        expires_at: Some(Timestamp::now() - SignedDuration::from_secs(5)),
        ..draft(2)
    };
    assert!(!store.add_api_key(ORG, &past).await.unwrap().is_valid);
    for _ in 0..2 {
        let revoked = store.revoke_api_key(ORG, key.id).await.unwrap();
        assert!(!revoked.is_valid && revoked.revoked_at.is_some());
    }
    assert_eq!(store.api_keys(ORG).await.unwrap().len(), 3);
    let nobody = OrgId(Uuid::from_u128(99));
    let foreign = store.revoke_api_key(nobody, key.id).await.unwrap_err();
    assert_eq!(foreign.kind(), ErrorKind::NotFound);
}

async fn there_is_one_first_key_however_many_ask(_: &Bench, store: Arc<dyn Store>) {
    let asked = (1..9).map(|token| {
        let store = store.clone();
        tokio::spawn(async move { store.add_first_api_key(ORG, &draft(token)).await.unwrap() })
    });
    let made = futures::future::join_all(asked.collect::<Vec<_>>()).await;
    let made = made.into_iter().filter_map(Result::unwrap).count();
    assert_eq!(made, 1);
    let key = store.api_keys(ORG).await.unwrap().remove(0);
    store.revoke_api_key(ORG, key.id).await.unwrap();
    let again = store.add_first_api_key(ORG, &draft(20)).await.unwrap();
    assert_eq!(again, None, "it is printed once, ever");
}

async fn the_audit_is_a_chain_of_each_organisation(_: &Bench, store: Arc<dyn Store>) {
    let other = OrgId(Uuid::from_u128(7));
    store.create_organisation(other, "other").await.unwrap();
    for (org, count) in [(ORG, 3), (other, 1)] {
        for at in 0..count {
            let draft = AuditDraft::new("locate", "anna", json!({ "at": at }));
            store.record_audit(org, &draft).await.unwrap();
        }
        let checked = store.check_audit(org, None).await.unwrap();
        assert_eq!((checked.count, checked.fault), (count, None));
        let again = store.check_audit(org, Some(&checked.head)).await.unwrap();
        assert_eq!(again.fault, None);
    }
    let newest = store.audit(ORG, Page::first(2)).await.unwrap();
    let told: Vec<_> = newest
        .items
        .iter()
        .map(|row| &row.what.details["at"])
        .collect();
    assert_eq!(told, [2, 1]);
    let page = Page {
        after: newest.next,
        limit: 2,
    };
    assert_eq!(store.audit(ORG, page).await.unwrap().items.len(), 1);
}

async fn a_worker_takes_up_what_was_left_to_it_one_of_a_kind_at_a_time(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    const LONG: Duration = Duration::from_mins(5);
    let job = |spec: &str, affinity: Option<&str>| JobDraft {
        affinity: affinity.map(str::to_owned),
        details: json!({ "version": 1 }),
        ..JobDraft::new("scan", json!({ "target": spec }))
    };
    let affinities = ["DEFAULT".to_owned()];
    let next = async |lease_for| {
        let worker = WorkerId::random();
        let claimed = store.claim_next_job(ORG, &affinities, worker, lease_for);
        claimed.await.unwrap()
    };
    // Whoever accepted it runs it; another worker's is not ours.
    store.start_job(ORG, &job("a", None)).await.unwrap();
    store.start_job(ORG, &job("a", Some("east"))).await.unwrap();
    assert_eq!(next(LONG).await, None);
    let first = store
        .start_job(ORG, &job("b", Some("DEFAULT")))
        .await
        .unwrap();
    assert_eq!(first.job.details, json!({ "version": 1 }));
    store
        .start_job(ORG, &job("b", Some("DEFAULT")))
        .await
        .unwrap();
    let lease = next(LONG).await.expect("it waits");
    assert_eq!(lease.job, first.job.id);
    assert_eq!(next(LONG).await, None, "the same is under way");
    let outcome = JobOutcome {
        state: JobState::Completed,
        outcome: None,
        error: None,
    };
    store.finish_job(&lease, &outcome).await.unwrap();
    let second = next(Duration::ZERO).await.expect("its turn has come");
    assert_ne!(second.job, first.job.id);
    let again = next(LONG).await.expect("its worker is dead");
    assert_eq!(again.job, second.job);
    assert!(again.fence > second.fence);
}

async fn a_source_keeps_the_key_that_others_know_it_by(_: &Bench, store: Arc<dyn Store>) {
    let mut draft = source_draft("crm");
    store.put_source(ORG, &draft).await.unwrap();
    draft.key = Some("CRM_1".to_owned());
    store.put_source(ORG, &draft).await.unwrap();
    let found = store.source_by_key(ORG, "CRM_1").await.unwrap();
    assert_eq!(found.map(|source| source.id), Some(draft.id));
    let mut other = source_draft("erp");
    other.key = Some("CRM_1".to_owned());
    let taken = store.put_source(ORG, &other).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::Conflict);
    for key in [None, Some("CRM_2".to_owned())] {
        draft.key = key;
        let changed = store.put_source(ORG, &draft).await.unwrap_err();
        assert_eq!(changed.kind(), ErrorKind::Conflict);
    }
    assert!(store.source_by_key(ORG, "CRM_1").await.unwrap().is_some());
    assert!(store.source_by_key(ORG, "CRM_2").await.unwrap().is_none());
}
