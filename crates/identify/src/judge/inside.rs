//! Findings besides the column's label: identifiers inside longer text, and a few cells that are something else than the
//! rest of the column.

use locard_model::{Category, FindingKind, Identifier, Role};
use locard_sketch::ClassMask;

use super::claims::{self, CLAIM};
use super::figures;
use super::named;
use super::values::{Known, Trials, checking, listing};
use super::weigh::{NAME, Weighed, check, weight};
use super::{ColumnView, Hypothesis, Judged, Weight, sum};
use crate::evidence::RuleCounts;
use crate::header::Header;
use crate::library::Walker;
use crate::rule::{Embedded, Example, TermList, ValuePattern};
use crate::{Library, Rule};

/// An identifier that may be in some cells, with every weight.
pub(super) struct Inside {
    pub(super) judged: Judged,
    pub(super) version: u64,
    pub(super) weights: Vec<Weight>,
}

impl Inside {
    pub(super) fn is_finding(&self) -> bool {
        self.judged.confidence > figures::PART_REPORTED
    }

    pub(super) fn explain(self) -> Hypothesis {
        Hypothesis {
            reported: self.is_finding(),
            kind: self.judged.kind,
            identifier: self.judged.identifier,
            rule: self.judged.rules.into_iter().next().unwrap_or_default(),
            version: self.version,
            probability: self.judged.confidence,
            weights: self.weights,
            tested: self.judged.tested,
            matched: self.judged.matched,
            validated: self.judged.validated,
        }
    }
}

/// What is likely enough to be told, of each identifier and kind the likeliest.
pub(super) fn hypotheses(column: &Column<'_>, label: Option<&Identifier>) -> Vec<Inside> {
    let Column { library, view, .. } = column;
    let mut found: Vec<Inside> = Vec::new();
    for (position, (rule, version)) in library.rules.iter().zip(&library.versions).enumerate() {
        let Some(counts) = view.evidence.rules.get(version) else {
            continue;
        };
        if !rule.personal || label == Some(&rule.identifier) {
            continue;
        }
        let options = [
            embedded(position, counts, column),
            stray(position, counts, column, label.is_none()),
        ];
        for new in options.into_iter().flatten() {
            add(&mut found, new);
        }
    }
    let named = named::hypotheses(column).into_iter();
    for new in named.filter(|new| !named::is_told(label, new)) {
        add(&mut found, new);
    }
    likeliest_of_most(&mut found);
    told_once(&mut found);
    found
}

/// An identifier that is in more cells than there are, as values and inside text, is told of the same cells twice: it is
/// one thing, the likelier.
fn told_once(found: &mut Vec<Inside>) {
    let all: Vec<Judged> = found.iter().map(|told| told.judged.clone()).collect();
    found.retain(|told| {
        let own = &told.judged;
        let is_twice = |other: &Judged| {
            other.identifier == own.identifier
                && other.kind != own.kind
                && other.matched + own.matched > own.tested
                && other.confidence > own.confidence
        };
        !all.iter().any(is_twice)
    });
}

/// Of each identifier and kind the likeliest is kept.
fn add(found: &mut Vec<Inside>, new: Inside) {
    let same = |known: &&mut Inside| {
        (&known.judged.identifier, known.judged.kind) == (&new.judged.identifier, new.judged.kind)
    };
    match found.iter_mut().find(same) {
        Some(known) if known.judged.confidence >= new.judged.confidence => {}
        Some(known) => *known = new,
        None => found.push(new),
    }
}

/// Strays that are most of the column are the same cells, so that they are one thing: the likeliest.
fn likeliest_of_most(found: &mut Vec<Inside>) {
    let most = |told: &Inside| {
        told.judged.kind == FindingKind::Stray && is_most(told.judged.matched, told.judged.tested)
    };
    let likeliest = found
        .iter()
        .filter(|told| most(told))
        .map(|told| told.judged.confidence)
        .fold(0.0, f64::max);
    let mut kept = false;
    found.retain(|told| {
        let keep = !most(told) || (!kept && told.judged.confidence >= likeliest);
        kept |= keep && most(told);
        keep
    });
}

fn is_most(matched: u64, tested: u64) -> bool {
    matched as f64 / tested as f64 > figures::MOST_STRAY
}

