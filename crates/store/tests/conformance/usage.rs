//! How entities are used, day by day.

use std::sync::Arc;

use jiff::Timestamp;
use locard_model::OrgId;
use locard_store::{ErrorKind, JobDraft, JobLease, Store, UsageDraft, WorkerId};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;

on_both!(what_was_said_first_and_last_of_a_day_is_kept);

/// Holds a job.
async fn working(store: &dyn Store) -> JobLease {
    let job = JobDraft::new("usage", json!({}));
    let job = store.start_job(ORG, &job).await.unwrap().job.id;
    let worker = WorkerId::random();
    store.claim_job(ORG, job, worker, LONG).await.unwrap()
}

async fn what_was_said_first_and_last_of_a_day_is_kept(_: &Bench, store: Arc<dyn Store>) {
    let source = source_draft("crm");
    store.put_source(ORG, &source).await.unwrap();
    let table = table(source.id, "people");
    store
        .put_entities(ORG.into(), std::slice::from_ref(&table))
        .await
        .unwrap();
    let lease = working(store.as_ref()).await;
    let said = |reads, structure: &str| UsageDraft {
        reads: Some(reads),
        structure: Some(structure.to_owned()),
        last_read: Some(Timestamp::from_second(1_700_000_000).unwrap()),
        ..UsageDraft::nothing(table.id)
    };
    for (reads, structure) in [(3, "a"), (5, "a"), (9, "b")] {
        store
            .put_usage(&lease, &[said(reads, structure)])
            .await
            .unwrap();
    }
    let today = Timestamp::now().as_second().div_euclid(86_400);
    let days = store
        .usage(ORG, &[table.id], (today - 1, today + 1))
        .await
        .unwrap();
    assert_eq!(days.len(), 1);
    assert_eq!(
        (days[0].first.reads, days[0].last.reads),
        (Some(3), Some(9))
    );
    assert_ne!(days[0].first.structure, days[0].last.structure);
    assert_eq!(days[0].last.writes, None);
    assert!(days[0].last_read.is_some() && days[0].last_write.is_none());
    // The last day before the range is what it is counted from.
    let later = store
        .usage(ORG, &[table.id], (today + 5, today + 9))
        .await
        .unwrap();
    assert_eq!(later, days);
    assert_eq!(
        store.usage(ORG, &[table.id], (0, today - 2)).await.unwrap(),
        []
    );
    assert_eq!(store.usage(ORG, &[], (0, today)).await.unwrap(), []);
    let other = OrgId(Uuid::from_u128(7));
    store.create_organisation(other, "other").await.unwrap();
    assert_eq!(
        store.usage(other, &[table.id], (0, today)).await.unwrap(),
        []
    );
    // Whoever lost the job writes nothing, and what was said goes with its source.
    let spent = JobLease { fence: 0, ..lease };
    let lost = store.put_usage(&spent, &[said(1, "c")]).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::LeaseLost);
    store.remove_source(ORG, source.id).await.unwrap();
    assert_eq!(store.usage(ORG, &[table.id], (0, today)).await.unwrap(), []);
}
