//! The usage statistics as a job: asks sources how their entities are used, keeps the answers, and tells what happened in a
//! range of days.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt as _;
use jiff::civil::Date;
use locard_connector::{ErrorKind as SourceErrorKind, Scope, Source, UsageRecord};
use locard_engine::Failure;
use locard_model::{EntityId, JobState, SourceId};
use locard_store::{Entity, UsageDraft};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalog::scope::Only;
use crate::catalog::usage::{UsageFigures, date, day, figures};
use crate::catalog::{Catalog, is_readable};
use crate::jobs::errands::{Accept, about};
use crate::jobs::kinds::identify::failure;
use crate::work::kind::{JobKind, Report, Work};
use crate::work::order::{Accepted, Asking, accept};
use crate::{Error, Home, Result, SourceLimits, record};

/// Asks how entities are used.
pub(crate) struct UsageStatistics;

/// Entities that are asked about at the same time.
const AT_ONCE: usize = 4;

/// Answers that are written at once.
const CHUNK: usize = 100;

/// Entities whose figures are kept with the job; of the others they are asked for one by one.
const KEPT: usize = 1_000;

/// Which entities, and which days.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) sources: Vec<SourceId>,
    pub(crate) targets: Vec<String>,
    pub(crate) entities: Vec<EntityId>,
    /// The first day; `None`: the day on which it is run.
    pub(crate) from: Option<Date>,
    /// The last day; `None`: the day on which it is run.
    pub(crate) to: Option<Date>,
}

/// Asks how entities are used, as an errand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageQuestion {
    /// About what.
    pub scope: Vec<String>,
    /// The first day; `None`: the day on which it is run.
    pub from: Option<Date>,
    /// The last day; `None`: the day on which it is run.
    pub to: Option<Date>,
}

impl Accept for UsageQuestion {
    async fn accept(&self, home: &Home, asking: Asking) -> Result<Accepted> {
        let (chosen, asking) = about(home, &self.scope, asking).await?;
        let sources = home.resolve_all(&chosen.targets()).await?;
        let request = Request {
            sources: chosen.sources,
            targets: sources.into_iter().map(|source| source.name).collect(),
            entities: chosen.entities,
            from: self.from,
            to: self.to,
        };
        accept::<UsageStatistics>(home, &request, &asking, SourceLimits::default()).await
    }
}

/// How one entity was used on these days, by what is kept.
pub async fn entity_usage(
    home: &Home,
    entity: EntityId,
    (from, to): (Option<Date>, Option<Date>),
) -> Result<UsageFigures> {
    home.store.entity(home.org, entity).await?;
    let today = date(home.store.clock().await?);
    let (from, to) = (day(from.unwrap_or(today)), day(to.unwrap_or(today)));
    let days = home.store.usage(home.org, &[entity], (from, to)).await?;
    Ok(figures(&days, from))
}

/// What sources said.
#[derive(Debug, Default)]
pub(crate) struct Told {
    asked: u64,
    kept: Vec<Value>,
    /// What sources do not tell, by their names.
    untold: BTreeSet<String>,
    failures: Vec<Failure>,
    stopped: bool,
    range: Option<(Date, Date)>,
}

impl Report for Told {
    fn state(&self) -> JobState {
        match (self.stopped, self.failures.is_empty(), self.asked) {
            (true, ..) => JobState::Cancelled,
            (_, true, _) => JobState::Completed,
            (_, false, 0) => JobState::Failed,
            (_, false, _) => JobState::Partial,
        }
    }

    fn outcome(&self) -> Value {
        let more = self.asked.saturating_sub(self.kept.len() as u64);
        json!({
            "startDate": self.range.map(|(from, _)| from.to_string()),
            "endDate": self.range.map(|(_, to)| to.to_string()),
            "entities": self.asked,
            "usage": self.kept,
            "notListed": more,
            "cannotTell": self.untold,
        })
    }
}

impl JobKind for UsageStatistics {
    const NAME: &'static str = "usage";
    const MAY_REPEAT: bool = true;

    type Request = Request;
    type Report = Told;

    fn targets(request: &Request) -> Vec<String> {
        request.targets.clone()
    }

    async fn run(work: &Work<'_>, request: Request) -> Result<Told> {
        let home = work.home;
        let only = Only::load(home, &request.entities).await?;
        let catalog = Catalog::open(home).await?;
        let today = date(home.store.clock().await?);
        let range = (request.from.unwrap_or(today), request.to.unwrap_or(today));
        let mut told = Told {
            range: Some(range),
            ..Told::default()
        };
        for id in &request.sources {
            let mut entities = catalog.list(Some(*id)).await?;
            entities.retain(|entity| is_readable(entity) && only.admits(*id, &entity.path));
            of_source(work, *id, &entities, &mut told).await?;
            if told.stopped {
                return Ok(told);
            }
        }
        let drafts: Vec<_> = told.failures.iter().map(record::failure).collect();
        home.store.record_failures(&work.lease, &drafts).await?;
        Ok(told)
    }
}

