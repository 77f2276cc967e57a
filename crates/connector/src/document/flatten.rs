//! Collects documents and gives them back as batches of columns.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_buffer::Buffer;
use arrow_schema::{ArrowError, Field, Schema};

use super::columns::{column, gather, name_of, places, unique};
use super::json::Events;
use super::nodes::{Entry, Tree};
use super::place::{push_element, push_key};
use super::{NESTED, PLACES, Paths};

/// Takes documents as [`Events`] and gives batches: one row per document, one column per path.
///
/// A record that is not complete waits for the next batch. One that is too large for memory can be taken in parts:
/// [`Flattener::finish`] where nothing else was told gives a row with what was told of it so far, and the next batch
/// begins with the rest.
#[derive(Debug)]
pub struct Flattener {
    tree: Tree,
    stack: Vec<Frame>,
    /// Where the next value belongs.
    target: u32,
    record: u32,
    /// Whether something was told of the record at hand.
    open: bool,
    /// Whether the document at hand holds records.
    wrapped: bool,
    /// Whether it is told where in its document a value stands.
    tells_places: bool,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    node: u32,
    is_list: bool,
    is_empty: bool,
    /// How long the path of what it is in is.
    place: usize,
    /// Elements that came so far.
    elements: usize,
}

impl Flattener {
    /// Collects these columns, or all. What another reading of the same documents may call otherwise comes under the name
    /// that is wanted ([`Paths`]).
    pub fn new(columns: Option<&[String]>) -> Self {
        let wanted = columns.map(|columns| Paths::new(columns.iter().cloned()));
        Self::of(Tree::new(wanted, false))
    }

    /// Collects all columns; the keys of every object are values, too, as if each were a map.
    pub fn with_keys() -> Self {
        Self::of(Tree::new(None, true))
    }

    fn of(tree: Tree) -> Self {
        Self {
            tree,
            stack: Vec::new(),
            target: 0,
            record: 0,
            open: false,
            wrapped: false,
            tells_places: false,
        }
    }

    /// Also tells where in their documents the values of a column stand whose name does not: in a column of its own
    /// beside it, marked as [`PLACES`].
    #[must_use]
    pub fn telling_places(mut self, wanted: bool) -> Self {
        self.tells_places = wanted;
        self
    }

    /// Records that ended since the last batch.
    pub fn records(&self) -> usize {
        self.record as usize
    }

    /// Bytes held for the next batch.
    pub fn size(&self) -> usize {
        self.tree.text.len() + self.tree.values * size_of::<Entry>()
    }

    /// Ends the record at hand although its document was not complete; keeps what was told of it.
    pub fn abandon(&mut self) {
        if self.open {
            self.end_document();
        }
    }

    /// Everything since the last batch, as a batch.
    ///
    /// # Errors
    /// Arrow refused the columns, which would be a mistake in this module.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let rows = match self.record as usize {
            0 => usize::from(self.open),
            complete => complete,
        };
        let rest = self.tree.part(rows as u32);
        let text = Buffer::from_vec(std::mem::take(&mut self.tree.text).into_bytes());
        let (mut fields, mut arrays, mut names) = (Vec::new(), Vec::new(), HashSet::new());
        if let Some(wanted) = &self.tree.wanted {
            gather(&mut self.tree.nodes, wanted);
        }
        for node in self.tree.nodes.iter_mut().filter(|node| node.is_column()) {
            let array = column(node, rows, &text)?;
            let path = self.tree.wanted.as_ref();
            let path = path.and_then(|wanted| wanted.column(name_of(node)));
            let name = unique(path.unwrap_or(name_of(node)), &mut names);
            let places = self.tells_places.then(|| places(node, &name, rows, &text));
            let places = places.transpose()?.flatten();
            let field = Field::new(name.as_str(), array.data_type().clone(), true);
            fields.push(if node.is_nested() {
                field.with_metadata(nested())
            } else {
                field
            });
            arrays.push(array);
            if let Some(places) = places {
                let beside = unique(&format!("{name}@"), &mut names);
                let field = Field::new(beside, places.data_type().clone(), true);
                fields.push(field.with_metadata(HashMap::from([(PLACES.to_owned(), name)])));
                arrays.push(places);
            }
        }
        self.tree.begin(rest);
        self.record = 0;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
    }

    /// Whether the record at hand holds a value.
    fn is_filled(&self) -> bool {
        self.tree.last == Some(self.record)
    }

    fn told(&mut self) {
        self.open = true;
        if let Some(top) = self.stack.last_mut() {
            top.is_empty = false;
        }
    }

    fn enter(&mut self, node: u32, is_list: bool) {
        self.told();
        self.stack.push(Frame {
            node,
            is_list,
            is_empty: true,
            place: self.tree.place.len(),
            elements: 0,
        });
        self.target = node;
    }

    /// An element of a list, or a value of an object, begins.
    fn begin(&mut self) {
        if self.tells_places
            && let Some(frame) = self.stack.last_mut()
            && frame.is_list
        {
            self.tree.place.truncate(frame.place);
            push_element(&mut self.tree.place, frame.elements);
            frame.elements += 1;
        }
    }

    fn leave(&mut self) {
        if let Some(frame) = self.stack.pop() {
            self.tree.place.truncate(frame.place);
            if frame.is_empty {
                self.tree.nodes[frame.node as usize].saw_null = true;
            }
        }
        if let Some(Frame {
            node,
            is_list: true,
            ..
        }) = self.stack.last()
        {
            self.target = *node;
        }
    }
}

