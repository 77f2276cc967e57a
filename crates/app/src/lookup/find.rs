//! The look-up: where a person's data is.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt as _;
use locard_engine::{Event, Failure, Reporter};
use locard_identify::Library;
use locard_index::{Origin, Query, role_of};
use locard_model::{
    Attribute, Category, EntityId, ExposeSecret as _, Identifier, RelationId, Role, SecretString,
    SourceId, Spelling, Strength, Subject,
};
use locard_store::{Entity, Source};
use tokio_util::sync::CancellationToken;

use crate::catalog::twins::{Bases, Grouping, Twins};
use crate::catalog::view::{View, view};
use crate::catalog::{Catalog, twins};
use crate::input::blocking;
use crate::lookup::asking::{Asked, suspects};
use crate::lookup::doubts::{Doubt, Why, doubts};
use crate::lookup::duplicates::Copies;
use crate::lookup::fresh::{Known, LastScan};
use crate::lookup::remembered::{Recalled, Remembered};
use crate::lookup::short;
use crate::lookup::short::Unnamed;
use crate::lookup::suspect::{NamedPlace, Suspect};
use crate::lookup::verify::OpenSources;
use crate::lookup::warming::filters_loaded;
use crate::lookup::{duplicates, fresh, subjects, suspect, verify};
use crate::record::spec::scans;
use crate::scan::gaps::{NotSearched, Reason};
use crate::scan::listings;
use crate::scan::listings::Listings;
use crate::{Home, Result, RowAt};

/// Who is looked for and how.
#[derive(Clone, Debug, Default)]
pub struct FindOptions {
    /// The persons; many at once cost little more than one.
    pub subjects: Vec<Subject>,
    /// Read the candidate columns and confirm each row; without it, answers are candidates by filter.
    pub verify: bool,
    /// Only these sources, by name, id or target; empty: all in the catalog.
    pub sources: Vec<SecretString>,
    /// Look for short values also in columns that are not called like them.
    pub everywhere: bool,
}

/// Where they are.
#[derive(Clone, Debug, Default)]
pub struct FindReport {
    /// One per candidate column, or per confirmed row and place when verified; by subject and resource, and there strong
    /// ones first, by column and row.
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
    /// Names and comments that tell of persons; [`find`] makes hits of them.
    pub named: Vec<NamedPlace>,
    /// Columns that may hold short values and are not asked for them; [`find`] makes doubts of them.
    pub unnamed: Unnamed,
    /// What another source holds too and was asked there.
    pub twins: Vec<Twins>,
    /// Places where somebody may be that hold the same: a copy is to be erased like what it is of.
    pub copies: Vec<Copies>,
    /// Attributes that are likely not what was meant.
    pub doubts: Vec<Doubt>,
    /// Whether there was ever a scan to ask.
    pub scanned: bool,
    /// When the sources were read of which the index was asked, by name.
    pub last_scans: Vec<LastScan>,
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

    /// Adds what another part of the look-up told.
    pub(crate) fn add(&mut self, other: Self) {
        self.not_searched.extend(other.not_searched);
        self.columns += other.columns;
        self.candidates += other.candidates;
        self.named.extend(other.named);
        self.unnamed.extend(other.unnamed);
        for twins in other.twins {
            twins::add(&mut self.twins, twins);
        }
    }

    /// Puts the hits into the order in which they are told.
    pub fn sort(&mut self) {
        self.hits.sort_by_cached_key(place);
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
    /// Where in a document of the row it stands, masked, where the column does not tell: `users.u3.name`.
    pub path: Option<String>,
    /// The row, when verified.
    pub row: Option<RowAt>,
    /// Which of the subject's attributes agreed, by name.
    pub identifiers: Vec<Identifier>,
    /// By which spelling; `None` where only reading tells, or the row carries a key and nothing of the person.
    pub spelling: Option<Spelling>,
    /// Whether the source was read and confirmed it.
    pub verified: bool,
    /// Why it could not be read, where that was asked for.
    pub unchecked: Option<String>,
    /// How firmly it points at the person: by all that agreed in this row (verified), else by this column alone, which
    /// only a unique identifier makes strong. A row that was reached over relations is strong unless it names somebody else.
    pub strength: Strength,
    /// The relations over which the row was reached, one after the other; none: it names the person itself.
    pub reached: Vec<PathStep>,
}

/// One relation on the way to a row that carries a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathStep {
    /// The relation.
    pub relation: RelationId,
    /// Why it is believed.
    pub origin: Origin,
    /// Where it leads from: the resource, masked, and its columns.
    pub from: (String, Vec<String>),
    /// Where it leads to: the resource, masked, and its columns.
    pub to: (String, Vec<String>),
}

