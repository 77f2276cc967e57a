//! Webhooks: who is told when something ends, and what they were told.

use jiff::Timestamp;
use locard_model::SecretString;
use serde_json::Value;
use uuid::Uuid;

/// A webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WebhookId(pub Uuid);

/// One telling of one event to one webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryId(pub Uuid);

/// A webhook to make or to change.
#[derive(Clone, Debug)]
pub struct WebhookDraft {
    /// Its id.
    pub id: WebhookId,
    /// What it is called; no two of an organisation are called the same.
    pub name: String,
    /// Where it is told. It may hold a secret.
    pub url: SecretString,
    /// Of which events: `job.failed`, or `job.*` for all that begin so; none: all.
    pub events: Vec<String>,
    /// Whether it is told at all.
    pub is_enabled: bool,
    /// What its bodies are signed with; `None`: as before.
    pub secret: Option<SecretString>,
}

/// A webhook as it is stored, without what its bodies are signed with.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// What it is called.
    pub name: String,
    /// Where it is told. It may hold a secret.
    pub url: SecretString,
    /// Of which events.
    pub events: Vec<String>,
    /// Whether it is told at all.
    pub is_enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody changed it last.
    pub updated_at: Timestamp,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried, or tried again, at its time.
    Pending,
    /// Whoever is told has it.
    Delivered,
    /// It was tried in vain for the last time.
    Failed,
}

locard_model::named!(DeliveryState {
    Pending => "PENDING",
    Delivered => "DELIVERED",
    Failed => "FAILED",
});

/// One telling of one event to one webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Who is told.
    pub webhook: WebhookId,
    /// Of what, in one word.
    pub event: String,
    /// Ids and counts; never a value that was read.
    pub data: Value,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// What was answered last, where somebody answered.
    pub status_code: Option<u16>,
    /// Why it did not succeed when it was tried last.
    pub note: Option<String>,
    /// When it happened.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub ended_at: Option<Timestamp>,
}

/// A delivery that somebody has undertaken to try.
#[derive(Clone, Debug)]
pub struct DueDelivery {
    /// What is told.
    pub delivery: Delivery,
    /// Where.
    pub url: SecretString,
    /// What it is signed with.
    pub secret: SecretString,
    /// Whether its webhook is told at all by now.
    pub is_enabled: bool,
}

/// What came of trying.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// How far the delivery is now.
    pub state: DeliveryState,
    /// When it is tried again, where it is.
    pub next_at: Option<Timestamp>,
    /// What was answered, where somebody answered.
    pub status_code: Option<u16>,
    /// Why it did not succeed.
    pub note: Option<String>,
}
