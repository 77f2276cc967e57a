//! The ingest as a job: what a source holds, listed and described, without reading a row.

use locard_connector::Scope;
use locard_model::{EntityId, JobState, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalog::scope::{Chosen, Only};
use crate::jobs::errands::{Accept, about};
use crate::jobs::kinds::ended;
use crate::sources::ingest::{Ingesting, ingest};
use crate::work::kind::{JobKind, Report, Work};
use crate::work::order::{Accepted, Asking, accept};
use crate::{Error, Home, IngestReport, Result, SourceLimits, record};

/// Lists and describes sources into the catalog.
pub(crate) struct Ingest;

/// Which of what sources hold.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The sources.
    pub(crate) sources: Vec<SourceId>,
    /// Their names, for whoever looks at the job when they are gone.
    pub(crate) targets: Vec<String>,
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
    /// Only these entities and what is in them; of a source of which none is named, everything.
    pub(crate) entities: Vec<EntityId>,
}

/// Lists and describes, as an errand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ingestion {
    /// About what.
    pub scope: Vec<String>,
}

impl Accept for Ingestion {
    async fn accept(&self, home: &Home, asking: Asking) -> Result<Accepted> {
        let (chosen, asking) = about(home, &self.scope, asking).await?;
        accept_ingest(home, &chosen, (&[], &[]), &asking).await
    }
}

/// Accepts an ingest for the workers.
pub async fn accept_ingest(
    home: &Home,
    chosen: &Chosen,
    (include, exclude): (&[String], &[String]),
    asking: &Asking,
) -> Result<Accepted> {
    let scope = Scope {
        include: include.to_vec(),
        exclude: exclude.to_vec(),
    };
    locard_connector::Globs::of_tables(&scope)?;
    let sources = home.resolve_all(&chosen.targets()).await?;
    let request = Request {
        sources: chosen.sources.clone(),
        targets: sources.into_iter().map(|source| source.name).collect(),
        include: include.to_vec(),
        exclude: exclude.to_vec(),
        entities: chosen.entities.clone(),
    };
    accept::<Ingest>(home, &request, asking, SourceLimits::default()).await
}

impl Report for IngestReport {
    fn state(&self) -> JobState {
        ended(self.stopped, &self.failures, self.entities)
    }

    fn outcome(&self) -> Value {
        let nothing = self.empty.iter().map(|source| {
            format!("{source}: nothing in it is what was asked for, and nothing was ingested")
        });
        json!({
            "warnings": nothing.collect::<Vec<_>>(),
            "entities": self.entities,
            "described": self.described,
            "added": self.new,
            "changed": self.changed,
            "removed": self.gone,
        })
    }
}

impl JobKind for Ingest {
    const NAME: &'static str = "ingest";
    const MAY_REPEAT: bool = true;

    type Request = Request;
    type Report = IngestReport;

    fn targets(request: &Request) -> Vec<String> {
        request.targets.clone()
    }

    async fn run(work: &Work<'_>, request: Request) -> Result<IngestReport> {
        let home = work.home;
        let only = Only::load(home, &request.entities).await?;
        let scope = Scope {
            include: request.include,
            exclude: request.exclude,
        };
        let mut report = IngestReport::default();
        for id in request.sources {
            let source = home.store.source(home.org, id).await.map_err(Error::from)?;
            let source = home.stored(source).await?;
            let target = source.target(home, scope.clone(), work.details.limits);
            let mut targets = match target.await {
                Ok(target) => vec![target],
                Err(failure) => {
                    report.failures.push(failure);
                    continue;
                }
            };
            only.narrow(&mut targets);
            for target in &targets {
                let ingesting = Ingesting {
                    author: work.lease.into(),
                    narrowed: !only.is_everything(),
                    stop: &work.stop,
                };
                let of_target = ingest(home, target, &ingesting).await?;
                let is_empty = of_target.entities == 0 && of_target.failures.is_empty();
                if is_empty && !of_target.stopped {
                    report.empty.push(target.name.clone());
                }
                report.add(of_target);
            }
        }
        let drafts: Vec<_> = report.failures.iter().map(record::failure).collect();
        home.store.record_failures(&work.lease, &drafts).await?;
        Ok(report)
    }
}
