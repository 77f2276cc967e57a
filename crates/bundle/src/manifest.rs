//! What a bundle says of itself: the types of `manifest.json`.

use std::fmt;

use jiff::Timestamp;
use locard_model::{LogicalType, OrgId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Format, PublicKey};

/// The name of the format, and the version that is written.
pub(crate) const FORMAT: &str = "locard-bundle";
pub(crate) const VERSION: u32 = 1;

/// The content of `manifest.json`. Later versions add fields; what a field means stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// `locard-bundle`.
    pub format: String,
    /// Version of the format, from 1.
    pub format_version: u32,
    /// What the bundle is.
    #[serde(flatten)]
    pub head: Head,
    /// The formats of the data.
    pub formats: Vec<Format>,
    /// What was not done as it was asked for.
    pub warnings: Vec<String>,
    /// Rows in all sections.
    pub total_records: u64,
    /// The sections, in the order of their numbers.
    pub sections: Vec<SectionRecord>,
    /// Where nobody looked, and why.
    pub not_searched: Vec<NotSearched>,
    /// Every file but the manifest and its signature.
    pub files: Vec<FileRecord>,
    /// SHA-256 in hexadecimal over the list of files: for each in the order of paths, length of path (u64, big-endian),
    /// path, size (u64, big-endian), SHA-256 (32 bytes).
    pub digest: String,
    /// Under which key the manifest is signed.
    pub signed_by: Signer,
}

/// What a bundle is, given by whoever has it made.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Id of the bundle.
    pub bundle_id: Uuid,
    /// The job that collected it.
    pub job_id: Option<String>,
    /// The organisation whose data it is.
    pub org_id: OrgId,
    /// Who is responsible for the data, as the person is to read it.
    pub controller: Option<Controller>,
    /// The person, as they are to be addressed.
    pub subject: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// When they did.
    pub requested_at: Timestamp,
    /// When it was made.
    pub generated_at: Timestamp,
    /// Paragraphs for the person: their rights, and whom to turn to.
    pub notice: Vec<String>,
}

/// Names of people stay out of logs.
impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head({}, ***)", self.bundle_id)
    }
}

/// Who decides what the data is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Controller {
    /// Name.
    pub name: String,
    /// How to reach them, or their data protection officer.
    pub contact: Option<String>,
}

/// What a section is, given before its rows. What the catalog does not know is left empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Section {
    /// Name of the source.
    pub source: String,
    /// The table, file or collection, as people write it.
    pub entity: String,
    /// Every field that a row may have, in the order in which tables show them.
    pub columns: Vec<Column>,
    /// What the data is used for.
    pub purpose: Option<String>,
    /// What allows that.
    pub legal_basis: Option<String>,
    /// For how long it is kept.
    pub retention: Option<String>,
    /// Who is given it.
    pub recipients: Vec<String>,
    /// Where it came from.
    pub origin: Option<String>,
    /// How it is known to be the person's.
    pub reached: Reached,
}

/// A column of a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// Name, the key of the rows' fields.
    pub name: String,
    /// The type that Parquet stores.
    pub kind: Kind,
    /// Kinds of personal data that it holds.
    pub identifiers: Vec<String>,
}

/// Types of columns, as far as formats tell them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Everything that is no other kind, numbers beyond the others' range among it.
    #[default]
    Text,
    /// Whole numbers of 64 bits.
    Integer,
    /// Numbers of double precision.
    Float,
    /// True or false.
    Boolean,
}

impl From<LogicalType> for Kind {
    fn from(declared: LogicalType) -> Self {
        match declared {
            LogicalType::Integer => Self::Integer,
            LogicalType::Float => Self::Float,
            LogicalType::Boolean => Self::Boolean,
            // A decimal is exact, which only its text is.
            _ => Self::Text,
        }
    }
}

/// How rows are known to be the person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "how")]
pub enum Reached {
    /// They hold what is known of the person.
    Direct {
        /// The identifiers that agreed.
        identifiers: Vec<String>,
        /// By which spellings, other than those that were given: `cyrillic`, `other-notation`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        spellings: Vec<String>,
    },
    /// They refer to rows that do.
    Relation {
        /// The relations on the way, from the person's row on: `orders.customer_id → customers.id`.
        over: Vec<String>,
    },
}

