//! Listing and describing.

use futures::TryStreamExt as _;
use locard_connector::{Entity, ErrorKind, ForeignKey, ScanRequest, Scope, Source};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::{Database, RoundTrips, list_and_describe, tables_of_fifty};

use crate::{all, cells, count, in_splits, open, scan, seeded};

const SCHEMA: &str = "
    CREATE SCHEMA crm;
    CREATE TABLE crm.country (code char(2) PRIMARY KEY, name text UNIQUE);
    CREATE TABLE crm.customer (
        branch integer, number integer, email text, country char(2) REFERENCES crm.country, UNIQUE (email, country),
        PRIMARY KEY (branch, number)
    );
    COMMENT ON TABLE crm.customer IS 'who buys';
    COMMENT ON COLUMN crm.customer.email IS 'where to write';
    CREATE TABLE crm.contact (id bigint PRIMARY KEY, b integer, n integer, FOREIGN KEY (b, n) REFERENCES crm.customer);
    CREATE VIEW crm.mail AS SELECT email FROM crm.customer;
    CREATE MATERIALIZED VIEW crm.mail_kept AS SELECT email FROM crm.customer;
    CREATE TABLE event (at date NOT NULL, what text) PARTITION BY RANGE (at);
    CREATE TABLE event_2023 PARTITION OF event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
    CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (what);
    CREATE TABLE event_2024_a PARTITION OF event_2024 FOR VALUES IN ('a');
    CREATE TABLE event_2024_rest PARTITION OF event_2024 DEFAULT;
    INSERT INTO event SELECT date '2023-06-01' + n % 365, CASE WHEN n % 2 = 0 THEN 'a' ELSE 'b' END FROM generate_series(1, 20000) AS n;
    CREATE TABLE parent (id integer); CREATE TABLE child (more text) INHERITS (parent);
    INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 'x');
    CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
    CREATE FOREIGN TABLE far (id integer) SERVER elsewhere;
    CREATE TEMPORARY TABLE mine (id integer);
    ANALYZE;";

async fn list(source: &dyn Source, scope: &Scope) -> Vec<Entity> {
    source
        .entities(scope)
        .try_collect()
        .await
        .expect("the listing succeeds")
}

#[tokio::test]
async fn every_kind_is_listed_once_and_partitions_count_as_one() {
    let Some((_database, source)) = seeded("listing", SCHEMA).await else {
        return;
    };
    let entities = list(&*source, &Scope::default()).await;
    let listed: Vec<_> = entities
        .iter()
        .map(|entity| (entity.path.resource(entity.kind), entity.kind))
        .collect();
    let expected = [
        ("crm.contact", EntityKind::Table),
        ("crm.country", EntityKind::Table),
        ("crm.customer", EntityKind::Table),
        ("crm.mail", EntityKind::View),
        ("crm.mail_kept", EntityKind::MaterializedView),
        ("public.child", EntityKind::Table),
        ("public.event", EntityKind::Table),
        ("public.far", EntityKind::ForeignTable),
        ("public.parent", EntityKind::Table),
    ];
    assert_eq!(listed, expected.map(|(name, kind)| (name.to_owned(), kind)));
    let event = entities
        .iter()
        .find(|entity| entity.path.name() == "event")
        .expect("it is listed");
    assert_eq!(event.rows, Some(20_000));
    assert!(event.bytes.is_some_and(|bytes| bytes > 100_000));
    let customer = entities
        .iter()
        .find(|entity| entity.path.name() == "customer")
        .expect("it is listed");
    assert_eq!(customer.comment.as_deref(), Some("who buys"));
    let scope = Scope {
        include: vec!["crm.*".into()],
        exclude: vec!["*.mail*".into()],
    };
    assert_eq!(list(&*source, &scope).await.len(), 3);
}

#[tokio::test]
async fn keys_comments_and_definitions_are_described() {
    let Some((_database, source)) = seeded("describing", SCHEMA).await else {
        return;
    };
    let describe = async |name: &str, kind| {
        source
            .describe(&EntityPath::new(["crm", name]), kind)
            .await
            .expect("it is described")
    };
    let customer = describe("customer", EntityKind::Table).await;
    assert_eq!(customer.primary_key, ["branch", "number"]);
    assert_eq!(customer.unique, [["email", "country"]]);
    assert_eq!(customer.comment.as_deref(), Some("who buys"));
    let email = customer
        .schema
        .field_with_name("email")
        .expect("the column is there");
    assert_eq!(email.metadata()["comment"], "where to write");
    assert_eq!(email.metadata()["native_type"], "text");
    let request = ScanRequest::all(EntityPath::new(["crm", "customer"]), EntityKind::Table);
    let plan = source.plan(&request).await.expect("it is planned");
    let planned = plan.schema.expect("tables have a schema");
    let email = planned
        .field_with_name("email")
        .expect("the column is planned");
    assert_eq!(email.metadata()["comment"], "where to write");
    let key = |columns: &[&str], target: &str, referenced: &[&str]| ForeignKey {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        references: EntityPath::new(["crm", target]),
        referenced: referenced.iter().map(|name| (*name).to_owned()).collect(),
    };
    assert_eq!(
        customer.foreign_keys,
        [key(&["country"], "country", &["code"])]
    );
    let contact = describe("contact", EntityKind::Table).await;
    assert_eq!(
        contact.foreign_keys,
        [key(&["b", "n"], "customer", &["branch", "number"])]
    );
    assert!(
        describe("mail", EntityKind::View)
            .await
            .definition
            .is_some_and(|text| text.contains("customer"))
    );
    assert_eq!(customer.definition, None);
}

