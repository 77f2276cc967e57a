//! What the other columns of the table say: a table about persons, in which countries. Its name is not weighed.

use std::collections::HashMap;

use locard_model::{Category, Role};

use super::figures::{
    BESIDE_CARD, BESIDE_NONE, BESIDE_NONE_UNIQUE, BESIDE_PERSONS, BESIDE_PERSONS_UNIQUE,
    SAME_REGION, TELLS, TELLS_REGION,
};
use super::shares;
use super::weigh::{Weighed, weight};
use super::whose::Beside;
use crate::{Library, Rule};

/// What was learned from the whole table before its columns are decided.
pub(super) struct Context {
    /// Per column: probability that some other column tells of persons.
    persons: Vec<f64>,
    /// Per column: probability that some other column holds numbers of payment cards.
    cards: Vec<f64>,
    /// Per column: what some other column tells of whose names are in the table.
    beside: Vec<Beside>,
    /// Regions that the columns agree on, with the probability of each.
    regions: HashMap<String, Vec<(usize, f64)>>,
    /// Per rule: category, role and regions are looked up here.
    rules: Vec<Facts>,
}

struct Facts {
    category: Category,
    role: Role,
    regions: Vec<String>,
    of_cards: bool,
}

/// The number of a payment card, and what else is on one.
const CARD: &str = "CREDIT_CARD";
const ON_CARDS: [&str; 2] = ["CARD_EXPIRY", "CARD_SECURITY_CODE"];

impl Context {
    pub(super) fn of(library: &Library, seen: &[Vec<Weighed>]) -> Self {
        let mut context = Self {
            persons: Vec::new(),
            cards: Vec::new(),
            beside: Vec::new(),
            regions: HashMap::new(),
            rules: library.rules.iter().map(Facts::of).collect(),
        };
        let mut tells = Vec::with_capacity(seen.len());
        let mut cards = Vec::with_capacity(seen.len());
        let mut besides = Vec::with_capacity(seen.len());
        for (column, weighed) in seen.iter().enumerate() {
            let shares = shares(weighed);
            let (mut telling, mut card) = (0.0, 0.0);
            let mut beside = Beside::default();
            for (hypothesis, share) in weighed.iter().zip(shares) {
                beside.add(&library.rules[hypothesis.rule], share);
                let facts = &context.rules[hypothesis.rule];
                if hypothesis.personal && tells_persons(facts) {
                    telling += share;
                }
                if hypothesis.identifier.as_str() == CARD {
                    card += share;
                }
                if share > TELLS_REGION && hypothesis.personal && facts.regions.len() <= 2 {
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
            cards.push(card);
            besides.push(beside);
        }
        context.persons = any_other(&tells);
        context.cards = any_other(&cards);
        let of =
            |what: fn(&Beside) -> f64| any_other(&besides.iter().map(what).collect::<Vec<_>>());
        let (own, mail, bank) = (
            of(|beside| beside.own),
            of(|beside| beside.mail),
            of(|beside| beside.bank),
        );
        let all = own.into_iter().zip(mail).zip(bank);
        let all = all.map(|((own, mail), bank)| Beside { own, mail, bank });
        context.beside = all.collect();
        context
    }

    /// What the other columns tell of whose names are in this one.
    pub(super) fn beside(&self, column: usize) -> Beside {
        self.beside.get(column).copied().unwrap_or_default()
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
            let (some, none) = if facts.role == Role::Unique {
                (BESIDE_PERSONS_UNIQUE, BESIDE_NONE_UNIQUE)
            } else {
                (BESIDE_PERSONS, BESIDE_NONE)
            };
            // From what it weighs that none does, over nothing at one half, to what it weighs that one surely does.
            let value = if persons > 0.5 {
                some * (2.0 * persons - 1.0)
            } else {
                none * (1.0 - 2.0 * persons)
            };
            hypothesis.weights.push(weight(
                "neighbours",
                format!("tell of persons with probability {persons:.2}"),
                value,
            ));
        }
        let card = self.cards.get(column).copied().unwrap_or_default();
        if facts.of_cards && card > 0.5 {
            let detail = format!("hold payment cards with probability {card:.2}");
            let value = BESIDE_CARD * (2.0 * card - 1.0);
            hypothesis.weights.push(weight("neighbours", detail, value));
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
                    SAME_REGION,
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
            of_cards: ON_CARDS.contains(&rule.identifier.as_str()),
        }
    }
}

/// Identifiers that make a table one about persons.
fn tells_persons(facts: &Facts) -> bool {
    matches!(facts.category, Category::Identity | Category::GovernmentId)
        || (facts.category == Category::Contact && facts.role != Role::None)
        || (facts.category == Category::Demographic && facts.role == Role::Weak)
}

/// For each column, whether some other one tells of persons. Of a column that as likely as not does nothing is taken: what
/// hundreds of columns of noise might be by accident, at a few in a hundred each, is no sign of persons, however many
/// there are.
fn any_other(tells: &[f64]) -> Vec<f64> {
    let none = |tells: &f64| 1.0 - ((tells - TELLS) / (1.0 - TELLS)).clamp(0.0, 1.0);
    // That none of those before a column does, then with those behind it.
    let mut others = Vec::with_capacity(tells.len());
    let mut before = 1.0;
    for tells in tells {
        others.push(before);
        before *= none(tells);
    }
    let mut behind = 1.0;
    for (other, tells) in others.iter_mut().zip(tells).rev() {
        *other = 1.0 - *other * behind;
        behind *= none(tells);
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_says_nothing_of_persons_however_many_columns_there_are() {
        for columns in [3, 300, 3000] {
            for noise in [0.02, 0.2, 0.45] {
                let tells = vec![noise; columns];
                assert!(any_other(&tells)[1] < 1e-9, "{columns} columns at {noise}");
            }
        }
        let mut tells = vec![0.02; 300];
        tells[7] = 0.99;
        assert!(any_other(&tells)[1] > 0.95, "one that is sure is heard");
        assert!(any_other(&tells)[7] < 1e-9, "by the others");
        assert!(any_other(&[0.8, 0.8, 0.1])[2] > any_other(&[0.8, 0.1, 0.1])[2]);
        assert!(any_other(&[]).is_empty());
    }
}
