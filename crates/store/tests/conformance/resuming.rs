//! What a job has read stays with it: whoever concludes, lists or removes at the same time takes none of it away unseen.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use locard_model::{JobState, PieceId, TaskState};
use locard_store::{
    Author, Claim, Entity, EntityFilter, EntityRead, ErrorKind, FailureFilter, JobFilter, JobLease,
    JobOutcome, LeasedTask, Merged, Page, Store, WorkerId,
};
use uuid::Uuid;

use crate::harness::*;
use crate::tasks::failure;

on_both!(
    a_conclusion_leaves_what_other_jobs_are_reading,
    a_conclusion_takes_what_ended_jobs_have_read_and_they_read_it_again,
    a_piece_that_another_job_replaced_is_read_again,
    what_a_job_that_ended_has_read_may_be_taken_over_whole,
    entities_that_were_read_are_committed_together_or_not_at_all,
    an_entity_whose_pieces_are_recorded_is_committed_beside_one_whose_are_not,
    a_removed_source_takes_the_work_on_it_along,
    a_conclusion_from_pieces_that_are_gone_is_refused,
    a_late_coordinator_writes_nothing_into_the_catalog,
    what_others_listed_meanwhile_is_not_buried,
    whether_a_job_is_held_is_told_by_the_stores_clock,
    staged_sketches_are_seen_once_they_are_concluded,
    a_failure_knows_its_source_and_goes_with_it,
);

/// A job that has read so many pieces of an entity.
async fn reading(store: &dyn Store, entity: &Entity, pieces: &[u64]) -> JobLease {
    let lease = running(store).await;
    read(store, &lease, entity, pieces).await;
    lease
}

async fn read(store: &dyn Store, lease: &JobLease, entity: &Entity, pieces: &[u64]) {
    let drafts: Vec<_> = pieces.iter().map(|at| task_draft(entity, *at)).collect();
    store.add_tasks(lease, &drafts).await.unwrap();
    for _ in pieces {
        let leased = take(store, &claim_of(lease.job, LONG)).await;
        let outcome = outcome(entity, 5);
        let done = store.complete_task(&leased.lease, &outcome).await;
        done.unwrap();
    }
}

fn piece(entity: &Entity, at: u64) -> PieceId {
    task_draft(entity, at).piece
}

async fn end(store: &dyn Store, lease: &JobLease, state: JobState) {
    let (outcome, error) = (None, None);
    let ended = JobOutcome {
        state,
        outcome,
        error,
    };
    store.finish_job(lease, &ended).await.unwrap();
}

async fn again(store: &dyn Store, lease: &JobLease) -> JobLease {
    store.retry_job(ORG, lease.job).await.unwrap();
    let claimed = store.claim_job(ORG, lease.job, WorkerId::random(), LONG);
    claimed.await.unwrap()
}

async fn states(store: &dyn Store, lease: &JobLease) -> Vec<TaskState> {
    let tasks = store.tasks(ORG, lease.job, None, Page::default()).await;
    let tasks = tasks.unwrap().items;
    tasks.into_iter().map(|task| task.state).collect()
}

async fn a_conclusion_leaves_what_other_jobs_are_reading(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let theirs = reading(&*store, &entity, &[0, 1]).await;
    let ours = reading(&*store, &entity, &[2]).await;
    let concluded = conclusion(&entity, vec![piece(&entity, 2)], Vec::new());
    store.conclude(&ours, &concluded).await.unwrap();
    for at in 0..3 {
        let there = store.piece(ORG, entity.id, piece(&entity, at)).await;
        assert!(there.unwrap().is_some(), "piece {at}");
    }
    assert_eq!(store.reopen_tasks(&theirs).await.unwrap(), 0);
    let both = vec![piece(&entity, 0), piece(&entity, 1)];
    let concluded = conclusion(&entity, both, Vec::new());
    store.conclude(&theirs, &concluded).await.unwrap();
}

