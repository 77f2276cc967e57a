//! Business rules as a job: each is run over live data, one after another, and what it counted is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use locard_connector::{ErrorKind as SourceErrorKind, Scope, Source};
use locard_engine::{Failure, Silent};
use locard_model::{EntityId, JobState, SourceId};
use locard_query::{Counts, Limits, Statement, Table};
use locard_store::{BusinessResult, BusinessRuleId, Entity, JobDraft};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::business::{
    BusinessDetails, BusinessResultRow, BusinessRuleRow, EntityCount, Grade, RuleCount,
    business_results, business_rule, statement, tables,
};
use crate::catalog::Catalog;
use crate::catalog::scope::ScopeItem;
use crate::home::json;
use crate::jobs::errands::Accept;
use crate::jobs::kinds::identify::failure;
use crate::work::conduct::{LEASE, OnStop, conduct};
use crate::work::kind::{JobKind, Report, Work};
use crate::work::order::{Accepted, Asking, Details, accept};
use crate::{Error, ErrorKind, Home, Result, SourceLimits, choose, record, short_id};

/// Runs business rules.
pub(crate) struct BusinessRules;

/// Bytes that one rule may hold.
const MEMORY: usize = 256_000_000;

/// Entities in which rows are counted in one job.
const MOST: usize = 1_000;

/// Which rules, and in which entities rows are counted besides.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) rules: Vec<Uuid>,
    pub(crate) targets: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) counted: Vec<EntityId>,
}

/// Runs business rules, as an errand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessRun {
    /// Which, by ids or names.
    pub rules: Vec<String>,
    /// Entities in which rows are counted besides; `None`: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<String>>,
}

impl Accept for BusinessRun {
    async fn accept(&self, home: &Home, mut asking: Asking) -> Result<Accepted> {
        let request = requested(home, &self.rules, self.scope.as_deref(), &mut asking).await?;
        accept::<BusinessRules>(home, &request, &asking, SourceLimits::default()).await
    }
}

/// Runs business rules here and now; what they found, and what stood in the way.
pub async fn run_business_rules(
    home: &Home,
    rules: &[String],
    scope: Option<&[String]>,
    stop: &CancellationToken,
) -> Result<(Vec<BusinessResultRow>, Vec<Failure>)> {
    let mut asking = Asking::default();
    let request = requested(home, rules, scope, &mut asking).await?;
    let details = Details {
        items: asking.items,
        warnings: asking.warnings,
        ..Details::of::<BusinessRules>()
    };
    let draft = JobDraft {
        details: details.json()?,
        ..JobDraft::new(BusinessRules::NAME, json(&request)?)
    };
    let job = home.store.start_job(home.org, &draft).await?.job.id;
    let claimed = home.store.claim_job(home.org, job, home.worker, LEASE);
    let lease = claimed.await?;
    let how = (stop, OnStop::Cancel);
    let found = conduct::<BusinessRules>(home, lease, &Silent, how).await?;
    Ok((business_results(home, job).await?, found.failures))
}

async fn requested(
    home: &Home,
    rules: &[String],
    scope: Option<&[String]>,
    asking: &mut Asking,
) -> Result<Request> {
    let (mut wanted, mut sources) = (Vec::new(), BTreeSet::new());
    for text in rules {
        let rule = business_rule(home, text).await?;
        if wanted.contains(&rule.id) {
            continue;
        }
        wanted.push(rule.id);
        asking.items.push(ScopeItem {
            kind: "business-rule".to_owned(),
            id: rule.id,
            title: rule.name.clone(),
        });
        if !rule.options.is_enabled {
            let told = format!("{}: is switched off and was skipped", rule.name);
            asking.warnings.push(told);
            continue;
        }
        let statement = statement(&rule.options.sql)?;
        // What is not there now fails when it is run, and is told with its rule.
        let found = tables(home, &rule.options.scope, statement.tables()).await;
        sources.extend(found.into_iter().flatten().map(|entity| entity.source));
    }
    let counted = match scope {
        Some(scope) => counted(home, scope, asking, &mut sources).await?,
        None => Vec::new(),
    };
    let catalog = Catalog::open(home).await?;
    let of_sources = sources.iter().map(|id| ScopeItem {
        kind: "source".to_owned(),
        id: id.0,
        title: catalog.source_name(*id),
    });
    asking.items.splice(..0, of_sources);
    Ok(Request {
        rules: wanted,
        targets: sources.iter().map(|id| catalog.source_name(*id)).collect(),
        counted,
    })
}

