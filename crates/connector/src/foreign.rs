//! Calls of drivers that are not ours: where one panics on what a hostile server answers, that is an error of that
//! source, and no mistake of this program.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

pub use locard_model::foreign::decode;
use tokio::sync::mpsc::Sender;

use crate::{Error, ErrorKind, Result};

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

/// Work that waits in between, as [`decode`].
async fn guarded<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match decode(|| work.as_mut().poll(context)) {
        Some(polled) => polled.map(Some),
        None => Poll::Ready(None),
    })
    .await
}

/// The error in place of a panic of a driver: what was asked is not known here.
pub fn refused() -> Error {
    let sentence = "the driver failed on an answer that it should have refused";
    Error::new(ErrorKind::Malformed, sentence)
        .hint("see whether the source is what it should be; if it is, please report this")
}

#[cfg(test)]
mod tests {
    use locard_model::foreign::is_decoding;

    use super::*;

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

    #[tokio::test]
    async fn a_task_that_panics_tells_so_as_the_last_that_it_sends() {
        let items = crate::from_task(1, |sender| {
            sending(sender.clone(), async move {
                let _ = sender.send(Ok(1)).await;
                std::panic::resume_unwind(Box::new(()))
            })
        });
        let items: Vec<Result<u32>> = futures::StreamExt::collect(items).await;
        let kinds: Vec<_> = items
            .into_iter()
            .map(|item| item.map_err(|e| e.kind()))
            .collect();
        assert_eq!(kinds, [Ok(1), Err(ErrorKind::Malformed)]);
    }
}