async fn a_conclusion_takes_what_ended_jobs_have_read_and_they_read_it_again(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let entity = furnish(&*store).await;
    let first = reading(&*store, &entity, &[0, 1]).await;
    end(&*store, &first, JobState::Cancelled).await;
    let second = reading(&*store, &entity, &[2]).await;
    let concluded = conclusion(&entity, vec![piece(&entity, 2)], Vec::new());
    store.conclude(&second, &concluded).await.unwrap();
    let gone = store.piece(ORG, entity.id, piece(&entity, 0)).await;
    assert_eq!(gone.unwrap(), None);

    let first = again(&*store, &first).await;
    assert_eq!(store.reopen_tasks(&first).await.unwrap(), 2);
    assert_eq!(states(&*store, &first).await, [TaskState::Queued; 2]);
    let counts = store.job(ORG, first.job).await.unwrap().counts;
    assert_eq!((counts.tasks, counts.tasks_done, counts.rows), (2, 0, 0));
    // Reading them again counts them once.
    read(&*store, &first, &entity, &[0, 1]).await;
    assert_eq!(store.reopen_tasks(&first).await.unwrap(), 0);
    let counts = store.job(ORG, first.job).await.unwrap().counts;
    assert_eq!((counts.tasks, counts.tasks_done, counts.rows), (2, 2, 10));
}

async fn a_piece_that_another_job_replaced_is_read_again(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let first = reading(&*store, &entity, &[0, 1]).await;
    reading(&*store, &entity, &[1]).await;
    assert_eq!(store.reopen_tasks(&first).await.unwrap(), 1);
    let states = states(&*store, &first).await;
    assert_eq!(states, [TaskState::Completed, TaskState::Queued]);
    let mut late = first;
    late.fence -= 1;
    let refused = store.reopen_tasks(&late).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LeaseLost);
}

async fn what_a_job_that_ended_has_read_may_be_taken_over_whole(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let first = reading(&*store, &entity, &[0, 1]).await;
    let both = [piece(&entity, 0), piece(&entity, 1)];
    let second = running(&*store).await;
    let drafts = [0, 1, 2].map(|at| task_draft(&entity, at));
    store.add_tasks(&second, &drafts).await.unwrap();
    let adopt = async |pieces: &[PieceId]| {
        let entities = [(entity.id, pieces.to_vec())];
        let adopted = store.adopt_pieces(&second, &entities).await;
        adopted.unwrap()
    };
    assert!(!adopt(&both).await, "its job has not ended");
    let concluded = conclusion(&entity, both.to_vec(), Vec::new());
    store.conclude(&first, &concluded).await.unwrap();
    end(&*store, &first, JobState::Completed).await;
    assert!(
        !adopt(&[both[0], both[1], piece(&entity, 2)]).await,
        "one was not read"
    );
    assert_eq!(states(&*store, &second).await, [TaskState::Queued; 3]);
    assert!(adopt(&both).await);
    let [done, open] = [TaskState::Completed, TaskState::Queued];
    assert_eq!(states(&*store, &second).await, [done, done, open]);
    let counts = store.job(ORG, second.job).await.unwrap().counts;
    assert_eq!((counts.tasks, counts.tasks_done, counts.rows), (3, 2, 10));
    assert_eq!(store.reopen_tasks(&second).await.unwrap(), 0);
    assert!(!adopt(&both).await, "they are its own by now");
    let mut late = second;
    late.fence -= 1;
    let entities = [(entity.id, both.to_vec())];
    let refused = store.adopt_pieces(&late, &entities).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::LeaseLost);
}

/// An entity that a task has read, with a finding.
fn whole(entity: &Entity, task: &LeasedTask, rows: u64) -> EntityRead {
    let findings = vec![finding(entity, "email", "EMAIL_ADDRESS")];
    EntityRead {
        read: Some((task.lease, outcome(entity, rows))),
        conclusion: conclusion(entity, vec![task.task.piece], findings),
        columns: vec![column(entity, 0, "email")],
        entity: Entity {
            fingerprint: Some("as it was read".to_owned()),
            ..entity.clone()
        },
    }
}

