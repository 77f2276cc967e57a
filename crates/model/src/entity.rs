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

    /// The path as people write it: `crm/customers.csv` for files, `schema.table` for everything else. A name behind the first
    /// that holds a dot or a quote stands in quotes, so that no two paths of as many names are written alike: `a."b.c"`. The
    /// first one, which may be a file (`crm/app.db.users`), does so for a quote alone.
    pub fn resource(&self, kind: EntityKind) -> String {
        let is_plain = |at: usize, name: &str| {
            let needs_quotes: &[char] = if at == 0 { &['"'] } else { &['.', '"'] };
            !name.contains(needs_quotes)
        };
        match kind {
            EntityKind::File | EntityKind::Folder => self.0.join("/"),
            _ if self.0.len() < 2 => self.0.join("."),
            _ => {
                let names = self.0.iter().enumerate().map(|(at, name)| {
                    if is_plain(at, name) {
                        name.clone()
                    } else {
                        format!("\"{}\"", name.replace('"', "\"\""))
                    }
                });
                names.collect::<Vec<_>>().join(".")
            }
        }
    }

    /// The same without quotes, as somebody may write it who does not know of them; several paths may be written so.
    pub fn unquoted(&self, kind: EntityKind) -> String {
        match kind {
            EntityKind::File | EntityKind::Folder => self.0.join("/"),
            _ => self.0.join("."),
        }
    }
}

/// The names that a resource of tables is made of: a dot within quotes parts none, and two quotes there are one.
pub fn names(resource: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut letters = resource.chars().peekable();
    let (mut begins, mut quoted) = (true, false);
    while let Some(letter) = letters.next() {
        let is_first = std::mem::take(&mut begins);
        match letter {
            '"' if is_first => quoted = true,
            '"' if quoted => match letters.peek() {
                Some('"') => {
                    letters.next();
                    push(&mut names, '"');
                }
                _ => quoted = false,
            },
            '.' if !quoted => {
                names.push(String::new());
                begins = true;
            }
            other => push(&mut names, other),
        }
    }
    names
}

fn push(names: &mut [String], letter: char) {
    if let Some(name) = names.last_mut() {
        name.push(letter);
    }
}

impl fmt::Display for EntityPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tables_are_written_alike() {
        let check = |segments: &[&str], expected: &str| {
            let path = EntityPath::new(segments.iter().copied());
            assert_eq!(path.resource(EntityKind::Table), expected);
            if segments
                .first()
                .is_some_and(|first| !first.contains('.') || first.contains('"'))
                && segments.len() > 1
            {
                assert_eq!(names(expected), segments, "{expected}");
            }
        };
        check(&["public", "users"], "public.users");
        check(&["a.b", "c.d"], r#"a.b."c.d""#);
        check(&["crm/app.db", "users"], "crm/app.db.users");
        check(&["a", "b.c.d"], r#"a."b.c.d""#);
        check(&["say \"hi\".", "t"], r#""say ""hi"".".t"#);
        check(&["\"", "t"], r#""""".t"#);
        // A name alone cannot be mistaken.
        check(&["people.2024"], "people.2024");
        check(&[], "");
    }

    #[test]
    fn files_are_written_as_they_are() {
        let path = EntityPath::new(["a.b", "c \"d\".csv"]);
        assert_eq!(path.resource(EntityKind::File), "a.b/c \"d\".csv");
        let table = EntityPath::new(["a.b", "c"]);
        assert_eq!(table.unquoted(EntityKind::View), "a.b.c");
    }
}
