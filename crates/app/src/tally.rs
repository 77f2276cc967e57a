//! What a scan's events tell that its summary does not: what was listed, what was left unfinished, whose failures.
//!
//! It stands between the engine and the face's reporter and passes everything on.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use locard_engine::{Event, Failure, Reporter};
use locard_model::EntityId;

/// Counts and passes on.
pub(crate) struct Tally<'a> {
    inner: &'a dyn Reporter,
    seen: Mutex<Seen>,
}

/// What came by.
#[derive(Default)]
struct Seen {
    /// Entities, by the name of their source.
    listed: BTreeMap<String, u64>,
    /// Resources that were begun and not judged yet.
    open: BTreeMap<EntityId, String>,
    /// The source of each failure, by what the store keeps of it.
    sources: BTreeMap<(String, String), String>,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(inner: &'a dyn Reporter) -> Self {
        Self {
            inner,
            seen: Mutex::default(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Entities that were listed.
    pub(crate) fn entities(&self) -> u64 {
        self.seen().listed.values().sum()
    }

    /// Sources that were listed and have no entity in the scope.
    pub(crate) fn empty(&self) -> Vec<String> {
        let seen = self.seen();
        let empty = seen.listed.iter().filter(|(_, entities)| **entities == 0);
        empty.map(|(source, _)| source.clone()).collect()
    }

    /// Resources that were begun and not judged.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        self.seen().open.values().cloned().collect()
    }

    /// Names the source of a failure that the store keeps without one.
    pub(crate) fn attribute(&self, failure: &mut Failure) {
        if failure.entity.is_some() {
            return;
        }
        if let Some(source) = self.seen().sources.get(&key(failure)) {
            failure.source_name.clone_from(source);
        }
    }
}

/// A source that failed as a whole is kept with its name in place of a resource.
fn key(failure: &Failure) -> (String, String) {
    let resource = failure.resource.as_ref().unwrap_or(&failure.source_name);
    (resource.clone(), failure.sentence.clone())
}

impl Reporter for Tally<'_> {
    fn on(&self, event: &Event) {
        match event {
            Event::Listed {
                source, entities, ..
            } => *self.seen().listed.entry(source.clone()).or_default() += entities,
            Event::Read { entity, .. } => {
                let resource = || entity.resource.clone();
                self.seen()
                    .open
                    .entry(entity.entity)
                    .or_insert_with(resource);
            }
            Event::Judged { entity, .. } => {
                self.seen().open.remove(&entity.entity);
            }
            Event::Failed(failure) if failure.entity.is_none() => {
                let source = failure.source_name.clone();
                self.seen().sources.insert(key(failure), source);
            }
            _ => {}
        }
        self.inner.on(event);
    }
}
