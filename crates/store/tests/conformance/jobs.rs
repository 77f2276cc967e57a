//! Jobs from start to end, with the ways to end in between.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use locard_model::JobState;
use locard_store::{
    ErrorKind, Heartbeat, JobDraft, JobFilter, JobOutcome, Page, ScheduleId, Store, WorkerId,
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;

on_both!(
    an_idempotency_key_starts_one_job,
    many_starts_with_one_key_make_one_job,
    jobs_are_listed_newest_first_and_filtered,
    jobs_are_found_by_what_they_do,
    a_held_job_cannot_be_claimed_and_a_dead_one_can,
    a_job_waits_for_its_time,
    a_job_that_is_put_off_keeps_what_it_did_and_is_taken_up_then,
    a_queued_job_is_cancelled_at_once,
    a_running_job_hears_of_the_cancel,
    a_job_without_a_worker_is_cancelled_at_once,
    a_job_ends_once,
    an_old_coordinator_cannot_end_a_job,
    a_retried_job_does_only_what_failed,
);

fn done(state: JobState) -> JobOutcome {
    JobOutcome {
        state,
        outcome: Some(json!({ "findings": 3 })),
        error: None,
    }
}

async fn an_idempotency_key_starts_one_job(_: &Bench, store: Arc<dyn Store>) {
    let draft = |target: &str| JobDraft {
        idempotency_key: Some("tonight".to_owned()),
        ..JobDraft::new("scan", json!({ "target": target }))
    };
    let first = store.start_job(ORG, &draft("crm")).await.unwrap();
    let second = store.start_job(ORG, &draft("crm")).await.unwrap();
    assert!(first.new && !second.new);
    assert_eq!(first.job, second.job);
    assert_eq!(
        store
            .start_job(ORG, &draft("erp"))
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Conflict
    );
    assert!(
        store
            .start_job(ORG, &JobDraft::new("scan", json!({})))
            .await
            .unwrap()
            .new
    );
    assert_eq!(first.job.spec, json!({ "target": "crm" }));
    assert_eq!(first.job.state, JobState::Queued);
}

async fn many_starts_with_one_key_make_one_job(_: &Bench, store: Arc<dyn Store>) {
    let starts = (0..16).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let draft = JobDraft {
                idempotency_key: Some("k".to_owned()),
                ..JobDraft::new("scan", json!({}))
            };
            store.start_job(ORG, &draft).await.unwrap()
        })
    });
    let starts = futures::future::join_all(starts.collect::<Vec<_>>()).await;
    let starts: Vec<_> = starts.into_iter().map(Result::unwrap).collect();
    assert_eq!(starts.iter().filter(|start| start.new).count(), 1);
    assert!(starts.iter().all(|start| start.job.id == starts[0].job.id));
}

async fn jobs_are_listed_newest_first_and_filtered(_: &Bench, store: Arc<dyn Store>) {
    let schedule = ScheduleId(Uuid::new_v4());
    let mut ids = Vec::new();
    for at in 0..5 {
        let kind = if at % 2 == 0 { "scan" } else { "find" };
        let draft = JobDraft {
            schedule: (at == 4).then_some(schedule),
            ..JobDraft::new(kind, json!(at))
        };
        ids.push(store.start_job(ORG, &draft).await.unwrap().job.id);
    }
    store.cancel_job(ORG, ids[0]).await.unwrap();
    let listed = async |filter: JobFilter| {
        let page = store.jobs(ORG, &filter, Page::default()).await.unwrap();
        page.items.into_iter().map(|job| job.id).collect::<Vec<_>>()
    };
    let mut newest = ids.clone();
    newest.reverse();
    assert_eq!(listed(JobFilter::default()).await, newest);
    assert_eq!(
        listed(JobFilter {
            kind: Some("find".to_owned()),
            ..JobFilter::default()
        })
        .await,
        [ids[3], ids[1]]
    );
    let states = vec![JobState::Cancelled, JobState::Failed];
    assert_eq!(
        listed(JobFilter {
            states,
            ..JobFilter::default()
        })
        .await,
        [ids[0]]
    );
    assert_eq!(
        listed(JobFilter {
            schedule: Some(schedule),
            ..JobFilter::default()
        })
        .await,
        [ids[4]]
    );
    let first = store
        .jobs(ORG, &JobFilter::default(), Page::first(2))
        .await
        .unwrap();
    let rest = Page {
        after: first.next,
        limit: 10,
    };
    let rest = store.jobs(ORG, &JobFilter::default(), rest).await.unwrap();
    assert_eq!(
        (first.items.len(), rest.items.len(), rest.next),
        (2, 3, None)
    );
}

