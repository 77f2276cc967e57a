//! Dictionaries: which there are, and how own ones are made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use locard_identify::{Dictionary, KeyedDictionary, Library, Overlap};
use locard_sketch::forms;
use locard_store::{ColumnRecord, Page};

use crate::catalog::Catalog;
use crate::input::blocking;
use crate::{Error, ErrorKind, Home, Result, read_text, record, why, words};

/// A dictionary in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DictionaryRow {
    /// Its name, `world/first_names`.
    pub name: String,
    /// Its terms.
    pub terms: u64,
    /// Where they come from.
    pub source: String,
    /// Under which licence.
    pub licence: String,
    /// Whether it comes from the user's folder.
    pub own: bool,
}

/// A scanned column that shares values with a dictionary.
#[derive(Clone, Debug, PartialEq)]
pub struct OverlapRow {
    /// The source as people see it.
    pub source: String,
    /// The resource, masked.
    pub resource: String,
    /// The column, masked where it is a key that a rule matches.
    pub column: String,
    /// Distinct values of the column.
    pub distinct: u64,
    /// Of them, terms of the dictionary.
    pub shared: u64,
    /// Share of the column's distinct values that are terms.
    pub share: f64,
    /// Share of the dictionary's terms that are in the column.
    pub of_terms: f64,
}

/// The columns of the catalog of whose distinct values at least that share are terms of a dictionary, the most first.
/// Asks the stored sketches, which hold keyed hashes; no source is read.
pub async fn overlaps(home: &Home, name: &str, least: f64) -> Result<Vec<OverlapRow>> {
    let lists = home.engine.library().dictionaries();
    let Some(list) = lists.iter().find(|list| list.name() == name) else {
        let meant = words::did_you_mean(name, lists.iter().map(Dictionary::name));
        let hint = meant.unwrap_or_else(|| "`locard dictionaries list` shows them".to_owned());
        return Err(Error::not_found(format!("there is no dictionary {name}")).hint(hint));
    };
    let keyed = Arc::new(list.keyed(home.engine.keyer()));
    let mut catalog = Catalog::open(home).await?;
    let mut rows = Vec::new();
    let mut page = Page::first(COLUMNS);
    loop {
        let found = home.store.catalog(home.org, None, page).await?;
        let (keyed, records) = (Arc::clone(&keyed), found.items);
        let overlaps = home.engine.pool();
        let overlaps = overlaps.run(move |_| compared(&keyed, records, least));
        let overlaps = overlaps.await.map_err(locard_engine::Error::ledger)??;
        for (record, overlap) in overlaps {
            rows.push(overlap_row(home, &mut catalog, &record, overlap).await?);
        }
        let Some(after) = found.next else { break };
        page.after = Some(after);
    }
    let place = |row: &OverlapRow| (row.source.clone(), row.resource.clone(), row.column.clone());
    rows.sort_by(|a, b| {
        b.share
            .total_cmp(&a.share)
            .then_with(|| place(a).cmp(&place(b)))
    });
    Ok(rows)
}

/// The columns that share enough with a dictionary; decoding them all takes its time.
fn compared(
    keyed: &KeyedDictionary,
    records: Vec<ColumnRecord>,
    least: f64,
) -> Result<Vec<(ColumnRecord, Overlap)>> {
    let mut overlaps = Vec::new();
    for record in records {
        let sketch = record::sketch(&record)?;
        let overlap = if sketch.keeps_every_value() {
            keyed.overlap(sketch.values())
        } else {
            keyed.overlap_estimate(&sketch.distinct())
        };
        // A filter may say yes wrongly, so a value or two are nothing.
        if overlap.shared >= 1.0 && overlap.containment() >= least {
            overlaps.push((record, overlap));
        }
    }
    Ok(overlaps)
}

/// Columns that are held in memory at once.
const COLUMNS: u32 = 100;

async fn overlap_row(
    home: &Home,
    catalog: &mut Catalog<'_>,
    record: &ColumnRecord,
    overlap: Overlap,
) -> Result<OverlapRow> {
    let column = home.store.column(home.org, record.column).await?;
    Ok(OverlapRow {
        source: catalog.source_name(record.source),
        resource: catalog.resource(record.entity).await?,
        column: home.engine.mask().segment(&column.path),
        distinct: overlap.column.round() as u64,
        shared: overlap.shared.round() as u64,
        share: overlap.containment(),
        of_terms: (overlap.shared / overlap.dictionary.max(1.0)).min(1.0),
    })
}

/// Every dictionary in use, by name.
pub fn dictionaries(home: &Home) -> Vec<DictionaryRow> {
    home.engine
        .library()
        .dictionaries()
        .iter()
        .map(|list| row(list, &home.own))
        .collect()
}

