//! Connecting, encryption, and what a login may do.

use std::sync::Arc;

use futures::TryStreamExt as _;
use locard_connector::{ErrorKind, Scope};
use locard_tdskit::{Encryption, Mssql as Database, Server};

use crate::{all, cells, open, scan, seeded};

/// The target of a server, with these options.
fn target(server: &Server, host: &str, options: &str) -> String {
    format!("mssql://sa:test-Only-1@{host}:{}/?{options}", server.port())
}

/// Connects; the error's sentence and hint where that fails.
async fn connect(server: &Server, host: &str, options: &str) -> Result<(), String> {
    let source = open(&target(server, host, options)).await;
    match source.check().await {
        Ok(found) => {
            assert!(found.product.starts_with("SQL Server"), "{found:?}");
            Ok(())
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
            Err(format!(
                "{error}; {}",
                error.hint_text().unwrap_or_default()
            ))
        }
    }
}

#[tokio::test]
async fn a_certificate_is_good_when_its_authority_is_named_or_it_is_named_itself() {
    let server = Server::start(Encryption::AsWanted);
    let [authority, own] = [server.authority(), server.certificate()];
    let named = format!("serverCertificate={authority}");
    assert_eq!(connect(&server, "localhost", &named).await, Ok(()));
    let own = format!("serverCertificate={own}");
    assert_eq!(connect(&server, "127.0.0.1", &own).await, Ok(()));
    let other = connect(&server, "127.0.0.1", &named)
        .await
        .expect_err("for another name");
    assert!(other.contains("negotiating TLS failed"), "{other}");
    let host = format!("{named}&hostNameInCertificate=localhost");
    assert_eq!(connect(&server, "127.0.0.1", &host).await, Ok(()));
    let unknown = connect(&server, "localhost", "")
        .await
        .expect_err("nobody vouches for it");
    assert!(unknown.contains("trustServerCertificate"), "{unknown}");
    let trusted = "trustServerCertificate=true";
    assert_eq!(connect(&server, "localhost", trusted).await, Ok(()));
}

#[tokio::test]
async fn what_is_encrypted_is_what_both_sides_want() {
    let trusted = |word: &str| format!("encrypt={word}&trustServerCertificate=true");
    let server = Server::start(Encryption::AsWanted);
    for word in ["none", "off", "on", "required"] {
        assert_eq!(
            connect(&server, "localhost", &trusted(word)).await,
            Ok(()),
            "{word}"
        );
    }
    let always = Server::start(Encryption::Always);
    for word in ["off", "on", "required"] {
        assert_eq!(
            connect(&always, "localhost", &trusted(word)).await,
            Ok(()),
            "{word}"
        );
    }
    let refused = connect(&always, "localhost", &trusted("none")).await;
    assert!(
        refused
            .expect_err("it wants it")
            .contains("encrypt=required")
    );
    let none = Server::start(Encryption::None);
    for word in ["none", "off", "on"] {
        assert_eq!(
            connect(&none, "localhost", &trusted(word)).await,
            Ok(()),
            "{word}"
        );
    }
    let refused = connect(&none, "localhost", &trusted("required")).await;
    assert!(refused.expect_err("it cannot").contains("encrypts nothing"));
}

#[tokio::test]
async fn strict_encryption_comes_before_everything_and_trusts_nobody_blindly() {
    let server = Server::start(Encryption::Strict);
    let named = format!("encrypt=strict&serverCertificate={}", server.authority());
    assert_eq!(connect(&server, "localhost", &named).await, Ok(()));
    let blind = "encrypt=strict&trustServerCertificate=true";
    assert!(connect(&server, "localhost", blind).await.is_err());
    let plain = Server::start(Encryption::None);
    assert!(connect(&plain, "localhost", &named).await.is_err());
}

#[tokio::test]
async fn rows_come_through_encryption_whole() {
    let server = Arc::new(Server::start(Encryption::AsWanted));
    let database = Database::on(server.clone());
    let rows: Vec<String> = (1..=1_000).map(|n| format!("({n}, 'row {n}')")).collect();
    let rows = rows.join(", ");
    database.run(&format!(
        "CREATE TABLE dbo.t (n int, text varchar(40))\nGO\nINSERT INTO dbo.t VALUES {rows}"
    ));
    for word in ["off", "required"] {
        let url = format!(
            "mssql://sa:test-Only-1@localhost:{}/{}?encrypt={word}&serverCertificate={}",
            server.port(),
            database.name(),
            server.authority()
        );
        let (_, records) = scan(&*open(&url).await, &all("t")).await;
        assert_eq!(cells(&records, "text").len(), 1_000, "{word}");
    }
    assert!(server.readers() > 0, "it says that it only reads");
}

