//! Findings besides the column's label: identifiers inside longer text, and a few cells that are something else than the
//! rest of the column.

use locard_model::{Category, FindingKind, Identifier, Role};

use super::claims::{self, CLAIM};
use super::figures;
use super::named;
use super::part::{Column, probability};
use super::values::{Known, Trials, checking, listing};
use super::weigh::{check, weight};
use super::{ColumnView, Hypothesis, Judged, Weight, sum};
use crate::Rule;
use crate::evidence::RuleCounts;
use crate::rule::{Embedded, TermList, ValuePattern};

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
    found.iter_mut().for_each(name_whole);
    found
}

/// What every cell is is no stray, however it was found out.
fn name_whole(told: &mut Inside) {
    let judged = &mut told.judged;
    if judged.kind == FindingKind::Stray && judged.matched == judged.tested {
        judged.kind = FindingKind::Column;
    }
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
    if unlabelled {
        best.weights.extend(column.judged_whole(position, &best));
    }
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
    // How many of these are different is not known, only how many of the column are.
    let share = alike as f64 / tested.max(1) as f64;
    let distinct = (column.view.facts.distinct * share.min(1.0)).max(1.0);
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

impl Column<'_> {
    /// Where most cells of a column with values enough are told, they are the column, which was judged: as its part they are
    /// no likelier.
    fn judged_whole(&self, position: usize, told: &Told) -> Option<Weight> {
        let tested = self.view.evidence.cells.tested;
        if !is_most(told.matched, tested) || self.view.facts.distinct < figures::ENOUGH_WHOLE {
            return None;
        }
        let identifier = &self.library.rules[position].identifier;
        let mut hypotheses = self.hypotheses.iter();
        let whole = hypotheses.find(|whole| whole.identifier == *identifier)?;
        let value = whole.log_odds() - sum(&told.weights);
        let detail = "as most of the column it is no likelier than as all of it".into();
        (value < 0.0).then(|| weight("whole column", detail, value))
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
}
