//! Legal requests: recorded and changed together with their entries in the log, and destroyed with their key.

use std::sync::Arc;

use jiff::Timestamp;
use locard_audit::Hold;
use locard_model::{OrgId, RequestState};
use locard_store::{
    AuditDraft, ErrorKind, Page, Request, RequestChange, RequestDraft, RequestEventDraft,
    RequestFile, RequestFilter, RequestHead, RequestOrder, StartedRequest, Store,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::*;

on_both!(
    a_request_is_recorded_once_for_each_key_and_found_by_its_person,
    a_request_is_changed_whole_or_not_at_all,
    of_many_changes_of_one_version_one_is_made,
    listings_are_sorted_filtered_and_counted,
    a_destroyed_key_takes_all_but_states_and_the_log_still_verifies,
    nothing_is_destroyed_that_is_open_held_or_to_be_retained,
    another_organisation_sees_nothing,
);

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn head(state: RequestState) -> RequestHead {
    RequestHead {
        state,
        kind: "access".to_owned(),
        jurisdiction: "eu".to_owned(),
        is_held: false,
        received_at: time("2026-01-31T10:00:00Z"),
        due_at: Some(time("2026-03-03T00:00:00Z")),
        ended_at: None,
        retain_until: None,
    }
}

fn draft(name: &str, key: Option<&str>) -> RequestDraft {
    RequestDraft {
        head: head(RequestState::Captured),
        body: json!({ "name": name }),
        subjects: vec![format!("{name}@example.org")],
        events: vec![told("request_created")],
        audit: AuditDraft::new("request.created", "privacy", json!({ "name": name })),
        idempotency_key: key.map(str::to_owned),
    }
}

fn told(kind: &str) -> RequestEventDraft {
    RequestEventDraft {
        kind: kind.to_owned(),
        payload: json!({ "by": "anna" }),
    }
}

async fn new(store: &dyn Store, draft: &RequestDraft) -> Request {
    match store.start_request(ORG, draft).await.unwrap() {
        StartedRequest::New(new) => *new,
        StartedRequest::Known(known) => panic!("{} is known", known.id),
    }
}

fn change(request: &Request, state: RequestState) -> RequestChange {
    RequestChange {
        version: request.version,
        head: RequestHead {
            state,
            ..request.head.clone()
        },
        body: json!({ "name": "changed" }),
        subjects: vec!["other@example.org".to_owned()],
        events: vec![told("fulfilled")],
        files: Vec::new(),
        dropped: Vec::new(),
        audit: AuditDraft::new("request.changed", "privacy", json!({ "secret": "PLANTED" })),
    }
}

fn by(subject: &str) -> RequestFilter {
    RequestFilter {
        subject: Some(subject.to_owned()),
        limit: 10,
        ..RequestFilter::default()
    }
}

async fn a_request_is_recorded_once_for_each_key_and_found_by_its_person(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let first = new(&*store, &draft("anna", Some("a"))).await;
    assert_eq!(
        (first.version, first.head.state),
        (1, RequestState::Captured)
    );
    assert_eq!(first.body, Some(json!({ "name": "anna" })));
    let again = store.start_request(ORG, &draft("anna", Some("a"))).await;
    assert_eq!(
        again.unwrap(),
        StartedRequest::Known(Box::new(first.clone()))
    );
    let second = new(&*store, &draft("bert", None)).await;
    let (found, total) = store
        .requests(ORG, &by(" Anna@Example.org "))
        .await
        .unwrap();
    assert_eq!((found[0].id, total), (first.id, 1));
    assert_eq!(store.request(ORG, second.id).await.unwrap(), second);
    let events = store.request_events(ORG, first.id).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].payload, Some(json!({ "by": "anna" })));
    // One that was known is recorded in the log once.
    let checked = store.check_audit(ORG, None).await.unwrap();
    assert_eq!((checked.count, checked.fault), (2, None));
}

