//! What the connector does with real files, beyond the behaviour suite.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "files/listed.rs"]
mod listed;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array as _, RecordBatch};
use futures::{StreamExt as _, TryStreamExt as _};
use locard_connector::{
    Connector as _, ErrorKind, Exactness, Form, Matching, Result, Sample, ScanRequest, Scope,
    Source,
};
use locard_connector_sqlite::Sqlite;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::matching::{FORMS, VALUES, asked, matches};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;

struct Place {
    folder: TempDir,
    source: Arc<dyn Source>,
}

impl Place {
    fn file(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    async fn writer(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new()
            .filename(self.file())
            .create_if_missing(true);
        options.connect().await.expect("the file opens")
    }

    async fn run(&self, sql: &str) {
        let mut connection = self.writer().await;
        run(&mut connection, sql).await;
        connection.close().await.expect("the file closes");
    }

    async fn scan(&self, request: &ScanRequest) -> Vec<RecordBatch> {
        scan(&*self.source, request)
            .await
            .expect("the scan succeeds")
            .1
    }
}

async fn run(connection: &mut SqliteConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .expect("the statements run");
}

async fn open(file: &Path) -> Arc<dyn Source> {
    let target = Sqlite
        .target(&format!("sqlite:{}", file.display()))
        .expect("the target is SQLite's");
    Sqlite
        .open(target.expect("the target makes sense").settings)
        .await
        .expect("opening reads nothing")
}

async fn seeded(sql: &str) -> Place {
    let folder = TempDir::new().expect("a folder can be made");
    let source = open(&folder.path().join("test.db")).await;
    let place = Place { folder, source };
    place.run(sql).await;
    place
}

fn all(table: &str) -> ScanRequest {
    ScanRequest::all(EntityPath::new([table]), EntityKind::Table)
}

async fn scan(source: &dyn Source, request: &ScanRequest) -> Result<(Exactness, Vec<RecordBatch>)> {
    let plan = source.plan(request).await?;
    let mut records = Vec::new();
    for split in &plan.splits {
        let batches: Vec<_> = source.read(split).await?.try_collect().await?;
        records.extend(batches.into_iter().map(|batch| batch.records));
    }
    Ok((plan.honoured.matching, records))
}

fn cells(records: &[RecordBatch], column: &str) -> Vec<String> {
    let mut cells = Vec::new();
    for batch in records {
        let array = batch.column_by_name(column).expect("the column came");
        cells.extend(
            (0..array.len())
                .map(|row| locard_testkit::cell(array, row).unwrap_or_else(|| "-".into())),
        );
    }
    cells
}

#[tokio::test]
async fn a_column_of_several_storage_classes_is_text() {
    let place = seeded("CREATE TABLE t (n INTEGER, d DATE, x, b BLOB); INSERT INTO t VALUES (1, '2024-01-31', 1.5, x'ff00'),
        ('n/a', 20240131, 'text', 'also text'), (NULL, NULL, x'6869', NULL), (2.5, 1.0, 7, x'00')").await;
    let records = place.scan(&all("t")).await;
    assert_eq!(cells(&records, "n"), ["1", "n/a", "-", "2.5"]);
    assert_eq!(cells(&records, "d"), ["2024-01-31", "20240131", "-", "1"]);
    assert_eq!(cells(&records, "x"), ["1.5", "text", "hi", "7"]);
    // Bytes that are no text make the column one of bytes.
    assert_eq!(
        cells(&records, "b"),
        ["ff00", "616c736f2074657874", "-", "00"]
    );
}

#[tokio::test]
async fn every_kind_is_listed_and_shadows_are_not() {
    let place = seeded("CREATE TABLE plain (a); CREATE TABLE keyed (a TEXT PRIMARY KEY) WITHOUT ROWID; CREATE VIEW seen AS SELECT a FROM plain;
        CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('hello world'); CREATE TABLE strict (a INTEGER) STRICT;
        INSERT INTO keyed VALUES ('k'); CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT)").await;
    let listed: Vec<_> = place
        .source
        .entities(&Scope::default())
        .try_collect()
        .await
        .expect("the listing succeeds");
    let names: Vec<_> = listed
        .iter()
        .map(|entity| (entity.path.name(), entity.kind))
        .collect();
    let table = EntityKind::Table;
    let expected = [
        ("counted", table),
        ("keyed", table),
        ("plain", table),
        ("seen", EntityKind::View),
        ("strict", table),
        ("words", table),
    ];
    assert_eq!(names, expected);
    assert_eq!(
        cells(&place.scan(&all("words")).await, "body"),
        ["hello world"]
    );
    assert_eq!(cells(&place.scan(&all("keyed")).await, "a"), ["k"]);
    let mut request = all("seen");
    request.kind = EntityKind::View;
    assert_eq!(place.scan(&request).await.len(), 1);
}

#[tokio::test]
async fn keys_are_described_and_come_first() {
    let place = seeded("CREATE TABLE parent (a INTEGER, b TEXT, PRIMARY KEY (b, a));
        CREATE TABLE child (id INTEGER PRIMARY KEY, pb TEXT, pa INTEGER, mail TEXT UNIQUE, FOREIGN KEY (pb, pa) REFERENCES parent);
        CREATE UNIQUE INDEX partly ON child (pa) WHERE pa > 0; CREATE VIEW v AS SELECT id FROM child; INSERT INTO parent VALUES (1, 'x'); INSERT INTO child VALUES (7, 'x', 1, 'm')").await;
    let describe = async |name: &str| {
        place
            .source
            .describe(&EntityPath::new([name]), EntityKind::Table)
            .await
            .expect("it is described")
    };
    assert_eq!(describe("parent").await.primary_key, ["b", "a"]);
    let child = describe("child").await;
    assert_eq!(
        (child.primary_key, child.unique),
        (vec!["id".to_owned()], vec![vec!["mail".to_owned()]])
    );
    assert_eq!(child.foreign_keys.len(), 1);
    assert_eq!(child.foreign_keys[0].columns, ["pb", "pa"]);
    assert_eq!(child.foreign_keys[0].referenced, ["b", "a"]);
    assert!(
        describe("v")
            .await
            .definition
            .is_some_and(|text| text.contains("child"))
    );
    let mut request = all("child");
    request.with_keys = true;
    request.columns = Some(vec!["mail".into()]);
    let records = place.scan(&request).await;
    let schema = records[0].schema();
    let names: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| {
            (
                field.name().as_str(),
                field.metadata().contains_key("locard.key"),
            )
        })
        .collect();
    assert_eq!(names, [("id", true), ("mail", false)]);
}

#[tokio::test]
async fn row_ids_of_any_size_are_split_and_read_once() {
    let place = seeded("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60000) INSERT INTO t SELECT n, 'row ' || n FROM n;
        INSERT INTO t VALUES (-9223372036854775808, 'least'), (9223372036854775807, 'most')").await;
    for splits in [1, 3, 8] {
        let mut request = all("t");
        request.max_splits = NonZeroUsize::new(splits).expect("a number");
        let records = place.scan(&request).await;
        assert_eq!(
            records.iter().map(RecordBatch::num_rows).sum::<usize>(),
            60_002,
            "{splits} splits"
        );
        assert!(records.iter().all(|batch| batch.num_rows() <= 8_192));
    }
}

/// Rows as listed and as planned.
async fn expected(place: &Place, table: &str) -> (Option<u64>, Option<u64>) {
    let listed: Vec<_> = place
        .source
        .entities(&Scope::default())
        .try_collect()
        .await
        .expect("the tables are listed");
    let entity = listed.iter().find(|entity| entity.path.name() == table);
    let plan = place.source.plan(&all(table)).await;
    let splits = plan.expect("the table is planned").splits;
    (entity.expect("it is listed").rows, splits[0].rows)
}

#[tokio::test]
async fn row_ids_that_are_far_apart_tell_no_number_of_rows() {
    let numbers = |most: u32| {
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most})")
    };
    let place = seeded(&format!(
        "CREATE TABLE dense (id INTEGER PRIMARY KEY);
         {n} INSERT INTO dense SELECT i FROM n;
         CREATE TABLE sparse (id INTEGER PRIMARY KEY);
         {n} INSERT INTO sparse SELECT 1700000000000 * 4194304 + i * 4194304 FROM n;
         CREATE TABLE grown (id INTEGER PRIMARY KEY);
         {n} INSERT INTO grown SELECT CASE WHEN i < 900 THEN i ELSE i * 4194304 END FROM n;
         CREATE TABLE few (id INTEGER PRIMARY KEY);
         {small} INSERT INTO few SELECT i * 4194304 FROM n;
         CREATE TABLE empty (id INTEGER PRIMARY KEY);",
        n = numbers(1_000),
        small = numbers(7),
    ))
    .await;
    assert_eq!(expected(&place, "dense").await, (Some(1_000), Some(1_000)));
    assert_eq!(expected(&place, "sparse").await, (None, None));
    assert_eq!(expected(&place, "grown").await, (None, None));
    assert_eq!(expected(&place, "few").await, (Some(7), Some(7)));
    assert_eq!(expected(&place, "empty").await, (Some(0), Some(0)));
    // A sample is drawn from all of them.
    let mut request = all("sparse");
    request.sample = Sample::Rows(10, 1);
    let (answer, records) = sampled(&*place.source, &request).await;
    assert_eq!((answer, records), (Exactness::No, 1_000));
}

async fn sampled(source: &dyn Source, request: &ScanRequest) -> (Exactness, usize) {
    let plan = source.plan(request).await.expect("the plan is made");
    let mut records = 0;
    for split in &plan.splits {
        let batches = source.read(split).await.expect("the read begins");
        let batches: Vec<_> = batches.try_collect().await.expect("the read ends");
        records += count(&batches);
    }
    (plan.honoured.sample, records)
}

/// To open a pipe is to wait for its other end, on a thread that then does nothing else.
#[cfg(unix)]
#[tokio::test]
async fn a_pipe_or_device_is_refused_and_nobody_waits_for_it() {
    let folder = TempDir::new().expect("a folder can be made");
    let pipe = folder.path().join("pipe.db");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo is there").success());
    for path in [pipe.as_path(), Path::new("/dev/zero")] {
        let source = open(path).await;
        // The other end comes late, so that a test that fails ends.
        let writer = pipe.clone();
        let late = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_secs(2));
            let mut options = std::fs::OpenOptions::new();
            drop(options.read(true).write(true).open(writer));
        });
        let began = std::time::Instant::now();
        let error = source.check().await.expect_err("it is no database");
        assert!(began.elapsed() < std::time::Duration::from_secs(1));
        assert_eq!(error.kind(), ErrorKind::Settings);
        assert!(error.sentence().ends_with("a pipe or a device"), "{error}");
        assert!(error.hint_text().is_some());
        late.join().expect("it opens and closes");
    }
}

