//! A home on disk: who may use it, what can be read in it, and what is left when a process is killed.
//!
//! Some tests start this test program again as another process: see [`child`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "these are tests; clippy knows it of test functions only"
)]

#[path = "conformance/harness.rs"]
#[allow(
    dead_code,
    unused_macros,
    unused_imports,
    reason = "shared with the conformance suite"
)]
mod harness;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use harness::*;
use locard_model::{
    ColumnId, ExposeSecret as _, Identifier, JobState, OrgId, PieceId, SecretString, TaskState,
};
use locard_store::{
    Allowed, Claim, ColumnRecord, Conclusion, Decision, Entity, ErrorKind, FailureDraft, Job,
    JobDraft, JobFilter, JobLease, JobOutcome, KeyPlace, Merged, Page, Place, Review, SourceDraft,
    Store, TaskDraft, WorkerId, open, open_beside, restore, rotate,
};
use serde_json::json;

const ROLE: &str = "LOCARD_STORE_TEST_ROLE";
const PLACE: &str = "LOCARD_STORE_TEST_PLACE";
const KEY: &str = "LOCARD_STORE_TEST_KEY";

/// This program again, as another process that opens the same store.
fn spawn(role: &str, bench: &Bench) -> Child {
    let place = match &bench.place {
        Place::Home(home) => home.to_str().unwrap().to_owned(),
        Place::Postgres(url) => url.expose_secret().to_owned(),
    };
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .envs([
            (ROLE, role),
            (PLACE, &place),
            (KEY, bench.keys.file.to_str().unwrap()),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is the other process of other tests"]
async fn child() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let place = std::env::var(PLACE).unwrap();
    let place = if place.starts_with("postgres") {
        Place::Postgres(SecretString::from(place))
    } else {
        Place::Home(place.into())
    };
    let keys = KeyPlace {
        given: None,
        file: std::env::var(KEY).unwrap().into(),
    };
    let store = open(&place, &keys).await.unwrap().store;
    match role.as_str() {
        "hold" => {
            println!("\nholding");
            std::io::stdin().lines().next();
        }
        "work" => work(&*store).await,
        other => panic!("no such role: {other}"),
    }
}

#[tokio::test]
async fn a_second_process_is_told_who_holds_the_home() {
    let bench = Bench::sqlite();
    bench.open().await.close().await;
    let mut holder = spawn("hold", &bench);
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "holding"));
    let error = open(&bench.place, &bench.keys).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(
        error
            .sentence()
            .ends_with(&format!("is in use by process {}", holder.id())),
        "{error}"
    );
    holder.kill().unwrap();
    holder.wait().unwrap();
    bench.open().await.close().await;
}

#[tokio::test]
async fn a_held_home_can_be_asked_from_beside() {
    let bench = Bench::sqlite();
    let Place::Home(home) = &bench.place else {
        unreachable!("it is a home")
    };
    assert!(
        open_beside(home, &bench.keys).await.is_err(),
        "there is no store yet"
    );
    assert!(!home.join("catalog.sqlite").exists());
    let held = bench.open().await;
    let lease = running(&*held).await;
    let beside = open_beside(home, &bench.keys).await.unwrap();
    let asked = beside.cancel_job(ORG, lease.job).await.unwrap();
    assert_eq!(asked.state, JobState::Cancelling, "whoever holds it lives");
    beside.close().await;
    assert_eq!(
        held.job_heartbeat(&lease).await.unwrap(),
        locard_store::Heartbeat::Cancel
    );
    held.close().await;
}