/// Inside text the rarity of the pattern, passed checks, words of context and repetition speak for a match.
fn embedded(position: usize, counts: &RuleCounts, column: &Column<'_>) -> Option<Inside> {
    let cells = counts.embedded_cells;
    if cells == 0 {
        return None;
    }
    let rule = &column.library.rules[position];
    let searched = |value: &&ValuePattern| value.embedded != Embedded::Never;
    let patterns: Vec<&ValuePattern> = rule.value.iter().filter(searched).collect();
    let terms = |list: &TermList| list.embedded && list.beside.is_none();
    let mut weights = if !patterns.is_empty() {
        of_patterns(&patterns, counts, column.view)
    } else if rule.terms.iter().any(terms) {
        of_terms(counts)
    } else {
        of_words(counts, &rule.identifier, column)
    };
    let detail = format!("{cells} cells hold such a value");
    weights.push(weight("repetition", detail, repetition(cells)));
    let told = Told {
        kind: FindingKind::Embedded,
        matched: cells,
        validated: counts.embedded_passed.min(cells),
        weights,
    };
    column.hypothesis(position, told)
}

fn repetition(cells: u64) -> f64 {
    figures::REPEATED_INSIDE * (cells as f64).ln().min(figures::REPEATED_MOST)
}

fn of_patterns(
    patterns: &[&ValuePattern],
    counts: &RuleCounts,
    view: &ColumnView<'_>,
) -> Vec<Weight> {
    let alike = patterns
        .iter()
        .map(|value| value.lookalikes)
        .fold(f64::INFINITY, f64::min)
        .max(1e-6);
    let chance = patterns
        .iter()
        .map(|value| value.chance)
        .fold(0.0, f64::max);
    let mut weights = vec![
        weight("prior", "inside text of any column".into(), figures::INSIDE),
        weight(
            "pattern",
            format!("fits the values of 1 in {:.0} other columns", 1.0 / alike),
            -figures::RARITY_INSIDE * alike.ln(),
        ),
    ];
    let (checked, passed) = (counts.embedded_checked, counts.embedded_passed);
    if checked > 0 {
        let (checked, passed) = (checked as f64, passed as f64);
        let trials = Trials {
            tested: checked,
            distinct: checked,
        };
        let value = checking(trials, checked, passed, chance).min(figures::CHECKS_INSIDE);
        let validators = patterns
            .iter()
            .filter_map(|value| value.validator.as_deref());
        weights.push(check(validators, (passed, checked, chance), value));
    }
    let (beside, all) = (counts.in_context, counts.embedded.max(1));
    weights.push(weight(
        "context",
        format!("{beside} of {all} stand beside words that name it"),
        figures::CONTEXT * (beside as f64 / all as f64).sqrt(),
    ));
    let totals = &view.evidence.cells;
    let share = (totals.texts + totals.phrases) as f64 / totals.tested.max(1) as f64;
    weights.push(weight(
        "text",
        format!("{:.0} % of the cells are phrases or texts", 100.0 * share),
        figures::TEXTS * (share - 0.5),
    ));
    weights
}

/// Single terms are said of many things, so that only repetition tells, or that their word stands right before them.
fn of_terms(counts: &RuleCounts) -> Vec<Weight> {
    let cells = counts.embedded_cells;
    let (said, all) = (counts.in_context, counts.embedded.max(1));
    vec![
        weight(
            "prior",
            "single terms inside text".into(),
            figures::TERMS_INSIDE,
        ),
        weight(
            "terms",
            format!("{cells} cells hold a term"),
            repetition(cells),
        ),
        weight(
            "context",
            format!("{said} of {all} stand right behind words that name it"),
            figures::CONTEXT * (said as f64 / all as f64).sqrt(),
        ),
    ]
}

