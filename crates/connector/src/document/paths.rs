//! Which of the columns that are wanted a path belongs to.
//!
//! The one thing a reader gets wrong: a path is named as it is met. An object becomes a map when it has met enough
//! keys, and of two namesakes the later one is numbered, so another reading of the same documents, or one document
//! read alone, may name the same value otherwise. What is asked for by its name must be found under all of them.

use std::collections::BTreeSet;

/// The names of wanted columns.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    /// In order, so that of several that fit it is the same one in every run.
    exact: BTreeSet<String>,
    /// Those whose names alone do not tell: maps and namesakes.
    loose: Vec<String>,
}

impl Paths {
    /// Those columns.
    pub fn new(columns: impl IntoIterator<Item = String>) -> Self {
        let exact: BTreeSet<String> = columns.into_iter().collect();
        let is_loose = |name: &&String| name.contains('*') || bare(name).len() < name.len();
        let mut loose: Vec<String> = exact.iter().filter(is_loose).cloned().collect();
        // The one that says most about a path comes first.
        loose.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        Self { exact, loose }
    }

    /// The wanted column that holds what stands at this path, if any does.
    pub fn column<'a>(&'a self, path: &str) -> Option<&'a str> {
        if let Some(name) = self.exact.get(path) {
            return Some(name);
        }
        let of = bare(path);
        let mut loose = self.loose.iter();
        let found = loose.find(|name| is_like(of, bare(name)));
        let found = found.or_else(|| self.exact.get(of));
        let found = found.or_else(|| {
            let mut exact = self.exact.iter();
            path.contains('*')
                .then(|| exact.find(|name| is_like(name, of)))?
        });
        found.map(String::as_str)
    }

    /// Whether a column of that very name is wanted.
    pub fn has(&self, name: &str) -> bool {
        self.exact.contains(name)
    }

    /// Whether keys of any map are wanted.
    pub fn has_keys(&self) -> bool {
        self.loose.iter().any(|name| name.ends_with(KEYS))
    }
}

/// How the column of a map's keys ends.
const KEYS: &str = "*#key";

/// The name without the number that tells it from its namesakes.
fn bare(name: &str) -> &str {
    match name.rsplit_once('#') {
        Some((bare, number))
            if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            bare
        }
        _ => name,
    }
}

/// Whether a path is one that stands below maps as the pattern says; keys are no values.
fn is_like(path: &str, pattern: &str) -> bool {
    if path.ends_with(KEYS) != pattern.ends_with(KEYS) {
        return false;
    }
    let Some((first, rest)) = pattern.split_once('*') else {
        return path == pattern;
    };
    let Some(mut left) = path.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = left.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    !left.is_empty() && left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(wanted: &[&str], path: &str) -> Option<String> {
        let paths = Paths::new(wanted.iter().map(|name| (*name).to_owned()));
        paths.column(path).map(str::to_owned)
    }

    #[test]
    fn a_name_is_its_own_column_before_any_map() {
        assert_eq!(column(&["m.*", "m.anna"], "m.anna").unwrap(), "m.anna");
        assert_eq!(column(&["m.*", "m.anna"], "m.bert").unwrap(), "m.*");
        assert_eq!(column(&["m.anna"], "m.bert"), None);
        assert_eq!(column(&["m.*"], "n.anna"), None);
    }

    #[test]
    fn what_stands_below_a_map_is_found_under_each_key() {
        let wanted = ["m.*.mail", "m.*", "m.*.tags[]", "*.x.*"];
        for (path, expected) in [
            ("m.anna.mail", "m.*.mail"),
            ("m.a.b.mail", "m.*.mail"),
            ("m.anna.tags[]", "m.*.tags[]"),
            ("m.anna", "m.*"),
            ("k.x.y", "*.x.*"),
        ] {
            assert_eq!(column(&wanted, path).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn a_map_that_was_none_yet_is_found_under_the_names_of_then() {
        assert_eq!(column(&["m.anna"], "m.*").unwrap(), "m.anna");
        assert_eq!(column(&["m.anna.mail"], "m.*.mail").unwrap(), "m.anna.mail");
        assert_eq!(column(&["m.anna.mail"], "m.*.name"), None);
    }

    #[test]
    fn keys_are_no_values() {
        assert_eq!(column(&["m.*#key"], "m.*#key").unwrap(), "m.*#key");
        assert_eq!(column(&["m.*#key"], "m.anna"), None);
        assert_eq!(column(&["m.*"], "m.*#key"), None);
    }

    #[test]
    fn namesakes_are_each_others() {
        assert_eq!(column(&["a.b#2"], "a.b").unwrap(), "a.b#2");
        assert_eq!(column(&["a.b"], "a.b#2").unwrap(), "a.b");
        assert_eq!(column(&["a.b", "a.b#2"], "a.b#2").unwrap(), "a.b#2");
        assert_eq!(column(&["c#sharp"], "c"), None);
    }
}