#[tokio::test]
async fn an_empty_file_does_not_pass_for_a_store_that_holds_nothing() {
    let bench = Bench::sqlite();
    bench.open().await.close().await;
    let Place::Home(home) = &bench.place else {
        unreachable!("it is a home")
    };
    std::fs::write(home.join("catalog.sqlite"), "").unwrap();
    let error = open(&bench.place, &bench.keys).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.sentence().ends_with("its file is empty"), "{error}");
    assert!(error.hint_text().is_some());
    // What is not there at all is a new store, whatever log was left.
    std::fs::remove_file(home.join("catalog.sqlite")).unwrap();
    std::fs::write(home.join("catalog.sqlite-wal"), "left").unwrap();
    bench.open().await.close().await;
    let left: Vec<_> = std::fs::read_dir(home)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().contains("piece"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_backup_tells_that_its_place_is_none() {
    let bench = Bench::sqlite();
    let store = bench.open().await;
    let file = bench.keys.file.with_extension("file");
    std::fs::write(&file, "").unwrap();
    let error = store.backup(&file.join("backup")).await.unwrap_err();
    assert!(error.sentence().contains("cannot be written"), "{error}");
    assert_eq!(
        error.hint_text(),
        Some("choose another place for the backup")
    );
    store.close().await;
}

#[tokio::test]
async fn what_is_no_backup_is_called_so() {
    let bench = Bench::sqlite();
    bench.open().await.close().await;
    let file = bench.keys.file.with_extension("file");
    std::fs::write(&file, "neither of Locard nor of SQLite").unwrap();
    let error = restore(&file, &bench.place, &bench.keys, true)
        .await
        .unwrap_err();
    assert!(error.sentence().contains("is no backup"), "{error}");
    assert!(
        error
            .hint_text()
            .is_some_and(|hint| hint.contains("locard backup")),
        "{error:?}"
    );
    bench.open().await.close().await;
}

#[tokio::test]
async fn a_backup_without_its_end_is_refused() {
    const DIGEST: usize = 48;
    let bench = Bench::sqlite();
    let file = bench.keys.file.with_extension("file");
    let store = bench.open().await;
    store.backup(&file).await.unwrap();
    store.close().await;
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - DIGEST]).unwrap();
    let error = restore(&file, &bench.place, &bench.keys, true)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.sentence().contains("its end is missing"), "{error}");
    std::fs::write(&file, &whole).unwrap();
    restore(&file, &bench.place, &bench.keys, true)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_a_killed_backup_left_is_removed_by_the_next() {
    let bench = Bench::sqlite();
    let file = bench.keys.file.with_extension("file");
    let store = bench.open().await;
    let beside = |name: &str| file.with_file_name(name);
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let old = std::time::SystemTime::now() - Duration::from_hours(2);
    let (dead, alive) = (format!("{name}.part-1"), format!("{name}.part-2"));
    let (other, own) = (format!("{name}2.part-1"), format!("{name}.part-own"));
    for (name, at) in [
        (&dead, Some(old)),
        (&alive, None),
        (&other, Some(old)),
        (&own, Some(old)),
    ] {
        let part = std::fs::File::create(beside(name)).unwrap();
        if let Some(at) = at {
            part.set_modified(at).unwrap();
        }
    }
    store.backup(&file).await.unwrap();
    store.close().await;
    assert!(!beside(&dead).exists());
    assert!(
        [&alive, &other, &own]
            .iter()
            .all(|name| beside(name).exists())
    );
}

#[tokio::test]
async fn a_damaged_store_is_told_with_what_helps() {
    let bench = Bench::sqlite();
    let Place::Home(home) = &bench.place else {
        unreachable!("it is a home")
    };
    bench.open().await.close().await;
    let file = home.join("catalog.sqlite");
    let whole = std::fs::read(&file).unwrap();
    // The schema's first page, its header or what it says of the tables, and everything behind it.
    for damaged in [100..1_000, 20..24, 4_096..whole.len()] {
        let mut bytes = whole.clone();
        bytes[damaged.clone()].fill(0x55);
        std::fs::write(&file, &bytes).unwrap();
        let error = match open(&bench.place, &bench.keys).await {
            Err(error) => error,
            Ok(opened) => {
                let checked = opened.store.check().await;
                opened.store.close().await;
                checked.expect_err("it is damaged")
            }
        };
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{damaged:?}: {error}");
        let hint = error.hint_text().unwrap_or_default();
        assert!(hint.contains("locard restore"), "{damaged:?}: {hint}");
    }
}

