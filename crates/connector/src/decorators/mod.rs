//! What every source gets around it: patience, limits, counters, checks. Options of no connector.
//!
//! [`compose`] is the one place that says which decorators there are and in which order. The one thing a reader gets
//! wrong: a read is never repeated here, since what came before it broke was used; whoever keeps the books of
//! splits does that.

mod contract;
mod guard;
mod meter;
mod narrow;
mod nested;
mod retry;
mod throttle;
mod timeout;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

pub use contract::Contract;
pub use guard::Guard;
pub use meter::{Meter, Metered, Reading};
pub use narrow::{Narrow, Narrows};
pub use nested::{Nested, Targets};
pub use retry::{Patience, Retry};
pub use throttle::Throttle;
pub use timeout::Timeout;

use crate::Source;

/// How a source is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How often and how patiently a call is repeated that may help to repeat.
    pub patience: Patience,
    /// Longest wait for an answer to a question.
    pub wait: Duration,
    /// Silence over a read after which the source is asked whether it is there, and is again after as long.
    pub doubt: Duration,
    /// Longest wait for the next batch, where the source has no limit of its own ([`Source::longest_silence`]).
    pub silence: Duration,
    /// Most splits that are read at the same time.
    pub readers: NonZeroUsize,
    /// Most bytes of records taken per second; `None` for as fast as it goes.
    pub bytes_per_second: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            patience: Patience::default(),
            wait: Duration::from_mins(5),
            doubt: Duration::from_mins(1),
            silence: Duration::from_hours(1),
            readers: NonZeroUsize::MIN.saturating_add(15),
            bytes_per_second: None,
        }
    }
}

/// A source with everything around it; what it does is counted by `meter`.
///
/// Waiting for one's turn or for the rate is no silence of the source, so the throttle stands outside of the time limits.
pub fn compose(source: Arc<dyn Source>, limits: &Limits, meter: Arc<Meter>) -> Arc<dyn Source> {
    let source: Arc<dyn Source> = Arc::new(Guard::new(source));
    // What a connector promises it breaks aloud.
    let source: Arc<dyn Source> = if cfg!(debug_assertions) {
        Arc::new(Contract::new(source))
    } else {
        source
    };
    let metered = Metered::new(source, meter);
    let timed = Timeout::new(Arc::new(metered), limits);
    let throttled = Throttle::new(Arc::new(timed), limits.readers, limits.bytes_per_second);
    Arc::new(Retry::new(Arc::new(throttled), limits.patience))
}
