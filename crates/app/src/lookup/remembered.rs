//! What look-ups remember of the entities that they asked: filters in memory, so that the next one need not read them.
//!
//! An entity is remembered when a look-up has read its filters, as long as there is room, and forgotten when something
//! of it changed. The answers are the same: of an entity that is remembered it is known which gaps its filters have, and
//! which of its columns may hold what is asked for. What may be a candidate is looked at as ever.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use locard_index::{BLOCK_BYTES, Batch, Filters, Held, MOST_COLUMNS, MOST_ENTITY_KEYS, Query};
use locard_model::{ColumnId, EntityId};
use locard_store::{Column, Entity};

use crate::catalog::view::View;
use crate::scan::gaps::{NotSearched, Reason};

/// What is known of an entity besides its filters.
pub(crate) struct Facts {
    /// The columns that carry a filter, in the order in which they are asked.
    pub(crate) columns: Vec<ColumnId>,
    /// What of it cannot be asked: the column, masked, why, and the same in a sentence.
    pub(crate) gaps: Vec<(Option<String>, Reason, String)>,
    /// The mark of what it holds, where all of it is known.
    pub(crate) content: Option<u64>,
}

impl Facts {
    /// Of these columns with a filter, gaps, and content.
    pub(crate) fn of(columns: &[Column], gaps: &[NotSearched], content: Option<u64>) -> Self {
        let gap = |gap: &NotSearched| (gap.column.clone(), gap.reason, gap.sentence.clone());
        Self {
            columns: columns.iter().map(|column| column.id).collect(),
            gaps: gaps.iter().map(gap).collect(),
            content,
        }
    }

    fn memory(&self) -> usize {
        let texts = self.gaps.iter().map(|(column, _, sentence)| {
            let column = column.as_ref().map_or(0, String::capacity);
            64 + column + sentence.capacity()
        });
        size_of::<Self>() + 64 + self.columns.len() * size_of::<ColumnId>() + texts.sum::<usize>()
    }
}

/// An entity as a look-up learnt it.
pub(crate) struct Learnt {
    pub(crate) entity: EntityId,
    pub(crate) facts: Facts,
    /// The keyed hashes of each column, and those of names and comments behind them.
    pub(crate) keys: Vec<Vec<u64>>,
}

impl Learnt {
    /// Bytes that it takes, about: a key takes eight until it is sorted, and five then.
    fn memory(&self) -> usize {
        let keys = self.keys.iter().map(|keys| keys.len() * 8 + 16);
        ENTITY + self.facts.memory() + keys.sum::<usize>()
    }
}

/// What was learnt of many entities, to be remembered at once.
#[derive(Default)]
pub(crate) struct Gathered {
    batch: Batch,
    facts: Vec<(EntityId, Facts)>,
    bytes: usize,
}

/// What is remembered of the entities of one question.
#[derive(Default)]
pub(crate) struct Recalled {
    facts: HashMap<EntityId, Arc<Facts>>,
    /// Those that may be candidates, with the columns that may hold something.
    possible: HashMap<EntityId, Held>,
}

impl Recalled {
    /// Leaves out entities of which more is to be told than is remembered.
    pub(crate) fn leave_out<'e>(&mut self, entities: impl Iterator<Item = &'e EntityId>) {
        for entity in entities {
            self.facts.remove(entity);
            self.possible.remove(entity);
        }
    }

    /// What is known of an entity.
    pub(crate) fn facts(&self, entity: &EntityId) -> Option<&Arc<Facts>> {
        self.facts.get(entity)
    }

    /// What its columns may hold, if it may be a candidate.
    pub(crate) fn possible(&self, entity: &EntityId) -> Option<&Held> {
        self.possible.get(entity)
    }
}

/// Bytes of an entity in maps, about.
const ENTITY: usize = 256;

/// Entities that are remembered, within so many bytes: up to 60 MiB more while keys are sorted.
#[derive(Default)]
pub(crate) struct Remembered {
    kept: RwLock<Kept>,
    /// Bytes of what is gathered to be remembered.
    gathered: AtomicUsize,
}

#[derive(Default)]
struct Kept {
    filters: Filters,
    facts: HashMap<EntityId, Arc<Facts>>,
    /// Bytes of the facts.
    bytes: usize,
    /// The latest view that was asked, and in which one it was told that an entity had changed.
    view: u64,
    changed: HashMap<EntityId, u64>,
}

impl Kept {
    fn memory(&self) -> usize {
        /// Of an entry of a map, with what maps leave free.
        const ENTRY: usize = 64;
        self.filters.memory() + self.bytes + (self.facts.len() + self.changed.len()) * ENTRY
    }

    fn forget(&mut self, entity: &EntityId) {
        self.filters.remove(entity);
        if let Some(facts) = self.facts.remove(entity) {
            self.bytes = self.bytes.saturating_sub(facts.memory());
        }
    }
}

