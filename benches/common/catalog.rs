//! Catalogs of many columns, written through the store itself: sources of that size are not at hand.

use std::path::Path;

use locard_model::{ColumnId, EntityId, EntityKind, EntityPath, OrgId, SecretString, SourceId};
use locard_store::{Column, Entity, JobDraft, KeyPlace, Place, SourceDraft, Store};
use sqlx::Connection as _;

use crate::served::KEY;

const ORG: OrgId = OrgId::DEFAULT;

/// Columns of each table.
const WIDTH: usize = 50;

/// Tables that are written at once.
const CHUNK: usize = 1_000;

const WORDS: [&str; 10] = [
    "customer", "order", "invoice", "address", "payment", "item", "store", "event", "ticket",
    "login",
];

/// Fills a new home, and answers the id of a job in it.
pub(crate) fn fill_home(home: &Path, columns: usize) -> String {
    fill(&Place::Home(home.to_owned()), columns)
}

/// A schema of its own in a database; dropping removes it.
pub(crate) struct Shared {
    server: String,
    schema: String,
    /// What `--store` takes.
    pub(crate) url: String,
}

impl Shared {
    pub(crate) fn new(server: &str) -> Self {
        let schema = format!("bench_{}", std::process::id());
        let separator = if server.contains('?') { '&' } else { '?' };
        let shared = Self {
            url: format!("{server}{separator}options[search_path]={schema}"),
            server: server.to_owned(),
            schema,
        };
        shared.run(&format!("create schema {}", shared.schema));
        shared
    }

    pub(crate) fn fill(&self, columns: usize) -> String {
        let place = Place::Postgres(SecretString::from(self.url.as_str()));
        let job = fill(&place, columns);
        // As its own housekeeping does sooner or later.
        self.run("analyze");
        job
    }

    fn run(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        runtime().block_on(async {
            let connection = sqlx::PgConnection::connect(&self.server).await;
            let mut connection = connection.expect("the server can be reached");
            let ran = sqlx::raw_sql(sql).execute(&mut connection).await;
            ran.expect("the server does it");
        });
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.run(&format!("drop schema {} cascade", self.schema));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime
        .enable_all()
        .build()
        .expect("threads can be started")
}

fn fill(place: &Place, columns: usize) -> String {
    let keys = KeyPlace {
        given: Some(SecretString::from(KEY)),
        file: std::env::temp_dir().join("no-such-key"),
    };
    runtime().block_on(async {
        let opened = locard_store::open(place, &keys).await;
        let store = opened.expect("a store can be made").store;
        let job = write(&*store, columns).await;
        store.close().await;
        job.expect("the store takes it")
    })
}

async fn write(store: &dyn Store, columns: usize) -> locard_store::Result<String> {
    let draft = SourceDraft {
        id: SourceId::derive("bench"),
        name: "bench".to_owned(),
        kind: "local".to_owned(),
        target: "file:///data/bench".to_owned(),
        settings: SecretString::from("{}"),
        owner: None,
        key: None,
    };
    let source = store.put_source(ORG, &draft).await?.id;
    let tables: Vec<usize> = (0..columns.div_ceil(WIDTH)).collect();
    for chunk in tables.chunks(CHUNK) {
        let entities: Vec<Entity> = chunk.iter().map(|number| table(source, *number)).collect();
        store.put_entities(ORG.into(), &entities).await?;
        for (entity, number) in entities.iter().zip(chunk) {
            let columns: Vec<Column> = (0..WIDTH).map(|at| column(entity, *number, at)).collect();
            store.put_columns(ORG.into(), entity.id, &columns).await?;
        }
    }
    let draft = JobDraft::new("names", serde_json::json!({ "targets": ["bench"] }));
    Ok(store.start_job(ORG, &draft).await?.job.id.to_string())
}

fn table(source: SourceId, number: usize) -> Entity {
    let (first, second) = (WORDS[number % 10], WORDS[number / 10 % 10]);
    let name = format!("{first}_{second}_table_{number}");
    let path = EntityPath::new(["public", &name]);
    Entity {
        id: EntityId::derive(source, EntityKind::Table, &path),
        source,
        parent: None,
        kind: EntityKind::Table,
        path,
        rows: Some(1_000),
        bytes: None,
        comment: None,
        description: None,
        fingerprint: None,
        seen_at: jiff::Timestamp::UNIX_EPOCH,
        gone_at: None,
    }
}

fn column(entity: &Entity, table: usize, at: usize) -> Column {
    let name = format!("{}_{at}", WORDS[(table + at) % 10]);
    Column {
        id: ColumnId::derive(entity.id, &name),
        entity: entity.id,
        source: entity.source,
        ordinal: at as u32,
        path: name,
        data_type: "text".to_owned(),
        comment: None,
        gone_at: None,
    }
}
