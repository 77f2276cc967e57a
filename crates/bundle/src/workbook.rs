//! `summary.xlsx`: an overview, a sheet for each section, what was taken out and decided, and what was not searched.
//!
//! The library holds a workbook in memory, or else in files that nobody encrypts. So a workbook shows the first rows, as
//! many as [`Limits`] allow, and tells how many more are in the data.

use jiff::tz::TimeZone;
use locard_model::spreadsheet::is_armed;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, Workbook as Xlsx, Worksheet, XlsxError,
};
use serde_json::Value;

use crate::encode::{Row, Tally, text};
use crate::report::decided;
use crate::{Column, Error, Head, Limits, Neutralised, NotSearched, Result, SectionRecord, name};

/// Most letters of a cell, columns and rows of a sheet that Excel reads; a row each is for the header and the mark.
const CELL: usize = 32_767;
const COLUMNS: usize = 16_384;
const ROWS: u32 = 1_048_576 - 2;

/// Most digits of a number that Excel shows as they are.
const DIGITS: u64 = 999_999_999_999_999;

const MEDIUM: f64 = 28.0;

/// The workbook, and what may still be put into it.
pub(crate) struct Workbook {
    sheets: Vec<Worksheet>,
    cells: usize,
    bytes: usize,
    formats: Formats,
}

struct Formats {
    head: Format,
    /// Excel's own mark for text that is no formula, as an apostrophe before what is typed makes it.
    quoted: Format,
}

/// The sheet of the section that is being written.
pub(crate) struct Sheet {
    page: Worksheet,
    columns: Vec<Column>,
    tally: Tally,
    rows: u32,
    total: u64,
    is_full: bool,
}

impl Workbook {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            sheets: Vec::new(),
            cells: limits.workbook_cells,
            bytes: limits.workbook_bytes,
            formats: Formats {
                head: Format::new().set_bold().set_quote_prefix(),
                quoted: Format::new().set_quote_prefix(),
            },
        }
    }

    pub(crate) fn sheet(&mut self, number: usize, slug: &str, columns: &[Column]) -> Result<Sheet> {
        let mut sheet = Worksheet::new();
        sheet.set_name(name::sheet(number, slug))?;
        sheet.set_freeze_panes(1, 0)?;
        let columns = &columns[..columns.len().min(COLUMNS)];
        let mut tally = Tally::new(columns.len());
        for (at, column) in columns.iter().enumerate() {
            if is_armed(&column.name) {
                tally.add(at, 0);
            }
            let name = cut(&column.name);
            sheet.write_string_with_format(0, at as u16, name, &self.formats.head)?;
        }
        Ok(Sheet {
            page: sheet,
            columns: columns.to_vec(),
            tally,
            rows: 0,
            total: 0,
            is_full: false,
        })
    }

    /// Shows a row, where there is still room for it.
    pub(crate) fn row(&mut self, sheet: &mut Sheet, row: &Row<'_>) -> Result<()> {
        sheet.total += 1;
        let cells = &row.cells[..row.cells.len().min(COLUMNS)];
        let bytes: usize = cells
            .iter()
            .map(|cell| text(*cell).len().min(4 * CELL))
            .sum();
        sheet.is_full |= cells.len() > self.cells || bytes > self.bytes || sheet.rows == ROWS;
        if sheet.is_full {
            return Ok(());
        }
        self.cells -= cells.len();
        self.bytes -= bytes;
        sheet.rows += 1;
        for (at, value) in cells.iter().enumerate() {
            let is_armed = cell(
                &mut sheet.page,
                (sheet.rows, at as u16),
                *value,
                &self.formats,
            )?;
            if is_armed {
                sheet.tally.add(at, row.number);
            }
        }
        Ok(())
    }

    /// Ends a section's sheet; tells how many rows it shows, and which cells are marked as text.
    pub(crate) fn end(&mut self, sheet: Sheet) -> Result<(u64, Vec<Neutralised>)> {
        let Sheet {
            page: mut sheet,
            columns,
            tally,
            rows,
            total,
            ..
        } = sheet;
        if u64::from(rows) < total {
            let more = format!("{} more rows are in the data", total - u64::from(rows));
            sheet.write_string_with_format(rows + 1, 0, more, &self.formats.head)?;
        }
        self.sheets.push(sheet);
        Ok((u64::from(rows), tally.finish("XLSX", &columns)))
    }

    /// The workbook's bytes.
    pub(crate) fn finish(
        self,
        head: &Head,
        sections: &[SectionRecord],
        not_searched: &[NotSearched],
    ) -> Result<Vec<u8>> {
        let (overview, gaps) = (self.overview(sections)?, self.gaps(not_searched)?);
        let (redacted, decided) = (self.redacted(sections)?, self.decided(sections)?);
        let mut xlsx = Xlsx::new();
        let made = head.generated_at.to_zoned(TimeZone::UTC);
        let date =
            ExcelDateTime::from_ymd(made.year() as u16, made.month() as u8, made.day() as u8)?;
        let time = date.and_hms(
            made.hour() as u16,
            made.minute() as u8,
            f64::from(made.second()),
        )?;
        xlsx.set_properties(&DocProperties::new().set_creation_datetime(&time));
        let told = [redacted, decided].into_iter().flatten();
        let sheets = [overview].into_iter().chain(self.sheets);
        for sheet in sheets.chain(told).chain([gaps]) {
            xlsx.push_worksheet(sheet);
        }
        Ok(xlsx.save_to_buffer()?)
    }

    fn overview(&self, sections: &[SectionRecord]) -> Result<Worksheet> {
        let head = [
            "Number",
            "Source",
            "Data",
            "Rows",
            "Rows found",
            "Purpose",
            "Legal basis",
            "Kept for",
            "Recipients",
            "Origin",
        ];
        let mut sheet = self.table("Overview", &head)?;
        for (row, record) in (1..).zip(sections) {
            let section = &record.section;
            let known = |text: &Option<String>| Value::from(text.clone());
            let cells = [
                Value::from(record.number),
                Value::from(section.source.clone()),
                Value::from(section.entity.clone()),
                Value::from(record.count),
                Value::from(record.total_before_filter),
                known(&section.purpose),
                known(&section.legal_basis),
                known(&section.retention),
                Value::from(section.recipients.join(", ")),
                known(&section.origin),
            ];
            self.fill(&mut sheet, row, &cells)?;
        }
        Ok(sheet)
    }

    /// What was taken out, if anything was.
    fn redacted(&self, sections: &[SectionRecord]) -> Result<Option<Worksheet>> {
        let head = [
            "Number",
            "Data",
            "Extent",
            "Column",
            "Kind of data",
            "Rows",
            "Parts",
            "Why",
            "Exemption",
        ];
        let lines = sections.iter().flat_map(|record| {
            record.redactions.iter().map(|note| {
                vec![
                    Value::from(record.number),
                    Value::from(record.section.entity.clone()),
                    serde_json::to_value(note.extent).unwrap_or_default(),
                    Value::from(note.column.clone()),
                    Value::from(note.identifier.clone()),
                    Value::from(note.rows),
                    Value::from(note.parts),
                    Value::from(note.reason.clone()),
                    Value::from(note.exemption.clone()),
                ]
            })
        });
        self.lines("Taken out", &head, lines)
    }

    /// What people decided about rows, if they did.
    fn decided(&self, sections: &[SectionRecord]) -> Result<Option<Worksheet>> {
        let head = [
            "Number",
            "Data",
            "Decision",
            "What",
            "Row",
            "Column",
            "Exemption",
            "Why",
        ];
        let lines = sections.iter().flat_map(|record| {
            record.decisions.iter().map(|note| {
                vec![
                    Value::from(record.number),
                    Value::from(record.section.entity.clone()),
                    Value::from(note.number),
                    Value::from(decided(note)),
                    Value::from(note.row),
                    Value::from(note.column.clone()),
                    Value::from(note.exemption.clone()),
                    Value::from(note.reason.clone()),
                ]
            })
        });
        self.lines("Decisions", &head, lines)
    }

    /// A sheet of these lines; none where there are none.
    fn lines(
        &self,
        name: &str,
        head: &[&str],
        lines: impl Iterator<Item = Vec<Value>>,
    ) -> Result<Option<Worksheet>> {
        let mut lines = lines.peekable();
        if lines.peek().is_none() {
            return Ok(None);
        }
        let mut sheet = self.table(name, head)?;
        for (row, cells) in (1..=ROWS).zip(lines) {
            self.fill(&mut sheet, row, &cells)?;
        }
        Ok(Some(sheet))
    }

    fn gaps(&self, not_searched: &[NotSearched]) -> Result<Worksheet> {
        let mut sheet = self.table("Not searched", &["Source", "Data", "Why", "Detail"])?;
        for (row, gap) in (1..).zip(not_searched) {
            let cells = [
                Value::from(gap.source.clone()),
                Value::from(gap.entity.clone()),
                serde_json::to_value(gap.cause).unwrap_or_default(),
                Value::from(gap.detail.clone()),
            ];
            self.fill(&mut sheet, row, &cells)?;
        }
        Ok(sheet)
    }

    fn table(&self, name: &str, head: &[&str]) -> Result<Worksheet> {
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, title) in (0..).zip(head) {
            sheet.set_column_width(column, MEDIUM)?;
            sheet.write_string_with_format(0, column, *title, &self.formats.head)?;
        }
        Ok(sheet)
    }

    fn fill(&self, sheet: &mut Worksheet, row: u32, cells: &[Value]) -> Result<()> {
        for (column, value) in (0..).zip(cells) {
            cell(sheet, (row, column), Some(value), &self.formats)?;
        }
        Ok(())
    }
}

