//! What each connector honours, as a table for people: one row for each fixture of the suite.
//!
//! The table stands in `connectors/README.md`. Every run of a connector's suite works out its own row and holds it against
//! the one that stands there, so the table is right whichever connectors were tested. `./x connectors-table` writes it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use locard_connector::{Exactness, Form, Honoured, Sample, ScanRequest};

use super::reading::{Seeded, in_splits};
use super::requests::{FILTERS, MATCHING, Question};
use crate::Table;

/// Set to 1, rows are written into the table and not held against it.
const WRITE: &str = "LOCARD_TEST_WRITE_TABLE";

/// What stands before the table, and behind it.
const MARKS: (&str, &str) = (
    "<!-- honoured: `./x connectors-table` writes this table from what the behaviour suite sees -->\n",
    "<!-- /honoured -->",
);

/// What the columns are called, behind the name.
const COLUMNS: [&str; 14] = [
    "columns", "raw", "folded", "digits", "tokens", "words", "filter", "first n", "share",
    "number", "divided", "state", "keys", "usage",
];

/// What one fixture was seen to honour.
#[derive(Debug)]
pub(super) struct Row {
    name: String,
    cells: [&'static str; COLUMNS.len()],
}

impl Row {
    /// Asks a source over that table for plans. Other cases see to it that what they promise is kept.
    pub(super) async fn of(seeded: &Seeded, table: &Table, name: String) -> Self {
        let ask = Asking { seeded, table };
        let form = async |form| ask.least(MATCHING, Some(form), |all| all.matching).await;
        let (path, kind) = seeded.place.path(&table.name);
        let described = seeded.source.describe(&path, kind).await;
        let described = described.expect("the description succeeds");
        let divided = in_splits(seeded.request(table), 7);
        let splits = ask.plan(&divided).await.splits;
        let cells = [
            word(ask.columns().await),
            word(form(Form::Raw).await),
            word(form(Form::Folded).await),
            word(form(Form::Digits).await),
            word(form(Form::Tokens).await),
            word(form(Form::Contains).await),
            word(ask.least(FILTERS, None, |all| all.filter).await),
            word(ask.sample(Sample::First(7)).await),
            word(ask.sample(Sample::Percent(20.0, 7)).await),
            word(ask.sample(Sample::Rows(50, 7)).await),
            yes(splits.len() > 1),
            yes(splits.iter().all(|split| split.version.is_some())),
            yes(!described.primary_key.is_empty()),
            yes(seeded.source.usage().is_some()),
        ];
        Self { name, cells }
    }

    /// As it stands in the table, without the line's end.
    fn line(&self) -> String {
        format!("{}{} |", self.start(), self.cells.join(" | "))
    }

    /// What its line begins with.
    fn start(&self) -> String {
        format!("| `{}` | ", self.name)
    }
}

fn word(answer: Exactness) -> &'static str {
    match answer {
        Exactness::No => "–",
        Exactness::Superset => "superset",
        Exactness::Exact => "exact",
    }
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "–" }
}

/// A source that is asked for plans of one table.
struct Asking<'a> {
    seeded: &'a Seeded,
    table: &'a Table,
}

impl Asking<'_> {
    async fn plan(&self, request: &ScanRequest) -> locard_connector::ScanPlan {
        let plan = self.seeded.source.plan(request).await;
        plan.expect("the plan succeeds")
    }

    /// The least of the answers to some questions, those of one form where one is named.
    async fn least(
        &self,
        questions: &[Question],
        form: Option<Form>,
        promise: fn(&Honoured) -> Exactness,
    ) -> Exactness {
        let mut least = Exactness::Exact;
        for question in questions {
            let mut request = self.seeded.request(self.table);
            (question.ask)(&mut request);
            let asks = |form| request.matching.iter().any(|one| one.form == form);
            if form.is_none_or(asks) {
                least = least.min(promise(&self.plan(&request).await.honoured));
            }
        }
        least
    }

    async fn sample(&self, sample: Sample) -> Exactness {
        let mut request = self.seeded.request(self.table);
        request.sample = sample;
        self.plan(&request).await.honoured.sample
    }

    /// Whether a column that is asked for comes alone.
    async fn columns(&self) -> Exactness {
        let mut request = self.seeded.request(self.table);
        request.columns = Some(vec!["city".to_owned()]);
        let answer = self.seeded.scan(&request).await;
        let mut rows = answer.rows.values();
        if rows.all(|cells| cells.keys().eq(["city"])) {
            Exactness::Exact
        } else {
            Exactness::Superset
        }
    }
}

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors/README.md")
}

/// Holds a row against the table, or writes it into the table where that is wanted. An error says what differs.
pub(super) fn compare(row: &Row) -> Result<(), String> {
    /// Fixtures of one process write one after the other.
    static WRITING: Mutex<()> = Mutex::new(());
    let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let file = readme();
    let text = std::fs::read_to_string(&file).expect("connectors/README.md can be read");
    let told = told(&text, row);
    if told == Some(row.line().as_str()) {
        return Ok(());
    }
    if std::env::var(WRITE).is_ok_and(|value| value == "1") {
        let text = with(&text, row).ok_or("the table's marks are missing")?;
        return std::fs::write(&file, text).map_err(|error| error.to_string());
    }
    let told = told.unwrap_or("nothing");
    Err(format!(
        "connectors/README.md tells\n{told}\nand what was seen is\n{}\n`./x connectors-table` writes what was seen",
        row.line()
    ))
}

/// What the table tells of a row's fixture.
fn told<'a>(text: &'a str, row: &Row) -> Option<&'a str> {
    let (_, rest) = text.split_once(MARKS.0)?;
    let (table, _) = rest.split_once(MARKS.1)?;
    let start = row.start();
    table.lines().find(|line| line.starts_with(&start))
}

/// The text with the row in its table, in the order of names.
fn with(text: &str, row: &Row) -> Option<String> {
    let (before, rest) = text.split_once(MARKS.0)?;
    let (table, after) = rest.split_once(MARKS.1)?;
    let start = row.start();
    let kept = table.lines().filter(|line| line.starts_with("| `"));
    let mut lines: Vec<String> = kept
        .filter(|line| !line.starts_with(&start))
        .map(str::to_owned)
        .collect();
    lines.push(row.line());
    lines.sort();
    let mut text = format!("{before}{}", MARKS.0);
    let rule = vec!["---"; COLUMNS.len() + 1].join(" | ");
    let written = writeln!(text, "| | {} |\n| {rule} |", COLUMNS.join(" | "));
    written.ok()?;
    for line in lines {
        text += &(line + "\n");
    }
    Some(text + MARKS.1 + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, cell: &'static str) -> Row {
        Row {
            name: name.to_owned(),
            cells: [cell; COLUMNS.len()],
        }
    }

    #[test]
    fn a_row_takes_its_place_in_the_table_and_nothing_else_changes() {
        let empty = format!("before\n{}{}\nbehind | `a` |\n", MARKS.0, MARKS.1);
        let (b, a) = (row("b", "exact"), row("a", "–"));
        assert_eq!(told(&empty, &b), None);
        let both = with(&with(&empty, &b).unwrap(), &a).unwrap();
        assert_eq!(told(&both, &b), Some(b.line().as_str()));
        assert!(both.find(&a.line()) < both.find(&b.line()), "{both}");
        let again = with(&both, &row("b", "superset")).unwrap();
        assert_eq!(again, both.replace("exact", "superset"));
        assert!(again.starts_with("before\n") && again.ends_with("\nbehind | `a` |\n"));
        assert_eq!(with("no marks", &a), None);
    }
}
