//! Judges every table of a folder (CSV, TSV, NDJSON, Parquet) and prints findings as NDJSON, for measuring the rules and
//! the scoring model without an engine:
//!
//! ```text
//! cargo run --release -p locard-identify --example score_corpus -- CORPUS > findings.ndjson
//! ```
//!
//! `--reliability TRUTH` prints instead how often findings of each confidence are right, as `docs/decisions/scoring.md`
//! has it; `--explain TABLE COLUMN` the weights of one column. `--rules FOLDER` uses only the rules there.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is all it is for"
)]

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use arrow_array::StringViewArray;
use locard_identify::{ColumnFacts, ColumnJudgement, ColumnView, Evidence, Library, Scratch};
use locard_model::LogicalType;
use locard_sketch::Preparer;
use locard_testkit::score::{Truth, score};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A table by columns; cells of documents below them carry the path.
#[derive(Default)]
struct Table {
    names: Vec<String>,
    columns: Vec<Vec<Option<String>>>,
    derived: Vec<bool>,
}

#[derive(Default)]
struct Arguments {
    corpus: PathBuf,
    rules: Option<PathBuf>,
    explain: Option<(String, String)>,
    reliability: Option<PathBuf>,
}

fn main() -> Outcome<()> {
    let arguments = arguments()?;
    let library = match &arguments.rules {
        Some(folder) => Library::from_folder(folder)?,
        None => Library::builtin()?,
    };
    let mut time = Duration::ZERO;
    let mut cells = 0;
    let mut findings = Vec::new();
    for path in tables(&arguments.corpus)? {
        let resource = path
            .strip_prefix(&arguments.corpus)?
            .to_string_lossy()
            .into_owned();
        if arguments
            .explain
            .as_ref()
            .is_some_and(|(table, _)| *table != resource)
        {
            continue;
        }
        let mut table = read(&path)?;
        flatten_documents(&mut table);
        cells += table.columns.iter().map(Vec::len).sum::<usize>();
        let (evidence, facts) = observe(&library, &table, &mut time);
        for (name, judgement) in judged(&library, &table, &evidence, &facts) {
            match &arguments.explain {
                Some((_, column)) if *column == name || column == "*" => explain(&name, &judgement),
                Some(_) => {}
                None => findings.extend(lines(&resource, &name, &judgement)),
            }
        }
    }
    match &arguments.reliability {
        Some(truth) => print_reliability(truth, &findings)?,
        None => findings.iter().for_each(|line| println!("{line}")),
    }
    eprintln!(
        "{cells} cells, {:.1} ns each",
        time.as_nanos() as f64 / (cells.max(1) as f64)
    );
    Ok(())
}

fn arguments() -> Outcome<Arguments> {
    let mut arguments = Arguments::default();
    let mut given = std::env::args().skip(1);
    while let Some(word) = given.next() {
        let mut next = || given.next().ok_or("an argument is missing");
        match word.as_str() {
            "--explain" => arguments.explain = Some((next()?, next()?)),
            "--reliability" => arguments.reliability = Some(next()?.into()),
            "--rules" => arguments.rules = Some(next()?.into()),
            folder => arguments.corpus = folder.into(),
        }
    }
    Ok(arguments)
}

