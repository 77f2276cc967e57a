//! The behaviour suite over tables in memory.

use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use locard_connector::{Result, Source};
use locard_connector_memory::Tables;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::Table;
use locard_testkit::behaviour::{Fixture, Place, Skip, run};

struct Memory;

struct Shelf(Tables);

#[async_trait]
impl Fixture for Memory {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    async fn seed(&self, tables: &[Table]) -> Result<Box<dyn Place>, Skip> {
        let shelf = Tables::new();
        for table in tables {
            shelf.put(EntityPath::new([&table.name]), table.rows.clone());
        }
        Ok(Box::new(Shelf(shelf)))
    }
}

#[async_trait]
impl Place for Shelf {
    async fn source(&self) -> Result<Arc<dyn Source>> {
        Ok(Arc::new(self.0.clone()))
    }

    fn path(&self, table: &str) -> (EntityPath, EntityKind) {
        (EntityPath::new([table]), EntityKind::Table)
    }

    async fn remove(&self, table: &str) {
        self.0.remove(&EntityPath::new([table]));
    }

    async fn busy(&self) -> Option<usize> {
        Some(self.0.streams())
    }
}

fn main() -> ExitCode {
    run(Memory)
}
