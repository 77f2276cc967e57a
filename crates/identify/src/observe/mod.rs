//! One batch of cells against all rules, in phases: each step is its own loop over arrays, since a value carried through
//! all steps at once costs twice as much.
//!
//! What a reader gets wrong: counters are in rows (a cell of weight 5 counts 5), and they go to [`Evidence`] only once
//! per batch.

mod called;
mod claims;
mod holders;
mod lane;
mod names;
mod namesakes;
mod scratch;
mod terms;
mod text;
mod words;

use arrow_array::Array;
use locard_sketch::Cells;
use locard_sketch::forms::trimmed;

use crate::evidence::Named;
use crate::{Evidence, Library};

pub use holders::{is_mail, may_be_name};
pub use scratch::{Scratch, Spared};

impl Library {
    /// Adds what the rules see in these cells to the evidence of their column.
    pub fn observe(&self, cells: &Cells<'_>, evidence: &mut Evidence, scratch: &mut Scratch) {
        scratch.begin(self);
        evidence.library = self.fingerprint();
        self.look_up(cells, evidence, scratch);
        self.walk(cells, scratch);
        self.read_words(cells, evidence, scratch);
        self.search_text(cells, scratch);
        scratch.flush(self, evidence);
    }

    /// Adds what some rules see in cells that another column names as theirs; what the column's own evidence says of
    /// these cells stays as it is.
    pub fn observe_named(
        &self,
        rules: &[u32],
        cells: &Cells<'_>,
        evidence: &mut Evidence,
        scratch: &mut Scratch,
    ) {
        let mut seen = Evidence::new();
        self.observe(cells, &mut seen, scratch);
        evidence.library = self.fingerprint();
        for version in rules
            .iter()
            .filter_map(|&rule| self.versions.get(rule as usize))
        {
            let counts = seen.rules.remove(version).unwrap_or_default();
            let tested = seen.cells.tested;
            let named = Named { tested, counts };
            evidence.named.entry(*version).or_default().add(&named);
        }
    }

    /// Every cell in the merged dictionary; decides which cells are judged at all.
    fn look_up(&self, cells: &Cells<'_>, evidence: &mut Evidence, scratch: &mut Scratch) {
        let totals = &mut evidence.cells;
        scratch.live.clear();
        for (i, &hash) in cells.folded.iter().enumerate() {
            let weight = cells.weight(i);
            let blank = cells.classes.get(i).is_none_or(|classes| classes.0 == 0);
            if cells.texts.is_null(i) || blank {
                continue;
            }
            let set = self.terms.set_of(hash);
            if set != 0
                && self
                    .plan
                    .set_placeholder
                    .get(usize::from(set))
                    .copied()
                    .unwrap_or(false)
            {
                totals.placeholders += weight;
                continue;
            }
            totals.tested += weight;
            scratch.live.push(i as u32);
            if set != 0 {
                scratch.sets.add(usize::from(set), weight);
            }
        }
        scratch.count_terms(&self.plan);
    }

    /// Every judged cell through the automata; end states are counted first and expanded to rules once per batch.
    fn walk(&self, cells: &Cells<'_>, scratch: &mut Scratch) {
        scratch.whole.clear();
        scratch.whole.resize(scratch.live.len(), false);
        scratch.ends.clear();
        for &i in &scratch.live {
            let cell = cells.texts.value(i as usize);
            let value = trimmed(cell);
            let classes = cells.classes.get(i as usize).copied().unwrap_or_default();
            let classes = lane::classes_of(value, cell, classes.0);
            scratch
                .ends
                .push(scratch.lanes.walk(&self.automata, value, classes));
        }
        scratch.lanes.meet(&self.plan);
        for k in 0..scratch.ends.len() {
            let (end, i) = (scratch.ends[k], scratch.live[k] as usize);
            if end.1 != 0 {
                let cell = (trimmed(cells.texts.value(i)), cells.weight(i));
                scratch.whole[k] = scratch
                    .lanes
                    .count(end, cell, &self.plan, &mut scratch.counts);
            }
        }
        scratch.expand(&self.plan);
    }
}
