//! What scans say of whole sources: which they listed, what they could not even list, and what they did not come to.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use locard_connector::{Globs, Scope};
use locard_model::{JobState, SourceId};
use locard_store::{FailureDraft, Job, Source};

use crate::catalog::{Catalog, twins};
use crate::record::spec::{Scan, ScanSpec, scanned_by};
use crate::scan::gaps::{NotSearched, Reason, of_source, reason};
use crate::sources::MANUAL;
use crate::{Home, Result, record, work};

/// The sources that only people reach.
pub(crate) fn manual(
    catalog: &Catalog<'_>,
    wanted: Option<&[SourceId]>,
    found: &mut Vec<NotSearched>,
) {
    let is_wanted = |id: &SourceId| wanted.is_none_or(|wanted| wanted.contains(id));
    for source in catalog.sources() {
        if source.kind == MANUAL && is_wanted(&source.id) {
            let owner = source.owner.as_deref().unwrap_or("its owner");
            let sentence = format!("no connector reaches it; ask {owner}");
            found.push(of_source(source, Reason::Manual, sentence));
        }
    }
}

/// What scans could not even list: unsupported files, sources that did not answer, what options left out, sources that
/// nobody scanned. Of each source only what came since it was last listed whole counts.
pub(crate) async fn unlisted(
    home: &Home,
    catalog: &Catalog<'_>,
    scans: &[Scan],
    wanted: Option<&[SourceId]>,
    found: &mut Vec<NotSearched>,
) -> Result<Listings> {
    let mut sources = Listings::default();
    // Scan after scan may have met the same files, and there may be very many of them.
    let mut told = HashSet::new();
    for Scan { job, spec } in scans {
        let is_open = |id: &SourceId| {
            wanted.is_none_or(|wanted| wanted.contains(id)) && !sources.whole.contains(id)
        };
        let Some(spec) = spec else {
            found.extend(unreadable(job, catalog, is_open));
            continue;
        };
        let targets = Targets::of(job, spec, catalog, is_open);
        if targets.open.is_empty() {
            continue;
        }
        if let Some(sentence) = unfinished(job) {
            let new = |source: &&&Source| !sources.seen.contains(&source.id);
            let of_scan = targets.open.iter().filter(new);
            found.extend(
                of_scan.map(|source| of_source(source, Reason::Unfinished, sentence.to_owned())),
            );
        }
        let mut failed = HashSet::new();
        for failure in record::all_failures(home, job.id).await? {
            let whole = targets.whole(&failure.what).map(|source| source.id);
            failed.extend(whole);
            // That it could not be opened is over once it was, whatever was left out then.
            if whole.is_some_and(|id| sources.read.contains_key(&id)) {
                continue;
            }
            let source = failure.what.source;
            let gap = targets.gap(failure.what);
            let gap = gap.and_then(|gap| sources.since(source, gap));
            found.extend(gap.filter(|gap| told.insert(gap.clone())));
        }
        sources.note(home, (job, spec), &targets.open, &failed);
    }
    for source in catalog.sources() {
        if wanted.is_none_or(|wanted| wanted.contains(&source.id))
            && let Some(gap) = sources.unlisted(source)
            && !sources.covers(home, catalog, source).await?
        {
            found.push(gap);
        }
    }
    for gap in found.iter_mut() {
        sources.name_cure(catalog, gap);
    }
    Ok(sources)
}

/// A scan of which nobody knows what it was asked may have left out something of any source that no later one listed.
fn unreadable(
    job: &Job,
    catalog: &Catalog<'_>,
    is_open: impl Fn(&SourceId) -> bool,
) -> Option<NotSearched> {
    let is_asked = |source: &&Source| source.kind != MANUAL && is_open(&source.id);
    let open: Vec<&Source> = catalog.sources().into_iter().filter(is_asked).collect();
    (!open.is_empty()).then(|| NotSearched {
        source: names(&open),
        resource: None,
        column: None,
        reason: Reason::Damaged,
        sentence: format!(
            "what was recorded of the scan {} cannot be read, nor what it left out; scan it again",
            job.id
        ),
    })
}

