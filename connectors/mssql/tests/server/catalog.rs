//! What listings and descriptions tell.

use futures::{StreamExt as _, TryStreamExt as _};
use locard_connector::{Entity, Scope, Source};
use locard_model::{EntityKind, EntityPath};
use locard_tdskit::Mssql as Database;
use locard_testkit::servers::{RoundTrips, list_and_describe, tables_of_fifty};

use crate::{all, cells, count, in_splits, open, scan, seeded};

const SHOP: &str = "CREATE SCHEMA crm
GO
CREATE TABLE crm.people (id int NOT NULL PRIMARY KEY, mail nvarchar(80) NOT NULL, code char(2), born date, UNIQUE (mail, code))
GO
CREATE TABLE dbo.\"odd ] name\" (id int NOT NULL, person int, FOREIGN KEY (person) REFERENCES crm.people (id))
GO
INSERT INTO crm.people VALUES (1, N'a@example.org', 'de', '2000-01-01'), (2, N'b@example.org', NULL, NULL)
GO
EXEC sp_addextendedproperty N'MS_Description', N'who we know', 'SCHEMA', N'crm', 'TABLE', N'people'
GO
EXEC sp_addextendedproperty N'MS_Description', N'where to write', 'SCHEMA', N'crm', 'TABLE', N'people', 'COLUMN', N'mail'
GO
CREATE VIEW dbo.mails AS SELECT mail FROM crm.people";

async fn listed(source: &dyn Source, scope: &Scope) -> Vec<Entity> {
    let entities: Vec<Entity> = source
        .entities(scope)
        .try_collect()
        .await
        .expect("it lists");
    entities
}

#[tokio::test]
async fn a_listing_names_tables_and_views_with_what_the_server_knows_of_them() {
    let (_database, source) = seeded(SHOP).await;
    let entities = listed(&*source, &Scope::default()).await;
    let names: Vec<String> = entities
        .iter()
        .map(|entity| entity.path.resource(entity.kind))
        .collect();
    assert_eq!(names, ["crm.people", "dbo.mails", "dbo.odd ] name"]);
    assert_eq!(entities[0].rows, Some(2));
    assert!(entities[0].bytes.is_some_and(|bytes| bytes >= 8_192));
    assert_eq!(entities[0].comment.as_deref(), Some("who we know"));
    assert_eq!(entities[1].kind, EntityKind::View);
    let scope = Scope {
        include: vec!["crm.*".to_owned()],
        exclude: Vec::new(),
    };
    assert_eq!(listed(&*source, &scope).await.len(), 1);
}

#[tokio::test]
async fn a_description_tells_types_keys_references_and_comments() {
    let (_database, source) = seeded(SHOP).await;
    let people = EntityPath::new(["crm", "people"]);
    let described = source
        .describe(&people, EntityKind::Table)
        .await
        .expect("it is there");
    assert_eq!(described.primary_key, ["id"]);
    assert_eq!(described.unique, [["mail", "code"]]);
    let mail = described.schema.field_with_name("mail").expect("a column");
    assert_eq!(mail.metadata()["native_type"], "nvarchar(80)");
    assert_eq!(mail.metadata()["comment"], "where to write");
    assert!(!mail.is_nullable());
    let odd = EntityPath::new(["dbo", "odd ] name"]);
    let described = source
        .describe(&odd, EntityKind::Table)
        .await
        .expect("it is there");
    assert_eq!(described.foreign_keys[0].references, people);
    assert_eq!(described.foreign_keys[0].columns, ["person"]);
    assert_eq!(described.foreign_keys[0].referenced, ["id"]);
    let view = EntityPath::new(["dbo", "mails"]);
    let described = source
        .describe(&view, EntityKind::View)
        .await
        .expect("it is there");
    assert!(
        described
            .definition
            .is_some_and(|text| text.contains("SELECT"))
    );
}

