//! Entities that persons may be in: their filters are asked, and what reading them showed is told.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use locard_engine::Failure;
use locard_index::{Candidate, Query, candidates, unnamed};
use locard_model::{EntityId, Identifier, Spelling, Strength, Subject};
use locard_profile::{ColumnSketch, Coverage};
use locard_sketch::Keyer;
use locard_store::{Column, ColumnFilter, Entity};

use crate::catalog::Catalog;
use crate::catalog::twins::Bases;
use crate::catalog::view::View;
use crate::lookup::duplicates;
use crate::lookup::find::{FindOptions, FindReport, Hit};
use crate::lookup::names::{Named, Names};
use crate::lookup::remembered::{Facts, Learnt, Remembered};
use crate::lookup::verify::Checked;
use crate::record::summary::ColumnSummary;
use crate::scan::gaps::{
    DAMAGED, Extent, Failures, Gaps, IN_PART, NotSearched, Reason, STALE, UNFINISHED,
};
use crate::words::counted;
use crate::{Home, Result};

/// An entity that some subjects may be in.
pub struct Suspect {
    /// As the catalog has it, but for its description.
    pub entity: Entity,
    /// Its source as people see it.
    pub source: String,
    /// Its resource, masked.
    pub resource: String,
    /// All its columns, where it is to be read; else those that were asked.
    pub names: Vec<Column>,
    /// Columns that were asked, in the order of the candidates' positions.
    pub(crate) columns: Vec<Column>,
    /// By position of the subject.
    pub(crate) candidates: Vec<(usize, Candidate)>,
    /// The mark of what it holds, where all of it is known.
    pub(crate) content: Option<u64>,
}

/// What is recorded of one entity.
pub(crate) struct Recorded {
    /// Its columns in their order.
    pub(crate) names: Vec<Column>,
    /// What is asked of them.
    pub(crate) filters: Vec<ColumnFilter>,
}

/// Asks the filters of one entity. They are decoded and asked on the thread pool: of a wide entity that takes seconds,
/// in which the runtime has others to serve.
pub(crate) async fn ask(
    home: &Home,
    source: &str,
    (entity, recorded): (Entity, Recorded),
    (queries, failures): (&Arc<Vec<Query>>, &Failures),
    (report, view): (&mut FindReport, &View),
) -> Result<Option<Suspect>> {
    let resource = home.engine.mask().path(&entity.path, entity.kind);
    let Recorded { names, filters } = recorded;
    tell_names(home, (&entity, source, &resource), &names, queries, report).await?;
    let mut gaps = Gaps {
        source,
        resource: &resource,
        found: &mut report.not_searched,
    };
    if filters.is_empty() {
        gaps.unread(home, &entity, failures).await?;
        return Ok(None);
    }
    gaps.outdated(home, &entity, failures).await?;
    let before = gaps.found.len();
    gaps.nameless(home, &names, &filters).await?;
    // What scans failed at is told besides, and may be other tomorrow.
    let learns = home.memory.filter_bytes() > 0 && failures.of(entity.id).is_none();
    let by = (queries, learns);
    let answer = Answer::on_pool(home, (&entity, &names), filters, by).await?;
    answer.tell(home, &mut gaps, Some((failures, entity.id)));
    if let Some(keys) = answer.keys {
        let facts = Facts::of(&answer.columns, &gaps.found[before..], answer.content);
        let entity = entity.id;
        let learnt = Learnt {
            entity,
            facts,
            keys,
        };
        learn(home, learnt, view).await?;
    }
    report.columns += answer.columns.len() as u64;
    let of = (source, resource.as_str());
    tell_unnamed(home, of, (&answer.columns, &answer.asked), report);
    let candidates = answer.asked.candidates;
    let columns = candidates.iter().flat_map(|(_, found)| &found.columns);
    report.candidates += columns.collect::<HashSet<_>>().len() as u64;
    Ok((!candidates.is_empty()).then(|| Suspect {
        entity,
        source: source.to_owned(),
        resource,
        names,
        columns: answer.columns,
        candidates,
        content: answer.content,
    }))
}

