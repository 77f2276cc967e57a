//! Finishes what a source answered with less than `Exact`, with the same canonical forms that fill the filters.
//!
//! The order is that of the contract: matching and filter decide on a record; the sample is taken of those
//! that are left. No sample depends on how many records the source expects: such estimates are wrong by any factor.

use std::cmp::Ordering;
use std::collections::VecDeque;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use locard_connector::{
    Batch, Exactness, Filter, Form, Honoured, Literal, Matching, Operator, Sample, ScanRequest,
};
use locard_model::EntityKind;
use locard_sketch::forms;

use crate::leaf::{self, Leaf};
use crate::reservoir::{Reservoir, lot};

/// Picks the wanted records out of batches; one for each run of splits.
#[derive(Debug)]
pub(crate) struct Finisher {
    matching: Vec<Matching>,
    filter: Option<Filter>,
    sampler: Sampler,
    reservoir: Option<Reservoir>,
}

/// What is left of a batch.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The wanted records.
    pub(crate) records: RecordBatch,
    /// Their positions in the batch; `None` when every record is wanted.
    pub(crate) rows: Option<Vec<u32>>,
}

impl Finisher {
    /// What the source left undone of a request.
    pub(crate) fn new(request: &ScanRequest, honoured: Honoured) -> Self {
        let open = |answer: Exactness| answer != Exactness::Exact;
        Self {
            matching: if open(honoured.matching) {
                request.matching.clone()
            } else {
                Vec::new()
            },
            filter: request.filter.clone().filter(|_| open(honoured.filter)),
            sampler: Sampler::new(if open(honoured.sample) {
                request.sample
            } else {
                Sample::All
            }),
            reservoir: None,
        }
    }

    /// Draws a sample of so many records from all of them, which takes up to so many bytes until
    /// [`Finisher::drawn`] gives it. A file of which nobody knows how many records it has is not read to its end for
    /// that: its first records are taken. `rows`: how many there may be.
    pub(crate) fn drawing(mut self, kind: EntityKind, rows: Option<u64>, room: usize) -> Self {
        if let Sample::Rows(wanted, seed) = self.sampler.sample
            && wanted > 0
            && (kind != EntityKind::File || rows.is_some())
        {
            self.sampler = Sampler::new(Sample::All);
            self.reservoir = Some(Reservoir::new(wanted, seed, room));
        }
        self
    }

    /// Whether no further record is wanted.
    pub(crate) fn is_sated(&self) -> bool {
        self.sampler.is_sated()
    }

    /// The wanted records of a batch, as far as that is known before the end.
    pub(crate) fn sampled(&mut self, batch: &Batch) -> Result<RecordBatch, ArrowError> {
        let kept = self.kept(&batch.records)?.records;
        let Some(reservoir) = &mut self.reservoir else {
            return Ok(kept);
        };
        reservoir.offer(&kept)?;
        // A table without records has columns all the same.
        Ok(kept.slice(0, 0))
    }

    /// The records that were drawn from all batches, and how many more were wanted for which there was no room.
    pub(crate) fn drawn(&mut self) -> Result<(Vec<RecordBatch>, u64), ArrowError> {
        let drawn = self.reservoir.as_mut().map(Reservoir::take);
        drawn.unwrap_or_else(|| Ok((Vec::new(), 0)))
    }

    /// The wanted records of a batch, with their positions.
    pub(crate) fn kept(&mut self, records: &RecordBatch) -> Result<Kept, ArrowError> {
        let selects = !self.matching.is_empty() || self.filter.is_some();
        if !selects && self.sampler.takes_all() {
            return Ok(Kept {
                records: records.clone(),
                rows: None,
            });
        }
        let mut wanted = vec![true; records.num_rows()];
        if selects {
            let leaves = leaf::leaves(records, leaf::Cells::Records)?;
            self.select(&leaves, &mut wanted);
        }
        self.sampler.select(&mut wanted);
        let rows = wanted
            .iter()
            .enumerate()
            .filter(|(_, wanted)| **wanted)
            .map(|(row, _)| row as u32)
            .collect();
        let records =
            arrow_select::filter::filter_record_batch(records, &BooleanArray::from(wanted))?;
        Ok(Kept {
            records,
            rows: Some(rows),
        })
    }

