//! Values that people allowed: known only by their keyed hashes.

use std::collections::HashSet;
use std::sync::Arc;

use locard_identify::Spared;
use locard_sketch::{Cells, Keyer, forms, hash};

/// Values that count as evidence for nothing. They stay in every sketch and are found in look-ups.
#[derive(Clone, Debug, Default)]
pub struct Allowed(HashSet<u64>);

impl Allowed {
    /// Values by the keyed hash of their folded form.
    pub fn new(hashes: impl IntoIterator<Item = u64>) -> Self {
        Self(hashes.into_iter().collect())
    }

    /// One number for all of them: what was read under others counted other cells.
    pub fn digest(&self) -> u64 {
        let mut hashes: Vec<u64> = self.0.iter().copied().collect();
        hashes.sort_unstable();
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        hash(&bytes)
    }

    /// The same values where they stand inside text.
    pub(crate) fn inside(self: &Arc<Self>, keyer: &Arc<Keyer>) -> Spared {
        if self.0.is_empty() {
            return Spared::default();
        }
        let (allowed, keyer) = (Arc::clone(self), Arc::clone(keyer));
        Spared::new(move |value| {
            let folded = hash(forms::folded(value).as_bytes());
            allowed.0.contains(&keyer.key(folded))
        })
    }

    /// Which cells are allowed. `keyed` is scratch memory.
    pub(crate) fn among(
        &self,
        keyer: &Keyer,
        cells: &Cells<'_>,
        keyed: &mut Vec<u64>,
    ) -> Vec<usize> {
        if self.0.is_empty() {
            return Vec::new();
        }
        keyed.clear();
        keyed.extend_from_slice(cells.folded);
        keyer.key_all(keyed);
        let allowed = |(cell, hash): (usize, &u64)| {
            (cells.folded[cell] != 0 && self.0.contains(hash)).then_some(cell)
        };
        keyed.iter().enumerate().filter_map(allowed).collect()
    }
}
