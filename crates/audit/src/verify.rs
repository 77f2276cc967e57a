//! Whether a chain is what it was.

use std::borrow::Borrow;
use std::fmt;

use locard_model::OrgId;

use crate::{Entry, Head};

/// What is wrong, and where: with the entry of that number, or between it and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The number that the entry should have.
    pub sequence: u64,
    /// What is wrong.
    pub damage: Damage,
}

/// Kinds of damage to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The entry's content does not have the entry's hash: it was changed.
    Altered,
    /// The entry belongs to another organisation's chain.
    Foreign,
    /// An entry with a later number stands here: some were removed, or moved behind it.
    Missing,
    /// An entry with an earlier number stands here: it was inserted, repeated or moved.
    OutOfOrder,
    /// The entry continues another chain than the one before it: that one was replaced, or this one inserted.
    Unlinked,
    /// The chain is sound in itself and is not the one whose head was kept: it was written anew, here or before.
    Rewritten,
    /// The chain ends before the head that was kept.
    Truncated,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.damage {
            Damage::Altered => "was altered",
            Damage::Foreign => "belongs to another organisation",
            Damage::Missing => "is missing",
            Damage::OutOfOrder => "stands behind a later one",
            Damage::Unlinked => "does not follow the one before it",
            Damage::Rewritten => "is not the one that was recorded",
            Damage::Truncated => "and all after it were cut off",
        };
        write!(f, "entry {} {what}", self.sequence)
    }
}

impl std::error::Error for Flaw {}

/// Verifies all entries of an organisation from its first on, in their order, against a head that was kept elsewhere.
/// Entries after that head are checked too. Gives the head of what was verified, which is the next to be kept.
pub fn verify<E: Borrow<Entry>>(
    entries: impl IntoIterator<Item = E>,
    known: &Head,
) -> Result<Head, Flaw> {
    let mut checker = Checker::new(known.org);
    for entry in entries {
        checker.check(entry.borrow(), known)?;
    }
    checker.finish(known)
}

/// Verifies entry by entry, for whoever reads them from where reading may fail.
#[derive(Clone, Copy, Debug)]
pub struct Checker(Head);

impl Checker {
    /// A checker at the beginning of that organisation's chain.
    pub fn new(org: OrgId) -> Self {
        Self(Head::genesis(org))
    }

    /// A checker that goes on where a chain was verified before.
    pub fn after(verified: Head) -> Self {
        Self(verified)
    }

    /// Checks the next entry.
    pub fn check(&mut self, entry: &Entry, known: &Head) -> Result<(), Flaw> {
        let expected = self.0.sequence.saturating_add(1);
        let fault = |damage| {
            let sequence = expected;
            Err(Flaw { sequence, damage })
        };
        if entry.org != self.0.org {
            return fault(Damage::Foreign);
        }
        if entry.hash != entry.computed() {
            return fault(Damage::Altered);
        }
        if entry.sequence != expected {
            return fault(if entry.sequence > expected {
                Damage::Missing
            } else {
                Damage::OutOfOrder
            });
        }
        if entry.previous != self.0.hash {
            return fault(Damage::Unlinked);
        }
        if entry.sequence == known.sequence && entry.hash != known.hash {
            return fault(Damage::Rewritten);
        }
        self.0 = entry.head();
        Ok(())
    }

    /// Ends: whether the chain reaches the head that was kept.
    pub fn finish(self, known: &Head) -> Result<Head, Flaw> {
        let fault = |sequence, damage| Err(Flaw { sequence, damage });
        let Head {
            org,
            sequence,
            hash,
        } = self.0;
        if org != known.org {
            return fault(sequence, Damage::Foreign);
        }
        if sequence < known.sequence {
            return fault(sequence + 1, Damage::Truncated);
        }
        let recorded = match known.sequence {
            0 => Head::genesis(org).hash,
            last if last == sequence => hash,
            _ => known.hash,
        };
        if recorded != known.hash {
            return fault(known.sequence, Damage::Rewritten);
        }
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests;