impl std::fmt::Display for PathStep {
    /// `orders.customer_id → customers.id`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = |(resource, columns): &(String, Vec<String>)| {
            format!("{resource}.{}", columns.join("+"))
        };
        write!(f, "{} → {}", side(&self.to), side(&self.from))
    }
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
    let reads = options.verify;
    let mut located = located(most, home, (options, reads), cancel).await?;
    let opened = OpenSources::new(home);
    if options.verify {
        let suspects = std::mem::take(&mut located.suspects);
        let (by, asked) = ((&located.queries, most), (&opened, suspects));
        let report = &mut located.report;
        verify_all(home, options, by, asked, report, (reporter, cancel)).await?;
        located.check_sources(&opened, cancel).await;
    } else {
        let suspects = located.suspects.iter();
        located.report.hits = suspects
            .flat_map(|suspect| suspect.unverified(home, (options, &located.queries), None))
            .collect();
    }
    let mut report = located.report;
    let room = most.saturating_sub(report.hits.len());
    let named = std::mem::take(&mut report.named).into_iter().take(room);
    report.hits.extend(named.map(|named| named.hit(options)));
    report.sort();
    Ok(report)
}

/// Where persons may be, by the filters: the beginning of a look-up, and of collecting what is about them.
pub struct Located<'a> {
    home: &'a Home,
    /// The catalog that was asked.
    pub catalog: Catalog<'a>,
    /// What was asked, by position of the subject.
    pub queries: Arc<Vec<Query>>,
    /// The entities that cannot be ruled out.
    pub suspects: Vec<Suspect>,
    /// What is known so far: no hits yet, but what was not searched.
    pub report: FindReport,
    /// What was asked.
    entities: Vec<Arc<Entity>>,
    /// Of that, whatever is asked for its state anyway.
    checked: Vec<(SourceId, EntityId)>,
    listings: Listings,
    wanted: Option<Vec<SourceId>>,
}

impl Located<'_> {
    /// Asks the sources whether they are still what was scanned; what changed is told in the report. Suspects are not
    /// asked: whoever reads one sees it.
    pub async fn check_sources(&mut self, opened: &OpenSources<'_>, cancel: &CancellationToken) {
        let asked = (opened, self.catalog.of(self.wanted.as_deref()));
        let mut known = Known::of(&self.entities);
        for (source, entity) in &self.checked {
            known.checked(*source, *entity);
        }
        let by = (&known, &self.listings);
        check_all(self.home, asked, by, &mut self.report, cancel).await;
    }
}

/// Asks the subject filters of the whole catalog. Nothing is read from a source.
pub async fn locate<'a>(
    home: &'a Home,
    options: &FindOptions,
    cancel: &CancellationToken,
) -> Result<Located<'a>> {
    located(MOST_HITS, home, (options, true), cancel).await
}

/// `reads` tells whether the caller reads the suspects.
async fn located<'a>(
    most: usize,
    home: &'a Home,
    (options, reads): (&FindOptions, bool),
    cancel: &CancellationToken,
) -> Result<Located<'a>> {
    subjects::check(&options.subjects, home.engine.mask())?;
    let catalog = Catalog::open(home).await?;
    let scans = scans(home).await?;
    let (queries, doubts) = compiled(home, options);
    if options.sources.is_empty() {
        // Reading the same at the same time would take both longer.
        let loaded = filters_loaded(home);
        tokio::select! {
            () = loaded => {}
            () = cancel.cancelled() => {}
        }
    }
    let mut report = FindReport {
        scanned: !scans.is_empty(),
        doubts,
        ..FindReport::default()
    };
    let wanted = wanted(&catalog, &options.sources)?;
    let view = view(home).await?;
    let entities = searched(&view, wanted.as_deref());
    let sources: HashSet<SourceId> = entities.iter().map(|entity| entity.source).collect();
    report.sources = sources.len() as u64;
    listings::manual(&catalog, wanted.as_deref(), &mut report.not_searched);
    let found = &mut report.not_searched;
    let listings = listings::unlisted(home, &catalog, &scans, wanted.as_deref(), found).await?;
    report.last_scans = fresh::last_scans(&catalog, &listings, &sources);
    let bases = twins::bases(home, &catalog, &entities).await?;
    suspect::tell_places(home, (&catalog, &bases), &queries, &mut report).await?;
    let grouping = grouping(view.clone(), entities.clone(), bases, wanted.is_some()).await?;
    let groups = grouping.sorted(home, &entities).await?;
    let recalled = recalled(home, &view, &entities, &queries).await?;
    let by = (&queries, most);
    let asked = Asked {
        home,
        catalog: &catalog,
        listings: &listings,
        recalled,
        view: &view,
        reads,
        cancel,
    };
    let suspects = suspects(asked, groups, by, &mut report).await?;
    report.copies = duplicates::copies(&suspects);
    short::tell(&mut report, &options.subjects, &suspects);
    let checked = suspects.iter().filter(|_| options.verify);
    let checked = checked.map(|suspect| (suspect.entity.source, suspect.entity.id));
    Ok(Located {
        checked: checked.collect(),
        home,
        catalog,
        queries,
        suspects,
        report,
        entities,
        listings,
        wanted,
    })
}

