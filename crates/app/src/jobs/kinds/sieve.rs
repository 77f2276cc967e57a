//! What a scan leaves out of its sources, and that it tells so.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use locard_connector::Entity;
use locard_connector::decorators::{Admits, Narrow};
use locard_engine::Target;
use locard_model::{EntityId, EntityKind, EntityPath, JobId, SourceId};
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::record::skipping::Skipping;
use crate::{Home, Result, bytes, ids};

/// Entities that are told by name, at most.
const TOLD: usize = 1_000;

/// What is left out, and what of it was met.
#[derive(Debug)]
pub(super) struct Sieve {
    skipping: Skipping,
    /// What was read within the days that were asked for.
    recent: HashSet<EntityId>,
    met: Mutex<BTreeMap<EntityId, Met>>,
}

/// An entity that is left out.
#[derive(Debug)]
struct Met {
    source: String,
    path: EntityPath,
    kind: EntityKind,
    why: String,
}

impl Sieve {
    /// Finds out what was read not long ago, where that is asked for.
    pub(super) async fn of(home: &Home, skipping: Skipping, targets: &[Target]) -> Result<Self> {
        let mut recent = HashSet::new();
        if let Some(days) = skipping.profiled_within_days {
            let span = SignedDuration::from_hours(24 * i64::from(days));
            let since = home.store.clock().await?.checked_sub(span);
            let since = since.unwrap_or(Timestamp::MIN);
            let catalog = Catalog::open(home).await?;
            let mut ends: HashMap<JobId, Option<Timestamp>> = HashMap::new();
            for target in targets {
                for entity in catalog.list(Some(target.id)).await? {
                    let heads = home.store.column_heads(home.org, entity.id).await?;
                    let Some(head) = heads.first() else {
                        continue;
                    };
                    let known = ends.get(&head.job).copied();
                    let end = match known {
                        Some(end) => end,
                        None => ids::known_job(home, head.job)
                            .await?
                            .and_then(|job| job.ended_at),
                    };
                    ends.insert(head.job, end);
                    if end.is_some_and(|end| end >= since) {
                        recent.insert(entity.id);
                    }
                }
            }
        }
        Ok(Self {
            skipping,
            recent,
            met: Mutex::default(),
        })
    }

    /// Hides what is left out from whoever lists the targets.
    pub(super) fn narrow(self: &Arc<Self>, targets: &mut [Target]) {
        if self.skipping.is_nothing() {
            return;
        }
        for target in targets {
            let sieved = Sieved {
                source: target.id,
                name: target.name.clone(),
                sieve: Arc::clone(self),
            };
            target.source = Arc::new(Narrow::new(Arc::clone(&target.source), sieved));
        }
    }

    /// Why an entity is left out; `None`: it is not.
    fn why(&self, id: EntityId, entity: &Entity) -> Option<String> {
        let size = entity.bytes.filter(|_| entity.kind == EntityKind::File);
        if let Some((size, most)) = size.zip(self.skipping.files_above)
            && size > most
        {
            let (size, most) = (bytes(size), bytes(most));
            return Some(format!(
                "it has {size}, and files of more than {most} were not to be read"
            ));
        }
        let days = self.skipping.profiled_within_days?;
        let sentence = || format!("it was profiled within the last {days} days");
        self.recent.contains(&id).then(sentence)
    }

    /// What was left out, as it is told with the job.
    pub(super) fn told(&self, home: &Home) -> Value {
        let met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let mask = home.engine.mask();
        let items = met.values().take(TOLD).map(|met| {
            json!({
                "source": met.source,
                "resource": mask.path(&met.path, met.kind),
                "reason": met.why,
            })
        });
        json!({ "count": met.len(), "items": items.collect::<Vec<_>>() })
    }
}

/// What is left out of one source.
#[derive(Debug)]
struct Sieved {
    source: SourceId,
    name: String,
    sieve: Arc<Sieve>,
}

impl Admits for Sieved {
    /// An entity that is not read is noted.
    fn admits(&self, item: &locard_connector::Result<Entity>) -> bool {
        let Ok(entity) = item else {
            return true;
        };
        let id = EntityId::derive(self.source, entity.kind, &entity.path);
        let Some(why) = self.sieve.why(id, entity) else {
            return true;
        };
        let met = Met {
            source: self.name.clone(),
            path: entity.path.clone(),
            kind: entity.kind,
            why,
        };
        let all = self.sieve.met.lock();
        all.unwrap_or_else(PoisonError::into_inner).insert(id, met);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(kind: EntityKind, bytes: Option<u64>) -> Entity {
        Entity {
            path: EntityPath::new(["a.csv".to_owned()]),
            kind,
            rows: None,
            bytes,
            comment: None,
            version: None,
        }
    }

    #[test]
    fn files_above_the_limit_and_what_was_read_lately_are_left_out_with_a_reason() {
        let id = EntityId(uuid::Uuid::from_u128(1));
        let skipping = Skipping {
            profiled_within_days: Some(3),
            files_above: Some(1_024),
        };
        let sieve = |recent: HashSet<EntityId>| Sieve {
            skipping,
            recent,
            met: Mutex::default(),
        };
        let none = sieve(HashSet::new());
        assert_eq!(none.why(id, &entity(EntityKind::File, Some(1_024))), None);
        assert_eq!(none.why(id, &entity(EntityKind::File, None)), None);
        assert_eq!(none.why(id, &entity(EntityKind::Table, Some(9_000))), None);
        let large = none.why(id, &entity(EntityKind::File, Some(1_025)));
        assert!(large.unwrap().contains("not to be read"));
        let lately = sieve(HashSet::from([id])).why(id, &entity(EntityKind::Table, None));
        assert!(lately.unwrap().contains("3 days"));
    }
}
