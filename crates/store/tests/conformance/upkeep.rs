//! Backups travel between both databases; keys are checked and rotated.

use std::sync::Arc;
use std::time::Duration;

use locard_model::{ExposeSecret as _, JobId, JobState, OrgId, SecretString};
use locard_store::{
    ErrorKind, FindingFilter, JobDraft, JobOutcome, KeyPlace, MasterKey, Page, Place, Store,
    WorkerId, open, restore, rotate,
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;
use crate::tasks::failure;

on_both!(
    a_backup_restores_into_either_database,
    a_backup_overwrites_nothing,
    a_restore_notices_one_bit_of_a_sketch,
    a_restore_overwrites_only_by_force,
    a_wrong_or_lost_master_key_is_told,
    rotating_the_master_key_touches_no_data,
    a_rotation_of_the_key_file_may_be_cut_short,
    several_first_starts_make_one_store,
    a_sound_store_passes_its_check_and_can_be_compacted,
    of_what_was_removed_and_replaced_no_byte_is_left,
    old_jobs_are_pruned_and_what_counts_stays,
    a_job_in_work_is_never_pruned,
    pruning_one_organisation_leaves_the_others_alone,
);

async fn fill(store: &dyn Store) -> locard_store::Entity {
    let entity = furnish(store).await;
    let lease = running(store).await;
    let drafts: Vec<_> = (0..150).map(|piece| task_draft(&entity, piece)).collect();
    store.add_tasks(&lease, &drafts).await.unwrap();
    let leased = take(store, &claim(LONG)).await;
    store
        .complete_task(&leased.lease, &outcome(&entity, 3))
        .await
        .unwrap();
    let found = vec![finding(&entity, "email", "EMAIL_ADDRESS")];
    store
        .conclude(&lease, &conclusion(&entity, vec![leased.task.piece], found))
        .await
        .unwrap();
    entity
}

/// Everything that a caller can see, as text.
async fn everything(store: &dyn Store) -> String {
    let sources = store.sources(ORG).await.unwrap();
    let settings = store.source_settings(ORG, sources[0].id).await.unwrap();
    let mut jobs = store
        .jobs(ORG, &locard_store::JobFilter::default(), Page::default())
        .await
        .unwrap();
    // Whoever opens a store of which there is only one user frees what is held in it.
    for job in &mut jobs.items {
        job.held = false;
    }
    let tasks = store
        .tasks(ORG, jobs.items[0].id, None, Page::default())
        .await
        .unwrap();
    let catalog = store.catalog(ORG, None, Page::default()).await.unwrap();
    let findings = store
        .findings(ORG, &FindingFilter::default(), Page::default())
        .await
        .unwrap();
    let key = store.sketch_key(ORG).await.unwrap();
    let settings = settings.expose_secret();
    format!(
        "{sources:?} {settings} {jobs:?} {tasks:?} {catalog:?} {findings:?} {:?}",
        key.key
    )
}

async fn a_backup_restores_into_either_database(bench: &Bench, store: Arc<dyn Store>) {
    fill(&*store).await;
    let file = bench.file("backup.locard");
    store.backup(&file).await.unwrap();
    let before = everything(&*store).await;
    let home = Bench::sqlite();
    restore(&file, &home.place, &bench.keys, false)
        .await
        .unwrap();
    let restored = open(&home.place, &bench.keys).await.unwrap().store;
    restored.check().await.unwrap();
    // A home frees what a dead process held; nothing else may differ.
    let running = |text: &str| text.matches("RUNNING").count();
    assert_eq!(running(&before), running(&everything(&*restored).await));
    assert_eq!(everything(&*restored).await, before);
    if let Some(server) = Bench::postgres().await {
        restore(&file, &server.place, &bench.keys, false)
            .await
            .unwrap();
        let copy = open(&server.place, &bench.keys).await.unwrap().store;
        assert_eq!(everything(&*copy).await, before);
        copy.close().await;
        server.drop_schema().await;
    }
    // What goes on after the backup is not in it.
    assert_eq!(
        std::fs::read_dir(bench.folder.path())
            .unwrap()
            .flatten()
            .filter(|entry| entry.path().is_file())
            .count(),
        1
    );
}

async fn a_backup_overwrites_nothing(bench: &Bench, store: Arc<dyn Store>) {
    let file = bench.file("precious");
    std::fs::write(&file, "keep me").unwrap();
    assert_eq!(
        store.backup(&file).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "keep me");
    let error = store
        .backup(&bench.file("no/such/folder"))
        .await
        .unwrap_err();
    assert!(error.hint_text().is_some(), "{error}");
}

async fn a_restore_notices_one_bit_of_a_sketch(bench: &Bench, store: Arc<dyn Store>) {
    fill(&*store).await;
    let sketch = &store
        .catalog(ORG, None, Page::default())
        .await
        .unwrap()
        .items[0]
        .sketch;
    let file = bench.file("backup.locard");
    store.backup(&file).await.unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes
        .windows(sketch.len())
        .position(|window| window == sketch);
    bytes[at.unwrap()] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let home = Bench::sqlite();
    let error = restore(&file, &home.place, &bench.keys, false)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.sentence().contains("is damaged"), "{error}");
    assert!(error.hint_text().is_some());
    // Nothing is left of the attempt.
    let Place::Home(folder) = &home.place else {
        panic!("a home")
    };
    assert!(!folder.exists(), "{}", folder.display());
}

