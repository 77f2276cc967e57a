//! Connecting, and what an account may do.

use futures::TryStreamExt as _;
use locard_connector::{ErrorKind, Scope};
use locard_model::EntityKind;
use locard_testkit::servers::Mysql as Database;

use crate::{all, cells, count, in_splits, open, read, scan, seeded};

const PASSWORD: &str = "reader-password-41c";

/// An account with that password; accounts are the server's, so its name is the database's.
struct Reader<'a> {
    database: &'a Database,
    name: String,
}

impl<'a> Reader<'a> {
    fn new(database: &'a Database, grants: &str) -> Self {
        let name = format!("{}_r", database.name());
        let grants = grants
            .replace("READER", &format!("{name}@'%'"))
            .replace("HERE", database.name());
        database.run(&format!(
            "CREATE USER {name}@'%' IDENTIFIED BY '{PASSWORD}'; {grants}"
        ));
        Self { database, name }
    }

    fn url(&self) -> String {
        self.database.url_as(&self.name, PASSWORD)
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.database.run(&format!("DROP USER {}@'%'", self.name));
    }
}

#[tokio::test]
async fn the_least_privileges_of_the_readme_suffice() {
    let sql = "CREATE TABLE t (n int PRIMARY KEY, text text); INSERT INTO t SELECT seq, CONCAT('x', seq) FROM seq_1_to_30000;
        CREATE TABLE parts (a date) PARTITION BY HASH (YEAR(a)) PARTITIONS 3; INSERT INTO parts VALUES ('2024-01-01');
        CREATE TABLE child (n int, FOREIGN KEY (n) REFERENCES t (n)); INSERT INTO child VALUES (1);
        CREATE VIEW v AS SELECT n FROM t";
    let Some((database, _)) = seeded("least privileges", sql).await else {
        return;
    };
    let readme = include_str!("../../README.md");
    let grants: Vec<&str> = readme
        .lines()
        .skip_while(|line| *line != "```sql")
        .skip(1)
        .take_while(|line| *line != "```")
        .collect();
    let name = format!("{}_r", database.name());
    let grants = grants
        .join("\n")
        .replace("the_database", database.name())
        .replace("locard_reader", &name)
        .replace("'…'", &format!("'{PASSWORD}'"));
    database.run(&grants);
    let reader = Reader {
        database: &database,
        name,
    };
    // Without a database the source is what the account may see: the same.
    let whole = reader
        .url()
        .replace(database.name(), "")
        .replace("://_r", &format!("://{}", reader.name));
    for url in [reader.url(), whole] {
        let source = open(&url).await;
        let server = source.check().await.expect("it may connect");
        assert_eq!(server.account, Some(format!("{}@%", reader.name)));
        let listed = source.entities(&Scope::default());
        let entities: Vec<_> = listed.try_collect().await.expect("it may list");
        assert_eq!(entities.len(), 4);
        for entity in entities {
            let described = source.describe(&entity.path, entity.kind).await;
            let described = described.expect("it may describe");
            assert_eq!(
                described.definition.is_some(),
                entity.kind == EntityKind::View
            );
            assert_eq!(
                described.foreign_keys.len(),
                usize::from(entity.path.name() == "child")
            );
            let mut request = all(&database, entity.path.name());
            request.kind = entity.kind;
            let (plan, records) = scan(&*source, &in_splits(request, 4)).await;
            assert!(count(&records) > 0, "{:?}", plan.splits);
        }
    }
}

