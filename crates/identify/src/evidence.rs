//! What the rules saw in one column: counts only, mergeable, never a value.
//!
//! What a reader gets wrong: counts are kept by the content hash of a rule, not by its position or id. Evidence of a
//! rule that has changed since is therefore not found under the new hash, and cannot be mistaken for the new rule's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Version, counts, and a checksum over both.
const VERSION: u8 = 6;

/// The version that had no [`Evidence::named`].
const UNNAMED: u8 = 5;

/// Where [`Evidence::named`] holds what addresses of mail beside the cells say: no content hash of a rule.
const HOLDERS: u64 = u64::from_be_bytes(*b"holders\0");

/// Counters of one column; the sum over its splits is the evidence of the column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Fingerprint of the library that observed; 0 while nothing was.
    pub(crate) library: u64,
    pub(crate) cells: Totals,
    /// By content hash of the rule; rules that saw nothing have no entry.
    pub(crate) rules: BTreeMap<u64, RuleCounts>,
    /// What rules saw in the cells that another column of the row names as theirs, as tables of attributes and values
    /// do. These cells are counted above too. Beside rules, [`HOLDERS`].
    pub(crate) named: BTreeMap<u64, Named>,
}

/// Cells that were compared with the addresses of mail of their rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holders {
    pub(crate) compared: u64,
    /// Of these, those that a mailbox is called like.
    pub(crate) called: u64,
    /// Those beside an office's mailbox, or below a domain that is called so.
    pub(crate) offices: u64,
}

/// What one rule saw in the cells that are named as its.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Named {
    /// Cells that were judged.
    pub(crate) tested: u64,
    pub(crate) counts: RuleCounts,
}

/// Evidence of the version before.
#[derive(Deserialize)]
struct Unnamed {
    library: u64,
    cells: Totals,
    rules: BTreeMap<u64, RuleCounts>,
}

/// What all rules share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// Cells that every rule judged: neither null nor blank nor a placeholder.
    pub(crate) tested: u64,
    pub(crate) placeholders: u64,
    /// Tested cells of two to six words.
    pub(crate) phrases: u64,
    /// Tested cells of more words.
    pub(crate) texts: u64,
}

/// What one rule saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RuleCounts {
    /// Cells that some pattern matched.
    pub(crate) matched: u64,
    /// Cells that a pattern with a validator matched.
    pub(crate) checked: u64,
    /// Of these, those that passed.
    pub(crate) validated: u64,
    /// Cells that only patterns with validators matched, none of which passed.
    pub(crate) failed: u64,
    /// Cells that are a term of some list.
    pub(crate) terms: u64,
    /// Cells with a match inside.
    pub(crate) embedded_cells: u64,
    /// Matches inside cells that passed their validators.
    pub(crate) embedded: u64,
    /// Matches inside cells of patterns with a validator, passed or not.
    pub(crate) embedded_checked: u64,
    /// Of these, those that passed.
    pub(crate) embedded_passed: u64,
    /// Of these, those with a context word before them.
    pub(crate) in_context: u64,
    /// Matched and validated cells of each pattern.
    pub(crate) patterns: Vec<[u64; 2]>,
    /// Cells of each use of a list.
    pub(crate) lists: Vec<u64>,
}

/// Two pieces of evidence come from different rules and cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pieces were observed with different rules; read the column again with one set")]
pub struct Mismatch;

/// The bytes are no evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Written by a later version of this program.
    #[error("evidence of version {0} is not known to this program; upgrade it")]
    Version(u8),
    /// Written by an earlier version, in a form that is no longer read.
    #[error("evidence of version {0} is older than this program reads; scan the column again")]
    Older(u8),
    /// Damaged.
    #[error("the stored evidence is damaged; scan the column again")]
    Damaged,
}

