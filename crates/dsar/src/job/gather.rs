//! Takes what is collected of one job, section by section, and keeps it sealed until it is packed.
//!
//! A section is two streams: its rows, and what is known of it once all of them came. Both are there whole or not at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, BufRead, BufReader, BufWriter, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use locard_bundle::Kind;
use locard_model::{EntityId, Identifier, RelationId, Spelling, Strength};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::columns::{kind_with, time_column};
use super::times::{Period, times_of};
use super::{Collected, Scope, SectionInfo};
use crate::collect::Links;
use crate::keep::{Sealed, Shelf};
use crate::sections::{
    Reached, ReviewReason, Section, SectionEnd, SectionRow, Sections, Standing, spelled,
};

/// Names of fields that a section may have; more are put together into one field.
const FIELDS: usize = 2_000;

/// The field of those.
const OTHERS: &str = "otherFields";

/// How far the work on a job is, for whoever tells it.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) rows: AtomicU64,
    pub(super) sections: AtomicU64,
    pub(super) bytes: AtomicU64,
}

/// What is known of a section once its rows came.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) info: SectionInfo,
    /// Its fields in the order in which tables show them.
    pub(super) fields: Vec<FieldMeta>,
    /// The relations over which it was reached; none: its rows name the person.
    pub(super) over: Vec<String>,
    /// The same relations by id.
    #[serde(default)]
    pub(super) path: Vec<RelationId>,
    /// Identifiers that agreed in any row.
    pub(super) agreed: BTreeSet<Identifier>,
    /// By which spellings, other than those that were given.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) spellings: BTreeSet<Spelling>,
    /// Columns in which something of the person agreed in any row that is certainly about them.
    #[serde(default)]
    pub(super) own: BTreeSet<String>,
    /// The column by which the window was applied.
    pub(super) time: Option<String>,
    /// Rows that it holds.
    pub(super) rows: u64,
}

/// A field of a section.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct FieldMeta {
    pub(super) name: String,
    /// What it holds as a whole.
    pub(super) identifiers: Vec<Identifier>,
    /// What was found only inside of its texts, or in a few of its cells: such a column is nobody's as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) inside: Vec<Identifier>,
    /// Of its values, as far as any has one.
    pub(super) kind: Option<Kind>,
    /// Whether any row has it.
    pub(super) seen: bool,
}

impl FieldMeta {
    /// All that was found in it.
    pub(super) fn found(&self) -> impl Iterator<Item = &Identifier> {
        self.identifiers.iter().chain(&self.inside)
    }
}

/// A row as it is kept.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct KeptRow {
    /// Which row it is, for people.
    pub(super) at: String,
    pub(super) review: Option<ReviewReason>,
    /// Columns in which something of the person agreed.
    pub(super) agreed: Vec<String>,
    /// Of these columns those in which the person is spelled otherwise than they were given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) spelled: BTreeMap<String, Spelling>,
    pub(super) strength: Option<Strength>,
    /// Whether it is outside of the window.
    pub(super) outside: bool,
    /// Whether it tells when it was, where a window was asked for.
    #[serde(default)]
    pub(super) timed: bool,
    /// What joins it to others; what earlier versions kept does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) links: Option<Links>,
    /// Of a row that nobody asked for, whether it names the person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_direct: bool,
    pub(super) values: Map<String, Value>,
    /// How many values of each column were taken out when it was collected.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) cut: BTreeMap<String, u64>,
}

/// Takes what is collected.
pub(super) struct Gather {
    shelf: Shelf,
    /// Only sections of these entities.
    entities: Option<BTreeSet<EntityId>>,
    window: Period,
    counters: Arc<Counters>,
    open: Option<Open>,
    /// The sections that were taken.
    pub(super) sections: Vec<SectionInfo>,
    /// Entities to which the window could not be applied.
    pub(super) timeless: BTreeSet<String>,
    /// Rows whose time cannot be read, by entity and column of times.
    pub(super) untimed: BTreeMap<(String, String), u64>,
    /// Sections that nobody asked for: of their rows it is kept to what they lead, and nothing else.
    pub(super) between: usize,
}

struct Open {
    rows: BufWriter<Sealed>,
    is_wanted: bool,
    meta: Meta,
    positions: HashMap<String, usize>,
}

