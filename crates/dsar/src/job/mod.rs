//! DSAR jobs: from a person to a bundle that is handed out once, and destroyed in time.
//!
//! ```text
//! create ─► REQUESTED ─ run ─► COLLECTING ─► PACKAGING ─(review)─► READY ─ download ─► DELIVERED
//!                                 │              │                   ├─ time ─► EXPIRED
//!                                 └──────────────┴─ error, cancel ───┴────────► FAILED ─ retry ─► another job
//! ```
//!
//! What a reader gets wrong: a state is only ever changed in the store, by whoever finds it as it was. So work that was
//! cancelled, or taken over by another process, hears of it when it wants to go on.

mod amend;
mod body;
mod carry;
mod columns;
mod create;
mod decide;
mod download;
mod gather;
mod holds;
mod learn;
mod link;
mod look;
mod manage;
mod narrow;
mod once;
mod onward;
mod pack;
mod processing;
mod reach;
mod report;
mod review;
mod rules;
mod run;
mod scratch;
mod settings;
mod standing;
mod subject;
mod tenant;
mod texts;
mod times;
mod work;

use std::io;

use jiff::Timestamp;
use locard_app::{Error, ErrorKind, Home, Result};
use locard_model::DsarState;
use locard_store::{Dsar, DsarId};
use serde::Deserialize as _;
use uuid::Uuid;

pub use body::{
    Body, BundleInfo, Collected, Failed, Hold, Known, Progress, Scope, ScopeKind, SectionInfo,
};
pub use create::{DsarOptions, StartedJob, create};
pub use decide::{Act, Carried, Decided, Decision, Verdict};
pub use download::{Download, Handed, Purpose, artifact, bundle, downloads};
pub use holds::{RETENTION, hold, unhold};
pub use link::{
    Link, LinkRow, NewLink, Opened, Refused, follow_again, follow_link, is_link, link, links,
    revoke_link,
};
pub use look::{ReviewRow, review_rows};
pub use manage::{Counted, cancel, counts, job, jobs, retry, sweep};
pub use once::{Once, OneBundle, collect_bundle};
pub use report::{Export, data_map, export};
pub use review::{Approved, Review, approve, decide, is_waiting, review, undo};
pub use rules::Taken;
pub use run::{run, run_dsars, run_here};
pub use settings::{Controller, DsarSettings, Processing, change_settings, settings, signing_key};
pub use subject::{of_id, put_subject, registered_subject, strange};

/// A DSAR job as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct DsarJob {
    /// Its id.
    pub id: Uuid,
    /// The organisation.
    pub org: Uuid,
    /// Where it stands.
    pub state: DsarState,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When anything of it changed last.
    pub updated_at: Timestamp,
    /// When its bundle is to be destroyed.
    pub expires_at: Option<Timestamp>,
    /// Whether it is under a legal hold of its own. One on its request, or on its class, is told there.
    pub is_held: bool,
    /// All that is known of it; `None` once its key was destroyed.
    pub body: Option<Body>,
    /// What became of it, oldest first; empty in lists.
    pub timeline: Vec<Moment>,
}

/// A step of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// The state after it.
    pub state: DsarState,
    /// Who did it; `None` once the key was destroyed.
    pub actor: Option<String>,
    /// Why, or what of it.
    pub notes: Option<String>,
}

impl DsarJob {
    /// As interfaces name it: `dsar:` and the id.
    pub fn name(&self) -> String {
        format!("{PREFIX}{}", self.id)
    }

    /// What is known of it.
    ///
    /// # Errors
    /// Its key was destroyed.
    pub fn known(&self) -> Result<&Body> {
        self.body.as_ref().ok_or_else(destroyed)
    }

    /// Whether it waits for people.
    pub fn waits_for_review(&self) -> bool {
        let body = self.body.as_ref();
        self.state == DsarState::Packaging
            && body
                .is_some_and(|body| body.review && body.collected.is_some() && !carry::is_due(body))
    }
}

/// What ids of jobs begin with.
const PREFIX: &str = "dsar:";

/// The id in a name, with or without its prefix.
///
/// # Errors
/// It is none.
pub fn job_id(name: &str) -> Result<Uuid> {
    let digits = name.strip_prefix(PREFIX).unwrap_or(name);
    digits.parse().map_err(|_| {
        Error::not_found("there is no such DSAR job").hint("`locard dsar list` shows them")
    })
}

/// As it is told, without its timeline.
fn told(home: &Home, dsar: Dsar) -> Result<DsarJob> {
    let body = dsar.body.map(|body| Body::deserialize(&body));
    Ok(DsarJob {
        id: dsar.id.0,
        org: home.org().0,
        state: dsar.state,
        created_at: dsar.created_at,
        updated_at: dsar.updated_at,
        expires_at: dsar.expires_at,
        is_held: dsar.is_held,
        body: body.transpose().map_err(|error| {
            let sentence = "what was recorded of the DSAR job cannot be read";
            Error::new(ErrorKind::Store, sentence).cause(error)
        })?,
        timeline: Vec::new(),
    })
}

async fn load(home: &Home, id: Uuid) -> Result<DsarJob> {
    told(home, home.store().dsar(home.org(), DsarId(id)).await?)
}

fn destroyed() -> Error {
    let sentence = "the DSAR job was destroyed with its key when its time was over";
    Error::new(ErrorKind::NotFound, sentence).hint("ask for a new one")
}

fn conflict(sentence: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, sentence)
}

/// What cannot be kept or read back.
pub(crate) fn unkept(error: io::Error) -> Error {
    let why = match error.get_ref() {
        Some(own) => own.to_string(),
        None => locard_app::why(&error),
    };
    Error::new(ErrorKind::Store, format!("the bundle store fails: {why}"))
        .hint("make room there, or see to it that it may be written, and retry the job")
        .cause(error)
}

/// JSON of what has a form that JSON knows.
fn json(value: &impl serde::Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|error| {
        Error::new(ErrorKind::Unexpected, "something cannot be written as JSON").cause(error)
    })
}
