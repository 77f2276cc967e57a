//! Numbers that the words before them name although they fail their check: typed wrongly, they still are what they are
//! called, and no telephone number begins in the middle of one.

use super::Scratch;
use super::called::CALLED;
use super::text::{Hit, TextState};
use crate::Library;

/// Failed spans that are remembered; one span fails few checks.
const MOST: usize = 32;

/// A span that a pattern matches and whose check it fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed {
    rule: u32,
    start: usize,
    end: usize,
}

impl TextState {
    /// Remembers a span that failed. Starts only grow, so that what ends before this one is forgotten.
    pub(super) fn fail(&mut self, rule: u32, (start, end): (usize, usize)) {
        if self.failed.len() >= MOST {
            self.failed.retain(|failed| failed.end > start);
        }
        if self.failed.len() < MOST {
            self.failed.push(Failed { rule, start, end });
        }
    }
}

impl Library {
    /// Drops the hits of a span that passed no check of digits where it lies within a number of another name.
    pub(super) fn give_way(&self, (start, end): (usize, usize), text: &str, scratch: &mut Scratch) {
        let TextState { hits, failed, .. } = &mut scratch.text;
        let around = |wide: &&Failed| wide.start <= start && end <= wide.end;
        if !failed.iter().any(|wide| around(&wide)) {
            return;
        }
        hits.retain(|hit| {
            let mut wider = failed.iter().filter(around);
            hit.is_sure || !wider.any(|wide| self.claims(wide, hit, text))
        });
    }

    /// Whether the words before a number that failed name it, and none that is nearer names what was found in it.
    fn claims(&self, wide: &Failed, hit: &Hit, text: &str) -> bool {
        let identifier = |rule: u32| self.rules.get(rule as usize).map(|rule| &rule.identifier);
        if identifier(wide.rule) == identifier(hit.rule) {
            return false;
        }
        let named = |rule, most| self.is_called_within(most, rule, text, wide.start);
        (1..=CALLED)
            .find_map(
                |most| match (named(wide.rule, most), named(hit.rule, most)) {
                    (_, true) => Some(false),
                    (true, false) => Some(true),
                    (false, false) => None,
                },
            )
            .unwrap_or(false)
    }
}
