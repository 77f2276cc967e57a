//! The behaviour suite over folders of CSV, NDJSON and Parquet files.

#![allow(clippy::expect_used)]

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use locard_connector::{Kind, Result, Source};
use locard_connector_local::{Folder, Local, Settings};
use locard_files::{Files, Sizes};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::behaviour::{Fixture, Place, Skip, run_each};
use locard_testkit::{Table, cell};
use tempfile::TempDir;

/// Files of one format: how they are called and written.
#[derive(Clone, Copy)]
struct Format {
    ending: &'static str,
    write: fn(&Table) -> Vec<u8>,
}

const CSV: Format = Format {
    ending: "csv",
    write: csv,
};
const NDJSON: Format = Format {
    ending: "ndjson",
    write: ndjson,
};
const PARQUET: Format = Format {
    ending: "parquet",
    write: parquet,
};

struct Desk {
    folder: TempDir,
    format: Format,
}

#[async_trait]
impl Fixture for Format {
    async fn seed(&self, tables: &[Table]) -> Result<Box<dyn Place>, Skip> {
        let failed = |error: std::io::Error| Skip::new(error.to_string());
        let desk = Desk {
            folder: tempfile::tempdir().map_err(failed)?,
            format: *self,
        };
        fs::create_dir(desk.folder.path().join("sub")).map_err(failed)?;
        for table in tables {
            fs::write(desk.file(&table.name), (self.write)(table)).map_err(failed)?;
        }
        Ok(Box::new(desk))
    }
}

/// Every value in quotes, nulls without.
fn csv(table: &Table) -> Vec<u8> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let header: Vec<String> = table.columns().iter().map(|name| quoted(name)).collect();
    let mut text = header.join(",") + "\n";
    for row in 0..table.rows.num_rows() {
        let cells = table.rows.columns().iter();
        let cells = cells.map(|array| {
            cell(array, row)
                .map(|text| quoted(&text))
                .unwrap_or_default()
        });
        text += &(cells.collect::<Vec<_>>().join(",") + "\n");
    }
    text.into_bytes()
}

/// Every value a string, nulls as nulls.
fn ndjson(table: &Table) -> Vec<u8> {
    let columns = table.columns();
    let mut text = String::new();
    for row in 0..table.rows.num_rows() {
        let cells = columns.iter().zip(table.rows.columns());
        let document: serde_json::Map<String, serde_json::Value> = cells
            .map(|(name, array)| (name.clone(), cell(array, row).into()))
            .collect();
        text += &(serde_json::Value::Object(document).to_string() + "\n");
    }
    text.into_bytes()
}

/// Typed, in small row groups.
fn parquet(table: &Table) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, table.rows.schema(), None)
        .expect("a writer opens");
    let rows = table.rows.num_rows();
    for from in (0..rows).step_by(100) {
        writer
            .write(&table.rows.slice(from, 100.min(rows - from)))
            .expect("a table can be written");
        writer.flush().expect("a row group ends");
    }
    writer.close().expect("the file ends");
    bytes
}

impl Desk {
    fn file(&self, table: &str) -> std::path::PathBuf {
        self.folder
            .path()
            .join("sub")
            .join(format!("{table}.{}", self.format.ending))
    }
}

#[async_trait]
impl Place for Desk {
    async fn source(&self) -> Result<Arc<dyn Source>> {
        let path = self.folder.path().to_string_lossy().into_owned();
        // The connector as it is opens; small files are divided only into smaller pieces than it makes.
        drop(
            Local::open(Settings {
                path: path.clone(),
                ..Settings::default()
            })
            .await?,
        );
        let folder = Folder::new(Settings {
            path,
            ..Settings::default()
        })?;
        Ok(Arc::new(Files::with_sizes(
            folder,
            Sizes {
                split_bytes: 4 << 10,
            },
        )))
    }

    fn path(&self, table: &str) -> (EntityPath, EntityKind) {
        let name = format!("{table}.{}", self.format.ending);
        (EntityPath::new(["sub".to_owned(), name]), EntityKind::File)
    }

    async fn remove(&self, table: &str) {
        let _ = fs::remove_file(self.file(table));
    }

    async fn contents(&self) -> Option<Vec<u8>> {
        Some(locard_testkit::behaviour::folder_contents(
            self.folder.path(),
        ))
    }

    #[cfg(target_os = "linux")]
    async fn busy(&self) -> Option<usize> {
        let here = self.folder.path().canonicalize().ok()?;
        let open = fs::read_dir("/proc/self/fd").ok()?.flatten();
        Some(
            open.filter(|entry| {
                fs::read_link(entry.path()).is_ok_and(|file| file.starts_with(&here))
            })
            .count(),
        )
    }
}

fn main() -> ExitCode {
    run_each(vec![
        ("csv", Box::new(CSV)),
        ("ndjson", Box::new(NDJSON)),
        ("parquet", Box::new(PARQUET)),
    ])
}