/// What there is to remember of an entity that nobody asks yet; nothing where it has no filters, or too many keys. Works
/// on the thread that calls it.
pub(crate) async fn learnt(
    home: &Home,
    entity: &Entity,
    recorded: Recorded,
) -> Result<Option<Learnt>> {
    let Recorded { names, filters } = recorded;
    if filters.is_empty() {
        return Ok(None);
    }
    let mut found = Vec::new();
    let mut gaps = Gaps {
        source: "",
        resource: "",
        found: &mut found,
    };
    gaps.nameless(home, &names, &filters).await?;
    let answer = Answer::of(
        entity,
        names,
        filters,
        &[],
        Some(home.engine.keyer().as_ref()),
    );
    answer.tell(home, &mut gaps, None);
    let facts = Facts::of(&answer.columns, &found, answer.content);
    let entity = entity.id;
    Ok(answer.keys.map(|keys| Learnt {
        entity,
        facts,
        keys,
    }))
}

/// Remembers it for the next look-up.
async fn learn(home: &Home, learnt: Learnt, view: &View) -> Result<()> {
    let remembered = home.memory.of::<Remembered>();
    let room = home.memory.filter_bytes().saturating_sub(view.memory);
    let view = view.number;
    let learning = home.engine.pool();
    let learning = learning.run(move |_| remembered.learn(learnt, view, room));
    Ok(learning.await.map_err(locard_engine::Error::ledger)?)
}

/// Tells whom names and comments of an entity tell of, whether it was ever read or not.
pub(crate) async fn tell_names(
    home: &Home,
    (entity, source, resource): (&Entity, &str, &str),
    columns: &[Column],
    queries: &Arc<Vec<Query>>,
    report: &mut FindReport,
) -> Result<()> {
    let (of, columns, queries) = (entity.clone(), columns.to_vec(), Arc::clone(queries));
    let keyer = Arc::clone(home.engine.keyer());
    let named = home.engine.pool().run(move |_| {
        let names = Names::of(&of, &columns, &keyer);
        names.ask(of.path.name(), &queries)
    });
    let named = named.await.map_err(locard_engine::Error::ledger)?;
    let place = |named| NamedPlace {
        source: source.to_owned(),
        resource: resource.to_owned(),
        named,
    };
    report.named.extend(named.into_iter().map(place));
    Ok(())
}

/// Tells whom the addresses of sources tell of, under which the paths of their entities begin.
pub(crate) async fn tell_places(
    home: &Home,
    (catalog, bases): (&Catalog<'_>, &Bases),
    queries: &Arc<Vec<Query>>,
    report: &mut FindReport,
) -> Result<()> {
    for (source, base) in bases {
        if let Some(base) = base {
            let place = (catalog.source_name(*source), base.clone());
            tell_place(home, place, queries, report).await?;
        }
    }
    Ok(())
}

async fn tell_place(
    home: &Home,
    (source, base): (String, String),
    queries: &Arc<Vec<Query>>,
    report: &mut FindReport,
) -> Result<()> {
    let resource = home.engine.mask().resource(&base);
    let (queries, keyer) = (Arc::clone(queries), Arc::clone(home.engine.keyer()));
    let named = home.engine.pool().run(move |_| {
        let folder = base.rsplit('/').next().unwrap_or_default();
        Names::of_place(&base, &keyer).ask(folder, &queries)
    });
    let named = named.await.map_err(locard_engine::Error::ledger)?;
    let place = |named| NamedPlace {
        source: source.clone(),
        resource: resource.clone(),
        named,
    };
    report.named.extend(named.into_iter().map(place));
    Ok(())
}

/// A name or comment that tells of a person, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPlace {
    source: String,
    /// Masked.
    resource: String,
    named: Named,
}

impl NamedPlace {
    /// It as a place of the person: whoever can see the name has verified it.
    pub(crate) fn hit(self, options: &FindOptions) -> Hit {
        let subject = &options.subjects[self.named.subject];
        Hit {
            subject: subject.id.clone(),
            source: self.source,
            resource: self.resource,
            column: self.named.place.to_owned(),
            path: None,
            row: None,
            identifiers: identifiers(subject, &self.named.attributes),
            spelling: None,
            verified: true,
            unchecked: None,
            strength: self.named.strength,
            reached: Vec::new(),
        }
    }

    /// It as something that collecting does not hand on: there is no row to hand on.
    pub fn not_searched(self) -> NotSearched {
        let what = self.named.place.trim_matches(['(', ')']);
        NotSearched {
            source: self.source,
            resource: Some(self.resource),
            column: None,
            reason: Reason::Named,
            sentence: format!("the {what} tells of the person: look whether all of it is theirs"),
        }
    }
}

