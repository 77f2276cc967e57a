//! Whether sources are still what was scanned: whoever was added since is in no index.
//!
//! Sources are only listed and planned for that, no row is read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use locard_connector::{Sample, ScanRequest, Scope, Snapshot};
use locard_engine::{Target, scan_request};
use locard_model::{EntityId, SourceId};
use locard_store::{Entity, Source};
use tokio_util::sync::CancellationToken;

use crate::catalog::Catalog;
use crate::lookup::verify;
use crate::scan::gaps::{NotSearched, Reason, STALE, of_source};
use crate::scan::listings::Listings;
use crate::sources::MANUAL;
use crate::words::counted;
use crate::{Home, clock, record};

/// Entities of one source that are planned at once.
const AT_ONCE: usize = 4;

/// Of more entities of one source than this only the number is told.
const MOST_TOLD: usize = 5;

/// A scan that ended longer ago is worth a word.
const OLD: SignedDuration = SignedDuration::from_hours(24);

/// When a source that was asked was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastScan {
    /// The source.
    pub source: String,
    /// When the last scan ended that listed it, RFC 3339.
    pub at: String,
    /// Whether that is longer ago than a day.
    pub is_old: bool,
}

/// When these sources were scanned, by name; nothing of those that no scan listed.
pub(crate) fn last_scans(
    catalog: &Catalog<'_>,
    listings: &Listings,
    sources: &HashSet<SourceId>,
) -> Vec<LastScan> {
    let now = Timestamp::now();
    let scan = |source: &Source| {
        let at = *listings.read.get(&source.id)?;
        Some(LastScan {
            source: source.name.clone(),
            at: clock::instant(at),
            is_old: now.duration_since(at) > OLD,
        })
    };
    let asked = catalog.sources().into_iter();
    let asked = asked.filter(|source| sources.contains(&source.id));
    let mut scans: Vec<LastScan> = asked.filter_map(scan).collect();
    scans.sort_unstable_by(|a, b| a.source.cmp(&b.source));
    scans
}

/// What the index stands for: the state in which each entity was read.
pub(crate) struct Known(HashMap<SourceId, HashMap<EntityId, Option<String>>>);

impl Known {
    pub(crate) fn of(entities: &[Arc<Entity>]) -> Self {
        let mut known: HashMap<SourceId, HashMap<EntityId, Option<String>>> = HashMap::new();
        for entity in entities {
            let of_source = known.entry(entity.source).or_default();
            of_source.insert(entity.id, entity.fingerprint.clone());
        }
        Self(known)
    }

    /// Leaves out what is asked for its state anyway.
    pub(crate) fn checked(&mut self, source: SourceId, entity: EntityId) {
        let of_source = self.0.entry(source).or_default();
        of_source.insert(entity, None);
    }
}

/// What of a source is not in the index, or may not be.
#[derive(Default)]
struct Since {
    changed: Vec<String>,
    new: Vec<String>,
    /// What did not answer, and why; `None`: the source.
    silent: Vec<(Option<String>, String)>,
}

/// Asks the sources that were scanned whether they are what they were then.
pub(crate) async fn check(
    home: &Home,
    sources: &verify::OpenSources<'_>,
    asked: Vec<&Source>,
    (known, listings, told): (&Known, &Listings, &HashSet<String>),
    cancel: &CancellationToken,
) -> Vec<NotSearched> {
    let nothing = HashMap::new();
    let scanned = asked.into_iter().filter(|source| {
        let id = &source.id;
        source.kind != MANUAL && (listings.whole.contains(id) || known.0.contains_key(id))
    });
    let checks = scanned.map(|source| {
        let known = known.0.get(&source.id).unwrap_or(&nothing);
        let is_new = |id: &EntityId, resource: &str| {
            listings.whole.contains(&source.id) && !known.contains_key(id) && !told.contains(resource)
        };
        async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    let sentence = "the look-up was cancelled before it was asked whether it changed";
                    vec![of_source(source, Reason::Cancelled, sentence.to_owned())]
                }
                since = since(home, sources, source, known, is_new) => since.told(source),
            }
        }
    });
    let checks = futures::stream::iter(checks).buffered(home.engine.threads());
    checks.concat().await
}

