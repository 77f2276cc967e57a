//! The weights of one column by itself: prior, values, name. One hypothesis per identifier that anything speaks for.

use std::collections::BTreeSet;

use locard_model::{FindingKind, Identifier, LogicalType};

use super::claims;
use super::figures;
use super::values::{Known, Trials, checking, listing, matching};
use super::{ColumnView, Hypothesis, Weight, sum};
use crate::evidence::RuleCounts;
use crate::header::{Clarity, Header, Kind, Reading};
use crate::rule::Within;
use crate::{Library, Rule, validators};

/// One identifier under judgement, with its weights so far.
#[derive(Clone, Debug)]
pub(super) struct Weighed {
    /// Position of the rule that speaks loudest.
    pub(super) rule: usize,
    /// Every rule of the identifier that saw something or is named by the header.
    pub(super) rules: Vec<usize>,
    pub(super) identifier: Identifier,
    /// Whether it would be a finding; look-alikes that are no personal data compete too.
    pub(super) personal: bool,
    pub(super) version: u64,
    pub(super) id: String,
    pub(super) weights: Vec<Weight>,
    pub(super) counts: Counts,
    /// Cells that hold a value of the identifier.
    pub(super) held: u64,
    /// How little else its values could be: logarithm of one in so many.
    pub(super) rarity: f64,
    /// Where it has lists of whole cells: the largest share of cells that are in one, and the share of true values that
    /// is known to be.
    pub(super) listed: Option<(f64, f64)>,
}

/// Cells behind the deciding weight.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) tested: u64,
    pub(super) matched: u64,
    pub(super) validated: u64,
    /// Matched by nothing but checks that failed.
    pub(super) failed: u64,
}

impl Weighed {
    pub(super) fn log_odds(&self) -> f64 {
        sum(&self.weights)
    }

    pub(super) fn explain(self, probability: f64, kind: FindingKind, reported: bool) -> Hypothesis {
        Hypothesis {
            kind,
            reported,
            probability,
            identifier: self.identifier,
            rule: self.id,
            version: self.version,
            weights: self.weights,
            tested: self.counts.tested,
            matched: self.held,
            validated: self.counts.validated,
        }
    }
}

/// Hypotheses of one column, in no order.
pub(super) fn column(library: &Library, view: &ColumnView<'_>, header: &Header) -> Vec<Weighed> {
    let tested = view.evidence.cells.tested;
    let distinct = if view.facts.distinct > 0.0 {
        view.facts.distinct.max(1.0)
    } else {
        tested as f64
    };
    let trials = Trials {
        tested: tested as f64,
        distinct: distinct.min(tested as f64),
    };
    let mut groups: Vec<(&Identifier, Vec<usize>)> = Vec::new();
    for (position, rule) in library.rules.iter().enumerate() {
        let named = header
            .reading(position)
            .is_some_and(|reading| reading.kind != Kind::Not);
        let saw = view
            .evidence
            .rules
            .get(&library.versions[position])
            .is_some_and(RuleCounts::saw_whole_cells);
        if !named && !saw {
            continue;
        }
        match groups
            .iter_mut()
            .find(|(identifier, _)| **identifier == rule.identifier)
        {
            Some((_, members)) => members.push(position),
            None => groups.push((&rule.identifier, vec![position])),
        }
    }
    let weigh = |(_, members)| {
        Weigher {
            library,
            view,
            header,
            trials,
        }
        .identifier(members)
    };
    let mut hypotheses: Vec<Weighed> = groups.into_iter().map(weigh).collect();
    contrast(&mut hypotheses, header);
    claims::add(library, header, &mut hypotheses);
    hypotheses
}