#[tokio::test]
async fn a_failed_restore_leaves_nothing_behind() {
    let bench = Bench::sqlite();
    let Place::Home(home) = &bench.place else {
        unreachable!("it is a home")
    };
    let file = bench.keys.file.with_extension("file");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "neither of Locard nor of SQLite").unwrap();
    restore(&file, &bench.place, &bench.keys, true)
        .await
        .unwrap_err();
    assert!(!home.exists(), "the folder was made for the restore");
    let names = || {
        let entries = std::fs::read_dir(home).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    bench.open().await.close().await;
    let before = names();
    for force in [false, true] {
        restore(&file, &bench.place, &bench.keys, force)
            .await
            .unwrap_err();
        assert_eq!(names(), before);
    }
    bench.open().await.close().await;
}

#[tokio::test]
async fn a_closed_store_frees_its_home() {
    let bench = Bench::sqlite();
    let store = bench.open().await;
    assert_eq!(
        open(&bench.place, &bench.keys).await.err().unwrap().kind(),
        ErrorKind::Locked
    );
    store.close().await;
    bench.open().await.close().await;
}

#[tokio::test]
async fn the_master_key_is_announced_once() {
    let bench = Bench::sqlite();
    let first = open(&bench.place, &bench.keys).await.unwrap();
    assert_eq!(first.new_key.as_deref(), Some(bench.keys.file.as_path()));
    first.store.close().await;
    let second = open(&bench.place, &bench.keys).await.unwrap();
    assert_eq!(second.new_key, None);
    second.store.close().await;
}

#[tokio::test]
async fn a_key_inside_the_home_is_refused() {
    let bench = Bench::sqlite();
    let Place::Home(home) = &bench.place else {
        panic!("a home")
    };
    let keys = KeyPlace {
        given: None,
        file: home.join("master.key"),
    };
    assert_eq!(
        open(&bench.place, &keys).await.err().unwrap().kind(),
        ErrorKind::Invalid
    );
}

#[tokio::test]
async fn a_home_that_cannot_be_used_is_told() {
    let bench = Bench::sqlite();
    let file = bench.file("a file");
    std::fs::write(&file, "x").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = open(&Place::Home(path), &bench.keys).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.sentence().ends_with("is not a folder"), "{error}");
        assert!(error.hint_text().unwrap().contains("--home"));
    }
    if cfg!(target_os = "linux") {
        let error = open(&Place::Home("/sys/locard".into()), &bench.keys)
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_home_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::sqlite();
    let Place::Home(home) = &bench.place else {
        panic!("a home")
    };
    let mode = || std::fs::metadata(home).unwrap().permissions().mode() & 0o777;
    let widen = || std::fs::set_permissions(home, std::fs::Permissions::from_mode(0o755)).unwrap();
    bench.open().await.close().await;
    assert_eq!(mode(), 0o700);
    widen();
    bench.open().await.close().await;
    assert_eq!(mode(), 0o700);
    std::fs::remove_file(home.join("catalog.sqlite")).unwrap();
    std::fs::write(home.join("other"), "x").unwrap();
    widen();
    assert_eq!(
        open(&bench.place, &bench.keys).await.err().unwrap().kind(),
        ErrorKind::Denied
    );
    assert_eq!(mode(), 0o755, "a folder with other uses is left as it is");
}

#[tokio::test]
async fn what_a_dead_process_held_is_free_at_once() {
    let bench = Bench::sqlite();
    let store = bench.open().await;
    let entity = furnish(&*store).await;
    let lease = running(&*store).await;
    store
        .add_tasks(&lease, &[task_draft(&entity, 0)])
        .await
        .unwrap();
    for attempt in 1..=2 {
        let store = bench_reopened(&bench, &store).await;
        store
            .claim_job(ORG, lease.job, WorkerId::random(), LONG)
            .await
            .unwrap();
        let leased = take(&*store, &claim(LONG)).await;
        assert_eq!(
            leased.task.attempts, attempt,
            "whoever plans tasks decides what deaths say about them"
        );
        store.close().await;
    }
}

