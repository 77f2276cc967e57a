//! From a batch to [`Cells`]: each text is classified, folded and hashed while it is at hand.
//!
//! One [`Preparer`] serves a worker for all its columns; its buffers only ever grow.

use arrow_array::{Array, StringViewArray};

use crate::cells::Changed;
use crate::forms::{Fold, fold_onto};
use crate::group::Groups;
use crate::look::Looks;
use crate::{Cells, ClassMask, forms, hash};

/// Bytes of folded texts for which room is kept from batch to batch: 16 MiB.
const KEPT: usize = 16 << 20;

/// Makes [`Cells`] and owns their memory, so that nothing is allocated per batch.
#[derive(Debug, Default)]
pub struct Preparer {
    /// Of the trimmed texts; only for grouping.
    hashes: Vec<u64>,
    groups: Groups,
    columns: Columns,
}

/// What runs parallel to the texts.
#[derive(Debug, Default)]
struct Columns {
    classes: Vec<ClassMask>,
    numbers: Vec<u32>,
    looks: Looks,
    folded: Vec<u64>,
    changed: String,
    ends: Vec<usize>,
}

impl Preparer {
    /// A preparer without memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The cells of a batch, row by row.
    pub fn prepare<'a>(&'a mut self, texts: &'a StringViewArray) -> Cells<'a> {
        self.columns.cells(texts, None, 0)
    }

    /// The cells of a batch with each distinct value once. Worth it only where values repeat, say eight times in a
    /// batch; the profile of the column knows (`ColumnSketch::repeats`).
    pub fn prepare_grouped<'a>(&'a mut self, texts: &'a StringViewArray) -> Cells<'a> {
        self.hashes.clear();
        let hash = |text| hash(forms::trimmed(text).as_bytes());
        self.hashes
            .extend(texts.iter().map(|text| text.map_or(0, hash)));
        let nulls = self.groups.group(texts, &mut self.hashes);
        let weights = Some(self.groups.weights());
        self.columns.cells(self.groups.texts(), weights, nulls)
    }

    /// The cells of a dictionary-encoded batch: its values, how many rows have each, and how many rows are null.
    ///
    /// Values without a row must not be passed. `weights` runs parallel to `values`.
    pub fn prepare_weighted<'a>(
        &'a mut self,
        values: &'a StringViewArray,
        weights: &'a [u32],
        nulls: u64,
    ) -> Cells<'a> {
        debug_assert_eq!(values.len(), weights.len());
        self.columns.cells(values, Some(weights), nulls)
    }
}

impl Columns {
    fn cells<'a>(
        &'a mut self,
        texts: &'a StringViewArray,
        weights: Option<&'a [u32]>,
        extra_nulls: u64,
    ) -> Cells<'a> {
        self.fill(texts, weights);
        Cells {
            texts,
            folded: &self.folded,
            classes: &self.classes,
            looks: &self.numbers,
            alike: self.looks.all(),
            weights,
            extra_nulls,
            changed: Changed {
                text: &self.changed,
                ends: &self.ends,
            },
        }
    }

    fn fill(&mut self, texts: &StringViewArray, weights: Option<&[u32]>) {
        self.looks.clear();
        self.changed.clear();
        // One long cell must not take its room from then on.
        self.changed.shrink_to(KEPT);
        // Written in place, since asking for room each time costs more than the writing.
        self.classes.resize(texts.len(), ClassMask::default());
        self.numbers.resize(texts.len(), 0);
        self.folded.resize(texts.len(), 0);
        self.ends.resize(texts.len(), 0);
        let places = self.classes.iter_mut().zip(&mut self.numbers);
        let places = places.zip(self.folded.iter_mut().zip(&mut self.ends));
        for ((cell, text), ((class_of, number_of), (folded_of, end_of))) in
            (0..).zip(texts).zip(places)
        {
            let text = text.map_or("", forms::trimmed);
            let rows = weights.map_or(1, |weights| u64::from(weights[cell as usize]));
            let (number, look) = self.looks.add(text, cell, rows);
            let (class, fold) = match look {
                Some(look) => (look.class, look.fold),
                None => classes_of(text),
            };
            let folded = fold_hash(text, fold, &mut self.changed);
            if folded == 0 {
                self.looks.drop_blank(number, rows);
            }
            (*class_of, *number_of) = (class, number);
            (*folded_of, *end_of) = (folded, self.changed.len());
        }
    }
}

