//! What a local source is set up with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of a local source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A file, a folder or a glob, such as `/data/crm` or `/data/**/*.csv`.
    pub path: String,
    /// Only files that match one of these globs, such as `*.csv` or `crm/**`.
    #[serde(default)]
    pub include: Vec<String>,
    /// No file that matches one of these globs.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Folders and files that are never read: where Locard keeps its own state and its keys.
    #[serde(default)]
    pub own: Vec<String>,
    /// Folders out of which nothing is read, whatever links lead there; none: links are followed.
    #[serde(default)]
    pub within: Vec<String>,
}
