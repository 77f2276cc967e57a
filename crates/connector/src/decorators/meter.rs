//! Counts what a source did.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use locard_model::{EntityKind, EntityPath};

use crate::{
    Batch, Description, Entity, Result, ScanPlan, ScanRequest, Scope, Server, Settled, Source,
    Split, Usage,
};

/// Counters of one source; they only grow.
#[derive(Debug, Default)]
pub struct Meter {
    calls: AtomicU64,
    batches: AtomicU64,
    rows: AtomicU64,
    bytes: AtomicU64,
    faults: AtomicU64,
    errors: AtomicU64,
}

/// What the counters say at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Questions asked: checks, listings, descriptions, plans, reads.
    pub calls: u64,
    /// Batches that came.
    pub batches: u64,
    /// Records in them.
    pub rows: u64,
    /// Memory they took.
    pub bytes: u64,
    /// Records that could not be read or only in part.
    pub faults: u64,
    /// Calls and streams that ended with an error.
    pub errors: u64,
}

impl Meter {
    /// The counters now.
    pub fn read(&self) -> Reading {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Reading {
            calls: load(&self.calls),
            batches: load(&self.batches),
            rows: load(&self.rows),
            bytes: load(&self.bytes),
            faults: load(&self.faults),
            errors: load(&self.errors),
        }
    }

    fn called<T>(&self, result: Result<T>) -> Result<T> {
        add(&self.calls, 1);
        add(&self.errors, u64::from(result.is_err()));
        result
    }

    fn came(&self, item: &Result<Batch>) {
        match item {
            Ok(batch) => {
                add(&self.batches, 1);
                add(&self.rows, batch.records.num_rows() as u64);
                add(&self.bytes, batch.bytes());
                add(
                    &self.faults,
                    batch.faults.iter().map(|fault| fault.records).sum(),
                );
            }
            Err(_) => add(&self.errors, 1),
        }
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

/// A source with counters.
#[derive(Debug)]
pub struct Metered {
    inner: Arc<dyn Source>,
    meter: Arc<Meter>,
}

impl Metered {
    /// Around a source.
    pub fn new(inner: Arc<dyn Source>, meter: Arc<Meter>) -> Self {
        Self { inner, meter }
    }
}

#[async_trait]
impl Source for Metered {
    async fn check(&self) -> Result<Server> {
        self.meter.called(self.inner.check().await)
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        add(&self.meter.calls, 1);
        self.inner.entities(scope)
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        self.meter.called(self.inner.describe(path, kind).await)
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        self.meter.called(self.inner.plan(request).await)
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        let batches = self.meter.called(self.inner.read(split).await)?;
        let meter = self.meter.clone();
        Ok(batches.inspect(move |item| meter.came(item)).boxed())
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
