//! Foreign keys, as sources declared them when they were scanned or ingested.

use std::collections::HashMap;

use locard_index::{Origin, Relation, Side};
use locard_model::{EntityId, SourceId};
use locard_store::Entity;
use serde::Deserialize;

/// What is read of a stored description.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description {
    #[serde(default)]
    foreign_keys: Vec<ForeignKey>,
}

#[derive(Deserialize)]
struct ForeignKey {
    columns: Vec<String>,
    references: Vec<String>,
    referenced: Vec<String>,
}

/// The foreign keys of these entities whose other side is among them.
pub(super) fn declared(entities: &[Entity]) -> Vec<Relation> {
    let by_path: HashMap<(SourceId, &[String]), EntityId> = entities
        .iter()
        .map(|entity| ((entity.source, entity.path.segments()), entity.id))
        .collect();
    let mut relations = Vec::new();
    for entity in entities {
        for key in foreign_keys(entity) {
            let place = (entity.source, key.references.as_slice());
            let Some(parent) = by_path.get(&place) else {
                continue;
            };
            let parent = Side {
                entity: *parent,
                columns: key.referenced,
            };
            let child = Side {
                entity: entity.id,
                columns: key.columns,
            };
            relations.extend(Relation::new(parent, child, Origin::Declared));
        }
    }
    relations
}

fn foreign_keys(entity: &Entity) -> Vec<ForeignKey> {
    let description = entity.description.as_ref();
    let read = description.and_then(|stored| Description::deserialize(stored).ok());
    read.map_or(Vec::new(), |description| description.foreign_keys)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use locard_model::{EntityKind, EntityPath};
    use serde_json::{Value, json};

    use super::*;

    fn table(name: &str, description: Option<Value>) -> Entity {
        let source = SourceId::derive("s");
        let path = EntityPath::new(["public", name]);
        Entity {
            id: EntityId::derive(source, EntityKind::Table, &path),
            source,
            parent: None,
            kind: EntityKind::Table,
            path,
            rows: None,
            bytes: None,
            comment: None,
            description,
            fingerprint: None,
            seen_at: Timestamp::UNIX_EPOCH,
            gone_at: None,
        }
    }

    #[test]
    fn a_foreign_key_leads_to_the_entity_that_it_names() {
        let key = |to: &str| json!({"columns": ["customer_id"], "references": ["public", to], "referenced": ["id"]});
        let orders = json!({"columns": [], "foreignKeys": [key("customers"), key("gone")]});
        let all = [table("customers", None), table("orders", Some(orders))];
        let found = declared(&all);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].parent.entity, all[0].id);
        assert_eq!(found[0].child.columns, ["customer_id"]);
    }

    #[test]
    fn a_description_that_cannot_be_read_declares_nothing() {
        let odd = json!({"foreignKeys": "none"});
        assert_eq!(declared(&[table("a", Some(odd)), table("b", None)]), []);
    }
}
