//! Ends what does not answer.
//!
//! What a reader gets wrong: a read, and a plan that divides what is read, may be silent for far longer than a question may go unanswered. Where the source
//! limits its own statements it knows better how long, and tells better why it ended one. So a source that is silent
//! over a read is asked now and then whether it is there at all: one that hangs does not answer that either.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream, Stream};
use locard_model::{EntityKind, EntityPath};

use super::Limits;
use crate::{
    Batch, Description, Entity, Error, ErrorKind, Result, ScanPlan, ScanRequest, Scope, Server,
    Settled, Source, Split, Usage,
};

/// Ends calls, and streams between two items, after a time.
#[derive(Clone, Debug)]
pub struct Timeout {
    inner: Arc<dyn Source>,
    wait: Duration,
    doubt: Duration,
    silence: Duration,
}

impl Timeout {
    /// Around a source, with its `wait`, `doubt` and `silence`.
    pub fn new(inner: Arc<dyn Source>, limits: &Limits) -> Self {
        // Later than the source's own limit, so that its error comes first, but not much: a server that is there and does not
        // end what it promised to end has forgotten it.
        let own = inner.longest_silence();
        let silence = match own {
            Some(own) if own < Duration::MAX => own.saturating_add(limits.doubt),
            Some(own) => own,
            None => limits.silence,
        };
        Self {
            inner,
            wait: limits.wait,
            doubt: limits.doubt,
            silence,
        }
    }

    async fn call<T>(&self, what: &str, call: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::time::timeout(self.wait, call)
            .await
            .unwrap_or_else(|_| Err(late(what, self.wait)))
    }

    /// What a read or plan gives next, for as long as the source seems to be there.
    async fn next<T>(&self, what: &str, reading: impl Future<Output = T>) -> Result<T> {
        let mut reading = pin!(reading);
        let mut silent = Duration::ZERO;
        loop {
            let turn = self.doubt.min(self.silence.saturating_sub(silent));
            if let Ok(item) = tokio::time::timeout(turn, &mut reading).await {
                return Ok(item);
            }
            silent = silent.saturating_add(turn);
            if silent >= self.silence {
                return Err(late(what, self.silence));
            }
            tokio::select! {
                item = &mut reading => return Ok(item),
                hung = self.hung(what, silent) => if let Some(error) = hung { return Err(error) },
            }
        }
    }

    /// The error of a source that answers nothing while it is silent over a read.
    async fn hung(&self, what: &str, silent: Duration) -> Option<Error> {
        let error = self.call("connecting", self.inner.check()).await.err()?;
        let gone = matches!(
            error.kind(),
            ErrorKind::Unreachable | ErrorKind::Interrupted
        );
        let seconds = silent.as_secs_f32();
        let sentence =
            format!("{what}: silent for {seconds} seconds, and then no answer to a question");
        gone.then(|| Error::new(ErrorKind::Unreachable, sentence).cause(error))
    }
}

fn late(what: &str, wait: Duration) -> Error {
    Error::new(
        ErrorKind::Interrupted,
        format!("{what}: no answer within {} seconds", wait.as_secs_f32()),
    )
}

/// The items of a listing, each within the time; the first late one ends it.
fn timed<'a, T: Send + 'a>(
    items: impl Stream<Item = Result<T>> + Send + Unpin + 'a,
    wait: Duration,
) -> BoxStream<'a, Result<T>> {
    stream::unfold(Some(items), move |items| async move {
        let mut items = items?;
        match tokio::time::timeout(wait, items.next()).await {
            Ok(item) => item.map(|item| (item, Some(items))),
            Err(_) => Some((Err(late("listing", wait)), None)),
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
        timed(self.inner.entities(scope), self.wait)
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        self.call("describing", self.inner.describe(path, kind))
            .await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        if request.estimate {
            return self.call("planning", self.inner.plan(request)).await;
        }
        // Dividing a large text means to read it.
        self.next("planning", self.inner.plan(request)).await?
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        let batches = self.next("reading", self.inner.read(split)).await??;
        let (timeout, resource) = (self.clone(), split.path.resource(split.kind));
        let batches = stream::unfold(Some(batches), move |batches| {
            let (timeout, resource) = (timeout.clone(), resource.clone());
            async move {
                let mut batches = batches?;
                match timeout.next("reading", batches.next()).await {
                    Ok(item) => item.map(|item| (item, Some(batches))),
                    Err(error) => Some((Err(error.entity(resource)), None)),
                }
            }
        });
        Ok(batches.boxed())
    }

    async fn settle(&self) -> Settled {
        let settled = async { Ok(self.inner.settle().await) };
        let settled = self.call("settling", settled).await;
        settled.unwrap_or(Settled::Unsure)
    }

    fn longest_silence(&self) -> Option<Duration> {
        self.inner.longest_silence()
    }

    fn usage(&self) -> Option<&dyn Usage> {
        self.inner.usage()
    }
}
