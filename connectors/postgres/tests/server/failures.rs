//! What goes wrong while a table is read.

use std::time::Duration;

use futures::StreamExt as _;
use locard_connector::{ErrorKind, Form, Matching, Sample};
use locard_testkit::servers::Database;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{all, in_splits, open, read, seeded};

const LARGE: &str =
    "CREATE TABLE large AS SELECT n, repeat('x', 500) AS text FROM generate_series(1, 200000) AS n";

/// Waits until the server has no busy session of ours in this database.
async fn freed(database: &Database) -> bool {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'locard' AND state <> 'idle'";
    for _ in 0..100 {
        if database.value(sql) == "0" {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_stream_ends_the_statement_on_the_server() {
    let sql = format!("{LARGE}; CREATE VIEW slow AS SELECT pg_sleep(600)::text AS a");
    let Some((database, source)) = seeded("cancel on drop", &sql).await else {
        return;
    };
    let plan = source.plan(&all("large")).await.expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    assert!(stream.next().await.is_some_and(|batch| batch.is_ok()));
    drop(stream);
    assert!(freed(&database).await, "a server that sends notices");
    let plan = source.plan(&all("slow")).await.expect("it is planned");
    let stream = source.read(&plan.splits[0]).await.expect("it begins");
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(stream);
    assert!(freed(&database).await, "a server that says nothing is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_without_end_is_ended_and_a_slow_table_is_not() {
    let sql = "CREATE VIEW slow AS SELECT n, pg_sleep(1)::text AS a FROM generate_series(1, 600) AS n; \
               CREATE TABLE t AS SELECT 1 AS a";
    let Some((database, _)) = seeded("endless view", sql).await else {
        return;
    };
    let url = database.url();
    let option = if url.contains('?') { '&' } else { '?' };
    // One connection, so that the limit of a view would show if it outlived the view's reading.
    let source = open(&format!("{url}{option}view_timeout=1&connections=1")).await;
    let plan = source.plan(&all("slow")).await.expect("it is planned");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("it is ended");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(error.to_string().contains("`view_timeout`"), "{error}");
    assert!(!error.is_retryable(), "it would take as long again");
    let plan = source.plan(&all("t")).await.expect("it is planned");
    let batches = read(&*source, &plan.splits[0]).await.expect("it is read");
    assert_eq!(batches.len(), 1);
    assert!(freed(&database).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_dropped_before_it_is_read_is_not_found() {
    let Some((database, source)) = seeded("dropped table", "CREATE TABLE t AS SELECT 1 AS a").await
    else {
        return;
    };
    let plan = source.plan(&all("t")).await.expect("it is planned");
    database.run("DROP TABLE t");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("it is gone");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.entity_name(), Some("public.t"));
    assert!(!error.is_retryable());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_another_type_than_planned_is_an_error_and_no_nonsense() {
    let Some((database, source)) = seeded("changed type", "CREATE TABLE t AS SELECT 1 AS a").await
    else {
        return;
    };
    let plan = source.plan(&all("t")).await.expect("it is planned");
    database.run("ALTER TABLE t ALTER COLUMN a TYPE bigint");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("the type is another one");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(error.is_outdated(), "it is planned anew: {error}");
    assert!(error.to_string().contains("changed its columns"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ended_by_the_server_is_interrupted_and_what_came_stands() {
    let Some((database, source)) = seeded("ended session", LARGE).await else {
        return;
    };
    let plan = source.plan(&all("large")).await.expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    assert!(stream.next().await.is_some_and(|batch| batch.is_ok()));
    database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'locard'");
    let mut last = None;
    while let Some(batch) = stream.next().await {
        last = Some(batch);
    }
    let error = last
        .expect("an item says so")
        .expect_err("the last item is the error");
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.is_retryable());
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
                while passed < most {
                    let Ok(read @ 1..) = from_server.read(&mut buffer).await else {
                        return;
                    };
                    passed += read;
                    if to_client.write_all(&buffer[..read]).await.is_err() {
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
    let plan = source.plan(&all("large")).await.expect("it is planned");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("the way breaks");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(
        error
            .to_string()
            .starts_with("public.large: reading: the connection to the server ended"),
        "{error}"
    );
    assert!(error.is_retryable());
}

#[tokio::test]
async fn what_does_not_speak_the_protocol_is_told_by_its_first_byte() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    let asked = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.expect("somebody comes");
        let mut asked = [0; 64];
        let read = client.read(&mut asked).await.expect("it asks");
        // As a length the four letters after the first are 1.4 GB.
        let answer = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        answer.expect("it listens");
        // The next one waits at a port that nobody listens on.
        drop(listener);
        asked[..read].to_vec()
    });
    let source = open(&format!(
        "postgres://reader:secret@127.0.0.1:{port}/shop?sslmode=disable"
    ))
    .await;
    let error = source.check().await.expect_err("it is something else");
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let told = error.to_string();
    assert!(
        told.contains("does not speak PostgreSQL's protocol"),
        "{told}"
    );
    let asked = asked.await.expect("it ends");
    assert_eq!(asked, [0, 0, 0, 8, 4, 210, 22, 47], "nothing else was said");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_waited_for_only_so_long() {
    let Some(database) = Database::postgres("lock time-out") else {
        return;
    };
    database.run("CREATE TABLE t AS SELECT 1 AS a");
    let separator = if database.url().contains('?') {
        '&'
    } else {
        '?'
    };
    let source = open(&format!("{}{separator}lock_timeout=1", database.url())).await;
    let plan = source.plan(&all("t")).await.expect("it is planned");
    let holder = database.hold("BEGIN; LOCK TABLE t; SELECT pg_sleep(60)", "t");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("the table is locked");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(error.to_string().contains("holds a lock"), "{error}");
    drop(holder);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_that_fails_is_malformed_and_its_data_is_not_shown() {
    let sql = "CREATE TABLE t AS SELECT 'very-private'::text AS a; CREATE VIEW v AS SELECT a::integer AS a FROM t";
    let Some((_database, source)) = seeded("failing view", sql).await else {
        return;
    };
    let plan = source.plan(&all("v")).await.expect("it is planned");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("the cast fails");
    assert_eq!(error.kind(), ErrorKind::Malformed);
    let mut shown = format!("{error} {error:?} {:?}", error.hint_text());
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        shown.extend([inner.to_string(), format!("{inner:?}")]);
        cause = inner.source();
    }
    assert!(!shown.contains("very-private"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_before_an_error_stand() {
    let sql =
        "CREATE VIEW v AS SELECT n, 1 / (500 - n) AS broken FROM generate_series(1, 1000) AS n";
    let Some((_database, source)) = seeded("half a view", sql).await else {
        return;
    };
    let plan = source.plan(&all("v")).await.expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    let (mut rows, mut error) = (0, None);
    while let Some(item) = stream.next().await {
        match item {
            Ok(batch) => rows += batch.records.num_rows(),
            Err(last) => error = Some(last),
        }
    }
    assert_eq!(rows, 499);
    assert_eq!(error.expect("it fails").kind(), ErrorKind::Malformed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended_once_and_named() {
    let Some(database) = Database::postgres("statement time-out") else {
        return;
    };
    database.run("CREATE VIEW slow AS SELECT pg_sleep(600)::text AS a");
    let separator = if database.url().contains('?') {
        '&'
    } else {
        '?'
    };
    let source = open(&format!("{}{separator}statement_timeout=1", database.url())).await;
    let plan = source.plan(&all("slow")).await.expect("it is planned");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("it takes too long");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(error.to_string().contains("time-out"), "{error}");
    assert!(!error.is_retryable(), "it would take as long again");
}

#[tokio::test(flavor = "multi_thread")]
async fn giant_values_are_left_out_with_their_row_and_everything_else_is_read() {
    // Of each kind one that is longer than a value may be, and one that is not.
    let sql = "CREATE TABLE t (id int, a text, b bytea, c json, d jsonb, e char(9), f varchar, g int4range);
        INSERT INTO t SELECT 1, 'short', 'short', '\"short\"', '\"short\"', 'short', 'short', '[1,2)';
        INSERT INTO t SELECT 2, giant, giant::bytea, to_json(giant), to_jsonb(giant), 'x', giant, '[1,2)' FROM repeat('x', 70000000) AS giant;
        INSERT INTO t SELECT 3, repeat('y', 60000000), 'x', '1', '1', 'x', 'x', NULL";
    let Some((_database, source)) = seeded("giant values", sql).await else {
        return;
    };
    let plan = source.plan(&all("t")).await.expect("it is planned");
    let batches = read(&*source, &plan.splits[0]).await.expect("it is read");
    assert_eq!(crate::cells(&batches, "id"), ["1", "2", "3"]);
    assert_eq!(crate::cells(&batches, "a")[..2], ["short", "-"]);
    assert_eq!(crate::cells(&batches, "a")[2].len(), 60_000_000);
    assert_eq!(crate::cells(&batches, "d"), ["\"short\"", "-", "1"]);
    assert_eq!(crate::cells(&batches, "e"), ["short", "x", "x"]);
    assert_eq!(crate::cells(&batches, "g"), ["[1,2)", "[1,2)", "-"]);
    let faults: Vec<_> = batches.iter().flat_map(|batch| &batch.faults).collect();
    let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
    let columns = ["a", "b", "c", "d", "f"];
    assert_eq!(places, columns.map(|name| format!("row 2, column {name}")));
    for fault in faults {
        assert_eq!(fault.records, 1);
        assert_eq!(
            fault.sentence,
            "a value is longer than 64 MiB and was left out"
        );
    }
}

#[tokio::test]
async fn what_stands_beside_a_value_that_the_server_cannot_fold_is_found() {
    let sql = "CREATE TABLE t AS SELECT 1 AS id, repeat('x ', 100000000) AS a UNION ALL SELECT 2, 'anna@example.org'";
    let Some((_database, source)) = seeded("unfoldable values", sql).await else {
        return;
    };
    for form in [Form::Folded, Form::Contains, Form::Tokens] {
        let mut request = all("t");
        request.matching = vec![Matching {
            column: "a".into(),
            form,
            values: vec!["anna@example.org".into()],
        }];
        let (_, records) = crate::scan(&*source, &request).await;
        let ids = crate::cells(&records, "id");
        assert!(ids.contains(&"2".to_owned()), "{form:?}: {ids:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_read_a_part_and_the_same_part_again() {
    let sql = format!("{LARGE}; ANALYZE large");
    let Some((_database, source)) = seeded("samples", &sql).await else {
        return;
    };
    let scan = async |sample| {
        let mut request = in_splits(all("large"), 8);
        request.sample = sample;
        let (plan, records) = crate::scan(&*source, &request).await;
        (plan.honoured.sample, crate::cells(&records, "n"))
    };
    let (answer, rows) = scan(Sample::Percent(5.0, 42)).await;
    assert_eq!(answer, locard_connector::Exactness::Exact);
    assert!((7_000..13_000).contains(&rows.len()), "{}", rows.len());
    assert_eq!(scan(Sample::Percent(5.0, 42)).await.1, rows);
    assert_ne!(scan(Sample::Percent(5.0, 43)).await.1, rows);
    let (answer, rows) = scan(Sample::Rows(1_000, 7)).await;
    assert_eq!(answer, locard_connector::Exactness::Superset);
    assert!((1_000..3_000).contains(&rows.len()), "{}", rows.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_was_emptied_since_its_last_analysis_gives_a_sample() {
    let sql = format!("{LARGE}; ANALYZE large; DELETE FROM large WHERE n > 2000");
    let Some((_database, source)) = seeded("stale statistics", &sql).await else {
        return;
    };
    let mut request = all("large");
    request.sample = Sample::Rows(1_000, 7);
    let (_, records) = crate::scan(&*source, &request).await;
    let rows = crate::cells(&records, "n").len();
    assert!((1_000..=2_000).contains(&rows), "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_and_passwords_taken_away_during_a_scan_cost_what_needs_them_and_nothing_else() {
    const PASSWORD: &str = "test-only-8c2";
    let sql =
        format!("{LARGE}; CREATE TABLE next AS SELECT 1 AS a; CREATE TABLE other AS SELECT 2 AS a");
    let Some((database, _)) = seeded("revoked rights", &sql).await else {
        return;
    };
    let role = format!("revoked_{}", database.name());
    database.run(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    ));
    let source = open(&database.url_as(&role, PASSWORD)).await;
    let split = async |table| {
        let plan = source.plan(&all(table)).await.expect("it is planned");
        plan.splits[0].clone()
    };
    let (large, next, other) = (
        split("large").await,
        split("next").await,
        split("other").await,
    );
    let mut stream = source.read(&large).await.expect("it begins");
    let first = stream.next().await.expect("a batch").expect("it is read");
    database.run(&format!("REVOKE SELECT ON large, next FROM {role}"));
    // The server asks for the right when a statement begins.
    let mut rows = first.records.num_rows();
    while let Some(batch) = stream.next().await {
        rows += batch.expect("it goes on").records.num_rows();
    }
    assert_eq!(rows, 200_000);
    let error = read(&*source, &next).await.expect_err("no more");
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert_eq!(error.entity_name(), Some("public.next"));
    assert!(
        error
            .hint_text()
            .is_some_and(|hint| hint.contains("GRANT SELECT"))
    );
    let batches = read(&*source, &other).await.expect("the rest goes on");
    assert_eq!(batches[0].records.num_rows(), 1);
    database.run(&format!(
        "ALTER ROLE {role} PASSWORD 'another'; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
    ));
    let error = read(&*source, &other)
        .await
        .expect_err("nobody is let in with the old password");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    let told = format!("{error} {error:?} {:?}", error.hint_text());
    assert!(!told.contains(PASSWORD), "{told}");
    drop(source);
    database.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}