async fn jobs_are_found_by_what_they_do(_: &Bench, store: Arc<dyn Store>) {
    let mut ids = Vec::new();
    for target in ["crm", "erp", "crm"] {
        let draft = JobDraft::new("scan", json!({ "target": target }));
        ids.push(store.start_job(ORG, &draft).await.unwrap().job.id);
    }
    let found = async |kind: Option<&str>, target: &str| {
        let filter = JobFilter {
            kind: kind.map(str::to_owned),
            spec: Some(json!({ "target": target })),
            ..JobFilter::default()
        };
        store.jobs(ORG, &filter, Page::default()).await
    };
    let of = async |kind, target| {
        let page = found(Some(kind), target).await.unwrap();
        page.items.into_iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(of("scan", "crm").await, [ids[2], ids[0]]);
    assert_eq!(of("scan", "erp").await, [ids[1]]);
    assert_eq!(of("find", "crm").await, []);
    let refused = found(None, "crm").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}

async fn a_held_job_cannot_be_claimed_and_a_dead_one_can(_: &Bench, store: Arc<dyn Store>) {
    let job = store
        .start_job(ORG, &JobDraft::new("scan", json!({})))
        .await
        .unwrap()
        .job
        .id;
    let spent = store
        .claim_job(ORG, job, WorkerId::random(), SPENT)
        .await
        .unwrap();
    let taken = store
        .claim_job(ORG, job, WorkerId::random(), LONG)
        .await
        .unwrap();
    assert!(taken.fence > spent.fence);
    let error = store
        .claim_job(ORG, job, WorkerId::random(), LONG)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(store.job_heartbeat(&spent).await.unwrap(), Heartbeat::Lost);
    assert_eq!(
        store.job_heartbeat(&taken).await.unwrap(),
        Heartbeat::Extended
    );
    assert_eq!(store.job(ORG, job).await.unwrap().state, JobState::Running);
}

async fn a_job_waits_for_its_time(_: &Bench, store: Arc<dyn Store>) {
    let start = async |not_before: Timestamp| {
        let draft = JobDraft {
            not_before: Some(not_before),
            ..JobDraft::new("scan", json!({}))
        };
        store.start_job(ORG, &draft).await.unwrap().job.id
    };
    let hour = SignedDuration::from_hours(1);
    let (past, future) = (Timestamp::now() - hour, Timestamp::now() + hour);
    let claim = async |job| store.claim_job(ORG, job, WorkerId::random(), LONG).await;
    let waits = claim(start(future).await).await.unwrap_err();
    assert_eq!(waits.kind(), ErrorKind::Conflict);
    claim(start(past).await).await.unwrap();
}

async fn a_job_that_is_put_off_keeps_what_it_did_and_is_taken_up_then(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let affinities = ["DEFAULT".to_owned()];
    let draft = JobDraft {
        affinity: Some("DEFAULT".to_owned()),
        ..JobDraft::new("scan", json!({}))
    };
    let id = store.start_job(ORG, &draft).await.unwrap().job.id;
    let next = async || {
        let claimed = store.claim_next_job(ORG, &affinities, WorkerId::random(), LONG);
        claimed.await.unwrap()
    };
    let lease = next().await.unwrap();
    let later = Timestamp::now() + SignedDuration::from_hours(5);
    assert!(store.postpone_job(&lease, later).await.unwrap());
    let job = store.job(ORG, id).await.unwrap();
    assert_eq!((job.state, job.deaths), (JobState::Queued, 0));
    let waits = job.not_before.unwrap();
    assert_eq!(waits.as_microsecond(), later.as_microsecond());
    assert!(next().await.is_none());
    assert_eq!(store.job_heartbeat(&lease).await.unwrap(), Heartbeat::Lost);
    store.hasten_job(ORG, id).await.unwrap();
    let again = next().await.unwrap();
    assert!(
        !store.postpone_job(&lease, later).await.unwrap(),
        "an old coordinator"
    );
    store.cancel_job(ORG, id).await.unwrap();
    assert!(
        !store.postpone_job(&again, later).await.unwrap(),
        "it is to end"
    );
    let job = store.job(ORG, id).await.unwrap();
    assert_eq!((job.state, job.not_before), (JobState::Cancelling, None));
}

async fn a_queued_job_is_cancelled_at_once(_: &Bench, store: Arc<dyn Store>) {
    let job = store
        .start_job(ORG, &JobDraft::new("scan", json!({})))
        .await
        .unwrap()
        .job
        .id;
    let cancelled = store.cancel_job(ORG, job).await.unwrap();
    assert_eq!(cancelled.state, JobState::Cancelled);
    assert!(cancelled.ended_at.is_some() && cancelled.cancel_requested_at.is_some());
    assert_eq!(
        store.cancel_job(ORG, job).await.unwrap(),
        cancelled,
        "cancelling twice changes nothing"
    );
    assert!(
        store
            .claim_job(ORG, job, WorkerId::random(), LONG)
            .await
            .is_err()
    );
}

async fn a_running_job_hears_of_the_cancel(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let lease = running(&*store).await;
    store
        .add_tasks(&lease, &[task_draft(&entity, 0), task_draft(&entity, 1)])
        .await
        .unwrap();
    let first = take(&*store, &claim(LONG)).await;
    assert_eq!(
        store.cancel_job(ORG, lease.job).await.unwrap().state,
        JobState::Cancelling
    );
    assert_eq!(
        store.job_heartbeat(&lease).await.unwrap(),
        Heartbeat::Cancel
    );
    assert_eq!(
        store.task_heartbeat(&first.lease).await.unwrap(),
        Heartbeat::Cancel
    );
    assert_eq!(store.lease_tasks(&claim(LONG)).await.unwrap(), []);
    // What was read is kept, and the coordinator may still conclude with it.
    store
        .complete_task(&first.lease, &outcome(&entity, 4))
        .await
        .unwrap();
    store
        .conclude(
            &lease,
            &conclusion(&entity, vec![first.task.piece], Vec::new()),
        )
        .await
        .unwrap();
    let job = store
        .finish_job(&lease, &done(JobState::Cancelled))
        .await
        .unwrap();
    assert_eq!(
        (job.state, job.counts.tasks_done, job.counts.rows),
        (JobState::Cancelled, 1, 4)
    );
    assert_eq!(store.pieces(ORG, entity.id).await.unwrap().len(), 1);
}

async fn a_job_without_a_worker_is_cancelled_at_once(_: &Bench, store: Arc<dyn Store>) {
    let job = store
        .start_job(ORG, &JobDraft::new("scan", json!({})))
        .await
        .unwrap()
        .job
        .id;
    store
        .claim_job(ORG, job, WorkerId::random(), SPENT)
        .await
        .unwrap();
    assert_eq!(
        store.cancel_job(ORG, job).await.unwrap().state,
        JobState::Cancelled
    );
}

async fn a_job_ends_once(_: &Bench, store: Arc<dyn Store>) {
    let lease = running(&*store).await;
    assert!(
        store
            .finish_job(&lease, &done(JobState::Running))
            .await
            .is_err(),
        "RUNNING is no end"
    );
    let first = store
        .finish_job(&lease, &done(JobState::Partial))
        .await
        .unwrap();
    let second = store
        .finish_job(&lease, &done(JobState::Failed))
        .await
        .unwrap();
    assert_eq!(first, second);
    assert_eq!(
        (first.state, first.outcome),
        (JobState::Partial, Some(json!({ "findings": 3 })))
    );
    assert_eq!(store.job_heartbeat(&lease).await.unwrap(), Heartbeat::Lost);
}

async fn an_old_coordinator_cannot_end_a_job(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let job = store
        .start_job(ORG, &JobDraft::new("scan", json!({})))
        .await
        .unwrap()
        .job
        .id;
    let old = store
        .claim_job(ORG, job, WorkerId::random(), SPENT)
        .await
        .unwrap();
    store
        .claim_job(ORG, job, WorkerId::random(), LONG)
        .await
        .unwrap();
    let lost = |kind| assert_eq!(kind, ErrorKind::LeaseLost);
    lost(
        store
            .finish_job(&old, &done(JobState::Completed))
            .await
            .unwrap_err()
            .kind(),
    );
    lost(
        store
            .add_tasks(&old, &[task_draft(&entity, 0)])
            .await
            .unwrap_err()
            .kind(),
    );
    lost(
        store
            .conclude(&old, &conclusion(&entity, Vec::new(), Vec::new()))
            .await
            .unwrap_err()
            .kind(),
    );
    assert_eq!(store.column_records(ORG, entity.id).await.unwrap(), []);
}

async fn a_retried_job_does_only_what_failed(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let lease = running(&*store).await;
    store
        .add_tasks(&lease, &[task_draft(&entity, 0), task_draft(&entity, 1)])
        .await
        .unwrap();
    let first = take(&*store, &claim(LONG)).await;
    store
        .complete_task(&first.lease, &outcome(&entity, 4))
        .await
        .unwrap();
    let second = take(&*store, &claim(LONG)).await;
    store
        .fail_task(&second.lease, &crate::tasks::failure(&entity), None)
        .await
        .unwrap();
    assert!(
        store.retry_job(ORG, lease.job).await.is_err(),
        "it has not ended yet"
    );
    let ended = store
        .finish_job(&lease, &done(JobState::Partial))
        .await
        .unwrap();
    assert_eq!((ended.counts.tasks_failed, ended.counts.failures), (1, 1));

    let again = store.retry_job(ORG, lease.job).await.unwrap();
    assert_eq!(again.state, JobState::Queued);
    assert_eq!(
        (
            again.counts.tasks_done,
            again.counts.tasks_failed,
            again.counts.failures
        ),
        (1, 0, 0)
    );
    assert_eq!((again.ended_at, again.outcome), (None, None));
    let retried = take(&*store, &claim(LONG)).await;
    assert_eq!(
        (retried.task.id, retried.task.attempts),
        (second.task.id, 1)
    );
    assert_eq!(store.lease_tasks(&claim(LONG)).await.unwrap(), []);
}
