//! The folder that collected rows are written into: a file for each section, and a summary.
//!
//! Everything in it is for its owner only. What was begun and not ended has no summary beside it.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use locard_dsar::{Extract, Section, SectionEnd, SectionRow, Sections};
use serde_json::{Map, Value};

use super::told;
use crate::args::RowFormat;
use crate::report::harmless;

/// The name of the summary.
const SUMMARY: &str = "summary.json";

/// Characters of a resource that the name of its file begins with.
const NAME: usize = 60;

/// A folder that is being filled.
pub(super) struct Folder {
    path: PathBuf,
    format: RowFormat,
    /// The names of the files, one for each section.
    files: Vec<String>,
    open: Option<Open>,
}

/// The file of the section at hand.
struct Open {
    file: BufWriter<File>,
    section: Section,
    rows: u64,
}

impl Folder {
    /// Makes the folder. One that is there is only written to if it is empty, or if that is asked for and an earlier run
    /// filled it; nothing of that run is left then.
    pub(super) fn open(path: &Path, format: RowFormat, force: bool) -> Result<Self> {
        let place = || format!("cannot write into {}", path.display());
        match make(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                clear(path, force).with_context(place)?;
            }
            made => made.with_context(place)?,
        }
        Ok(Self {
            path: path.to_owned(),
            format,
            files: Vec::new(),
            open: None,
        })
    }

    /// Writes the summary; answers the names of the files, one for each section.
    pub(super) fn finish(self, extract: &Extract) -> Result<Vec<String>> {
        let summary = told::summary(extract, &self.files);
        let file = self.path.join(SUMMARY);
        let written = || -> io::Result<()> {
            let mut out = BufWriter::new(locard_app::create_private(&file)?);
            serde_json::to_writer_pretty(&mut out, &summary)?;
            out.write_all(b"\n")?;
            out.into_inner()?.sync_all()
        };
        written().with_context(|| format!("cannot write {}", file.display()))?;
        Ok(self.files)
    }
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Takes out what an earlier run wrote.
fn clear(path: &Path, force: bool) -> Result<()> {
    let entries = std::fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
    let names = entries.iter().map(std::fs::DirEntry::file_name);
    let names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if !names.is_empty() && !force {
        bail!(
            "it is not empty\nhint: choose another folder, or replace what an earlier run wrote with --force"
        );
    }
    if let Some(other) = names.iter().find(|name| !is_ours(name)) {
        bail!(
            "no earlier run wrote {} in it\nhint: choose another folder",
            crate::printer::printable(other)
        );
    }
    for name in names {
        std::fs::remove_file(path.join(name))?;
    }
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// Whether a run gives that name to a file.
fn is_ours(name: &str) -> bool {
    let is_numbered = name
        .split_once('-')
        .is_some_and(|(number, _)| number.len() >= 3 && number.bytes().all(|b| b.is_ascii_digit()));
    let ends = [".json", ".ndjson", ".csv"];
    name == SUMMARY || (is_numbered && ends.iter().any(|end| name.ends_with(end)))
}

impl Sections for Folder {
    fn begin(&mut self, section: &Section) -> io::Result<()> {
        let name = self.name(section);
        let file = locard_app::create_private(&self.path.join(&name))?;
        let mut file = BufWriter::new(file);
        match self.format {
            RowFormat::Json => file.write_all(b"[")?,
            RowFormat::Ndjson => {}
            RowFormat::Csv => record(&mut file, &header(section))?,
        }
        self.files.push(name);
        self.open = Some(Open {
            file,
            section: section.clone(),
            rows: 0,
        });
        Ok(())
    }

    fn row(&mut self, row: SectionRow) -> io::Result<()> {
        let Some(open) = &mut self.open else {
            return Err(io::Error::other("a row came outside of any section"));
        };
        open.rows += 1;
        match self.format {
            RowFormat::Json => {
                let between: &[u8] = if open.rows == 1 { b"\n" } else { b",\n" };
                open.file.write_all(between)?;
                serde_json::to_writer(&mut open.file, &told::row(&open.section, &row))?;
            }
            RowFormat::Ndjson => {
                serde_json::to_writer(&mut open.file, &told::row(&open.section, &row))?;
                open.file.write_all(b"\n")?;
            }
            RowFormat::Csv => record(&mut open.file, &cells(&open.section, row))?,
        }
        Ok(())
    }

    fn end(&mut self, _end: &SectionEnd) -> io::Result<()> {
        let Some(mut open) = self.open.take() else {
            return Ok(());
        };
        if self.format == RowFormat::Json {
            open.file.write_all(b"\n]\n")?;
        }
        open.file.into_inner()?.sync_all()
    }
}

impl Folder {
    /// `001-crm_customers.csv.json`: resources are masked, and whatever may not be in the name of a file is left out.
    fn name(&self, section: &Section) -> String {
        let plain = |c: char| {
            let is_plain = c.is_alphanumeric() || matches!(c, '.' | '-');
            if is_plain { c } else { '_' }
        };
        let stem: String = section.resource.chars().take(NAME).map(plain).collect();
        let end = match self.format {
            RowFormat::Json => "json",
            RowFormat::Ndjson => "ndjson",
            RowFormat::Csv => "csv",
        };
        format!("{:03}-{stem}.{end}", self.files.len() + 1)
    }
}

/// Columns in front of the row's own.
const FRONT: [&str; 4] = ["row", "standing", "strength", "agreed"];

/// The column for cells that the catalog knows no column of.
const OTHERS: &str = "other columns";

fn header(section: &Section) -> Vec<String> {
    let front = FRONT.iter().map(|name| (*name).to_owned());
    let columns = section.columns.iter().map(|column| harmless(&column.path));
    front.chain(columns).chain([OTHERS.to_owned()]).collect()
}

fn cells(section: &Section, row: SectionRow) -> Vec<String> {
    let SectionRow {
        at,
        standing,
        agreed,
        strength,
        mut values,
        ..
    } = row;
    let mut cells = vec![
        harmless(&at.to_string()),
        told::standing(standing).to_owned(),
        strength
            .map(|strength| strength.to_string())
            .unwrap_or_default(),
        agreed
            .iter()
            .map(|it| harmless(&it.column))
            .collect::<Vec<_>>()
            .join(" "),
    ];
    for column in &section.columns {
        cells.push(values.remove(&column.path).map(cell).unwrap_or_default());
    }
    let others: Map<String, Value> = values.into_iter().filter(|(_, it)| !it.is_null()).collect();
    cells.push(if others.is_empty() {
        String::new()
    } else {
        harmless(&Value::Object(others).to_string())
    });
    cells
}

fn cell(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(&text),
        Value::Array(_) | Value::Object(_) => harmless(&value.to_string()),
        // A negative number is no formula.
        other => other.to_string(),
    }
}

fn record(file: &mut BufWriter<File>, cells: &[String]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(cells)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_a_run_gives_are_replaced() {
        for name in [
            "summary.json",
            "001-a.csv.json",
            "1000-b.ndjson",
            "002-x.csv",
        ] {
            assert!(is_ours(name), "{name}");
        }
        for name in [
            "notes.txt",
            "a-1.json",
            "12-a.json",
            "001-a.txt",
            "001a.json",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }

    #[test]
    fn a_folder_with_anything_else_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let open = |force| Folder::open(&path, RowFormat::Json, force);
        assert!(open(false).is_ok() && open(false).is_ok(), "it is empty");
        std::fs::write(path.join("001-a.json"), "[]").unwrap();
        assert!(open(false).is_err());
        assert!(open(true).is_ok() && !path.join("001-a.json").exists());
        std::fs::write(path.join("mine.txt"), "").unwrap();
        assert!(open(true).is_err() && path.join("mine.txt").exists());
    }
}
