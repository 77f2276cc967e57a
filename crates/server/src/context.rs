//! What every handler works with.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use axum::http::StatusCode;
use locard_app::{CancellationToken, FilterMemory, Home, filter_memory, filters_loaded};
use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::ServeOptions;
use crate::fault::Fault;
use crate::guard::Guard;
use crate::jwt::Jwt;
use crate::metrics::Metrics;
use crate::rates::Rates;

/// Listeners to events of jobs at the same time.
const LISTENERS: usize = 256;

/// Questions about persons that are answered at the same time; others wait.
const LOOK_UPS: usize = 4;

/// How long a question waits for filters that are being read: well below what ends every answer.
const PATIENCE: Duration = Duration::from_secs(40);

/// That a question is to be asked again, and how far it is.
fn still_loading(memory: &FilterMemory) -> Fault {
    let (done, of) = memory.entities;
    let percent = done.saturating_mul(100) / of.max(1);
    let message = format!(
        "the server has started a short while ago and is still reading the filters of the catalog: {percent} % so far"
    );
    Fault {
        hint: Some("ask again in a minute; /readyz tells how far it is".to_owned()),
        ..Fault::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }
}

/// What every handler works with; cheap to clone. Whoever holds one sees the rules as they were when it was made.
#[derive(Clone)]
pub struct Context(Arc<Home>, Arc<Inner>);

/// What each request has its context of: under the rules of the moment in which it came.
#[derive(Clone)]
pub(crate) struct Live(pub(crate) Context);

impl FromRef<Live> for Context {
    fn from_ref(live: &Live) -> Self {
        live.0.renewed()
    }
}

struct Inner {
    wake: Notify,
    wake_dsars: Notify,
    guard: Guard,
    metrics: Metrics,
    partial_is_completed: bool,
    stop: CancellationToken,
    listeners: Arc<Semaphore>,
    look_ups: Arc<Semaphore>,
    tokens: Option<Jwt>,
    rates: Rates,
}

impl Context {
    /// Over an open home, of a server that ends when `stop` fires.
    pub fn new(home: Arc<Home>, options: &ServeOptions, stop: &CancellationToken) -> Self {
        let guard = Guard::new(&options.roots, &home.hidden(), options.loopback);
        home.guard(Arc::new(guard.clone()));
        let inner = Inner {
            wake: Notify::new(),
            wake_dsars: Notify::new(),
            guard,
            metrics: Metrics::new(),
            partial_is_completed: options.partial_is_completed,
            stop: stop.clone(),
            listeners: Arc::new(Semaphore::new(LISTENERS)),
            look_ups: Arc::new(Semaphore::new(LOOK_UPS)),
            tokens: options.tokens.clone().map(Jwt::new),
            rates: Rates::new(options.requests_per_second),
        };
        Self(home, Arc::new(inner))
    }

    /// The same under the latest rules that this process knows of.
    pub(crate) fn renewed(&self) -> Self {
        Self(Arc::new(self.0.current()), Arc::clone(&self.1))
    }

    /// Runs a use case on a thread of its own. It may be one of which the compiler cannot prove that it may move between
    /// threads, and it goes on to its end also when the caller has gone.
    pub(crate) async fn apart<T: Send + 'static, F: Future<Output = T>>(
        &self,
        work: impl FnOnce(Self) -> F + Send + 'static,
    ) -> Result<T, Fault> {
        let (context, runtime) = (self.clone(), Handle::current());
        let done = tokio::task::spawn_blocking(move || runtime.block_on(work(context)));
        done.await.map_err(|_| {
            let message = "the question could not be answered; this is a mistake in the program";
            Fault::new(StatusCode::INTERNAL_SERVER_ERROR, message)
        })
    }

    pub(crate) fn home(&self) -> &Home {
        &self.0
    }

    /// Told when a job was accepted.
    pub(crate) fn wake(&self) -> &Notify {
        &self.1.wake
    }

    /// Told when a DSAR job was asked to run.
    pub(crate) fn wake_dsars(&self) -> &Notify {
        &self.1.wake_dsars
    }

    /// Fires when the server ends.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.1.stop
    }

    /// Waits until a question about a person may be answered. Each reads sources and takes a thread, so that many at once
    /// would only slow each other and the scans. While the filters are still being read after the start, that may be too
    /// long to wait for.
    pub(crate) async fn look_up(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let loaded = filters_loaded(&self.0);
        if tokio::time::timeout(PATIENCE, loaded).await.is_err() {
            return Err(still_loading(&filter_memory(&self.0)));
        }
        let permit = Arc::clone(&self.1.look_ups).acquire_owned().await;
        permit.map_err(|_| Fault::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping"))
    }

    /// A place for one who listens to events, while there is one.
    pub(crate) fn listener(&self) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        Arc::clone(&self.1.listeners).try_acquire_owned()
    }

    /// What checks tokens, where some let in.
    pub(crate) fn tokens(&self) -> Option<&Jwt> {
        self.1.tokens.as_ref()
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.1.guard
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.1.metrics
    }

    pub(crate) fn rates(&self) -> &Rates {
        &self.1.rates
    }

    pub(crate) fn partial_is_completed(&self) -> bool {
        self.1.partial_is_completed
    }
}

#[cfg(test)]
mod tests {
    use locard_app::FilterState;

    use super::*;

    #[test]
    fn whoever_asks_too_early_is_told_how_far_it_is_and_when_to_come_back() {
        let fault = still_loading(&FilterMemory {
            state: FilterState::Loading,
            entities: (430, 1_000),
            held: 400,
            bytes: (1, 2),
        });
        assert!(fault.message.contains("43 % so far"), "{}", fault.message);
        let response = fault.told("/api/v1/locate");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key("retry-after"));
    }
}
