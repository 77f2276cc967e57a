//! Connecting, and what an account may do.

use futures::TryStreamExt as _;
use locard_connector::{ErrorKind, Scope};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::Database;

use crate::{all, cells, count, in_splits, open, read, scan, seeded};

const PASSWORD: &str = "reader-password-41c";

/// A role with that password; roles are the server's, so its name is the database's.
fn role(database: &Database, grants: &str) -> String {
    let role = format!("{}_reader", database.name());
    database.run(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'; {}",
        grants.replace("READER", &role)
    ));
    role
}

/// Roles outlive databases.
fn drop_role(database: &Database, role: &str) {
    database.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[tokio::test]
async fn the_least_privileges_of_the_readme_suffice() {
    let sql = "CREATE SCHEMA crm; CREATE TABLE crm.t AS SELECT n, 'x' || n AS text FROM generate_series(1, 30000) AS n;
        CREATE TABLE crm.p (a integer) PARTITION BY LIST (a); CREATE TABLE crm.p1 PARTITION OF crm.p DEFAULT; INSERT INTO crm.p VALUES (1);
        CREATE VIEW crm.v AS SELECT n FROM crm.t; ANALYZE";
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
    let grants = grants
        .join("\n")
        .replace("the_database", database.name())
        .replace("the_schema", "crm");
    let name = format!("{}_reader", database.name());
    let grants = grants
        .replace("locard_reader", &name)
        .replace("'…'", &format!("'{PASSWORD}'"));
    database.run(&grants);
    database.run("CREATE TABLE crm.later AS SELECT 1 AS a");
    let source = open(&database.url_as(&name, PASSWORD)).await;
    assert_eq!(
        source
            .check()
            .await
            .expect("it may connect")
            .account
            .as_deref(),
        Some(name.as_str())
    );
    for entity in source
        .entities(&Scope::default())
        .try_collect::<Vec<_>>()
        .await
        .expect("it may list")
    {
        source
            .describe(&entity.path, entity.kind)
            .await
            .expect("it may describe");
        let mut request = all("t");
        (request.path, request.kind) = (entity.path, entity.kind);
        let (plan, records) = scan(&*source, &in_splits(request, 4)).await;
        assert!(count(&records) > 0, "{:?}", plan.splits);
    }
    drop_role(&database, &name);
}

#[tokio::test]
async fn a_table_that_may_not_be_read_is_an_error_of_its_own() {
    let sql = "CREATE TABLE open AS SELECT 1 AS a; CREATE TABLE closed AS SELECT 2 AS a; CREATE SCHEMA hidden; CREATE TABLE hidden.t AS SELECT 1 AS a";
    let Some((database, _)) = seeded("denied tables", sql).await else {
        return;
    };
    let role = role(&database, "GRANT SELECT ON open TO READER");
    let source = open(&database.url_as(&role, PASSWORD)).await;
    assert_eq!(cells(&scan(&*source, &all("open")).await.1, "a"), ["1"]);
    let error = source
        .plan(&all("closed"))
        .await
        .expect_err("it may not be read");
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(error.entity_name(), Some("public.closed"));
    database.run(error.hint_text().expect("it says what helps"));
    assert_eq!(cells(&scan(&*source, &all("closed")).await.1, "a"), ["2"]);
    let mut request = all("t");
    request.path = EntityPath::new(["hidden", "t"]);
    let error = source
        .plan(&request)
        .await
        .map(|_| ())
        .expect_err("it may not be read");
    assert_eq!(error.kind(), ErrorKind::Denied);
    database.run(error.hint_text().expect("it says what helps"));
    assert_eq!(cells(&scan(&*source, &request).await.1, "a"), ["1"]);
    drop_role(&database, &role);
}

#[tokio::test]
async fn columns_that_may_not_be_read_are_left_out_and_said_so() {
    let Some((database, _)) =
        seeded("denied columns", "CREATE TABLE t AS SELECT 1 AS a, 2 AS b").await
    else {
        return;
    };
    let role = role(&database, "GRANT SELECT (a) ON t TO READER");
    let source = open(&database.url_as(&role, PASSWORD)).await;
    let plan = source
        .plan(&all("t"))
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
    // Nobody may read the places of rows who may not read the whole table.
    let mut request = all("t");
    request.with_keys = true;
    assert_eq!(cells(&scan(&*source, &request).await.1, "a"), ["1"]);
    let mut request = all("t");
    request.columns = Some(vec!["b".into()]);
    assert_eq!(
        source
            .plan(&request)
            .await
            .map(|_| ())
            .expect_err("the column may not be read")
            .kind(),
        ErrorKind::Denied
    );
    drop_role(&database, &role);
}

#[tokio::test]
async fn rows_that_policies_may_hide_are_said_so() {
    let sql = "CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t ENABLE ROW LEVEL SECURITY";
    let Some((database, _)) = seeded("row-level security", sql).await else {
        return;
    };
    let role = role(&database, "GRANT SELECT ON t TO READER");
    let source = open(&database.url_as(&role, PASSWORD)).await;
    let plan = source.plan(&all("t")).await.expect("it may be read");
    let batches = read(&*source, &plan.splits[0]).await.expect("it is read");
    assert!(batches[0].faults[0].sentence.contains("row-level security"));
    drop_role(&database, &role);
}

#[tokio::test]
async fn nothing_can_be_written() {
    let sql = "CREATE TABLE t (a integer); CREATE FUNCTION leave_trace() RETURNS integer LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING a';
        CREATE VIEW v AS SELECT leave_trace() AS a";
    let Some((database, source)) = seeded("read-only", sql).await else {
        return;
    };
    let plan = source.plan(&all("v")).await.expect("views are planned");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("the view writes");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(database.value("SELECT count(*) FROM t"), "0");
}

#[tokio::test]
async fn a_split_that_somebody_changed_runs_nothing_but_a_select() {
    let Some((_database, source)) =
        seeded("changed splits", "CREATE TABLE t AS SELECT 1 AS a").await
    else {
        return;
    };
    let plan = source.plan(&all("t")).await.expect("it is planned");
    let mut split = plan.splits[0].clone();
    split.part["sql"] = "SELECT 1) TO PROGRAM 'touch /tmp/never' --".into();
    let error = read(&*source, &split).await.expect_err("it is no SELECT");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn who_cannot_connect_is_told_at_which_step() {
    let Some(database) = Database::postgres("steps of connecting") else {
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
    let (kind, text) = fails("postgres://a:hush@no-such-host.invalid/x?connect_timeout=5").await;
    assert_eq!(kind, ErrorKind::Unreachable);
    assert!(text.contains("resolving no-such-host.invalid"), "{text}");
    let (kind, text) = fails("postgres://a:hush@127.0.0.1:1/x").await;
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
}

#[tokio::test]
async fn tls_is_checked_as_far_as_was_asked() {
    let Ok(authority) = std::env::var("LOCARD_TEST_POSTGRES_CA") else {
        println!("skipped: TLS needs LOCARD_TEST_POSTGRES_CA, which `./x servers` sets");
        return;
    };
    let Some(database) = Database::postgres("TLS") else {
        return;
    };
    let plain = database.url();
    let base = plain.split('?').next().expect("a URL").to_owned();
    let by_name = base.replace("127.0.0.1", "localhost");
    let check = async |target: String| open(&target).await.check().await;
    for mode in ["disable", "prefer", "require"] {
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
async fn sessions_are_named_and_limited() {
    let sql = "CREATE VIEW v AS SELECT name, setting FROM pg_settings WHERE name IN
        ('application_name', 'default_transaction_read_only', 'transaction_read_only', 'statement_timeout', 'lock_timeout', 'transaction_isolation') ORDER BY name";
    let Some((_database, source)) = seeded("session settings", sql).await else {
        return;
    };
    let mut request = all("v");
    request.kind = EntityKind::View;
    let (_, records) = scan(&*source, &request).await;
    let settings: Vec<_> = cells(&records, "name")
        .into_iter()
        .zip(cells(&records, "setting"))
        .collect();
    let expected = [
        ("application_name", "locard"),
        ("default_transaction_read_only", "on"),
        ("lock_timeout", "5000"),
        // It is read as a view is.
        ("statement_timeout", "300000"),
        ("transaction_isolation", "repeatable read"),
        ("transaction_read_only", "on"),
    ];
    assert_eq!(
        settings,
        expected.map(|(name, setting)| (name.to_owned(), setting.to_owned()))
    );
}
