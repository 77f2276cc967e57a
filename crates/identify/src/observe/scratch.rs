//! Buffers and counters of one batch, kept between batches so that nothing is allocated per batch.

use std::sync::Arc;

use super::lane::Lanes;
use crate::Evidence;
use crate::Library;
use crate::evidence::RuleCounts;
use crate::library::{Plan, Walker};
use crate::rule::Embedded;

/// Buffers of [`Library::observe`]; one per thread, reused for every batch.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Fingerprint of the library the buffers are shaped for, and its sets of lists: lists that no rule refers to make more of
    /// them under the same fingerprint.
    library: (u64, usize),
    /// Positions of the cells that are judged.
    pub(super) live: Vec<u32>,
    /// Per judged cell: its lane, and the number of the set its walk ended in.
    pub(super) ends: Vec<(u32, u32)>,
    /// Per judged cell: whether the whole cell is a value that would also be searched in text.
    pub(super) whole: Vec<bool>,
    pub(super) sets: Histogram,
    pub(super) lanes: Lanes,
    /// One for each way in which text is searched.
    pub(super) text_walkers: [Walker; 2],
    pub(super) counts: Counts,
    pub(super) specs: Vec<u64>,
    pub(super) words: super::words::Words,
    pub(super) text: super::text::TextState,
    pub(super) spared: Spared,
}

impl Scratch {
    /// Counts none of these values inside text, until others are named.
    pub fn spare(&mut self, spared: &Spared) {
        self.spared = spared.clone();
    }
}

/// Values inside text that count for nothing.
#[derive(Clone, Default)]
pub struct Spared(Option<Arc<IsSpared>>);

/// Whether a value is spared.
type IsSpared = dyn Fn(&str) -> bool + Send + Sync;

impl Spared {
    /// Those of which this is true.
    pub fn new(is_spared: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(is_spared)))
    }

    pub(super) fn has(&self, value: &str) -> bool {
        self.0.as_ref().is_some_and(|is_spared| is_spared(value))
    }
}

impl std::fmt::Debug for Spared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Spared").field(&self.0.is_some()).finish()
    }
}

/// Counters of one rule in one batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RuleSums {
    pub(super) matched: u64,
    pub(super) checked: u64,
    pub(super) validated: u64,
    pub(super) failed: u64,
    pub(super) terms: u64,
    pub(super) embedded_cells: u64,
    pub(super) embedded: u64,
    pub(super) embedded_checked: u64,
    pub(super) embedded_passed: u64,
    pub(super) in_context: u64,
    /// Whether anything was counted in this batch.
    touched: bool,
}

/// What was counted for rules and patterns in this batch.
#[derive(Debug, Default)]
pub(super) struct Counts {
    rules: Vec<RuleSums>,
    touched: Vec<u32>,
    patterns: Vec<[u64; 2]>,
}

impl Counts {
    fn shape(&mut self, library: &Library) {
        self.rules = vec![RuleSums::default(); library.rules.len()];
        self.touched.clear();
        self.patterns = vec![[0; 2]; library.plan.patterns.len()];
    }

    /// The counters of a rule, marked as touched.
    pub(super) fn rule(&mut self, rule: u32) -> &mut RuleSums {
        let sums = &mut self.rules[rule as usize];
        if !std::mem::replace(&mut sums.touched, true) {
            self.touched.push(rule);
        }
        sums
    }

    /// Judges one value by the patterns of its end state, some of which need more than the automaton; tells whether a
    /// pattern that is also searched in text holds.
    pub(super) fn check(&mut self, plan: &Plan, set: &[u32], text: &str, weight: u64) -> bool {
        let mut embedded = false;
        let patterns = |&pattern: &u32| (pattern, &plan.patterns[pattern as usize]);
        for group in
            set.chunk_by(|&a, &b| plan.patterns[a as usize].rule == plan.patterns[b as usize].rule)
        {
            let (mut matched, mut checked, mut validated, mut plain) = (false, false, false, false);
            for (number, pattern) in group.iter().map(patterns) {
                if !pattern.fits(text.len()) {
                    continue;
                }
                matched = true;
                self.patterns[number as usize][0] += weight;
                let passed = pattern.validator.is_none_or(|validator| validator(text));
                if pattern.validator.is_some() {
                    checked = true;
                    validated |= passed;
                    self.patterns[number as usize][1] += weight * u64::from(passed);
                } else {
                    plain = true;
                }
                embedded |= pattern.embedded == Embedded::Always && passed;
            }
            if matched {
                let sums = self.rule(plan.patterns[group[0] as usize].rule);
                sums.matched += weight;
                sums.checked += weight * u64::from(checked);
                sums.validated += weight * u64::from(validated);
                sums.failed += weight * u64::from(!plain && !validated);
            }
        }
        embedded
    }
}

