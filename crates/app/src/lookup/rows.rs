//! Where in an entity the values of one identifier are, read live.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use locard_connector::ScanRequest;
use locard_connector::document::{Paths, place};
use locard_engine::{Failure, LookUp, Mask, Row, Within, is_document};
use locard_identify::{How, Library, Trial};
use locard_model::{EntityId, FindingKind, Identifier};
use locard_store::{Column, Decision, Entity, Page};
use tokio_util::sync::CancellationToken;

use crate::catalog::{Catalog, column_named};
use crate::{Error, FindingRow, Home, Result, findings, record};

/// What is asked.
#[derive(Clone, Debug)]
pub struct RowsOptions {
    /// The entity: its id, its resource, or an unambiguous end of its resource.
    pub entity: String,
    /// The identifier.
    pub identifier: Identifier,
    /// Only this column.
    pub column: Option<String>,
    /// Stop after this many hits.
    pub limit: u64,
}

/// A row of an entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowAt {
    /// Number of the record, from 1, where the source has an order. A row without a key, a line or such a number, as that
    /// of a view, has the number with which it was read: it tells rows of one answer apart, and another reading may count
    /// otherwise.
    pub number: Option<u64>,
    /// Line on which it starts, from 1, in text formats.
    pub line: Option<u64>,
    /// Key columns and their values, in databases; those of columns with findings are masked.
    pub key: Vec<(String, String)>,
}

impl RowAt {
    /// What rows of one resource are sorted by: numbers in their keys are numbers, and so are those of a place in a table,
    /// `(0,12)`. Text comes behind.
    pub(crate) fn order(&self) -> impl Ord + use<> {
        let place = |value: &str| {
            let (page, item) = value
                .strip_prefix('(')?
                .strip_suffix(')')?
                .split_once(',')?;
            Some((page.parse::<i128>().ok()?, item.parse::<u64>().ok()?))
        };
        let key = self.key.iter().map(|(column, value)| {
            let number = value.parse::<i128>().map(|number| (number, 0));
            let number = number.ok().or_else(|| place(value));
            let number = number.map_or((1, (0, 0)), |number| (0, number));
            (column.clone(), number, value.clone())
        });
        (key.collect::<Vec<_>>(), self.line, self.number)
    }
}

impl fmt::Display for RowAt {
    /// `id=17`, `line 12` or `row 11`, whichever leads there best.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            let pairs: Vec<String> = self
                .key
                .iter()
                .map(|(column, value)| format!("{column}={value}"))
                .collect();
            return f.write_str(&pairs.join(", "));
        }
        match (self.line, self.number) {
            (Some(line), _) => write!(f, "line {line}"),
            (None, Some(number)) => write!(f, "row {number}"),
            (None, None) => f.write_str("-"),
        }
    }
}

/// One hit.
#[derive(Clone, Debug, PartialEq)]
pub struct RowHit {
    /// The row.
    pub row: RowAt,
    /// The column.
    pub column: String,
    /// Where in a document of the row it stands, masked, where the column does not tell: `users.u3.name`.
    pub path: Option<String>,
    /// Whether the whole cell is such a value or holds it inside.
    pub kind: FindingKind,
    /// Where in long text it is found, in characters from 1.
    pub at: Option<u64>,
    /// The value, masked; of long text its neighbourhood, with itself in brackets.
    pub masked: String,
}

/// The hits.
#[derive(Clone, Debug, Default)]
pub struct RowsReport {
    /// The source as people see it.
    pub source: String,
    /// The resource, masked.
    pub resource: String,
    /// In the order in which they were read.
    pub hits: Vec<RowHit>,
    /// Whether the limit ended the reading.
    pub truncated: bool,
    /// Records read.
    pub rows: u64,
    /// Records that could not be read.
    pub failures: Vec<Failure>,
}

/// Reads the columns of one entity that have findings of the identifier and tells where its values are.
pub async fn rows(
    home: &Home,
    options: &RowsOptions,
    cancel: &CancellationToken,
) -> Result<RowsReport> {
    let mut catalog = Catalog::open(home).await?;
    let entity = catalog.named(&options.entity).await?;
    let names = home.store.columns(home.org, entity.id).await?;
    let wanted = wanted(home, &mut catalog, &entity, options).await?;
    let request = ScanRequest {
        columns: Some(readable(&names, wanted.keys())),
        with_keys: true,
        ..ScanRequest::all(entity.path.clone(), entity.kind)
    };
    let paths = Paths::new(wanted.keys().cloned());
    let examiner = Examiner {
        library: Arc::clone(home.engine.library()),
        keys: Keys::load(home, &entity).await?,
        identifier: options.identifier.clone(),
        columns: wanted,
    };
    let look_up = LookUp {
        source: home.open_stored(entity.source).await?,
        request,
        columns: Arc::new(paths),
        examine: Arc::new(move |rows: &[Row<'_>]| {
            rows.iter().flat_map(|row| examiner.hits(row)).collect()
        }),
        limit: usize::try_from(options.limit).unwrap_or(usize::MAX),
    };
    let found = home.engine.look_up(look_up, cancel).await;
    if let Some(error) = found.error {
        return Err(error.into());
    }
    let (source, resource) = (
        catalog.source_name(entity.source),
        catalog.resource(entity.id).await?,
    );
    Ok(RowsReport {
        failures: Vec::from_iter(record::unreadable(found.faults, &source, &resource)),
        source,
        resource,
        hits: found.finds,
        truncated: found.truncated,
        rows: found.rows,
    })
}

