//! The look-up: where a person's data is.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt as _;
use locard_engine::{Event, Failure, Reporter};
use locard_identify::Library;
use locard_index::{Query, builtin_role};
use locard_model::{
    EntityId, ExposeSecret as _, Identifier, Role, SecretString, SourceId, Strength, Subject,
};
use locard_store::Entity;
use tokio_util::sync::CancellationToken;

use crate::catalog::Catalog;
use crate::doubts::{Doubt, Why, doubts};
use crate::gaps::{self, Failures, NotSearched, Reason};
use crate::suspect::{Suspect, ask};
use crate::twins::{self, Same, Twins};
use crate::{Home, Result, RowAt, subjects, verify};

/// Who is looked for and how.
#[derive(Clone, Debug, Default)]
pub struct FindOptions {
    /// The persons; many at once cost little more than one.
    pub subjects: Vec<Subject>,
    /// Read the candidate columns and confirm each row; without it, answers are candidates by filter.
    pub verify: bool,
    /// Only these sources, by name, id or target; empty: all in the catalog.
    pub sources: Vec<SecretString>,
}

/// Where they are.
#[derive(Clone, Debug, Default)]
pub struct FindReport {
    /// One per candidate column, or per confirmed row and place when verified; by subject, resource, column, row.
    pub hits: Vec<Hit>,
    /// What was not searched, and why.
    pub not_searched: Vec<NotSearched>,
    /// Failures of verification; candidates that could not be read at all are in `hits`, with why.
    pub failures: Vec<Failure>,
    /// Sources in which there was something to ask.
    pub sources: u64,
    /// Columns whose filters were asked.
    pub columns: u64,
    /// Columns that were candidates of at least one subject.
    pub candidates: u64,
    /// What another source holds too and was asked there.
    pub twins: Vec<Twins>,
    /// Attributes that are likely not what was meant.
    pub doubts: Vec<Doubt>,
    /// Whether there was ever a scan to ask.
    pub scanned: bool,
}

impl FindReport {
    /// Whether nothing that is known of this subject could be looked for.
    pub fn asks_nothing(&self, subject: &Subject) -> bool {
        let is_idle = |identifier: &Identifier| {
            self.doubts.iter().any(|doubt| {
                doubt.subject == subject.id
                    && doubt.identifier == *identifier
                    && doubt.why == Why::Idle
            })
        };
        let attributes = &subject.attributes;
        attributes
            .iter()
            .all(|attribute| is_idle(&attribute.identifier))
    }

    /// Whether there may be more to find than was asked.
    pub fn has_gaps(&self) -> bool {
        let mut reasons = self.not_searched.iter().map(|gap| gap.reason);
        !self.failures.is_empty() || reasons.any(Reason::is_gap)
    }

    /// Whether something failed, in a scan or in the look-up itself, so that there may be more to find.
    pub fn fell_short(&self) -> bool {
        let mut reasons = self.not_searched.iter().map(|gap| gap.reason);
        !self.failures.is_empty() || reasons.any(Reason::is_failure)
    }
}

/// A place of a subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// [`Subject::id`].
    pub subject: String,
    /// The source as people see it.
    pub source: String,
    /// The resource, masked.
    pub resource: String,
    /// The column; a name that is split over two columns is a hit in each of them.
    pub column: String,
    /// The row, when verified.
    pub row: Option<RowAt>,
    /// Which of the subject's attributes agreed, by name.
    pub identifiers: Vec<Identifier>,
    /// Whether the source was read and confirmed it.
    pub verified: bool,
    /// Why it could not be read, where that was asked for.
    pub unchecked: Option<String>,
    /// How firmly it points at the person: by all that agreed in this row (verified), else by this column alone, which
    /// only a unique identifier makes strong.
    pub strength: Strength,
}

