//! Paths of columns as the server knows them, and what of a document is sent.
//!
//! What a reader gets wrong: a field may be named `a.b`, and its column is called like that of the field `b` in `a`. So
//! fields are asked for by name only where no such thing can be meant, and otherwise left out by name, where that is
//! certain.

use mongodb::bson::{Bson, Document};

/// The field that every document is known by.
pub(crate) const ID: &str = "_id";

/// Fields that are left out by name, at most.
const MOST_LEFT_OUT: usize = 200;

/// A column's path as fields, one within the other; `None` where a query has no word for it: keys of maps, lists in
/// lists, empty names, and what queries take for a position or a command.
pub(crate) fn fields(column: &str) -> Option<Vec<&str>> {
    let fields: Vec<&str> = column
        .split('.')
        .map(|field| field.strip_suffix("[]").unwrap_or(field))
        .collect();
    fields.iter().all(|field| is_plain(field)).then_some(fields)
}

/// Whether a field can be asked for by its name.
fn is_plain(field: &str) -> bool {
    !(field.is_empty()
        || field.starts_with('$')
        || field.contains(['"', '*', '[', ']', '#', '\0', '.'])
        || field.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The field at the root of which a column is, where it can only be that.
fn root(column: &str) -> Option<&str> {
    let name = column.strip_suffix("[]").unwrap_or(column);
    is_plain(name).then_some(name)
}

/// What is sent of a document, where not all of it is needed. `known`: fields that some documents have.
pub(crate) fn projection(
    columns: Option<&[String]>,
    with_keys: bool,
    known: &[String],
) -> Option<Document> {
    let columns = columns?;
    let roots: Option<Vec<&str>> = columns.iter().map(|column| root(column)).collect();
    match roots {
        Some(roots) => Some(only(&roots, with_keys)),
        None => without(columns, with_keys, known),
    }
}

/// Only these fields.
fn only(roots: &[&str], with_keys: bool) -> Document {
    let mut fields = Document::new();
    let has_id = with_keys || roots.contains(&ID) || roots.is_empty();
    fields.insert(ID, i32::from(has_id));
    for root in roots {
        fields.insert(*root, 1);
    }
    fields
}

/// Everything but the fields that no wanted column can be in.
fn without(columns: &[String], with_keys: bool, known: &[String]) -> Option<Document> {
    if columns.iter().any(|column| column.starts_with('*')) {
        return None;
    }
    let is_needed = |field: &str| {
        let below = |column: &String| {
            let rest = column.strip_prefix(field);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '#']))
        };
        field == ID && with_keys || columns.iter().any(below)
    };
    let fields: Document = known
        .iter()
        .filter(|field| is_plain(field) && !is_needed(field))
        .take(MOST_LEFT_OUT)
        .map(|field| (field.clone(), Bson::Int32(0)))
        .collect();
    (!fields.is_empty()).then_some(fields)
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    fn check(columns: &[&str], with_keys: bool) -> Option<Document> {
        let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
        let known = ["_id", "a", "b", "photo", "a.b", "$x", ""].map(str::to_owned);
        projection(Some(&columns), with_keys, &known)
    }

    #[test]
    fn plain_fields_are_asked_for_by_name() {
        assert_eq!(
            check(&["mail", "tags[]"], false),
            Some(doc! { "_id": 0, "mail": 1, "tags": 1 })
        );
        assert_eq!(check(&["mail"], true), Some(doc! { "_id": 1, "mail": 1 }));
        assert_eq!(check(&[], false), Some(doc! { "_id": 1 }));
        assert_eq!(projection(None, true, &[]), None);
    }

    #[test]
    fn where_a_dot_may_be_part_of_a_name_others_are_left_out() {
        assert_eq!(check(&["a.b"], true), Some(doc! { "b": 0, "photo": 0 }));
        assert_eq!(
            check(&["a[].c", "b"], false),
            Some(doc! { "_id": 0, "photo": 0 })
        );
        assert_eq!(check(&["*#key"], false), None);
        assert_eq!(check(&["a", "$x"], true), Some(doc! { "b": 0, "photo": 0 }));
    }

    #[test]
    fn odd_names_are_not_asked_for() {
        assert_eq!(fields("a.b[].c"), Some(vec!["a", "b", "c"]));
        for odd in [
            "a..b", "\"\"", "$x", "a.*", "a.*#key", "a[][]", "a.b#2", "a.0", "",
        ] {
            assert_eq!(fields(odd), None, "{odd}");
        }
    }
}
