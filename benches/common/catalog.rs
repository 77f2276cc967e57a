//! Catalogs of many columns, written through the store itself: sources of that size are not at hand.

use std::path::Path;

use std::time::Duration;

use locard_model::{
    ColumnId, EntityId, EntityKind, EntityPath, KeyId, OrgId, SecretString, SourceId,
};
use locard_sketch::forms::FORMS_VERSION;
use locard_store::{
    Column, ColumnRecord, Conclusion, Entity, EntityRead, JobDraft, KeyPlace, Merged, Place,
    SourceDraft, Store, WorkerId,
};
use sqlx::Connection as _;

use crate::served::KEY;
use crate::sketches::{Sketches, summary};

const ORG: OrgId = OrgId::DEFAULT;

/// Columns of each table.
pub(crate) const WIDTH: usize = 50;

/// Tables that are written at once.
const CHUNK: usize = 32;

const WORDS: [&str; 10] = [
    "customer", "order", "invoice", "address", "payment", "item", "store", "event", "ticket",
    "login",
];

/// A filled catalog.
pub(crate) struct Filled {
    /// The id of a job in it.
    pub(crate) job: String,
    /// Keys of all filters.
    pub(crate) keys: usize,
}

/// Fills a new home.
pub(crate) fn fill_home(home: &Path, columns: usize) -> Filled {
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

    pub(crate) fn fill(&self, columns: usize) -> Filled {
        let place = Place::Postgres(SecretString::from(self.url.as_str()));
        let filled = fill(&place, columns);
        // As its own housekeeping does sooner or later.
        self.run("analyze");
        filled
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

fn fill(place: &Place, columns: usize) -> Filled {
    let keys = KeyPlace {
        given: Some(SecretString::from(KEY)),
        file: std::env::temp_dir().join("no-such-key"),
    };
    runtime().block_on(async {
        let opened = locard_store::open(place, &keys).await;
        let store = opened.expect("a store can be made").store;
        let filled = write(&*store, columns).await;
        store.close().await;
        filled.expect("the store takes it")
    })
}

async fn write(store: &dyn Store, columns: usize) -> locard_store::Result<Filled> {
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
    let draft = JobDraft::new("names", serde_json::json!({ "targets": ["bench"] }));
    let job = store.start_job(ORG, &draft).await?.job.id;
    let lease_for = Duration::from_hours(24);
    let lease = store.claim_job(ORG, job, WorkerId::random(), lease_for);
    let lease = lease.await?;
    let key = store.sketch_key(ORG).await?;
    let mut sketches = Sketches::new(&key.key);
    store.put_entities(ORG.into(), &[schema(source)]).await?;
    let tables: Vec<usize> = (0..columns.div_ceil(WIDTH)).collect();
    for chunk in tables.chunks(CHUNK) {
        let read = chunk.iter().map(|number| {
            let entity = table(source, *number);
            let columns: Vec<Column> = (0..WIDTH).map(|at| column(&entity, *number, at)).collect();
            let records = columns.iter().enumerate().map(|(at, column)| {
                let sketch = sketches.column(*number, at);
                record(column, key.id, sketch)
            });
            EntityRead {
                read: None,
                conclusion: concluded(&entity, records.collect()),
                columns,
                entity,
            }
        });
        let read: Vec<EntityRead> = read.collect();
        store.complete_entities(&lease, &read).await?;
    }
    let keys = sketches.keys;
    let job = job.to_string();
    Ok(Filled { job, keys })
}

fn record(column: &Column, key: KeyId, sketch: locard_profile::ColumnSketch) -> ColumnRecord {
    ColumnRecord {
        column: column.id,
        entity: column.entity,
        source: column.source,
        generation: 0,
        key,
        forms: u32::from(FORMS_VERSION),
        summary: summary(&sketch),
        sketch: sketch.into_bytes(),
        evidence: Vec::new(),
        extremes: None,
    }
}

fn concluded(entity: &Entity, columns: Vec<ColumnRecord>) -> Conclusion {
    Conclusion {
        source: entity.source,
        entity: entity.id,
        merged: Some(Merged {
            pieces: Vec::new(),
            staged: None,
            columns,
        }),
        judged: None,
        aside: false,
        findings: Vec::new(),
        personal: Vec::new(),
    }
}

/// What the tables are in: of its kind there is one.
fn schema(source: SourceId) -> Entity {
    entity(source, EntityKind::Schema, EntityPath::new(["public"]))
}

fn table(source: SourceId, number: usize) -> Entity {
    let (first, second) = (WORDS[number % 10], WORDS[number / 10 % 10]);
    let name = format!("{first}_{second}_table_{number}");
    let path = EntityPath::new(["public", &name]);
    entity(source, EntityKind::Table, path)
}

fn entity(source: SourceId, kind: EntityKind, path: EntityPath) -> Entity {
    Entity {
        id: EntityId::derive(source, kind, &path),
        source,
        parent: None,
        kind,
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