impl Gather {
    pub(super) fn new(
        shelf: Shelf,
        scope: &Scope,
        entities: Option<BTreeSet<EntityId>>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            shelf,
            entities,
            window: Period::new(scope.window_start, scope.window_end),
            counters,
            open: None,
            sections: Vec::new(),
            timeless: BTreeSet::new(),
            untimed: BTreeMap::new(),
            between: 0,
        }
    }

    /// Behind the sections that were taken before.
    pub(super) fn behind(mut self, collected: &Collected) -> Self {
        self.sections.clone_from(&collected.sections);
        self.between = collected.between;
        self
    }

    /// Whether a row is outside of the window; `None` where it does not tell when it was.
    fn is_outside(&self, meta: &Meta, values: &Map<String, Value>) -> Option<bool> {
        let value = values.get(meta.time.as_ref()?)?;
        let times = times_of(value);
        let is_outside = |at: &Timestamp| !self.window.holds(*at);
        let first = times.first().map(is_outside)?;
        // What may be read in two ways tells only what it tells in both.
        times
            .iter()
            .all(|at| is_outside(at) == first)
            .then_some(first)
    }
}

impl Gather {
    /// A section of what the catalog itself knows, to which neither scope nor window apply.
    pub(super) fn begin_of_catalog(&mut self, section: &Section) -> io::Result<()> {
        self.open(section, None, true)
    }

    fn open(&mut self, section: &Section, time: Option<String>, is_wanted: bool) -> io::Result<()> {
        let number = self.sections.len() + 1;
        let name = if is_wanted {
            rows_name(number)
        } else {
            between_name(self.between + 1)
        };
        self.open = Some(Open {
            rows: BufWriter::new(self.shelf.create(&name)?),
            is_wanted,
            meta: meta(section, number, time),
            positions: HashMap::new(),
        });
        if let Some(open) = &mut self.open {
            for (at, field) in open.meta.fields.iter().enumerate() {
                open.positions.insert(field.name.clone(), at);
            }
        }
        Ok(())
    }
}

impl Sections for Gather {
    fn begin(&mut self, section: &Section) -> io::Result<()> {
        let is_wanted = |entities: &BTreeSet<EntityId>| entities.contains(&section.entity);
        let is_wanted = self.entities.as_ref().is_none_or(is_wanted);
        let has_window = !self.window.is_open();
        let time = time_column(&section.columns).filter(|_| has_window);
        if has_window && time.is_none() && is_wanted {
            self.timeless
                .insert(place(&section.resource, &section.source));
        }
        self.open(section, time, is_wanted)
    }

    fn row(&mut self, row: SectionRow) -> io::Result<()> {
        self.linked(row, None)
    }

    fn linked(&mut self, row: SectionRow, links: Option<Links>) -> io::Result<()> {
        let Some(mut open) = self.open.take() else {
            return Err(io::Error::other("a row came outside of any section"));
        };
        let mut row = self.taken(&mut open, row);
        row.links = links;
        if open.is_wanted {
            self.counters.rows.fetch_add(1, Ordering::Relaxed);
        } else {
            row = row.between(&open.meta);
        }
        serde_json::to_writer(&mut open.rows, &row)?;
        open.rows.write_all(b"\n")?;
        self.open = Some(open);
        Ok(())
    }

