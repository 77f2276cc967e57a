//! Where a value stands in its document, for people and for whoever must tell one record of it from another.
//!
//! `users.u3.name` is a field in objects, `items[2].sku` one of an element, `users["ada@example.org"].name` one below a
//! key that has other signs in it. A path begins at the record.

use std::borrow::Cow;

/// How a key begins and ends that is quoted. A bracket in front of a quote only ever begins one.
const OPEN: &str = "[\"";
const CLOSE: &str = "\"]";

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The field of that name.
    Key(Cow<'a, str>),
    /// An element, with its number as it is written, from 0.
    Element(&'a str),
}

/// Adds a key to a path.
pub fn push_key(path: &mut String, key: &str) {
    let is_plain = !key.is_empty() && !key.contains(['.', '[', ']', '"', '\\', '*']);
    if is_plain {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
        return;
    }
    path.push_str(OPEN);
    for c in key.chars() {
        match c {
            '"' => path.push_str("\\\""),
            '\\' => path.push_str("\\\\"),
            '[' => path.push_str("\\u005b"),
            c => path.push(c),
        }
    }
    path.push_str(CLOSE);
}

/// Adds the number of an element to a path.
pub fn push_element(path: &mut String, number: usize) {
    path.push('[');
    path.push_str(&number.to_string());
    path.push(']');
}

/// The steps of a path, each with the path up to its end.
pub fn steps(path: &str) -> impl Iterator<Item = (Step<'_>, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = path.get(at..).filter(|rest| !rest.is_empty())?;
        let (step, length) = first(rest);
        at += length;
        Some((step, path.get(..at).unwrap_or(path)))
    })
}

/// The first step of a path, and how long it is.
fn first(path: &str) -> (Step<'_>, usize) {
    if let Some(quoted) = path.strip_prefix(OPEN) {
        let end = end_of_quoted(quoted).unwrap_or(quoted.len());
        let key = quoted.get(..end).unwrap_or_default();
        let length = (OPEN.len() + end + CLOSE.len()).min(path.len());
        return (Step::Key(unquoted(key)), length);
    }
    if let Some(number) = path.strip_prefix('[') {
        let end = number.find(']').unwrap_or(number.len());
        let length = (end + 2).min(path.len());
        return (Step::Element(number.get(..end).unwrap_or_default()), length);
    }
    let dot = usize::from(path.starts_with('.'));
    let key = path.get(dot..).unwrap_or_default();
    let end = key.find(['.', '[']).unwrap_or(key.len());
    let key = key.get(..end).unwrap_or_default();
    (Step::Key(Cow::Borrowed(key)), (dot + end).max(1))
}

/// Where the quote stands that ends a quoted key.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}

fn unquoted(key: &str) -> Cow<'_, str> {
    if !key.contains('\\') {
        return Cow::Borrowed(key);
    }
    let mut plain = String::with_capacity(key.len());
    let mut rest = key;
    while let Some((before, escaped)) = rest.split_once('\\') {
        plain.push_str(before);
        if let Some(behind) = escaped.strip_prefix("u005b") {
            plain.push('[');
            rest = behind;
        } else {
            let mut letters = escaped.chars();
            plain.extend(letters.next());
            rest = letters.as_str();
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The object that a value at this path is a field of; of an element of a list, the object that has the list.
pub fn record(path: &str) -> &str {
    let mut record = "";
    let mut before = "";
    for (step, up_to) in steps(path) {
        if matches!(step, Step::Key(_)) {
            record = before;
        }
        before = up_to;
    }
    record
}

/// The path with its keys as they may be shown.
pub fn shown(path: &str, mut key: impl FnMut(&str) -> String) -> String {
    let mut shown = String::with_capacity(path.len());
    for (step, _) in steps(path) {
        match step {
            Step::Key(name) => push_key(&mut shown, &key(&name)),
            Step::Element(number) => {
                shown.push('[');
                shown.push_str(number);
                shown.push(']');
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(keys: &[&str]) -> String {
        let mut path = String::new();
        for key in keys {
            match key.parse() {
                Ok(number) => push_element(&mut path, number),
                Err(_) => push_key(&mut path, key),
            }
        }
        path
    }

    #[test]
    fn a_path_is_taken_apart_into_the_steps_that_made_it() {
        for keys in [
            &["users", "u3", "name"][..],
            &["1", "name"],
            &["users", "a@x.org", "name"],
            &["", "a.b", "[", "\"]", "\\", "x[\"y", "\\u005b", "\\\""],
            &["items", "2", "tags", "0"],
            &["*"],
        ] {
            let path = path(keys);
            let found: Vec<String> = steps(&path)
                .map(|(step, _)| match step {
                    Step::Key(key) => key.into_owned(),
                    Step::Element(number) => number.to_owned(),
                })
                .collect();
            assert_eq!(found, keys, "{path}");
            assert_eq!(steps(&path).last().map(|(_, all)| all), Some(path.as_str()));
        }
        assert_eq!(
            path(&["users", "a@x.org", "name"]),
            "users[\"a@x.org\"].name"
        );
    }

    #[test]
    fn a_value_is_of_the_object_around_it() {
        for (path, expected) in [
            ("name", ""),
            ("users.u3.name", "users.u3"),
            ("items[2].sku", "items[2]"),
            ("items[2].tags[0]", "items[2]"),
            ("[1][2]", ""),
            ("users[\"a@x.org\"].name", "users[\"a@x.org\"]"),
            ("", ""),
        ] {
            assert_eq!(record(path), expected, "{path}");
        }
        let shown = shown("users[\"a@x.org\"].n[1]", |key| key.replace("a@x.org", "*"));
        assert_eq!(shown, "users[\"*\"].n[1]");
    }
}
