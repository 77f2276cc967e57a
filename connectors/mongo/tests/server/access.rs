//! Connecting, and what an account may do.

use futures::TryStreamExt as _;
use locard_connector::{ErrorKind, Scope, Source};
use locard_model::EntityKind;
use locard_testkit::servers::{Mongo as Database, address};
use serde_json::{Value, json};

use crate::{all, cells, count, open, path, scan, seeded};

const PASSWORD: &str = "reader-password-41c";

fn documents(count: i32) -> Vec<Value> {
    (0..count)
        .map(|n| json!({ "_id": n, "mail": format!("p{n}@example.org") }))
        .collect()
}

/// An account of the database with these roles.
fn account(database: &Database, roles: &Value) -> String {
    database.run(&json!({ "createUser": "reader", "pwd": PASSWORD, "roles": roles }));
    let url = database.url_as("reader", PASSWORD);
    url.replace(
        "authSource=admin",
        &format!("authSource={}", database.name()),
    )
}

async fn listed(source: &dyn Source) -> Vec<(String, EntityKind)> {
    let entities: Vec<_> = source
        .entities(&Scope::default())
        .try_collect()
        .await
        .expect("it may list");
    let entities = entities.into_iter();
    entities
        .map(|entity| (entity.path.name().to_owned(), entity.kind))
        .collect()
}

#[tokio::test]
async fn the_role_of_the_readme_suffices() {
    let Some((database, _)) = seeded("least privileges", &documents(50)).await else {
        return;
    };
    let pipeline = json!([{ "$match": { "_id": { "$lt": 5 } } }]);
    database.run(&json!({ "create": "v", "viewOn": "c", "pipeline": pipeline }));
    let read = json!([{ "role": "read", "db": database.name() }]);
    let source = open(&account(&database, &read)).await;
    let server = source.check().await.expect("it may connect");
    assert_eq!(server.account, Some(format!("reader@{}", database.name())));
    assert!(server.product.starts_with("MongoDB "), "{}", server.product);
    let expected = [
        ("c".to_owned(), EntityKind::Collection),
        ("v".to_owned(), EntityKind::View),
    ];
    assert_eq!(listed(&*source).await, expected);
    for (name, kind) in expected {
        let described = source.describe(&path(&database, &name), kind).await;
        let described = described.expect("it may describe");
        assert_eq!(described.definition.is_some(), kind == EntityKind::View);
        assert_eq!(described.primary_key, ["_id"]);
        let mut request = all(&database, &name);
        request.kind = kind;
        let (_, records) = scan(&*source, &request).await;
        assert_eq!(
            count(&records),
            if kind == EntityKind::View { 5 } else { 50 }
        );
    }
}

#[tokio::test]
async fn without_a_database_every_one_is_listed_but_the_servers_own() {
    let Some((database, _)) = seeded("a whole server", &documents(5)).await else {
        return;
    };
    let source = open(database.server()).await;
    let entities: Vec<_> = source
        .entities(&Scope::default())
        .try_collect()
        .await
        .expect("it may list");
    let databases: Vec<&str> = entities
        .iter()
        .filter_map(|entity| entity.path.segments().first().map(String::as_str))
        .collect();
    assert!(databases.contains(&database.name()), "{databases:?}");
    for own in ["admin", "local", "config"] {
        assert!(!databases.contains(&own), "{databases:?}");
    }
    let ours = entities
        .iter()
        .find(|entity| entity.path == path(&database, "c"));
    let ours = ours.expect("it is listed");
    assert_eq!(ours.rows, Some(5));
    assert!(ours.bytes.is_some_and(|bytes| bytes > 0));
}

