//! Findings of several jobs, and the decisions that outlive them.

use std::sync::Arc;

use jiff::Timestamp;
use locard_model::{
    Category, ColumnId, EntityId, ExposeSecret as _, FindingKind, Identifier, SecretString,
};
use locard_store::{
    Allowed, Decision, Entity, FindingDraft, FindingFilter, JobLease, Page, Review, Store,
};

use crate::harness::*;

on_both!(
    findings_come_back_as_they_were_put,
    the_last_job_has_the_current_findings_and_earlier_ones_stay_readable,
    concluding_twice_in_one_job_counts_once,
    findings_are_filtered,
    a_decision_survives_rescans_and_can_be_taken_back,
    allowed_values_are_kept_as_hashes,
    the_last_reason_for_an_allowed_value_stands,
    values_are_allowed_side_by_side,
);

async fn concluded(store: &dyn Store, entity: &Entity, findings: Vec<FindingDraft>) -> JobLease {
    let lease = running(store).await;
    store
        .conclude(&lease, &conclusion(entity, Vec::new(), findings))
        .await
        .unwrap();
    lease
}

async fn found(store: &dyn Store, filter: &FindingFilter) -> Vec<String> {
    let page = store.findings(ORG, filter, Page::default()).await.unwrap();
    page.items
        .iter()
        .map(|record| {
            format!(
                "{} {}",
                record.finding.column_name, record.finding.identifier
            )
        })
        .collect()
}

async fn findings_come_back_as_they_were_put(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let draft = finding(&entity, "email", "EMAIL_ADDRESS");
    let lease = concluded(&*store, &entity, vec![draft.clone()]).await;
    let page = store
        .findings(ORG, &FindingFilter::default(), Page::default())
        .await
        .unwrap();
    let record = &page.items[0];
    assert_eq!(
        (&record.finding, &record.explanation),
        (&draft.finding, &draft.explanation)
    );
    assert!(record.current && record.job == lease.job && record.decision.is_none());
    assert_eq!(store.job(ORG, lease.job).await.unwrap().counts.findings, 1);
}

async fn the_last_job_has_the_current_findings_and_earlier_ones_stay_readable(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let entity = furnish(&*store).await;
    let old = vec![
        finding(&entity, "email", "EMAIL_ADDRESS"),
        finding(&entity, "id", "CUSTOMER_ID"),
    ];
    let first = concluded(&*store, &entity, old).await;
    let second = concluded(&*store, &entity, vec![finding(&entity, "email", "PERSON")]).await;
    assert_eq!(
        found(&*store, &FindingFilter::default()).await,
        ["email PERSON"]
    );
    let of = |job| FindingFilter {
        job: Some(job),
        ..FindingFilter::default()
    };
    assert_eq!(
        found(&*store, &of(first.job)).await,
        ["email EMAIL_ADDRESS", "id CUSTOMER_ID"]
    );
    assert_eq!(found(&*store, &of(second.job)).await, ["email PERSON"]);
    store
        .bury(ORG.into(), &[entity.id], Timestamp::MAX)
        .await
        .unwrap();
    assert_eq!(
        found(&*store, &FindingFilter::default()).await,
        Vec::<String>::new()
    );
    assert_eq!(found(&*store, &of(second.job)).await, ["email PERSON"]);
}

async fn concluding_twice_in_one_job_counts_once(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let both = vec![
        finding(&entity, "email", "EMAIL_ADDRESS"),
        finding(&entity, "id", "CUSTOMER_ID"),
    ];
    let lease = concluded(&*store, &entity, both).await;
    let one = vec![finding(&entity, "email", "EMAIL_ADDRESS")];
    store
        .conclude(&lease, &conclusion(&entity, Vec::new(), one))
        .await
        .unwrap();
    assert_eq!(
        found(&*store, &FindingFilter::default()).await,
        ["email EMAIL_ADDRESS"]
    );
    assert_eq!(store.job(ORG, lease.job).await.unwrap().counts.findings, 1);
}

async fn findings_are_filtered(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let mut stray = finding(&entity, "id", "US_SSN");
    (stray.finding.kind, stray.finding.category) = (FindingKind::Stray, Category::GovernmentId);
    stray.finding.confidence = 0.4;
    concluded(
        &*store,
        &entity,
        vec![finding(&entity, "email", "EMAIL_ADDRESS"), stray],
    )
    .await;
    let any = FindingFilter::default();
    let filters = [
        FindingFilter {
            identifier: Some(Identifier::new("US_SSN")),
            ..any.clone()
        },
        FindingFilter {
            category: Some(Category::GovernmentId),
            ..any.clone()
        },
        FindingFilter {
            kind: Some(FindingKind::Stray),
            ..any.clone()
        },
        FindingFilter {
            column: Some(ColumnId::derive(entity.id, "id")),
            ..any.clone()
        },
    ];
    for filter in &filters {
        assert_eq!(found(&*store, filter).await, ["id US_SSN"], "{filter:?}");
    }
    let sure = FindingFilter {
        min_confidence: Some(0.9),
        source: Some(entity.source),
        ..any.clone()
    };
    assert_eq!(found(&*store, &sure).await, ["email EMAIL_ADDRESS"]);
    let first = store.findings(ORG, &any, Page::first(1)).await.unwrap();
    let second = store
        .findings(
            ORG,
            &any,
            Page {
                after: first.next,
                limit: 1,
            },
        )
        .await
        .unwrap();
    assert_eq!((second.items.len(), second.next), (1, None));
    assert_ne!(first.items[0].id, second.items[0].id);
}

