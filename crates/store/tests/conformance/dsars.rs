//! DSAR jobs: started under a cap, moved from state to state, and destroyed with their key.

use std::sync::Arc;

use jiff::Timestamp;
use locard_model::{DsarState, OrgId};
use locard_store::{
    DsarChange, DsarDraft, DsarNote, DsarRecordDraft, ErrorKind, Page, StartedDsar, Store,
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;

on_both!(
    a_job_is_started_once_for_each_key_and_never_above_the_cap,
    of_many_that_start_at_once_no_more_than_the_cap_do,
    a_job_moves_only_from_a_state_that_allows_it,
    of_two_changes_of_what_was_seen_one_is_refused,
    what_may_happen_once_is_recorded_once,
    a_destroyed_key_leaves_states_and_times_alone,
    what_is_held_is_neither_overdue_nor_destroyed,
    overdue_jobs_are_those_whose_time_has_come_and_whose_key_is_there,
);

fn note(notes: &str) -> DsarNote {
    DsarNote {
        actor: "privacy".to_owned(),
        notes: Some(notes.to_owned()),
    }
}

fn draft(subject: &str, key: Option<&str>, most: u32) -> DsarDraft {
    DsarDraft {
        body: json!({ "scope": { "dataSubjectId": subject } }),
        note: note("asked"),
        idempotency_key: key.map(str::to_owned),
        most,
    }
}

async fn new(store: &dyn Store, draft: &DsarDraft) -> locard_store::Dsar {
    match store.start_dsar(ORG, draft).await.unwrap() {
        StartedDsar::New(new) => *new,
        other => panic!("{other:?}"),
    }
}

fn to(from: &[DsarState], to: DsarState) -> DsarChange {
    DsarChange {
        from: from.to_vec(),
        to: Some(to),
        note: Some(note("moved")),
        ..DsarChange::default()
    }
}

async fn a_job_is_started_once_for_each_key_and_never_above_the_cap(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let first = new(&*store, &draft("anna", Some("a"), 2)).await;
    assert_eq!(first.state, DsarState::Requested);
    assert_eq!(first.body, Some(draft("anna", None, 2).body));
    let again = store.start_dsar(ORG, &draft("anna", Some("a"), 2)).await;
    assert_eq!(again.unwrap(), StartedDsar::Known(Box::new(first.clone())));
    let second = new(&*store, &draft("bert", None, 2)).await;
    let third = store.start_dsar(ORG, &draft("carl", None, 2)).await;
    assert_eq!(third.unwrap(), StartedDsar::Full(2));
    let failed = to(&[DsarState::Requested], DsarState::Failed);
    store.change_dsar(ORG, first.id, &failed).await.unwrap();
    let third = new(&*store, &draft("carl", None, 2)).await;

    let all = store.dsars(ORG, None, Page::first(2)).await.unwrap();
    let ids: Vec<_> = all.items.iter().map(|dsar| dsar.id).collect();
    assert_eq!(ids, [third.id, second.id]);
    let rest = Page {
        after: all.next,
        ..Page::first(2)
    };
    let rest = store.dsars(ORG, None, rest).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    let failed = store.dsars(ORG, Some(DsarState::Failed), Page::default());
    assert_eq!(failed.await.unwrap().items[0].id, first.id);
    let mut counts = store.dsar_counts(ORG).await.unwrap();
    counts.sort_unstable();
    assert_eq!(counts, [(DsarState::Requested, 2), (DsarState::Failed, 1)]);

    let foreign = store.dsar(OrgId(Uuid::from_u128(99)), first.id).await;
    assert_eq!(foreign.unwrap_err().kind(), ErrorKind::NotFound);
}

async fn of_many_that_start_at_once_no_more_than_the_cap_do(_: &Bench, store: Arc<dyn Store>) {
    let starts = (0..12).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let draft = draft(&number.to_string(), None, 3);
            store.start_dsar(ORG, &draft).await.unwrap()
        })
    });
    let mut new = 0;
    for start in starts.collect::<Vec<_>>() {
        match start.await.unwrap() {
            StartedDsar::New(_) => new += 1,
            other => assert_eq!(other, StartedDsar::Full(3)),
        }
    }
    assert_eq!(new, 3);
}

