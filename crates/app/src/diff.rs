//! What changed between two sets of findings.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use locard_model::{
    Category, ColumnId, EntityId, FindingKind, Identifier, JobState, Sensitivity, SourceId,
    TaskState,
};
use locard_store::Job;
use serde_json::Value;

use crate::{
    Decision, Error, ErrorKind, FindingFilter, FindingRow, Home, Result, TaskRow, findings, jobs,
};

/// A confidence that moved by less is no change.
const MOVED: f64 = 0.05;

/// Two sets of findings compared. Findings are the same when source, resource, column, identifier and kind are; sides
/// that share no source, as scans of a copied or renamed one, are compared without it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Only in the later set.
    pub added: Vec<FindingRow>,
    /// Only in the earlier set.
    pub removed: Vec<FindingRow>,
    /// Only in the earlier set, of what the later scan did not read: whether it is still there is not known.
    pub not_scanned: Vec<FindingRow>,
    /// In both, with a confidence, a count or a label that moved.
    pub changed: Vec<Change>,
}

/// A finding that moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// As it was.
    pub before: FindingRow,
    /// As it is.
    pub after: FindingRow,
}

/// Compares two scans, each named by a job id (or its beginning), `latest`, `previous`, or a file that `scan`
/// wrote as NDJSON or JSON. A column that is now judged to be something else is one change. What only people confirmed
/// is no work of a scan, and left out.
///
/// What the later scan did not come to is not lost, and told apart.
pub async fn diff(home: &Home, before: &str, after: &str) -> Result<Difference> {
    let ((before, _), (after, scan)) = (side(home, before).await?, side(home, after).await?);
    let shared = share_source(&before, &after);
    let difference = difference(&before, &after).paired(shared);
    Ok(match scan {
        Some(job) => Extent::of(home, &job).await?.parted(difference, &before),
        None => difference,
    })
}

/// The findings of one side, and the scan that they are of, unless they come from a file.
async fn side(home: &Home, name: &str) -> Result<(Vec<FindingRow>, Option<Job>)> {
    let (mut rows, scan) = if Path::new(name).is_file() {
        let text = std::fs::read_to_string(name).map_err(|error| {
            Error::usage(format!("{name} cannot be read: {}", crate::why(&error)))
        })?;
        (read_findings(&text)?, None)
    } else {
        let job = job(home, name).await?;
        let filter = FindingFilter {
            job: Some(job.id),
            with_rejected: true,
            ..FindingFilter::default()
        };
        (findings(home, &filter).await?, Some(job))
    };
    rows.retain(|row| !row.is_only_confirmed());
    Ok((rows, scan))
}

/// How far a scan went.
struct Extent {
    targets: HashSet<String>,
    /// It was narrowed, or did not come to its end.
    short: bool,
    read: HashSet<String>,
    failed: HashSet<String>,
}

impl Extent {
    async fn of(home: &Home, job: &Job) -> Result<Self> {
        let detail = jobs::job(home, &job.id.to_string()).await?;
        let some = |option: &str| {
            let patterns = job.spec.get(option).and_then(Value::as_array);
            patterns.is_some_and(|patterns| !patterns.is_empty())
        };
        let ended = matches!(job.state, JobState::Completed | JobState::Partial);
        let read =
            |task: &&TaskRow| matches!(task.state, TaskState::Completed | TaskState::Partial);
        Ok(Self {
            short: !ended || some("include") || some("exclude"),
            targets: detail.job.targets.into_iter().collect(),
            read: detail
                .tasks
                .iter()
                .filter(read)
                .map(|task| task.resource.clone())
                .collect(),
            failed: detail
                .failures
                .into_iter()
                .filter_map(|failure| failure.resource)
                .collect(),
        })
    }

    /// Tells what is gone from what was not looked at.
    fn parted(&self, mut difference: Difference, before: &[FindingRow]) -> Difference {
        // A copy elsewhere is compared by what is in it.
        let of_targets = |row: &FindingRow| self.targets.contains(&row.source);
        let same_sources = before.iter().any(of_targets);
        let left_out = |row: &FindingRow| {
            let elsewhere = same_sources && !of_targets(row);
            let missed = self.short || elsewhere || self.failed.contains(&row.resource);
            missed && !self.read.contains(&row.resource)
        };
        let (left_out, removed) = difference.removed.into_iter().partition(left_out);
        difference.removed = removed;
        difference.not_scanned = left_out;
        difference
    }
}

