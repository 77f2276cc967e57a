//! Cutting a record down to what of it is the person's.
//!
//! A document may hold many persons: a map with a key for each, a list of them. It is one row, and only what stands in
//! the person's own record, around it and below it is about them. The other elements of such a list, and what stands under
//! other keys of such a map, are taken out, and it is told how much that was.

use std::collections::{BTreeMap, HashMap, HashSet};

use locard_connector::document::looks_like_a_value;
use locard_connector::document::place::{Step, push_element, push_key, record, steps};
use locard_engine::{Record, Row, Stands, is_document};
use serde_json::{Map, Value};

/// Objects under keys of one object that look alike are taken for persons from so many on, whatever their keys are.
const ALIKE: usize = 5;

/// A list of plain values that is longer than this is one of many persons.
const OWN_VALUES: usize = 10;

/// What is taken out of a row.
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// By the path of a list or map in which the person is one of several.
    among: HashMap<String, Among>,
}

/// A list or map in which the person is one of several.
#[derive(Debug, Default)]
struct Among {
    /// Paths of the elements that are the person's.
    own: HashSet<String>,
    /// Where what is around it is the person's too, only elements go out that are told to be somebody else's.
    others: Option<HashSet<String>>,
}

/// A cell in which something of the person agrees.
struct Own<'a> {
    path: &'a str,
    /// The object that it is a field of.
    record: &'a str,
}