#[tokio::test]
async fn without_a_database_every_one_is_listed_and_read() {
    let (first, _) = seeded(SHOP).await;
    let second = Database::new();
    second.run("CREATE TABLE dbo.t (n int)\nGO\nINSERT INTO dbo.t VALUES (7)");
    let source = open(&first.server()).await;
    // Databases of other tests come and go meanwhile, which each is told of by itself.
    let entities = source.entities(&Scope::default());
    let entities = entities.filter_map(async |entity| match entity {
        Ok(entity) => Some(entity),
        Err(error) => {
            let name = error.entity_name().unwrap_or_default();
            assert!(name != first.name() && name != second.name(), "{error}");
            None
        }
    });
    let entities: Vec<Entity> = entities.collect().await;
    let ours = |entity: &&Entity| {
        let database = &entity.path.segments()[0];
        database == first.name() || database == second.name()
    };
    assert_eq!(entities.iter().filter(ours).count(), 4);
    let mut request = all("t");
    request.path = EntityPath::new([second.name(), "dbo", "t"]);
    assert_eq!(cells(&scan(&*source, &request).await.1, "n"), ["7"]);
    let path = EntityPath::new([first.name(), "dbo", "odd ] name"]);
    let described = source
        .describe(&path, EntityKind::Table)
        .await
        .expect("it is there");
    assert_eq!(
        described.foreign_keys[0].references,
        EntityPath::new([first.name(), "crm", "people"])
    );
}

/// Numbers up to so many, in statements of a thousand rows.
fn numbers(table: &str, most: u32) -> String {
    let all: Vec<String> = (1..=most).map(|n| format!("({n})")).collect();
    let statements = all.chunks(1_000);
    let statements =
        statements.map(|rows| format!("\nGO\nINSERT INTO dbo.{table} VALUES {}", rows.join(", ")));
    statements.collect()
}

#[tokio::test]
async fn a_whole_number_key_and_partitions_divide_a_table() {
    let sql = format!(
        "CREATE TABLE dbo.keyed (n int NOT NULL PRIMARY KEY){}",
        numbers("keyed", 40_000)
    );
    let (database, source) = seeded(&sql).await;
    let (plan, records) = scan(&*source, &in_splits(all("keyed"), 4)).await;
    assert_eq!(plan.splits.len(), 4);
    assert_eq!(count(&records), 40_000);
    if database.own().is_none() {
        // How partitions are made is told in this server's own words.
        return;
    }
    let sql = format!(
        "CREATE TABLE dbo.parts (n int) ON scheme (n){}",
        numbers("parts", 300)
    );
    database.run(&sql);
    let (plan, records) = scan(&*source, &in_splits(all("parts"), 2)).await;
    assert_eq!(plan.splits.len(), 2, "{:?}", plan.splits);
    assert_eq!(count(&records), 300);
}

#[tokio::test]
async fn the_server_tells_what_was_read_and_written_of_a_table() {
    let (database, source) = seeded("CREATE TABLE dbo.t (n int)").await;
    if database.own().is_some() {
        database.run(
            "INSERT INTO sys.dm_db_index_usage_stats VALUES (101, 5, 3, 4, 0, 2, '2024-02-01 00:00:00', NULL, '2024-02-02 00:00:00')",
        );
    }
    let usage = source.usage().expect("it keeps count");
    let record = usage
        .of(&all("t").path, EntityKind::Table)
        .await
        .expect("it tells");
    assert!(record.since.is_some());
    if database.own().is_some() {
        assert_eq!((record.reads, record.writes), (Some(7), Some(2)));
        let last = record.last_write.expect("it was written");
        assert_eq!(last.to_string(), "2024-02-02T00:00:00Z");
    }
}

/// Round trips of signing in, listing so many tables of fifty columns and describing them.
async fn round_trips(tables: usize) -> usize {
    let database = Database::new();
    // A server takes its time for so many at once, and a statement has to end in time.
    let all = tables_of_fifty(tables, "dbo.", ";\n");
    let each: Vec<&str> = all.split(";\n").collect();
    for some in each.chunks(50) {
        database.run(&some.join(";\n"));
    }
    let trips = RoundTrips::to(&database.url());
    let source = open(&trips.url(&database.url())).await;
    assert_eq!(list_and_describe(&*source, "dbo.t*").await, 50 * tables);
    trips.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_tables_take_as_many_round_trips_as_three() {
    let (few, many) = (round_trips(3).await, round_trips(1_000).await);
    assert_eq!(few, many);
    assert!(few > 1 && few < 20, "{few} round trips");
}
