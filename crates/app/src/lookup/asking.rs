//! Asking the filters of all entities, portions of them at the same time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use locard_engine::ROW_BYTES;
use locard_index::Query;
use locard_model::EntityId;
use locard_store::{Column, ColumnFilter, Entity};
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
    /// Whether what may hold somebody is read next, so that all its columns are wanted.
    pub(crate) reads: bool,
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
    // What is remembered is not read, and of what is ruled out not even names.
    let weight = |entity: &Entity| match of.recalled.facts(&entity.id) {
        Some(_) => of.recalled.possible(&entity.id).map(|_| 0),
        None => Some(rows(entity)),
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

/// The groups in portions of what is read together: `rows` says how many records each entity has of which something is
/// read.
pub(crate) fn portions(
    groups: Vec<Vec<Same>>,
    rows: impl Fn(&Entity) -> Option<u64>,
) -> Vec<Vec<Vec<Same>>> {
    let (mut portions, mut portion) = (Vec::new(), Vec::new());
    let (mut entities, mut records) = (0, 0_u64);
    for group in groups {
        let read = group.iter().filter_map(|same| rows(&same.entity));
        let (read, more) = read.fold((0, 0_u64), |(read, sum), rows| {
            (read + 1, sum.saturating_add(rows))
        });
        let full = entities + read > ENTITIES || records.saturating_add(more) > RECORDS;
        if full && entities > 0 {
            portions.push(std::mem::take(&mut portion));
            (entities, records) = (0, 0);
        }
        entities += read;
        records = records.saturating_add(more);
        portion.push(group);
    }
    if !portion.is_empty() {
        portions.push(portion);
    }
    portions
}

/// The records of an entity, about; where nobody knows, as many as are read together.
pub(crate) fn rows(entity: &Entity) -> u64 {
    let of_bytes = || entity.bytes.map(|bytes| bytes / ROW_BYTES);
    entity.rows.or_else(of_bytes).unwrap_or(RECORDS)
}

/// What is recorded of some entities.
#[derive(Default)]
pub(crate) struct Shelf {
    names: HashMap<EntityId, Vec<Column>>,
    filters: HashMap<EntityId, Vec<ColumnFilter>>,
}

impl Shelf {
    async fn of(asked: &Asked<'_>, portion: &[Vec<Same>]) -> Result<Self> {
        let (store, org) = (&asked.home.store, asked.home.org);
        let (mut read, mut named, mut holding) = (Vec::new(), Vec::new(), Vec::new());
        for entity in portion.iter().flatten().map(|same| same.entity.id) {
            let Some(facts) = asked.recalled.facts(&entity) else {
                read.push(entity);
                continue;
            };
            let Some(held) = asked.recalled.possible(&entity) else {
                continue;
            };
            if asked.reads || recall::of_names(facts, held).is_some() {
                named.push(entity);
            } else {
                holding.extend(recall::holding(facts, held).map(|(_, column)| column));
            }
        }
        named.extend(&read);
        let mut shelf = Self::default();
        let (names, some, filters) = tokio::try_join!(
            async { some_of(&named, store.columns_of(org, &named)).await },
            async { some_of(&holding, store.columns_named(org, &holding)).await },
            async { some_of(&read, store.filters_of(org, &read)).await },
        )?;
        shelf.put(names.into_iter().chain(some), filters);
        Ok(shelf)
    }

    /// Some entities, one question after the other: whoever is in no hurry keeps others from the store no longer than
    /// that.
    pub(crate) async fn unhurried(home: &Home, entities: &[EntityId]) -> Result<Self> {
        let names = home.store.columns_of(home.org, entities).await?;
        let filters = home.store.filters_of(home.org, entities).await?;
        let mut shelf = Self::default();
        shelf.put(names, filters);
        Ok(shelf)
    }

    /// One entity, read whether it is remembered or not.
    async fn unremembered(home: &Home, entity: EntityId) -> Result<Self> {
        Self::unhurried(home, &[entity]).await
    }

    fn put(&mut self, names: impl IntoIterator<Item = Column>, filters: Vec<ColumnFilter>) {
        for name in names {
            self.names.entry(name.entity).or_default().push(name);
        }
        for filter in filters {
            let of_entity = self.filters.entry(filter.entity).or_default();
            of_entity.push(filter);
        }
    }

    pub(crate) fn take(&mut self, entity: EntityId) -> Recorded {
        Recorded {
            names: self.names.remove(&entity).unwrap_or_default(),
            filters: self.filters.remove(&entity).unwrap_or_default(),
        }
    }
}

/// What a question to the store gives, which is asked only where there is something to ask about.
async fn some_of<T>(
    asked: &[impl Sized],
    question: impl Future<Output = locard_store::Result<Vec<T>>>,
) -> locard_store::Result<Vec<T>> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    question.await
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
        if let Some(columns) = recall::named(facts, held, &names) {
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
            portions(groups.collect(), |entity| Some(super::rows(entity)))
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

    #[test]
    fn what_nothing_is_read_of_fills_no_portion() {
        let groups = (0..1_000).map(|at| table(at, Some(10)));
        let read = |entity: &Entity| entity.path.name().ends_with("00").then_some(0);
        let portions = portions(groups.collect(), read);
        assert_eq!(portions.iter().map(Vec::len).collect::<Vec<_>>(), [1_000]);
    }
}
