//! Workbooks of Excel: each sheet a table, beside what stands around them.
//!
//! The one thing a reader gets wrong: a sheet says which cells it has, and two of them may be a million rows apart. Only
//! what is filled is ever held.

use std::collections::HashSet;
use std::sync::Arc;

use locard_containers::{
    Broken, Chain, Container, Content, Event, Format, Item, Member, Opener, Package, Part, Place,
    Reads, Record, Records, Result, Row, Rows, Xml, push, unique,
};

use crate::dates::{date, is_date_format, is_date_number};
use crate::properties;

/// Excel.
pub(crate) const XLSX: Format = Format::new("xlsx", "an Excel workbook", |look| {
    look.has_part("xl/workbook.xml")
})
.reading(Reads::File(records))
.holding(|opener| Ok(Box::new(Workbook::open(opener)?)));

/// Columns of a sheet, as many as the program has.
pub(crate) const COLUMNS: u32 = 16_384;

/// All texts of a workbook that cells refer to.
const TEXTS: usize = 256 << 20;

/// Properties, comments and names; the sheets are members.
fn records(opener: &Opener) -> Result<Box<dyn Records>> {
    let package = Package::open(opener)?;
    let mut parts: Vec<Part> = Vec::new();
    for begin in [
        "xl/comments",
        "xl/comments/comment",
        "xl/threadedComments/threadedComment",
    ] {
        for (number, name) in package.numbered(begin, ".xml") {
            parts.push(comments(&package, name, number));
        }
    }
    for (number, name) in package.numbered("xl/persons/person", ".xml") {
        parts.push(comments(&package, name, number));
    }
    if package.has("xl/persons/person.xml") {
        parts.push(comments(&package, "xl/persons/person.xml".to_owned(), 1));
    }
    Ok(Box::new(Chain::new(
        properties::of_package(&package)?,
        parts,
    )))
}

/// Comments on cells, and the names of those who wrote them.
#[expect(
    clippy::needless_pass_by_value,
    reason = "callers have made the name for this"
)]
fn comments(package: &Package, name: String, number: u64) -> Part {
    let (package, part) = (package.clone(), name.clone());
    let open = move || {
        let (mut xml, mut items, mut held) = (package.xml(&part)?, Vec::new(), 0);
        loop {
            let (kind, cell, shown) = match xml.next()? {
                None => break,
                Some(Event::Start(tag)) => (
                    tag.name().into_owned(),
                    tag.attribute("ref"),
                    tag.attribute("displayName"),
                ),
                Some(_) => continue,
            };
            let value = cell.unwrap_or_else(|| number.to_string());
            let mut record = Record {
                place: Some(Place {
                    key: "comment",
                    value,
                }),
                ..Record::default()
            };
            match kind.as_str() {
                "author" => record.add("comment_author", &xml.text()?),
                "comment" | "threadedComment" => record.add("text", &xml.text()?),
                "person" => record.add("comment_author", &shown.unwrap_or_default()),
                _ => continue,
            }
            held += record
                .cells
                .iter()
                .map(|(_, text)| text.len())
                .sum::<usize>();
            if held > TEXTS {
                return Err(Broken::unread(
                    "its comments are longer than anybody reads: not read",
                ));
            }
            items.extend((!record.cells.is_empty()).then_some(Item::Record(record)));
        }
        Ok(Box::new(Chain::new(items, Vec::new())) as Box<dyn Records>)
    };
    (format!("part {name}"), Box::new(open))
}

/// A workbook.
struct Workbook {
    package: Package,
    members: Vec<Member>,
    /// The parts of the sheets; those of files that were put in follow, by their position in the package.
    sheets: Vec<String>,
    files: Vec<usize>,
    from_1904: bool,
    /// What all sheets need, once it was read.
    shared: std::sync::OnceLock<Arc<Shared>>,
}

/// What cells refer to.
struct Shared {
    texts: Vec<Box<str>>,
    /// Which styles make numbers dates.
    dates: HashSet<u64>,
    from_1904: bool,
}

