//! Checking rows that were read, with the same forms that filled the filters.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use locard_model::{Spelling, Strength};
use locard_sketch::forms::{self, Form, Probe};

use crate::candidate::parent;
use crate::cell::Cell;
use crate::dates::{Birth, DateOrders};
use crate::numbers::is_no_phone;
use crate::person::{are_of_one, is_other_date};
use crate::query::{Query, Side, Value, is_east_asian_name};
use crate::role::{speaks, strength_of};
use crate::spelling::spelling;

/// A value that was found in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Position of the query in what the verifier was made of.
    pub subject: usize,
    /// Positions of the cells: one, or two for a name that is split over first and last.
    pub cells: Vec<usize>,
    /// Which attributes agreed, by position in the subject.
    pub attributes: Vec<usize>,
    /// In which form; [`Form::Word`], [`Form::Pair`], [`Form::Gram`] and [`Form::Token`] are inside longer text.
    pub form: Form,
    /// By which spelling it stands there.
    pub spelling: Spelling,
    /// Strong when the attribute is unique, and no short number in a column that is called otherwise.
    pub strength: Strength,
    pub(crate) says: Says,
}

/// What a hit says together with others in its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// A full name, as all that stands in its cells.
    Name,
    /// A birth date, as all that stands in its cell.
    BirthDate,
    /// A telephone number, an address or a plate.
    Home,
    /// Nothing more than it says alone.
    Other,
}

/// Whether a full name is all that stands in a cell, but for a title or an initial.
fn is_name(name: &str, cell: &str) -> bool {
    if is_east_asian_name(name) {
        return is_written_alone(name, cell);
    }
    let words = |text: &str| forms::words(&forms::folded(text)).count();
    let full = words(name);
    full > 1 && words(cell) <= full + 1
}

/// What stands behind a name in scripts without spaces, for politeness.
const HONORIFICS: [&str; 9] = ["様", "さま", "さん", "氏", "先生", "殿", "님", "씨", "女士"];

/// Whether an East Asian name is all that stands in a cell. A longer one that holds it is somebody else's.
fn is_written_alone(name: &str, cell: &str) -> bool {
    let cell = forms::alphanumerics(cell);
    let is_it = |written: &str| {
        let rest = cell.strip_prefix(written);
        rest.is_some_and(|rest| {
            let mut titles = HONORIFICS.iter();
            rest.is_empty() || titles.any(|title| forms::alphanumerics(title) == rest)
        })
    };
    let spellings = forms::name_spellings(name).into_iter();
    spellings.into_iter().any(|mut words| {
        (0..words.len()).any(|_| {
            words.rotate_left(1);
            is_it(&words.concat())
        })
    })
}

/// Whether a date is all that stands in a cell; eight digits are one too.
fn is_date(cell: &str) -> bool {
    let cell = forms::folded(cell);
    forms::dates(&cell).next().is_some() || cell.bytes().all(|byte| byte.is_ascii_digit())
}

/// Checks rows for any number of subjects; their number hardly matters.
#[derive(Debug)]
pub struct Verifier<'q> {
    queries: Vec<&'q Query>,
    /// How the entity is called.
    table: &'q str,
    /// How its columns write dates; `None`: nobody looked.
    dates: Option<&'q DateOrders>,
    /// Columns whose names have dots in them that lead nowhere.
    flat: HashSet<String>,
    /// Questions by the first of their hashes.
    questions: HashMap<u64, Vec<Question>>,
    /// Every hash that some question asks for.
    wanted: HashSet<u64>,
}

/// One question about one value of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Question {
    subject: usize,
    /// Position in the query's values, or in its splits when `side` is set.
    value: usize,
    side: Option<Side>,
    probe: usize,
}

/// Half of a split name that was seen in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Half {
    subject: usize,
    split: usize,
    side: Side,
    cell: usize,
    spelling: Spelling,
}

impl<'q> Verifier<'q> {
    /// A verifier for these subjects in an entity that is called `table`.
    pub fn new(queries: impl IntoIterator<Item = &'q Query>, table: &'q str) -> Self {
        let mut verifier = Self {
            queries: queries.into_iter().collect(),
            table,
            dates: None,
            flat: HashSet::new(),
            questions: HashMap::new(),
            wanted: HashSet::new(),
        };
        for (subject, query) in verifier.queries.iter().enumerate() {
            let whole = query
                .values
                .iter()
                .enumerate()
                .map(|(at, value)| (at, None, value));
            let halves = query.splits.iter().enumerate().flat_map(|(at, split)| {
                [
                    (at, Some(Side::First), &split.first),
                    (at, Some(Side::Last), &split.last),
                ]
            });
            for (value, side, of) in whole.chain(halves) {
                for (probe, asked) in of.probes.iter().enumerate() {
                    let question = Question {
                        subject,
                        value,
                        side,
                        probe,
                    };
                    verifier.wanted.extend(&asked.all);
                    if let Some(first) = asked.all.first() {
                        verifier.questions.entry(*first).or_default().push(question);
                    }
                }
            }
        }
        verifier
    }

