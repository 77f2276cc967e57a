//! A document told as events to whoever flattens documents: the same events that a JSON file's reader tells.
//!
//! What a reader gets wrong: a server may nest as deep as it likes, so nothing here calls itself.

use std::fmt::Write as _;

use locard_connector::Fault;
use locard_connector::document::Events;
use locard_files::in_cells;
use mongodb::bson::raw::{RawBinaryRef, RawElement, RawIter};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{RawBson, RawBsonRef, RawDocument};

use crate::text::{Shown, name, show};

/// What is told of plain values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tell {
    /// Their text.
    Values,
    /// The names of their types.
    Types,
}

/// What came of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walked {
    /// The rest of it could not be decoded.
    pub(crate) is_broken: bool,
    /// Texts in it are not UTF-8, and what was unreadable was replaced.
    pub(crate) is_repaired: bool,
    /// Binary values that were left out.
    pub(crate) left_out: u64,
    /// What could not be read of files in it.
    pub(crate) told: Vec<Fault>,
}

/// Tells one document, its end included.
pub(crate) fn walk(document: &RawDocument, tell: Tell, events: &mut impl Events) -> Walked {
    let mut walk = Walk::new(tell, events);
    walk.enter(false);
    walk.all_of(document, false);
    walk.events.end_document();
    walk.walked
}

struct Walk<'a, E> {
    tell: Tell,
    events: &'a mut E,
    walked: Walked,
    text: String,
}

/// An object or list whose rest is still to come.
struct Open<'a> {
    rest: RawIter<'a>,
    is_list: bool,
}

impl<'e, E: Events> Walk<'e, E> {
    fn new(tell: Tell, events: &'e mut E) -> Self {
        Self {
            tell,
            events,
            walked: Walked::default(),
            text: String::new(),
        }
    }

    fn enter(&mut self, is_list: bool) {
        if is_list {
            self.events.enter_list();
        } else {
            self.events.enter_object();
        }
    }

    /// Everything below a root that was entered, and its end.
    fn all_of(&mut self, root: &RawDocument, is_list: bool) {
        let mut open = vec![Open {
            rest: root.iter_elements(),
            is_list,
        }];
        while let Some(top) = open.last_mut() {
            let Some(element) = top.rest.next() else {
                let is_list = top.is_list;
                open.pop();
                self.leave(is_list);
                continue;
            };
            let Ok(element) = element else {
                // Lengths are wrong, so nobody knows where anything after it begins.
                self.walked.is_broken = true;
                return;
            };
            if !top.is_list {
                self.events.key(element.key().as_str());
            }
            if let Some(inside) = self.element(&element) {
                open.push(inside);
            }
        }
    }

    fn leave(&mut self, is_list: bool) {
        if is_list {
            self.events.leave_list();
        } else {
            self.events.leave_object();
        }
    }

    /// Tells a value; what is inside it is told next.
    fn element<'b>(&mut self, element: &RawElement<'b>) -> Option<Open<'b>> {
        let Ok(value) = element.value() else {
            self.repair(element);
            return None;
        };
        match value {
            RawBsonRef::Document(document) => {
                self.events.enter_object();
                Some(Open {
                    rest: document.iter_elements(),
                    is_list: false,
                })
            }
            RawBsonRef::Array(list) => {
                let Ok(list) = RawDocument::from_bytes(list.as_bytes()) else {
                    self.walked.is_broken = true;
                    self.events.null();
                    return None;
                };
                self.events.enter_list();
                Some(Open {
                    rest: list.iter_elements(),
                    is_list: true,
                })
            }
            plain => {
                self.plain(plain);
                None
            }
        }
    }

    fn plain(&mut self, value: RawBsonRef<'_>) {
        if let (Tell::Values, RawBsonRef::Binary(binary)) = (self.tell, value)
            && self.file(binary)
        {
            return;
        }
        self.text.clear();
        match show(value, &mut self.text) {
            Shown::Null => self.events.null(),
            _ if self.tell == Tell::Types => self.events.value(name(value)),
            Shown::Text => self.events.value(&self.text),
            Shown::LeftOut => {
                self.walked.left_out += 1;
                self.events.null();
            }
        }
    }

    /// Tells the text of a file (PDF, workbook, mail) that stands in binary data; whether it is one.
    fn file(&mut self, binary: RawBinaryRef<'_>) -> bool {
        let may_be_file = matches!(
            binary.subtype,
            BinarySubtype::Generic | BinarySubtype::BinaryOld | BinarySubtype::UserDefined(_)
        );
        let read = may_be_file.then(|| in_cells::document(binary.bytes));
        let Some(read) = read.flatten() else {
            return false;
        };
        self.walked.told.extend(read.told);
        let text = read.text.and_then(|text| String::from_utf8(text).ok());
        if let Some(text) = &text {
            self.events.value(text);
        }
        text.is_some()
    }

    /// A value that does not decode: text that is no UTF-8, or worse.
    fn repair(&mut self, element: &RawElement<'_>) {
        if let Ok(RawBson::String(text) | RawBson::Symbol(text) | RawBson::JavaScriptCode(text)) =
            element.value_utf8_lossy()
        {
            self.walked.is_repaired = true;
            let is_value = self.tell == Tell::Values;
            self.events.value(if is_value { &text } else { "string" });
        } else {
            self.walked.is_broken = true;
            self.events.null();
        }
    }
}

/// A value as one text, objects and lists as JSON: what names a record that has a composite key.
pub(crate) fn whole(value: RawBsonRef<'_>) -> String {
    let mut json = Json::default();
    let root = match value {
        RawBsonRef::Document(document) => Some((document, false)),
        RawBsonRef::Array(list) => RawDocument::from_bytes(list.as_bytes())
            .ok()
            .map(|list| (list, true)),
        _ => None,
    };
    let Some((root, is_list)) = root else {
        let mut text = String::new();
        show(value, &mut text);
        return text;
    };
    let mut walk = Walk::new(Tell::Values, &mut json);
    walk.enter(is_list);
    walk.all_of(root, is_list);
    json.text
}