fn review(entity: &Entity, decision: Decision) -> Review {
    Review {
        source: entity.source,
        entity: entity.id,
        column: ColumnId::derive(entity.id, "email"),
        identifier: Identifier::new("EMAIL_ADDRESS"),
        decision,
        note: Some("checked with the owner".to_owned()),
        actor: Some("dana".to_owned()),
        decided_at: entity.seen_at,
    }
}

/// What people decided about the only finding.
async fn decision(store: &dyn Store) -> Option<Decision> {
    store
        .findings(ORG, &FindingFilter::default(), Page::default())
        .await
        .unwrap()
        .items[0]
        .decision
}

async fn a_decision_survives_rescans_and_can_be_taken_back(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let found = vec![finding(&entity, "email", "EMAIL_ADDRESS")];
    concluded(&*store, &entity, found.clone()).await;
    let rejected = review(&entity, Decision::Rejected);
    store
        .review(
            ORG,
            &[review(&entity, Decision::Confirmed), rejected.clone()],
        )
        .await
        .unwrap();
    concluded(&*store, &entity, found).await;
    assert_eq!(decision(&*store).await, Some(Decision::Rejected));
    let stored = store.reviews(ORG, Some(Decision::Rejected)).await.unwrap();
    assert!(stored[0].decided_at > rejected.decided_at);
    assert_eq!(
        (&stored[0].note, &stored[0].actor),
        (&rejected.note, &rejected.actor)
    );
    assert_eq!(
        store.reviews(ORG, Some(Decision::Confirmed)).await.unwrap(),
        []
    );
    for (of, decision, expected) in [
        (entity.id, Decision::Rejected, &stored[..]),
        (entity.id, Decision::Confirmed, &[]),
        (EntityId(uuid::Uuid::from_u128(1)), Decision::Rejected, &[]),
    ] {
        let found = store.reviews_of(ORG, of, decision).await.unwrap();
        assert_eq!(found, expected);
    }
    assert!(
        store
            .withdraw_review(ORG, rejected.column, "EMAIL_ADDRESS")
            .await
            .unwrap()
    );
    assert!(
        !store
            .withdraw_review(ORG, rejected.column, "EMAIL_ADDRESS")
            .await
            .unwrap()
    );
    assert_eq!(decision(&*store).await, None);
}

async fn allowed_values_are_kept_as_hashes(_: &Bench, store: Arc<dyn Store>) {
    let value = |hash, reason: Option<&str>| Allowed {
        hash,
        value: reason.map(SecretString::from),
        reason: reason.map(str::to_owned),
    };
    let plain = |all: &[Allowed]| -> Vec<(u64, Option<String>, Option<String>)> {
        let text = |value: &SecretString| value.expose_secret().to_owned();
        all.iter()
            .map(|it| (it.hash, it.value.as_ref().map(text), it.reason.clone()))
            .collect()
    };
    let (ours, theirs) = (value(u64::MAX, Some("our own")), value(7, None));
    // One file may name a value twice.
    let listed = [ours.clone(), theirs.clone(), theirs.clone()];
    store.allow(ORG, &listed).await.unwrap();
    let mut all = store.allowed(ORG).await.unwrap();
    all.sort_by_key(|value| value.hash);
    assert_eq!(plain(&all), plain(&[theirs.clone(), ours.clone()]));
    assert!(store.disallow(ORG, theirs.hash).await.unwrap());
    assert!(!store.disallow(ORG, theirs.hash).await.unwrap());
    // A hash alone, as of an older file, takes nothing away.
    let hash = Allowed {
        value: None,
        reason: None,
        ..ours.clone()
    };
    store.allow(ORG, &[hash]).await.unwrap();
    assert_eq!(plain(&store.allowed(ORG).await.unwrap()), plain(&[ours]));
}

async fn the_last_reason_for_an_allowed_value_stands(_: &Bench, store: Arc<dyn Store>) {
    let allow = async |reason: Option<&str>| {
        let value = Allowed {
            hash: 7,
            value: None,
            reason: reason.map(str::to_owned),
        };
        store.allow(ORG, &[value]).await.unwrap();
        store.allowed(ORG).await.unwrap().remove(0).reason
    };
    assert_eq!(allow(None).await, None);
    assert_eq!(allow(Some("a test")).await.as_deref(), Some("a test"));
    assert_eq!(allow(None).await.as_deref(), Some("a test"));
    assert_eq!(allow(Some("ours")).await.as_deref(), Some("ours"));
    store.disallow(ORG, 7).await.unwrap();
    assert_eq!(allow(None).await, None, "it went with its value");
}

/// Two people who allow values at once keep the reasons of both.
async fn values_are_allowed_side_by_side(_: &Bench, store: Arc<dyn Store>) {
    let allow = |hash: u64| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let value = Allowed {
                hash,
                value: None,
                reason: Some(format!("reason {hash}")),
            };
            store.allow(ORG, &[value]).await.unwrap();
        })
    };
    for done in futures::future::join_all((0..8).map(allow)).await {
        done.unwrap();
    }
    let all = store.allowed(ORG).await.unwrap();
    assert_eq!(all.len(), 8);
    assert!(
        all.iter()
            .all(|value| value.reason == Some(format!("reason {}", value.hash)))
    );
}