/// The entities that a scope names, everything in it included.
async fn counted(
    home: &Home,
    scope: &[String],
    asking: &mut Asking,
    sources: &mut BTreeSet<SourceId>,
) -> Result<Vec<EntityId>> {
    let chosen = choose(home, scope).await?;
    let leaves = crate::catalog::collections::chosen_entities(home, &chosen).await?;
    if leaves.len() > MOST {
        let sentence = format!("rows are counted in at most {MOST} entities at once");
        return Err(Error::usage(sentence));
    }
    sources.extend(&chosen.sources);
    let items = chosen
        .items
        .into_iter()
        .filter(|item| item.kind != "source");
    asking.items.extend(items);
    Ok(leaves.iter().map(|entity| entity.id).collect())
}

/// What rules found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    results: Vec<BusinessResult>,
    failures: Vec<Failure>,
    stopped: bool,
}

impl Report for Found {
    fn state(&self) -> JobState {
        let told = |result: &BusinessResult| result.status != Grade::Error.as_str();
        match (self.stopped, self.failures.is_empty()) {
            (true, _) => JobState::Cancelled,
            (_, true) => JobState::Completed,
            _ if self.results.iter().any(told) => JobState::Partial,
            _ => JobState::Failed,
        }
    }

    fn outcome(&self) -> Value {
        let results = self.results.iter().map(|result| {
            serde_json::json!({
                "ruleId": short_id(result.rule.0),
                "id": result.rule.0,
                "status": result.status,
                "total_count": result.total,
                "scopeCount": result.scope,
                "nonCompliant": result.non_compliant,
                "unread": result.unread,
                "details": result.details,
            })
        });
        serde_json::json!({ "rules": results.collect::<Vec<_>>() })
    }
}

impl JobKind for BusinessRules {
    const NAME: &'static str = "business-rules";

    type Request = Request;
    type Report = Found;

    fn targets(request: &Request) -> Vec<String> {
        request.targets.clone()
    }

    async fn run(work: &Work<'_>, request: Request) -> Result<Found> {
        Box::pin(Running::new(work).await?.all(request)).await
    }
}

/// A run of some rules.
struct Running<'a> {
    work: &'a Work<'a>,
    catalog: Catalog<'a>,
    open: BTreeMap<SourceId, Arc<dyn Source>>,
    found: Found,
}

/// Why something could not be counted.
enum Wrong {
    /// The job is to end.
    Stopped,
    Told(Failure),
}

type Tried<T> = std::result::Result<T, Wrong>;

impl<'a> Running<'a> {
    async fn new(work: &'a Work<'a>) -> Result<Self> {
        Ok(Self {
            work,
            catalog: Catalog::open(work.home).await?,
            open: BTreeMap::new(),
            found: Found::default(),
        })
    }

