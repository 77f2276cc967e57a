//! Webhooks: kept, told in the transaction of what happened, tried by one at a time, told again.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use locard_model::{DsarState, ExposeSecret as _, JobState, OrgId, RequestId, SecretString};
use locard_store::{
    BusinessResult, BusinessRuleDraft, BusinessRuleId, Delivery, DeliveryState, DsarChange,
    DsarDraft, DsarNote, ErrorKind, JobOutcome, Page, StartedDsar, Store, Tried, WebhookDraft,
    WebhookId,
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;

on_both!(
    a_webhook_is_kept_with_its_secret,
    what_happens_is_told_to_who_wants_to_hear_of_it,
    what_is_told_once_is_told_once_to_each,
    a_dsar_job_that_reaches_a_state_is_told,
    a_delivery_is_tried_by_one_at_a_time_and_told_again
);

fn draft(id: u128, name: &str, events: &[&str]) -> WebhookDraft {
    WebhookDraft {
        id: WebhookId(Uuid::from_u128(id)),
        name: name.to_owned(),
        url: SecretString::from("https://hooks.example/planted"),
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        is_enabled: true,
        secret: Some(SecretString::from("whsec_first")),
    }
}

async fn told(store: &dyn Store, webhook: WebhookId) -> Vec<Delivery> {
    let page = store.deliveries(ORG, webhook, Page::first(100)).await;
    page.unwrap().items
}

async fn a_webhook_is_kept_with_its_secret(_: &Bench, store: Arc<dyn Store>) {
    let first = draft(1, "ci", &["job.failed"]);
    let made = store.put_webhook(ORG, &first).await.unwrap();
    assert_eq!((made.name.as_str(), made.is_enabled), ("ci", true));
    let taken = store.put_webhook(ORG, &draft(2, "ci", &[])).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::Conflict);
    let nothing = WebhookDraft {
        secret: None,
        ..draft(3, "other", &[])
    };
    let unsigned = store.put_webhook(ORG, &nothing).await.unwrap_err();
    assert_eq!(unsigned.kind(), ErrorKind::NotFound);
    // What is not said stays; nothing is due before somebody is told.
    let changed = WebhookDraft {
        secret: None,
        is_enabled: false,
        ..first.clone()
    };
    let changed = store.put_webhook(ORG, &changed).await.unwrap();
    assert!(!changed.is_enabled);
    let due = store.undertake_delivery(ORG, LONG).await.unwrap();
    assert!(due.is_none());
    let ping = ("ping", &json!({ "n": 1 }));
    store.tell_webhook(ORG, first.id, ping).await.unwrap();
    let due = store.undertake_delivery(ORG, LONG).await.unwrap().unwrap();
    assert_eq!(due.secret.expose_secret(), "whsec_first");
    assert_eq!(due.url.expose_secret(), "https://hooks.example/planted");
    // What belongs to another organisation does not exist.
    let other = OrgId(Uuid::from_u128(7));
    store.create_organisation(other, "other").await.unwrap();
    let foreign = store.webhooks(other, Page::first(9)).await.unwrap();
    assert!(foreign.items.is_empty());
    let foreign = store.undertake_delivery(other, LONG).await.unwrap();
    assert!(foreign.is_none());
    for foreign in [
        store.webhook(other, first.id).await.unwrap_err(),
        store.remove_webhook(other, first.id).await.unwrap_err(),
        store
            .repeat_delivery(other, due.delivery.id)
            .await
            .unwrap_err(),
        store.tell_webhook(other, first.id, ping).await.unwrap_err(),
    ] {
        assert_eq!(foreign.kind(), ErrorKind::NotFound);
    }
    store.remove_webhook(ORG, first.id).await.unwrap();
    let gone = store.webhook(ORG, first.id).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert!(told(&*store, first.id).await.is_empty());
}