#[tokio::test]
async fn what_a_writer_has_not_checkpointed_is_read_and_nothing_is_written() {
    let place =
        seeded("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)").await;
    let mut writer = place.writer().await;
    run(&mut writer, "INSERT INTO t VALUES (2)").await;
    let before = std::fs::read(place.file()).expect("the file is there");
    assert_eq!(cells(&place.scan(&all("t")).await, "a"), ["1", "2"]);
    run(&mut writer, "BEGIN IMMEDIATE; INSERT INTO t VALUES (3)").await;
    assert_eq!(
        cells(&place.scan(&all("t")).await, "a"),
        ["1", "2"],
        "an open transaction is not seen and does not block"
    );
    assert_eq!(
        std::fs::read(place.file()).expect("the file is there"),
        before
    );
}

#[tokio::test]
async fn a_version_changes_with_the_file_and_only_then() {
    let place =
        seeded("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)").await;
    let version = async || {
        place
            .source
            .plan(&all("t"))
            .await
            .expect("it is planned")
            .splits[0]
            .version
            .clone()
    };
    let before = version().await;
    assert!(before.is_some());
    assert_eq!(version().await, before);
    let mut writer = place.writer().await;
    run(&mut writer, "UPDATE t SET a = 2").await;
    assert_ne!(version().await, before);
}