/// Looks persons up: asks the subject filters of the whole catalog, and with [`FindOptions::verify`] reads the
/// candidate columns, and only those. Values of subjects are neither stored nor logged.
pub async fn find(
    home: &Home,
    options: &FindOptions,
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<FindReport> {
    find_at_most(MOST_HITS, home, options, (reporter, cancel)).await
}

/// A look-up with an answer of at most so many hits.
async fn find_at_most(
    most: usize,
    home: &Home,
    options: &FindOptions,
    (reporter, cancel): (&dyn Reporter, &CancellationToken),
) -> Result<FindReport> {
    subjects::check(&options.subjects, home.engine.mask())?;
    let catalog = Catalog::open(home).await?;
    let roles = roles(home.engine.library());
    let role = |identifier: &Identifier| {
        roles
            .get(identifier)
            .copied()
            .unwrap_or_else(|| builtin_role(identifier))
    };
    let compile = |subject: &Subject| Query::compile(subject, role, home.engine.keyer());
    let queries: Arc<Vec<Query>> = Arc::new(options.subjects.iter().map(compile).collect());
    let mut report = FindReport {
        scanned: !gaps::scans(home).await?.is_empty(),
        ..FindReport::default()
    };
    for subject in &options.subjects {
        let library = home.engine.library();
        doubts(
            subject,
            &roles,
            library,
            home.engine.keyer(),
            &mut report.doubts,
        );
    }
    let wanted = wanted(&catalog, &options.sources)?;
    let entities = searched(&catalog, wanted.as_deref()).await?;
    let sources: HashSet<SourceId> = entities.iter().map(|entity| entity.source).collect();
    report.sources = sources.len() as u64;
    gaps::manual(home, wanted.as_deref(), &mut report.not_searched).await?;
    gaps::unlisted(home, &catalog, wanted.as_deref(), &mut report.not_searched).await?;
    let failures = Failures::load(home, None).await?;
    let (mut suspects, mut places) = (Vec::new(), 0);
    for same in twins::grouped(home, &catalog, entities).await? {
        let asked = (queries.as_slice(), &failures);
        for suspect in ask_once(home, &catalog, same, asked, &mut report, cancel).await? {
            places += suspect.questions().count();
            if places > most {
                report.not_searched.push(suspect.not_listed(most));
            } else {
                suspects.push(suspect);
            }
        }
    }
    if options.verify {
        let by = (&queries, most);
        verify_all(home, options, by, suspects, &mut report, (reporter, cancel)).await?;
    } else {
        report.hits = suspects
            .iter()
            .flat_map(|suspect| suspect.unverified(home, options, None))
            .collect();
    }
    report.hits.sort_by_cached_key(place);
    Ok(report)
}

/// More hits than this are not told: an answer that somebody reads is shorter, and it must fit into memory.
const MOST_HITS: usize = 250_000;

/// Hits are told by person, then by place.
fn place(hit: &Hit) -> impl Ord + use<> {
    (
        hit.subject.clone(),
        hit.source.clone(),
        hit.resource.clone(),
        hit.column.clone(),
        hit.row.clone(),
    )
}

/// What agreeing on an identifier says, by the rules in use: the most telling rule counts.
fn roles(library: &Library) -> HashMap<Identifier, Role> {
    let mut roles = HashMap::new();
    for rule in library.rules() {
        let role = roles.entry(rule.identifier.clone()).or_insert(rule.role);
        *role = (*role).max(rule.role);
    }
    roles
}

/// The sources that were asked for; `None`: all.
fn wanted(catalog: &Catalog<'_>, names: &[SecretString]) -> Result<Option<Vec<SourceId>>> {
    let ids = names
        .iter()
        .map(|name| Ok(catalog.source_named(name.expose_secret())?.id))
        .collect::<Result<Vec<_>>>()?;
    Ok((!ids.is_empty()).then_some(ids))
}

/// The entities to ask.
async fn searched(catalog: &Catalog<'_>, wanted: Option<&[SourceId]>) -> Result<Vec<Entity>> {
    let mut entities = catalog.list(None).await?;
    entities.retain(|entity| wanted.is_none_or(|wanted| wanted.contains(&entity.source)));
    Ok(entities)
}

/// Asks the newest of several sources that hold the same entity, and further ones only where that one has gaps. A
/// part does not stand for the whole.
async fn ask_once(
    home: &Home,
    catalog: &Catalog<'_>,
    same: Vec<Same>,
    (queries, failures): (&[Query], &Failures),
    report: &mut FindReport,
    cancel: &CancellationToken,
) -> Result<Vec<Suspect>> {
    let mut suspects = Vec::new();
    let mut asked: Option<String> = None;
    let mut parts = HashSet::new();
    for Same { entity, is_part } in same {
        parts.extend(is_part.then_some(entity.id));
        let source = catalog.source_name(entity.source);
        if let Some(asked) = &asked {
            twins::count(&mut report.twins, source, asked.clone());
        } else if cancel.is_cancelled() {
            gaps::unasked(home, catalog, &entity, &mut report.not_searched);
        } else {
            let before = report.not_searched.len();
            suspects.extend(ask(home, catalog, entity, queries, failures, report).await?);
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

/// Reads the candidates, several entities at a time, until the answer is full.
async fn verify_all(
    home: &Home,
    options: &FindOptions,
    (queries, most): (&Arc<Vec<Query>>, usize),
    suspects: Vec<Suspect>,
    report: &mut FindReport,
    (reporter, cancel): (&dyn Reporter, &CancellationToken),
) -> Result<()> {
    let sources = verify::Sources::new(home);
    let left = AtomicUsize::new(most);
    let checks = suspects.iter().map(|suspect| {
        let (sources, left) = (&sources, &left);
        async move {
            let room = left.load(Ordering::Relaxed);
            if room == 0 {
                return (suspect, None);
            }
            let by = (options, queries, room);
            let checked = verify::suspect(home, sources, by, suspect, cancel).await;
            (suspect, Some(checked))
        }
    });
    let mut checks =
        std::pin::pin!(futures::stream::iter(checks).buffer_unordered(home.engine.threads()));
    while let Some((suspect, checked)) = checks.next().await {
        let Some(checked) = checked else {
            report.not_searched.push(suspect.not_listed(most));
            continue;
        };
        if let Some(failure) = suspect.tell(home, options, checked, report, most) {
            reporter.on(&Event::Failed(failure.clone()));
            report.failures.push(failure);
        }
        left.store(most.saturating_sub(report.hits.len()), Ordering::Relaxed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    static CONNECTORS: &[&dyn locard_connector::Connector] = &[&locard_connector_local::Local];

    async fn home(folder: &std::path::Path) -> Home {
        let options = crate::HomeOptions {
            dir: Some(folder.join("home")),
            store: None,
            access: crate::Access::Alone,
            key: Some(SecretString::from("0f".repeat(32))),
            key_file: None,
            dictionaries: None,
            connectors: CONNECTORS,
            threads: Some(2),
        };
        Home::open(options).await.unwrap()
    }

    /// Hits, and places that were left out, of an answer of at most so many.
    async fn told(home: &Home, most: usize, verify: bool) -> (usize, usize) {
        let attribute = locard_model::Attribute {
            identifier: Identifier::new("EMAIL_ADDRESS"),
            value: "anna@example.org".to_owned(),
        };
        let subject = Subject {
            id: "anna".to_owned(),
            attributes: vec![attribute],
        };
        let options = FindOptions {
            subjects: vec![subject],
            verify,
            sources: Vec::new(),
        };
        let by = (&locard_engine::Silent as _, &CancellationToken::new());
        let report = find_at_most(most, home, &options, by).await.unwrap();
        let mut gaps = report.not_searched.iter();
        assert!(gaps.all(|gap| gap.reason == Reason::TooMany));
        assert_eq!(report.fell_short(), !report.not_searched.is_empty());
        (report.hits.len(), report.not_searched.len())
    }

    #[tokio::test]
    async fn an_answer_ends_where_it_is_full_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        for name in ["a.csv", "b.csv", "c.csv"] {
            let rows = format!("email,{name}\n{}", "anna@example.org,1\n".repeat(5));
            std::fs::write(data.join(name), rows).unwrap();
        }
        let home = home(folder.path()).await;
        let scan = crate::ScanOptions {
            targets: vec![SecretString::from(data.to_string_lossy().into_owned())],
            ..crate::ScanOptions::default()
        };
        let cancel = CancellationToken::new();
        let scan = crate::scan(&home, &scan, &locard_engine::Silent, &cancel).await;
        assert_eq!(scan.unwrap().totals.entities, 3);
        assert_eq!(told(&home, 3, false).await, (3, 0));
        assert_eq!(told(&home, 2, false).await, (2, 1));
        assert_eq!(told(&home, 15, true).await, (15, 0));
        let (hits, left_out) = told(&home, 7, true).await;
        assert_eq!(hits, 7);
        assert!(left_out > 0, "the rest is told");
        home.close().await.unwrap();
    }
}