impl Remembered {
    /// Bytes that are taken, about, and entities that are remembered.
    pub(crate) fn size(&self) -> (usize, usize) {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        (kept.memory(), kept.facts.len())
    }

    /// Whether an entity with so many columns and keys could be remembered.
    pub(crate) const fn is_small(columns: usize, keys: usize) -> bool {
        columns < MOST_COLUMNS && keys < MOST_ENTITY_KEYS / 2
    }

    /// Forgets what changed up to that view.
    pub(crate) fn catch_up(&self, view: &View) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.view < view.number {
            let changed = view.changed_since(kept.view);
            changed.for_each(|(entity, told)| {
                kept.forget(&entity);
                kept.changed.insert(entity, told);
            });
            kept.view = view.number;
        }
    }

    /// Remembers what a look-up learnt that asked after that view, unless the entity changed since, or there are not so many
    /// bytes for everything. Takes a while now and then, when keys are sorted.
    pub(crate) fn learn(&self, learnt: Learnt, view: u64, room: usize) {
        let more = learnt.memory();
        let Learnt {
            entity,
            facts,
            keys,
        } = learnt;
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.changed.get(&entity).is_some_and(|told| *told > view) {
            return;
        }
        kept.forget(&entity);
        let gathered = self.gathered.load(Ordering::Relaxed);
        if kept.memory() + gathered + more <= room && kept.filters.put(entity, &keys) {
            kept.bytes += facts.memory();
            kept.facts.insert(entity, Arc::new(facts));
        }
    }

    /// Those of some entities that are remembered.
    pub(crate) fn known(&self, entities: &[Arc<Entity>]) -> HashSet<EntityId> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let ids = entities.iter().map(|entity| entity.id);
        ids.filter(|id| kept.facts.contains_key(id)).collect()
    }

    /// Adds what was learnt after that view to what is gathered, and remembers what was gathered before where that is
    /// enough. Gives false where there are not so many bytes for everything.
    pub(crate) fn gather(
        &self,
        gathered: &mut Gathered,
        learnt: Learnt,
        (view, room): (u64, usize),
    ) -> bool {
        // The first one of a batch begins a block.
        let begins = gathered.batch.is_empty();
        let more = learnt.memory() + if begins { BLOCK_BYTES } else { 0 };
        let (bytes, _) = self.size();
        if bytes + self.gathered.fetch_add(more, Ordering::Relaxed) + more > room {
            self.gathered.fetch_sub(more, Ordering::Relaxed);
            return false;
        }
        if !gathered.batch.is_empty() && !gathered.batch.add(learnt.entity, &learnt.keys) {
            self.learn_all(std::mem::take(gathered), view);
        }
        if gathered.batch.is_empty() && !gathered.batch.add(learnt.entity, &learnt.keys) {
            // Of such an entity the filters are read.
            self.gathered.fetch_sub(more, Ordering::Relaxed);
            return true;
        }
        gathered.facts.push((learnt.entity, learnt.facts));
        gathered.bytes += more;
        true
    }

    /// Remembers what was gathered after that view, but for what changed since. Others are kept waiting for that only, and
    /// not while it is sorted.
    pub(crate) fn learn_all(&self, gathered: Gathered, view: u64) {
        let Gathered {
            batch,
            facts,
            bytes,
        } = gathered;
        if batch.is_empty() {
            return;
        }
        let batch = batch.sorted();
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        for (entity, _) in &facts {
            kept.forget(entity);
        }
        let Kept {
            filters,
            facts: known,
            bytes: of_facts,
            changed,
            ..
        } = &mut *kept;
        let is_same = |entity: &EntityId| changed.get(entity).is_none_or(|told| *told <= view);
        filters.take(batch, is_same);
        for (entity, facts) in facts {
            if is_same(&entity) {
                *of_facts += facts.memory();
                known.insert(entity, Arc::new(facts));
            }
        }
        self.gathered.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// What is remembered of these entities that the questions are about.
    pub(crate) fn recall(&self, entities: &[Arc<Entity>], queries: &[Query]) -> Recalled {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if kept.facts.is_empty() {
            return Recalled::default();
        }
        let known = entities.iter().filter_map(|entity| {
            let facts = kept.facts.get(&entity.id)?;
            Some((entity.id, Arc::clone(facts)))
        });
        let facts: HashMap<EntityId, Arc<Facts>> = known.collect();
        let hashes: HashSet<u64> = queries.iter().flat_map(Query::hashes).collect();
        let hashes: Vec<u64> = hashes.into_iter().collect();
        let mut possible = kept.filters.ask(&hashes);
        possible.retain(|entity, held| {
            let held = held.values().map(Vec::as_slice);
            let may_be = |query: &Query| query.may_be_among(&held);
            facts.contains_key(entity) && queries.iter().any(may_be)
        });
        Recalled { facts, possible }
    }
}
