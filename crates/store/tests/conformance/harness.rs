//! A fresh store for each test, and rows to put into it.
//!
//! `LOCARD_TEST_POSTGRES_URL` names a server; without it the PostgreSQL half says that it was skipped, and fails if
//! servers are required.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use locard_model::{
    Category, ColumnId, EntityId, EntityKind, EntityPath, Finding, FindingKind, Identifier, JobId,
    KeyId, OrgId, PieceId, SecretString, Sensitivity, SourceId,
};
use locard_store::{
    Claim, Column, ColumnRecord, Conclusion, Entity, FindingDraft, JobDraft, JobLease, KeyPlace,
    LeasedTask, Merged, Page, PieceColumn, Place, SourceDraft, Store, Task, TaskCounts, TaskDraft,
    TaskOutcome, WorkerId, open,
};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const ORG: OrgId = OrgId::DEFAULT;
pub(crate) const LONG: Duration = Duration::from_mins(10);
/// A lease that has run out as soon as it is given: no test waits.
pub(crate) const SPENT: Duration = Duration::ZERO;

/// A fresh place for a store, with a key.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) place: Place,
    pub(crate) keys: KeyPlace,
    schema: Option<(String, String)>,
}

impl Bench {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Home(folder.path().join("home"));
        Self {
            place,
            keys: keys(&folder),
            folder,
            schema: None,
        }
    }

    /// A schema of its own; `None` where there is no server.
    pub(crate) async fn postgres() -> Option<Self> {
        let url = locard_testkit::servers::postgres("the store")?;
        let schema = format!("store_{}", Uuid::new_v4().simple());
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("create schema {schema}"));
        sqlx::raw_sql(create)
            .execute(&mut connection)
            .await
            .unwrap();
        let separator = if url.contains('?') { '&' } else { '?' };
        let place = Place::Postgres(SecretString::from(format!(
            "{url}{separator}options[search_path]={schema}"
        )));
        let folder = tempfile::tempdir().unwrap();
        Some(Self {
            place,
            keys: keys(&folder),
            folder,
            schema: Some((url, schema)),
        })
    }

    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        open(&self.place, &self.keys).await.unwrap().store
    }

    /// Runs a script on the store, which nobody has open.
    pub(crate) async fn script(&self, script: &str) {
        self.try_script(script).await.unwrap();
    }

    /// The same, where it may be refused.
    pub(crate) async fn try_script(&self, script: &str) -> Result<(), sqlx::Error> {
        let script = sqlx::AssertSqlSafe(script.to_owned());
        match (&self.place, &self.schema) {
            (Place::Home(home), _) => {
                std::fs::create_dir_all(home).unwrap();
                // A dump names tables in the order of their names.
                let options = SqliteConnectOptions::new()
                    .filename(home.join("catalog.sqlite"))
                    .create_if_missing(true)
                    .foreign_keys(false);
                let mut connection = options.connect().await.unwrap();
                let ran = sqlx::raw_sql(script).execute(&mut connection).await;
                connection.close().await.unwrap();
                ran.map(drop)
            }
            (_, Some((url, schema))) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                let path = sqlx::AssertSqlSafe(format!("set search_path to {schema}"));
                sqlx::raw_sql(path).execute(&mut connection).await.unwrap();
                let ran = sqlx::raw_sql(script).execute(&mut connection).await;
                ran.map(drop)
            }
            (_, None) => unreachable!("a shared store has a schema"),
        }
    }

    /// Whether these bytes stand in a file of the store.
    pub(crate) async fn holds(&self, bytes: &[u8]) -> bool {
        let Some((url, schema)) = &self.schema else {
            let Place::Home(home) = &self.place else {
                unreachable!("a store without a schema has a home")
            };
            let entries = std::fs::read_dir(home).unwrap();
            let mut files = entries
                .map(|entry| entry.unwrap().path())
                .filter(|it| it.is_file());
            return files.any(|file| {
                let content = std::fs::read(file).unwrap();
                content.windows(bytes.len()).any(|part| part == bytes)
            });
        };
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        // What is in memory stands in the files then.
        sqlx::raw_sql("checkpoint")
            .execute(&mut connection)
            .await
            .unwrap();
        let text = "with tables as (
                select c.oid, c.reltoastrelid from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = $1 and c.relkind in ('r', 'i')
            ), files as (select oid from tables union select reltoastrelid from tables where reltoastrelid <> 0)
            select coalesce(bool_or(position($2 in pg_read_binary_file(pg_relation_filepath(oid::regclass), 0, 1000000000, true)) > 0), false)
            from files";
        sqlx::query_scalar(text)
            .bind(schema)
            .bind(bytes)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn drop_schema(self) {
        if let Some((url, schema)) = self.schema {
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            let drop = sqlx::AssertSqlSafe(format!("drop schema {schema} cascade"));
            sqlx::raw_sql(drop).execute(&mut connection).await.unwrap();
        }
    }
}

