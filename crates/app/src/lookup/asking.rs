//! Asking the filters of all entities, portions of them at the same time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use locard_engine::ROW_BYTES;
use locard_index::Query;
use locard_model::EntityId;
use locard_store::{Column, ColumnRecord, Entity};
use tokio_util::sync::CancellationToken;

use crate::catalog::twins::{Same, Twins};
use crate::catalog::view::View;
use crate::catalog::{Catalog, twins};
use crate::lookup::find::FindReport;
use crate::lookup::recall;
use crate::lookup::remembered::Recalled;
use crate::lookup::suspect::{Recorded, Suspect, ask};
use crate::scan::gaps;
use crate::scan::gaps::Failures;
use crate::scan::listings::Listings;
use crate::{Home, Result};

/// Portions that are read and asked at the same time.
const PORTIONS: usize = 4;

/// Entities whose filters are read together.
const ENTITIES: usize = 64;

/// Records of these entities, at most, unless one alone has more: a filter takes some bytes for each.
const RECORDS: u64 = 100_000;

/// Of what is asked.
pub(crate) struct Asked<'a> {
    pub(crate) home: &'a Home,
    pub(crate) catalog: &'a Catalog<'a>,
    /// What scans say of its sources.
    pub(crate) listings: &'a Listings,
    /// What is remembered of it.
    pub(crate) recalled: Recalled,
    /// The view that it is of.
    pub(crate) view: &'a View,
    pub(crate) cancel: &'a CancellationToken,
}

/// What is asked of that.
struct Asking<'a> {
    of: &'a Asked<'a>,
    queries: &'a Arc<Vec<Query>>,
    failures: &'a Failures,
}

/// Asks the filters of all entities; of more places than an answer holds it is told that they are left out.
pub(crate) async fn suspects(
    mut of: Asked<'_>,
    groups: Vec<Vec<Same>>,
    (queries, most): (&Arc<Vec<Query>>, usize),
    report: &mut FindReport,
) -> Result<Vec<Suspect>> {
    let mut failures = Failures::load(of.home, None).await?;
    let entities = groups.iter().flatten().map(|same| same.entity.as_ref());
    failures.excuse(of.listings, entities);
    of.recalled.leave_out(failures.entities());
    let of = &of;
    let asking = Asking {
        of,
        queries,
        failures: &failures,
    };
    // What is remembered is not read.
    let weight = |entity: &Entity| match of.recalled.facts(&entity.id) {
        Some(_) => 0,
        None => rows(entity),
    };
    let portions = portions(groups, weight).into_iter();
    let portions: Vec<_> = portions.map(|portion| asking.portion(portion)).collect();
    let mut answers = std::pin::pin!(stream::iter(portions).buffered(PORTIONS));
    let (mut suspects, mut places) = (Vec::new(), 0);
    while let Some((found, told)) = answers.try_next().await? {
        report.add(told);
        for suspect in found {
            places += suspect.questions().count();
            if places > most {
                report.not_searched.push(suspect.not_listed(most));
            } else {
                suspects.push(suspect);
            }
        }
    }
    Ok(suspects)
}

/// The groups in portions of what is read together.
fn portions(groups: Vec<Vec<Same>>, rows: impl Fn(&Entity) -> u64) -> Vec<Vec<Vec<Same>>> {
    let (mut portions, mut portion) = (Vec::new(), Vec::new());
    let (mut entities, mut records) = (0, 0_u64);
    for group in groups {
        let more = group.iter().map(|same| rows(&same.entity));
        let more = more.fold(0, u64::saturating_add);
        let full = entities + group.len() > ENTITIES || records.saturating_add(more) > RECORDS;
        if full && !portion.is_empty() {
            portions.push(std::mem::take(&mut portion));
            (entities, records) = (0, 0);
        }
        entities += group.len();
        records = records.saturating_add(more);
        portion.push(group);
    }
    if !portion.is_empty() {
        portions.push(portion);
    }
    portions
}

