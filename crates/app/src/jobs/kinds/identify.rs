//! The identification as a job: what was recorded of columns is judged by the rules of today, and no row is read. Sources are
//! only asked whether they are still what was profiled.

use std::collections::{BTreeMap, HashMap};

use locard_engine::Failure;
use locard_model::{ColumnId, EntityId, JobState, SourceId};
use locard_store::{Conclusion, Entity, FindingDraft};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::jobs::errands::{Accept, about};
use crate::jobs::kinds::changed::{Changed, came_since, since_profiled};
use crate::jobs::kinds::similar::{Similar, named};
use crate::jobs::kinds::{Meant, ended};
use crate::scan::scanned::Scanned;
use crate::words::counted;
use crate::work::kind::{JobKind, Report, Work};
use crate::work::order::{Accepted, Asking, accept};
use crate::{ErrorKind, Home, Result, SourceLimits, record};

/// Judges stored columns anew.
pub(crate) struct Identify;

/// Which entities.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) sources: Vec<SourceId>,
    pub(crate) targets: Vec<String>,
    pub(crate) entities: Vec<EntityId>,
    /// Rules and dictionaries whose matches are counted apart; columns are compared with these dictionaries too.
    pub(crate) rules: Vec<String>,
}

/// Judges what was read before, as an errand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identification {
    /// About what.
    pub scope: Vec<String>,
    /// Ids of rules, and ids or names of dictionaries, whose matches are counted apart; what columns have in common with
    /// these dictionaries is told. A column is judged by all rules in any case, since they compete for it.
    pub rules: Vec<String>,
}

impl Accept for Identification {
    async fn accept(&self, home: &Home, asking: Asking) -> Result<Accepted> {
        let (chosen, asking) = about(home, &self.scope, asking).await?;
        let rules = named(home.engine.library(), &self.rules)?;
        let sources = home.resolve_all(&chosen.targets()).await?;
        let request = Request {
            sources: chosen.sources,
            targets: sources.into_iter().map(|source| source.name).collect(),
            entities: chosen.entities,
            rules,
        };
        accept::<Identify>(home, &request, &asking, SourceLimits::default()).await
    }
}

/// What was judged.
#[derive(Debug, Default)]
pub(crate) struct Identified {
    entities: u64,
    columns: u64,
    findings: u64,
    /// Entities that were read by other rules than those of today, or are no longer what was read.
    stale: u64,
    /// Sources that could not be asked whether they changed.
    unasked: Vec<String>,
    matches: BTreeMap<String, u64>,
    comparing: Similar,
    /// What columns and the dictionaries that were named have in common.
    similar: (Vec<Value>, u64),
    failures: Vec<Failure>,
    stopped: bool,
}

impl Report for Identified {
    fn state(&self) -> JobState {
        ended(self.stopped, &self.failures, self.entities)
    }

    fn outcome(&self) -> Value {
        json!({
            "entities": self.entities,
            "columns": self.columns,
            "findings": self.findings,
            "stale": self.stale,
            "notAskedForChanges": self.unasked,
            "matches": self.matches,
            "similar": self.similar.0,
            "similarOmitted": self.similar.1,
        })
    }
}

impl JobKind for Identify {
    const NAME: &'static str = "identify";
    const MAY_REPEAT: bool = true;

    type Request = Request;
    type Report = Identified;

    fn targets(request: &Request) -> Vec<String> {
        request.targets.clone()
    }

    async fn run(work: &Work<'_>, request: Request) -> Result<Identified> {
        let home = work.home;
        let mut meant = Meant::load(home, request.sources, &request.entities).await?;
        let wanted = request.rules.iter();
        let mut done = Identified {
            matches: wanted.map(|rule| (rule.clone(), 0)).collect(),
            comparing: Similar::to(home, &request.rules),
            ..Identified::default()
        };
        let (mut changed, mut of) = (Changed::default(), None);
        while let Some((entity, source)) = meant.next().await? {
            let source = source.to_owned();
            if of.replace(entity.source) != Some(entity.source) {
                let profiled = profiled(&meant, entity.source).await?;
                changed = since_profiled(work, entity.source, &profiled, &meant.only).await?;
                if changed.is_silent {
                    done.unasked.push(source.clone());
                }
            }
            if work.stop.is_cancelled() {
                done.stopped = true;
                break;
            }
            judge(work, (&entity, &source), &changed, &mut done).await?;
        }
        done.similar = std::mem::take(&mut done.comparing).end();
        let drafts: Vec<_> = done.failures.iter().map(record::failure).collect();
        home.store.record_failures(&work.lease, &drafts).await?;
        Ok(done)
    }
}

