//! Taking out what is not the person's, or not theirs to have: fields, parts of texts, rows.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::{Error, Extent, RedactionNote, Result};

/// Why something is taken out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// In words.
    pub reason: String,
    /// The code of the exemption that allows it.
    pub exemption: Option<String>,
    /// What was there: `PERSON`.
    pub identifier: Option<String>,
}

impl Reason {
    /// What stands in place of what was taken out. Its length tells nothing of that.
    pub fn marker(&self) -> String {
        match &self.exemption {
            Some(code) => format!("[redacted: {code}]"),
            None => "[redacted]".to_owned(),
        }
    }
}

/// What was taken out of one row, for the section's notes. It does not hold what that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    extent: Extent,
    column: Option<String>,
    why: Reason,
    parts: u64,
}

impl Redaction {
    /// A row that was left out; it counts as found, and not as being in the section.
    pub fn row(why: &Reason) -> Self {
        Self {
            extent: Extent::Row,
            column: None,
            why: why.clone(),
            parts: 1,
        }
    }

    /// Values of a column that were left out before the row came here.
    pub fn parts(column: &str, parts: u64, why: &Reason) -> Self {
        Self {
            extent: Extent::Span,
            column: Some(column.to_owned()),
            why: why.clone(),
            parts,
        }
    }
}

/// Puts the marker in place of a field. `None`, and nothing done, where the row has none or it is null.
pub fn redact_field(row: &mut Map<String, Value>, column: &str, why: &Reason) -> Option<Redaction> {
    let field = row.get_mut(column).filter(|field| !field.is_null())?;
    *field = Value::String(why.marker());
    Some(Redaction {
        extent: Extent::Field,
        column: Some(column.to_owned()),
        why: why.clone(),
        parts: 1,
    })
}

/// Puts the marker in place of parts of a text field, given in bytes. `None`, and nothing done, where the row has no such
/// text or there are no parts. What is left out is told in whole: parts that overlap or touch count as one.
pub fn redact_spans(
    row: &mut Map<String, Value>,
    column: &str,
    spans: &[Range<usize>],
    why: &Reason,
) -> Result<Option<Redaction>> {
    let Some(Value::String(text)) = row.get_mut(column) else {
        return Ok(None);
    };
    let (masked, parts) = mask(text, spans, &why.marker())?;
    if parts == 0 {
        return Ok(None);
    }
    *text = masked;
    Ok(Some(Redaction {
        extent: Extent::Span,
        column: Some(column.to_owned()),
        why: why.clone(),
        parts,
    }))
}

/// Puts the marker in place of parts of every text of a field, those within lists and objects too; `find` tells which.
/// `None`, and nothing done, where there are none.
pub fn redact_texts(
    row: &mut Map<String, Value>,
    column: &str,
    why: &Reason,
    find: &mut dyn FnMut(&str) -> Vec<Range<usize>>,
) -> Result<Option<Redaction>> {
    let Some(field) = row.get_mut(column) else {
        return Ok(None);
    };
    let parts = within(field, &why.marker(), find)?;
    Ok((parts > 0).then(|| Redaction {
        extent: Extent::Span,
        column: Some(column.to_owned()),
        why: why.clone(),
        parts,
    }))
}

