//! What a scan tells while it runs.
//!
//! Events come per batch at most, never per row, and from several threads at once. Nothing in an event is a value
//! that was read: resources are given as they may be shown, with personal segments masked.

use std::sync::Arc;

use locard_connector::ErrorKind;
use locard_model::{EntityId, EntityKind, SourceId};

use crate::Mask;

/// Watches a scan.
pub trait Reporter: Send + Sync {
    /// Called for each event; must return quickly, since the scan waits.
    fn on(&self, event: &Event);
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn on(&self, _event: &Event) {}
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A source was listed; what it holds is known from here on.
    Listed {
        /// The source as people see it.
        source: String,
        /// Entities that will be read.
        entities: u64,
        /// Their estimated records, as far as the source knows.
        rows: u64,
        /// Their estimated bytes, as far as the source knows.
        bytes: u64,
    },
    /// An entity was divided into tasks and is about to be read.
    Planned {
        /// The entity.
        entity: Arc<Shown>,
        /// Tasks still to do.
        tasks: u32,
        /// Tasks kept from an interrupted run.
        kept: u32,
    },
    /// A batch went through the pass.
    Read {
        /// The entity.
        entity: Arc<Shown>,
        /// Records in the batch.
        rows: u64,
        /// About how many bytes of the source they were.
        bytes: u64,
    },
    /// An entity was read as far as it can be, judged and stored.
    Judged {
        /// The entity.
        entity: Arc<Shown>,
        /// Its records.
        rows: u64,
        /// Findings in it.
        findings: u32,
    },
    /// An entity came to its end without being judged: nothing of it could be read or put together.
    GivenUp {
        /// The entity.
        entity: Arc<Shown>,
    },
    /// Not every value of some columns is in the index, since there are too many of them.
    PartlyIndexed {
        /// The entity.
        entity: Arc<Shown>,
        /// The columns as they may be shown, and the share of their values that is.
        columns: Vec<(String, f64)>,
    },
    /// Cells of columns that were clear already were shown to no rule.
    Untested {
        /// The entity.
        entity: Arc<Shown>,
        /// Such columns.
        columns: u64,
        /// Their cells that hold something and were not shown.
        cells: u64,
    },
    /// Something could not be read; the scan goes on.
    Failed(Failure),
    /// Something was left out or is odd, and nothing is missing for it; worth a warning.
    LeftOut(Failure),
    /// Nothing is read for a while; why and until when.
    Waits(String),
}

/// An entity as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its source.
    pub source: SourceId,
    /// The source as people see it, without credentials.
    pub source_name: String,
    /// Its id.
    pub entity: EntityId,
    /// What it is.
    pub kind: EntityKind,
    /// Its path with personal segments masked.
    pub resource: String,
    /// Whether there is such a segment. Then nothing is shown that may name it: hints of connectors do.
    pub masked: bool,
    /// Estimated records before it is read.
    pub rows: Option<u64>,
    /// Estimated bytes before it is read.
    pub bytes: Option<u64>,
}

/// Something that was not read, or only in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The source; `None` where only its name is known.
    pub source: Option<SourceId>,
    /// The source as people see it.
    pub source_name: String,
    /// The entity's resource, masked; `None` when the source itself failed.
    pub resource: Option<String>,
    /// The entity, where one is concerned.
    pub entity: Option<EntityId>,
    /// Where in the entity: `line 17`.
    pub place: Option<String>,
    /// What kind of trouble.
    pub kind: ErrorKind,
    /// What was attempted and why it failed; never holds a secret or a value.
    pub sentence: String,
    /// What the user can do about it.
    pub hint: Option<String>,
    /// Records that are missing or incomplete; 0 when unknown.
    pub records: u64,
    /// Whether part of the entity was read in spite of it.
    pub partial: bool,
}

impl Failure {
    /// A failure of a source or entity from the error that a connector gave, as it may be shown.
    pub fn of(
        mask: &Mask,
        error: &locard_connector::Error,
        source_name: &str,
        shown: Option<&Shown>,
    ) -> Self {
        Self {
            source: shown.map(|shown| shown.source),
            source_name: source_name.to_owned(),
            resource: shown.map(|shown| shown.resource.clone()),
            entity: shown.map(|shown| shown.entity),
            place: error.place_name().map(|place| mask.place(place)),
            kind: error.kind(),
            sentence: error.sentence().to_owned(),
            hint: error
                .hint_text()
                .filter(|_| shown.is_none_or(|shown| !shown.masked))
                .map(str::to_owned),
            records: 0,
            partial: false,
        }
    }
}
