//! Which labelled table and column a finding is of, however its path is written.

use std::collections::HashMap;

/// Tables by name.
#[derive(Debug, Default)]
pub(super) struct Tables {
    exact: HashMap<String, usize>,
    folded: HashMap<String, usize>,
}

impl Tables {
    pub(super) fn new(names: &[String]) -> Self {
        let numbered = || names.iter().enumerate();
        Self {
            exact: numbered().map(|(i, name)| (name.clone(), i)).collect(),
            folded: numbered()
                .map(|(i, name)| (name.to_lowercase(), i))
                .collect(),
        }
    }

    /// The table whose name the resource ends with.
    pub(super) fn find(&self, resource: &str) -> Option<usize> {
        let path = resource.replace('\\', "/");
        let path = path.trim_matches('/');
        let ends = path.match_indices('/').map(|(i, _)| &path[i + 1..]);
        std::iter::once(path).chain(ends).find_map(|end| {
            let found = self.exact.get(end);
            found
                .or_else(|| self.folded.get(&end.to_lowercase()))
                .copied()
        })
    }
}

/// A column's name as it is compared.
pub(super) fn column(name: &str) -> String {
    let name = name.replace('\u{feff}', "").to_lowercase();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The column of that name, or the one that it is a path below.
pub(super) fn find(names: &[&str], name: &str) -> Option<(usize, bool)> {
    let name = column(name);
    let position = |wanted: &str| names.iter().position(|name| *name == wanted);
    let plain = without_positions(name.trim_start_matches('$').trim_start_matches('.'));
    if let Some(at) = position(&name).or_else(|| position(&plain)) {
        return Some((at, false));
    }
    let bare = plain.replace("[]", "");
    let dotted = plain.replace('/', ".").replace("[]", "");
    let loosely = |wanted: &str| {
        names
            .iter()
            .position(|name| name.replace("[]", "") == wanted)
    };
    if let Some(at) = loosely(&bare).or_else(|| loosely(&dotted)) {
        return Some((at, false));
    }
    let above = |candidate: &&str| {
        let rest = plain.strip_prefix(candidate);
        rest.is_some_and(|rest| rest.starts_with(['.', '[', '/', ':', '>', '-']))
    };
    // The longest, and of equals the first.
    let longest = names
        .iter()
        .filter(|name| above(name))
        .map(|name| name.len())
        .max()?;
    let at = names
        .iter()
        .position(|name| name.len() == longest && above(name))?;
    Some((at, true))
}

/// `a[0].b[*]` as `a[].b[]`.
fn without_positions(path: &str) -> String {
    let mut plain = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        plain.push('[');
        let position = after.split_once(']').filter(|(inside, _)| {
            let digits = inside.strip_suffix('*').unwrap_or(inside);
            digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        rest = match position {
            Some((_, after)) => {
                plain.push(']');
                after
            }
            None => after,
        };
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_columns_however_they_are_written() {
        let names = ["a", "a.b[]", "order id", "x.y"];
        let cases = [
            ("A", Some((0, false))),
            ("$.a.b[3]", Some((1, false))),
            ("a.b", Some((1, false))),
            ("a.b[].c", Some((1, true))),
            ("a.z", Some((0, true))),
            ("\u{feff}Order  ID", Some((2, false))),
            ("x/y", Some((3, false))),
            ("ab", None),
        ];
        for (name, expected) in cases {
            assert_eq!(find(&names, name), expected, "{name}");
        }
    }

    #[test]
    fn a_table_is_what_the_resource_ends_with() {
        let tables = Tables::new(&["crm/a.csv".to_owned(), "a.csv".to_owned()]);
        assert_eq!(tables.find("/data/crm/A.csv"), Some(0));
        assert_eq!(tables.find("hr\\a.csv"), Some(1));
        assert_eq!(tables.find("hr/ba.csv"), None);
    }
}