/// The job that is meant; what looks like a path is rather a file that is not there.
async fn job(home: &Home, name: &str) -> Result<Job> {
    let found = jobs::named(home, name).await;
    let is_path = name.contains(['/', '\\', '.']);
    match found {
        Err(error) if error.kind() == ErrorKind::NotFound && is_path => Err(Error::not_found(
            format!("there is no file {name}, and no job of that name"),
        )
        .hint("`locard scan --format ndjson --output FILE` writes such a file")),
        found => found,
    }
}

impl Difference {
    /// The same, where a label that went and one that came to the same column are one change.
    fn paired(mut self, with_source: bool) -> Self {
        let is_label = |row: &FindingRow| row.kind == FindingKind::Column;
        let (gone, removed): (Vec<_>, Vec<_>) = self.removed.into_iter().partition(is_label);
        self.removed = removed;
        for before in gone {
            let same = |row: &FindingRow| {
                is_label(row) && place(row, with_source) == place(&before, with_source)
            };
            match self.added.iter().position(same) {
                Some(at) => {
                    let after = self.added.remove(at);
                    self.changed.push(Change { before, after });
                }
                None => self.removed.push(before),
            }
        }
        self
    }
}

/// Compares two sets of findings; the baseline check of `scan --baseline` is this over the file's findings.
pub fn difference<'a>(before: &'a [FindingRow], after: &'a [FindingRow]) -> Difference {
    let shared = share_source(before, after);
    let key = |row: &'a FindingRow| key(row, shared);
    let earlier: HashMap<_, &FindingRow> = before.iter().map(|row| (key(row), row)).collect();
    let later: HashMap<_, &FindingRow> = after.iter().map(|row| (key(row), row)).collect();
    let mut difference = Difference {
        removed: before
            .iter()
            .filter(|row| !later.contains_key(&key(row)))
            .cloned()
            .collect(),
        ..Difference::default()
    };
    for row in after {
        match earlier.get(&key(row)) {
            None => difference.added.push(row.clone()),
            Some(before) if moved(before, row) => {
                difference.changed.push(Change {
                    before: (*before).clone(),
                    after: row.clone(),
                });
            }
            Some(_) => {}
        }
    }
    difference
}

fn share_source(before: &[FindingRow], after: &[FindingRow]) -> bool {
    let sources: HashSet<&str> = before.iter().map(|row| row.source.as_str()).collect();
    let mut after = after.iter();
    after.any(|row| sources.contains(row.source.as_str()))
}

type Place<'a> = (&'a str, &'a str, &'a str);

fn place(row: &FindingRow, with_source: bool) -> Place<'_> {
    let source = if with_source { &row.source } else { "" };
    (source, &row.resource, &row.column)
}

fn key(row: &FindingRow, with_source: bool) -> (Place<'_>, &str, FindingKind) {
    (place(row, with_source), row.identifier.as_str(), row.kind)
}

fn moved(before: &FindingRow, after: &FindingRow) -> bool {
    (before.confidence - after.confidence).abs() >= MOVED || before.matched != after.matched
}

/// Reads findings back from the NDJSON or JSON that `scan` wrote.
pub fn read_findings(text: &str) -> Result<Vec<FindingRow>> {
    let values: Vec<Value> = match serde_json::from_str(text) {
        Ok(Value::Array(values)) => values,
        Ok(Value::Object(mut object)) => match object.remove("findings") {
            Some(Value::Array(values)) => values,
            _ => vec![Value::Object(object)],
        },
        _ => text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .enumerate()
            .map(line)
            .collect::<Result<_>>()?,
    };
    values
        .iter()
        .enumerate()
        .map(|(at, value)| read(value).ok_or_else(|| malformed(at)))
        .collect()
}

fn line((at, line): (usize, &str)) -> Result<Value> {
    serde_json::from_str(line).map_err(|_| malformed(at))
}

