//! Listing and describing by HANA's own catalog.

use std::time::Instant;

use futures::TryStreamExt as _;
use locard_connector::{Entity, Exactness, Sample, Scope, Source};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::reads::{cells, count, scan};
use locard_testkit::servers::{
    Hana as Database, Mysql, RoundTrips, list_and_describe, odbc, tables_of_fifty,
};

use crate::{all, in_splits, open, seeded};

const SHOP: &str = r#"
CREATE TABLE "SALES"."CUSTOMERS" ("ID" int PRIMARY KEY, "NAME" varchar(60) NOT NULL, "EMAIL" varchar(80) UNIQUE, "SALARY" numeric(10,2));
COMMENT ON TABLE "SALES"."CUSTOMERS" IS 'who buys';
COMMENT ON COLUMN "SALES"."CUSTOMERS"."NAME" IS 'as on the card';
CREATE TABLE "SALES"."ORDERS" ("REGION" int, "NUMBER" int, "CUSTOMER" int REFERENCES "SALES"."CUSTOMERS", PRIMARY KEY ("REGION", "NUMBER"));
CREATE TABLE "SALES"."LINES" ("REGION" int, "NUMBER" int, "TEXT" varchar(9), FOREIGN KEY ("REGION", "NUMBER") REFERENCES "SALES"."ORDERS");
CREATE VIEW "SALES"."NAMES" AS SELECT "NAME" FROM "SALES"."CUSTOMERS";
CREATE SCHEMA "_SYS_BIC"; CREATE TABLE "_SYS_BIC"."OWN" (id int);
INSERT INTO "SALES"."CUSTOMERS" SELECT i, 'n' || i, 'e' || i, i FROM generate_series(1, 300) i;
"#;