/// What a scan named, as far as it is a source still.
struct Targets<'a> {
    all: &'a [String],
    /// Those of which nothing is known from a later scan yet.
    open: Vec<&'a Source>,
    by_name: BTreeMap<&'a str, &'a Source>,
}

impl<'a> Targets<'a> {
    fn of(
        job: &Job,
        spec: &'a ScanSpec,
        catalog: &'a Catalog<'_>,
        is_open: impl Fn(&SourceId) -> bool,
    ) -> Self {
        let sources = spec.targets.iter().filter_map(|name| {
            let source = scanned_by(job, catalog, name)?;
            is_open(&source.id).then_some((name.as_str(), source))
        });
        let by_name: BTreeMap<&str, &Source> = sources.collect();
        let mut open: Vec<&Source> = by_name.values().copied().collect();
        open.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        open.dedup_by_key(|source| source.id);
        Self {
            all: &spec.targets,
            open,
            by_name,
        }
    }

    /// The source that failed as a whole.
    fn whole(&self, what: &FailureDraft) -> Option<&'a Source> {
        match (what.source, &what.resource) {
            _ if what.entity.is_some() => None,
            (Some(id), None) => self.open(id),
            (Some(_), Some(_)) => None,
            // An older failure: the name stands in place of a resource.
            (None, name) => self.by_name.get(name.as_deref()?).copied(),
        }
    }

    fn open(&self, id: SourceId) -> Option<&'a Source> {
        self.open.iter().find(|source| source.id == id).copied()
    }

    /// What a failure outside of any entity left out.
    fn gap(&self, what: FailureDraft) -> Option<NotSearched> {
        if what.entity.is_some() {
            return None;
        }
        let mut all = self.all.iter();
        let target = all.find(|name| what.resource.as_ref() == Some(*name));
        let source = match (what.source, target) {
            (Some(id), _) => self.open(id)?.name.clone(),
            (None, Some(target)) => self.by_name.get(target.as_str())?.name.clone(),
            // An older failure that says nothing of its source.
            (None, None) => names(&self.open),
        };
        // A source that failed as a whole is told by its name.
        let whole = what.source.map(|_| source.clone());
        Some(NotSearched {
            source,
            resource: what.resource.or(whole),
            column: None,
            reason: reason(&what.kind),
            sentence: what.sentence,
        })
    }
}

fn names(sources: &[&Source]) -> String {
    let mut names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    names.sort_unstable();
    names.join(", ")
}

/// What a narrowed scan says of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decided {
    /// It was asked for.
    Asked,
    /// It was left out by name.
    LeftOut,
}

/// How sources were listed, as far as the scans were looked through, the latest first.
#[derive(Default)]
pub(crate) struct Listings {
    /// A scan named them.
    seen: HashSet<SourceId>,
    /// A scan that came to its end left something out.
    narrowed: HashSet<SourceId>,
    /// A scan that came to its end listed all of them: earlier ones say nothing new.
    pub(crate) whole: HashSet<SourceId>,
    /// When the last scan ended that listed any of it.
    pub(crate) read: HashMap<SourceId, Timestamp>,
    /// What of each source the narrowed scans asked for that came to their end, the latest first.
    scopes: HashMap<SourceId, Vec<Globs>>,
}

/// What is said of what failed once and was left out since.
pub(crate) const LEFT_OUT: &str = "the last scan left it out on purpose (--exclude)";

impl Listings {
    /// What a failure outside of any entity means after later scans: nothing where one of them asked for the same, and where
    /// one left it out by name, that.
    fn since(&self, source: Option<SourceId>, gap: NotSearched) -> Option<NotSearched> {
        let is_whole = gap.resource.as_ref() == Some(&gap.source);
        let decided = match (source, &gap.resource) {
            (Some(source), Some(resource)) if !is_whole => self.decided(source, resource),
            _ => None,
        };
        match decided {
            None => Some(gap),
            Some(Decided::Asked) => None,
            Some(Decided::LeftOut) => Some(NotSearched {
                reason: Reason::LeftOut,
                sentence: LEFT_OUT.to_owned(),
                ..gap
            }),
        }
    }