    fn select(&self, leaves: &[Leaf], wanted: &mut [bool]) {
        if !self.matching.is_empty() {
            let mut matched = vec![false; wanted.len()];
            for matching in &self.matching {
                each_cell(leaves, &matching.column, |row, text| {
                    matched[row] |= matches(matching, text);
                });
            }
            keep(wanted, &matched);
        }
        if let Some(filter) = &self.filter {
            let holds: Vec<bool> = evaluate(filter, leaves, wanted.len())
                .into_iter()
                .map(|holds| holds == Some(true))
                .collect();
            keep(wanted, &holds);
        }
    }
}

fn keep(wanted: &mut [bool], also: &[bool]) {
    for (wanted, also) in wanted.iter_mut().zip(also) {
        *wanted &= also;
    }
}

fn each_cell(leaves: &[Leaf], column: &str, mut cell: impl FnMut(usize, &str)) {
    for leaf in leaves.iter().filter(|leaf| leaf.name == column) {
        for (at, text) in leaf.texts.iter().enumerate() {
            if let Some(text) = text {
                cell(
                    leaf.records
                        .as_ref()
                        .map_or(at, |records| records[at] as usize),
                    text,
                );
            }
        }
    }
}

/// Whether a stored text matches one of the wanted values in the wanted form.
pub(crate) fn matches(matching: &Matching, text: &str) -> bool {
    let any = |found: &str| matching.values.iter().any(|wanted| wanted == found);
    match matching.form {
        Form::Raw => any(text),
        Form::Folded => any(&forms::folded(text)),
        Form::Digits => {
            let digits = forms::digits(text);
            let inside = |wanted: &String| digits.contains(wanted.as_str());
            matching.values.iter().any(inside)
        }
        Form::Tokens => forms::name_tokens(text).is_some_and(|tokens| any(&tokens.join(" "))),
        Form::Contains => {
            let folded = forms::folded(text);
            let mut values = matching.values.iter();
            values.any(|wanted| contains(&folded, wanted))
        }
    }
}

/// Whether the words of a value stand in a row in a folded text, which may have millions of words.
fn contains(folded: &str, wanted: &str) -> bool {
    let wanted: Vec<_> = forms::words(wanted).collect();
    let mut row = VecDeque::with_capacity(wanted.len());
    !wanted.is_empty()
        && forms::words(folded).any(|word| {
            if row.len() == wanted.len() {
                row.pop_front();
            }
            row.push_back(word);
            row.iter().eq(&wanted)
        })
}

/// The point in time that a canonical text names; without a zone it is UTC.
fn instant(text: &str) -> Option<jiff::Timestamp> {
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let civil = text
        .parse::<jiff::civil::DateTime>()
        .or_else(|_| text.parse::<jiff::civil::Date>().map(Into::into));
    civil
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// Three-valued, as in SQL: a comparison with null is unknown.
fn evaluate(filter: &Filter, leaves: &[Leaf], rows: usize) -> Vec<Option<bool>> {
    let fold = |parts: &[Filter], start: bool| {
        parts.iter().fold(vec![Some(start); rows], |sum, part| {
            let part = evaluate(part, leaves, rows);
            sum.into_iter()
                .zip(part)
                .map(|(a, b)| combine(a, b, start))
                .collect()
        })
    };
    match filter {
        Filter::All(parts) => fold(parts, true),
        Filter::Any(parts) => fold(parts, false),
        Filter::Not(part) => evaluate(part, leaves, rows)
            .into_iter()
            .map(|holds| holds.map(|holds| !holds))
            .collect(),
        Filter::Compare {
            column,
            operator,
            literal,
        } => {
            let mut found = vec![None; rows];
            each_cell(leaves, column, |row, text| {
                let holds = compare(text, literal).map(|order| agrees(*operator, order));
                found[row] = combine(found[row].or(Some(false)), holds, false);
            });
            found
        }
        Filter::IsNull(column) => {
            let mut null = vec![Some(true); rows];
            each_cell(leaves, column, |row, _| null[row] = Some(false));
            null
        }
    }
}

/// Both (`neutral` true) or either (`neutral` false) of two three-valued answers.
fn combine(a: Option<bool>, b: Option<bool>, neutral: bool) -> Option<bool> {
    match (a, b) {
        (Some(a), _) if a != neutral => Some(!neutral),
        (_, Some(b)) if b != neutral => Some(!neutral),
        (Some(_), Some(_)) => Some(neutral),
        _ => None,
    }
}

fn compare(text: &str, literal: &Literal) -> Option<Ordering> {
    match literal {
        Literal::Text(wanted) => Some(text.cmp(wanted)),
        Literal::Integer(wanted) => numbers(text, &wanted.to_string()),
        Literal::Decimal(wanted) => numbers(text, wanted),
        Literal::Boolean(wanted) => text.parse::<bool>().ok().map(|found| found.cmp(wanted)),
        Literal::Timestamp(wanted) => instant(text).map(|found| found.cmp(wanted)),
    }
}

/// Compares numbers of any length without rounding.
fn numbers(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (forms::number(a)?, forms::number(b)?);
    let parts = |number: &str| {
        let (negative, number) = number
            .strip_prefix('-')
            .map_or((false, number), |rest| (true, rest));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        (negative, whole.len(), whole.to_owned(), fraction.to_owned())
    };
    let (a, b) = (parts(&a), parts(&b));
    Some(match (a.0, b.0) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => (a.1, &a.2, &a.3).cmp(&(b.1, &b.2, &b.3)),
        (true, true) => (b.1, &b.2, &b.3).cmp(&(a.1, &a.2, &a.3)),
    })
}

