//! Tables that only grow: the database itself refuses whoever changes or removes their rows.

use std::sync::Arc;

use jiff::Timestamp;
use locard_model::RequestState;
use locard_store::{
    AuditDraft, DsarDraft, DsarNote, DsarRecordDraft, JobDraft, RequestDraft, RequestEventDraft,
    RequestHead, StartedDsar, Store, UsageDraft, WorkerId,
};
use serde_json::json;

use crate::harness::*;

on_both!(
    what_was_done_is_neither_changed_nor_removed,
    what_was_said_of_the_use_of_an_entity_goes_when_it_is_old_or_with_the_entity,
);

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

fn log() -> AuditDraft {
    AuditDraft::new("test.done", "privacy", json!({ "a": 1 }))
}

async fn request(store: &dyn Store) {
    let draft = RequestDraft {
        head: RequestHead {
            state: RequestState::InProgress,
            kind: "access".to_owned(),
            jurisdiction: "eu".to_owned(),
            is_held: false,
            received_at: Timestamp::UNIX_EPOCH,
            due_at: None,
            ended_at: None,
            retain_until: None,
        },
        body: json!({}),
        subjects: Vec::new(),
        events: vec![RequestEventDraft {
            kind: "received".to_owned(),
            payload: json!({}),
        }],
        audit: log(),
        idempotency_key: None,
    };
    store.start_request(ORG, &draft).await.unwrap();
}

async fn dsar(store: &dyn Store) {
    let draft = DsarDraft {
        body: json!({}),
        note: DsarNote {
            actor: "privacy".to_owned(),
            notes: None,
        },
        idempotency_key: None,
        most: 5,
    };
    let StartedDsar::New(dsar) = store.start_dsar(ORG, &draft).await.unwrap() else {
        panic!("it is new");
    };
    let record = DsarRecordDraft {
        kind: "decision",
        once: None,
        body: json!({}),
    };
    store.add_dsar_record(ORG, dsar.id, &record).await.unwrap();
}

async fn what_was_done_is_neither_changed_nor_removed(bench: &Bench, store: Arc<dyn Store>) {
    store.record_audit(ORG, &log()).await.unwrap();
    request(&*store).await;
    dsar(&*store).await;
    let entries = store.audit_entries(ORG, None, 0, 10).await.unwrap();
    store.close().await;
    // One of the form that logs had before.
    let id = match &bench.place {
        locard_store::Place::Home(_) => "x'00000000000000000000000000000001'",
        locard_store::Place::Postgres(_) => "'00000000-0000-0000-0000-000000000001'",
    };
    let blob = if id.starts_with('x') { "x''" } else { "''" };
    let older = format!(
        "insert into audit (org_id, id, at, action, sealed, hash) \
        select id, {id}, 0, 'a', {blob}, {blob} from organisations"
    );
    bench.script(&older).await;
    for (table, column) in [
        ("audit", "at"),
        ("audit_entries", "sequence"),
        ("request_events", "at"),
        ("dsar_events", "at"),
        ("dsar_records", "at"),
    ] {
        for statement in [
            format!("update {table} set {column} = 7"),
            format!("delete from {table}"),
        ] {
            let refused = bench.try_script(&statement).await;
            let error = refused.expect_err(&statement).to_string();
            assert!(error.contains("never"), "{statement}: {error}");
        }
    }
    bench.script("delete from audit where 1 = 0").await;
    let store = bench.open().await;
    assert_eq!(
        store.audit_entries(ORG, None, 0, 10).await.unwrap(),
        entries
    );
    store.record_audit(ORG, &log()).await.unwrap();
    store.close().await;
}

async fn what_was_said_of_the_use_of_an_entity_goes_when_it_is_old_or_with_the_entity(
    bench: &Bench,
    store: Arc<dyn Store>,
) {
    let entity = furnish(&*store).await;
    let job = JobDraft::new("usage", json!({}));
    let job = store.start_job(ORG, &job).await.unwrap().job.id;
    let lease = store.claim_job(ORG, job, WorkerId::random(), LONG).await;
    let lease = lease.unwrap();
    let said = |reads| UsageDraft {
        reads: Some(reads),
        ..UsageDraft::nothing(entity.id)
    };
    for reads in [3, 5] {
        store.put_usage(&lease, &[said(reads)]).await.unwrap();
    }
    store.close().await;
    let today = Timestamp::now().as_microsecond().div_euclid(DAY);
    let add = |day: i64| {
        format!(
            "insert into usage_days (org_id, entity_id, day, first_at, taken_at) \
            select org_id, entity_id, {day}, {at}, {at} from usage_days where day >= {today}",
            at = day * DAY
        )
    };
    bench.script(&add(today - 3)).await;
    bench.script(&add(today - 900)).await;
    let over = today - 3;
    for statement in [
        format!("update usage_days set first_reads = 1 where day >= {today}"),
        format!("update usage_days set reads = 1 where day = {over}"),
        format!("update usage_days set day = {over} + 1 where day = {over}"),
        format!("delete from usage_days where day = {over}"),
    ] {
        let refused = bench.try_script(&statement).await;
        let error = refused.expect_err(&statement).to_string();
        assert!(error.contains("use of an entity"), "{statement}: {error}");
    }
    let store = bench.open().await;
    store.put_usage(&lease, &[said(9)]).await.unwrap();
    let days = store
        .usage(ORG, &[entity.id], (today - 1_000, today + 1))
        .await;
    let days: Vec<_> = days.unwrap().iter().map(|day| day.day).collect();
    assert!(
        days.contains(&(today - 3)) && !days.contains(&(today - 900)),
        "{days:?}"
    );
    store.remove_source(ORG, entity.source).await.unwrap();
    let days = store.usage(ORG, &[entity.id], (0, today + 1)).await;
    assert_eq!(days.unwrap(), []);
    store.close().await;
}
