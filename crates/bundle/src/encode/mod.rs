//! Rows as bytes, in each format. Encoders append to a buffer that whoever drives them empties, so that none of them holds
//! rows, Parquet's a batch of them excepted.

mod csv;
mod json;
mod parquet;
mod tally;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Column, Neutralised, Result};

pub(crate) use self::tally::Tally;

/// Formats of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Format {
    /// An array of objects, one a line.
    Json,
    /// Comma-separated values with a header (RFC 4180), what a spreadsheet would execute neutralised.
    Csv,
    /// An object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Json, Self::Csv, Self::Ndjson, Self::Parquet];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::Ndjson => "NDJSON",
            Self::Parquet => "PARQUET",
        }
    }

    /// The format with that name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|format| format.as_str().eq_ignore_ascii_case(name))
    }

    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// The formats that a bundle is written in, each once, and what was not understood of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formats {
    formats: Vec<Format>,
    warnings: Vec<String>,
}

/// Whether a text can be the name of a format, and hardly anything else.
fn is_name(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl Formats {
    /// These formats; JSON where there are none.
    pub fn new(formats: impl IntoIterator<Item = Format>) -> Self {
        let mut chosen = Vec::new();
        for format in formats {
            if !chosen.contains(&format) {
                chosen.push(format);
            }
        }
        if chosen.is_empty() {
            chosen.push(Format::Json);
        }
        let (formats, warnings) = (chosen, Vec::new());
        Self { formats, warnings }
    }

    /// The formats of those names. An unknown one is JSON, as in the reference interface, with a warning in the manifest,
    /// which repeats it where it may be the name of one.
    pub fn parse<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        let mut warnings = Vec::new();
        let formats: Vec<Format> = (1..)
            .zip(names)
            .map(|(number, name)| {
                Format::parse(name.as_ref()).unwrap_or_else(|| {
                    let name = name.as_ref().trim();
                    let shown = if is_name(name) {
                        format!("the format `{name}`")
                    } else {
                        format!("format {number}")
                    };
                    warnings.push(format!(
                        "{shown} that was asked for is unknown: JSON was written instead"
                    ));
                    Format::Json
                })
            })
            .collect();
        Self {
            warnings,
            ..Self::new(formats)
        }
    }

    /// The formats, in the order in which they were asked for.
    pub fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// What was not understood.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// A row as encoders see it.
pub(crate) struct Row<'a> {
    /// Its number in the section, from 1.
    pub(crate) number: u64,
    /// Its fields, in its own order.
    pub(crate) fields: &'a Map<String, Value>,
    /// Its fields in the order of the section's columns; `None` where it has none.
    pub(crate) cells: Vec<Option<&'a Value>>,
}

/// Encodes the rows of one section.
pub(crate) trait Encoder: Send {
    /// Appends what goes before all rows.
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()>;

    /// Appends a row, now or later.
    fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> Result<()>;

    /// Appends what is left, and tells which cells were changed.
    fn end(self: Box<Self>, out: &mut Vec<u8>) -> Result<Vec<Neutralised>>;
}

/// An encoder for that format and rows of these columns.
pub(crate) fn encoder(format: Format, columns: &[Column]) -> Result<Box<dyn Encoder>> {
    Ok(match format {
        Format::Json => Box::new(json::Array::default()),
        Format::Ndjson => Box::new(json::Lines),
        Format::Csv => Box::new(csv::Csv::new(columns)),
        Format::Parquet => Box::new(parquet::Parquet::new(columns)?),
    })
}

/// A value as the text of a cell: nothing for null, JSON for what has parts.
pub(crate) fn text(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(value) => Cow::Owned(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_formats_are_json_with_a_warning() {
        let formats = Formats::parse(["csv", "XML", "CSV", "parquet"]);
        assert_eq!(
            formats.formats(),
            [Format::Csv, Format::Json, Format::Parquet]
        );
        assert_eq!(formats.warnings().len(), 1);
        assert!(formats.warnings()[0].starts_with("the format `XML` "));
        let odd = Formats::parse(["anna@example.org"]);
        assert!(odd.warnings()[0].starts_with("format 1 "));
        let none = Formats::parse::<&str>([]);
        assert_eq!(
            (none.formats(), none.warnings().len()),
            (&[Format::Json][..], 0)
        );
    }

    #[test]
    fn names_in_json_are_the_stable_ones() {
        for format in Format::ALL {
            assert_eq!(serde_json::json!(format), format.as_str());
            assert_eq!(Format::parse(&format.as_str().to_lowercase()), Some(format));
        }
    }
}
