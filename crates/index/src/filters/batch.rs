//! Filters that are gathered apart: their keys are sorted by whoever gathers them, while others ask.

use locard_model::EntityId;

use super::block::{Block, KEYS, Loose};
use super::keys_of;

/// Filters of some entities, not sorted yet: 16 MiB, and 32 MiB while they grow.
#[derive(Debug, Default)]
pub struct Batch {
    loose: Loose,
    /// Each with its keys and columns; its position stands for it.
    entities: Vec<(EntityId, (u32, u32))>,
}

/// The same, sorted: 10 MiB.
#[derive(Debug)]
pub struct SortedBatch {
    pub(super) block: Block,
    pub(super) entities: Vec<(EntityId, (u32, u32))>,
}

impl Batch {
    /// Adds the filters of an entity, as [`Filters::put`](super::Filters::put) takes them. Gives false, and adds nothing,
    /// where it is full or they are too many.
    pub fn add(&mut self, entity: EntityId, columns: &[Vec<u64>]) -> bool {
        let Some(keys) = keys_of(columns) else {
            return false;
        };
        // Half a block is enough that it stays as it is, whatever else is sorted.
        let is_full = self.loose.len() >= KEYS / 2;
        if is_full || !self.loose.has_room_for(columns.len(), keys) {
            return false;
        }
        self.loose.add_all(self.entities.len() as u32, columns);
        let size = (keys as u32, columns.len() as u32);
        self.entities.push((entity, size));
        true
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// Sorts it: some hundred milliseconds.
    pub fn sorted(self) -> SortedBatch {
        SortedBatch {
            block: self.loose.into_block(|_| true),
            entities: self.entities,
        }
    }
}
