//! Collecting: every row that is about one person, from the sources as they are now.
//!
//! The order matters. Strong rows come first, then what they lead to over relations, nearer rows first, and last the
//! rows for review: by then it is known which of them were reached in another way, and each row is written once.

mod cut;
mod feed;
mod kept;
mod links;
mod onward;
mod reader;
mod row;
mod writer;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use locard_app::{
    CancellationToken, Catalog, Doubt, Failure, FindOptions, Home, LastScan, NotSearched,
    OpenSources, Reason, Reporter, Result, Suspect, Twins, locate,
};
use locard_index::{Bounds, Graph, Relation, Step, Walk, builtin_role};
use locard_model::{
    EntityId, ExposeSecret as _, FindingKind, Identifier, Role, SecretString, Strength, Subject,
};
use locard_store::Entity;

use crate::relations;
use crate::sections::{Section, SectionEnd, Sections};
pub use kept::{KeepRead, ReadId, Reads};
pub use links::Links;
pub use onward::{Onward, Seed, collect_onward};
pub(crate) use reader::by_keys;
use reader::{Job, Reader, What};
pub use row::RowId;
use writer::Writer;

/// Whose rows are collected and how.
#[derive(Clone, Debug)]
pub struct CollectOptions {
    /// The person.
    pub subject: Subject,
    /// Only these sources, by name, id or target; empty: all in the catalog.
    pub sources: Vec<SecretString>,
    /// Whether relations are followed.
    pub relations: bool,
    /// Whether rows for review are handed on too, and not only counted.
    pub review: bool,
    /// How far relations are followed.
    pub bounds: Bounds,
}

/// What was collected of one person; the rows went to [`Sections`].
#[derive(Clone, Debug, Default)]
pub struct Extract {
    /// [`Subject::id`].
    pub subject: String,
    /// The sections, in the order in which they were written.
    pub sections: Vec<SectionSummary>,
    /// Rows that are included.
    pub included: u64,
    /// Rows for review that were handed on.
    pub review: u64,
    /// Rows for review that were only counted.
    pub review_left_out: u64,
    /// What was not searched, and why.
    pub not_searched: Vec<NotSearched>,
    /// What could not be read.
    pub failures: Vec<Failure>,
    /// Sources in which there was something to ask.
    pub sources: u64,
    /// Columns whose filters were asked.
    pub columns: u64,
    /// Of them those that could not be ruled out.
    pub candidates: u64,
    /// What another source holds too and was asked there.
    pub twins: Vec<Twins>,
    /// Attributes that are likely not what was meant.
    pub doubts: Vec<Doubt>,
    /// Whether there was ever a scan to ask.
    pub scanned: bool,
    /// Whether something that is known of the person could be looked for.
    pub asked: bool,
    /// When the sources were read of which the index was asked, by name.
    pub last_scans: Vec<LastScan>,
}

/// A section that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionSummary {
    /// What it is.
    pub section: Section,
    /// How it ended.
    pub end: SectionEnd,
}

/// What an extract says, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There are rows about the person.
    Found,
    /// There are rows that may be about the person, and only such.
    ForReview,
    /// Everything that was scanned was asked, and nothing is about the person.
    Nowhere,
    /// Nothing was found, and something was not searched.
    NotKnown,
}

impl Answer {
    /// The stable name used in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::ForReview => "for-review",
            Self::Nowhere => "nowhere",
            Self::NotKnown => "not-known",
        }
    }
}

impl CollectOptions {
    /// The question to the filters.
    fn asked(&self) -> FindOptions {
        FindOptions {
            subjects: vec![self.subject.clone()],
            verify: true,
            sources: self.sources.clone(),
        }
    }
}

impl Extract {
    /// The answer in one word.
    pub fn answer(&self) -> Answer {
        let has_gaps = self.not_searched.iter().any(|gap| gap.reason.is_gap());
        match (self.included, self.review + self.review_left_out) {
            (1.., _) => Answer::Found,
            (0, 1..) => Answer::ForReview,
            (0, 0) if has_gaps || !self.scanned || !self.asked => Answer::NotKnown,
            (0, 0) => Answer::Nowhere,
        }
    }

    /// Whether something failed, in a scan or while collecting, so that there may be more.
    pub fn fell_short(&self) -> bool {
        let mut reasons = self.not_searched.iter().map(|gap| gap.reason);
        !self.failures.is_empty() || reasons.any(Reason::is_failure)
    }
}