fn row(list: &Dictionary, own: &Path) -> DictionaryRow {
    DictionaryRow {
        name: list.name().to_owned(),
        terms: list.terms() as u64,
        source: list.source().to_owned(),
        licence: list.licence().to_owned(),
        own: file(own, list.name()).is_file(),
    }
}

fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join("terms").join(format!("{name}.txt"))
}

/// Makes a sorted, unique term list from a text file (one term a line) or one column of a CSV file, and writes it to
/// `terms/<name>.txt` under `out`. Answers the file.
pub fn build_dictionary(
    input: &Path,
    column: Option<&str>,
    name: &str,
    out: &Path,
) -> Result<PathBuf> {
    checked(name)?;
    let terms = match column {
        Some(column) => column_terms(input, column)?,
        None => read_text(input)?.lines().map(str::to_owned).collect(),
    };
    let terms = terms.iter().map(|term| term.trim());
    let sorted = sorted(terms.filter(|term| !term.is_empty() && !term.starts_with('#')));
    if sorted.is_empty() {
        return Err(Error::usage(format!("{} has no terms", input.display())));
    }
    let mut text = format!(
        "# source: {}\n# licence: own\n",
        input.file_name().unwrap_or_default().to_string_lossy()
    );
    for term in &sorted {
        text.push_str(term);
        text.push('\n');
    }
    let to = file(out, name);
    write(&to, &text)?;
    Ok(to)
}

/// `theme/name`, so that the file lands below `terms/` and nowhere else.
fn checked(name: &str) -> Result<()> {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    let parts: Vec<&str> = name.split('/').collect();
    if parts.len() == 2 && parts.iter().all(|part| plain(part)) {
        return Ok(());
    }
    Err(Error::usage(format!("`{name}` is no name of a dictionary"))
        .hint("a name reads theme/name, for instance own/branches"))
}

fn column_terms(input: &Path, column: &str) -> Result<Vec<String>> {
    let unreadable = |error: csv::Error| {
        Error::usage(format!("{} cannot be read as CSV", input.display())).cause(error)
    };
    let mut known = Vec::new();
    // The delimiter is the one under which the header has the column.
    for delimiter in DELIMITERS {
        let opened = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_path(input);
        let mut reader = opened.map_err(unreadable)?;
        let headers = reader.headers().map_err(unreadable)?;
        if let Some(at) = headers.iter().position(|header| header == column) {
            let cell = |record: csv::StringRecord| record.get(at).unwrap_or_default().to_owned();
            let records = reader.records();
            return records
                .map(|record| record.map(cell).map_err(unreadable))
                .collect();
        }
        if headers.len() > known.len() {
            known = headers.iter().map(str::to_owned).collect();
        }
    }
    Err(
        Error::not_found(format!("{} has no column {column}", input.display()))
            .hint(format!("it has {}", known.join(", "))),
    )
}

/// What may stand between the columns of a list.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

fn write(to: &Path, text: &str) -> Result<()> {
    let written = to
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(to, text));
    written.map_err(|error| unwritable(to, &error))
}

fn unwritable(to: &Path, error: &std::io::Error) -> Error {
    let sentence = format!("{} cannot be written: {}", to.display(), why(error));
    Error::usage(sentence)
}

/// Puts a file into the place of another at once: whoever is interrupted leaves one or the other.
fn replace(to: &Path, text: &str) -> Result<()> {
    // No list ends so, and a name of its own keeps two imports apart.
    let new = to.with_extension(format!("new{}", std::process::id()));
    let replaced = write(&new, text)
        .and_then(|()| std::fs::rename(&new, to).map_err(|error| unwritable(to, &error)));
    if replaced.is_err() {
        // What is left of it does no harm.
        let _ = std::fs::remove_file(&new);
    }
    replaced
}

/// A list of terms to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DictionaryDraft {
    /// Its name, `theme/name`.
    pub name: String,
    /// Its terms, in any order.
    pub terms: Vec<String>,
    /// Where they come from.
    pub source: String,
    /// Under which licence.
    pub licence: String,
}

/// Letters of the longest term.
const LONGEST: usize = 200;

impl DictionaryDraft {
    /// What of it makes no sense, by the name of the field; never a term.
    pub fn wrong(&self) -> Option<(&'static str, &'static str)> {
        let is_line = |text: &str| {
            let is_short = text.chars().count() <= LONGEST;
            is_short && !text.trim().is_empty() && !text.chars().any(words::is_unprintable)
        };
        if checked(&self.name).is_err() {
            return Some(("name", "a name like own/branches is wanted"));
        }
        if !is_line(&self.source) {
            return Some(("source", "a line of at most 200 letters is wanted"));
        }
        if !is_line(&self.licence) {
            return Some(("licence", "a line of at most 200 letters is wanted"));
        }
        let is_term = |term: &String| is_line(term) && !term.trim_start().starts_with('#');
        if self.terms.is_empty() || !self.terms.iter().all(is_term) {
            let wanted = "terms of at most 200 letters are wanted, none of which begins with #";
            return Some(("terms", wanted));
        }
        None
    }

