//! Repeats what failed, where the error says that it may help.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use locard_model::{EntityKind, EntityPath};

use crate::{
    Batch, Description, Entity, Error, Result, ScanPlan, ScanRequest, Scope, Server, Settled,
    Source, Split, Usage,
};

/// How often a call is tried, and how long the pauses are. Each pause is twice the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Tries in all.
    pub tries: u32,
    /// The first pause.
    pub pause: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 4,
            pause: Duration::from_millis(200),
            longest: Duration::from_secs(10),
        }
    }
}

impl Patience {
    fn pause(self, failed: u32) -> Duration {
        self.pause
            .saturating_mul(1_u32.checked_shl(failed - 1).unwrap_or(u32::MAX))
            .min(self.longest)
    }

    async fn wait(self, what: &str, failed: u32, error: &Error) {
        let pause = self.pause(failed);
        tracing::debug!(what, failed, ?pause, kind = ?error.kind(), "trying again");
        tokio::time::sleep(pause).await;
    }
}

/// Repeats questions to a source, and listings that failed before anything was listed: what came is used at once, so
/// later nobody could tell what is there twice. Reads are not repeated here: whoever keeps the books of splits begins
/// them anew, and two who repeat would multiply their tries.
///
/// A source that never answered was waited for as long as connecting to it may take; nobody waits so long again.
#[derive(Debug)]
pub struct Retry {
    inner: Arc<dyn Source>,
    patience: Patience,
    /// Whether it ever answered.
    answered: AtomicBool,
}

impl Retry {
    /// Around a source.
    pub fn new(inner: Arc<dyn Source>, patience: Patience) -> Self {
        Self {
            inner,
            patience,
            answered: AtomicBool::new(false),
        }
    }

    async fn call<T, F: Future<Output = Result<T>>>(
        &self,
        what: &str,
        mut call: impl FnMut() -> F,
    ) -> Result<T> {
        let mut failed = 0;
        loop {
            match call().await {
                Err(error) if self.tries_again(&error, failed) => {
                    failed += 1;
                    self.patience.wait(what, failed, &error).await;
                }
                result => {
                    self.answered.fetch_or(result.is_ok(), Ordering::Relaxed);
                    return result;
                }
            }
        }
    }

    fn tries_again(&self, error: &Error, failed: u32) -> bool {
        let waited = error.is_spent() && !self.answered.load(Ordering::Relaxed);
        error.is_retryable() && !waited && failed + 1 < self.patience.tries
    }

    /// The listing, begun as often as it takes until its first item is no failure that may pass.
    async fn listing(&self, scope: Scope) -> BoxStream<'_, Result<Entity>> {
        let mut failed = 0;
        loop {
            let mut listing = self.inner.entities(&scope).fuse();
            match listing.next().await {
                Some(Err(error)) if self.tries_again(&error, failed) => {
                    failed += 1;
                    self.patience.wait("list", failed, &error).await;
                }
                first => return stream::iter(first).chain(listing).boxed(),
            }
        }
    }
}

#[async_trait]
impl Source for Retry {
    async fn check(&self) -> Result<Server> {
        self.call("check", || self.inner.check()).await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        stream::once(self.listing(scope.clone())).flatten().boxed()
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        self.call("describe", || self.inner.describe(path, kind))
            .await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        self.call("plan", || self.inner.plan(request)).await
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
