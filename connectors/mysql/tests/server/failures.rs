//! What goes wrong while a table is read.

use std::time::Duration;

use futures::StreamExt as _;
use locard_connector::{ErrorKind, Exactness, Sample, ScanRequest};
use locard_model::EntityKind;
use locard_testkit::servers::Mysql as Database;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{all, in_splits, open, read, seeded};

const LARGE: &str = "CREATE TABLE large (n int PRIMARY KEY, text varchar(600)); INSERT INTO large SELECT seq, REPEAT('x', 500) FROM seq_1_to_200000";
/// A view that answers nothing for minutes.
const SLOW: &str = "CREATE VIEW slow AS SELECT SLEEP(600) AS a";

/// The statements of ours that the server runs in this database.
fn busy(database: &Database) -> String {
    format!(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE '/* locard */%'",
        database.name()
    )
}

/// Waits until the server runs no statement of ours in this database.
async fn freed(database: &Database) -> bool {
    for _ in 0..100 {
        if database.value(&busy(database)) == "0" {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

fn view(database: &Database, name: &str) -> ScanRequest {
    let mut request = all(database, name);
    request.kind = EntityKind::View;
    request
}

fn with(database: &Database, option: &str) -> String {
    format!("{}&{option}", database.url())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_stream_ends_the_statement_on_the_server() {
    let Some((database, source)) = seeded("cancel on drop", &format!("{LARGE}; {SLOW}")).await
    else {
        return;
    };
    let plan = source
        .plan(&all(&database, "large"))
        .await
        .expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    assert!(stream.next().await.is_some_and(|batch| batch.is_ok()));
    drop(stream);
    assert!(freed(&database).await, "a server that sends notices");
    let plan = source
        .plan(&view(&database, "slow"))
        .await
        .expect("it is planned");
    let stream = source.read(&plan.splits[0]).await.expect("it begins");
    database.wait_for(&busy(&database));
    drop(stream);
    assert!(freed(&database).await, "a server that says nothing is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_without_end_is_ended_and_a_slow_table_is_not() {
    let sql = format!("{SLOW}; CREATE TABLE t AS SELECT 1 AS a");
    let Some((database, _)) = seeded("endless view", &sql).await else {
        return;
    };
    // One connection, so that the limit of a view would show if it outlived the view's reading.
    let source = open(&with(&database, "view_timeout=1&connections=1")).await;
    let plan = source
        .plan(&view(&database, "slow"))
        .await
        .expect("it is planned");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("it is ended");
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.to_string().contains("`view_timeout`"), "{error}");
    assert!(!error.is_retryable(), "it would take as long again");
    let plan = source
        .plan(&all(&database, "t"))
        .await
        .expect("it is planned");
    let batches = read(&*source, &plan.splits[0]).await.expect("it is read");
    assert_eq!(batches.len(), 1);
    assert!(freed(&database).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended_once_and_named() {
    let Some((database, _)) = seeded("statement time-out", SLOW).await else {
        return;
    };
    let source = open(&with(&database, "statement_timeout=1")).await;
    let plan = source
        .plan(&view(&database, "slow"))
        .await
        .expect("it is planned");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("it takes too long");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(error.to_string().contains("`statement_timeout`"), "{error}");
    assert!(!error.is_retryable(), "it would take as long again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_dropped_before_it_is_read_is_not_found() {
    let Some((database, source)) = seeded("dropped table", "CREATE TABLE t AS SELECT 1 AS a").await
    else {
        return;
    };
    let request = all(&database, "t");
    let plan = source.plan(&request).await.expect("it is planned");
    database.run("DROP TABLE t");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("it is gone");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.entity_name(),
        Some(request.path.resource(request.kind).as_str())
    );
    assert!(!error.is_retryable());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_dropped_while_it_is_read_is_read_to_its_end() {
    let Some((database, source)) = seeded("dropped in the middle", LARGE).await else {
        return;
    };
    let plan = source
        .plan(&all(&database, "large"))
        .await
        .expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    let mut rows = 0;
    let first = stream
        .next()
        .await
        .expect("there are rows")
        .expect("they are read");
    rows += first.records.num_rows();
    let dropper = database.beside("DROP TABLE large");
    while let Some(batch) = stream.next().await {
        rows += batch.expect("the table waits for us").records.num_rows();
    }
    drop(dropper);
    assert_eq!(rows, 200_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_another_type_than_planned_is_an_error_and_no_nonsense() {
    let Some((database, source)) = seeded("changed type", "CREATE TABLE t AS SELECT 1 AS a").await
    else {
        return;
    };
    let plan = source
        .plan(&all(&database, "t"))
        .await
        .expect("it is planned");
    for native in ["bigint unsigned", "varchar(9)", "date"] {
        database.run(&format!("DELETE FROM t; ALTER TABLE t MODIFY a {native}; INSERT INTO t VALUES ('2024-01-01')").replace(
            "VALUES ('2024-01-01')",
            if native == "date" { "VALUES ('2024-01-01')" } else { "VALUES (1)" },
        ));
        let error = read(&*source, &plan.splits[0])
            .await
            .expect_err("the type is another one");
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(error.to_string().contains("type changed"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ended_by_the_server_is_interrupted_and_what_came_stands() {
    let Some((database, source)) = seeded("ended session", LARGE).await else {
        return;
    };
    let plan = source
        .plan(&all(&database, "large"))
        .await
        .expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    assert!(stream.next().await.is_some_and(|batch| batch.is_ok()));
    let id = database.value(&busy(&database).replace("COUNT(*)", "MAX(id)"));
    database.run(&format!("KILL {id}"));
    let mut last = None;
    while let Some(batch) = stream.next().await {
        last = Some(batch);
    }
    let error = last
        .expect("an item says so")
        .expect_err("the last item is the error");
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.is_retryable());
    // The next read has a session of its own.
    let plan = source
        .plan(&all(&database, "large"))
        .await
        .expect("it is planned");
    assert!(read(&*source, &plan.splits[0]).await.is_ok());
}

/// A way to the server that breaks after so many bytes of answers: what a server that dies looks like.
async fn fragile(server: String, most: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server)
                .await
                .expect("the server is there");
            tokio::spawn(async move {
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                tokio::spawn(
                    async move { tokio::io::copy(&mut from_client, &mut to_server).await },
                );
                let (mut buffer, mut passed) = (vec![0; 16_384], 0);
                while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                    passed += read;
                    if passed > most || to_client.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_is_interrupted_in_a_clear_sentence() {
    let Some((database, _)) = seeded("lost server", LARGE).await else {
        return;
    };
    let url = database.url();
    let (_, rest) = url.split_once('@').expect("a URL with an account");
    let (server, _) = rest.split_once('/').expect("a URL with a database");
    let port = fragile(server.to_owned(), 2_000_000).await;
    let source = open(&url.replace(server, &format!("127.0.0.1:{port}"))).await;
    let plan = source
        .plan(&all(&database, "large"))
        .await
        .expect("it is planned");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("the way breaks");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    let wanted = format!(
        "{}.large: reading: the connection to the server ended",
        database.name()
    );
    assert!(error.to_string().starts_with(&wanted), "{error}");
    assert!(error.is_retryable());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_waited_for_only_so_long() {
    let Some((database, _)) = seeded("lock time-out", "CREATE TABLE t AS SELECT 1 AS a").await
    else {
        return;
    };
    let source = open(&with(&database, "lock_timeout=1")).await;
    let plan = source
        .plan(&all(&database, "t"))
        .await
        .expect("it is planned");
    let holder = database.beside("LOCK TABLES t WRITE; SELECT SLEEP(60)");
    database.wait_for(&format!(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE 'SELECT SLEEP%'",
        database.name()
    ));
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("the table is locked");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(error.to_string().contains("holds a lock"), "{error}");
    drop(holder);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_that_fails_is_malformed_and_its_data_is_not_shown() {
    let sql = "CREATE TABLE t AS SELECT 'very-private' AS a;
DELIMITER $$
CREATE FUNCTION fail(a text) RETURNS int DETERMINISTIC BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = a; RETURN 1; END$$
DELIMITER ;
CREATE VIEW v AS SELECT fail(a) AS a FROM t; CREATE VIEW broken AS SELECT a FROM t; ALTER TABLE t ADD b int";
    let Some((database, source)) = seeded("failing view", sql).await else {
        return;
    };
    let plan = source
        .plan(&view(&database, "v"))
        .await
        .expect("it is planned");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("the function fails");
    assert_eq!(error.kind(), ErrorKind::Malformed);
    let mut shown = format!("{error} {error:?} {:?}", error.hint_text());
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        shown.extend([inner.to_string(), format!("{inner:?}")]);
        cause = inner.source();
    }
    assert!(!shown.contains("very-private"), "{shown}");
    // A view over what is gone is listed, and an error of its own.
    let plan = source
        .plan(&view(&database, "broken"))
        .await
        .expect("it is planned");
    database.run("ALTER TABLE t DROP a");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("the view is broken");
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_view_does_not_stop_the_listing() {
    use futures::TryStreamExt as _;
    let sql = "CREATE TABLE t AS SELECT 1 AS a; CREATE VIEW broken AS SELECT a FROM t; CREATE VIEW fine AS SELECT 1 AS a; DROP TABLE t;
        CREATE TABLE u AS SELECT 1 AS a";
    let Some((database, source)) = seeded("a broken view", sql).await else {
        return;
    };
    let listed = source.entities(&locard_connector::Scope::default());
    let entities: Vec<_> = listed.try_collect().await.expect("the listing succeeds");
    let names: Vec<_> = entities.iter().map(|entity| entity.path.name()).collect();
    assert_eq!(names, ["broken", "fine", "u"]);
    let error = match source.plan(&view(&database, "broken")).await {
        Ok(plan) => read(&*source, &plan.splits[0]).await.map(drop),
        Err(error) => Err(error),
    };
    let error = error.expect_err("the view is broken");
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn giant_values_are_left_out_with_their_row_and_everything_else_is_read() {
    // Of each kind one that is longer than a value may be, and one that is not.
    let sql = "CREATE TABLE t (id int PRIMARY KEY, a longtext, b longblob, c json, d longtext CHARACTER SET latin1, e char(9));
        INSERT INTO t VALUES (1, 'short', 'short', '\"short\"', 'short', 'short');
        INSERT INTO t VALUES (2, REPEAT('x', 70000000), REPEAT('x', 70000000), CONCAT('\"', REPEAT('x', 70000000), '\"'), REPEAT('x', 70000000), 'x');
        INSERT INTO t VALUES (3, REPEAT('y', 60000000), 'x', '1', 'x', 'x')";
    let Some((database, source)) = seeded("giant values", sql).await else {
        return;
    };
    let plan = source
        .plan(&all(&database, "t"))
        .await
        .expect("it is planned");
    let batches = read(&*source, &plan.splits[0]).await.expect("it is read");
    assert_eq!(crate::cells(&batches, "id"), ["1", "2", "3"]);
    assert_eq!(crate::cells(&batches, "a")[..2], ["short", "-"]);
    assert_eq!(crate::cells(&batches, "a")[2].len(), 60_000_000);
    assert_eq!(crate::cells(&batches, "c"), ["\"short\"", "-", "1"]);
    assert_eq!(crate::cells(&batches, "e"), ["short", "x", "x"]);
    let faults: Vec<_> = batches.iter().flat_map(|batch| &batch.faults).collect();
    let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
    let columns = ["a", "b", "c", "d"];
    assert_eq!(places, columns.map(|name| format!("row 2, column {name}")));
    for fault in faults {
        assert_eq!(fault.records, 1);
        assert_eq!(
            fault.sentence,
            "a value is longer than 64 MiB and was left out"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_read_a_part_and_the_same_part_again() {
    let Some((database, source)) = seeded("samples", LARGE).await else {
        return;
    };
    let scan = async |sample| {
        let mut request = in_splits(all(&database, "large"), 8);
        request.sample = sample;
        let (plan, records) = crate::scan(&*source, &request).await;
        (plan.honoured.sample, crate::cells(&records, "n"))
    };
    let (answer, rows) = scan(Sample::Percent(5.0, 42)).await;
    assert_eq!(answer, Exactness::Exact);
    assert!((7_000..13_000).contains(&rows.len()), "{}", rows.len());
    assert_eq!(scan(Sample::Percent(5.0, 42)).await.1, rows);
    assert_ne!(scan(Sample::Percent(5.0, 43)).await.1, rows);
    let (answer, rows) = scan(Sample::Rows(1_000, 7)).await;
    assert_eq!(answer, Exactness::Superset);
    assert!((1_000..3_000).contains(&rows.len()), "{}", rows.len());
    // Whatever the statistics say.
    database.run("DELETE FROM large WHERE n > 2000");
    let (_, rows) = scan(Sample::Rows(1_000, 7)).await;
    assert!((1_000..=2_000).contains(&rows.len()), "{}", rows.len());
}
