//! Leases and commits: whatever happens, a task counts once.

use std::sync::Arc;
use std::time::Duration;

use locard_model::{EntityId, JobState, TaskState};
use locard_store::{
    Claim, Commit, Entity, ErrorKind, FailureDraft, FailureFilter, Heartbeat, JobDraft, JobLease,
    JobOutcome, Page, Store, TaskOutcome, WorkerId,
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;

on_both!(
    planning_a_piece_twice_plans_it_once,
    tasks_are_taken_in_their_order,
    one_piece_is_taken_before_others,
    deaths_count_when_a_job_is_taken_up_again,
    a_commit_writes_sketches_counts_and_state,
    delivering_twice_counts_once,
    a_lost_lease_cannot_commit,
    a_lease_that_ran_out_unnoticed_still_commits,
    a_failed_attempt_is_repeated_and_then_given_up,
    a_wanted_pause_is_kept,
    a_task_that_kills_its_workers_is_given_up,
    deaths_are_counted_until_the_job_comes_on,
    a_released_task_does_not_count_as_tried,
    ending_a_job_takes_the_leases_away,
    affinity_and_priority_decide_who_takes_what,
    many_workers_do_every_task_once,
    failures_are_told_as_they_were_recorded,
    rereading_a_piece_replaces_its_sketches,
);

pub(crate) fn failure(entity: &Entity) -> FailureDraft {
    FailureDraft {
        source: None,
        entity: Some(entity.id),
        resource: Some("public.customers".to_owned()),
        kind: "malformed".to_owned(),
        sentence: "a row has 7 fields, the header has 5".to_owned(),
        place: Some("line 17".to_owned()),
        hint: None,
        records: 1,
    }
}

async fn planned(store: &dyn Store, tasks: u64) -> (Entity, JobLease) {
    let entity = furnish(store).await;
    let lease = running(store).await;
    let drafts: Vec<_> = (0..tasks).map(|piece| task_draft(&entity, piece)).collect();
    assert_eq!(store.add_tasks(&lease, &drafts).await.unwrap(), tasks);
    (entity, lease)
}

async fn planning_a_piece_twice_plans_it_once(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease) = planned(&*store, 2).await;
    let drafts: Vec<_> = (0..300).map(|piece| task_draft(&entity, piece)).collect();
    assert_eq!(store.add_tasks(&lease, &drafts).await.unwrap(), 298);
    assert_eq!(store.add_tasks(&lease, &drafts).await.unwrap(), 0);
    assert_eq!(store.job(ORG, lease.job).await.unwrap().counts.tasks, 300);
    let tasks = store
        .tasks(ORG, lease.job, None, Page::default())
        .await
        .unwrap()
        .items;
    let mut ordinals: Vec<_> = tasks.iter().map(|task| task.ordinal).collect();
    ordinals.sort_unstable();
    assert!(ordinals.into_iter().eq(0..300));
}

async fn tasks_are_taken_in_their_order(_: &Bench, store: Arc<dyn Store>) {
    let (_, lease) = planned(&*store, 5).await;
    let three = Claim {
        limit: 3,
        ..claim_of(lease.job, LONG)
    };
    let leased = store.lease_tasks(&three).await.unwrap();
    assert_eq!(
        leased
            .iter()
            .map(|leased| leased.task.ordinal)
            .collect::<Vec<_>>(),
        [0, 1, 2]
    );
    let first = &leased[0];
    assert_eq!(
        (first.task.state, first.task.attempts),
        (TaskState::Running, 1)
    );
    assert_eq!(
        (&first.task.split, first.task.version.as_deref()),
        (&json!({ "piece": 0 }), Some("version 0"))
    );
    assert!(first.task.started_at.is_some());
    assert_eq!(store.lease_tasks(&three).await.unwrap().len(), 2);
    assert_eq!(store.lease_tasks(&three).await.unwrap(), []);
    let queued = store
        .tasks(ORG, lease.job, Some(TaskState::Queued), Page::default())
        .await
        .unwrap();
    assert_eq!(queued.items, []);
}

async fn one_piece_is_taken_before_others(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease) = planned(&*store, 3).await;
    let wanted = Claim {
        pieces: vec![task_draft(&entity, 1).piece],
        limit: 3,
        ..claim_of(lease.job, LONG)
    };
    assert_eq!(take(&*store, &wanted).await.task.ordinal, 1);
    assert_eq!(store.lease_tasks(&wanted).await.unwrap(), []);
}

