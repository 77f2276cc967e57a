//! Word documents and presentations of Office.
//!
//! The one thing a reader gets wrong: what was deleted while changes were tracked is still there, and so are the names of
//! those who changed and commented. All of it is read.

use locard_containers::{
    Chain, Container, Content, Event, Format, Item, Member, Opener, Package, Part, Place, Reads,
    Record, Records, Result, Tag, Xml, push,
};

use crate::properties;

/// Word.
pub(crate) const DOCX: Format = Format::new("docx", "a Word document", |look| {
    look.has_part("word/document.xml")
})
.reading(Reads::File(docx))
.holding(|opener| Embedded::open(opener, "word/"));

/// PowerPoint.
pub(crate) const PPTX: Format = Format::new("pptx", "a PowerPoint presentation", |look| {
    look.has_part("ppt/presentation.xml")
})
.reading(Reads::File(pptx))
.holding(|opener| Embedded::open(opener, "ppt/"));

/// Parts of a Word document beside the text itself, by how their names begin.
const WORD: [&str; 5] = ["header", "footer", "footnotes", "endnotes", "comments"];

fn docx(opener: &Opener) -> Result<Box<dyn Records>> {
    let package = Package::open(opener)?;
    let mut parts: Vec<Part> = vec![paragraphs(&package, "word/document.xml", None)];
    for kind in WORD {
        let mut names: Vec<&str> = package
            .names()
            .filter(|name| {
                let stem = name
                    .strip_prefix("word/")
                    .and_then(|name| name.strip_suffix(".xml"));
                let number = stem.and_then(|stem| stem.strip_prefix(kind));
                number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
            })
            .collect();
        names.sort_unstable();
        for name in names {
            let stem = name.trim_start_matches("word/").trim_end_matches(".xml");
            parts.push(paragraphs(&package, name, place("part", stem)));
        }
    }
    for name in [
        "word/document.xml",
        "word/comments.xml",
        "word/footnotes.xml",
    ] {
        parts.push(links(&package, name));
    }
    Ok(Box::new(Chain::new(
        properties::of_package(&package)?,
        parts,
    )))
}

fn pptx(opener: &Opener) -> Result<Box<dyn Records>> {
    let package = Package::open(opener)?;
    let mut parts: Vec<Part> = Vec::new();
    for (number, name) in package.numbered("ppt/slides/slide", ".xml") {
        parts.push(paragraphs(&package, &name, place("slide", number)));
        parts.push(links(&package, &name));
    }
    for (number, name) in package.numbered("ppt/notesSlides/notesSlide", ".xml") {
        parts.push(paragraphs(&package, &name, place("notes", number)));
    }
    for begin in ["ppt/comments/comment", "ppt/comments/modernComment_"] {
        for (number, name) in package.numbered(begin, ".xml") {
            parts.push(paragraphs(&package, &name, place("comments", number)));
        }
    }
    for name in ["ppt/commentAuthors.xml", "ppt/authors.xml"] {
        if package.has(name) {
            parts.push(authors(&package, name));
        }
    }
    Ok(Box::new(Chain::new(
        properties::of_package(&package)?,
        parts,
    )))
}

#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "numbers and names are told alike, as records hold them"
)]
fn place(key: &'static str, value: impl ToString) -> Option<Place> {
    Some(Place {
        key,
        value: value.to_string(),
    })
}

/// A part of paragraphs.
fn paragraphs(package: &Package, name: &str, place: Option<Place>) -> Part {
    let (package, part) = (package.clone(), name.to_owned());
    let open = move || {
        let paragraphs = Paragraphs {
            xml: package.xml(&part)?,
            place,
            number: 0,
            is_comment: part.contains("omment"),
            record: Record::default(),
            text: String::new(),
            rows: 0,
        };
        Ok(Box::new(paragraphs) as Box<dyn Records>)
    };
    (format!("part {name}"), Box::new(open))
}

/// Where a part links to: addresses of persons among others.
fn links(package: &Package, name: &str) -> Part {
    let (package, part) = (package.clone(), name.to_owned());
    let open = move || {
        let links = package.links(&part)?;
        let records = links
            .into_iter()
            .filter(|link| link.is_external && link.kind == "hyperlink")
            .map(|link| {
                let mut record = Record {
                    place: place("part", "links"),
                    ..Record::default()
                };
                record.add("link", &link.target);
                Item::Record(record)
            });
        Ok(Box::new(Chain::new(records.collect(), Vec::new())) as Box<dyn Records>)
    };
    (format!("links of part {name}"), Box::new(open))
}