impl Cut {
    /// What is taken out of a row in which these cells are the person's, by position.
    pub(super) fn of(row: &Row<'_>, own: &[usize]) -> Self {
        let own: Vec<Own<'_>> = own
            .iter()
            .filter_map(|cell| {
                let path = path(row, *cell)?;
                let of = row.record_of(*cell).unwrap_or_else(|| record(path));
                Some(Own { path, record: of })
            })
            .collect();
        let is_nested = |own: &Own<'_>| own.path.contains(['.', '[']);
        if !own.iter().any(is_nested) {
            return Self::default();
        }
        let paths: Vec<&str> = (0..row.cells.len())
            .filter_map(|cell| path(row, cell))
            .collect();
        Self::among(&own, &paths)
    }

    /// What is taken out of cells at these paths.
    fn among(own: &[Own<'_>], paths: &[&str]) -> Self {
        let records: HashSet<&str> = own.iter().map(|own| own.record).collect();
        let mut cut = Self::default();
        for own in own {
            cut.add(own, paths, &records);
        }
        cut
    }

    /// Takes in the lists and maps around one cell.
    fn add(&mut self, own: &Own<'_>, paths: &[&str], records: &HashSet<&str>) {
        let mut before = "";
        let mut is_theirs = false;
        for (step, up_to) in steps(own.path) {
            is_theirs |= records.contains(before) && before != own.record;
            let is_record = up_to.len() <= own.record.len();
            let is_one_of_several = match &step {
                Step::Element(_) if is_record => true,
                Step::Element(_) => elements(paths, before) > OWN_VALUES,
                Step::Key(key) => is_record && !is_theirs && is_map(paths, (before, up_to), key),
            };
            if is_one_of_several {
                let among = self.among.entry(before.to_owned()).or_default();
                among.own.insert(up_to.to_owned());
                if is_theirs {
                    let below = own.path.get(up_to.len()..).unwrap_or_default();
                    let others = among.others.get_or_insert_default();
                    others.extend(with(paths, before, below));
                }
            }
            before = up_to;
        }
    }

    /// Whether nothing is taken out.
    pub(super) fn is_nothing(&self) -> bool {
        self.among.is_empty()
    }

    /// Whether a cell of a row is taken out.
    pub(super) fn takes_out(&self, row: &Row<'_>, cell: usize) -> bool {
        !self.is_nothing() && path(row, cell).is_some_and(|path| self.is_out(path))
    }

    /// Whether what stands at a path is somebody else's.
    fn is_out(&self, path: &str) -> bool {
        let mut before = "";
        steps(path).any(|(step, up_to)| {
            let among = self.among.get(before);
            before = up_to;
            let is_field = match &step {
                // A plain field beside the objects is of all of them.
                Step::Key(key) => up_to == path && !is_data(key),
                Step::Element(_) => false,
            };
            among.is_some_and(|among| !is_field && among.is_out(up_to))
        })
    }

    /// Takes it out of the cells of a record; answers of how many values, by column.
    pub(super) fn cut(
        &self,
        from: &Record<'_>,
        values: &mut Map<String, Value>,
    ) -> BTreeMap<String, u64> {
        let mut taken = BTreeMap::new();
        if self.is_nothing() {
            return taken;
        }
        for (column, value) in values.iter_mut().filter(|(_, value)| !value.is_null()) {
            let parts = self.cut_cell(&from.stands(column), column, value);
            if value.as_array().is_some_and(Vec::is_empty) {
                *value = Value::Null;
            }
            if parts > 0 {
                taken.insert(column.clone(), parts);
            }
        }
        values.retain(|column, value| !(value.is_null() && taken.contains_key(column)));
        taken
    }

    /// Takes it out of one cell, which is null if nothing is left.
    fn cut_cell(&self, stands: &Stands, column: &str, value: &mut Value) -> u64 {
        let mut parts = 0;
        match (stands, value) {
            (Stands::At(places), Value::Array(values)) if places.len() == values.len() => {
                let mut places = places.iter();
                values.retain_mut(|value| {
                    let place = places.next().map_or("", String::as_str);
                    let is_out = self.is_out(place);
                    parts += if is_out {
                        1
                    } else {
                        self.cut_text(place, value)
                    };
                    !is_out
                });
            }
            (stands, value) => {
                let place = match stands {
                    Stands::At(places) => places.first().map_or(column, String::as_str),
                    Stands::Named | Stands::Nowhere => column,
                };
                if *stands == Stands::Nowhere || !self.is_out(place) {
                    return self.cut_text(place, value);
                }
                *value = Value::Null;
                return 1;
            }
        }
        parts
    }

    /// Takes it out of a text that is a document by itself.
    fn cut_text(&self, place: &str, value: &mut Value) -> u64 {
        let Value::String(text) = value else {
            return 0;
        };
        if !self.among.keys().any(|among| among.starts_with(place)) || !is_document(text) {
            return 0;
        }
        let Ok(mut document) = serde_json::from_str(text) else {
            return 0;
        };
        let parts = self.cut_document(&mut place.to_owned(), &mut document);
        if parts > 0 {
            *text = document.to_string();
        }
        parts
    }

    fn cut_document(&self, path: &mut String, document: &mut Value) -> u64 {
        let (length, mut parts) = (path.len(), 0);
        let mut within = |path: &mut String, value: &mut Value| {
            let is_out = self.is_out(path);
            parts += if is_out {
                1
            } else {
                self.cut_document(path, value)
            };
            path.truncate(length);
            !is_out
        };
        match document {
            Value::Array(values) => {
                let mut number = 0..;
                values.retain_mut(|value| {
                    push_element(path, number.next().unwrap_or_default());
                    within(path, value)
                });
            }
            Value::Object(fields) => fields.retain(|key, value| {
                push_key(path, key);
                within(path, value)
            }),
            _ => {}
        }
        parts
    }
}

impl Among {
    fn is_out(&self, element: &str) -> bool {
        let is_others = self
            .others
            .as_ref()
            .is_none_or(|others| others.contains(element));
        is_others && !self.own.contains(element)
    }
}

/// Where a cell stands in the documents of its row; `None` where that is not known, or it is in none.
fn path<'a>(row: &Row<'a>, cell: usize) -> Option<&'a str> {
    let place = row.places.get(cell).copied().flatten();
    let (column, _) = row.cells.get(cell)?;
    let is_told = !column.contains(['[', '*']) && !row.flat.contains(column);
    place.or_else(|| is_told.then_some(*column))
}

/// The steps right below a path: of each path below it the step, the path up to that, and what follows.
fn below<'a>(
    paths: &'a [&'a str],
    above: &'a str,
) -> impl Iterator<Item = (Step<'a>, &'a str, &'a str)> {
    paths.iter().filter_map(move |path| {
        let rest = path.strip_prefix(above)?;
        let is_below = above.is_empty() || rest.starts_with(['.', '[']);
        let (step, length) = steps(rest).next().map(|(step, one)| (step, one.len()))?;
        let end = above.len() + length;
        is_below.then_some((step, path.get(..end)?, path.get(end..)?))
    })
}

/// How many elements a list has.
fn elements(paths: &[&str], list: &str) -> usize {
    let elements = below(paths, list).filter(|(step, ..)| matches!(step, Step::Element(_)));
    elements
        .map(|(_, path, _)| path)
        .collect::<HashSet<_>>()
        .len()
}

/// The elements below a path that have something at the same place within them.
fn with(paths: &[&str], above: &str, place: &str) -> Vec<String> {
    let same = below(paths, above).filter(|(_, _, rest)| *rest == place);
    same.map(|(_, path, _)| path.to_owned()).collect()
}

