//! Likelihood ratios of what was counted: rates of matching patterns, check digits, words in lists.
//!
//! What a reader gets wrong: repeated values are no independent evidence, so counts are scaled down to the number of
//! distinct values, and even many values never prove more than the look-alikes of a pattern allow.

use super::figures::{
    BROKEN, COVERAGE_KNOWN, DIRTY, LEAST_SAME_CHECK, LEAST_SAME_WORDS, MATCH_OF_CELL,
    MATCHES_AT_MOST, MISMATCH_POWER, MOST_SAID, MOST_SAME_WORDS, MOST_TRIALS, PASSED_CLEAN,
    PASSED_DIRTY, REPEATED, REPEATED_POWER, SAME_CHECK, SAME_CHECK_POWER, SAME_WORDS, UNLUCKY,
    UNLUCKY_MOST, UNLUCKY_TIMES,
};

/// How many cells were judged, and how many of them were distinct.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trials {
    pub(super) tested: f64,
    pub(super) distinct: f64,
}

impl Trials {
    /// Independent trials among so many cells.
    fn independent(&self, cells: f64) -> f64 {
        if self.tested <= 0.0 {
            return 0.0;
        }
        (cells * self.distinct / self.tested)
            .max(cells.min(1.0))
            .min(cells)
            .min(MOST_TRIALS)
    }

    fn rate(&self, cells: f64) -> f64 {
        if self.tested <= 0.0 {
            0.0
        } else {
            (cells / self.tested).min(1.0)
        }
    }
}

/// Weight of the share of cells that match a pattern of which `lookalikes` of all other columns match too.
pub(super) fn matching(trials: Trials, matched: f64, lookalikes: f64) -> f64 {
    let rate = trials.rate(matched);
    let independent = trials.independent(trials.tested);
    let mine = BROKEN + (1.0 - BROKEN) * rate.powi(MISMATCH_POWER);
    let noise = (-rate * (MATCH_OF_CELL * independent).min(MATCHES_AT_MOST)).exp();
    (mine / (lookalikes + (1.0 - lookalikes) * noise)).ln()
}

/// Weight of the share of matches that pass a check which accidental matches pass with that chance.
pub(super) fn checking(trials: Trials, checked: f64, validated: f64, chance: f64) -> f64 {
    if checked <= 0.0 || chance >= 1.0 {
        return 0.0;
    }
    let independent = trials.independent(checked);
    let passed = independent * (validated / checked).min(1.0);
    let at = |rate: f64| passed * rate.ln() + (independent - passed) * (1.0 - rate).ln();
    let mine = either(
        (1.0 - DIRTY).ln() + at(PASSED_CLEAN),
        DIRTY.ln() + at(PASSED_DIRTY),
    );
    // A loose check (a range of years) is passed by whole columns of other things; a check digit by few, a strict
    // scheme by next to none.
    let same = (SAME_CHECK * chance.powf(SAME_CHECK_POWER)).max(LEAST_SAME_CHECK);
    let other = either(
        (1.0 - same).ln() + at(chance.min(PASSED_CLEAN)),
        same.ln() + mine,
    );
    (mine - other).clamp(-MOST_SAID, MOST_SAID)
}

/// Logarithm of the sum of two likelihoods given as logarithms.
fn either(a: f64, b: f64) -> f64 {
    let high = a.max(b);
    high + ((a - high).exp() + (b - high).exp()).ln()
}

/// What is known about a word list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Share of true values that it covers.
    pub(super) coverage: f64,
    /// Chance that a word of something else is in it.
    pub(super) chance: f64,
    /// Whether single words of a cell are looked up.
    pub(super) words: bool,
}

/// Weight of the share of cells that are words of a list.
pub(super) fn listing(trials: Trials, hits: f64, known: Known) -> f64 {
    let Known {
        coverage,
        chance,
        words,
    } = known;
    let independent = trials.independent(trials.tested);
    let found = independent * trials.rate(hits);
    let at = |rate: f64| likelihood(found, independent, rate.clamp(1e-4, 0.995));
    let mine = over_rates(&at, |rate| {
        rate.powf(COVERAGE_KNOWN * coverage - 1.0)
            * (1.0 - rate).powf(COVERAGE_KNOWN * (1.0 - coverage) - 1.0)
    });
    let mut accident =
        (1.0 - UNLUCKY) * at(chance) + UNLUCKY * at((chance * UNLUCKY_TIMES).min(UNLUCKY_MOST));
    if words {
        let repeated = over_rates(&at, |rate| (1.0 - rate).powf(REPEATED_POWER));
        accident = (1.0 - REPEATED) * accident + REPEATED * repeated;
    }
    let alike = over_rates(&at, |_| 1.0);
    let same = (SAME_WORDS * chance).clamp(LEAST_SAME_WORDS, MOST_SAME_WORDS);
    ratio(mine, (1.0 - same) * accident + same * alike).max(BROKEN.ln())
}