fn tables(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(next) = pending.pop() {
        for entry in std::fs::read_dir(next)? {
            let path = entry?.path();
            let extension = path
                .extension()
                .and_then(|extension| extension.to_str())
                .unwrap_or("");
            if path.is_dir() {
                pending.push(path);
            } else if ["csv", "tsv", "ndjson", "parquet"].contains(&extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn observe(
    library: &Library,
    table: &Table,
    time: &mut Duration,
) -> (Vec<Evidence>, Vec<ColumnFacts>) {
    let mut scratch = Scratch::default();
    let mut preparer = Preparer::default();
    let mut all = (Vec::new(), Vec::new());
    for column in &table.columns {
        let texts: StringViewArray = column.iter().map(Option::as_deref).collect();
        let cells = preparer.prepare(&texts);
        let mut evidence = Evidence::new();
        library.observe(&cells, &mut evidence, &mut scratch);
        let mut again = Evidence::new();
        let start = Instant::now();
        library.observe(&cells, &mut again, &mut scratch);
        *time += start.elapsed();
        let distinct: HashSet<&u64> = cells.folded.iter().collect();
        all.0.push(evidence);
        all.1.push(ColumnFacts {
            rows: column.len() as u64,
            values: column
                .iter()
                .flatten()
                .filter(|cell| !cell.trim().is_empty())
                .count() as u64,
            distinct: distinct.len() as f64,
            top_shape: top_shape(column),
        });
    }
    all
}

/// Share of the most frequent shape, roughly as the profile counts it.
fn top_shape(column: &[Option<String>]) -> f64 {
    let mut shapes: HashMap<String, usize> = HashMap::new();
    let cells = column.iter().flatten().map(|cell| cell.trim());
    let cells: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
    for cell in cells.iter().filter(|cell| cell.len() <= 64) {
        let mut shape = String::new();
        for c in cell.chars() {
            let kind = match c {
                c if c.is_numeric() => '9',
                c if c.is_uppercase() => 'A',
                c if c.is_alphabetic() => 'a',
                c => c,
            };
            if kind != 'a' || !shape.ends_with('a') {
                shape.push(kind);
            }
        }
        *shapes.entry(shape).or_default() += 1;
    }
    shapes.into_values().max().unwrap_or(0) as f64 / cells.len().max(1) as f64
}

fn judged(
    library: &Library,
    table: &Table,
    evidence: &[Evidence],
    facts: &[ColumnFacts],
) -> Vec<(String, ColumnJudgement)> {
    let columns: Vec<ColumnView<'_>> = (0..table.names.len())
        .map(|i| ColumnView {
            name: &table.names[i],
            logical: logical(&table.columns[i]),
            facts: facts[i],
            evidence: &evidence[i],
            derived: table.derived[i],
        })
        .collect();
    let judgements = library.judge("", &columns);
    let named = |judgement: ColumnJudgement| (table.names[judgement.column].clone(), judgement);
    judgements.into_iter().map(named).collect()
}

fn lines(resource: &str, name: &str, judgement: &ColumnJudgement) -> Vec<Value> {
    let line = |finding: &locard_identify::Judged| {
        json!({
            "source": "corpus", "resource": resource, "column": name, "identifier": finding.identifier.as_str(),
            "kind": finding.kind.as_str(), "confidence": finding.confidence, "rules": finding.rules,
            "tested": finding.tested, "matched": finding.matched, "validated": finding.validated,
        })
    };
    judgement.findings.iter().map(line).collect()
}

fn print_reliability(truth: &Path, findings: &[Value]) -> Outcome<()> {
    let truth = Truth::parse(&std::fs::read_to_string(truth)?)?;
    let score = score(&truth, findings);
    println!(
        "Whole columns, micro F1 {:.4}:\n\n{}",
        score.columns.f1(),
        score.reliability
    );
    println!(
        "\nInside free text, F1 {:.4}:\n\n{}",
        score.embedded.f1(),
        score.reliability_embedded
    );
    Ok(())
}

fn explain(name: &str, judgement: &ColumnJudgement) {
    println!("{name}: {:?}", judgement.explanation.judgement);
    for finding in &judgement.findings {
        println!(
            "  => {} {} {:.3} {:?}",
            finding.identifier, finding.kind, finding.confidence, finding.rules
        );
    }
    for hypothesis in &judgement.explanation.hypotheses {
        println!(
            "  {:.3} {:+.2} {} ({})",
            hypothesis.probability,
            hypothesis.log_odds(),
            hypothesis.identifier,
            hypothesis.rule
        );
        for weight in &hypothesis.weights {
            println!(
                "      {:+.2} {}: {}",
                weight.log_ratio, weight.what, weight.detail
            );
        }
    }
}

fn logical(cells: &[Option<String>]) -> LogicalType {
    let boolean = |cell: &&str| matches!(cell.to_ascii_lowercase().as_str(), "true" | "false");
    let mut filled = cells
        .iter()
        .flatten()
        .map(|cell| cell.trim())
        .filter(|cell| !cell.is_empty())
        .peekable();
    if filled.peek().is_some() && filled.all(|cell| boolean(&cell)) {
        LogicalType::Boolean
    } else {
        LogicalType::Text
    }
}

fn read(path: &Path) -> Outcome<Table> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("ndjson") => read_ndjson(path),
        Some("parquet") => read_parquet(path),
        _ => read_csv(path),
    }
}

fn read_csv(path: &Path) -> Outcome<Table> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => error
            .into_bytes()
            .iter()
            .map(|&byte| char::from(byte))
            .collect(),
    };
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or("");
    let separator = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|&c| first.matches(char::from(c)).count())
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let mut columns = vec![Vec::new(); names.len()];
    for record in reader.records() {
        let record = record?;
        for (i, column) in columns.iter_mut().enumerate() {
            column.push(
                record
                    .get(i)
                    .filter(|cell| !cell.is_empty())
                    .map(str::to_owned),
            );
        }
    }
    let derived = vec![false; names.len()];
    Ok(Table {
        names,
        columns,
        derived,
    })
}

