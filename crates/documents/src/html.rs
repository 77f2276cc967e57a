//! Pages: what they show, and what they know beside that.
//!
//! Read as a stream and by no grammar: what browsers make of broken pages is a long story, and a person's name is found in
//! any version of it. Beside the text come titles, descriptions of pictures, addresses of links, values of forms, remarks,
//! and what is there for machines.

use std::io::{BufRead, BufReader, Read};

use locard_containers::{Format, Item, Look, Reads, Record, Records, Result, push};

use crate::names;

/// HTML.
pub(crate) const FORMAT: Format = Format::new("html", "a page of HTML", |look| Ok(is(look)))
    .reading(Reads::Text(|text| Ok(Box::new(Page::new(text)))));

fn is(look: &Look<'_>) -> bool {
    let mut rest = look.text;
    // Remarks and the marks of XML may stand before it.
    loop {
        rest = rest.trim_start();
        let end = if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<?") {
            "?>"
        } else {
            break;
        };
        match rest.find(end) {
            Some(at) => rest = &rest[at + end.len()..],
            None => return false,
        }
    }
    let begin = rest
        .get(..rest.floor_char_boundary(32))
        .unwrap_or(rest)
        .to_ascii_lowercase();
    ["<!doctype html", "<html", "<head>", "<body", "<head "]
        .iter()
        .any(|tag| begin.starts_with(tag))
}

/// A tag or a remark may be this long, a paragraph too: what is longer is given in parts.
const LONGEST: usize = 1 << 20;

/// Elements that are no part of a line: what stands before and behind them is apart.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "legend",
    "li",
    "main",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "section",
    "select",
    "summary",
    "table",
    "tbody",
    "textarea",
    "tfoot",
    "thead",
    "title",
    "tr",
    "ul",
];

/// Attributes that say something to people, and the columns that they are in.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("title", "title"),
    ("alt", "alt"),
    ("placeholder", "alt"),
    ("aria-label", "alt"),
    ("value", "value"),
];

/// What is told of a part of a text: where it goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Text,
    Title,
    /// A script of that kind; those for machines that read pages hold data.
    Script(bool),
    Style,
}

/// A page that is read.
struct Page {
    text: BufReader<Box<dyn Read + Send>>,
    record: Record,
    paragraph: String,
    within: Within,
    ended: bool,
    ready: Option<Record>,
}

impl Page {
    fn new(text: Box<dyn Read + Send>) -> Self {
        Self {
            text: BufReader::with_capacity(64 << 10, text),
            record: Record::default(),
            paragraph: String::new(),
            within: Within::Text,
            ended: false,
            ready: None,
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
        match self.within {
            Within::Text => {
                self.spaced(&names::unescape(text));
                if self.paragraph.len() > LONGEST {
                    self.end();
                }
            }
            Within::Title => self.record.add("title", &names::unescape(text)),
            Within::Script(true) => self.record.add("data", text),
            Within::Script(false) | Within::Style => {}
        }
        Ok(is_complete)
    }

    /// Adds text with its white space drawn together, as pages show it.
    fn spaced(&mut self, text: &str) {
        for letter in text.chars() {
            let is_space = letter.is_whitespace();
            if !is_space {
                self.paragraph.push(letter);
            } else if !self.paragraph.ends_with([' ', '\t', '\n']) {
                self.paragraph.push(' ');
            }
        }
    }

    /// Takes a tag behind its bracket.
    fn tag(&mut self) -> Result<()> {
        // A bracket that is only a bracket.
        let begins = |first: &u8| first.is_ascii_alphabetic() || b"/!?".contains(first);
        if !self.text.fill_buf()?.first().is_some_and(begins) {
            if self.within == Within::Text {
                self.paragraph.push('<');
            }
            return Ok(());
        }
        let (mut tag, mut parts) = (String::new(), 0);
        loop {
            let (more, is_complete) = self.until(b'>')?;
            push(&mut tag, &more);
            parts += 1;
            // Each part is looked at from the beginning on, so there must not be many.
            let is_endless = tag.len() > LONGEST || parts > 64 && !tag.starts_with("!--");
            if !is_complete || is_closed(&tag) || is_endless {
                break;
            }
        }
        if let Some(remark) = tag.strip_prefix("!--") {
            let remark = remark.strip_suffix("-->").unwrap_or(remark);
            self.record.add("comment", remark);
            return Ok(());
        }
        let tag = tag.strip_suffix('>').unwrap_or(&tag);
        let (closes, tag) = tag
            .strip_prefix('/')
            .map_or((false, tag), |tag| (true, tag));
        if !tag.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Ok(());
        }
        let end = tag
            .find(|letter: char| letter.is_whitespace() || letter == '/')
            .unwrap_or(tag.len());
        let name = tag[..end].to_ascii_lowercase();
        if closes {
            self.close(&name);
        } else {
            self.open(&name, &attributes(&tag[end..]));
        }
        Ok(())
    }