async fn a_request_is_changed_whole_or_not_at_all(_: &Bench, store: Arc<dyn Store>) {
    let before = new(&*store, &draft("anna", None)).await;
    let file = RequestFile {
        id: Uuid::from_u128(1),
        class: "verification_evidence".to_owned(),
        content: b"PLANTED".to_vec(),
    };
    let with_file = RequestChange {
        files: vec![file.clone()],
        ..change(&before, RequestState::InProgress)
    };
    let after = store
        .change_request(ORG, before.id, &with_file)
        .await
        .unwrap();
    assert_eq!(
        (after.version, after.head.state),
        (2, RequestState::InProgress)
    );
    let content = store.request_file(ORG, before.id, file.id).await.unwrap();
    assert_eq!(content, file.content);
    // The version of before is refused, and leaves nothing behind.
    let stale = store.change_request(ORG, before.id, &with_file).await;
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(store.request(ORG, before.id).await.unwrap(), after);
    assert_eq!(store.request_events(ORG, before.id).await.unwrap().len(), 2);
    for (address, count) in [("anna@example.org", 0), ("other@example.org", 1)] {
        let found = store.requests(ORG, &by(address)).await.unwrap();
        assert_eq!(found.1, count, "{address}");
    }
    let log = store.audit(ORG, Page::default()).await.unwrap().items;
    let told: Vec<_> = log.iter().map(|row| row.what.action.as_str()).collect();
    assert_eq!(told, ["request.changed", "request.created"]);
    assert_eq!(log[0].what.details, json!({ "secret": "PLANTED" }));
    assert_eq!(log[0].what.request, Some(before.id));
    let entries = store
        .audit_entries(ORG, Some(before.id), 0, 10)
        .await
        .unwrap();
    assert_eq!(entries.len(), 2);
    let sealed = entries[1].details.as_deref().unwrap();
    assert!(!String::from_utf8_lossy(sealed).contains("PLANTED"));
    let dropped = RequestChange {
        dropped: vec![file.id],
        ..change(&after, RequestState::InProgress)
    };
    store
        .change_request(ORG, before.id, &dropped)
        .await
        .unwrap();
    let gone = store.request_file(ORG, before.id, file.id).await;
    assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
}

async fn of_many_changes_of_one_version_one_is_made(_: &Bench, store: Arc<dyn Store>) {
    let before = new(&*store, &draft("anna", None)).await;
    let changes = (0..8).map(|_| {
        let (store, before) = (Arc::clone(&store), before.clone());
        tokio::spawn(async move {
            let change = change(&before, RequestState::InProgress);
            store.change_request(ORG, before.id, &change).await.is_ok()
        })
    });
    let made = futures::future::join_all(changes.collect::<Vec<_>>()).await;
    let made = made.into_iter().filter(|made| *made.as_ref().unwrap());
    assert_eq!(made.count(), 1);
    let checked = store.check_audit(ORG, None).await.unwrap();
    assert_eq!((checked.count, checked.fault), (2, None));
}