/// Writes JSON in which every value is text.
#[derive(Debug, Default)]
struct Json {
    text: String,
    /// Whether something stands before the next item.
    follows: bool,
    /// Whether a key was just written.
    keyed: bool,
}

impl Json {
    fn begin(&mut self) {
        if self.follows && !self.keyed {
            self.text.push(',');
        }
        self.follows = true;
        self.keyed = false;
    }

    fn open(&mut self, bracket: char) {
        self.begin();
        self.text.push(bracket);
        self.follows = false;
    }

    fn close(&mut self, bracket: char) {
        self.text.push(bracket);
        self.follows = true;
    }
}

impl Events for Json {
    fn enter_object(&mut self) {
        self.open('{');
    }

    fn key(&mut self, key: &str) {
        self.begin();
        let _ = write!(self.text, "{}:", serde_json::Value::from(key));
        self.keyed = true;
    }

    fn leave_object(&mut self) {
        self.close('}');
    }

    fn enter_list(&mut self) {
        self.open('[');
    }

    fn leave_list(&mut self) {
        self.close(']');
    }

    fn value(&mut self, text: &str) {
        self.begin();
        let _ = write!(self.text, "{}", serde_json::Value::from(text));
    }

    fn null(&mut self) {
        self.begin();
        self.text.push_str("null");
    }

    fn end_document(&mut self) {}
}

#[cfg(test)]
mod tests {
    use locard_connector::document::{Flattener, Ignore};
    use mongodb::bson::{Bson, RawDocumentBuf, doc};

    use super::*;

    /// A document with these bytes between its length and its end.
    fn raw(inside: &[u8]) -> Vec<u8> {
        let length = u32::try_from(inside.len() + 5).unwrap();
        [&length.to_le_bytes(), inside, &[0]].concat()
    }

    fn check(inside: &[u8]) -> (Walked, Vec<String>) {
        let bytes = raw(inside);
        let mut flattener = Flattener::new(None);
        let document = RawDocument::from_bytes(&bytes).unwrap();
        let walked = walk(document, Tell::Values, &mut flattener);
        let batch = flattener.finish().unwrap();
        assert_eq!(batch.num_rows(), 1, "it is a record all the same");
        let schema = batch.schema();
        let fields = schema.fields().iter().map(|field| field.name().clone());
        (walked, fields.collect())
    }

    #[test]
    fn text_that_is_no_utf8_is_repaired() {
        let (walked, fields) = check(b"\x02a\0\x02\0\0\0\xff\0\x10b\0\x01\0\0\0");
        assert!(walked.is_repaired && !walked.is_broken, "{walked:?}");
        assert_eq!(fields, ["a", "b"]);
    }

    #[test]
    fn a_file_in_binary_data_is_told_by_its_text_and_a_broken_one_is_told_of() {
        let letter = locard_office::testing::docx(&["Dear Ada"], "Bob Author", "x");
        let cut = letter.get(..letter.len() / 2).unwrap().to_vec();
        let binary = |bytes| mongodb::bson::Binary {
            subtype: BinarySubtype::Generic,
            bytes,
        };
        let document = doc! { "whole": binary(letter), "cut": [binary(cut)], "n": 1 };
        let raw = RawDocumentBuf::try_from(&document).unwrap();
        let mut json = Json::default();
        let walked = walk(&raw, Tell::Values, &mut json);
        assert!(json.text.contains("Dear Ada"), "{}", json.text);
        assert!(json.text.contains("Bob Author"), "{}", json.text);
        assert_eq!(walked.told.len(), 1, "{:?}", walked.told);
        assert!(!walked.is_broken);
    }

    #[test]
    fn what_comes_before_a_wrong_length_stands() {
        for rest in [
            &b"\x02b\0\xff\xff\xff\x7fx\0"[..],
            b"\x77b\0x",
            b"\x03b\0\x04\0\0\0",
        ] {
            let (walked, fields) = check(&[b"\x10a\0\x01\0\0\0", rest].concat());
            assert!(walked.is_broken, "{rest:?}");
            assert_eq!(fields.first().map(String::as_str), Some("a"), "{rest:?}");
        }
    }

    #[test]
    fn however_deep_it_is_the_stack_is_not() {
        const DEEP: usize = 200_000;
        let mut inside = Vec::with_capacity(DEEP * 8);
        for level in (0..DEEP).rev() {
            let length = u32::try_from(level * 8 + 5).unwrap();
            inside.extend([&b"\x03a\0"[..], &length.to_le_bytes()].concat());
        }
        inside.extend(vec![0; DEEP]);
        let bytes = raw(&inside);
        let mut seen = Ignore::default();
        let walked = walk(
            RawDocument::from_bytes(&bytes).unwrap(),
            Tell::Values,
            &mut seen,
        );
        assert!(!walked.is_broken);
        assert_eq!(seen.documents, 1);
    }

    #[test]
    fn a_composite_key_is_told_as_json() {
        let check = |id: Bson| {
            let document = RawDocumentBuf::try_from(&doc! { "_id": id }).unwrap();
            whole(document.get("_id").unwrap().unwrap())
        };
        assert_eq!(check(Bson::Int32(7)), "7");
        assert_eq!(check("a\"b".into()), "a\"b");
        let nested = doc! { "x": 1, "y": ["a\"b", { "z": null }, []] };
        assert_eq!(
            check(nested.into()),
            r#"{"x":"1","y":["a\"b",{"z":null},[]]}"#
        );
    }
}