async fn deaths_count_when_a_job_is_taken_up_again(_: &Bench, store: Arc<dyn Store>) {
    let (_, lease) = planned(&*store, 2).await;
    let dies = take(&*store, &claim_of(lease.job, LONG)).await;
    let stops = take(&*store, &claim_of(lease.job, LONG)).await;
    store.release_task(&stops.lease).await.unwrap();
    let cancelled = JobOutcome {
        state: JobState::Cancelled,
        outcome: None,
        error: None,
    };
    store.finish_job(&lease, &cancelled).await.unwrap();
    store.retry_job(ORG, lease.job).await.unwrap();
    assert_eq!(task(&*store, &dies).await.attempts, 1);
    assert_eq!(task(&*store, &stops).await.attempts, 0);
}

async fn a_commit_writes_sketches_counts_and_state(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease) = planned(&*store, 1).await;
    let leased = take(&*store, &claim(LONG)).await;
    let result = TaskOutcome {
        partial: true,
        failures: vec![failure(&entity)],
        ..outcome(&entity, 12)
    };
    assert_eq!(
        store.complete_task(&leased.lease, &result).await.unwrap(),
        Commit::Written
    );
    let task = task(&*store, &leased).await;
    assert_eq!(
        (task.state, task.counts),
        (TaskState::Partial, result.counts)
    );
    assert!(task.ended_at.is_some());
    let counts = store.job(ORG, lease.job).await.unwrap().counts;
    assert_eq!(
        (
            counts.tasks_done,
            counts.rows,
            counts.bytes,
            counts.failures
        ),
        (1, 12, 120, 1)
    );
    let pieces = store.pieces(ORG, entity.id).await.unwrap();
    assert_eq!((pieces[0].piece, pieces[0].rows), (task.piece, 12));
    assert_eq!(pieces[0].version.as_deref(), Some("version 0"));
    let mut columns = result.columns.clone();
    columns.sort_by_key(|column| column.column);
    assert_eq!(
        sketches(&*store, ORG, (entity.id, task.piece)).await,
        columns
    );
}

async fn delivering_twice_counts_once(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease) = planned(&*store, 1).await;
    let leased = take(&*store, &claim(LONG)).await;
    let result = TaskOutcome {
        failures: vec![failure(&entity)],
        ..outcome(&entity, 12)
    };
    assert_eq!(
        store.complete_task(&leased.lease, &result).await.unwrap(),
        Commit::Written
    );
    assert_eq!(
        store.complete_task(&leased.lease, &result).await.unwrap(),
        Commit::Already
    );
    let counts = store.job(ORG, lease.job).await.unwrap().counts;
    assert_eq!(
        (counts.tasks_done, counts.rows, counts.failures),
        (1, 12, 1)
    );
}

async fn a_lost_lease_cannot_commit(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease) = planned(&*store, 1).await;
    let old = take(&*store, &claim(SPENT)).await;
    let new = take(&*store, &claim(LONG)).await;
    assert_eq!(old.task.id, new.task.id);
    assert_eq!(
        store.task_heartbeat(&old.lease).await.unwrap(),
        Heartbeat::Lost
    );
    assert_eq!(
        store.task_heartbeat(&new.lease).await.unwrap(),
        Heartbeat::Extended
    );
    let error = store
        .complete_task(&old.lease, &outcome(&entity, 99))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
    let error = store
        .fail_task(&old.lease, &failure(&entity), None)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
    store.release_task(&old.lease).await.unwrap();
    assert_eq!(
        store.pieces(ORG, entity.id).await.unwrap(),
        [],
        "nothing of it was written"
    );
    store
        .complete_task(&new.lease, &outcome(&entity, 5))
        .await
        .unwrap();
    let error = store
        .complete_task(&old.lease, &outcome(&entity, 99))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
    let counts = store.job(ORG, lease.job).await.unwrap().counts;
    assert_eq!((counts.tasks_done, counts.rows, counts.failures), (1, 5, 0));
}

async fn a_lease_that_ran_out_unnoticed_still_commits(_: &Bench, store: Arc<dyn Store>) {
    let (entity, _) = planned(&*store, 1).await;
    let leased = take(&*store, &claim(SPENT)).await;
    assert_eq!(
        store
            .complete_task(&leased.lease, &outcome(&entity, 5))
            .await
            .unwrap(),
        Commit::Written
    );
}

async fn a_failed_attempt_is_repeated_and_then_given_up(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease) = planned(&*store, 1).await;
    let now = Some(Duration::ZERO);
    let first = take(&*store, &claim(LONG)).await;
    assert_eq!(
        store
            .fail_task(&first.lease, &failure(&entity), now)
            .await
            .unwrap(),
        TaskState::Queued
    );
    let waiting = task(&*store, &first).await;
    assert_eq!(
        waiting.error.as_deref(),
        Some("a row has 7 fields, the header has 5")
    );
    let second = take(&*store, &claim(LONG)).await;
    assert_eq!(second.task.attempts, 2);
    assert_eq!(
        store
            .fail_task(&second.lease, &failure(&entity), now)
            .await
            .unwrap(),
        TaskState::Failed
    );
    assert_eq!(store.lease_tasks(&claim(LONG)).await.unwrap(), []);
    let counts = store.job(ORG, lease.job).await.unwrap().counts;
    assert_eq!(
        (counts.tasks_done, counts.tasks_failed, counts.failures),
        (0, 1, 1)
    );
}

