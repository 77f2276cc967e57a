//! A source of which only some entities are listed, as somebody wants it read.

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

/// Entities that are judged at the same time: to judge one its source may be asked.
const AT_ONCE: usize = 16;

/// Which entities of a source are listed, and how they are asked for.
#[async_trait]
pub trait Narrows: Debug + Send + Sync + 'static {
    /// Whether an item of the listing is handed on: an entity, or that one could not be listed.
    async fn admits(&self, inner: &dyn Source, item: &Result<Entity>) -> bool;

    /// What is asked for in place of a request.
    fn asked(&self, request: &ScanRequest) -> ScanRequest {
        request.clone()
    }
}

/// Hides entities from whoever lists a source. What is asked for by its path is still there: whoever lists decides.
#[derive(Debug)]
pub struct Narrow<N> {
    inner: Arc<dyn Source>,
    by: N,
}

impl<N: Narrows> Narrow<N> {
    /// Around a source.
    pub fn new(inner: Arc<dyn Source>, by: N) -> Self {
        Self { inner, by }
    }
}

#[async_trait]
impl<N: Narrows> Source for Narrow<N> {
    async fn check(&self) -> Result<Server> {
        self.inner.check().await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        let all = self.inner.entities(scope);
        let judged = all.map(move |item| async move {
            let is_admitted = self.by.admits(self.inner.as_ref(), &item).await;
            is_admitted.then_some(item)
        });
        Box::pin(judged.buffered(AT_ONCE).filter_map(std::future::ready))
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        self.inner.describe(path, kind).await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        self.inner.plan(&self.by.asked(request)).await
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
