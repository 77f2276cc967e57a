//! The filters of many entities in memory, by key: a question looks where its key would be, and at nothing else.
//!
//! A filter says whether a key may be in its column. Asking a million of them one after another takes seconds, though
//! nearly all say no. Here all keys of some ten thousand columns stand in one sorted block, each with its column, so that
//! one search in each block gives the columns that say yes. Keys are those of the filters, all 40 bits: answers are the same.
//!
//! What a reader gets wrong: nothing here can be read. Keys are under the catalog's key, as in the store.

use std::collections::{BTreeMap, HashMap};

use locard_model::EntityId;

mod batch;
mod block;

pub use batch::{Batch, SortedBatch};

pub use block::BLOCK_BYTES;
use block::{Block, KEYS, Loose, SLOTS, Slot};

/// A column's position among those of its entity.
pub type Position = u16;

/// Most columns of an entity that is held; of one with more the filters are read.
pub const MOST_COLUMNS: usize = 1 << 12;

/// Most keys of an entity that is held: of a filter that is this large one reads quickly enough where it is stored.
pub const MOST_ENTITY_KEYS: usize = 1 << 20;

/// Loose keys beyond which they are sorted into a block: a walk over them takes a millisecond.
const MOST_LOOSE: usize = 1 << 20;

/// The columns of one entity that may hold some keys: each with the hashes that were asked for, in the order of columns.
pub type Held = BTreeMap<Position, Vec<u64>>;

/// The filters of many entities.
#[derive(Debug, Default)]
pub struct Filters {
    blocks: Vec<Block>,
    loose: Loose,
    /// What stands for an entity in the blocks. A number is given once, so that what is left of an entity that was
    /// replaced stands for nothing.
    numbers: HashMap<EntityId, u32>,
    entities: HashMap<u32, EntityId>,
    /// Keys and columns of each.
    sizes: HashMap<u32, (u32, u32)>,
    next: u32,
}

impl Filters {
    /// No filters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether an entity is held.
    pub fn holds(&self, entity: &EntityId) -> bool {
        self.numbers.contains_key(entity)
    }

