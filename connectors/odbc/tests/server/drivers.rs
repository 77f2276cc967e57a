//! Other drivers than the one that stands for HANA's.

use futures::TryStreamExt as _;
use locard_connector::{ErrorKind, ScanRequest, Scope};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::reads::{cells, count, scan};
use locard_testkit::servers::{Hana, Mysql, RoundTrips, odbc};

use crate::{by_its_driver, open, seeded};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_statements_of_ours_is_described_by_the_driver() {
    let sql = "CREATE TABLE \"SALES\".\"A\" (id int PRIMARY KEY, name varchar(20) NOT NULL); \
               CREATE TABLE \"SALES\".\"B\" (id int PRIMARY KEY, a int REFERENCES \"SALES\".\"A\"); \
               CREATE VIEW \"SALES\".\"V\" AS SELECT * FROM \"SALES\".\"A\"; INSERT INTO \"SALES\".\"A\" VALUES (1, 'Anna')";
    let Some((database, _)) = seeded("PostgreSQL by ODBC", sql).await else {
        return;
    };
    let source = open(&by_its_driver(&database)).await;
    let server = source.check().await.expect("it connects");
    assert_eq!(server.product, "PostgreSQL");
    let scope = Scope {
        include: vec!["SALES.*".into()],
        exclude: Vec::new(),
    };
    let entities: Vec<_> = source
        .entities(&scope)
        .try_collect()
        .await
        .expect("it is listed");
    let names: Vec<_> = entities
        .iter()
        .map(|entity| entity.path.resource(entity.kind))
        .collect();
    assert_eq!(names, ["SALES.A", "SALES.B", "SALES.V"]);
    let path = EntityPath::new(["SALES", "B"]);
    let described = source
        .describe(&path, EntityKind::Table)
        .await
        .expect("it is described");
    assert_eq!(described.primary_key, ["id"]);
    assert_eq!(described.foreign_keys.len(), 1);
    assert_eq!(
        described.foreign_keys[0].references,
        EntityPath::new(["SALES", "A"])
    );
    let request = ScanRequest::all(EntityPath::new(["SALES", "A"]), EntityKind::Table);
    assert_eq!(cells(&scan(&*source, &request).await.1, "name"), ["Anna"]);
}