impl Evidence {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the counts of another piece of the same column.
    pub fn merge(&mut self, other: &Self) -> Result<(), Mismatch> {
        if self.library == 0 {
            self.library = other.library;
        } else if other.library != 0 && self.library != other.library {
            return Err(Mismatch);
        }
        self.cells.add(&other.cells);
        for (&rule, counts) in &other.rules {
            self.rules.entry(rule).or_default().add(counts);
        }
        for (&rule, named) in &other.named {
            self.named.entry(rule).or_default().add(named);
        }
        Ok(())
    }

    /// Counts a cell that was compared with the addresses of mail of its row, by what these said of it, 0 or 1 each.
    pub(crate) fn add_holder(&mut self, called: u64, office: u64) {
        let counts = RuleCounts {
            matched: called,
            failed: office,
            ..RuleCounts::default()
        };
        let named = self.named.entry(HOLDERS).or_default();
        named.add(&Named { tested: 1, counts });
    }

    /// What addresses of mail beside the cells said.
    pub(crate) fn holders(&self) -> Holders {
        let told = self.named.get(&HOLDERS);
        told.map_or_else(Holders::default, |told| Holders {
            compared: told.tested,
            called: told.counts.matched,
            offices: told.counts.failed,
        })
    }

    /// Fingerprint of the rules and lists that observed; 0 while nothing was.
    pub fn library(&self) -> u64 {
        self.library
    }

    /// Cells that every rule judged: neither null nor blank nor a placeholder such as `N/A`.
    pub fn tested(&self) -> u64 {
        self.cells.tested
    }

    /// Cells that stand for "nothing known", such as `N/A`.
    pub fn placeholders(&self) -> u64 {
        self.cells.placeholders
    }

    /// The stored form, version byte first.
    pub fn encode(&self) -> Vec<u8> {
        // Writing numbers and lists to memory has no way to fail.
        let mut out = postcard::to_extend(self, vec![VERSION]).unwrap_or_default();
        let checksum = locard_sketch::hash(&out);
        out.extend_from_slice(&checksum.to_le_bytes());
        out
    }

    /// The evidence in those bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        match bytes.first() {
            Some(&VERSION) => checked(bytes).and_then(exactly).ok_or(DecodeError::Damaged),
            Some(&UNNAMED) => checked(bytes)
                .and_then(exactly::<Unnamed>)
                .map(Self::from)
                .ok_or(DecodeError::Damaged),
            Some(&version) if version < VERSION => Err(DecodeError::Older(version)),
            Some(&version) => Err(DecodeError::Version(version)),
            None => Err(DecodeError::Damaged),
        }
    }

    /// Whether the bytes are those that [`Evidence::encode`] wrote, without decoding them.
    pub fn check(bytes: &[u8]) -> Result<(), DecodeError> {
        match bytes.first() {
            Some(&(VERSION | UNNAMED)) if checked(bytes).is_some() => Ok(()),
            Some(&(VERSION | UNNAMED)) | None => Err(DecodeError::Damaged),
            Some(_) => Self::decode(bytes).map(drop),
        }
    }
}

/// What these bytes say from the first to the last.
fn exactly<'a, T: Deserialize<'a>>(counts: &'a [u8]) -> Option<T> {
    let (counts, rest) = postcard::take_from_bytes(counts).ok()?;
    rest.is_empty().then_some(counts)
}

/// The counts between the version and a checksum over both, if that agrees.
fn checked(bytes: &[u8]) -> Option<&[u8]> {
    let (rest, checksum) = bytes.split_last_chunk::<8>()?;
    let agrees = locard_sketch::hash(rest) == u64::from_le_bytes(*checksum);
    rest.get(1..).filter(|_| agrees)
}

impl From<Unnamed> for Evidence {
    fn from(
        Unnamed {
            library,
            cells,
            rules,
        }: Unnamed,
    ) -> Self {
        Self {
            library,
            cells,
            rules,
            named: BTreeMap::new(),
        }
    }
}