/// The states in which the entities of a source were read that the job is about, as far as they are known.
async fn profiled(meant: &Meant<'_>, source: SourceId) -> Result<HashMap<EntityId, String>> {
    let entities = meant.catalog.list(Some(source)).await?.into_iter();
    let entities = entities.filter(|it| meant.only.admits(it.source, &it.path));
    Ok(entities
        .filter_map(|entity| Some((entity.id, entity.fingerprint?)))
        .collect())
}

/// Judges one entity; one that was never read is a failure, and one whose profile is stale is told.
async fn judge(
    work: &Work<'_>,
    (entity, source): (&Entity, &str),
    changed: &Changed,
    done: &mut Identified,
) -> Result<()> {
    let home = work.home;
    let Some((scanned, findings)) = judged(work, entity).await? else {
        let sentence = "it was not profiled yet, so there is nothing to judge";
        done.failures
            .push(failure(home, entity, source, sentence, "profile it first"));
        return Ok(());
    };
    let stale = stale(home, entity, &scanned, changed).await?;
    done.stale += u64::from(!stale.is_empty());
    let hint = "profile it again";
    let told = stale
        .iter()
        .map(|why| failure(home, entity, source, why, hint));
    done.failures.extend(told);
    for finding in &findings {
        for rule in &finding.finding.rules {
            if let Some(count) = done.matches.get_mut(rule) {
                *count += 1;
            }
        }
    }
    done.entities += 1;
    done.columns += scanned.columns.len() as u64;
    done.findings += findings.len() as u64;
    if !done.comparing.is_nothing() {
        done.comparing
            .compare(home, (entity, source), scanned)
            .await?;
    }
    Ok(())
}

/// Why its profile no longer tells what the entity holds, a sentence for each reason.
async fn stale(
    home: &Home,
    entity: &Entity,
    scanned: &Scanned,
    changed: &Changed,
) -> Result<Vec<String>> {
    let mut why = Vec::new();
    if changed.entities.contains(&entity.id) {
        why.push(
            "its profile is stale: it was changed or replaced after it was profiled".to_owned(),
        );
    }
    let known = home.store.columns(home.org, entity.id).await?;
    let profiled = scanned.columns.iter().map(|judged| &judged.column);
    let came = came_since(&known, profiled);
    if !came.is_empty() {
        let mask = home.engine.mask();
        let names = came.iter().take(5).map(|column| mask.segment(&column.path));
        let (count, names) = (
            counted(came.len() as u64, "column", "columns"),
            names.collect::<Vec<_>>().join(", "),
        );
        why.push(format!(
            "its profile is stale: {count} came after it was profiled: {names}"
        ));
    }
    let untested = &scanned.untested;
    if !untested.is_empty() {
        let names = untested.iter().take(5).map(String::as_str);
        why.push(format!(
            "its profile is older than {} of today's rules, which did not see its values: {}",
            untested.len(),
            names.collect::<Vec<_>>().join(", ")
        ));
    }
    Ok(why)
}

/// Judges what is recorded of an entity and concludes it so; `None` where nothing is. Where a scan reads it anew at the same
/// time, what that recorded is judged.
async fn judged(work: &Work<'_>, entity: &Entity) -> Result<Option<(Scanned, Vec<FindingDraft>)>> {
    let home = work.home;
    loop {
        let scanned = match Scanned::load(home, entity).await {
            Ok(scanned) => scanned,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let findings = scanned.findings(entity);
        let conclusion = Conclusion {
            source: entity.source,
            entity: entity.id,
            merged: None,
            judged: scanned.generation,
            aside: false,
            personal: personal(entity, &scanned, &findings),
            findings,
        };
        match home.store.conclude(&work.lease, &conclusion).await {
            Ok(()) => return Ok(Some((scanned, conclusion.findings))),
            // A scan came between.
            Err(error)
                if error.kind() == locard_store::ErrorKind::Conflict
                    && !work.stop.is_cancelled() => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The columns of which no extremes are kept.
fn personal(entity: &Entity, scanned: &Scanned, findings: &[FindingDraft]) -> Vec<ColumnId> {
    let columns = scanned.columns.iter();
    let columns = columns.map(|it| (it.column.path.as_str(), it.seen.within.as_deref()));
    let found = findings.iter().map(|draft| draft.finding.column);
    locard_engine::personal(entity.id, columns, found)
}

pub(super) fn failure(
    home: &Home,
    entity: &Entity,
    source: &str,
    sentence: &str,
    hint: &str,
) -> Failure {
    Failure {
        source: Some(entity.source),
        source_name: source.to_owned(),
        resource: Some(home.engine.mask().path(&entity.path, entity.kind)),
        entity: Some(entity.id),
        place: None,
        kind: locard_connector::ErrorKind::NotFound,
        sentence: sentence.to_owned(),
        hint: Some(hint.to_owned()),
        records: 0,
        partial: false,
    }
}
