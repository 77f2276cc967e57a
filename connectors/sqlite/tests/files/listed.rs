//! What a listing read serves the plans that follow it, for as long as the file stays as it is.

use futures::TryStreamExt as _;
use locard_connector::{Entity, Scope};
use sqlx::Connection as _;

use crate::{Place, all, cells, run, seeded};

async fn listed(place: &Place) -> Vec<Entity> {
    let entities = place.source.entities(&Scope::default());
    entities.try_collect().await.expect("it is listed")
}

async fn columns(place: &Place, table: &str) -> usize {
    let plan = place.source.plan(&all(table)).await;
    let schema = plan.expect("it is planned").schema.expect("it is known");
    schema.fields().len()
}

#[tokio::test]
async fn what_was_listed_is_planned_without_a_question() {
    let place = seeded(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x); INSERT INTO a VALUES (1, 'x'), (2, 'y'); \
         CREATE TABLE b (y); CREATE VIEW v AS SELECT x FROM a",
    )
    .await;
    let rows: Vec<_> = listed(&place)
        .await
        .iter()
        .map(|entity| entity.rows)
        .collect();
    assert_eq!(rows, [Some(2), Some(0), None]);
    // Nobody else can ask this file anything.
    let mut writer = place.writer().await;
    run(&mut writer, "BEGIN EXCLUSIVE").await;
    let begun = std::time::Instant::now();
    assert_eq!(
        (columns(&place, "a").await, columns(&place, "b").await),
        (2, 1)
    );
    assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
    run(&mut writer, "ROLLBACK").await;
    run(
        &mut writer,
        "ALTER TABLE a ADD COLUMN z; INSERT INTO a VALUES (3, 'z', 'zz')",
    )
    .await;
    writer.close().await.expect("it closes");
    assert_eq!(columns(&place, "a").await, 3, "the file changed");
    assert_eq!(cells(&place.scan(&all("a")).await, "z"), ["-", "-", "zz"]);
}

#[tokio::test]
async fn rows_are_told_of_tables_of_any_size() {
    let numbers = |from: i64, step: i64, count: i64| {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count} - 1) \
                 SELECT {from} + i * {step} FROM n"
        )
    };
    let place = seeded(&format!(
        "CREATE TABLE dense (id INTEGER PRIMARY KEY); INSERT INTO dense {}; \
         CREATE TABLE empty (id INTEGER PRIMARY KEY); \
         CREATE TABLE few (id INTEGER PRIMARY KEY); INSERT INTO few {}; \
         CREATE TABLE sparse (id INTEGER PRIMARY KEY); INSERT INTO sparse {}",
        numbers(1, 1, 5_000),
        numbers(-7, 1_000_000, 99),
        numbers(1, 1_000, 5_000)
    ))
    .await;
    let rows: Vec<_> = listed(&place)
        .await
        .iter()
        .map(|entity| entity.rows)
        .collect();
    assert_eq!(rows, [Some(5_000), Some(0), Some(99), None]);
}