#[tokio::test]
async fn whoever_looks_is_told_that_nobody_runs_what_a_killed_process_held() {
    let bench = Bench::sqlite();
    let store = bench.open().await;
    furnish(&*store).await;
    let lease = running(&*store).await;
    let Place::Home(home) = &bench.place else {
        panic!("a home")
    };
    let held = async || {
        let beside = open_beside(home, &bench.keys).await.unwrap();
        beside.job(ORG, lease.job).await.unwrap().held
    };
    assert!(held().await, "its process is alive");
    store.close().await;
    // As after a kill: the lock is free, and the process id stands there.
    std::fs::write(home.join("locard.pid"), "1").unwrap();
    assert!(!held().await);
    assert!(!home.join("locard.pid").exists());
}

async fn bench_reopened(bench: &Bench, store: &Arc<dyn Store>) -> Arc<dyn Store> {
    store.close().await;
    bench.open().await
}

/// No file of the home holds this.
const MARK: &str = "PLANTED";

/// A text that may only be stored sealed.
fn planted(what: &str) -> String {
    format!("{MARK} {what} alice@example.org")
}

fn assert_nothing_in_clear(home: &Path) {
    let mut files = 0;
    for entry in std::fs::read_dir(home).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes
            .windows(MARK.len())
            .position(|window| window.eq_ignore_ascii_case(MARK.as_bytes()));
        assert_eq!(found, None, "{}", path.display());
        files += 1;
    }
    assert!(files >= 2, "the home has files to look into");
}

#[tokio::test]
async fn nothing_that_was_read_or_typed_stands_in_a_file_of_the_home() {
    let bench = Bench::sqlite();
    let Place::Home(home) = &bench.place else {
        panic!("a home")
    };
    let store = bench.open().await;
    plant(&*store).await;
    assert!(home.join("catalog.sqlite-wal").exists());
    assert_nothing_in_clear(home);
    let backup = home.join("backup");
    store.backup(&backup).await.unwrap();
    assert_nothing_in_clear(home);
    store.compact().await.unwrap();
    store.close().await;
    assert_nothing_in_clear(home);
    // The test itself can fail: what it looks for is found where it is.
    std::fs::write(home.join("leak"), planted("leak")).unwrap();
    assert!(std::panic::catch_unwind(|| assert_nothing_in_clear(home)).is_err());
}

async fn plant(store: &dyn Store) {
    let entity = plant_entities(store).await;
    let lease = plant_job(store).await;
    let piece = plant_tasks(store, &lease, &entity).await;
    plant_results(store, &lease, &entity, piece).await;
    let all = store
        .jobs(ORG, &JobFilter::default(), Page::default())
        .await
        .unwrap();
    assert_eq!(
        all.items[0].error.as_deref(),
        Some(planted("error").as_str())
    );
}

async fn plant_entities(store: &dyn Store) -> Entity {
    let source = SourceDraft {
        name: planted("name"),
        target: planted("target"),
        settings: SecretString::from(planted("settings")),
        owner: Some(planted("owner")),
        key: None,
        ..source_draft("crm")
    };
    let mut entity = table(source.id, &planted("table"));
    entity.comment = Some(planted("comment"));
    entity.fingerprint = Some(planted("fingerprint"));
    entity.description = Some(json!({ "keys": planted("keys") }));
    let mut columns = [column(&entity, 0, "id"), column(&entity, 1, "email")];
    for column in &mut columns {
        column.path = planted("column");
        column.data_type = planted("type");
        column.comment = Some(planted("comment"));
    }
    let other = OrgId(uuid::Uuid::from_u128(4));
    store
        .create_organisation(other, &planted("org"))
        .await
        .unwrap();
    store.put_source(ORG, &source).await.unwrap();
    store
        .put_entities(ORG.into(), std::slice::from_ref(&entity))
        .await
        .unwrap();
    store
        .put_columns(ORG.into(), entity.id, &columns)
        .await
        .unwrap();
    let setting = json!(planted("setting"));
    store
        .set_setting(ORG, "theme", Some(&setting))
        .await
        .unwrap();
    let allowed = Allowed {
        hash: 1,
        value: Some(planted("allowed value").into()),
        reason: Some(planted("reason")),
    };
    store.allow(ORG, &[allowed]).await.unwrap();
    entity
}

