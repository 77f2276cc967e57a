//! Accepting a job: it is durable, with all that is needed to run it, before anybody is told its id.

use std::collections::BTreeSet;

use locard_model::JobId;
use locard_store::{Fired, Firing, JobDraft};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::Actor;
use crate::catalog::scope::ScopeItem;
use crate::home::json;
use crate::settings::stored::StoredSettings;
use crate::work::kind::JobKind;
use crate::work::spans::asked_within;
use crate::{Error, ErrorKind, Home, Result, SourceLimits};

/// The label of workers that are given none.
pub const DEFAULT_AFFINITY: &str = "DEFAULT";

/// How a job is asked for that workers are to run, beyond what it is to do.
#[derive(Clone, Debug, Default)]
pub struct Asking {
    /// Who asks.
    pub actor: Option<Actor>,
    /// What the face calls what is done.
    pub label: Option<String>,
    /// Which workers may run it; `None`: those that its sources are registered with, or [`DEFAULT_AFFINITY`].
    pub affinity: Option<String>,
    /// Asking again with this key gives the first job.
    pub idempotency_key: Option<String>,
    /// What of the question was not heeded.
    pub warnings: Vec<String>,
    /// What it is about, as it is told.
    pub items: Vec<ScopeItem>,
    /// Whether a scan reads again what has not changed since an earlier one.
    pub anew: bool,
    /// The job that this one repeats.
    pub parent: Option<JobId>,
    /// The schedule that asks. Somebody else may start its job first, and then this one is refused.
    pub firing: Option<Firing>,
}

/// A job that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its id.
    pub job: JobId,
    /// Whether it is new, and not the first one with its idempotency key.
    pub new: bool,
}

/// How a job is to be run, beyond what tells it from others; as it is stored with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Details {
    /// Version of its request's form.
    pub(crate) version: u32,
    #[serde(default)]
    pub(crate) limits: SourceLimits,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) actor: Option<Actor>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) items: Vec<ScopeItem>,
    /// Whether what has not changed since an earlier scan is read all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) anew: bool,
    /// The span in which it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked_within: Option<String>,
}

impl Details {
    /// Those of a job of that kind.
    pub(crate) fn of<K: JobKind>() -> Self {
        Self {
            version: K::VERSION,
            ..Self::default()
        }
    }

    /// As it is kept with its job.
    pub(crate) fn json(&self) -> Result<Value> {
        json(self)
    }

    /// As a job has it; of older jobs nothing was said.
    pub(crate) fn read(details: &Value) -> Result<Self> {
        if details.is_null() {
            return Ok(Self {
                version: 1,
                ..Self::default()
            });
        }
        Self::deserialize(details).map_err(|error| {
            let sentence = "what was recorded of how a job is to be run cannot be read";
            Error::new(ErrorKind::Store, sentence).cause(error)
        })
    }
}

/// What is kept with a job whose kind another crate knows: the span in which it is asked for.
pub fn asked_here() -> Result<Value> {
    let details = Details {
        version: 1,
        asked_within: asked_within(),
        ..Details::default()
    };
    details.json()
}

/// The label of the workers that reach these sources, as they are registered.
async fn place(home: &Home, sources: &[String]) -> Result<Option<String>> {
    let mut labels = BTreeSet::new();
    for name in sources {
        let Some(source) = home.known(name).await? else {
            continue;
        };
        let stored = home.store.source_settings(home.org, source.id).await?;
        let stored = StoredSettings::read(&stored).unwrap_or_default();
        labels.insert(
            stored
                .affinity
                .unwrap_or_else(|| DEFAULT_AFFINITY.to_owned()),
        );
    }
    if labels.len() > 1 {
        let labels: Vec<String> = labels.into_iter().collect();
        let sentence = format!(
            "the sources are reached by different workers: {}",
            labels.join(", ")
        );
        return Err(Error::usage(sentence).hint("ask for those of each label by a job of its own"));
    }
    Ok(labels.pop_first())
}

/// Accepts a job for the workers.
pub(crate) async fn accept<K: JobKind>(
    home: &Home,
    request: &K::Request,
    asking: &Asking,
    limits: SourceLimits,
) -> Result<Accepted> {
    let details = Details {
        limits,
        label: asking.label.clone(),
        actor: asking.actor.clone(),
        warnings: asking.warnings.clone(),
        items: asking.items.clone(),
        anew: asking.anew,
        asked_within: asked_within(),
        ..Details::of::<K>()
    };
    let affinity = match &asking.affinity {
        None if K::ASKS_SOURCES => place(home, &K::targets(request)).await?,
        asked => asked.clone(),
    };
    let key = asking.idempotency_key.as_ref();
    let draft = JobDraft {
        // Keys of faces and keys of ours never meet.
        idempotency_key: key.map(|key| format!("asked: {key}")),
        details: details.json()?,
        affinity: Some(affinity.unwrap_or_else(|| DEFAULT_AFFINITY.to_owned())),
        parent: asking.parent,
        ..JobDraft::new(K::NAME, json(request)?)
    };
    let Some(firing) = &asking.firing else {
        let started = home.store.start_job(home.org, &draft).await?;
        return Ok(Accepted {
            job: started.job.id,
            new: started.new,
        });
    };
    match home.store.fire_schedule(home.org, firing, &draft).await? {
        Fired::Started(job) => Ok(Accepted {
            job: job.id,
            new: true,
        }),
        Fired::Overlapped(job) => Ok(Accepted { job, new: false }),
        Fired::Taken => {
            let sentence = "the schedule was fired or changed by somebody else";
            Err(Error::new(ErrorKind::Conflict, sentence))
        }
    }
}