/// A list that explains fewer cells than a rival's speaks against its identifier: family names are in a wide list of
/// given names too, but not as often as in their own. Where a list knows none of the cells of a column that is called by
/// its identifier and nothing else, they are codes, and letters are in many lists.
fn contrast(hypotheses: &mut [Weighed], header: &Header) {
    let rates: Vec<f64> = hypotheses
        .iter()
        .map(|hypothesis| hypothesis.listed.map_or(0.0, |(rate, _)| rate))
        .collect();
    for (i, hypothesis) in hypotheses.iter_mut().enumerate() {
        let Some((own, coverage)) = hypothesis.listed else {
            continue;
        };
        let mut readings = hypothesis.rules.iter();
        let is_called = readings.any(|&rule| header.reading(rule).is_some_and(claims::claims));
        if own <= 0.0 && is_called {
            continue;
        }
        let rival = rates
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != i)
            .map(|(_, rate)| *rate)
            .fold(0.0, f64::max);
        // A list that does not know half of its own proves little by what it does not hold.
        let called = if is_called {
            figures::RIVAL_OF_CALLED
        } else {
            1.0
        };
        let value = coverage
            * called
            * (figures::RIVAL_LIST * (rival - own - figures::RIVAL_MARGIN))
                .clamp(figures::RIVAL_MOST, 0.0);
        if value < 0.0 {
            let detail = format!(
                "another list holds {:.0} % of the cells, its own {:.0} %",
                100.0 * rival,
                100.0 * own
            );
            hypothesis.weights.push(weight("rival list", detail, value));
        }
    }
}

struct Weigher<'a> {
    library: &'a Library,
    view: &'a ColumnView<'a>,
    header: &'a Header,
    trials: Trials,
}

/// What the cells say to one rule, or to several of one identifier together.
struct Said {
    weights: Vec<Weight>,
    counts: Counts,
    rarity: f64,
}

impl Said {
    fn sum(&self) -> f64 {
        sum(&self.weights)
    }
}

