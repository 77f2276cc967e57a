//! The removal of a source as a job: large catalogs take a while to forget.

use locard_model::{JobState, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::work::kind::{JobKind, Report, Work};
use crate::work::order::{Accepted, Asking, accept};
use crate::{Home, Result, SourceLimits};

/// Forgets a source and all that was learnt from it.
pub(crate) struct Remove;

/// Which source.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) source: SourceId,
    pub(crate) name: String,
}

/// What was forgotten.
#[derive(Debug)]
pub(crate) struct Removed {
    name: String,
    /// Whether it was still there.
    was_there: bool,
    /// Whether the files of the store hold nothing of it any more.
    compacted: bool,
}

/// Accepts the removal of a source for the workers.
pub async fn accept_removal(home: &Home, source: SourceId, asking: &Asking) -> Result<Accepted> {
    let known = home.store.source(home.org, source).await?;
    let request = Request {
        source,
        name: known.name,
    };
    accept::<Remove>(home, &request, asking, SourceLimits::default()).await
}

impl Report for Removed {
    fn state(&self) -> JobState {
        JobState::Completed
    }

    fn outcome(&self) -> Value {
        let left = "some table of the store was in use all the time: old bytes may be left in its files until the next removal";
        let warnings: Vec<&str> = (!self.compacted).then_some(left).into_iter().collect();
        json!({
            "source": self.name,
            "removed": self.was_there,
            "compacted": self.compacted,
            "warnings": warnings,
        })
    }
}

impl JobKind for Remove {
    const NAME: &'static str = "remove-source";
    const ASKS_SOURCES: bool = false;

    type Request = Request;
    type Report = Removed;

    fn targets(request: &Request) -> Vec<String> {
        vec![request.name.clone()]
    }

    async fn run(work: &Work<'_>, request: Request) -> Result<Removed> {
        let (store, org) = (&work.home.store, work.home.org);
        // One whose process died after it had done so finds nothing more to do but to give the room back.
        let was_there = match store.remove_source(org, request.source).await {
            Ok(()) => true,
            Err(error) if error.kind() == locard_store::ErrorKind::NotFound => false,
            Err(error) => return Err(error.into()),
        };
        Ok(Removed {
            name: request.name,
            was_there,
            compacted: store.compact().await?,
        })
    }
}
