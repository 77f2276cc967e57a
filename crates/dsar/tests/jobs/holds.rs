//! What a legal hold keeps, whatever comes.

use std::path::Path;

use jiff::Timestamp;
use locard_app::Home;
use locard_dsar::job::{self, DsarJob, DsarOptions, Purpose};
use locard_model::{DsarState, RequestId, RequestState};
use locard_store::{
    AuditDraft, DsarChange, DsarId, Page, RequestChange, RequestDraft, RequestHead, StartedRequest,
};
use serde_json::json;

use super::{actor, anna, create, run, scanned};

/// A request that is under a legal hold, or is not.
async fn request(home: &Home, is_held: bool) -> RequestId {
    let draft = RequestDraft {
        head: RequestHead {
            state: RequestState::InProgress,
            kind: "access".to_owned(),
            jurisdiction: "eu".to_owned(),
            is_held,
            received_at: Timestamp::from_second(1_700_000_000).unwrap(),
            due_at: None,
            ended_at: None,
            retain_until: None,
        },
        body: json!({}),
        subjects: Vec::new(),
        events: Vec::new(),
        audit: AuditDraft::new("request.created", "privacy", json!({})),
        idempotency_key: None,
    };
    match home
        .store()
        .start_request(home.org(), &draft)
        .await
        .unwrap()
    {
        StartedRequest::New(request) => request.id,
        StartedRequest::Known(_) => panic!("it is new"),
    }
}

/// A job with a bundle, of a request that is under a legal hold or is not.
async fn ready(home: &Home, is_held: bool) -> DsarJob {
    let options = DsarOptions {
        request: Some(request(home, is_held).await.0),
        ..anna()
    };
    let ready = run(home, &create(home, options).await).await;
    assert_eq!(ready.state, DsarState::Ready, "{ready:?}");
    ready
}

/// Whether the bundle of a job is kept.
fn is_kept(folder: &Path, job: &DsarJob) -> bool {
    let bundles = folder.join("home/bundles/dsar");
    bundles.join(job.id.to_string()).join("bundle.zip").exists()
}

async fn end_time(home: &Home, job: &DsarJob) {
    let over = DsarChange {
        from: vec![DsarState::Ready, DsarState::Failed],
        expires_at: Some(Timestamp::from_second(1_700_000_000).unwrap()),
        ..DsarChange::default()
    };
    let changed = home.store().change_dsar(home.org(), DsarId(job.id), &over);
    changed.await.unwrap();
}