async fn entities_that_were_read_are_committed_together_or_not_at_all(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let first = furnish(&*store).await;
    let second = table(first.source, "orders");
    let put = store.put_entities(ORG.into(), std::slice::from_ref(&second));
    put.await.unwrap();
    let job = running(&*store).await;
    let drafts = [task_draft(&first, 0), task_draft(&second, 0)];
    store.add_tasks(&job, &drafts).await.unwrap();
    let pieces = drafts.iter().map(|draft| draft.piece).collect();
    let both = Claim {
        pieces,
        limit: 2,
        ..claim_of(job.job, LONG)
    };
    let tasks = store.lease_tasks(&both).await.unwrap();
    let read = [whole(&first, &tasks[0], 3), whole(&second, &tasks[1], 4)];

    let mut late = read.clone();
    late[1].read.as_mut().unwrap().0.fence -= 1;
    let refused = store.complete_entities(&job, &late).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LeaseLost);
    assert_eq!(states(&*store, &job).await, [TaskState::Running; 2]);
    assert!(store.pieces(ORG, first.id).await.unwrap().is_empty());

    // Delivering it twice counts it once.
    for _ in 0..2 {
        store.complete_entities(&job, &read).await.unwrap();
        assert_eq!(states(&*store, &job).await, [TaskState::Completed; 2]);
        let counts = store.job(ORG, job.job).await.unwrap().counts;
        assert_eq!((counts.tasks_done, counts.rows, counts.findings), (2, 7, 2));
    }
    for entity in [&first, &second] {
        let records = store.column_records(ORG, entity.id).await.unwrap();
        assert!(!records.is_empty() && !records[0].sketch.is_empty());
        let columns = store.columns(ORG, entity.id).await.unwrap();
        assert_eq!(columns.len(), 1, "what it does not name is gone");
        let known = store.entity(ORG, entity.id).await.unwrap();
        assert_eq!(known.fingerprint.as_deref(), Some("as it was read"));
    }
}

async fn an_entity_whose_pieces_are_recorded_is_committed_beside_one_whose_are_not(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let first = furnish(&*store).await;
    let second = table(first.source, "orders");
    let put = store.put_entities(ORG.into(), std::slice::from_ref(&second));
    put.await.unwrap();
    let job = reading(&*store, &first, &[0, 1]).await;
    store
        .add_tasks(&job, &[task_draft(&second, 0)])
        .await
        .unwrap();
    let task = take(&*store, &claim_of(job.job, LONG)).await;
    let pieces = vec![piece(&first, 0), piece(&first, 1)];
    let recorded = |pieces| EntityRead {
        read: None,
        conclusion: conclusion(&first, pieces, Vec::new()),
        columns: Vec::new(),
        entity: first.clone(),
    };
    let gone = [recorded(vec![piece(&first, 7)]), whole(&second, &task, 4)];
    let refused = store.complete_entities(&job, &gone).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let there = [recorded(pieces), whole(&second, &task, 4)];
    store.complete_entities(&job, &there).await.unwrap();
    assert_eq!(states(&*store, &job).await, [TaskState::Completed; 3]);
    assert_eq!(store.pieces(ORG, first.id).await.unwrap().len(), 2);
}