fn read_ndjson(path: &Path) -> Outcome<Table> {
    let lines = BufReader::new(File::open(path)?)
        .lines()
        .collect::<Result<Vec<_>, _>>()?;
    let rows = lines
        .iter()
        .map(|line| serde_json::from_str(line))
        .collect::<Result<Vec<Value>, _>>()?;
    Ok(from_documents(&rows, ""))
}

fn read_parquet(path: &Path) -> Outcome<Table> {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let reader = SerializedFileReader::new(File::open(path)?)?;
    let mut rows = Vec::new();
    for row in reader.get_row_iter(None)? {
        rows.push(row?.to_json_value_or_text());
    }
    Ok(from_documents(&rows, ""))
}

/// Rows of a Parquet file as documents.
trait ToDocument {
    fn to_json_value_or_text(&self) -> Value;
}

impl ToDocument for parquet::record::Row {
    fn to_json_value_or_text(&self) -> Value {
        let field = |field: &parquet::record::Field| match field {
            parquet::record::Field::Null => Value::Null,
            parquet::record::Field::Str(text) => Value::String(text.clone()),
            other => Value::String(other.to_string()),
        };
        Value::Object(
            self.get_column_iter()
                .map(|(name, value)| (name.clone(), field(value)))
                .collect(),
        )
    }
}

/// Every path of the documents as a column; cells of lists become rows of their own in the same column.
fn from_documents(rows: &[Value], prefix: &str) -> Table {
    let mut table = Table::default();
    let mut positions: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let mut cells = Vec::new();
        leaves(row, prefix, &mut cells);
        for (path, cell) in cells {
            let at = *positions.entry(path.clone()).or_insert_with(|| {
                table.names.push(path);
                table.columns.push(Vec::new());
                table.derived.push(!prefix.is_empty());
                table.names.len() - 1
            });
            table.columns[at].push(cell);
        }
    }
    table
}

fn leaves(value: &Value, path: &str, cells: &mut Vec<(String, Option<String>)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let below = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                leaves(value, &below, cells);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| leaves(item, &format!("{path}[]"), cells)),
        Value::Null => cells.push((path.to_owned(), None)),
        Value::String(text) => cells.push((path.to_owned(), Some(text.clone()))),
        other => cells.push((path.to_owned(), Some(other.to_string()))),
    }
}

/// Adds columns for what stands in cells that are JSON documents.
fn flatten_documents(table: &mut Table) {
    for i in 0..table.names.len() {
        let documents: Vec<Value> = table.columns[i]
            .iter()
            .flatten()
            .filter(|cell| cell.starts_with('{') || cell.starts_with('['))
            .filter_map(|cell| serde_json::from_str(cell).ok())
            .collect();
        if documents.len() * 10 < table.columns[i].len() {
            continue;
        }
        let below = from_documents(&documents, &table.names[i].clone());
        table.names.extend(below.names);
        table.columns.extend(below.columns);
        table.derived.extend(below.derived);
        let documents = |cell: &mut Option<String>| {
            if cell
                .as_ref()
                .is_some_and(|cell| cell.starts_with('{') || cell.starts_with('['))
            {
                *cell = None;
            }
        };
        table.columns[i].iter_mut().for_each(documents);
    }
}