/// What makes a cell of a column one that a finding counts.
#[derive(Debug, PartialEq, Eq)]
enum Counts {
    /// Only a person says so: every filled cell is such a value.
    Every,
    /// The column is such values; one derived from documents has them inside of its cells' documents.
    Whole { derived: bool },
    /// One of these rules finds something inside the cell.
    Inside { rules: Vec<String> },
    /// One of these patterns of these rules takes the whole cell; without patterns, any.
    Stray {
        rules: Vec<String>,
        patterns: Option<Vec<usize>>,
    },
}

/// The columns with findings of the identifier, and which of their cells those count.
async fn wanted(
    home: &Home,
    catalog: &mut Catalog<'_>,
    entity: &Entity,
    options: &RowsOptions,
) -> Result<BTreeMap<String, Vec<Counts>>> {
    let filter = locard_store::FindingFilter {
        entity: Some(entity.id),
        identifier: Some(options.identifier.clone()),
        ..Default::default()
    };
    let only = match &options.column {
        Some(column) => Some(column_named(home, entity.id, column).await?.id),
        None => None,
    };
    let of_column = |row: &FindingRow| only.is_none_or(|only| row.column_id == only);
    let found = findings::rows(home, catalog, &filter, of_column).await?;
    let names = home.store.columns(home.org, entity.id).await?;
    let mut columns: BTreeMap<String, Vec<Counts>> = BTreeMap::new();
    for row in &found {
        if let Some(column) = names.iter().find(|column| column.id == row.column_id) {
            let counts = counts(home, row, column, &names).await?;
            let of_column = columns.entry(column.path.clone()).or_default();
            of_column.push(counts);
        }
    }
    if columns.is_empty() {
        return Err(Error::not_found(format!(
            "the entity has no finding of {}",
            options.identifier
        ))
        .hint("`locard explain` shows what was found in it"));
    }
    Ok(columns)
}

/// Which cells a finding counts, as the last scan recorded it.
async fn counts(
    home: &Home,
    row: &FindingRow,
    column: &Column,
    names: &[Column],
) -> Result<Counts> {
    if row.is_only_confirmed() {
        return Ok(Counts::Every);
    }
    let derived = record::within(column, names).is_some();
    if row.kind == FindingKind::Column || (row.kind == FindingKind::Embedded && !derived) {
        return Ok(match row.kind {
            FindingKind::Embedded => Counts::Inside {
                rules: row.rules.clone(),
            },
            _ => Counts::Whole { derived },
        });
    }
    let record = home.store.column_record(home.org, column.id).await?;
    let (of, all, rows) = (column.clone(), names.to_vec(), row.rows);
    let decoding = home.engine.pool().run(move |_| {
        let record = record.as_ref();
        let seen = record.map(|record| record::scanned_column(&of, &all, rows, record.into()));
        seen.transpose()
    });
    let seen = decoding.await.map_err(locard_engine::Error::ledger)??;
    let library = home.engine.library();
    let seen = seen.as_ref().zip(row.rules.first());
    let rules = row.rules.clone();
    Ok(match row.kind {
        FindingKind::Stray => Counts::Stray {
            patterns: seen
                .and_then(|(seen, rule)| library.patterns_of(rule, &seen.evidence, row.matched)),
            rules,
        },
        _ if seen
            .is_some_and(|(seen, rule)| library.is_inside(rule, &seen.evidence, row.matched)) =>
        {
            Counts::Inside { rules }
        }
        _ => Counts::Whole { derived },
    })
}

/// The columns that a source must read to see these: derived ones are inside others.
pub(crate) fn readable<'a>(
    names: &[Column],
    wanted: impl IntoIterator<Item = &'a String>,
) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for path in wanted {
        let column = names.iter().find(|column| column.path == *path);
        let holder = column.and_then(|column| record::within(column, names));
        let name = holder.map_or(path, |holder| &holder.path);
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    columns
}

