//! XML, event by event.
//!
//! The one thing a reader gets wrong: the parser collects a text or a tag in memory, however long it is. [`Capped`] stops
//! it. Entities that a document declares are not expanded, so there is no way to make much of little.

use std::borrow::Cow;
use std::io::{self, BufReader, Read};

use quick_xml::events::{BytesRef, BytesStart};

use crate::{LONGEST, Refusal, Result};

/// What comes next in a document.
pub enum Event<'a> {
    /// An element begins.
    Start(Tag<'a>),
    /// Text, in as many pieces as the parser makes of it.
    Text(Cow<'a, str>),
    /// An element ends.
    End(Cow<'a, str>),
    /// What is said beside the document: a remark, a word to programs, what it declares.
    Remark(Cow<'a, str>),
}

/// The start of an element.
pub struct Tag<'a>(BytesStart<'a>);

impl Tag<'_> {
    /// Its name without the prefix of its namespace.
    pub fn name(&self) -> Cow<'_, str> {
        let name = self.0.local_name().into_inner();
        String::from_utf8_lossy(name)
    }

    /// Its name as it stands there.
    pub fn full_name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.0.name().into_inner())
    }

    /// The attribute of that name, prefixes left aside.
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.attributes()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// An attribute as a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.attribute(name)?.trim().parse().ok()
    }

    /// All attributes, prefixes left aside; those of namespaces are none. Where they are damaged, the first mistake gives
    /// all of them as they are written.
    pub fn attributes(&self) -> impl Iterator<Item = (String, String)> {
        let mut attributes = self.0.html_attributes();
        attributes.with_checks(false);
        let mut is_damaged = false;
        attributes.filter_map(move |attribute| {
            let Ok(attribute) = attribute else {
                let is_first = !std::mem::replace(&mut is_damaged, true);
                let written = || String::from_utf8_lossy(self.0.attributes_raw()).into_owned();
                return is_first.then(|| ("attributes".to_owned(), written()));
            };
            let key = attribute.key;
            let is_namespace = key.as_namespace_binding().is_some();
            let name = String::from_utf8_lossy(key.local_name().into_inner()).into_owned();
            (!is_namespace).then(|| (name, unescape(&String::from_utf8_lossy(&attribute.value))))
        })
    }
}

/// A document that is read.
pub struct Xml {
    reader: quick_xml::Reader<BufReader<Capped>>,
    buffer: Vec<u8>,
}

impl Xml {
    /// What is read from there.
    pub fn new(inner: Box<dyn Read + Send>) -> Self {
        let capped = Capped {
            inner,
            left: LONGEST,
        };
        let mut reader = quick_xml::Reader::from_reader(BufReader::with_capacity(32 << 10, capped));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        Self {
            reader,
            buffer: Vec::new(),
        }
    }

    /// The next event; `None` at the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "an event borrows from the reader, which an iterator's item cannot"
    )]
    pub fn next(&mut self) -> Result<Option<Event<'_>>> {
        use quick_xml::events::Event as Raw;
        loop {
            self.reader.get_mut().get_mut().left = LONGEST;
            self.buffer.clear();
            // The borrow checker does not see that only the last turn gives something out.
            let event = self.reader.read_event_into(&mut self.buffer)?.into_owned();
            return Ok(Some(match event {
                Raw::Start(start) | Raw::Empty(start) => Event::Start(Tag(start)),
                Raw::End(end) => Event::End(owned(end.local_name().into_inner())),
                Raw::Text(text) => Event::Text(owned(&text)),
                Raw::CData(text) => Event::Text(owned(&text)),
                Raw::GeneralRef(entity) => Event::Text(resolve(&entity)),
                Raw::Eof => return Ok(None),
                Raw::Comment(text) => Event::Remark(owned(&text)),
                Raw::PI(text) => Event::Remark(owned(&text)),
                Raw::DocType(text) if text.contains(&b'[') => Event::Remark(owned(&text)),
                Raw::Decl(_) | Raw::DocType(_) => continue,
            }));
        }
    }

    /// The text up to the end of the element that just began, elements within included.
    pub fn text(&mut self) -> Result<String> {
        let (mut text, mut depth) = (String::new(), 1_u32);
        while depth > 0 {
            match self.next()? {
                None => break,
                Some(Event::Start(_)) => depth += 1,
                Some(Event::End(_)) => depth -= 1,
                Some(Event::Text(more)) => push(&mut text, &more),
                Some(Event::Remark(_)) => {}
            }
        }
        Ok(text)
    }

    /// Passes the rest of the element that just began.
    pub fn skip(&mut self) -> Result<()> {
        let mut depth = 1_u32;
        while depth > 0 {
            match self.next()? {
                None => break,
                Some(Event::Start(_)) => depth += 1,
                Some(Event::End(_)) => depth -= 1,
                Some(Event::Text(_) | Event::Remark(_)) => {}
            }
        }
        Ok(())
    }
}

