//! Findings besides the column's label: identifiers inside longer text, and a few cells that are something else than the
//! rest of the column.

use locard_model::{FindingKind, Identifier};

use super::values::{LOOSE, Trials, checking};
use super::weigh::Weighed;
use super::{ColumnView, Judged};
use crate::evidence::RuleCounts;
use crate::library::Walker;
use crate::rule::{Example, Role, ValuePattern};
use crate::{Library, Rule};

/// Findings less likely than this are not worth a person's time.
const THRESHOLD: f64 = 0.5;
/// A column in which more cells match than this has a label, or none for a reason.
const MOST_STRAY: f64 = 0.7;

pub(super) fn findings(column: &Column<'_>, label: Option<&Identifier>) -> Vec<Judged> {
    let Column { library, view, .. } = column;
    let mut found: Vec<Judged> = Vec::new();
    for (position, (rule, version)) in library.rules.iter().zip(&library.versions).enumerate() {
        let Some(counts) = view.evidence.rules.get(version) else {
            continue;
        };
        if !rule.personal || label == Some(&rule.identifier) {
            continue;
        }
        let options = [
            embedded(rule, counts, view),
            stray(position, counts, column),
        ];
        for judged in options
            .into_iter()
            .flatten()
            .filter(|judged| judged.confidence > THRESHOLD)
        {
            match found
                .iter_mut()
                .find(|other| other.identifier == judged.identifier && other.kind == judged.kind)
            {
                Some(other) if other.confidence >= judged.confidence => {}
                Some(other) => *other = judged,
                None => found.push(judged),
            }
        }
    }
    found
}

/// Inside text the rarity of the pattern, passed checks, words of context and repetition speak for a match.
fn embedded(rule: &Rule, counts: &RuleCounts, view: &ColumnView<'_>) -> Option<Judged> {
    let cells = counts.embedded_cells as f64;
    if cells <= 0.0 {
        return None;
    }
    let totals = &view.evidence.cells;
    let tested = totals.tested.max(1) as f64;
    let patterns = rule.value.iter().filter(|value| value.embedded);
    let alike = patterns
        .clone()
        .map(|value| value.lookalikes)
        .fold(f64::INFINITY, f64::min);
    let mut log_odds = 0.5 * cells.ln().min(5.0);
    if alike.is_finite() {
        let chance = patterns.map(|value| value.chance).fold(0.0, f64::max);
        let (checked, passed) = (
            counts.embedded_checked as f64,
            counts.embedded_passed as f64,
        );
        let trials = Trials {
            tested: checked,
            distinct: checked,
        };
        let context = counts.in_context as f64 / counts.embedded.max(1) as f64;
        log_odds += -5.5 - 0.8 * alike.max(1e-6).ln()
            + checking(trials, checked, passed, chance).clamp(-12.0, 4.0);
        log_odds +=
            3.0 * context.sqrt() + 3.0 * ((totals.texts + totals.phrases) as f64 / tested - 0.5);
    } else if rule
        .terms
        .iter()
        .any(|list| list.embedded && list.beside.is_none())
    {
        // Single terms are said of many things, so that only repetition tells.
        log_odds += -2.0 + 0.5 * cells.ln().min(5.0);
    } else {
        // Words of lists: names of firms and goods are made of names too, so short phrases do not count.
        log_odds += -4.0 + 6.0 * (totals.texts as f64 / tested).sqrt();
    }
    let mut judged = judged(rule, FindingKind::Embedded, probability(log_odds), view);
    judged.matched = counts.embedded_cells;
    Some(judged)
}

/// Whole cells of a rare pattern in a column that is something else, or a mixture.
///
/// A pattern must be selective by itself: unlike a column's label it has neither a name nor most of the cells on its
/// side, and hundreds of patterns are tried. What the rest of the column explains speaks against it.
fn stray(position: usize, counts: &RuleCounts, column: &Column<'_>) -> Option<Judged> {
    let rule = &column.library.rules[position];
    if !matches!(rule.role, Role::Unique | Role::Shared) {
        return None;
    }
    let tested = column.view.evidence.cells.tested as f64;
    let (mut log_odds, mut sure) = (f64::NEG_INFINITY, 0);
    for (value, seen) in rule.value.iter().zip(&counts.patterns) {
        let matched = seen[0] as f64;
        let sure_ones = seen[usize::from(value.validator.is_some())];
        if sure_ones == 0 || matched / tested > MOST_STRAY {
            continue;
        }
        let cells = sure_ones as f64;
        let odds = STRAY - 0.9 * value.lookalikes.max(1e-7).ln()
            + checks(value, matched, cells)
            + 0.35 * cells.ln().min(5.0)
            - column.usual(cells);
        if odds > log_odds {
            (log_odds, sure) = (odds, sure_ones);
        }
    }
    // What other identifiers explain costs walks over examples, so it is asked last.
    if probability(log_odds) <= THRESHOLD {
        return None;
    }
    log_odds -= column.explained(position, sure as f64);
    let mut judged = judged(rule, FindingKind::Stray, probability(log_odds), column.view);
    judged.matched = sure;
    Some(judged)
}

