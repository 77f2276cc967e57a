//! A column as predicates see it: its expression and which comparisons are faithful on it.

use locard_connector::{Error, ErrorKind, Result};

/// What a column's values are to the server; decides which comparisons mean the same there and here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Text that is equal only byte for byte.
    Text,
    /// Text whose equality is looser than bytes (padded, case-insensitive).
    LooseText,
    /// Whole numbers.
    Integer,
    /// Decimal numbers of any size.
    Decimal,
    /// Binary floating-point numbers.
    Float,
    /// Truth values.
    Boolean,
    /// Calendar dates.
    Date,
    /// Points in time without a zone, taken as UTC.
    Timestamp,
    /// Points in time.
    TimestampTz,
    /// UUIDs.
    Uuid,
    /// Cells of any storage class (SQLite); compared through their text.
    Dynamic,
    /// Whatever has no faithful comparison: documents, composites, binary.
    Opaque,
}

impl Class {
    /// Whether the server's text of a value is the text that a reader gets, so that text predicates apply.
    pub const fn has_text(self) -> bool {
        matches!(
            self,
            Self::Text | Self::LooseText | Self::Integer | Self::Decimal | Self::Dynamic
        )
    }
}

/// A column that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its path, as requests name it.
    pub name: String,
    /// The quoted column reference.
    pub expression: String,
    /// What its values, or the elements of its lists, are.
    pub class: Class,
    /// Whether each cell is a list.
    pub list: bool,
}

/// The column a path means: the column itself, a list by its name with `[]`, or the document that a dotted path leads
/// into.
pub fn find<'a>(columns: &'a [Column], path: &str) -> Option<(&'a Column, bool)> {
    let bare = path.strip_suffix("[]").unwrap_or(path);
    if let Some(column) = columns
        .iter()
        .find(|column| column.name == path || column.name.trim_end_matches("[]") == bare)
    {
        return Some((column, false));
    }
    columns
        .iter()
        .filter(|column| {
            path.strip_prefix(column.name.trim_end_matches("[]"))
                .is_some_and(|rest| rest.starts_with(['.', '[']))
        })
        .max_by_key(|column| column.name.len())
        .map(|column| (column, true))
}

/// Like [`find`], with an error that lists the columns there are.
pub(crate) fn expect<'a>(columns: &'a [Column], path: &str) -> Result<(&'a Column, bool)> {
    find(columns, path).ok_or_else(|| missing(columns, path))
}

fn missing(columns: &[Column], path: &str) -> Error {
    const SHOWN: usize = 20;
    let mut known: Vec<&str> = columns
        .iter()
        .take(SHOWN)
        .map(|column| column.name.as_str())
        .collect();
    if columns.len() > SHOWN {
        known.push("…");
    }
    Error::new(ErrorKind::NotFound, format!("there is no column {path}"))
        .hint(format!("columns: {}", known.join(", ")))
}

/// The columns a request wants, in its order; every one where it names none.
pub fn project<'a>(columns: &'a [Column], wanted: Option<&[String]>) -> Result<Vec<&'a Column>> {
    let Some(wanted) = wanted else {
        return Ok(columns.iter().collect());
    };
    let mut chosen: Vec<&Column> = Vec::with_capacity(wanted.len());
    for path in wanted {
        let (column, _) = expect(columns, path)?;
        if !chosen.iter().any(|known| known.name == column.name) {
            chosen.push(column);
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str) -> Column {
        Column {
            name: name.into(),
            expression: name.into(),
            class: Class::Text,
            list: name.ends_with("[]"),
        }
    }

    #[test]
    fn a_path_into_a_document_finds_the_longest_column_that_leads_there() {
        let columns = [column("a"), column("a.b"), column("tags[]")];
        let name =
            |path| find(&columns, path).map(|(column, inside)| (column.name.clone(), inside));
        assert_eq!(name("a.b.c"), Some(("a.b".into(), true)));
        assert_eq!(name("a.b"), Some(("a.b".into(), false)));
        assert_eq!(name("tags"), Some(("tags[]".into(), false)));
        assert_eq!(name("tags[]"), Some(("tags[]".into(), false)));
        assert_eq!(name("ab"), None);
    }

    #[test]
    fn projection_keeps_the_order_asked_for_and_drops_doubles() {
        let columns = [column("a"), column("b"), column("c")];
        let wanted = ["c".to_owned(), "a".to_owned(), "c".to_owned()];
        let names: Vec<_> = project(&columns, Some(&wanted))
            .unwrap()
            .iter()
            .map(|column| column.name.clone())
            .collect();
        assert_eq!(names, ["c", "a"]);
    }

    #[test]
    fn an_unknown_column_is_not_found_and_the_hint_lists_the_known_ones() {
        let error = project(&[column("email")], Some(&["mail".to_owned()])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.hint_text().is_some_and(|hint| hint.contains("email")));
    }
}
