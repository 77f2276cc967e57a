//! A full read into Arrow beside the same COPY thrown away, by the driver and by psql: `./x bench`.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

use std::process::{Command, Stdio};

use futures::StreamExt as _;
use locard_connector::{Connector as _, ScanRequest};
use locard_connector_postgres::Postgres;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::Database;
use locard_testkit::speed::{extract, race};
use sqlx::Connection as _;

const ROWS: u64 = 1_000_000;

const TABLE: &str = "CREATE TABLE person AS SELECT n::bigint AS id, 'person' || n || '@example.org' AS email, 'First' || n % 500 AS first_name,
    'Last' || n % 2000 AS last_name, '+49 30 ' || n AS phone, date '1950-01-01' + n % 20000 AS dob,
    timestamp '2020-01-01' + n * interval '1 second' AS created_at, n * 0.37::float8 AS amount, (n * 1.01)::numeric(12,2) AS balance,
    'City' || n % 300 AS city, n % 2 = 0 AS active, CASE WHEN n % 5 = 0 THEN 'a note of some length about case ' || n END AS notes
    FROM generate_series(1, ";

const COPY: &str = "COPY (SELECT * FROM person) TO STDOUT (FORMAT binary)";

#[tokio::main]
async fn main() {
    let Some(database) = Database::postgres("the measurement") else {
        return;
    };
    database.run(&format!("{TABLE}{ROWS}) AS n; VACUUM ANALYZE person"));
    let url = database.url();
    let mut connection = sqlx::PgConnection::connect(&url)
        .await
        .expect("the driver connects");
    let driver = async || {
        let stream = connection.copy_out_raw(COPY).await;
        let mut stream = stream.expect("COPY begins");
        while let Some(bytes) = stream.next().await {
            bytes.expect("COPY goes on");
        }
        ROWS
    };
    let psql = async || {
        let status = Command::new("psql")
            .args(["--no-psqlrc", "--dbname", &url, "--command", COPY])
            .stdout(Stdio::null())
            .status();
        assert!(status.expect("psql runs").success());
        ROWS
    };
    let target = Postgres.target(&url).expect("the target is PostgreSQL's");
    let settings = target.expect("it makes sense").settings;
    let source = Postgres.open(settings).await.expect("nothing connects yet");
    let request = ScanRequest::all(EntityPath::new(["public", "person"]), EntityKind::Table);
    let ours = async || extract(&*source, &request).await;
    race(
        ROWS,
        ("the driver, COPY thrown away", driver),
        ("postgres", ours),
    )
    .await;
    race(ROWS, ("psql, COPY thrown away", psql), ("postgres", ours)).await;
}