async fn plant_job(store: &dyn Store) -> JobLease {
    let spec = json!({ "email": planted("spec") });
    let key = Some(planted("key"));
    let draft = JobDraft {
        idempotency_key: key,
        ..JobDraft::new("find", spec)
    };
    let job = store.start_job(ORG, &draft).await.unwrap().job.id;
    store
        .claim_job(ORG, job, WorkerId::random(), LONG)
        .await
        .unwrap()
}

async fn plant_tasks(store: &dyn Store, lease: &JobLease, entity: &Entity) -> PieceId {
    let task = |piece| TaskDraft {
        split: json!({ "path": planted("split") }),
        version: Some(planted("version")),
        snapshot: Some(planted("snapshot")),
        ..task_draft(entity, piece)
    };
    store.add_tasks(lease, &[task(0), task(1)]).await.unwrap();
    let failure = FailureDraft {
        source: None,
        entity: Some(entity.id),
        resource: Some(planted("resource")),
        kind: planted("kind"),
        sentence: planted("sentence"),
        place: Some(planted("place")),
        hint: Some(planted("hint")),
        records: 1,
    };
    let leased = take(store, &claim(LONG)).await;
    let mut result = outcome(entity, 5);
    result.failures.push(failure.clone());
    for column in &mut result.columns {
        column.extremes = Some(planted("extremes").into_bytes());
    }
    store.complete_task(&leased.lease, &result).await.unwrap();
    let failed = take(store, &claim(LONG)).await;
    store
        .fail_task(&failed.lease, &failure, None)
        .await
        .unwrap();
    leased.task.piece
}

async fn plant_results(store: &dyn Store, lease: &JobLease, entity: &Entity, piece: PieceId) {
    let mut found = finding(entity, "email", "EMAIL_ADDRESS");
    found.finding.column_name = planted("column name");
    found.finding.rules = vec![planted("rule")];
    found.explanation = json!(planted("explanation"));
    let judged = ColumnRecord {
        summary: json!(planted("summary")),
        extremes: Some(planted("extremes").into_bytes()),
        ..record(entity, "id", b"id")
    };
    let merged = Merged {
        pieces: vec![piece],
        staged: None,
        columns: vec![judged],
    };
    let findings = conclusion(entity, Vec::new(), vec![found]);
    let conclusion = Conclusion {
        merged: Some(merged),
        ..findings
    };
    store.conclude(lease, &conclusion).await.unwrap();
    let review = Review {
        source: entity.source,
        entity: entity.id,
        column: ColumnId::derive(entity.id, "email"),
        identifier: Identifier::new("EMAIL_ADDRESS"),
        decision: Decision::Rejected,
        note: Some(planted("note")),
        actor: Some(planted("actor")),
        decided_at: entity.seen_at,
    };
    store.review(ORG, &[review]).await.unwrap();
    let end = JobOutcome {
        state: JobState::Partial,
        outcome: Some(json!(planted("outcome"))),
        error: Some(planted("error")),
    };
    store.finish_job(lease, &end).await.unwrap();
}

const TASKS: u64 = 300;

/// What the worker prints after each step.
const STEP: &str = "step";

fn step() {
    // On a line of its own: the test runner leaves its first line open.
    println!("\n{STEP}");
}

