//! Which rows of an entity are meant, so that they are known again.

use locard_app::RowAt;
use locard_model::EntityId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Rows of one entity. Keys in it are plain, so it is only kept sealed, and `Debug` hides them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spot {
    /// The entity.
    pub entity: EntityId,
    /// The columns that carry the key of another row, where the rows were reached over a relation.
    #[serde(default)]
    pub carrying: Vec<String>,
    /// The rows.
    pub rows: Vec<SpotRow>,
    /// How many more there are.
    #[serde(default)]
    pub more: u64,
}

/// One row.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpotRow {
    /// Number of the record, from 1, where the source has an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Line on which it starts, from 1, in text formats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Key columns and their values; of files, which file it is.
    #[serde(default)]
    pub key: Vec<(String, String)>,
    /// Whether the key is columns of the row, and not where it happens to lie.
    #[serde(default)]
    pub(crate) is_keyed: bool,
    /// What it holds in [`Spot::carrying`].
    #[serde(default)]
    pub(crate) carries: Vec<String>,
    /// SHA-256 of what it held, in hexadecimal: a row without a key is known by it wherever it has moved.
    pub(crate) digest: String,
}

impl SpotRow {
    /// Where it is. Values of its key are plain.
    pub fn at(&self) -> RowAt {
        RowAt {
            number: self.number,
            line: self.line,
            key: self.key.clone(),
        }
    }
}

impl SpotRow {
    /// Whether it is the same row, whatever became of what is in it.
    fn is_same(&self, other: &Self) -> bool {
        self.is_keyed == other.is_keyed
            && if self.is_keyed {
                self.key == other.key
            } else {
                self.digest == other.digest
            }
    }
}

impl Spot {
    /// Whether all these rows are among its own.
    pub fn holds(&self, other: &Self) -> bool {
        let is_known = |row: &SpotRow| self.rows.iter().any(|known| known.is_same(row));
        self.entity == other.entity && !other.rows.is_empty() && other.rows.iter().all(is_known)
    }

    /// Adds rows that are not among its own, and tells how many.
    pub fn add(&mut self, other: &Self) -> u64 {
        let before = self.rows.len();
        for row in &other.rows {
            if !self.rows.iter().any(|known| known.is_same(row)) {
                self.rows.push(row.clone());
            }
        }
        (self.rows.len() - before) as u64
    }
}

impl std::fmt::Debug for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spot({:?}, {} rows)", self.entity, self.rows.len())
    }
}

pub(super) fn digest(values: &Map<String, Value>) -> String {
    // Text of a map of JSON values can always be made.
    let text = serde_json::to_vec(values).unwrap_or_default();
    hex::encode(Sha256::digest(text))
}
