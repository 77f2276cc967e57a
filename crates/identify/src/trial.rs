//! Trying values against the rules, without a table: for rule authors and `locard rules test`.

use std::cell::RefCell;

use arrow_array::StringViewArray;
use locard_model::{Identifier, LogicalType};
use locard_sketch::Preparer;

use crate::evidence::RuleCounts;
use crate::{ColumnFacts, ColumnJudgement, ColumnView, Evidence, Library, Rule, Scratch};

/// What one rule says to one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The rule.
    pub rule: String,
    /// What it recognises.
    pub identifier: Identifier,
    /// How the value matched.
    pub how: How,
    /// Whether the validator passed; `None` where the matching patterns have none.
    pub validated: Option<bool>,
    /// Positions of the rule's patterns that match the whole value and whose validators passed.
    pub patterns: Vec<usize>,
}

/// How a value matched a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// A pattern matched the whole value.
    Pattern,
    /// The value, or its words, are in a word list.
    Terms,
    /// A match inside the value.
    Inside,
}

impl Trial {
    /// Whether nothing speaks against it: a pattern with a validator counts only if that passed.
    pub fn holds(&self) -> bool {
        self.validated != Some(false)
    }
}

thread_local! {
    /// Kept from value to value: what the automata learnt is dear.
    static TOOLS: RefCell<(Preparer, Scratch)> = RefCell::default();
}

impl Library {
    /// Everything the rules say to one value.
    pub fn test(&self, value: &str) -> Vec<Trial> {
        let evidence = self.evidence_of(&[value]);
        let mut trials = Vec::new();
        for (rule, version) in self.rules.iter().zip(&self.versions) {
            let Some(counts) = evidence.rules.get(version) else {
                continue;
            };
            let mut add = |how, validated, patterns| {
                let trial = Trial {
                    rule: rule.id.clone(),
                    identifier: rule.identifier.clone(),
                    how,
                    validated,
                    patterns,
                };
                trials.push(trial);
            };
            if counts.matched > 0 {
                let plain = counts
                    .patterns
                    .iter()
                    .zip(&rule.value)
                    .any(|(seen, value)| seen[0] > 0 && value.validator.is_none());
                let validated = (!plain).then_some(counts.validated > 0);
                add(How::Pattern, validated, holding(counts, rule));
            }
            if counts.terms > 0 {
                add(How::Terms, None, Vec::new());
            }
            if counts.embedded > 0 {
                add(How::Inside, None, Vec::new());
            }
        }
        trials
    }

    /// The patterns of a rule by each of which so many whole cells of a column were counted; `None` where the evidence
    /// is of another version of the rule.
    pub fn patterns_of(&self, rule: &str, evidence: &Evidence, cells: u64) -> Option<Vec<usize>> {
        let counts = evidence.rules.get(&self.version(rule)?)?;
        let patterns = &self.rule(rule)?.value;
        let seen = counts.patterns.iter().zip(patterns).enumerate();
        let counted: Vec<usize> = seen
            .filter(|(_, (seen, value))| seen[usize::from(value.validator.is_some())] == cells)
            .map(|(at, _)| at)
            .collect();
        (!counted.is_empty()).then_some(counted)
    }

    /// Whether it was inside so many cells of a column that a rule found something.
    pub fn is_inside(&self, rule: &str, evidence: &Evidence, cells: u64) -> bool {
        let version = self.version(rule);
        let counts = version.and_then(|version| evidence.rules.get(&version));
        counts.is_some_and(|counts| counts.embedded_cells == cells)
    }

    /// Judges a column made of these values, each repeated as often as a small table needs.
    pub fn test_column(&self, name: &str, values: &[&str]) -> Option<ColumnJudgement> {
        const ROWS: usize = 60;
        let rows: Vec<&str> = values
            .iter()
            .copied()
            .cycle()
            .take(if values.is_empty() {
                0
            } else {
                ROWS.max(values.len())
            })
            .collect();
        let evidence = self.evidence_of(&rows);
        // The values stand for a whole column like them, so that repetition here is no sign of few distinct values.
        let facts = ColumnFacts {
            rows: rows.len() as u64,
            values: rows.len() as u64,
            distinct: rows.len() as f64,
            ..ColumnFacts::default()
        };
        let column = ColumnView {
            name,
            logical: LogicalType::Text,
            facts,
            evidence: &evidence,
            derived: false,
        };
        self.judge("", &[column]).pop()
    }

    pub(crate) fn evidence_of(&self, values: &[&str]) -> Evidence {
        let texts = StringViewArray::from_iter_values(values);
        let mut evidence = Evidence::new();
        TOOLS.with_borrow_mut(|(preparer, scratch)| {
            self.observe(&preparer.prepare(&texts), &mut evidence, scratch);
        });
        evidence
    }
}

/// The patterns that matched the one cell of these counts and found nothing against it.
fn holding(counts: &RuleCounts, rule: &Rule) -> Vec<usize> {
    let seen = counts.patterns.iter().zip(&rule.value).enumerate();
    seen.filter(|(_, (seen, value))| seen[usize::from(value.validator.is_some())] > 0)
        .map(|(at, _)| at)
        .collect()
}