/// A whole scan, wherever an earlier process left it.
async fn work(store: &dyn Store) {
    step();
    let entity = furnish(store).await;
    let draft = JobDraft {
        idempotency_key: Some("kill".to_owned()),
        ..JobDraft::new("scan", json!({}))
    };
    let job = store.start_job(ORG, &draft).await.unwrap().job;
    if job.state.is_final() {
        return;
    }
    let lease = store
        .claim_job(ORG, job.id, WorkerId::random(), SPENT)
        .await
        .unwrap();
    let task = |piece| TaskDraft {
        max_attempts: 1000,
        ..task_draft(&entity, piece)
    };
    let drafts: Vec<_> = (0..TASKS).map(task).collect();
    store.add_tasks(&lease, &drafts).await.unwrap();
    step();
    let claim = Claim {
        limit: 3,
        ..claim_of(job.id, SPENT)
    };
    loop {
        let leased = store.lease_tasks(&claim).await.unwrap();
        if leased.is_empty() {
            break;
        }
        for leased in leased {
            let mut result = outcome(&entity, leased.task.ordinal);
            result.columns[0].sketch = vec![leased.task.ordinal as u8; 20_000];
            store.complete_task(&leased.lease, &result).await.unwrap();
            step();
        }
    }
    let found = vec![finding(&entity, "email", "EMAIL_ADDRESS")];
    let pieces = drafts.iter().map(|draft| draft.piece).collect();
    store
        .conclude(&lease, &conclusion(&entity, pieces, found))
        .await
        .unwrap();
    let end = JobOutcome {
        state: JobState::Completed,
        outcome: None,
        error: None,
    };
    store.finish_job(&lease, &end).await.unwrap();
}

async fn jobs(store: &dyn Store) -> Vec<Job> {
    let page = store
        .jobs(ORG, &JobFilter::default(), Page::default())
        .await;
    page.unwrap().items
}

/// Whatever the moment, tasks, counts and sketches agree.
async fn assert_consistent(store: &dyn Store) -> Option<Job> {
    store.check().await.unwrap();
    // A server may still be committing what a dead client had sent; a claim waits for that.
    for job in jobs(store).await {
        let _ = store
            .claim_job(ORG, job.id, WorkerId::random(), SPENT)
            .await;
    }
    let jobs = jobs(store).await;
    assert!(jobs.len() <= 1);
    let job = jobs.into_iter().next()?;
    let tasks = store
        .tasks(ORG, job.id, None, Page::default())
        .await
        .unwrap()
        .items;
    assert_eq!(tasks.len() as u64, job.counts.tasks);
    let done: Vec<_> = tasks
        .iter()
        .filter(|task| task.state == TaskState::Completed)
        .collect();
    assert_eq!(done.len() as u64, job.counts.tasks_done);
    assert_eq!(
        done.iter().map(|task| task.counts.rows).sum::<u64>(),
        job.counts.rows
    );
    let entity = table(source_draft("crm").id, "customers").id;
    let pieces = store.pieces(ORG, entity).await.unwrap();
    assert_eq!(pieces.len(), done.len());
    assert_eq!(
        pieces.iter().map(|piece| piece.rows).sum::<u64>(),
        job.counts.rows
    );
    for task in done {
        assert_eq!(sketches(store, ORG, (entity, task.piece)).await.len(), 2);
    }
    Some(job)
}

/// Kills the worker again and again, and lets the last one come to its end.
async fn kill_until_done(bench: &Bench) {
    const KILLS: u64 = 12;
    for kill in 0..KILLS {
        let mut worker = spawn("work", bench);
        let steps = 2 + (kill * 7) % 17;
        let mut told = BufReader::new(worker.stdout.take().unwrap()).lines();
        let seen = told
            .by_ref()
            .filter(|line| line.as_ref().is_ok_and(|line| line == STEP));
        assert_eq!(
            seen.take(steps as usize).count() as u64,
            steps,
            "it is at work"
        );
        // A step takes some milliseconds: each kill meets another point of it.
        std::thread::sleep(Duration::from_micros(kill * 397 % 3000));
        worker.kill().unwrap();
        worker.wait().unwrap();
        let store = bench.open().await;
        assert_consistent(&*store).await;
        store.close().await;
    }
    let last = spawn("work", bench).wait_with_output().unwrap();
    assert!(last.status.success(), "the worker failed by itself");
    let store = bench.open().await;
    let done = assert_consistent(&*store).await.unwrap();
    store.close().await;
    assert_eq!(done.state, JobState::Completed);
    let counts = done.counts;
    assert_eq!(counts.tasks_done, TASKS);
    assert_eq!(counts.rows, TASKS * (TASKS - 1) / 2);
    assert_eq!(counts.findings, 1);
}

