//! The test of a connection as a job, step by step.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use locard_connector::{ErrorKind, Scope, Server};
use locard_model::{JobState, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::work::kind::{JobKind, Report, Work};
use crate::work::order::{Accepted, Asking, accept};
use crate::{Home, Result, SourceLimits};

/// Tries to reach a source and lists some of it.
pub(crate) struct Test;

/// Entities that are listed, at most: enough to see that it can be done.
const LISTED: usize = 10_000;

/// Schemas and folders that are told, at most.
const TOLD: usize = 1_000;

/// Which source.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) source: SourceId,
    /// Its name, for whoever looks at the job when it is gone.
    pub(crate) name: String,
}

/// A step of reaching a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Its settings make sense, and its host has an address.
    #[default]
    Resolve,
    /// Somebody answers there.
    Connect,
    /// Both sides agree on how what they say is hidden from others.
    Tls,
    /// The account is let in.
    Authenticate,
    /// What it holds can be listed.
    List,
}

impl Step {
    const ALL: [Self; 5] = [
        Self::Resolve,
        Self::Connect,
        Self::Tls,
        Self::Authenticate,
        Self::List,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Authenticate => "authenticate",
            Self::List => "list",
        }
    }

    /// The step at which opening a source failed, as far as its error tells.
    fn of(error: &locard_connector::Error) -> Self {
        if let Some(step) = error.step() {
            return match step {
                locard_connector::Step::Resolve => Self::Resolve,
                locard_connector::Step::Tls => Self::Tls,
            };
        }
        match error.kind() {
            ErrorKind::Unauthenticated | ErrorKind::Denied => Self::Authenticate,
            ErrorKind::Settings | ErrorKind::NotFound => Self::Resolve,
            _ => Self::Connect,
        }
    }
}

/// Accepts the test of a registered source for the workers.
pub async fn accept_test(home: &Home, source: SourceId, asking: &Asking) -> Result<Accepted> {
    let known = home.store.source(home.org, source).await?;
    let request = Request {
        source,
        name: known.name,
    };
    accept::<Test>(home, &request, asking, SourceLimits::default()).await
}

/// How far it came.
#[derive(Debug, Default)]
pub(crate) struct Tested {
    server: Option<Server>,
    failed: Option<(Step, locard_connector::Error)>,
    entities: usize,
    places: BTreeSet<String>,
    stopped: bool,
}

impl Report for Tested {
    fn state(&self) -> JobState {
        match (self.stopped, &self.failed) {
            (true, _) => JobState::Cancelled,
            (false, None) => JobState::Completed,
            (false, Some(_)) => JobState::Failed,
        }
    }

    fn outcome(&self) -> Value {
        let step = |step: &Step| match &self.failed {
            Some((failed, error)) if failed == step => json!({
                "step": step.as_str(),
                "state": "failed",
                "kind": error.kind().as_str(),
                "sentence": error.sentence(),
                "hint": error.hint_text(),
            }),
            Some((failed, _)) if failed < step => {
                json!({ "step": step.as_str(), "state": "not reached" })
            }
            _ => json!({ "step": step.as_str(), "state": "passed" }),
        };
        // Whether what is said is hidden from others only shows where it fails.
        let failed = self.failed.as_ref().map(|(failed, _)| *failed);
        let shown = |step: &&Step| **step != Step::Tls || failed == Some(Step::Tls);
        json!({
            "steps": Step::ALL.iter().filter(shown).map(step).collect::<Vec<_>>(),
            "server": self.server.as_ref().map(|server| &server.product),
            "account": self.server.as_ref().and_then(|server| server.account.as_ref()),
            "entities": self.entities,
            "places": self.places,
        })
    }

    fn error(&self) -> Option<String> {
        let (step, error) = self.failed.as_ref()?;
        Some(format!("{}: {}", step.as_str(), error.sentence()))
    }
}

impl JobKind for Test {
    const NAME: &'static str = "test-connection";
    const MAY_REPEAT: bool = true;

    type Request = Request;
    type Report = Tested;

    fn targets(request: &Request) -> Vec<String> {
        vec![request.name.clone()]
    }

    async fn run(work: &Work<'_>, request: Request) -> Result<Tested> {
        let home = work.home;
        let source = home.store.source(home.org, request.source).await?;
        let source = home.stored(source).await?;
        let mut tested = Tested::default();
        let tried = async {
            let opened = match source.open(home, work.details.limits).await {
                Ok(opened) => opened,
                Err(error) => return tested.failed = Some((Step::of(&error), error)),
            };
            match opened.check().await {
                Ok(server) => tested.server = Some(server),
                Err(error) => return tested.failed = Some((Step::of(&error), error)),
            }
            let mut listing = opened.entities(&Scope::default()).take(LISTED);
            while let Some(item) = listing.next().await {
                match item {
                    Ok(entity) => tested.saw(home, &entity),
                    Err(error) if tested.entities == 0 && is_whole(&error) => {
                        return tested.failed = Some((Step::List, error));
                    }
                    Err(_) => {}
                }
            }
        };
        if work.unless_stopped(tried).await.is_none() {
            tested.stopped = true;
        }
        Ok(tested)
    }
}

/// Whether nothing can be listed, rather than one of many things.
fn is_whole(error: &locard_connector::Error) -> bool {
    error.entity_name().is_none() && !error.misses_nothing()
}

impl Tested {
    fn saw(&mut self, home: &Home, entity: &locard_connector::Entity) {
        self.entities += 1;
        let above = entity.path.segments().split_last().map(|(_, above)| above);
        if let Some([first, ..]) = above
            && self.places.len() < TOLD
        {
            self.places.insert(home.engine.mask().segment(first));
        }
    }
}