async fn a_removed_source_takes_the_work_on_it_along(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let other = store.put_source(ORG, &source_draft("erp")).await.unwrap();
    let kept = table(other.id, "orders");
    let put = store.put_entities(ORG.into(), std::slice::from_ref(&kept));
    put.await.unwrap();
    let lease = reading(&*store, &entity, &[0, 1]).await;
    read(&*store, &lease, &kept, &[2]).await;
    end(&*store, &lease, JobState::Cancelled).await;
    let ended = reading(&*store, &entity, &[3]).await;
    end(&*store, &ended, JobState::Completed).await;

    store.remove_source(ORG, entity.source).await.unwrap();
    let lease = again(&*store, &lease).await;
    assert_eq!(states(&*store, &lease).await, [TaskState::Completed]);
    let counts = store.job(ORG, lease.job).await.unwrap().counts;
    assert_eq!((counts.tasks, counts.tasks_done, counts.rows), (1, 1, 5));
    assert_eq!(states(&*store, &ended).await, [TaskState::Completed]);
    // It is planned again under the same pieces.
    let entity = furnish(&*store).await;
    read(&*store, &lease, &entity, &[0, 1]).await;
    assert_eq!(states(&*store, &lease).await.len(), 3);
}

async fn a_conclusion_from_pieces_that_are_gone_is_refused(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let lease = reading(&*store, &entity, &[0, 1]).await;
    let pieces = vec![piece(&entity, 0), piece(&entity, 1), piece(&entity, 2)];
    let concluded = conclusion(&entity, pieces, Vec::new());
    let refused = store.conclude(&lease, &concluded).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(store.pieces(ORG, entity.id).await.unwrap().len(), 2);
    let records = store.column_records(ORG, entity.id).await.unwrap();
    assert!(records.is_empty());
}

async fn a_late_coordinator_writes_nothing_into_the_catalog(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let lease = running(&*store).await;
    let late = Author::Job(JobLease {
        fence: lease.fence - 1,
        ..lease
    });
    let other = table(entity.source, "orders");
    let columns = [column(&entity, 0, "phone")];
    let lost = |refused: locard_store::Error| assert_eq!(refused.kind(), ErrorKind::LeaseLost);
    let refused = store.put_entities(late, std::slice::from_ref(&other)).await;
    lost(refused.unwrap_err());
    let refused = store.put_columns(late, entity.id, &columns).await;
    lost(refused.unwrap_err());
    let refused = store.add_columns(late, entity.id, &columns).await;
    lost(refused.unwrap_err());
    let refused = store.bury(late, &[entity.id], Timestamp::MAX).await;
    lost(refused.unwrap_err());
    let Author::Job(late) = late else { return };
    let refused = store.record_failures(&late, &[failure(&entity)]).await;
    lost(refused.unwrap_err());
    let columns = [piece_column(&entity, "id", b"id")];
    let staged = PieceId(Uuid::new_v4());
    let refused = store.stage(&late, entity.id, staged, &columns).await;
    lost(refused.unwrap_err());

    let (all, page) = (EntityFilter::default(), Page::default());
    let listed = store.entities(ORG, &all, page).await.unwrap().items;
    assert_eq!(listed.len(), 1);
    assert_eq!(store.columns(ORG, entity.id).await.unwrap().len(), 2);
    assert_eq!(store.pieces(ORG, entity.id).await.unwrap(), []);
    assert_eq!(store.job(ORG, lease.job).await.unwrap().counts.failures, 0);
    // Who holds the job does.
    store.put_entities(lease.into(), &[other]).await.unwrap();
}

async fn what_others_listed_meanwhile_is_not_buried(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let began = store.clock().await.unwrap();
    let meanwhile = table(entity.source, "orders");
    let put = store.put_entities(ORG.into(), std::slice::from_ref(&meanwhile));
    put.await.unwrap();
    reading(&*store, &meanwhile, &[0]).await;
    let both = [entity.id, meanwhile.id];
    let buried = store.bury(ORG.into(), &both, began).await.unwrap();
    assert_eq!(buried, 1);
    let (all, page) = (EntityFilter::default(), Page::default());
    let listed = store.entities(ORG, &all, page).await.unwrap().items;
    assert_eq!((listed.len(), listed[0].id), (1, meanwhile.id));
    assert_eq!(store.pieces(ORG, meanwhile.id).await.unwrap().len(), 1);
    assert_eq!(store.columns(ORG, entity.id).await.unwrap(), []);
}

