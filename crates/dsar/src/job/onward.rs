//! Going on from rows that reviewers confirmed, before a job is packed: what carries their keys comes as new sections behind
//! those that there are, whose numbers and rows stay.
//!
//! Nothing is noted of how far that is. Every time a job is released all confirmed rows are taken for the beginning of a walk:
//! reads that were kept are replayed, rows that are there do not come again, and when nothing new comes it is packed. So
//! whoever goes on after a crash does the same as whoever begins.

use std::sync::Arc;

use locard_app::{CancellationToken, Error, ErrorKind, Result};
use locard_model::DsarState;

use super::amend::{Step, amend};
use super::decide::{Decisions, Ruling};
use super::gather::{self, Gather, KeptRow};
use super::review::{self, apart};
use super::work::{WORKER, Worker, before, not_searched, options, shelf, timeless};
use super::{Collected, DsarJob, narrow, unkept};
use crate::collect::{Extract, Onward, Seed, collect_onward};
use crate::keep::Shelf;

impl Worker<'_> {
    /// Follows keys of confirmed rows; whether rows came that nobody has seen, so that the job waits for people again.
    pub(super) async fn go_on(&self, job: &DsarJob, cancel: &CancellationToken) -> Result<bool> {
        let body = job.known()?;
        let decisions = review::decisions(self.home, job.id).await?;
        let Some(known) = body.collected.clone().filter(|_| decisions.confirm_any()) else {
            return Ok(false);
        };
        let shelf = shelf(self.home, job).await?;
        let (kept, before_it) = (shelf.clone(), known.clone());
        let onward = apart(move || onward(&kept, &before_it, &decisions)).await?;
        if onward.seeds.is_empty() {
            return Ok(false);
        }
        let shelf = shelf.after(before(self.home, body).await?);
        let narrow = narrow::narrowed(self.home, &body.scope).await?;
        let counters = Arc::clone(&self.counters);
        let entities = narrow.entities.clone();
        let gather = Gather::new(shelf.clone(), &body.scope, entities, counters);
        let mut gather = gather.behind(&known);
        let options = options(body, &narrow);
        let mut extract = collect_onward(
            self.home,
            (&options, onward),
            (&mut gather, Some(&shelf)),
            self.reporter,
            cancel,
        )
        .await?;
        if cancel.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, "collecting was stopped"));
        }
        narrow::only_asked(self.home, &narrow, &mut extract.not_searched).await?;
        self.take_in(known, &extract, &gather).await
    }

    /// Takes down what came.
    async fn take_in(&self, known: Collected, extract: &Extract, gather: &Gather) -> Result<bool> {
        self.held().await?;
        let came = extract_rows(&known, gather);
        let mut all = with(known, extract, gather);
        let is_new = came > 0;
        if is_new {
            all.seen = review::newest(self.home, self.id).await?;
            all.at = Some(self.home.store().clock().await?);
        }
        let rows = if came == 1 { "row" } else { "rows" };
        let note = format!(
            "{came} {rows} came over keys of rows that were confirmed; they are to be looked at and approved"
        );
        amend(self.home, self.id, &[DsarState::Packaging], |body, _| {
            let progress = &mut body.progress;
            progress.rows_collected += came;
            progress.rows_expected = Some(progress.rows_collected);
            progress.sections = all.sections.len() as u64;
            body.collected = Some(all.clone());
            Ok(if is_new {
                Step::told(WORKER, note.as_str())
            } else {
                Step::default()
            })
        })
        .await?;
        Ok(is_new)
    }
}

/// Rows that are in new sections.
fn extract_rows(known: &Collected, gather: &Gather) -> u64 {
    let new = gather.sections.iter().skip(known.sections.len());
    new.map(|it| it.included + it.review + it.outside).sum()
}

/// What was collected before, and now besides.
fn with(mut known: Collected, extract: &Extract, gather: &Gather) -> Collected {
    known.sections.clone_from(&gather.sections);
    known.between = gather.between;
    for gap in not_searched(extract) {
        if !known.not_searched.contains(&gap) {
            known.not_searched.push(gap);
        }
    }
    for warning in timeless(gather) {
        if !known.warnings.contains(&warning) {
            known.warnings.push(warning);
        }
    }
    known
}

/// Where to go on from: rows for review that somebody confirmed.
fn onward(shelf: &Shelf, collected: &Collected, decisions: &Decisions) -> Result<Onward> {
    let mut onward = Onward::default();
    for info in &collected.sections {
        let meta = gather::section(shelf, info.number).map_err(unkept)?;
        for (row, at) in gather::rows(shelf, info.number).map_err(unkept)?.zip(1..) {
            let ruling = decisions.ruling(info.number, at);
            if let Some(keys) = take(&mut onward, row.map_err(unkept)?, &ruling) {
                let path = meta.path.clone();
                onward.seeds.push(Seed { path, keys });
            }
        }
    }
    for number in 1..=collected.between {
        for row in gather::between(shelf, number).map_err(unkept)? {
            take(&mut onward, row.map_err(unkept)?, &Ruling::default());
        }
    }
    Ok(onward)
}

/// Takes note of a row; its keys, if they are to be followed now.
fn take(
    onward: &mut Onward,
    row: KeptRow,
    ruling: &Ruling<'_>,
) -> Option<Vec<(locard_model::RelationId, Vec<String>)>> {
    let links = row.links?;
    onward.rows.extend(links.row);
    if row.review.is_none() {
        onward.followed.extend(links.leads);
        return None;
    }
    (ruling.confirms() && !links.keys.is_empty()).then_some(links.keys)
}

#[cfg(test)]
mod tests {
    use super::super::decide::{Decided, Decision, Verdict};
    use super::*;
    use crate::ReviewReason;
    use crate::collect::{Links, RowId};

    fn row(id: u128, review: Option<ReviewReason>) -> KeptRow {
        let relation = locard_model::RelationId(uuid::Uuid::nil());
        KeptRow {
            review,
            links: Some(Links {
                row: Some(RowId::Placed(id)),
                leads: vec![id as u64],
                keys: vec![(relation, vec![id.to_string()])],
                ..Links::default()
            }),
            ..KeptRow::default()
        }
    }

    #[test]
    fn only_rows_that_somebody_confirmed_lead_on_and_none_comes_again() {
        let decided = |row: u64, verdict| Decided {
            number: row,
            decision: Decision {
                section: 1,
                row,
                verdict: Some(verdict),
                ..Decision::default()
            },
            ..Decided::default()
        };
        let recorded = vec![
            decided(1, Verdict::Same),
            decided(2, Verdict::Same),
            decided(3, Verdict::Not),
        ];
        let decisions = Decisions::of(recorded);
        let weak = Some(ReviewReason::Weak);
        let mut onward = Onward::default();
        let rows = [row(1, None), row(2, weak), row(3, weak), row(4, weak)];
        let leads: Vec<bool> = rows
            .into_iter()
            .zip(1..)
            .map(|(row, at)| take(&mut onward, row, &decisions.ruling(1, at)).is_some())
            .collect();
        assert_eq!(leads, [false, true, false, false]);
        assert_eq!(onward.rows.len(), 4);
        assert_eq!(onward.followed, [1].into());
    }
}
