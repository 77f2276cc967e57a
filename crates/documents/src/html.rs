//! Pages: what they show, and what they know beside that.
//!
//! Read as a stream and by no grammar: what browsers make of broken pages is a long story, and a person's name is found in
//! any version of it. Beside the text come titles, descriptions of pictures, addresses of links, values of forms, remarks,
//! and what is there for machines. Only how a page looks is left out (`elements.rs`).

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};

use locard_containers::{Format, Item, Look, Reads, Record, Records, Result, push};

use crate::elements::{column, is_block, is_fragment, is_phrase};
use crate::names;
use crate::prolog::Prolog;
use crate::tags::{attributes, is_closed};

/// HTML.
pub(crate) const FORMAT: Format = Format::new("html", "a page of HTML", |look| Ok(is(look)))
    .reading(Reads::Text(|text| Ok(Box::new(Page::new(text)))));

fn is(look: &Look<'_>) -> bool {
    let prolog = Prolog::of(look.text);
    if prolog.kind.as_deref() == Some("html") {
        return true;
    }
    let rest = prolog.rest;
    let begin = rest.get(..rest.floor_char_boundary(32)).unwrap_or(rest);
    let begin = begin.to_ascii_lowercase();
    let is_page = ["<html", "<head>", "<body", "<head "]
        .iter()
        .any(|tag| begin.starts_with(tag));
    is_page || !prolog.is_xml && prolog.kind.is_none() && is_fragment(rest)
}

/// A tag or a remark may be this long, a paragraph too: what is longer is given in parts.
const LONGEST: usize = 1 << 20;

/// The text of an element in which there are no elements, up to its end.
struct Raw {
    name: &'static str,
    column: &'static str,
    text: String,
}

impl Raw {
    /// Of an element of that name and kind, if there is such a text in it.
    fn of(name: &str, kind: &str) -> Option<Self> {
        let (name, column) = match name {
            "title" => ("title", "title"),
            "style" => ("style", "style"),
            // Some scripts are data for the machines that read pages.
            "script" if kind.to_ascii_lowercase().contains("json") => ("script", "data"),
            "script" => ("script", "script"),
            _ => return None,
        };
        let text = String::new();
        Some(Self { name, column, text })
    }
}

/// A page that is read.
struct Page {
    text: BufReader<Box<dyn Read + Send>>,
    record: Record,
    paragraph: String,
    /// What was between this and what comes is no part of a word.
    is_apart: bool,
    raw: Option<Raw>,
    ended: bool,
    ready: VecDeque<Record>,
}

impl Page {
    fn new(text: Box<dyn Read + Send>) -> Self {
        Self {
            text: BufReader::with_capacity(64 << 10, text),
            record: Record::default(),
            paragraph: String::new(),
            is_apart: false,
            raw: None,
            ended: false,
            ready: VecDeque::new(),
        }
    }

    /// The bytes up to a mark and with it, or as many as anybody reads.
    fn until(&mut self, mark: u8) -> Result<(String, bool)> {
        let mut bytes = Vec::new();
        let mut part = Read::take(&mut self.text, LONGEST as u64);
        part.read_until(mark, &mut bytes)?;
        let is_complete = bytes.last() == Some(&mark);
        self.ended |= bytes.is_empty();
        Ok((String::from_utf8_lossy(&bytes).into_owned(), is_complete))
    }

    /// Takes text up to the next tag.
    fn text(&mut self) -> Result<bool> {
        let (text, is_complete) = self.until(b'<')?;
        let text = if is_complete {
            &text[..text.len() - 1]
        } else {
            &text
        };
        match &mut self.raw {
            Some(raw) => raw.text.push_str(text),
            None => self.spaced(&names::unescape(text)),
        }
        self.part();
        Ok(is_complete)
    }