fn keys(folder: &TempDir) -> KeyPlace {
    KeyPlace {
        given: None,
        file: folder.path().join("config").join("master.key"),
    }
}

/// Runs each function on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let bench = crate::harness::Bench::sqlite();
                super::$name(&bench, bench.open().await).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(bench) = crate::harness::Bench::postgres().await {
                    let store = bench.open().await;
                    super::$name(&bench, store.clone()).await;
                    store.close().await;
                    bench.drop_schema().await;
                }
            })+
        }
    };
}
pub(crate) use on_both;

pub(crate) fn source_draft(name: &str) -> SourceDraft {
    SourceDraft {
        id: SourceId::derive(name),
        name: name.to_owned(),
        kind: "local".to_owned(),
        target: format!("file:///data/{name}"),
        settings: SecretString::from(format!("{{\"password\":\"secret of {name}\"}}")),
        owner: Some("Finance".to_owned()),
        key: None,
    }
}

pub(crate) fn table(source: SourceId, name: &str) -> Entity {
    let path = EntityPath::new(["public", name]);
    Entity {
        id: EntityId::derive(source, EntityKind::Table, &path),
        source,
        parent: None,
        kind: EntityKind::Table,
        path,
        rows: Some(10),
        bytes: None,
        comment: Some(format!("comment on {name}")),
        description: Some(json!({ "primary_key": ["id"] })),
        fingerprint: Some("v1".to_owned()),
        seen_at: Timestamp::UNIX_EPOCH,
        gone_at: None,
    }
}

pub(crate) fn column(entity: &Entity, ordinal: u32, name: &str) -> Column {
    Column {
        id: ColumnId::derive(entity.id, name),
        entity: entity.id,
        source: entity.source,
        ordinal,
        path: name.to_owned(),
        data_type: "text".to_owned(),
        comment: None,
        gone_at: None,
    }
}

/// A source with one table of two columns.
pub(crate) async fn furnish(store: &dyn Store) -> Entity {
    let source = store.put_source(ORG, &source_draft("crm")).await.unwrap();
    let entity = table(source.id, "customers");
    store
        .put_entities(ORG.into(), std::slice::from_ref(&entity))
        .await
        .unwrap();
    let columns = [column(&entity, 0, "id"), column(&entity, 1, "email")];
    store
        .put_columns(ORG.into(), entity.id, &columns)
        .await
        .unwrap();
    entity
}

/// A scan that is coordinated by this test.
pub(crate) async fn running(store: &dyn Store) -> JobLease {
    let job = store
        .start_job(ORG, &JobDraft::new("scan", json!({ "target": "crm" })))
        .await
        .unwrap()
        .job;
    store
        .claim_job(ORG, job.id, WorkerId::random(), LONG)
        .await
        .unwrap()
}

pub(crate) fn task_draft(entity: &Entity, piece: u64) -> TaskDraft {
    TaskDraft {
        piece: PieceId::derive(entity.id, &piece.to_be_bytes()),
        entity: Some(entity.id),
        split: json!({ "piece": piece }),
        version: Some(format!("version {piece}")),
        snapshot: None,
        max_attempts: 2,
    }
}

