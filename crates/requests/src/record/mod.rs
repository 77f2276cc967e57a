//! All that is known of a request: what the store seals under its key.
//!
//! What a reader gets wrong: there is no `Debug` here, since nearly every field is about a person.

mod out;
mod place;

use jiff::Timestamp;
use locard_deadline::{Event, Kind, Request as ClockRequest};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use out::{Artifact, Manifest, Validation};
pub(crate) use out::{Attempt, Challenge, Handover};
pub use place::{LeadsTo, Place, PlaceDecision, Task, TaskOutcome};
pub(crate) use place::{Located, Unsearched};

/// Version of the form; it counts up when what is stored means something else.
pub(crate) const VERSION: u32 = 1;

/// All that is known of a request.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Version of this form.
    pub version: u32,
    /// What is asked for.
    pub kind: Kind,
    /// Whether there is more to it than usual, which is what an extension is for.
    pub is_complex: bool,
    /// How it came in.
    pub intake: Intake,
    /// When it was recorded here, as whoever recorded it says.
    pub recorded_at: Timestamp,
    /// Whom it is about.
    pub subject: Person,
    /// Who asks.
    pub requestor: Option<Requestor>,
    /// What is known of the authority to ask for another.
    pub authority: Authority,
    /// Whether they are who they say; `None`: nobody has said yet whether that must be proven.
    pub verification: Option<Verification>,
    /// What its deadlines are computed from.
    pub clock: ClockFacts,
    /// What the person was asked.
    #[serde(default)]
    pub clarifications: Vec<Clarification>,
    /// How often, by how much and why they were told that it takes longer.
    #[serde(default)]
    pub extensions: Vec<Extension>,
    /// Why it was refused.
    #[serde(default)]
    pub refusal: Option<Refusal>,
    /// When it was confirmed that it came in.
    #[serde(default)]
    pub acknowledged_at: Option<Timestamp>,
    /// Where the person was found at intake.
    #[serde(default)]
    pub located: Option<Located>,
    /// Places that no connector reaches, and what became of asking there.
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// Places at which something is to be done by people, for kinds that are not answered with a bundle.
    #[serde(default)]
    pub places: Vec<Place>,
    /// What was not searched for them, and why.
    #[serde(default)]
    pub places_not_searched: Vec<Unsearched>,
    /// What is to be handed out.
    #[serde(default)]
    pub manifest: Option<Manifest>,
    /// How it is handed out.
    #[serde(default)]
    pub delivery: Option<Handover>,
    /// What the person said against the answer.
    #[serde(default)]
    pub appeals: Vec<Appeal>,
    /// What they, or a system, were to be told.
    #[serde(default)]
    pub notices: Vec<Notice>,
    /// DSAR jobs that were started for it, the newest last.
    #[serde(default)]
    pub jobs: Vec<String>,
    /// Digest of how it came in, where it came with a key: another request under the same key is none of its repetitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<String>,
    /// Why nothing of it may be destroyed.
    #[serde(default)]
    pub hold: Option<Hold>,
    /// What of the intake a reader should look at again.
    #[serde(default)]
    pub warnings: Vec<String>,
}

impl Record {
    /// Adds what a reader should look at again, each once.
    pub(crate) fn warn(&mut self, warnings: impl IntoIterator<Item = String>) {
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }
}

/// How a request came in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intake {
    /// By which way: `email`.
    pub channel: String,
    /// What the person wrote.
    pub raw_text: String,
    /// When that way got it. The clock starts here.
    pub received_at: Timestamp,
    /// Where they can be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What came with it.
    #[serde(default)]
    pub source_evidence: Vec<serde_json::Value>,
}

/// Whom a request is about.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The id by which the host knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<String>,
    /// Another reference of theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<String>,
    /// What they are looked for by.
    #[serde(default)]
    pub attributes: Vec<Known>,
}

impl Person {
    /// With what else is known of them; an id or a reference that is given replaces the one before.
    pub(crate) fn add(&mut self, more: &Self) {
        if more.subject_id.is_some() {
            self.subject_id.clone_from(&more.subject_id);
        }
        if more.external_ref.is_some() {
            self.external_ref.clone_from(&more.external_ref);
        }
        for known in &more.attributes {
            if !self.attributes.contains(known) {
                self.attributes.push(known.clone());
            }
        }
    }
}