impl Events for Flattener {
    fn enter_object(&mut self) {
        self.begin();
        self.tree.rewind(self.target);
        self.tree.tell_person(self.target, self.record, true);
        self.enter(self.target, false);
    }

    fn key(&mut self, key: &str) {
        let parent = self.stack.last().map_or(0, |frame| frame.node);
        self.told();
        if self.tells_places {
            let above = self.stack.last().map_or(0, |frame| frame.place);
            self.tree.place.truncate(above);
            push_key(&mut self.tree.place, key);
        }
        self.target = self.tree.child(parent, key, self.record);
    }

    fn leave_object(&mut self) {
        self.leave();
    }

    fn enter_list(&mut self) {
        self.begin();
        let elements = self.tree.elements(self.target);
        self.enter(elements, true);
    }

    fn leave_list(&mut self) {
        self.leave();
    }

    fn value(&mut self, text: &str) {
        self.begin();
        self.told();
        self.tree.push(self.target, self.record, text);
    }

    fn null(&mut self) {
        self.begin();
        self.told();
        self.tree.nodes[self.target as usize].saw_null = true;
    }

    fn enter_records(&mut self) {
        self.wrapped = true;
        if self.is_filled() {
            self.record += 1;
        }
    }

    fn end_record(&mut self) {
        self.record += 1;
        self.open = false;
    }

    fn end_document(&mut self) {
        self.stack.clear();
        self.tree.place.clear();
        self.target = 0;
        if !std::mem::take(&mut self.wrapped) || self.is_filled() {
            self.record += 1;
        }
        self.open = false;
    }
}

