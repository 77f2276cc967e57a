//! Documents of OpenDocument: text, presentations, drawings, and spreadsheets.
//!
//! The one thing a reader gets wrong: a row or cell says how often it is repeated, up to the end of the sheet. Blank ones
//! are counted and filled ones repeated only so often as anybody would have typed them.

use locard_containers::{
    Broken, Chain, Container, Content, Event, Format, Item, Look, Member, Opener, Package, Part,
    Place, Reads, Record, Records, Result, Row, Rows, Xml, push, unique,
};

use crate::properties;
use crate::sheet::COLUMNS;

/// Spreadsheets.
pub(crate) const SHEET: Format =
    Format::new("ods", "an OpenDocument spreadsheet", |look| is(look, true))
        .reading(Reads::File(outside))
        .holding(|opener| Ok(Box::new(Sheets::open(opener)?)));

/// Everything else.
pub(crate) const TEXT: Format =
    Format::new("odf", "an OpenDocument document", |look| is(look, false))
        .reading(Reads::File(records));

/// A row or cell is repeated so often at most.
const REPEATED: u64 = 1_000;

fn is(look: &mut Look<'_>, is_sheet: bool) -> Result<bool> {
    // Either tells: the name of one of them may be damaged in the directory.
    if !look.has_part("content.xml")? && !look.has_part("mimetype")? {
        return Ok(false);
    }
    let package = Package::open(look.opener())?;
    if !package.has("mimetype") {
        return Ok(false);
    }
    let mut kind = Vec::new();
    let read = std::io::Read::read_to_end(
        &mut std::io::Read::take(package.part("mimetype")?, 100),
        &mut kind,
    );
    let kind = String::from_utf8_lossy(&kind);
    let is_open = read.is_ok() && kind.starts_with("application/vnd.oasis.opendocument.");
    Ok(is_open && kind.contains("spreadsheet") == is_sheet)
}

/// The names of elements that are a paragraph.
fn is_paragraph(name: &str) -> bool {
    matches!(name, "p" | "h")
}