/// Writes a cell; whether a spreadsheet would have executed it.
fn cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    value: Option<&Value>,
    formats: &Formats,
) -> Result<bool> {
    match value {
        None | Some(Value::Null) => {}
        Some(Value::Bool(value)) => {
            sheet.write_boolean(row, column, *value)?;
        }
        Some(Value::Number(number)) if is_shown(number) => {
            sheet.write_number(row, column, number.as_f64().unwrap_or_default())?;
        }
        value => {
            let text = text(value);
            if is_armed(&text) {
                sheet.write_string_with_format(row, column, cut(&text), &formats.quoted)?;
                return Ok(true);
            }
            sheet.write_string(row, column, cut(&text))?;
        }
    }
    Ok(false)
}

/// Whether Excel shows the number with all its digits. Ids of 16 digits are text, or they would end in zeros.
fn is_shown(number: &serde_json::Number) -> bool {
    match number.as_i64() {
        Some(whole) => whole.unsigned_abs() <= DIGITS,
        None => number.is_f64(),
    }
}

/// The text, as much as a cell holds of it. Lengths are counted in UTF-16.
fn cut(text: &str) -> String {
    const MARK: &str = " […]";
    if text.encode_utf16().count() <= CELL {
        return text.to_owned();
    }
    let (room, mut units) = (CELL - MARK.encode_utf16().count(), 0);
    let fits = |letter: &char| {
        units += letter.len_utf16();
        units <= room
    };
    text.chars().take_while(fits).chain(MARK.chars()).collect()
}

/// What the library says may quote names of columns and sheets.
impl From<XlsxError> for Error {
    fn from(_: XlsxError) -> Self {
        Self::Format("XLSX")
    }
}
