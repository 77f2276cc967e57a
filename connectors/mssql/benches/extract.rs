//! A full read into Arrow beside the driver, which throws every row away: `./x bench`.
//!
//! The server for tests runs in a process of its own, which this program starts as itself: what it costs is not counted.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use futures::TryStreamExt as _;
use locard_connector::{Connector as _, ScanRequest};
use locard_connector_mssql::Mssql;
use locard_model::{EntityKind, EntityPath};
use locard_tdskit::Mssql as Database;
use locard_testkit::speed::{extract, race};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, QueryItem};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncWriteCompatExt as _;

const ROWS: u64 = 200_000;

/// The word by which this program is the server.
const SERVE: &str = "--serve-for-measurement";

fn main() {
    if std::env::args().any(|argument| argument == SERVE) {
        serve();
        return;
    }
    let mut server = Command::new(std::env::current_exe().expect("it knows itself"))
        .arg(SERVE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut told = String::new();
    let output = server.stdout.take().expect("it is read");
    BufReader::new(output)
        .read_line(&mut told)
        .expect("the server tells where it is");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(told.trim()));
    // It ends when nobody is there to read what it would say.
    drop(server.stdin.take());
    server.wait().expect("the server ends");
}

/// A server with a table, until its input ends.
#[expect(clippy::print_stdout, reason = "whoever started it waits for that")]
fn serve() {
    let database = Database::new();
    database.run(
        "CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, first nvarchar(40), last nvarchar(40), mail nvarchar(80), \
         street nvarchar(80), city nvarchar(40), born date, joined datetime2(6), amount decimal(12,2), visits int, \
         note nvarchar(max))",
    );
    for from in (1..=ROWS).step_by(1_000) {
        let mut sql = "INSERT INTO dbo.t VALUES ".to_owned();
        for id in from..from + 1_000 {
            let comma = if id == from { "" } else { ", " };
            write!(
                sql,
                "{comma}({id}, N'Anna{}', N'Example{}', N'p{id}@example.org', N'{} Long Street of the Town', N'City {}', \
                 '19{:02}-03-04', '2020-01-01 10:00:{:02}', {}.25, {}, N'customer number {id} wrote to us some time ago')",
                id % 977,
                id % 7_919,
                id % 300,
                id % 512,
                id % 100,
                id % 60,
                id % 9_000,
                id % 100
            )
            .expect("a text takes more text");
        }
        database.run(&sql);
    }
    println!("{}", database.url());
    let mut rest = Vec::new();
    // Whatever is said, it ends.
    let _ = std::io::stdin().read_to_end(&mut rest);
}

async fn measure(url: &str) {
    let target = Mssql.target(url).expect("ours").expect("it makes sense");
    let source = Mssql.open(target.settings).await;
    let source = source.expect("nothing connects yet");
    let request = ScanRequest::all(EntityPath::new(["dbo", "t"]), EntityKind::Table);
    let ours = async || extract(&*source, &request).await;
    let driver = async || by_driver(url).await;
    race(
        ROWS,
        ("the driver, rows thrown away", driver),
        ("mssql", ours),
    )
    .await;
}

async fn by_driver(url: &str) -> u64 {
    let rest = url.split_once("://").expect("a URL").1;
    let (login, rest) = rest.split_once('@').expect("a login");
    let (user, password) = login.split_once(':').expect("a password");
    let (address, database) = rest.split_once('/').expect("a database");
    let mut config = Config::new();
    config.authentication(AuthMethod::sql_server(user, password));
    config.encryption(EncryptionLevel::NotSupported);
    config.database(database.split('?').next().unwrap_or_default());
    let tcp = TcpStream::connect(address).await.expect("it is there");
    tcp.set_nodelay(true).expect("it may hurry");
    let client = Client::connect(config, tcp.compat_write()).await;
    let mut client = client.expect("the driver signs in");
    let asked = client.simple_query("SELECT * FROM dbo.t").await;
    let mut items = asked.expect("the driver asks");
    let mut rows = 0;
    while let Some(item) = items.try_next().await.expect("the driver reads") {
        rows += u64::from(matches!(item, QueryItem::Row(_)));
    }
    rows
}