/// Words of lists: names of firms and goods are made of names too, so short phrases do not count, unless a word before
/// the name or the column's name says what it is. Cells of a single word have no room for a name: in a column of notes
/// most of which are `ok`, the others tell.
fn of_words(counts: &RuleCounts, identifier: &Identifier, column: &Column<'_>) -> Vec<Weight> {
    let totals = &column.view.evidence.cells;
    let several = totals.texts + totals.phrases;
    let share = totals.texts as f64 / several.max(1) as f64;
    let (beside, all) = (counts.in_context, counts.embedded.max(1));
    let mut weights = vec![
        weight(
            "prior",
            "words of lists inside text".into(),
            figures::WORDS_INSIDE,
        ),
        weight(
            "text",
            format!(
                "{:.0} % of the cells of several words are texts",
                100.0 * share
            ),
            figures::TEXTS_OF_WORDS * share.sqrt(),
        ),
        weight(
            "context",
            format!("{beside} of {all} stand beside words that name it"),
            figures::CONTEXT * (beside as f64 / all as f64).sqrt(),
        ),
    ];
    weights.push(column.beside_contacts(counts.embedded_cells));
    weights.extend(column.of_honours(1.0 - beside as f64 / all as f64));
    weights.extend(column.name_of(identifier));
    weights
}

/// Whole cells of a rare pattern in a column that is something else, or a mixture.
///
/// A pattern must be selective by itself: unlike a column's label it has neither a name nor most of the cells on its
/// side, and hundreds of patterns are tried. What the rest of the column explains speaks against it.
///
/// Where the column got no label, most of its cells may be strays as well: too few or too alike to tell what the column
/// is, they still are worth what as many cells of a mixture are.
fn stray(
    position: usize,
    counts: &RuleCounts,
    column: &Column<'_>,
    unlabelled: bool,
) -> Option<Inside> {
    let rule = &column.library.rules[position];
    let tells = matches!(rule.role, Role::Unique | Role::Shared);
    // A secret that shows itself in any text does so as a whole cell too, which is a line of it.
    let secret = rule.category == Category::Credential;
    let tells = |value: &ValuePattern| tells || secret && value.embedded == Embedded::Always;
    let few = |cells: u64| unlabelled || !is_most(cells, column.view.evidence.cells.tested);
    let patterns = rule.value.iter().zip(&counts.patterns);
    let patterns = patterns.filter(|(value, seen)| tells(value) && few(seen[0]));
    let lists = rule.terms.iter().zip(&counts.lists);
    let lists = lists.filter(|(list, cells)| list.is_of_strays() && few(**cells));
    let mut best = patterns
        .filter_map(|(value, seen)| of_strays((position, value), *seen, column))
        .chain(
            lists.filter_map(|(list, cells)| of_stray_terms((rule, list), *cells, counts, column)),
        )
        .max_by(|a, b| sum(&a.weights).total_cmp(&sum(&b.weights)))?;
    best.weights
        .extend(column.spoken_against(position, best.matched));
    // What other identifiers explain costs walks over examples, so it is asked last.
    if probability(sum(&best.weights)) > figures::PART_REPORTED {
        best.weights.push(weight(
            "explained",
            "by what else the column is likely to hold".into(),
            -column.explained(position, best.matched as f64),
        ));
    }
    column.hypothesis(position, best)
}

/// The weights of the cells that one pattern matches.
fn of_strays(
    (position, value): (usize, &ValuePattern),
    seen: [u64; 2],
    column: &Column<'_>,
) -> Option<Told> {
    let tested = column.view.evidence.cells.tested;
    let validator = value.validator.as_deref();
    let (matched, sure) = (seen[0], seen[usize::from(validator.is_some())]);
    if sure == 0 {
        return None;
    }
    let cells = sure as f64;
    let different = cells.min(column.view.facts.distinct.max(1.0));
    let alike = value.lookalikes.max(1e-7);
    let mut weights = vec![
        weight("prior", "a few cells of any column".into(), figures::STRAY),
        weight(
            "pattern",
            format!(
                "{sure} of {tested} match; so do the values of 1 in {:.0} other columns",
                1.0 / alike
            ),
            -figures::RARITY_STRAY * alike.ln(),
        ),
    ];
    if validator.is_some() {
        let weighs = passed(value, matched as f64, cells, column.view.facts.distinct);
        let counts = (cells, matched as f64, value.chance);
        weights.push(check(validator.into_iter(), counts, weighs));
    }
    if validator.is_none()
        && let Some(value) = claims::against_strays(column.library, column.header, position)
    {
        let detail = "is all that numbers of another identifier are called".into();
        weights.push(weight(CLAIM, detail, value));
    }
    weights.push(weight(
        "repetition",
        format!("{sure} cells are such a value"),
        figures::REPEATED_STRAY * different.ln().min(figures::REPEATED_MOST),
    ));
    let usual = column.usual(cells);
    if usual > 0.0 {
        let detail = "the cells look like the rest of the column".into();
        weights.push(weight("usual shape", detail, -usual));
    }
    Some(Told {
        kind: FindingKind::Stray,
        matched: sure,
        validated: if validator.is_some() { sure } else { 0 },
        weights,
    })
}

