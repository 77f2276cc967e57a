//! Review before release: people look at what was collected, decide about rows, and approve.

use locard_app::{Actor, Error, ErrorKind, Home, Result, record_audit};
use locard_store::{DsarId, DsarRecordDraft};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::decide::{Decided, Decision, Decisions};
use super::gather::{KeptRow, rows};
use super::{DsarJob, SectionInfo, conflict, create, load, run, standing, unkept, work};
use crate::keep::Shelf;

/// Kinds of records.
const DECISION: &str = "decision";
const APPROVAL: &str = "approval";

/// Decisions that are taken at a time.
const MOST: usize = 10_000;

/// How the review of a job stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// Whether people are wanted now.
    pub waits: bool,
    /// The sections, with what is in and what is undecided as things stand.
    pub sections: Vec<SectionInfo>,
    /// Rows of which somebody must say whether they are in, and nobody has.
    pub undecided: u64,
    /// Decisions that stand.
    pub decisions: u64,
    /// How many people must approve.
    pub wanted: u32,
    /// Who did, since the last decision.
    pub approved: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Approval {
    by: String,
    by_id: String,
    /// The last record that they had seen the effect of; earlier versions do not tell.
    #[serde(default)]
    of: Option<u64>,
}

/// What came of approving.
#[derive(Clone, Debug, PartialEq)]
pub struct Approved {
    /// The job.
    pub job: DsarJob,
    /// Rows that nobody decided about, and that are left out for that.
    pub undecided: u64,
}

/// What was decided about a job, all in all.
pub(super) async fn decisions(home: &Home, id: Uuid) -> Result<Decisions> {
    let records = home
        .store()
        .dsar_records(home.org(), DsarId(id), DECISION)
        .await?;
    let decided = records.into_iter().filter_map(|record| {
        let decided = Decided::deserialize(&record.body?);
        Some(decided.map(|decided| Decided {
            number: record.number,
            at: record.at,
            ..decided
        }))
    });
    let decided = decided
        .collect::<serde_json::Result<_>>()
        .map_err(unreadable)?;
    Ok(Decisions::of(decided))
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::new(
        ErrorKind::Store,
        "what was decided about the DSAR job cannot be read",
    )
    .cause(error)
}

/// The record with which what is approved changed last: a decision, or whatever was recorded before rows came.
pub(super) async fn last(home: &Home, job: &DsarJob) -> Result<u64> {
    let seen = job.known()?.collected.as_ref().map(|it| it.seen);
    let decided = decisions(home, job.id).await?.last;
    Ok(decided.max(seen.unwrap_or_default()))
}

/// The number of the last record of a job.
pub(super) async fn newest(home: &Home, id: Uuid) -> Result<u64> {
    let mut newest = 0;
    for kind in [DECISION, APPROVAL] {
        let records = home.store().dsar_records(home.org(), DsarId(id), kind);
        let records = records.await?;
        newest = records.iter().map(|it| it.number).fold(newest, u64::max);
    }
    Ok(newest)
}

/// Who approved a job as it stands, each once; of an export of everything, nobody who asked for it.
async fn approved(home: &Home, job: &DsarJob) -> Result<Vec<(String, String)>> {
    let body = job.known()?;
    let last = last(home, job).await?;
    let records = home
        .store()
        .dsar_records(home.org(), DsarId(job.id), APPROVAL)
        .await?;
    let mut approved: Vec<(String, String)> = Vec::new();
    for record in records.into_iter().filter(|record| record.number > last) {
        let Some(approval) = record.body else {
            continue;
        };
        let Approval { by, by_id, of } = Approval::deserialize(&approval).map_err(unreadable)?;
        let is_other = of.is_some_and(|of| of != last);
        let is_own = body.is_tenant() && by_id == body.actor.id;
        if !is_other && !is_own && !approved.iter().any(|(_, known)| *known == by_id) {
            approved.push((by, by_id));
        }
    }
    Ok(approved)
}

/// Whether a job that was collected may be packed.
pub(super) async fn is_released(home: &Home, job: &DsarJob) -> Result<bool> {
    let body = job.known()?;
    if body.collected.is_none() {
        return Ok(false);
    }
    Ok(!body.review || approved(home, job).await?.len() >= body.approvals as usize)
}

