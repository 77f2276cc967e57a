//! Relations between entities: which rows of one lead to which rows of another.
//!
//! ```text
//! declared foreign keys ─┐
//!                        ├─► Graph ─► Walk: rows about a person ─► keys ─► rows that only carry the key ─► …
//! confirmed inferred  ───┘
//! ```
//!
//! What a reader gets wrong: a relation is only walked from the entity that is referred to (a customer) to those that
//! refer to it (the orders). The other way leads from a person to what many share: a product, a branch, a doctor.

mod graph;
mod names;
mod walk;

use locard_model::{EntityId, RelationId, named};

pub use graph::Graph;
pub use names::{KeyColumn, Pair, pairs};
pub use walk::{Bounds, Step, Walk};

/// One side of a relation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Side {
    /// The entity.
    pub entity: EntityId,
    /// Paths of its columns, as many as on the other side and in the same order.
    pub columns: Vec<String>,
}

/// Why a relation is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The source declares it: a foreign key.
    Declared,
    /// Values, types and names speak for it.
    Inferred,
}

named!(Origin {
    Declared => "declared",
    Inferred => "inferred",
});

/// A relation: each row of the child refers to one row of the parent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Relation {
    /// Derived from both sides.
    pub id: RelationId,
    /// The side that is referred to; its values are unique.
    pub parent: Side,
    /// The side that refers.
    pub child: Side,
    /// Why it is believed.
    pub origin: Origin,
}

impl Relation {
    /// A relation with its id; `None` where the sides have different numbers of columns, or none.
    pub fn new(parent: Side, child: Side, origin: Origin) -> Option<Self> {
        if parent.columns.is_empty() || parent.columns.len() != child.columns.len() {
            return None;
        }
        let id = RelationId::derive(
            (parent.entity, &parent.columns),
            (child.entity, &child.columns),
        );
        Some(Self {
            id,
            parent,
            child,
            origin,
        })
    }

    /// Whether rows of one entity refer to others of it, as employees to their managers. Such rows are other people's,
    /// or answers to a person, and so it is never walked.
    pub fn is_within_one_entity(&self) -> bool {
        self.parent.entity == self.child.entity
    }
}

#[cfg(test)]
mod tests {
    use locard_model::{EntityKind, EntityPath, SourceId};

    use super::*;

    pub(crate) fn entity(name: &str) -> EntityId {
        let source = SourceId::derive("s");
        EntityId::derive(source, EntityKind::Table, &EntityPath::new([name]))
    }

    pub(crate) fn relation(parent: &str, child: &str, column: &str) -> Relation {
        let side = |name: &str, column: &str| Side {
            entity: entity(name),
            columns: vec![column.to_owned()],
        };
        Relation::new(side(parent, "id"), side(child, column), Origin::Declared).unwrap()
    }

    #[test]
    fn the_id_tells_sides_and_columns_apart() {
        let a = relation("a", "b", "a_id");
        assert_eq!(a.id, relation("a", "b", "a_id").id);
        assert_ne!(a.id, relation("b", "a", "a_id").id);
        assert_ne!(a.id, relation("a", "b", "other").id);
    }

    #[test]
    fn sides_of_different_length_make_no_relation() {
        let side = |columns: &[&str]| Side {
            entity: entity("a"),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
        };
        assert_eq!(
            Relation::new(side(&["a", "b"]), side(&["a"]), Origin::Declared),
            None
        );
        assert_eq!(Relation::new(side(&[]), side(&[]), Origin::Declared), None);
    }
}
