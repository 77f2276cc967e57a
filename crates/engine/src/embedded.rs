//! JSON found inside cells, flattened into columns of its own.
//!
//! What a reader gets wrong: one document per cell, but cells may stand for several rows; derived cells inherit the
//! weight of the cell they come from.

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray as _;
use arrow_array::{Array, StringViewArray, UInt32Array};
use arrow_schema::ArrowError;
use locard_connector::document::{Flattener, Ignore, Parser, Records};
use locard_sketch::{Cells, ClassMask};

use crate::leaf::{self, Leaf};

/// Documents within documents that are taken apart, at most; what is deeper is text.
pub(crate) const DEEPEST: usize = 4;

/// Which cells of a batch are JSON objects or lists.
pub(crate) fn documents(cells: &Cells<'_>) -> Vec<usize> {
    let bracketed = cells
        .classes
        .iter()
        .enumerate()
        .filter(|(_, class)| class.any(ClassMask::BRACKET));
    bracketed
        .map(|(cell, _)| cell)
        .filter(|&cell| !cells.texts.is_null(cell) && is_document(cells.texts.value(cell)))
        .collect()
}

/// Whether the text is one JSON object or list. Anything else that JSON allows (a number, a word in quotes) is an
/// ordinary cell.
pub fn is_document(text: &str) -> bool {
    let text = text.trim();
    let closed = (text.starts_with('{') && text.ends_with('}'))
        || (text.starts_with('[') && text.ends_with(']'));
    if !closed || text.len() < 3 {
        return false;
    }
    let mut seen = Ignore::default();
    Parser::new(Records::Documents)
        .feed(text, true, &mut seen)
        .is_ok()
        && seen.documents == 1
}

/// Flattens the documents of one column; keeps the tree of paths from batch to batch, so that a map stays a map.
#[derive(Debug)]
pub(crate) struct Documents {
    flattener: Flattener,
}

impl Documents {
    pub(crate) fn new() -> Self {
        Self {
            flattener: Flattener::new(None),
        }
    }

    /// The leaves of these cells' documents, named below `column`.
    pub(crate) fn leaves(
        &mut self,
        column: &str,
        cells: &Cells<'_>,
        documents: &[usize],
    ) -> Result<Vec<Leaf>, ArrowError> {
        for &cell in documents {
            // The text was parsed before; it cannot fail now, and if it did the record would only be shorter.
            if Parser::new(Records::Documents)
                .feed(cells.texts.value(cell).trim(), true, &mut self.flattener)
                .is_err()
            {
                self.flattener.abandon();
            }
        }
        let weights: Vec<u32> = documents
            .iter()
            .map(|&cell| cells.weight(cell) as u32)
            .collect();
        let batch = self.flattener.finish()?;
        let leaves = leaf::leaves(&batch, leaf::Cells::Records)?;
        Ok(leaves
            .into_iter()
            .map(|leaf| weighted(leaf, column, &weights))
            .collect())
    }

    /// The leaves of one document, for look-ups, which stands in a column at a place; with the keys of its objects where
    /// these are wanted.
    pub(crate) fn of_text(
        (column, place): (&str, &str),
        text: &str,
        with_keys: bool,
    ) -> Result<Vec<Leaf>, ArrowError> {
        let flattener = if with_keys {
            Flattener::with_keys()
        } else {
            Flattener::new(None)
        };
        let mut flattener = flattener.telling_places(true);
        if Parser::new(Records::Documents)
            .feed(text.trim(), true, &mut flattener)
            .is_err()
        {
            flattener.abandon();
        }
        let leaves = leaf::leaves(&flattener.finish()?, leaf::Cells::Records)?;
        let is_named = |leaf: &Leaf| place == column && leaf.places.is_none();
        let leaves = leaves.into_iter().map(|leaf| Leaf {
            name: below(column, &leaf.name),
            places: (!is_named(&leaf)).then(|| {
                let cells = 0..leaf.texts.len();
                let stands = |cell| below(place, leaf.place(cell).unwrap_or(&leaf.name));
                StringViewArray::from_iter_values(cells.map(stands))
            }),
            nested: true,
            ..leaf
        });
        Ok(leaves.collect())
    }
}

