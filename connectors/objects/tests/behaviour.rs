//! The behaviour suite over buckets of CSV, NDJSON and Parquet files on every kind of store.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use locard_connector::{Result, Source};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::behaviour::{Fixture, Login, Place, Skip, folder_contents, run_each};
use locard_testkit::files::{FORMATS, Format};
use locard_testkit::{Table, servers};
use serde_json::json;

use support::{Bench, Store};

/// Files of one format in buckets of one store.
struct Shelf {
    store: Store,
    format: Format,
}

struct Desk {
    bench: Bench,
    format: Format,
}

#[async_trait]
impl Fixture for Shelf {
    fn name(&self) -> String {
        let store = match self.store {
            Store::S3 | Store::Signed => "s3",
            Store::Azure => "azure",
            Store::Gcs => "gcs",
        };
        format!("{store} {}", self.format.ending)
    }

    async fn seed(&self, tables: &[Table]) -> Result<Box<dyn Place>, Skip> {
        let bench = Bench::new(self.store, "the behaviour suite");
        let bench = bench.ok_or_else(|| Skip::new("there is no server"))?;
        let desk = Desk {
            bench,
            format: self.format,
        };
        for table in tables {
            desk.bench
                .put(&desk.name(&table.name), (self.format.write)(table));
        }
        Ok(Box::new(desk))
    }

    // Its names are names of files.
    fn can_name(&self, table: &str) -> bool {
        self.store != Store::Signed || !table.contains('%')
    }

    async fn wrong_password(&self) -> Option<Login> {
        let (setting, password) = match self.store {
            // One checks no signatures, the other has no passwords.
            Store::S3 | Store::Gcs => return None,
            Store::Signed => ("secret_access_key", "hushhushhushhushhushhush"),
            Store::Azure => ("access_key", "aHVzaGh1c2hodXNoaHVzaGh1c2hodXNo"),
        };
        let bench = Bench::new(self.store, "a wrong password")?;
        let source = bench.source(json!({ setting: password }));
        Some(Login {
            source: source.map(|source| Arc::new(source) as Arc<dyn Source>),
            password: password.to_owned(),
        })
    }
}

impl Desk {
    fn name(&self, table: &str) -> String {
        format!("sub/{table}.{}", self.format.ending)
    }
}

#[async_trait]
impl Place for Desk {
    async fn source(&self) -> Result<Arc<dyn Source>> {
        Ok(Arc::new(self.bench.source(json!({}))?))
    }

    fn path(&self, table: &str) -> (EntityPath, EntityKind) {
        (
            EntityPath::new(self.name(table).split('/')),
            EntityKind::File,
        )
    }

    async fn remove(&self, table: &str) {
        self.bench.delete(&self.name(table));
    }

    fn password(&self) -> Option<String> {
        Some(self.bench.password.clone())
    }

    async fn contents(&self) -> Option<Vec<u8>> {
        (self.bench.store == Store::Signed).then(|| {
            folder_contents(
                &std::path::PathBuf::from(
                    std::env::var(servers::S3_SIGNED_FOLDER).expect("the folder is told"),
                )
                .join(&self.bench.bucket),
            )
        })
    }
}

fn main() -> ExitCode {
    let stores = [
        ("s3", Store::S3),
        ("signed", Store::Signed),
        ("azure", Store::Azure),
        ("gcs", Store::Gcs),
    ];
    let names: Vec<(String, Shelf)> = stores
        .into_iter()
        .flat_map(|(name, store)| {
            FORMATS.map(|format| {
                (
                    format!("{name}::{}", format.ending),
                    Shelf { store, format },
                )
            })
        })
        .collect();
    run_each(
        names
            .iter()
            .map(|(name, _)| name.as_str())
            .zip(names.iter().map(|(_, shelf)| {
                Box::new(Shelf {
                    store: shelf.store,
                    format: shelf.format,
                }) as Box<dyn Fixture>
            }))
            .collect(),
    )
}
