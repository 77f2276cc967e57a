//! The column around what is found in a part of it: what its name, its shape and its likely identifiers say for or against
//! that.

use locard_model::{Category, Identifier, Role};
use locard_sketch::ClassMask;

use super::claims::CLAIM;
use super::figures;
use super::weigh::{NAME, Weighed, weight};
use super::{ColumnView, Weight};
use crate::Library;
use crate::header::Header;
use crate::library::Walker;
use crate::rule::Example;

/// The column in which strays are looked for.
pub(super) struct Column<'a> {
    pub(super) library: &'a Library,
    pub(super) view: &'a ColumnView<'a>,
    pub(super) header: &'a Header,
    /// What the column may be as a whole, with the probability of each.
    pub(super) hypotheses: &'a [Weighed],
    pub(super) shares: &'a [f64],
}

impl Column<'_> {
    /// What the column's name says for an identifier; names are given to columns, so it is capped for a part of one.
    pub(super) fn name_of(&self, identifier: &Identifier) -> Option<Weight> {
        let mut hypotheses = self.hypotheses.iter();
        let whole = hypotheses.find(|hypothesis| hypothesis.identifier == *identifier)?;
        let name = whole.weights.iter().find(|weight| weight.what == NAME)?;
        (name.log_ratio > 0.0).then(|| Weight {
            log_ratio: name.log_ratio.min(figures::NAMED_INSIDE),
            ..name.clone()
        })
    }

    /// What the column's name says for strays of a rule, or against them as far as they are what the column is about: of
    /// the other cells it may speak alone. What is called a `name` or a `code` and nothing else may hold one of anything.
    pub(super) fn spoken_against(&self, position: usize, cells: u64) -> Option<Weight> {
        if self.header.general {
            return None;
        }
        let identifier = &self.library.rules[position].identifier;
        let share = cells as f64 / (self.view.evidence.cells.tested as f64).max(1.0);
        let mut hypotheses = self.hypotheses.iter();
        let whole = hypotheses.find(|hypothesis| hypothesis.identifier == *identifier)?;
        let name = whole
            .weights
            .iter()
            .filter(|weight| [NAME, CLAIM].contains(&&*weight.what));
        let said: f64 = name.map(|weight| weight.log_ratio).sum();
        let detail = format!("speaks against {:.0} % of the cells", 100.0 * share);
        (said < 0.0).then(|| weight(NAME, detail, share * said))
    }

    /// What it weighs for names that as many cells hold telephone numbers or addresses of mail: whom one calls or writes
    /// to is a person more often than a product.
    pub(super) fn beside_contacts(&self, cells: u64) -> Weight {
        let library = self.library;
        let contacts = library.rules.iter().zip(&library.versions);
        let contacts = contacts.filter(|(rule, _)| {
            rule.personal && rule.category == Category::Contact && rule.role != Role::None
        });
        let seen = contacts.filter_map(|(_, version)| self.view.evidence.rules.get(version));
        let most = seen.map(|counts| counts.embedded_cells).max().unwrap_or(0);
        let share = most.min(cells) as f64 / cells.max(1) as f64;
        let detail = format!("{:.0} % as many cells hold contact data", 100.0 * share);
        weight("contacts", detail, figures::BESIDE_CONTACTS * share)
    }

    /// What it weighs against names that no word names, this share of all, that the column is one of roads or places:
    /// they are called like whom they honour.
    pub(super) fn of_honours(&self, unnamed: f64) -> Option<Weight> {
        let is_place = |hypothesis: &Weighed| {
            let category = self.library.rules[hypothesis.rule].category;
            category == Category::Location || hypothesis.identifier.as_str() == "STREET_ADDRESS"
        };
        let places = self.hypotheses.iter().zip(self.shares);
        let places = places.filter(|(hypothesis, _)| is_place(hypothesis));
        let share: f64 = places.map(|(_, share)| share).sum();
        let detail = format!("are called like people, {:.0} % likely", 100.0 * share);
        (share > figures::TELLS).then(|| {
            weight(
                "roads and places",
                detail,
                figures::NAMESAKES * 2.0 * share * unnamed,
            )
        })
    }

    /// What it weighs against so many cells that they look like the rest: a column of codes of one shape has its shape
    /// from its own scheme, also where some of the codes happen to look like something else.
    pub(super) fn usual(&self, cells: f64) -> f64 {
        // Of all values: where a column is thinned out, too many of those that look like no other are tested.
        let values = self.view.facts.values as f64;
        let usual = self.view.facts.top_shape * values;
        if usual <= cells {
            return 0.0;
        }
        let least = ((usual + cells - values) / cells).max(0.0);
        figures::USUAL * least
    }

    /// What it weighs against cells of a rule that the column's likely identifiers explain them.
    pub(super) fn explained(&self, rule: usize, cells: f64) -> f64 {
        let tested = (self.view.evidence.cells.tested as f64).max(1.0);
        let mut walker = Walker::default();
        let mut sum = 0.0;
        for (hypothesis, share) in self.hypotheses.iter().zip(self.shares) {
            if *share < 0.02 || hypothesis.identifier == self.library.rules[rule].identifier {
                continue;
            }
            let own = (hypothesis.counts.matched as f64).min(tested);
            let least = ((own + cells - tested) / cells).clamp(0.0, 1.0);
            let overlap = if least < 1.0 && self.alike(rule, hypothesis, &mut walker) {
                least.max(own / tested)
            } else {
                least
            };
            sum += share * overlap * hypothesis.rarity;
        }
        sum
    }

    /// Whether values of the one can be values of the other: some example of either matches the other, or some number
    /// matches both.
    fn alike(&self, rule: usize, hypothesis: &Weighed, walker: &mut Walker) -> bool {
        let mut matches = |examples: &[Example], rules: &[usize]| {
            let mut whole = examples.iter().filter(|example| !example.embedded);
            whole.any(|example| self.matches(example.text.as_bytes(), rules, walker))
        };
        let rules = &self.library.rules;
        matches(&rules[rule].example, &hypothesis.rules)
            || hypothesis
                .rules
                .iter()
                .any(|&other| matches(&rules[other].example, &[rule]))
            || self.share_a_number(rule, &hypothesis.rules, walker)
    }

    /// Whether a number of ones behind some first digit is a value of both: examples have not all lengths.
    fn share_a_number(&self, rule: usize, others: &[usize], walker: &mut Walker) -> bool {
        (FEWEST_DIGITS..=MOST_DIGITS)
            .filter(|&length| {
                self.admits(rule, length) && others.iter().any(|&other| self.admits(other, length))
            })
            .any(|length| {
                (b'0'..=b'9').any(|first| {
                    let mut number = [b'1'; MOST_DIGITS];
                    number[0] = first;
                    let number = &number[..length];
                    self.matches(number, &[rule], walker) && self.matches(number, others, walker)
                })
            })
    }

    /// Whether some pattern of a rule may match so many digits.
    fn admits(&self, rule: usize, length: usize) -> bool {
        let library = self.library;
        let ends = library.plan.rule_patterns.get(rule..=rule + 1);
        let Some(&[first, end]) = ends else {
            return false;
        };
        (first..end).any(|pattern| library.automata.admits(pattern, length, ClassMask::DIGIT))
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

/// Digits of numbers that two identifiers may have in common.
const FEWEST_DIGITS: usize = 6;
const MOST_DIGITS: usize = 20;

/// The probability of something of these log-odds.
pub(super) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