async fn a_wanted_pause_is_kept(_: &Bench, store: Arc<dyn Store>) {
    let (entity, _) = planned(&*store, 1).await;
    let first = take(&*store, &claim(LONG)).await;
    store
        .fail_task(&first.lease, &failure(&entity), Some(LONG))
        .await
        .unwrap();
    assert_eq!(store.lease_tasks(&claim(LONG)).await.unwrap(), []);
}

async fn a_task_that_kills_its_workers_is_given_up(_: &Bench, store: Arc<dyn Store>) {
    let (_, lease) = planned(&*store, 2).await;
    let first = take(&*store, &claim(SPENT)).await;
    let second = take(&*store, &claim(SPENT)).await;
    assert_eq!(first.task.id, second.task.id);
    // Third time: not this one again, but the one behind it.
    let other = take(&*store, &claim(LONG)).await;
    assert_ne!(other.task.id, first.task.id);
    let task = task(&*store, &first).await;
    assert_eq!(task.state, TaskState::Failed);
    assert_eq!(
        task.error.as_deref(),
        Some("its worker ended 2 times without an answer")
    );
    assert_eq!(
        store.job(ORG, lease.job).await.unwrap().counts.tasks_failed,
        1
    );
    let error = store
        .complete_task(&second.lease, &outcome(&furnish(&*store).await, 1))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
}

async fn a_released_task_does_not_count_as_tried(_: &Bench, store: Arc<dyn Store>) {
    let (_, lease) = planned(&*store, 1).await;
    for _ in 0..3 {
        let leased = take(&*store, &claim(LONG)).await;
        assert_eq!(leased.task.attempts, 1);
        store.release_task(&leased.lease).await.unwrap();
    }
    let leased = take(&*store, &claim(LONG)).await;
    store.cancel_job(ORG, lease.job).await.unwrap();
    store.release_task(&leased.lease).await.unwrap();
    assert_eq!(task(&*store, &leased).await.state, TaskState::Cancelled);
}

async fn ending_a_job_takes_the_leases_away(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease) = planned(&*store, 2).await;
    let leased = take(&*store, &claim(LONG)).await;
    let end = JobOutcome {
        state: JobState::Failed,
        outcome: None,
        error: Some("the source went away".to_owned()),
    };
    let job = store.finish_job(&lease, &end).await.unwrap();
    assert_eq!(job.error.as_deref(), Some("the source went away"));
    assert_eq!(
        store.task_heartbeat(&leased.lease).await.unwrap(),
        Heartbeat::Lost
    );
    let error = store
        .complete_task(&leased.lease, &outcome(&entity, 1))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
    let cancelled = store
        .tasks(ORG, lease.job, Some(TaskState::Cancelled), Page::default())
        .await
        .unwrap();
    assert_eq!(cancelled.items.len(), 2);
}

async fn affinity_and_priority_decide_who_takes_what(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let mut jobs = Vec::new();
    for (priority, affinity) in [(0, None), (5, None), (9, Some("berlin".to_owned()))] {
        let draft = JobDraft {
            priority,
            affinity,
            ..JobDraft::new("scan", json!({}))
        };
        let job = store.start_job(ORG, &draft).await.unwrap().job.id;
        let lease = store
            .claim_job(ORG, job, WorkerId::random(), LONG)
            .await
            .unwrap();
        store
            .add_tasks(&lease, &[task_draft(&entity, 0)])
            .await
            .unwrap();
        jobs.push(job);
    }
    let berlin = Claim {
        affinity: Some("berlin".to_owned()),
        ..claim(LONG)
    };
    assert_eq!(take(&*store, &claim(LONG)).await.task.job, jobs[1]);
    assert_eq!(take(&*store, &berlin).await.task.job, jobs[2]);
    assert_eq!(take(&*store, &berlin).await.task.job, jobs[0]);
}

