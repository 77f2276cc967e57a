//! What goes wrong while a table is read, in the server and in the driver.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use locard_connector::ErrorKind;
use locard_connector::decorators::{Patience, Retry};
use locard_model::EntityKind;
use locard_testkit::reads::{count, read, scan};
use locard_testkit::servers::Hana as Database;

use crate::{all, by_its_driver, open, seeded};

const LARGE: &str = "CREATE TABLE \"SALES\".\"LARGE\" (id int PRIMARY KEY, text varchar(600)); \
                     INSERT INTO \"SALES\".\"LARGE\" SELECT i, repeat('x', 500) FROM generate_series(1, 60000) i";
const SLOW: &str = "CREATE VIEW \"SALES\".\"SLOW\" AS SELECT pg_sleep(600)::text AS a";

fn view(name: &str) -> locard_connector::ScanRequest {
    let mut request = all(name);
    request.kind = EntityKind::View;
    request
}

/// Waits until the server runs nothing of ours.
async fn freed(database: &Database) -> bool {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'locard' AND state <> 'idle'",
        database.database().name()
    );
    for _ in 0..100 {
        if database.database().value(&sql) == "0" {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_stream_ends_the_statement_on_the_server() {
    let Some((database, source)) = seeded("cancelling", &format!("{LARGE}; {SLOW}")).await else {
        return;
    };
    let plan = source.plan(&all("LARGE")).await.expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    assert!(stream.next().await.is_some_and(|batch| batch.is_ok()));
    drop(stream);
    assert!(freed(&database).await, "a server that sends rows");
    let plan = source.plan(&view("SLOW")).await.expect("it is planned");
    let stream = source.read(&plan.splits[0]).await.expect("it begins");
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(stream);
    assert!(freed(&database).await, "a server that sends nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended_once_and_named() {
    let Some((database, _)) = seeded("too late", SLOW).await else {
        return;
    };
    let source = open(&format!("{}&statement_timeout=2", database.url())).await;
    let plan = source.plan(&view("SLOW")).await.expect("it is planned");
    let before = Instant::now();
    let late = read(&*source, &plan.splits[0]).await.expect_err("too late");
    assert!(
        before.elapsed() < Duration::from_mins(1),
        "{:?}",
        before.elapsed()
    );
    assert_eq!(late.kind(), ErrorKind::Interrupted, "{late}");
    assert!(!late.is_retryable());
    let hint = late.hint_text().unwrap_or_default();
    assert!(hint.contains("statement_timeout"), "{hint}");
    assert!(freed(&database).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ended_by_the_server_is_interrupted_and_what_came_stands() {
    let Some((database, _)) = seeded("a killed session", LARGE).await else {
        return;
    };
    // This one is told to fetch rows as they are wanted; the other holds them all before the first is seen.
    let source = open(&by_its_driver(&database)).await;
    let plan = source.plan(&all("LARGE")).await.expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    assert!(stream.next().await.is_some_and(|batch| batch.is_ok()));
    database.database().run(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'locard'",
        database.database().name()
    ));
    let mut ended = None;
    while let Some(item) = stream.next().await {
        ended = item.err();
    }
    let error = ended.expect("the rest is missing, and that is told");
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.is_retryable());
    // The source goes on with new sessions, as soon as it has noticed that those that it kept ended too.
    let source = Retry::new(source, Patience::default());
    assert_eq!(count(&scan(&source, &all("LARGE")).await.1), 60_000);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_dies_costs_its_read_and_nothing_else() {
    let Some((database, source)) = seeded("a crash", &format!("{LARGE}; {SLOW}")).await else {
        return;
    };
    let plan = source.plan(&view("SLOW")).await.expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    let name = database.database().name().to_owned();
    tokio::time::sleep(Duration::from_secs(2)).await;
    // The process whose connection runs the statement is ended like a crash ends it.
    let killed = kill_helpers(&name, &database);
    assert!(killed > 0);
    let error = stream.next().await.expect("an item").expect_err("it died");
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(
        error
            .sentence()
            .starts_with("the ODBC driver ended its process"),
        "{error}"
    );
    assert_eq!(count(&scan(&*source, &all("LARGE")).await.1), 60_000);
}

/// Ends the helpers of this process that are busy, by the port from which they reach the server.
#[cfg(unix)]
fn kill_helpers(name: &str, database: &Database) -> usize {
    let port = database.database().value(&format!(
        "SELECT client_port FROM pg_stat_activity WHERE datname = '{name}' AND application_name = 'locard' AND state = 'active'"
    ));
    let mut killed = 0;
    for entry in std::fs::read_dir("/proc").expect("a Linux").flatten() {
        let id = entry.file_name().to_string_lossy().into_owned();
        let parent = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = parent.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let parent = parent.split(' ').nth(1).unwrap_or_default().to_owned();
        let is_ours = parent == std::process::id().to_string();
        let command = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        let sockets = inodes(&entry.path());
        if is_ours && command.starts_with("locard-odbc") && reaches(&sockets, &port) {
            let status = std::process::Command::new("kill")
                .args(["-ABRT", &id])
                .status();
            killed += usize::from(status.is_ok_and(|status| status.success()));
        }
    }
    killed
}

/// The sockets that a process has open.
#[cfg(unix)]
fn inodes(process: &std::path::Path) -> Vec<String> {
    let files = std::fs::read_dir(process.join("fd"))
        .into_iter()
        .flatten()
        .flatten();
    let links = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    let names = links.map(|link| link.to_string_lossy().into_owned());
    let inner = |name: String| Some(name.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned());
    names.filter_map(inner).collect()
}

/// Whether one of these sockets is bound to that port.
#[cfg(unix)]
fn reaches(sockets: &[String], port: &str) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let Ok(port) = port.trim().parse::<u16>() else {
        return false;
    };
    let local = format!(":{port:04X}");
    table.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words
            .get(1)
            .is_some_and(|address| address.ends_with(&local))
            && words
                .get(9)
                .is_some_and(|inode| sockets.iter().any(|socket| socket == inode))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_takes_too_much_memory_costs_its_read_and_nothing_else() {
    let sql = format!(
        "{LARGE}; CREATE TABLE \"SALES\".\"FAT\" (id int PRIMARY KEY, text text); \
         INSERT INTO \"SALES\".\"FAT\" SELECT i, repeat('x', 60000000) FROM generate_series(1, 4) i"
    );
    let Some((database, _)) = seeded("memory", &sql).await else {
        return;
    };
    let source = open(&format!("{}&memory=100", database.url())).await;
    let plan = source.plan(&all("FAT")).await.expect("it is planned");
    let error = read(&*source, &plan.splits[0]).await.expect_err("too much");
    let hint = error.hint_text().unwrap_or_default();
    assert!(hint.contains("memory"), "{error}: {hint}");
    assert_eq!(count(&scan(&*source, &all("LARGE")).await.1), 60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_that_fails_is_told_and_its_data_is_not() {
    let sql = "CREATE VIEW \"SALES\".\"BAD\" AS SELECT 'secret-planted-7'::text::int AS a";
    let Some((_database, source)) = seeded("a failing expression", sql).await else {
        return;
    };
    let plan = source.plan(&view("BAD")).await.expect("it is planned");
    let error = read(&*source, &plan.splits[0]).await.expect_err("it fails");
    let told = format!("{error} {error:?} {:?}", error.hint_text());
    assert!(!told.contains("planted"), "{told}");
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_dropped_before_it_is_read_is_not_found() {
    let Some((database, source)) = seeded("a dropped table", LARGE).await else {
        return;
    };
    let plan = source.plan(&all("LARGE")).await.expect("it is planned");
    database.database().run("DROP TABLE \"SALES\".\"LARGE\"");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("it is gone");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let error = source.plan(&all("LARGE")).await.expect_err("it is gone");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}
