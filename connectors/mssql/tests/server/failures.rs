//! What goes wrong while a table is read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use locard_connector::{ErrorKind, Exactness, Sample};
use locard_tdskit::{Encryption, Mssql as Database, Server};

use crate::{all, cells, count, in_splits, open, read, scan, seeded, view};

/// A table of many packets, and a view that answers nothing for hours.
fn large() -> String {
    let rows: Vec<String> = (1..=1_000)
        .map(|n| format!("({n}, '{}')", "x".repeat(500)))
        .collect();
    let parts = format!("\nGO\nINSERT INTO dbo.large VALUES {}", rows.join(", ")).repeat(20);
    format!(
        "CREATE TABLE dbo.large (n int NOT NULL, text varchar(600)){parts}\nGO\nCREATE VIEW dbo.slow AS \
         SELECT COUNT_BIG(*) AS n FROM dbo.large a CROSS JOIN dbo.large b CROSS JOIN dbo.large c WHERE a.text <> b.text"
    )
}

/// Waits until the server runs no statement of ours in this database.
async fn freed(database: &Database) -> bool {
    for _ in 0..100 {
        if database.busy() == 0 {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

fn with(database: &Database, option: &str) -> String {
    format!("{}&{option}", database.url())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_stream_ends_the_statement_on_the_server() {
    let (database, source) = seeded(&large()).await;
    let plan = source.plan(&all("large")).await.expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    assert!(stream.next().await.is_some_and(|batch| batch.is_ok()));
    drop(stream);
    assert!(freed(&database).await, "a server that sends");
    let plan = source.plan(&view("slow")).await.expect("it is planned");
    let stream = source.read(&plan.splits[0]).await.expect("it begins");
    // Until it is no longer the beginning of a read that runs.
    let mut seen = 0;
    while seen < 10 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        seen = if database.busy() > 0 { seen + 1 } else { 0 };
    }
    let before = database.own().map(Server::attentions);
    drop(stream);
    assert!(freed(&database).await, "a server that says nothing is told");
    assert!(database.own().map(Server::attentions) > before || before.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_without_end_is_ended_and_the_next_read_goes_on() {
    let (database, _) = seeded(&large()).await;
    for (option, named) in [
        ("view_timeout=1&connections=1", "`view_timeout`"),
        ("statement_timeout=1&connections=1", "`statement_timeout`"),
    ] {
        let source = open(&with(&database, option)).await;
        let plan = source.plan(&view("slow")).await.expect("it is planned");
        let error = read(&*source, &plan.splits[0])
            .await
            .expect_err("it is ended");
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        assert!(error.to_string().contains(named), "{error}");
        assert!(!error.is_retryable(), "it would take as long again");
        assert!(freed(&database).await);
        let (_, records) = scan(&*source, &all("large")).await;
        assert_eq!(count(&records), 20_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_somebody_holds_is_not_waited_for_long() {
    let server = Arc::new(Server::start(Encryption::None));
    let database = Database::on(server.clone());
    database.run("CREATE TABLE dbo.t (n int)\nGO\nINSERT INTO dbo.t VALUES (1)");
    let source = open(&with(&database, "lock_timeout=1")).await;
    let plan = source.plan(&all("t")).await.expect("it is planned");
    server.lock("t");
    let begun = Instant::now();
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("it is held");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(error.to_string().contains("`lock_timeout`"), "{error}");
    assert!(error.is_retryable());
    server.unlock("t");
    assert_eq!(cells(&scan(&*source, &all("t")).await.1, "n"), ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_keeps_what_came_and_the_next_one_is_new() {
    let server = Arc::new(Server::start(Encryption::None));
    let database = Database::on(server.clone());
    database.run(&large());
    let source = open(&database.url()).await;
    let plan = source.plan(&all("large")).await.expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    let first = stream
        .next()
        .await
        .expect("something came")
        .expect("it is good");
    assert!(first.records.num_rows() > 0);
    server.cut();
    let mut last = None;
    while let Some(item) = stream.next().await {
        last = Some(item);
    }
    let error = last.expect("it ends").expect_err("with an error");
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.is_retryable());
    assert_eq!(count(&scan(&*source, &all("large")).await.1), 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_falls_silent_is_given_up() {
    let server = Arc::new(Server::start(Encryption::None));
    let database = Database::on(server.clone());
    let source = open(&with(&database, "connect_timeout=1")).await;
    source.check().await.expect("it answers");
    server.fall_silent();
    let begun = Instant::now();
    let error = source.check().await.expect_err("it is silent");
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    std::mem::forget(database);
}

#[tokio::test]
async fn a_table_dropped_before_it_is_read_is_not_found() {
    let (database, source) = seeded("CREATE TABLE dbo.t (n int)").await;
    let plan = source.plan(&all("t")).await.expect("it is planned");
    database.run("DROP TABLE dbo.t");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("it is gone");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.entity_name(), Some("dbo.t"));
}

#[tokio::test]
async fn samples_are_taken_by_the_server_and_a_seed_gives_the_same_again() {
    let rows: Vec<String> = (1..=1_000).map(|n| format!("({n})")).collect();
    let sql = format!(
        "CREATE TABLE dbo.t (n int NOT NULL PRIMARY KEY)\nGO\nINSERT INTO dbo.t VALUES {}",
        rows.join(", ")
    );
    let (_database, source) = seeded(&sql).await;
    let sampled = async |sample| {
        let mut request = in_splits(all("t"), 4);
        request.sample = sample;
        let (plan, records) = scan(&*source, &request).await;
        assert_ne!(plan.honoured.sample, Exactness::No);
        cells(&records, "n")
    };
    assert_eq!(sampled(Sample::First(7)).await.len(), 7);
    let share = sampled(Sample::Percent(20.0, 7)).await;
    assert!((100..300).contains(&share.len()), "{}", share.len());
    assert_eq!(share, sampled(Sample::Percent(20.0, 7)).await);
    assert_ne!(share, sampled(Sample::Percent(20.0, 8)).await);
}
