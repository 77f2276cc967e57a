//! Lists in four forms from one description: the header and, per item, the cells and the JSON object.

use std::io::Write;

use anyhow::Result;
use serde_json::{Map, Value};

use crate::args::ListFormat;
use crate::printer::Output;
use crate::report::harmless;
use crate::table::{Cell, Table, count};

/// Items under a header. A cell is a JSON value: numbers are set to the right, null is empty.
///
/// What people type back, as ids and names, must be readable whole, so only what is said to be prose is ever shortened.
pub(crate) struct List {
    header: Vec<&'static str>,
    prose: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

impl List {
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self {
            header: header.to_vec(),
            prose: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Says which columns hold words for people, of which a narrow terminal may show less.
    pub(crate) fn prose(mut self, names: &[&'static str]) -> Self {
        self.prose = names.to_vec();
        self
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [Value; N]) {
        debug_assert_eq!(
            N,
            self.header.len(),
            "a row has as many cells as the header"
        );
        self.rows.push(cells.into());
    }

    /// Takes columns out, as what a heading says already.
    pub(crate) fn hide(&mut self, names: &[&str]) {
        let shown: Vec<bool> = self
            .header
            .iter()
            .map(|name| !names.contains(name))
            .collect();
        let mut keep = shown.iter();
        self.header.retain(|_| keep.next() == Some(&true));
        for row in &mut self.rows {
            let mut keep = shown.iter();
            row.retain(|_| keep.next() == Some(&true));
        }
    }

    /// Prints the list; `nothing` stands in place of an empty table.
    pub(crate) fn print(
        &self,
        output: &mut Output,
        format: ListFormat,
        nothing: &str,
    ) -> Result<()> {
        match format {
            ListFormat::Table if self.rows.is_empty() => output.line(nothing)?,
            ListFormat::Table => self.table().print(output)?,
            ListFormat::Ndjson => self
                .objects()
                .iter()
                .try_for_each(|object| output.json(object))?,
            ListFormat::Json => output.document(&Value::Array(self.objects()))?,
            ListFormat::Csv => self.csv(output)?,
        }
        Ok(())
    }

    fn objects(&self) -> Vec<Value> {
        let object = |row: &Vec<Value>| {
            let names = self.header.iter().map(|name| camel(name));
            Value::Object(names.zip(row.iter().cloned()).collect::<Map<_, _>>())
        };
        self.rows.iter().map(object).collect()
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&self.header);
        for row in &self.rows {
            let cells = self.header.iter().zip(row);
            let cells = cells.map(|(name, value)| cell(value, self.prose.contains(name)));
            table.row(cells.collect());
        }
        table
    }

    fn csv(&self, output: &mut Output) -> Result<()> {
        let mut writer = csv::Writer::from_writer(output as &mut dyn Write);
        writer.write_record(&self.header)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|value| harmless(&text(value))))?;
        }
        Ok(writer.flush()?)
    }
}

/// A heading as a name in JSON: `created at` is `createdAt`.
fn camel(heading: &str) -> String {
    let mut words = heading.split(' ');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.ceil_char_boundary(1));
        name.push_str(&first.to_uppercase());
        name.push_str(rest);
    }
    name
}

fn cell(value: &Value, is_prose: bool) -> Cell {
    match value {
        Value::Number(number) => {
            Cell::number(number.as_u64().map_or_else(|| number.to_string(), count))
        }
        other if is_prose => Cell::prose(text(other)),
        other => Cell::whole(text(other)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