async fn a_restore_overwrites_only_by_force(bench: &Bench, store: Arc<dyn Store>) {
    fill(&*store).await;
    let (file, bad) = (bench.file("backup.locard"), bench.file("bad.locard"));
    store.backup(&file).await.unwrap();
    let before = everything(&*store).await;
    store.put_source(ORG, &source_draft("later")).await.unwrap();
    store.close().await;
    let error = restore(&file, &bench.place, &bench.keys, false)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let other = KeyPlace {
        given: Some(MasterKey::random().unwrap().to_hex()),
        ..bench.keys.clone()
    };
    let error = restore(&file, &bench.place, &other, true)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongKey, "{error}");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0x55);
    std::fs::write(&bad, &bytes).unwrap();
    assert_eq!(
        restore(&bad, &bench.place, &bench.keys, true)
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Corrupt
    );
    std::fs::write(
        &bad,
        "no store at all, but long enough to be looked at".repeat(100),
    )
    .unwrap();
    assert_eq!(
        restore(&bad, &bench.place, &bench.keys, true)
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Corrupt
    );
    let missing = restore(&bench.file("missing"), &bench.place, &bench.keys, true)
        .await
        .unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let untouched = bench.open().await;
    assert_eq!(untouched.sources(ORG).await.unwrap().len(), 2);
    untouched.close().await;

    restore(&file, &bench.place, &bench.keys, true)
        .await
        .unwrap();
    let restored = bench.open().await;
    assert_eq!(everything(&*restored).await, before);
    restored.close().await;
}

async fn a_wrong_or_lost_master_key_is_told(bench: &Bench, store: Arc<dyn Store>) {
    store.close().await;
    let key = std::fs::read(&bench.keys.file).unwrap();
    std::fs::remove_file(&bench.keys.file).unwrap();
    let lost = open(&bench.place, &bench.keys).await.err().unwrap();
    assert_eq!(lost.kind(), ErrorKind::WrongKey);
    assert!(
        lost.sentence().contains("missing") && lost.hint_text().unwrap().contains("master.key"),
        "{lost}"
    );
    assert!(!bench.keys.file.exists(), "a new key would hide the loss");
    bench.keys.create().unwrap();
    let wrong = open(&bench.place, &bench.keys).await.err().unwrap();
    assert_eq!(wrong.kind(), ErrorKind::WrongKey);
    assert!(wrong.sentence().contains("not the one"), "{wrong}");
    std::fs::write(&bench.keys.file, key).unwrap();
    bench.open().await.close().await;
}

async fn rotating_the_master_key_touches_no_data(bench: &Bench, store: Arc<dyn Store>) {
    fill(&*store).await;
    let before = everything(&*store).await;
    let new = MasterKey::random().unwrap();
    store.rotate_master_key(&new).await.unwrap();
    assert_eq!(everything(&*store).await, before);
    store.close().await;
    assert_eq!(
        open(&bench.place, &bench.keys).await.err().unwrap().kind(),
        ErrorKind::WrongKey
    );
    let rotated = KeyPlace {
        given: Some(new.to_hex()),
        ..bench.keys.clone()
    };
    let store = open(&bench.place, &rotated).await.unwrap().store;
    assert_eq!(everything(&*store).await, before);
    store.close().await;
}

async fn a_rotation_of_the_key_file_may_be_cut_short(bench: &Bench, store: Arc<dyn Store>) {
    fill(&*store).await;
    let before = everything(&*store).await;
    let old = std::fs::read(&bench.keys.file).unwrap();
    rotate(&*store, &bench.keys).await.unwrap();
    store.close().await;
    let new = std::fs::read(&bench.keys.file).unwrap();
    assert_ne!(old, new);
    // As if killed before the renaming: the old key in its place, the new one beside it.
    std::fs::rename(&bench.keys.file, bench.keys.file.with_extension("key.next")).unwrap();
    std::fs::write(&bench.keys.file, old).unwrap();
    private(&bench.keys.file);
    let store = bench.open().await;
    assert_eq!(everything(&*store).await, before);
    assert_eq!(std::fs::read(&bench.keys.file).unwrap(), new);
    let given = KeyPlace {
        given: Some(MasterKey::random().unwrap().to_hex()),
        ..bench.keys.clone()
    };
    assert_eq!(
        rotate(&*store, &given).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
    store.close().await;
}

#[cfg(unix)]
fn private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &std::path::Path) {}