/// Before anything is seen: how rarely a column holds a few cells of some identifier that it is not about, among all
/// the patterns that are tried.
const STRAY: f64 = -7.0;

/// Weight of the checks that these cells of a pattern passed. One of shape or range, which half of all values pass, says
/// nothing by being passed.
fn checks(value: &ValuePattern, matched: f64, passed: f64) -> f64 {
    if value.validator.is_none() {
        return 0.0;
    }
    let trials = Trials {
        tested: matched,
        distinct: matched,
    };
    let most = if value.chance < LOOSE { 6.0 } else { 0.0 };
    checking(trials, matched, passed, value.chance).clamp(-12.0, most)
}

/// The column in which strays are looked for.
pub(super) struct Column<'a> {
    pub(super) library: &'a Library,
    pub(super) view: &'a ColumnView<'a>,
    /// What the column may be as a whole, with the probability of each.
    pub(super) candidates: &'a [Weighed],
    pub(super) shares: &'a [f64],
}

impl Column<'_> {
    /// What it weighs against so many cells that they look like the rest: a column of codes of one shape has its shape
    /// from its own scheme, also where some of the codes happen to look like something else.
    fn usual(&self, cells: f64) -> f64 {
        let tested = self.view.evidence.cells.tested as f64;
        let usual = self.view.facts.top_shape * tested;
        if usual <= cells {
            return 0.0;
        }
        let least = ((usual + cells - tested) / cells).max(0.0);
        USUAL * least
    }

    /// What it weighs against cells of a rule that the column's likely identifiers explain them.
    fn explained(&self, rule: usize, cells: f64) -> f64 {
        let tested = (self.view.evidence.cells.tested as f64).max(1.0);
        let mut walker = Walker::default();
        let mut sum = 0.0;
        for (candidate, share) in self.candidates.iter().zip(self.shares) {
            if *share < 0.02 || candidate.identifier == self.library.rules[rule].identifier {
                continue;
            }
            let own = (candidate.counts.matched as f64).min(tested);
            let least = ((own + cells - tested) / cells).clamp(0.0, 1.0);
            let overlap = if least < 1.0 && self.alike(rule, candidate, &mut walker) {
                least.max(own / tested)
            } else {
                least
            };
            sum += share * overlap * candidate.rarity;
        }
        sum
    }

    /// Whether values of the one can be values of the other: some example of either matches the other.
    fn alike(&self, rule: usize, candidate: &Weighed, walker: &mut Walker) -> bool {
        let mut matches = |examples: &[Example], rules: &[usize]| {
            let mut whole = examples.iter().filter(|example| !example.embedded);
            whole.any(|example| self.matches(example.text.as_bytes(), rules, walker))
        };
        let rules = &self.library.rules;
        matches(&rules[rule].example, &candidate.rules)
            || candidate
                .rules
                .iter()
                .any(|&other| matches(&rules[other].example, &[rule]))
    }

    fn matches(&self, text: &[u8], rules: &[usize], walker: &mut Walker) -> bool {
        let plan = &self.library.plan;
        let end = walker.end(self.library.automata.all(), text);
        walker.set(end).iter().any(|&pattern| {
            plan.patterns
                .get(pattern as usize)
                .is_some_and(|plan| plan.fits(text.len()) && rules.contains(&(plan.rule as usize)))
        })
    }
}

/// What it weighs that all cells in question have the usual shape of a column most of which is something else.
const USUAL: f64 = 6.0;

fn judged(rule: &Rule, kind: FindingKind, confidence: f64, view: &ColumnView<'_>) -> Judged {
    Judged {
        identifier: rule.identifier.clone(),
        kind,
        confidence,
        category: rule.category,
        sensitivity: rule.sensitivity,
        rules: vec![rule.id.clone()],
        tested: view.evidence.cells.tested,
        matched: 0,
        validated: 0,
    }
}

fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
