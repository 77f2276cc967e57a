//! The behaviour suite over folders of CSV, NDJSON and Parquet files.

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use locard_connector::{Kind, Result, Source};
use locard_connector_local::{Folder, Local, Settings};
use locard_files::{Files, Sizes};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::Table;
use locard_testkit::behaviour::{Fixture, Place, Skip, run_each};
use locard_testkit::files::{FORMATS, Format};
use tempfile::TempDir;

/// Files of one format.
struct Shelf(Format);

struct Desk {
    folder: TempDir,
    format: Format,
}

#[async_trait]
impl Fixture for Shelf {
    fn name(&self) -> String {
        format!("local {}", self.0.ending)
    }

    async fn seed(&self, tables: &[Table]) -> Result<Box<dyn Place>, Skip> {
        let failed = |error: std::io::Error| Skip::new(error.to_string());
        let desk = Desk {
            folder: tempfile::tempdir().map_err(failed)?,
            format: self.0,
        };
        fs::create_dir(desk.folder.path().join("sub")).map_err(failed)?;
        for table in tables {
            fs::write(desk.file(&table.name), (self.0.write)(table)).map_err(failed)?;
        }
        Ok(Box::new(desk))
    }
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
    let shelf = |format: Format| (format.ending, Box::new(Shelf(format)) as Box<dyn Fixture>);
    run_each(FORMATS.map(shelf).into())
}
