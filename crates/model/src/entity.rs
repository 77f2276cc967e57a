//! What a source contains and how it is addressed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::named;

/// What an entity is in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A database schema.
    Schema,
    /// A folder or prefix.
    Folder,
    /// A table with rows of its own; a partitioned table counts as one.
    Table,
    /// A view.
    View,
    /// A view whose rows are stored.
    MaterializedView,
    /// A table whose rows live on another server.
    ForeignTable,
    /// A file or object.
    File,
    /// A collection of documents.
    Collection,
    /// A column, or a nested field by its dotted path.
    Column,
}

named!(EntityKind {
    Schema => "schema",
    Folder => "folder",
    Table => "table",
    View => "view",
    MaterializedView => "materialized_view",
    ForeignTable => "foreign_table",
    File => "file",
    Collection => "collection",
    Column => "column",
});

/// Where an entity is within its source: schema and table, or folders and file name.
///
/// Segments are kept apart; [`EntityPath::resource`] joins them only for people and for output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntityPath(Vec<String>);

impl EntityPath {
    /// A path from its segments, outermost first.
    pub fn new<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self(segments.into_iter().map(Into::into).collect())
    }

    /// The segments, outermost first.
    pub fn segments(&self) -> &[String] {
        &self.0
    }

    /// The innermost segment; empty for the empty path.
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The path as people write it: `crm/customers.csv` for files, `schema.table` for everything else.
    pub fn resource(&self, kind: EntityKind) -> String {
        match kind {
            EntityKind::File | EntityKind::Folder => self.0.join("/"),
            _ => self.0.join("."),
        }
    }
}

impl fmt::Display for EntityPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}
