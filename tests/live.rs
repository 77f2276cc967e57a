//! A database that others write to, or change, is read whole.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use locard_testkit::servers::Database;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::support::{Bench, Run};

const ROWS: u64 = 100_000;

/// Runs statements on a connection of their own, and answers whether they could be.
pub(crate) fn run(file: &Path, sql: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .busy_timeout(Duration::from_mins(1))
            .create_if_missing(true);
        let mut connection = options.connect().await.expect("the file opens");
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await;
        connection.close().await.expect("the file closes");
        done.is_ok()
    })
}

#[test]
fn a_table_of_several_pieces_is_read_whole_while_somebody_commits() {
    for journal in ["wal", "delete"] {
        let bench = Bench::new();
        let file = bench.write("live.db", "");
        assert!(run(
            &file,
            &format!(
                "PRAGMA journal_mode = {journal};
                 CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT); CREATE TABLE other (n);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
                 INSERT INTO people SELECT i, 'person' || i || '@example.org' FROM n"
            ),
        ));
        let stop = AtomicBool::new(false);
        let (scan, commits) = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut commits = 0;
                while !stop.load(Ordering::Relaxed) {
                    // A row that comes and goes would be missing or double where states are mixed.
                    let id = ROWS + 1 + commits % 2;
                    let sql = format!(
                        "BEGIN IMMEDIATE; INSERT INTO other VALUES ({commits});
                         DELETE FROM people WHERE id > {ROWS};
                         INSERT INTO people VALUES ({id}, 'last@example.org'); COMMIT"
                    );
                    commits += u64::from(run(&file, &sql));
                    std::thread::sleep(Duration::from_millis(5));
                }
                commits
            });
            let target = format!("sqlite:{}", file.display());
            let args = ["scan", &target, "--format", "json", "--include", "people"];
            let mut command = bench.command(args);
            command.env("LOCARD_TEST_PIECE_BYTES", "65536");
            let scan = Run::of(&command.output().expect("locard starts"));
            stop.store(true, Ordering::Relaxed);
            (scan, writer.join().expect("the writer ends"))
        });
        assert!(commits > 3, "{journal}: hardly anything was committed");
        assert_eq!(scan.status, 0, "{journal}: {}", scan.stderr);
        let document: serde_json::Value =
            serde_json::from_str(&scan.stdout).expect("a scan prints JSON");
        let rows = document["totals"]["rows"].as_u64().expect("rows are told");
        assert!((ROWS..=ROWS + 1).contains(&rows), "{journal}: {rows}");
    }
}

/// A session that has locked the table lets a scan describe it, and plan it only when it has changed it.
#[test]
fn a_table_whose_columns_change_while_it_is_planned_is_read_as_it_is_then() {
    let Some(database) = Database::postgres("changed while planned") else {
        return;
    };
    let changes = [
        "ALTER TABLE people ALTER n TYPE text USING 'p' || n || '@example.org'",
        "ALTER TABLE people DROP n; ALTER TABLE people ADD n text DEFAULT 'p7@example.org'",
        "DROP TABLE people; CREATE TABLE people AS SELECT 'p' || n || '@example.org' AS n FROM generate_series(1, 50) n",
    ];
    for change in changes {
        database.run(
            "DROP TABLE IF EXISTS people, others; CREATE TABLE people AS SELECT n FROM generate_series(1, 50) n; \
             CREATE TABLE others AS SELECT 'o' || n || '@example.org' AS mail FROM generate_series(1, 50) n",
        );
        let lock = "LOCK TABLE people IN ACCESS EXCLUSIVE MODE";
        let sql = format!("BEGIN; {lock}; SELECT pg_sleep(3); {change}; COMMIT");
        let mut session = Command::new("psql")
            .args([database.url().as_str(), "-X", "-q", "-c", &sql])
            .stdout(Stdio::null())
            .spawn()
            .expect("psql starts");
        let held = "SELECT count(*) FROM pg_locks WHERE relation = 'people'::regclass AND mode = 'AccessExclusiveLock'";
        let deadline = Instant::now() + Duration::from_secs(30);
        while database.value(held) != "1" {
            assert!(Instant::now() < deadline, "the table was never locked");
        }
        let bench = Bench::new();
        let scan = bench.run(["scan", &database.url(), "--fresh", "--format", "ndjson"]);
        assert!(session.wait().expect("it ends").success());
        assert_eq!(scan.status, 0, "{change}: {}", scan.stderr);
        let mut found: Vec<String> = scan
            .ndjson()
            .iter()
            .filter(|finding| finding["identifier"] == "EMAIL_ADDRESS")
            .map(|finding| {
                format!("{} {}", finding["resource"], finding["column"]).replace('"', "")
            })
            .collect();
        found.sort_unstable();
        assert_eq!(found, ["public.others mail", "public.people n"], "{change}");
    }
}