    /// With columns whose names have dots in them that do not lead into objects, as those of tables.
    #[must_use]
    pub fn with_flat<'a>(mut self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.flat.extend(columns.into_iter().map(str::to_owned));
        self
    }

    /// With what the columns tell of how they write dates.
    #[must_use]
    pub const fn with_dates(mut self, dates: &'q DateOrders) -> Self {
        self.dates = Some(dates);
        self
    }

    /// What of the subjects is in a row of (column path, text); each value at most once a cell.
    pub fn check_row(&self, row: &[(&str, &str)]) -> Vec<Hit> {
        let cells: Vec<Cell<'_>> = row.iter().map(|cell| Cell::from(*cell)).collect();
        self.check(&cells)
    }

    /// As [`Verifier::check_row`], where it is known which record of a document a cell is of.
    pub fn check(&self, cells: &[Cell<'_>]) -> Vec<Hit> {
        let (mut hits, mut halves) = (Vec::new(), Vec::new());
        for (at, cell) in cells.iter().enumerate() {
            self.check_cell(at, cell.column, cell.text, &mut hits, &mut halves);
        }
        self.join(cells, &halves, &mut hits);
        hits
    }

    fn check_cell(
        &self,
        cell: usize,
        column: &str,
        text: &str,
        hits: &mut Vec<Hit>,
        halves: &mut Vec<Half>,
    ) {
        // Of a text of millions of words hardly any is asked for.
        let mut hashes = HashSet::new();
        forms::of_value(text, &mut |_, hash| {
            if self.wanted.contains(&hash) {
                hashes.insert(hash);
            }
        });
        let mut asked: Vec<Question> = hashes
            .iter()
            .filter_map(|hash| self.questions.get(hash))
            .flatten()
            .copied()
            .collect();
        if asked.is_empty() {
            return;
        }
        // The earlier question is the more telling one: whole cells come before words.
        asked.sort_unstable_by_key(|question| (question.subject, question.value, question.probe));
        for question in asked {
            let Some((value, probe)) = self.resolve(question) else {
                continue;
            };
            let agreed = probe.all.iter().all(|hash| hashes.contains(hash))
                && agrees(value, probe, text)
                && speaks(value, self.table, column);
            let Some(says) = self.says(value, (column, text)).filter(|_| agreed) else {
                continue;
            };
            let subject = question.subject;
            match question.side {
                Some(side) => halves.push(Half {
                    subject,
                    split: question.value,
                    side,
                    cell,
                    spelling: spelling(value, text),
                }),
                None => push(
                    hits,
                    Hit {
                        subject,
                        cells: vec![cell],
                        attributes: value.attributes.clone(),
                        form: probe.form,
                        spelling: spelling(value, text),
                        strength: strength_of(
                            (&value.identifier, value.role),
                            &value.text,
                            self.table,
                            column,
                        ),
                        says,
                    },
                ),
            }
        }
    }

    fn resolve(&self, question: Question) -> Option<(&'q Value, &'q Probe)> {
        let query: &'q Query = self.queries.get(question.subject)?;
        let value = match question.side {
            None => query.values.get(question.value)?,
            Some(side) => query.splits.get(question.value)?.part(side),
        };
        Some((value, value.probes.get(question.probe)?))
    }

    /// Puts the halves of split names together.
    fn join(&self, cells: &[Cell<'_>], halves: &[Half], hits: &mut Vec<Hit>) {
        for first in halves.iter().filter(|half| half.side == Side::First) {
            let rest = halves
                .iter()
                .filter(|half| half.side == Side::Last && half.cell != first.cell);
            for last in
                rest.filter(|last| (last.subject, last.split) == (first.subject, first.split))
            {
                if !self.are_of_one(cells, first.cell, last.cell) {
                    continue;
                }
                let Some(split) = self
                    .queries
                    .get(first.subject)
                    .and_then(|query| query.splits.get(first.split))
                else {
                    continue;
                };
                push(
                    hits,
                    Hit {
                        subject: first.subject,
                        cells: vec![first.cell, last.cell],
                        attributes: split.attributes.clone(),
                        form: Form::Tokens,
                        spelling: first.spelling.max(last.spelling),
                        strength: Strength::Weak,
                        says: Says::Name,
                    },
                );
            }
        }
    }

    /// What a value says that was found in a cell; `None`: it is another date there.
    fn says(&self, value: &Value, (column, cell): (&str, &str)) -> Option<Says> {
        Some(match value.identifier.as_str() {
            "PERSON" if is_name(&value.text, cell) => Says::Name,
            "DATE_OF_BIRTH" if is_date(cell) => {
                let unknown = DateOrders::default();
                let orders = self.dates.unwrap_or(&unknown);
                match orders.birth(&value.text, (column, cell)) {
                    Birth::Same if !is_other_date(column) => Says::BirthDate,
                    Birth::Same | Birth::Open => Says::Other,
                    Birth::Other => return None,
                }
            }
            "PHONE_NUMBER" | "FAX_NUMBER" if is_no_phone(column, cell) => Says::Other,
            "PHONE_NUMBER" | "FAX_NUMBER" | "STREET_ADDRESS" | "LICENSE_PLATE" => Says::Home,
            _ => Says::Other,
        })
    }

    /// Whether two cells of a row are about the same person: in the same record where records are nested, the same element
    /// of the same list, and under names that do not tell them apart.
    fn are_of_one(&self, cells: &[Cell<'_>], a: usize, b: usize) -> bool {
        let own = |cell: usize| cells.get(cell).map_or("", |cell| self.own(cell));
        self.record(cells, a) == self.record(cells, b)
            && self.element(cells, a) == self.element(cells, b)
            && are_of_one(own(a), own(b))
    }

    /// The record that a cell is of.
    pub(crate) fn record<'c>(&self, cells: &[Cell<'c>], cell: usize) -> &'c str {
        let Some(cell) = cells.get(cell) else {
            return "";
        };
        cell.record.unwrap_or_else(|| self.parent(cell.column))
    }

    /// Position of a cell among those of its column and record, and how many these are.
    fn element(&self, cells: &[Cell<'_>], cell: usize) -> (usize, usize) {
        let key = |at: usize| {
            (
                cells.get(at).map(|cell| cell.column),
                self.record(cells, at),
            )
        };
        let own = key(cell);
        let of_column = || (0..cells.len()).filter(|at| key(*at) == own);
        (
            of_column().filter(|at| *at < cell).count(),
            of_column().count(),
        )
    }

    fn parent<'c>(&self, column: &'c str) -> &'c str {
        if self.flat.contains(column) {
            ""
        } else {
            parent(column)
        }
    }

    /// The last part of a column's path.
    pub(crate) fn own<'c>(&self, cell: &Cell<'c>) -> &'c str {
        let above = self.parent(cell.column).len();
        cell.column.get(above..).unwrap_or(cell.column)
    }
}