/// The name of a derived column. A list at the top of a document has no name of its own.
fn below(column: &str, path: &str) -> String {
    if path.starts_with('[') {
        format!("{column}{path}")
    } else {
        format!("{column}.{path}")
    }
}

/// The leaf with the weights of the cells its documents stand in; nulls are left out, since the caller pads.
fn weighted(leaf: Leaf, column: &str, weights: &[u32]) -> Leaf {
    let mut texts = StringViewBuilder::with_capacity(leaf.texts.len());
    let mut kept = Vec::with_capacity(leaf.texts.len());
    let mut accounts = 0;
    let mut last = None;
    for (cell, text) in leaf.texts.iter().enumerate() {
        let record = leaf
            .records
            .as_ref()
            .map_or(cell, |records| records[cell] as usize);
        if let (Some(text), Some(&weight)) = (text, weights.get(record)) {
            texts.append_value(text);
            kept.push(weight);
            if last.replace(record) != Some(record) {
                accounts += u64::from(weight);
            }
        }
    }
    Leaf {
        name: below(column, &leaf.name),
        data_type: leaf.data_type,
        texts: texts.finish(),
        weights: Some(kept),
        extra_nulls: 0,
        records: None,
        accounts,
        nested: true,
        places: None,
    }
}

/// These cells of a batch, with their weights.
pub(crate) fn take(
    cells: &Cells<'_>,
    wanted: &[u32],
) -> Result<(StringViewArray, Vec<u32>), ArrowError> {
    let weights = wanted
        .iter()
        .map(|&cell| cells.weight(cell as usize) as u32)
        .collect();
    let texts = arrow_select::take::take(
        cells.texts,
        &UInt32Array::from_iter_values(wanted.iter().copied()),
        None,
    )?;
    Ok((texts.as_string_view().clone(), weights))
}

#[cfg(test)]
mod tests {
    use locard_sketch::Preparer;

    use super::*;

    #[test]
    fn only_whole_objects_and_lists_are_documents() {
        for text in [r#"{"a":1}"#, " [1, 2] ", r#"{"a":{"b":[]}}"#] {
            assert!(is_document(text), "{text}");
        }
        for text in [
            "{}",
            "[x]",
            r#"{"a":1} {"b":2}"#,
            "{a}",
            "17",
            "\"{}\"",
            "",
            "{",
            "[see page 3]",
        ] {
            assert!(!is_document(text), "{text}");
        }
    }

    #[test]
    fn derived_cells_inherit_the_weight_of_their_cell() {
        let texts = StringViewArray::from(vec![
            r#"{"mail":"a@b.org","tags":["x","y"]}"#,
            "plain",
            r#"{"mail":null}"#,
        ]);
        let mut preparer = Preparer::new();
        let cells = preparer.prepare_weighted(&texts, &[3, 1, 2], 0);
        let found = documents(&cells);
        assert_eq!(found, [0, 2]);
        let leaves = Documents::new()
            .leaves("payload", &cells, &found)
            .expect("the documents are sound");
        let mail = leaves
            .iter()
            .find(|leaf| leaf.name == "payload.mail")
            .expect("the path is named");
        assert_eq!(
            (mail.texts.len(), mail.weights.as_deref()),
            (1, Some([3].as_slice()))
        );
        let tags = leaves
            .iter()
            .find(|leaf| leaf.name == "payload.tags[]")
            .expect("the list is named");
        assert_eq!(
            (tags.texts.len(), tags.weights.as_deref()),
            (2, Some([3, 3].as_slice()))
        );
    }

    #[test]
    fn taken_cells_keep_their_weights() {
        let texts = StringViewArray::from(vec!["a", "b", "c"]);
        let mut preparer = Preparer::new();
        let cells = preparer.prepare_weighted(&texts, &[5, 6, 7], 0);
        let (taken, weights) = take(&cells, &[0, 2]).expect("indices are in range");
        assert_eq!(taken.iter().flatten().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(weights, [5, 7]);
    }
}