/// Whether a job waits for people now: what was approved does not.
pub async fn is_waiting(home: &Home, job: &DsarJob) -> Result<bool> {
    Ok(job.waits_for_review() && !is_released(home, job).await?)
}

/// How the review of a job stands.
pub async fn review(home: &Home, id: Uuid) -> Result<Review> {
    let job = load(home, id).await?;
    let body = job.known()?;
    let approved = approved(home, &job).await?;
    let decisions = decisions(home, id).await?;
    let standing_now = decisions.standing;
    let sections = if job.waits_for_review() {
        sections(home, &job, decisions).await?
    } else {
        let collected = body.collected.clone();
        collected.map(|it| it.sections).unwrap_or_default()
    };
    Ok(Review {
        waits: is_waiting(home, &job).await?,
        undecided: sections.iter().map(|it| it.undecided).sum(),
        sections,
        decisions: standing_now,
        wanted: if body.review { body.approvals } else { 0 },
        approved: approved.into_iter().map(|(by, _)| by).collect(),
    })
}

/// The sections of a job as things stand.
async fn sections(home: &Home, job: &DsarJob, decisions: Decisions) -> Result<Vec<SectionInfo>> {
    let shelf = work::shelf(home, job).await?;
    let collected = job.known()?.collected.clone().unwrap_or_default();
    apart(move || standing::sections(&shelf, &collected, &decisions)).await
}

/// How many rows are undecided.
async fn undecided(home: &Home, job: &DsarJob) -> Result<u64> {
    let shelf = work::shelf(home, job).await?;
    let collected = job.known()?.collected.clone().unwrap_or_default();
    let decisions = decisions(home, job.id).await?;
    apart(move || standing::undecided(&shelf, &collected, &decisions)).await
}

/// Decides about rows, all or none; each decision is recorded under its number, and in the audit.
pub async fn decide(
    home: &Home,
    actor: &Actor,
    id: Uuid,
    given: Vec<Decision>,
) -> Result<Vec<u64>> {
    let job = open(home, id).await?;
    if given.is_empty() || given.len() > MOST {
        return Err(Error::usage("1 to 10,000 decisions are taken at a time"));
    }
    let sections = job
        .known()?
        .collected
        .as_ref()
        .map(|it| it.sections.as_slice());
    for decision in &given {
        decision.check()?;
        known_section(sections, decision.section)?;
    }
    let shelf = work::shelf(home, &job).await?;
    let asked = given.clone();
    apart(move || fit(&shelf, &asked)).await?;
    let mut numbers = Vec::new();
    for decision in given {
        let details = json!({
            "section": decision.section, "row": decision.row, "verdict": decision.verdict, "act": decision.act,
            "column": decision.column, "exemption": decision.exemption, "reason": decision.reason,
        });
        let decided = Decided {
            decision,
            by: actor.name.clone(),
            by_id: actor.id.clone(),
            ..Decided::default()
        };
        numbers.push(add(home, actor, &job, &decided, ("dsar decide", details)).await?);
    }
    Ok(numbers)
}

/// Takes a decision back.
pub async fn undo(home: &Home, actor: &Actor, id: Uuid, number: u64) -> Result<u64> {
    let job = open(home, id).await?;
    let decisions = decisions(home, id).await?;
    let undone = decisions.standing_at(number);
    let undone = undone.ok_or_else(|| Error::not_found("no decision of that number stands"))?;
    let decided = Decided {
        decision: Decision {
            section: undone.decision.section,
            row: undone.decision.row,
            ..Decision::default()
        },
        by: actor.name.clone(),
        by_id: actor.id.clone(),
        undoes: Some(number),
        ..Decided::default()
    };
    add(
        home,
        actor,
        &job,
        &decided,
        ("dsar undo", json!({ "decision": number })),
    )
    .await
}

