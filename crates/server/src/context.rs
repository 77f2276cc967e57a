//! What every handler works with.

use std::sync::Arc;

use locard_app::Home;
use tokio::sync::Notify;

use crate::guard::Guard;
use crate::metrics::Metrics;
use crate::ServeOptions;

/// What every handler works with; cheap to clone.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

struct Inner {
    home: Arc<Home>,
    wake: Notify,
    guard: Guard,
    metrics: Metrics,
    partial_is_completed: bool,
}

impl Context {
    /// Over an open home.
    pub fn new(home: Arc<Home>, options: &ServeOptions) -> Self {
        let guard = Guard::new(&options.roots, home.dir(), options.loopback);
        Self(Arc::new(Inner {
            home,
            wake: Notify::new(),
            guard,
            metrics: Metrics::default(),
            partial_is_completed: options.partial_is_completed,
        }))
    }

    pub(crate) fn home(&self) -> &Home {
        &self.0.home
    }

    /// Told when a job was accepted.
    pub(crate) fn wake(&self) -> &Notify {
        &self.0.wake
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.0.guard
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn partial_is_completed(&self) -> bool {
        self.0.partial_is_completed
    }
}