async fn listed(source: &dyn Source, scope: &Scope) -> Vec<Entity> {
    source
        .entities(scope)
        .try_collect()
        .await
        .expect("it is listed")
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_views_are_listed_with_what_the_catalog_knows() {
    let Some((_database, source)) = seeded("listing HANA", SHOP).await else {
        return;
    };
    let entities = listed(&*source, &Scope::default()).await;
    let told: Vec<_> = entities
        .iter()
        .map(|entity| (entity.path.resource(entity.kind), entity.kind, entity.rows))
        .collect();
    assert_eq!(
        told,
        [
            ("SALES.CUSTOMERS".to_owned(), EntityKind::Table, Some(300)),
            ("SALES.LINES".to_owned(), EntityKind::Table, Some(0)),
            ("SALES.NAMES".to_owned(), EntityKind::View, None),
            ("SALES.ORDERS".to_owned(), EntityKind::Table, Some(0)),
        ]
    );
    assert_eq!(entities[0].comment.as_deref(), Some("who buys"));
    assert!(entities[0].bytes.is_some_and(|bytes| bytes > 0));
    let scope = Scope {
        include: vec!["SALES.O*".into()],
        exclude: Vec::new(),
    };
    assert_eq!(listed(&*source, &scope).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_references_comments_and_definitions_are_described() {
    let Some((_database, source)) = seeded("describing HANA", SHOP).await else {
        return;
    };
    listed(&*source, &Scope::default()).await;
    // Once from the listing, once by itself.
    for _ in 0..2 {
        let described = async |table, kind| {
            let path = EntityPath::new(["SALES", table]);
            source.describe(&path, kind).await.expect("it is described")
        };
        let customers = described("CUSTOMERS", EntityKind::Table).await;
        assert_eq!(customers.primary_key, ["ID"]);
        assert_eq!(customers.unique, [["EMAIL"]]);
        assert_eq!(customers.comment.as_deref(), Some("who buys"));
        let name = customers.schema.field_with_name("NAME").expect("a column");
        assert_eq!(name.metadata()["comment"], "as on the card");
        assert_eq!(name.metadata()["native_type"], "NVARCHAR(60)");
        assert!(!name.is_nullable());
        let salary = customers
            .schema
            .field_with_name("SALARY")
            .expect("a column");
        assert_eq!(salary.metadata()["native_type"], "DECIMAL(10,2)");
        let lines = described("LINES", EntityKind::Table).await;
        assert_eq!(lines.foreign_keys.len(), 1);
        let reference = &lines.foreign_keys[0];
        assert_eq!(reference.columns, ["REGION", "NUMBER"]);
        assert_eq!(reference.references, EntityPath::new(["SALES", "ORDERS"]));
        assert_eq!(reference.referenced, ["REGION", "NUMBER"]);
        let view = described("NAMES", EntityKind::View).await;
        assert!(
            view.definition
                .is_some_and(|text| text.contains("CUSTOMERS"))
        );
    }
    let usage = source.usage().expect("HANA counts");
    let record = usage
        .of(&EntityPath::new(["SALES", "CUSTOMERS"]), EntityKind::Table)
        .await;
    assert!(record.expect("it is told").last_write.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_of_a_key_are_read_once_whatever_the_key() {
    let sql = "CREATE TABLE \"SALES\".\"WIDE\" (id bigint PRIMARY KEY, text varchar(40)); \
               INSERT INTO \"SALES\".\"WIDE\" SELECT i * 3 - 60000, 't' || i FROM generate_series(1, 40000) i";
    let Some((_database, source)) = seeded("ranges of keys", sql).await else {
        return;
    };
    let (plan, batches) = scan(&*source, &in_splits(all("WIDE"), 4)).await;
    assert_eq!(plan.splits.len(), 4);
    assert_eq!(count(&batches), 40_000);
    let mut ids = cells(&batches, "id");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 40_000);

    let mut request = all("WIDE");
    request.sample = Sample::Percent(5.0, 7);
    let (plan, first) = scan(&*source, &request).await;
    assert_eq!(plan.honoured.sample, Exactness::Exact);
    assert!((1_500..2_500).contains(&count(&first)), "{}", count(&first));
    let (_, again) = scan(&*source, &request).await;
    assert_eq!(
        cells(&first, "id"),
        cells(&again, "id"),
        "the same seed, the same rows"
    );
    request.sample = Sample::First(10);
    assert_eq!(count(&scan(&*source, &request).await.1), 10);
    request.with_keys = true;
    request.columns = Some(vec!["text".into()]);
    let (plan, _) = scan(&*source, &request).await;
    let schema = plan.schema.expect("it is known");
    assert_eq!(schema.field(0).name(), "id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_tables_are_listed_in_a_few_questions() {
    let columns: Vec<String> = (0..50).map(|at| format!("c{at} varchar(20)")).collect();
    let sql = format!(
        "DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format('CREATE TABLE \"SALES\".\"T%s\" ({})', i); END LOOP; END $$",
        columns.join(", ")
    );
    let Some((database, source)) = seeded("a thousand tables", &sql).await else {
        return;
    };
    let before = Instant::now();
    let entities = listed(&*source, &Scope::default()).await;
    assert_eq!(entities.len(), 1_000);
    for entity in &entities {
        let described = source.describe(&entity.path, entity.kind).await;
        assert_eq!(
            described.expect("it is described").schema.fields().len(),
            50
        );
    }
    // One question per view of the catalog; the rest is memory.
    assert!(before.elapsed().as_secs() < 120, "{:?}", before.elapsed());
    drop(database);
}

/// Round trips of signing in, listing so many tables of fifty columns and describing them, by the statements of a product.
async fn round_trips(product: &str, tables: usize) -> Option<usize> {
    let database = Database::new("listing a thousand tables by ODBC")?;
    let owner = database.database();
    owner.run(&tables_of_fifty(tables, "\"SALES\".", ";\n"));
    let trips = RoundTrips::to(&owner.url());
    let (name, password, port) = (owner.name(), database.password(), trips.port());
    // An answer is fetched at once, so that its length costs no round trips.
    let source = open(&format!(
        "odbc:driver=PostgreSQL Unicode;Server=127.0.0.1;Port={port};Database={name};uid={name};pwd={password};\
         UseDeclareFetch=0;product={product};connect_timeout=60"
    ))
    .await;
    let columns = list_and_describe(&*source, "SALES.t*").await;
    assert_eq!(columns, 50 * tables);
    Some(trips.count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_tables_take_as_many_round_trips_as_three() {
    for product in ["hana", "postgres"] {
        let (Some(few), Some(many)) = (
            round_trips(product, 3).await,
            round_trips(product, 1_000).await,
        ) else {
            return;
        };
        assert_eq!(few, many, "{product}");
        assert!(few > 1, "{few} round trips");
    }
}

/// The same of MariaDB.
async fn round_trips_of_mariadb(tables: usize) -> Option<usize> {
    let database = Mysql::new("listing a thousand tables of MariaDB by ODBC")?;
    database.run(&tables_of_fifty(tables, "", ";\n"));
    let trips = RoundTrips::to(&database.url());
    let attributes = database.odbc();
    let (before, after) = attributes.split_once("Port=").expect("it names a port");
    let (_, after) = after.split_once(';').expect("more follows");
    let source = open(&format!(
        "odbc:driver=MariaDB Unicode;{before}Port={};{after}",
        trips.port()
    ))
    .await;
    let columns = list_and_describe(&*source, &format!("{}.t*", database.name())).await;
    assert_eq!(columns, 50 * tables);
    Some(trips.count())
}

#[tokio::test(flavor = "multi_thread")]
async fn so_do_those_of_mariadb() {
    if !odbc("listing a thousand tables of MariaDB by ODBC") {
        return;
    }
    let (few, many) = (
        round_trips_of_mariadb(3).await,
        round_trips_of_mariadb(1_000).await,
    );
    assert_eq!(few, many);
    assert!(few.is_none_or(|few| few > 1), "{few:?} round trips");
}