/// What the filters of an entity say.
struct Answer {
    /// How far it was read.
    extent: Extent,
    /// The mark of what it holds, where all of it is known.
    content: Option<u64>,
    /// The columns that carry a filter.
    columns: Vec<Column>,
    /// Columns that were asked in part or not at all, by their paths, and why.
    limits: Vec<(String, Reason, String)>,
    /// What the columns with a filter may hold.
    asked: MayHold,
    /// What is to be remembered, if anything is: the keyed hashes of each of these columns, and those of names and comments
    /// behind them.
    keys: Option<Vec<Vec<u64>>>,
}

impl Answer {
    /// On the thread pool.
    async fn on_pool(
        home: &Home,
        (entity, names): (&Entity, &[Column]),
        filters: Vec<ColumnFilter>,
        (queries, learns): (&Arc<Vec<Query>>, bool),
    ) -> Result<Self> {
        let keyer = Arc::clone(home.engine.keyer());
        let keyer = learns.then_some(keyer);
        let (entity, names, queries) = (entity.clone(), names.to_vec(), Arc::clone(queries));
        let answer = home.engine.pool();
        let answer =
            answer.run(move |_| Self::of(&entity, names, filters, &queries, keyer.as_deref()));
        Ok(answer.await.map_err(locard_engine::Error::ledger)?)
    }

    fn of(
        entity: &Entity,
        names: Vec<Column>,
        filters: Vec<ColumnFilter>,
        queries: &[Query],
        keyer: Option<&Keyer>,
    ) -> Self {
        let mut limits = Vec::new();
        let of_names = keyer.map(|keyer| Names::of(entity, &names, keyer).keys());
        let summaries = filters.iter().map(|it| ColumnSummary::read(&it.summary));
        let summaries: Option<Vec<ColumnSummary>> = summaries.collect::<Result<_, _>>().ok();
        let content = summaries.as_deref().map(duplicates::content_of);
        let content = content.and_then(|content| content.ok().flatten());
        let (columns, sketches) = decoded(names, filters, &mut limits);
        let holds = |column: usize, hash: u64| sketches[column].may_hold(hash);
        let asked = asked(entity.path.name(), &columns, queries, holds);
        Self {
            extent: Extent::of(summaries.as_deref()),
            content: content.map(|(mark, _)| mark),
            keys: of_names.and_then(|of_names| keys(sketches, of_names)),
            columns,
            limits,
            asked,
        }
    }

    /// Tells what of it could not be asked.
    fn tell(&self, home: &Home, gaps: &mut Gaps<'_>, of: Option<(&Failures, EntityId)>) {
        gaps.partly(self.extent, of);
        for (column, reason, sentence) in &self.limits {
            let column = home.engine.mask().segment(column);
            gaps.column(column, *reason, sentence.clone());
        }
    }
}

/// Everything that filters hold, unless that is too much to be remembered.
fn keys(sketches: Vec<ColumnSketch>, of_names: Vec<u64>) -> Option<Vec<Vec<u64>>> {
    let size = |sketch: &ColumnSketch| {
        let (values, forms) = sketch.sizes();
        values + forms
    };
    let count = sketches.iter().map(size).sum::<usize>() + of_names.len();
    if !Remembered::is_small(sketches.len(), count) {
        return None;
    }
    let of_columns = sketches.into_iter().map(ColumnSketch::keys);
    Some(of_columns.chain([of_names]).collect())
}

/// What some columns may hold, each by its position among them.
pub(crate) struct MayHold {
    /// By position of the subject.
    pub(crate) candidates: Vec<(usize, Candidate)>,
    /// Subject, column and attributes that are too short to tell in it.
    unnamed: Vec<(usize, usize, Vec<usize>)>,
}

/// Tells of columns that are not asked for values that they may hold.
pub(crate) fn tell_unnamed(
    home: &Home,
    (source, resource): (&str, &str),
    (columns, asked): (&[Column], &MayHold),
    report: &mut FindReport,
) {
    for (subject, column, attributes) in &asked.unnamed {
        let place = || {
            let column = home.engine.mask().segment(&columns[*column].path);
            format!("{resource}:{column}")
        };
        for attribute in attributes {
            report.unnamed.add((*subject, *attribute), source, place);
        }
    }
}