#[tokio::test]
async fn a_locked_file_is_interrupted_after_the_busy_time_out() {
    let place = seeded("CREATE TABLE t (a); INSERT INTO t VALUES (1)").await;
    let settings = serde_json::json!({ "path": place.file(), "busy_timeout": 0 });
    let source = Sqlite.open(settings).await.expect("opening reads nothing");
    let mut writer = place.writer().await;
    run(
        &mut writer,
        "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO t VALUES (2)",
    )
    .await;
    let error = scan(&*source, &all("t"))
        .await
        .expect_err("the file is locked");
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.is_retryable());
}

/// The error of a check of a file with this content.
async fn refused(content: &[u8]) -> locard_connector::Error {
    let folder = TempDir::new().expect("a folder can be made");
    let file = folder.path().join("given.db");
    std::fs::write(&file, content).expect("the file can be written");
    open(&file)
        .await
        .check()
        .await
        .expect_err("it is no database")
}

#[tokio::test]
async fn what_is_no_database_is_malformed_in_a_clear_sentence() {
    for content in [
        &b"name,email\nAnna,anna@example.org\n"[..],
        &[0x5a; 4_096],
        b"SQLite",
    ] {
        let error = refused(content).await;
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(
            error
                .to_string()
                .contains("not an SQLite database, or it is encrypted"),
            "{error}"
        );
    }
    let mut header = b"SQLite format 3\0".to_vec();
    header.resize(4_096, 0x77);
    assert_eq!(refused(&header).await.kind(), ErrorKind::Malformed);
    let missing = open(Path::new("/nowhere/at/all.db"))
        .await
        .check()
        .await
        .expect_err("there is no file");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let told = missing.to_string();
    assert_eq!(told, "opening the database file: there is no such file");
    let folder = TempDir::new().expect("a folder can be made");
    assert_eq!(
        open(folder.path())
            .await
            .check()
            .await
            .expect_err("it is a folder")
            .kind(),
        ErrorKind::Settings
    );
}