    async fn all(mut self, request: Request) -> Result<Found> {
        for id in request.rules {
            let rule = match business_rule(self.work.home, &id.to_string()).await {
                Ok(rule) => rule,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let told = self.told(&error.to_string(), None);
                    self.found.failures.push(told);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if !self.one(&rule, &request.counted).await? {
                self.found.stopped = true;
                return Ok(self.found);
            }
        }
        let drafts: Vec<_> = self.found.failures.iter().map(record::failure).collect();
        let store = &self.work.home.store;
        store.record_failures(&self.work.lease, &drafts).await?;
        Ok(self.found)
    }

    /// Runs one rule and records what it found; whether the job goes on.
    async fn one(&mut self, rule: &BusinessRuleRow, counted: &[EntityId]) -> Result<bool> {
        let mut details = BusinessDetails {
            name: rule.name.clone(),
            ..BusinessDetails::default()
        };
        if !rule.options.is_enabled {
            self.keep(rule, (Grade::Skipped, Counts::default()), details)
                .await?;
            return Ok(true);
        }
        let (mut grade, mut counts) = (Grade::Error, Counts::default());
        match self.over_its_tables(rule).await {
            Ok(found) => {
                counts = found;
                grade = rule
                    .options
                    .thresholds
                    .grade(counts.non_compliant, counts.scope);
                if counts.unread > 0 {
                    // What was not read may be wrong too.
                    grade = if grade == Grade::Pass {
                        Grade::Warning
                    } else {
                        grade
                    };
                    let sentence = format!(
                        "{}: some records could not be read and were not counted",
                        rule.name
                    );
                    let told = Failure {
                        records: counts.unread,
                        partial: true,
                        ..self.told(&sentence, None)
                    };
                    self.found.failures.push(told);
                }
            }
            Err(Wrong::Stopped) => return Ok(false),
            Err(Wrong::Told(mut told)) => {
                details.error = Some(told.sentence.clone());
                told.sentence = format!("{}: {}", rule.name, told.sentence);
                self.found.failures.push(told);
            }
        }
        for id in counted {
            match self.in_entity(rule, *id).await {
                Ok(count) => details.entities.push(count),
                Err(Wrong::Stopped) => return Ok(false),
                Err(Wrong::Told(told)) => self.found.failures.push(told),
            }
        }
        self.keep(rule, (grade, counts), details).await?;
        Ok(true)
    }

    async fn keep(
        &mut self,
        rule: &BusinessRuleRow,
        (grade, counts): (Grade, Counts),
        details: BusinessDetails,
    ) -> Result<()> {
        let result = BusinessResult {
            rule: BusinessRuleId(rule.id),
            job: self.work.lease.job,
            status: grade.as_str().to_owned(),
            total: counts.total,
            scope: counts.scope,
            non_compliant: counts.non_compliant,
            unread: counts.unread,
            details: json(&details)?,
            at: Timestamp::UNIX_EPOCH,
        };
        let (store, lease) = (&self.work.home.store, &self.work.lease);
        store.record_business_result(lease, &result).await?;
        self.found.results.push(result);
        Ok(())
    }

    async fn over_its_tables(&mut self, rule: &BusinessRuleRow) -> Tried<Counts> {
        let ready = async {
            let statement = statement(&rule.options.sql)?;
            let scope = &rule.options.scope;
            let entities = tables(self.work.home, scope, statement.tables()).await?;
            Ok((statement, entities))
        };
        let (statement, entities) = ready
            .await
            .map_err(|error: Error| Wrong::Told(self.told(error.sentence(), None)))?;
        let mut tables = Vec::new();
        for entity in &entities {
            tables.push(self.table(entity).await?);
        }
        let first = entities.first().cloned();
        self.run(rule, statement, (tables, first)).await
    }

    /// The rows of one entity, and what the rule counts over it.
    async fn in_entity(&mut self, rule: &BusinessRuleRow, id: EntityId) -> Tried<EntityCount> {
        let home = self.work.home;
        let entity = home.store.entity(home.org, id).await;
        let entity = entity.map_err(|error| {
            Wrong::Told(self.told(
                &format!("an entity to count in: {}", error.sentence()),
                None,
            ))
        })?;
        let mut count = EntityCount {
            entity: id,
            resource: home.engine.mask().path(&entity.path, entity.kind),
            row_count: None,
            rule: None,
            reason: None,
            error: None,
        };
        let counted = self.counted_in(rule, &entity, &mut count).await;
        match counted {
            Err(Wrong::Told(told)) => {
                count.error = Some(told.sentence.clone());
                self.found.failures.push(told);
            }
            Err(Wrong::Stopped) => return Err(Wrong::Stopped),
            Ok(()) => {}
        }
        Ok(count)
    }

    async fn counted_in(
        &mut self,
        rule: &BusinessRuleRow,
        entity: &Entity,
        count: &mut EntityCount,
    ) -> Tried<()> {
        let table = self.table(entity).await?;
        let (limits, _guard) = self.limits(rule);
        let rows = apart(async move { locard_query::count_rows(&table, &limits).await });
        let rows = rows
            .await
            .map_err(|error| self.wrong(error, Some(entity)))?;
        count.row_count = Some(rows.0);
        let Ok(statement) = statement(&rule.options.sql) else {
            count.reason = Some("the rule is none that can be run".to_owned());
            return Ok(());
        };
        if statement.tables().len() != 1 {
            count.reason = Some("the rule is not about one table alone".to_owned());
            return Ok(());
        }
        let tables = vec![self.table(entity).await?];
        let (limits, _guard) = self.limits(rule);
        let ran = apart(async move { locard_query::run(&statement, &tables, &limits).await });
        match ran.await {
            Ok(counts) => {
                count.rule = Some(RuleCount {
                    total_count: counts.total,
                    scope_count: counts.scope,
                    non_compliant: counts.non_compliant,
                });
            }
            // Entities of a scope are of many shapes; that a rule is not about one of them is nothing wrong.
            Err(locard_query::Error::Unfit(why)) if why != BROKEN_OFF => count.reason = Some(why),
            Err(error) => return Err(self.wrong(error, Some(entity))),
        }
        Ok(())
    }

    async fn run(
        &self,
        rule: &BusinessRuleRow,
        statement: Statement,
        (tables, entity): (Vec<Table>, Option<Entity>),
    ) -> Tried<Counts> {
        let (limits, _guard) = self.limits(rule);
        let work = async move { locard_query::run(&statement, &tables, &limits).await };
        let entity = entity.as_ref();
        apart(work).await.map_err(|error| self.wrong(error, entity))
    }

    /// How much a rule may take, and what ends it when whoever waits for it has gone.
    fn limits(&self, rule: &BusinessRuleRow) -> (Limits, DropGuard) {
        let stop = self.work.stop.child_token();
        let limits = Limits {
            memory: MEMORY,
            time: rule.options.time(),
            stop: stop.clone(),
        };
        (limits, stop.drop_guard())
    }

    /// The entity as a table of its source, which is opened once.
    async fn table(&mut self, entity: &Entity) -> Tried<Table> {
        let (home, id) = (self.work.home, entity.source);
        let source = if let Some(source) = self.open.get(&id) {
            Arc::clone(source)
        } else {
            let resolved = async {
                let source = home.store.source(home.org, id).await?;
                home.stored(source).await
            };
            let resolved = resolved
                .await
                .map_err(|error: Error| Wrong::Told(self.told(error.sentence(), Some(entity))))?;
            let opening = resolved.target(home, Scope::default(), self.work.details.limits);
            let Some(target) = self.work.unless_stopped(opening).await else {
                return Err(Wrong::Stopped);
            };
            let source = target.map_err(Wrong::Told)?.source;
            self.open.insert(id, Arc::clone(&source));
            source
        };
        let opening = Table::open(source, entity.path.clone(), entity.kind);
        match self.work.unless_stopped(opening).await {
            Some(table) => table.map_err(|error| self.wrong(error, Some(entity))),
            None => Err(Wrong::Stopped),
        }
    }

    fn wrong(&self, error: locard_query::Error, entity: Option<&Entity>) -> Wrong {
        match error {
            locard_query::Error::Stopped => Wrong::Stopped,
            locard_query::Error::Source(error) => Wrong::Told(Failure {
                kind: error.kind(),
                hint: error.hint_text().map(str::to_owned),
                ..self.told(error.sentence(), entity)
            }),
            error => Wrong::Told(self.told(&error.to_string(), entity)),
        }
    }

    fn told(&self, sentence: &str, entity: Option<&Entity>) -> Failure {
        let Some(entity) = entity else {
            let error = locard_connector::Error::new(SourceErrorKind::Settings, sentence);
            return Failure::of(self.work.home.engine.mask(), &error, "business rules", None);
        };
        let source = self.catalog.source_name(entity.source);
        Failure {
            kind: SourceErrorKind::Settings,
            hint: None,
            ..failure(self.work.home, entity, &source, sentence, "")
        }
    }
}

/// What is said of work that panicked.
const BROKEN_OFF: &str = "it ended in the middle; this is a mistake in the program";

/// Runs what takes CPU on a thread of its own.
async fn apart<T: Send + 'static>(
    work: impl Future<Output = locard_query::Result<T>> + Send + 'static,
) -> locard_query::Result<T> {
    let runtime = Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(work)).await;
    done.unwrap_or_else(|_| Err(locard_query::Error::Unfit(BROKEN_OFF.to_owned())))
}
