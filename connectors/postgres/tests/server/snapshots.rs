//! One state of a table for all its splits.

use std::time::{Duration, Instant};

use locard_connector::{Batch, ScanPlan, Snapshot, Source};
use locard_testkit::servers::Database;

use crate::{all, count, in_splits, open, read, seeded};

const TABLE: &str =
    "CREATE TABLE t AS SELECT n, repeat('x', 400) AS text FROM generate_series(1, 20000) AS n";

/// Sessions that hold an exported snapshot.
fn held(database: &Database) -> usize {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'";
    database.value(sql).parse().expect("a count")
}

async fn none_held(database: &Database) -> bool {
    for _ in 0..100 {
        if held(database) == 0 {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

async fn plan(source: &dyn Source, snapshot: Snapshot) -> ScanPlan {
    let mut request = in_splits(all("t"), 4);
    request.snapshot = snapshot;
    source.plan(&request).await.expect("it is planned")
}

async fn read_all(source: &dyn Source, plan: &ScanPlan) -> Vec<Batch> {
    let mut batches = Vec::new();
    for split in &plan.splits {
        batches.extend(read(source, split).await.expect("it is read"));
    }
    batches
}

#[tokio::test(flavor = "multi_thread")]
async fn all_splits_see_one_state_and_then_let_it_go() {
    let Some((database, source)) = seeded("shared snapshot", TABLE).await else {
        return;
    };
    let plan = plan(&*source, Snapshot::Entity).await;
    assert!(plan.splits.len() > 1 && plan.splits.iter().all(|split| split.snapshot.is_some()));
    assert_eq!(held(&database), 0, "a plan that nobody reads holds nothing");
    let (first, rest) = plan.splits.split_first().expect("splits");
    let mut batches = read(&*source, first).await.expect("it is read");
    assert_eq!(held(&database), 1);
    database.run("DELETE FROM t WHERE n % 2 = 0");
    for split in rest {
        batches.extend(read(&*source, split).await.expect("it is read"));
    }
    assert_eq!(count(&batches), 20_000);
    assert!(batches.iter().all(|batch| batch.faults.is_empty()));
    assert!(
        none_held(&database).await,
        "the snapshot is let go when every split was read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn splits_that_are_dropped_let_the_snapshot_go_too() {
    let Some((database, source)) = seeded("dropped splits", TABLE).await else {
        return;
    };
    for split in plan(&*source, Snapshot::Entity).await.splits {
        drop(source.read(&split).await.expect("it begins"));
    }
    assert!(none_held(&database).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_worker_reads_under_its_own_snapshot_and_says_so() {
    let Some((database, source)) = seeded("another worker", TABLE).await else {
        return;
    };
    let other = open(&database.url()).await;
    let plan = plan(&*source, Snapshot::Entity).await;
    let first = plan.splits.first().expect("splits");
    read(&*source, first).await.expect("it is read");
    assert_eq!(held(&database), 1);
    drop(source);
    assert!(
        none_held(&database).await,
        "closing the source lets its snapshots go"
    );
    database.run("INSERT INTO t SELECT n, 'new' FROM generate_series(20001, 30000) AS n");
    let own = read_all(&*other, &plan).await;
    assert_eq!(count(&own), 30_000);
    assert!(own.iter().any(|batch| {
        batch
            .faults
            .iter()
            .any(|fault| fault.sentence.contains("under its own"))
    }));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_snapshot_can_serve_the_whole_database() {
    let Some((database, source)) = seeded("database snapshot", TABLE).await else {
        return;
    };
    let first = plan(&*source, Snapshot::Database).await;
    database.run("DELETE FROM t");
    let second = plan(&*source, Snapshot::Database).await;
    assert_eq!(first.splits[0].snapshot, second.splits[0].snapshot);
    assert_eq!(count(&read_all(&*source, &second).await), 20_000);
    assert_eq!(held(&database), 1, "it stays for what is planned later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_changes_with_the_table_and_only_then() {
    let Some((database, source)) = seeded("versions", TABLE).await else {
        return;
    };
    let version = async || {
        plan(&*source, Snapshot::Entity).await.splits[0]
            .version
            .clone()
            .expect("heap tables have one")
    };
    // The counters reach the statistics when the session that changed the table has ended, which its client does not
    // wait for.
    let pause = || tokio::time::sleep(Duration::from_millis(50));
    let deadline = Instant::now() + Duration::from_secs(30);
    while database.value("SELECT pg_stat_get_tuples_inserted('t'::regclass)") != "20000" {
        assert!(Instant::now() < deadline, "the rows were never counted");
        pause().await;
    }
    let before = version().await;
    assert_eq!(version().await, before);
    database.run("UPDATE t SET text = text WHERE n = 1");
    while version().await == before {
        assert!(Instant::now() < deadline, "the change was never seen");
        pause().await;
    }
}
