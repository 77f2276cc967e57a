//! What a scan's events tell that its summary does not: what was listed, what was left unfinished.
//!
//! It stands between the engine and the face's reporter and passes everything on.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use locard_engine::{Event, Reporter};
use locard_model::EntityId;

use crate::{PartlyIndexed, Untested};

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
    /// Columns of which not every value is in the index.
    partly_indexed: Vec<PartlyIndexed>,
    untested: Untested,
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

    /// The columns of which not every value is in the index, by source, resource and column.
    pub(crate) fn partly_indexed(&self) -> Vec<PartlyIndexed> {
        let mut columns = self.seen().partly_indexed.clone();
        let place = |column: &PartlyIndexed| {
            let PartlyIndexed {
                source,
                resource,
                column,
                ..
            } = column.clone();
            (source, resource, column)
        };
        columns.sort_by_cached_key(place);
        columns
    }

    /// What no rule was shown of columns that were clear already.
    pub(crate) fn untested(&self) -> Untested {
        self.seen().untested
    }
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
            Event::PartlyIndexed { entity, columns } => {
                let column = |(column, indexed): &(String, f64)| PartlyIndexed {
                    source: entity.source_name.clone(),
                    resource: entity.resource.clone(),
                    column: column.clone(),
                    indexed: *indexed,
                };
                let columns = columns.iter().map(column);
                self.seen().partly_indexed.extend(columns);
            }
            Event::Untested { columns, cells, .. } => {
                let untested = &mut self.seen().untested;
                untested.columns = untested.columns.saturating_add(*columns);
                untested.cells = untested.cells.saturating_add(*cells);
            }
            _ => {}
        }
        self.inner.on(event);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use locard_engine::{Shown, Silent};
    use locard_model::{EntityKind, SourceId};

    use super::*;

    #[test]
    fn columns_that_are_partly_indexed_are_told_in_order() {
        let tally = Tally::new(&Silent);
        for resource in ["visits", "people"] {
            let entity = Arc::new(Shown {
                source: SourceId::derive("s"),
                source_name: "s".to_owned(),
                entity: EntityId::derive(
                    SourceId::derive("s"),
                    EntityKind::Table,
                    &locard_model::EntityPath::new([resource]),
                ),
                kind: EntityKind::Table,
                resource: resource.to_owned(),
                masked: false,
                rows: None,
                bytes: None,
            });
            let columns = vec![("mail".to_owned(), 0.5), ("id".to_owned(), 0.25)];
            tally.on(&Event::PartlyIndexed { entity, columns });
        }
        let told: Vec<_> = tally
            .partly_indexed()
            .into_iter()
            .map(|told| (told.resource, told.column, told.indexed))
            .collect();
        let row =
            |resource: &str, column: &str, share| (resource.to_owned(), column.to_owned(), share);
        let expected = [
            row("people", "id", 0.25),
            row("people", "mail", 0.5),
            row("visits", "id", 0.25),
            row("visits", "mail", 0.5),
        ];
        assert_eq!(told, expected);
    }
}
