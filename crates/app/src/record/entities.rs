//! Entities as rows: what a listing names, and the state in which each was read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use locard_connector::{Entity, Split};
use locard_engine::{Concluded, Shown};
use locard_model::{EntityId, EntityKind, EntityPath, SourceId};
use locard_sketch::hash;
use locard_store::{Author, EntityFilter, Page, Store};
use serde_json::Value;

/// Entities that are written at once.
const CHUNK: usize = 1_000;

/// Writes entities that a listing of a source named, and what they are in; answers how many were new.
pub(crate) async fn put_listed(
    store: &dyn Store,
    author: Author,
    source: SourceId,
    entities: &[(Arc<Shown>, Entity)],
) -> locard_store::Result<u64> {
    let mut new = 0;
    for chunk in entities.chunks(CHUNK) {
        let ids: Vec<EntityId> = chunk.iter().map(|(shown, _)| shown.entity).collect();
        let before = store.entities_of(author.org(), &ids).await?.into_iter();
        let mut states: HashMap<EntityId, Option<String>> = before
            .map(|entity| (entity.id, entity.fingerprint))
            .collect();
        new += (ids.len() - states.len()) as u64;
        let mut rows = parents(source, chunk);
        rows.extend(chunk.iter().map(|(shown, entity)| {
            locard_store::Entity {
                // Until it is read again, what is known of it is of the state in which it was read.
                fingerprint: states.remove(&shown.entity).flatten(),
                ..row(shown, entity)
            }
        }));
        store.put_entities(author, &rows).await?;
    }
    Ok(new)
}

/// Buries what a complete listing of a source did not name, and nobody else has seen since it began by the store's clock;
/// answers how much that was.
pub(crate) async fn bury_unlisted(
    store: &dyn Store,
    author: Author,
    source: SourceId,
    began: Timestamp,
) -> locard_store::Result<u64> {
    let filter = EntityFilter {
        source: Some(source),
        ..EntityFilter::default()
    };
    let mut buried = 0;
    let mut page = Page::first(Page::MAX);
    loop {
        let entities = store.entities(author.org(), &filter, page).await?;
        let unseen = entities
            .items
            .iter()
            .filter(|entity| entity.seen_at < began);
        let gone: Vec<EntityId> = unseen.map(|entity| entity.id).collect();
        if !gone.is_empty() {
            buried += store.bury(author, &gone, began).await?;
        }
        let Some(after) = entities.next else {
            return Ok(buried);
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