    /// How many entities are held.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Holds the filters of an entity, in place of those that were held of it: of each column its keyed hashes, of which
    /// the upper 40 bits count. Gives false, and holds nothing of it, where there are too many.
    pub fn put(&mut self, entity: EntityId, columns: &[Vec<u64>]) -> bool {
        self.remove(&entity);
        let Some(keys) = keys_of(columns) else {
            return false;
        };
        if !self.loose.has_room_for(columns.len(), keys) {
            self.sort();
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.loose.add_all(number, columns);
        self.insert(entity, number, (keys as u32, columns.len() as u32));
        if self.loose.len() >= MOST_LOOSE {
            self.sort();
        }
        true
    }

    /// Takes over what was gathered apart, in place of what was held of these entities; of those that are not wanted any
    /// more nothing.
    pub fn take(&mut self, batch: SortedBatch, is_wanted: impl Fn(&EntityId) -> bool) {
        let SortedBatch {
            mut block,
            entities,
        } = batch;
        let first = self.next;
        block.renumber(first);
        self.next = first.wrapping_add(entities.len() as u32);
        for (at, (entity, size)) in (0_u32..).zip(entities) {
            self.remove(&entity);
            if is_wanted(&entity) {
                self.insert(entity, first.wrapping_add(at), size);
            }
        }
        if !block.is_empty() {
            self.blocks.push(block);
        }
    }

    fn insert(&mut self, entity: EntityId, number: u32, size: (u32, u32)) {
        self.numbers.insert(entity, number);
        self.entities.insert(number, entity);
        self.sizes.insert(number, size);
    }

    /// Forgets an entity; whether it was held.
    pub fn remove(&mut self, entity: &EntityId) -> bool {
        let Some(number) = self.numbers.remove(entity) else {
            return false;
        };
        self.entities.remove(&number);
        self.sizes.remove(&number);
        true
    }

    /// Which columns may hold which of these keyed hashes.
    pub fn ask(&self, hashes: &[u64]) -> HashMap<EntityId, Held> {
        let mut sorted = hashes.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut found: HashMap<EntityId, Held> = HashMap::new();
        let mut tell = |slot: Slot, hash: u64| {
            if let Some(entity) = self.entities.get(&slot.number) {
                let held = found.entry(*entity).or_default();
                held.entry(slot.position).or_default().push(hash);
            }
        };
        for block in &self.blocks {
            for hash in &sorted {
                block.ask(*hash, |slot| tell(slot, *hash));
            }
        }
        self.loose.ask(&sorted, tell);
        found
    }

    /// Bytes in memory, about.
    pub fn memory(&self) -> usize {
        /// Of an entity in three maps, with what maps leave free.
        const ENTITY: usize = 128;
        let blocks: usize = self.blocks.iter().map(Block::memory).sum();
        blocks + self.loose.memory() + self.numbers.len() * ENTITY
    }

    /// Makes blocks of what is loose, together with blocks of which less than half is in use.
    fn sort(&mut self) {
        let sizes = self.sizes();
        let mut loose = std::mem::take(&mut self.loose);
        let blocks = std::mem::take(&mut self.blocks);
        for (block, (keys, slots)) in blocks.into_iter().zip(sizes) {
            if slots == 0 {
                continue;
            }
            let is_sparse = keys < KEYS / 2 && slots < SLOTS / 2;
            if !is_sparse {
                self.blocks.push(block);
                continue;
            }
            if !loose.has_room_for(slots, keys) {
                self.blocks.extend(self.sealed(std::mem::take(&mut loose)));
            }
            block.loosen(&mut loose, |slot| self.entities.contains_key(&slot.number));
        }
        self.blocks.extend(self.sealed(loose));
    }

    fn sealed(&self, loose: Loose) -> Option<Block> {
        let block = loose.into_block(|slot| self.entities.contains_key(&slot.number));
        (!block.is_empty()).then_some(block)
    }

    /// Keys and columns of each block that are in use.
    fn sizes(&self) -> Vec<(usize, usize)> {
        let of_block = |block: &Block| {
            let mut numbers: Vec<u32> = block.slots().iter().map(|slot| slot.number).collect();
            numbers.dedup();
            numbers.iter().fold((0, 0), |(keys, slots), number| {
                let (more, wide) = self.sizes.get(number).copied().unwrap_or_default();
                (keys + more as usize, slots + wide as usize)
            })
        };
        self.blocks.iter().map(of_block).collect()
    }
}

/// How many keys an entity has, where it may be held.
fn keys_of(columns: &[Vec<u64>]) -> Option<usize> {
    let keys: usize = columns.iter().map(Vec::len).sum();
    (columns.len() <= MOST_COLUMNS && keys <= MOST_ENTITY_KEYS).then_some(keys)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use locard_model::{EntityKind, EntityPath, SourceId};
    use proptest::prelude::*;

    use super::*;

    /// As filters keep them.
    const fn key(hash: u64) -> u64 {
        hash >> 24
    }

    fn entity(at: u128) -> EntityId {
        let path = EntityPath::new([at.to_string()]);
        EntityId::derive(SourceId::derive("s"), EntityKind::Table, &path)
    }

    fn hash(at: u64) -> u64 {
        locard_sketch::hash(&at.to_le_bytes())
    }

    /// What asking one filter after the other says.
    fn expected(all: &HashMap<u128, Vec<Vec<u64>>>, hashes: &[u64]) -> HashMap<EntityId, Held> {
        let unique: HashSet<u64> = hashes.iter().copied().collect();
        let mut found: HashMap<EntityId, Held> = HashMap::new();
        for (at, columns) in all {
            for (position, keys) in columns.iter().enumerate() {
                let keys: HashSet<u64> = keys.iter().map(|hash| key(*hash)).collect();
                let mut held: Vec<u64> = unique.iter().copied().collect();
                held.retain(|hash| keys.contains(&key(*hash)));
                held.sort_unstable();
                if !held.is_empty() {
                    let of_entity = found.entry(entity(*at)).or_default();
                    of_entity.insert(position as Position, held);
                }
            }
        }
        found
    }

    fn asked(filters: &Filters, hashes: &[u64]) -> HashMap<EntityId, Held> {
        let mut found = filters.ask(hashes);
        let held = found.values_mut().flat_map(BTreeMap::values_mut);
        held.for_each(|hashes| hashes.sort_unstable());
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever is put, replaced, forgotten and sorted: as each filter by itself.
        #[test]
        fn answers_are_those_of_the_filters(
            steps in prop::collection::vec(
                (0_u128..12, prop::collection::vec(prop::collection::vec(0_u64..200, 0..40), 0..5), 0..5_u8),
                1..60,
            ),
            wanted in prop::collection::vec(0_u64..220, 0..30),
        ) {
            let (mut filters, mut all) = (Filters::new(), HashMap::new());
            for (at, columns, what) in steps {
                // A filter holds a key once.
                let unique = |keys: Vec<u64>| keys.into_iter().collect::<HashSet<u64>>();
                let columns: Vec<Vec<u64>> = columns
                    .into_iter()
                    .map(|keys| unique(keys).into_iter().map(hash).collect())
                    .collect();
                match what {
                    // Gathered with another that is replaced before it is taken over.
                    2 => {
                        let mut batch = Batch::default();
                        prop_assert!(batch.add(entity(at + 1), &[vec![hash(1)]]));
                        prop_assert!(batch.add(entity(at), &columns));
                        filters.take(batch.sorted(), |it| *it == entity(at));
                        all.remove(&(at + 1));
                        all.insert(at, columns);
                    }
                    0 => prop_assert_eq!(filters.remove(&entity(at)), all.remove(&at).is_some()),
                    1 => filters.sort(),
                    _ => {
                        prop_assert!(filters.put(entity(at), &columns));
                        all.insert(at, columns);
                    }
                }
            }
            let wanted: Vec<u64> = wanted.into_iter().map(hash).collect();
            prop_assert_eq!(asked(&filters, &wanted), expected(&all, &wanted));
            filters.sort();
            prop_assert_eq!(asked(&filters, &wanted), expected(&all, &wanted));
            prop_assert_eq!(filters.len(), all.len());
        }
    }

    #[test]
    fn keys_at_both_ends_and_lower_bits_are_as_in_a_filter() {
        let mut filters = Filters::new();
        let ends = vec![0, u64::MAX, 1 << 24, u64::MAX << 24];
        assert!(filters.put(entity(1), &[Vec::new(), ends]));
        for _ in 0..2 {
            for hash in [0, 5, u64::MAX, 1 << 24, (1 << 24) + 7] {
                assert!(filters.ask(&[hash])[&entity(1)].contains_key(&1), "{hash}");
            }
            assert!(filters.ask(&[2 << 24, u64::MAX >> 1]).is_empty());
            filters.sort();
        }
    }

    #[test]
    fn what_is_replaced_again_and_again_takes_no_more_memory() {
        let mut filters = Filters::new();
        let columns: Vec<Vec<u64>> = (0..10)
            .map(|column| (0..1_000).map(|at| hash(column * 1_000 + at)).collect())
            .collect();
        for round in 0..1_000_u128 {
            assert!(filters.put(entity(round % 50), &columns));
        }
        let keys = 50 * 10_000;
        assert!(
            filters.memory() < keys * 6 + MOST_LOOSE * 12 + (4 << 20),
            "{}",
            filters.memory()
        );
        filters.sort();
        assert!(
            filters.memory() < keys * 6 + (4 << 20),
            "{}",
            filters.memory()
        );
        assert_eq!(filters.ask(&[hash(0)]).len(), 50);
    }

    #[test]
    fn a_batch_is_full_before_its_keys_find_no_place_in_a_block() {
        let mut batch = Batch::default();
        let columns = vec![vec![hash(1); 1 << 18]];
        let mut added = 0;
        while batch.add(entity(added), &columns) {
            added += 1;
            assert!(added < 100, "it is full some time");
        }
        assert!(!batch.is_empty() && added >= 8, "{added}");
        let mut filters = Filters::new();
        filters.take(batch.sorted(), |_| true);
        assert_eq!(filters.ask(&[hash(1)]).len() as u128, added);
        let mut batch = Batch::default();
        assert!(!batch.add(entity(1), &vec![Vec::new(); MOST_COLUMNS + 1]));
        assert!(batch.is_empty());
    }

    #[test]
    fn what_is_too_large_is_not_held() {
        let mut filters = Filters::new();
        assert!(filters.put(entity(1), &[vec![hash(1)]]));
        let many = vec![Vec::new(); MOST_COLUMNS + 1];
        assert!(!filters.put(entity(1), &many));
        assert!(!filters.holds(&entity(1)), "nor what was held before");
        assert!(!filters.put(entity(2), &[vec![0; MOST_ENTITY_KEYS + 1]]));
        assert!(filters.is_empty() && filters.ask(&[hash(1), 0]).is_empty());
    }
}
