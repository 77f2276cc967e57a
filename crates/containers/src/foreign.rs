//! Work of decoders and drivers that are not ours: where one panics on damage or on what a hostile server answers, that
//! is damage, and no mistake of this program.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use tokio::sync::mpsc::Sender;

use crate::{Error, ErrorKind, Result};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs the work on this thread; `None` where it panicked. The caller tells what was lost.
pub fn decode<T>(work: impl FnOnce() -> T) -> Option<T> {
    DEPTH.set(DEPTH.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    done.ok()
}

/// Work that waits in between, as [`decode`].
pub async fn guarded<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match decode(|| work.as_mut().poll(context)) {
        Some(polled) => polled.map(Some),
        None => Poll::Ready(None),
    })
    .await
}

/// A call of a driver; [`refused`] where it panicked.
pub async fn call<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    guarded(work).await.unwrap_or_else(|| Err(refused()))
}

/// The work of a task that sends what a driver reads; where it panicked, [`refused`] is the last that it sends.
pub async fn sending<T>(sender: Sender<Result<T>>, work: impl Future<Output = ()>) {
    if guarded(work).await.is_none() {
        // Nobody may listen any more.
        let _ = sender.send(Err(refused())).await;
    }
}

/// The error in place of a panic of a driver: what was asked is not known here.
pub fn refused() -> Error {
    let sentence = "the driver failed on an answer that it should have refused";
    Error::new(ErrorKind::Malformed, sentence)
        .hint("see whether the source is what it should be; if it is, please report this")
}

/// Whether this thread is inside of [`decode`]: a hook for panics is silent then, since an error follows.
pub fn is_decoding() -> bool {
    DEPTH.get() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_is_an_answer_and_the_thread_is_told_afterwards() {
        assert!(!is_decoding());
        assert_eq!(decode(|| decode(is_decoding)), Some(Some(true)));
        assert_eq!(
            decode(|| std::panic::resume_unwind(Box::new(()))),
            None::<()>
        );
        assert!(!is_decoding());
    }

    #[tokio::test]
    async fn a_call_that_panics_after_a_wait_is_an_error() {
        let work = async {
            assert!(is_decoding());
            tokio::task::yield_now().await;
            std::panic::resume_unwind(Box::new(()))
        };
        let error = call::<()>(work).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(!error.is_retryable() && !is_decoding());
        assert!(call(async { Ok(1) }).await.is_ok());
    }
}
