//! How fast a table comes, held against MariaDB's own client that throws every row away.
//!
//! `./x servers cargo run --release --package locard-connector-mysql --example fetch_cost`

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::num::NonZeroUsize;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use locard_connector::{Connector as _, ScanRequest};
use locard_connector_mysql::Mysql;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::Mysql as Database;

const ROWS: u32 = 1_000_000;
const ROUNDS: usize = 3;

fn main() {
    let Some(database) = Database::new("a measurement") else {
        return;
    };
    database.run(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, first varchar(40), last varchar(40), mail varchar(80), street varchar(80),
         city varchar(40), phone varchar(30), born date, joined datetime(6), amount decimal(12,2), visits int, note text);
         INSERT INTO t SELECT seq, CONCAT('Anna', seq % 977), CONCAT('Example', seq % 7919), CONCAT('p', seq, '@example.org'),
         CONCAT(seq % 300, ' Long Street of the Town'), CONCAT('City ', seq % 512), CONCAT('+49 30 ', 1000000 + seq),
         '1950-01-01' + INTERVAL seq % 20000 DAY, '2020-01-01' + INTERVAL seq SECOND, seq / 7, seq % 100,
         CONCAT('customer number ', seq, ' wrote to us some time ago') FROM seq_1_to_{ROWS}"
    ));
    let bytes: u64 = database
        .value("SELECT SUM(LENGTH(CONCAT_WS('', id, first, last, mail, street, city, phone, born, joined, amount, visits, note))) FROM t")
        .parse()
        .expect("a number");
    println!("{ROWS} rows, {} MB of text", bytes / 1_000_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let best = |measure: &dyn Fn() -> Duration| {
        let all = (0..ROUNDS).map(|_| measure());
        all.min().unwrap_or_default()
    };
    let client = best(&|| by_client(&database));
    println!("client, thrown away: {client:?}");
    for splits in [1, 4] {
        let ours = best(&|| runtime.block_on(by_connector(&database, splits)));
        let ratio = client.as_secs_f64() / ours.as_secs_f64();
        println!("connector, {splits} splits: {ours:?}, {ratio:.2} of the client's speed");
    }
}

fn by_client(database: &Database) -> Duration {
    let url = database.server();
    let rest = url.split_once("://").expect("a URL").1;
    let (login, host) = rest.split_once('@').expect("a login");
    let (user, password) = login.split_once(':').expect("a password");
    let port = host.split([':', '/']).nth(1).expect("a port");
    let began = Instant::now();
    let status = Command::new("mariadb")
        .args([
            "--no-defaults",
            "--protocol=tcp",
            "--host=127.0.0.1",
            "--port",
            port,
        ])
        .args([
            "--user",
            user,
            "--quick",
            "--batch",
            "--raw",
            "--execute",
            "SELECT * FROM t",
        ])
        .arg(database.name())
        .env("MYSQL_PWD", password)
        .stdout(Stdio::null())
        .status()
        .expect("the client runs");
    assert!(status.success());
    began.elapsed()
}

async fn by_connector(database: &Database, splits: usize) -> Duration {
    let target = Mysql.target(&database.url()).expect("ours");
    let settings = target.expect("it makes sense").settings;
    let source = Mysql.open(settings).await.expect("nothing connects yet");
    let path = EntityPath::new([database.name(), "t"]);
    let mut request = ScanRequest::all(path, EntityKind::Table);
    request.max_splits = NonZeroUsize::new(splits).expect("some");
    let began = Instant::now();
    let plan = source.plan(&request).await.expect("it is planned");
    let reads = plan.splits.iter().map(|split| async {
        let mut stream = source.read(split).await.expect("it begins");
        let mut rows = 0;
        while let Some(batch) = stream.next().await {
            rows += batch.expect("it is read").records.num_rows();
        }
        rows
    });
    let rows: usize = futures::future::join_all(reads).await.iter().sum();
    assert_eq!(rows, ROWS as usize);
    began.elapsed()
}