#[tokio::test]
async fn a_server_that_leads_to_another_is_followed() {
    let server = Arc::new(Server::start(Encryption::None));
    let database = Database::on(server.clone());
    database.run("CREATE TABLE dbo.t (n int)\nGO\nINSERT INTO dbo.t VALUES (7)");
    let leading = Server::leading_to(server.port());
    let source = open(&target(&leading, "127.0.0.1", "encrypt=none")).await;
    let listed = source.entities(&Scope::default());
    let listed: Vec<_> = listed.try_collect().await.expect("it lists");
    assert!(
        listed
            .iter()
            .any(|entity| entity.path.segments()[0] == database.name())
    );
}

#[tokio::test]
async fn whoever_cannot_come_in_is_told_why() {
    let database = Database::new();
    let wrong = open(&database.url_as("sa", "wrong-password")).await;
    let error = wrong.check().await.expect_err("the password is wrong");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{error:?}").contains("wrong-password"));
    let elsewhere = database.url().replace(database.name(), "no_such_database");
    let error = open(&elsewhere)
        .await
        .check()
        .await
        .expect_err("there is none");
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    let nobody = "mssql://sa:x@127.0.0.1:1/x?connect_timeout=2";
    let error = open(nobody)
        .await
        .check()
        .await
        .expect_err("nobody listens");
    assert!(error.to_string().contains("connecting to"), "{error}");
    let nowhere = "mssql://sa:x@no-such-host.invalid/x?connect_timeout=5";
    let error = open(nowhere)
        .await
        .check()
        .await
        .expect_err("there is no such host");
    assert!(error.to_string().contains("resolving"), "{error}");
}

#[tokio::test]
async fn the_least_privileges_of_the_readme_suffice_and_no_more_is_read() {
    let sql = "CREATE TABLE dbo.t (n int)\nGO\nINSERT INTO dbo.t VALUES (1)\nGO\nCREATE TABLE dbo.closed (n int)";
    let (database, _) = seeded(sql).await;
    let login = format!("{}_r", database.name());
    let readme = include_str!("../../README.md");
    let grants = readme
        .lines()
        .skip_while(|line| *line != "```sql")
        .skip(1)
        .take_while(|line| *line != "```")
        .filter(|line| !line.starts_with("USE "));
    let grants: Vec<String> = grants
        .map(|line| {
            line.replace("locard_reader", &login)
                .replace('…', "Reader-41c-pass")
        })
        .collect();
    database.run(&grants.join("\nGO\n"));
    let source = open(&database.url_as(&login, "Reader-41c-pass")).await;
    let server = source.check().await.expect("it may connect");
    assert_eq!(server.account.as_deref(), Some(login.as_str()));
    assert_eq!(cells(&scan(&*source, &all("t")).await.1, "n"), ["1"]);
    let usage = source.usage().expect("it keeps count");
    let record = usage
        .of(&all("t").path, locard_model::EntityKind::Table)
        .await;
    assert!(
        record.is_ok(),
        "without the right it tells nothing: {record:?}"
    );
}

#[tokio::test]
async fn a_table_that_may_not_be_read_is_an_error_of_its_own_with_the_grant() {
    let sql = "CREATE TABLE dbo.t (n int)\nGO\nINSERT INTO dbo.t VALUES (1)\nGO\nCREATE TABLE dbo.closed (n int)";
    let (database, _) = seeded(sql).await;
    let login = format!("{}_n", database.name());
    database.run(&format!(
        "CREATE LOGIN {login} WITH PASSWORD = 'Reader-41c-pass'\nGO\nCREATE USER {login} FOR LOGIN {login}\nGO\n\
         GRANT VIEW DEFINITION TO {login}\nGO\nDENY SELECT TO {login}\nGO\nGRANT SELECT ON dbo.t TO {login}"
    ));
    if database.own().is_none() {
        // There, DENY is more than the taking back of a grant.
        return;
    }
    let source = open(&database.url_as(&login, "Reader-41c-pass")).await;
    assert_eq!(cells(&scan(&*source, &all("t")).await.1, "n"), ["1"]);
    let error = source
        .plan(&all("closed"))
        .await
        .expect_err("it may not be read");
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(error.entity_name(), Some("dbo.closed"));
    let hint = error.hint_text().unwrap_or_default();
    assert_eq!(hint, format!("GRANT SELECT ON [dbo].[closed] TO [{login}]"));
}
