//! How a delimited file is laid out: delimiter, quote, line end, header, names.
//!
//! All of it is guessed from the head of the file once, when a scan is planned, and travels in the splits: a piece
//! from the middle of a file has no header to look at.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::careful::tokenise;
use super::header;
use super::views::{PADDING, Row, Tokens, Views};

/// The bytes that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marks {
    /// Between fields; `None` for plain text.
    pub(crate) delimiter: Option<u8>,
    /// Around fields that hold marks.
    pub(crate) quote: Option<u8>,
    /// Ends a record; a carriage return before it belongs to it.
    pub(crate) newline: u8,
}

/// How a delimited file is laid out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    pub(crate) marks: Marks,
    /// Records before the first one of data: the header, if there is one, and what stands before it.
    pub(crate) skip: u64,
    /// How many of those stand above the header, which is the last of them: titles and remarks, which may name persons and
    /// are read as records of their few fields.
    pub(crate) preamble: u64,
    /// Names of the columns, unique and none empty.
    pub(crate) names: Vec<String>,
    /// Whether it is a sheet: empty cells at the end of a row are not stored there, and cells may stand anywhere.
    pub(crate) sheet: bool,
}

/// What Hive sets between fields unless it is told otherwise; within them stand the two bytes that follow it.
const HIVE: u8 = 1;

/// More records than this do not stand before a header.
const PREAMBLE: usize = 10;

/// So many records are looked at.
const RECORDS: usize = 500;

/// So many columns are read. A column costs the same however few cells it has; there are wider matrices of measured
/// values, but no wider tables about persons.
pub(crate) const MOST_COLUMNS: usize = 20_000;

/// Fields behind those of the header that are read: in a table, commas that should have been quoted make them.
pub(crate) const MOST_SURPLUS: u32 = 64;

impl Layout {
    /// How many records have no data: the header, and a note to spreadsheets.
    pub(crate) fn dropped(&self) -> u64 {
        self.skip.saturating_sub(self.preamble)
    }

    /// How many columns the header has.
    pub(crate) fn width(&self) -> u32 {
        self.names.len() as u32
    }

    /// Whether there may be more columns than are read.
    pub(crate) fn is_too_wide(&self) -> bool {
        self.names.len() >= MOST_COLUMNS
    }

    /// The name of a column, which may stand behind the last one of the header.
    pub(crate) fn name(&self, column: u32) -> String {
        if let Some(name) = self.names.get(column as usize) {
            return name.clone();
        }
        let mut name = format!("column_{}", column + 1);
        while self.names.contains(&name) {
            name.push('_');
        }
        name
    }

