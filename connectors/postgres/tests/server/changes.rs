//! Tables that another session changes between a plan and its reading, or between two of its splits.

use locard_connector::{Error, ErrorKind, Source};
use locard_testkit::servers::Database;

use crate::{all, cells, count, in_splits, read, scan, seeded};

/// The error of reading the first split of a plan of `t` after that was done to it.
async fn changed(database: &Database, source: &dyn Source, ddl: &str) -> Error {
    let plan = source.plan(&all("t")).await.expect("it is planned");
    database.run(ddl);
    let outcome = read(source, &plan.splits[0]).await;
    outcome.expect_err(ddl)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_columns_change_after_it_was_planned_is_read_by_a_new_plan() {
    let Some((database, source)) = seeded("changed columns", "SELECT 1").await else {
        return;
    };
    let changes = [
        ("ALTER TABLE t ALTER n TYPE text", ErrorKind::Interrupted),
        // Of the same width, so that no byte of the answer shows it.
        ("ALTER TABLE t ALTER n TYPE real", ErrorKind::Interrupted),
        // Neither of these rewrites the table.
        (
            "ALTER TABLE t DROP n, ADD n bigint DEFAULT 7",
            ErrorKind::Interrupted,
        ),
        ("ALTER TABLE t DROP n", ErrorKind::NotFound),
        ("ALTER TABLE t RENAME n TO m", ErrorKind::NotFound),
        (
            // It lacks a column that was planned.
            "DROP TABLE t; CREATE TABLE t AS SELECT 'x' AS n",
            ErrorKind::NotFound,
        ),
    ];
    for (ddl, kind) in changes {
        database.run("DROP TABLE IF EXISTS t; CREATE TABLE t AS SELECT 1 AS n, 'a' AS text");
        let error = changed(&database, &*source, ddl).await;
        assert!(
            error.is_outdated() && !error.is_retryable(),
            "{ddl}: {error}"
        );
        assert_eq!(error.kind(), kind, "{ddl}: {error}");
        assert_eq!(error.entity_name(), Some("public.t"));
        assert_eq!(count(&scan(&*source, &all("t")).await.1), 1, "{ddl}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_is_added_after_the_plan_disturbs_nobody() {
    let Some((database, source)) = seeded("added column", "CREATE TABLE t AS SELECT 1 AS n").await
    else {
        return;
    };
    let plan = source.plan(&all("t")).await.expect("it is planned");
    database.run("ALTER TABLE t ADD m integer DEFAULT 2");
    let batches = read(&*source, &plan.splits[0]).await.expect("it is read");
    assert_eq!(batches[0].records.num_columns(), 1);
}

/// A rewritten table looks empty to whoever reads it under an older snapshot.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_rewritten_between_two_splits_is_read_by_a_new_plan() {
    let Some((database, source)) = seeded("rewritten", "SELECT 1").await else {
        return;
    };
    let table = "DROP TABLE IF EXISTS t; CREATE TABLE t AS SELECT n, repeat('x', 400) AS text FROM generate_series(1, 20000) AS n";
    for ddl in [
        "ALTER TABLE t ALTER n TYPE bigint",
        "TRUNCATE t",
        "VACUUM FULL t",
    ] {
        database.run(table);
        let request = in_splits(all("t"), 4);
        let plan = source.plan(&request).await.expect("it is planned");
        let (first, rest) = plan.splits.split_first().expect("splits");
        read(&*source, first).await.expect("it is read");
        database.run(ddl);
        let error = read(&*source, &rest[0]).await.expect_err(ddl);
        assert!(error.is_outdated(), "{ddl}: {error}");
        let held = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'";
        for _ in 0..100 {
            if database.value(held) == "0" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(database.value(held), "0", "the old snapshot is let go");
        let rows = count(&scan(&*source, &request).await.1);
        assert_eq!(rows, if ddl == "TRUNCATE t" { 0 } else { 20_000 }, "{ddl}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_of_other_names_and_columns_are_seen_to_be_the_same() {
    let sql = "CREATE SCHEMA \"odd \"\"one\"; CREATE TABLE \"odd \"\"one\".\"it's\" (\"a.b\" integer, \"MiXed\" text[]) PARTITION BY RANGE (\"a.b\"); \
               CREATE TABLE \"odd \"\"one\".\"p 1\" PARTITION OF \"odd \"\"one\".\"it's\" FOR VALUES FROM (0) TO (10); \
               CREATE TABLE \"odd \"\"one\".\"p'2\" PARTITION OF \"odd \"\"one\".\"it's\" FOR VALUES FROM (10) TO (20); \
               CREATE DOMAIN \"odd \"\"one\".d AS integer; \
               CREATE VIEW v AS SELECT 7::\"odd \"\"one\".d AS x, 'b' AS y; \
               INSERT INTO \"odd \"\"one\".\"it's\" VALUES (1, '{a}'), (11, '{b}')";
    let Some((_database, source)) = seeded("odd names", sql).await else {
        return;
    };
    let mut request = in_splits(all("t"), 2);
    request.path = locard_model::EntityPath::new(["odd \"one", "it's"]);
    let (_, records) = scan(&*source, &request).await;
    assert_eq!(cells(&records, "a.b"), ["1", "11"]);
    request.path = locard_model::EntityPath::new(["public", "v"]);
    request.kind = locard_model::EntityKind::View;
    assert_eq!(cells(&scan(&*source, &request).await.1, "x"), ["7"]);
}
