//! Numbers of a column, as the store keeps them beside its sketch.

use locard_sketch::hash;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Numbers of a column that are told without decoding its sketch.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ColumnSummary {
    /// Records of its entity that were read.
    pub(crate) records: u64,
    /// Cells of it.
    pub(crate) rows: u64,
    pub(crate) distinct: u64,
    /// Share of the values that are in the index.
    pub(crate) indexed: f64,
    /// Only some records were asked for.
    pub(crate) sampled: bool,
    /// Some of what was asked for could not be read.
    pub(crate) partial: bool,
    /// What it adds to the mark of its entity's content; `None`: that cannot be told.
    #[serde(default)]
    pub(crate) content: Option<u64>,
}

impl ColumnSummary {
    pub(crate) fn of(summary: &Value) -> Result<Self, locard_engine::Error> {
        Self::deserialize(summary).map_err(|error| damaged(&error))
    }

    /// The same of JSON text.
    pub(crate) fn read(text: &[u8]) -> Result<Self, locard_engine::Error> {
        serde_json::from_slice(text).map_err(|error| damaged(&error))
    }
}

fn damaged(error: &serde_json::Error) -> locard_engine::Error {
    locard_engine::Error::Recorded(error.to_string())
}

/// What a column adds to the mark: its name and its values. What was derived from the cells of another adds nothing.
pub(crate) fn content_of(name: &str, content: Option<u64>, derived: bool) -> Option<u64> {
    if derived {
        return Some(0);
    }
    let mut bytes = content?.to_le_bytes().to_vec();
    bytes.extend_from_slice(name.as_bytes());
    // 0 stands for nothing.
    Some(hash(&bytes).max(1))
}