async fn listings_are_sorted_filtered_and_counted(_: &Bench, store: Arc<dyn Store>) {
    let due = |text: &str| Some(time(text));
    for (name, state, due_at) in [
        ("a", RequestState::Captured, due("2026-03-01T00:00:00Z")),
        ("b", RequestState::InProgress, due("2026-02-01T00:00:00Z")),
        ("c", RequestState::Closed, None),
    ] {
        let mut draft = draft(name, None);
        draft.head = RequestHead {
            due_at,
            ..head(state)
        };
        new(&*store, &draft).await;
    }
    let listed = async |filter: RequestFilter| {
        let (found, total) = store.requests(ORG, &filter).await.unwrap();
        let names = found.iter().map(|request| {
            let body = request.body.as_ref().unwrap();
            body["name"].as_str().unwrap().to_owned()
        });
        (names.collect::<String>(), total)
    };
    let all = || RequestFilter {
        order: RequestOrder::Due,
        limit: 10,
        ..RequestFilter::default()
    };
    assert_eq!(listed(all()).await, ("bac".to_owned(), 3));
    let descending = RequestFilter {
        descending: true,
        ..all()
    };
    assert_eq!(listed(descending).await, ("abc".to_owned(), 3));
    let second = RequestFilter {
        offset: 1,
        limit: 1,
        ..all()
    };
    assert_eq!(listed(second).await, ("a".to_owned(), 3));
    let at_risk = RequestFilter {
        states: RequestState::OPEN.to_vec(),
        due_before: due("2026-02-15T00:00:00Z"),
        ..all()
    };
    assert_eq!(listed(at_risk).await, ("b".to_owned(), 1));
    let other = RequestFilter {
        jurisdiction: Some("gb".to_owned()),
        ..all()
    };
    assert_eq!(listed(other).await, (String::new(), 0));
    let none = RequestFilter { limit: 0, ..all() };
    assert_eq!(
        store.requests(ORG, &none).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
}

/// One on which nothing is owed, to be retained until then.
async fn ended(store: &dyn Store, until: &str, is_held: bool) -> Request {
    let before = new(store, &draft("anna", None)).await;
    let mut change = change(&before, RequestState::Closed);
    change.head.retain_until = Some(time(until));
    change.head.is_held = is_held;
    change.files = vec![RequestFile {
        id: Uuid::from_u128(2),
        class: "fulfilment_artifact".to_owned(),
        content: b"bundle".to_vec(),
    }];
    store.change_request(ORG, before.id, &change).await.unwrap()
}

fn destruction() -> AuditDraft {
    AuditDraft {
        hold: Hold::Unchanged,
        ..AuditDraft::new("request.key_destroyed", "retention", Value::Null)
    }
}

async fn a_destroyed_key_takes_all_but_states_and_the_log_still_verifies(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let request = ended(&*store, "2020-01-01T00:00:00Z", false).await;
    let before = store.check_audit(ORG, None).await.unwrap();
    assert!(
        store
            .destroy_request_key(ORG, request.id, &destruction())
            .await
            .unwrap()
    );
    assert!(
        !store
            .destroy_request_key(ORG, request.id, &destruction())
            .await
            .unwrap()
    );
    let after = store.request(ORG, request.id).await.unwrap();
    assert_eq!((after.body, after.head.state), (None, RequestState::Closed));
    let events = store.request_events(ORG, request.id).await.unwrap();
    assert!(events.iter().all(|event| event.payload.is_none()));
    let file = store
        .request_file(ORG, request.id, Uuid::from_u128(2))
        .await;
    assert_eq!(file.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(
        store
            .requests(ORG, &by("other@example.org"))
            .await
            .unwrap()
            .1,
        0
    );
    let again = change(&request, RequestState::Closed);
    let again = RequestChange {
        version: after.version,
        ..again
    };
    let refused = store.change_request(ORG, request.id, &again).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    // Of what was done it is still known who did what; what about it is gone.
    let log = store.audit(ORG, Page::default()).await.unwrap().items;
    assert_eq!(log[0].what.action, "request.key_destroyed");
    assert!(log.iter().all(|row| row.what.details.is_null()));
    let checked = store.check_audit(ORG, Some(&before.head)).await.unwrap();
    assert_eq!((checked.count, checked.fault), (3, None));
}

async fn nothing_is_destroyed_that_is_open_held_or_to_be_retained(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let open = new(&*store, &draft("bert", None)).await;
    let held = ended(&*store, "2020-01-01T00:00:00Z", true).await;
    let young = ended(&*store, "9000-01-01T00:00:00Z", false).await;
    for request in [&open, &held, &young] {
        let refused = store
            .destroy_request_key(ORG, request.id, &destruction())
            .await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
        assert!(store.request(ORG, request.id).await.unwrap().body.is_some());
    }
    let ready = RequestFilter {
        retained_until: Some(time("2030-01-01T00:00:00Z")),
        limit: 10,
        ..RequestFilter::default()
    };
    assert_eq!(store.requests(ORG, &ready).await.unwrap().1, 0);
}

async fn another_organisation_sees_nothing(_: &Bench, store: Arc<dyn Store>) {
    let request = new(&*store, &draft("anna", None)).await;
    let other = OrgId(Uuid::from_u128(7));
    store.create_organisation(other, "other").await.unwrap();
    assert_eq!(
        store.request(other, request.id).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        store
            .requests(other, &by("anna@example.org"))
            .await
            .unwrap()
            .1,
        0
    );
    let change = change(&request, RequestState::Closed);
    for refused in [
        store
            .change_request(other, request.id, &change)
            .await
            .map(|_| ()),
        store.request_events(other, request.id).await.map(|_| ()),
        store
            .destroy_request_key(other, request.id, &destruction())
            .await
            .map(|_| ()),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert!(
        store
            .audit_entries(other, None, 0, 10)
            .await
            .unwrap()
            .is_empty()
    );
}
