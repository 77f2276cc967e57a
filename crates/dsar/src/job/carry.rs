//! Decisions of a review that stand again: a job that repeats another takes over what was decided there about rows that are
//! the same and unchanged. Whatever differs is looked at anew.
//!
//! It is done behind the step to PACKAGING, when numbers of sections and rows stay. Each decision is taken over once, so
//! whoever begins again after a crash ends with the same.

use std::collections::{BTreeMap, HashMap, VecDeque};

use locard_app::{Actor, ErrorKind, Result, record_audit};
use locard_model::DsarState;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::amend::{Step, amend};
use super::decide::{Carried, Decided, Decisions};
use super::gather::{self, KeptRow, Meta};
use super::review::{self, apart};
use super::work::{WORKER, Worker, shelf};
use super::{Body, Collected, DsarJob, load, unkept};
use crate::keep::Shelf;

/// Whether rows came about which something may have been decided in the job that this one repeats.
pub(super) fn is_due(body: &Body) -> bool {
    let collected = body.collected.as_ref();
    body.retry_of.is_some() && collected.is_some_and(|it| it.carried < it.sections.len())
}

impl Worker<'_> {
    /// Takes over what stands again.
    pub(super) async fn carry(&self, job: &DsarJob) -> Result<()> {
        let (body, before) = (job.known()?, self.repeated(job).await?);
        let collected = body.collected.clone().unwrap_or_default();
        let (sections, behind) = (collected.sections.len(), collected.carried);
        let mut again = Again::default();
        if let Some((old, old_shelf)) = &before {
            let decisions = review::decisions(self.home, old.id).await?;
            let known = old.known()?.collected.clone().unwrap_or_default();
            let (old_shelf, new_shelf) = (old_shelf.clone(), shelf(self.home, job).await?);
            again = apart(move || {
                Again::of(
                    (&old_shelf, &known, &decisions),
                    (&new_shelf, &collected, behind),
                )
            })
            .await?;
            self.take_over(job, old, &again).await?;
        }
        // What comes later with confirmed rows is not missing yet, and is not missing a second time.
        again.missing = if behind == 0 { again.missing } else { 0 };
        let note = before.and_then(|(old, _)| again.told(&old.name()));
        amend(self.home, self.id, &[DsarState::Packaging], |body, _| {
            if let Some(collected) = &mut body.collected {
                collected.carried = sections;
            }
            Ok(match &note {
                Some(note) => Step::told(WORKER, note.as_str()),
                None => Step::default(),
            })
        })
        .await?;
        Ok(())
    }

    /// The job that this one repeats, and what is kept of it; none where it was destroyed.
    async fn repeated(&self, job: &DsarJob) -> Result<Option<(DsarJob, Shelf)>> {
        let Some(id) = job.known()?.retry_of else {
            return Ok(None);
        };
        let found: Result<_> = async {
            let old = load(self.home, id).await?;
            old.known()?;
            let shelf = shelf(self.home, &old).await?;
            Ok((old, shelf))
        }
        .await;
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn take_over(&self, job: &DsarJob, old: &DsarJob, again: &Again) -> Result<()> {
        for decided in &again.decisions {
            let number = decided.carried.as_ref().map(|it| it.number);
            let once = format!("carried {} {}", old.id, number.unwrap_or_default());
            review::keep(self.home, job.id, decided, Some(once)).await?;
        }
        if again.decisions.is_empty() {
            return Ok(());
        }
        let details = json!({
            "job": job.id, "from": old.id, "decisions": again.decisions.len(), "rows": again.rows,
        });
        let worker = Actor {
            id: WORKER.to_owned(),
            name: WORKER.to_owned(),
        };
        record_audit(self.home, &worker, "dsar carry", details).await
    }
}

/// What stands again.
#[derive(Debug, Default, PartialEq)]
struct Again {
    /// In the order in which they were decided, about rows of the new job.
    decisions: Vec<Decided>,
    /// Rows that they are about.
    rows: u64,
    /// Rows that were decided about, and that are not there as they were.
    missing: u64,
}

/// What was decided about rows that are equal, each row's in its order.
type ByRow = HashMap<[u8; 32], VecDeque<Vec<Decided>>>;

impl Again {
    /// Compares rows, of the new job those of sections behind a number.
    fn of(
        (old, known, decisions): (&Shelf, &Collected, &Decisions),
        (new, collected, behind): (&Shelf, &Collected, usize),
    ) -> Result<Self> {
        let mut decided = ByRow::new();
        for info in &known.sections {
            if decisions.of_section(info.number).is_empty() {
                continue;
            }
            let meta = gather::section(old, info.number).map_err(unkept)?;
            for (row, at) in gather::rows(old, info.number).map_err(unkept)?.zip(1..) {
                let about = decisions.about(info.number, at);
                if !about.is_empty() {
                    let id = digest(&meta, &row.map_err(unkept)?);
                    decided.entry(id).or_default().push_back(about);
                }
            }
        }
        let mut again = Self::default();
        for info in collected.sections.iter().filter(|it| it.number > behind) {
            if decided.is_empty() {
                break;
            }
            let meta = gather::section(new, info.number).map_err(unkept)?;
            for (row, at) in gather::rows(new, info.number).map_err(unkept)?.zip(1..) {
                let id = digest(&meta, &row.map_err(unkept)?);
                again.take(&mut decided, &id, (info.number, at));
            }
        }
        again.missing = decided.values().map(|rows| rows.len() as u64).sum();
        again
            .decisions
            .sort_by_key(|it| it.carried.as_ref().map(|carried| carried.number));
        Ok(again)
    }

