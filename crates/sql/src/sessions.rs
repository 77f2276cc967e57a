//! Sessions of a server: one that is asked about the catalog, and some that read.
//!
//! How a session is opened and what it can do is the connector's; here is who has it when. What is dropped with an answer
//! unread is closed, never used again.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use locard_connector::{Entity, Error, ErrorKind, Result};
use locard_model::EntityPath;
use tokio::sync::{MutexGuard, OwnedSemaphorePermit, Semaphore};

/// A session of a connector's, signed in and set up.
pub trait Connect: Debug + Send + Sized {
    /// What one is opened by.
    type Settings: Debug + Send + Sync;

    /// Connects and signs in. The step that fails names itself in the error.
    fn open(settings: &Arc<Self::Settings>) -> impl Future<Output = Result<Self>> + Send;

    /// Whether the server still answers.
    fn is_alive(&mut self) -> impl Future<Output = bool> + Send;
}

/// The session for questions about the catalog, which come one at a time.
#[derive(Debug)]
pub struct Questions<S: Connect> {
    settings: Arc<S::Settings>,
    idle: tokio::sync::Mutex<Option<S>>,
}

/// That session while it is asked; dropped, it is closed.
#[derive(Debug)]
pub struct Lent<'a, S> {
    place: MutexGuard<'a, Option<S>>,
    /// The session.
    pub session: S,
}

impl<S: Connect> Questions<S> {
    /// No session yet.
    pub fn new(settings: Arc<S::Settings>) -> Self {
        Self {
            settings,
            idle: tokio::sync::Mutex::default(),
        }
    }

    /// The session, or a new one where it died while it was idle. Waits for whoever asks.
    ///
    /// # Errors
    /// None can be opened.
    pub async fn borrow(&self) -> Result<Lent<'_, S>> {
        let mut place = self.idle.lock().await;
        if let Some(mut session) = place.take()
            && session.is_alive().await
        {
            return Ok(Lent { place, session });
        }
        let session = S::open(&self.settings).await?;
        Ok(Lent { place, session })
    }
}

impl<S> Lent<'_, S> {
    /// Keeps the session for the next question.
    pub fn give_back(mut self) {
        *self.place = Some(self.session);
    }
}

/// Sessions that read, and wait to read again: signing in costs more than reading a small split.
#[derive(Debug)]
pub struct Sessions<S: Connect> {
    settings: Arc<S::Settings>,
    idle: Mutex<Vec<S>>,
    permits: Arc<Semaphore>,
}

impl<S: Connect> Sessions<S> {
    /// No session yet; at most so many reads run at the same time.
    pub fn new(settings: Arc<S::Settings>, most: u16) -> Self {
        Self {
            settings,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(usize::from(most.max(1)))),
        }
    }

    /// How sessions are opened.
    pub fn settings(&self) -> &Arc<S::Settings> {
        &self.settings
    }

    /// Waits until one more read may run.
    ///
    /// # Errors
    /// The source was closed.
    pub async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        let closed = |_| Error::new(ErrorKind::Interrupted, "the source was closed");
        self.permits.clone().acquire_owned().await.map_err(closed)
    }

    /// One that waits, dead or alive.
    pub fn idle(&self) -> Option<S> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }

    /// A new one.
    ///
    /// # Errors
    /// None can be opened.
    pub async fn open(&self) -> Result<S> {
        S::open(&self.settings).await
    }

    /// Keeps one whose answer was read to its end.
    pub fn keep(&self, session: S) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(session);
    }
}

/// Relations that the last listing read, until somebody asks for them: each is handed out once, so that what is described
/// again is read again.
#[derive(Debug)]
pub struct Listed<R>(Mutex<HashMap<EntityPath, R>>);

impl<R> Default for Listed<R> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<R> Listed<R> {
    /// Keeps what was listed in the place of what was listed before.
    pub fn keep(&self, relations: impl IntoIterator<Item = (EntityPath, R)>) {
        let listed = relations.into_iter().collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = listed;
    }

    /// A relation as it was listed, once.
    pub fn take(&self, path: &EntityPath) -> Option<R> {
        let mut listed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listed.remove(path)
    }
}

/// A listing as a source gives it: what fails as a whole is its only item.
pub fn listing<'a>(
    list: impl Future<Output = Result<Vec<Result<Entity>>>> + Send + 'a,
) -> BoxStream<'a, Result<Entity>> {
    let items = async { list.await.unwrap_or_else(|error| vec![Err(error)]) };
    stream::once(items).flat_map(stream::iter).boxed()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Numbered as they are opened; `dies` says which is found dead.
    #[derive(Debug)]
    struct Numbered {
        number: u32,
        settings: Arc<Opened>,
    }

    #[derive(Debug, Default)]
    struct Opened {
        count: AtomicU32,
        dies: AtomicU32,
    }

    impl Connect for Numbered {
        type Settings = Opened;

        async fn open(settings: &Arc<Opened>) -> Result<Self> {
            Ok(Self {
                number: settings.count.fetch_add(1, Ordering::SeqCst) + 1,
                settings: settings.clone(),
            })
        }

        async fn is_alive(&mut self) -> bool {
            self.settings.dies.load(Ordering::SeqCst) != self.number
        }
    }

    #[tokio::test]
    async fn the_session_for_questions_is_kept_until_it_dies_or_is_dropped() {
        let settings = Arc::new(Opened::default());
        let questions = Questions::<Numbered>::new(settings.clone());
        let number = async |give_back: bool| {
            let lent = questions.borrow().await.expect("one can be opened");
            let number = lent.session.number;
            if give_back {
                lent.give_back();
            }
            number
        };
        assert_eq!((number(true).await, number(true).await), (1, 1));
        settings.dies.store(1, Ordering::SeqCst);
        assert_eq!((number(true).await, number(false).await), (2, 2));
        assert_eq!(number(true).await, 3, "what was dropped is closed");
    }

    #[tokio::test]
    async fn a_listing_that_fails_is_one_error_and_each_relation_is_handed_out_once() {
        let failed = async { Err(Error::new(ErrorKind::Denied, "no")) };
        let items: Vec<_> = listing(failed).collect().await;
        assert!(matches!(items.as_slice(), [Err(_)]), "{items:?}");
        let (listed, path) = (Listed::default(), EntityPath::new(["a"]));
        listed.keep([(path.clone(), 7)]);
        assert_eq!((listed.take(&path), listed.take(&path)), (Some(7), None));
    }
}