    fn end(&mut self, end: &SectionEnd) -> io::Result<()> {
        let Some(Open {
            rows,
            is_wanted,
            mut meta,
            ..
        }) = self.open.take()
        else {
            return Ok(());
        };
        let rows = rows.into_inner().map_err(io::IntoInnerError::into_error)?;
        rows.commit()?;
        if !is_wanted {
            self.between += 1;
            return Ok(());
        }
        meta.info.complete = end.complete;
        let info = &mut meta.info;
        (info.count, info.total_before_filter) = (info.included, meta.rows);
        info.undecided = info.review;
        // Columns that no row has are left out.
        meta.fields.retain(|field| field.seen);
        let mut place = self.shelf.create(&meta_name(meta.info.number))?;
        serde_json::to_writer(&mut place, &meta)?;
        place.commit()?;
        self.sections.push(meta.info);
        self.counters.sections.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Gather {
    fn taken(&mut self, open: &mut Open, row: SectionRow) -> KeptRow {
        let mut values = row.values;
        open.fields_of(&mut values);
        let outside = self.is_outside(&open.meta, &values);
        if let (None, Some(column), true) = (outside, &open.meta.time, open.is_wanted) {
            let info = &open.meta.info;
            let at = (place(&info.resource, &info.source), column.clone());
            *self.untimed.entry(at).or_default() += 1;
        }
        let (timed, outside) = (outside.is_some(), outside.unwrap_or_default());
        let review = match row.standing {
            Standing::Included => None,
            Standing::Review(reason) => Some(reason),
        };
        let info = &mut open.meta.info;
        let count = match (outside, review) {
            (true, _) => &mut info.outside,
            (false, None) => &mut info.included,
            (false, Some(_)) => &mut info.review,
        };
        *count += 1;
        open.meta.rows += 1;
        if review.is_none() {
            let agreed = row.agreed.iter().map(|it| it.column.clone());
            open.meta.own.extend(agreed);
        }
        let agreed = row.agreed.iter();
        open.meta
            .agreed
            .extend(agreed.flat_map(|it| it.identifiers.iter().cloned()));
        let spelled = spelled(&row.agreed);
        open.meta.spellings.extend(spelled.values());
        KeptRow {
            at: row.at.to_string(),
            review,
            agreed: row.agreed.into_iter().map(|it| it.column).collect(),
            spelled,
            strength: row.strength,
            outside,
            timed,
            links: None,
            is_direct: false,
            values,
            cut: row.cut,
        }
    }
}

impl KeptRow {
    /// What is kept of it where nobody asked for its section.
    fn between(self, meta: &Meta) -> Self {
        Self {
            review: self.review,
            strength: self.strength,
            outside: self.outside,
            timed: self.timed,
            links: self.links,
            is_direct: meta.over.is_empty(),
            ..Self::default()
        }
    }
}

impl Open {
    /// Takes note of a row's fields.
    fn fields_of(&mut self, values: &mut Map<String, Value>) {
        let unknown = |name: &String| !self.positions.contains_key(name);
        let new: Vec<String> = values
            .keys()
            .filter(|name| unknown(name))
            .cloned()
            .collect();
        for name in new {
            if self.meta.fields.len() < FIELDS {
                self.field(&name);
            } else if let Some(value) = values.shift_remove(&name) {
                self.field(OTHERS);
                let others = values
                    .entry(OTHERS)
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Some(others) = others.as_object_mut() {
                    others.insert(name, value);
                }
            }
        }
        for (name, value) in values.iter() {
            if let Some(field) = self
                .positions
                .get(name)
                .and_then(|at| self.meta.fields.get_mut(*at))
            {
                field.kind = kind_with(field.kind, value);
                field.seen = true;
            }
        }
    }

    fn field(&mut self, name: &str) {
        if !self.positions.contains_key(name) {
            self.positions
                .insert(name.to_owned(), self.meta.fields.len());
            self.meta.fields.push(FieldMeta {
                name: name.to_owned(),
                ..FieldMeta::default()
            });
        }
    }
}

fn meta(section: &Section, number: usize, time: Option<String>) -> Meta {
    let fields = section.columns.iter().take(FIELDS).map(|column| FieldMeta {
        name: column.path.clone(),
        identifiers: column.identifiers.clone(),
        inside: column.inside.clone(),
        ..FieldMeta::default()
    });
    let path = match &section.reached {
        Reached::Directly => &[][..],
        Reached::Over(path) => path,
    };
    Meta {
        info: SectionInfo {
            number,
            source: section.source.clone(),
            resource: section.resource.clone(),
            entity: Some(section.entity),
            ..SectionInfo::default()
        },
        fields: fields.collect(),
        over: path.iter().map(ToString::to_string).collect(),
        path: path.iter().map(|step| step.relation).collect(),
        time,
        ..Meta::default()
    }
}

/// Where something is, for people.
fn place(resource: &str, source: &str) -> String {
    format!("{resource} in {source}")
}

fn rows_name(number: usize) -> String {
    format!("sections/{number:04}.rows")
}

fn between_name(number: usize) -> String {
    format!("sections/between-{number:04}.rows")
}

fn meta_name(number: usize) -> String {
    format!("sections/{number:04}.meta")
}

/// What is known of a section that was kept.
pub(super) fn section(shelf: &Shelf, number: usize) -> io::Result<Meta> {
    let stream = shelf.open(&meta_name(number))?.ok_or_else(missing)?;
    Ok(serde_json::from_reader(BufReader::new(stream))?)
}

/// Its rows, in their order.
pub(super) fn rows(
    shelf: &Shelf,
    number: usize,
) -> io::Result<impl Iterator<Item = io::Result<KeptRow>> + use<>> {
    lines(shelf, &rows_name(number))
}

/// Rows of a section that nobody asked for, without what they hold.
pub(super) fn between(
    shelf: &Shelf,
    number: usize,
) -> io::Result<impl Iterator<Item = io::Result<KeptRow>> + use<>> {
    lines(shelf, &between_name(number))
}

fn lines(
    shelf: &Shelf,
    name: &str,
) -> io::Result<impl Iterator<Item = io::Result<KeptRow>> + use<>> {
    let stream = shelf.open(name)?.ok_or_else(missing)?;
    let lines = BufReader::new(stream).lines();
    Ok(lines.map(|line| Ok(serde_json::from_str(&line?)?)))
}

fn missing() -> io::Error {
    io::Error::other("a section that was collected is not in it any more")
}