    fn take(&mut self, decided: &mut ByRow, id: &[u8; 32], (section, row): (usize, u64)) {
        let Some(about) = decided.get_mut(id).and_then(VecDeque::pop_front) else {
            return;
        };
        self.rows += 1;
        self.decisions.extend(about.into_iter().map(|mut decided| {
            let at = decided.carried.as_ref().map_or(decided.at, |it| it.at);
            decided.carried = Some(Carried {
                number: decided.number,
                at,
            });
            (decided.decision.section, decided.decision.row) = (section, row);
            decided
        }));
    }

    /// The same in a sentence; none where there is nothing to tell.
    fn told(&self, old: &str) -> Option<String> {
        if self.rows + self.missing == 0 {
            return None;
        }
        let stands = format!(
            "what was decided in {old} about {} stands, since nothing of them changed",
            rows(self.rows)
        );
        let missing = format!(
            "{} of those decided about there changed or went, and must be decided about again",
            rows(self.missing)
        );
        Some(match (self.rows, self.missing) {
            (_, 0) => stands,
            (0, _) => missing,
            _ => format!("{stands}; {missing}"),
        })
    }
}

fn rows(count: u64) -> String {
    let rows = if count == 1 { "row" } else { "rows" };
    format!("{count} {rows}")
}

/// A row as what was decided about it depends on: where it is, and all that is in it. Its place in a file is none of that.
fn digest(meta: &Meta, row: &KeptRow) -> [u8; 32] {
    let values: BTreeMap<&String, &Value> = row.values.iter().collect();
    let info = &meta.info;
    let all = json!([info.source, info.entity, info.resource, values, row.cut]);
    Sha256::digest(all.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::super::decide::{Decision, Verdict};
    use super::*;

    fn row(id: u64, name: &str, at: &str) -> (Meta, KeptRow) {
        let values = json!({ "id": id, "name": name });
        let row = KeptRow {
            at: at.to_owned(),
            values: values.as_object().cloned().unwrap_or_default(),
            ..KeptRow::default()
        };
        (Meta::default(), row)
    }

    fn decided(number: u64, row: u64) -> Decided {
        Decided {
            number,
            decision: Decision {
                section: 1,
                row,
                verdict: Some(Verdict::Not),
                ..Decision::default()
            },
            ..Decided::default()
        }
    }

    /// What stands of decisions about old rows, numbered from 1, in new ones.
    fn again(old: &[(Meta, KeptRow)], new: &[(Meta, KeptRow)]) -> (Again, usize) {
        let mut by_row = ByRow::new();
        for ((meta, row), at) in old.iter().zip(1..) {
            let about = vec![decided(at, at)];
            by_row
                .entry(digest(meta, row))
                .or_default()
                .push_back(about);
        }
        let mut again = Again::default();
        for ((meta, row), at) in new.iter().zip(1..) {
            again.take(&mut by_row, &digest(meta, row), (2, at));
        }
        (again, by_row.values().map(VecDeque::len).sum())
    }

    #[test]
    fn a_row_that_moved_is_the_same_and_one_that_changed_is_not() {
        let old = [row(1, "Anna", "row 1"), row(2, "Anna", "row 2")];
        let new = [
            row(3, "Anna", "row 1"),
            row(2, "Anne", "row 2"),
            row(1, "Anna", "row 3"),
        ];
        let (again, left) = again(&old, &new);
        let stands: Vec<_> = again
            .decisions
            .iter()
            .map(|it| (it.decision.section, it.decision.row))
            .collect();
        assert_eq!((stands, again.rows, left), (vec![(2, 3)], 1, 1));
        let carried = again.decisions[0].carried.as_ref().unwrap();
        assert_eq!(carried.number, 1);
    }

    #[test]
    fn of_rows_that_are_equal_as_many_are_decided_about_as_were() {
        let twin = || row(1, "Anna", "row 1");
        let (again, left) = again(&[twin()], &[twin(), twin()]);
        assert_eq!((again.rows, left), (1, 0));
    }

    #[test]
    fn it_is_told_how_many_stand_and_how_many_do_not() {
        let told = |rows, missing| {
            let again = Again {
                rows,
                missing,
                ..Again::default()
            };
            again.told("dsar:1").unwrap_or_default()
        };
        assert_eq!(told(0, 0), "");
        assert!(told(2, 0).contains("about 2 rows stands"));
        assert!(told(0, 1).starts_with("1 row of"), "{}", told(0, 1));
        assert!(told(2, 3).contains("; 3 rows"));
    }
}
