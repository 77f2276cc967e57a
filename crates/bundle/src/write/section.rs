//! One section: each row goes to every format, to the page's excerpt and to the workbook, and is let go.

use std::collections::HashMap;
use std::io::{self, SeekFrom, Write};

use serde_json::{Map, Value};

use super::{BundleWriter, Scratch};
use crate::archive::record;
use crate::encode::{Encoder, Row, encoder};
use crate::html::Excerpt;
use crate::name::{data_path, slug};
use crate::redact::Notes;
use crate::workbook::Sheet;
use crate::{
    DecisionNote, Error, FileRole, Format, Neutralised, Redaction, Result, Section, SectionRecord,
};

/// Writes the rows of a section. It must be ended by [`SectionWriter::finish`]: without, the bundle cannot be.
pub struct SectionWriter<'a, W: Write> {
    bundle: &'a mut BundleWriter<W>,
    section: Section,
    /// Positions of columns by their names.
    columns: HashMap<String, usize>,
    number: usize,
    outputs: Vec<Output>,
    sheet: Sheet,
    excerpt: Excerpt,
    notes: Notes,
    decisions: Vec<DecisionNote>,
    count: u64,
    /// Encoded bytes on their way.
    buffer: Vec<u8>,
}

/// One format of the section.
struct Output {
    format: Format,
    path: String,
    encoder: Box<dyn Encoder>,
    /// Where it waits; the first format goes into the archive at once.
    scratch: Option<Box<dyn Scratch>>,
}

impl<'a, W: Write> SectionWriter<'a, W> {
    pub(super) fn new(bundle: &'a mut BundleWriter<W>, section: Section) -> Result<Self> {
        if bundle.is_open {
            return Err(Error::Unfinished);
        }
        let columns = positions(&section)?;
        let number = bundle.sections.len() + 1;
        let slug = slug(&section.source, &section.entity);
        let mut outputs = Vec::new();
        for format in bundle.settings.formats.formats() {
            let new_scratch = bundle.settings.scratch.as_mut();
            let new_scratch = new_scratch.filter(|_| !outputs.is_empty());
            outputs.push(Output {
                format: *format,
                path: data_path(number, &slug, format.extension()),
                encoder: encoder(*format, &section.columns)?,
                scratch: new_scratch.map(|new| new()).transpose()?,
            });
        }
        let sheet = bundle.workbook.sheet(number, &slug, &section.columns)?;
        bundle.is_open = true;
        bundle
            .archive
            .begin(&outputs[0].path, Some(FileRole::Data))?;
        let mut writer = Self {
            bundle,
            section,
            columns,
            number,
            outputs,
            sheet,
            excerpt: Excerpt::default(),
            notes: Notes::default(),
            decisions: Vec::new(),
            count: 0,
            buffer: Vec::new(),
        };
        writer.encode(|output, buffer| output.encoder.begin(buffer))?;
        Ok(writer)
    }

    /// Writes the next row. Its fields must be columns of the section; columns that it has not are empty.
    pub fn row(&mut self, fields: &Map<String, Value>) -> Result<()> {
        let number = self.count + 1;
        let mut cells = vec![None; self.columns.len()];
        for (name, value) in fields {
            let column = self.columns.get(name);
            cells[*column.ok_or(Error::UndeclaredField(number))?] = Some(value);
        }
        let row = Row {
            number,
            fields,
            cells,
        };
        self.encode(|output, buffer| output.encoder.row(&row, buffer))?;
        let limits = &self.bundle.settings.limits;
        self.excerpt
            .push(&row, limits.page_rows, &mut self.bundle.page_bytes);
        self.bundle.workbook.row(&mut self.sheet, &row)?;
        self.count = number;
        Ok(())
    }

    /// Notes what was taken out of a row, or that a row was left out.
    pub fn redacted(&mut self, redaction: &Redaction) {
        self.notes.add(redaction);
    }

    /// Notes what people decided about rows of the section.
    pub fn decided(&mut self, decisions: Vec<DecisionNote>) {
        self.decisions.extend(decisions);
    }

    /// Ends the section. The total before filter is how many rows were found; where it is not known, it is those that are
    /// in the section and those that were left out by note, and it is never less.
    pub fn finish(mut self, total_before_filter: Option<u64>) -> Result<()> {
        let mut neutralised = Vec::new();
        for output in std::mem::take(&mut self.outputs) {
            neutralised.extend(self.end(output)?);
        }
        let (workbook_rows, marked) = self.bundle.workbook.end(self.sheet)?;
        neutralised.extend(marked);
        let noted = self.count + self.notes.rows();
        let of_this = |file: &&crate::FileRecord| file.section == Some(self.number);
        let files = self.bundle.files.iter().filter(of_this);
        let record = SectionRecord {
            number: self.number,
            section: self.section,
            count: self.count,
            total_before_filter: total_before_filter.unwrap_or(noted).max(noted),
            redactions: self.notes.finish(),
            decisions: self.decisions,
            neutralised,
            workbook_rows,
            files: files.map(|file| file.path.clone()).collect(),
        };
        self.bundle.sections.push(record);
        self.bundle.excerpts.push(self.excerpt);
        self.bundle.is_open = false;
        Ok(())
    }

    /// Has every format encode something, and passes it on.
    fn encode(
        &mut self,
        mut work: impl FnMut(&mut Output, &mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        for output in &mut self.outputs {
            work(output, &mut self.buffer)?;
            match &mut output.scratch {
                Some(scratch) => scratch.write_all(&self.buffer)?,
                None => self.bundle.archive.write_all(&self.buffer)?,
            }
            self.buffer.clear();
        }
        Ok(())
    }

    /// Ends a format: what waited goes into the archive as its next file.
    fn end(&mut self, output: Output) -> Result<Vec<Neutralised>> {
        let neutralised = output.encoder.end(&mut self.buffer)?;
        let archive = &mut self.bundle.archive;
        if let Some(mut scratch) = output.scratch {
            scratch.seek(SeekFrom::Start(0))?;
            archive.begin(&output.path, Some(FileRole::Data))?;
            io::copy(&mut scratch, archive)?;
        }
        archive.write_all(&self.buffer)?;
        self.buffer.clear();
        let name = (&*output.path, output.format.media_type());
        let file = record(name, (FileRole::Data, Some(self.number)), archive.end());
        self.bundle.files.push(file);
        Ok(neutralised)
    }
}

fn positions(section: &Section) -> Result<HashMap<String, usize>> {
    let mut positions = HashMap::new();
    for (at, column) in section.columns.iter().enumerate() {
        if positions.insert(column.name.clone(), at).is_some() {
            return Err(Error::DuplicateColumn(at + 1));
        }
    }
    Ok(positions)
}