impl Workbook {
    fn open(opener: &Opener) -> Result<Self> {
        let package = Package::open(opener)?;
        let links = package.links("xl/workbook.xml")?;
        let mut xml = package.xml("xl/workbook.xml")?;
        let (mut members, mut sheets, mut from_1904) = (Vec::new(), Vec::new(), false);
        while let Some(event) = xml.next()? {
            let Event::Start(tag) = event else { continue };
            match tag.name().as_ref() {
                "workbookPr" => {
                    from_1904 = tag
                        .attribute("date1904")
                        .is_some_and(|on| on == "1" || on == "true");
                }
                "sheet" if sheets.len() < locard_containers::MEMBERS => {
                    let link = tag
                        .attribute("id")
                        .and_then(|id| links.iter().find(|link| link.id == id));
                    // Charts and macros are sheets too, and have no cells.
                    if let Some(link) = link.filter(|link| link.kind == "worksheet") {
                        members.push(Member::table(&tag.attribute("name").unwrap_or_default()));
                        sheets.push(link.target.clone());
                    }
                }
                _ => {}
            }
        }
        let is_file = |name: &str| name.starts_with("xl/embeddings/");
        let files: Vec<usize> = package
            .names()
            .enumerate()
            .filter_map(|(position, name)| is_file(name).then_some(position))
            .collect();
        members.extend(
            files
                .iter()
                .map(|position| package.zip().members()[*position].clone()),
        );
        unique(&mut members);
        Ok(Self {
            package,
            members,
            sheets,
            files,
            from_1904,
            shared: std::sync::OnceLock::new(),
        })
    }

    fn shared(&self) -> Result<Arc<Shared>> {
        if let Some(shared) = self.shared.get() {
            return Ok(shared.clone());
        }
        let shared = Arc::new(Shared {
            texts: self.texts()?,
            dates: self.dates()?,
            from_1904: self.from_1904,
        });
        Ok(self.shared.get_or_init(|| shared).clone())
    }

    fn texts(&self) -> Result<Vec<Box<str>>> {
        let (mut texts, mut held) = (Vec::new(), 0);
        if !self.package.has("xl/sharedStrings.xml") {
            return Ok(texts);
        }
        let mut xml = self.package.xml("xl/sharedStrings.xml")?;
        while let Some(event) = xml.next()? {
            if !matches!(&event, Event::Start(tag) if tag.name() == "si") {
                continue;
            }
            let text = rich(&mut xml, "si")?;
            held += text.len() + size_of::<Box<str>>();
            if held > TEXTS {
                return Err(Broken::unread(
                    "its texts take more than 256 MiB: its sheets are not read",
                ));
            }
            texts.push(text.into_boxed_str());
        }
        Ok(texts)
    }

    fn dates(&self) -> Result<HashSet<u64>> {
        let (mut formats, mut dates, mut styles) = (HashSet::new(), HashSet::new(), None);
        if !self.package.has("xl/styles.xml") {
            return Ok(dates);
        }
        let mut xml = self.package.xml("xl/styles.xml")?;
        while let Some(event) = xml.next()? {
            match event {
                Event::Start(tag) => match tag.name().as_ref() {
                    "numFmt" => {
                        let code = tag.attribute("formatCode").unwrap_or_default();
                        formats.extend(tag.number("numFmtId").filter(|_| is_date_format(&code)));
                    }
                    "cellXfs" => styles = Some(0),
                    "xf" => {
                        if let Some(style) = &mut styles {
                            let format = tag.number("numFmtId").unwrap_or(0);
                            if is_date_number(format) || formats.contains(&format) {
                                dates.insert(*style);
                            }
                            *style += 1;
                        }
                    }
                    _ => {}
                },
                Event::End(name) if name == "cellXfs" => break,
                _ => {}
            }
        }
        Ok(dates)
    }
}

impl Container for Workbook {
    fn members(&self) -> &[Member] {
        &self.members
    }

    fn open(&self, member: usize) -> Result<Content> {
        let Some(part) = self.sheets.get(member) else {
            let position = self.files.get(member - self.sheets.len()).copied();
            return self.package.zip().open(position.unwrap_or(usize::MAX));
        };
        Ok(Content::Rows(Box::new(Cells {
            xml: self.package.xml(part)?,
            shared: self.shared()?,
            number: 0,
            missing: 0,
        })))
    }
}

/// A text of runs in several styles, up to the end of its element. How it is pronounced is no part of it.
fn rich(xml: &mut Xml, end: &str) -> Result<String> {
    let mut text = String::new();
    loop {
        let is_text = match xml.next()? {
            None => return Ok(text),
            Some(Event::End(name)) if name == end => return Ok(text),
            Some(Event::Start(tag)) if tag.name() == "t" => true,
            Some(Event::Start(tag)) if tag.name() == "rPh" => false,
            Some(_) => continue,
        };
        if is_text {
            let run = xml.text()?;
            push(&mut text, &run);
        } else {
            xml.skip()?;
        }
    }
}