fn agrees(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
    }
}

/// Takes the sample that a source did not take.
#[derive(Debug)]
struct Sampler {
    sample: Sample,
    /// Records still wanted, where the sample has a size.
    wanted: u64,
    /// Records seen.
    seen: u64,
    /// Share of records to take, as a threshold for a hash.
    threshold: Option<(u64, u64)>,
}

impl Sampler {
    fn new(sample: Sample) -> Self {
        let (wanted, threshold) = match sample {
            Sample::All => (u64::MAX, None),
            Sample::First(wanted) | Sample::Rows(wanted, _) => (wanted, None),
            Sample::Percent(percent, seed) => {
                let share = (percent / 100.0).clamp(0.0, 1.0);
                (u64::MAX, Some(((share * u64::MAX as f64) as u64, seed)))
            }
        };
        Self {
            sample,
            wanted,
            seen: 0,
            threshold,
        }
    }

    fn takes_all(&self) -> bool {
        self.sample == Sample::All
    }

    fn is_sated(&self) -> bool {
        self.wanted == 0
    }

    fn select(&mut self, wanted: &mut [bool]) {
        for wanted in wanted.iter_mut().filter(|wanted| **wanted) {
            *wanted = self.wanted > 0 && self.takes(self.seen);
            self.seen += 1;
            self.wanted -= u64::from(*wanted && self.wanted != u64::MAX);
        }
    }