async fn a_job_moves_only_from_a_state_that_allows_it(_: &Bench, store: Arc<dyn Store>) {
    use DsarState::{Collecting, Packaging, Ready, Requested};
    let dsar = new(&*store, &draft("anna", None, 5)).await;
    let early = to(&[Packaging], Ready);
    let error = store.change_dsar(ORG, dsar.id, &early).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.sentence(), "the DSAR job is REQUESTED");
    let change = DsarChange {
        body: Some(json!({ "rows": 7 })),
        ..to(&[Requested], Collecting)
    };
    let moved = store.change_dsar(ORG, dsar.id, &change).await.unwrap();
    assert_eq!(
        (moved.state, moved.body),
        (Collecting, Some(json!({ "rows": 7 })))
    );
    // A change without a note is no step.
    let silent = DsarChange {
        from: vec![Collecting],
        body: Some(json!({ "rows": 8 })),
        ..DsarChange::default()
    };
    store.change_dsar(ORG, dsar.id, &silent).await.unwrap();
    let events = store.dsar_events(ORG, dsar.id).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| event.state).collect();
    assert_eq!(told, [Requested, Collecting]);
    assert_eq!(events[0].note, Some(note("asked")));
    assert_eq!(events[1].note, Some(note("moved")));
}

async fn of_two_changes_of_what_was_seen_one_is_refused(_: &Bench, store: Arc<dyn Store>) {
    use DsarState::Requested;
    let dsar = new(&*store, &draft("anna", None, 5)).await;
    let change = DsarChange {
        from: vec![Requested],
        body: Some(json!({ "rows": 1 })),
        seen: Some(dsar.updated_at),
        ..DsarChange::default()
    };
    let changed = store.change_dsar(ORG, dsar.id, &change).await.unwrap();
    assert!(changed.updated_at > dsar.updated_at);
    let again = store.change_dsar(ORG, dsar.id, &change).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::Conflict);
    let name = "made once";
    let first = store.setting_or(ORG, name, &json!(1)).await.unwrap();
    let second = store.setting_or(ORG, name, &json!(2)).await.unwrap();
    assert_eq!((first, second), (json!(1), json!(1)));
}

async fn what_may_happen_once_is_recorded_once(_: &Bench, store: Arc<dyn Store>) {
    let dsar = new(&*store, &draft("anna", None, 5)).await;
    let add = |once: Option<&str>, body| {
        let draft = DsarRecordDraft {
            kind: "download",
            once: once.map(str::to_owned),
            body,
        };
        let store = Arc::clone(&store);
        async move { store.add_dsar_record(ORG, dsar.id, &draft).await.unwrap() }
    };
    assert_eq!(add(None, json!("a")).await, Some(1));
    assert_eq!(add(Some("code"), json!("b")).await, Some(2));
    assert_eq!(add(Some("code"), json!("c")).await, None);
    assert_eq!(add(None, json!("d")).await, Some(3));
    let kept = store.dsar_records(ORG, dsar.id, "download").await.unwrap();
    let kept: Vec<_> = kept.into_iter().filter_map(|record| record.body).collect();
    assert_eq!(kept, [json!("a"), json!("b"), json!("d")]);
    let others = store.dsar_records(ORG, dsar.id, "decision").await.unwrap();
    assert!(others.is_empty());
}

