//! A full read into Arrow beside a columnar fetch by the same driver, which throws every row away: `./x bench`.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use locard_connector::{Connector, ScanRequest, Target};
use locard_connector_odbc::{Hana, Odbc};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::{Hana as HanaDatabase, Mysql as MysqlDatabase, address};
use locard_testkit::speed::{extract, race};

const ROWS: u64 = 300_000;

/// Names the program that fetches as fast as a driver can.
const FETCH: &str = "LOCARD_BENCH_ODBC_FETCH";

#[tokio::main]
async fn main() {
    let Some(fetch) = address("a measurement", "what fetches by ODBC", FETCH) else {
        return;
    };
    if let Some(database) = HanaDatabase::new("a measurement") {
        hana(&fetch, &database).await;
    }
    if let Some(database) = MysqlDatabase::new("a measurement") {
        mariadb(&fetch, &database).await;
    }
}

/// HANA's catalog and dialect; the driver is PostgreSQL's under the name of SAP's.
async fn hana(fetch: &str, database: &HanaDatabase) {
    let owner = database.database();
    owner.run(&format!(
        "CREATE TABLE \"SALES\".\"T\" (id int PRIMARY KEY, first varchar(40), last varchar(40), mail varchar(80), \
         street varchar(80), city varchar(40), born date, joined timestamp, amount numeric(12,2), visits int, note varchar(120)); \
         INSERT INTO \"SALES\".\"T\" SELECT n, 'Anna' || n % 977, 'Example' || n % 7919, 'p' || n || '@example.org', \
         n % 300 || ' Long Street of the Town', 'City ' || n % 512, date '1950-01-01' + n % 20000, \
         timestamp '2020-01-01' + n * interval '1 second', n * 0.25, n % 100, \
         'customer number ' || n || ' wrote to us some time ago' FROM generate_series(1, {ROWS}) n; ANALYZE \"SALES\".\"T\""
    ));
    let (name, password) = (owner.name(), database.password());
    let string = format!("DRIVER={{HDBODBC}};UID={name};PWD={password};");
    let target = Hana.target(&database.url()).expect("ours");
    let request = ScanRequest::all(EntityPath::new(["SALES", "T"]), EntityKind::Table);
    let theirs = (fetch, string.as_str(), "SELECT * FROM \"SALES\".\"T\"");
    measure(
        "hana",
        (&Hana, target.expect("it makes sense")),
        &request,
        theirs,
    )
    .await;
}

/// A server that is known by its file, through its own driver.
async fn mariadb(fetch: &str, database: &MysqlDatabase) {
    database.run(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, first varchar(40), last varchar(40), mail varchar(80), street varchar(80), \
         city varchar(40), born date, joined datetime(6), amount decimal(12,2), visits int, note varchar(120)); \
         INSERT INTO t SELECT seq, CONCAT('Anna', seq % 977), CONCAT('Example', seq % 7919), CONCAT('p', seq, '@example.org'), \
         CONCAT(seq % 300, ' Long Street of the Town'), CONCAT('City ', seq % 512), '1950-01-01' + INTERVAL seq % 20000 DAY, \
         '2020-01-01' + INTERVAL seq SECOND, seq / 7, seq % 100, \
         CONCAT('customer number ', seq, ' wrote to us some time ago') FROM seq_1_to_{ROWS}"
    ));
    let attributes = database.odbc();
    let target = Odbc.target(&format!("odbc:driver=MariaDB Unicode;{attributes}"));
    let request = ScanRequest::all(EntityPath::new([database.name(), "t"]), EntityKind::Table);
    let string = format!("DRIVER={{MariaDB Unicode}};{attributes}");
    measure(
        "odbc, MariaDB",
        (&Odbc, target.expect("ours").expect("it makes sense")),
        &request,
        (fetch, &string, "SELECT * FROM t"),
    )
    .await;
}

async fn measure(
    name: &str,
    (connector, target): (&dyn Connector, Target),
    request: &ScanRequest,
    (fetch, string, sql): (&str, &str, &str),
) {
    // Each side connects anew: a program that goes on is not counted among those that ended.
    let ours = async || {
        let source = connector.open(target.settings.clone()).await;
        let source = source.expect("nothing connects yet");
        let rows = extract(&*source, request).await;
        drop(source);
        ended().await;
        rows
    };
    let driver = async || by_driver(fetch, string, sql);
    race(
        ROWS,
        ("a columnar fetch, rows thrown away", driver),
        (name, ours),
    )
    .await;
}

fn by_driver(fetch: &str, string: &str, sql: &str) -> u64 {
    let mut client = Command::new(fetch)
        .arg(sql)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the client starts");
    let mut input = client.stdin.take().expect("it reads");
    input.write_all(string.as_bytes()).expect("it reads");
    drop(input);
    let output = client.wait_with_output().expect("the client ends");
    assert!(output.status.success(), "the client fetches");
    let told = String::from_utf8_lossy(&output.stdout);
    told.trim().parse().expect("it tells how many rows came")
}

/// Waits until every helper has ended.
async fn ended() {
    let has_children = || {
        let threads = fs::read_dir("/proc/self/task").expect("Linux tells them");
        threads.flatten().any(|thread| {
            let children = fs::read_to_string(thread.path().join("children"));
            children.is_ok_and(|children| !children.trim().is_empty())
        })
    };
    while has_children() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
