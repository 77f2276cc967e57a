//! A source of which only some entities are listed.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use locard_model::{EntityKind, EntityPath};

use crate::{
    Batch, Description, Entity, Result, ScanPlan, ScanRequest, Scope, Server, Settled, Source,
    Split, Usage,
};

/// Which entities of a source are listed.
pub trait Admits: Debug + Send + Sync + 'static {
    /// Whether an item of the listing is handed on: an entity, or that one could not be listed.
    fn admits(&self, item: &Result<Entity>) -> bool;
}

/// Hides entities from whoever lists a source. What is asked for by its path is still there: whoever lists decides.
#[derive(Debug)]
pub struct Narrow<A> {
    inner: Arc<dyn Source>,
    admits: A,
}

impl<A: Admits> Narrow<A> {
    /// Around a source.
    pub fn new(inner: Arc<dyn Source>, admits: A) -> Self {
        Self { inner, admits }
    }
}

#[async_trait]
impl<A: Admits> Source for Narrow<A> {
    async fn check(&self) -> Result<Server> {
        self.inner.check().await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        let all = self.inner.entities(scope);
        Box::pin(all.filter(|item| std::future::ready(self.admits.admits(item))))
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        self.inner.describe(path, kind).await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        self.inner.plan(request).await
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        self.inner.read(split).await
    }

    async fn settle(&self) -> Settled {
        self.inner.settle().await
    }

    fn longest_silence(&self) -> Option<Duration> {
        self.inner.longest_silence()
    }

    fn usage(&self) -> Option<&dyn Usage> {
        self.inner.usage()
    }
}
