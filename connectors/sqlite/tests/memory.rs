//! What happens where memory ends. The limit is the process's, so this test is alone in it.

use futures::StreamExt as _;
use locard_connector::{Connector as _, ErrorKind, ScanRequest};
use locard_connector_sqlite::Sqlite;
use locard_model::{EntityKind, EntityPath};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

/// The driver copies each value, and its thread dies where it cannot.
#[tokio::test]
async fn a_reading_thread_that_dies_does_not_pass_for_the_end_of_the_data() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("test.db");
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true);
    let mut writer = options.connect().await.expect("the file opens");
    let sql = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x');
        CREATE VIEW v AS SELECT 'x' AS a, 1 AS b UNION ALL SELECT randomblob(40000000), 2";
    sqlx::raw_sql(sql)
        .execute(&mut writer)
        .await
        .expect("it is made");
    let target = Sqlite
        .target(&format!("sqlite:{}", file.display()))
        .expect("the target is SQLite's");
    let source = Sqlite
        .open(target.expect("the target makes sense").settings)
        .await
        .expect("opening reads nothing");
    let request = ScanRequest::all(EntityPath::new(["v"]), EntityKind::View);
    let plan = source.plan(&request).await.expect("it is planned");
    sqlx::raw_sql("PRAGMA hard_heap_limit = 60000000")
        .execute(&mut writer)
        .await
        .expect("the limit is set");
    let (mut rows, mut errors) = (0, Vec::new());
    for split in &plan.splits {
        let mut batches = source.read(split).await.expect("it begins");
        while let Some(batch) = batches.next().await {
            match batch {
                Ok(batch) => rows += batch.records.num_rows(),
                Err(error) => errors.push(error),
            }
        }
    }
    assert!(rows < 2, "there is no room for the second row");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        matches!(
            errors[0].kind(),
            ErrorKind::Interrupted | ErrorKind::Throttled
        ),
        "{errors:?}"
    );
    writer.close().await.expect("the file closes");
}