/// The records of an entity, about; where nobody knows, as many as are read together.
fn rows(entity: &Entity) -> u64 {
    let of_bytes = || entity.bytes.map(|bytes| bytes / ROW_BYTES);
    entity.rows.or_else(of_bytes).unwrap_or(RECORDS)
}

/// What is recorded of some entities.
#[derive(Default)]
struct Shelf {
    names: HashMap<EntityId, Vec<Column>>,
    records: HashMap<EntityId, Vec<ColumnRecord>>,
}

impl Shelf {
    async fn of(asked: &Asked<'_>, portion: &[Vec<Same>]) -> Result<Self> {
        let (store, org) = (&asked.home.store, asked.home.org);
        let entities = portion.iter().flatten().map(|same| same.entity.id);
        let (known, read): (Vec<EntityId>, Vec<EntityId>) =
            entities.partition(|entity| asked.recalled.facts(entity).is_some());
        let possible = known.into_iter();
        let possible: Vec<EntityId> = possible
            .filter(|entity| asked.recalled.possible(entity).is_some())
            .collect();
        let mut shelf = Self::default();
        if read.is_empty() && possible.is_empty() {
            return Ok(shelf);
        }
        let named: Vec<EntityId> = read.iter().chain(&possible).copied().collect();
        let (names, records) = tokio::try_join!(
            store.columns_of(org, &named),
            store.column_records_of(org, &read),
        )?;
        for name in names {
            shelf.names.entry(name.entity).or_default().push(name);
        }
        for record in records {
            let of_entity = shelf.records.entry(record.entity).or_default();
            of_entity.push(record);
        }
        Ok(shelf)
    }

    /// One entity, read whether it is remembered or not.
    async fn unremembered(home: &Home, entity: EntityId) -> Result<Self> {
        let (names, records) = tokio::try_join!(
            home.store.columns(home.org, entity),
            home.store.column_records(home.org, entity),
        )?;
        let mut shelf = Self::default();
        shelf.names.insert(entity, names);
        shelf.records.insert(entity, records);
        Ok(shelf)
    }

    fn take(&mut self, entity: EntityId) -> Recorded {
        Recorded {
            names: self.names.remove(&entity).unwrap_or_default(),
            records: self.records.remove(&entity).unwrap_or_default(),
        }
    }
}

impl Asking<'_> {
    /// The entities of some groups that cannot be ruled out, and what else there is to tell of them.
    async fn portion(&self, portion: Vec<Vec<Same>>) -> Result<(Vec<Suspect>, FindReport)> {
        let mut shelf = if self.of.cancel.is_cancelled() {
            Shelf::default()
        } else {
            Shelf::of(self.of, &portion).await?
        };
        let (mut suspects, mut report) = (Vec::new(), FindReport::default());
        for same in portion {
            suspects.append(&mut self.once(same, &mut shelf, &mut report).await?);
        }
        Ok((suspects, report))
    }

    /// Asks the newest of several sources that hold the same entity, and further ones only where that one has gaps. A
    /// part does not stand for the whole.
    async fn once(
        &self,
        same: Vec<Same>,
        shelf: &mut Shelf,
        report: &mut FindReport,
    ) -> Result<Vec<Suspect>> {
        let mut suspects = Vec::new();
        let mut asked: Option<String> = None;
        let mut parts = HashSet::new();
        for Same { entity, is_part } in same {
            parts.extend(is_part.then_some(entity.id));
            let source = self.of.catalog.source_name(entity.source);
            if let Some(asked) = &asked {
                twins::count(&mut report.twins, source, asked.clone());
            } else if self.of.cancel.is_cancelled() {
                let found = &mut report.not_searched;
                gaps::unasked(self.of.home, self.of.catalog, &entity, found);
            } else {
                let before = report.not_searched.len();
                suspects.extend(self.ask(&source, &entity, shelf, report).await?);
                let mut gaps = report.not_searched.iter().skip(before);
                let whole = gaps.all(|gap| !gap.reason.is_gap());
                asked = (whole && !is_part).then_some(source);
            }
        }
        if asked.is_some() {
            tell_once(&mut suspects, &parts, &mut report.twins);
        }
        Ok(suspects)
    }

    /// Asks one entity, from memory if it is remembered.
    async fn ask(
        &self,
        source: &str,
        entity: &Arc<Entity>,
        shelf: &mut Shelf,
        report: &mut FindReport,
    ) -> Result<Option<Suspect>> {
        let home = self.of.home;
        let by = (self.queries, self.failures);
        let Some(facts) = self.of.recalled.facts(&entity.id) else {
            let of = (entity.as_ref().clone(), shelf.take(entity.id));
            return ask(home, source, of, by, (report, self.of.view)).await;
        };
        let Some(held) = self.of.recalled.possible(&entity.id) else {
            recall::tell(home, source, entity, facts, report);
            return Ok(None);
        };
        let names = shelf.names.remove(&entity.id).unwrap_or_default();
        if let Some(columns) = recall::columns(facts, &names) {
            let of = (entity.as_ref().clone(), names);
            let known = (facts.as_ref(), held, columns);
            return recall::ask(home, source, of, known, self.queries, report).await;
        }
        // It changed since it was remembered.
        let mut shelf = Shelf::unremembered(home, entity.id).await?;
        let of = (entity.as_ref().clone(), shelf.take(entity.id));
        ask(home, source, of, by, (report, self.of.view)).await
    }
}