/// Mean likelihood over all rates of hits, each with that weight.
fn over_rates(likelihood: &dyn Fn(f64) -> f64, weight: impl Fn(f64) -> f64) -> f64 {
    const STEPS: u32 = 40;
    let rates = (0..STEPS).map(|step| (f64::from(step) + 0.5) / f64::from(STEPS));
    let (sum, total) = rates.fold((0.0, 0.0), |(sum, total), rate| {
        let weight = weight(rate);
        (sum + weight * likelihood(rate), total + weight)
    });
    sum / total
}

/// Likelihood of so many successes, up to the number of orders, which every ratio loses.
fn likelihood(successes: f64, trials: f64, rate: f64) -> f64 {
    (successes * rate.ln() + (trials - successes) * (1.0 - rate).ln()).exp()
}

fn ratio(mine: f64, other: f64) -> f64 {
    ((mine + f64::MIN_POSITIVE) / (other + f64::MIN_POSITIVE))
        .ln()
        .clamp(-MOST_SAID, MOST_SAID)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: Trials = Trials {
        tested: 2000.0,
        distinct: 1900.0,
    };

    #[test]
    fn a_rare_pattern_that_always_matches_weighs_as_much_as_its_lookalikes_are_rare() {
        assert!((matching(MANY, 1990.0, 1e-4) - 1e4_f64.ln()).abs() < 0.1);
        assert!((matching(MANY, 1990.0, 0.05) - 20_f64.ln()).abs() < 0.1);
        assert!(matching(MANY, 0.0, 1e-4) < -5.0);
    }

    #[test]
    fn few_values_prove_little() {
        let one = Trials {
            tested: 1.0,
            distinct: 1.0,
        };
        assert!(matching(one, 1.0, 1e-4) < 2.0);
        let constant = Trials {
            tested: 5000.0,
            distinct: 1.0,
        };
        assert!(matching(constant, 5000.0, 1e-4) < 2.0);
    }

    #[test]
    fn numbers_that_pass_a_check_as_often_as_by_chance_speak_against() {
        assert!(checking(MANY, 2000.0, 200.0, 0.1) < -8.0);
        assert!(checking(MANY, 2000.0, 1940.0, 0.1) > 5.0);
        assert!(
            checking(MANY, 2000.0, 1600.0, 0.1) > 4.0,
            "wrong check digits are tolerated"
        );
        assert!(checking(MANY, 0.0, 0.0, 0.1).abs() < f64::EPSILON);
    }

    fn known(coverage: f64, chance: f64) -> Known {
        Known {
            coverage,
            chance,
            words: false,
        }
    }

    #[test]
    fn a_few_words_that_come_again_in_every_cell_prove_less_than_as_many_whole_cells() {
        let cells = known(0.6, 0.01);
        let words = Known {
            words: true,
            ..cells
        };
        assert!(listing(MANY, 500.0, cells) > 4.0);
        assert!(listing(MANY, 500.0, words) < 2.0);
        assert!(listing(MANY, 1300.0, words) > 3.0);
    }

    #[test]
    fn words_of_a_list_speak_for_it_and_accidental_ones_do_not() {
        assert!(listing(MANY, 1700.0, known(0.8, 0.02)) > 2.5);
        assert!(listing(MANY, 60.0, known(0.8, 0.02)) < -3.0);
        let two = Trials {
            tested: 900.0,
            distinct: 2.0,
        };
        assert!(listing(two, 900.0, known(0.95, 0.01)) > 1.0);
    }

    proptest::proptest! {
        #[test]
        fn more_matches_never_weigh_less(tested in 1_u32..5000, a in 0_u32..5000, b in 0_u32..5000, alike in 1e-6_f64..0.9) {
            let trials = Trials { tested: f64::from(tested), distinct: f64::from(tested) };
            let (few, many) = (f64::from(a.min(b).min(tested)), f64::from(a.max(b).min(tested)));
            proptest::prop_assert!(matching(trials, few, alike) <= matching(trials, many, alike) + 1e-9);
        }
    }
}
