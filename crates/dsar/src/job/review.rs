//! Review before release: people look at what was collected, decide about rows, and approve.

use locard_app::{Actor, Error, ErrorKind, Home, Result, record_audit};
use locard_store::{DsarId, DsarRecordDraft};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::decide::{Decided, Decision, Decisions};
use super::gather::{KeptRow, rows, section};
use super::reach::{Place, Reach};
use super::rules::Others;
use super::{DsarJob, SectionInfo, conflict, create, learn, load, run, unkept, work};
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
    /// The sections.
    pub sections: Vec<SectionInfo>,
    /// Decisions that stand.
    pub decisions: u64,
    /// How many people must approve.
    pub wanted: u32,
    /// Who did, since the last decision.
    pub approved: Vec<String>,
}

/// A row as a reviewer sees it.
#[derive(Clone, PartialEq)]
pub struct ReviewRow {
    /// Its number in the section, from 1.
    pub row: u64,
    /// Which row of the entity it is.
    pub at: String,
    /// Why somebody must say whether it is the person's; none: nobody need.
    pub review: Option<&'static str>,
    /// Columns in which something of the person agreed.
    pub agreed: Vec<String>,
    /// How firmly it points at the person.
    pub strength: Option<&'static str>,
    /// Whether it is outside of the window, and so left out whatever is decided.
    pub outside: bool,
    /// Whether it is handed out as things stand.
    pub included: bool,
    /// Its fields.
    pub values: Map<String, Value>,
    /// Fields in which rules take out what is somebody else's.
    pub redacted: Vec<String>,
    /// What was decided about it.
    pub decisions: Vec<Decided>,
}

/// Its values are plain.
impl std::fmt::Debug for ReviewRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReviewRow({}, ***)", self.row)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Approval {
    by: String,
    by_id: String,
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

/// Who approved a job since its last decision, each once; of an export of everything, nobody who asked for it.
async fn approved(home: &Home, job: &DsarJob) -> Result<Vec<(String, String)>> {
    let body = job.known()?;
    let last = decisions(home, job.id).await?.last;
    let records = home
        .store()
        .dsar_records(home.org(), DsarId(job.id), APPROVAL)
        .await?;
    let mut approved: Vec<(String, String)> = Vec::new();
    for record in records.into_iter().filter(|record| record.number > last) {
        let Some(approval) = record.body else {
            continue;
        };
        let Approval { by, by_id } = Approval::deserialize(&approval).map_err(unreadable)?;
        let is_own = body.is_tenant() && by_id == body.actor.id;
        if !is_own && !approved.iter().any(|(_, known)| *known == by_id) {
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

/// How the review of a job stands.
pub async fn review(home: &Home, id: Uuid) -> Result<Review> {
    let job = load(home, id).await?;
    let body = job.known()?;
    let collected = body.collected.as_ref();
    let approved = approved(home, &job).await?;
    Ok(Review {
        waits: job.waits_for_review() && !is_released(home, &job).await?,
        sections: collected.map(|it| it.sections.clone()).unwrap_or_default(),
        decisions: decisions(home, id).await?.standing,
        wanted: if body.review { body.approvals } else { 0 },
        approved: approved.into_iter().map(|(by, _)| by).collect(),
    })
}

/// Rows of a section, behind the one of that number. Who looks at them is recorded.
pub async fn review_rows(
    home: &Home,
    actor: &Actor,
    id: Uuid,
    (number, after, limit): (usize, u64, usize),
) -> Result<Vec<ReviewRow>> {
    let job = load(home, id).await?;
    let body = job.known()?;
    known_section(
        body.collected.as_ref().map(|it| it.sections.as_slice()),
        number,
    )?;
    create::record(home, actor, "dsar review look", Some(id), body).await?;
    let decisions = decisions(home, id).await?;
    let engine = home.engine();
    let (mask, library) = (engine.mask().clone(), engine.library().clone());
    let shelf = work::shelf(home, &job).await?;
    let collected = body.collected.clone().unwrap_or_default();
    let (kept, known, decided) = (shelf.clone(), collected.clone(), decisions.clone());
    let subject = body.subject();
    let looked = move || learn::learned(&kept, (&known, &decided), subject);
    let subject = apart(looked).await?;
    let others = (!body.is_tenant()).then(|| Others::new(subject, mask, library, engine.keyer()));
    apart(move || {
        let reach = Reach::of(&shelf, &collected, &decisions)?;
        let meta = section(&shelf, number).map_err(unkept)?;
        let mut found = Vec::new();
        for (row, at) in rows(&shelf, number).map_err(unkept)?.zip(1..) {
            if at <= after {
                continue;
            }
            if found.len() >= limit {
                break;
            }
            let row = row.map_err(unkept)?;
            let ruling = decisions.ruling(number, at);
            let mut values = row.values.clone();
            if let Some(others) = &others {
                let judged = others.judge(&meta, &row.values);
                let by = (&judged, &ruling.revealed);
                let redacted = others.redact(&meta, &mut values, by);
                redacted.map_err(|_| Error::new(ErrorKind::Unexpected, "a row cannot be shown"))?;
            }
            let changed = values
                .iter()
                .filter(|(name, value)| row.values.get(*name) != Some(value));
            found.push(ReviewRow {
                row: at,
                included: reach.place(&row, meta.over.is_empty(), &ruling) == Place::In,
                redacted: changed.map(|(name, _)| name.clone()).collect(),
                decisions: decisions.about(number, at),
                at: row.at,
                review: row.review.map(crate::ReviewReason::as_str),
                agreed: row.agreed,
                strength: row.strength.map(locard_model::Strength::as_str),
                outside: row.outside,
                values: row.values,
            });
        }
        Ok(found)
    })
    .await
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
            "column": decision.column, "exemption": decision.exemption,
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

/// Approves what is to be handed out as it stands. Once enough people did, it is packed.
pub async fn approve(home: &Home, actor: &Actor, id: Uuid) -> Result<DsarJob> {
    let job = open(home, id).await?;
    let body = job.known()?;
    if body.is_tenant() && body.actor.id == actor.id {
        return Err(
            conflict("whoever asked for an export of everything does not approve it")
                .hint("another administrator must"),
        );
    }
    create::record(home, actor, "dsar approve", Some(id), body).await?;
    let last = decisions(home, id).await?.last;
    let draft = DsarRecordDraft {
        kind: APPROVAL,
        once: Some(format!("approval of {last} by {}", actor.id)),
        body: super::json(&Approval {
            by: actor.name.clone(),
            by_id: actor.id.clone(),
        })?,
    };
    home.store()
        .add_dsar_record(home.org(), DsarId(id), &draft)
        .await?;
    if is_released(home, &job).await? {
        run::queue(home, &job).await?;
    }
    super::job(home, id).await
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

fn known_section(sections: Option<&[SectionInfo]>, number: usize) -> Result<()> {
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
    let draft = DsarRecordDraft {
        kind: DECISION,
        once: None,
        body: super::json(decided)?,
    };
    let number = home
        .store()
        .add_dsar_record(home.org(), DsarId(job.id), &draft)
        .await?;
    details["job"] = json!(job.id);
    details["number"] = json!(number);
    record_audit(home, actor, action, details).await?;
    Ok(number.unwrap_or_default())
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
