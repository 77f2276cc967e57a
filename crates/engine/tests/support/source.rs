//! Tables in memory with versions, many pieces and trouble on demand.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use locard_connector::{
    Batch, Description, Entity, Error, ErrorKind, Result, ScanPlan, ScanRequest, Scope, Server,
    Source, Split,
};
use locard_connector_memory::Tables;
use locard_model::{EntityKind, EntityPath};

/// Bytes that make a split a piece of its own.
const PIECE: u64 = locard_engine::PIECE_BYTES;

#[derive(Clone, Debug)]
pub(crate) struct Fickle {
    pub(crate) tables: Tables,
    pub(crate) version: Option<String>,
    /// Tables that are listed and then gone.
    pub(crate) vanishing: Arc<Mutex<Vec<EntityPath>>>,
    /// Tables whose reading ends in the middle.
    pub(crate) breaking: Arc<Mutex<Vec<EntityPath>>>,
    pieces: u64,
}

impl Fickle {
    pub(crate) fn new(pieces: u64) -> Self {
        Self {
            tables: Tables::new(),
            version: None,
            vanishing: Arc::default(),
            breaking: Arc::default(),
            pieces,
        }
    }
}

#[async_trait]
impl Source for Fickle {
    async fn check(&self) -> Result<Server> {
        self.tables.check().await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        let bytes = self.pieces * PIECE;
        self.tables
            .entities(scope)
            .map(move |entity| {
                Ok(Entity {
                    bytes: Some(bytes),
                    ..entity?
                })
            })
            .boxed()
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        self.tables.describe(path, kind).await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        if self
            .vanishing
            .lock()
            .expect("no test panicked")
            .contains(&request.path)
        {
            return Err(Error::new(ErrorKind::NotFound, "the table is gone"));
        }
        let mut plan = self.tables.plan(request).await?;
        for split in &mut plan.splits {
            split.version.clone_from(&self.version);
            split.bytes = Some(PIECE);
        }
        Ok(plan)
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        let batches = self.tables.read(split).await?;
        if self
            .breaking
            .lock()
            .expect("no test panicked")
            .contains(&split.path)
        {
            let broken = futures::stream::iter([Err(Error::new(
                ErrorKind::Malformed,
                "the rest is damaged",
            ))]);
            return Ok(batches.take(2).chain(broken).boxed());
        }
        Ok(batches)
    }
}
