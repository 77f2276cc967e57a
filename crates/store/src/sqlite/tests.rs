//! What holds of a store in SQLite, also where the disk does not.

use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::*;

async fn store(folder: &tempfile::TempDir) -> Sqlite {
    Sqlite::open_file(&folder.path().join(FILE)).await.unwrap()
}

async fn write_one(store: &Sqlite, size: usize) -> Result<()> {
    let mut session = store.write(Durability::Process).await?;
    let text =
        "insert into organisations (id, sealed, generation, created_at) values ($1, $2, 0, 0)";
    session
        .run(
            Statement::new(text)
                .bind(uuid::Uuid::new_v4())
                .bind(vec![7; size]),
        )
        .await?;
    session.commit().await
}

#[tokio::test]
async fn a_full_disk_is_told_and_what_was_committed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    store
        .maintain("pragma max_page_count = 130".to_owned())
        .await
        .unwrap();
    let mut written = 0_i64;
    let error = loop {
        match write_one(&store, 20_000).await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(
        (error.kind(), written > 3),
        (ErrorKind::Full, true),
        "{error}"
    );
    assert_eq!(error.sentence(), "the disk that holds the store is full");
    write_one(&store, 20_000).await.unwrap();
    store.check().await.unwrap();
    let count = Statement::new("select count(*) as count from organisations");
    let rows = store.read().await.unwrap().rows(count).await.unwrap();
    assert_eq!(rows[0].get::<i64>("count").unwrap(), written + 1);
}

/// A small disk in memory; only root may make one.
#[cfg(target_os = "linux")]
struct Disk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl Disk {
    fn mount(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let disk = Self(folder);
        disk.run("mount", &["-t", "tmpfs", "-o", options, "tmpfs"])
            .then_some(disk)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> bool {
        let mut command = std::process::Command::new(program);
        let status = command.args(arguments).arg(self.0.path()).output();
        status.is_ok_and(|output| output.status.success())
    }
}

#[cfg(target_os = "linux")]
impl Drop for Disk {
    fn drop(&mut self) {
        self.run("umount", &[]);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_first_start_on_a_full_disk_leaves_nothing_that_a_second_stumbles_over() {
    for kilobytes in (40..=600).step_by(40) {
        let Some(disk) = Disk::mount(&format!("size={kilobytes}k")) else {
            eprintln!("left out: this user may not mount a disk");
            return;
        };
        let path = disk.0.path().join("home");
        if let Ok(home) = Home::lock(&path) {
            match Sqlite::open(home).await {
                Ok(store) => store.close_file().await,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Full, "{kilobytes}k"),
            }
        }
        assert!(disk.run("mount", &["-o", "remount,size=8m"]));
        let store = Sqlite::open(Home::lock(&path).unwrap()).await;
        let store = store.unwrap_or_else(|error| panic!("{kilobytes}k: {error}"));
        store.check().await.unwrap();
        write_one(&store, 10).await.unwrap();
        store.close_file().await;
    }
}

#[tokio::test]
async fn a_store_that_may_only_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    store
        .maintain("pragma query_only = on".to_owned())
        .await
        .unwrap();
    assert_eq!(
        write_one(&store, 10).await.unwrap_err().kind(),
        ErrorKind::Denied
    );
}

#[tokio::test]
async fn a_file_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let other = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true);
    let mut connection = other.connect().await.unwrap();
    sqlx::raw_sql("create table music (title text)")
        .execute(&mut connection)
        .await
        .unwrap();
    assert_eq!(
        Sqlite::open_file(&file).await.err().unwrap().kind(),
        ErrorKind::Corrupt
    );
    let tables = sqlx::query("select name from sqlite_master")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(tables.len(), 1);
}

#[tokio::test]
async fn connections_are_set_up_as_argued() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    for session in [
        store.read().await.unwrap(),
        store.write(Durability::Process).await.unwrap(),
    ] {
        let mut session = session;
        let text = "select journal_mode, temp_store, secure_delete, foreign_keys
            from pragma_journal_mode, pragma_temp_store, pragma_secure_delete, pragma_foreign_keys";
        let row = session.row(Statement::new(text)).await.unwrap().unwrap();
        assert_eq!(row.get::<String>("journal_mode").unwrap(), "wal");
        for (name, value) in [("temp_store", 2), ("secure_delete", 1), ("foreign_keys", 1)] {
            assert_eq!(row.get::<i64>(name).unwrap(), value, "{name}");
        }
    }
    for (durability, level) in [(Durability::Power, 2), (Durability::Process, 1)] {
        let mut session = store.write(durability).await.unwrap();
        let row = session
            .row(Statement::new("select synchronous from pragma_synchronous"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.get::<i64>("synchronous").unwrap(), level);
    }
}

/// Of a catalog most rows are columns, which no list of entities walks over.
#[tokio::test]
async fn lists_of_entities_have_indexes_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let mut session = store.read().await.unwrap();
    let list = "explain query plan select id from entities where org_id = $1 and kind <> 'column' and gone_at is null";
    for (more, index) in [
        (" and id > $2 order by id limit 9", "entities_listed"),
        (" and kind = $2 order by id limit 9", "entities_by_kind"),
        (
            " and source_id = $2 order by id limit 9",
            "entities_by_source",
        ),
        (" and parent_id = $2 order by id limit 9", "entities_below"),
        (" and changed > $2", "entities_changed"),
    ] {
        let statement = Statement::new(list).text(more);
        let statement = statement.bind(uuid::Uuid::nil()).bind("x");
        let plan = session.rows(statement).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get("detail").unwrap()).collect();
        assert!(plan[0].contains(index), "{more}: {plan:?}");
        assert_eq!(plan.len(), 1, "nothing is sorted: {plan:?}");
    }
}