/// Looks for values of one identifier.
struct Examiner {
    library: Arc<Library>,
    keys: Keys,
    identifier: Identifier,
    /// By path.
    columns: BTreeMap<String, Vec<Counts>>,
}

impl Examiner {
    fn hits(&self, row: &Row<'_>) -> Vec<RowHit> {
        let cells = row.cells.iter().zip(&row.places);
        let cells = cells.filter_map(|((column, text), place)| {
            let kind = self.kind(self.columns.get(*column)?, text)?;
            let within = (kind == FindingKind::Embedded)
                .then(|| self.within(text))
                .flatten();
            Some(RowHit {
                row: self.keys.at(row),
                column: self.keys.mask.segment(column),
                path: place.map(|place| self.keys.path(place)),
                kind,
                at: within.as_ref().map(|within| within.at),
                masked: within.map_or_else(|| self.keys.mask.value(text), |within| within.shown),
            })
        });
        cells.collect()
    }

    /// Where in long text a value of the identifier is.
    fn within(&self, text: &str) -> Option<Within> {
        let is_own = |trial: &Trial| trial.holds() && trial.identifier == self.identifier;
        let mask = &self.keys.mask;
        mask.within(text, |part| self.library.test(part).iter().any(is_own))
    }

    /// How a cell holds the identifier, if one of the findings counts it.
    fn kind(&self, findings: &[Counts], text: &str) -> Option<FindingKind> {
        if text.trim().is_empty() {
            return None;
        }
        if findings.contains(&Counts::Every) {
            return Some(FindingKind::Column);
        }
        // A scan judges what stands in a document by itself, as columns of their own.
        if is_document(text) {
            return None;
        }
        let trials = self.library.test(text);
        findings
            .iter()
            .find_map(|counts| counts.kind(&self.identifier, &trials))
    }
}

impl Counts {
    fn kind(&self, identifier: &Identifier, trials: &[Trial]) -> Option<FindingKind> {
        let holding = || trials.iter().filter(|trial| trial.holds());
        let of_identifier = |inside: bool| {
            let mut own = holding().filter(|trial| trial.identifier == *identifier);
            own.any(|trial| (trial.how == How::Inside) == inside)
        };
        match self {
            Self::Every => Some(FindingKind::Column),
            Self::Whole { derived: false } if of_identifier(false) => Some(FindingKind::Column),
            Self::Whole { .. } => {
                (of_identifier(false) || of_identifier(true)).then_some(FindingKind::Embedded)
            }
            Self::Inside { rules } => holding()
                .any(|trial| trial.how == How::Inside && rules.contains(&trial.rule))
                .then_some(FindingKind::Embedded),
            Self::Stray { rules, patterns } => {
                let counted = |at: &usize| patterns.as_ref().is_none_or(|all| all.contains(at));
                let mut own = trials.iter().filter(|trial| rules.contains(&trial.rule));
                own.any(|trial| trial.patterns.iter().any(counted))
                    .then_some(FindingKind::Stray)
            }
        }
    }
}

/// The columns of an entity that a person says are personal.
async fn confirmed(home: &Home, entity: &Entity) -> Result<Vec<(String, bool)>> {
    let mut columns = Vec::new();
    let reviews = home
        .store
        .reviews_of(home.org, entity.id, Decision::Confirmed);
    for review in reviews.await? {
        let column = home.store.column(home.org, review.column).await?;
        columns.push((column.path, true));
    }
    Ok(columns)
}

/// Rows of an entity as they may be shown: values of keys are masked where their columns hold personal data.
pub async fn shown_rows(home: &Home, entity: EntityId, rows: &[RowAt]) -> Result<Vec<RowAt>> {
    let entity = home.store.entity(home.org, entity).await?;
    let keys = Keys::load(home, &entity).await?;
    Ok(rows.iter().map(|at| keys.masked(at)).collect())
}

/// What of a row's key may be shown.
///
/// The column decides and not the value: a plain number may pass for an identifier by accident, and a name that is a
/// key matches no pattern.
pub(crate) struct Keys {
    pub(crate) mask: Mask,
    /// Scanned columns by path, with whether they hold personal data.
    personal: HashMap<String, bool>,
}

impl Keys {
    pub(crate) async fn load(home: &Home, entity: &Entity) -> Result<Self> {
        let columns = home.store.columns(home.org, entity.id).await?;
        let mut personal: HashMap<String, bool> = columns
            .into_iter()
            .map(|column| (column.path, false))
            .collect();
        let filter = locard_store::FindingFilter {
            entity: Some(entity.id),
            ..Default::default()
        };
        let mut page = Page::first(Page::MAX);
        loop {
            let found = home.store.findings(home.org, &filter, page).await?;
            let standing = found
                .items
                .into_iter()
                .filter(|found| found.decision != Some(Decision::Rejected));
            personal.extend(standing.map(|found| (found.finding.column_name, true)));
            let Some(after) = found.next else { break };
            page.after = Some(after);
        }
        personal.extend(confirmed(home, entity).await?);
        Ok(Self {
            mask: home.engine.mask().clone(),
            personal,
        })
    }