    /// The column of that name; one behind the header's need not be there.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        let known = self.names.iter().position(|other| other == name);
        let surplus = || {
            let mut beyond = self.width()..self.width() + MOST_SURPLUS;
            let is_read = self.marks.delimiter.is_some() && !self.is_too_wide();
            let may_be = is_read && name.starts_with("column_");
            beyond.find(|column| may_be && self.name(*column) == name)
        };
        known.map(|column| column as u32).or_else(surplus)
    }

    /// Plain text: one column, one record a line.
    pub(crate) fn text(head: &str) -> Self {
        let marks = Marks {
            delimiter: None,
            quote: None,
            newline: newline(head),
        };
        Self {
            marks,
            skip: 0,
            preamble: 0,
            names: vec!["text".to_owned()],
            sheet: false,
        }
    }

    /// Guesses the layout of a file from its decoded head; `whole` says that the head is all of it. `name` is the
    /// file's name without the ending of a compression.
    pub(crate) fn detect(head: &str, whole: bool, name: &str) -> Self {
        let (said, head) = announced(head);
        let delimiter = said.or_else(|| best(head, whole, name).map(|choice| choice.delimiter));
        let newline = newline(head);
        let mut marks = Marks {
            delimiter,
            quote: Some(b'"'),
            newline,
        };
        if prefers_apostrophes(head, whole, marks) {
            marks.quote = Some(b'\'');
        }
        let layout = Self::marked(head, whole, marks);
        Self {
            skip: layout.skip + u64::from(said.is_some()),
            ..layout
        }
    }

    /// The same where it is known whether the first record names the columns. What a header was found below, as titles and
    /// remarks, stays above it.
    pub(crate) fn said(self, head: &str, whole: bool, has_header: bool) -> Self {
        let is_prose = self.marks.delimiter.is_none() && self.marks.quote.is_none();
        if is_prose || self.sheet {
            return self;
        }
        let (said, head) = announced(head);
        let note = u64::from(said.is_some());
        let found = self.skip > self.preamble + note;
        if found == has_header {
            return self;
        }
        let records = records(head, whole, self.marks);
        let first = records.first().filter(|_| has_header);
        let width = usual(&records).0.max(records.first().map_or(0, Vec::len));
        Self {
            skip: note + u64::from(first.is_some()),
            preamble: 0,
            names: names(first.map_or(&[], Vec::as_slice), width.min(MOST_COLUMNS)),
            ..self
        }
    }

    /// The layout of a table that was written as text: its marks are known.
    pub(crate) fn of_table(head: &str, whole: bool) -> Self {
        let marks = Marks {
            delimiter: Some(b','),
            quote: Some(b'"'),
            newline: b'\n',
        };
        Self {
            sheet: true,
            ..Self::marked(head, whole, marks)
        }
    }

    /// Finds the header where the marks are known.
    fn marked(head: &str, whole: bool, marks: Marks) -> Self {
        let records = records(head, whole, marks);
        let before = preamble(&records);
        let records = &records[before..];
        let width = usual(records).0.max(records.first().map_or(0, Vec::len));
        // A header may be a little narrower than its rows, but one word above a wide table is a remark or a stump.
        let fits = records.first().is_some_and(|first| first.len() * 2 > width);
        let has_header = fits && header::is_header(records);
        let width = width.min(MOST_COLUMNS);
        let names = if has_header {
            names(&records[0], width)
        } else {
            names(&[], width)
        };
        Self {
            marks,
            skip: before as u64 + u64::from(has_header),
            preamble: before as u64,
            names,
            sheet: false,
        }
    }
}

/// How many records stand before a header: titles and remarks of few fields above a table of more.
fn preamble(records: &[Vec<String>]) -> usize {
    let width = usual(records).0;
    let few = |record: &&Vec<String>| {
        let said = record.iter().filter(|field| !field.trim().is_empty());
        said.count() * 2 <= width.max(2)
    };
    let before = records.iter().take_while(few).count();
    let table = &records[before..];
    let found = (1..=PREAMBLE).contains(&before)
        && width > 1
        // Its last columns may be empty but for their names.
        && table.first().is_some_and(|first| first.len() >= width)
        && header::is_header(table);
    if found { before } else { 0 }
}

/// Whether text without a telling name is delimited: nearly every record has as many fields as the others.
pub(crate) fn is_delimited(head: &str, whole: bool, name: &str) -> bool {
    if announced(head).0.is_some() {
        return true;
    }
    let prose = [".txt", ".log", ".md", ".text", ".out"]
        .iter()
        .any(|ending| name.ends_with(ending));
    // Some tables and many commas in it do not make a table of a page of text.
    let is_page = [".md", ".markdown", ".rst", ".adoc"]
        .iter()
        .any(|ending| name.ends_with(ending));
    let least = if is_page { 1.0 } else { 0.9 };
    best(head, whole, name).is_some_and(|choice| {
        let enough = if prose && choice.delimiter == b',' {
            3
        } else {
            2
        };
        choice.width >= enough
            && choice.share >= least
            && (choice.records >= 3 || choice.width >= 3)
            && (!prose || is_tight(head, choice.delimiter) || is_table(head, whole, &choice))
    })
}

/// Whether text that is full of control characters is a table that these divide.
pub(crate) fn is_divided_by_controls(head: &str) -> bool {
    let others = |letter: char| {
        letter.is_control() && !matches!(letter, '\u{1}'..='\u{3}' | '\t' | '\n' | '\r')
    };
    let marks = Marks {
        delimiter: Some(HIVE),
        quote: None,
        newline: newline(head),
    };
    let (width, share) = usual(&records(head, false, marks));
    width > 1 && share >= 0.9 && !head.contains(others)
}

/// Whether most delimiters stand close to what follows, as nobody writes in prose; tabs and bars do anyway.
fn is_tight(head: &str, delimiter: u8) -> bool {
    if !matches!(delimiter, b',' | b';') {
        return true;
    }
    let after = head.split(char::from(delimiter)).skip(1);
    let (mut tight, mut all) = (0, 0);
    for field in after {
        all += 1;
        tight += usize::from(!field.starts_with(|c: char| c.is_whitespace()));
    }
    tight * 2 > all
}