#[tokio::test]
async fn a_damaged_table_is_malformed_and_the_others_are_read() {
    let place = seeded("PRAGMA page_size = 1024; CREATE TABLE whole (a); INSERT INTO whole VALUES (1); CREATE TABLE torn (a TEXT);
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000) INSERT INTO torn SELECT 'row ' || n FROM n").await;
    let mut bytes = std::fs::read(place.file()).expect("the file is there");
    bytes[20_000..40_000].fill(0xee);
    std::fs::write(place.file(), bytes).expect("the file can be written");
    assert_eq!(cells(&place.scan(&all("whole")).await, "a"), ["1"]);
    let error = scan(&*place.source, &all("torn"))
        .await
        .expect_err("pages are damaged");
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    assert_eq!(error.entity_name(), Some("torn"));
}

/// What a table or view gives before its reading ends, and how it ends.
async fn as_far_as_it_goes(
    source: &dyn Source,
    table: &str,
) -> (
    Vec<locard_connector::Batch>,
    Option<locard_connector::Error>,
) {
    let plan = source.plan(&all(table)).await.expect("it is planned");
    let mut batches = Vec::new();
    for split in &plan.splits {
        let mut stream = source.read(split).await.expect("it opens");
        while let Some(item) = stream.next().await {
            match item {
                Ok(batch) => batches.push(batch),
                Err(error) => return (batches, Some(error)),
            }
        }
    }
    (batches, None)
}

fn count(batches: &[locard_connector::Batch]) -> usize {
    batches.iter().map(|batch| batch.records.num_rows()).sum()
}

#[tokio::test]
async fn rows_before_an_error_stand() {
    let place = seeded("CREATE TABLE t (n INTEGER);
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000) INSERT INTO t SELECT n FROM n;
        CREATE VIEW v AS SELECT n, CASE WHEN n = 500 THEN json('x') END AS broken FROM t").await;
    let (batches, error) = as_far_as_it_goes(&*place.source, "v").await;
    assert_eq!(count(&batches), 499);
    assert_eq!(error.expect("it fails").kind(), ErrorKind::Malformed);
}

