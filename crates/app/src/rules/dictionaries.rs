//! Dictionaries: which there are, and how own ones are made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use locard_identify::{Dictionary, KeyedDictionary, Overlap};
use locard_sketch::forms;
use locard_store::{ColumnRecord, OwnKind, OwnRule, Page};

use crate::catalog::Catalog;
use crate::home::ruled::{LISTS_OFF, RULES_OFF};
use crate::input::blocking;
use crate::rules::draft::RuleDraft;
use crate::rules::own;
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
    /// Whether it is no part of the program.
    pub own: bool,
    /// Whether it is used.
    pub enabled: bool,
    /// Ids of the rules that refer to it.
    pub rules: Vec<String>,
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
    let library = home.engine.library();
    let lists = library.dictionaries();
    let mut all = lists.iter().chain(library.dictionaries_off());
    let Some(list) = all.find(|list| list.name() == name) else {
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

/// Every dictionary, by name: those in use, and those that are switched off.
pub fn dictionaries(home: &Home) -> Vec<DictionaryRow> {
    let library = home.engine.library();
    let used = library.dictionaries().iter();
    let mut rows: Vec<DictionaryRow> = used.map(|list| row(home, list, true)).collect();
    let off = library.dictionaries_off().iter();
    rows.extend(off.map(|list| row(home, list, false)));
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}

fn row(home: &Home, list: &Dictionary, enabled: bool) -> DictionaryRow {
    let library = home.engine.library();
    let refers = |rule: &&locard_identify::Rule| {
        let mut lists = rule.terms.iter();
        lists.any(|terms| terms.list == list.name() || terms.beside.as_deref() == Some(list.name()))
    };
    let rules = library.rules().iter().chain(library.off()).filter(refers);
    DictionaryRow {
        name: list.name().to_owned(),
        terms: list.terms() as u64,
        source: list.source().to_owned(),
        licence: list.licence().to_owned(),
        own: home.rules.overlay.lists.contains_key(list.name())
            || own::file(home, "terms", list.name(), "txt").is_some(),
        enabled,
        rules: rules.map(|rule| rule.id.clone()).collect(),
    }
}

/// The dictionary of that name, or of the id that stands in paths for it.
pub fn dictionary(home: &Home, text: &str) -> Result<DictionaryRow> {
    let mut rows = dictionaries(home).into_iter();
    let found = rows.find(|row| row.name == text || row.name.replace('/', ".") == text);
    found.ok_or_else(|| {
        let names = home
            .engine
            .library()
            .dictionaries()
            .iter()
            .map(Dictionary::name);
        let meant = words::did_you_mean(text, names);
        let hint = meant.unwrap_or_else(|| "`locard dictionaries list` shows them".to_owned());
        Error::not_found("there is no such dictionary").hint(hint)
    })
}

/// Of each of these values whether it is a term of a dictionary. The values are kept nowhere.
pub fn test_dictionary(home: &Home, name: &str, values: &[String]) -> Result<Vec<bool>> {
    let name = dictionary(home, name)?.name;
    let library = home.engine.library();
    let mut lists = library
        .dictionaries()
        .iter()
        .chain(library.dictionaries_off());
    let list = lists.find(|list| list.name() == name);
    Ok(values
        .iter()
        .map(|value| list.is_some_and(|list| list.holds(value)))
        .collect())
}

/// Switches a dictionary off or on again, and with it the rules that know nothing else. Whatever begins from then on judges so.
pub async fn switch_dictionary(home: &Home, name: &str, on: bool) -> Result<DictionaryRow> {
    let home = home.renewed().await;
    let name = dictionary(&home, name)?.name;
    own::switch(&home, LISTS_OFF, &name, on).await?;
    dictionary(&home.current(), &name)
}

/// Forgets an own dictionary, and the rule that was made with it.
pub async fn remove_dictionary(home: &Home, name: &str) -> Result<DictionaryRow> {
    let home = home.renewed().await;
    let row = dictionary(&home, name)?;
    let overlay = &home.rules.overlay;
    if !overlay.lists.contains_key(&row.name) {
        let (sentence, hint) = if row.own {
            (
                "the dictionary is a file of yours",
                "remove it from your folder of dictionaries",
            )
        } else {
            (
                "the dictionary is a part of the program",
                "switch it off instead",
            )
        };
        return Err(Error::new(ErrorKind::Conflict, sentence).hint(hint));
    }
    own::switch(&home, LISTS_OFF, &row.name, true).await?;
    let mut parts = vec![(OwnKind::List, row.name.clone())];
    if overlay.rules.contains_key(&row.name) {
        own::switch(&home, RULES_OFF, &row.name.replace('/', "."), true).await?;
        parts.push((OwnKind::Rule, row.name.clone()));
    }
    own::forget(&home.current(), &parts).await?;
    Ok(row)
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

/// A list of terms to make.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DictionaryDraft {
    /// Its name, `theme/name`.
    pub name: String,
    /// Its terms, in any order.
    pub terms: Vec<String>,
    /// Where they come from.
    pub source: String,
    /// Under which licence.
    pub licence: String,
    /// What its terms are values of, where a rule is to recognise them; id and list are the dictionary's.
    pub rule: Option<RuleDraft>,
}

/// Letters of the longest term.
const LONGEST: usize = 200;

impl DictionaryDraft {
    /// The list that a text is: a term on each line, in any order, and lines that say where they come from if there are any.
    pub fn of_text(name: impl Into<String>, text: &str) -> Self {
        let said = |what: &str| {
            let mut lines = text.lines().filter_map(|line| line.strip_prefix(what));
            lines.next().map_or("own", str::trim).to_owned()
        };
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        let terms = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self {
            name: name.into(),
            terms: terms.map(str::to_owned).collect(),
            source: said("# source:"),
            licence: said("# licence:"),
            rule: None,
        }
    }

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

/// Keeps a list of terms in the store, sealed, where everything that begins later uses it; an own one of that name is
/// replaced.
pub async fn import_terms(home: &Home, draft: &DictionaryDraft) -> Result<DictionaryRow> {
    if let Some((field, wanted)) = draft.wrong() {
        return Err(Error::usage(format!("{field}: {wanted}")));
    }
    import_text(home, &draft.name, draft.text(), draft.rule.clone()).await
}

/// The file of a list of one's own, its name and terms; of those that the program carries it has hashes alone.
pub async fn dictionary_text(home: &Home, name: &str) -> Result<String> {
    let home = home.renewed().await;
    let row = dictionary(&home, name)?;
    if let Some(text) = home.rules.overlay.lists.get(&row.name) {
        return Ok(text.clone());
    }
    if let Some(file) = own::file(&home, "terms", &row.name, "txt") {
        return blocking(move || read_text(&file)).await;
    }
    let sentence = "the program carries hashes of its own lists and not their terms";
    Err(Error::new(ErrorKind::Conflict, sentence)
        .hint("the lists stand in the folder dictionaries/ of its source"))
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

/// Takes the file of a term list over, as [`import_terms`] does; `rule` says what its terms are values of. A list is named
/// after its folder and file: `own/branches.txt` becomes `own/branches`. One that cannot be used changes nothing.
pub async fn import_dictionary(
    home: &Home,
    from: &Path,
    rule: Option<RuleDraft>,
) -> Result<DictionaryRow> {
    let part =
        |name: Option<&std::ffi::OsStr>| name.map(|name| name.to_string_lossy().into_owned());
    let theme = part(from.parent().and_then(Path::file_name)).unwrap_or_else(|| "own".to_owned());
    let name = format!("{theme}/{}", part(from.file_stem()).unwrap_or_default());
    import_text(home, &name, read_text(from)?, rule).await
}

async fn import_text(
    home: &Home,
    name: &str,
    text: String,
    rule: Option<RuleDraft>,
) -> Result<DictionaryRow> {
    checked(name)?;
    if let Some(problem) = locard_identify::check_list(name, &text).first() {
        let sentence = format!("the list cannot be used: {}", problem.sentence);
        return Err(Error::usage(sentence));
    }
    let home = home.renewed().await;
    let mut parts = vec![OwnRule {
        kind: OwnKind::List,
        name: name.to_owned(),
        text,
    }];
    if let Some(rule) = rule {
        let rule = RuleDraft {
            id: name.replace('/', "."),
            list: Some(name.to_owned()),
            ..rule
        };
        parts.push(OwnRule {
            kind: OwnKind::Rule,
            name: name.to_owned(),
            text: rule.text()?,
        });
    }
    own::keep(&home, parts).await?;
    dictionary(&home.current(), name)
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
