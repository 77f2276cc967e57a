//! Whether changes that were committed before are counted. Each test has a database of its own, since whoever is at work in
//! one is waited for.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use locard_connector::{Settled, Source};
use locard_testkit::servers::Database;

use crate::{all, open, seeded};

/// A session of somebody else that stays.
struct Other(Child);

impl Other {
    fn new(database: &Database) -> Self {
        let session = Command::new("psql")
            .args([database.url().as_str(), "-X", "-q"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        Self(session.expect("psql starts"))
    }

    fn says(&mut self, sql: &str) {
        let input = self.0.stdin.as_mut().expect("it is piped");
        writeln!(input, "{sql};").expect("it listens");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

async fn wait_for(database: &Database, sql: &str, wanted: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while database.value(sql) != wanted {
        assert!(Instant::now() < deadline, "{sql} never gave {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn version(source: &dyn Source) -> Option<String> {
    let plan = source.plan(&all("t")).await.expect("it is planned");
    plan.splits[0].version.clone()
}

fn is_old(database: &Database) -> bool {
    let version: u32 = database
        .value("SHOW server_version_num")
        .parse()
        .expect("a number");
    version < 150_000
}

const TABLES: &str =
    "CREATE TABLE t (n integer); INSERT INTO t VALUES (1); CREATE TABLE other (n integer)";

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_an_idle_session_is_counted_when_the_source_has_settled() {
    let Some((database, source)) = seeded("settling", TABLES).await else {
        return;
    };
    if is_old(&database) {
        assert_eq!(source.settle().await, Settled::Always);
        return;
    }
    wait_for(
        &database,
        "SELECT pg_stat_get_tuples_inserted('t'::regclass)",
        "1",
    )
    .await;
    // Nobody else is there.
    let begun = Instant::now();
    assert_eq!(source.settle().await, Settled::Now);
    assert!(begun.elapsed() < Duration::from_secs(2));
    let before = version(&*source).await;
    let mut other = Other::new(&database);
    // With the first change the session has just sent its counts, so that it keeps those of the second to itself.
    other.says("INSERT INTO other VALUES (1)");
    other.says("INSERT INTO t VALUES (2)");
    wait_for(&database, "SELECT count(*) FROM t", "2").await;
    assert_eq!(
        version(&*source).await,
        before,
        "the change is not counted yet"
    );
    let begun = Instant::now();
    assert_eq!(source.settle().await, Settled::Now);
    assert!(
        begun.elapsed() < Duration::from_secs(14),
        "{:?}",
        begun.elapsed()
    );
    assert_ne!(version(&*source).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_stays_in_its_transaction_leaves_it_unsure() {
    let Some((database, source)) = seeded("unsettled", TABLES).await else {
        return;
    };
    if is_old(&database) {
        return;
    }
    let mut other = Other::new(&database);
    other.says("BEGIN; SELECT 1");
    let open_ones = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'";
    wait_for(&database, open_ones, "1").await;
    // The account may see what others do, and then it may not.
    let role = format!("settling_{}", database.name());
    database.run(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'test-only-5d1'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    ));
    let plain = open(&database.url_as(&role, "test-only-5d1")).await;
    let begun = Instant::now();
    let (seen, unseen) = tokio::join!(source.settle(), plain.settle());
    assert_eq!((seen, unseen), (Settled::Unsure, Settled::Unsure));
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    other.says("COMMIT");
    wait_for(&database, open_ones, "0").await;
    let (seen, unseen) = tokio::join!(source.settle(), plain.settle());
    assert_eq!((seen, unseen), (Settled::Now, Settled::Now));
    drop(plain);
    database.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}
