//! XML that is no document of a known kind: elements that come again and again are records, what is in them columns.
//!
//! The one thing a reader gets wrong: which elements those are. The first of them are looked at, and the outermost that is
//! not alone among its siblings is taken; where none is, the whole is one record.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{Cursor, Read};

use locard_containers::{
    Broken, Event, Format, Item, Look, Reads, Record, Records, Result, Xml, push,
};

use crate::elements::is_phrase;
use crate::names;
use crate::prolog::Prolog;
use crate::repeated::repeated;

/// XML.
pub(crate) const FORMAT: Format = Format::new("xml", "an XML document", |look| Ok(is(look)))
    .reading(Reads::Text(|text| Ok(Box::new(Markup::new(text)?))));

/// So much is looked at for the elements that come again.
const HEAD: u64 = 256 << 10;

/// A record with more than this is given in parts.
const LONGEST: usize = 4 << 20;

/// More columns than this are one: their names are values.
const COLUMNS: usize = 1_000;

/// Elements deeper than this are read as part of those around them.
pub(crate) const DEEPEST: usize = 64;

fn is(look: &Look<'_>) -> bool {
    let prolog = Prolog::of(look.text);
    if prolog.is_xml || prolog.kind.is_some() {
        return true;
    }
    // Without its mark it begins with an element that is well formed and closed.
    let Some(rest) = prolog.rest.strip_prefix('<') else {
        return false;
    };
    let length = rest
        .find(|letter: char| !(letter.is_alphanumeric() || "_-.:".contains(letter)))
        .unwrap_or(0);
    let name = &rest[..length];
    let begins = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let is_tag = rest[length..].starts_with(['>', ' ', '\n', '\r', '\t', '/']);
    let more = || {
        rest.matches("</").count() >= 2
            || look.text.trim_end().ends_with('>') && rest.contains("</")
    };
    begins && is_tag && more()
}

/// An open element.
#[derive(Default)]
struct Open {
    name: String,
    path: String,
    text: String,
    /// It stands within a text, of which it is a part.
    is_inline: bool,
    /// What was between its text and what comes is no part of a word.
    is_apart: bool,
}

impl Open {
    fn say(&mut self, more: &str) {
        let is_apart = !more.is_empty() && std::mem::take(&mut self.is_apart);
        if is_apart && names::touch(&self.text, more) {
            self.text.push('\n');
        }
        push(&mut self.text, more);
    }
}

struct Markup {
    xml: Xml,
    /// How deep the elements are that are records, and the path of what holds them.
    depth: usize,
    holder: String,
    open: Vec<Open>,
    /// What stands in no element.
    outside: Open,
    /// Elements below the deepest.
    below: usize,
    record: Record,
    held: usize,
    columns: HashSet<String>,
    ended: bool,
    /// It ended while elements were open, which is told last.
    is_cut: bool,
    failure: Option<Broken>,
}

impl Markup {
    fn new(mut text: Box<dyn Read + Send>) -> Result<Self> {
        let mut head = Vec::new();
        text.by_ref().take(HEAD).read_to_end(&mut head)?;
        let (holder, depth) = repeated(&head);
        Ok(Self {
            xml: Xml::new(Box::new(Cursor::new(head).chain(text))),
            depth,
            holder,
            open: Vec::new(),
            outside: Open {
                path: "text".to_owned(),
                ..Open::default()
            },
            below: 0,
            record: Record::default(),
            held: 0,
            columns: HashSet::new(),
            ended: false,
            is_cut: false,
            failure: None,
        })
    }

