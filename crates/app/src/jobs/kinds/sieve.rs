//! What a scan leaves out of its sources, and that it tells so; and what it says of headers when it reads them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use locard_connector::decorators::{Narrow, Narrows};
use locard_connector::{Entity, ScanRequest, Source, UsageRecord};
use locard_engine::Target;
use locard_model::{EntityId, EntityKind, EntityPath, JobId, SourceId};
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::record::skipping::{Skipping, Within};
use crate::{Home, Result, bytes, ids};

/// Entities that are told by name, at most.
const TOLD: usize = 1_000;

/// What is left out, and what of it was met.
#[derive(Debug)]
pub(super) struct Sieve {
    skipping: Skipping,
    /// Whether the first record of delimited text names its columns.
    header: Option<bool>,
    /// What time it was when it began.
    now: Timestamp,
    /// What was read within the days that were asked for.
    recent: HashSet<EntityId>,
    met: Mutex<BTreeMap<EntityId, Met>>,
    /// Files of which the place does not tell when they were used: they are read.
    timeless: AtomicU64,
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
    pub(super) async fn of(
        home: &Home,
        (skipping, header): (Skipping, Option<bool>),
        targets: &[Target],
    ) -> Result<Self> {
        let mut recent = HashSet::new();
        let now = home.store.clock().await?;
        if let Some(days) = skipping.profiled_within_days {
            let span = SignedDuration::from_hours(24 * i64::from(days));
            let since = now.checked_sub(span);
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
            header,
            now,
            recent,
            met: Mutex::default(),
            timeless: AtomicU64::new(0),
        })
    }

    /// Hides what is left out from whoever lists the targets.
    pub(super) fn narrow(self: &Arc<Self>, targets: &mut [Target]) {
        if self.skipping.is_nothing() && self.header.is_none() {
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
        let wanted = &self.skipping.other_extensions;
        let name = entity.path.name().to_lowercase();
        let has = |extension: &String| name.ends_with(&format!(".{}", extension.to_lowercase()));
        if entity.kind == EntityKind::File && !wanted.is_empty() && !wanted.iter().any(has) {
            return Some("it has another extension than those that were asked for".to_owned());
        }
        let days = self.skipping.profiled_within_days?;
        let sentence = || format!("it was profiled within the last {days} days");
        self.recent.contains(&id).then(sentence)
    }

    /// Why a file is left out by when it was used; `None`: it is not, or nobody knows.
    fn why_by_times(&self, used: &UsageRecord) -> Option<String> {
        let asked = [
            (self.skipping.written, used.last_write, "written"),
            (self.skipping.accessed, used.last_read, "read"),
        ];
        let mut told = asked
            .into_iter()
            .filter_map(|(wanted, at, how)| Some((wanted?, at, how)));
        let mut is_timeless = false;
        let why = told.find_map(|(wanted, at, how)| {
            is_timeless |= at.is_none();
            self.misses(wanted, at?, how)
        });
        if why.is_none() && is_timeless {
            self.timeless.fetch_add(1, Ordering::Relaxed);
        }
        why
    }

    /// Why a time is not one that is wanted.
    fn misses(&self, wanted: Within, at: Timestamp, how: &str) -> Option<String> {
        let (Within::Days(days) | Within::Before(days)) = wanted;
        let span = SignedDuration::from_hours(24 * i64::from(days));
        let since = self.now.checked_sub(span).unwrap_or(Timestamp::MIN);
        let is_recent = at >= since;
        match wanted {
            Within::Days(days) if !is_recent => {
                Some(format!("it was last {how} more than {days} days ago"))
            }
            Within::Before(days) if is_recent => {
                Some(format!("it was {how} within the last {days} days"))
            }
            _ => None,
        }
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
        json!({
            "count": met.len(),
            "items": items.collect::<Vec<_>>(),
            "timesNotKnown": self.timeless.load(Ordering::Relaxed),
        })
    }
}

/// What is left out of one source.
#[derive(Debug)]
struct Sieved {
    source: SourceId,
    name: String,
    sieve: Arc<Sieve>,
}