    /// Where a row is, as it may be shown.
    pub(crate) fn at(&self, row: &Row<'_>) -> RowAt {
        let key = row.key.iter();
        // What has neither is counted, so that rows stay apart.
        let is_placed = row.line.is_some() || !row.key.is_empty();
        let counted = (!is_placed).then_some(row.ordinal);
        RowAt {
            number: row.number.or(counted),
            line: row.line,
            key: key
                .map(|(column, value)| (self.mask.segment(column), self.shown(column, value)))
                .collect(),
        }
    }

    /// A row whose key is plain, as it may be shown.
    fn masked(&self, at: &RowAt) -> RowAt {
        let key = at.key.iter();
        let key = key.map(|(column, value)| (self.mask.segment(column), self.shown(column, value)));
        RowAt {
            number: at.number,
            line: at.line,
            key: key.collect(),
        }
    }

    /// A place in a document, as it may be shown: keys may be values.
    pub(crate) fn path(&self, path: &str) -> String {
        place::shown(path, |key| self.mask.segment(key))
    }

    fn shown(&self, column: &str, value: &str) -> String {
        match self.personal.get(column) {
            Some(true) => self.mask.value(value),
            Some(false) => value.to_owned(),
            // Nobody judged the column yet, so there is only the value to go by.
            None if value.contains('/') => {
                let parts = value.split('/').map(|part| self.part(part));
                parts.collect::<Vec<_>>().join("/")
            }
            None => self.mask.cell(value),
        }
    }

    /// A part of the path of a file, as it may be shown: `year=2024` is a value of the column `year`.
    fn part(&self, part: &str) -> String {
        match part.split_once('=') {
            Some((column, value)) if self.personal.contains_key(column) => {
                format!("{column}={}", self.shown(column, value))
            }
            _ => self.mask.segment(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use locard_sketch::Keyer;

    use super::*;

    #[test]
    fn a_key_is_masked_by_what_its_column_holds() {
        let library = Library::builtin().expect("the rules of this build are sound");
        let personal = [("id", false), ("name", true)];
        let keys = Keys {
            mask: Mask::new(library, Arc::new(Keyer::new(&[7; 16]))),
            personal: HashMap::from(personal.map(|(column, is)| (column.to_owned(), is))),
        };
        assert_eq!(keys.shown("id", "4111111111111111"), "4111111111111111");
        assert_eq!(keys.shown("name", "Ada Muster"), "A** ******");
        assert_eq!(keys.shown("new", "ada@example.org"), "a**@*******.***");
        assert_eq!(keys.shown("new", "100000007"), "100000007");
        let file = "id=4111111111111111/name=Ada Muster/ada@example.org/part-0.csv";
        // The name of a folder is shown as everywhere, with what tells it from others.
        let folder = keys.mask.segment("ada@example.org");
        assert!(folder.starts_with("a**@*******.***~"), "{folder}");
        let shown = format!("id=4111111111111111/name=A** ******/{folder}/part-0.csv");
        assert_eq!(keys.shown("file", file), shown);
    }

    #[test]
    fn a_row_is_named_by_what_leads_there_best() {
        let check = |number, line, key: &[(&str, &str)], expected: &str| {
            let key = key
                .iter()
                .map(|(column, value)| ((*column).into(), (*value).into()))
                .collect();
            assert_eq!(RowAt { number, line, key }.to_string(), expected);
        };
        check(Some(3), Some(4), &[], "line 4");
        check(Some(3), None, &[], "row 3");
        check(None, None, &[("id", "7"), ("part", "b")], "id=7, part=b");
        check(None, None, &[], "-");
    }

    #[test]
    fn places_in_a_table_are_in_the_order_of_their_numbers() {
        let row = |ctid: &str| RowAt {
            number: None,
            line: None,
            key: vec![("ctid".into(), ctid.into())],
        };
        let mut rows: Vec<RowAt> = ["(0,10)", "b", "(10,1)", "(0,2)", "(2,1)", "a"]
            .map(row)
            .into();
        rows.sort_by_key(RowAt::order);
        let sorted: Vec<&str> = rows.iter().map(|row| row.key[0].1.as_str()).collect();
        assert_eq!(sorted, ["(0,2)", "(0,10)", "(2,1)", "(10,1)", "a", "b"]);
    }
}
