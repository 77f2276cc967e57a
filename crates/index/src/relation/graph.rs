//! Relations by the entity that they lead from.

use std::collections::HashMap;

use locard_model::EntityId;

use super::Relation;

/// The relations that may be walked.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    relations: Vec<Relation>,
    from: HashMap<EntityId, Vec<usize>>,
}

impl Graph {
    /// Of these relations; those within one entity are left out.
    pub fn new(relations: impl IntoIterator<Item = Relation>) -> Self {
        let mut graph = Self::default();
        for relation in relations {
            let known = |known: &Relation| known.id == relation.id;
            if relation.is_within_one_entity() || graph.relations.iter().any(known) {
                continue;
            }
            let at = graph.relations.len();
            graph
                .from
                .entry(relation.parent.entity)
                .or_default()
                .push(at);
            graph.relations.push(relation);
        }
        graph
    }

    /// The relation at a position, as [`Graph::from`] gives it.
    pub fn relation(&self, at: usize) -> Option<&Relation> {
        self.relations.get(at)
    }

    /// The relations that lead from an entity, with their positions.
    pub fn from(&self, entity: EntityId) -> impl Iterator<Item = (usize, &Relation)> {
        let places = self.from.get(&entity).into_iter().flatten();
        places.filter_map(|at| Some((*at, self.relations.get(*at)?)))
    }

    /// Whether no relation is in it.
    pub fn is_empty(&self) -> bool {
        self.relations.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{entity, relation};
    use super::*;

    #[test]
    fn relations_within_one_entity_lead_nowhere() {
        let graph = Graph::new([
            relation("staff", "staff", "manager_id"),
            relation("staff", "pay", "staff_id"),
            relation("staff", "pay", "staff_id"),
        ]);
        assert_eq!(graph.from(entity("staff")).count(), 1);
        assert!(!graph.is_empty() && graph.from(entity("pay")).next().is_none());
    }
}