async fn whether_a_job_is_held_is_told_by_the_stores_clock(_: &Bench, store: Arc<dyn Store>) {
    let lease = running(&*store).await;
    assert!(store.job(ORG, lease.job).await.unwrap().held);
    end(&*store, &lease, JobState::Cancelled).await;
    assert!(!store.job(ORG, lease.job).await.unwrap().held);
    store.retry_job(ORG, lease.job).await.unwrap();
    let short = store.claim_job(ORG, lease.job, WorkerId::random(), Duration::ZERO);
    short.await.unwrap();
    let listed = store
        .jobs(ORG, &JobFilter::default(), Page::default())
        .await;
    assert!(!listed.unwrap().items[0].held, "its lease has run out");
}

async fn staged_sketches_are_seen_once_they_are_concluded(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let lease = reading(&*store, &entity, &[0, 1]).await;
    let (left, staged) = (PieceId(Uuid::new_v4()), PieceId(Uuid::new_v4()));
    let of = |name: &str, bytes: &[u8]| [piece_column(&entity, name, bytes)];
    for (piece, name) in [(left, "id"), (staged, "id"), (staged, "email")] {
        let columns = of(name, format!("all of {name}").as_bytes());
        let written = store.stage(&lease, entity.id, piece, &columns).await;
        written.unwrap();
    }
    let records = store.column_records(ORG, entity.id).await.unwrap();
    assert!(records.is_empty());
    let columns = ["id", "email"].map(|name| record(&entity, name, b""));
    let merged = Merged {
        pieces: vec![piece(&entity, 0), piece(&entity, 1)],
        staged: Some(staged),
        columns: columns.to_vec(),
    };
    let mut concluded = conclusion(&entity, Vec::new(), Vec::new());
    concluded.merged = Some(merged);
    store.conclude(&lease, &concluded).await.unwrap();
    let records = store.column_records(ORG, entity.id).await.unwrap();
    let mut sketches: Vec<_> = records.into_iter().map(|record| record.sketch).collect();
    sketches.sort();
    assert_eq!(sketches, [b"all of email".to_vec(), b"all of id".to_vec()]);
    // What was staged and never concluded is gone.
    assert_eq!(store.pieces(ORG, entity.id).await.unwrap().len(), 3);
    let left = store.piece(ORG, entity.id, left).await.unwrap();
    assert!(left.is_none());
    let parts = store.piece_parts(ORG, entity.id, &[staged]).await.unwrap();
    let mut bytes: Vec<u64> = parts.iter().map(|part| part.bytes).collect();
    bytes.sort_unstable();
    assert_eq!(bytes, [9, 12]);
    let id = record(&entity, "id", b"").column;
    let both = [piece(&entity, 0), piece(&entity, 1)];
    let read = store.piece_columns(ORG, entity.id, &both, &[id]).await;
    let read = read.unwrap();
    assert!(read.len() == 2 && read.iter().all(|(_, column)| column.sketch == b"id"));
}

async fn a_failure_knows_its_source_and_goes_with_it(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let lease = running(&*store).await;
    let mut unlisted = failure(&entity);
    (unlisted.entity, unlisted.source) = (None, Some(entity.source));
    let recorded = store.record_failures(&lease, std::slice::from_ref(&unlisted));
    recorded.await.unwrap();
    let told = async || {
        let (all, page) = (FailureFilter::default(), Page::default());
        let told = store
            .failures(ORG, &all, page)
            .await
            .unwrap()
            .items
            .into_iter();
        told.map(|failure| failure.what).collect::<Vec<_>>()
    };
    assert_eq!(told().await, [unlisted]);
    store.remove_source(ORG, entity.source).await.unwrap();
    assert_eq!(told().await, []);
}