/// What of a person is likely not what was meant, as a look-up would tell it.
pub fn doubtful(home: &Home, subject: &Subject) -> Vec<Doubt> {
    let library = home.engine.library();
    let mut found = Vec::new();
    doubts(
        subject,
        &roles(library),
        library,
        home.engine.keyer(),
        &mut found,
    );
    found
}

/// What is asked, and what of it is likely not what was meant.
fn compiled(home: &Home, options: &FindOptions) -> (Arc<Vec<Query>>, Vec<Doubt>) {
    let (library, keyer) = (home.engine.library(), home.engine.keyer());
    let roles = roles(library);
    let role =
        |attribute: &Attribute| role_of(attribute, roles.get(&attribute.identifier).copied());
    let mut found = Vec::new();
    for subject in &options.subjects {
        doubts(subject, &roles, library, keyer, &mut found);
    }
    let compile = |subject: &Subject| {
        let query = Query::compile(subject, role, keyer);
        if options.everywhere {
            query.everywhere()
        } else {
            query
        }
    };
    (
        Arc::new(options.subjects.iter().map(compile).collect()),
        found,
    )
}

/// More hits than this are not told: an answer that somebody reads is shorter, and it must fit into memory.
pub const MOST_HITS: usize = 250_000;

/// Hits are told by person, then by place, and of one resource the firm ones first.
fn place(hit: &Hit) -> impl Ord + use<> {
    (
        hit.subject.clone(),
        hit.source.clone(),
        hit.resource.clone(),
        std::cmp::Reverse(hit.strength),
        hit.column.clone(),
        hit.row.as_ref().map(RowAt::order),
        hit.path.clone(),
    )
}