fn nested() -> HashMap<String, String> {
    HashMap::from([(NESTED.to_owned(), "true".to_owned())])
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::{Array, ArrayRef};
    use arrow_schema::DataType;

    use super::*;
    use crate::document::{MAX_SIBLINGS, Parser, Records};

    /// Columns as text, `name: cells of each record`, nulls as `-`, several values joined by `|`.
    fn flat(text: &str) -> Vec<String> {
        let mut flattener = Flattener::new(None);
        Parser::new(Records::Elements)
            .feed(text, true, &mut flattener)
            .unwrap();
        show(&flattener.finish().unwrap())
    }

    fn show(batch: &RecordBatch) -> Vec<String> {
        let cells = |array: &ArrayRef, row: usize| match array.data_type() {
            _ if array.is_null(row) => "-".to_owned(),
            DataType::List(_) => {
                let values = array.as_list::<i32>().value(row);
                values
                    .as_string_view()
                    .iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join("|")
            }
            _ => array.as_string_view().value(row).to_owned(),
        };
        let schema = batch.schema();
        let column = |(at, array): (usize, &ArrayRef)| {
            let row = (0..batch.num_rows())
                .map(|row| cells(array, row))
                .collect::<Vec<_>>()
                .join(" ");
            format!("{}: {row}", schema.field(at).name())
        };
        batch.columns().iter().enumerate().map(column).collect()
    }

    #[test]
    fn objects_and_lists_become_dotted_paths() {
        let text = r#"{"id":1.50,"a":{"b":"x","links":["u","v"]},"items":[{"sku":"s1"},{"sku":"s2","n":2}]}
                      {"id":2,"a":{"c":true,"links":[]},"items":[]}"#;
        assert_eq!(
            flat(text),
            [
                "id: 1.50 2",
                "a.b: x -",
                "a.links[]: u|v -",
                "items[].sku: s1|s2 -",
                "items[].n: 2 -",
                "a.c: - true"
            ]
        );
    }

    #[test]
    fn a_column_that_is_always_null_exists() {
        assert_eq!(
            flat(r#"{"a":null,"b":{"c":null},"d":[]} {"b":{"c":1}}"#),
            ["a: - -", "b.c: - 1", "d[]: - -"]
        );
    }

    #[test]
    fn keys_that_are_values_become_values() {
        let text = r#"{"users":{"ada@example.org":{"age":36},"bob@example.org":{"age":40}},"n":1}"#;
        assert_eq!(
            flat(text),
            [
                "users.*#key: ada@example.org|bob@example.org",
                "users.*.age: 36|40",
                "n: 1"
            ]
        );
    }

    #[test]
    fn keys_that_may_be_persons_are_fields_and_values() {
        assert_eq!(
            flat(
                r#"{"accounts":{"Ada Lovelace":{"n":3},"Hans Sauerbier":{"n":5}},"Order Date":"x"}"#
            ),
            [
                "accounts.*#key: Ada Lovelace|Hans Sauerbier",
                "accounts.Ada Lovelace.n: 3",
                "accounts.Hans Sauerbier.n: 5",
                "Order Date: x"
            ]
        );
        assert_eq!(
            flat(r#"{"Ada Lovelace":{"n":3}} {"Ada Lovelace":{"n":4}}"#),
            ["*#key: Ada Lovelace Ada Lovelace", "Ada Lovelace.n: 3 4"]
        );
        assert_eq!(flat(r#"{"logins":{"Hans Sauerbier":3}}"#).len(), 2);
    }

    #[test]
    fn scalars_and_repeated_keys_lose_nothing() {
        assert_eq!(
            flat(r#"1 "two" [[3,4]]"#),
            ["value: 1 two -", "value[]: - - 3|4"]
        );
        assert_eq!(flat(r#"{"a":1,"a":2}"#), ["a: 1|2"]);
        assert_eq!(
            flat(r#"{"a.b":1,"a":{"b":2},"":3}"#),
            ["a.b: 1", "a.b#2: 2", "\"\": 3"]
        );
    }

    #[test]
    fn more_than_a_thousand_siblings_collapse_and_keep_every_value() {
        let count = MAX_SIBLINGS + 500;
        let fields = (0..count)
            .map(|n| format!(r#""k{n}x":{{"v":"{n}"}}"#))
            .collect::<Vec<_>>()
            .join(",");
        let shown = flat(&format!(
            r#"{{"m":{{{fields}}}}} {{"m":{{"k1x":{{"v":"again"}}}}}}"#
        ));
        assert_eq!(
            shown.len(),
            2,
            "{:?}",
            shown.iter().map(|column| &column[..20]).collect::<Vec<_>>()
        );
        let values: Vec<&str> = shown
            .iter()
            .find_map(|column| column.strip_prefix("m.*.v: "))
            .unwrap()
            .split(['|', ' '])
            .collect();
        let keys: Vec<&str> = shown
            .iter()
            .find_map(|column| column.strip_prefix("m.*#key: "))
            .unwrap()
            .split(['|', ' '])
            .collect();
        assert_eq!((values.len(), keys.len()), (count + 1, count + 1));
        assert_eq!((values[count], keys[count]), ("again", "k1x"));
    }

    #[test]
    fn a_million_distinct_keys_stay_bounded() {
        let (mut flattener, mut parser) = (Flattener::new(None), Parser::new(Records::Elements));
        for document in 0..1_000 {
            let fields = (0..1_000)
                .map(|n| format!(r#""user{document}x{n}q":1"#))
                .collect::<Vec<_>>()
                .join(",");
            parser
                .feed(&format!("{{{fields}}}"), true, &mut flattener)
                .unwrap();
            if flattener.size() > 1 << 20 {
                assert!(flattener.finish().unwrap().num_columns() <= MAX_SIBLINGS + 2);
            }
        }
        assert!(flattener.tree.nodes.len() < 2 * MAX_SIBLINGS);
        assert!(flattener.size() < 3 << 20);
    }

    #[test]
    fn a_document_can_be_taken_in_parts() {
        let (mut flattener, mut parser) = (Flattener::new(None), Parser::new(Records::Elements));
        let first = r#"{"a":{"b":1,"#;
        assert_eq!(parser.feed(first, false, &mut flattener), Ok(first.len()));
        assert_eq!(show(&flattener.finish().unwrap()), ["a.b: 1"]);
        parser
            .feed(r#""c":2}} {"d":3}"#, true, &mut flattener)
            .unwrap();
        assert_eq!(show(&flattener.finish().unwrap()), ["a.c: 2 -", "d: - 3"]);
    }

    #[test]
    fn a_record_that_is_not_complete_waits_for_the_next_batch() {
        let mut flattener = Flattener::new(None);
        let mut parser = Parser::new(Records::Wrapped);
        let first = r#"{"d":[{"a":"x","b":1},{"a":"y","#;
        assert_eq!(parser.feed(first, false, &mut flattener), Ok(first.len()));
        assert_eq!(show(&flattener.finish().unwrap()), ["d[].a: x", "d[].b: 1"]);
        parser.feed(r#""b":2}]}"#, true, &mut flattener).unwrap();
        assert_eq!(show(&flattener.finish().unwrap()), ["d[].a: y", "d[].b: 2"]);
        assert_eq!(flattener.finish().unwrap().num_rows(), 0);
    }

    #[test]
    fn keys_of_an_object_that_turns_out_to_be_a_map_are_there_if_they_alone_are_wanted() {
        let people = (0..MAX_SIBLINGS + 5).map(|n| match n % 3 {
            0 => format!(r#""k{n}x":null"#),
            1 => format!(r#""k{n}x":{{}}"#),
            _ => format!(r#""k{n}x":{{"v":1}}"#),
        });
        let text = format!(r#"{{"m":{{{}}}}}"#, people.collect::<Vec<_>>().join(","));
        let mut flattener = Flattener::new(Some(&["m.*#key".to_owned()]));
        Parser::new(Records::Elements)
            .feed(&text, true, &mut flattener)
            .unwrap();
        let shown = show(&flattener.finish().unwrap());
        let keys = shown
            .first()
            .and_then(|column| column.strip_prefix("m.*#key: "));
        let mut keys: Vec<&str> = keys.unwrap().split('|').collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!((shown.len(), keys.len()), (1, MAX_SIBLINGS + 5));
    }

    /// Columns when these are wanted.
    fn wanting(text: &str, wanted: &[&str]) -> Vec<String> {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let mut flattener = Flattener::new(Some(&wanted));
        Parser::new(Records::Elements)
            .feed(text, true, &mut flattener)
            .unwrap();
        show(&flattener.finish().unwrap())
    }

    #[test]
    fn what_is_wanted_comes_under_that_name_whatever_it_is_called_now() {
        let one = r#"{"m":{"alice_smith":"a@b.org","bob":{"mail":"b@b.org"}}}"#;
        assert_eq!(wanting(one, &["m.*"]), ["m.*: a@b.org|b@b.org"]);
        assert_eq!(
            wanting(one, &["m.*", "m.*.mail"]),
            ["m.*: a@b.org", "m.*.mail: b@b.org"]
        );
        assert_eq!(wanting(one, &["m.*#key"]), ["m.*#key: alice_smith|bob"]);
        let namesakes = r#"{"a.b":1,"a":{"b":2}} {"a.b":3} {"a":{"b":4}} {"c":5}"#;
        assert_eq!(wanting(namesakes, &["a.b#2"]), ["a.b#2: 1|2 3 4 -"]);
        assert_eq!(wanting(namesakes, &["a.b"]), ["a.b: 1|2 3 4 -"]);
    }

    #[test]
    fn a_map_gives_what_was_named_before_it_was_one() {
        let keys = (0..MAX_SIBLINGS + 5).map(|n| format!(r#""k{n}x":{n}"#));
        let text = format!(r#"{{"m":{{{}}}}}"#, keys.collect::<Vec<_>>().join(","));
        let all = wanting(&text, &["m.k7x"]);
        assert!(
            all[0].starts_with("m.k7x: ") && all[0].contains('7'),
            "{all:?}"
        );
    }

    #[test]
    fn keys_of_all_objects_are_values_where_that_is_asked_for() {
        let mut flattener = Flattener::with_keys();
        Parser::new(Records::Elements)
            .feed(r#"{"m":{"alice":1},"Bob Miller":{}}"#, true, &mut flattener)
            .unwrap();
        let shown = show(&flattener.finish().unwrap());
        for expected in ["m.alice: 1", "*#key: m|Bob Miller", "m.*#key: alice"] {
            assert!(shown.contains(&expected.to_owned()), "{shown:?}");
        }
    }

    #[test]
    fn only_wanted_columns_are_kept() {
        let mut flattener = Flattener::new(Some(&["a.b".to_owned()]));
        Parser::new(Records::Elements)
            .feed(r#"{"a":{"b":1,"c":2},"d":3} {"d":4}"#, true, &mut flattener)
            .unwrap();
        assert_eq!(show(&flattener.finish().unwrap()), ["a.b: 1 -"]);
        assert_eq!(flattener.finish().unwrap().num_rows(), 0);
    }

    #[test]
    fn deep_nesting_ends_in_a_common_column() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(500), "}".repeat(500));
        assert_eq!(flat(&deep).len(), 1);
    }
}