async fn a_destroyed_key_leaves_states_and_times_alone(_: &Bench, store: Arc<dyn Store>) {
    use DsarState::{Failed, Requested};
    let dsar = new(&*store, &draft("anna", Some("a"), 5)).await;
    let key = store.dsar_key(ORG, dsar.id).await.unwrap().unwrap();
    assert_eq!(format!("{key:?}"), "DsarKey(…)");
    let active = store.destroy_dsar_key(ORG, dsar.id, None).await;
    assert_eq!(active.unwrap_err().kind(), ErrorKind::Conflict);
    let failed = to(&[Requested], Failed);
    store.change_dsar(ORG, dsar.id, &failed).await.unwrap();
    assert!(store.destroy_dsar_key(ORG, dsar.id, None).await.unwrap());
    assert!(!store.destroy_dsar_key(ORG, dsar.id, None).await.unwrap());
    assert!(store.dsar_key(ORG, dsar.id).await.unwrap().is_none());
    let gone = store.dsar(ORG, dsar.id).await.unwrap();
    assert_eq!((gone.state, gone.body), (Failed, None));
    let events = store.dsar_events(ORG, dsar.id).await.unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.state, &event.note))
        .collect();
    assert_eq!(told, [(Requested, &None), (Failed, &None)]);
    let change = DsarChange {
        from: vec![Failed],
        body: Some(json!({})),
        ..DsarChange::default()
    };
    let changed = store.change_dsar(ORG, dsar.id, &change).await;
    assert_eq!(changed.unwrap_err().kind(), ErrorKind::Conflict);
}

async fn overdue_jobs_are_those_whose_time_has_come_and_whose_key_is_there(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    use DsarState::{Failed, Ready, Requested};
    let until = |second| DsarChange {
        expires_at: Some(Timestamp::from_second(second).unwrap()),
        ..to(&[Requested], Ready)
    };
    let mut ids = Vec::new();
    for second in [1_700_000_000, 4_000_000_000, 1_600_000_000] {
        let dsar = new(&*store, &draft("anna", None, 5)).await;
        store
            .change_dsar(ORG, dsar.id, &until(second))
            .await
            .unwrap();
        ids.push(dsar.id);
    }
    let overdue = store.overdue_dsars(ORG, 10).await.unwrap();
    let overdue: Vec<_> = overdue.iter().map(|dsar| dsar.id).collect();
    assert_eq!(overdue, [ids[2], ids[0]]);
    let failed = to(&[Ready], Failed);
    store.change_dsar(ORG, ids[2], &failed).await.unwrap();
    store.destroy_dsar_key(ORG, ids[2], None).await.unwrap();
    let overdue = store.overdue_dsars(ORG, 10).await.unwrap();
    assert_eq!(overdue.len(), 1);
}

async fn what_is_held_is_neither_overdue_nor_destroyed(_: &Bench, store: Arc<dyn Store>) {
    let job = new(&*store, &draft("anna", None, 5)).await;
    assert!(!job.is_held);
    let over = DsarChange {
        expires_at: Some(Timestamp::UNIX_EPOCH),
        is_held: Some(true),
        ..to(&[DsarState::Requested], DsarState::Failed)
    };
    let held = store.change_dsar(ORG, job.id, &over).await.unwrap();
    assert!(held.is_held);
    assert_eq!(store.overdue_dsars(ORG, 10).await.unwrap(), []);
    let refused = store.destroy_dsar_key(ORG, job.id, None).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    // Other changes leave it held.
    let told = DsarChange {
        from: vec![DsarState::Failed],
        note: Some(note("looked at")),
        ..DsarChange::default()
    };
    assert!(store.change_dsar(ORG, job.id, &told).await.unwrap().is_held);
    let lifted = DsarChange {
        is_held: Some(false),
        ..told
    };
    store.change_dsar(ORG, job.id, &lifted).await.unwrap();
    let overdue = store.overdue_dsars(ORG, 10).await.unwrap();
    assert_eq!(overdue.len(), 1);
    assert!(store.destroy_dsar_key(ORG, job.id, None).await.unwrap());
}