/// A section as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SectionRecord {
    /// Its number, from 1, with which its files' names begin.
    pub number: usize,
    /// What it is.
    #[serde(flatten)]
    pub section: Section,
    /// Rows that are in it.
    pub count: u64,
    /// Rows that were found, with those that a filter or a review left out.
    pub total_before_filter: u64,
    /// What was taken out.
    pub redactions: Vec<RedactionNote>,
    /// What people decided about its rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionNote>,
    /// Which cells were changed so that no spreadsheet executes them.
    pub neutralised: Vec<Neutralised>,
    /// Rows that the workbook shows; the others are in the data.
    pub workbook_rows: u64,
    /// Paths of its data.
    pub files: Vec<String>,
}

/// What somebody decided about rows of a section.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionNote {
    /// Its number, by which the audit log tells more of it; 0 in bundles of earlier versions.
    #[serde(default)]
    pub number: u64,
    /// When it was decided.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Who decided it, as the audit log names them.
    pub by: String,
    /// What was decided: `same person`, `include`, `redact`.
    pub decision: String,
    /// The row among all that were found, from 1.
    #[serde(default)]
    pub row: Option<u64>,
    /// The field that it is about.
    #[serde(default)]
    pub column: Option<String>,
    /// The code of the exemption that allows it.
    pub exemption: Option<String>,
    /// Why, in words that the person may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The decision that took this one back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<u64>,
    /// Rows that it concerns.
    pub rows: u64,
}

/// What was taken out of a section for one reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RedactionNote {
    /// How much of a row.
    pub extent: Extent,
    /// Of which column; none where rows were left out.
    pub column: Option<String>,
    /// What was there: `PERSON`.
    pub identifier: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// The code of the exemption that allows it.
    pub exemption: Option<String>,
    /// Rows that it concerns.
    pub rows: u64,
    /// Parts that were taken out of them.
    pub parts: u64,
}

/// How much of a row was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Extent {
    /// All of it.
    Row,
    /// A field.
    Field,
    /// Parts of a text.
    Span,
}

/// Cells of one column that a spreadsheet would have executed. They are whole in JSON and Parquet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Neutralised {
    /// `CSV`, where an apostrophe goes before them, or `XLSX`, where they are marked as text.
    pub format: String,
    /// Name of the column.
    pub column: String,
    /// How many.
    pub cells: u64,
    /// The first rows that have one, from 1; 0 is the header.
    pub rows: Vec<u64>,
}

/// A place where nobody looked, or not everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotSearched {
    /// Name of the source.
    pub source: String,
    /// The part of it; none for all of it.
    pub entity: Option<String>,
    /// Why.
    pub cause: Cause,
    /// The same in words.
    pub detail: Option<String>,
}

/// Why a place was not searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// It did not answer.
    Unreachable,
    /// It was left out by decision.
    Skipped,
    /// What is known of it is older than what is in it.
    Stale,
    /// Only a sample of it is known.
    Sampled,
    /// Nothing here reads it.
    Unsupported,
    /// People look there: paper, a processor, a mailbox.
    Manual,
    /// Reading it failed.
    Failed,
    /// What was recorded of it cannot be read.
    Damaged,
    /// Only a part of it is known, or was taken.
    Partly,
    /// Its values are of a kind that leads to nobody, so they were not looked through.
    NotIndexed,
    /// It was not read, or not to its end.
    NotScanned,
}

/// A file of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRecord {
    /// Path within the archive.
    pub path: String,
    /// What it is for.
    pub role: FileRole,
    /// The section whose data it is.
    pub section: Option<usize>,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// What a file of a bundle is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FileRole {
    /// Rows of a section.
    Data,
    /// Read by the person.
    Summary,
    /// Read by auditors.
    Report,
}

/// The key of a signature; the manifest names it too, so that the signature covers that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// `Ed25519`.
    pub algorithm: String,
    /// First 16 digits of the public key's SHA-256.
    pub key_id: String,
    /// The public key.
    pub public_key: PublicKey,
}