    /// Whether the last of the narrowed scans that says anything of a resource left it out by name.
    pub(crate) fn leaves_out(&self, source: SourceId, resource: &str) -> bool {
        self.decided(source, resource) == Some(Decided::LeftOut)
    }

    fn decided(&self, source: SourceId, resource: &str) -> Option<Decided> {
        let mut scopes = self.scopes.get(&source)?.iter();
        scopes.find_map(|scope| {
            if scope.excludes(resource) {
                Some(Decided::LeftOut)
            } else {
                scope.admit(resource).then_some(Decided::Asked)
            }
        })
    }

    /// Notes what a narrowed scan asked of a source that it listed.
    fn note_scope(&mut self, home: &Home, spec: &ScanSpec, source: &Source) {
        let scope = Scope {
            include: spec.include.clone(),
            exclude: spec.exclude.clone(),
        };
        let mut connectors = home.connectors.iter();
        let holds_files = connectors.any(|it| it.name() == source.kind && it.holds_files());
        let globs = if holds_files {
            Globs::of_files(&scope)
        } else {
            Globs::of_tables(&scope)
        };
        // What is no glob any more decides nothing, nor does a scan of some entities.
        if let (Ok(globs), true) = (globs, spec.entities.is_empty()) {
            self.scopes.entry(source.id).or_default().push(globs);
        }
    }

    /// What no scan has listed of a source, as far as is known.
    fn unlisted(&self, source: &Source) -> Option<NotSearched> {
        let id = &source.id;
        if source.kind == MANUAL || self.whole.contains(id) {
            None
        } else if !self.seen.contains(id) {
            let sentence = "it is registered, and nobody has scanned it yet".to_owned();
            Some(of_source(source, Reason::NotScanned, sentence))
        } else if self.narrowed.contains(id) {
            let sentence = "every scan of it was narrowed (--include, --exclude); what that left out is not in the index";
            Some(of_source(source, Reason::LeftOut, sentence.to_owned()))
        } else {
            None
        }
    }

    /// Whether another source was listed whole in which this one is: the same folder under another name, or one above.
    async fn covers(&self, home: &Home, catalog: &Catalog<'_>, source: &Source) -> Result<bool> {
        let Some(place) = twins::base(home, catalog, source.id).await? else {
            return Ok(false);
        };
        for other in &self.whole {
            let above = twins::base(home, catalog, *other).await?;
            let rest = above.as_deref().and_then(|above| place.strip_prefix(above));
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A source that failed as a whole and was never read may have been a slip of the finger.
    fn name_cure(&self, catalog: &Catalog<'_>, gap: &mut NotSearched) {
        let is_whole = gap.resource.as_ref() == Some(&gap.source);
        let source = catalog.source_named(&gap.source).ok();
        if is_whole && source.is_some_and(|source| !self.read.contains_key(&source.id)) {
            gap.sentence
                .push_str("; no scan ever read it, and `locard sources remove` forgets it");
        }
    }

    fn note(
        &mut self,
        home: &Home,
        (job, spec): (&Job, &ScanSpec),
        sources: &[&Source],
        failed: &HashSet<SourceId>,
    ) {
        self.seen.extend(sources.iter().map(|source| source.id));
        let listed = || {
            let sources = sources.iter();
            sources.filter(|source| !failed.contains(&source.id))
        };
        let (JobState::Completed | JobState::Partial, Some(end)) = (job.state, job.ended_at) else {
            return;
        };
        for source in listed() {
            self.read.entry(source.id).or_insert(end);
            if spec.is_narrowed() {
                self.narrowed.insert(source.id);
                self.note_scope(home, spec, source);
            } else {
                self.whole.insert(source.id);
            }
        }
    }
}

/// What a scan in that state has not come to is not even listed.
fn unfinished(job: &Job) -> Option<&'static str> {
    match job.state {
        _ if work::is_interrupted(job) => Some(
            "the last scan of it was cut short; what that had not read yet is as before, or not in the index",
        ),
        JobState::Queued | JobState::Running | JobState::Cancelling => {
            Some("a scan of it is under way; what that has not read yet is not in the index")
        }
        JobState::Cancelled => Some(
            "the last scan of it was stopped; what that had not read yet is as before, or not in the index",
        ),
        _ => None,
    }
}