/// A value that is known of a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// What it is: `EMAIL_ADDRESS`.
    pub identifier: String,
    /// The value.
    pub value: String,
}

/// Who asks.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requestor {
    /// `subject`, `representative` or `authorised_agent`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What they are to the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
}

impl Requestor {
    /// Whether they ask for themselves.
    pub fn is_subject(&self) -> bool {
        self.kind == "subject"
    }
}

/// How a proof stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// None is needed.
    #[default]
    NotRequired,
    /// It is waited for, or being looked at.
    Pending,
    /// It is good.
    Verified,
    /// It is not.
    Rejected,
}

impl Proof {
    /// The name that is stored and told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRequired => "not_required",
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Rejected => "rejected",
        }
    }

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::NotRequired,
            Self::Pending,
            Self::Verified,
            Self::Rejected,
        ];
        all.into_iter().find(|proof| proof.as_str() == name)
    }

    /// Whether it stands in nobody's way.
    pub const fn is_enough(self) -> bool {
        matches!(self, Self::NotRequired | Self::Verified)
    }
}

/// The authority to ask for another.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authority {
    /// What proves it.
    #[serde(default)]
    pub evidence_artifacts: Vec<serde_json::Value>,
    /// How it stands.
    pub status: Proof,
    /// When it was found good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
}

impl Authority {
    /// As whoever hands it in may say it: they do not judge it.
    pub(crate) fn unjudged(self) -> Self {
        match self.status {
            Proof::Verified | Proof::Rejected => Self {
                status: Proof::Pending,
                verified_at: None,
                ..self
            },
            Proof::NotRequired | Proof::Pending => self,
        }
    }
}

/// Whether a person is who they say.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// The case.
    pub id: Uuid,
    /// How it stands; `not_required`: recorded as unnecessary.
    pub status: Proof,
    /// How sure one must be: `reasonable` or `enhanced`.
    pub level: String,
    /// By what means: `existing_auth`, `email_link` or `manual`.
    pub method: String,
    /// Why there is doubt, or why none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the clock waits for it, as its pack has it.
    pub pause_clock: bool,
    /// When proof was asked for, or found unnecessary.
    pub requested_at: Timestamp,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// What was handed in.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// Something that was handed in as proof.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Its id.
    pub id: Uuid,
    /// How sure it makes.
    pub level: String,
    /// What it consists of, where it lies elsewhere.
    #[serde(default)]
    pub references: Vec<serde_json::Value>,
    /// The file, where it was uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileNote>,
    /// When.
    pub at: Timestamp,
}

/// What is known of a stored file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileNote {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// What deadlines are computed from: nothing else is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClockFacts {
    /// The request, pinned to the pack of its receipt.
    pub request: ClockRequest,
    /// What happened.
    pub events: Vec<Event>,
}

/// A question to the person.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clarification {
    /// When it was asked.
    pub asked_at: Timestamp,
    /// What was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// That it takes longer.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extension {
    /// When the person was told.
    pub at: Timestamp,
    /// By how much; `None`: by all that the law gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// By how many days the date moved.
    pub additional_days: i64,
    /// Why.
    pub reason: String,
}

/// Why it was refused.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// When.
    pub at: Timestamp,
    /// `cannot_verify`, `exemption_applies`, `manifest_invalid`, `insufficient_scope` or `other`.
    pub reason: String,
    /// The grounds.
    pub rationale: String,
    /// What the person was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What the person says against the answer.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Appeal {
    /// Its id.
    pub id: Uuid,
    /// What they say.
    pub message: String,
    /// On what grounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounds: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// What was decided: `approve`, `deny` or `partial`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
}

/// Something that somebody was to be told.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Its id.
    pub id: Uuid,
    /// What happened: `request_captured`.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// How often it was made again, and when.
    #[serde(default)]
    pub attempts: Vec<NoticeAttempt>,
}

/// A try to tell it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeAttempt {
    /// When.
    pub at: Timestamp,
    /// By which way.
    pub channel: String,
    /// `pending`, `delivered`, `failed` or `skipped`.
    pub status: String,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// That nothing may be destroyed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}
