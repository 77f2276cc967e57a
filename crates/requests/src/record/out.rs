//! What is handed out, and how.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::FileNote;

/// How the review of a manifest stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    /// Nobody has decided.
    #[default]
    Pending,
    /// It may be handed out.
    Approved,
    /// It may not.
    Rejected,
}

/// What is to be handed out.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// What it consists of.
    pub artifacts: Vec<Artifact>,
    /// Kinds of data in it.
    #[serde(default)]
    pub data_categories: Vec<String>,
    /// What was blacked out.
    #[serde(default)]
    pub redactions_applied: Vec<String>,
    /// What was left out for the sake of others.
    #[serde(default)]
    pub third_party_exclusions: Vec<String>,
    /// What else the person is to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplementary_info: Option<String>,
    /// Where that lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplementary_info_ref: Option<String>,
    /// Whether it may be handed out.
    pub validation: Validation,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
}

/// A part of a manifest.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Its id.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// `profile_data`, `account_data`, `support_tickets`, `audit_logs` or `other`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its file, where it lies here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileNote>,
    /// What is known of it, where it is the bundle of a DSAR job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<FileNote>,
    /// Where it lies otherwise: an address, or the DSAR job whose bundle it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// From where it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_system: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// How an answer is handed out.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handover {
    /// `portal`, `email` or `secure_remote_access`.
    pub channel: String,
    /// `standard` or `token`.
    pub security_level: String,
    /// When it was made ready.
    pub prepared_at: Timestamp,
    /// By whom.
    pub prepared_by: String,
    /// The address that was found to be the person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The last challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
    /// What was tried.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
}

/// A one-time code, of which only a digest is kept.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// SHA-256 of the token, in hexadecimal.
    pub digest: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
}

/// Something that was tried to hand an answer out.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// What: `prepared`, `challenged`, `completed`, `downloaded`, `refused`.
    pub what: String,
    /// Which artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Uuid>,
    /// By whom.
    pub by: String,
}