/// The candidates of all subjects, by the position of each, where columns may hold what a function says.
pub(crate) fn asked(
    table: &str,
    columns: &[Column],
    queries: &[Query],
    holds: impl Fn(usize, u64) -> bool,
) -> MayHold {
    let holds = &holds;
    let hold: Vec<_> = (0..columns.len())
        .map(|at| move |hash: u64| holds(at, hash))
        .collect();
    let asked = columns.iter().zip(&hold);
    let asked: Vec<_> = asked
        .map(|(column, hold)| locard_index::Column {
            name: &column.path,
            may_hold: hold,
        })
        .collect();
    let mut found = MayHold {
        candidates: Vec::new(),
        unnamed: Vec::new(),
    };
    for (at, query) in queries.iter().enumerate() {
        let candidates = candidates(query, table, &asked).into_iter();
        found.candidates.extend(candidates.map(|found| (at, found)));
        let unnamed = unnamed(query, table, &asked).into_iter();
        let unnamed = unnamed.map(|(column, attributes)| (at, column, attributes));
        found.unnamed.extend(unnamed);
    }
    found
}

/// The columns that carry a filter, with it; the others are told.
fn decoded(
    names: Vec<Column>,
    filters: Vec<ColumnFilter>,
    limits: &mut Vec<(String, Reason, String)>,
) -> (Vec<Column>, Vec<ColumnSketch>) {
    let by_id = filters.into_iter().map(|filter| (filter.column, filter));
    let mut by_id: HashMap<_, ColumnFilter> = by_id.collect();
    let (mut columns, mut sketches) = (Vec::new(), Vec::new());
    for name in names {
        let mut tell =
            |reason, sentence: &str| limits.push((name.path.clone(), reason, sentence.to_owned()));
        // What is decoded is not held besides: of a wide entity either is much.
        let Some(filter) = by_id.remove(&name.id) else {
            tell(Reason::NotScanned, UNFINISHED);
            continue;
        };
        let Ok(sketch) = ColumnSketch::decode(&filter.sketch) else {
            tell(Reason::Damaged, DAMAGED);
            continue;
        };
        let limit = limit(sketch.coverage());
        if let Some((reason, sentence)) = &limit {
            tell(*reason, sentence);
        }
        if !matches!(limit, Some((Reason::NotIndexed, _))) {
            columns.push(name);
            sketches.push(sketch);
        }
    }
    (columns, sketches)
}

/// Why a column can be asked in part or not at all, also in a sentence; `None`: all of it can.
fn limit(coverage: Coverage) -> Option<(Reason, String)> {
    if let Some(why) = coverage.not_indexed {
        return Some((Reason::NotIndexed, why.sentence().to_owned()));
    }
    (coverage.values > 0 && coverage.indexed < 1.0).then(|| {
        // Rounded down, since not quite all is not all.
        let share = (coverage.indexed * 1_000.0).floor() / 10.0;
        let sentence = format!("only {share:.1} % of its values are indexed");
        (Reason::PartlyIndexed, sentence)
    })
}

impl Suspect {
    /// That it is left out of an answer that is full.
    pub(crate) fn not_listed(&self, most: usize) -> NotSearched {
        NotSearched {
            source: self.source.clone(),
            resource: Some(self.resource.clone()),
            column: None,
            reason: Reason::TooMany,
            sentence: format!(
                "the answer is full with {most} places; ask for fewer persons, or for one --source at a time"
            ),
        }
    }

    /// Who may be in which of its columns.
    pub(crate) fn questions(&self) -> impl Iterator<Item = (usize, &str)> {
        self.candidates.iter().flat_map(|(subject, candidate)| {
            let columns = candidate.columns.iter();
            columns.map(|column| (*subject, self.columns[*column].path.as_str()))
        })
    }

    /// Adds what reading it showed, as far as there is room; gives what could not be read.
    pub(crate) fn tell(
        &self,
        home: &Home,
        asked: (&FindOptions, &[Query]),
        checked: Result<Checked, Failure>,
        report: &mut FindReport,
        most: usize,
    ) -> Option<Failure> {
        let mut checked = checked.unwrap_or_else(|failure| Checked {
            // What could not be read stays a candidate.
            hits: self.unverified(home, asked, Some(&failure.sentence)),
            stale: false,
            truncated: false,
            failure: Some(failure),
        });
        let room = most.saturating_sub(report.hits.len());
        // Others were read at the same time.
        checked.truncated |= checked.hits.len() > room;
        checked.hits.truncate(room);
        // What reading it now told need not be told of the last scan too.
        let is_told = |gap: &NotSearched| {
            let is_own = gap.source == self.source && gap.resource.as_ref() == Some(&self.resource);
            is_own && gap.reason == Reason::Failed && gap.sentence.starts_with(IN_PART)
        };
        if checked.failure.is_some() {
            report.not_searched.retain(|gap| !is_told(gap));
        }
        let mut gaps = Gaps {
            source: &self.source,
            resource: &self.resource,
            found: &mut report.not_searched,
        };
        if checked.truncated {
            let told = checked.hits.len();
            let sentence = format!(
                "only the first {} in it are listed; there are more",
                counted(told as u64, "place", "places")
            );
            gaps.push(None, Reason::TooMany, sentence);
        }
        if checked.stale {
            gaps.push(None, Reason::Stale, STALE.to_owned());
        }
        report.hits.extend(checked.hits);
        checked.failure
    }

