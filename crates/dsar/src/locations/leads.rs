//! Which entities relations lead to, by the catalog alone: no source is read, so that this can be told of a person who did
//! not prove yet who they are.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use locard_app::{Catalog, FindReport, Home, PathStep, Result};
use locard_index::{Bounds, Graph, Side};
use locard_model::{EntityId, Strength};

use crate::relations;

/// An entity that may hold rows that carry the person's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lead {
    /// Its source as people see it.
    pub source: String,
    /// Its resource, masked.
    pub resource: String,
    /// The shortest way there, from an entity that may hold the person.
    pub reached: Vec<PathStep>,
}

/// Entities that relations lead to from those in which the person is or may be by something unique, those not among them.
///
/// # Errors
/// The home cannot be read.
pub async fn leads(home: &Home, report: &FindReport) -> Result<Vec<Lead>> {
    let catalog = Catalog::open(home).await?;
    let graph = relations::followed(home, &catalog).await?;
    let places = places(home, &catalog).await?;
    let hits = report.hits.iter();
    let strong: BTreeSet<(&str, &str)> = hits
        .filter(|hit| hit.strength == Strength::Strong)
        .map(|hit| (hit.source.as_str(), hit.resource.as_str()))
        .collect();
    let is_strong = |(source, resource): &(String, String)| {
        strong.contains(&(source.as_str(), resource.as_str()))
    };
    let begin = places.iter().filter(|(_, place)| is_strong(place));
    let found = walked(&graph, begin.map(|(entity, _)| *entity));
    let lead = |(entity, path): (EntityId, Vec<usize>)| {
        let (source, resource) = places.get(&entity)?.clone();
        Some(Lead {
            source,
            resource,
            reached: path
                .iter()
                .filter_map(|at| step(&graph, &places, *at))
                .collect(),
        })
    };
    let mut leads: Vec<Lead> = found.into_iter().filter_map(lead).collect();
    leads.sort_by(|a, b| (&a.source, &a.resource).cmp(&(&b.source, &b.resource)));
    Ok(leads)
}

/// How entities are shown: source, and resource.
pub(super) async fn places(
    home: &Home,
    catalog: &Catalog<'_>,
) -> Result<HashMap<EntityId, (String, String)>> {
    let mask = home.engine().mask();
    let entities = catalog.list(None).await?.into_iter();
    let place = entities.map(|entity| {
        let resource = mask.path(&entity.path, entity.kind);
        (entity.id, (catalog.source_name(entity.source), resource))
    });
    Ok(place.collect())
}

/// The shortest path to each entity that can be reached and is none to begin with.
fn walked(graph: &Graph, begin: impl Iterator<Item = EntityId>) -> BTreeMap<EntityId, Vec<usize>> {
    let mut queue: VecDeque<(EntityId, Vec<usize>)> = begin.map(|it| (it, Vec::new())).collect();
    let mut seen: BTreeSet<EntityId> = queue.iter().map(|(entity, _)| *entity).collect();
    let mut found = BTreeMap::new();
    let steps = Bounds::default().steps;
    while let Some((entity, path)) = queue.pop_front() {
        if path.len() >= steps {
            continue;
        }
        for (at, relation) in graph.from(entity) {
            if seen.insert(relation.child.entity) {
                let path: Vec<usize> = path.iter().copied().chain([at]).collect();
                found.insert(relation.child.entity, path.clone());
                queue.push_back((relation.child.entity, path));
            }
        }
    }
    found
}

fn step(
    graph: &Graph,
    places: &HashMap<EntityId, (String, String)>,
    at: usize,
) -> Option<PathStep> {
    let relation = graph.relation(at)?;
    let side = |side: &Side| {
        let place = places.get(&side.entity).cloned();
        (place.unwrap_or_default().1, side.columns.clone())
    };
    Some(PathStep {
        relation: relation.id,
        origin: relation.origin,
        from: side(&relation.parent),
        to: side(&relation.child),
    })
}

#[cfg(test)]
mod tests {
    use locard_index::{Origin, Relation};
    use locard_model::{EntityKind, EntityPath, SourceId};

    use super::*;

    #[test]
    fn each_entity_is_reached_once_by_its_shortest_way_and_rings_end() {
        let entity = |name: &str| {
            let source = SourceId::derive("db");
            EntityId::derive(source, EntityKind::Table, &EntityPath::new([name]))
        };
        let relation = |parent: &str, child: &str| {
            let side = |name: &str, column: &str| Side {
                entity: entity(name),
                columns: vec![column.to_owned()],
            };
            Relation::new(side(parent, "id"), side(child, parent), Origin::Declared).unwrap()
        };
        let graph = Graph::new([
            relation("customers", "orders"),
            relation("orders", "items"),
            relation("customers", "items"),
            relation("items", "customers"),
        ]);
        let found = walked(&graph, [entity("customers")].into_iter());
        let length = |name: &str| found.get(&entity(name)).map(Vec::len);
        assert_eq!((length("orders"), length("items")), (Some(1), Some(1)));
        assert_eq!(length("customers"), None);
    }
}
