//! Asking the filters of one entity's columns.

use locard_model::Strength;

use crate::query::{Query, Side, Split, Value};
use crate::role::{speaks, strength_of};

/// A column as the index sees it.
pub struct Column<'a> {
    /// Its dotted path.
    pub name: &'a str,
    /// Whether a keyed form may be in it; `ColumnSketch::may_hold`.
    pub may_hold: &'a dyn Fn(u64) -> bool,
}

impl std::fmt::Debug for Column<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Column({})", self.name)
    }
}

/// A place that the filters cannot rule out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Positions of its columns: one, or two for a name that is split over first and last.
    pub columns: Vec<usize>,
    /// Which attributes may agree, by position in the subject.
    pub attributes: Vec<usize>,
    /// Strong when a unique one is among them.
    pub strength: Strength,
    /// The questions that were answered with yes.
    pub(crate) answers: Vec<Answer>,
}

/// A question that was answered with yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) column: usize,
    /// Position in the query's values, or in its splits when `side` is set.
    pub(crate) value: usize,
    pub(crate) side: Option<Side>,
    pub(crate) probe: usize,
}

/// The candidates among the columns of one entity, which is called `table`: each column at most once, and pairs of
/// columns for split names.
pub fn candidates(query: &Query, table: &str, columns: &[Column<'_>]) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = columns
        .iter()
        .enumerate()
        .filter_map(|(at, column)| in_one(query, table, at, column))
        .collect();
    for (at, split) in query.splits.iter().enumerate() {
        found.extend(in_two(at, split, columns));
    }
    merge_pairs(found)
}

fn in_one(query: &Query, table: &str, at: usize, column: &Column<'_>) -> Option<Candidate> {
    let mut candidate = Candidate {
        columns: vec![at],
        attributes: Vec::new(),
        strength: Strength::Weak,
        answers: Vec::new(),
    };
    for (position, value) in query.values.iter().enumerate() {
        let answers: Vec<Answer> = answers(value, column)
            .map(|probe| Answer {
                column: at,
                value: position,
                side: None,
                probe,
            })
            .collect();
        if !answers.is_empty() && speaks(value, table, column.name) {
            let of = (&value.identifier, value.role);
            let strength = strength_of(of, &value.text, table, column.name);
            candidate.attributes.extend(&value.attributes);
            candidate.strength = candidate.strength.max(strength);
            candidate.answers.extend(answers);
        }
    }
    candidate.attributes.sort_unstable();
    candidate.attributes.dedup();
    (!candidate.answers.is_empty()).then_some(candidate)
}

/// The columns that may hold a value which is too short to tell in them, since they are not called like it: these are no
/// candidates, and what stands in them is not known. Each with the attributes, by position in the subject.
pub fn unnamed(query: &Query, table: &str, columns: &[Column<'_>]) -> Vec<(usize, Vec<usize>)> {
    let of_column = |(at, column): (usize, &Column<'_>)| {
        let values = query.values.iter().filter(|value| {
            !speaks(value, table, column.name) && answers(value, column).next().is_some()
        });
        let mut attributes: Vec<usize> = values
            .flat_map(|value| &value.attributes)
            .copied()
            .collect();
        attributes.sort_unstable();
        attributes.dedup();
        (!attributes.is_empty()).then_some((at, attributes))
    };
    columns.iter().enumerate().filter_map(of_column).collect()
}

/// The first name in one column and the last name in another of the same parent.
fn in_two(at: usize, split: &Split, columns: &[Column<'_>]) -> Vec<Candidate> {
    let side = |side: Side| -> Vec<(usize, Vec<Answer>)> {
        let asked = columns.iter().enumerate().map(|(column, asked)| {
            let answers = answers(split.part(side), asked);
            (
                column,
                answers
                    .map(|probe| Answer {
                        column,
                        value: at,
                        side: Some(side),
                        probe,
                    })
                    .collect(),
            )
        });
        asked
            .filter(|(_, answers): &(usize, Vec<Answer>)| !answers.is_empty())
            .collect()
    };
    let firsts = side(Side::First);
    let lasts = if firsts.is_empty() {
        Vec::new()
    } else {
        side(Side::Last)
    };
    let mut found = Vec::new();
    for (first, answers) in &firsts {
        for (last, more) in &lasts {
            if first != last && may_be_siblings(columns[*first].name, columns[*last].name) {
                found.push(Candidate {
                    columns: vec![*first, *last],
                    attributes: split.attributes.clone(),
                    strength: Strength::Weak,
                    answers: answers.iter().chain(more).copied().collect(),
                });
            }
        }
    }
    found
}

fn answers<'a>(value: &'a Value, column: &'a Column<'_>) -> impl Iterator<Item = usize> + 'a {
    let asked = value.keyed.iter().enumerate();
    asked
        .filter(|(_, all)| all.iter().all(|hash| (column.may_hold)(*hash)))
        .map(|(probe, _)| probe)
}

/// What a dotted path is below.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// Whether two columns may be of the same record: `buyer.first` and `seller.last` are two persons' names. A name alone does
/// not tell whether a dot in it leads into an object; rows will.
fn may_be_siblings(a: &str, b: &str) -> bool {
    let is_plain = |path: &str| !path.contains(['[', '*']);
    parent(a) == parent(b)
        || is_plain(a) && is_plain(b) && (parent(a).is_empty() || parent(b).is_empty())
}

/// Several splits of one name may point to the same two columns.
fn merge_pairs(found: Vec<Candidate>) -> Vec<Candidate> {
    let mut merged: Vec<Candidate> = Vec::with_capacity(found.len());
    for candidate in found {
        match merged
            .iter_mut()
            .find(|known| known.columns == candidate.columns)
        {
            Some(known) => {
                known.attributes.extend(candidate.attributes);
                known.attributes.sort_unstable();
                known.attributes.dedup();
                known.answers.extend(candidate.answers);
            }
            None => merged.push(candidate),
        }
    }
    merged
}
