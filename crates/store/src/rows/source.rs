//! Organisations, their sketch key, and sources.

use jiff::Timestamp;
use locard_model::{KeyId, OrgId, SecretString, SourceId};
use zeroize::Zeroizing;

/// An owner of keys, caps, retention and audit chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its id.
    pub id: OrgId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts every change of its catalog; caches are tagged with it.
    pub generation: u64,
}

/// The key under which an organisation's hashes are made. Never printed, never written unwrapped.
#[derive(Clone)]
pub struct SketchKey {
    /// Stored in every sketch.
    pub id: KeyId,
    /// The AES-128 key.
    pub key: Zeroizing<[u8; 16]>,
}

impl std::fmt::Debug for SketchKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SketchKey({:016x}, ***)", self.id.0)
    }
}

/// A source to register or change.
#[derive(Clone, Debug)]
pub struct SourceDraft {
    /// Random at registration, derived from the target for ad hoc ones.
    pub id: SourceId,
    /// Unique in the organisation.
    pub name: String,
    /// Name of its connector, or `manual`.
    pub kind: String,
    /// The target without credentials and options.
    pub target: String,
    /// The connector's settings as JSON text.
    pub settings: SecretString,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The key by which other systems name it, unique in the organisation; once set it stays.
    pub key: Option<String>,
}

/// A registered source. Its settings are asked for apart: see [`Sources::source_settings`](crate::Sources).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// Unique in the organisation.
    pub name: String,
    /// Name of its connector, or `manual`.
    pub kind: String,
    /// The target without credentials and options.
    pub target: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The key by which other systems name it.
    pub key: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}