    /// As a file.
    fn text(&self) -> String {
        let (source, licence) = (self.source.trim(), self.licence.trim());
        let mut text = format!("# source: {source}\n# licence: {licence}\n");
        for term in sorted(self.terms.iter().map(String::as_str)) {
            text.push_str(&term);
            text.push('\n');
        }
        text
    }
}

/// Writes a list of terms into the home, where every later scan uses it; one of that name is replaced.
pub fn import_terms(home: &Home, draft: &DictionaryDraft) -> Result<DictionaryRow> {
    if let Some((field, wanted)) = draft.wrong() {
        return Err(Error::usage(format!("{field}: {wanted}")));
    }
    import_text(home, &draft.name, &draft.text())
}

/// The file of a list of the user's own, its name and terms; of those that the program carries it has hashes alone.
pub async fn dictionary_text(home: &Home, name: &str) -> Result<String> {
    let lists = dictionaries(home);
    let is_own = checked(name).is_ok() && file(&home.own, name).is_file();
    if is_own {
        let file = file(&home.own, name);
        return blocking(move || read_text(&file)).await;
    }
    if lists.iter().any(|list| list.name == name) {
        let sentence = "the program carries hashes of its own lists and not their terms";
        return Err(Error::new(ErrorKind::Conflict, sentence)
            .hint("the lists stand in the folder dictionaries/ of its source"));
    }
    Err(Error::not_found("there is no such dictionary"))
}

/// Terms as they stand in a file, each once.
fn sorted<'a>(terms: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut sorted = BTreeMap::new();
    for term in terms.map(str::trim) {
        sorted
            .entry(forms::folded(term).into_owned())
            .or_insert_with(|| term.to_owned());
    }
    // By their bytes, as the check of a list wants them; those of the folded terms may stand in another order.
    sorted.into_values().collect()
}

/// Copies a term list into the home, where every later scan uses it. Answers how it is listed. A list is named after
/// its folder and file: `own/branches.txt` becomes `own/branches`. One that cannot be used changes nothing.
pub fn import_dictionary(home: &Home, from: &Path) -> Result<DictionaryRow> {
    let part =
        |name: Option<&std::ffi::OsStr>| name.map(|name| name.to_string_lossy().into_owned());
    let theme = part(from.parent().and_then(Path::file_name)).unwrap_or_else(|| "own".to_owned());
    let name = format!("{theme}/{}", part(from.file_stem()).unwrap_or_default());
    checked(&name)?;
    import_text(home, &name, &read_text(from)?)
}

fn import_text(home: &Home, name: &str, text: &str) -> Result<DictionaryRow> {
    if let Some(problem) = locard_identify::check_list(name, text).first() {
        let sentence = format!("the list cannot be used: {}", problem.sentence);
        return Err(Error::usage(sentence));
    }
    let library = Library::with_list(&home.own, name, text)?;
    let list = library
        .dictionaries()
        .iter()
        .find(|list| list.name() == name);
    let Some(list) = list else {
        return Err(Error::usage(
            "the list cannot be used: it is not known to the rules",
        ));
    };
    replace(&file(&home.own, name), text)?;
    Ok(row(list, &home.own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_sorted_and_each_term_stands_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let input = folder.path().join("in.csv");
        std::fs::write(&input, "id,town\n1,Ulm\n2,bern\n3,ULM\n4,\n")
            .expect("the input is written");
        let built = build_dictionary(&input, Some("town"), "own/towns", folder.path())
            .expect("the list is built");
        let text = std::fs::read_to_string(built).expect("the list is there");
        assert_eq!(text.lines().skip(2).collect::<Vec<_>>(), ["Ulm", "bern"]);
        std::fs::write(&input, "id;town\n1;Ulm, Donau\n").expect("the input is written");
        let built = build_dictionary(&input, Some("town"), "own/towns", folder.path())
            .expect("a list with semicolons is built");
        let text = std::fs::read_to_string(built).expect("the list is there");
        assert_eq!(text.lines().skip(2).collect::<Vec<_>>(), ["Ulm, Donau"]);
        assert!(build_dictionary(&input, Some("nowhere"), "own/towns", folder.path()).is_err());
        assert!(build_dictionary(&input, None, "../towns", folder.path()).is_err());
    }
}