    fn takes(&self, record: u64) -> bool {
        self.threshold
            .is_none_or(|(threshold, seed)| lot(record, seed) <= threshold)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use locard_model::{EntityKind, EntityPath};

    use super::*;

    fn records() -> RecordBatch {
        let name: ArrayRef = Arc::new(StringArray::from(vec![
            Some("Ada Lovelace"),
            Some("Grace"),
            None,
            Some("LOVELACE, Ada"),
        ]));
        let age: ArrayRef = Arc::new(Int64Array::from(vec![Some(36), Some(85), Some(9), None]));
        let born: ArrayRef = Arc::new(StringArray::from(vec![
            "1815-12-10",
            "1906-12-09",
            "",
            "1815-12-10T06:00:00Z",
        ]));
        RecordBatch::try_from_iter([("name", name), ("age", age), ("born", born)]).unwrap()
    }

    fn check(change: impl FnOnce(&mut ScanRequest), expected: &[u32]) {
        let mut request = ScanRequest::all(EntityPath::new(["t"]), EntityKind::Table);
        change(&mut request);
        let kept = Finisher::new(&request, Honoured::NOTHING)
            .kept(&records())
            .unwrap();
        assert_eq!(kept.rows.unwrap_or_else(|| vec![0, 1, 2, 3]), expected);
        assert_eq!(kept.records.num_rows(), expected.len());
    }

    fn matching(form: Form, value: &str) -> Matching {
        Matching {
            column: "name".into(),
            form,
            values: vec![value.into()],
        }
    }

    fn age(operator: Operator, age: i64) -> Filter {
        Filter::Compare {
            column: "age".into(),
            operator,
            literal: Literal::Integer(age),
        }
    }

    #[test]
    fn matching_uses_the_canonical_forms() {
        check(
            |request| request.matching = vec![matching(Form::Raw, "Grace")],
            &[1],
        );
        check(
            |request| request.matching = vec![matching(Form::Folded, "ada lovelace")],
            &[0],
        );
        check(
            |request| request.matching = vec![matching(Form::Tokens, "ada lovelace")],
            &[0, 3],
        );
        check(
            |request| request.matching = vec![matching(Form::Contains, "lovelace")],
            &[0, 3],
        );
        check(
            |request| request.matching = vec![matching(Form::Contains, "love")],
            &[],
        );
    }

    #[test]
    fn any_of_several_matchings_is_enough() {
        check(
            |request| {
                request.matching = vec![
                    matching(Form::Raw, "Grace"),
                    matching(Form::Contains, "ada"),
                ];
            },
            &[0, 1, 3],
        );
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_null_is_unknown() {
        check(
            |request| request.filter = Some(age(Operator::Greater, 9)),
            &[0, 1],
        );
        check(
            |request| request.filter = Some(Filter::Not(Box::new(age(Operator::Greater, 9)))),
            &[2],
        );
        check(
            |request| request.filter = Some(Filter::IsNull("age".into())),
            &[3],
        );
        check(
            |request| {
                request.filter = Some(Filter::Any(vec![
                    age(Operator::Less, 0),
                    Filter::IsNull("name".into()),
                ]));
            },
            &[2],
        );
        assert_eq!(numbers("-10", "-9.5"), Some(Ordering::Less));
        assert_eq!(numbers("10", "9.99"), Some(Ordering::Greater));
    }

    #[test]
    fn times_are_compared_as_dates_and_instants() {
        let born = |operator, time: &str| {
            let literal = time.parse().map(Literal::Timestamp);
            Filter::Compare {
                column: "born".into(),
                operator,
                literal: literal.expect("a time"),
            }
        };
        let begin = || born(Operator::GreaterOrEqual, "1815-12-10T00:00:00Z");
        check(
            |request| {
                let end = born(Operator::Less, "1815-12-10T06:00:00Z");
                request.filter = Some(Filter::All(vec![begin(), end]));
            },
            &[0],
        );
        check(|request| request.filter = Some(begin()), &[0, 1, 3]);
    }

    #[test]
    fn the_sample_is_taken_of_what_is_left() {
        check(
            |request| {
                request.matching = vec![matching(Form::Tokens, "ada lovelace")];
                request.sample = Sample::First(1);
            },
            &[0],
        );
        check(|request| request.sample = Sample::Percent(0.0, 1), &[]);
        check(
            |request| request.sample = Sample::Percent(100.0, 1),
            &[0, 1, 2, 3],
        );
    }

    fn drawing(kind: EntityKind, rows: Option<u64>) -> Finisher {
        let request = ScanRequest {
            sample: Sample::Rows(2, 1),
            ..ScanRequest::all(EntityPath::new(["t"]), kind)
        };
        Finisher::new(&request, Honoured::NOTHING).drawing(kind, rows, usize::MAX)
    }

    #[test]
    fn a_file_of_unknown_length_is_read_as_far_as_the_sample_needs() {
        let mut finisher = drawing(EntityKind::File, None);
        assert!(!finisher.is_sated());
        let batch = Batch::new(records());
        assert_eq!(finisher.sampled(&batch).unwrap().num_rows(), 2);
        assert!(finisher.is_sated());
        assert!(finisher.drawn().unwrap().0.is_empty());
    }

    #[test]
    fn a_sample_of_nothing_needs_no_reading() {
        let request = ScanRequest {
            sample: Sample::Rows(0, 1),
            ..ScanRequest::all(EntityPath::new(["t"]), EntityKind::Table)
        };
        let finisher = Finisher::new(&request, Honoured::NOTHING);
        let finisher = finisher.drawing(request.kind, Some(4), usize::MAX);
        assert!(finisher.is_sated());
    }

    #[test]
    fn a_sample_is_drawn_from_all_however_many_were_expected() {
        for rows in [None, Some(0), Some(8), Some(u64::MAX)] {
            let mut finisher = drawing(EntityKind::Table, rows);
            for _ in 0..2 {
                let batch = Batch::new(records());
                assert_eq!(finisher.sampled(&batch).unwrap().num_rows(), 0);
                assert!(!finisher.is_sated());
            }
            let (drawn, left_out) = finisher.drawn().unwrap();
            let records: usize = drawn.iter().map(RecordBatch::num_rows).sum();
            assert_eq!((records, left_out), (2, 0), "{rows:?} were expected");
        }
    }
}