    /// Gives what is longer than anybody reads in parts.
    fn part(&mut self) {
        if self
            .raw
            .as_ref()
            .is_some_and(|raw| raw.text.len() > LONGEST)
        {
            self.take_raw();
        }
        let cells = self.record.cells.iter().map(|(_, text)| text.len());
        if self.paragraph.len() > LONGEST || cells.sum::<usize>() > LONGEST {
            self.end();
        }
    }

    /// Adds text with its white space drawn together, as pages show it.
    fn spaced(&mut self, text: &str) {
        let is_apart = !text.is_empty() && std::mem::take(&mut self.is_apart);
        if is_apart && names::touch(&self.paragraph, text) {
            self.paragraph.push(' ');
        }
        for letter in text.chars() {
            let is_space = letter.is_whitespace();
            if !is_space {
                self.paragraph.push(letter);
            } else if !self.paragraph.ends_with([' ', '\t', '\n']) {
                self.paragraph.push(' ');
            }
        }
    }

    /// What stands behind a bracket within an element without elements; `None` if it is that element's end.
    fn within(&mut self, name: &str) -> Result<Option<String>> {
        let mut seen = String::from("<");
        for wanted in std::iter::once(b'/').chain(name.bytes()) {
            let next = self.text.fill_buf()?.first().copied();
            let Some(byte) = next.filter(|byte| byte.eq_ignore_ascii_case(&wanted)) else {
                return Ok(Some(seen));
            };
            seen.push(char::from(byte));
            self.text.consume(1);
        }
        Ok(None)
    }

    /// Takes a tag behind its bracket.
    fn tag(&mut self) -> Result<()> {
        if let Some(name) = self.raw.as_ref().map(|raw| raw.name) {
            let seen = self.within(name)?;
            if let (Some(seen), Some(raw)) = (seen, &mut self.raw) {
                raw.text.push_str(&seen);
            } else {
                self.until(b'>')?;
                self.close(name);
            }
            return Ok(());
        }
        // A bracket that is only a bracket.
        let begins = |first: &u8| first.is_ascii_alphabetic() || b"/!?".contains(first);
        if !self.text.fill_buf()?.first().is_some_and(begins) {
            self.spaced("<");
            return Ok(());
        }
        let tag = self.whole_tag()?;
        if let Some(remark) = tag.strip_prefix("!--") {
            let remark = remark.strip_suffix("-->").unwrap_or(remark);
            self.record.add("comment", remark);
            return Ok(());
        }
        let tag = tag.strip_suffix('>').unwrap_or(&tag);
        self.element(tag);
        Ok(())
    }

    /// A tag with the bracket that ends it.
    fn whole_tag(&mut self) -> Result<String> {
        let (mut tag, mut parts) = (String::new(), 0);
        loop {
            let (more, is_complete) = self.until(b'>')?;
            push(&mut tag, &more);
            parts += 1;
            // Each part is looked at from the beginning on, so there must not be many.
            let is_endless = tag.len() > LONGEST || parts > 64 && !tag.starts_with("!--");
            if !is_complete || is_closed(&tag) || is_endless {
                return Ok(tag);
            }
        }
    }

    /// Takes the begin or the end of an element.
    fn element(&mut self, tag: &str) {
        let (closes, inner) = tag
            .strip_prefix('/')
            .map_or((false, tag), |tag| (true, tag));
        if !inner.starts_with(|first: char| first.is_ascii_alphabetic()) {
            // What programs put there; the types of documents and the marks of XML say nothing.
            let begin = tag.get(..8).unwrap_or_default().to_ascii_lowercase();
            if begin != "!doctype" && !begin.starts_with("?xml ") {
                self.record.add("comment", tag);
            }
            return;
        }
        let end = inner
            .find(|letter: char| letter.is_whitespace() || letter == '/')
            .unwrap_or(inner.len());
        let name = inner[..end].to_ascii_lowercase();
        if closes {
            self.close(&name);
            return;
        }
        let attributes = attributes(&inner[end..]);
        self.open(&name, &attributes);
        if !inner.ends_with('/') {
            let kind = attributes.iter().find(|(name, _)| name == "type");
            self.raw = Raw::of(&name, kind.map_or("", |(_, kind)| kind));
        }
    }

