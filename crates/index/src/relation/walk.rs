//! Walks the graph from rows about a person to rows that carry their keys.
//!
//! Rings end because no key is followed twice over one relation; what would go on without end in other ways is bounded,
//! and the bounds that were met are told.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use locard_model::EntityId;

use super::Graph;

/// How far a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Relations one after the other.
    pub steps: usize,
    /// Keys that are followed over one relation.
    pub keys: usize,
    /// Rows that are taken from one read of an entity.
    pub rows: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            steps: 8,
            keys: 100_000,
            rows: 1_000_000,
        }
    }
}

/// Keys to look for at the end of a path of relations.
#[derive(Clone, PartialEq, Eq)]
pub struct Step {
    /// Positions in the graph; the last relation is the one to read the child of.
    pub path: Vec<usize>,
    /// The values of the parent's columns, as text.
    pub keys: BTreeSet<Vec<String>>,
}

/// Keys may be a person's.
impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Step({:?}, {} keys)", self.path, self.keys.len())
    }
}

/// The walk of one person.
#[derive(Debug)]
pub struct Walk<'g> {
    graph: &'g Graph,
    bounds: Bounds,
    /// What waits to be read: shorter paths first.
    waiting: BTreeMap<(usize, Vec<usize>), BTreeSet<Vec<String>>>,
    /// Keys that were followed over each relation.
    seen: BTreeMap<usize, HashSet<Vec<String>>>,
    /// Relations of which not every key was followed.
    cut: BTreeSet<usize>,
}

impl<'g> Walk<'g> {
    /// A walk that has not begun.
    pub fn new(graph: &'g Graph, bounds: Bounds) -> Self {
        Self {
            graph,
            bounds,
            waiting: BTreeMap::new(),
            seen: BTreeMap::new(),
            cut: BTreeSet::new(),
        }
    }

    /// A row about the person was reached over `path`; `keys` are its values for relations that lead from its entity.
    pub fn reached(
        &mut self,
        path: &[usize],
        keys: impl IntoIterator<Item = (usize, Vec<String>)>,
    ) {
        for (relation, key) in keys {
            let seen = self.seen.entry(relation).or_default();
            if seen.contains(&key) {
                continue;
            }
            if path.len() >= self.bounds.steps || seen.len() >= self.bounds.keys {
                self.cut.insert(relation);
                continue;
            }
            seen.insert(key.clone());
            let path: Vec<usize> = path.iter().copied().chain([relation]).collect();
            let waiting = self.waiting.entry((path.len(), path)).or_default();
            waiting.insert(key);
        }
    }

    /// What to read next, if anything; only a path of that length where one is given.
    pub fn next_of(&mut self, length: Option<usize>) -> Option<Step> {
        let ((first, _), _) = self.waiting.first_key_value()?;
        if length.is_some_and(|length| length != *first) {
            return None;
        }
        let ((_, path), keys) = self.waiting.pop_first()?;
        Some(Step { path, keys })
    }

    /// Relations that lead from an entity, with the columns whose values are their keys.
    pub fn from(&self, entity: EntityId) -> Vec<(usize, Vec<String>)> {
        let from = self.graph.from(entity);
        from.map(|(at, relation)| (at, relation.parent.columns.clone()))
            .collect()
    }

    /// Relations of which a bound kept some keys from being followed.
    pub fn cut(&self) -> impl Iterator<Item = usize> + '_ {
        self.cut.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{entity, relation};
    use super::*;

    fn key(text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    /// Reached over the first relation that leads from an entity.
    fn reach(walk: &mut Walk<'_>, path: &[usize], name: &str, value: &str) {
        let from = walk.from(entity(name));
        walk.reached(path, from.into_iter().map(|(at, _)| (at, key(value))));
    }

    #[test]
    fn a_ring_is_walked_once() {
        let graph = Graph::new([relation("a", "b", "a_id"), relation("b", "a", "b_id")]);
        let mut walk = Walk::new(&graph, Bounds::default());
        reach(&mut walk, &[], "a", "1");
        let first = walk.next_of(None).unwrap();
        assert_eq!((first.path.clone(), first.keys.len()), (vec![0], 1));
        reach(&mut walk, &first.path, "b", "7");
        let second = walk.next_of(None).unwrap();
        assert_eq!(second.path, [0, 1]);
        reach(&mut walk, &second.path, "a", "1");
        assert_eq!(walk.next_of(None), None);
        assert_eq!(walk.cut().count(), 0);
    }

    #[test]
    fn bounds_are_met_and_told() {
        let graph = Graph::new([relation("a", "b", "a_id"), relation("b", "c", "b_id")]);
        let bounds = Bounds {
            steps: 1,
            keys: 2,
            rows: 10,
        };
        let mut walk = Walk::new(&graph, bounds);
        for value in ["1", "2", "2", "3"] {
            reach(&mut walk, &[], "a", value);
        }
        let step = walk.next_of(None).unwrap();
        assert_eq!(step.keys.len(), 2);
        assert_eq!(walk.cut().collect::<Vec<_>>(), [0]);
        reach(&mut walk, &step.path, "b", "9");
        assert_eq!(walk.next_of(None), None, "one step is all");
        assert_eq!(walk.cut().collect::<Vec<_>>(), [0, 1]);
        assert!(
            !format!("{step:?}").contains("\"1\""),
            "keys are nobody's to see"
        );
    }
}
