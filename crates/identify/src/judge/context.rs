//! What the other columns of the table say: a table about persons, in which countries. Its name is not weighed.

use std::collections::HashMap;

use locard_model::{Category, Role};

use super::shares;
use super::weigh::{Weighed, weight};
use crate::{Library, Rule};

/// What was learned from the whole table before its columns are decided.
pub(super) struct Context {
    /// Per column: probability that some other column tells of persons.
    persons: Vec<f64>,
    /// Regions that the columns agree on, with the probability of each.
    regions: HashMap<String, Vec<(usize, f64)>>,
    /// Per rule: category, role and regions are looked up here.
    rules: Vec<Facts>,
}

struct Facts {
    category: Category,
    role: Role,
    regions: Vec<String>,
}

impl Context {
    pub(super) fn of(library: &Library, seen: &[Vec<Weighed>]) -> Self {
        let mut context = Self {
            persons: Vec::new(),
            regions: HashMap::new(),
            rules: library.rules.iter().map(Facts::of).collect(),
        };
        let mut tells = Vec::with_capacity(seen.len());
        for (column, weighed) in seen.iter().enumerate() {
            let shares = shares(weighed);
            let mut telling = 0.0;
            for (hypothesis, share) in weighed.iter().zip(shares) {
                let facts = &context.rules[hypothesis.rule];
                if hypothesis.personal && tells_persons(facts) {
                    telling += share;
                }
                if share > 0.6 && hypothesis.personal && facts.regions.len() <= 2 {
                    for region in &facts.regions {
                        context
                            .regions
                            .entry(region.clone())
                            .or_default()
                            .push((column, share));
                    }
                }
            }
            tells.push(telling);
        }
        context.persons = (0..tells.len())
            .map(|column| any_other(&tells, column))
            .collect();
        context
    }

    /// Adds what the neighbours say to a hypothesis of a column.
    pub(super) fn add(&self, column: usize, hypothesis: &mut Weighed) {
        if !hypothesis.personal {
            return;
        }
        let Some(facts) = self.rules.get(hypothesis.rule) else {
            return;
        };
        let persons = self.persons.get(column).copied().unwrap_or(0.5);
        if self.persons.len() > 1 {
            let (up, down) = if facts.role == Role::Unique {
                (0.6, 0.3)
            } else {
                (1.2, 0.9)
            };
            let value = (persons - 0.5) * 2.0 * if persons > 0.5 { up } else { down };
            hypothesis.weights.push(weight(
                "neighbours",
                format!("tell of persons with probability {persons:.2}"),
                value,
            ));
        }
        if facts.category == Category::GovernmentId && (1..=2).contains(&facts.regions.len()) {
            let agree = facts
                .regions
                .iter()
                .filter_map(|region| self.regions.get(region))
                .flatten();
            if agree.clone().any(|&(other, _)| other != column) {
                hypothesis.weights.push(weight(
                    "neighbours",
                    format!("come from {}", facts.regions.join(", ")),
                    1.0,
                ));
            }
        }
    }
}

impl Facts {
    fn of(rule: &Rule) -> Self {
        Self {
            category: rule.category,
            role: rule.role,
            regions: rule.regions.clone(),
        }
    }
}

/// Identifiers that make a table one about persons.
fn tells_persons(facts: &Facts) -> bool {
    matches!(facts.category, Category::Identity | Category::GovernmentId)
        || (facts.category == Category::Contact && facts.role != Role::None)
        || (facts.category == Category::Demographic && facts.role == Role::Weak)
}

fn any_other(tells: &[f64], column: usize) -> f64 {
    let none = tells
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != column)
        .map(|(_, tells)| 1.0 - tells);
    1.0 - none.product::<f64>()
}