fn malformed(at: usize) -> Error {
    Error::usage(format!("entry {} is not a finding", at + 1))
        .hint("`locard scan --format ndjson` writes such a file")
}

fn read(value: &Value) -> Option<FindingRow> {
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    let number = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
    let source = text("source").unwrap_or_default();
    let rules = value.get("rules").and_then(Value::as_array);
    let column = text("column")?;
    // The file names places, not ids.
    let entity = EntityId(SourceId::derive(&source).0);
    Some(FindingRow {
        entity,
        column_id: ColumnId::derive(entity, &column),
        source,
        resource: text("resource")?,
        column,
        identifier: Identifier::new(text("identifier")?),
        kind: FindingKind::parse(&text("kind").unwrap_or_else(|| "column".into()))?,
        confidence: value
            .get("confidence")
            .and_then(Value::as_f64)
            .unwrap_or(0.0),
        category: text("category")
            .and_then(|name| Category::parse(&name))
            .unwrap_or(Category::Text),
        sensitivity: text("sensitivity")
            .and_then(|name| Sensitivity::parse(&name))
            .unwrap_or(Sensitivity::Low),
        rows: number("rows"),
        tested: number("tested"),
        matched: number("matched"),
        validated: number("validated"),
        distinct: number("distinct"),
        indexed: value.get("indexed").and_then(Value::as_f64).unwrap_or(0.0),
        rules: rules
            .into_iter()
            .flatten()
            .filter_map(|rule| rule.as_str().map(str::to_owned))
            .collect(),
        decision: value.get("decision").and_then(decision),
    })
}

fn decision(value: &Value) -> Option<Decision> {
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    Some(Decision {
        confirmed: value.get("confirmed")?.as_bool()?,
        reason: text("reason"),
        at: text("at").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"source":"s","resource":"a.csv","column":"c","identifier":"AGE","confidence":0.9,"matched":7}"#;

    fn rows(text: &str) -> Vec<FindingRow> {
        read_findings(text).expect("the text is a list of findings")
    }

    #[test]
    fn findings_are_read_from_lines_lists_and_reports() {
        for text in [
            LINE.to_owned(),
            format!("[{LINE}]"),
            format!("{{\"findings\":[{LINE}]}}"),
            format!("{LINE}\n\n{LINE}\n"),
        ] {
            assert_eq!(rows(&text)[0].identifier.as_str(), "AGE", "{text}");
        }
        assert!(rows("").is_empty());
        assert!(read_findings("{\"column\":1}").is_err());
        assert!(read_findings("nonsense").is_err());
    }

    #[test]
    fn a_difference_tells_new_gone_and_moved() {
        let before = rows(LINE);
        let moved = rows(&LINE.replace("0.9", "0.5"));
        let other = rows(&LINE.replace("\"c\"", "\"d\""));
        assert_eq!(difference(&before, &before), Difference::default());
        assert_eq!(difference(&before, &moved).changed.len(), 1);
        let both = difference(&before, &other);
        assert_eq!((both.added.len(), both.removed.len()), (1, 1));
    }

    #[test]
    fn another_label_of_the_same_column_is_a_change() {
        let (before, after) = (rows(LINE), rows(&LINE.replace("AGE", "CITY")));
        let raw = difference(&before, &after);
        assert_eq!((raw.added.len(), raw.removed.len()), (1, 1));
        let paired = raw.paired(true);
        assert_eq!((paired.added.len(), paired.removed.len()), (0, 0));
        let change = &paired.changed[0];
        assert_eq!(change.before.identifier.as_str(), "AGE");
        assert_eq!(change.after.identifier.as_str(), "CITY");
    }

    #[test]
    fn equal_resources_of_two_sources_are_two_places() {
        let first = rows(LINE);
        let both = rows(&format!("{LINE}\n{}", LINE.replace("\"s\"", "\"t\"")));
        assert_eq!(difference(&first, &both).added.len(), 1);
        assert_eq!(difference(&both, &first).removed.len(), 1);
        // A copy elsewhere is compared by what is in it.
        let copy = rows(&LINE.replace("\"s\"", "\"t\""));
        assert_eq!(difference(&first, &copy), Difference::default());
    }
}