#[tokio::test]
async fn a_process_killed_at_any_moment_leaves_a_usable_home() {
    kill_until_done(&Bench::sqlite()).await;
}

#[tokio::test]
async fn a_process_killed_at_any_moment_leaves_a_usable_shared_store() {
    if let Some(bench) = Bench::postgres().await {
        kill_until_done(&bench).await;
        bench.drop_schema().await;
    }
}

#[test]
fn the_lock_is_not_left_behind_by_the_pid() {
    let bench = Bench::sqlite();
    let Place::Home(home) = &bench.place else {
        panic!("a home")
    };
    std::fs::create_dir_all(home).unwrap();
    let mut stale = std::fs::File::create(home.join("locard.pid")).unwrap();
    stale.write_all(b"1").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(home, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { bench.open().await.close().await });
}

/// One look-up asks this of every entity, and one of a few thousand must not walk the profiles of all.
#[tokio::test]
async fn what_is_of_one_entity_or_job_is_found_by_it() {
    use sqlx::{Connection as _, Row as _};
    let bench = Bench::sqlite();
    bench.open().await.close().await;
    let Place::Home(home) = &bench.place else {
        panic!("a home");
    };
    let url = format!("sqlite://{}", home.join("catalog.sqlite").display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    for (table, of, order) in [
        ("profiles", "entity_id", "column_id"),
        ("findings", "entity_id", "id"),
        ("tasks", "job_id", "id"),
        ("failures", "job_id", "id"),
    ] {
        let question = format!(
            "explain query plan select * from {table} where org_id = x'00' and {of} = x'00' order by {order}"
        );
        let plan = sqlx::query(sqlx::AssertSqlSafe(question))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let plan: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
        let sought = format!("(org_id=? AND {of}=?)");
        assert!(
            plan.len() == 1 && plan[0].contains(&sought),
            "{table}: {plan:?}"
        );
    }
}

/// Another home that shares the key file of the bench.
fn neighbour(bench: &Bench) -> Place {
    Place::Home(bench.file("neighbour"))
}

async fn rotated(place: &Place, keys: &KeyPlace) -> locard_store::Result<std::path::PathBuf> {
    let store = open(place, keys).await.unwrap().store;
    let rotated = rotate(&*store, keys).await;
    store.close().await;
    rotated
}

#[tokio::test]
async fn a_rotation_leaves_what_the_killed_one_of_another_home_needs() {
    let bench = Bench::sqlite();
    let places = [bench.place.clone(), neighbour(&bench)];
    for place in &places {
        open(place, &bench.keys).await.unwrap().store.close().await;
    }
    let kept = rotated(&places[0], &bench.keys).await.unwrap();
    // As if killed before the renaming.
    let key = &bench.keys.file;
    std::fs::rename(key, key.with_extension("key.next")).unwrap();
    std::fs::rename(kept, key).unwrap();
    rotated(&places[1], &bench.keys).await.unwrap();
    for place in &places {
        open(place, &bench.keys).await.unwrap().store.close().await;
        let Place::Home(home) = place else { continue };
        let beside = open_beside(home, &bench.keys).await.unwrap();
        beside.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_homes_that_rotate_one_file_at_once_both_open_afterwards() {
    for _ in 0..8 {
        let bench = Bench::sqlite();
        let places = [bench.place.clone(), neighbour(&bench)];
        for place in &places {
            open(place, &bench.keys).await.unwrap().store.close().await;
        }
        let tasks = places.clone().map(|place| {
            let keys = bench.keys.clone();
            tokio::spawn(async move { rotated(&place, &keys).await })
        });
        let both = futures::future::join_all(tasks).await;
        for refused in both.into_iter().filter_map(|done| done.unwrap().err()) {
            assert_eq!(refused.kind(), ErrorKind::Locked, "{refused}");
        }
        for place in &places {
            open(place, &bench.keys).await.unwrap().store.close().await;
        }
    }
}
