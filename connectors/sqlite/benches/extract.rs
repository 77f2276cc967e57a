//! A full read into Arrow beside SQLite's own steps over all cells: `./x bench`.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

use locard_connector::{Connector as _, ScanRequest};
use locard_connector_sqlite::Sqlite;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::speed::{extract, race};
use rusqlite::Connection;

const ROWS: u64 = 1_000_000;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("speed.db");
    let connection = Connection::open(&file).expect("a file");
    let sql = format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, first TEXT, last TEXT, mail TEXT, street TEXT, city TEXT, born TEXT, \
         amount REAL, visits INTEGER, note TEXT); \
         WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {ROWS}) \
         INSERT INTO t SELECT n, 'Anna' || n % 977, 'Example' || n % 7919, 'p' || n || '@example.org', \
         n % 300 || ' Long Street of the Town', 'City ' || n % 512, '1987-06-05', n * 0.37, n % 100, \
         'customer number ' || n || ' wrote to us some time ago' FROM n"
    );
    connection.execute_batch(&sql).expect("a table");
    let target = Sqlite.target(&format!("sqlite:{}", file.display()));
    let settings = target.expect("ours").expect("it makes sense").settings;
    let source = Sqlite.open(settings).await.expect("nothing opens yet");
    let request = ScanRequest::all(EntityPath::new(["t"]), EntityKind::Table);
    let ours = async || extract(&*source, &request).await;
    let steps = async || {
        let statement = connection.prepare("SELECT * FROM t");
        let mut statement = statement.expect("a statement");
        let columns = statement.column_count();
        let (mut rows, mut count) = (statement.query([]).expect("rows"), 0);
        while let Some(row) = rows.next().expect("a row") {
            for column in 0..columns {
                std::hint::black_box(row.get_ref(column).expect("a cell"));
            }
            count += 1;
        }
        count
    };
    race(
        ROWS,
        ("SQLite's own steps, all cells", steps),
        ("sqlite", ours),
    )
    .await;
}