#[tokio::test]
async fn rows_before_a_damaged_page_stand() {
    let place = seeded("PRAGMA page_size = 1024; CREATE TABLE torn (a TEXT);
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000) INSERT INTO torn SELECT 'row ' || n FROM n").await;
    let mut bytes = std::fs::read(place.file()).expect("the file is there");
    bytes[40_960..51_200].fill(0xee);
    std::fs::write(place.file(), bytes).expect("the file can be written");
    let (batches, error) = as_far_as_it_goes(&*place.source, "torn").await;
    assert!(
        (100..5_000).contains(&count(&batches)),
        "{}",
        count(&batches)
    );
    let error = error.expect("it is damaged");
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().contains("is damaged"), "{error}");
    let hint = error.hint_text().unwrap_or_default();
    assert!(hint.contains("integrity_check"), "{hint}");
}

#[tokio::test]
async fn a_damaged_schema_is_told_with_what_helps() {
    let place = seeded("CREATE TABLE torn (a TEXT); INSERT INTO torn VALUES ('x')").await;
    let mut bytes = std::fs::read(place.file()).expect("the file is there");
    // The text of the statement that made the table.
    let at = bytes
        .windows(6)
        .position(|text| text == b"CREATE")
        .expect("it is there");
    bytes[at..at + 6].fill(b'?');
    std::fs::write(place.file(), bytes).expect("the file can be written");
    let error = place.source.check().await.expect_err("it is damaged");
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    let hint = error.hint_text().unwrap_or_default();
    assert!(hint.contains("integrity_check"), "{hint}");
}

/// A view without end, one that also says nothing until then, and a source that waits a second for either.
async fn endless(option: &str) -> (Place, Arc<dyn Source>) {
    let numbers = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n)";
    let place = seeded(&format!(
        "CREATE VIEW talking AS {numbers} SELECT n FROM n; CREATE VIEW silent AS {numbers} SELECT count(*) AS n FROM n"
    ))
    .await;
    let text = format!("sqlite:{}?{option}=1", place.file().display());
    let target = Sqlite.target(&text).expect("the target is SQLite's");
    let settings = target.expect("the target makes sense").settings;
    let source = Sqlite.open(settings).await.expect("opening reads nothing");
    (place, source)
}

#[tokio::test]
async fn a_statement_without_end_is_ended_by_the_time_out() {
    for option in ["statement_timeout", "view_timeout"] {
        let (_place, source) = endless(option).await;
        for (view, rows) in [("talking", 10_000..usize::MAX), ("silent", 0..1)] {
            let (batches, error) = as_far_as_it_goes(&*source, view).await;
            assert!(rows.contains(&count(&batches)), "{view}");
            let error = error.expect("it is ended");
            assert_eq!(error.kind(), ErrorKind::Interrupted);
            assert!(
                error.to_string().contains(&format!("`{option}`")),
                "{error}"
            );
            assert!(!error.is_retryable(), "it would take as long again");
        }
    }
}

/// Threads of this process that work on a database.
#[cfg(target_os = "linux")]
fn working() -> usize {
    let ticks = || -> std::collections::HashMap<std::ffi::OsString, String> {
        let tasks = std::fs::read_dir("/proc/self/task").expect("there are threads");
        let state = |task: std::fs::DirEntry| {
            let stat = std::fs::read_to_string(task.path().join("stat")).ok()?;
            let of_sqlite = stat.contains("(sqlx-sqlite");
            let used = stat.rsplit(')').next()?.split(' ').nth(12)?.to_owned();
            of_sqlite.then(|| (task.file_name(), used))
        };
        tasks.flatten().filter_map(state).collect()
    };
    let before = ticks();
    std::thread::sleep(std::time::Duration::from_millis(200));
    let after = ticks();
    let busy = |thread: &(&std::ffi::OsString, &String)| before.get(thread.0) != Some(thread.1);
    after.iter().filter(busy).count()
}

/// Runs a test of this file again, alone in a process of its own and with a word for it; `None` where that is this one.
fn alone(test: &str, word: &str) -> Option<std::process::ExitStatus> {
    if std::env::var_os(ALONE).is_some() {
        return None;
    }
    let program = std::env::current_exe().expect("tests are a program");
    let mut command = std::process::Command::new(program);
    command
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, word);
    Some(command.status().expect("it starts"))
}