/// Opens a document, unless it is encrypted: its manifest says so, and its parts look like damage then.
fn open(opener: &Opener) -> Result<Package> {
    const MANIFEST: &str = "META-INF/manifest.xml";
    let package = Package::open(opener)?;
    let mut manifest = package.has(MANIFEST).then(|| package.xml(MANIFEST));
    while let Some(Ok(xml)) = &mut manifest {
        match xml.next() {
            Ok(Some(Event::Start(tag))) if tag.name() == "encryption-data" => {
                return Err(Broken::unread("it is encrypted: not read"));
            }
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    Ok(package)
}

fn records(opener: &Opener) -> Result<Box<dyn Records>> {
    let package = open(opener)?;
    let parts = vec![
        part(&package, "content.xml", None),
        part(&package, "styles.xml", Some("header or footer")),
    ];
    Ok(Box::new(Chain::new(
        properties::of_package(&package)?,
        parts,
    )))
}

/// What a spreadsheet has beside its sheets.
fn outside(opener: &Opener) -> Result<Box<dyn Records>> {
    let package = open(opener)?;
    let parts = vec![part(&package, "styles.xml", Some("header or footer"))];
    Ok(Box::new(Chain::new(
        properties::of_package(&package)?,
        parts,
    )))
}

fn part(package: &Package, name: &'static str, place: Option<&'static str>) -> Part {
    let package = package.clone();
    let open = move || {
        // Every document has its content; that it has none of this is told.
        if !package.has(name) && name != "content.xml" {
            return Ok(Box::new(Chain::new(Vec::new(), Vec::new())) as Box<dyn Records>);
        }
        let paragraphs = Paragraphs {
            xml: package.xml(name)?,
            place,
            number: 0,
            pages: 0,
            record: Record::default(),
            text: String::new(),
            rows: 0,
            depth: 0,
        };
        Ok(Box::new(paragraphs) as Box<dyn Records>)
    };
    (format!("part {name}"), Box::new(open))
}

/// Paragraphs, and rows of tables with their cells apart by tabs.
struct Paragraphs {
    xml: Xml,
    place: Option<&'static str>,
    number: u64,
    pages: u64,
    record: Record,
    text: String,
    /// How many rows of tables are open.
    rows: u32,
    /// How many paragraphs are open: a note within one is part of it.
    depth: u32,
}

impl Records for Paragraphs {
    fn next(&mut self) -> Result<Option<Item>> {
        loop {
            let ended = match self.xml.next()? {
                None => return Ok(self.take().map(Item::Record)),
                Some(Event::Text(text)) => {
                    // Outside of paragraphs stand only dates and names: those of comments are wanted.
                    if self.depth > 0 {
                        push(&mut self.text, &text);
                    }
                    false
                }
                Some(Event::Remark(_)) => false,
                Some(Event::Start(tag)) => {
                    let name = tag.name().into_owned();
                    let link = tag.attribute("href").filter(|_| name == "a");
                    self.record.add("link", &link.unwrap_or_default());
                    let spaces = tag.number("c").unwrap_or(1).min(64) as usize;
                    self.start(&name, spaces)?;
                    false
                }
                Some(Event::End(name)) => {
                    let name = name.into_owned();
                    self.end(&name)
                }
            };
            if ended && let Some(record) = self.take() {
                return Ok(Some(Item::Record(record)));
            }
        }
    }
}

impl Paragraphs {
    fn start(&mut self, name: &str, spaces: usize) -> Result<()> {
        match name {
            name if is_paragraph(name) => self.depth += 1,
            "tab" => self.text.push('\t'),
            "line-break" => self.text.push('\n'),
            "s" => self.text.extend(std::iter::repeat_n(' ', spaces)),
            "table-row" => self.rows += 1,
            "page" => self.pages += 1,
            // Who commented or changed.
            "creator" => {
                let name = self.xml.text()?;
                self.record.add("comment_author", &name);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a record is complete.
    fn end(&mut self, name: &str) -> bool {
        match name {
            name if is_paragraph(name) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 && self.rows == 0 {
                    return true;
                }
                self.text.push('\n');
            }
            "table-cell" => {
                let length = self.text.trim_end_matches('\n').len();
                self.text.truncate(length);
                self.text.push('\t');
            }
            "table-row" => {
                self.rows = self.rows.saturating_sub(1);
                return self.rows == 0;
            }
            _ => {}
        }
        false
    }

    fn take(&mut self) -> Option<Record> {
        let (mut record, text) = (
            std::mem::take(&mut self.record),
            std::mem::take(&mut self.text),
        );
        if !text.trim().is_empty() {
            record
                .cells
                .insert(0, ("text".into(), text.trim().to_owned()));
        }
        if record.cells.is_empty() {
            return None;
        }
        self.number += 1;
        let (key, value) = match (self.place, self.pages) {
            (Some(part), _) => ("part", part.to_owned()),
            (None, 0) => ("paragraph", self.number.to_string()),
            (None, page) => ("page", page.to_string()),
        };
        record.place = Some(Place { key, value });
        Some(record)
    }
}

/// The sheets of a spreadsheet.
struct Sheets {
    package: Package,
    members: Vec<Member>,
}

impl Sheets {
    fn open(opener: &Opener) -> Result<Self> {
        let package = open(opener)?;
        let (mut xml, mut members) = (package.xml("content.xml")?, Vec::new());
        while let Some(event) = xml.next()? {
            if let Event::Start(tag) = event
                && tag.full_name() == "table:table"
            {
                members.push(Member::table(&tag.attribute("name").unwrap_or_default()));
                locard_containers::few_enough(members.len())?;
            }
        }
        unique(&mut members);
        Ok(Self { package, members })
    }
}

impl Container for Sheets {
    fn members(&self) -> &[Member] {
        &self.members
    }

    fn open(&self, member: usize) -> Result<Content> {
        let mut xml = self.package.xml("content.xml")?;
        let mut before = 0;
        while let Some(event) = xml.next()? {
            if matches!(&event, Event::Start(tag) if tag.full_name() == "table:table") {
                if before == member {
                    break;
                }
                before += 1;
            }
        }
        Ok(Content::Rows(Box::new(Cells {
            xml,
            number: 1,
            again: None,
            ended: false,
        })))
    }
}

/// The cells of a sheet.
struct Cells {
    xml: Xml,
    /// The number of the next row.
    number: u64,
    /// A row that comes again, and how often.
    again: Option<(Row, u64)>,
    ended: bool,
}

impl Rows for Cells {
    fn next(&mut self) -> Result<Option<Row>> {
        if let Some((row, times)) = &mut self.again {
            *times -= 1;
            row.number += 1;
            let row = row.clone();
            self.again.take_if(|(_, times)| *times == 0);
            return Ok(Some(row));
        }
        while !self.ended {
            let repeated = match self.xml.next()? {
                None => break,
                Some(Event::End(name)) if name == "table" => break,
                Some(Event::Start(tag)) if tag.name() == "table-row" => {
                    tag.number("number-rows-repeated").unwrap_or(1).max(1)
                }
                Some(_) => continue,
            };
            let cells = self.row()?;
            let number = self.number;
            self.number = self.number.saturating_add(repeated);
            if cells.is_empty() {
                continue;
            }
            let row = Row { number, cells };
            let times = repeated.min(REPEATED) - 1;
            self.again = (times > 0).then(|| (row.clone(), times));
            return Ok(Some(row));
        }
        self.ended = true;
        Ok(None)
    }
}

impl Cells {
    fn row(&mut self) -> Result<Vec<(u32, String)>> {
        let (mut cells, mut next) = (Vec::new(), 0_u64);
        loop {
            let (repeated, value) = match self.xml.next()? {
                None => return Ok(cells),
                Some(Event::End(name)) if name == "table-row" => return Ok(cells),
                Some(Event::Start(tag))
                    if matches!(tag.name().as_ref(), "table-cell" | "covered-table-cell") =>
                {
                    let value = ["date-value", "time-value", "boolean-value"]
                        .iter()
                        .find_map(|name| tag.attribute(name));
                    let number = tag.attribute("value-type").filter(|kind| kind == "float");
                    let value = value.or_else(|| number.and_then(|_| tag.attribute("value")));
                    (
                        tag.number("number-columns-repeated").unwrap_or(1).max(1),
                        value,
                    )
                }
                Some(_) => continue,
            };
            let text = self.cell()?;
            let text = value.unwrap_or(text);
            if !text.trim().is_empty() {
                for column in (next..next.saturating_add(repeated.min(REPEATED)))
                    .take_while(|column| *column < u64::from(COLUMNS))
                {
                    cells.push((column as u32, text.trim().to_owned()));
                }
            }
            next = next.saturating_add(repeated);
        }
    }

    /// The paragraphs of a cell, and its comment behind them.
    fn cell(&mut self) -> Result<String> {
        let (mut text, mut depth) = (String::new(), 1_u32);
        while depth > 0 {
            match self.xml.next()? {
                None => break,
                Some(Event::Start(tag)) => {
                    depth += 1;
                    if is_paragraph(&tag.name()) && !text.is_empty() {
                        text.push('\n');
                    }
                }
                Some(Event::End(_)) => depth -= 1,
                Some(Event::Text(more)) if depth > 1 => push(&mut text, &more),
                Some(Event::Text(_) | Event::Remark(_)) => {}
            }
        }
        Ok(text)
    }
}
