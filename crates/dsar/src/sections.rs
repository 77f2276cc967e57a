//! What collecting hands on, and to whom: sections one after the other, row by row.

use std::collections::BTreeMap;
use std::io;

pub use locard_app::PathStep;
use locard_app::RowAt;
use locard_model::{EntityId, EntityKind, Identifier, SourceId, Spelling, Strength};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::collect::Links;

/// Takes what is collected: a folder of files, or a package.
///
/// Calls come in order: `begin`, any number of `row`, `end`, and then the next section. A section begins with its first
/// row, so that none is empty. An error ends the collecting.
pub trait Sections: Send {
    /// A section begins.
    ///
    /// # Errors
    /// It cannot be written.
    fn begin(&mut self, section: &Section) -> io::Result<()>;

    /// A row of the section that began last.
    ///
    /// # Errors
    /// It cannot be written.
    fn row(&mut self, row: SectionRow) -> io::Result<()>;

    /// A row, and what joins it to others, as far as that was noted; whoever needs only rows takes those.
    ///
    /// # Errors
    /// It cannot be written.
    fn linked(&mut self, row: SectionRow, links: Option<Links>) -> io::Result<()> {
        let _ = links;
        self.row(row)
    }

    /// The section that began last is over.
    ///
    /// # Errors
    /// It cannot be written.
    fn end(&mut self, end: &SectionEnd) -> io::Result<()>;
}

/// Rows of one entity that were reached in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// The source as people see it.
    pub source: String,
    /// The source.
    pub source_id: SourceId,
    /// The entity.
    pub entity: EntityId,
    /// What it is.
    pub kind: EntityKind,
    /// Its resource, masked.
    pub resource: String,
    /// Records that it has in all, as last known.
    pub records: Option<u64>,
    /// Its columns as the catalog knows them.
    pub columns: Vec<SectionColumn>,
    /// How its rows were reached.
    pub reached: Reached,
}

/// A column of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionColumn {
    /// Its path.
    pub path: String,
    /// The source's type.
    pub data_type: String,
    /// The source's own comment.
    pub comment: Option<String>,
    /// What it was found to hold as a whole and was not rejected, each once.
    pub identifiers: Vec<Identifier>,
    /// What was found only inside of its texts, or in a few of its cells.
    pub inside: Vec<Identifier>,
}

/// How rows were reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// They name the person.
    Directly,
    /// They carry a key of rows that were reached before, over these relations one after the other.
    Over(Vec<PathStep>),
}

/// A row about the person. Its values are plain, so `Debug` hides them.
#[derive(Clone, PartialEq)]
pub struct SectionRow {
    /// Which row it is; key values are plain.
    pub at: RowAt,
    /// Whether it belongs into the answer.
    pub standing: Standing,
    /// What of the person agreed with it.
    pub agreed: Vec<Agreement>,
    /// How firmly it points at the person by itself; `None` where nothing in it agrees.
    pub strength: Option<Strength>,
    /// Its cells by column path, in the order of the source.
    pub values: Map<String, Value>,
    /// How many values of each column were taken out, since they are in records of other persons.
    pub cut: BTreeMap<String, u64>,
}

impl std::fmt::Debug for SectionRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.values.len();
        write!(f, "SectionRow({:?}, {columns} columns)", self.standing)
    }
}

/// A column in which some of the person's attributes were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Its path; of a name that is split over two columns there is one for each.
    pub column: String,
    /// Which attributes.
    pub identifiers: Vec<Identifier>,
    /// By which spelling; of several the plainest.
    pub spelling: Spelling,
}

/// The columns in which the person is spelled otherwise than they were given.
pub(crate) fn spelled(agreed: &[Agreement]) -> BTreeMap<String, Spelling> {
    let others = agreed.iter().filter(|it| it.spelling != Spelling::AsGiven);
    others.map(|it| (it.column.clone(), it.spelling)).collect()
}

/// Whether a row belongs into the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is about the person.
    Included,
    /// A person must say.
    Review(ReviewReason),
}

/// Why a person must say whether a row is about the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewReason {
    /// Only what many people may share agreed.
    Weak,
    /// It was reached over a relation, and the names or ids of persons in it are all somebody else's.
    NamesSomebodyElse,
}

impl ReviewReason {
    /// The stable name used in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::NamesSomebodyElse => "names-somebody-else",
        }
    }
}

/// How a section ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SectionEnd {
    /// Rows that are included.
    pub included: u64,
    /// Rows for review.
    pub review: u64,
    /// Rows that were read for it, those that are not about the person too.
    pub examined: u64,
    /// Whether all of it was read; if not, the extract says why.
    pub complete: bool,
}
