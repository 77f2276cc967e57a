//! What a result was computed with, so that an old request is computed with the same again.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A pack and, where one is used, a calendar, by the hashes of their texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pin {
    /// Id of the pack.
    pub pack: String,
    /// Its version.
    pub version: u32,
    /// SHA-256 of its text, in hexadecimal.
    pub hash: String,
    /// The country's calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarPin>,
}

/// A calendar by the hash of its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CalendarPin {
    /// ISO 3166 code of its country.
    pub country: String,
    /// Its version.
    pub version: u32,
    /// SHA-256 of its text, in hexadecimal.
    pub hash: String,
}

/// SHA-256 of a text in hexadecimal; line ends of a checkout on Windows make no difference.
pub(crate) fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.replace("\r\n", "\n")))
}
