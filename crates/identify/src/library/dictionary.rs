//! One word list as a set: exact hashes, a bitset and a HyperLogLog, compared with column sketches without reading.

use locard_model::KeyId;
use locard_sketch::{Hll, Keyer, Membership};

use super::wordlist::WordList;

/// One compiled word list.
#[derive(Debug)]
pub struct Dictionary {
    name: String,
    source: String,
    licence: String,
    hashes: Vec<u64>,
}

impl Dictionary {
    pub(crate) fn new(name: &str, list: &WordList) -> Self {
        let WordList {
            source,
            licence,
            hashes,
        } = list.clone();
        Self {
            name: name.to_owned(),
            source,
            licence,
            hashes,
        }
    }

    /// Its path below `terms/` without the extension: `world/first_names`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it comes from, as its header says.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Under which licence.
    pub fn licence(&self) -> &str {
        &self.licence
    }

    /// Number of terms.
    pub fn terms(&self) -> usize {
        self.hashes.len()
    }

    /// Unkeyed hashes of the folded terms, sorted. They may live in memory only, as dictionaries do.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Whether a folded value of that hash is a term.
    pub fn holds(&self, hash: u64) -> bool {
        self.hashes.binary_search(&hash).is_ok()
    }
}

impl Dictionary {
    /// The list under a catalog's key, for comparison with that catalog's stored columns. Kept only in memory.
    pub fn keyed(&self, keyer: &Keyer) -> KeyedDictionary {
        let mut hashes = self.hashes.clone();
        keyer.key_all(&mut hashes);
        let mut exact = Membership::new();
        exact.extend(&hashes);
        exact.seal();
        let shift = 64
            - (hashes.len().max(8) * BITS_PER_TERM)
                .next_power_of_two()
                .trailing_zeros();
        let mut bits = vec![0_u64; 1 << (64 - shift - 6)];
        let mut distinct = Hll::new();
        for hash in hashes {
            let bit = hash >> shift;
            bits[(bit >> 6) as usize] |= 1 << (bit & 63);
            distinct.insert(hash);
        }
        KeyedDictionary {
            key: keyer.id(),
            exact,
            bits,
            shift,
            distinct,
        }
    }
}

/// Bits of the bitset per term: a probe for another word is answered there fifteen times in sixteen.
const BITS_PER_TERM: usize = 16;

/// A word list under the key of one catalog: an exact set, a bitset before it, and a HyperLogLog.
#[derive(Clone, Debug)]
pub struct KeyedDictionary {
    key: KeyId,
    exact: Membership,
    bits: Vec<u64>,
    shift: u32,
    distinct: Hll,
}

/// What a column and a word list share, in distinct values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// Distinct values of the column that are terms.
    pub shared: f64,
    /// Distinct values of the column.
    pub column: f64,
    /// Terms of the list.
    pub dictionary: f64,
}

impl Overlap {
    /// Share of the column's distinct values that are terms.
    pub fn containment(&self) -> f64 {
        if self.column > 0.0 {
            (self.shared / self.column).min(1.0)
        } else {
            0.0
        }
    }
}

impl KeyedDictionary {
    /// The key that columns compared with it must be under.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// Whether a keyed folded value is a term.
    pub fn holds(&self, hash: u64) -> bool {
        let bit = hash >> self.shift;
        let word = self.bits.get((bit >> 6) as usize).copied().unwrap_or(0);
        word >> (bit & 63) & 1 == 1 && self.exact.contains(hash)
    }

    /// Overlap with the values of a column that was stored under the same key. The source is not asked.
    pub fn overlap(&self, values: &Membership) -> Overlap {
        Overlap {
            shared: values.overlap(&self.exact) as f64,
            column: values.len() as f64,
            dictionary: self.exact.len() as f64,
        }
    }

    /// The same from distinct counters alone, where a column keeps no values; rough for small overlaps.
    pub fn overlap_estimate(&self, values: &Hll) -> Overlap {
        let (column, dictionary) = (values.estimate(), self.distinct.estimate());
        let mut both = values.clone();
        both.merge(&self.distinct);
        let shared = (column + dictionary - both.estimate()).clamp(0.0, column.min(dictionary));
        Overlap {
            shared,
            column,
            dictionary,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::term_hash;

    fn words(from: usize, to: usize) -> Vec<u64> {
        let mut hashes: Vec<u64> = (from..to)
            .map(|i| term_hash(&format!("word {i}")))
            .collect();
        hashes.sort_unstable();
        hashes
    }

    fn dictionary() -> Dictionary {
        Dictionary::new(
            "test/words",
            &WordList {
                hashes: words(0, 3000),
                ..WordList::default()
            },
        )
    }

    fn column(keyer: &Keyer, from: usize, to: usize) -> (Membership, Hll) {
        let (mut values, mut distinct) = (Membership::new(), Hll::new());
        for hash in words(from, to) {
            values.insert(keyer.key(hash));
            distinct.insert(keyer.key(hash));
        }
        (values, distinct)
    }

    #[test]
    fn overlap_with_a_stored_column_needs_no_source() {
        let keyer = Keyer::new(&[7; 16]);
        let keyed = dictionary().keyed(&keyer);
        let (values, distinct) = column(&keyer, 2000, 4000);
        let exact = keyed.overlap(&values);
        assert!((exact.containment() - 0.5).abs() < 0.001, "{exact:?}");
        let rough = keyed.overlap_estimate(&distinct);
        assert!((rough.containment() - 0.5).abs() < 0.1, "{rough:?}");
    }

    #[test]
    fn under_another_key_nothing_is_shared() {
        let keyed = dictionary().keyed(&Keyer::new(&[7; 16]));
        let (values, _) = column(&Keyer::new(&[8; 16]), 0, 3000);
        assert!(keyed.overlap(&values).shared < 3.0);
    }

    #[test]
    fn every_term_is_held_and_hardly_anything_else() {
        let keyer = Keyer::new(&[1; 16]);
        let keyed = dictionary().keyed(&keyer);
        assert!(
            words(0, 3000)
                .iter()
                .all(|&hash| keyed.holds(keyer.key(hash)))
        );
        assert!(
            words(3000, 6000)
                .iter()
                .filter(|&&hash| keyed.holds(keyer.key(hash)))
                .count()
                < 3
        );
    }
}
