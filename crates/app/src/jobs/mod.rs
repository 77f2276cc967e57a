//! Jobs: what ran, how it went, what it is doing now.

pub(crate) mod again;
pub(crate) mod diff;
pub(crate) mod errands;
pub(crate) mod items;
pub(crate) mod kinds;
pub(crate) mod rebuild;
pub(crate) mod runner;
pub(crate) mod scanning;
pub(crate) mod schedules;
pub(crate) mod status;
pub(crate) mod timing;

use std::collections::HashSet;

use jiff::Timestamp;
use locard_model::{EntityId, JobId, JobState, TaskState};
use locard_store::{Job, JobFilter, JobOutcome, Page};
use serde_json::json;

use crate::access::{Actor, record_audit};
use crate::catalog::Catalog;
use crate::clock::instant;
use crate::words::counted;
use crate::work::conduct::LEASE;
use crate::{Error, ErrorKind, Home, Result, record, work};

/// A job in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// What it does: `scan`.
    pub kind: String,
    /// State.
    pub state: JobState,
    /// Whether its process is gone: the same command goes on with it.
    pub interrupted: bool,
    /// What it works on, without credentials.
    pub targets: Vec<String>,
    /// Until when it waits for the scan windows of its sources, RFC 3339.
    pub waits_until: Option<String>,
    /// When it was asked for, RFC 3339.
    pub created_at: String,
    /// When it ended, RFC 3339.
    pub ended_at: Option<String>,
    /// Tasks done and in all.
    pub tasks: (u64, u64),
    /// Failures.
    pub failures: u64,
}

/// A job with its tasks.
#[derive(Clone, Debug)]
pub struct JobDetail {
    /// The job.
    pub job: JobRow,
    /// Its tasks, by resource.
    pub tasks: Vec<TaskRow>,
    /// What failed.
    pub failures: Vec<locard_engine::Failure>,
}

/// A task of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// Its source.
    pub source: String,
    /// Its resource, masked.
    pub resource: String,
    /// State.
    pub state: TaskState,
    /// How often it was tried.
    pub attempts: u32,
    /// Records read.
    pub rows: u64,
    /// What went wrong last.
    pub error: Option<String>,
}

/// One line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobLine {
    /// When, RFC 3339.
    pub at: String,
    /// What, as a sentence.
    pub sentence: String,
}

/// The latest jobs, newest first.
pub async fn jobs(home: &Home, limit: u64) -> Result<Vec<JobRow>> {
    let page = Page::first(limit.clamp(1, u64::from(Page::MAX)) as u32);
    let found = home
        .store
        .jobs(home.org, &JobFilter::default(), page)
        .await?;
    Ok(found.items.into_iter().map(row).collect())
}

impl JobRow {
    /// The state as people are told it.
    pub fn shown_state(&self) -> &'static str {
        if self.waits_until.is_some() {
            "WAITING"
        } else if self.interrupted {
            "INTERRUPTED"
        } else {
            self.state.as_str()
        }
    }
}

/// One job, by id, its beginning, or `latest`.
pub async fn job(home: &Home, id: &str) -> Result<JobDetail> {
    let job = named(home, id).await?;
    let failures = failures(home, job.id).await?;
    let mut catalog = Catalog::open(home).await?;
    let mut tasks = Vec::new();
    let mut page = Page::first(Page::MAX);
    loop {
        let found = home.store.tasks(home.org, job.id, None, page).await?;
        for task in found.items {
            tasks.push(task_row(&mut catalog, task).await?);
        }
        let Some(after) = found.next else { break };
        page.after = Some(after);
    }
    tasks.sort_by(|a, b| (&a.source, &a.resource).cmp(&(&b.source, &b.resource)));
    Ok(JobDetail {
        job: row(job),
        tasks,
        failures,
    })
}

/// Asks a job to stop; an interrupted one that nobody runs ends at once. What was found stays.
///
/// # Errors
/// With [`ErrorKind::Conflict`] where it has ended already.
pub async fn cancel_job(home: &Home, actor: &Actor, id: &str) -> Result<JobRow> {
    let job = named(home, id).await?;
    if job.state.is_final() {
        return Err(Error::new(ErrorKind::Conflict, "the job has ended already"));
    }
    let job = home.store.cancel_job(home.org, job.id).await?;
    record_audit(home, actor, "cancel job", json!({ "job": job.id })).await?;
    // Whoever runs it hears of it within seconds; where nobody holds it, its process is dead, and it is ended here.
    if job.state.is_final() {
        return Ok(row(job));
    }
    match home
        .store
        .claim_job(home.org, job.id, home.worker, LEASE)
        .await
    {
        Ok(lease) => {
            let outcome = JobOutcome {
                state: JobState::Cancelled,
                outcome: None,
                error: None,
            };
            Ok(row(home.store.finish_job(&lease, &outcome).await?))
        }
        Err(error) if error.kind() == locard_store::ErrorKind::Conflict => Ok(row(job)),
        Err(error) => Err(error.into()),
    }
}

