//! Which keys a row carries, and which it leads on with, as short digests: by them it is told afterwards over which rows
//! another one was reached, so that what hangs on a row goes out with it.
//!
//! A digest is of a relation and a key as both sides compare it. A parent that leads with one and a child that arrives
//! with the same are joined, whatever way the walk took.

use std::fmt;

use locard_index::{Graph, Origin, Relation};
use locard_model::{EntityId, RelationId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::row::{RowId, comparable};

/// What joins a row to others.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Which row of the catalog it is; what earlier versions kept does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<RowId>,
    /// Of each relation that leads to its entity, the key that the row carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arrives: Vec<u64>,
    /// Of each relation that leads from its entity, the key by which others refer to the row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leads: Vec<u64>,
    /// Of a row for review, those keys as they stand: they are followed once somebody confirmed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<(RelationId, Vec<String>)>,
}

/// Keys may be a person's.
impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (arrives, leads) = (self.arrives.len(), self.leads.len());
        write!(f, "Links({arrives} arrive, {leads} lead, ***)")
    }
}

/// A relation that leads to an entity, as rows of that are looked at.
#[derive(Clone)]
pub(super) struct Arriving {
    relation: [u8; 8],
    columns: Vec<String>,
    folds: bool,
}

impl Arriving {
    /// Those of an entity.
    pub(super) fn at(graph: &Graph, entity: EntityId) -> Vec<Self> {
        let relations = (0..).map_while(|at| graph.relation(at));
        let arriving = relations.filter(|relation| relation.child.entity == entity);
        arriving
            .map(|relation| Self {
                relation: named(relation),
                columns: relation.child.columns.clone(),
                folds: relation.origin == Origin::Inferred,
            })
            .collect()
    }

    /// The keys that a row carries; a column with several values carries each.
    pub(super) fn keys(&self, cells: &[(&str, &str)], into: &mut Vec<u64>) {
        if let [column] = self.columns.as_slice() {
            let keys = self.texts(cells, column);
            into.extend(keys.map(|text| token(self.relation, &[text])));
            return;
        }
        let columns = self.columns.iter();
        let key: Option<Vec<String>> = columns.map(|it| self.texts(cells, it).next()).collect();
        into.extend(key.map(|key| token(self.relation, &key)));
    }

    fn texts<'c>(
        &'c self,
        cells: &'c [(&str, &str)],
        column: &'c str,
    ) -> impl Iterator<Item = String> + 'c {
        let of_it = cells.iter().filter(move |(path, _)| *path == column);
        let filled = of_it.filter(|(_, text)| !text.trim().is_empty());
        filled.map(|(_, text)| comparable(text, self.folds))
    }

    /// What a read of the entity depends on.
    pub(super) fn told(&self) -> serde_json::Value {
        serde_json::json!([self.relation, self.columns, self.folds])
    }
}

/// The digest of a key with which a row leads on, over a relation by its position in the graph.
pub(super) fn leading(graph: &Graph, (at, key): &(usize, Vec<String>)) -> Option<u64> {
    let relation = graph.relation(*at)?;
    let folds = relation.origin == Origin::Inferred;
    let key: Vec<String> = key.iter().map(|text| comparable(text, folds)).collect();
    Some(token(named(relation), &key))
}

fn named(relation: &Relation) -> [u8; 8] {
    first_of(Sha256::digest(relation.id.to_string()).as_slice())
}

fn token(relation: [u8; 8], key: &[String]) -> u64 {
    let mut hash = Sha256::new();
    hash.update(relation);
    for part in key {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    u64::from_be_bytes(first_of(hash.finalize().as_slice()))
}

fn first_of(digest: &[u8]) -> [u8; 8] {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(digest) {
        *to = *from;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_on_both_sides_and_another_over_another_relation() {
        let arriving = |relation: u8, folds: bool| Arriving {
            relation: [relation; 8],
            columns: vec!["customer".to_owned()],
            folds,
        };
        let keys = |arriving: &Arriving, text: &str| {
            let mut keys = Vec::new();
            arriving.keys(&[("total", "7"), ("customer", text)], &mut keys);
            keys
        };
        let parent = token([1; 8], &["C-1".to_owned()]);
        assert_eq!(keys(&arriving(1, false), "C-1  "), [parent]);
        assert_ne!(keys(&arriving(2, false), "C-1"), [parent]);
        assert!(keys(&arriving(1, false), " ").is_empty());
        assert_eq!(
            keys(&arriving(1, true), "c-1"),
            keys(&arriving(1, true), "C-1")
        );
    }
}
