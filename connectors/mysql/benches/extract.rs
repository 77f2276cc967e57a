//! A full read into Arrow beside MariaDB's own client and the driver, which throw every row away: `./x bench`.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

use std::process::{Command, Stdio};

use futures::StreamExt as _;
use locard_connector::{Connector as _, ScanRequest};
use locard_connector_mysql::Mysql;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::Mysql as Database;
use locard_testkit::speed::{extract, race};
use sqlx::Connection as _;

const ROWS: u64 = 1_000_000;

#[tokio::main]
async fn main() {
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
    let target = Mysql.target(&database.url()).expect("ours");
    let settings = target.expect("it makes sense").settings;
    let source = Mysql.open(settings).await.expect("nothing connects yet");
    let path = EntityPath::new([database.name(), "t"]);
    let request = ScanRequest::all(path, EntityKind::Table);
    let ours = async || extract(&*source, &request).await;
    let client = async || by_client(&database);
    race(
        ROWS,
        ("its client, rows thrown away", client),
        ("mysql", ours),
    )
    .await;
    // The driver has a word of its own for it.
    let url = database.url();
    let url = url.replace("sslmode=disable", "ssl-mode=DISABLED");
    let connection = sqlx::MySqlConnection::connect(&url).await;
    let mut connection = connection.expect("the driver connects");
    let driver = async || {
        let mut rows = sqlx::raw_sql("SELECT * FROM t").fetch(&mut connection);
        let mut count = 0;
        while let Some(row) = rows.next().await {
            row.expect("the driver reads");
            count += 1;
        }
        count
    };
    race(
        ROWS,
        ("the driver, rows thrown away", driver),
        ("mysql", ours),
    )
    .await;
}

fn by_client(database: &Database) -> u64 {
    let url = database.server();
    let rest = url.split_once("://").expect("a URL").1;
    let (login, host) = rest.split_once('@').expect("a login");
    let (user, password) = login.split_once(':').expect("a password");
    let port = host.split([':', '/']).nth(1).expect("a port");
    let status = Command::new("mariadb")
        .args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1"])
        .args(["--port", port, "--user", user])
        .args(["--quick", "--batch", "--raw", "--execute"])
        .args(["SELECT * FROM t", database.name()])
        .env("MYSQL_PWD", password)
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("the client runs").success());
    ROWS
}
