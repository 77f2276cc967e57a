//! Which rows are in once it is known over which others they were reached: what hangs on a row that is out goes out too.
//!
//! A row stands by itself where it names the person, or where somebody said that it is theirs. Any other one needs a row
//! that is in and leads to it. That is found in rounds from those that stand by themselves, so rows that only lead to each
//! other in a ring do not hold each other.

use std::collections::HashSet;

use locard_app::Result;
use locard_model::Strength;

use super::decide::{Decisions, Ruling};
use super::gather::{self, KeptRow};
use super::{Collected, unkept};
use crate::keep::Shelf;

/// Whether a row is handed out, all in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is.
    In,
    /// It is outside of the period that was asked for.
    Outside,
    /// It tells no time, and was reached only over rows that are outside.
    OverOutside,
    /// It was reached only over rows that are out.
    OverOut,
    /// It is out by itself.
    Out,
}

/// Keys with which rows lead to others, by whether those rows are in.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    inside: HashSet<u64>,
    /// Of rows that are the person's, and that the period leaves out.
    outside: HashSet<u64>,
}

impl Reach {
    /// What leads where, of all that was collected. Rows are read once a round, and digests alone are kept of them.
    pub(super) fn of(shelf: &Shelf, collected: &Collected, decisions: &Decisions) -> Result<Self> {
        let mut reach = Self::default();
        let numbers: Vec<usize> = collected.sections.iter().map(|it| it.number).collect();
        loop {
            let before = reach.size();
            for number in &numbers {
                let is_direct = gather::section(shelf, *number)
                    .map_err(unkept)?
                    .over
                    .is_empty();
                for (row, at) in gather::rows(shelf, *number).map_err(unkept)?.zip(1..) {
                    let ruling = decisions.ruling(*number, at);
                    reach.take(&row.map_err(unkept)?, is_direct, &ruling);
                }
            }
            for number in 1..=collected.between {
                for row in gather::between(shelf, number).map_err(unkept)? {
                    let row = row.map_err(unkept)?;
                    reach.take(&row, row.is_direct, &Ruling::default());
                }
            }
            if reach.size() == before {
                return Ok(reach);
            }
        }
    }

    fn size(&self) -> usize {
        self.inside.len() + self.outside.len()
    }

    fn take(&mut self, row: &KeptRow, is_direct: bool, ruling: &Ruling<'_>) {
        let Some(links) = &row.links else { return };
        match self.place(row, is_direct, ruling) {
            Place::In => self.inside.extend(&links.leads),
            Place::Outside | Place::OverOutside => self.outside.extend(&links.leads),
            Place::OverOut | Place::Out => {}
        }
    }

    /// Where a row stands.
    pub(super) fn place(&self, row: &KeptRow, is_direct: bool, ruling: &Ruling<'_>) -> Place {
        let own = if row.outside {
            Place::Outside
        } else {
            Place::In
        };
        let leads = |keys: &HashSet<u64>| {
            let links = row.links.as_ref();
            links.is_some_and(|links| links.arrives.iter().any(|key| keys.contains(key)))
        };
        if !ruling.includes(row) {
            return Place::Out;
        }
        // What earlier versions kept does not tell how it was reached.
        let stands = is_direct
            || row.links.is_none()
            || row.strength == Some(Strength::Strong)
            || ruling.confirms();
        if stands || leads(&self.inside) {
            return own;
        }
        match (leads(&self.outside), row.timed) {
            // It says itself when it was: a person may be older than what they did in the period.
            (true, true) => own,
            (true, false) => Place::OverOutside,
            (false, _) => Place::OverOut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::decide::{Act, Decided, Decision, Verdict};
    use super::*;
    use crate::collect::Links;

    fn row(arrives: &[u64], leads: &[u64]) -> KeptRow {
        KeptRow {
            links: Some(Links {
                arrives: arrives.to_vec(),
                leads: leads.to_vec(),
                ..Links::default()
            }),
            ..KeptRow::default()
        }
    }

    /// The places of rows, of which the first names the person, once nothing changes any more.
    fn places(rows: &[KeptRow], recorded: Vec<(u64, Verdict)>) -> Vec<Place> {
        let decided = recorded
            .into_iter()
            .zip(1..)
            .map(|((row, verdict), number)| Decided {
                number,
                decision: Decision {
                    section: 1,
                    row,
                    verdict: Some(verdict),
                    ..Decision::default()
                },
                ..Decided::default()
            });
        let decisions = Decisions::of(decided.collect());
        let mut reach = Reach::default();
        for _ in 0..=rows.len() {
            for (row, at) in rows.iter().zip(1..) {
                reach.take(row, at == 1, &decisions.ruling(1, at));
            }
        }
        let placed = rows.iter().zip(1..);
        placed
            .map(|(row, at)| reach.place(row, at == 1, &decisions.ruling(1, at)))
            .collect()
    }

    #[test]
    fn what_hangs_on_a_row_that_is_rejected_goes_out_with_it() {
        let rows = [row(&[], &[1]), row(&[1], &[2]), row(&[2], &[])];
        assert_eq!(places(&rows, vec![]), [Place::In; 3]);
        let rejected = places(&rows, vec![(1, Verdict::Not)]);
        assert_eq!(rejected, [Place::Out, Place::OverOut, Place::OverOut]);
        let kept = places(&rows, vec![(1, Verdict::Not), (2, Verdict::Same)]);
        assert_eq!(kept, [Place::Out, Place::In, Place::In]);
        let mut strong = rows.to_vec();
        strong[1].strength = Some(Strength::Strong);
        let kept = places(&strong, vec![(1, Verdict::Not)]);
        assert_eq!(kept, [Place::Out, Place::In, Place::In]);
    }

    #[test]
    fn rows_in_a_ring_do_not_hold_each_other_and_old_ones_stay() {
        let mut rows = vec![row(&[], &[1]), row(&[1, 3], &[2]), row(&[2], &[3])];
        rows.push(KeptRow::default());
        let rejected = places(&rows, vec![(1, Verdict::Not)]);
        assert_eq!(rejected[1..3], [Place::OverOut, Place::OverOut]);
        assert_eq!(rejected[3], Place::In);
    }

    #[test]
    fn what_tells_no_time_goes_with_the_rows_outside_that_led_to_it() {
        let mut rows = [
            row(&[], &[1]),
            row(&[1], &[2]),
            row(&[2], &[]),
            row(&[1], &[]),
        ];
        rows[1].outside = true;
        rows[1].timed = true;
        assert_eq!(
            places(&rows, vec![]),
            [Place::In, Place::Outside, Place::OverOutside, Place::In]
        );
        // Who became a customer before the period has the orders of the period nevertheless.
        rows[0].outside = true;
        rows[1].outside = false;
        assert_eq!(places(&rows, vec![])[1], Place::In);
        assert_eq!(places(&rows, vec![])[3], Place::OverOutside);
    }

    #[test]
    fn an_act_confirms_as_a_verdict_does() {
        let decided = |act: Act| Decided {
            number: 1,
            decision: Decision {
                section: 1,
                row: 1,
                act: Some(act),
                ..Decision::default()
            },
            ..Decided::default()
        };
        let place = |act: Act| {
            let decisions = Decisions::of(vec![decided(act)]);
            Reach::default().place(&row(&[9], &[]), false, &decisions.ruling(1, 1))
        };
        assert_eq!(place(Act::Include), Place::In);
        assert_eq!(place(Act::Exclude), Place::Out);
    }
}