/// Asks one source about its entities, and keeps what it says.
async fn of_source(
    work: &Work<'_>,
    id: SourceId,
    entities: &[Entity],
    told: &mut Told,
) -> Result<()> {
    let home = work.home;
    let source = home.store.source(home.org, id).await.map_err(Error::from)?;
    let name = source.name.clone();
    let resolved = home.stored(source).await?;
    let target = resolved.target(home, Scope::default(), work.details.limits);
    let target = match target.await {
        Ok(target) => target,
        Err(failure) => {
            told.failures.push(failure);
            return Ok(());
        }
    };
    for chunk in entities.chunks(CHUNK) {
        if work.stop.is_cancelled() {
            told.stopped = true;
            return Ok(());
        }
        let asked = futures::stream::iter(chunk.to_vec()).map(|entity| {
            let source = Arc::clone(&target.source);
            async move { ask(source, entity).await }
        });
        let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
        let mut drafts = Vec::new();
        for (entity, answer) in chunk.iter().zip(answers) {
            match answer {
                Ok(draft) => {
                    told.untold.extend(untold(&name, &draft));
                    drafts.push(draft);
                }
                Err(error) => told.failures.push(failure(
                    home,
                    entity,
                    &name,
                    error.sentence(),
                    "ingest the source again if it is gone",
                )),
            }
        }
        home.store.put_usage(&work.lease, &drafts).await?;
        tell(home, &name, chunk, &drafts, told).await?;
    }
    Ok(())
}

/// What the source says of one entity. What it does not record is not there, and no failure.
async fn ask(source: Arc<dyn Source>, entity: Entity) -> locard_connector::Result<UsageDraft> {
    let record = match source.usage() {
        Some(usage) => usage.of(&entity.path, entity.kind).await,
        None => Ok(UsageRecord::default()),
    };
    let record = match record {
        Err(error) if error.kind() == SourceErrorKind::Unsupported => UsageRecord::default(),
        record => record?,
    };
    let described = source.describe(&entity.path, entity.kind).await?;
    let fields = described.schema.fields().iter().map(|field| {
        let native = field.metadata().get("native_type");
        format!(
            "{} {} {native:?} {}",
            field.name(),
            field.data_type(),
            field.is_nullable()
        )
    });
    let keys = (
        &described.primary_key,
        &described.unique,
        &described.definition,
    );
    Ok(UsageDraft {
        entity: entity.id,
        reads: record.reads,
        writes: record.writes,
        structure: Some(format!("{:?} {keys:?}", fields.collect::<Vec<_>>())),
        last_read: record.last_read,
        last_write: record.last_write,
        since: record.since,
    })
}

/// What this source does not tell.
fn untold(source: &str, draft: &UsageDraft) -> Vec<String> {
    let parts = [
        ("how often it is read", draft.reads.is_none()),
        ("how often it is written to", draft.writes.is_none()),
        ("when it was last read", draft.last_read.is_none()),
        ("when it was last written to", draft.last_write.is_none()),
    ];
    let untold = parts.into_iter().filter(|(_, untold)| *untold);
    untold
        .map(|(what, _)| format!("{source} does not record of every entity {what}"))
        .collect()
}

/// Adds the figures of these entities.
async fn tell(
    home: &Home,
    source: &str,
    entities: &[Entity],
    drafts: &[UsageDraft],
    told: &mut Told,
) -> Result<()> {
    told.asked += drafts.len() as u64;
    let Some((from, to)) = told.range else {
        return Ok(());
    };
    let ids: Vec<EntityId> = drafts.iter().map(|draft| draft.entity).collect();
    let days = home
        .store
        .usage(home.org, &ids, (day(from), day(to)))
        .await?;
    for entity in entities.iter().filter(|entity| ids.contains(&entity.id)) {
        if told.kept.len() == KEPT {
            return Ok(());
        }
        let of_entity: Vec<_> = days
            .iter()
            .filter(|day| day.entity == entity.id)
            .cloned()
            .collect();
        let figures = figures(&of_entity, day(from));
        let first = figures.spans.first().map(|span| span.from.to_string());
        told.kept.push(json!({
            "entity": entity.id,
            "source": source,
            "resource": home.engine.mask().path(&entity.path, entity.kind),
            "reads": figures.reads,
            "writes": figures.writes,
            "changes": figures.changes,
            "lastRead": figures.last_read.map(|at| at.to_string()),
            "lastWrite": figures.last_write.map(|at| at.to_string()),
            "countedFrom": first,
        }));
    }
    Ok(())
}
