//! What a kind of job is: a request, as it is stored, and a function that does it.
//!
//! What a reader gets wrong: the function is given nothing but the stored request, so that any process can run a job that
//! any other accepted.

use std::future::Future;

use async_trait::async_trait;
use jiff::Timestamp;
use locard_engine::Reporter;
use locard_model::JobState;
use locard_store::JobLease;
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::work::conduct::{OnStop, conduct};
use crate::work::order::Details;
use crate::{Home, Result};

/// What an author of a kind writes; a blanket implementation makes it an [`AnyKind`].
pub(crate) trait JobKind: Send + Sync + 'static {
    /// Its stable name.
    const NAME: &'static str;

    /// Of the form of its requests: grows when a program of an older form would do something else.
    const VERSION: u32 = 1;

    /// Whether it may be done again as it was asked for. What asks for a person's data needs a person who asks.
    const MAY_REPEAT: bool = false;

    /// Whether it asks its sources for something, so that it runs where they are reached.
    const ASKS_SOURCES: bool = true;

    /// What exactly is to be done, and what tells it from other jobs; never a secret.
    type Request: Serialize + DeserializeOwned + Send + Sync;

    /// What came out.
    type Report: Report;

    /// Names of the sources it works on.
    fn targets(request: &Self::Request) -> Vec<String>;

    /// Does it. Where [`Work::stop`] fires it ends soon and reports [`JobState::Cancelled`].
    fn run(
        work: &Work<'_>,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Report>> + Send;
}

/// What came out of a job.
pub(crate) trait Report: Send + Sync {
    /// How it ended.
    fn state(&self) -> JobState;

    /// What is kept of it with the job; never a value that was read.
    fn outcome(&self) -> Value;

    /// When it goes on, where it broke off to wait for a time.
    fn goes_on_at(&self) -> Option<Timestamp> {
        None
    }

    /// Why it failed, where it did and that is no failure of its own.
    fn error(&self) -> Option<String> {
        None
    }
}

/// A job under way.
pub(crate) struct Work<'a> {
    pub(crate) home: &'a Home,
    pub(crate) lease: JobLease,
    pub(crate) affinity: Option<String>,
    pub(crate) details: Details,
    pub(crate) reporter: &'a dyn Reporter,
    /// Fires when somebody asks the job to end, or this process.
    pub(crate) stop: CancellationToken,
}

impl Work<'_> {
    /// The future's value, or `None` when the job is to end first.
    pub(crate) async fn unless_stopped<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            value = future => Some(value),
        }
    }
}

/// A kind, type-erased for the list.
#[async_trait]
pub(crate) trait AnyKind: Send + Sync {
    /// See [`JobKind::NAME`].
    fn name(&self) -> &'static str;

    /// See [`JobKind::MAY_REPEAT`].
    fn may_repeat(&self) -> bool;

    /// See [`JobKind::targets`]; `None` where the request cannot be read.
    fn targets(&self, request: &Value) -> Option<Vec<String>>;

    /// Runs a job that this process holds to its end, and says how it ended.
    async fn run(
        &self,
        home: &Home,
        lease: JobLease,
        reporter: &dyn Reporter,
        stop: &CancellationToken,
    ) -> Result<JobState>;
}

#[async_trait]
impl<K: JobKind> AnyKind for K {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn may_repeat(&self) -> bool {
        K::MAY_REPEAT
    }

    fn targets(&self, request: &Value) -> Option<Vec<String>> {
        let request = K::Request::deserialize(request).ok()?;
        Some(K::targets(&request))
    }

    async fn run(
        &self,
        home: &Home,
        lease: JobLease,
        reporter: &dyn Reporter,
        stop: &CancellationToken,
    ) -> Result<JobState> {
        let ran = conduct::<K>(home, lease, reporter, (stop, OnStop::GiveBack)).await?;
        Ok(ran.state())
    }
}
