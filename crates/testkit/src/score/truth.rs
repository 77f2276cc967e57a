//! The labelled truth.

use std::collections::HashMap;

use serde_json::Value;

use super::Labels;
use super::places::{self, Tables};

/// Labelled columns by table.
#[derive(Debug, Default)]
pub struct Truth {
    names: Vec<String>,
    columns: Vec<Vec<(String, Value)>>,
    tables: Tables,
}

/// One labelled column.
pub(super) struct Labelled<'a> {
    pub(super) place: String,
    line: &'a Value,
}

impl Truth {
    /// Reads JSON lines.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        let mut truth = Self::default();
        let mut by_name: HashMap<String, usize> = HashMap::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line: Value = serde_json::from_str(line)?;
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            let table = *by_name.entry(text("table")).or_insert_with(|| {
                truth.names.push(text("table"));
                truth.columns.push(Vec::new());
                truth.names.len() - 1
            });
            truth.columns[table].push((places::column(&text("column")), line));
        }
        truth.tables = Tables::new(&truth.names);
        Ok(truth)
    }

    /// Labelled columns.
    pub fn len(&self) -> usize {
        self.columns.iter().map(Vec::len).sum()
    }

    /// Whether nothing is labelled.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The labelled column that a finding is of, and whether it stands below that.
    pub(super) fn find(&self, resource: &str, column: &str) -> Option<(usize, usize, bool)> {
        let table = self.tables.find(resource)?;
        let names = self.columns[table].iter().map(|(name, _)| name.as_str());
        let (column, is_below) = places::find(&names.collect::<Vec<_>>(), column)?;
        Some((table, column, is_below))
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = ((usize, usize), Labelled<'_>)> {
        let tables = self.names.iter().zip(&self.columns).enumerate();
        tables.flat_map(|(t, (table, columns))| {
            columns.iter().enumerate().map(move |(c, (name, line))| {
                let place = format!("{table}: {name}");
                ((t, c), Labelled { place, line })
            })
        })
    }
}

impl Labelled<'_> {
    fn set(&self, name: &str) -> Labels {
        let all = self.line[name].as_array().into_iter().flatten();
        all.filter_map(Value::as_str)
            .map(|text| {
                if text == "*" {
                    text.to_owned()
                } else {
                    label(text)
                }
            })
            .collect()
    }

    /// Whether anything goes.
    pub(super) fn is_open(&self) -> bool {
        self.set("accept").contains("*")
    }

    /// The first label.
    pub(super) fn main(&self) -> &str {
        self.line["labels"][0].as_str().unwrap_or("NONE")
    }

    pub(super) fn may_be_nothing(&self) -> bool {
        self.set("accept").contains("NONE")
    }

    /// Whether it is searched inside.
    pub(super) fn is_text(&self) -> bool {
        let accepted = || self.set("accept").contains("FREE_TEXT");
        self.main() == "FREE_TEXT" || (self.main() == "NONE" && accepted())
    }

    /// What may be said of the whole column.
    pub(super) fn right(&self) -> Labels {
        let mut right = self.set("labels");
        right.extend(self.set("accept"));
        if self.main() == "FREE_TEXT" {
            right.extend(self.set("embedded"));
        }
        right
    }

    /// What is inside.
    pub(super) fn embedded(&self) -> Labels {
        let all = self.set("embedded");
        all.iter().map(|one| group(one).to_owned()).collect()
    }

    /// What may be inside and need not be.
    pub(super) fn neither(&self) -> Labels {
        let accepted = self.set("accept");
        let mut neither: Labels = accepted.iter().map(|one| group(one).to_owned()).collect();
        if self.embedded().contains("STREET_ADDRESS") {
            neither.extend(["CITY", "REGION", "POSTAL_CODE", "COUNTRY"].map(str::to_owned));
        }
        neither
    }
}

/// One spelling for a label.
pub(super) fn label(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    if words.is_empty() {
        "NONE".to_owned()
    } else {
        words.join("_")
    }
}

/// Inside text, parts of a name are the name.
pub(super) fn group(label: &str) -> &str {
    match label {
        "FIRST_NAME" | "LAST_NAME" => "PERSON",
        other => other,
    }
}
