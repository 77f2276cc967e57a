//! Where a person's rows are, without what is in them: places that people work through, and that are looked at again when
//! they say that they are done.
//!
//! The rows are those that collecting finds, by the same walk. What a reader gets wrong: a later look does not walk again.
//! Whoever erases the row that names a person cuts the way to the rows that only carry its key, and these are still there.

mod again;
mod find;
mod leads;
mod spot;

use std::io;

use locard_app::{CancellationToken, Home, PathStep, Reporter, Result, RowAt};
use locard_model::{Identifier, Strength};
use serde_json::{Map, Value};

use crate::collect::{CollectOptions, Extract, collect};
use crate::sections::{
    Agreement, Reached, ReviewReason, Section, SectionEnd, SectionRow, Sections, Standing,
};

pub use again::{Again, look_again};
pub use find::{MOST_FOLLOWED, find};
pub use leads::{Lead, leads};
pub use spot::{Spot, SpotRow};

/// Rows of one person that are listed; of others it is told how many there are.
const MOST_ROWS: usize = 10_000;

/// Weak rows of one entity of which each is a location of its own, so that somebody can say of each whether it is the person.
const MOST_WEAK: usize = 500;

/// Rows of one entity that were reached in one way and point at the person alike. A row that is weak stands alone: the one
/// beside it may be somebody else's.
#[derive(Clone, Debug)]
pub struct Location {
    /// The source as people see it.
    pub source: String,
    /// Its resource, masked.
    pub resource: String,
    /// Columns in which the person was found, and those that carry the key.
    pub columns: Vec<String>,
    /// Which of the person's attributes agreed.
    pub identifiers: Vec<Identifier>,
    /// How firmly the rows point at the person. Rows that were reached from strong ones are strong.
    pub strength: Strength,
    /// Why a person must say whether they are the subject's, where one must.
    pub review: Option<ReviewReason>,
    /// Over which relations they were reached; none: they name the person.
    pub reached: Vec<PathStep>,
    /// How many there are.
    pub rows: u64,
    /// Which.
    pub spot: Spot,
}

