//! The answers of all three stores are XML.
//!
//! Texts are kept to the byte: a name may begin or end with a space, and what XML cannot hold comes as a reference.

use locard_connector::{Error, ErrorKind, Result};
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};

/// An element with its text and what is in it.
#[derive(Debug, Default)]
pub(crate) struct Element {
    name: String,
    /// Whether an attribute says that the text is percent-encoded (Azure).
    pub(crate) is_encoded: bool,
    text: String,
    children: Vec<Element>,
}

/// Deeper answers are no answers of a store.
const DEEPEST: usize = 32;

impl Element {
    /// The outermost element of a document.
    pub(crate) fn parse(document: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(document).map_err(|error| foreign().cause(error))?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut open = vec![Self::default()];
        loop {
            match reader
                .read_event()
                .map_err(|error| foreign().cause(error))?
            {
                Event::Start(start) if open.len() < DEEPEST => open.push(Self::begun(&start)),
                Event::Start(_) => return Err(foreign()),
                Event::Empty(start) => closed(&mut open, Some(Self::begun(&start))),
                Event::End(_) => {
                    let element = open.pop();
                    closed(&mut open, element);
                }
                Event::Text(text) => {
                    let text = text.decode().map_err(|error| foreign().cause(error))?;
                    add(&mut open, &text);
                }
                Event::CData(text) => {
                    let text = text.decode().map_err(|error| foreign().cause(error))?;
                    add(&mut open, &text);
                }
                Event::GeneralRef(reference) => {
                    let known = match reference.resolve_char_ref().ok().flatten() {
                        Some(character) => Some(character.to_string()),
                        None => reference
                            .decode()
                            .ok()
                            .and_then(|name| resolve_xml_entity(&name).map(str::to_owned)),
                    };
                    add(&mut open, &known.ok_or_else(foreign)?);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        match (
            open.pop()
                .and_then(|document| document.children.into_iter().next()),
            open.is_empty(),
        ) {
            (Some(root), true) => Ok(root),
            _ => Err(foreign()),
        }
    }

    fn begun(start: &BytesStart<'_>) -> Self {
        let encoded = start.try_get_attribute("Encoded").ok().flatten();
        Self {
            name: String::from_utf8_lossy(start.local_name().as_ref()).into_owned(),
            is_encoded: encoded.is_some_and(|value| &*value.value == b"true"),
            ..Self::default()
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The first element of that name in this one.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every element of that name in this one.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Its own text.
    pub(crate) fn own_text(&self) -> &str {
        &self.text
    }

    /// The text of an element in this one, if there is any.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.child(name)?.own_text();
        (!text.is_empty()).then_some(text)
    }
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn closed(open: &mut [Element], element: Option<Element>) {
    if let (Some(parent), Some(element)) = (open.last_mut(), element) {
        parent.children.push(element);
    }
}

fn foreign() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the answer is not what such a store answers",
    )
    .hint("see whether `endpoint` leads to the store and not to a proxy or a web page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_to_the_byte() {
        let text = b"<?xml version=\"1.0\"?><A xmlns=\"x\"><K> a&amp;b&#13;&#x1F600;\n</K><K Encoded=\"true\">%00</K><E/></A>";
        let element = Element::parse(text).unwrap();
        let names: Vec<_> = element.all("K").map(Element::own_text).collect();
        assert_eq!(names, [" a&b\r\u{1F600}\n", "%00"]);
        assert!(element.all("K").nth(1).unwrap().is_encoded);
        assert_eq!(element.text("E"), None);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [
            "",
            "plain",
            "<A>",
            "<A></B>",
            "<A>&unknown;</A>",
            "<html><body><p>no</body></html>",
        ] {
            assert!(Element::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Element::parse("<a>".repeat(1_000).as_bytes()).is_err());
    }
}
