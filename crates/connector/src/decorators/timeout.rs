//! Ends what does not answer.
//!
//! What a reader gets wrong: a read may be silent for far longer than a question may go unanswered. Where the source
//! limits its own statements it knows better how long, and tells better why it ended one.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream, Stream};
use locard_model::{EntityKind, EntityPath};

use crate::{
    Batch, Description, Entity, Error, ErrorKind, Result, ScanPlan, ScanRequest, Scope, Server,
    Source, Split, Usage,
};

/// Ends calls, and streams between two items, after a time.
#[derive(Debug)]
pub struct Timeout {
    inner: Arc<dyn Source>,
    wait: Duration,
    silence: Duration,
}

impl Timeout {
    /// Around a source: `wait` for answers to questions, `silence` for what is read.
    pub fn new(inner: Arc<dyn Source>, wait: Duration, silence: Duration) -> Self {
        // Later than the source's own limit, so that its error comes first.
        let own = inner.longest_silence();
        let own = own.map_or(Duration::ZERO, |own| own.saturating_add(wait));
        Self {
            inner,
            wait,
            silence: silence.max(own),
        }
    }

    async fn call<T>(&self, what: &str, call: impl Future<Output = Result<T>>) -> Result<T> {
        answer(what, self.wait, call).await
    }
}

async fn answer<T>(what: &str, wait: Duration, call: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(wait, call)
        .await
        .unwrap_or_else(|_| Err(late(what, wait)))
}

fn late(what: &str, wait: Duration) -> Error {
    Error::new(
        ErrorKind::Interrupted,
        format!("{what}: no answer within {} seconds", wait.as_secs_f32()),
    )
}

/// The items of a stream, each within the time; the first late one ends it.
fn timed<'a, T: Send + 'a>(
    items: impl Stream<Item = Result<T>> + Send + Unpin + 'a,
    what: &'static str,
    wait: Duration,
) -> BoxStream<'a, Result<T>> {
    stream::unfold(Some(items), move |items| async move {
        let mut items = items?;
        match tokio::time::timeout(wait, items.next()).await {
            Ok(item) => item.map(|item| (item, Some(items))),
            Err(_) => Some((Err(late(what, wait)), None)),
        }
    })
    .boxed()
}

#[async_trait]
impl Source for Timeout {
    async fn check(&self) -> Result<Server> {
        self.call("connecting", self.inner.check()).await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        timed(self.inner.entities(scope), "listing", self.wait)
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        self.call("describing", self.inner.describe(path, kind))
            .await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        self.call("planning", self.inner.plan(request)).await
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        let batches = answer("reading", self.silence, self.inner.read(split)).await?;
        Ok(timed(batches, "reading", self.silence))
    }

    fn longest_silence(&self) -> Option<Duration> {
        self.inner.longest_silence()
    }

    fn usage(&self) -> Option<&dyn Usage> {
        self.inner.usage()
    }
}