#[tokio::test]
async fn a_table_that_may_not_be_read_is_an_error_of_its_own() {
    let sql = "CREATE TABLE open AS SELECT 1 AS a; CREATE TABLE \"clo`sed\" AS SELECT 2 AS a";
    let Some((database, _)) = seeded("denied tables", sql).await else {
        return;
    };
    let reader = Reader::new(
        &database,
        "GRANT SELECT ON open TO READER; GRANT INSERT ON \"clo`sed\" TO READER",
    );
    let source = open(&reader.url()).await;
    assert_eq!(
        cells(&scan(&*source, &all(&database, "open")).await.1, "a"),
        ["1"]
    );
    let closed = all(&database, "clo`sed");
    let error = source.plan(&closed).await.expect_err("it may not be read");
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(
        error.entity_name(),
        Some(closed.path.resource(closed.kind).as_str())
    );
    database.run(error.hint_text().expect("it says what helps"));
    assert_eq!(cells(&scan(&*source, &closed).await.1, "a"), ["2"]);
    // A grant that ends between the planning and the reading.
    let plan = source.plan(&closed).await.expect("it may be read");
    database.run(&format!(
        "REVOKE SELECT ON \"clo`sed\" FROM {}@'%'",
        reader.name
    ));
    let error = read(&*source, &plan.splits[0]).await.expect_err("no more");
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn columns_that_may_not_be_read_are_left_out_and_said_so() {
    let sql = "CREATE TABLE t AS SELECT 1 AS a, 2 AS b";
    let Some((database, _)) = seeded("denied columns", sql).await else {
        return;
    };
    let reader = Reader::new(&database, "GRANT SELECT (a), INSERT (a, b) ON t TO READER");
    let source = open(&reader.url()).await;
    let plan = source
        .plan(&all(&database, "t"))
        .await
        .expect("one column may be read");
    let batches = read(&*source, &plan.splits[0])
        .await
        .expect("one column is read");
    assert_eq!(batches[0].records.num_columns(), 1);
    assert_eq!(
        batches[0].faults[0].sentence,
        "the account may not read 1 of 2 columns"
    );
    let mut request = all(&database, "t");
    request.columns = Some(vec!["b".into()]);
    let error = source
        .plan(&request)
        .await
        .expect_err("the column may not be read");
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(error.place_name(), Some("column b"));
}

#[tokio::test]
async fn nothing_can_be_written() {
    let sql = "CREATE TABLE t (a int);
DELIMITER $$
CREATE FUNCTION leave_trace() RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO t VALUES (1); RETURN 1; END$$
DELIMITER ;
CREATE VIEW v AS SELECT leave_trace() AS a";
    let Some((database, source)) = seeded("read-only", sql).await else {
        return;
    };
    let mut request = all(&database, "v");
    request.kind = EntityKind::View;
    let plan = source.plan(&request).await.expect("views are planned");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("the view writes");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(database.value("SELECT COUNT(*) FROM t"), "0");
}

#[tokio::test]
async fn a_split_that_somebody_changed_runs_nothing_but_a_select() {
    let Some((database, source)) =
        seeded("changed splits", "CREATE TABLE t AS SELECT 1 AS a").await
    else {
        return;
    };
    let plan = source
        .plan(&all(&database, "t"))
        .await
        .expect("it is planned");
    for sql in [
        "SELECT 1; DROP TABLE t",
        "SELECT 1 INTO OUTFILE '/tmp/never'",
        "DROP TABLE t",
    ] {
        let mut split = plan.splits[0].clone();
        split.part["sql"] = sql.into();
        let error = read(&*source, &split).await.expect_err("it is no SELECT");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}

#[tokio::test]
async fn who_cannot_connect_is_told_at_which_step() {
    let Some(database) = Database::new("steps of connecting") else {
        return;
    };
    let fails = async |target: &str| {
        let error = open(target)
            .await
            .check()
            .await
            .expect_err("it cannot connect");
        (error.kind(), format!("{error} {:?}", error.hint_text()))
    };
    let (kind, text) = fails("mysql://a:hush@no-such-host.invalid/x?connect_timeout=5").await;
    assert_eq!(kind, ErrorKind::Unreachable);
    assert!(text.contains("resolving no-such-host.invalid"), "{text}");
    let (kind, text) = fails("mysql://a:hush@127.0.0.1:1/x").await;
    assert_eq!(kind, ErrorKind::Unreachable);
    assert!(text.contains("connecting to 127.0.0.1:1"), "{text}");
    let (kind, text) = fails(&database.url_as("locard", "hush")).await;
    assert_eq!(kind, ErrorKind::Unauthenticated);
    assert!(
        text.contains("refused the password") && !text.contains("hush"),
        "{text}"
    );
    let (kind, text) = fails(&database.url().replace(database.name(), "nowhere")).await;
    assert_eq!(kind, ErrorKind::NotFound);
    assert!(text.contains("no such database"), "{text}");
    let reader = Reader::new(&database, "");
    let (kind, text) = fails(&reader.url()).await;
    assert_eq!(kind, ErrorKind::Denied);
    assert!(text.contains("GRANT SELECT"), "{text}");
}

#[tokio::test]
async fn an_account_that_signs_in_by_other_means_is_told_so() {
    let Some(database) = Database::new("ways of signing in") else {
        return;
    };
    let name = format!("{}_e", database.name());
    database.run(&format!(
        "INSTALL SONAME 'auth_ed25519'; CREATE USER {name}@'%' IDENTIFIED VIA ed25519 USING PASSWORD('{PASSWORD}')"
    ));
    let source = open(&database.url_as(&name, PASSWORD)).await;
    let error = source.check().await.expect_err("the driver cannot");
    database.run(&format!("DROP USER {name}@'%'"));
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("way of signing in"), "{error}");
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_unreachable() {
    let Ok(postgres) = std::env::var("LOCARD_TEST_POSTGRES_URL") else {
        println!("skipped: needs LOCARD_TEST_POSTGRES_URL, which `./x servers` sets");
        return;
    };
    let target = postgres.replace("postgres://", "mysql://");
    let target = format!("{}&connect_timeout=2", target.replace("/postgres", "/x"));
    let error = open(&target)
        .await
        .check()
        .await
        .expect_err("it is no MySQL");
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
}

#[tokio::test]
async fn tls_is_checked_as_far_as_was_asked() {
    let Ok(authority) = std::env::var("LOCARD_TEST_MYSQL_CA") else {
        println!("skipped: TLS needs LOCARD_TEST_MYSQL_CA, which `./x servers` sets");
        return;
    };
    let Some(database) = Database::new("TLS") else {
        return;
    };
    let reader = Reader::new(
        &database,
        "ALTER USER READER REQUIRE SSL; GRANT SELECT ON HERE.* TO READER",
    );
    let plain = reader.url();
    let base = plain.split('?').next().expect("a URL").to_owned();
    let by_name = base.replace("127.0.0.1", "localhost");
    let check = async |target: String| open(&target).await.check().await;
    let error = check(format!("{base}?sslmode=disable")).await;
    let error = error.expect_err("the account wants encryption");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    for mode in ["prefer", "require", "REQUIRED"] {
        check(format!("{base}?sslmode={mode}"))
            .await
            .expect("the server is not checked");
    }
    for mode in ["verify-ca", "verify-full"] {
        let error = check(format!("{by_name}?sslmode={mode}"))
            .await
            .expect_err("the authority is unknown");
        assert_eq!(error.kind(), ErrorKind::Unreachable);
        assert!(error.to_string().contains("TLS"), "{error}");
        check(format!("{by_name}?sslmode={mode}&sslrootcert={authority}"))
            .await
            .expect("the authority is known");
    }
    check(format!("{base}?sslmode=verify-ca&sslrootcert={authority}"))
        .await
        .expect("the name is not checked");
    check(format!(
        "{base}?sslmode=verify-full&sslrootcert={authority}"
    ))
    .await
    .expect_err("the certificate is for another name");
}

#[tokio::test]
async fn sessions_are_limited_and_in_utc() {
    let sql = "CREATE FUNCTION setting(name text) RETURNS text READS SQL DATA
            RETURN (SELECT variable_value FROM information_schema.session_variables WHERE variable_name = name);
        CREATE VIEW v AS SELECT setting('max_statement_time') AS most, setting('lock_wait_timeout') AS waits,
            setting('tx_read_only') AS only_reads, setting('tx_isolation') AS isolation, setting('time_zone') AS zone";
    let Some((database, source)) = seeded("session settings", sql).await else {
        return;
    };
    let mut request = all(&database, "v");
    request.kind = EntityKind::View;
    let (_, records) = scan(&*source, &request).await;
    // It is read as a view is.
    for (column, wanted) in [
        ("most", "300.000000"),
        ("waits", "5"),
        ("only_reads", "ON"),
        ("isolation", "REPEATABLE-READ"),
        ("zone", "+00:00"),
    ] {
        assert_eq!(cells(&records, column), [wanted], "{column}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_and_passwords_taken_away_during_a_scan_cost_what_needs_them_and_nothing_else() {
    let sql = "CREATE TABLE large (n int PRIMARY KEY, text varchar(600)); INSERT INTO large SELECT seq, REPEAT('x', 500) FROM seq_1_to_100000;
        CREATE TABLE next (n int); INSERT INTO next VALUES (1); CREATE TABLE other (n int); INSERT INTO other VALUES (1)";
    let Some((database, _)) = seeded("rights taken away", sql).await else {
        return;
    };
    let grants =
        ["large", "next", "other"].map(|table| format!("GRANT SELECT ON HERE.{table} TO READER"));
    let reader = Reader::new(&database, &grants.join("; "));
    let source = open(&reader.url()).await;
    let split = async |table| {
        let plan = source.plan(&all(&database, table)).await;
        plan.expect("it is planned").splits[0].clone()
    };
    let (large, next, other) = (
        split("large").await,
        split("next").await,
        split("other").await,
    );
    let mut stream = source.read(&large).await.expect("it begins");
    let first = stream.try_next().await.expect("it is read");
    let mut rows = first.expect("a batch").records.num_rows();
    let (here, name) = (database.name(), &reader.name);
    database.run(&format!(
        "REVOKE SELECT ON {here}.large FROM {name}@'%'; REVOKE SELECT ON {here}.next FROM {name}@'%'"
    ));
    // The server asks for the right when a statement begins.
    while let Some(batch) = stream.try_next().await.expect("it goes on") {
        rows += batch.records.num_rows();
    }
    assert_eq!(rows, 100_000);
    let denied = read(&*source, &next).await.expect_err("no more");
    assert_eq!(denied.kind(), ErrorKind::Denied, "{denied}");
    let hint = denied.hint_text().unwrap_or_default();
    assert!(hint.contains("GRANT SELECT"), "{hint}");
    let batches = read(&*source, &other).await.expect("the rest goes on");
    assert_eq!(batches[0].records.num_rows(), 1);
    database.run(&format!(
        "ALTER USER {name}@'%' IDENTIFIED BY 'another'; KILL USER {name}"
    ));
    let error = read(&*source, &other)
        .await
        .expect_err("nobody is let in with the old password");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    let told = format!("{error} {error:?} {:?}", error.hint_text());
    assert!(!told.contains(PASSWORD), "{told}");
}