/// Adds a hit unless the same attributes were found in the same cells.
fn push(hits: &mut Vec<Hit>, hit: Hit) {
    let known = |other: &Hit| {
        other.subject == hit.subject
            && other.cells == hit.cells
            && other.attributes == hit.attributes
    };
    if !hits.iter().any(known) {
        hits.push(hit);
    }
}

/// Words between two persons.
static JOINING: LazyLock<Vec<&str>> =
    LazyLock::new(|| forms::word_list(include_str!("words/joining.txt")));

/// Whether the words of a name belong to two persons in this text: `Brian and Frank` is no Brian Frank.
fn is_of_two(name: &str, text: &str) -> bool {
    let text = forms::folded(text);
    if !forms::words(&text).any(|word| JOINING.binary_search(&word.as_ref()).is_ok()) {
        return false;
    }
    let run = forms::alphanumerics(&text);
    let spellings = forms::name_spellings(name).into_iter();
    let mut together = spellings.flat_map(|words| {
        let turned = words.iter().rev().map(String::as_str).collect::<String>();
        [words.concat(), turned]
    });
    !together.any(|name| run.contains(&name))
}

/// What hashes leave open: the rest of a telephone number, and whether several words stand in a row.
fn agrees(value: &Value, probe: &Probe, text: &str) -> bool {
    if let Some(run) = &probe.run {
        return forms::alphanumerics(text).contains(run.as_str());
    }
    if probe.form == Form::Pair {
        return !is_of_two(&value.text, text);
    }
    if probe.form != Form::Tail {
        return true;
    }
    let wanted = forms::digits(&value.text);
    let mut agreed = false;
    forms::numbers_in(&forms::folded(text), &mut |number| {
        agreed |= forms::same_phone(&wanted, number);
    });
    agreed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_words_are_sorted_folded_and_there_once() {
        assert!(JOINING.contains(&"und"));
        assert!(JOINING.is_sorted_by(|a, b| a < b), "{:?}", *JOINING);
        assert!(JOINING.iter().all(|word| forms::folded(word) == *word));
    }
}