/// The weights of the cells that are terms as a whole: among those that are written alike, most must be.
fn of_stray_terms(
    (rule, list): (&Rule, &TermList),
    cells: u64,
    counts: &RuleCounts,
    column: &Column<'_>,
) -> Option<Told> {
    if cells == 0 {
        return None;
    }
    let tested = column.view.evidence.cells.tested;
    let alike = counts.matched.max(cells);
    let distinct = column.view.facts.distinct.max(1.0);
    let trials = Trials {
        tested: alike as f64,
        distinct: distinct.min(alike as f64),
    };
    let known = Known {
        coverage: list.coverage,
        chance: list.chance,
        words: false,
    };
    let different = (cells as f64).min(distinct);
    let mut weights = vec![
        weight("prior", "a few cells of any column".into(), figures::MIXED),
        weight(
            "dictionary",
            format!("{cells} of {tested} are such terms, and so many are written alike: {alike}"),
            listing(trials, cells as f64, known),
        ),
        weight(
            "repetition",
            format!("{cells} cells are such a value"),
            0.35 * different.ln().min(5.0),
        ),
    ];
    weights.extend(column.name_of(&rule.identifier));
    if claims::is_of_namesakes(column.library, column.header) {
        let detail = "the name says what may be called like a person".into();
        weights.push(weight(CLAIM, detail, figures::NAMESAKES));
    }
    Some(Told {
        kind: FindingKind::Stray,
        matched: cells,
        validated: 0,
        weights,
    })
}

/// What the cells of one rule say.
struct Told {
    kind: FindingKind,
    matched: u64,
    validated: u64,
    weights: Vec<Weight>,
}

/// Weight of the checks that these cells of a pattern passed, in a column of so many distinct values: one number that is
/// repeated is one trial. A check of shape or range, which half of all values pass, says nothing by being passed.
fn passed(value: &ValuePattern, matched: f64, passed: f64, distinct: f64) -> f64 {
    let trials = Trials {
        tested: matched,
        distinct: matched.min(distinct.max(1.0)),
    };
    let most = if value.chance < figures::LOOSE_CHECK {
        figures::CHECKS_STRAY
    } else {
        0.0
    };
    checking(trials, matched, passed, value.chance).min(most)
}

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
    fn name_of(&self, identifier: &Identifier) -> Option<Weight> {
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
    fn spoken_against(&self, position: usize, cells: u64) -> Option<Weight> {
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
    fn beside_contacts(&self, cells: u64) -> Weight {
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
    fn of_honours(&self, unnamed: f64) -> Option<Weight> {
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

    /// What was told of a rule, if it is likely enough.
    fn hypothesis(&self, position: usize, told: Told) -> Option<Inside> {
        let rule = &self.library.rules[position];
        let confidence = probability(sum(&told.weights));
        (confidence > figures::PART_TOLD).then(|| Inside {
            judged: Judged {
                identifier: rule.identifier.clone(),
                kind: told.kind,
                confidence,
                category: rule.category,
                sensitivity: rule.sensitivity,
                rules: vec![rule.id.clone()],
                tested: self.view.evidence.cells.tested,
                matched: told.matched,
                validated: told.validated,
            },
            version: self.library.versions[position],
            weights: told.weights,
        })
    }

    /// What it weighs against so many cells that they look like the rest: a column of codes of one shape has its shape
    /// from its own scheme, also where some of the codes happen to look like something else.
    fn usual(&self, cells: f64) -> f64 {
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
    fn explained(&self, rule: usize, cells: f64) -> f64 {
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

fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
