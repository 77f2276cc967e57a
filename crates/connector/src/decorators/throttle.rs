//! Spares a source: few readers at a time, and a pause after each batch where a rate is set.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use locard_model::{EntityKind, EntityPath};
use tokio::sync::Semaphore;

use crate::{
    Batch, Description, Entity, Error, ErrorKind, Result, ScanPlan, ScanRequest, Scope, Server,
    Settled, Source, Split, Usage,
};

/// Limits how much of a source is read at the same time and per second.
#[derive(Debug)]
pub struct Throttle {
    inner: Arc<dyn Source>,
    readers: Arc<Semaphore>,
    most: usize,
    bytes_per_second: Option<u64>,
}

impl Throttle {
    /// Around a source. The rate is shared by all readers: each gets its share of it.
    pub fn new(
        inner: Arc<dyn Source>,
        readers: NonZeroUsize,
        bytes_per_second: Option<u64>,
    ) -> Self {
        let readers = readers.get().min(Semaphore::MAX_PERMITS);
        Self {
            inner,
            readers: Arc::new(Semaphore::new(readers)),
            most: readers,
            bytes_per_second,
        }
    }

    /// How long a batch of that size must take while all others read too.
    fn due(&self, bytes: u64) -> Duration {
        let busy = self.most - self.readers.available_permits();
        let rate = self.bytes_per_second.unwrap_or(u64::MAX).max(1) as f64 / busy.max(1) as f64;
        Duration::try_from_secs_f64(bytes as f64 / rate).unwrap_or(Duration::MAX)
    }
}

#[async_trait]
impl Source for Throttle {
    async fn check(&self) -> Result<Server> {
        self.inner.check().await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        self.inner.entities(scope)
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        self.inner.describe(path, kind).await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        self.inner.plan(request).await
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        let permit = self.readers.clone().acquire_owned().await;
        let permit =
            permit.map_err(|_| Error::new(ErrorKind::Interrupted, "the source was closed"))?;
        let batches = self.inner.read(split).await?;
        // The permit goes when the stream is dropped.
        let this = Self {
            inner: self.inner.clone(),
            readers: self.readers.clone(),
            ..*self
        };
        let paced = stream::unfold(
            (batches, permit, this),
            |(mut batches, permit, this)| async move {
                let began = tokio::time::Instant::now();
                let item = batches.next().await?;
                if let (Ok(batch), Some(_)) = (&item, this.bytes_per_second) {
                    let due = this.due(batch.bytes());
                    tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
                }
                Some((item, (batches, permit, this)))
            },
        );
        Ok(paced.boxed())
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
