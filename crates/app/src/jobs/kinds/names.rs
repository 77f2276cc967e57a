//! What the names of columns alone say, as a job: nothing needs to have been read for it.

use locard_engine::Failure;
use locard_identify::Language;
use locard_model::{EntityId, JobState, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::jobs::errands::{Accept, about};
use crate::jobs::kinds::identify::failure;
use crate::jobs::kinds::{Meant, ended};
use crate::work::kind::{JobKind, Report, Work};
use crate::work::order::{Accepted, Asking, accept};
use crate::{Error, Home, Result, SourceLimits, record};

/// Reads the names of columns.
pub(crate) struct Names;

/// Columns that are kept with the job, at most.
const KEPT: usize = 10_000;

/// Which entities.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) sources: Vec<SourceId>,
    pub(crate) targets: Vec<String>,
    pub(crate) entities: Vec<EntityId>,
    /// The code of the language that names are said to be in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<String>,
}

/// Tells what names of columns say, as an errand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameReading {
    /// About what.
    pub scope: Vec<String>,
    /// The language that names are said to be in, by its name or code; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// The code of a language, by its English name or code.
///
/// # Errors
/// Where no names of columns are known in it; the hint names those that are.
pub fn language_code(text: &str) -> Result<&'static str> {
    let known = || {
        let all: Vec<String> = Language::all().map(|it| it.name.to_uppercase()).collect();
        format!("one of {}", all.join(", "))
    };
    let found = Language::named(text).map(|language| language.code);
    found
        .ok_or_else(|| Error::usage("no names of columns are known in that language").hint(known()))
}

impl Accept for NameReading {
    async fn accept(&self, home: &Home, asking: Asking) -> Result<Accepted> {
        let (chosen, asking) = about(home, &self.scope, asking).await?;
        let sources = home.resolve_all(&chosen.targets()).await?;
        let request = Request {
            sources: chosen.sources,
            targets: sources.into_iter().map(|source| source.name).collect(),
            entities: chosen.entities,
            language: self
                .language
                .as_deref()
                .map(|text| language_code(text).map(str::to_owned))
                .transpose()?,
        };
        accept::<Names>(home, &request, &asking, SourceLimits::default()).await
    }
}

/// What names said.
#[derive(Debug, Default)]
pub(crate) struct Read {
    entities: u64,
    columns: u64,
    told: u64,
    kept: Vec<Value>,
    language: Option<Language>,
    failures: Vec<Failure>,
    stopped: bool,
}

impl Report for Read {
    fn state(&self) -> JobState {
        ended(self.stopped, &self.failures, self.entities)
    }

    fn outcome(&self) -> Value {
        json!({
            "entities": self.entities,
            "columns": self.columns,
            "personal": self.told,
            "language": self.language.as_ref().map(|language| language.name),
            "found": self.kept,
        })
    }
}

impl JobKind for Names {
    const NAME: &'static str = "names";
    const MAY_REPEAT: bool = true;

    type Request = Request;
    type Report = Read;

    fn targets(request: &Request) -> Vec<String> {
        request.targets.clone()
    }

    async fn run(work: &Work<'_>, request: Request) -> Result<Read> {
        let home = work.home;
        let mut meant = Meant::load(home, request.sources, &request.entities).await?;
        let language = request.language.as_deref().and_then(Language::named);
        let mut read = Read {
            language,
            ..Read::default()
        };
        while let Some((entity, source)) = meant.next().await? {
            if work.stop.is_cancelled() {
                read.stopped = true;
                break;
            }
            of_entity(home, &entity, source, &mut read).await?;
        }
        let drafts: Vec<_> = read.failures.iter().map(record::failure).collect();
        home.store.record_failures(&work.lease, &drafts).await?;
        Ok(read)
    }
}

/// Reads the names of one entity's columns.
async fn of_entity(
    home: &Home,
    entity: &locard_store::Entity,
    source: &str,
    read: &mut Read,
) -> Result<()> {
    let columns = home.store.columns(home.org, entity.id).await?;
    if columns.is_empty() {
        let sentence = "its columns are not known yet";
        read.failures
            .push(failure(home, entity, source, sentence, "ingest it first"));
        return Ok(());
    }
    let mask = home.engine.mask();
    read.entities += 1;
    for column in columns {
        read.columns += 1;
        let library = home.engine.library();
        let told = library.told_by_name(&column.path, read.language.as_ref());
        let Some(first) = told.first() else { continue };
        read.told += 1;
        if read.kept.len() < KEPT {
            read.kept.push(json!({
                "source": source,
                "resource": mask.path(&entity.path, entity.kind),
                "entity": entity.id,
                "column": mask.segment(&column.path),
                "columnId": column.id,
                "identifier": first.rule.identifier,
                "rule": first.rule.id,
                "share": (first.share * 1_000.0).round() / 1_000.0,
                "clear": first.is_clear,
            }));
        }
    }
    Ok(())
}
