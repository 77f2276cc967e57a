//! One word list as a set: exact hashes and a HyperLogLog, compared with column sketches without reading. Values are
//! looked up in the map of all lists with its bitset (`terms.rs`).

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

    /// Whether a value is one of its terms, in whatever case and with or without accents.
    pub fn holds(&self, value: &str) -> bool {
        self.hashes
            .binary_search(&super::term_hash(value.trim()))
            .is_ok()
    }

    /// Unkeyed hashes of the folded terms, sorted. They may live in memory only, as dictionaries do.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
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
        let mut distinct = Hll::new();
        for hash in hashes {
            distinct.insert(hash);
        }
        KeyedDictionary {
            key: keyer.id(),
            exact,
            distinct,
        }
    }
}

/// Three standard errors of a counter.
const ROUGH: f64 = 0.05;

/// A word list under the key of one catalog: an exact set and a HyperLogLog.
#[derive(Clone, Debug)]
pub struct KeyedDictionary {
    key: KeyId,
    exact: Membership,
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

    /// Overlap with the values of a column that was stored under the same key. The source is not asked.
    pub fn overlap(&self, values: &Membership) -> Overlap {
        Overlap {
            shared: values.overlap(&self.exact) as f64,
            column: values.len() as f64,
            dictionary: self.exact.len() as f64,
        }
    }

    /// The same from distinct counters alone, where a column does not keep its values. An overlap that the counters' error
    /// could feign is none.
    pub fn overlap_estimate(&self, values: &Hll) -> Overlap {
        let (column, dictionary) = (values.estimate(), self.distinct.estimate());
        let mut both = values.clone();
        both.merge(&self.distinct);
        let union = both.estimate();
        let shared = (column + dictionary - union).clamp(0.0, column.min(dictionary));
        let shared = if shared < ROUGH * union { 0.0 } else { shared };
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
    fn counters_of_few_or_other_values_feign_no_overlap() {
        let keyer = Keyer::new(&[7; 16]);
        let keyed = dictionary().keyed(&keyer);
        for (from, to) in [(5000, 5002), (5000, 5050), (5000, 9000), (5000, 90_000)] {
            let (_, distinct) = column(&keyer, from, to);
            let rough = keyed.overlap_estimate(&distinct);
            assert!(rough.containment() < 1e-9, "{from} to {to}: {rough:?}");
        }
    }

    #[test]
    fn under_another_key_nothing_is_shared() {
        let keyed = dictionary().keyed(&Keyer::new(&[7; 16]));
        let (values, _) = column(&Keyer::new(&[8; 16]), 0, 3000);
        assert!(keyed.overlap(&values).shared < 3.0);
    }
}