async fn many_workers_do_every_task_once(_: &Bench, store: Arc<dyn Store>) {
    const TASKS: u64 = 60;
    let (entity, lease) = planned(&*store, TASKS).await;
    let workers = (0..6).map(|at| {
        let (store, entity) = (store.clone(), entity.clone());
        tokio::spawn(async move {
            let mut done = 0;
            let claim = Claim {
                limit: 1 + at % 3,
                ..claim_of(lease.job, LONG)
            };
            loop {
                let leased = store.lease_tasks(&claim).await.unwrap();
                if leased.is_empty() {
                    return done;
                }
                for leased in leased {
                    assert_eq!(leased.task.attempts, 1);
                    let commit = store
                        .complete_task(&leased.lease, &outcome(&entity, 1))
                        .await
                        .unwrap();
                    assert_eq!(commit, Commit::Written);
                    done += 1;
                }
            }
        })
    });
    let done = futures::future::join_all(workers.collect::<Vec<_>>()).await;
    // A worker leaves when nothing waits at that moment; nothing comes back, so all is done or in somebody's hands.
    assert_eq!(done.into_iter().map(Result::unwrap).sum::<u64>(), TASKS);
    let counts = store.job(ORG, lease.job).await.unwrap().counts;
    assert_eq!((counts.tasks_done, counts.rows), (TASKS, TASKS));
    assert_eq!(
        store.pieces(ORG, entity.id).await.unwrap().len() as u64,
        TASKS
    );
}

async fn failures_are_told_as_they_were_recorded(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease) = planned(&*store, 1).await;
    let unlisted = FailureDraft {
        entity: None,
        hint: Some("grant select".to_owned()),
        ..failure(&entity)
    };
    let both = [failure(&entity), unlisted.clone()];
    store.record_failures(&lease, &both).await.unwrap();
    store.record_failures(&lease, &[]).await.unwrap();
    let of_job = FailureFilter {
        job: Some(lease.job),
        ..FailureFilter::default()
    };
    let told = store
        .failures(ORG, &of_job, Page::default())
        .await
        .unwrap()
        .items;
    assert_eq!(
        told.iter()
            .map(|failure| failure.what.clone())
            .collect::<Vec<_>>(),
        [failure(&entity), unlisted]
    );
    let again = FailureDraft {
        sentence: "it is still locked".to_owned(),
        ..failure(&entity)
    };
    let later = std::slice::from_ref(&again);
    store.record_failures(&lease, later).await.unwrap();
    let of_entities = FailureFilter {
        last_of_entities: true,
        ..FailureFilter::default()
    };
    let told = store
        .failures(ORG, &of_entities, Page::default())
        .await
        .unwrap()
        .items;
    assert_eq!(
        told.into_iter()
            .map(|failure| failure.what)
            .collect::<Vec<_>>(),
        [again]
    );
    let of_other = FailureFilter {
        entity: Some(EntityId(lease.job.0)),
        ..FailureFilter::default()
    };
    assert_eq!(
        store
            .failures(ORG, &of_other, Page::default())
            .await
            .unwrap()
            .items,
        []
    );
    assert_eq!(store.job(ORG, lease.job).await.unwrap().counts.failures, 3);
}

async fn rereading_a_piece_replaces_its_sketches(_: &Bench, store: Arc<dyn Store>) {
    let (entity, _) = planned(&*store, 1).await;
    let first = take(&*store, &claim(LONG)).await;
    store
        .complete_task(&first.lease, &outcome(&entity, 5))
        .await
        .unwrap();
    let lease = running(&*store).await;
    store
        .add_tasks(&lease, &[task_draft(&entity, 0)])
        .await
        .unwrap();
    let second = take(&*store, &claim(LONG)).await;
    let mut result = outcome(&entity, 6);
    result.columns.truncate(1);
    result.columns[0].sketch = b"newer".to_vec();
    store.complete_task(&second.lease, &result).await.unwrap();
    let pieces = store.pieces(ORG, entity.id).await.unwrap();
    assert_eq!(
        (pieces.len(), pieces[0].rows, pieces[0].job),
        (1, 6, lease.job)
    );
    assert_eq!(
        sketches(&*store, ORG, (entity.id, second.task.piece)).await,
        result.columns
    );
}

async fn deaths_are_counted_until_the_job_comes_on(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease) = planned(&*store, 1).await;
    let job = lease.job;
    let give_back = async |lease: JobLease| {
        let given_back = JobLease {
            lease_for: SPENT,
            ..lease
        };
        store.job_heartbeat(&given_back).await.unwrap();
    };
    let taken = async |lease_for| {
        let worker = WorkerId(Uuid::now_v7());
        let lease = store.claim_job(ORG, job, worker, lease_for).await.unwrap();
        (lease, store.job(ORG, job).await.unwrap().deaths)
    };
    // Who gives it back has not died.
    give_back(lease).await;
    let (lease, deaths) = taken(LONG).await;
    assert_eq!(deaths, 0);
    give_back(lease).await;
    for died in 0..3 {
        let (_, deaths) = taken(Duration::from_millis(1)).await;
        assert_eq!(deaths, died);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (_, deaths) = taken(LONG).await;
    assert_eq!(deaths, 3);

    let leased = take(&*store, &claim(LONG)).await;
    let failed = store
        .fail_task(&leased.lease, &failure(&entity), None)
        .await;
    assert_eq!(failed.unwrap(), TaskState::Failed);
    assert_eq!(store.job(ORG, job).await.unwrap().deaths, 0);
}