/// The log of one job, oldest line first.
pub async fn job_log(home: &Home, id: &str) -> Result<Vec<JobLine>> {
    let detail = job(home, id).await?;
    let stored = named(home, id).await?;
    let line = |at: Timestamp, sentence: String| {
        (
            at,
            JobLine {
                at: instant(at),
                sentence,
            },
        )
    };
    let mut lines = vec![line(
        stored.created_at,
        format!("{} was asked for", detail.job.kind),
    )];
    lines.extend(
        stored
            .started_at
            .map(|at| line(at, "it was taken up".to_owned())),
    );
    for failure in record::all_failures(home, stored.id).await? {
        let what = failure.what;
        let place = [what.resource, what.place]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ");
        lines.push(line(failure.at, format!("{place}: {}", what.sentence)));
    }
    lines.extend(work::waits_until(&stored).map(|at| {
        let sentence = format!("it waits for the scan windows of its sources, until {at:.0}");
        line(stored.heartbeat_at.unwrap_or(stored.queued_at), sentence)
    }));
    lines.extend(
        stored
            .cancel_requested_at
            .map(|at| line(at, "somebody asked to cancel it".to_owned())),
    );
    let counts = stored.counts;
    let done = format!(
        "it ended {}: {} of {} read, {}",
        stored.state,
        counted(counts.rows, "row", "rows"),
        counted(counts.tasks_done, "piece", "pieces"),
        counted(counts.failures, "failure", "failures")
    );
    lines.extend(stored.ended_at.map(|at| line(at, done)));
    lines.sort_by_key(|(at, _)| *at);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// The job that a person means.
pub(crate) async fn named(home: &Home, text: &str) -> Result<Job> {
    if let Ok(id) = text.parse::<JobId>() {
        return Ok(home.store.job(home.org, id).await?);
    }
    let jobs = home
        .store
        .jobs(home.org, &JobFilter::default(), Page::first(Page::MAX))
        .await?
        .items;
    let position = match text {
        "latest" => Some(0),
        "previous" => Some(1),
        _ => None,
    };
    let count = jobs.len();
    let mut fitting = jobs
        .into_iter()
        .enumerate()
        .filter(|(at, job)| match position {
            Some(position) => *at == position,
            None => !text.is_empty() && job.id.to_string().starts_with(text),
        });
    match (fitting.next(), fitting.next()) {
        (Some((_, job)), None) => Ok(job),
        (Some(_), Some(_)) => {
            Err(Error::usage(format!("several jobs begin with {text}")).hint("give more of the id"))
        }
        _ => Err(missing(text, count)),
    }
}

/// That no job is meant; `known`: how many there are.
fn missing(text: &str, known: usize) -> Error {
    let (sentence, hint) = match (text, known) {
        ("latest" | "previous", 0) => (
            "nothing was scanned yet".to_owned(),
            "`locard scan TARGET` does",
        ),
        ("previous", _) => (
            "there is only one job so far, so that none is previous".to_owned(),
            "scan again, or name two of `locard jobs list`",
        ),
        _ => (
            format!("there is no job {text}"),
            "`locard jobs list` shows them",
        ),
    };
    Error::not_found(sentence).hint(hint)
}

/// What failed in a job.
pub(crate) async fn failures(home: &Home, job: JobId) -> Result<Vec<locard_engine::Failure>> {
    let mut catalog = Catalog::open(home).await?;
    let recorded = record::all_failures(home, job).await?;
    let read = if recorded.iter().any(|failure| failure.what.entity.is_some()) {
        read_in_part(home, job).await?
    } else {
        HashSet::new()
    };
    let listed = targets(&home.store.job(home.org, job).await?);
    let mut failures = Vec::new();
    for failure in recorded {
        let partial = failure
            .what
            .entity
            .is_some_and(|entity| read.contains(&entity));
        let source = match (failure.what.source, failure.what.entity) {
            (None, Some(entity)) => catalog
                .entity(entity)
                .await
                .ok()
                .map(|entity| entity.source),
            (source, _) => source,
        };
        // Of older failures the source was not noted. Where one failed as a whole, its name stands where a resource
        // would; else it failed while it was listed.
        let whole = listed
            .iter()
            .find(|name| failure.what.resource.as_ref() == Some(name));
        // One that was never read is forgotten after the scan.
        let known = source.and_then(|source| catalog.source(source));
        let name = known
            .map(|source| source.name.clone())
            .or_else(|| whole.cloned())
            .unwrap_or_else(|| listed.join(", "));
        failures.push(record::shown_failure(&name, failure, partial));
    }
    Ok(failures)
}

/// Entities of which this job read at least a piece.
async fn read_in_part(home: &Home, job: JobId) -> Result<HashSet<EntityId>> {
    let mut read = HashSet::new();
    for state in [TaskState::Completed, TaskState::Partial] {
        let mut page = Page::first(Page::MAX);
        loop {
            let found = home.store.tasks(home.org, job, Some(state), page).await?;
            read.extend(found.items.iter().filter_map(|task| task.entity));
            let Some(after) = found.next else { break };
            page.after = Some(after);
        }
    }
    Ok(read)
}

/// What stands for the targets of a job of which nobody knows what it was asked.
const UNREADABLE: &str = "(unreadable)";

/// What a job works on, without credentials. One that cannot be told must not keep all others from being listed.
fn targets(job: &Job) -> Vec<String> {
    let Some(kind) = kinds::named(&job.kind) else {
        return Vec::new();
    };
    let unreadable = || vec![UNREADABLE.to_owned()];
    kind.targets(&job.spec).unwrap_or_else(unreadable)
}

fn row(job: Job) -> JobRow {
    let targets = targets(&job);
    let interrupted = work::is_interrupted(&job);
    let waits_until = work::waits_until(&job).map(instant);
    JobRow {
        id: job.id,
        kind: job.kind,
        state: job.state,
        interrupted,
        targets,
        waits_until,
        created_at: instant(job.created_at),
        ended_at: job.ended_at.map(instant),
        tasks: (job.counts.tasks_done, job.counts.tasks),
        failures: job.counts.failures,
    }
}

/// How an entity is told whose source was removed: its name went with it.
const REMOVED: &str = "(removed)";

async fn task_row(catalog: &mut Catalog<'_>, task: locard_store::Task) -> Result<TaskRow> {
    let known = match task.entity {
        Some(entity) => catalog.known(entity).await?,
        None => None,
    };
    let (source, resource) = match (task.entity, known) {
        (Some(entity), Some(source)) => {
            (catalog.source_name(source), catalog.resource(entity).await?)
        }
        (Some(_), None) => (String::new(), REMOVED.to_owned()),
        (None, _) => (String::new(), String::new()),
    };
    Ok(TaskRow {
        source,
        resource,
        state: task.state,
        attempts: task.attempts,
        rows: task.counts.rows,
        error: task.error,
    })
}

#[cfg(test)]
mod tests {
    use locard_engine::Silent;
    use locard_store::JobDraft;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{FindOptions, Reason, testing};

    fn anybody() -> FindOptions {
        let attribute = locard_model::Attribute {
            identifier: locard_model::Identifier::new("EMAIL_ADDRESS"),
            value: "nobody@example.net".to_owned(),
        };
        let subject = locard_model::Subject {
            id: "anybody".to_owned(),
            attributes: vec![attribute],
        };
        FindOptions {
            subjects: vec![subject],
            ..FindOptions::default()
        }
    }

    /// The clock of whoever looks is not asked: on a shared store it may be another machine's.
    #[tokio::test]
    async fn a_job_is_interrupted_when_its_lease_has_run_out_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let home = testing::home(folder.path()).await;
        let draft = JobDraft::new("scan", serde_json::json!({"targets": 1}));
        let job = home.store.start_job(home.org, &draft).await.unwrap().job.id;
        let beside = testing::home_for(folder.path(), crate::Access::Look).await;
        for (lease, interrupted) in [(std::time::Duration::ZERO, true), (LEASE, false)] {
            let claimed = home.store.claim_job(home.org, job, home.worker, lease);
            claimed.await.unwrap();
            let listed = jobs(&beside, 9).await.unwrap();
            assert_eq!(listed[0].interrupted, interrupted, "leased for {lease:?}");
        }
    }

    #[tokio::test]
    async fn a_scan_of_which_nothing_can_be_told_keeps_no_other_from_being_told() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("a.csv"), "id,email\n1,anna@example.org\n").unwrap();
        let home = testing::home(folder.path()).await;
        testing::scan(&home, &data).await;
        let broken = JobDraft::new("scan", serde_json::json!({"targets": 1}));
        let broken = home.store.start_job(home.org, &broken).await.unwrap().job;
        let listed = jobs(&home, 9).await.unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!(listed[0].targets, [UNREADABLE]);
        let shown = job(&home, &broken.id.to_string()).await.unwrap();
        assert_eq!(shown.job.targets, [UNREADABLE]);
        assert!(crate::sources(&home).await.unwrap()[0].scanned_at.is_some());

        let gaps = async || {
            let (asked, cancel) = (anybody(), CancellationToken::new());
            let report = crate::find(&home, &asked, &Silent, &cancel).await;
            report.unwrap().not_searched
        };
        // Until everything is listed anew, nobody knows what it left out.
        let told = gaps().await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].reason, Reason::Damaged);
        assert!(told[0].sentence.contains(&broken.id.to_string()));
        testing::scan(&home, &data).await;
        assert_eq!(gaps().await, []);
    }
}