async fn several_first_starts_make_one_store(bench: &Bench, store: Arc<dyn Store>) {
    store.close().await;
    if matches!(bench.place, Place::Home(_)) {
        return; // A home is opened by one process at a time.
    }
    let fresh = Bench::postgres().await.unwrap();
    let starts = (0..4).map(|_| {
        let (place, keys) = (fresh.place.clone(), fresh.keys.clone());
        tokio::spawn(async move { open(&place, &keys).await.unwrap() })
    });
    let opened = futures::future::join_all(starts.collect::<Vec<_>>()).await;
    let mut keys = Vec::new();
    for opened in opened {
        let store = opened.unwrap().store;
        assert_eq!(store.organisations().await.unwrap().len(), 1);
        keys.push(store.sketch_key(ORG).await.unwrap().id);
        store.close().await;
    }
    assert!(keys.iter().all(|key| *key == keys[0]));
    fresh.drop_schema().await;
}

async fn a_sound_store_passes_its_check_and_can_be_compacted(bench: &Bench, store: Arc<dyn Store>) {
    let entity = fill(&*store).await;
    store.check().await.unwrap();
    store.remove_source(ORG, entity.source).await.unwrap();
    store.compact().await.unwrap();
    store.check().await.unwrap();
    if let Place::Home(home) = &bench.place {
        let bytes = std::fs::metadata(home.join("catalog.sqlite"))
            .unwrap()
            .len();
        assert!(bytes < 450_000, "{bytes} bytes are left");
    }
}

/// Found nowhere else, and too short to be compressed.
const OLD: &[u8] = b"a sketch of rows that were erased since";

async fn of_what_was_removed_and_replaced_no_byte_is_left(bench: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let lease = running(&*store).await;
    store
        .add_tasks(&lease, &[task_draft(&entity, 0), task_draft(&entity, 1)])
        .await
        .unwrap();
    let leased = take(&*store, &claim(LONG)).await;
    let mut result = outcome(&entity, 5);
    result.columns[0].sketch = OLD.to_vec();
    store.complete_task(&leased.lease, &result).await.unwrap();
    // The test itself can fail: what it looks for is found while it is there.
    assert!(bench.holds(OLD).await);
    store.remove_source(ORG, entity.source).await.unwrap();
    assert!(store.compact().await.unwrap());
    assert!(!bench.holds(OLD).await);
    store.check().await.unwrap();
}

/// A scan of that target that found an address and ended so.
async fn scanned(
    store: &dyn Store,
    entity: &locard_store::Entity,
    target: &str,
    state: JobState,
) -> JobId {
    let draft = JobDraft::new("scan", json!({ "target": target }));
    let job = store.start_job(ORG, &draft).await.unwrap().job.id;
    let worker = WorkerId::random();
    let lease = store.claim_job(ORG, job, worker, LONG).await.unwrap();
    store
        .add_tasks(&lease, &[task_draft(entity, 0)])
        .await
        .unwrap();
    store
        .record_failures(&lease, &[failure(entity)])
        .await
        .unwrap();
    let found = vec![finding(entity, "email", "EMAIL_ADDRESS")];
    let conclusion = conclusion(entity, Vec::new(), found);
    store.conclude(&lease, &conclusion).await.unwrap();
    let outcome = JobOutcome {
        state,
        outcome: None,
        error: None,
    };
    store.finish_job(&lease, &outcome).await.unwrap();
    job
}

async fn known(store: &dyn Store) -> Vec<JobId> {
    let all = locard_store::JobFilter::default();
    let jobs = store.jobs(ORG, &all, Page::default()).await.unwrap();
    jobs.items.iter().rev().map(|job| job.id).collect()
}

async fn findings_of(store: &dyn Store, job: JobId) -> u64 {
    let filter = FindingFilter {
        job: Some(job),
        ..FindingFilter::default()
    };
    let found = store.findings(ORG, &filter, Page::default()).await.unwrap();
    found.items.len() as u64
}