/// Counts by small number, with the list of those that are not zero.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    touched: Vec<u32>,
}

impl Histogram {
    fn shape(&mut self, size: usize) {
        self.counts.clear();
        self.counts.resize(size, 0);
        self.touched.clear();
    }

    pub(super) fn grow(&mut self, size: usize) {
        if self.counts.len() < size {
            self.counts.resize(size, 0);
        }
    }

    #[inline]
    pub(super) fn add(&mut self, number: usize, weight: u64) {
        if let Some(count) = self.counts.get_mut(number) {
            if *count == 0 {
                self.touched.push(number as u32);
            }
            *count += weight;
        }
    }

    /// Hands out what was counted and forgets it.
    pub(super) fn drain(&mut self, mut each: impl FnMut(usize, u64)) {
        for number in self.touched.drain(..) {
            if let Some(count) = self.counts.get_mut(number as usize) {
                each(number as usize, std::mem::take(count));
            }
        }
    }
}

impl Scratch {
    /// Shapes the buffers for this library, if they are not yet.
    pub(super) fn begin(&mut self, library: &Library) {
        let plan = &library.plan;
        let shape = (library.fingerprint(), plan.set_specs.len());
        if self.library == shape {
            return;
        }
        self.library = shape;
        self.sets.shape(plan.set_specs.len());
        self.counts.shape(library);
        self.specs = vec![0; plan.specs.len()];
        self.lanes = Lanes::default();
        self.text_walkers = [Walker::default(), Walker::default()];
        self.text.shape();
    }

    /// Expands the sets of lists that were hit to rules.
    pub(super) fn count_terms(&mut self, plan: &Plan) {
        let Self {
            sets,
            counts,
            specs,
            ..
        } = self;
        sets.drain(|set, weight| {
            let mut last = u32::MAX;
            for &spec in &*plan.set_specs[set] {
                let rule = plan.specs[spec as usize].rule;
                specs[spec as usize] += weight;
                if rule != last {
                    counts.rule(rule).terms += weight;
                }
                last = rule;
            }
        });
    }

    /// Expands the end states that were counted to patterns and rules.
    pub(super) fn expand(&mut self, plan: &Plan) {
        let Self { lanes, counts, .. } = self;
        lanes.drain(|set, weight| {
            let mut last = u32::MAX;
            for &pattern in set {
                counts.patterns[pattern as usize][0] += weight;
                let rule = plan.patterns[pattern as usize].rule;
                if rule != last {
                    counts.rule(rule).matched += weight;
                }
                last = rule;
            }
        });
    }

    /// Moves everything counted into the evidence.
    pub(super) fn flush(&mut self, library: &Library, evidence: &mut Evidence) {
        let Counts {
            rules,
            touched,
            patterns: counted,
        } = &mut self.counts;
        for rule in touched.drain(..).map(|rule| rule as usize) {
            let patterns = library.plan.rule_patterns[rule] as usize
                ..library.plan.rule_patterns[rule + 1] as usize;
            let specs =
                library.plan.rule_specs[rule] as usize..library.plan.rule_specs[rule + 1] as usize;
            let sums = std::mem::take(&mut rules[rule]);
            let part = RuleCounts {
                matched: sums.matched,
                checked: sums.checked,
                validated: sums.validated,
                failed: sums.failed,
                terms: sums.terms,
                embedded_cells: sums.embedded_cells,
                embedded: sums.embedded,
                embedded_checked: sums.embedded_checked,
                embedded_passed: sums.embedded_passed,
                in_context: sums.in_context,
                patterns: counted[patterns].iter_mut().map(std::mem::take).collect(),
                lists: self.specs[specs].iter_mut().map(std::mem::take).collect(),
            };
            evidence
                .rules
                .entry(library.versions[rule])
                .or_default()
                .add(&part);
        }
    }
}
