//! All that is known of a DSAR job, as it is stored: sealed under the job's key.

use std::fmt;

use jiff::Timestamp;
use locard_app::Actor;
use locard_bundle::AuditReport;
use locard_model::{Attribute, EntityId, Identifier, Subject};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a job is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScopeKind {
    /// One person's data.
    #[default]
    DataSubject,
    /// What the catalog knows of all sources; their rows only where it was widened to them.
    TenantFull,
    /// The same of what was scanned within the window, and rows of it.
    TenantSlice,
}

locard_model::named!(ScopeKind {
    DataSubject => "DATA_SUBJECT",
    TenantFull => "TENANT_FULL",
    TenantSlice => "TENANT_SLICE",
});

/// What is collected.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Scope {
    /// What it is about.
    pub kind: ScopeKind,
    /// The person: a registered subject's id, or something that is known of them.
    pub data_subject_id: Option<String>,
    /// Only rows from then on, where a dataset has a column of times.
    pub window_start: Option<Timestamp>,
    /// Only rows before that.
    pub window_end: Option<Timestamp>,
    /// Only members of these collections, by id or name.
    pub campaign_ids: Vec<String>,
    /// Only these sources or entities, by id, key or name.
    pub substrates: Vec<String>,
    /// Whether an export of everything is widened to the rows of the sources.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub with_rows: bool,
}

/// The subject's id may be their address.
impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({}, ***)", self.kind)
    }
}

/// A value that is known of the person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// What it is.
    pub identifier: Identifier,
    /// The value.
    pub value: String,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Known({} = ***)", self.identifier)
    }
}

impl From<&Attribute> for Known {
    fn from(attribute: &Attribute) -> Self {
        Self {
            identifier: attribute.identifier.clone(),
            value: attribute.value.clone(),
        }
    }
}

/// A job as its body tells it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Body {
    /// What is collected.
    pub scope: Scope,
    /// What is known of the person.
    pub attributes: Vec<Known>,
    /// Formats of the data, as they were asked for.
    pub formats: Vec<String>,
    /// What was not done as it was asked for.
    pub warnings: Vec<String>,
    /// Who asked, as they are named.
    pub requested_by: String,
    /// Why, in their words.
    pub request_notes: Option<String>,
    /// For what purpose the person's data is looked at.
    pub purpose: String,
    /// Whose key asked.
    pub actor: Actor,
    /// The legal request that it answers.
    pub request: Option<Uuid>,
    /// Whether somebody looks at all of it before it is handed out.
    pub review: bool,
    /// How many people must approve it.
    pub approvals: u32,
    /// To whom the archive is encrypted, `age1…`; nobody: it is not.
    pub recipients: Vec<String>,
    /// How long the bundle is kept once it is ready, in seconds.
    pub ttl: u64,
    /// Where bundles are kept; none: in the home.
    pub store: Option<String>,
    /// The job that this one repeats.
    pub retry_of: Option<Uuid>,
    /// The job that repeats this one.
    pub retried_by: Option<Uuid>,
    /// How far it is.
    pub progress: Progress,
    /// What was collected, once all of it was.
    pub collected: Option<Collected>,
    /// The bundle, once there is one.
    pub delivery: Option<BundleInfo>,
    /// Why there will be none.
    pub failure: Option<Failed>,
    /// What the bundle's audit report says.
    pub report: Option<AuditReport>,
    /// Why nothing of it may be destroyed, where it is under a hold of its own.
    pub hold: Option<Hold>,
}

/// A legal hold that somebody placed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Hold {
    /// Why.
    pub reason: String,
    /// When.
    pub at: Option<Timestamp>,
    /// Who did.
    pub by: String,
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Progress {
    /// Rows that were collected.
    pub rows_collected: u64,
    /// Rows that there are, once that is known.
    pub rows_expected: Option<u64>,
    /// Sections that were finished.
    pub sections: u64,
    /// Bytes of the bundle that were written.
    pub bytes_packaged: u64,
    /// The last sign of life of whoever works on it.
    pub last_heartbeat_at: Option<Timestamp>,
    /// Who does.
    pub worker_id: Option<String>,
}

/// What was collected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Collected {
    /// When.
    pub at: Option<Timestamp>,
    /// The answer in one word.
    pub answer: String,
    /// The sections, in their order.
    pub sections: Vec<SectionInfo>,
    /// Where nobody looked, and why.
    pub not_searched: Vec<locard_bundle::NotSearched>,
    /// What is likely not what was meant, and what else a reader should know.
    pub warnings: Vec<String>,
    /// Sources that were asked.
    pub sources: u64,
    /// Sections that nobody asked for, and over which rows were reached.
    pub between: usize,
    /// The job's last record when rows came last: whoever approved before has not seen them.
    pub seen: u64,
    /// Sections, counted from the first, for whose rows earlier decisions were taken over.
    pub carried: usize,
}

/// A section that was collected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SectionInfo {
    /// Its number, from 1.
    pub number: usize,
    /// The source.
    pub source: String,
    /// The resource, masked.
    pub resource: String,
    /// The entity.
    pub entity: Option<EntityId>,
    /// Rows that are in unless somebody decides otherwise.
    pub included: u64,
    /// Rows of which somebody must say whether they are in.
    pub review: u64,
    /// Rows outside of the window.
    pub outside: u64,
    /// Rows that are in as things stand: in the bundle, once there is one.
    pub count: u64,
    /// Rows that were found, those included that are out.
    pub total_before_filter: u64,
    /// Rows of which somebody must say whether they are in, and nobody has.
    pub undecided: u64,
    /// Whether all of it was read.
    pub complete: bool,
}

/// A bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BundleInfo {
    /// Its name in the store of bundles.
    pub key: String,
    /// Bytes of it.
    pub size: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// Who signed it.
    pub signed_by: String,
    /// When the recipient first had it.
    pub downloaded_at: Option<Timestamp>,
    /// Through whom.
    pub downloaded_by: Option<String>,
}

/// Why a job failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Failed {
    /// In one word: `cancelled`, `error`.
    pub reason: String,
    /// In a sentence.
    pub message: String,
    /// When.
    pub failed_at: Option<Timestamp>,
    /// Whose work it was.
    pub worker_id: Option<String>,
}

impl Body {
    /// The person.
    pub fn subject(&self) -> Subject {
        let known = self.attributes.iter();
        Subject {
            id: "subject".to_owned(),
            attributes: known
                .map(|known| Attribute {
                    identifier: known.identifier.clone(),
                    value: known.value.clone(),
                })
                .collect(),
        }
    }

    /// Whether it is about everybody.
    pub fn is_tenant(&self) -> bool {
        self.scope.kind != ScopeKind::DataSubject
    }

    /// Where in the store of bundles its own are.
    pub(crate) fn folder(id: Uuid) -> String {
        format!("dsar/{id}")
    }
}
