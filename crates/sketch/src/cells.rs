//! The cells of one column of one batch, prepared once and shared by every step of the pass.
//!
//! What a reader gets wrong: `folded` is unkeyed and must not be stored; see [`Keyer`](crate::Keyer).

use arrow_array::StringViewArray;

use crate::forms::{self, Fold};
use crate::{ClassMask, Look};

/// The cells of one column of one batch; [`Preparer`](crate::Preparer) makes them.
///
/// All slices run parallel to `texts`. Where the batch was dictionary-encoded (or grouped by value), `texts` holds
/// each distinct value once and `weights` how many rows have it.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    /// Canonical text of each cell; typed columns are formatted, nulls stay null.
    pub texts: &'a StringViewArray,
    /// [`hash`](crate::hash()) of the [`folded`](crate::forms::folded) text; 0 for nulls and blanks.
    pub folded: &'a [u64],
    /// Character classes of the trimmed text; empty for nulls and blanks.
    pub classes: &'a [ClassMask],
    /// Number of the look of each cell in `alike`; beyond the last one for a cell without.
    pub(crate) looks: &'a [u32],
    /// Each look of the batch once.
    pub alike: &'a [Look],
    /// Rows per cell; `None` means one each.
    pub weights: Option<&'a [u32]>,
    /// Rows that are null and stand for no cell at all (dictionary batches keep nulls out of `texts`).
    pub extra_nulls: u64,
    /// Folded texts that differ from the trimmed ones.
    pub(crate) changed: Changed<'a>,
}

/// Texts of some cells, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed<'a> {
    pub(crate) text: &'a str,
    /// Where each cell's text ends; a cell without one ends where the one before it does.
    pub(crate) ends: &'a [usize],
}

impl<'a> Cells<'a> {
    /// How many cells there are, nulls in `texts` included.
    #[inline]
    pub fn len(&self) -> usize {
        self.folded.len()
    }

    /// Whether there is no cell.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.folded.is_empty()
    }

    /// The [`folded`](crate::forms::folded) text of cell `i`.
    #[inline]
    pub fn folded_text(&self, i: usize) -> &str {
        let Changed { text, ends } = self.changed;
        let start = i.checked_sub(1).map_or(0, |before| ends[before]);
        if start == ends[i] {
            forms::trimmed(self.texts.value(i))
        } else {
            &text[start..ends[i]]
        }
    }

    /// Character classes of the folded text of cell `i`.
    #[inline]
    pub fn folded_class(&self, i: usize) -> ClassMask {
        let class = self.classes[i];
        let keeps = self.look(i).is_some_and(|look| look.fold != Fold::Other);
        if !keeps && class.any(ClassMask::WIDE | ClassMask::OTHER) {
            return ClassMask::of(self.folded_text(i));
        }
        class.lowered()
    }

    /// What cell `i` looks like; `None` for an empty or long one.
    #[inline]
    pub fn look(&self, i: usize) -> Option<&'a Look> {
        self.alike.get(self.looks[i] as usize)
    }

    /// The number of that look in [`Cells::alike`].
    #[inline]
    pub fn look_number(&self, i: usize) -> Option<usize> {
        let number = self.looks[i] as usize;
        (number < self.alike.len()).then_some(number)
    }

    /// How many rows cell `i` stands for.
    #[inline]
    pub fn weight(&self, i: usize) -> u64 {
        self.weights.map_or(1, |weights| u64::from(weights[i]))
    }

    /// How many rows all cells and extra nulls stand for.
    pub fn rows(&self) -> u64 {
        let cells = self.weights.map_or(self.len() as u64, |weights| {
            weights.iter().map(|w| u64::from(*w)).sum()
        });
        cells + self.extra_nulls
    }
}
