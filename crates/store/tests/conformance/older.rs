//! Stores that an older release wrote, kept as text (`tests/older/README.md`): they are migrated, and all that is in them is
//! read, opened and gone on with.

use std::sync::Arc;
use std::time::Duration;

use locard_model::{JobState, SecretString};
use locard_store::{
    Decision, ErrorKind, FindingFilter, JobFilter, JobOutcome, Page, Store, WorkerId,
};

use crate::harness::{Bench, ORG};

const SQLITE: &str = include_str!("../older/sqlite.sql");
const POSTGRES: &str = include_str!("../older/postgres.sql");

/// A place with that store in it, and the key under which it was written.
async fn restored(mut bench: Bench, dump: &str) -> Bench {
    bench.keys.given = Some(SecretString::from("0f".repeat(32)));
    bench.script(dump).await;
    bench
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_of_an_older_release_is_migrated_and_read() {
    let bench = restored(Bench::sqlite(), SQLITE).await;
    migrated_read_and_refused_to_older_programs(bench).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_store_of_an_older_release_is_migrated_and_read() {
    if let Some(bench) = Bench::postgres().await {
        let bench = restored(bench, POSTGRES).await;
        migrated_read_and_refused_to_older_programs(bench).await;
    }
}

async fn migrated_read_and_refused_to_older_programs(bench: Bench) {
    let store = bench.open().await;
    everything_is_there(&store).await;
    store.close().await;
    // Once more, as the store is now; then as one of a release that is yet to come.
    let store = bench.open().await;
    everything_is_there(&store).await;
    what_was_queued_is_run(&store).await;
    store.check().await.unwrap();
    store.close().await;
    bench
        .script(
            "insert into migrations (version, name, checksum, applied_at)
             values (99991231000000, 'x', 'x', 0)",
        )
        .await;
    let refused = locard_store::open(&bench.place, &bench.keys).await;
    let error = refused.err().expect("a newer store is refused");
    assert_eq!(error.kind(), ErrorKind::Newer);
    assert_eq!(error.sentence(), "the store was written by a newer locard");
    bench.drop_schema().await;
}

async fn everything_is_there(store: &Arc<dyn Store>) {
    let mut sources = store.sources(ORG).await.unwrap();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["paper", "shop"]);
    assert_eq!(sources[0].owner.as_deref(), Some("Legal"));
    let shop = &sources[1];
    store.source_settings(ORG, shop.id).await.unwrap();

    let records = store.catalog(ORG, None, Page::default()).await.unwrap();
    assert_eq!(records.items.len(), 8, "columns of three files");
    store.sketch_key(ORG).await.unwrap();
    let key = records.items[0].key;
    for record in &records.items {
        assert_eq!((record.source, record.key), (shop.id, key));
        assert!(!record.sketch.is_empty() && record.summary["rows"].as_u64() >= Some(3));
        let entity = store.entity(ORG, record.entity).await.unwrap();
        assert_eq!(entity.path.segments()[0], "crm");
    }

    let filter = FindingFilter::default();
    let findings = store.findings(ORG, &filter, Page::default()).await.unwrap();
    assert_eq!(findings.items.len(), 2);
    let mut decisions = store.reviews(ORG, None).await.unwrap();
    decisions.sort_by(|a, b| a.note.cmp(&b.note));
    let told: Vec<_> = decisions
        .iter()
        .map(|review| (review.decision, review.note.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (Decision::Confirmed, Some("agreed with sales")),
            (Decision::Rejected, Some("shared mailboxes")),
        ]
    );

    let schedules = store.schedules(ORG, Page::default()).await.unwrap();
    assert_eq!(schedules.items[0].name, "nightly");
    assert_eq!(schedules.items[0].spec["cron"], "0 2 * * *");
    let collections = store.collections(ORG, Page::default()).await.unwrap();
    assert_eq!(collections.items[0].name, "everything of sales");
    assert_eq!(store.api_keys(ORG).await.unwrap().len(), 1);
    assert!(store.check_audit(ORG, None).await.unwrap().fault.is_none());
}

/// What was accepted before the program was replaced is taken up by the new one.
async fn what_was_queued_is_run(store: &Arc<dyn Store>) {
    let filter = JobFilter::default();
    let jobs = store.jobs(ORG, &filter, Page::default()).await.unwrap();
    let states: Vec<_> = jobs.items.iter().map(|job| job.state).collect();
    assert!(states.contains(&JobState::Completed), "{states:?}");
    let queued = jobs.items.iter().find(|job| job.state == JobState::Queued);
    let queued = queued.expect("a job waits");
    assert_eq!(queued.kind, "names");
    let (affinities, worker) = (["DEFAULT".to_owned()], WorkerId::random());
    let lease = store
        .claim_next_job(ORG, &affinities, worker, Duration::from_mins(1))
        .await
        .unwrap()
        .expect("it can be claimed");
    assert_eq!(lease.job, queued.id);
    let outcome = JobOutcome {
        state: JobState::Completed,
        outcome: None,
        error: None,
    };
    let ended = store.finish_job(&lease, &outcome).await.unwrap();
    assert_eq!(ended.state, JobState::Completed);
}