/// Lists and plans one source.
async fn since(
    home: &Home,
    sources: &verify::OpenSources<'_>,
    source: &Source,
    known: &HashMap<EntityId, Option<String>>,
    is_new: impl Fn(&EntityId, &str) -> bool,
) -> Since {
    let mut since = Since::default();
    let opened = match sources.get(source.id).await {
        Ok(opened) => opened,
        Err(error) => {
            since.silent.push((None, error.sentence().to_owned()));
            return since;
        }
    };
    let target = Target {
        id: source.id,
        name: source.name.clone(),
        source: opened,
        scope: Scope::default(),
    };
    let mut asked = Vec::new();
    let mut listing = target.source.entities(&target.scope);
    while let Some(item) = listing.next().await {
        match item {
            Ok(entity) => {
                let shown = home.engine.shown(&target, &entity);
                if is_new(&shown.entity, &shown.resource) {
                    since.new.push(shown.resource);
                } else if let Some(Some(then)) = known.get(&shown.entity) {
                    match &entity.version {
                        Some(now) if record::fingerprint_of(now) == *then => {}
                        Some(_) => since.changed.push(shown.resource),
                        None => asked.push((shown.resource, then, entity)),
                    }
                }
            }
            // What a scan could not list either is told by what it recorded.
            Err(error) if error.misses_nothing() || error.entity_name().is_some() => {}
            Err(error) => {
                let failure = home.engine.listing_failure(&error, &target);
                since.silent.push((None, failure.sentence));
            }
        }
    }
    drop(listing);
    since.ask(home, &target, asked).await;
    since
}

impl Since {
    /// Plans what no listing tells the state of.
    async fn ask(
        &mut self,
        home: &Home,
        target: &Target,
        asked: Vec<(String, &String, locard_connector::Entity)>,
    ) {
        let plans = asked.into_iter().map(|(resource, then, entity)| {
            let source = Arc::clone(&target.source);
            async move {
                let request = ScanRequest {
                    estimate: true,
                    ..scan_request(&entity, Sample::All, Snapshot::Entity, home.piece_bytes)
                };
                (resource, then, source.plan(&request).await)
            }
        });
        let mut plans = std::pin::pin!(futures::stream::iter(plans).buffered(AT_ONCE));
        while let Some((resource, then, plan)) = plans.next().await {
            match plan {
                Ok(plan) => {
                    let now = record::fingerprint(&plan.splits);
                    if now.is_some_and(|now| now != *then) {
                        self.changed.push(resource);
                    }
                }
                Err(error) => self
                    .silent
                    .push((Some(resource), error.sentence().to_owned())),
            }
        }
    }

    /// As gaps: each by itself where there are few.
    fn told(self, source: &Source) -> Vec<NotSearched> {
        let mut gaps = Vec::new();
        let mut tell = |found: Vec<(Option<String>, String)>, reason: Reason, many: &str| {
            if found.len() > MOST_TOLD {
                let count = counted(found.len() as u64, "entity", "entities");
                gaps.push(of_source(source, reason, format!("{count} {many}")));
                return;
            }
            gaps.extend(found.into_iter().map(|(resource, sentence)| NotSearched {
                resource,
                ..of_source(source, reason, sentence)
            }));
        };
        let each = |found: Vec<String>, sentence: &str| {
            let found = found.into_iter();
            found
                .map(|resource| (Some(resource), sentence.to_owned()))
                .collect()
        };
        let many =
            "of it changed since they were scanned; what was added since is not in the index";
        tell(each(self.changed, STALE), Reason::Stale, many);
        let one = "it came since its source was scanned, and is not in the index";
        let many = "of it came since it was scanned, and are not in the index";
        tell(each(self.new, one), Reason::NotScanned, many);
        let many = "of it could not be asked whether they changed since they were scanned";
        tell(self.silent, Reason::Unreachable, many);
        gaps
    }
}
