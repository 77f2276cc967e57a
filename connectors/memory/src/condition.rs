//! Whether a record is wanted: matching and filter, evaluated cell by cell on canonical text.
//!
//! The one thing a reader gets wrong: comparisons with null are neither true nor false, as in SQL, so `not (a = 1)`
//! does not hold where `a` is null.

use std::cmp::Ordering;

use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use locard_connector::{
    Error, ErrorKind, Filter, Form, Literal, Matching, Operator, Result, ScanRequest,
};
use locard_sketch::forms;

/// The columns that a question names, as text.
pub(crate) struct Cells<'a> {
    records: &'a RecordBatch,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(records: &'a RecordBatch) -> Self {
        Self { records }
    }

    /// The text of a cell.
    fn text(&self, column: &str, row: usize) -> Result<Option<String>> {
        let array = self.records.column_by_name(column);
        let array = array.ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("there is no column `{column}`"),
            )
        })?;
        if array.is_null(row) {
            return Ok(None);
        }
        let failed =
            |error| Error::new(ErrorKind::Unexpected, "writing a cell as text").cause(error);
        let formatter =
            ArrayFormatter::try_new(array.as_ref(), &FormatOptions::default()).map_err(failed)?;
        formatter
            .value(row)
            .try_to_string()
            .map(Some)
            .map_err(failed)
    }

    /// Whether a record is wanted, samples aside.
    pub(crate) fn holds(&self, request: &ScanRequest, row: usize) -> Result<bool> {
        let mut matched = request.matching.is_empty();
        for matching in &request.matching {
            matched |= self
                .text(&matching.column, row)?
                .is_some_and(|text| matches(matching, &text));
        }
        let filtered = match &request.filter {
            Some(filter) => self.evaluate(filter, row)? == Some(true),
            None => true,
        };
        Ok(matched && filtered)
    }

    fn evaluate(&self, filter: &Filter, row: usize) -> Result<Option<bool>> {
        Ok(match filter {
            Filter::All(parts) => self.combine(parts, row, true)?,
            Filter::Any(parts) => self.combine(parts, row, false)?,
            Filter::Not(part) => self.evaluate(part, row)?.map(|holds| !holds),
            Filter::IsNull(column) => Some(self.text(column, row)?.is_none()),
            Filter::Compare {
                column,
                operator,
                literal,
            } => {
                let order = self
                    .text(column, row)?
                    .and_then(|text| compare(&text, literal));
                order.map(|order| agrees(*operator, order))
            }
        })
    }

    /// All parts hold (`neutral` true), or any does.
    fn combine(&self, parts: &[Filter], row: usize, neutral: bool) -> Result<Option<bool>> {
        let mut result = Some(neutral);
        for part in parts {
            match self.evaluate(part, row)? {
                Some(holds) if holds != neutral => return Ok(Some(!neutral)),
                None => result = None,
                Some(_) => {}
            }
        }
        Ok(result)
    }
}

fn matches(matching: &Matching, text: &str) -> bool {
    let wanted = |found: &str| matching.values.iter().any(|value| value == found);
    match matching.form {
        Form::Raw => wanted(text),
        Form::Folded => wanted(&forms::folded(text)),
        Form::Digits => {
            let digits = forms::digits(text);
            let inside = |value: &String| digits.contains(value.as_str());
            matching.values.iter().any(inside)
        }
        Form::Tokens => forms::name_tokens(text).is_some_and(|tokens| wanted(&tokens.join(" "))),
        Form::Contains => {
            let folded = forms::folded(text);
            let words: Vec<_> = forms::words(&folded).collect();
            matching.values.iter().any(|value| {
                let run: Vec<_> = forms::words(value).collect();
                !run.is_empty() && words.windows(run.len()).any(|words| words == run)
            })
        }
    }
}

/// A time or date as a point in time; without a zone it is UTC.
fn moment(text: &str) -> Option<jiff::Timestamp> {
    let civil = || {
        text.parse::<jiff::civil::DateTime>()
            .ok()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
    };
    text.parse()
        .ok()
        .or_else(|| civil().map(|zoned| zoned.timestamp()))
}

fn compare(text: &str, literal: &Literal) -> Option<Ordering> {
    match literal {
        Literal::Text(other) => Some(text.cmp(other)),
        Literal::Integer(other) => match text.parse::<i64>() {
            Ok(number) => Some(number.cmp(other)),
            Err(_) => text.parse::<f64>().ok()?.partial_cmp(&(*other as f64)),
        },
        Literal::Decimal(other) => text
            .parse::<f64>()
            .ok()?
            .partial_cmp(&other.parse::<f64>().ok()?),
        Literal::Boolean(other) => Some(text.parse::<bool>().ok()?.cmp(other)),
        Literal::Timestamp(other) => Some(moment(text)?.cmp(other)),
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array};

    use super::*;

    fn check(filter: &Filter, expected: [Option<bool>; 3]) {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), None]));
        let records = RecordBatch::try_from_iter([("a", numbers)]).unwrap();
        let cells = Cells::new(&records);
        let found = [0, 1, 2].map(|row| cells.evaluate(filter, row).unwrap());
        assert_eq!(found, expected, "{filter:?}");
    }

    #[test]
    fn null_is_neither_true_nor_false() {
        let one = || Filter::Compare {
            column: "a".to_owned(),
            operator: Operator::Equal,
            literal: Literal::Integer(1),
        };
        let null = || Filter::IsNull("a".to_owned());
        check(&one(), [Some(true), Some(false), None]);
        check(
            &Filter::Not(Box::new(one())),
            [Some(false), Some(true), None],
        );
        check(
            &Filter::Any(vec![one(), null()]),
            [Some(true), Some(false), Some(true)],
        );
        check(
            &Filter::All(vec![one(), null()]),
            [Some(false), Some(false), None],
        );
        check(&Filter::All(vec![]), [Some(true); 3]);
    }

    #[test]
    fn an_unknown_column_is_not_found() {
        let records = RecordBatch::new_empty(Arc::new(arrow_schema::Schema::empty()));
        let error = Cells::new(&records)
            .evaluate(&Filter::IsNull("b".to_owned()), 0)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