    /// The column of a path: relative to the record within one, else to the root.
    fn column(&mut self, path: &str) -> Cow<'static, str> {
        let name = self.relative(path);
        if self.columns.len() >= COLUMNS && !self.columns.contains(&name) {
            return "*".into();
        }
        self.columns.insert(name.clone());
        name.into()
    }

    fn relative(&self, path: &str) -> String {
        let within = path
            .strip_prefix(self.holder.as_str())
            .and_then(|rest| rest.strip_prefix('.'));
        let name = match within {
            // What the record itself is called does not matter.
            Some(rest) => rest.split_once('.').map_or("text", |(_, rest)| rest),
            None => path.split_once('.').map_or(path, |(_, rest)| rest),
        };
        name.to_owned()
    }

    fn add(&mut self, path: &str, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let column = self.column(path);
        self.held += text.len();
        self.record.add(column, text);
    }

    fn take(&mut self) -> Option<Item> {
        self.held = 0;
        let record = std::mem::take(&mut self.record);
        (!record.cells.is_empty()).then_some(Item::Record(record))
    }

    /// Adds to the text of the element that is open.
    fn say(&mut self, text: &str) {
        let open = self.open.last_mut().unwrap_or(&mut self.outside);
        if open.text.len() + text.len() > LONGEST {
            let (path, full) = (open.path.clone(), std::mem::take(&mut open.text));
            self.add(&path, &full);
        }
        let open = self.open.last_mut().unwrap_or(&mut self.outside);
        open.say(text);
    }

    fn start(&mut self, name: &str, attributes: &[(String, String)]) {
        let depth = self.open.len();
        let is_deepest = depth >= DEEPEST;
        let above = self.open.last_mut().unwrap_or(&mut self.outside);
        above.is_apart |= !is_phrase(name);
        // Text among records does not make them a part of it.
        let is_record = self.depth > 0 && depth == self.depth && above.path == self.holder;
        let is_within = !is_record || is_phrase(name);
        let is_inline = above.is_inline || is_within && !above.text.trim().is_empty();
        let path = if self.open.is_empty() {
            self.end_outside();
            name.to_owned()
        } else {
            let path = self.open.last().map_or("", |open| &open.path);
            if is_inline || is_deepest {
                path.to_owned()
            } else {
                format!("{path}.{name}")
            }
        };
        let is_name = |letter: char| letter.is_alphanumeric() || "_-.:".contains(letter);
        for (attribute, value) in attributes {
            self.add(&format!("{path}.{attribute}"), value);
            // What is no name is something that was to be said.
            if value.is_empty() && !attribute.chars().all(is_name) {
                self.add(&format!("{path}.attributes"), attribute);
            }
        }
        if is_deepest {
            self.below += 1;
            return;
        }
        self.open.push(Open {
            name: name.to_owned(),
            path,
            is_inline: is_inline && !self.open.is_empty(),
            ..Open::default()
        });
    }

    /// Whether a record is complete.
    fn end(&mut self, name: &str) -> bool {
        if self.below > 0 {
            self.below -= 1;
            if let Some(open) = self.open.last_mut() {
                open.is_apart |= !is_phrase(name);
            }
            return false;
        }
        // What is not open is not closed; what was left open within it is.
        let known = self.open.iter().rposition(|open| open.name == name);
        let mut is_complete = false;
        while known.is_some_and(|known| self.open.len() > known) {
            is_complete |= self.close();
        }
        is_complete
    }

    /// Closes the innermost element; whether a record is complete.
    fn close(&mut self) -> bool {
        let Some(closed) = self.open.pop() else {
            return false;
        };
        if closed.is_inline {
            self.say(&closed.text);
            if let Some(open) = self.open.last_mut() {
                open.is_apart |= !is_phrase(&closed.name);
            }
        } else {
            self.add(&closed.path, &closed.text);
        }
        let depth = self.open.len();
        let is_held = || self.open.last().map_or("", |open| &open.path) == self.holder;
        // What stands outside of the records is told by itself, so that it is no part of one.
        depth < self.depth || depth == self.depth && is_held()
    }

    fn end_outside(&mut self) {
        let text = std::mem::take(&mut self.outside.text);
        self.add("text", &text);
    }

    /// Takes what is open at the end as if it were closed.
    fn finish(&mut self) {
        self.ended = true;
        while !self.open.is_empty() {
            self.close();
        }
        self.end_outside();
    }

    /// The next step through the document, and the record that is complete behind it.
    fn step(&mut self) -> Option<Item> {
        let is_complete = match self.xml.next() {
            Ok(None) => {
                self.is_cut = !self.open.is_empty();
                self.finish();
                true
            }
            // What came before the damage was read.
            Err(error) => {
                self.failure = Some(error);
                self.finish();
                true
            }
            Ok(Some(Event::Text(text))) => {
                let text = text.into_owned();
                self.say(&text);
                false
            }
            Ok(Some(Event::Remark(text))) => {
                let text = text.into_owned();
                self.add("comment", &text);
                false
            }
            Ok(Some(Event::Start(tag))) => {
                let name = tag.name().into_owned();
                let attributes: Vec<_> = tag.attributes().collect();
                // What was outside stands before the record that begins.
                let begins = self.open.len() == self.depth;
                let before = begins.then(|| self.take()).flatten();
                self.start(&name, &attributes);
                if before.is_some() {
                    return before;
                }
                false
            }
            Ok(Some(Event::End(name))) => {
                let name = name.into_owned();
                self.end(&name)
            }
        };
        (is_complete || self.held > LONGEST)
            .then(|| self.take())
            .flatten()
    }
}

