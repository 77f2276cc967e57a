//! The threads on which the pass runs, apart from those of the runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use locard_sketch::Keyer;
use tokio::sync::oneshot;

use crate::pass::Scratch;

/// The threads that everything runs on that costs CPU; a handle that may be cloned.
#[derive(Clone, Debug)]
pub struct Pool {
    threads: Arc<rayon::ThreadPool>,
    busy: Arc<AtomicUsize>,
}

/// The work panicked: a mistake in this program that costs one piece, not the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("work ended in the middle; this is a mistake in the program")]
pub struct Panicked;

impl Pool {
    pub(crate) fn new(threads: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let threads = builder
            .thread_name(|number| format!("locard-{number}"))
            .build()?;
        Ok(Self {
            threads: Arc::new(threads),
            busy: Arc::default(),
        })
    }

    /// Lets every other thread of the process go first from now on, where the system knows priorities of threads.
    pub fn yield_to_others(&self) {
        self.threads.broadcast(|_| give_way());
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads.current_num_threads()
    }

    /// Runs work on the pool while the caller waits without blocking. The work hears whether other threads are idle,
    /// so that it may spread over them.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(bool) -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (sender, receiver) = oneshot::channel();
        let spread = self.busy.fetch_add(1, Ordering::Relaxed) + 1 < self.threads();
        let busy = Arc::clone(&self.busy);
        self.threads.spawn(move || {
            let done = catch_unwind(AssertUnwindSafe(|| work(spread)));
            busy.fetch_sub(1, Ordering::Relaxed);
            // Nobody waits any more when the send fails: the scan was dropped.
            drop(sender.send(done));
        });
        receiver.await.ok().and_then(Result::ok).ok_or(Panicked)
    }
}

/// As much as leaves a scan about a quarter of a core that somebody else wants too.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// Lets every other thread of the process go before the calling one from now on, as those of [`Pool::yield_to_others`] do. A
/// system that refuses leaves it as it is.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no safe crate of ours has it")]
pub fn give_way() {
    // SAFETY: it takes a number and touches no memory of ours. On Linux it is about the calling thread alone.
    let _ = unsafe { libc::nice(NICE) };
}

/// Lets other threads go first where the system knows priorities of threads; this one does not.
#[cfg(not(target_os = "linux"))]
pub fn give_way() {}

/// Scratch memory lent to whoever works on a column.
#[derive(Debug)]
pub(crate) struct Scratches {
    keyer: Arc<Keyer>,
    idle: Mutex<Vec<Scratch>>,
}

impl Scratches {
    pub(crate) fn new(keyer: Arc<Keyer>) -> Self {
        Self {
            keyer,
            idle: Mutex::default(),
        }
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let lent = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut scratch = lent.unwrap_or_else(|| Scratch::new(Arc::clone(&self.keyer)));
        let done = work(&mut scratch);
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(scratch);
        done
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// What the system says of the calling thread.
    fn nice() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        rest.split(' ').nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn threads_give_way_to_the_rest_of_the_process() {
        let pool = Pool::new(2).unwrap();
        let usual = nice();
        pool.yield_to_others();
        let lowered = (usual + NICE).min(19);
        assert_eq!(pool.threads.broadcast(|_| nice()), [lowered, lowered]);
        assert_eq!(nice(), usual);
    }
}