#[tokio::test]
async fn who_may_not_read_is_told_what_helps() {
    let Some((database, _)) = seeded("a denied database", &documents(5)).await else {
        return;
    };
    let elsewhere = json!([{ "role": "read", "db": "elsewhere" }]);
    let source = open(&account(&database, &elsewhere)).await;
    let error = source.plan(&all(&database, "c")).await.map(drop);
    let error = error.expect_err("it may not");
    assert!(
        matches!(error.kind(), ErrorKind::Denied | ErrorKind::NotFound),
        "{error}"
    );
    let request = all(&database, "c");
    let named = request.path.resource(request.kind);
    assert_eq!(error.entity_name(), Some(named.as_str()), "{error}");
    if error.kind() == ErrorKind::Denied {
        let hint = error.hint_text().unwrap_or_default();
        assert!(hint.contains("grantRolesToUser"), "{hint}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_an_error() {
    let Some(database) = Database::new("a missing database") else {
        return;
    };
    let source = open(&database.url()).await;
    let listed: Result<Vec<_>, _> = source.entities(&Scope::default()).try_collect().await;
    let error = listed.expect_err("there is none");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn each_step_of_connecting_says_what_failed() {
    let Some(database) = Database::new("connecting") else {
        return;
    };
    let tls = format!("{}&tls=true&connect_timeout=3", database.url());
    for (target, kind, words) in [
        (
            database.url_as("locard", "hush"),
            ErrorKind::Unauthenticated,
            "refused the account",
        ),
        (
            "mongodb://a:hush@127.0.0.1:1/x?connect_timeout=1".to_owned(),
            ErrorKind::Unreachable,
            "connecting to 127.0.0.1:1 failed",
        ),
        (
            "mongodb://a:hush@nowhere.invalid/x?connect_timeout=1".to_owned(),
            ErrorKind::Unreachable,
            "resolving nowhere.invalid failed",
        ),
        (tls, ErrorKind::Unreachable, "TLS"),
    ] {
        let source = open(&target).await;
        let error = source.check().await.expect_err("it cannot connect");
        let told = format!("{error} {error:?} {:?}", error.hint_text());
        assert_eq!(error.kind(), kind, "{told}");
        assert!(error.to_string().contains(words), "{told}");
        assert!(
            error.hint_text().is_some() && !told.contains("hush"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn unique_indexes_are_keys_and_others_are_none() {
    let Some((database, source)) = seeded("indexes", &documents(20)).await else {
        return;
    };
    let indexes = json!([
        { "key": { "mail": 1 }, "name": "one", "unique": true },
        { "key": { "other": 1 }, "name": "two", "unique": true, "sparse": true },
        { "key": { "mail": -1, "_id": 1 }, "name": "three" },
    ]);
    database.run(&json!({ "createIndexes": "c", "indexes": indexes }));
    let described = source
        .describe(&path(&database, "c"), EntityKind::Collection)
        .await;
    let described = described.expect("it may describe");
    assert_eq!(described.primary_key, ["_id"]);
    assert_eq!(described.unique, [["mail"]]);
}

#[tokio::test]
async fn usage_is_told_to_who_may_watch_the_server() {
    let Some((database, source)) = seeded("usage", &documents(5)).await else {
        return;
    };
    assert_eq!(
        cells(&scan(&*source, &all(&database, "c")).await.1, "_id").len(),
        5
    );
    let usage = source.usage().expect("there are figures");
    let record = usage
        .of(&path(&database, "c"), EntityKind::Collection)
        .await;
    let record = record.expect("it may ask");
    assert!(record.writes.is_some_and(|writes| writes > 0), "{record:?}");
}

#[tokio::test]
async fn tls_is_checked_as_far_as_was_asked() {
    let Some(address) = address(
        "TLS",
        "a MongoDB server that encrypts",
        "LOCARD_TEST_MONGO_TLS",
    ) else {
        return;
    };
    let authority = std::env::var("LOCARD_TEST_MONGO_CA").expect("it is set with the server");
    let by_address = address.replace("localhost", "127.0.0.1");
    let check = async |target: String| open(&target).await.check().await;
    for options in [
        "tls=true&tlsInsecure=true",
        &format!("tls=true&tlsCAFile={authority}"),
    ] {
        let target = format!("mongodb://{address}/?connect_timeout=5&{options}");
        check(target).await.expect("it may connect");
    }
    let insecure = format!("mongodb://{by_address}/?tlsInsecure=true");
    check(insecure).await.expect("the name is not checked");
    for target in [
        format!("mongodb://{address}/?connect_timeout=3&tls=true"),
        format!("mongodb://{by_address}/?connect_timeout=3&tls=true&tlsCAFile={authority}"),
        format!("mongodb://{address}/?connect_timeout=3"),
    ] {
        let error = check(target).await.expect_err("it is not to be trusted");
        assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
        let told = format!("{error} {:?}", error.hint_text());
        assert!(told.contains("TLS") || told.contains("tls"), "{told}");
    }
    let none = format!("mongodb://{address}/?tls=true&tlsCAFile=/nowhere/ca.pem");
    let error = check(none).await.expect_err("there is no such file");
    assert_eq!(error.kind(), ErrorKind::Settings, "{error}");
}
