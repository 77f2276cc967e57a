//! Folders whose names are values.

use serde_json::json;

use crate::support::{ALL, Bench, cells, listed, rows};

#[tokio::test(flavor = "multi_thread")]
async fn a_partitioned_folder_is_one_entity_of_many_small_files() {
    for store in ALL {
        let Some(bench) = Bench::new(store, "a partitioned folder") else {
            continue;
        };
        for number in 0..60 {
            let name = format!(
                "lake/sales/year={}/month={:02}/part-{number}.csv",
                2020 + number / 12,
                number % 12 + 1
            );
            bench.put(&name, format!("id,mail\n{number},{number}@example.org\n"));
        }
        bench.put("lake/sales/_SUCCESS", "");
        let source = bench.source(json!({"path": "lake"})).unwrap();
        let table = "sales/year=*/month=*/*.csv";
        let (names, errors) = listed(&source).await;
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(names, ["sales/_SUCCESS", table], "{store:?}");
        assert_eq!(rows(&source, table).await.unwrap(), 60, "{store:?}");
        let cells = cells(&source, table).await.unwrap();
        assert_eq!(cells.iter().filter(|cell| *cell == "2021").count(), 12);
        bench.delete("lake/sales/year=2020/month=01/part-0.csv");
        assert_eq!(rows(&source, table).await.unwrap(), 59, "{store:?}");
    }
}