/// Round trips of signing in, listing so many tables of a schema and planning each, by the driver's own functions.
async fn round_trips(tables: usize) -> Option<usize> {
    let database = Hana::new("planning a thousand tables by a driver")?;
    let owner = database.database();
    let sql: Vec<String> = (0..tables)
        .map(|at| format!("CREATE TABLE \"SALES\".\"T{at}\" (id int PRIMARY KEY, name text)"))
        .collect();
    owner.run(&sql.join("; "));
    let trips = RoundTrips::to(&owner.url());
    let port = format!("Port={}", trips.port());
    let target = by_its_driver(&database);
    let (before, after) = target.split_once("Port=").expect("it names a port");
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
    let source = open(&format!("{before}{port}{after}")).await;
    let scope = Scope {
        include: vec!["SALES.*".into()],
        exclude: Vec::new(),
    };
    let entities: Vec<_> = source.entities(&scope).try_collect().await.ok()?;
    assert_eq!(entities.len(), tables);
    for entity in entities {
        let request = ScanRequest::all(entity.path, entity.kind);
        let plan = source.plan(&request).await.expect("it is planned");
        assert_eq!(plan.schema.expect("it is known").fields().len(), 2);
    }
    Some(trips.count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_tables_are_planned_in_as_many_round_trips_as_three() {
    let (Some(few), Some(many)) = (round_trips(3).await, round_trips(1_000).await) else {
        return;
    };
    assert_eq!(few, many);
    assert!(few > 1, "{few} round trips");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_changed_or_went_after_it_was_listed_is_described_as_it_is() {
    let sql = "CREATE TABLE \"SALES\".\"A\" (id int); CREATE TABLE \"SALES\".\"B\" (id int); CREATE TABLE \"SALES\".\"GONE\" (id int)";
    let Some((database, _)) = seeded("changed tables by ODBC", sql).await else {
        return;
    };
    let source = open(&by_its_driver(&database)).await;
    let entities: Vec<_> = source
        .entities(&Scope::default())
        .try_collect()
        .await
        .expect("it is listed");
    assert!(entities.len() >= 3);
    let fields = async |table| {
        let path = EntityPath::new(["SALES", table]);
        let described = source.describe(&path, EntityKind::Table).await;
        described.map(|described| described.schema.fields().len())
    };
    assert_eq!(fields("A").await.expect("it is there"), 1);
    database
        .database()
        .run("ALTER TABLE \"SALES\".\"A\" ADD name text; DROP TABLE \"SALES\".\"GONE\"");
    assert_eq!(fields("A").await.expect("it is there"), 2);
    // What was read with the columns of others is handed out once.
    let _ = fields("GONE").await;
    let error = fields("GONE").await.expect_err("it is gone");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_read_by_its_driver() {
    if !odbc("SQLite by ODBC") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    let Some(made) = make(&file) else { return };
    assert!(made);
    let source = open(&format!("odbc:driver=SQLite3;Database={}", file.display())).await;
    let entities: Vec<_> = source
        .entities(&Scope::default())
        .try_collect()
        .await
        .expect("it is listed");
    assert_eq!(entities.len(), 1);
    let path = entities[0].path.clone();
    assert_eq!(path, EntityPath::new(["people"]));
    let described = source
        .describe(&path, EntityKind::Table)
        .await
        .expect("it is described");
    assert_eq!(described.primary_key, ["id"]);
    let (_, batches) = scan(&*source, &ScanRequest::all(path, EntityKind::Table)).await;
    assert_eq!(cells(&batches, "name"), ["Anna", "no number"]);
    assert_eq!(
        cells(&batches, "age"),
        ["42", "unknown"],
        "a cell keeps its own type"
    );
    assert_eq!(
        cells(&batches, "note")
            .iter()
            .map(String::len)
            .collect::<Vec<_>>(),
        [100_000, 1]
    );
    // The driver makes no file where there is none.
    let nowhere = folder.path().join("missing.db");
    let source = open(&format!(
        "odbc:driver=SQLite3;Database={}",
        nowhere.display()
    ))
    .await;
    assert!(source.check().await.is_err());
    assert!(!nowhere.exists());
}

/// A SQLite file, made by Python, which every machine for tests has.
fn make(file: &std::path::Path) -> Option<bool> {
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n\
                  c.execute('CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(10), age INTEGER, note TEXT)')\n\
                  c.execute(\"INSERT INTO people VALUES (1, 'Anna', 42, ?), (2, 'no number', 'unknown', 'x')\", ('y' * 100000,))\n\
                  c.commit()";
    let mut python = std::process::Command::new("python3");
    let status = python.args(["-c", script]).arg(file).status().ok()?;
    Some(status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_is_read_by_its_driver() {
    let (true, Some(database)) = (odbc("MariaDB by ODBC"), Mysql::new("MariaDB by ODBC")) else {
        return;
    };
    database.run("CREATE TABLE t (id int PRIMARY KEY, name varchar(20), large bigint unsigned, at datetime(6), body longtext); \
                  INSERT INTO t VALUES (1, 'Zoë', 18446744073709551615, '2024-01-31 10:00:00.5', REPEAT('z', 100000))");
    let url = database.url();
    let place = url.rsplit_once('@').map_or("", |(_, place)| place);
    let (address, _) = place.split_once('/').expect("an address");
    let (host, port) = address.split_once(':').expect("a port");
    let (_, login) = url.split_once("://").expect("a login");
    let (login, _) = login.rsplit_once('@').expect("a login");
    let (user, password) = login.split_once(':').expect("a password");
    let source = open(&format!(
        "odbc:driver=MariaDB Unicode;Server={host};Port={port};Database={};uid={user};pwd={password}",
        database.name()
    ))
    .await;
    let path = EntityPath::new([database.name(), "t"]);
    let (_, batches) = scan(&*source, &ScanRequest::all(path, EntityKind::Table)).await;
    assert_eq!(count(&batches), 1);
    assert_eq!(cells(&batches, "name"), ["Zoë"]);
    assert_eq!(cells(&batches, "large"), ["18446744073709551615"]);
    assert_eq!(cells(&batches, "at"), ["2024-01-31T10:00:00.500000"]);
    assert_eq!(cells(&batches, "body")[0].len(), 100_000);
}
