//! Labelled tables as files and as tables of a server: whether both give the same findings.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Bench;

/// Resource without schema or folder and ending, column, identifier and kind.
pub(crate) fn labels(findings: &[Value], table: impl Fn(&str) -> String) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .iter()
        .map(|finding| {
            format!(
                "{} {} {} {}",
                table(&text(&finding["resource"])),
                text(&finding["column"]),
                text(&finding["identifier"]),
                text(&finding["kind"])
            )
        })
        .collect()
}

/// The same with what was counted: rows, cells that hold something, matches, and those that passed a check.
pub(crate) fn figures(findings: &[Value], table: impl Fn(&str) -> String) -> BTreeSet<String> {
    let counted = |finding: &Value| {
        let label = labels(std::slice::from_ref(finding), &table);
        let counts =
            ["rows", "filled", "matched", "validated"].map(|name| finding[name].to_string());
        format!(
            "{} {}",
            label.into_iter().collect::<String>(),
            counts.join(" ")
        )
    };
    findings.iter().map(counted).collect()
}

/// The table that a file was written from.
pub(crate) fn of_file(resource: &str) -> String {
    resource.trim_end_matches(".csv").to_owned()
}

/// The name of a table without its schema.
pub(crate) fn of_table(resource: &str) -> String {
    let name = resource.split_once('.').map_or("", |(_, table)| table);
    name.to_owned()
}

/// The delimited tables of a labelled folder.
pub(crate) fn tables(corpus: &Path) -> Vec<String> {
    let truth =
        std::fs::read_to_string(corpus.join("truth.jsonl")).expect("the corpus has a truth");
    let named: BTreeSet<String> = truth
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<Value>(line).ok()?["table"]
                .as_str()
                .map(str::to_owned)
        })
        .collect();
    named
        .into_iter()
        .filter(|table| {
            [".csv", ".tsv"]
                .iter()
                .any(|ending| table.ends_with(ending))
        })
        .collect()
}

/// A table that was written as plain UTF-8 CSV below `data/`, for a server to load.
pub(crate) struct Copied {
    pub(crate) name: String,
    pub(crate) header: Vec<String>,
    pub(crate) path: PathBuf,
}

impl Copied {
    /// Writes one.
    pub(crate) fn new(bench: &Bench, corpus: &Path, table: &str) -> Self {
        let bytes = std::fs::read(corpus.join(table)).expect("the corpus has its tables");
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            error
                .into_bytes()
                .iter()
                .map(|&byte| char::from(byte))
                .collect()
        });
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().next().unwrap_or_default();
        let delimiter = *[b',', b';', b'\t']
            .iter()
            .max_by_key(|&&byte| first.bytes().filter(|&b| b == byte).count())
            .expect("three candidates");
        let name = table
            .rsplit_once('.')
            .map_or(table, |(stem, _)| stem)
            .replace('/', "_");
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut header = Vec::new();
        for record in reader.records() {
            let record = record.expect("the corpus is well formed");
            if header.is_empty() {
                header = record.iter().map(str::to_owned).collect();
            }
            writer
                .write_record(&record)
                .expect("rows are as wide as the header");
        }
        let path = bench.write(
            &format!("{name}.csv"),
            writer.into_inner().expect("the table fits into memory"),
        );
        Self { name, header, path }
    }
}