/// Places a hold, or lifts it.
async fn hold(home: &Home, job: &DsarJob, is_held: bool) {
    let id = RequestId(job.body.as_ref().unwrap().request.unwrap());
    let found = home.store().request(home.org(), id).await.unwrap();
    let change = RequestChange {
        version: found.version,
        head: RequestHead {
            is_held,
            ..found.head
        },
        body: found.body.unwrap(),
        subjects: Vec::new(),
        events: Vec::new(),
        files: Vec::new(),
        dropped: Vec::new(),
        audit: AuditDraft::new("hold.lifted", "privacy", json!({})),
    };
    let changed = home.store().change_request(home.org(), id, &change).await;
    changed.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_under_a_legal_hold_keeps_its_bundle_and_hands_it_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let (held, free) = (ready(&home, true).await, ready(&home, false).await);
    let officer = actor("officer");
    for job in [&held, &free] {
        let ended = job::cancel(&home, &officer, job.id, None).await.unwrap();
        assert_eq!(ended.state, DsarState::Failed);
        let by = (Purpose::Delivery, None);
        assert!(job::bundle(&home, &officer, job.id, by).await.is_err());
    }
    let kept = |job| is_kept(folder.path(), job);
    assert_eq!((kept(&held), kept(&free)), (true, false));
    // When its time is over it still is, and goes once the hold is lifted.
    end_time(&home, &held).await;
    assert_eq!(job::sweep(&home).await.unwrap(), 0);
    assert!(kept(&held));
    hold(&home, &held, false).await;
    assert_eq!(job::sweep(&home).await.unwrap(), 1);
    assert!(!kept(&held));
    home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_job_stays_while_its_request_is_held_whoever_asks() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let held = ready(&home, true).await;
    job::cancel(&home, &actor("officer"), held.id, None)
        .await
        .unwrap();
    let (org, id) = (home.org(), DsarId(held.id));
    let request = held.body.as_ref().unwrap().request.map(RequestId);
    let refused = home.store().destroy_dsar_key(org, id, request).await;
    assert!(refused.unwrap_err().to_string().contains("legal hold"));
    assert!(home.store().dsar_key(org, id).await.unwrap().is_some());
    hold(&home, &held, false).await;
    let destroyed = home.store().destroy_dsar_key(org, id, request).await;
    assert!(destroyed.unwrap());
    home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_on_all_that_was_collected_keeps_jobs_of_no_request_too() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let jobs = [
        run(&home, &create(&home, anna()).await).await,
        run(&home, &create(&home, anna()).await).await,
    ];
    let policy = |is_held: bool| json!({ "fulfilment_artifact": { "legalHoldEnabled": is_held } });
    let (store, org) = (home.store(), home.org());
    let set = async |is_held: bool| {
        let policy = policy(is_held);
        let set = store.set_setting(org, job::RETENTION, Some(&policy));
        set.await.unwrap();
    };
    set(true).await;
    job::cancel(&home, &actor("officer"), jobs[0].id, None)
        .await
        .unwrap();
    for job in &jobs {
        end_time(&home, job).await;
    }
    assert_eq!(job::sweep(&home).await.unwrap(), 0);
    assert!(jobs.iter().all(|job| is_kept(folder.path(), job)));
    set(false).await;
    assert_eq!(job::sweep(&home).await.unwrap(), 2);
    assert!(!jobs.iter().any(|job| is_kept(folder.path(), job)));
    home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legal_hold_keeps_what_is_over_and_hands_nothing_out() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let mut jobs = Vec::new();
    for is_held in [true, false] {
        let options = DsarOptions {
            request: Some(request(&home, is_held).await.0),
            ..anna()
        };
        let ready = run(&home, &create(&home, options).await).await;
        let over = DsarChange {
            from: vec![DsarState::Ready],
            expires_at: Some(Timestamp::from_second(1_700_000_000).unwrap()),
            ..DsarChange::default()
        };
        let id = DsarId(ready.id);
        home.store()
            .change_dsar(home.org(), id, &over)
            .await
            .unwrap();
        jobs.push(ready.id);
    }
    assert_eq!(job::sweep(&home).await.unwrap(), 1, "one is not held");
    let kept = |id: &uuid::Uuid| {
        let bundles = folder.path().join("home/bundles/dsar");
        bundles.join(id.to_string()).join("bundle.zip").exists()
    };
    assert_eq!((kept(&jobs[0]), kept(&jobs[1])), (true, false));
    let held = job::job(&home, jobs[0]).await.unwrap();
    assert!(held.body.is_some() && held.state == DsarState::Ready);
    let by = (Purpose::Delivery, None);
    assert!(
        job::bundle(&home, &actor("officer"), jobs[0], by)
            .await
            .is_err()
    );
    home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_on_a_job_of_no_request_keeps_it_until_it_is_lifted() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let officer = actor("officer");
    let ready = run(&home, &create(&home, anna()).await).await;
    let refused = job::hold(&home, &officer, ready.id, " ").await;
    assert!(refused.unwrap_err().to_string().contains("reason"));
    let held = job::hold(&home, &officer, ready.id, "case 7").await;
    let held = held.unwrap();
    assert!(held.is_held && held.state == DsarState::Ready, "{held:?}");
    let told = held.timeline.last().unwrap();
    assert_eq!(told.notes.as_deref(), Some("under a legal hold: case 7"));
    assert_eq!(told.actor.as_deref(), Some("officer"));
    let twice = job::hold(&home, &officer, ready.id, "case 8").await;
    assert!(twice.unwrap_err().to_string().contains("already"));
    // Its time is over, it is cancelled, and somebody asks the store itself.
    end_time(&home, &ready).await;
    assert_eq!(job::sweep(&home).await.unwrap(), 0);
    let ended = job::cancel(&home, &officer, ready.id, None).await.unwrap();
    assert!(ended.is_held && ended.body.unwrap().hold.is_some());
    end_time(&home, &ready).await;
    assert_eq!(job::sweep(&home).await.unwrap(), 0);
    assert!(is_kept(folder.path(), &ready));
    let (store, org, id) = (home.store(), home.org(), DsarId(ready.id));
    let refused = store.destroy_dsar_key(org, id, None).await.unwrap_err();
    assert!(refused.to_string().contains("legal hold"), "{refused}");
    // The log has who placed it, and not why: that goes with the job.
    let log = store.audit(org, Page::first(50)).await.unwrap().items;
    let placed = log.iter().find(|entry| entry.what.action == "dsar hold");
    let placed = placed.expect("it is in the log");
    assert_eq!(placed.what.actor, "officer");
    assert!(!placed.what.details.to_string().contains("case 7"));
    let free = job::unhold(&home, &officer, ready.id).await.unwrap();
    assert!(!free.is_held);
    assert!(job::unhold(&home, &officer, ready.id).await.is_err());
    assert_eq!(job::sweep(&home).await.unwrap(), 1);
    assert!(!is_kept(folder.path(), &ready));
    let gone = job::hold(&home, &officer, ready.id, "too late").await;
    assert!(gone.is_err(), "nothing is left to be held");
    home.close().await.unwrap();
}