    fn close(&mut self, name: &str) {
        self.within = match (self.within, name) {
            (Within::Title, "title") | (Within::Script(_), "script") | (Within::Style, "style") => {
                Within::Text
            }
            (within, _) => within,
        };
        if matches!(name, "td" | "th") {
            self.paragraph.push('\t');
        }
        if BLOCKS.contains(&name) {
            self.end();
        }
    }

    fn open(&mut self, name: &str, attributes: &[(String, String)]) {
        if BLOCKS.contains(&name) {
            self.end();
        }
        let get = |wanted: &str| {
            attributes
                .iter()
                .find(|(name, _)| name == wanted)
                .map_or("", |(_, value)| value)
        };
        self.within = match name {
            "title" => Within::Title,
            "style" => Within::Style,
            "script" => Within::Script(get("type").to_ascii_lowercase().contains("json")),
            _ => self.within,
        };
        for (attribute, column) in ATTRIBUTES {
            self.record.add(*column, get(attribute));
        }
        let link = get("href");
        self.record.add("link", &names::decoded(link));
        if name == "meta" {
            let kind = get("name").to_ascii_lowercase();
            let column = match kind.rsplit([':', '.']).next().unwrap_or_default() {
                "author" | "creator" => "author",
                "viewport" | "robots" | "generator" | "" => "",
                _ => "description",
            };
            if !column.is_empty() {
                self.record.add(column, get("content"));
            }
        }
    }

    /// Ends what stands by itself.
    fn end(&mut self) {
        let text = std::mem::take(&mut self.paragraph);
        if !text.trim().is_empty() {
            self.record
                .cells
                .insert(0, ("text".into(), text.trim().to_owned()));
        }
        if !self.record.cells.is_empty() {
            self.ready = Some(std::mem::take(&mut self.record));
        }
    }
}

impl Records for Page {
    fn next(&mut self) -> Result<Option<Item>> {
        loop {
            if let Some(record) = self.ready.take() {
                return Ok(Some(Item::Record(record)));
            }
            if self.ended {
                return Ok(None);
            }
            if self.text()? {
                self.tag()?;
            }
            if self.ended && self.ready.is_none() {
                self.end();
            }
        }
    }
}

/// Whether a tag that ends with a bracket ends there: not within quotes, nor within a remark.
fn is_closed(tag: &str) -> bool {
    if tag.starts_with("!--") {
        return tag.len() >= 6 && tag.ends_with("-->");
    }
    let mut quote = None;
    let mut before = ' ';
    for letter in tag.chars() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if matches!(letter, '"' | '\'') && before == '=' => quote = Some(letter),
            _ => {}
        }
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    quote.is_none()
}

/// The attributes of a tag, their names in small letters.
fn attributes(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while found.len() < 256 {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
        let end = rest
            .find(|letter: char| letter.is_whitespace() || letter == '=')
            .unwrap_or(rest.len());
        if rest.is_empty() {
            break;
        }
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(behind) = rest.strip_prefix('=') {
            let behind = behind.trim_start();
            let quote = behind
                .chars()
                .next()
                .filter(|letter| matches!(letter, '"' | '\''));
            (value, rest) = if let Some(quote) = quote {
                behind[1..].split_once(quote).unwrap_or((&behind[1..], ""))
            } else {
                let end = behind.find(char::is_whitespace).unwrap_or(behind.len());
                behind.split_at(end)
            };
        } else if name.is_empty() {
            break;
        }
        found.push((name, names::unescape(value)));
    }
    found
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
            } else if column != "data" {
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
        let mut found = Vec::new();
        while let Some(Item::Record(record)) = page.next().unwrap() {
            let cells = record
                .cells
                .iter()
                .map(|(column, text)| format!("{column}={text}"));
            found.push(cells.collect::<Vec<_>>().join(" "));
        }
        found
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
                "author=Ann Lee data={\"name\":\"Bob\"}",
                "text=Dear Ada Lovelace, hi",
                "comment=ask <b>Eve</b> alt=Joe > all",
                "text=Zoe\tRome",
                "text=mail 1 < 2 link=mailto:ada@example.org?subject=x value=42",
            ]
        );
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
