//! What changed between two sets of findings.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;

use locard_model::{
    Category, ColumnId, EntityId, FindingKind, Identifier, JobId, JobState, Sensitivity, SourceId,
    TaskState,
};
use locard_store::Job;
use serde_json::Value;

use crate::input::blocking;
use crate::jobs::kinds::scan::Scan;
use crate::record::spec::ScanSpec;
use crate::work::kind::JobKind as _;
use crate::{
    Decided, Decision, Error, ErrorKind, FindingFilter, FindingRow, Home, Result, TaskRow,
    findings, jobs, read_text,
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
    /// Only in the later set, of what the earlier scan did not read: whether it is new is not known.
    pub not_scanned_before: Vec<FindingRow>,
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
/// Only what both scans covered is compared: what one of them did not come to is neither gone nor new, and told apart.
pub async fn diff(home: &Home, before: &str, after: &str) -> Result<Difference> {
    let (before, after) = (side(home, before).await?, side(home, after).await?);
    Ok(sides(&before, &after))
}

/// The same of two scans by their ids, for whoever may name no file.
pub async fn diff_jobs(home: &Home, before: JobId, after: JobId) -> Result<Difference> {
    let (before, after) = (scan_of(home, before).await?, scan_of(home, after).await?);
    let (before, after) = (side_of(home, &before).await?, side_of(home, &after).await?);
    Ok(sides(&before, &after))
}

async fn scan_of(home: &Home, id: JobId) -> Result<Job> {
    let job = home.store.job(home.org, id).await?;
    if job.kind == Scan::NAME {
        return Ok(job);
    }
    let sentence = format!("the job {id} is no scan");
    Err(Error::usage(sentence).hint("jobs of the kind scan can be compared"))
}

fn sides(before: &Side, after: &Side) -> Difference {
    let shared = !before.sources().is_disjoint(&after.sources());
    // A sample has fewer cells of everything.
    let counts = !before.is_sample() && !after.is_sample();
    let difference = compared(&before.rows, &after.rows, shared, counts).paired(shared);
    difference.parted(before, after, shared)
}

/// One side of a comparison.
#[derive(Default)]
struct Side {
    rows: Vec<FindingRow>,
    /// How far the scan went that they are of; not known of what comes from a file.
    extent: Option<Extent>,
}

/// One side, by the name that a person gave it.
async fn side(home: &Home, name: &str) -> Result<Side> {
    let file = Path::new(name).to_owned();
    let rows = blocking(move || {
        let read = |file: &Path| read_findings(&read_text(file)?);
        file.is_file().then(|| read(&file)).transpose()
    });
    let Some(mut rows) = rows.await? else {
        return side_of(home, &job(home, name).await?).await;
    };
    rows.retain(|row| !row.is_only_confirmed());
    Ok(Side { rows, extent: None })
}

/// What a scan found.
async fn side_of(home: &Home, job: &Job) -> Result<Side> {
    let filter = FindingFilter {
        job: Some(job.id),
        with_rejected: true,
        ..FindingFilter::default()
    };
    let mut rows = findings(home, &filter).await?;
    rows.retain(|row| !row.is_only_confirmed());
    Ok(Side {
        rows,
        extent: Some(Extent::of(home, job).await?),
    })
}

impl Side {
    fn sources(&self) -> HashSet<&str> {
        match &self.extent {
            Some(extent) => extent.targets.iter().map(String::as_str).collect(),
            None => sources(&self.rows),
        }
    }

    fn is_sample(&self) -> bool {
        self.extent.as_ref().is_some_and(|extent| extent.sampled)
    }

    /// Whether what the other side alone has would be here too, were it there.
    fn covers(&self, row: &FindingRow, other: &Self, shared: bool) -> bool {
        let extent = self.extent.as_ref();
        extent.is_none_or(|extent| extent.covers(row, other.extent.as_ref(), shared))
    }
}

/// How far a scan went.
struct Extent {
    targets: HashSet<String>,
    /// It came to its end.
    ended: bool,
    sampled: bool,
    /// The globs that narrowed it.
    globs: [Vec<String>; 2],
    /// The resources that it read, each with the sources they are in.
    read: HashMap<String, HashSet<String>>,
    /// Sources, folders and resources that it could not read in full.
    failed: Vec<String>,
}

impl Extent {
    async fn of(home: &Home, job: &Job) -> Result<Self> {
        let detail = jobs::job(home, &job.id.to_string()).await?;
        let spec = ScanSpec::of(job)?;
        let is_read =
            |task: &TaskRow| matches!(task.state, TaskState::Completed | TaskState::Partial);
        let mut read: HashMap<String, HashSet<String>> = HashMap::new();
        for task in detail.tasks.into_iter().filter(is_read) {
            read.entry(task.resource).or_default().insert(task.source);
        }
        let failures = detail.failures.into_iter();
        Ok(Self {
            targets: detail.job.targets.into_iter().collect(),
            ended: matches!(job.state, JobState::Completed | JobState::Partial),
            sampled: spec.sample.is_some() || spec.condition.is_some(),
            globs: [spec.include, spec.exclude],
            read,
            failed: failures.filter_map(|failure| failure.resource).collect(),
        })
    }

    /// Whether it would have found what the other one did, were it there.
    fn covers(&self, row: &FindingRow, other: Option<&Self>, shared: bool) -> bool {
        if self.sampled || self.failed_at(row) {
            return false;
        }
        let read = self.read.get(&row.resource);
        if read.is_some_and(|sources| !shared || sources.contains(&row.source)) {
            return true;
        }
        // What is not there cannot be read: then the listing tells. A file that names no source of ours is of a copy.
        let of_targets = self.targets.contains(&row.source) || (!shared && other.is_none());
        let alike = other.is_some_and(|other| other.globs == self.globs);
        self.ended && of_targets && (alike || self.is_whole())
    }

    /// Whether no glob narrowed it.
    fn is_whole(&self) -> bool {
        self.globs.iter().all(Vec::is_empty)
    }

    fn failed_at(&self, row: &FindingRow) -> bool {
        self.failed.iter().any(|name| {
            let rest = row.resource.strip_prefix(name.as_str());
            let within = |rest: &str| rest.is_empty() || rest.starts_with(['/', '.']);
            *name == row.source || rest.is_some_and(within)
        })
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
        let (gone, removed): (Vec<_>, Vec<_>) = self.removed.into_iter().partition(is_label);
        self.removed = removed;
        let mut come: Vec<Option<FindingRow>> = self.added.into_iter().map(Some).collect();
        let pairs = pairs(&gone, &come, with_source);
        for (before, at) in gone.into_iter().zip(pairs) {
            match at.and_then(|at| come[at].take()) {
                Some(after) => self.changed.push(Change { before, after }),
                None => self.removed.push(before),
            }
        }
        self.added = come.into_iter().flatten().collect();
        self
    }

    /// Tells what is gone or new from what one side did not look at.
    fn parted(mut self, before: &Side, after: &Side, shared: bool) -> Self {
        let covered = |row: &FindingRow| after.covers(row, before, shared);
        (self.removed, self.not_scanned) = self.removed.into_iter().partition(covered);
        let covered = |row: &FindingRow| before.covers(row, after, shared);
        (self.added, self.not_scanned_before) = self.added.into_iter().partition(covered);
        self
    }
}

fn is_label(row: &FindingRow) -> bool {
    row.kind == FindingKind::Column
}

/// For each label that is gone the position of one that came to the same column, each once.
fn pairs(
    gone: &[FindingRow],
    come: &[Option<FindingRow>],
    with_source: bool,
) -> Vec<Option<usize>> {
    let mut by_place: HashMap<_, VecDeque<usize>> = HashMap::new();
    for (at, row) in come.iter().enumerate() {
        if let Some(row) = row.as_ref().filter(|row| is_label(row)) {
            let here = by_place.entry(place(row, with_source)).or_default();
            here.push_back(at);
        }
    }
    let of = |row| by_place.get_mut(&place(row, with_source))?.pop_front();
    gone.iter().map(of).collect()
}

/// Compares two sets of findings; the baseline check of `scan --baseline` is this over the file's findings.
pub fn difference(before: &[FindingRow], after: &[FindingRow]) -> Difference {
    let shared = !sources(before).is_disjoint(&sources(after));
    compared(before, after, shared, true)
}

/// Compares without a look at what was covered; `counts`: a number of cells that moved is a change.
fn compared<'a>(
    before: &'a [FindingRow],
    after: &'a [FindingRow],
    shared: bool,
    counts: bool,
) -> Difference {
    let key = |row: &'a FindingRow| key(row, shared);
    let earlier: HashMap<_, &FindingRow> = before.iter().map(|row| (key(row), row)).collect();
    let later: HashSet<_> = after.iter().map(key).collect();
    let gone = before.iter().filter(|row| !later.contains(&key(row)));
    let mut difference = Difference {
        removed: gone.cloned().collect(),
        ..Difference::default()
    };
    for row in after {
        match earlier.get(&key(row)) {
            None => difference.added.push(row.clone()),
            Some(before) if moved(before, row, counts) => {
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

fn sources(rows: &[FindingRow]) -> HashSet<&str> {
    rows.iter().map(|row| row.source.as_str()).collect()
}

type Place<'a> = (&'a str, &'a str, &'a str);

fn place(row: &FindingRow, with_source: bool) -> Place<'_> {
    let source = if with_source { &row.source } else { "" };
    (source, &row.resource, &row.column)
}

fn key(row: &FindingRow, with_source: bool) -> (Place<'_>, &str, FindingKind) {
    (place(row, with_source), row.identifier.as_str(), row.kind)
}

fn moved(before: &FindingRow, after: &FindingRow, counts: bool) -> bool {
    (before.confidence - after.confidence).abs() >= MOVED
        || counts && before.matched != after.matched
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
        filled: number("filled"),
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
        decided: value.get("decision").and_then(decided),
    })
}

fn decided(value: &Value) -> Option<Decided> {
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    let confirmed = value.get("confirmed")?.as_bool()?;
    Some(Decided {
        decision: if confirmed {
            Decision::Confirmed
        } else {
            Decision::Rejected
        },
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