fn within(
    value: &mut Value,
    marker: &str,
    find: &mut dyn FnMut(&str) -> Vec<Range<usize>>,
) -> Result<u64> {
    let mut parts = 0;
    match value {
        Value::String(text) => {
            let (masked, found) = mask(text, &find(text), marker)?;
            *text = masked;
            parts = found;
        }
        Value::Array(items) => {
            for item in items {
                parts += within(item, marker, find)?;
            }
        }
        Value::Object(fields) => {
            for (_, field) in fields.iter_mut() {
                parts += within(field, marker, find)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(parts)
}

/// The text with the marker in place of these parts, given in bytes in any order, and how many there are once those that
/// overlap or touch are joined. Empty parts are none. `Span` where one is not in the text, or cuts a character.
pub fn mask(text: &str, spans: &[Range<usize>], marker: &str) -> Result<(String, u64)> {
    if spans.iter().any(|span| text.get(span.clone()).is_none()) {
        return Err(Error::Span);
    }
    let mut spans: Vec<&Range<usize>> = spans.iter().filter(|span| !span.is_empty()).collect();
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    let (mut masked, mut copied, mut parts) = (String::with_capacity(text.len()), 0, 0);
    for span in spans {
        if parts == 0 || span.start > copied {
            masked.push_str(&text[copied..span.start]);
            masked.push_str(marker);
            parts += 1;
        }
        copied = copied.max(span.end);
    }
    masked.push_str(&text[copied..]);
    Ok((masked, parts))
}

/// The notes of a section: one for each column, extent and reason, however many rows it has.
#[derive(Debug, Default)]
pub(crate) struct Notes(BTreeMap<(Extent, Option<String>, Reason), (u64, u64)>);

impl Notes {
    pub(crate) fn add(&mut self, redaction: &Redaction) {
        let Redaction {
            extent,
            column,
            why,
            parts,
        } = redaction.clone();
        let counts = self.0.entry((extent, column, why)).or_default();
        counts.0 += 1;
        counts.1 += parts;
    }

    /// Rows that were left out.
    pub(crate) fn rows(&self) -> u64 {
        let rows = self
            .0
            .iter()
            .filter(|((extent, ..), _)| *extent == Extent::Row);
        rows.map(|(_, (rows, _))| rows).sum()
    }

    pub(crate) fn finish(self) -> Vec<RedactionNote> {
        let note = |((extent, column, why), (rows, parts))| {
            let Reason {
                reason,
                exemption,
                identifier,
            } = why;
            RedactionNote {
                extent,
                column,
                identifier,
                reason,
                exemption,
                rows,
                parts,
            }
        };
        self.0.into_iter().map(note).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn why(exemption: Option<&str>) -> Reason {
        Reason {
            reason: "another person".into(),
            exemption: exemption.map(Into::into),
            identifier: Some("PERSON".into()),
        }
    }

    #[test]
    fn texts_within_a_field_are_redacted_wherever_they_are() {
        let row = serde_json::json!({ "a": { "to": ["x y", "y"], "n": 7 }, "b": "y" });
        let Value::Object(mut row) = row else { return };
        let mut find = |text: &str| text.match_indices('y').map(|(at, _)| at..at + 1).collect();
        let noted = redact_texts(&mut row, "a", &why(None), &mut find).unwrap();
        assert_eq!(noted.map(|noted| noted.parts), Some(2));
        let expected = serde_json::json!({ "to": ["x [redacted]", "[redacted]"], "n": 7 });
        assert_eq!((&row["a"], &row["b"]), (&expected, &serde_json::json!("y")));
        assert_eq!(
            redact_texts(&mut row, "c", &why(None), &mut find).unwrap(),
            None
        );
    }

    #[test]
    #[expect(
        clippy::single_range_in_vec_init,
        reason = "a list of one span is meant"
    )]
    fn parts_are_replaced_whole_whatever_their_order() {
        let text = "Anna met Bert and Carl";
        for (spans, expected, count) in [
            (vec![9..13], "Anna met # and Carl", 1),
            (vec![18..22, 9..13], "Anna met # and #", 2),
            (vec![9..13, 10..17], "Anna met # Carl", 1),
            (vec![0..4, 4..9], "#Bert and Carl", 1),
            (vec![0..22], "#", 1),
            (vec![0..0], text, 0),
            (vec![3..3, 0..4], "# met Bert and Carl", 1),
            (vec![], text, 0),
        ] {
            assert_eq!(mask(text, &spans, "#").unwrap(), (expected.into(), count));
        }
    }

    #[test]
    fn parts_that_are_not_of_the_text_are_refused() {
        #[expect(clippy::reversed_empty_ranges, reason = "it is what is refused")]
        let backwards = 3..1;
        for span in [0..9, 1..2, 7..8, backwards] {
            assert!(matches!(mask("aé", &[span], "#"), Err(Error::Span)));
        }
    }

    #[test]
    fn fields_and_parts_are_told_without_what_they_were() {
        let Value::Object(mut row) = serde_json::json!({"a": 5, "b": "Bert", "c": null}) else {
            unreachable!()
        };
        let (coded, plain) = (why(Some("15.4")), why(None));
        let mut notes = Notes::default();
        notes.add(&redact_field(&mut row, "a", &coded).unwrap());
        notes.add(
            &redact_spans(&mut row, "b", &[0..1, 3..4], &plain)
                .unwrap()
                .unwrap(),
        );
        notes.add(&Redaction::row(&plain));
        assert_eq!(redact_field(&mut row, "c", &plain), None);
        assert_eq!(redact_field(&mut row, "d", &plain), None);
        assert_eq!(redact_spans(&mut row, "c", &[], &plain).unwrap(), None);
        assert_eq!(
            serde_json::json!(row),
            serde_json::json!({"a": "[redacted: 15.4]", "b": "[redacted]er[redacted]", "c": null})
        );
        assert_eq!(notes.rows(), 1);
        let told: Vec<_> = notes
            .finish()
            .into_iter()
            .map(|note| (note.extent, note.rows, note.parts))
            .collect();
        assert_eq!(
            told,
            [
                (Extent::Row, 1, 1),
                (Extent::Field, 1, 1),
                (Extent::Span, 1, 2)
            ]
        );
    }

    proptest! {
        #[test]
        fn nothing_of_a_part_is_left(text in "[a-z]{0,20}", secret in "[0-9]{1,9}", at: prop::sample::Index) {
            let at = at.index(text.len() + 1);
            let whole = format!("{}{secret}{}", &text[..at], &text[at..]);
            let span = at..at + secret.len();
            let masked = mask(&whole, &[span], "#").unwrap().0;
            prop_assert_eq!(masked.replace('#', ""), text);
        }
    }
}