impl Records for Markup {
    fn next(&mut self) -> Result<Option<Item>> {
        while !self.ended {
            let item = self.step();
            if item.is_some() {
                return Ok(item);
            }
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let is_cut = std::mem::take(&mut self.is_cut);
        Ok(is_cut.then(|| Item::Fault {
            sentence: "it ends before its elements do: what may have stood behind is not read"
                .into(),
            place: "the end".to_owned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let mut markup = Markup::new(Box::new(Cursor::new(text.to_owned().into_bytes()))).unwrap();
        crate::cells(&mut markup)
    }

    #[test]
    fn elements_that_come_again_are_records() {
        let text = "<?xml version=\"1.0\"?><export by=\"Ann Lee\"><made>2024</made><people>\
            <person id=\"1\"><name>Ada</name><address><city>Paris</city></address><mail>a@x.org</mail><mail>b@x.org</mail></person>\
            <person id=\"2\"><name>Bob</name></person></people></export>";
        assert_eq!(
            read(text),
            [
                "by=Ann Lee made=2024",
                "id=1 name=Ada address.city=Paris mail=a@x.org\nb@x.org",
                "id=2 name=Bob"
            ]
        );
        assert_eq!(read("<a><b>1</b><b>2</b></a>"), ["text=1", "text=2"]);
    }

    #[test]
    fn a_document_of_one_thing_is_one_record() {
        assert_eq!(
            read("<person><name>Ada</name><city at=\"home\">Rome</city></person>"),
            ["name=Ada city.at=home city=Rome"]
        );
        assert_eq!(read("<name>Ada</name>"), ["name=Ada"]);
    }

    #[test]
    fn marks_within_a_text_do_not_cut_it() {
        let text = "<book><p>Dear <em>Ada <b>Love</b></em>lace</p><p>Bob</p></book>";
        assert_eq!(read(text), ["text=Dear Ada Lovelace", "text=Bob"]);
    }

    #[test]
    fn what_stands_between_elements_is_read_and_apart() {
        for (text, wanted) in [
            (
                "<note>a@x.org<p a=\"1\"/>b@x.org</note>",
                "a=1 note=a@x.org\nb@x.org",
            ),
            ("<note>a@x.org<p>b</p>c</note>", "note=a@x.org\nb\nc"),
            (
                "<note><p>a</p>b@x.org<p>c</p>d</note>",
                "text=a|text=c|note=b@x.org\nd",
            ),
            ("<r><p><m>a&#64;x.org</m></p></r>", "p.m=a@x.org"),
            ("<a>1</a>b&#64;x.org<c>2</c>", "a=1|text=b@x.org c=2"),
        ] {
            assert_eq!(read(text).join("|"), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_not_closed_is_read() {
        for (text, wanted) in [
            (
                "<d>Contact: a@x.org<br>or b@x.org</d>",
                "d=Contact: a@x.org\nor b@x.org",
            ),
            ("<d>a <e>b<c f=\"g\">", "f=g d=a b"),
            ("<d><e>a</x>b</e></d>", "e=ab"),
        ] {
            assert_eq!(read(text).join("|"), wanted, "{text}");
        }
    }

    #[test]
    fn attributes_that_are_none_are_read() {
        for text in [
            "<d e='1' ='a@x.org'>b</d>",
            "<d e='1'f='a@x.org'>b</d>",
            "<d e= 'a@x.org'>b</d>",
        ] {
            let found = read(text).concat();
            assert!(
                found.contains("a@x.org") && found.contains("=b"),
                "{text}: {found}"
            );
        }
    }

    #[test]
    fn remarks_and_declarations_are_read() {
        let text =
            "<!DOCTYPE r [<!ENTITY who \"a@x.org\">]><r><!-- ask b --><?mail c?><p>&who;</p></r>";
        assert_eq!(
            read(text),
            [
                "comment=r [<!ENTITY who \"a@x.org\">]",
                "comment=ask b\nmail c p=&who;"
            ]
        );
    }

    #[test]
    fn what_came_before_the_damage_is_read() {
        let text = Cursor::new(b"<r><p>a@x.org <".to_vec());
        let mut markup = Markup::new(Box::new(text)).unwrap();
        assert!(matches!(markup.next(), Ok(Some(Item::Record(_)))));
        assert!(markup.next().is_err());
    }

    #[test]
    fn a_document_that_ends_too_early_says_so() {
        let ends = |text: &str| {
            let text = Cursor::new(text.to_owned().into_bytes());
            let mut markup = Markup::new(Box::new(text)).unwrap();
            let mut items = std::iter::from_fn(|| markup.next().unwrap());
            items.any(|item| matches!(item, Item::Fault { .. }))
        };
        assert!(ends("<r><p>Ada</p><p>Bob</p>"));
        assert!(ends("<r><p>Ada</p><p>Bo"));
        for whole in [
            "<r><p>Ada</p><p>Bob</p></r>",
            "<r><p>Ada<br>Bob</p></r> ",
            "<a>1</a><a>2</a>",
        ] {
            assert!(!ends(whole), "{whole}");
        }
    }

    #[test]
    fn a_document_is_known_by_its_type() {
        let opener: locard_containers::Opener =
            std::sync::Arc::new(|| Err(std::io::ErrorKind::NotFound.into()));
        for (text, wanted) in [
            ("<!DOCTYPE r><r><p><m>a</m></p></r>", true),
            ("<!-- a --><r><p>b</p></r>", true),
            ("<b> a", false),
        ] {
            let look = Look::new(text.as_bytes(), text, &opener);
            assert_eq!(is(&look), wanted, "{text}");
        }
    }

    #[test]
    fn depth_and_columns_have_an_end() {
        let deep = format!("{}x{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        assert_eq!(read(&deep).len(), 1);
        let keys: Vec<String> = (0..3_000)
            .map(|number| format!("<k{number}>v</k{number}>"))
            .collect();
        let keys = keys.concat();
        let found = read(&format!("<r>{keys}</r>"));
        assert!(
            found[0].contains("*=v\nv"),
            "names that are values are one column"
        );
    }
}