impl Weigher<'_> {
    fn identifier(&self, rules: Vec<usize>) -> Weighed {
        let mut best: Option<(usize, Said)> = None;
        for &rule in &rules {
            let said = self.values(&[rule]);
            // What sees nothing is no better reading than all together, which see nothing either.
            let of = &self.library.rules[rule];
            let looks = !(of.value.is_empty() && of.terms.is_empty());
            if rules.len() > 1 && looks && said.counts.matched == 0 {
                continue;
            }
            if best
                .as_ref()
                .is_none_or(|(_, loudest)| said.sum() > loudest.sum())
            {
                best = Some((rule, said));
            }
        }
        if rules.len() > 1 {
            let together = self.values(&rules);
            if best
                .as_ref()
                .is_none_or(|(_, loudest)| together.sum() > loudest.sum())
            {
                best = Some((best.map_or(rules[0], |(rule, _)| rule), together));
            }
        }
        let (position, said) = best.unwrap_or((
            rules[0],
            Said {
                weights: Vec::new(),
                counts: Counts::default(),
                rarity: 0.0,
            },
        ));
        let rule = &self.library.rules[position];
        let prior = rules
            .iter()
            .map(|&rule| self.library.rules[rule].prior)
            .fold(0.0, f64::max);
        let mut weights = vec![weight(
            "prior",
            format!("1 in {:.0} columns", 1.0 / prior),
            (prior / (1.0 - prior).max(1e-9)).ln(),
        )];
        weights.extend(said.weights);
        weights.push(self.name(&rules));
        weights.extend(self.logical_type(rule));
        Weighed {
            rule: position,
            identifier: rule.identifier.clone(),
            personal: rule.personal,
            version: self.library.versions[position],
            id: rule.id.clone(),
            listed: self.listed(&rules),
            weights,
            held: self.held(&rules, said.counts),
            counts: said.counts,
            rarity: said.rarity,
            rules,
        }
    }

    /// Cells that hold a value of the identifier: those behind the deciding weight, or more by a single rule.
    fn held(&self, rules: &[usize], deciding: Counts) -> u64 {
        let seen = rules.iter().filter_map(|&rule| {
            let version = &self.library.versions[rule];
            let seen = self.view.evidence.rules.get(version)?;
            let rest = self.left_out(rule, seen);
            Some(rest.as_ref().unwrap_or(seen).held())
        });
        let most = seen.max().unwrap_or(0).min(deciding.tested);
        most.max(deciding.matched.saturating_sub(deciding.failed))
    }

    /// The loudest of: each word list, all lists together, patterns with their checks and what the lists say to them.
    fn values(&self, rules: &[usize]) -> Said {
        let counts: Vec<(usize, RuleCounts)> = rules
            .iter()
            .map(|&rule| {
                (
                    rule,
                    self.view
                        .evidence
                        .rules
                        .get(&self.library.versions[rule])
                        .cloned()
                        .unwrap_or_default(),
                )
            })
            .collect();
        let mut options = self.lists(&counts);
        if let Some(mut patterns) = self.patterns(&counts) {
            // Most columns of a rule with lists are covered by them, but not all: names of the whole world are not known.
            if let Some(listed) = options
                .iter()
                .flat_map(|option| &option.weights)
                .max_by(|a, b| a.log_ratio.total_cmp(&b.log_ratio))
            {
                let value = listed.log_ratio.max(figures::UNLISTED);
                patterns.weights.push(Weight {
                    log_ratio: value,
                    ..listed.clone()
                });
            }
            // Where no cell has the shape and none is in a list, the lists excuse nothing.
            options.retain(|option| option.counts.matched > 0);
            options.push(patterns);
        }
        let nothing = || Said {
            weights: vec![weight("values", "the rule looks at names only".into(), 0.0)],
            counts: Counts::default(),
            rarity: 0.0,
        };
        options
            .into_iter()
            .max_by(|a, b| a.sum().total_cmp(&b.sum()))
            .unwrap_or_else(nothing)
    }

    fn patterns(&self, counts: &[(usize, RuleCounts)]) -> Option<Said> {
        let mut sums = Sums::default();
        for (rule, seen) in counts {
            let rest = self.left_out(*rule, seen);
            sums.add(&self.library.rules[*rule], rest.as_ref().unwrap_or(seen));
        }
        if sums.patterns == 0 {
            return None;
        }
        let tested = self.trials.tested;
        let (matched, lookalikes) = (sums.matched.min(tested), sums.lookalikes());
        let detail = format!(
            "{matched:.0} of {tested:.0} match; so do the values of 1 in {:.0} other columns",
            1.0 / lookalikes
        );
        let mut weights = vec![weight(
            "values",
            detail,
            matching(self.trials, matched, lookalikes),
        )];
        let mut rarity = -lookalikes.ln();
        if sums.checked > 0.0 {
            let (checked, chance) = (sums.checked.min(tested), sums.chance());
            let validated = sums.validated.min(checked);
            if validated > figures::MOSTLY_PASSED * checked {
                rarity -= chance.ln();
            }
            let value = checking(self.trials, checked, validated, chance);
            let passed = (validated, checked, chance);
            weights.push(check(sums.checks.iter().copied(), passed, value));
        }
        let counts = Counts {
            tested: tested as u64,
            matched: matched as u64,
            validated: sums.validated.min(matched) as u64,
            failed: sums.failed.min(matched) as u64,
        };
        Some(Said {
            weights,
            counts,
            rarity,
        })
    }

    fn lists(&self, counts: &[(usize, RuleCounts)]) -> Vec<Said> {
        let mut options = Vec::new();
        let (mut together, mut hits, mut chance, mut coverage) = (0, 0, 0.0_f64, 0.0_f64);
        let mut words = false;
        for (rule, seen) in counts {
            hits += seen.terms;
            for (list, count) in self.library.rules[*rule]
                .terms
                .iter()
                .zip(seen.lists.iter().chain(std::iter::repeat(&0)))
                .filter(|(list, _)| !list.is_of_strays())
                .filter(|(list, _)| list.within != Within::FirstWord || self.is_spoken_of(*rule))
            {
                together += 1;
                chance += list.chance;
                coverage = coverage.max(list.coverage);
                let known = Known {
                    coverage: list.coverage,
                    chance: list.chance,
                    words: !list.is_whole(),
                };
                words |= known.words;
                options.push(self.list(&list.list, *count, known));
            }
        }
        if together > 1 {
            let known = Known {
                coverage,
                chance: chance.min(0.5),
                words,
            };
            options.push(self.list("its word lists", hits, known));
        }
        options
    }

    /// What a rule saw without what counts only where the column's name speaks of it, which it does not; `None` where
    /// everything counts. A cell that several patterns match is left out with each.
    fn left_out(&self, rule: usize, seen: &RuleCounts) -> Option<RuleCounts> {
        let values = &self.library.rules[rule].value;
        if values.iter().all(|value| !value.named) || self.is_spoken_of(rule) {
            return None;
        }
        let mut rest = seen.clone();
        let patterns = values.iter().zip(&mut rest.patterns);
        for (_, counts) in patterns.filter(|(value, _)| value.named) {
            rest.matched = rest.matched.saturating_sub(counts[0]);
            *counts = [0; 2];
        }
        let others = rest.patterns.iter().map(|counts| counts[0]).max();
        rest.matched = rest.matched.max(others.unwrap_or_default());
        Some(rest)
    }

    /// Whether the name speaks of a rule's values, and is not what anything may be called: a `name`.
    fn is_spoken_of(&self, rule: usize) -> bool {
        let full =
            |reading: &Reading| reading.kind != Kind::Not && !reading.about && !reading.within;
        !self.header.general && self.header.reading(rule).is_some_and(full)
    }

    fn list(&self, name: &str, hits: u64, known: Known) -> Said {
        let tested = self.trials.tested;
        let hits = hits.min(tested as u64);
        let detail = format!(
            "{hits} of {tested:.0} are in {name}; of other words 1 in {:.0} is",
            1.0 / known.chance
        );
        let weights = vec![weight(
            "dictionary",
            detail,
            listing(self.trials, hits as f64, known),
        )];
        Said {
            weights,
            counts: Counts {
                tested: tested as u64,
                matched: hits,
                ..Counts::default()
            },
            rarity: -known.chance.ln(),
        }
    }

    /// Largest share of cells that are terms of one list of whole cells, and the coverage of that list.
    fn listed(&self, rules: &[usize]) -> Option<(f64, f64)> {
        let hits = rules.iter().flat_map(|&rule| {
            let lists = self.library.rules[rule].terms.iter();
            let seen = self.view.evidence.rules.get(&self.library.versions[rule]);
            let counts = seen.map_or(&[][..], |seen| &seen.lists);
            lists
                .zip(counts.iter().chain(std::iter::repeat(&0)))
                .filter(|(list, _)| list.is_whole())
                .map(|(list, count)| (*count, list.coverage))
        });
        hits.max_by_key(|(count, _)| *count)
            .map(|(count, coverage)| (count as f64 / self.trials.tested.max(1.0), coverage))
    }

    /// The loudest reading of the name by any of the rules.
    fn name(&self, rules: &[usize]) -> Weight {
        let readings = rules.iter().filter_map(|&rule| self.header.reading(rule));
        // What suggests it beside a word of a thing is that thing's: the name of a branch.
        let of_thing = |(value, detail): (f64, &'static str)| match value {
            hinted if self.header.thing && (0.0..figures::NAMED).contains(&hinted) => {
                (0.0, "suggests it of a thing")
            }
            value => (value, detail),
        };
        let whole = |reading: &Reading| reading.covers >= 1.0;
        let readings = readings.map(|reading| match read(reading) {
            said if whole(reading) => said,
            said => of_thing(said),
        });
        let loudest = readings.max_by(|a, b| a.0.total_cmp(&b.0));
        let (value, detail) = loudest.unwrap_or(match self.header.clarity {
            Clarity::Opaque => (0.0, "says nothing"),
            Clarity::Mixed => (
                figures::NAMED_UNKNOWN,
                "says something else, or nothing known",
            ),
            Clarity::Clear if self.header.thing => (figures::NAMED_THING, "names a thing"),
            Clarity::Clear => (figures::NAMED_OTHER, "says something else"),
        });
        weight(NAME, detail.into(), value)
    }

    fn logical_type(&self, rule: &Rule) -> Option<Weight> {
        let boolean = self.view.logical == LogicalType::Boolean && rule.personal;
        boolean.then(|| weight("type", "a boolean".into(), figures::BOOLEAN))
    }
}