async fn what_happens_is_told_to_who_wants_to_hear_of_it(_: &Bench, store: Arc<dyn Store>) {
    let (all, some, off) = (
        draft(1, "all", &[]),
        draft(2, "some", &["business-rule.*", "job.completed"]),
        WebhookDraft {
            is_enabled: false,
            ..draft(3, "off", &[])
        },
    );
    for webhook in [&all, &some, &off] {
        store.put_webhook(ORG, webhook).await.unwrap();
    }
    let lease = running(&*store).await;
    let rule = BusinessRuleDraft {
        id: BusinessRuleId(Uuid::from_u128(9)),
        name: "mail".to_owned(),
        spec: json!({}),
    };
    store.put_business_rule(ORG, &rule).await.unwrap();
    let result = BusinessResult {
        rule: rule.id,
        job: lease.job,
        status: "FAIL".to_owned(),
        total: 5,
        scope: 4,
        non_compliant: 3,
        unread: 0,
        details: json!({}),
        at: Timestamp::UNIX_EPOCH,
    };
    // Said twice by a job that was taken up again, it is told once.
    for _ in 0..2 {
        store.record_business_result(&lease, &result).await.unwrap();
    }
    let outcome = JobOutcome {
        state: JobState::Failed,
        outcome: None,
        error: Some("planted".to_owned()),
    };
    for _ in 0..2 {
        store.finish_job(&lease, &outcome).await.unwrap();
    }
    let events = |deliveries: &[Delivery]| {
        let events = deliveries.iter().map(|delivery| delivery.event.clone());
        events.collect::<Vec<_>>()
    };
    let told_all = told(&*store, all.id).await;
    assert_eq!(events(&told_all), ["job.failed", "business-rule.fail"]);
    assert_eq!(told_all[0].data["job"], json!(lease.job));
    assert_eq!(told_all[1].data["nonCompliant"], 3);
    assert!(!told_all[0].data.to_string().contains("planted"));
    assert_eq!(
        events(&told(&*store, some.id).await),
        ["business-rule.fail"]
    );
    assert!(told(&*store, off.id).await.is_empty());
}

async fn what_is_told_once_is_told_once_to_each(_: &Bench, store: Arc<dyn Store>) {
    let (all, some) = (draft(1, "all", &[]), draft(2, "some", &["request.*"]));
    let deaf = draft(3, "deaf", &["job.*"]);
    for webhook in [&all, &some, &deaf] {
        store.put_webhook(ORG, webhook).await.unwrap();
    }
    let event = ("request.overdue", &json!({ "request": 1 }));
    let tell = async |once: &str| store.tell_once(ORG, once, event).await.unwrap();
    // Of those who see it at the same time one tells.
    let (a, b, c) = tokio::join!(tell("1 late"), tell("1 late"), tell("1 late"));
    assert_eq!(a + b + c, 2);
    assert_eq!((tell("1 late").await, tell("2 late").await), (0, 2));
    // That it was told is known longer than what was told.
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    while let Some(due) = store.undertake_delivery(ORG, LONG).await.unwrap() {
        let tried = Tried {
            state: DeliveryState::Delivered,
            next_at: None,
            status_code: Some(204),
            note: None,
        };
        let settled = store.settle_delivery(ORG, &due.delivery, &tried).await;
        assert!(settled.unwrap());
    }
    store.forget_deliveries(ORG, later).await.unwrap();
    assert!(told(&*store, all.id).await.is_empty());
    assert_eq!(tell("1 late").await, 0);
    // Whoever comes later hears of it; whoever went is forgotten.
    let new = draft(4, "new", &["request.overdue"]);
    store.put_webhook(ORG, &new).await.unwrap();
    assert_eq!(tell("1 late").await, 1);
    store.remove_webhook(ORG, new.id).await.unwrap();
    assert_eq!(tell("1 late").await, 0);
    assert!(told(&*store, deaf.id).await.is_empty());
}