#[tokio::test]
async fn what_is_described_after_a_listing_and_again_is_of_now() {
    let Some((database, source)) = seeded("fresh descriptions", "CREATE TABLE t (a integer)").await
    else {
        return;
    };
    list(&*source, &Scope::default()).await;
    let path = EntityPath::new(["public", "t"]);
    let columns = async || {
        source
            .describe(&path, EntityKind::Table)
            .await
            .map(|found| found.schema.fields().len())
    };
    assert_eq!(columns().await.expect("it is there"), 1);
    database.run("ALTER TABLE t ADD COLUMN b integer");
    assert_eq!(columns().await.expect("it is there"), 2);
    database.run("DROP TABLE t");
    assert_eq!(
        columns().await.expect_err("it is gone").kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn what_is_planned_after_a_listing_is_read_together_and_again_is_of_now() {
    let tables = "CREATE TABLE a (x integer); CREATE TABLE b (x integer); CREATE TABLE c (x integer); CREATE TABLE gone (x integer); \
         INSERT INTO a VALUES (1); INSERT INTO b VALUES (2); INSERT INTO c VALUES (3)";
    let Some((database, source)) = seeded("planned together", tables).await else {
        return;
    };
    list(&*source, &Scope::default()).await;
    database.run("DROP TABLE gone");
    for (name, value) in [("a", "1"), ("b", "2"), ("c", "3")] {
        let (_, records) = scan(&*source, &all(name)).await;
        assert_eq!(cells(&records, "x"), [value], "{name}");
    }
    let error = source.plan(&all("gone")).await;
    assert_eq!(error.expect_err("it is gone").kind(), ErrorKind::NotFound);
    database.run("ALTER TABLE a ADD COLUMN y integer");
    let again = source.plan(&all("a")).await;
    let schema = again.expect("it is there").schema.expect("it is known");
    assert_eq!(schema.fields().len(), 2);
}

#[tokio::test]
async fn partitions_are_read_once_whatever_the_number_of_splits() {
    let Some((_database, source)) = seeded("partitions", SCHEMA).await else {
        return;
    };
    for splits in [1, 2, 3, 16] {
        let (plan, records) = scan(&*source, &in_splits(all("event"), splits)).await;
        assert!(plan.splits.len() <= splits);
        assert_eq!(count(&records), 20_000, "{splits} splits");
        assert!(plan.splits.iter().all(|split| split.version.is_some()));
    }
}

#[tokio::test]
async fn rows_of_inheriting_tables_are_read_with_their_own_table() {
    let Some((_database, source)) = seeded("inheritance", SCHEMA).await else {
        return;
    };
    assert_eq!(cells(&scan(&*source, &all("parent")).await.1, "id"), ["1"]);
    assert_eq!(cells(&scan(&*source, &all("child")).await.1, "id"), ["2"]);
}

#[tokio::test]
async fn usage_is_what_the_server_counted() {
    let Some((_database, source)) = seeded("usage", "CREATE TABLE t AS SELECT 1 AS a").await else {
        return;
    };
    let usage = source.usage().expect("PostgreSQL counts");
    let path = EntityPath::new(["public", "t"]);
    let record = usage
        .of(&path, EntityKind::Table)
        .await
        .expect("it answers");
    assert!(
        record.reads.is_some() && record.writes.is_some(),
        "{record:?}"
    );
}

#[tokio::test]
async fn keys_come_first_and_are_marked() {
    let sql = "CREATE TABLE keyed (a text, k2 integer, k1 integer, PRIMARY KEY (k1, k2)); INSERT INTO keyed VALUES ('x', 2, 1);
        CREATE TABLE plain (a text); INSERT INTO plain VALUES ('x'); CREATE VIEW seen AS SELECT a FROM plain";
    let Some((_database, source)) = seeded("keys", sql).await else {
        return;
    };
    let keys = async |table: &str| {
        let mut request = all(table);
        request.with_keys = true;
        request.columns = Some(vec!["a".into()]);
        let (plan, records) = scan(&*source, &request).await;
        let schema = plan.schema.expect("tables have a schema");
        assert_eq!(schema, records[0].records.schema());
        let name = |field: &arrow_schema::FieldRef| {
            (
                field.name().clone(),
                field.metadata().contains_key("locard.key"),
            )
        };
        schema.fields().iter().map(name).collect::<Vec<_>>()
    };
    let expected = |names: &[(&str, bool)]| {
        names
            .iter()
            .map(|(name, key)| ((*name).to_owned(), *key))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        keys("keyed").await,
        expected(&[("k1", true), ("k2", true), ("a", false)])
    );
    assert_eq!(
        keys("plain").await,
        expected(&[("ctid", true), ("a", false)])
    );
    assert_eq!(keys("seen").await, expected(&[("a", false)]));
}

#[tokio::test]
async fn a_locked_table_does_not_stop_the_listing() {
    let sql = "CREATE TABLE locked AS SELECT 1 AS a; CREATE TABLE free AS SELECT 1 AS a; CREATE VIEW v AS SELECT a FROM locked";
    let Some((database, source)) = seeded("listing beside a lock", sql).await else {
        return;
    };
    let holder = database.hold("BEGIN; LOCK TABLE locked; SELECT pg_sleep(60)", "locked");
    let entities = list(&*source, &Scope::default()).await;
    drop(holder);
    let bytes: Vec<_> = entities
        .iter()
        .map(|entity| (entity.path.name(), entity.bytes.is_some()))
        .collect();
    assert_eq!(bytes, [("free", true), ("locked", false), ("v", false)]);
}

/// A table, what was made of it, and the same table as it is seen from elsewhere.
const COPIES: &str = "
    CREATE TABLE person AS SELECT n AS id, 'p' || n || '@example.org' AS mail FROM generate_series(1, 5000) AS n;
    CREATE MATERIALIZED VIEW kept AS SELECT * FROM person;
    CREATE EXTENSION postgres_fdw";

#[tokio::test]
async fn materialised_views_and_foreign_tables_give_the_rows_behind_them() {
    let Some((database, source)) = seeded("reading copies", COPIES).await else {
        return;
    };
    let url = database.url();
    let account = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'));
    let (user, password) = account
        .and_then(|(account, _)| account.split_once(':'))
        .expect("the address names an account and its password");
    let host = database.value("SELECT host(inet_server_addr())");
    let port = database.value("SELECT inet_server_port()");
    let name = database.name();
    database.run(&format!(
        "CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{host}', port '{port}', dbname '{name}');
         CREATE USER MAPPING FOR CURRENT_USER SERVER here OPTIONS (user '{user}', password '{password}');
         CREATE FOREIGN TABLE far (id integer, mail text) SERVER here OPTIONS (table_name 'person'); ANALYZE"
    ));
    let mut seen = Vec::new();
    for entity in list(&*source, &Scope::default()).await {
        let mut request = all(entity.path.name());
        request.kind = entity.kind;
        let (_, records) = scan(&*source, &in_splits(request, 4)).await;
        let mails = cells(&records, "mail");
        let mut rows: Vec<_> = cells(&records, "id").into_iter().zip(mails).collect();
        rows.sort();
        seen.push((entity.kind, rows));
    }
    let kinds: Vec<_> = seen.iter().map(|(kind, _)| *kind).collect();
    let expected = [
        EntityKind::ForeignTable,
        EntityKind::MaterializedView,
        EntityKind::Table,
    ];
    assert_eq!(kinds, expected);
    let people = &seen[2].1;
    assert_eq!(people.len(), 5_000);
    assert!(people.contains(&("77".to_owned(), "p77@example.org".to_owned())));
    assert!(seen.iter().all(|(_, rows)| rows == people));
    // A materialised view is a copy, a foreign table none.
    database.run("DELETE FROM person WHERE id > 4000");
    for (name, kind, left) in [
        ("kept", EntityKind::MaterializedView, 5_000),
        ("far", EntityKind::ForeignTable, 4_000),
    ] {
        let mut request = all(name);
        request.kind = kind;
        assert_eq!(count(&scan(&*source, &request).await.1), left, "{name}");
    }
}

/// Round trips of signing in, listing so many tables of fifty columns and describing them.
async fn round_trips(tables: usize) -> Option<usize> {
    let database = Database::postgres("listing a thousand tables")?;
    database.run(&tables_of_fifty(tables, "", ";\n"));
    let trips = RoundTrips::to(&database.url());
    let source = open(&trips.url(&database.url())).await;
    assert_eq!(list_and_describe(&*source, "*.t*").await, 50 * tables);
    Some(trips.count())
}

#[tokio::test]
async fn a_thousand_tables_take_as_many_round_trips_as_three() {
    let (Some(few), Some(many)) = (round_trips(3).await, round_trips(1_000).await) else {
        return;
    };
    assert_eq!(few, many);
    assert!(few > 1 && few < 20, "{few} round trips");
}