impl Named {
    pub(crate) fn add(&mut self, other: &Self) {
        self.tested = self.tested.saturating_add(other.tested);
        self.counts.add(&other.counts);
    }
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.tested = self.tested.saturating_add(other.tested);
        self.placeholders = self.placeholders.saturating_add(other.placeholders);
        self.phrases = self.phrases.saturating_add(other.phrases);
        self.texts = self.texts.saturating_add(other.texts);
    }
}

impl RuleCounts {
    /// Whether any whole cell matched, as against matches inside cells.
    pub(crate) fn saw_whole_cells(&self) -> bool {
        self.matched > 0 || self.terms > 0
    }

    /// Whole cells that hold a value of the rule: by a pattern and its check, or as a term. A cell that is both counts once
    /// at least, since nobody counted those that are both.
    pub(crate) fn held(&self) -> u64 {
        self.matched.saturating_sub(self.failed).max(self.terms)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        let sums = [
            (&mut self.matched, other.matched),
            (&mut self.checked, other.checked),
            (&mut self.validated, other.validated),
            (&mut self.failed, other.failed),
            (&mut self.terms, other.terms),
            (&mut self.embedded_cells, other.embedded_cells),
            (&mut self.embedded, other.embedded),
            (&mut self.embedded_checked, other.embedded_checked),
            (&mut self.embedded_passed, other.embedded_passed),
            (&mut self.in_context, other.in_context),
        ];
        for (sum, value) in sums {
            *sum = sum.saturating_add(value);
        }
        self.patterns
            .resize(self.patterns.len().max(other.patterns.len()), [0; 2]);
        for (sum, value) in self.patterns.iter_mut().zip(&other.patterns) {
            *sum = [
                sum[0].saturating_add(value[0]),
                sum[1].saturating_add(value[1]),
            ];
        }
        self.lists
            .resize(self.lists.len().max(other.lists.len()), 0);
        for (sum, value) in self.lists.iter_mut().zip(&other.lists) {
            *sum = sum.saturating_add(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts() -> impl Strategy<Value = RuleCounts> {
        let patterns = prop::collection::vec(any::<[u32; 2]>(), 0..3);
        (
            any::<[u32; 10]>(),
            patterns,
            prop::collection::vec(any::<u32>(), 0..3),
        )
            .prop_map(|(sums, patterns, lists)| {
                let sums = sums.map(u64::from);
                RuleCounts {
                    matched: sums[0],
                    checked: sums[1],
                    validated: sums[2],
                    terms: sums[3],
                    embedded_cells: sums[4],
                    embedded: sums[5],
                    in_context: sums[6],
                    embedded_checked: sums[7],
                    embedded_passed: sums[8],
                    failed: sums[9],
                    patterns: patterns
                        .into_iter()
                        .map(|pair| pair.map(u64::from))
                        .collect(),
                    lists: lists.into_iter().map(u64::from).collect(),
                }
            })
    }

    fn evidence() -> impl Strategy<Value = Evidence> {
        let totals = any::<[u32; 4]>().prop_map(|sums| {
            let [tested, placeholders, phrases, texts] = sums.map(u64::from);
            Totals {
                tested,
                placeholders,
                phrases,
                texts,
            }
        });
        let named = (any::<u32>(), counts()).prop_map(|(tested, counts)| Named {
            tested: u64::from(tested),
            counts,
        });
        (
            0_u64..2,
            totals,
            prop::collection::btree_map(0_u64..5, counts(), 0..4),
            prop::collection::btree_map(0_u64..5, named, 0..3),
        )
            .prop_map(|(library, cells, rules, named)| Evidence {
                library: library * 9,
                cells,
                rules,
                named,
            })
    }

    fn sum(parts: &[&Evidence]) -> Evidence {
        let mut all = Evidence::new();
        for part in parts {
            all.merge(part).unwrap();
        }
        all
    }

    proptest! {
        #[test]
        fn merging_is_associative_and_commutative(a in evidence(), b in evidence(), c in evidence()) {
            let left = sum(&[&sum(&[&a, &b]), &c]);
            prop_assert_eq!(&left, &sum(&[&a, &sum(&[&b, &c])]));
            prop_assert_eq!(&left, &sum(&[&c, &a, &b]));
        }

        #[test]
        fn what_was_encoded_is_decoded(evidence in evidence()) {
            prop_assert_eq!(Evidence::decode(&evidence.encode()), Ok(evidence));
        }

        #[test]
        fn hostile_bytes_are_refused_without_panic(bytes: Vec<u8>) {
            let mut bytes = bytes;
            bytes.insert(0, VERSION);
            let checksum = locard_sketch::hash(&bytes);
            bytes.extend_from_slice(&checksum.to_le_bytes());
            let _ = Evidence::decode(&bytes);
        }
    }

    #[test]
    fn pieces_of_different_rule_sets_are_not_added() {
        let mut a = Evidence {
            library: 1,
            ..Evidence::default()
        };
        assert_eq!(
            a.merge(&Evidence {
                library: 2,
                ..Evidence::default()
            }),
            Err(Mismatch)
        );
    }

    #[test]
    fn an_unknown_version_is_told_from_damage() {
        assert_eq!(Evidence::decode(&[77, 0]), Err(DecodeError::Version(77)));
        assert_eq!(Evidence::decode(&[]), Err(DecodeError::Damaged));
        assert_eq!(Evidence::decode(&[VERSION]), Err(DecodeError::Damaged));
        assert_eq!(Evidence::decode(&[4]), Err(DecodeError::Older(4)));
    }

    #[test]
    fn every_bit_that_falls_over_is_noticed() {
        let evidence = Evidence {
            library: 7,
            ..Evidence::default()
        };
        let whole = evidence.encode();
        for at in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[at / 8] ^= 1 << (at % 8);
            assert!(Evidence::decode(&bytes).is_err(), "bit {at}");
        }
    }

    /// Catalogs hold these bytes. A change that alters them is a new `VERSION`; once one was released, this program reads
    /// it further on.
    #[test]
    fn the_stored_form_never_changes_within_a_version() {
        let cells = Totals {
            tested: 1_000,
            placeholders: 2,
            phrases: 3,
            texts: 4,
        };
        let counts = RuleCounts {
            matched: 5,
            checked: 6,
            validated: 7,
            failed: 17,
            terms: 8,
            embedded_cells: 9,
            embedded: 10,
            embedded_checked: 11,
            embedded_passed: 12,
            in_context: 13,
            patterns: vec![[14, 15]],
            lists: vec![16],
        };
        let mut evidence = Evidence {
            library: 0x0102_0304_0506_0708,
            cells,
            rules: BTreeMap::from([(300, counts)]),
            named: BTreeMap::new(),
        };
        let before = [
            5, 136, 142, 152, 168, 192, 224, 128, 129, 1, 232, 7, 2, 3, 4, 1, 172, 2, 5, 6, 7, 17,
            8, 9, 10, 11, 12, 13, 1, 14, 15, 1, 16, 109, 240, 22, 141, 147, 254, 29, 83,
        ];
        assert_eq!(Evidence::decode(&before), Ok(evidence.clone()));
        let named = Named {
            tested: 18,
            counts: RuleCounts {
                matched: 19,
                ..RuleCounts::default()
            },
        };
        evidence.named.insert(300, named);
        let bytes = [
            6, 136, 142, 152, 168, 192, 224, 128, 129, 1, 232, 7, 2, 3, 4, 1, 172, 2, 5, 6, 7, 17,
            8, 9, 10, 11, 12, 13, 1, 14, 15, 1, 16, 1, 172, 2, 18, 19, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 184, 148, 62, 69, 74, 2, 178, 11,
        ];
        assert_eq!(evidence.encode(), bytes);
        assert_eq!(Evidence::decode(&bytes), Ok(evidence));
    }
}
