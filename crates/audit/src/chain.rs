//! The chain: entries, and where it ends.

use std::fmt;

use locard_model::OrgId;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::encoding::{self, Reader};
use crate::{Error, Event, RequestKey, Result};

/// Keep what is hashed and sealed here apart from everything else that is.
const GENESIS: &[u8] = b"locard audit genesis v1\0";
const ENTRY: &[u8] = b"locard audit entry v1\0";
const DETAILS: &[u8] = b"locard audit details v1\0";

/// A SHA-256; printed in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Where a chain ends. Kept outside the log, it is what the log is verified against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Whose chain it is.
    pub org: OrgId,
    /// The number of the last entry, which is how many there are.
    pub sequence: u64,
    /// The hash of the last entry, or of the organisation where there is none.
    pub hash: Hash,
}

/// One event in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose chain it is in.
    pub org: OrgId,
    /// Its number, from 1.
    pub sequence: u64,
    /// What was done.
    pub event: Event,
    /// What else is to be known about it, sealed under the request's key and bound to all of the above.
    pub details: Option<Vec<u8>>,
    /// The hash of the entry before it, or of the organisation.
    pub previous: Hash,
    /// Its own.
    pub hash: Hash,
}

impl Head {
    /// The head of a chain without entries. Chains of two organisations never share a hash.
    pub fn genesis(org: OrgId) -> Self {
        let hash = Sha256::new()
            .chain_update(GENESIS)
            .chain_update(org.0.as_bytes());
        Self {
            org,
            sequence: 0,
            hash: Hash(hash.finalize().into()),
        }
    }

    /// Appends an event and moves the head to it. The details are sealed under the key of the event's request.
    pub fn append(&mut self, event: Event, details: Option<(&RequestKey, &[u8])>) -> Result<Entry> {
        let sequence = self.sequence.checked_add(1).ok_or(Error::Full)?;
        let context = context(&encoding::header(self.org, sequence, &event));
        let details = details
            .map(|(key, plain)| key.seal(&context, plain))
            .transpose()?;
        let mut entry = Entry {
            org: self.org,
            sequence,
            event,
            details,
            previous: self.hash,
            hash: self.hash,
        };
        entry.hash = entry.computed();
        *self = entry.head();
        Ok(entry)
    }
}

impl Entry {
    /// The head of a chain that ends here.
    pub fn head(&self) -> Head {
        Head {
            org: self.org,
            sequence: self.sequence,
            hash: self.hash,
        }
    }

    /// The hash that the entry must have: over the one before it and its own bytes.
    pub fn computed(&self) -> Hash {
        let hash = Sha256::new()
            .chain_update(ENTRY)
            .chain_update(self.previous.0)
            .chain_update(self.content());
        Hash(hash.finalize().into())
    }

    /// The details in the clear; `None` where it has none.
    pub fn open(&self, key: &RequestKey) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let context = context(&encoding::header(self.org, self.sequence, &self.event));
        self.details
            .as_deref()
            .map(|sealed| key.open(&context, sealed))
            .transpose()
    }

    /// The entry as bytes, for a store: hash of the one before it, own hash, content.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.previous.0[..], &self.hash.0, &self.content()].concat()
    }

    /// Reads what [`Entry::to_bytes`] wrote, in that spelling only. Hashes are not checked; [`crate::verify()`] does that.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let (previous, hash) = (Hash(reader.array()?), Hash(reader.array()?));
        let (org, sequence, event) = reader.header()?;
        let details = reader.details()?;
        reader.end()?;
        Ok(Self {
            org,
            sequence,
            event,
            details,
            previous,
            hash,
        })
    }

    fn content(&self) -> Vec<u8> {
        let mut content = encoding::header(self.org, self.sequence, &self.event);
        encoding::details(&mut content, self.details.as_deref());
        content
    }
}

fn context(header: &[u8]) -> Vec<u8> {
    [DETAILS, header].concat()
}

#[cfg(test)]
pub(crate) mod tests;