async fn old_jobs_are_pruned_and_what_counts_stays(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let mut jobs = Vec::new();
    for state in [
        JobState::Completed,
        JobState::Completed,
        JobState::Partial,
        JobState::Failed,
        JobState::Cancelled,
    ] {
        jobs.push(scanned(&*store, &entity, "crm", state).await);
    }
    let other = scanned(&*store, &entity, "shop", JobState::Failed).await;
    assert_eq!(store.prune(ORG, 10, Duration::ZERO).await.unwrap(), 0);
    // Whoever started one of them may still ask how it ended.
    let hour = Duration::from_hours(1);
    assert_eq!(store.prune(ORG, 2, hour).await.unwrap(), 0);
    assert_eq!(store.prune(ORG, 2, Duration::ZERO).await.unwrap(), 2);
    // The latest complete one, the two newest, and the only one of the other specification.
    assert_eq!(known(&*store).await, [jobs[1], jobs[3], jobs[4], other]);
    assert_eq!(
        store.job(ORG, jobs[0]).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(findings_of(&*store, jobs[0]).await, 0);
    assert_eq!(findings_of(&*store, jobs[1]).await, 1);
    let filter = locard_store::FailureFilter::default();
    let failures = store.failures(ORG, &filter, Page::default()).await.unwrap();
    assert_eq!(failures.items.len(), 4);
    assert_eq!(store.prune(ORG, 2, Duration::ZERO).await.unwrap(), 0);

    // What holds now stays until a later scan replaces it, even without its job.
    assert_eq!(store.prune(ORG, 0, Duration::ZERO).await.unwrap(), 3);
    assert_eq!(known(&*store).await, [jobs[1]]);
    let current = FindingFilter::default();
    let current = store
        .findings(ORG, &current, Page::default())
        .await
        .unwrap();
    assert_eq!(current.items.len(), 1);
    assert_eq!(findings_of(&*store, other).await, 1);
    scanned(&*store, &entity, "crm", JobState::Completed).await;
    store.prune(ORG, 1, Duration::ZERO).await.unwrap();
    assert_eq!(findings_of(&*store, other).await, 0);
    store.check().await.unwrap();
}

async fn a_job_in_work_is_never_pruned(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    // Its pieces are in use.
    let read = running(&*store).await;
    store
        .add_tasks(&read, &[task_draft(&entity, 0)])
        .await
        .unwrap();
    let leased = take(&*store, &claim_of(read.job, LONG)).await;
    store
        .complete_task(&leased.lease, &outcome(&entity, 3))
        .await
        .unwrap();
    let ended = JobOutcome {
        state: JobState::Failed,
        outcome: None,
        error: None,
    };
    store.finish_job(&read, &ended).await.unwrap();
    let queued = store
        .start_job(ORG, &JobDraft::new("scan", json!({ "target": "crm" })))
        .await
        .unwrap()
        .job
        .id;
    let at_work = running(&*store).await.job;
    let idle = running(&*store).await;
    store.finish_job(&idle, &ended).await.unwrap();
    assert_eq!(store.prune(ORG, 0, Duration::ZERO).await.unwrap(), 1);
    assert_eq!(known(&*store).await, [read.job, queued, at_work]);
    assert!(store.job(ORG, idle.job).await.is_err());
}

async fn pruning_one_organisation_leaves_the_others_alone(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    scanned(&*store, &entity, "crm", JobState::Failed).await;
    let other = OrgId(Uuid::from_u128(7));
    assert_eq!(
        store
            .prune(other, 0, Duration::ZERO)
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::NotFound
    );
    store.create_organisation(other, "other").await.unwrap();
    assert_eq!(store.prune(other, 0, Duration::ZERO).await.unwrap(), 0);
    assert_eq!(known(&*store).await.len(), 1);
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_told_without_its_address() {
    let bench = Bench::sqlite();
    let refused = async |url: &str| {
        let place = Place::Postgres(SecretString::from(url.to_owned()));
        let error = open(&place, &bench.keys).await.err().unwrap();
        assert!(!format!("{error} {:?}", error.hint_text()).contains("hunter2"));
        error.kind()
    };
    // Port 1 is nobody's.
    assert_eq!(
        refused("postgres://me:hunter2@127.0.0.1:1/none").await,
        ErrorKind::Unreachable
    );
    assert_eq!(refused("no address, hunter2").await, ErrorKind::Invalid);
    if let Some(server) = Bench::postgres().await {
        let Place::Postgres(url) = &server.place else {
            panic!("a server")
        };
        let (account, rest) = url.expose_secret().split_once('@').unwrap();
        let account = account.rsplit_once(':').unwrap().0;
        assert_eq!(
            refused(&format!("{account}:hunter2@{rest}")).await,
            ErrorKind::Unreachable
        );
        let (_, query) = rest.split_once('?').unwrap();
        let (host, _) = rest.split_once('/').unwrap();
        let password = url.expose_secret().split_once('@').unwrap().0;
        let missing = format!("{password}@{host}/hunter2_does_not_exist?{query}");
        assert_eq!(refused(&missing).await, ErrorKind::Unreachable);
        server.drop_schema().await;
    }
}
