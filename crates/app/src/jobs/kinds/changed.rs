//! What has changed of a source since its entities were profiled. The source is listed and planned for that; no row is read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::StreamExt as _;
use locard_connector::{Sample, ScanRequest, Scope, Snapshot};
use locard_engine::{Target, scan_request};
use locard_model::{EntityId, SourceId};
use locard_store::Column;

use crate::catalog::scope::Only;
use crate::work::kind::Work;
use crate::{Home, Result, record};

/// Entities of one source that are planned at once.
const AT_ONCE: usize = 4;

/// What is known of the entities of one source.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Those that are no longer what was profiled.
    pub(super) entities: HashSet<EntityId>,
    /// Whether the source, or something in it, did not say.
    pub(super) is_silent: bool,
}

/// Asks a source which of the entities that are meant are in another state than when they were profiled.
pub(super) async fn since_profiled(
    work: &Work<'_>,
    source: SourceId,
    profiled: &HashMap<EntityId, String>,
    only: &Only,
) -> Result<Changed> {
    let silent = Changed {
        is_silent: true,
        ..Changed::default()
    };
    if profiled.is_empty() {
        return Ok(Changed::default());
    }
    let home = work.home;
    let stored = home.store.source(home.org, source).await?;
    let resolved = home.stored(stored).await?;
    let asked = async {
        let target = resolved.target(home, Scope::default(), work.details.limits);
        let Ok(target) = target.await else {
            return None;
        };
        let mut targets = vec![target];
        only.narrow(&mut targets);
        let target = targets.pop()?;
        Some(listed(home, &target, profiled).await)
    };
    let answered = work.unless_stopped(asked).await.flatten();
    Ok(answered.unwrap_or(silent))
}

/// Lists a source, and plans what no listing tells the state of.
async fn listed(home: &Home, target: &Target, profiled: &HashMap<EntityId, String>) -> Changed {
    let mut changed = Changed::default();
    let mut untold = Vec::new();
    let mut listing = target.source.entities(&target.scope);
    while let Some(item) = listing.next().await {
        match item {
            Ok(entity) => {
                let id = home.engine.shown(target, &entity).entity;
                let Some(then) = profiled.get(&id) else {
                    continue;
                };
                match &entity.version {
                    Some(now) if record::fingerprint_of(now) == *then => {}
                    Some(_) => drop(changed.entities.insert(id)),
                    None => untold.push((id, then.clone(), entity)),
                }
            }
            Err(error) if error.misses_nothing() => {}
            Err(_) => changed.is_silent = true,
        }
    }
    drop(listing);
    let plans = untold.into_iter().map(|(id, then, entity)| {
        let source = Arc::clone(&target.source);
        async move {
            let request = ScanRequest {
                estimate: true,
                ..scan_request(&entity, Sample::All, Snapshot::Entity, home.piece_bytes)
            };
            (id, then, source.plan(&request).await)
        }
    });
    let mut plans = std::pin::pin!(futures::stream::iter(plans).buffered(AT_ONCE));
    while let Some((id, then, plan)) = plans.next().await {
        match plan.map(|plan| record::fingerprint(&plan.splits)) {
            Ok(Some(now)) if now != then => drop(changed.entities.insert(id)),
            Ok(_) => {}
            Err(_) => changed.is_silent = true,
        }
    }
    changed
}

/// The columns that are in the catalog and not in the profile: an ingest found them after it was made.
pub(super) fn came_since<'a>(
    known: &'a [Column],
    profiled: impl Iterator<Item = &'a Column>,
) -> Vec<&'a Column> {
    let profiled: HashSet<_> = profiled.map(|column| column.id).collect();
    let known = known.iter().filter(|column| column.gone_at.is_none());
    known
        .filter(|column| !profiled.contains(&column.id))
        .collect()
}

#[cfg(test)]
mod tests {
    use locard_model::{ColumnId, EntityKind, EntityPath};

    use super::*;

    #[test]
    fn only_columns_that_are_there_and_were_not_profiled_came_since() {
        let source = SourceId(uuid::Uuid::from_u128(1));
        let path = EntityPath::new(["a.csv".to_owned()]);
        let entity = EntityId::derive(source, EntityKind::File, &path);
        let column = |name: &str, is_gone: bool| Column {
            id: ColumnId::derive(entity, name),
            entity,
            source,
            ordinal: 0,
            path: name.to_owned(),
            data_type: "Utf8".to_owned(),
            comment: None,
            gone_at: is_gone.then(jiff::Timestamp::now),
        };
        let known = [
            column("id", false),
            column("new", false),
            column("old", true),
        ];
        let came = came_since(&known, known[..1].iter());
        assert_eq!(came, [&known[1]]);
        assert_eq!(came_since(&known, known.iter()), Vec::<&Column>::new());
    }
}
