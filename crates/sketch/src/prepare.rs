//! From a batch to [`Cells`]: trim, classify, hash, fold, each in its own loop over the batch.
//!
//! One [`Preparer`] serves a worker for all its columns; its buffers only ever grow.

use arrow_array::{Array, StringViewArray};

use crate::group::Groups;
use crate::{Cells, ClassMask, forms, hash};

/// Makes [`Cells`] and owns their memory, so that nothing is allocated per batch.
#[derive(Debug, Default)]
pub struct Preparer {
    hashes: Vec<u64>,
    folded: Vec<u64>,
    classes: Vec<ClassMask>,
    groups: Groups,
    scratch: String,
}

impl Preparer {
    /// A preparer without memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The cells of a batch, row by row.
    pub fn prepare<'a>(&'a mut self, texts: &'a StringViewArray) -> Cells<'a> {
        self.fill_hashes(texts);
        self.finish(texts, None, 0)
    }

    /// The cells of a batch with each distinct value once. Worth it only where values repeat, say eight times in a
    /// batch; the profile of the column knows (`ColumnSketch::repeats`).
    pub fn prepare_grouped<'a>(&'a mut self, texts: &'a StringViewArray) -> Cells<'a> {
        self.fill_hashes(texts);
        let nulls = self.groups.group(texts, &mut self.hashes);
        // Taken apart, because `groups` is now read while the other fields are filled.
        let Self {
            hashes,
            folded,
            classes,
            groups,
            scratch,
        } = self;
        fill_classes(groups.texts(), classes);
        fill_folded(groups.texts(), hashes, classes, folded, scratch);
        Cells {
            texts: groups.texts(),
            hashes,
            folded,
            classes,
            weights: Some(groups.weights()),
            extra_nulls: nulls,
        }
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
        self.fill_hashes(values);
        self.finish(values, Some(weights), nulls)
    }

    fn finish<'a>(
        &'a mut self,
        texts: &'a StringViewArray,
        weights: Option<&'a [u32]>,
        extra_nulls: u64,
    ) -> Cells<'a> {
        fill_classes(texts, &mut self.classes);
        fill_folded(
            texts,
            &self.hashes,
            &self.classes,
            &mut self.folded,
            &mut self.scratch,
        );
        Cells {
            texts,
            hashes: &self.hashes,
            folded: &self.folded,
            classes: &self.classes,
            weights,
            extra_nulls,
        }
    }

    fn fill_hashes(&mut self, texts: &StringViewArray) {
        self.hashes.clear();
        self.hashes.extend(
            texts
                .iter()
                .map(|text| text.map_or(0, |text| hash(forms::trimmed(text).as_bytes()))),
        );
    }
}

fn fill_classes(texts: &StringViewArray, classes: &mut Vec<ClassMask>) {
    classes.clear();
    classes.extend(
        texts
            .iter()
            .map(|text| text.map_or(ClassMask(0), |text| ClassMask::of(forms::trimmed(text)))),
    );
}

/// Most cells are lower case or digits already; their hash is the hash of the folded form.
fn fill_folded(
    texts: &StringViewArray,
    hashes: &[u64],
    classes: &[ClassMask],
    folded: &mut Vec<u64>,
    scratch: &mut String,
) {
    const MAY_CHANGE: u16 =
        ClassMask::UPPER | ClassMask::WIDE | ClassMask::SPACE | ClassMask::OTHER;
    folded.clear();
    folded.extend(
        hashes
            .iter()
            .zip(classes)
            .enumerate()
            .map(|(i, (given, class))| {
                if class.0 == 0 {
                    return 0;
                }
                if !class.any(MAY_CHANGE) || texts.is_null(i) {
                    return *given;
                }
                forms::hash_folded(forms::trimmed(texts.value(i)), *class, *given, scratch)
            }),
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn array(texts: &[Option<&str>]) -> StringViewArray {
        texts.iter().copied().collect()
    }

    #[test]
    fn hashes_are_of_trimmed_and_of_folded_text() {
        let texts = array(&[
            Some(" Müller "),
            None,
            Some("  "),
            Some("a  b"),
            Some("ab1"),
            Some("ABC DEF"),
        ]);
        let mut preparer = Preparer::new();
        let cells = preparer.prepare(&texts);
        let given: Vec<u64> = ["Müller", "", "a  b", "ab1", "ABC DEF"]
            .map(|text| hash(text.as_bytes()))
            .into();
        assert_eq!(
            cells.hashes,
            [given[0], 0, given[1], given[2], given[3], given[4]]
        );
        let folded: Vec<u64> = ["muller", "a b", "ab1", "abc def"]
            .map(|text| hash(text.as_bytes()))
            .into();
        assert_eq!(
            cells.folded,
            [folded[0], 0, 0, folded[1], folded[2], folded[3]]
        );
        assert_eq!(cells.rows(), 6);
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
                prop_assert_eq!(cells.hashes[i], hash(forms::trimmed(text).as_bytes()));
                let folded = forms::folded(text);
                prop_assert_eq!(cells.folded[i], if folded.is_empty() { 0 } else { hash(folded.as_bytes()) });
            }
        }

        #[test]
        fn folded_hashes_are_those_of_folded_text(texts: Vec<String>) {
            let array: StringViewArray = texts.iter().map(Some).collect();
            let mut preparer = Preparer::new();
            let cells = preparer.prepare(&array);
            for (i, text) in texts.iter().enumerate() {
                let folded = forms::folded(text);
                prop_assert_eq!(cells.folded[i], if folded.is_empty() { 0 } else { hash(folded.as_bytes()) });
            }
        }
    }
}
