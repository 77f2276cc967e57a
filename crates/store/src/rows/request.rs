//! Legal requests of persons.

use jiff::Timestamp;
use locard_model::{RequestId, RequestState};
use serde_json::Value;
use uuid::Uuid;

use crate::AuditDraft;

/// What of a request is plain, so that it can be listed and sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// Where it stands.
    pub state: RequestState,
    /// What is asked for: `access`.
    pub kind: String,
    /// Whose law rules: id of a policy pack.
    pub jurisdiction: String,
    /// Whether nothing of it may be destroyed.
    pub is_held: bool,
    /// When the outside channel got it.
    pub received_at: Timestamp,
    /// The first instant that is too late for the answer.
    pub due_at: Option<Timestamp>,
    /// When nothing was owed any more.
    pub ended_at: Option<Timestamp>,
    /// From when on it may be destroyed.
    pub retain_until: Option<Timestamp>,
}

/// A request to record.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestDraft {
    /// What is plain of it.
    pub head: RequestHead,
    /// All that is known of it, as the caller writes it.
    pub body: Value,
    /// What the person is known by; only keyed digests of it are kept beside the body.
    pub subjects: Vec<String>,
    /// The first steps of its life.
    pub events: Vec<RequestEventDraft>,
    /// Recorded in the log together with it; its request is filled in.
    pub audit: AuditDraft,
    /// Recording again with this key gives the first one instead of a second.
    pub idempotency_key: Option<String>,
}

/// What came of recording one.
#[derive(Clone, Debug, PartialEq)]
pub enum StartedRequest {
    /// It is new.
    New(Box<Request>),
    /// It was recorded before with the same key.
    Known(Box<Request>),
}

/// A request as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// What is plain of it.
    pub head: RequestHead,
    /// All that is known of it; `None` once its key was destroyed.
    pub body: Option<Value>,
    /// Counts its changes.
    pub version: u64,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When anything of it changed last.
    pub updated_at: Timestamp,
}

/// A change of a request, made whole or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestChange {
    /// The version that was changed; `Conflict` if it is another one by now.
    pub version: u64,
    /// What is plain of it then.
    pub head: RequestHead,
    /// All that is known of it then.
    pub body: Value,
    /// What the person is known by then.
    pub subjects: Vec<String>,
    /// Steps that are told of it.
    pub events: Vec<RequestEventDraft>,
    /// Files that belong to it from now on, or replace those of their ids.
    pub files: Vec<RequestFile>,
    /// Files that are destroyed.
    pub dropped: Vec<Uuid>,
    /// Recorded in the log together with it; its request is filled in.
    pub audit: AuditDraft,
}

/// A step to tell of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestEventDraft {
    /// What happened, by a stable name: `deadline_extended`.
    pub kind: String,
    /// What else is to be known.
    pub payload: Value,
}

/// A step of a request's life.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestEvent {
    /// Its id.
    pub id: Uuid,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub kind: String,
    /// What else is known; `None` once the key was destroyed.
    pub payload: Option<Value>,
}

/// A file of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestFile {
    /// Its id.
    pub id: Uuid,
    /// The class by which it is retained.
    pub class: String,
    /// What is in it.
    pub content: Vec<u8>,
}

impl std::fmt::Debug for RequestFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RequestFile({}, {} bytes)", self.id, self.content.len())
    }
}

/// By what requests are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestOrder {
    /// When they were received.
    #[default]
    Received,
    /// When their answer is due; those without a date come last.
    Due,
    /// Where they stand.
    State,
}

/// Which requests are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// In one of these states; empty: in any.
    pub states: Vec<RequestState>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Under this law.
    pub jurisdiction: Option<String>,
    /// Due before this.
    pub due_before: Option<Timestamp>,
    /// Of whoever is known by this.
    pub subject: Option<String>,
    /// With a key that may be destroyed by then, and not held.
    pub retained_until: Option<Timestamp>,
    /// In which order.
    pub order: RequestOrder,
    /// The other way round.
    pub descending: bool,
    /// So many are passed over.
    pub offset: u32,
    /// At most so many, 1 to 10,000.
    pub limit: u32,
}