const ALONE: &str = "LOCARD_TEST_ALONE";

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_dropped_read_ends_its_statement() {
    // Other tests have threads of SQLite too.
    if let Some(status) = alone("a_dropped_read_ends_its_statement", "1") {
        assert!(status.success());
        return;
    }
    let (place, _) = endless("statement_timeout").await;
    let plan = place.source.plan(&all("silent")).await.expect("planned");
    let stream = place.source.read(&plan.splits[0]).await.expect("it opens");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(working(), 1);
    drop(stream);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(working(), 0, "the statement goes on");
}

/// Bytes that this process took at most so far.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("there is a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kilobytes.expect("it has a peak") * 1_024
}

#[tokio::test]
async fn giant_values_are_left_out_with_their_row_and_everything_else_is_read() {
    let name = "giant_values_are_left_out_with_their_row_and_everything_else_is_read";
    if std::env::var_os(ALONE).is_none() {
        let place = seeded("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT, mail TEXT);
            INSERT INTO t VALUES (1, 'short', 'a@example.org'), (2, zeroblob(500000000), 'b@example.org'), (3, zeroblob(67108864), 'c@example.org')").await;
        // Making the file takes more memory than reading it.
        let file = place.file();
        let status = alone(name, file.to_str().expect("a path of text"));
        assert!(status.is_some_and(|status| status.success()));
        return;
    }
    let file = std::env::var_os(ALONE).expect("the other process says so");
    let source = open(Path::new(&file)).await;
    let (batches, error) = as_far_as_it_goes(&*source, "t").await;
    assert!(error.is_none());
    #[cfg(target_os = "linux")]
    assert!(peak() < 450 << 20, "{} MiB", peak() >> 20);
    let records: Vec<_> = batches.iter().map(|batch| batch.records.clone()).collect();
    assert_eq!(
        cells(&records, "mail"),
        ["a@example.org", "b@example.org", "c@example.org"]
    );
    let lengths: Vec<_> = cells(&records, "body").iter().map(String::len).collect();
    assert_eq!(lengths, ["short".len(), "-".len(), 64 << 20]);
    let faults: Vec<_> = batches.iter().flat_map(|batch| &batch.faults).collect();
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (faults[0].sentence.as_str(), faults[0].place.as_str()),
        (
            "a value is longer than 64 MiB and was left out",
            "row 2, column body"
        )
    );
    assert_eq!(faults[0].records, 1);
}

#[tokio::test]
async fn a_giant_value_that_a_view_makes_is_left_out() {
    let place =
        seeded("CREATE VIEW v AS SELECT 1 AS a, zeroblob(100000000) AS b UNION ALL SELECT 2, 'x'")
            .await;
    let (batches, error) = as_far_as_it_goes(&*place.source, "v").await;
    assert!(error.is_none());
    let records: Vec<_> = batches.iter().map(|batch| batch.records.clone()).collect();
    assert_eq!(cells(&records, "a"), ["1", "2"]);
    assert_eq!(cells(&records, "b"), ["-", "x"]);
    assert_eq!(batches[0].faults[0].place, "row 1, column b");
}

#[tokio::test]
async fn a_view_that_makes_up_endless_values_is_unsupported_and_the_rest_is_read() {
    let place = seeded(
        "CREATE TABLE t (a); INSERT INTO t VALUES (1);
        CREATE VIEW big AS SELECT zeroblob(1000000000) b, hex(zeroblob(400000000)) h",
    )
    .await;
    let error = scan(&*place.source, &all("big"))
        .await
        .expect_err("it is too long");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(error.entity_name(), Some("big"));
    assert!(!error.is_retryable());
    assert_eq!(cells(&place.scan(&all("t")).await, "a"), ["1"]);
}

#[tokio::test]
async fn a_module_that_is_not_carried_is_unsupported_and_the_rest_is_listed() {
    let place = seeded("CREATE TABLE plain (a); CREATE VIRTUAL TABLE words USING fts5(body)").await;
    place.run("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'fts5', 'elsewhere') WHERE name = 'words'").await;
    let listed: Vec<_> = place.source.entities(&Scope::default()).collect().await;
    assert!(
        listed
            .iter()
            .flatten()
            .any(|entity| entity.path.name() == "plain"),
        "{listed:?}"
    );
    let error = scan(&*place.source, &all("words"))
        .await
        .expect_err("the module is missing");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
}

