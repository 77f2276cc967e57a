//! How far a scan is, in bytes as its sources store them.
//!
//! What is read is counted as it lies in memory, which of compressed or columnar files is several times as much; so each
//! entity counts for what it takes in its source, by the share of it that was read.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use locard_app::Shown;
use locard_model::EntityId;

/// An entity of which only the bytes in memory are known counts for no more than this until it is through.
const MOST: f64 = 0.9;

/// How far a scan is.
#[derive(Debug, Default)]
pub(crate) struct Passed(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    open: HashMap<EntityId, Part>,
    /// Bytes of entities that came to their end.
    ended: u64,
    /// Bytes of pieces that an earlier run had read.
    kept: u64,
    /// Bytes in memory of entities of which nobody knows what they take in their source.
    sizeless: u64,
}

/// What was passed so far, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// As sources store them, an earlier run's included.
    pub(crate) passed: u64,
    /// What of it this run has read, and what it read of entities without a size.
    pub(crate) read: u64,
    /// Whether no entity that is open gave more than it takes in its source: else nobody knows what is left of it.
    pub(crate) is_certain: bool,
}

/// An entity that is being read.
#[derive(Debug)]
struct Part {
    stored: u64,
    /// Its share that an earlier run had read.
    kept: f64,
    /// Records that it has, as far as its source knows.
    all: Option<u64>,
    rows: u64,
    bytes: u64,
}

impl Part {
    fn of(entity: &Shown) -> Self {
        Self {
            stored: entity.bytes.unwrap_or(0),
            kept: 0.0,
            all: entity.rows.filter(|rows| *rows > 0),
            rows: 0,
            bytes: 0,
        }
    }

    /// Whether more came of it than it takes in its source, and no records tell how far it is.
    fn is_beyond(&self) -> bool {
        self.all.is_none() && self.bytes as f64 > self.stored as f64 * MOST
    }

    fn passed(&self) -> u64 {
        let of_rows = self.all.map(|all| self.rows as f64 / all as f64);
        let of_bytes = || (self.bytes as f64 / self.stored.max(1) as f64).min(MOST);
        // Estimates of sources may be too low.
        let read = of_rows.unwrap_or_else(of_bytes).min(1.0 - self.kept);
        ((self.kept + read) * self.stored as f64) as u64
    }
}

impl Passed {
    /// An entity is about to be read; of its pieces so many were kept from an earlier run.
    pub(crate) fn planned(&self, entity: &Shown, tasks: u32, kept: u32) {
        self.with(|state| {
            let share = f64::from(kept) / f64::from(tasks.saturating_add(kept).max(1));
            let part = state.part(entity);
            part.kept = share;
            let bytes = (share * part.stored as f64) as u64;
            state.kept += bytes;
        });
    }

    /// Some of it was read.
    pub(crate) fn read(&self, entity: &Shown, rows: u64, bytes: u64) {
        self.with(|state| {
            let part = state.part(entity);
            part.rows += rows;
            part.bytes += bytes;
            if entity.bytes.is_none() {
                state.sizeless += bytes;
            }
        });
    }

    /// It came to its end.
    pub(crate) fn ended(&self, entity: &Shown) {
        self.with(|state| {
            state.open.remove(&entity.entity);
            state.ended = state.ended.saturating_add(entity.bytes.unwrap_or(0));
        });
    }

    /// How far it is.
    pub(crate) fn way(&self) -> Way {
        self.with(|state| {
            let open = || state.open.values();
            let passed = open().map(Part::passed);
            let passed = passed.fold(state.ended, u64::saturating_add);
            Way {
                passed,
                read: passed.saturating_sub(state.kept) + state.sizeless,
                is_certain: !open().any(Part::is_beyond),
            }
        })
    }

    fn with<T>(&self, then: impl FnOnce(&mut State) -> T) -> T {
        then(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn part(&mut self, entity: &Shown) -> &mut Part {
        let new = || Part::of(entity);
        self.open.entry(entity.entity).or_insert_with(new)
    }
}

#[cfg(test)]
mod tests {
    use locard_model::{EntityKind, EntityPath, SourceId};

    use super::*;

    fn entity(rows: Option<u64>, bytes: Option<u64>) -> Shown {
        let source = SourceId::derive("crm");
        let path = EntityPath::new(["people"]);
        Shown {
            source,
            source_name: "crm".to_owned(),
            entity: EntityId::derive(source, EntityKind::File, &path),
            kind: EntityKind::File,
            resource: "people".to_owned(),
            masked: false,
            rows,
            bytes,
        }
    }

    #[test]
    fn records_tell_how_far_a_compressed_entity_is() {
        let (passed, entity) = (Passed::default(), entity(Some(1_000), Some(100)));
        passed.read(&entity, 250, 9_000);
        assert_eq!((passed.way().passed, passed.way().read), (25, 25));
        passed.read(&entity, 5_000, 9_000);
        assert_eq!(passed.way().passed, 100);
        assert!(passed.way().is_certain);
        passed.ended(&entity);
        assert_eq!((passed.way().passed, passed.way().read), (100, 100));
    }

    #[test]
    fn where_records_are_not_known_the_end_is_not_told_before_it_is_there() {
        let (passed, entity) = (Passed::default(), entity(None, Some(100)));
        passed.read(&entity, 250, 50);
        assert_eq!((passed.way().passed, passed.way().is_certain), (50, true));
        passed.read(&entity, 250, 5_000);
        assert_eq!((passed.way().passed, passed.way().is_certain), (90, false));
        passed.ended(&entity);
        assert_eq!((passed.way().passed, passed.way().is_certain), (100, true));
    }

    #[test]
    fn what_an_earlier_run_read_is_passed() {
        let (passed, entity) = (Passed::default(), entity(Some(1_000), Some(100)));
        passed.planned(&entity, 1, 3);
        assert_eq!((passed.way().passed, passed.way().read), (75, 0));
        passed.read(&entity, 250, 0);
        assert_eq!((passed.way().passed, passed.way().read), (100, 25));
    }

    #[test]
    fn what_has_no_size_is_read_but_not_passed() {
        let (passed, entity) = (Passed::default(), entity(None, None));
        passed.read(&entity, 250, 50);
        passed.ended(&entity);
        assert_eq!((passed.way().passed, passed.way().read), (0, 50));
    }
}
