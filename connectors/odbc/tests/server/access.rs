//! Who gets in, who does not, and what nobody may do.

use locard_connector::ErrorKind;
use locard_testkit::reads::read;
use locard_testkit::servers::odbc;

use crate::{all, by_its_driver, open, seeded, target};

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_connect_is_told_at_which_step() {
    let Some((database, source)) = seeded("the steps of connecting", "").await else {
        return;
    };
    let server = source.check().await.expect("it connects");
    assert!(
        server.product.starts_with("SAP HANA 2.00"),
        "{}",
        server.product
    );
    assert_eq!(server.account.as_deref(), Some(database.database().name()));

    let refused =
        |text: String| async move { open(&text).await.check().await.expect_err("refused") };
    let wrong = refused(database.url_with("wrong-hush")).await;
    assert_eq!(wrong.kind(), ErrorKind::Unauthenticated, "{wrong}");
    assert!(!format!("{wrong:?}").contains("hush"), "{wrong:?}");

    let driver = refused(format!("{}&driver=No+such+driver", database.url())).await;
    assert_eq!(driver.kind(), ErrorKind::Settings, "{driver}");
    let hint = driver.hint_text().unwrap_or_default();
    assert!(
        hint.contains("PostgreSQL Unicode"),
        "it names those there are: {hint}"
    );

    let nobody = "odbc:driver=PostgreSQL Unicode;Server=127.0.0.1;Port=1;Database=x;uid=x;pwd=hush";
    let closed = refused(nobody.to_owned()).await;
    assert_eq!(closed.kind(), ErrorKind::Unreachable, "{closed}");
    assert!(!format!("{closed:?}").contains("hush"), "{closed:?}");

    let nowhere =
        "odbc:driver=PostgreSQL Unicode;Server=no-such-host.invalid;Database=x;uid=x;pwd=hush";
    let unknown = refused(nowhere.to_owned()).await;
    assert_eq!(
        unknown.sentence(),
        "resolving no-such-host.invalid failed: no such host"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_least_privileges_of_the_readme_suffice_and_nothing_can_be_written() {
    let sql =
        "CREATE TABLE \"SALES\".\"T\" (id int PRIMARY KEY); INSERT INTO \"SALES\".\"T\" VALUES (1)";
    let Some((database, source)) = seeded("least privilege", sql).await else {
        return;
    };
    let plan = source.plan(&all("T")).await.expect("it is planned");
    let mut split = plan.splits[0].clone();
    for statement in [
        "DELETE FROM \"SALES\".\"T\"",
        "SELECT 1; DELETE FROM \"SALES\".\"T\"",
        "SELECT * INTO \"SALES\".\"U\" FROM \"SALES\".\"T\"",
        "SELECT (SELECT 1) -- ",
    ] {
        split.part["sql"] = statement.into();
        let refused = source.read(&split).await.map(drop).expect_err(statement);
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
    }
    // Even what passes for a SELECT cannot write: the transaction only reads.
    database.database().run(
        "CREATE FUNCTION \"SALES\".wipe() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM \"SALES\".\"T\"; RETURN 1; END $$; \
         GRANT USAGE ON SCHEMA \"SALES\" TO PUBLIC",
    );
    split.part["sql"] = "SELECT \"SALES\".wipe()".into();
    assert!(read(&*source, &split).await.is_err());
    assert_eq!(
        database
            .database()
            .value("SELECT count(*) FROM \"SALES\".\"T\""),
        "1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_may_not_be_read_is_an_error_of_its_own_with_the_grant() {
    let sql = "CREATE TABLE \"SALES\".\"OPEN\" (id int); CREATE TABLE \"SALES\".\"SHUT\" (id int)";
    let Some((database, source)) = seeded("denied", sql).await else {
        return;
    };
    let plan = source.plan(&all("SHUT")).await.expect("it is planned");
    let name = database.database().name();
    database.database().run(&format!(
        "REVOKE pg_read_all_data FROM {name}; GRANT USAGE ON SCHEMA \"SALES\" TO {name}; GRANT SELECT ON \"SALES\".\"OPEN\" TO {name}"
    ));
    let denied = read(&*source, &plan.splits[0]).await.expect_err("denied");
    assert_eq!(denied.kind(), ErrorKind::Denied, "{denied}");
    let grant = format!("GRANT SELECT ON \"SALES\".\"SHUT\" TO \"{name}\"");
    assert_eq!(denied.hint_text(), Some(grant.as_str()));
    let plan = source.plan(&all("OPEN")).await.expect("it is planned");
    read(&*source, &plan.splits[0])
        .await
        .expect("it may be read");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_with_the_marks_of_connection_strings_get_in_and_out_of_nothing() {
    let Some((database, _)) = seeded("attacks on connection strings", "").await else {
        return;
    };
    let name = database.database().name();
    let base = by_its_driver(&database);
    let (base, _) = base.split_once(";pwd=").expect("it has a password");
    for password in ["a;b", "a}b", "{ab", "a=b", " a ", "a@b!c(d)", "Köln"] {
        database
            .database()
            .run(&format!("ALTER ROLE {name} PASSWORD '{password}'"));
        let text = format!(
            "{base};connect_timeout=60;pwd={{{}}}",
            password.replace('}', "}}")
        );
        let server = open(&text).await.check().await;
        server.unwrap_or_else(|error| panic!("{password}: {error}"));
    }
    // A second set of keywords in a password reaches neither the driver manager nor the driver.
    for attack in [
        "x;DRIVER={SQLite3};Database=/tmp/x",
        "x;Server=no-such-host.invalid",
        "x;uid=locard",
    ] {
        let text = format!(
            "{base};connect_timeout=60;pwd={{{}}}",
            attack.replace('}', "}}")
        );
        if let Err(refused) = target(&text) {
            assert_eq!(refused.kind(), ErrorKind::Settings);
            continue;
        }
        let refused = open(&text).await.check().await.expect_err(attack);
        let kind = refused.kind();
        assert_eq!(kind, ErrorKind::Unauthenticated, "{attack}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_of_processes_shows_a_password() {
    let sql = "CREATE VIEW \"SALES\".\"SLOW\" AS SELECT pg_sleep(600)::text AS a";
    let Some((database, source)) = seeded("a list of processes", sql).await else {
        return;
    };
    let mut request = all("SLOW");
    request.kind = locard_model::EntityKind::View;
    let plan = source.plan(&request).await.expect("it is planned");
    let reading = source.read(&plan.splits[0]).await.expect("it begins");
    let mut seen = 0;
    for entry in std::fs::read_dir("/proc").expect("a Linux").flatten() {
        let shown = ["cmdline", "environ"]
            .map(|file| std::fs::read(entry.path().join(file)).unwrap_or_default());
        seen += usize::from(!shown[0].is_empty());
        for text in shown {
            let text = String::from_utf8_lossy(&text).into_owned();
            let is_helper = text.contains("locard-odbc");
            assert!(!is_helper || !text.contains(database.password()), "{text}");
        }
    }
    assert!(seen > 1);
    drop(reading);
}

#[tokio::test]
async fn only_registered_drivers_and_sources_are_used() {
    if !odbc("registered drivers") {
        return;
    }
    for text in [
        "odbc:driver=/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so;Server=127.0.0.1",
        "odbc:driver=SQLite3;FILEDSN=/tmp/evil.dsn",
        "odbc:dsn=../x",
    ] {
        assert!(target(text).is_err(), "{text}");
    }
    let unknown = open("odbc:driver=psqlodbcw.so;Server=127.0.0.1").await;
    let refused = unknown.check().await.expect_err("not a registered name");
    assert_eq!(
        refused.sentence(),
        "no ODBC driver is registered as psqlodbcw.so"
    );
    let unknown = open("odbc:dsn=nowhere;pwd=hush").await;
    let refused = unknown.check().await.expect_err("not a registered name");
    assert_eq!(
        refused.sentence(),
        "no ODBC data source is registered as nowhere"
    );
}
