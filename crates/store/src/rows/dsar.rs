//! DSAR jobs: the collecting and packaging of one subject's data.

use jiff::Timestamp;
use locard_model::{DsarState, JobId, RequestId};
use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A DSAR job; ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DsarId(pub Uuid);

/// The key of one DSAR job, under which everything of it is sealed: gone, all of that is gone.
#[derive(Clone)]
pub struct DsarKey(Zeroizing<[u8; 32]>);

impl DsarKey {
    /// From its bytes.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The bytes of it.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for DsarKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DsarKey(…)")
    }
}

/// A DSAR job to start.
#[derive(Clone, Debug, PartialEq)]
pub struct DsarDraft {
    /// All that is known of it, as the caller writes it.
    pub body: Value,
    /// Who asks, and what they said to it.
    pub note: DsarNote,
    /// Starting again with this key gives the first one instead of a second.
    pub idempotency_key: Option<String>,
    /// So many may be active at once, this one included.
    pub most: u32,
}

/// What came of starting one.
#[derive(Clone, Debug, PartialEq)]
pub enum StartedDsar {
    /// It is new.
    New(Box<Dsar>),
    /// It was started before with the same key.
    Known(Box<Dsar>),
    /// So many are active already, and nothing was started.
    Full(u64),
}

/// A DSAR job as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Dsar {
    /// Its id.
    pub id: DsarId,
    /// Where it stands.
    pub state: DsarState,
    /// All that is known of it; `None` once its key was destroyed.
    pub body: Option<Value>,
    /// The job that works on it, or did last.
    pub job: Option<JobId>,
    /// When its bundle is to be destroyed.
    pub expires_at: Option<Timestamp>,
    /// Whether it is under a legal hold of its own, so that nothing of it may be destroyed.
    pub is_held: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When anything of it changed last.
    pub updated_at: Timestamp,
}

/// Who did something to a DSAR job, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DsarNote {
    /// Who.
    pub actor: String,
    /// What they said, or what happened.
    pub notes: Option<String>,
}

/// A step of a DSAR job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DsarEvent {
    /// When.
    pub at: Timestamp,
    /// The state that it was in afterwards.
    pub state: DsarState,
    /// Who and why; `None` once the key was destroyed.
    pub note: Option<DsarNote>,
}

/// A change of a DSAR job. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DsarChange {
    /// The states in which it may be done; in any other one nothing is.
    pub from: Vec<DsarState>,
    /// The state after it.
    pub to: Option<DsarState>,
    /// All that is known of it then.
    pub body: Option<Value>,
    /// The job that works on it.
    pub job: Option<JobId>,
    /// When its bundle is to be destroyed.
    pub expires_at: Option<Timestamp>,
    /// Whether it is under a legal hold of its own.
    pub is_held: Option<bool>,
    /// A step that is told of it.
    pub note: Option<DsarNote>,
    /// When it changed last as far as the caller knows: if it changed since, nothing is done.
    pub seen: Option<Timestamp>,
    /// The request that the job answers: webhooks are told it with a new state.
    pub answers: Option<RequestId>,
}

/// Something that was decided or done about a DSAR job, to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct DsarRecordDraft {
    /// What sort of thing: a plain word, stored in the clear.
    pub kind: &'static str,
    /// What of it may happen only once in a job; only a keyed digest of it is stored.
    pub once: Option<String>,
    /// All of it, as the caller writes it.
    pub body: Value,
}

/// Something that was decided or done about a DSAR job.
#[derive(Clone, Debug, PartialEq)]
pub struct DsarRecord {
    /// Its number in the job, from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// All of it; `None` once the key was destroyed.
    pub body: Option<Value>,
}