/// What the weight of a column's name is called.
pub(super) const NAME: &str = "column name";

/// Weight of a reading with its reason.
fn read(reading: &Reading) -> (f64, &'static str) {
    match (reading.kind, reading.within, reading.about) {
        (Kind::Not, _, _) => (figures::DENIED, "a phrase that speaks against it"),
        (_, true, _) => (
            figures::NAMED_WITHIN,
            "its phrase is part of a longer one of another identifier",
        ),
        (Kind::Name, _, true) => (figures::NAMES_FACT, "names a fact about it"),
        (Kind::Name, _, false) => (
            figures::NAMED + figures::NAMED_WHOLE * reading.covers,
            "names it",
        ),
        (Kind::Hint, _, true) => (figures::HINTS_FACT, "suggests a fact about it"),
        (Kind::Hint, _, false) => (
            figures::HINTED + figures::HINTED_WHOLE * reading.covers,
            "suggests it",
        ),
    }
}

/// Counts of several rules of one identifier; a cell that two of them match counts twice and is capped by the caller.
#[derive(Default)]
struct Sums<'a> {
    patterns: usize,
    matched: f64,
    checked: f64,
    validated: f64,
    failed: f64,
    /// Weighted by matches.
    alike: f64,
    accident: f64,
    /// Matches of patterns with a validator; a cell may match several.
    tries: f64,
    hits: f64,
    /// Smallest, for columns without a match.
    least_alike: f64,
    /// The validators of the patterns that matched.
    checks: BTreeSet<&'a str>,
}