fn classes_of(text: &str) -> (ClassMask, Fold) {
    let class = ClassMask::of(text);
    (class, Fold::of(text, class))
}

/// The hash of a folded text, which is kept in `changed` if it is another. Most cells are lower case or digits already,
/// and it is their own.
#[inline]
fn fold_hash(text: &str, fold: Fold, changed: &mut String) -> u64 {
    let start = changed.len();
    let folded = if fold == Fold::Own {
        text
    } else {
        fold_onto(text, fold, changed);
        &changed[start..]
    };
    if folded.is_empty() {
        0
    } else {
        hash(folded.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn array(texts: &[Option<&str>]) -> StringViewArray {
        texts.iter().copied().collect()
    }

    #[test]
    fn cells_have_their_folded_text_and_its_hash_and_classes() {
        let texts = array(&[
            Some(" Müller "),
            None,
            Some("  "),
            Some("a  b"),
            Some("ab1"),
            Some("ABC DEF"),
            Some("ABC"),
            Some("a`b"),
        ]);
        let mut preparer = Preparer::new();
        let cells = preparer.prepare(&texts);
        let expected = ["muller", "", "", "a b", "ab1", "abc def", "abc", "a'b"];
        for (i, expected) in expected.into_iter().enumerate() {
            let hash = if expected.is_empty() {
                0
            } else {
                hash(expected.as_bytes())
            };
            assert_eq!(cells.folded[i], hash, "{expected}");
            if hash != 0 {
                assert_eq!(cells.folded_text(i), expected);
                assert_eq!(cells.folded_class(i), ClassMask::of(expected));
            }
        }
        assert_eq!(cells.rows(), 8);
    }

    #[test]
    fn invisible_text_is_blank() {
        let texts = array(&[Some("\u{200b}\u{feff}"), Some("\u{a0}"), Some("\u{0}")]);
        let mut preparer = Preparer::new();
        assert_eq!(preparer.prepare(&texts).folded, [0, 0, 0]);
    }

    #[test]
    fn a_weighted_batch_stands_for_its_rows() {
        let texts = array(&[Some("a"), Some("b")]);
        let mut preparer = Preparer::new();
        let cells = preparer.prepare_weighted(&texts, &[3, 4], 5);
        assert_eq!((cells.len(), cells.weight(1), cells.rows()), (2, 4, 12));
    }

    proptest! {
        #[test]
        fn grouping_loses_no_row(texts in prop::collection::vec(prop::option::of("[aA ]{0,3}|a{13}b?"), 0..40)) {
            let array: StringViewArray = texts.iter().map(Option::as_deref).collect();
            let mut preparer = Preparer::new();
            let cells = preparer.prepare_grouped(&array);
            prop_assert_eq!(cells.rows(), texts.len() as u64);
            prop_assert_eq!(cells.extra_nulls, texts.iter().filter(|text| text.is_none()).count() as u64);
            for i in 0..cells.len() {
                let text = cells.texts.value(i);
                let rows = texts.iter().flatten().filter(|other| *other == text).count() as u64;
                prop_assert_eq!(cells.weight(i), rows);
                let folded = forms::folded(text);
                prop_assert_eq!(cells.folded[i], if folded.is_empty() { 0 } else { hash(folded.as_bytes()) });
            }
        }

        #[test]
        fn folded_hashes_are_those_of_folded_text(texts in prop::collection::vec(".*|[A-Za-z`\t ]{0,9}", 0..9)) {
            let array: StringViewArray = texts.iter().map(Some).collect();
            let mut preparer = Preparer::new();
            let cells = preparer.prepare(&array);
            for (i, text) in texts.iter().enumerate() {
                let folded = forms::folded(text);
                prop_assert_eq!(cells.folded[i], if folded.is_empty() { 0 } else { hash(folded.as_bytes()) });
                if !folded.is_empty() {
                    prop_assert_eq!(cells.folded_text(i), &folded);
                    prop_assert_eq!(cells.folded_class(i), ClassMask::of(&folded));
                }
            }
        }
    }
}