/// Collects every row that is about a person. Sources are only read; values go nowhere but to `sections`.
///
/// What cannot be read is told in the extract, and the rest goes on.
///
/// # Errors
/// The question makes no sense, the home cannot be read, or `sections` cannot be written.
pub async fn collect(
    home: &Home,
    options: &CollectOptions,
    sections: &mut dyn Sections,
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<Extract> {
    collect_keeping(home, options, (sections, None), reporter, cancel).await
}

/// As [`collect`], and keeps each read that came to its end, so that whoever begins again with the same reads goes on:
/// sections come anew and complete, and no source is asked again for what was kept.
///
/// # Errors
/// As of [`collect`], and where a read cannot be kept.
pub async fn collect_keeping(
    home: &Home,
    options: &CollectOptions,
    (sections, reads): (&mut dyn Sections, Option<&dyn Reads>),
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<Extract> {
    let mut located = locate(home, &options.asked(), cancel).await?;
    let graph = if options.relations {
        relations::followed(home, &located.catalog).await?
    } else {
        Graph::default()
    };
    let opened = OpenSources::new(home);
    let reader = Reader {
        home,
        opened: &opened,
        queries: Arc::clone(&located.queries),
        subject: Arc::new(options.subject.clone()),
        bounds: options.bounds,
        cancel,
        graph: &graph,
        reads,
    };
    let walk = Walk::new(&graph, options.bounds);
    let mut writer = Writer::new(home, sections, (options.review, cancel), (&graph, walk));
    let mut suspects = std::mem::take(&mut located.suspects);
    // As people look for them, and the same in every run.
    suspects.sort_by(|a, b| (&a.source, &a.resource).cmp(&(&b.source, &b.resource)));
    let suspects: Vec<Arc<Suspect>> = suspects.into_iter().map(Arc::new).collect();
    let among = Among::of(&located.catalog, options).await?;
    writer.places = among.places(home);
    let strong = among
        .naming(home, &suspects, Strength::Strong, &writer)
        .await?;
    feed::feed(&reader, &strong, &mut writer).await?;
    follow(&reader, &graph, &among, &mut writer).await?;
    // Counted in any case: by now it is known which of them were reached in another way.
    let weak: Vec<Arc<Suspect>> = suspects
        .into_iter()
        .filter(|suspect| writer.weak.contains(&suspect.entity.id))
        .collect();
    let weak = among.naming(home, &weak, Strength::Weak, &writer).await?;
    feed::feed(&reader, &weak, &mut writer).await?;
    let mut extract = writer.finish(reporter);
    located.check_sources(&opened, cancel).await;
    told(&mut extract, located.report, &options.subject);
    Ok(extract)
}

/// Adds what the look-up says of itself.
fn told(extract: &mut Extract, report: locard_app::FindReport, subject: &Subject) {
    extract.subject.clone_from(&subject.id);
    extract.asked = !report.asks_nothing(subject);
    let known = std::mem::take(&mut extract.not_searched);
    let failed: BTreeSet<String> = extract
        .failures
        .iter()
        .map(|it| it.source_name.clone())
        .collect();
    // What was read for rows told by itself that it changed, or does not answer.
    let is_told = |gap: &NotSearched| match gap.reason {
        Reason::Stale => known.iter().any(|other| {
            other.reason == Reason::Stale
                && (&other.source, &other.resource) == (&gap.source, &gap.resource)
        }),
        Reason::Unreachable => gap.resource.is_none() && failed.contains(&gap.source),
        _ => known.contains(gap),
    };
    let mut gaps = report.not_searched;
    let named = report.named.into_iter();
    gaps.extend(named.map(locard_app::NamedPlace::not_searched));
    gaps.retain(|gap| !is_told(gap));
    gaps.extend(known);
    extract.not_searched = gaps;
    (extract.sources, extract.columns) = (report.sources, report.columns);
    extract.candidates = report.candidates;
    (extract.twins, extract.doubts) = (report.twins, report.doubts);
    (extract.scanned, extract.last_scans) = (report.scanned, report.last_scans);
}

/// Reads what carries keys of rows that were reached, until no key leads any further.
async fn follow(
    reader: &Reader<'_>,
    graph: &Graph,
    among: &Among,
    writer: &mut Writer<'_, '_>,
) -> Result<()> {
    loop {
        let mut jobs = Vec::new();
        // Those of one length do not depend on each other.
        while let Some(step) = writer
            .walk
            .next_of(jobs.first().map(|job: &Job| job.path().len()))
        {
            jobs.extend(among.job(reader, graph, step, writer).await?);
        }
        if jobs.is_empty() {
            return Ok(());
        }
        feed::feed(reader, &jobs, writer).await?;
    }
}

/// The entities that relations may lead to.
struct Among {
    entities: HashMap<EntityId, Entity>,
    /// Their sources as people see them.
    sources: HashMap<EntityId, String>,
    /// Identifiers by which rows name the person or somebody else.
    telling: BTreeSet<Identifier>,
}

impl Among {
    async fn of(catalog: &Catalog<'_>, options: &CollectOptions) -> Result<Self> {
        let mut entities = Vec::new();
        if options.sources.is_empty() {
            entities = catalog.list(None).await?;
        }
        for name in &options.sources {
            let source = catalog.source_named(name.expose_secret())?.id;
            entities.extend(catalog.list(Some(source)).await?);
        }
        let source = |entity: &Entity| (entity.id, catalog.source_name(entity.source));
        Ok(Self {
            sources: entities.iter().map(source).collect(),
            entities: entities
                .into_iter()
                .map(|entity| (entity.id, entity))
                .collect(),
            telling: telling(&options.subject),
        })
    }

    /// How they are shown: source, and resource.
    fn places(&self, home: &Home) -> HashMap<EntityId, (String, String)> {
        let mask = home.engine().mask();
        let place = |entity: &Entity| {
            let source = self.sources.get(&entity.id).cloned();
            let resource = mask.path(&entity.path, entity.kind);
            (entity.id, (source.unwrap_or_default(), resource))
        };
        self.entities.values().map(place).collect()
    }

    /// The reading of rows that name the person so firmly.
    async fn naming(
        &self,
        home: &Home,
        suspects: &[Arc<Suspect>],
        strength: Strength,
        writer: &Writer<'_, '_>,
    ) -> Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for suspect in suspects {
            let entity = suspect.entity.id;
            let is_known = self.telling.iter().any(is_name);
            let names = if is_known {
                columns_of(home, entity, is_name).await?
            } else {
                BTreeSet::new()
            };
            jobs.push(Job {
                entity: suspect.entity.clone(),
                source: suspect.source.clone(),
                resource: suspect.resource.clone(),
                names: suspect.names.clone(),
                leading: writer.walk.from(entity),
                what: What::Naming {
                    suspect: Arc::clone(suspect),
                    strength,
                    names,
                },
            });
        }
        Ok(jobs)
    }

    /// The reading of what a step leads to; nothing where that is in no source that was asked for.
    async fn job(
        &self,
        reader: &Reader<'_>,
        graph: &Graph,
        step: Step,
        writer: &Writer<'_, '_>,
    ) -> Result<Option<Job>> {
        let relation = step.path.last().and_then(|at| graph.relation(*at));
        let Some((relation, entity)) = relation.and_then(|relation: &Relation| {
            let entity = self.entities.get(&relation.child.entity)?;
            Some((relation.clone(), entity.clone()))
        }) else {
            return Ok(None);
        };
        let home = reader.home;
        let naming = columns_of(home, entity.id, |it| self.telling.contains(it)).await?;
        Ok(Some(Job {
            source: self.sources.get(&entity.id).cloned().unwrap_or_default(),
            resource: home.engine().mask().path(&entity.path, entity.kind),
            names: home.store().columns(home.org(), entity.id).await?,
            leading: writer.walk.from(entity.id),
            what: What::Keyed {
                path: step.path,
                relation,
                keys: step.keys,
                naming,
            },
            entity,
        }))
    }
}

/// The columns of an entity that hold some identifiers as a whole.
async fn columns_of(
    home: &Home,
    entity: EntityId,
    wanted: impl Fn(&Identifier) -> bool,
) -> Result<BTreeSet<String>> {
    let is_whole = |kind: FindingKind| kind == FindingKind::Column;
    let found = writer::found(home, entity, is_whole).await?.into_iter();
    let columns = found.filter(|(_, identifiers)| identifiers.iter().any(&wanted));
    Ok(columns.map(|(column, _)| column).collect())
}

/// What names a person in words.
const NAMES: [&str; 3] = ["PERSON", "FIRST_NAME", "LAST_NAME"];

fn is_name(identifier: &Identifier) -> bool {
    NAMES.contains(&identifier.as_str())
}

/// Identifiers of which the subject's values are known, and of which another value is another person's: names, birth
/// dates, and what is unique.
fn telling(subject: &Subject) -> BTreeSet<Identifier> {
    let mut telling = BTreeSet::new();
    for attribute in &subject.attributes {
        let identifier = &attribute.identifier;
        if is_name(identifier) {
            telling.extend(NAMES.map(Identifier::new));
        } else if matches!(builtin_role(identifier), Role::Unique | Role::Weak) {
            telling.insert(identifier.clone());
        }
    }
    telling
}