impl Sieved {
    /// Whether an entity is read; one that is not is noted.
    async fn reads(&self, inner: &dyn Source, entity: &Entity) -> bool {
        let id = EntityId::derive(self.source, entity.kind, &entity.path);
        let why = match self.sieve.why(id, entity) {
            None => self.why_by_times(inner, entity).await,
            why => why,
        };
        let Some(why) = why else {
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

    /// Why a file is left out by when it was used. One whose times cannot be told is read.
    async fn why_by_times(&self, inner: &dyn Source, entity: &Entity) -> Option<String> {
        if !self.sieve.skipping.asks_for_times() || entity.kind != EntityKind::File {
            return None;
        }
        let used = match inner.usage() {
            Some(usage) => usage
                .of(&entity.path, entity.kind)
                .await
                .unwrap_or_default(),
            None => UsageRecord::default(),
        };
        self.sieve.why_by_times(&used)
    }
}

#[async_trait]
impl Narrows for Sieved {
    async fn admits(&self, inner: &dyn Source, item: &locard_connector::Result<Entity>) -> bool {
        match item {
            Ok(entity) => self.reads(inner, entity).await,
            Err(_) => true,
        }
    }

    fn asked(&self, request: &ScanRequest) -> ScanRequest {
        ScanRequest {
            header: self.sieve.header.or(request.header),
            ..request.clone()
        }
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

    const DAY: i64 = 24 * 3_600;

    fn sieve(skipping: Skipping, recent: HashSet<EntityId>) -> Sieve {
        Sieve {
            skipping,
            header: None,
            now: Timestamp::from_second(100 * DAY).unwrap(),
            recent,
            met: Mutex::default(),
            timeless: AtomicU64::new(0),
        }
    }

    #[test]
    fn files_are_left_out_by_when_they_were_used_and_read_where_nobody_knows() {
        let at = |day: i64| Timestamp::from_second(day * DAY).ok();
        let used = |written: Option<i64>, read: Option<i64>| UsageRecord {
            last_write: written.and_then(at),
            last_read: read.and_then(at),
            ..UsageRecord::default()
        };
        let lately = Skipping {
            written: Some(Within::Days(7)),
            ..Skipping::default()
        };
        let lately = sieve(lately, HashSet::new());
        assert_eq!(lately.why_by_times(&used(Some(95), Some(1))), None);
        let why = lately.why_by_times(&used(Some(90), Some(99)));
        assert!(why.unwrap().contains("more than 7 days ago"));
        let old = Skipping {
            written: Some(Within::Before(7)),
            accessed: Some(Within::Before(30)),
            ..Skipping::default()
        };
        let old = sieve(old, HashSet::new());
        assert_eq!(old.why_by_times(&used(Some(80), Some(60))), None);
        assert!(old.why_by_times(&used(Some(95), Some(60))).is_some());
        assert!(old.why_by_times(&used(Some(80), Some(90))).is_some());
        assert_eq!(old.why_by_times(&used(Some(80), None)), None);
        assert_eq!(old.timeless.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn other_extensions_are_left_out_whatever_their_case() {
        let id = EntityId(uuid::Uuid::from_u128(1));
        let skipping = Skipping {
            other_extensions: vec!["CSV".to_owned(), "json".to_owned()],
            ..Skipping::default()
        };
        let sieve = sieve(skipping, HashSet::new());
        assert_eq!(sieve.why(id, &entity(EntityKind::File, None)), None);
        let mut other = entity(EntityKind::File, None);
        other.path = EntityPath::new(["a.csv.pdf".to_owned()]);
        assert!(sieve.why(id, &other).is_some());
        other.kind = EntityKind::Table;
        assert_eq!(sieve.why(id, &other), None);
    }

    #[test]
    fn files_above_the_limit_and_what_was_read_lately_are_left_out_with_a_reason() {
        let id = EntityId(uuid::Uuid::from_u128(1));
        let skipping = Skipping {
            profiled_within_days: Some(3),
            files_above: Some(1_024),
            ..Skipping::default()
        };
        let sieve = |recent: HashSet<EntityId>| sieve(skipping.clone(), recent);
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
