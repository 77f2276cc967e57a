//! Makes an error of a driver's panic: what one server answers must not end a command that reads others too.
//!
//! The one thing a reader gets wrong: a task that a connector starts is not inside of the call that started it. It guards
//! itself with [`foreign::sending`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use locard_model::{EntityKind, EntityPath};

use crate::{
    Batch, Description, Entity, Result, ScanPlan, ScanRequest, Scope, Server, Settled, Source,
    Split, Usage, UsageRecord, foreign,
};

/// Catches what panics within a source.
#[derive(Debug)]
pub struct Guard {
    inner: Arc<dyn Source>,
}

impl Guard {
    /// Around a source.
    pub fn new(inner: Arc<dyn Source>) -> Self {
        Self { inner }
    }
}

/// The items until one panics, and then the error.
fn items<'a, T: Send + 'a>(items: BoxStream<'a, Result<T>>) -> BoxStream<'a, Result<T>> {
    let mut items = Some(items);
    stream::poll_fn(move |context| {
        let Some(stream) = items.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = foreign::decode(|| Pin::new(stream).poll_next(context));
        polled.unwrap_or_else(|| {
            items = None;
            Poll::Ready(Some(Err(foreign::refused())))
        })
    })
    .boxed()
}

#[async_trait]
impl Source for Guard {
    async fn check(&self) -> Result<Server> {
        foreign::call(self.inner.check()).await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        match foreign::decode(|| self.inner.entities(scope)) {
            Some(entities) => items(entities),
            None => stream::iter([Err(foreign::refused())]).boxed(),
        }
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        foreign::call(self.inner.describe(path, kind)).await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        foreign::call(self.inner.plan(request)).await
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        foreign::call(self.inner.read(split)).await.map(items)
    }

    async fn settle(&self) -> Settled {
        // Who cannot say is not sure.
        let settled = foreign::call(async { Ok(self.inner.settle().await) });
        settled.await.unwrap_or(Settled::Unsure)
    }

    fn longest_silence(&self) -> Option<std::time::Duration> {
        self.inner.longest_silence()
    }

    fn usage(&self) -> Option<&dyn Usage> {
        self.inner.usage().map(|_| self as &dyn Usage)
    }
}

#[async_trait]
impl Usage for Guard {
    async fn of(&self, path: &EntityPath, kind: EntityKind) -> Result<UsageRecord> {
        match self.inner.usage() {
            Some(usage) => foreign::call(usage.of(path, kind)).await,
            None => Ok(UsageRecord::default()),
        }
    }
}