impl<'a> Sums<'a> {
    fn add(&mut self, rule: &'a Rule, seen: &RuleCounts) {
        self.matched += seen.matched as f64;
        self.checked += seen.checked as f64;
        self.validated += seen.validated as f64;
        self.failed += seen.failed as f64;
        for (value, counts) in rule
            .value
            .iter()
            .zip(seen.patterns.iter().chain(std::iter::repeat(&[0; 2])))
        {
            let share = counts[0] as f64;
            self.hits += share;
            self.alike += share * value.lookalikes;
            if let Some(validator) = &value.validator {
                self.accident += share * value.chance;
                self.tries += share;
                self.checks
                    .extend((share > 0.0).then_some(validator.as_str()));
            }
            self.least_alike = if self.patterns == 0 {
                value.lookalikes
            } else {
                self.least_alike.min(value.lookalikes)
            };
            self.patterns += 1;
        }
    }

    fn lookalikes(&self) -> f64 {
        let mean = if self.hits > 0.0 {
            self.alike / self.hits
        } else {
            self.least_alike
        };
        mean.clamp(1e-9, 1.0)
    }

    fn chance(&self) -> f64 {
        (self.accident / self.tries.max(1.0)).clamp(1e-9, 1.0)
    }
}

/// What passing the checks of these validators weighs; only some of them compute check digits.
pub(super) fn check<'a>(
    validators: impl Iterator<Item = &'a str>,
    (passed, checked, chance): (f64, f64, f64),
    log_ratio: f64,
) -> Weight {
    let names: BTreeSet<&str> = validators.collect();
    let digits = names.iter().all(|name| validators::has_check_digit(name));
    let what = if digits { "check digits" } else { "check" };
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let detail = format!(
        "{passed:.0} of {checked:.0} pass {names}; by accident 1 in {:.0} would",
        1.0 / chance
    );
    weight(what, detail, log_ratio)
}

pub(super) fn weight(what: &'static str, detail: String, log_ratio: f64) -> Weight {
    Weight {
        what: what.into(),
        log_ratio,
        detail,
    }
}
