//! Organisations are walls: nothing of one is seen through another, and none is there by accident.

use std::sync::Arc;

use jiff::Timestamp;
use locard_model::{ColumnId, EntityId, ExposeSecret as _, JobId, OrgId, PieceId, SourceId};
use locard_store::{
    Entity, EntityFilter, ErrorKind, FailureFilter, FindingFilter, JobDraft, JobFilter, JobLease,
    Lease, LeasedTask, Page, Result, Store, WorkerId,
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;

on_both!(
    a_new_store_has_one_organisation,
    an_organisation_has_keys_of_its_own,
    an_unknown_organisation_fails_closed,
    nothing_of_an_unknown_organisation_can_be_judged,
    a_foreign_organisation_reaches_nothing,
    a_foreign_organisation_sees_nothing,
    two_organisations_may_read_the_same_target,
    sources_are_put_found_and_changed,
    a_source_name_is_unique_in_its_organisation,
    a_removed_source_takes_everything_with_it,
    settings_are_set_changed_and_removed,
);

const FOREIGN: OrgId = OrgId(Uuid::from_u128(77));

async fn a_new_store_has_one_organisation(bench: &Bench, store: Arc<dyn Store>) {
    let all = store.organisations().await.unwrap();
    assert_eq!(all.iter().map(|org| org.id).collect::<Vec<_>>(), [ORG]);
    store.close().await;
    assert_eq!(bench.open().await.organisations().await.unwrap(), all);
}

async fn an_organisation_has_keys_of_its_own(bench: &Bench, store: Arc<dyn Store>) {
    store.create_organisation(FOREIGN, "other").await.unwrap();
    let again = store
        .create_organisation(FOREIGN, "other")
        .await
        .unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict);
    let (ours, theirs) = (
        store.sketch_key(ORG).await.unwrap(),
        store.sketch_key(FOREIGN).await.unwrap(),
    );
    assert_ne!(ours.key, theirs.key);
    assert_ne!(ours.id, theirs.id);
    store.close().await;
    let reopened = bench.open().await;
    assert_eq!(reopened.sketch_key(FOREIGN).await.unwrap().key, theirs.key);
    assert_eq!(reopened.organisation(FOREIGN).await.unwrap().name, "other");
}