#[tokio::test]
async fn an_expression_that_fails_does_not_show_its_data() {
    let place = seeded("CREATE TABLE t (a); INSERT INTO t VALUES ('very-private'); CREATE VIEW v AS SELECT json(a) AS a FROM t").await;
    let error = scan(&*place.source, &all("v"))
        .await
        .expect_err("it is no JSON");
    assert!(
        !format!("{error} {error:?}").contains("very-private"),
        "{error:?}"
    );
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[tokio::test]
async fn no_record_is_missing_whatever_the_form_and_storage_class() {
    let rows: Vec<String> = VALUES
        .iter()
        .map(|text| format!("('{}')", text.replace('\'', "''")))
        .collect();
    let place = seeded(&format!(
        "CREATE TABLE t (a); INSERT INTO t VALUES {}, ('42.0'), (42), (42.0), (x'3432'), (NULL)",
        rows.join(", ")
    ))
    .await;
    let everything = cells(&place.scan(&all("t")).await, "a");
    for form in FORMS {
        for value in VALUES.iter().filter_map(|text| asked(form, text)) {
            let mut request = all("t");
            request.matching = vec![Matching {
                column: "a".into(),
                form,
                values: vec![value.clone()],
            }];
            let (_, records) = scan(&*place.source, &request)
                .await
                .expect("the scan succeeds");
            let came = cells(&records, "a");
            for wanted in everything
                .iter()
                .filter(|cell| *cell != "-" && matches(form, &value, cell))
            {
                let count = |cells: &[String]| cells.iter().filter(|cell| *cell == wanted).count();
                assert_eq!(
                    count(&came),
                    count(&everything),
                    "{form:?} {value:?} lost {wanted:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn text_behind_a_nul_is_found_whatever_is_asked_for() {
    let place = seeded(
        "CREATE TABLE t (a); INSERT INTO t VALUES ('x' || char(0) || 'Ada Lovelace 1234567'), ('nobody');
         CREATE TABLE strict (a TEXT) STRICT; INSERT INTO strict SELECT a FROM t",
    )
    .await;
    for table in ["t", "strict"] {
        for (form, value) in [
            (Form::Folded, "ada lovelace 1234567"),
            (Form::Digits, "1234567"),
            (Form::Tokens, "ada lovelace"),
            (Form::Contains, "ada lovelace"),
        ] {
            let mut request = all(table);
            request.matching = vec![Matching {
                column: "a".into(),
                form,
                values: vec![value.to_owned()],
            }];
            let (_, records) = scan(&*place.source, &request)
                .await
                .expect("the scan succeeds");
            let came = cells(&records, "a");
            assert_eq!(came, ["x\0Ada Lovelace 1234567"], "{table} {form:?}");
        }
    }
}

/// A table that is planned in several pieces.
async fn in_pieces(journal: &str) -> (Place, Vec<locard_connector::Split>) {
    let place = seeded(&format!(
        "PRAGMA journal_mode = {journal}; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
         INSERT INTO t SELECT i, 'name ' || i FROM n;"
    ))
    .await;
    rest(&place);
    let splits = planned(&place).await;
    assert!(splits.len() > 1, "the table is read in pieces");
    (place, splits)
}

async fn planned(place: &Place) -> Vec<locard_connector::Split> {
    let request = ScanRequest {
        max_splits: NonZeroUsize::MIN.saturating_add(3),
        ..all("t")
    };
    let plan = place.source.plan(&request).await;
    plan.expect("it is planned").splits
}

/// Makes the file look as if nobody had written to it for some time.
fn rest(place: &Place) {
    let file = std::fs::File::options().write(true).open(place.file());
    let before = std::time::SystemTime::now() - std::time::Duration::from_hours(2);
    file.and_then(|file| file.set_modified(before))
        .expect("the time can be set");
}

async fn rows(place: &Place, split: &locard_connector::Split) -> Result<usize> {
    let batches: Vec<_> = place.source.read(split).await?.try_collect().await?;
    Ok(batches.iter().map(|batch| batch.records.num_rows()).sum())
}

#[tokio::test]
async fn pieces_of_two_states_of_a_table_never_come_together() {
    for journal in ["delete", "wal"] {
        let (place, splits) = in_pieces(journal).await;
        let mut read = 0;
        for split in &splits {
            read += rows(&place, split).await.expect("nothing has changed");
        }
        assert_eq!(read, 40_000, "{journal}");
        // The writer stays: with a log its commit is in the log only.
        let mut writer = place.writer().await;
        run(
            &mut writer,
            "UPDATE t SET name = 'x' WHERE id IN (1, 39999)",
        )
        .await;
        for split in &splits {
            let error = rows(&place, split).await.expect_err("the table changed");
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{journal}");
            assert!(error.hint_text().is_some() && !error.is_retryable());
        }
        writer.close().await.expect("the file closes");
    }
}

#[tokio::test]
async fn pieces_are_of_one_state_whatever_is_committed_between_and_while_they_are_read() {
    let (place, splits) = in_pieces("wal").await;
    let mut writer = place.writer().await;
    let mut batches = place.source.read(&splits[0]).await.expect("it opens");
    run(&mut writer, "DELETE FROM t WHERE id % 2 = 0").await;
    let mut read = 0;
    while let Some(batch) = batches.next().await {
        read += batch.expect("its snapshot holds").records.num_rows();
    }
    for split in &splits[1..] {
        // What is folded into the file is not seen either.
        run(&mut writer, "PRAGMA wal_checkpoint(TRUNCATE)").await;
        read += rows(&place, split).await.expect("the state is still there");
        run(&mut writer, "DELETE FROM t WHERE id % 3 = 0").await;
    }
    assert_eq!(read, 40_000);
    // Now that all were read, nothing keeps the log from being folded in.
    run(&mut writer, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let log = std::fs::metadata(place.file().with_extension("db-wal"));
    assert_eq!(log.expect("the log is there").len(), 0);
    let error = rows(&place, &splits[0]).await.expect_err("it has changed");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    writer.close().await.expect("the file closes");
}

#[tokio::test]
async fn pieces_read_side_by_side_are_of_one_state_too() {
    let (place, splits) = in_pieces("wal").await;
    place.run("DELETE FROM t WHERE id > 100").await;
    let read = futures::future::join_all(splits.iter().map(|split| rows(&place, split))).await;
    let read = read.into_iter().map(|rows| rows.expect("it is read"));
    assert_eq!(read.sum::<usize>(), 40_000);
}

#[tokio::test]
async fn a_reader_that_goes_away_leaves_the_state_to_the_other_pieces() {
    let (place, splits) = in_pieces("wal").await;
    place.run("DELETE FROM t").await;
    let mut batches = place.source.read(&splits[0]).await.expect("it opens");
    let first = batches.next().await.expect("there are rows");
    first.expect("they are read");
    drop(batches);
    let mut read = 0;
    for split in &splits[1..] {
        read += rows(&place, split).await.expect("it is read") as u64;
    }
    assert_eq!(read, 40_000 - splits[0].rows.expect("there is an estimate"));
}

#[tokio::test]
async fn a_file_without_a_log_that_is_written_to_is_read_in_one_piece() {
    let (place, _) = in_pieces("delete").await;
    place.run("DELETE FROM t WHERE id > 30000").await;
    let splits = planned(&place).await;
    assert_eq!(splits.len(), 1, "a state could not be kept");
    place.run("DELETE FROM t WHERE id > 20000").await;
    assert_eq!(rows(&place, &splits[0]).await.expect("it is read"), 20_000);
}

#[tokio::test]
async fn a_table_in_one_piece_is_read_as_it_is_now() {
    let place = seeded("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)").await;
    let plan = place.source.plan(&all("t")).await.expect("it is planned");
    place.run("INSERT INTO t VALUES (3)").await;
    assert_eq!(rows(&place, &plan.splits[0]).await.expect("it is read"), 3);
}