    /// Gives what an element without elements says.
    fn take_raw(&mut self) {
        let Some(raw) = &mut self.raw else { return };
        let text = std::mem::take(&mut raw.text);
        if raw.column == "title" {
            self.record.add("title", &names::unescape(&text));
        } else {
            self.record.add(raw.column, &text);
        }
    }

    fn close(&mut self, name: &str) {
        if self.raw.as_ref().is_some_and(|raw| raw.name == name) {
            self.take_raw();
            self.raw = None;
        }
        if matches!(name, "td" | "th") {
            self.paragraph.push('\t');
        }
        self.border(name);
    }

    /// Ends the line or the word where an element begins or ends.
    fn border(&mut self, name: &str) {
        if is_block(name) {
            self.end();
        }
        self.is_apart |= !is_phrase(name);
        self.part();
    }

    fn open(&mut self, name: &str, attributes: &[(String, String)]) {
        self.border(name);
        for (attribute, value) in attributes {
            if name == "meta" && attribute == "content" {
                self.meta(value, attributes);
            } else if attribute.contains('@') && value.is_empty() {
                // Brackets around an address make it look like an element.
                self.record.add("data", attribute);
            } else if let Some(column) = column(attribute) {
                // Pictures are not read, wherever they are.
                if !(column == "link" && value.starts_with("data:image")) {
                    self.record.add(column, &names::decoded(value));
                }
            }
        }
        if name.contains('@') {
            self.record.add("data", name);
        }
    }

    /// Takes what a page says of itself.
    fn meta(&mut self, content: &str, attributes: &[(String, String)]) {
        let get = |wanted: &str| {
            let found = attributes.iter().find(|(name, _)| name == wanted);
            found.map_or("", |(_, value)| value)
        };
        let kind = ["name", "property", "itemprop"].map(get).concat();
        let kind = kind.to_ascii_lowercase();
        let column = match kind.rsplit([':', '.']).next().unwrap_or_default() {
            "author" | "creator" => "author",
            "viewport" | "robots" | "generator" => return,
            "" => "data",
            _ => "description",
        };
        self.record.add(column, content);
    }

    /// Ends what stands by itself.
    fn end(&mut self) {
        self.is_apart = false;
        let text = std::mem::take(&mut self.paragraph);
        if !text.trim().is_empty() {
            self.record
                .cells
                .insert(0, ("text".into(), text.trim().to_owned()));
        }
        if self.record.cells.is_empty() {
            return;
        }
        let record = std::mem::take(&mut self.record);
        self.ready.push_back(record);
    }
}

impl Records for Page {
    fn next(&mut self) -> Result<Option<Item>> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(Item::Record(record)));
            }
            if self.ended {
                return Ok(None);
            }
            if self.text()? {
                self.tag()?;
            }
            if self.ended {
                self.take_raw();
                self.end();
            }
        }
    }
}