fn not_found<T>(result: Result<T>) {
    let error = result.err().expect("an unknown organisation has nothing");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

async fn an_unknown_organisation_fails_closed(_: &Bench, store: Arc<dyn Store>) {
    let (entity, job) = (EntityId(Uuid::nil()), JobId(Uuid::nil()));
    not_found(store.organisation(FOREIGN).await);
    not_found(store.sketch_key(FOREIGN).await);
    not_found(store.generation(FOREIGN).await);
    not_found(store.put_source(FOREIGN, &source_draft("crm")).await);
    not_found(store.sources(FOREIGN).await);
    not_found(store.source_by_name(FOREIGN, "crm").await);
    not_found(store.remove_source(FOREIGN, SourceId(Uuid::nil())).await);
    not_found(store.put_entities(FOREIGN.into(), &[]).await);
    not_found(store.put_columns(FOREIGN.into(), entity, &[]).await);
    not_found(store.bury(FOREIGN.into(), &[entity], Timestamp::MAX).await);
    not_found(
        store
            .entities(FOREIGN, &EntityFilter::default(), Page::default())
            .await,
    );
    not_found(store.columns(FOREIGN, entity).await);
    not_found(
        store
            .start_job(FOREIGN, &JobDraft::new("scan", json!({})))
            .await,
    );
    not_found(
        store
            .jobs(FOREIGN, &JobFilter::default(), Page::default())
            .await,
    );
    not_found(store.cancel_job(FOREIGN, job).await);
    not_found(
        store
            .claim_job(FOREIGN, job, WorkerId::random(), LONG)
            .await,
    );
    not_found(store.tasks(FOREIGN, job, None, Page::default()).await);
    not_found(
        store
            .failures(FOREIGN, &FailureFilter::default(), Page::default())
            .await,
    );
}

async fn nothing_of_an_unknown_organisation_can_be_judged(_: &Bench, store: Arc<dyn Store>) {
    let entity = EntityId(Uuid::nil());
    not_found(store.pieces(FOREIGN, entity).await);
    not_found(store.piece(FOREIGN, entity, PieceId(Uuid::nil())).await);
    not_found(store.column_heads(FOREIGN, entity).await);
    not_found(store.column_records(FOREIGN, entity).await);
    not_found(store.catalog(FOREIGN, None, Page::default()).await);
    not_found(
        store
            .findings(FOREIGN, &FindingFilter::default(), Page::default())
            .await,
    );
    not_found(store.review(FOREIGN, &[]).await);
    not_found(store.reviews(FOREIGN, None).await);
    not_found(store.allow(FOREIGN, &[]).await);
    not_found(store.allowed(FOREIGN).await);
    not_found(store.setting(FOREIGN, "theme").await);
    not_found(store.set_setting(FOREIGN, "theme", None).await);
}

/// A scanned table with findings, and an organisation that has no part in it.
async fn furnished(store: &dyn Store) -> (Entity, JobLease, LeasedTask) {
    let entity = furnish(store).await;
    let lease = running(store).await;
    store
        .add_tasks(&lease, &[task_draft(&entity, 0)])
        .await
        .unwrap();
    let leased = take(store, &claim(LONG)).await;
    store
        .complete_task(&leased.lease, &outcome(&entity, 10))
        .await
        .unwrap();
    let found = vec![finding(&entity, "email", "EMAIL_ADDRESS")];
    store
        .conclude(&lease, &conclusion(&entity, vec![leased.task.piece], found))
        .await
        .unwrap();
    store.create_organisation(FOREIGN, "other").await.unwrap();
    (entity, lease, leased)
}

async fn a_foreign_organisation_reaches_nothing(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease, leased) = furnished(&*store).await;
    not_found(store.source(FOREIGN, entity.source).await);
    not_found(store.source_settings(FOREIGN, entity.source).await);
    not_found(store.remove_source(FOREIGN, entity.source).await);
    not_found(
        store
            .put_entities(FOREIGN.into(), std::slice::from_ref(&entity))
            .await,
    );
    not_found(store.entity(FOREIGN, entity.id).await);
    not_found(
        store
            .column(FOREIGN, ColumnId::derive(entity.id, "email"))
            .await,
    );
    not_found(store.job(FOREIGN, lease.job).await);
    not_found(store.cancel_job(FOREIGN, lease.job).await);
    not_found(store.retry_job(FOREIGN, lease.job).await);
    let stolen = Lease {
        org: FOREIGN,
        ..leased.lease
    };
    not_found(store.complete_task(&stolen, &outcome(&entity, 1)).await);
}

async fn a_foreign_organisation_sees_nothing(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease, leased) = furnished(&*store).await;
    store
        .set_setting(ORG, "theme", Some(&json!("dark")))
        .await
        .unwrap();
    let all = Page::default();
    assert_eq!(store.sources(FOREIGN).await.unwrap(), []);
    assert_eq!(store.columns(FOREIGN, entity.id).await.unwrap(), []);
    assert_eq!(
        store
            .tasks(FOREIGN, lease.job, None, all)
            .await
            .unwrap()
            .items,
        []
    );
    assert_eq!(store.pieces(FOREIGN, entity.id).await.unwrap(), []);
    assert_eq!(
        sketches(&*store, FOREIGN, (entity.id, leased.task.piece)).await,
        []
    );
    assert_eq!(store.column_records(FOREIGN, entity.id).await.unwrap(), []);
    assert_eq!(store.catalog(FOREIGN, None, all).await.unwrap().items, []);
    let findings = store
        .findings(FOREIGN, &FindingFilter::default(), all)
        .await
        .unwrap();
    assert_eq!(findings.items, []);
    assert_eq!(store.setting(FOREIGN, "theme").await.unwrap(), None);
}

