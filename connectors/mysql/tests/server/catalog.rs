//! Listing and describing.

use std::time::Duration;

use futures::TryStreamExt as _;
use locard_connector::{Entity, ErrorKind, ForeignKey, Scope, Snapshot, Source};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::{Mysql as Database, RoundTrips, list_and_describe, tables_of_fifty};

use crate::{all, cells, count, in_splits, open, read, scan, seeded};

const SCHEMA: &str = "
    CREATE TABLE country (code char(2) PRIMARY KEY, name varchar(50) UNIQUE);
    CREATE TABLE customer (
        branch int, number int, email varchar(80) COMMENT 'where to write', country char(2), UNIQUE both_of (email, country),
        PRIMARY KEY (branch, number), KEY (country), FOREIGN KEY (country) REFERENCES country (code)
    ) COMMENT 'who buys';
    CREATE TABLE contact (id bigint PRIMARY KEY, b int, n int, FOREIGN KEY (b, n) REFERENCES customer (branch, number));
    CREATE VIEW mail AS SELECT email FROM customer;
    CREATE TABLE event (at date NOT NULL, what text) PARTITION BY RANGE (YEAR(at)) SUBPARTITION BY HASH (MONTH(at)) SUBPARTITIONS 2 (
        PARTITION old VALUES LESS THAN (2023), PARTITION \"of 2023\" VALUES LESS THAN (2024), PARTITION rest VALUES LESS THAN MAXVALUE);
    INSERT INTO event SELECT '2022-06-01' + INTERVAL seq % 1000 DAY, 'x' FROM seq_1_to_20000;
    CREATE TABLE kept (a int) WITH SYSTEM VERSIONING;
    CREATE SEQUENCE counter;
    ANALYZE TABLE event;";

async fn list(source: &dyn Source, scope: &Scope) -> Vec<Entity> {
    source
        .entities(scope)
        .try_collect()
        .await
        .expect("the listing succeeds")
}

#[tokio::test]
async fn every_kind_is_listed_once_and_partitions_count_as_one() {
    let Some((database, source)) = seeded("listing", SCHEMA).await else {
        return;
    };
    let entities = list(&*source, &Scope::default()).await;
    let listed: Vec<_> = entities
        .iter()
        .map(|entity| (entity.path.name(), entity.kind))
        .collect();
    let expected = [
        ("contact", EntityKind::Table),
        ("country", EntityKind::Table),
        ("customer", EntityKind::Table),
        ("event", EntityKind::Table),
        ("kept", EntityKind::Table),
        ("mail", EntityKind::View),
    ];
    assert_eq!(listed, expected);
    let find = |name: &str| {
        let found = entities.iter().find(|entity| entity.path.name() == name);
        found.expect("it is listed")
    };
    let event = find("event");
    assert!(
        event
            .rows
            .is_some_and(|rows| (15_000..25_000).contains(&rows)),
        "{event:?}"
    );
    assert!(event.bytes.is_some_and(|bytes| bytes > 100_000));
    assert_eq!(find("customer").comment.as_deref(), Some("who buys"));
    assert_eq!(find("mail").comment, None);
    let scope = Scope {
        include: vec![format!("{}.*", database.name())],
        exclude: vec!["*.mail*".into()],
    };
    assert_eq!(list(&*source, &scope).await.len(), 5);
}

#[tokio::test]
async fn keys_comments_and_definitions_are_described() {
    let Some((database, source)) = seeded("describing", SCHEMA).await else {
        return;
    };
    let path = |name: &str| EntityPath::new([database.name(), name]);
    let describe = async |name: &str, kind| {
        let described = source.describe(&path(name), kind).await;
        described.expect("it is described")
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
    assert_eq!(email.metadata()["native_type"], "varchar(80)");
    let plan = source
        .plan(&all(&database, "customer"))
        .await
        .expect("it is planned");
    let planned = plan.schema.expect("tables have a schema");
    let email = planned
        .field_with_name("email")
        .expect("the column is planned");
    assert_eq!(email.metadata()["comment"], "where to write");
    let key = |columns: &[&str], target: &str, referenced: &[&str]| ForeignKey {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        references: path(target),
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
    let mail = describe("mail", EntityKind::View).await;
    assert!(
        mail.definition
            .is_some_and(|text| text.contains("customer"))
    );
    assert_eq!(customer.definition, None);
    let country = describe("country", EntityKind::Table).await;
    assert_eq!(country.unique, [["name"]]);
}

#[tokio::test]
async fn what_is_described_after_a_listing_and_again_is_of_now() {
    let Some((database, source)) = seeded("fresh descriptions", "CREATE TABLE t (a int)").await
    else {
        return;
    };
    list(&*source, &Scope::default()).await;
    let path = EntityPath::new([database.name(), "t"]);
    let columns = async || {
        source
            .describe(&path, EntityKind::Table)
            .await
            .map(|found| found.schema.fields().len())
    };
    assert_eq!(columns().await.expect("it is there"), 1);
    database.run("ALTER TABLE t ADD COLUMN b int");
    assert_eq!(columns().await.expect("it is there"), 2);
    database.run("DROP TABLE t");
    assert_eq!(
        columns().await.expect_err("it is gone").kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn a_source_without_a_database_is_the_whole_server() {
    let Some((database, _)) = seeded("a whole server", "CREATE TABLE t AS SELECT 7 AS a").await
    else {
        return;
    };
    let other = Database::new("a second database").expect("the server is there");
    other.run("CREATE TABLE t AS SELECT 8 AS a");
    let source = open(database.server()).await;
    let scope = Scope {
        include: vec![
            format!("{}.*", database.name()),
            format!("{}.*", other.name()),
        ],
        exclude: Vec::new(),
    };
    assert_eq!(list(&*source, &scope).await.len(), 2);
    for (database, wanted) in [(&database, "7"), (&other, "8")] {
        let (_, records) = scan(&*source, &all(database, "t")).await;
        assert_eq!(cells(&records, "a"), [wanted]);
    }
    let every = list(&*source, &Scope::default()).await;
    let own = [
        "mysql.",
        "sys.",
        "information_schema.",
        "performance_schema.",
    ];
    assert!(every.iter().all(|entity| {
        let resource = entity.path.resource(entity.kind);
        own.iter().all(|schema| !resource.starts_with(schema))
    }));
}

#[tokio::test]
async fn names_that_differ_in_case_only_are_two_tables() {
    let sql = "CREATE TABLE person (a int); CREATE TABLE Person (a int, b int); INSERT INTO person VALUES (1)";
    let Some((database, source)) = seeded("names in two cases", sql).await else {
        return;
    };
    let columns = async |name: &str| {
        let path = EntityPath::new([database.name(), name]);
        let described = source.describe(&path, EntityKind::Table).await;
        described.map(|found| found.schema.fields().len())
    };
    assert_eq!(columns("person").await.expect("it is there"), 1);
    assert_eq!(columns("Person").await.expect("it is there"), 2);
    for name in ["PERSON", "emoji 🦀", "nul\0", "quote'"] {
        let error = columns(name).await.expect_err("there is none");
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name}");
    }
}

#[tokio::test]
async fn partitions_are_read_once_whatever_the_number_of_splits() {
    let Some((database, source)) = seeded("partitions", SCHEMA).await else {
        return;
    };
    for splits in [1, 2, 3, 16] {
        let (plan, records) = scan(&*source, &in_splits(all(&database, "event"), splits)).await;
        assert!(
            plan.splits.len() == splits.min(6) || splits == 16,
            "{}",
            plan.splits.len()
        );
        assert_eq!(count(&records), 20_000, "{splits} splits");
    }
}

#[tokio::test]
async fn ranges_of_a_key_are_read_once_whatever_the_key() {
    let sql = "CREATE TABLE signed (id int PRIMARY KEY, a int); INSERT INTO signed SELECT CAST(seq AS signed) * 100 - 2000000, seq FROM seq_1_to_40000;
        CREATE TABLE large (id bigint unsigned PRIMARY KEY, a int); INSERT INTO large SELECT 18446744073709551615 - seq, seq FROM seq_1_to_40000;
        CREATE TABLE both_of (branch smallint, number int, a int, PRIMARY KEY (branch, number)); INSERT INTO both_of SELECT seq % 50, seq, seq FROM seq_1_to_40000;
        CREATE TABLE maybe (k int UNIQUE, a int); INSERT INTO maybe SELECT IF(seq % 10 = 0, NULL, seq), seq FROM seq_1_to_40000;
        CREATE TABLE named (name varchar(20) PRIMARY KEY, a int); INSERT INTO named SELECT CONCAT('n', seq), seq FROM seq_1_to_40000;
        ANALYZE TABLE signed, large, both_of, maybe, named";
    let Some((database, source)) = seeded("ranges of keys", sql).await else {
        return;
    };
    for (table, divided) in [
        ("signed", true),
        ("large", false),
        ("both_of", true),
        ("maybe", true),
        ("named", false),
    ] {
        for splits in [1, 3, 8] {
            let request = in_splits(all(&database, table), splits);
            let (plan, records) = scan(&*source, &request).await;
            assert_eq!(
                plan.splits.len() > 1,
                divided && splits > 1,
                "{table} in {splits}"
            );
            assert!(plan.splits.len() <= splits);
            let mut rows: Vec<u32> = cells(&records, "a")
                .iter()
                .filter_map(|a| a.parse().ok())
                .collect();
            rows.sort_unstable();
            assert!(rows.iter().copied().eq(1..=40_000), "{table} in {splits}");
        }
    }
}

#[tokio::test]
async fn usage_is_what_the_server_counted() {
    let sql = "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); SELECT * FROM t";
    let Some((database, source)) = seeded("usage", sql).await else {
        return;
    };
    let usage = source.usage().expect("MySQL counts");
    let path = EntityPath::new([database.name(), "t"]);
    let record = usage
        .of(&path, EntityKind::Table)
        .await
        .expect("it answers");
    assert!(
        record.reads.is_some_and(|reads| reads >= 2)
            && record.writes.is_some_and(|writes| writes >= 2),
        "{record:?}"
    );
    assert!(
        record.since.is_some() && record.last_write >= record.since,
        "{record:?}"
    );
}

#[tokio::test]
async fn keys_come_first_and_are_marked() {
    let sql = "CREATE TABLE keyed (a int, k2 int, k1 int, PRIMARY KEY (k1, k2)); INSERT INTO keyed VALUES (1, 2, 1);
        CREATE TABLE uniquely (a int, k varchar(9) NOT NULL UNIQUE, o int UNIQUE); INSERT INTO uniquely VALUES (1, 'x', 1);
        CREATE TABLE plain (a int, o int UNIQUE); INSERT INTO plain VALUES (1, 1)";
    let Some((database, source)) = seeded("keys", sql).await else {
        return;
    };
    let keys = async |table: &str| {
        let mut request = all(&database, table);
        request.with_keys = true;
        request.columns = Some(vec!["a".into()]);
        let (plan, records) = scan(&*source, &request).await;
        let schema = plan.schema.expect("tables have a schema");
        assert_eq!(schema, records[0].records.schema());
        let name = |field: &arrow_schema::FieldRef| {
            let mark = if field.metadata().contains_key("locard.key") {
                "!"
            } else {
                ""
            };
            format!("{}{mark}", field.name())
        };
        schema.fields().iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(keys("keyed").await, ["k1!", "k2!", "a"]);
    assert_eq!(keys("uniquely").await, ["k!", "a"]);
    assert_eq!(keys("plain").await, ["a"]);
}

#[tokio::test]
async fn a_locked_table_does_not_stop_the_listing() {
    let sql = "CREATE TABLE locked AS SELECT 1 AS a; CREATE TABLE free AS SELECT 1 AS a; CREATE VIEW v AS SELECT a FROM locked";
    let Some((database, source)) = seeded("listing beside a lock", sql).await else {
        return;
    };
    let holder = database.beside("LOCK TABLES locked WRITE; SELECT SLEEP(60)");
    database.wait_for(&format!(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE 'SELECT SLEEP%'",
        database.name()
    ));
    let listing = tokio::time::timeout(Duration::from_secs(20), async {
        list(&*source, &Scope::default()).await
    });
    let entities = listing.await.expect("nobody waits for the lock");
    drop(holder);
    let names: Vec<_> = entities.iter().map(|entity| entity.path.name()).collect();
    assert_eq!(names, ["free", "locked", "v"]);
}

#[tokio::test]
async fn a_snapshot_of_everything_is_not_to_be_had_and_said_so() {
    let Some((database, source)) = seeded("snapshots", "CREATE TABLE t AS SELECT 1 AS a").await
    else {
        return;
    };
    let mut request = all(&database, "t");
    request.snapshot = Snapshot::Database;
    let plan = source.plan(&request).await.expect("it is planned");
    let batches = read(&*source, &plan.splits[0]).await.expect("it is read");
    assert!(batches[0].faults[0].sentence.contains("shares no snapshot"));
}

#[tokio::test]
async fn a_read_sees_the_moment_it_began() {
    let sql = "CREATE TABLE t (id int PRIMARY KEY, a varchar(500)); INSERT INTO t SELECT seq, REPEAT('x', 400) FROM seq_1_to_60000";
    let Some((database, source)) = seeded("a moment", sql).await else {
        return;
    };
    let plan = source
        .plan(&all(&database, "t"))
        .await
        .expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    let first = stream
        .try_next()
        .await
        .expect("it is read")
        .expect("there are rows");
    database.run("DELETE FROM t WHERE id > 100; INSERT INTO t VALUES (100001, 'late')");
    let mut rows = first.records.num_rows();
    while let Some(batch) = stream.try_next().await.expect("it is read") {
        rows += batch.records.num_rows();
    }
    assert_eq!(rows, 60_000);
}

#[tokio::test]
async fn a_thousand_tables_are_listed_in_a_few_questions() {
    use std::fmt::Write as _;
    let columns: Vec<String> = (0..50).map(|n| format!("c{n} int")).collect();
    let columns = columns.join(", ");
    let sql = (0..1_000).fold(String::new(), |mut sql, n| {
        _ = writeln!(sql, "CREATE TABLE t{n} ({columns}) ENGINE=MyISAM;");
        sql
    });
    let Some((database, source)) = seeded("many tables", &sql).await else {
        return;
    };
    let asked = || -> u64 {
        let sql = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'QUESTIONS'";
        database.value(sql).parse().expect("a number")
    };
    let before = asked();
    let entities = list(&*source, &Scope::default()).await;
    assert_eq!(entities.len(), 1_000);
    for entity in &entities {
        let described = source.describe(&entity.path, entity.kind).await;
        assert_eq!(
            described.expect("it is described").schema.fields().len(),
            50
        );
    }
    // Other tests run beside this one; one question per table would be a thousand.
    let questions = asked() - before;
    assert!(questions < 900, "{questions} questions");
}

/// Round trips of signing in, listing so many tables of fifty columns and describing them.
async fn round_trips(tables: usize) -> Option<usize> {
    let database = Database::new("listing a thousand tables")?;
    // Tables in memory are made the fastest.
    let tables_sql = tables_of_fifty(tables, "", ";\n");
    database.run(&format!(
        "SET default_storage_engine = MEMORY;\n{tables_sql}"
    ));
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