/// The cells of a sheet.
struct Cells {
    xml: Xml,
    shared: Arc<Shared>,
    number: u64,
    /// Cells whose texts are not there.
    missing: u64,
}

impl Rows for Cells {
    fn next(&mut self) -> Result<Option<Row>> {
        loop {
            match self.xml.next()? {
                None if self.missing > 0 => return Err(missing(std::mem::take(&mut self.missing))),
                None => return Ok(None),
                Some(Event::Start(tag)) if tag.name() == "row" => {
                    self.number = tag.number("r").unwrap_or(self.number.saturating_add(1));
                    let row = self.row()?;
                    if !row.cells.is_empty() {
                        return Ok(Some(row));
                    }
                }
                Some(_) => {}
            }
        }
    }
}

/// What is told behind the last row where texts are missing.
fn missing(cells: u64) -> Broken {
    let cells = match cells {
        1 => "a cell refers".to_owned(),
        cells => format!("{cells} cells refer"),
    };
    Broken::damaged(format!("{cells} to texts that are not in the workbook"))
}

impl Cells {
    fn row(&mut self) -> Result<Row> {
        let (mut cells, mut next): (Vec<(u32, String)>, u32) = (Vec::new(), 0);
        loop {
            let (kind, style) = match self.xml.next()? {
                None => break,
                Some(Event::End(name)) if name == "row" => break,
                Some(Event::Start(tag)) if tag.name() == "c" => {
                    let named = tag.attribute("r").and_then(|name| column(&name));
                    next = named.unwrap_or(next);
                    (tag.attribute("t").unwrap_or_default(), tag.number("s"))
                }
                Some(_) => continue,
            };
            let text = self.cell(&kind, style)?;
            if !text.trim().is_empty() && next < COLUMNS {
                cells.push((next, text));
            }
            next = next.saturating_add(1);
        }
        // Whoever writes in another order, or twice, means what comes last.
        cells.reverse();
        cells.sort_by_key(|(column, _)| *column);
        cells.dedup_by_key(|(column, _)| *column);
        Ok(Row {
            number: self.number,
            cells,
        })
    }

    fn cell(&mut self, kind: &str, style: Option<u64>) -> Result<String> {
        let mut text = String::new();
        loop {
            let name = match self.xml.next()? {
                None => break,
                Some(Event::End(name)) if name == "c" => break,
                Some(Event::Start(tag)) => tag.name().into_owned(),
                Some(_) => continue,
            };
            match name.as_str() {
                "v" => text = self.xml.text()?,
                "is" => text = rich(&mut self.xml, "is")?,
                _ => self.xml.skip()?,
            }
        }
        Ok(self.value(kind, style, text))
    }

    fn value(&mut self, kind: &str, style: Option<u64>, text: String) -> String {
        match kind {
            "s" => {
                let position = text.trim().parse::<usize>().ok();
                let known = position.and_then(|position| self.shared.texts.get(position));
                self.missing += u64::from(known.is_none() && !text.trim().is_empty());
                known.map(ToString::to_string).unwrap_or_default()
            }
            "b" => if text.trim() == "1" { "true" } else { "false" }.to_owned(),
            // Errors of formulas.
            "e" => String::new(),
            "" | "n" => {
                let Ok(number) = text.trim().parse::<f64>() else {
                    return text;
                };
                let is_date = style.is_some_and(|style| self.shared.dates.contains(&style));
                let as_date = is_date
                    .then(|| date(number, self.shared.from_1904))
                    .flatten();
                as_date.unwrap_or_else(|| plain_number(&text, number))
            }
            _ => text,
        }
    }
}

/// A number as people write it: the file may have `4.9151234567E+10`.
pub(crate) fn plain_number(text: &str, number: f64) -> String {
    if text.contains(['e', 'E']) && number.abs() < 1e21 {
        number.to_string()
    } else {
        text.trim().to_owned()
    }
}

/// The column of a cell such as `BC12`, counted from 0.
fn column(name: &str) -> Option<u32> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    let number = letters.fold(0_u32, |sum, letter| {
        sum * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1
    });
    number.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_letters() {
        for (name, wanted) in [
            ("A1", Some(0)),
            ("Z9", Some(25)),
            ("AA3", Some(26)),
            ("XFD1", Some(16_383)),
            ("7", None),
        ] {
            assert_eq!(column(name), wanted, "{name}");
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        assert_eq!(
            plain_number("4.9151234567E+10", 4.915_123_456_7e10),
            "49151234567"
        );
        assert_eq!(plain_number("0042", 42.0), "0042");
    }
}
