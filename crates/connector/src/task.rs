//! What a task sends, as a stream.
//!
//! What a reader gets wrong: a channel whose sender died looks like one whose sender is done. Whoever reads in a task
//! of its own hands its items on through here, so that half of the data never passes for all of it.

use std::future::Future;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;

use crate::{Error, ErrorKind, Result};

/// The items of a task that may be so many of them ahead; an error where the task died. Dropping the stream closes the
/// channel, and the task ends itself when it sees that.
pub fn from_task<T, F>(
    ahead: usize,
    work: impl FnOnce(Sender<Result<T>>) -> F,
) -> BoxStream<'static, Result<T>>
where
    T: Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(ahead);
    items(receiver, tokio::spawn(work(sender)))
}

/// As [`from_task`], on a thread of its own: for work that keeps a processor busy between its waits, which on a thread
/// of the runtime would keep everybody else waiting.
pub fn from_thread<T, F>(
    ahead: usize,
    work: impl FnOnce(Sender<Result<T>>) -> F,
) -> BoxStream<'static, Result<T>>
where
    T: Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(ahead);
    let (runtime, work) = (Handle::current(), work(sender));
    let task = tokio::task::spawn_blocking(move || runtime.block_on(work));
    items(receiver, task)
}

fn items<T: Send + 'static>(
    receiver: Receiver<Result<T>>,
    task: JoinHandle<()>,
) -> BoxStream<'static, Result<T>> {
    let state = (receiver, Some(task));
    let next = |(mut receiver, task): (Receiver<_>, Option<JoinHandle<()>>)| async move {
        if let Some(item) = receiver.recv().await {
            return Some((item, (receiver, task)));
        }
        let ended = task?.await;
        ended.err().map(|_| (Err(died()), (receiver, None)))
    };
    stream::unfold(state, next).boxed()
}

fn died() -> Error {
    let sentence = "reading ended in the middle; this is a mistake in the program";
    Error::new(ErrorKind::Unexpected, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn send(sender: Sender<Result<u32>>, dies: bool) {
        for number in 0..3 {
            assert!(sender.send(Ok(number)).await.is_ok(), "somebody listens");
        }
        assert!(!dies, "as told");
    }

    async fn check(items: BoxStream<'static, Result<u32>>, dies: bool) {
        let items: Vec<_> = items.collect().await;
        let (numbers, errors): (Vec<_>, Vec<_>) = items.into_iter().partition(Result::is_ok);
        assert_eq!(numbers.len(), 3, "what came before stands");
        let kinds: Vec<_> = errors.into_iter().filter_map(Result::err).collect();
        assert_eq!(kinds.len(), usize::from(dies));
        assert!(kinds.iter().all(|error| !error.is_retryable()));
    }

    #[tokio::test]
    async fn a_task_that_died_does_not_pass_for_one_that_is_done() {
        for dies in [false, true] {
            check(from_task(1, |sender| send(sender, dies)), dies).await;
            check(from_thread(1, |sender| send(sender, dies)), dies).await;
        }
    }

    #[tokio::test]
    async fn a_dropped_stream_is_seen_by_the_task() {
        let (told, hears) = tokio::sync::oneshot::channel();
        let items = from_task::<u32, _>(1, |sender| async move {
            sender.closed().await;
            let _ = told.send(());
        });
        drop(items);
        assert_eq!(hears.await, Ok(()));
    }
}
