//! Small tables of text as settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of a memory source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The tables.
    #[serde(default)]
    pub tables: Vec<TextTable>,
}

/// A table whose cells are all text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextTable {
    /// Its name.
    pub name: String,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Its rows; `null` is null.
    pub rows: Vec<Vec<Option<String>>>,
}