/// Whether sentences could not be it: a header of short names stands above several records.
fn is_table(head: &str, whole: bool, choice: &Choice) -> bool {
    let marks = Marks {
        delimiter: Some(choice.delimiter),
        quote: Some(b'"'),
        newline: newline(head),
    };
    let records = records(head, whole, marks);
    let short = |name: &String| (1..=3).contains(&name.split_whitespace().count());
    records.len() >= 3 && records[0].iter().all(short) && header::is_header(&records)
}

struct Choice {
    delimiter: u8,
    width: usize,
    share: f64,
    records: usize,
}

/// The delimiter under which records are most alike and widest.
fn best(head: &str, whole: bool, name: &str) -> Option<Choice> {
    let likely = match name.rsplit('.').next() {
        Some("tsv" | "tab") => Some(b'\t'),
        Some("psv") => Some(b'|'),
        _ => None,
    };
    let mut found: Option<(f64, Choice)> = None;
    let is_there = |delimiter: &u8| head.contains(char::from(*delimiter));
    for delimiter in [b',', b';', b'\t', b'|', HIVE].into_iter().filter(is_there) {
        let marks = Marks {
            delimiter: Some(delimiter),
            quote: Some(b'"'),
            newline: newline(head),
        };
        let records = records(head, whole, marks);
        let (width, share) = usual(&records);
        if width < 2 {
            continue;
        }
        let mut score = share * share * (width as f64 + 1.0).ln();
        if records.first().is_some_and(|first| first.len() == width) {
            score *= 1.2;
        }
        if likely == Some(delimiter) {
            score *= 2.0;
        }
        if found.as_ref().is_none_or(|(best, _)| score > *best) {
            found = Some((
                score,
                Choice {
                    delimiter,
                    width,
                    share,
                    records: records.len(),
                },
            ));
        }
    }
    found.map(|(_, choice)| choice)
}

/// The commonest number of fields, and the share of records that have it.
fn usual(records: &[Vec<String>]) -> (usize, f64) {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for record in records {
        *counts.entry(record.len()).or_default() += 1;
    }
    // Among equally common ones the widest, so that the answer does not depend on the map's order.
    let (width, count) = counts
        .into_iter()
        .max_by_key(|(width, count)| (*count, *width))
        .unwrap_or((0, 0));
    (width, count as f64 / records.len().max(1) as f64)
}

/// Spreadsheets write `sep=;` as a first line.
fn announced(head: &str) -> (Option<u8>, &str) {
    let said = head.strip_prefix("sep=").and_then(|rest| {
        let (line, rest) = rest.split_once('\n')?;
        let [delimiter] = *line.trim_end_matches('\r').as_bytes() else {
            return None;
        };
        Some((Some(delimiter), rest))
    });
    said.unwrap_or((None, head))
}

fn newline(head: &str) -> u8 {
    if !head.contains('\n') && head.contains('\r') {
        b'\r'
    } else {
        b'\n'
    }
}

/// The first complete records.
fn records(head: &str, whole: bool, marks: Marks) -> Vec<Vec<String>> {
    fields(head, whole, marks, marks.quote)
}

/// The fields of the first complete records, with `quote` taken off them.
fn fields(head: &str, whole: bool, marks: Marks, quote: Option<u8>) -> Vec<Vec<String>> {
    let mut block = head.as_bytes().to_vec();
    let length = block.len();
    let mut tokens = Tokens::default();
    // An unclosed quote at the end of a head may close later; what comes before it is enough, unless it is all.
    tokenise(&block, marks, whole, &mut tokens);
    if tokens.records.is_empty() || (whole && tokens.consumed() < length) {
        tokens.end_at(length);
    }
    block.resize(length + PADDING, 0);
    let mut rows = Vec::new();
    let mut first = 0;
    for &end in tokens.records.iter().take(RECORDS) {
        rows.push(Row {
            first,
            count: end - first,
        });
        first = end;
    }
    let mut views = Views::new(&mut block, &tokens.fields, &rows, quote);
    let rows = rows
        .iter()
        .filter(|row| !views.is_blank(**row))
        .copied()
        .collect::<Vec<_>>();
    rows.iter()
        .map(|row| {
            (0..row.count)
                .map(|column| views.text(*row, column))
                .collect()
        })
        .collect()
}