/// What agreeing on an identifier says, by the rules in use: the most telling rule counts. What rules take for a firm's
/// number is the person's where it is known of a person, as a sole trader's tax number is.
fn roles(library: &Library) -> HashMap<Identifier, Role> {
    let mut roles = HashMap::new();
    let (personal, others): (Vec<_>, Vec<_>) =
        library.rules().iter().partition(|rule| rule.personal);
    for rule in personal {
        let role = roles.entry(rule.identifier.clone()).or_insert(rule.role);
        *role = (*role).max(rule.role);
    }
    for rule in others
        .iter()
        .filter(|rule| rule.category == Category::GovernmentId)
    {
        roles.entry(rule.identifier.clone()).or_insert(Role::Unique);
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
fn searched(view: &View, wanted: Option<&[SourceId]>) -> Vec<Arc<Entity>> {
    let entities = view.readable.iter();
    let is_wanted =
        |entity: &&Arc<Entity>| wanted.is_none_or(|wanted| wanted.contains(&entity.source));
    entities.filter(is_wanted).cloned().collect()
}

/// Which of them are the same.
pub(crate) async fn grouping(
    view: Arc<View>,
    entities: Vec<Arc<Entity>>,
    bases: Bases,
    is_narrowed: bool,
) -> Result<Arc<Grouping>> {
    let grouping = blocking(move || {
        Ok(if is_narrowed {
            Arc::new(Grouping::of(&entities, &bases))
        } else {
            view.grouping(bases)
        })
    });
    grouping.await
}

/// What is remembered of them.
async fn recalled(
    home: &Home,
    view: &Arc<View>,
    entities: &[Arc<Entity>],
    queries: &Arc<Vec<Query>>,
) -> Result<Recalled> {
    if home.memory.filter_bytes() == 0 {
        return Ok(Recalled::default());
    }
    let remembered = home.memory.of::<Remembered>();
    let (view, entities, queries) = (Arc::clone(view), entities.to_vec(), Arc::clone(queries));
    blocking(move || {
        remembered.catch_up(&view);
        Ok(remembered.recall(&entities, &queries))
    })
    .await
}

/// Reads the candidates, several entities at a time, until the answer is full.
async fn verify_all(
    home: &Home,
    options: &FindOptions,
    (queries, most): (&Arc<Vec<Query>>, usize),
    (sources, suspects): (&OpenSources<'_>, Vec<Suspect>),
    report: &mut FindReport,
    (reporter, cancel): (&dyn Reporter, &CancellationToken),
) -> Result<()> {
    let left = AtomicUsize::new(most);
    let checks = suspects.iter().map(|suspect| {
        let left = &left;
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
        if let Some(failure) = suspect.tell(home, (options, queries), checked, report, most) {
            reporter.on(&Event::Failed(failure.clone()));
            report.failures.push(failure);
        }
        left.store(most.saturating_sub(report.hits.len()), Ordering::Relaxed);
    }
    Ok(())
}

/// Tells what came into the sources since they were scanned. What could not be read is told by its failure.
async fn check_all(
    home: &Home,
    (opened, asked): (&OpenSources<'_>, Vec<&Source>),
    (known, listings): (&Known, &Listings),
    report: &mut FindReport,
    cancel: &CancellationToken,
) {
    let gaps = report.not_searched.iter();
    let told: HashSet<String> = gaps.filter_map(|gap| gap.resource.clone()).collect();
    let by = (known, listings, &told);
    let since = fresh::check(home, opened, asked, by, cancel).await;
    let failures = report.failures.iter();
    let failed: HashSet<&str> = failures
        .map(|failure| failure.source_name.as_str())
        .collect();
    let is_told = |gap: &NotSearched| {
        gap.reason == Reason::Unreachable && failed.contains(gap.source.as_str())
    };
    let since = since.into_iter().filter(|gap| !is_told(gap));
    report.not_searched.extend(since);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// Hits, and places that were left out, of an answer of at most so many.
    async fn told(home: &Home, most: usize, verify: bool) -> (usize, usize) {
        let attribute = Attribute {
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
            ..FindOptions::default()
        };
        let by = (&locard_engine::Silent as _, &CancellationToken::new());
        let report = find_at_most(most, home, &options, by).await.unwrap();
        let mut gaps = report.not_searched.iter();
        assert!(gaps.all(|gap| gap.reason == Reason::TooMany));
        assert_eq!(report.fell_short(), !report.not_searched.is_empty());
        (report.hits.len(), report.not_searched.len())
    }

    #[tokio::test]
    async fn filters_are_asked_on_the_thread_pool_and_not_on_the_runtime() {
        use std::sync::{Mutex, mpsc};
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("a.csv"), "email\nanna@example.org\n").unwrap();
        let home = testing::home(folder.path()).await;
        assert_eq!(testing::scan(&home, &data).await.totals.entities, 1);
        // Every thread of the pool is kept busy until the channel is closed.
        let (open, closed) = mpsc::channel::<()>();
        let closed = Arc::new(Mutex::new(closed));
        for _ in 0..home.engine.threads() {
            let (pool, closed) = (home.engine.pool().clone(), Arc::clone(&closed));
            let wait = move |_| drop(closed.lock().map(|closed| closed.recv()));
            tokio::spawn(async move { pool.run(wait).await });
            tokio::task::yield_now().await;
        }
        let while_busy = std::time::Duration::from_millis(300);
        let waits = tokio::time::timeout(while_busy, told(&home, 3, false)).await;
        assert!(waits.is_err(), "it waits for a thread of the pool");
        drop(open);
        assert_eq!(told(&home, 3, false).await, (1, 0));
        home.close().await.unwrap();
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
        let home = testing::home(folder.path()).await;
        assert_eq!(testing::scan(&home, &data).await.totals.entities, 3);
        assert_eq!(told(&home, 3, false).await, (3, 0));
        assert_eq!(told(&home, 2, false).await, (2, 1));
        assert_eq!(told(&home, 15, true).await, (15, 0));
        let (hits, left_out) = told(&home, 7, true).await;
        assert_eq!(hits, 7);
        assert!(left_out > 0, "the rest is told");
        home.close().await.unwrap();
    }
}
