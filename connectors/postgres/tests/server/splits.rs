//! Tables that are not cut by pages.

use crate::{all, cells, count, in_splits, scan, seeded};

/// An access method of another name, whose pages nobody may take for those of `heap`.
const OTHER: &str = "CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler";

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_another_access_method_is_cut_by_its_whole_number_key() {
    let sql = format!(
        "{OTHER}; CREATE TABLE t (id smallint PRIMARY KEY, text text) USING other;
         INSERT INTO t SELECT n * 3 - 9000, 't' || n FROM generate_series(1, 6000) n; ANALYZE t"
    );
    let Some((_database, source)) = seeded("another access method", &sql).await else {
        return;
    };
    let (plan, records) = scan(&*source, &in_splits(all("t"), 4)).await;
    assert_eq!(plan.splits.len(), 4);
    assert!(plan.splits.iter().all(|split| split.rows == Some(1_500)));
    let mut ids: Vec<i32> = cells(&records, "id")
        .iter()
        .map(|id| id.parse().expect("a number"))
        .collect();
    ids.sort_unstable();
    let wanted: Vec<i32> = (1..=6_000).map(|n| n * 3 - 9_000).collect();
    assert_eq!(ids, wanted, "each row once");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_without_such_a_key_or_without_rows_is_read_in_one_piece() {
    let sql = format!(
        "{OTHER}; CREATE TABLE by_name (name text PRIMARY KEY) USING other; INSERT INTO by_name VALUES ('a'), ('b');
         CREATE TABLE by_two (a int, b int, PRIMARY KEY (a, b)) USING other; INSERT INTO by_two VALUES (1, 1), (1, 2);
         CREATE TABLE empty (id bigint PRIMARY KEY) USING other"
    );
    let Some((_database, source)) = seeded("no whole-number key", &sql).await else {
        return;
    };
    for (table, rows) in [("by_name", 2), ("by_two", 2), ("empty", 0)] {
        let (plan, records) = scan(&*source, &in_splits(all(table), 4)).await;
        assert_eq!(plan.splits.len(), 1, "{table}");
        assert_eq!(count(&records), rows, "{table}");
    }
}
