//! Looking at rows that were collected, as reviewers do.

use std::collections::BTreeMap;

use locard_app::{Actor, Home, Result};
use locard_model::Spelling;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::decide::{Decided, Decisions};
use super::gather::{KeptRow, Meta, rows, section};
use super::reach::{Place, Reach};
use super::review::{apart, decisions, known_section};
use super::rules::{Others, Taken};
use super::{Collected, DsarJob, conflict, create, learn, load, review, unkept, work};
use crate::keep::Shelf;

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
    /// Of these columns those in which the person is spelled otherwise than they were given.
    pub spelled: BTreeMap<String, Spelling>,
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
    /// What rules take out of them, part by part.
    pub taken: Vec<Taken>,
    /// What was decided about it.
    pub decisions: Vec<Decided>,
    /// Those by which people take fields or parts of them out, as things stand.
    pub redactions: Vec<Decided>,
}

/// Its values are plain.
impl std::fmt::Debug for ReviewRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReviewRow({}, ***)", self.row)
    }
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
    // One person alone must not come to everybody's rows.
    let is_own = body.scope.with_rows && body.actor.id == actor.id;
    if is_own && !review::is_released(home, &job).await? {
        let message = "whoever asked for the rows of everything sees none before it is approved";
        return Err(conflict(message).hint("another administrator must approve it"));
    }
    create::record(home, actor, "dsar review look", Some(id), body).await?;
    let collected = body.collected.clone().unwrap_or_default();
    let look = Look {
        shelf: work::shelf(home, &job).await?,
        decisions: decisions(home, id).await?,
        others: others(home, &job, &collected).await?,
        collected,
    };
    apart(move || look.rows(number, after, limit)).await
}

/// Who tells what in rows of a job is somebody else's; `None` where it is about nobody.
async fn others(home: &Home, job: &DsarJob, collected: &Collected) -> Result<Option<Others>> {
    let body = job.known()?;
    if body.is_tenant() {
        return Ok(None);
    }
    let (shelf, known) = (work::shelf(home, job).await?, collected.clone());
    let (decided, subject) = (decisions(home, job.id).await?, body.subject());
    let looked = move || learn::learned(&shelf, (&known, &decided), subject);
    let subject = apart(looked).await?;
    let engine = home.engine();
    let (mask, library) = (engine.mask().clone(), engine.library().clone());
    Ok(Some(Others::new(subject, mask, library, engine.keyer())))
}

/// A look at rows of a job.
struct Look {
    shelf: Shelf,
    collected: Collected,
    decisions: Decisions,
    others: Option<Others>,
}

impl Look {
    fn rows(&self, number: usize, after: u64, limit: usize) -> Result<Vec<ReviewRow>> {
        let reach = Reach::of(&self.shelf, &self.collected, &self.decisions)?;
        let meta = section(&self.shelf, number).map_err(unkept)?;
        let mut found = Vec::new();
        for (row, at) in rows(&self.shelf, number).map_err(unkept)?.zip(1..) {
            if found.len() >= limit {
                break;
            }
            if at > after {
                found.push(self.row((&meta, &reach), at, row.map_err(unkept)?));
            }
        }
        Ok(found)
    }

    fn row(&self, (meta, reach): (&Meta, &Reach), at: u64, row: KeptRow) -> ReviewRow {
        let number = meta.info.number;
        let ruling = self.decisions.ruling(number, at);
        let others = self.others.as_ref();
        let taken = others.map(|others| {
            let judged = others.judge(meta, &row.values);
            others.taken(meta, &row.values, (&judged, &ruling.revealed))
        });
        let taken = taken.unwrap_or_default();
        let mut redacted: Vec<String> = taken.iter().map(|it| it.column.clone()).collect();
        redacted.dedup();
        ReviewRow {
            row: at,
            included: reach.place(&row, meta.over.is_empty(), &ruling) == Place::In,
            redacted,
            taken,
            decisions: self.decisions.about(number, at),
            redactions: ruling.redactions.iter().copied().cloned().collect(),
            at: row.at,
            review: row.review.map(crate::ReviewReason::as_str),
            agreed: row.agreed,
            spelled: row.spelled,
            strength: row.strength.map(locard_model::Strength::as_str),
            outside: row.outside,
            values: row.values,
        }
    }
}