/// The text of a page that is part of something else: its paragraphs one below the other, links behind them.
pub(crate) fn text_of(page: &str) -> Result<(String, Record)> {
    let bytes = std::io::Cursor::new(page.as_bytes().to_vec());
    let (mut page, mut text, mut beside) =
        (Page::new(Box::new(bytes)), String::new(), Record::default());
    while let Some(item) = page.next()? {
        let Item::Record(record) = item else { continue };
        for (column, cell) in record.cells {
            if column == "text" {
                push(&mut text, &cell);
                text.push('\n');
            } else {
                beside.add(column, &cell);
            }
        }
    }
    Ok((text, beside))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(page: &str) -> Vec<String> {
        let mut page = Page::new(Box::new(std::io::Cursor::new(page.to_owned().into_bytes())));
        crate::cells(&mut page)
    }

    #[test]
    fn what_a_page_shows_and_knows_is_read() {
        let page = "<!DOCTYPE html><html><head><title>Team &amp; Co</title><meta name=author content='Ann Lee'>\
            <style>p { color: red }</style><script>var ada = 1 < 2;</script><script type=\"application/ld+json\">{\"name\":\"Bob\"}</script></head>\
            <body><p>Dear <b>Ada</b>\n  Lovelace,&nbsp;hi</p><!-- ask <b>Eve</b> --><img alt='Joe > all'>\
            <table><tr><td>Zoe</td><td>Rome</td></tr></table><a href=\"mailto:ada%40example.org?subject=x\">mail</a> 1 < 2 <input value=42></body>";
        assert_eq!(
            read(page),
            [
                "title=Team & Co",
                "author=Ann Lee style=p { color: red } script=var ada = 1 < 2; data={\"name\":\"Bob\"}",
                "text=Dear Ada Lovelace, hi",
                "comment=ask <b>Eve</b> alt=Joe > all",
                "text=Zoe\tRome",
                "text=mail 1 < 2 link=mailto:ada@example.org?subject=x value=42",
            ]
        );
    }

    #[test]
    fn what_pages_hold_for_machines_is_read() {
        for (page, wanted) in [
            (
                "<div data-user='a@x.org' class=c @click=\"b('c@x.org')\">d</div>",
                "text=d data=a@x.org\nb('c@x.org')",
            ),
            (
                "<script>if (a<b) u = {\"mail\":\"<b>@x.org\"}</SCRIPT >c<script src=d/>e",
                "text=c e script=if (a<b) u = {\"mail\":\"<b>@x.org\"} link=d/",
            ),
            (
                "a<noscript>b</noscript><template>c</template>d<style>e::after { content: 'f' }</style>",
                "text=a b c d style=e::after { content: 'f' }",
            ),
            (
                "<meta property='og:email' content=a><meta content=b><meta name=robots content=c>",
                "description=a data=b",
            ),
            (
                "<?php $a = 'b' ?><![CDATA[c]]><ada@x.org>, <img src='data:image/png;base64,iVBO'><img src='/p?m=b@x.org'>",
                "text=, comment=?php $a = 'b' ?\n![CDATA[c]] data=ada@x.org link=/p?m=b@x.org",
            ),
            ("<title>a <b> &amp; c", "title=a <b> & c"),
        ] {
            assert_eq!(read(page).join("|"), wanted, "{page}");
        }
    }

    #[test]
    fn lines_end_where_they_are_seen_to() {
        assert_eq!(
            read("<div>Contact: a@x.org<br>or b@x.org<button>c</button>d</div>"),
            ["text=Contact: a@x.org", "text=or b@x.org c d"]
        );
        assert_eq!(read("<p>Love<b>lace</b></p>"), ["text=Lovelace"]);
    }

    #[test]
    fn broken_pages_are_read_to_their_end() {
        for (page, wanted) in [
            ("<p>a<b", "text=a"),
            ("<p title='x>a", "title=x>a"),
            ("a</p></p></p>b", "text=a|text=b"),
            ("<!-- a", "comment=a"),
            ("<", "text=<"),
            ("<a href=>x</a>", "text=x"),
            ("a < b <= c", "text=a < b <= c"),
        ] {
            assert_eq!(read(page).join("|"), wanted, "{page}");
        }
    }

    #[test]
    fn long_things_are_given_in_parts() {
        let page = format!("<p>{}</p><p>b</p>", "a ".repeat(2 << 20));
        let found = read(&page);
        assert!(found.len() >= 3 && found.last().is_some_and(|last| last == "text=b"));
        let found = read(&format!("<p title='{}'>b</p>", "a".repeat(70 << 20)));
        assert!(!found.is_empty());
    }
}