/// Names of those who commented.
fn authors(package: &Package, name: &str) -> Part {
    let (package, part) = (package.clone(), name.to_owned());
    let open = move || {
        let (mut xml, mut items) = (package.xml(&part)?, Vec::new());
        while let Some(event) = xml.next()? {
            let Event::Start(tag) = event else { continue };
            let mut record = Record {
                place: place("part", "authors"),
                ..Record::default()
            };
            record.add("comment_author", &tag.attribute("name").unwrap_or_default());
            record.add(
                "comment_author",
                &tag.attribute("userId").unwrap_or_default(),
            );
            if !record.cells.is_empty() && items.len() < locard_containers::MEMBERS {
                items.push(Item::Record(record));
            }
        }
        Ok(Box::new(Chain::new(items, Vec::new())) as Box<dyn Records>)
    };
    (format!("part {name}"), Box::new(open))
}

/// The paragraphs of a part: one record each, and one for a row of a table, its cells apart by tabs.
struct Paragraphs {
    xml: Xml,
    /// Where all of them stand; without it each has its number.
    place: Option<Place>,
    number: u64,
    is_comment: bool,
    /// The one at hand.
    record: Record,
    text: String,
    /// How many table rows are open around it.
    rows: u32,
}

impl Records for Paragraphs {
    fn next(&mut self) -> Result<Option<Item>> {
        loop {
            let ended = match self.xml.next()? {
                None => return Ok(self.take().map(Item::Record)),
                Some(Event::Start(tag)) => {
                    Self::start(
                        &tag,
                        self.is_comment,
                        &mut self.record,
                        &mut self.text,
                        &mut self.rows,
                    );
                    match tag.name().as_ref() {
                        "t" | "delText" | "instrText" | "text" => {
                            let is_field = tag.name() == "instrText";
                            let text = self.xml.text()?;
                            if is_field {
                                self.record.add("link", field(&text));
                            } else {
                                push(&mut self.text, &text);
                            }
                        }
                        _ => {}
                    }
                    false
                }
                Some(Event::End(name)) => match name.as_ref() {
                    "p" if self.rows == 0 => true,
                    "p" => {
                        self.text.push('\n');
                        false
                    }
                    "tc" if self.rows > 0 => {
                        let length = self.text.trim_end_matches('\n').len();
                        self.text.truncate(length);
                        self.text.push('\t');
                        false
                    }
                    "tr" => {
                        self.rows = self.rows.saturating_sub(1);
                        self.rows == 0
                    }
                    "comment" | "cm" => true,
                    _ => false,
                },
                Some(Event::Text(_) | Event::Remark(_)) => false,
            };
            if ended && let Some(record) = self.take() {
                return Ok(Some(Item::Record(record)));
            }
        }
    }
}

impl Paragraphs {
    /// What the start of an element means for the paragraph that it is in.
    fn start(
        tag: &Tag<'_>,
        is_comment: bool,
        record: &mut Record,
        text: &mut String,
        rows: &mut u32,
    ) {
        match tag.name().as_ref() {
            "tab" => text.push('\t'),
            "br" | "cr" => text.push('\n'),
            "noBreakHyphen" => text.push('-'),
            "tr" => *rows += 1,
            _ => {}
        }
        if let Some(author) = tag.attribute("author") {
            let column = if is_comment {
                "comment_author"
            } else {
                "changed_by"
            };
            let known = record.cells.iter().any(|(name, names)| {
                name == column && names.split('\n').any(|name| name == author.trim())
            });
            if !known {
                record.add(column, &author);
            }
        }
    }

    fn take(&mut self) -> Option<Record> {
        let mut record = std::mem::take(&mut self.record);
        let text = std::mem::take(&mut self.text);
        if !text.trim().is_empty() {
            record
                .cells
                .insert(0, ("text".into(), text.trim().to_owned()));
        }
        if record.cells.is_empty() {
            return None;
        }
        self.number += 1;
        let own = self.place.clone();
        record.place = own.or_else(|| place("paragraph", self.number));
        Some(record)
    }
}

/// The address in a field: `HYPERLINK "mailto:…"`. Others only say what the program computes.
fn field(text: &str) -> &str {
    let Some((_, rest)) = text.split_once("HYPERLINK") else {
        return "";
    };
    rest.split('"').nth(1).unwrap_or_default()
}

/// Files that were put into a document.
pub(crate) struct Embedded {
    package: Package,
    members: Vec<Member>,
    positions: Vec<usize>,
}

impl Embedded {
    pub(crate) fn open(opener: &Opener, folder: &str) -> Result<Box<dyn Container>> {
        let package = Package::open(opener)?;
        let wanted = |name: &str| {
            name.strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with("embeddings/"))
                || folder.is_empty() && name.starts_with("ObjectReplacements/")
        };
        let names = package.names().enumerate().filter(|(_, name)| wanted(name));
        let (positions, members) = names
            .map(|(position, _)| (position, package.zip().members()[position].clone()))
            .unzip();
        Ok(Box::new(Self {
            package,
            members,
            positions,
        }))
    }
}

impl Container for Embedded {
    fn members(&self) -> &[Member] {
        &self.members
    }

    fn open(&self, member: usize) -> Result<Content> {
        let position = self.positions.get(member).copied().unwrap_or(usize::MAX);
        self.package.zip().open(position)
    }
}