/// Whether an object has a person, or something else of one kind, under each of its keys, of which `own` is one.
fn is_map(paths: &[&str], (object, own): (&str, &str), key: &str) -> bool {
    let mut fields: HashMap<&str, HashSet<String>> = HashMap::new();
    for (_, path, rest) in below(paths, object) {
        let of_child = fields.entry(path).or_default();
        of_child.extend(steps(rest).next().map(|(step, _)| match step {
            Step::Key(key) => key.into_owned(),
            Step::Element(_) => String::new(),
        }));
    }
    let of_own = fields.get(own).cloned().unwrap_or_default();
    let is_alike = |of: &&HashSet<String>| {
        of_own.is_empty() == of.is_empty() && {
            let common = of.intersection(&of_own).count();
            common * 2 >= of_own.len().min(of.len())
        }
    };
    let alike = fields.values().filter(is_alike).count();
    alike >= ALIKE && !of_own.is_empty() || alike > 1 && is_data(key)
}

/// Whether a key is likely to be a value and no name of a field.
fn is_data(key: &str) -> bool {
    looks_like_a_value(key) || key.contains(|c: char| c.is_ascii_digit() || c == '@')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is out of these paths if what stands at `own` is the person's.
    fn out<'a>(own: &[&str], paths: &[&'a str]) -> Vec<&'a str> {
        let own: Vec<Own<'_>> = own
            .iter()
            .map(|path| Own {
                path,
                record: record(path),
            })
            .collect();
        let cut = Cut::among(&own, paths);
        let out = paths.iter().filter(|path| cut.is_out(path));
        out.copied().collect()
    }

    #[test]
    fn others_under_keys_and_in_lists_are_out() {
        let users = [
            "made",
            "users[\"a@x.org\"].name",
            "users[\"b@x.org\"].name",
            "users[\"b@x.org\"].address.city",
        ];
        assert_eq!(out(&["users[\"a@x.org\"].name"], &users), users[2..]);
        let list = ["team", "m[0].mail", "m[1].mail", "m[1].tags[0]"];
        assert_eq!(out(&["m[0].mail"], &list), list[2..]);
        assert_eq!(out(&["m[1].mail"], &list), ["m[0].mail"]);
        let few = ["users.u1.name", "users.u2.name", "users.u3.name", "users.n"];
        assert_eq!(out(&["users.u3.name"], &few), few[..2]);
        let flat = ["a@x.org", "name"];
        assert!(out(&["name"], &flat).is_empty());
    }

    #[test]
    fn what_is_around_the_person_is_theirs() {
        let own = [
            "name",
            "contact.mail",
            "home.city",
            "work.city",
            "orders[0].id",
            "orders[1].id",
        ];
        for mine in ["name", "contact.mail", "home.city"] {
            assert!(out(&[mine], &own).is_empty(), "{mine}");
        }
        // Their own order has lines; another line is of somebody else if it says so.
        let order = ["mail", "lines[0].mail", "lines[1].sku", "lines[2].mail"];
        assert_eq!(out(&["mail", "lines[0].mail"], &order), ["lines[2].mail"]);
    }

    #[test]
    fn a_long_list_of_values_is_of_many_persons() {
        let paths =
            |count: usize| -> Vec<String> { (0..count).map(|at| format!("mails[{at}]")).collect() };
        for (count, expected) in [(3, 0), (30, 29)] {
            let paths = paths(count);
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            assert_eq!(out(&["mails[2]"], &paths).len(), expected);
        }
    }

    #[test]
    fn a_document_in_a_cell_is_cut_too() {
        let own = "prefs.users[1].mail";
        let paths = ["prefs.users[0].mail", own, "prefs.n"];
        let own = Own {
            path: own,
            record: record(own),
        };
        let cut = Cut::among(&[own], &paths);
        let text = r#"{"n":1,"users":[{"mail":"a"},{"mail":"b","x":[1]}]}"#;
        let mut cell = json!(text);
        let parts = cut.cut_cell(&Stands::Nowhere, "prefs", &mut cell);
        let left = r#"{"n":1,"users":[{"mail":"b","x":[1]}]}"#;
        assert_eq!((parts, cell), (1, json!(left)));
        let places = Stands::At(vec!["prefs.users[0].mail".into(), own_place()]);
        let mut cell = json!(["a", "b"]);
        assert_eq!(cut.cut_cell(&places, "prefs.users[].mail", &mut cell), 1);
        assert_eq!(cell, json!(["b"]));
    }

    fn own_place() -> String {
        "prefs.users[1].mail".to_owned()
    }
}