async fn a_dsar_job_that_reaches_a_state_is_told(_: &Bench, store: Arc<dyn Store>) {
    let all = draft(1, "all", &["dsar.*"]);
    store.put_webhook(ORG, &all).await.unwrap();
    let new = DsarDraft {
        body: json!({ "name": "planted" }),
        note: DsarNote {
            actor: "planted".to_owned(),
            notes: None,
        },
        idempotency_key: None,
        most: 1,
    };
    let StartedDsar::New(job) = store.start_dsar(ORG, &new).await.unwrap() else {
        panic!("it is new");
    };
    let request = RequestId(Uuid::from_u128(7));
    let change = |to: Option<DsarState>| DsarChange {
        from: vec![DsarState::Requested, DsarState::Collecting],
        to,
        answers: Some(request),
        ..DsarChange::default()
    };
    // What stays in its state is told to nobody.
    for to in [Some(DsarState::Collecting), None, Some(DsarState::Failed)] {
        let changed = store.change_dsar(ORG, job.id, &change(to)).await;
        changed.unwrap();
    }
    let told = told(&*store, all.id).await;
    let events: Vec<&str> = told.iter().map(|it| it.event.as_str()).collect();
    assert_eq!(events, ["dsar.failed", "dsar.collecting"]);
    assert_eq!(told[0].data["request"], json!(request));
    assert!(!told[0].data.to_string().contains("planted"));
}

async fn a_delivery_is_tried_by_one_at_a_time_and_told_again(_: &Bench, store: Arc<dyn Store>) {
    let webhook = draft(1, "ci", &[]);
    store.put_webhook(ORG, &webhook).await.unwrap();
    let ping = ("ping", &json!({ "n": 1 }));
    let made = store.tell_webhook(ORG, webhook.id, ping).await.unwrap();
    assert_eq!((made.state, made.attempts), (DeliveryState::Pending, 0));
    let first = store.undertake_delivery(ORG, Duration::ZERO).await;
    let first = first.unwrap().unwrap().delivery;
    assert_eq!((first.id, first.attempts), (made.id, 1));
    // Whoever had it died; the next one has it, and the first is not heard any more.
    let second = store.undertake_delivery(ORG, LONG).await.unwrap().unwrap();
    assert_eq!(second.delivery.attempts, 2);
    assert!(store.undertake_delivery(ORG, LONG).await.unwrap().is_none());
    let failed = Tried {
        state: DeliveryState::Pending,
        next_at: Some(Timestamp::now() - SignedDuration::from_secs(1)),
        status_code: Some(500),
        note: Some("it answered 500".to_owned()),
    };
    assert!(!store.settle_delivery(ORG, &first, &failed).await.unwrap());
    let second = second.delivery;
    assert!(store.settle_delivery(ORG, &second, &failed).await.unwrap());
    let third = store.undertake_delivery(ORG, LONG).await.unwrap().unwrap();
    assert_eq!(third.delivery.note.as_deref(), Some("it answered 500"));
    let delivered = Tried {
        state: DeliveryState::Delivered,
        next_at: None,
        status_code: Some(200),
        note: None,
    };
    let third = third.delivery;
    assert!(
        store
            .settle_delivery(ORG, &third, &delivered)
            .await
            .unwrap()
    );
    assert!(store.undertake_delivery(ORG, LONG).await.unwrap().is_none());
    let ended = &told(&*store, webhook.id).await[0];
    assert_eq!(
        (ended.state, ended.status_code),
        (DeliveryState::Delivered, Some(200))
    );
    assert!(ended.ended_at.is_some());
    let again = store.repeat_delivery(ORG, made.id).await.unwrap();
    assert_eq!((again.state, again.attempts), (DeliveryState::Pending, 0));
    let again = store.undertake_delivery(ORG, LONG).await.unwrap().unwrap();
    assert_eq!(
        (again.delivery.id, again.delivery.data),
        (made.id, json!({ "n": 1 }))
    );
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    store.forget_deliveries(ORG, later).await.unwrap();
    assert_eq!(told(&*store, webhook.id).await.len(), 1, "it has not ended");
}