fn owned(text: &[u8]) -> Cow<'static, str> {
    String::from_utf8_lossy(text).into_owned().into()
}

/// Adds to a text as long as it is of a length that anybody reads.
pub fn push(text: &mut String, more: &str) {
    if text.len() + more.len() <= LONGEST {
        text.push_str(more);
    }
}

/// What a reference in the text stands for. One that the document declares stays as it is written.
fn resolve(entity: &BytesRef<'_>) -> Cow<'static, str> {
    if let Ok(Some(letter)) = entity.resolve_char_ref() {
        return letter.to_string().into();
    }
    let name = String::from_utf8_lossy(entity);
    match crate::xml::entity(&name) {
        Some(text) => text.into(),
        None => format!("&{name};").into(),
    }
}

/// The few entities that every document knows, and the space that pages are full of.
fn entity(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => "\u{a0}",
        _ => return None,
    })
}

/// A text with its references resolved, as far as they are known.
fn unescape(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest
            .char_indices()
            .take(32)
            .find(|(_, letter)| *letter == ';');
        let resolved = end.and_then(|(end, _)| Some((reference(&rest[1..end])?, end)));
        if let Some((text, end)) = resolved {
            out.push_str(&text);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return Some(char::from_u32(code.ok()?)?.to_string());
    }
    entity(name).map(str::to_owned)
}

/// Ends the reading of one event that is longer than anybody reads.
struct Capped {
    inner: Box<dyn Read + Send>,
    left: usize,
}

impl Read for Capped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(Refusal::error(
                "a text in it is longer than 64 MiB: what comes behind is not read",
            ));
        }
        let length = buffer.len().min(self.left);
        let read = self.inner.read(&mut buffer[..length])?;
        self.left -= read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(text: &str) -> Xml {
        Xml::new(Box::new(io::Cursor::new(text.to_owned().into_bytes())))
    }

    #[test]
    fn references_are_resolved_where_they_are_known() {
        let mut xml = xml("<a>R&amp;D &#65;&#x42; &who; &nbsp;<![CDATA[<b>]]></a>");
        assert!(matches!(xml.next().unwrap(), Some(Event::Start(_))));
        assert_eq!(xml.text().unwrap(), "R&D AB &who; \u{a0}<b>");
        assert_eq!(
            unescape("a&b &lt;c&gt; &#x20AC; &#99999999;"),
            "a&b <c> € &#99999999;"
        );
    }

    #[test]
    fn entities_that_a_document_declares_are_not_expanded() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"xxxxxxxx\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>";
        let mut xml = xml(bomb);
        assert!(matches!(xml.next().unwrap(), Some(Event::Remark(_))));
        assert!(matches!(xml.next().unwrap(), Some(Event::Start(_))));
        assert_eq!(xml.text().unwrap(), "&c;");
    }

    #[test]
    fn a_text_without_end_is_refused() {
        let endless = io::Cursor::new(b"<a>".to_vec()).chain(io::repeat(b'x'));
        let mut xml = Xml::new(Box::new(endless));
        assert!(matches!(xml.next().unwrap(), Some(Event::Start(_))));
        let error = xml.text().unwrap_err();
        assert!(error.to_string().contains("64 MiB"), "{error}");
    }
}