/// Approves what is to be handed out as it stands. Once enough people did, the keys of confirmed rows are followed, and it
/// is packed unless that brought rows that nobody has seen.
///
/// # Errors
/// Rows are undecided, and it was not said that they are to be left out; the job does not wait for review.
pub async fn approve(
    home: &Home,
    actor: &Actor,
    id: Uuid,
    leave_out_undecided: bool,
) -> Result<Approved> {
    let job = open(home, id).await?;
    let body = job.known()?;
    if body.is_tenant() && body.actor.id == actor.id {
        return Err(
            conflict("whoever asked for an export of everything does not approve it")
                .hint("another administrator must"),
        );
    }
    let last = last(home, &job).await?;
    let undecided = undecided(home, &job).await?;
    if undecided > 0 && !leave_out_undecided {
        let rows = if undecided == 1 { "row is" } else { "rows are" };
        let sentence = format!("{undecided} {rows} undecided and would be left out");
        return Err(conflict(sentence)
            .hint("decide about them, or approve with leaveOutUndecided (--leave-out-undecided)"));
    }
    create::record(home, actor, "dsar approve", Some(id), body).await?;
    let draft = DsarRecordDraft {
        kind: APPROVAL,
        once: Some(format!("approval of {last} by {}", actor.id)),
        body: super::json(&Approval {
            by: actor.name.clone(),
            by_id: actor.id.clone(),
            of: Some(last),
        })?,
    };
    home.store()
        .add_dsar_record(home.org(), DsarId(id), &draft)
        .await?;
    if is_released(home, &job).await? {
        run::queue(home, &job).await?;
    }
    let job = super::job(home, id).await?;
    Ok(Approved { job, undecided })
}

/// A job about which may still be decided.
async fn open(home: &Home, id: Uuid) -> Result<DsarJob> {
    let job = load(home, id).await?;
    if !job.waits_for_review() {
        let sentence = format!("the DSAR job is {} and does not wait for review", job.state);
        return Err(conflict(sentence));
    }
    if is_released(home, &job).await? {
        return Err(conflict("the DSAR job was approved and is being packed"));
    }
    Ok(job)
}

pub(super) fn known_section(sections: Option<&[SectionInfo]>, number: usize) -> Result<()> {
    let mut sections = sections.into_iter().flatten();
    if sections.any(|section| section.number == number) {
        return Ok(());
    }
    Err(Error::not_found(
        "the DSAR job has no section of that number",
    ))
}

/// Whether decisions are about rows and fields that there are.
fn fit(shelf: &Shelf, decisions: &[Decision]) -> Result<()> {
    let mut numbers: Vec<usize> = decisions.iter().map(|decision| decision.section).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let of_it = || {
            decisions
                .iter()
                .filter(|decision| decision.section == number)
        };
        let last = of_it()
            .map(|decision| decision.row)
            .max()
            .unwrap_or_default();
        let mut seen = 0;
        for row in rows(shelf, number).map_err(unkept)? {
            if seen >= last {
                break;
            }
            seen += 1;
            let row: KeptRow = row.map_err(unkept)?;
            of_it()
                .filter(|decision| decision.row == seen)
                .try_for_each(|decision| decision.fits(&row))?;
        }
        if seen < last || of_it().any(|decision| decision.row == 0) {
            return Err(Error::not_found("the section has no row of that number"));
        }
    }
    Ok(())
}

async fn add(
    home: &Home,
    actor: &Actor,
    job: &DsarJob,
    decided: &Decided,
    (action, mut details): (&str, Value),
) -> Result<u64> {
    let number = keep(home, job.id, decided, None).await?;
    details["job"] = json!(job.id);
    details["number"] = json!(number);
    record_audit(home, actor, action, details).await?;
    Ok(number.unwrap_or_default())
}

/// Records a decision; its number, unless it was recorded before under the same `once`.
pub(super) async fn keep(
    home: &Home,
    id: Uuid,
    decided: &Decided,
    once: Option<String>,
) -> Result<Option<u64>> {
    let draft = DsarRecordDraft {
        kind: DECISION,
        once,
        body: super::json(decided)?,
    };
    let added = home.store().add_dsar_record(home.org(), DsarId(id), &draft);
    Ok(added.await?)
}

/// Does what waits for a disk or a store on a thread of its own.
pub(super) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|gone| {
        Err(Error::new(ErrorKind::Unexpected, "reading ended in the middle").cause(gone))
    })
}