/// Whether fields are quoted with apostrophes: many are, and none with quotation marks.
fn prefers_apostrophes(head: &str, whole: bool, marks: Marks) -> bool {
    if !head.contains('\'') {
        return false;
    }
    let quoted = |quote: char| {
        let fields = fields(
            head,
            whole,
            Marks {
                quote: Some(quote as u8),
                ..marks
            },
            None,
        );
        let is_quoted =
            |field: &&String| field.len() > 1 && field.starts_with(quote) && field.ends_with(quote);
        let filled = fields
            .iter()
            .flatten()
            .filter(|field| !field.is_empty())
            .count();
        (fields.iter().flatten().filter(is_quoted).count(), filled)
    };
    let (apostrophes, filled) = quoted('\'');
    apostrophes > 0 && apostrophes * 5 >= filled && quoted('"').0 == 0
}

/// Names of the columns: those of the header, made unique; `column_3` where it has none.
fn names(header: &[String], width: usize) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let given: HashSet<&str> = header.iter().map(|name| name.trim()).collect();
    // The number to try next for a name: thousands of columns may have the same.
    let mut next: HashMap<String, usize> = HashMap::new();
    (0..width)
        .map(|column| {
            let name = header.get(column).map_or("", |name| name.trim());
            let wanted = if name.is_empty() {
                format!("column_{}", column + 1)
            } else {
                name.to_owned()
            };
            let mut free = wanted.clone();
            while taken.contains(&free) || (free != name && given.contains(free.as_str())) {
                let number = next.entry(wanted.clone()).or_insert(2);
                free = format!("{wanted}_{number}");
                *number += 1;
            }
            taken.insert(free.clone());
            free
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, delimiter: Option<char>, names: &[&str], skip: u64) {
        let layout = Layout::detect(text, true, "a.csv");
        assert_eq!(layout.marks.delimiter.map(char::from), delimiter, "{text}");
        assert_eq!(layout.names, names, "{text}");
        assert_eq!(layout.skip, skip, "{text}");
    }

    #[test]
    fn what_is_said_of_a_header_counts_more_than_how_it_looks() {
        let said = |text: &str, has_header: bool| {
            let layout = Layout::detect(text, true, "a.csv");
            let said = layout.said(text, true, has_header);
            (said.names.join(" "), said.skip, said.preamble)
        };
        let named = "id,name\n1,Ada\n2,Bob\n";
        assert_eq!(said(named, true), ("id name".to_owned(), 1, 0));
        assert_eq!(said(named, false), ("column_1 column_2".to_owned(), 0, 0));
        let bare = "1,Ada\n2,Bob\n";
        assert_eq!(said(bare, false), ("column_1 column_2".to_owned(), 0, 0));
        assert_eq!(said(bare, true), ("1 Ada".to_owned(), 1, 0));
        let noted = "sep=;\n1;Ada\n2;Bob\n";
        assert_eq!(said(noted, true), ("1 Ada".to_owned(), 2, 0));
        assert_eq!(
            said("mail\na@example.org\n", false),
            ("column_1".to_owned(), 0, 0)
        );
        assert_eq!(said("1,Ada", true), ("1 Ada".to_owned(), 1, 0));
    }

    #[test]
    fn each_delimiter_is_found() {
        check("id,name\n1,Ada\n2,Bob\n", Some(','), &["id", "name"], 1);
        check(
            "id;price\r\n1;2,50\r\n2;3,75\r\n",
            Some(';'),
            &["id", "price"],
            1,
        );
        check(
            "id\tname\n1\tLovelace, Ada\n",
            Some('\t'),
            &["id", "name"],
            1,
        );
        check("id|name\n1|Ada; B\n", Some('|'), &["id", "name"], 1);
        check("email\nada@example.org\n", None, &["email"], 1);
        check("sep=;\nid;name\n1;Ada\n", Some(';'), &["id", "name"], 2);
    }

    #[test]
    fn names_are_unique_and_never_empty() {
        check(
            "id,,name,name,column_2,\n1,2,3,4,5,6\n",
            Some(','),
            &["id", "column_2_2", "name", "name_2", "column_2", "column_6"],
            1,
        );
    }

    #[test]
    fn rows_that_are_longer_than_the_header_get_names_too() {
        check(
            "id,name\n1,Ada,\n2,Bob,\n",
            Some(','),
            &["id", "name", "column_3"],
            1,
        );
    }

    #[test]
    fn titles_above_a_header_are_no_header() {
        let names = ["id", "name", "email"];
        check(
            "Customers 2024\n\nid,name,email\n1,Ada,a@example.org\n2,Bob,b@example.org\n",
            Some(','),
            &names,
            2,
        );
        check(
            "# a remark,,\nid,name,email\n1,Ada,a@example.org\n",
            Some(','),
            &names,
            2,
        );
        let layout = Layout::detect("Ada\n1,Bob\n2,Eve\n3,Joe\n", true, "a.csv");
        assert_eq!(layout.skip, 0, "without a header nothing is left out");
    }

    #[test]
    fn columns_that_are_empty_but_for_their_names_do_not_hide_a_header() {
        let title = "People of the third quarter\n";
        let names = ["Nr", "Name", "Religion", "Geburtstag", "Unterschrift"];
        let header = names.join(",");
        for rows in [
            "1,Ada,rk,1815-12-10\n2,Bob,ev,1987-06-10\n3,Eve,,1990-01-02\n",
            "1,Ada,rk\n2,Bob,ev\n3,Eve,ev\n",
            ",Ada,rk,1815-12-10,x\n,Bob,ev,1987-06-10,y\n",
            ",Ada,rk,1815-12-10\n,Bob,ev,1987-06-10\n",
        ] {
            for title in [title, "", "People of the third quarter\n\n"] {
                let layout = Layout::of_table(&format!("{title}{header}\n{rows}"), true);
                assert_eq!(layout.names, names, "{title}{rows}");
                assert_eq!(layout.preamble, u64::from(!title.is_empty()), "{rows}");
            }
        }
    }

    #[test]
    fn the_marks_of_hive_divide_a_table() {
        let text = "1\u{1}Ada\u{1}a@example.org\n2\u{1}Bob\u{1}b@example.org\n";
        assert!(is_divided_by_controls(text) && is_delimited(text, true, "000000_0"));
        let layout = Layout::detect(text, true, "000000_0");
        assert_eq!((layout.marks.delimiter, layout.width()), (Some(1), 3));
        for other in ["\u{1}\u{2}\u{7}\n\u{1}\u{4}", "a\n\u{1}\u{1}b\n", "abc"] {
            assert!(!is_divided_by_controls(other), "{other:?}");
        }
    }

    #[test]
    fn a_page_of_text_is_a_table_if_all_of_it_is() {
        let table =
            "| name | mail |\n|---|---|\n| Ada | a@example.org |\n| Bob | b@example.org |\n";
        assert!(is_delimited(table, true, "a.md"));
        let rows = "| Ada | a@example.org |\n".repeat(50);
        let page = format!("# People\n\n{table}{rows}\nThat is all.\n");
        assert!(!is_delimited(&page, true, "a.md"));
    }

    #[test]
    fn apostrophes_may_quote() {
        let layout = Layout::detect(
            "id,name\n1,'Lovelace, Ada'\n2,'Bob, B'\n3,'C, C'\n",
            true,
            "a.csv",
        );
        assert_eq!(layout.marks.quote, Some(b'\''));
        let layout = Layout::detect("id,name\n1,O'Hara\n2,'tis\n", true, "a.csv");
        assert_eq!(layout.marks.quote, Some(b'"'));
    }

    #[test]
    fn prose_is_not_delimited() {
        assert!(!is_delimited(
            "Dear Ada,\nthank you, and Bob, for the letter.\nYours\n",
            true,
            "a.txt"
        ));
        for prose in [
            "We met in spring, in Rome, and talked.\n",
            "On Monday, Ada called, as agreed.\nOn Tuesday, Bob wrote, as always.\nOn Friday, Eve came, at last.\n",
            "first; then, at last; nothing.\nagain; and again; nothing.\n",
        ] {
            assert!(!is_delimited(prose, true, "a.txt"), "{prose}");
        }
        assert!(is_delimited("1;Ada;x\n2;Bob;y\n", true, "a.txt"));
        let spaced = "id, name, city\n1, Ada, Rome\n2, Bob, Bonn\n3, Eve, Linz\n";
        assert!(is_delimited(spaced, true, "a.txt"));
        assert!(is_delimited("Lovelace,Ada,1815-12-10\n", true, "a.txt"));
    }
}