pub(crate) fn claim(lease_for: Duration) -> Claim {
    Claim {
        worker: WorkerId::random(),
        job: None,
        pieces: Vec::new(),
        affinity: None,
        lease_for,
        limit: 1,
    }
}

pub(crate) fn claim_of(job: JobId, lease_for: Duration) -> Claim {
    Claim {
        job: Some((ORG, job)),
        ..claim(lease_for)
    }
}

/// The one task that is ready.
pub(crate) async fn take(store: &dyn Store, claim: &Claim) -> LeasedTask {
    let mut leased = store.lease_tasks(claim).await.unwrap();
    assert_eq!(leased.len(), 1, "one task is ready");
    leased.remove(0)
}

/// The task as it is now.
pub(crate) async fn task(store: &dyn Store, leased: &LeasedTask) -> Task {
    let job = leased.task.job;
    let tasks = store.tasks(ORG, job, None, Page::default()).await.unwrap();
    let mut items = tasks.items.into_iter();
    items.find(|task| task.id == leased.task.id).unwrap()
}

pub(crate) fn piece_column(entity: &Entity, name: &str, sketch: &[u8]) -> PieceColumn {
    PieceColumn {
        column: ColumnId::derive(entity.id, name),
        key: KeyId(u64::MAX - 1),
        forms: 1,
        sketch: sketch.to_vec(),
        evidence: vec![1],
        extremes: Some(b"alice zoe".to_vec()),
    }
}

/// The sketches of one piece; none where it is not there.
pub(crate) async fn sketches(
    store: &dyn Store,
    org: OrgId,
    (entity, piece): (EntityId, PieceId),
) -> Vec<PieceColumn> {
    let piece = store.piece(org, entity, piece).await.unwrap();
    piece.map_or_else(Vec::new, |piece| piece.columns)
}

pub(crate) fn outcome(entity: &Entity, rows: u64) -> TaskOutcome {
    TaskOutcome {
        partial: false,
        counts: TaskCounts {
            rows,
            bytes: rows * 10,
            faults: 0,
        },
        columns: vec![
            piece_column(entity, "id", b"id"),
            piece_column(entity, "email", b"email"),
        ],
        failures: Vec::new(),
    }
}

pub(crate) fn record(entity: &Entity, name: &str, sketch: &[u8]) -> ColumnRecord {
    ColumnRecord {
        column: ColumnId::derive(entity.id, name),
        entity: entity.id,
        source: entity.source,
        generation: 0,
        key: KeyId(u64::MAX - 1),
        forms: 1,
        summary: json!({ "rows": 10, "distinct": 9 }),
        sketch: sketch.to_vec(),
        evidence: vec![1],
        extremes: Some(b"alice zoe".to_vec()),
    }
}

pub(crate) fn finding(entity: &Entity, name: &str, identifier: &str) -> FindingDraft {
    FindingDraft {
        finding: Finding {
            source: entity.source,
            entity: entity.id,
            column: ColumnId::derive(entity.id, name),
            column_name: name.to_owned(),
            identifier: Identifier::new(identifier),
            kind: FindingKind::Column,
            confidence: 0.97,
            category: Category::Contact,
            sensitivity: Sensitivity::Medium,
            rows: 10,
            filled: 10,
            tested: 10,
            matched: 9,
            validated: 0,
            distinct: 9,
            indexed: 1.0,
            rules: vec!["email".to_owned()],
        },
        explanation: json!({ "weights": [1.5, -0.25] }),
    }
}

pub(crate) fn conclusion(
    entity: &Entity,
    pieces: Vec<PieceId>,
    findings: Vec<FindingDraft>,
) -> Conclusion {
    let columns = vec![
        record(entity, "id", b"id"),
        record(entity, "email", b"email"),
    ];
    Conclusion {
        source: entity.source,
        aside: false,
        judged: None,
        entity: entity.id,
        merged: Some(Merged {
            pieces,
            staged: None,
            columns,
        }),
        findings,
        personal: Vec::new(),
    }
}
