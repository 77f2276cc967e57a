//! Writing a bundle: sections one after the other, then everything that tells of them.

mod section;

use std::io::{self, Read, Seek, Write};

use crate::archive::{self, Archive, Fingerprint};
use crate::html::{self, Excerpt};
use crate::manifest::{FORMAT, VERSION};
use crate::report::AuditReport;
use crate::workbook::Workbook;
use crate::{
    Error, FileRecord, FileRole, Formats, Head, Manifest, NotSearched, Result, Section,
    SectionRecord, SigningKey,
};

pub use section::SectionWriter;

/// Names of files that every bundle has.
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const SIGNATURE: &str = "manifest.sig";

/// Room for bytes that are written and read back once, as a file that nobody else reads. What is in it is personal data,
/// so whoever provides it encrypts it, or keeps it in memory.
pub trait Scratch: Read + Write + Seek + Send {}

impl<T: Read + Write + Seek + Send> Scratch for T {}

/// Gives scratch space, empty each time.
pub type NewScratch = Box<dyn FnMut() -> io::Result<Box<dyn Scratch>> + Send>;

/// How a bundle is written.
pub struct Settings {
    /// In which formats.
    pub formats: Formats,
    /// How much people are shown of the data.
    pub limits: Limits,
    /// Where formats but the first wait until the first is written; not needed for one alone.
    pub scratch: Option<NewScratch>,
}

/// How much of the data is shown in what people read, which is held in memory until the end. The data files have
/// everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rows of a section on the page.
    pub page_rows: usize,
    /// Bytes of all excerpts on the page.
    pub page_bytes: usize,
    /// Cells of the workbook. Each takes some 100 bytes besides its text.
    pub workbook_cells: usize,
    /// Bytes of text in the workbook.
    pub workbook_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_rows: 20,
            page_bytes: 4 << 20,
            workbook_cells: 200_000,
            workbook_bytes: 32 << 20,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            formats: Formats::new([]),
            limits: Limits::default(),
            scratch: None,
        }
    }
}

/// Writes a bundle.
pub struct BundleWriter<W: Write> {
    head: Head,
    settings: Settings,
    archive: Archive<W>,
    workbook: Workbook,
    sections: Vec<SectionRecord>,
    excerpts: Vec<Excerpt>,
    page_bytes: usize,
    files: Vec<FileRecord>,
    not_searched: Vec<NotSearched>,
    warnings: Vec<String>,
    /// While a section is written, and for ever where it was not ended.
    is_open: bool,
}

/// A bundle that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Size and hash of the archive as it was given to the writer.
    pub archive: Fingerprint,
}

impl<W: Write> BundleWriter<W> {
    /// Begins a bundle on that writer, which is never sought in.
    pub fn new(out: W, head: Head, settings: Settings) -> Result<Self> {
        if settings.formats.formats().len() > 1 && settings.scratch.is_none() {
            return Err(Error::NoScratch);
        }
        Ok(Self {
            head,
            archive: Archive::new(out),
            workbook: Workbook::new(&settings.limits),
            sections: Vec::new(),
            excerpts: Vec::new(),
            page_bytes: settings.limits.page_bytes,
            files: Vec::new(),
            not_searched: Vec::new(),
            warnings: settings.formats.warnings().to_vec(),
            settings,
            is_open: false,
        })
    }

    /// Begins the next section.
    pub fn section(&mut self, section: Section) -> Result<SectionWriter<'_, W>> {
        SectionWriter::new(self, section)
    }

    /// Notes a place where nobody looked, or not everywhere.
    pub fn not_searched(&mut self, place: NotSearched) {
        self.not_searched.push(place);
    }

    /// Notes what was not done as it was asked for; the person reads it.
    pub fn warn(&mut self, sentence: impl Into<String>) {
        self.warnings.push(sentence.into());
    }

    /// Writes summary, report, manifest and signature, and gives the writer back.
    pub fn finish(mut self, key: &SigningKey) -> Result<(W, Finished)> {
        if self.is_open {
            return Err(Error::Unfinished);
        }
        self.summaries()?;
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            format_version: VERSION,
            head: self.head,
            formats: self.settings.formats.formats().to_vec(),
            warnings: self.warnings,
            total_records: self.sections.iter().map(|section| section.count).sum(),
            sections: self.sections,
            not_searched: self.not_searched,
            digest: archive::digest(&self.files)?,
            files: self.files,
            signed_by: key.signer(),
        };
        let text = pretty(&manifest)?;
        for (path, content) in [(MANIFEST, &text), (SIGNATURE, &pretty(&key.sign(&text))?)] {
            self.archive.begin(path, None)?;
            self.archive.write_all(content)?;
        }
        let (out, archive) = self.archive.finish(key)?;
        Ok((out, Finished { manifest, archive }))
    }

    /// Writes what people and auditors read.
    fn summaries(&mut self) -> Result<()> {
        let workbook = std::mem::replace(&mut self.workbook, Workbook::new(&Limits::default()));
        let report = AuditReport::new(
            &self.head,
            &self.sections,
            &self.not_searched,
            &self.warnings,
        );
        let page = html::page(&html::Content {
            head: &self.head,
            sections: &self.sections,
            excerpts: &self.excerpts,
            not_searched: &self.not_searched,
            warnings: &self.warnings,
        });
        let sheets = workbook.finish(&self.head, &self.sections, &self.not_searched)?;
        let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        for (path, media_type, role, content) in [
            (
                "summary.html",
                "text/html; charset=utf-8",
                FileRole::Summary,
                page.into_bytes(),
            ),
            ("summary.xlsx", xlsx, FileRole::Summary, sheets),
            (
                "audit-report.json",
                "application/json",
                FileRole::Report,
                pretty(&report)?,
            ),
        ] {
            let record = self.archive.file((path, media_type), role, &content)?;
            self.files.push(record);
        }
        Ok(())
    }
}

fn pretty(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value).map_err(io::Error::from)?;
    text.push(b'\n');
    Ok(text)
}
