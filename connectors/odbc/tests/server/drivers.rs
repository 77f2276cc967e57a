//! Other drivers than the one that stands for HANA's.

use futures::TryStreamExt as _;
use locard_connector::{ErrorKind, ScanRequest, Scope};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::reads::{cells, count, scan};
use locard_testkit::servers::{Hana, Mysql, RoundTrips, odbc};

use crate::{by_functions, by_its_driver, open, seeded};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_statements_of_ours_is_described_by_the_driver() {
    let sql = "CREATE TABLE \"SALES\".\"A\" (id int PRIMARY KEY, name varchar(20) NOT NULL); \
               CREATE TABLE \"SALES\".\"B\" (id int PRIMARY KEY, a int REFERENCES \"SALES\".\"A\"); \
               CREATE VIEW \"SALES\".\"V\" AS SELECT * FROM \"SALES\".\"A\"; INSERT INTO \"SALES\".\"A\" VALUES (1, 'Anna')";
    let Some((database, _)) = seeded("PostgreSQL by ODBC", sql).await else {
        return;
    };
    let source = open(&by_functions(&database)).await;
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
    let target = by_functions(&database);
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
    let source = open(&by_functions(&database)).await;
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

/// Tables with everything that a catalog tells of some.
const CATALOG: &str = r#"CREATE TABLE "SALES"."A" (id int PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, price numeric(10,2), tags text[], at timestamptz);
    COMMENT ON TABLE "SALES"."A" IS 'what is sold'; COMMENT ON COLUMN "SALES"."A".name IS 'as printed';
    CREATE TABLE "SALES"."B" (x int, y int, PRIMARY KEY (y, x)); CREATE TABLE "SALES"."C" (n int, b int, a int, FOREIGN KEY (b, a) REFERENCES "SALES"."B" (y, x));
    CREATE TABLE "SALES"."P" (id int, day date) PARTITION BY RANGE (day); CREATE TABLE "SALES"."P1" PARTITION OF "SALES"."P" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE VIEW "SALES"."V" AS SELECT name FROM "SALES"."A";
    INSERT INTO "SALES"."A" VALUES (1, 'x', 1.50, '{a,b}', '2024-01-31 10:00:00+02'); ANALYZE "SALES"."A""#;

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_described_by_its_own_catalog() {
    let Some((database, _)) = seeded("PostgreSQL's catalog by ODBC", CATALOG).await else {
        return;
    };
    let source = open(&by_its_driver(&database)).await;
    let server = source.check().await.expect("it connects");
    assert!(server.product.starts_with("PostgreSQL 1"), "{server:?}");
    let scope = Scope {
        include: vec!["SALES.*".into()],
        exclude: Vec::new(),
    };
    let entities: Vec<_> = source
        .entities(&scope)
        .try_collect()
        .await
        .expect("it is listed");
    let told: Vec<_> = entities
        .iter()
        .map(|entity| (entity.path.name(), entity.kind, entity.rows))
        .collect();
    let table = EntityKind::Table;
    assert_eq!(told[0], ("A", table, Some(1)));
    let names: Vec<&str> = told.iter().map(|told| told.0).collect();
    assert_eq!(
        names,
        ["A", "B", "C", "P", "V"],
        "a partition is no table of its own"
    );
    // Once from the listing, once by itself.
    for _ in 0..2 {
        let described = async |name, kind| {
            let path = EntityPath::new(["SALES", name]);
            source.describe(&path, kind).await.expect("it is described")
        };
        let a = described("A", table).await;
        assert_eq!(a.primary_key, ["id"]);
        assert_eq!(a.unique, [["name"]]);
        assert_eq!(a.comment.as_deref(), Some("what is sold"));
        let field = |name| a.schema.field_with_name(name).expect("a column");
        assert_eq!(field("name").metadata()["comment"], "as printed");
        assert_eq!(field("price").metadata()["native_type"], "numeric(10,2)");
        assert!(!field("name").is_nullable());
        assert_eq!(described("B", table).await.primary_key, ["y", "x"]);
        let c = described("C", table).await;
        assert_eq!(c.foreign_keys.len(), 1);
        assert_eq!(c.foreign_keys[0].columns, ["b", "a"]);
        assert_eq!(
            c.foreign_keys[0].references,
            EntityPath::new(["SALES", "B"])
        );
        assert_eq!(c.foreign_keys[0].referenced, ["y", "x"]);
        let view = described("V", EntityKind::View).await;
        assert!(view.definition.is_some_and(|text| text.contains("SELECT")));
    }
    let request = ScanRequest::all(EntityPath::new(["SALES", "A"]), table);
    let (_, batches) = scan(&*source, &request).await;
    assert_eq!(cells(&batches, "tags"), ["{a,b}"]);
    assert_eq!(cells(&batches, "at"), ["2024-01-31T08:00:00.000000"]);
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
    let source = open(&format!("odbc:driver=MariaDB Unicode;{}", database.odbc())).await;
    let path = EntityPath::new([database.name(), "t"]);
    let (_, batches) = scan(&*source, &ScanRequest::all(path, EntityKind::Table)).await;
    assert_eq!(count(&batches), 1);
    assert_eq!(cells(&batches, "name"), ["Zoë"]);
    assert_eq!(cells(&batches, "large"), ["18446744073709551615"]);
    assert_eq!(cells(&batches, "at"), ["2024-01-31T10:00:00.500000"]);
    assert_eq!(cells(&batches, "body")[0].len(), 100_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_is_described_by_its_own_catalog() {
    let (true, Some(database)) = (
        odbc("MariaDB's catalog by ODBC"),
        Mysql::new("MariaDB's catalog by ODBC"),
    ) else {
        return;
    };
    database.run(
        "CREATE TABLE a (id int unsigned PRIMARY KEY, name varchar(20) NOT NULL UNIQUE COMMENT 'as printed', price decimal(10,2)) COMMENT 'what is sold'; \
         CREATE TABLE b (x int, y int, PRIMARY KEY (y, x)); CREATE TABLE c (n int, b int, a int, FOREIGN KEY (b, a) REFERENCES b (y, x)); \
         CREATE VIEW v AS SELECT name FROM a; INSERT INTO a VALUES (4000000000, 'x', 1.5)",
    );
    let source = open(&format!("odbc:driver=MariaDB Unicode;{}", database.odbc())).await;
    let entities: Vec<_> = source
        .entities(&Scope::default())
        .try_collect()
        .await
        .expect("it is listed");
    let names: Vec<_> = entities.iter().map(|entity| entity.path.name()).collect();
    assert_eq!(names, ["a", "b", "c", "v"], "one database");
    let described = async |name, kind| {
        let path = EntityPath::new([database.name(), name]);
        source.describe(&path, kind).await.expect("it is described")
    };
    let table = EntityKind::Table;
    for _ in 0..2 {
        let a = described("a", table).await;
        assert_eq!((a.primary_key, a.unique.len()), (vec!["id".to_owned()], 1));
        assert_eq!(a.comment.as_deref(), Some("what is sold"));
        let name = a.schema.field_with_name("name").expect("a column");
        assert_eq!(name.metadata()["comment"], "as printed");
        assert_eq!(name.metadata()["native_type"], "varchar(20)");
        assert_eq!(described("b", table).await.primary_key, ["y", "x"]);
        let c = described("c", table).await;
        assert_eq!(c.foreign_keys[0].columns, ["b", "a"]);
        assert_eq!(c.foreign_keys[0].referenced, ["y", "x"]);
        let view = described("v", EntityKind::View).await;
        assert!(view.definition.is_some_and(|text| text.contains("select")));
    }
    let request = ScanRequest::all(EntityPath::new([database.name(), "a"]), table);
    let (_, batches) = scan(&*source, &request).await;
    assert_eq!(cells(&batches, "id"), ["4000000000"]);
    assert_eq!(cells(&batches, "price"), ["1.5"]);
}