    /// Its candidates as they are, when nobody verified them, or could not and why: one for each subject and column.
    pub(crate) fn unverified(
        &self,
        home: &Home,
        (options, queries): (&FindOptions, &[Query]),
        why: Option<&str>,
    ) -> Vec<Hit> {
        let mut places: BTreeMap<(usize, usize), Unverified> = BTreeMap::new();
        for (subject, candidate) in &self.candidates {
            let query = queries.get(*subject);
            let may_be = Unverified {
                attributes: candidate.attributes.clone(),
                strength: candidate.strength,
                spelling: query.and_then(|query| query.spelling(candidate)),
            };
            for column in &candidate.columns {
                match places.entry((*subject, *column)) {
                    Entry::Occupied(mut known) => known.get_mut().add(&may_be),
                    Entry::Vacant(new) => {
                        new.insert(may_be.clone());
                    }
                }
            }
        }
        let hit = |((subject, column), may_be): ((usize, usize), Unverified)| Hit {
            subject: options.subjects[subject].id.clone(),
            source: self.source.clone(),
            resource: self.resource.clone(),
            column: home.engine.mask().segment(&self.columns[column].path),
            path: None,
            row: None,
            identifiers: identifiers(&options.subjects[subject], &may_be.attributes),
            spelling: may_be.spelling,
            verified: false,
            unchecked: why.map(str::to_owned),
            strength: may_be.strength,
            reached: Vec::new(),
        };
        places.into_iter().map(hit).collect()
    }
}

/// What a column may hold of a subject.
#[derive(Clone)]
struct Unverified {
    attributes: Vec<usize>,
    strength: Strength,
    spelling: Option<Spelling>,
}

impl Unverified {
    fn add(&mut self, other: &Self) {
        self.attributes.extend(&other.attributes);
        self.strength = self.strength.max(other.strength);
        if self.spelling != other.spelling {
            self.spelling = None;
        }
    }
}

/// The identifiers of some attributes, each once.
pub fn identifiers(subject: &Subject, attributes: &[usize]) -> Vec<Identifier> {
    let named = attributes
        .iter()
        .filter_map(|attribute| subject.attributes.get(*attribute));
    let mut identifiers: Vec<Identifier> = named
        .map(|attribute| attribute.identifier.clone())
        .collect();
    identifiers.sort_unstable();
    identifiers.dedup();
    identifiers
}

#[cfg(test)]
mod tests {
    use locard_model::LogicalType;
    use locard_profile::Profiler;
    use locard_sketch::Keyer;

    use super::*;

    fn coverage(declared: Option<LogicalType>, indexed: f64) -> Coverage {
        let keyer = Arc::new(Keyer::new(&[7; 16]));
        Coverage {
            values: 10,
            indexed,
            ..Profiler::new(keyer).sketch(declared).coverage()
        }
    }

    #[test]
    fn a_column_that_is_indexed_in_part_is_a_gap_and_one_without_a_filter_is_none() {
        assert_eq!(limit(coverage(None, 1.0)), None);
        let (reason, sentence) = limit(coverage(None, 0.999_96)).unwrap();
        assert_eq!(reason, Reason::PartlyIndexed);
        assert_eq!(sentence, "only 99.9 % of its values are indexed");
        assert!(reason.is_gap(), "the answer is not: nowhere");
        let (reason, _) = limit(coverage(Some(LogicalType::Boolean), 0.0)).unwrap();
        assert_eq!(reason, Reason::NotIndexed);
        assert!(!reason.is_gap());
        let blank = Coverage {
            values: 0,
            ..coverage(None, 0.0)
        };
        assert_eq!(limit(blank), None);
    }
}
