//! What reading costs this side: CPU time of a full read into Arrow against the same COPY thrown away by the driver, and
//! by psql. Linux only; needs `LOCARD_TEST_POSTGRES_URL`, and says something in a release build only.
//!
//! ```sh
//! ./x servers cargo run --release --package locard-connector-postgres --example copy_cost
//! ```

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on ends and says so"
)]

use std::process::{Command, Stdio};
use std::time::Instant;

use futures::{StreamExt as _, TryStreamExt as _};
use locard_connector::{Connector as _, ScanRequest};
use locard_connector_postgres::Postgres;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::Database;
use sqlx::Connection as _;

const ROWS: u32 = 1_000_000;

const TABLE: &str = "CREATE TABLE person AS SELECT n::bigint AS id, 'person' || n || '@example.org' AS email, 'First' || n % 500 AS first_name,
    'Last' || n % 2000 AS last_name, '+49 30 ' || n AS phone, date '1950-01-01' + n % 20000 AS dob,
    timestamp '2020-01-01' + n * interval '1 second' AS created_at, n * 0.37::float8 AS amount, (n * 1.01)::numeric(12,2) AS balance,
    'City' || n % 300 AS city, n % 2 = 0 AS active, CASE WHEN n % 5 = 0 THEN 'a note of some length about case ' || n END AS notes
    FROM generate_series(1, ";

/// CPU time of this process and of the children it has waited for, in seconds.
fn cpu() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux tells");
    let (_, fields) = stat.rsplit_once(')').expect("the name ends");
    let ticks: Vec<f64> = fields
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    (
        f64::midpoint(ticks[11], ticks[12]) / 50.0,
        f64::midpoint(ticks[13], ticks[14]) / 50.0,
    )
}

/// The least of three runs.
async fn measure(name: &str, mut run: impl AsyncFnMut() -> u64) -> f64 {
    let mut best = (f64::MAX, f64::MAX, 0);
    for _ in 0..3 {
        let (start, (own, children)) = (Instant::now(), cpu());
        let rows = run().await;
        let (own_now, children_now) = cpu();
        let spent = own_now - own + children_now - children;
        if spent < best.0 {
            best = (spent, start.elapsed().as_secs_f64(), rows);
        }
    }
    println!(
        "{name:<44} client {:>5.2} s  wall {:>5.2} s  {} rows",
        best.0, best.1, best.2
    );
    best.0
}

#[tokio::main]
async fn main() {
    let Some(database) = Database::postgres("the measurement") else {
        return;
    };
    database.run(&format!(
        "{TABLE}{ROWS}) AS n; VACUUM ANALYZE person; SELECT count(*) FROM person"
    ));
    let url = database.url();
    let statement = "COPY (SELECT * FROM person) TO STDOUT (FORMAT binary)";
    let psql = measure("psql, to nowhere", async || {
        let args = ["--no-psqlrc", "--dbname", &url, "--command", statement];
        let status = Command::new("psql")
            .args(args)
            .stdout(Stdio::null())
            .status()
            .expect("psql runs");
        assert!(status.success(), "psql reads the table");
        u64::from(ROWS)
    })
    .await;
    let mut connection = sqlx::PgConnection::connect(&url)
        .await
        .expect("the driver connects");
    let driver = measure("driver, COPY discarded", async || {
        let mut stream = connection
            .copy_out_raw(statement)
            .await
            .expect("COPY begins");
        let mut messages = 0;
        while let Some(bytes) = stream.next().await {
            messages += u64::from(!bytes.expect("COPY goes on").is_empty());
        }
        messages
    })
    .await;
    let target = Postgres
        .target(&url)
        .expect("the target is PostgreSQL's")
        .expect("it makes sense");
    let source = Postgres
        .open(target.settings)
        .await
        .expect("opening connects to nothing");
    let request = ScanRequest::all(EntityPath::new(["public", "person"]), EntityKind::Table);
    let plan = source.plan(&request).await.expect("it is planned");
    let arrow = measure("this connector, into Arrow, all 12 columns", async || {
        let batches = source.read(&plan.splits[0]).await.expect("it begins");
        batches
            .try_fold(0, async |rows, batch| {
                Ok(rows + batch.records.num_rows() as u64)
            })
            .await
            .expect("it is read")
    })
    .await;
    println!(
        "into Arrow / driver discarding: {:.2}   into Arrow / psql to nowhere: {:.2}",
        arrow / driver,
        arrow / psql
    );
}
