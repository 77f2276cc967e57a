//! XML that is no document of a known kind: elements that come again and again are records, what is in them columns.
//!
//! The one thing a reader gets wrong: which elements those are. The first of them are looked at, and the outermost that is
//! not alone among its siblings is taken; where none is, the whole is one record.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read};

use locard_containers::{Event, Format, Item, Look, Reads, Record, Records, Result, Xml, push};

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
const DEEPEST: usize = 64;

fn is(look: &Look<'_>) -> bool {
    if look.text.starts_with("<?xml ") {
        return true;
    }
    // Without its mark it begins with an element that is well formed and closed.
    let Some(rest) = look.text.strip_prefix('<') else {
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
struct Open {
    path: String,
    text: String,
    /// It stands within a text, of which it is a part.
    is_inline: bool,
}

struct Markup {
    xml: Xml,
    /// How deep the elements are that are records, and the path of what holds them.
    depth: usize,
    holder: String,
    open: Vec<Open>,
    /// Elements below the deepest.
    below: usize,
    record: Record,
    held: usize,
    columns: HashSet<String>,
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
            below: 0,
            record: Record::default(),
            held: 0,
            columns: HashSet::new(),
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

    fn start(&mut self, name: &str, attributes: &[(String, String)]) {
        if self.open.len() >= DEEPEST {
            self.below += 1;
            return;
        }
        let is_inline = self
            .open
            .last()
            .is_some_and(|open| open.is_inline || !open.text.trim().is_empty());
        let path = match self.open.last() {
            Some(open) if is_inline => open.path.clone(),
            Some(open) => format!("{}.{name}", open.path),
            None => name.to_owned(),
        };
        for (attribute, value) in attributes {
            self.add(&format!("{path}.{attribute}"), value);
        }
        self.open.push(Open {
            path,
            text: String::new(),
            is_inline,
        });
    }

    /// Whether a record is complete.
    fn end(&mut self) -> bool {
        if self.below > 0 {
            self.below -= 1;
            return false;
        }
        let Some(closed) = self.open.pop() else {
            return false;
        };
        match self.open.last_mut() {
            Some(open) if closed.is_inline => push(&mut open.text, &closed.text),
            _ => self.add(&closed.path, &closed.text),
        }
        let depth = self.open.len();
        let is_held = || self.open.last().map_or("", |open| &open.path) == self.holder;
        // What stands outside of the records is told by itself, so that it is no part of one.
        depth < self.depth || depth == self.depth && is_held() || self.held > LONGEST
    }
}

impl Records for Markup {
    fn next(&mut self) -> Result<Option<Item>> {
        loop {
            let (ends, begins) = match self.xml.next()? {
                None => return Ok(self.take()),
                Some(Event::Text(text)) => {
                    if let Some(open) = self.open.last_mut() {
                        push(&mut open.text, &text);
                    }
                    continue;
                }
                Some(Event::Start(tag)) => {
                    let (name, attributes) = (
                        tag.name().into_owned(),
                        tag.attributes().collect::<Vec<_>>(),
                    );
                    // What was outside stands before the record that begins.
                    let begins = self.open.len() == self.depth;
                    let before = begins.then(|| self.take()).flatten();
                    self.start(&name, &attributes);
                    (false, before)
                }
                Some(Event::End(_)) => (self.end(), None),
            };
            if begins.is_some() {
                return Ok(begins);
            }
            if ends && let Some(item) = self.take() {
                return Ok(Some(item));
            }
        }
    }
}

/// The path of the element whose children come again, and how deep these are; the whole document is one record where
/// none do.
fn repeated(head: &[u8]) -> (String, usize) {
    let mut xml = Xml::new(Box::new(Cursor::new(head.to_vec())));
    let mut open: Vec<(String, HashMap<String, u32>, bool)> = Vec::new();
    let mut found: Option<(usize, String)> = None;
    // The head ends anywhere.
    while let Ok(Some(event)) = xml.next() {
        match event {
            Event::Start(tag) => {
                let (name, depth) = (tag.name().into_owned(), open.len());
                let mut path = name.clone();
                if let Some((above, children, _)) = open.last_mut() {
                    path = format!("{above}.{name}");
                    let count = children.entry(name).or_insert(0);
                    *count += 1;
                    let is_outer = found.as_ref().is_none_or(|(known, _)| depth < *known);
                    if *count > 1 && is_outer {
                        found = Some((depth, above.clone()));
                    }
                }
                if depth < DEEPEST {
                    open.push((path, HashMap::new(), false));
                }
            }
            Event::End(_) => drop(open.pop()),
            Event::Text(_) => {}
        }
    }
    found.map_or((String::new(), 0), |(depth, holder)| (holder, depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let mut markup = Markup::new(Box::new(Cursor::new(text.to_owned().into_bytes()))).unwrap();
        let mut found = Vec::new();
        while let Some(Item::Record(record)) = markup.next().unwrap() {
            let cells = record
                .cells
                .iter()
                .map(|(column, text)| format!("{column}={text}"));
            found.push(cells.collect::<Vec<_>>().join(" "));
        }
        found
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
