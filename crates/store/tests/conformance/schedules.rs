//! Schedules: kept, due, and fired once.

use std::sync::Arc;

use jiff::Timestamp;
use locard_model::{JobState, OrgId};
use locard_store::{
    ErrorKind, Fired, Firing, JobDraft, JobOutcome, Page, ScheduleDraft, ScheduleId, Store,
    WorkerId,
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;

on_both!(
    a_schedule_is_kept_changed_and_removed,
    a_due_schedule_fires_once_however_many_see_it,
    nothing_is_started_while_the_job_before_has_not_ended,
);

fn draft(id: u128, name: &str, next_at: Timestamp) -> ScheduleDraft {
    ScheduleDraft {
        id: ScheduleId(Uuid::from_u128(id)),
        name: name.to_owned(),
        spec: json!({ "cron": "0 2 * * *" }),
        is_enabled: true,
        next_at: Some(next_at),
    }
}

fn past() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

fn future() -> Timestamp {
    Timestamp::from_second(4_000_000_000).unwrap()
}

async fn a_schedule_is_kept_changed_and_removed(_: &Bench, store: Arc<dyn Store>) {
    let first = draft(1, "nightly", past());
    let made = store.put_schedule(ORG, &first).await.unwrap();
    assert_eq!(
        (made.name.as_str(), made.next_at),
        ("nightly", Some(past()))
    );
    store
        .put_schedule(ORG, &draft(2, "weekly", future()))
        .await
        .unwrap();
    let taken = store
        .put_schedule(ORG, &draft(3, "nightly", future()))
        .await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::Conflict);
    let (due, now) = store.due_schedules(ORG, 10).await.unwrap();
    assert_eq!(due, [made]);
    assert!(now > past());
    let disabled = ScheduleDraft {
        is_enabled: false,
        name: "once nightly".to_owned(),
        ..first.clone()
    };
    let changed = store.put_schedule(ORG, &disabled).await.unwrap();
    assert_eq!(changed.name, "once nightly");
    assert_eq!(store.due_schedules(ORG, 10).await.unwrap().0, []);
    let page = store.schedules(ORG, Page::first(1)).await.unwrap();
    assert_eq!(page.items, [changed]);
    let rest = Page {
        after: page.next,
        limit: 9,
    };
    assert_eq!(store.schedules(ORG, rest).await.unwrap().items.len(), 1);
    // What belongs to another organisation does not exist.
    let other = OrgId(Uuid::from_u128(7));
    store.create_organisation(other, "other").await.unwrap();
    assert_eq!(
        store.schedules(other, Page::first(9)).await.unwrap().items,
        []
    );
    let foreign = store.remove_schedule(other, first.id).await.unwrap_err();
    assert_eq!(foreign.kind(), ErrorKind::NotFound);
    store.remove_schedule(ORG, first.id).await.unwrap();
    let gone = store.schedule(ORG, first.id).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

async fn a_due_schedule_fires_once_however_many_see_it(_: &Bench, store: Arc<dyn Store>) {
    let draft = draft(1, "nightly", past());
    store.put_schedule(ORG, &draft).await.unwrap();
    let firing = Firing {
        schedule: draft.id,
        due: past(),
        next: Some(future()),
    };
    let tried = (0..8).map(|_| {
        let store = store.clone();
        let job = JobDraft::new("scan", json!({ "target": "a" }));
        tokio::spawn(async move { store.fire_schedule(ORG, &firing, &job).await.unwrap() })
    });
    let tried = futures::future::join_all(tried.collect::<Vec<_>>()).await;
    let tried: Vec<Fired> = tried.into_iter().map(Result::unwrap).collect();
    let started = tried.iter().filter_map(|fired| match fired {
        Fired::Started(job) => Some(job),
        _ => None,
    });
    let started: Vec<_> = started.collect();
    assert_eq!(started.len(), 1);
    assert_eq!(started[0].schedule, Some(draft.id));
    let taken = tried.iter().filter(|fired| **fired == Fired::Taken);
    assert_eq!(taken.count(), 7);
    let kept = store.schedule(ORG, draft.id).await.unwrap();
    assert_eq!(
        (kept.last_job, kept.next_at, kept.note),
        (Some(started[0].id), Some(future()), None)
    );
    assert!(!store.pass_schedule(ORG, &firing, "late").await.unwrap());
}

async fn nothing_is_started_while_the_job_before_has_not_ended(_: &Bench, store: Arc<dyn Store>) {
    let draft = draft(1, "nightly", past());
    let job = JobDraft::new("scan", json!({ "target": "a" }));
    let firing = Firing {
        schedule: draft.id,
        due: past(),
        next: Some(future()),
    };
    let fire = async || {
        store.put_schedule(ORG, &draft).await.unwrap();
        let job = JobDraft::new("scan", job.spec.clone());
        store.fire_schedule(ORG, &firing, &job).await.unwrap()
    };
    let Fired::Started(first) = fire().await else {
        panic!("nothing was under way")
    };
    assert_eq!(fire().await, Fired::Overlapped(first.id));
    let note = store.schedule(ORG, draft.id).await.unwrap().note.unwrap();
    assert!(note.contains(&first.id.to_string()), "{note}");
    let lease = store
        .claim_job(ORG, first.id, WorkerId::random(), LONG)
        .await
        .unwrap();
    assert_eq!(fire().await, Fired::Overlapped(first.id));
    let outcome = JobOutcome {
        state: JobState::Completed,
        outcome: None,
        error: None,
    };
    store.finish_job(&lease, &outcome).await.unwrap();
    assert!(matches!(fire().await, Fired::Started(_)));
    store.put_schedule(ORG, &draft).await.unwrap();
    assert!(
        store
            .pass_schedule(ORG, &firing, "it was late")
            .await
            .unwrap()
    );
    let passed = store.schedule(ORG, draft.id).await.unwrap();
    assert_eq!(passed.note.as_deref(), Some("it was late"));
    assert_eq!(passed.next_at, Some(future()));
}
