//! Entities as rows: what a listing names, and the state in which each was read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use locard_connector::{Entity, Split};
use locard_engine::{Concluded, Shown};
use locard_model::{EntityId, EntityKind, EntityPath, OrgId, SourceId};
use locard_sketch::hash;
use locard_store::{Author, EntityFilter, Page, Store};
use serde_json::Value;

/// Entities that are written at once.
const CHUNK: usize = 1_000;

/// What a source holds now.
pub(crate) struct Listing<'a> {
    pub(crate) source: SourceId,
    pub(crate) entities: &'a [(Arc<Shown>, Entity)],
    /// When the listing began by the store's clock, where it is complete: what it does not name is gone, unless somebody
    /// else has seen it since.
    pub(crate) began: Option<Timestamp>,
}

impl Listing<'_> {
    /// Writes what is new, what is there still, and what is gone. Answers how many were new and how many are gone.
    pub(crate) async fn write(
        &self,
        store: &dyn Store,
        author: Author,
    ) -> locard_store::Result<(u64, u64)> {
        let before = listed(store, author.org(), self.source).await?;
        let mut rows = parents(self.source, self.entities);
        rows.extend(self.entities.iter().map(|(shown, entity)| {
            locard_store::Entity {
                // Until it is read again, what is known of it is of the state in which it was read.
                fingerprint: before.get(&shown.entity).cloned().flatten(),
                ..row(shown, entity)
            }
        }));
        let now: HashSet<EntityId> = rows.iter().map(|row| row.id).collect();
        for chunk in rows.chunks(CHUNK) {
            store.put_entities(author, chunk).await?;
        }
        let gone: Vec<EntityId> = before
            .keys()
            .filter(|id| !now.contains(id))
            .copied()
            .collect();
        let mut buried = 0;
        if let Some(began) = self.began {
            for chunk in gone.chunks(CHUNK) {
                buried += store.bury(author, chunk, began).await?;
            }
        }
        let is_new = |(shown, _): &&(Arc<Shown>, Entity)| !before.contains_key(&shown.entity);
        let new = self.entities.iter().filter(is_new).count() as u64;
        Ok((new, buried))
    }
}

/// What is known of a source, with the state in which each entity was read.
async fn listed(
    store: &dyn Store,
    org: OrgId,
    source: SourceId,
) -> locard_store::Result<HashMap<EntityId, Option<String>>> {
    let filter = EntityFilter {
        source: Some(source),
        ..EntityFilter::default()
    };
    let mut known = HashMap::new();
    let mut page = Page::first(Page::MAX);
    loop {
        let entities = store.entities(org, &filter, page).await?;
        let items = entities.items.into_iter();
        known.extend(items.map(|entity| (entity.id, entity.fingerprint)));
        let Some(after) = entities.next else {
            return Ok(known);
        };
        page.after = Some(after);
    }
}

/// The schemas and folders that the entities are in, outermost first.
fn parents(source: SourceId, entities: &[(Arc<Shown>, Entity)]) -> Vec<locard_store::Entity> {
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for (_, entity) in entities {
        let segments = entity.path.segments();
        for depth in 1..segments.len() {
            let path = EntityPath::new(segments[..depth].iter().cloned());
            let kind = parent_kind(entity.kind);
            let id = EntityId::derive(source, kind, &path);
            if seen.insert(id) {
                rows.push(bare(id, source, kind, path));
            }
        }
    }
    rows
}

fn parent_kind(kind: EntityKind) -> EntityKind {
    if kind == EntityKind::File {
        EntityKind::Folder
    } else {
        EntityKind::Schema
    }
}

fn bare(
    id: EntityId,
    source: SourceId,
    kind: EntityKind,
    path: EntityPath,
) -> locard_store::Entity {
    let above = path
        .segments()
        .split_last()
        .map(|(_, above)| EntityPath::new(above.iter().cloned()));
    let above = above.filter(|above| !above.segments().is_empty());
    let parent = above.map(|above| {
        let kind = if kind == EntityKind::Folder {
            EntityKind::Folder
        } else {
            parent_kind(kind)
        };
        EntityId::derive(source, kind, &above)
    });
    locard_store::Entity {
        id,
        source,
        parent,
        kind,
        path,
        rows: None,
        bytes: None,
        comment: None,
        description: None,
        fingerprint: None,
        seen_at: Timestamp::UNIX_EPOCH,
        gone_at: None,
    }
}

fn row(shown: &Shown, entity: &Entity) -> locard_store::Entity {
    locard_store::Entity {
        rows: entity.rows,
        bytes: entity.bytes,
        comment: entity.comment.clone(),
        ..bare(shown.entity, shown.source, entity.kind, entity.path.clone())
    }
}

/// The entity as its source describes it. What is known of its state stays.
pub(crate) fn described_entity(
    shown: &Shown,
    entity: &Entity,
    description: Value,
    fingerprint: Option<String>,
) -> locard_store::Entity {
    locard_store::Entity {
        description: Some(description),
        fingerprint,
        ..row(shown, entity)
    }
}

/// The entity as its scan left it.
pub(crate) fn concluded_entity(concluded: &Concluded) -> locard_store::Entity {
    let splits: Vec<&Split> = concluded
        .planned
        .pieces
        .iter()
        .flat_map(|piece| &piece.splits)
        .collect();
    locard_store::Entity {
        rows: Some(concluded.rows)
            .filter(|_| !concluded.sampled)
            .or(concluded.planned.entity.rows),
        fingerprint: fingerprint(splits),
        ..row(&concluded.planned.shown, &concluded.planned.entity)
    }
}

/// One text for the state of all splits; `None` when one of them does not tell.
pub fn fingerprint<'a>(splits: impl IntoIterator<Item = &'a Split>) -> Option<String> {
    let mut versions = splits
        .into_iter()
        .map(|split| split.version.as_deref())
        .collect::<Option<Vec<_>>>()?;
    // However an entity is divided, its state is the same.
    versions.sort_unstable();
    versions.dedup();
    (!versions.is_empty()).then(|| fingerprint_of(&versions.join("\n")))
}

/// The same of an entity that is in this state.
pub(crate) fn fingerprint_of(version: &str) -> String {
    format!("{:016x}", hash(version.as_bytes()))
}