async fn two_organisations_may_read_the_same_target(_: &Bench, store: Arc<dyn Store>) {
    let (entity, _, _) = furnished(&*store).await;
    store
        .put_source(FOREIGN, &source_draft("crm"))
        .await
        .unwrap();
    store
        .put_entities(FOREIGN.into(), std::slice::from_ref(&entity))
        .await
        .unwrap();
    store.remove_source(FOREIGN, entity.source).await.unwrap();
    assert_eq!(store.columns(ORG, entity.id).await.unwrap().len(), 2);
    assert_eq!(store.column_records(ORG, entity.id).await.unwrap().len(), 2);
}

async fn sources_are_put_found_and_changed(_: &Bench, store: Arc<dyn Store>) {
    let mut draft = source_draft("crm");
    let first = store.put_source(ORG, &draft).await.unwrap();
    assert_eq!(
        (first.name.as_str(), first.target.as_str()),
        ("crm", "file:///data/crm")
    );
    draft.name = String::from("sales");
    draft.owner = None;
    let second = store.put_source(ORG, &draft).await.unwrap();
    assert_eq!((second.id, second.created_at), (first.id, first.created_at));
    assert_eq!(store.source(ORG, draft.id).await.unwrap(), second);
    assert_eq!(
        store.source_by_name(ORG, "sales").await.unwrap(),
        Some(second.clone())
    );
    assert_eq!(store.source_by_name(ORG, "crm").await.unwrap(), None);
    assert_eq!(store.sources(ORG).await.unwrap(), [second]);
    let settings = store.source_settings(ORG, draft.id).await.unwrap();
    assert_eq!(settings.expose_secret(), draft.settings.expose_secret());
}

async fn a_source_name_is_unique_in_its_organisation(_: &Bench, store: Arc<dyn Store>) {
    store.put_source(ORG, &source_draft("crm")).await.unwrap();
    let mut other = source_draft("erp");
    other.name = String::from("crm");
    let error = store.put_source(ORG, &other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.sentence(), "another source has this name or key");
    assert_eq!(store.sources(ORG).await.unwrap().len(), 1);
}

async fn a_removed_source_takes_everything_with_it(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let lease = running(&*store).await;
    store
        .add_tasks(&lease, &[task_draft(&entity, 0)])
        .await
        .unwrap();
    let leased = take(&*store, &claim(LONG)).await;
    store
        .complete_task(&leased.lease, &outcome(&entity, 10))
        .await
        .unwrap();
    let found = vec![finding(&entity, "email", "EMAIL_ADDRESS")];
    store
        .conclude(&lease, &conclusion(&entity, vec![leased.task.piece], found))
        .await
        .unwrap();
    let before = store.generation(ORG).await.unwrap();

    store.remove_source(ORG, entity.source).await.unwrap();
    not_found(store.source(ORG, entity.source).await);
    not_found(store.entity(ORG, entity.id).await);
    assert_eq!(store.pieces(ORG, entity.id).await.unwrap(), []);
    assert_eq!(
        store
            .catalog(ORG, None, Page::default())
            .await
            .unwrap()
            .items,
        []
    );
    let of_job = FindingFilter {
        job: Some(lease.job),
        ..FindingFilter::default()
    };
    let left = store.findings(ORG, &of_job, Page::default()).await.unwrap();
    assert_eq!(left.items, []);
    assert!(store.generation(ORG).await.unwrap() > before);
    not_found(store.remove_source(ORG, entity.source).await);
}

async fn settings_are_set_changed_and_removed(_: &Bench, store: Arc<dyn Store>) {
    assert_eq!(store.setting(ORG, "keep").await.unwrap(), None);
    for value in [json!({ "days": 30 }), json!(["a"])] {
        store.set_setting(ORG, "keep", Some(&value)).await.unwrap();
        assert_eq!(store.setting(ORG, "keep").await.unwrap(), Some(value));
    }
    store.set_setting(ORG, "keep", None).await.unwrap();
    assert_eq!(store.setting(ORG, "keep").await.unwrap(), None);
}