/// Finds the locations of a person, reading the sources. The extract tells what was not searched.
///
/// # Errors
/// As of [`collect`].
pub async fn locations(
    home: &Home,
    options: &CollectOptions,
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<(Vec<Location>, Extract)> {
    let mut gathering = Gathering::new(MOST_ROWS, false);
    let extract = Box::pin(collect(home, options, &mut gathering, reporter, cancel)).await?;
    let sections = gathering.sections.into_iter();
    Ok((sections.flat_map(Gathered::locations).collect(), extract))
}

/// Keeps where rows are, and forgets what is in them.
struct Gathering {
    sections: Vec<Gathered>,
    /// More rows than these are only counted.
    room: usize,
    /// Whether rows that name the person are passed over.
    only_reached: bool,
}

impl Gathering {
    fn new(room: usize, only_reached: bool) -> Self {
        Self {
            sections: Vec::new(),
            room,
            only_reached,
        }
    }
}

/// A section, and where its rows are.
struct Gathered {
    section: Section,
    rows: Vec<Placed>,
    /// Rows that are only counted: those that are included, and those for review.
    more: (u64, u64),
}

/// Where a row is.
struct Placed {
    row: SpotRow,
    at: RowAt,
    standing: Standing,
    agreed: Vec<Agreement>,
    strength: Option<Strength>,
}

impl Sections for Gathering {
    fn begin(&mut self, section: &Section) -> io::Result<()> {
        self.sections.push(Gathered {
            section: section.clone(),
            rows: Vec::new(),
            more: (0, 0),
        });
        Ok(())
    }

    fn row(&mut self, row: SectionRow) -> io::Result<()> {
        let Some(open) = self.sections.last_mut() else {
            return Ok(());
        };
        if self.only_reached && open.section.reached == Reached::Directly {
            return Ok(());
        }
        if self.room == 0 {
            match row.standing {
                Standing::Included => open.more.0 += 1,
                Standing::Review(_) => open.more.1 += 1,
            }
            return Ok(());
        }
        self.room -= 1;
        let placed = open.placed(row);
        open.rows.push(placed);
        Ok(())
    }

    fn end(&mut self, _: &SectionEnd) -> io::Result<()> {
        Ok(())
    }
}

impl Gathered {
    fn placed(&self, row: SectionRow) -> Placed {
        let is_column = |name: &String| self.section.columns.iter().any(|it| it.path == *name);
        let is_keyed = !row.at.key.is_empty()
            && row.at.number.is_none()
            && row.at.line.is_none()
            && row.at.key.iter().all(|(name, _)| is_column(name));
        Placed {
            row: SpotRow {
                number: row.at.number,
                line: row.at.line,
                key: row.at.key.clone(),
                is_keyed,
                carries: carried(self.carrying(), &row.values),
                digest: spot::digest(&row.values),
            },
            at: row.at,
            standing: row.standing,
            agreed: row.agreed,
            strength: row.strength,
        }
    }

    fn path(&self) -> &[PathStep] {
        match &self.section.reached {
            Reached::Directly => &[],
            Reached::Over(path) => path,
        }
    }

    /// The columns that carry the key by which its rows were reached.
    fn carrying(&self) -> &[String] {
        self.path().last().map_or(&[], |step| &step.to.1)
    }

    /// Its rows as locations: those that are included together, and each for review alone, as far as these are few.
    fn locations(self) -> Vec<Location> {
        let Self {
            section,
            rows,
            more: (included, review),
        } = self;
        let (strong, weak): (Vec<Placed>, Vec<Placed>) = rows
            .into_iter()
            .partition(|row| row.standing == Standing::Included);
        let mut weak = weak.into_iter();
        let mut groups = vec![(strong, included)];
        groups.extend(weak.by_ref().take(MOST_WEAK).map(|row| (vec![row], 0)));
        groups.push((weak.collect(), review));
        let groups = groups.into_iter();
        let groups = groups.filter(|(rows, more)| !rows.is_empty() || *more > 0);
        groups
            .enumerate()
            .map(|(at, (rows, more))| location(&section, rows, (at == 0 && included > 0, more)))
            .collect()
    }
}

/// Rows of a section as one location.
fn location(section: &Section, rows: Vec<Placed>, (included, more): (bool, u64)) -> Location {
    let path = match &section.reached {
        Reached::Directly => Vec::new(),
        Reached::Over(path) => path.clone(),
    };
    let carrying: Vec<String> = path
        .last()
        .map(|step| step.to.1.clone())
        .unwrap_or_default();
    let (mut columns, mut identifiers) = (carrying.clone(), Vec::new());
    for agreement in rows.iter().flat_map(|row| &row.agreed) {
        if !columns.contains(&agreement.column) {
            columns.push(agreement.column.clone());
        }
        identifiers.extend(agreement.identifiers.iter().cloned());
    }
    identifiers.sort_unstable();
    identifiers.dedup();
    let review = match rows.first().map(|row| row.standing) {
        Some(Standing::Included) => None,
        Some(Standing::Review(reason)) => Some(reason),
        None => (!included).then_some(ReviewReason::Weak),
    };
    Location {
        source: section.source.clone(),
        resource: section.resource.clone(),
        columns,
        identifiers,
        strength: if review.is_none() {
            Strength::Strong
        } else {
            Strength::Weak
        },
        review,
        reached: path,
        rows: rows.len() as u64 + more,
        spot: Spot {
            entity: section.entity,
            carrying,
            rows: rows.into_iter().map(|row| row.row).collect(),
            more,
        },
    }
}

/// What a row holds in these columns, as text; nothing where one of them is inside a document.
fn carried(columns: &[String], values: &Map<String, Value>) -> Vec<String> {
    let texts = columns.iter().map(|column| match values.get(column)? {
        Value::String(text) => Some(text.trim_end().to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    });
    texts.collect::<Option<Vec<String>>>().unwrap_or_default()
}