/// Takes out parts that tell nothing but what the whole does: whoever reads the whole reads them.
fn tell_once(suspects: &mut Vec<Suspect>, parts: &HashSet<EntityId>, twins: &mut Vec<Twins>) {
    let is_part = |suspect: &Suspect| parts.contains(&suspect.entity.id);
    let Some(whole) = suspects.iter().find(|suspect| !is_part(suspect)) else {
        return;
    };
    let asked = whole.source.clone();
    let known: HashSet<_> = whole.questions().collect();
    let mut told = HashSet::new();
    for suspect in suspects.iter().filter(|suspect| is_part(suspect)) {
        if suspect
            .questions()
            .all(|question| known.contains(&question))
        {
            told.insert(suspect.entity.id);
            twins::count(twins, suspect.source.clone(), asked.clone());
        }
    }
    suspects.retain(|suspect| !told.contains(&suspect.entity.id));
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use locard_model::{EntityKind, EntityPath, SourceId};

    use super::*;

    fn table(name: usize, rows: Option<u64>) -> Vec<Same> {
        let path = EntityPath::new([name.to_string()]);
        let source = SourceId::derive("s");
        let entity = Entity {
            id: EntityId::derive(source, EntityKind::Table, &path),
            source,
            parent: None,
            kind: EntityKind::Table,
            path,
            rows,
            bytes: None,
            comment: None,
            description: None,
            fingerprint: None,
            seen_at: Timestamp::UNIX_EPOCH,
            gone_at: None,
        };
        vec![Same {
            entity: Arc::new(entity),
            is_part: false,
        }]
    }

    #[test]
    fn many_small_entities_are_read_together_and_a_large_one_alone() {
        let sizes = |rows: &[Option<u64>]| -> Vec<usize> {
            let groups = rows.iter().enumerate().map(|(at, rows)| table(at, *rows));
            portions(groups.collect(), super::rows)
                .iter()
                .map(Vec::len)
                .collect()
        };
        assert!(sizes(&[]).is_empty());
        assert_eq!(sizes(&[Some(10); 130]), [64, 64, 2]);
        assert_eq!(sizes(&[Some(10), Some(1_000_000), Some(10)]), [1, 1, 1]);
        assert_eq!(sizes(&[Some(10), Some(20), None]), [2, 1]);
        assert_eq!(sizes(&[Some(60_000), Some(60_000), Some(1)]), [1, 2]);
    }
}
