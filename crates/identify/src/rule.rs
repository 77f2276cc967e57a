//! One rule file as it is written; `dictionaries/README.md` explains every field to authors.

use locard_model::{Category, Identifier, Role, Sensitivity};
use serde::Deserialize;

/// How one identifier is recognised. Its `id` equals its path: `us.ssn` is `rules/us/ssn.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Region or theme, a dot, a name.
    pub id: String,
    /// What it recognises. Several rules may recognise one identifier.
    pub identifier: Identifier,
    /// For people, in English.
    pub title: String,
    /// Family.
    pub category: Category,
    /// Harm of disclosure; `special` marks the special categories of the law.
    pub sensitivity: Sensitivity,
    /// What agreeing on such a value says about a person.
    pub role: Role,
    /// Whether such a value is personal data. A rule that says `false` (a company's number, a version string) competes
    /// for columns and wins them, but is never a finding.
    #[serde(default = "yes")]
    pub personal: bool,
    /// ISO 3166 codes where it is used; empty means everywhere.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Where the facts come from: publication and section, not a link that rots.
    #[serde(default)]
    pub references: Vec<String>,
    /// Ways in which a value may be written; each is judged by itself.
    #[serde(default)]
    pub value: Vec<ValuePattern>,
    /// Word lists whose terms are values of this identifier.
    #[serde(default)]
    pub terms: Vec<TermList>,
    /// What columns of it are called.
    #[serde(default)]
    pub column: ColumnNames,
    /// Words that stand near such a value in running text, folded; they raise an embedded match.
    #[serde(default)]
    pub context: Vec<String>,
    /// Words that stand shortly before something else of that shape in running text, folded: it is then not counted. A
    /// word of `context` that stands nearer speaks for it all the same.
    #[serde(default)]
    pub unlike: Vec<String>,
    /// Share of all columns in the world that hold this identifier, before anything is seen.
    pub prior: f64,
    /// Values that must match.
    #[serde(default)]
    pub example: Vec<Example>,
    /// Values that must not match, each with its reason.
    #[serde(default)]
    pub counterexample: Vec<CounterExample>,
    /// Whole columns that must, or must not, be judged to be this identifier.
    #[serde(default)]
    pub column_example: Vec<ColumnExample>,
}

/// One way in which a value may be written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValuePattern {
    /// Regular expression for the whole trimmed value; it is anchored by the compiler. ASCII classes (`[0-9]`, not
    /// `\d`), `+` instead of large counted repeats (lengths are checked by `length`), no captures, no look-around.
    pub pattern: String,
    /// Smallest and largest length in bytes, both inclusive.
    #[serde(default)]
    pub length: Option<[usize; 2]>,
    /// Name of a pure function in `crates/identify/src/validators/` that a match must pass.
    #[serde(default)]
    pub validator: Option<String>,
    /// Chance that a value which matches the pattern but is something else passes the validator: 0.1 for one
    /// decimal check digit, 1 without validator.
    #[serde(default = "one")]
    pub chance: f64,
    /// Share of all columns in the world whose values mostly match the pattern (validator aside) and are something
    /// else: 0.0001 for an e-mail address, 0.05 for nine bare digits.
    pub lookalikes: f64,
    /// Whether it is searched inside running text too.
    #[serde(default)]
    pub embedded: Embedded,
    /// Whether it counts only where the column's name speaks of the rule: for values that look like anything, as names of
    /// streets do.
    #[serde(default)]
    pub named: bool,
}

/// Where in running text a pattern counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Searched")]
pub enum Embedded {
    /// Nowhere: `false`.
    #[default]
    Never,
    /// Shortly after a word of the rule's context: `"context"`. For numbers that say nothing by themselves.
    InContext,
    /// Everywhere: `true`. Only for patterns that few other texts match.
    Always,
}

/// An [`Embedded`] as rules spell it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Searched {
    Flag(bool),
    Word(ContextWord),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ContextWord {
    Context,
}

impl From<Searched> for Embedded {
    fn from(searched: Searched) -> Self {
        match searched {
            Searched::Flag(false) => Self::Never,
            Searched::Flag(true) => Self::Always,
            Searched::Word(ContextWord::Context) => Self::InContext,
        }
    }
}

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

/// A word list and what a match in it is worth.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermList {
    /// Name of the list: `terms/<name>.txt`, for instance `world/first_names`.
    pub list: String,
    /// Share of values of a true column that the list covers.
    pub coverage: f64,
    /// Chance that a word or short phrase which is something else is in the list.
    pub chance: f64,
    /// What of a cell is looked up.
    #[serde(default)]
    pub within: Within,
    /// A second list that another word of the cell must be in: `world/last_names` beside `world/first_names`. Implies
    /// `within = "words"`; cells in scripts without spaces are split between the two lists.
    #[serde(default)]
    pub beside: Option<String>,
    /// Whether the cell must hold a digit too, as a street with its house number does.
    #[serde(default)]
    pub digits: bool,
    /// Whether running text is searched too: with `beside` for two adjacent capitalised words, one in each list; without
    /// it for terms of the list that stand shortly after a single word of the rule's `context`.
    #[serde(default)]
    pub embedded: bool,
}

impl TermList {
    /// Whether it tells of cells among others only.
    pub(crate) fn is_of_strays(&self) -> bool {
        self.within == Within::EveryWord
    }

    /// Whether whole cells are looked up.
    pub(crate) fn is_whole(&self) -> bool {
        self.within == Within::Cell && self.beside.is_none()
    }
}

/// What of a cell a word list is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// The whole cell.
    #[default]
    Cell,
    /// Each word of a cell of two to twelve words; one is enough.
    Words,
    /// As `words`, and a word that ends with a term counts: `Lindenstrasse` with the term `strasse`.
    WordEnds,
    /// The first word of a cell of two to four, which has a capital letter and no digit; behind a comma that of the second
    /// part. So a given name stands before family names that no list knows. Counts only where the column's name speaks of
    /// such values, since goods and houses are called like people too.
    FirstWord,
    /// All words of a cell of two to four, which has a capital letter and no digit: each is in one of the two lists, and
    /// both lists are met. Tells of a few such cells in a column of something else, and nothing about whole columns.
    EveryWord,
}

/// What columns are called. Phrases are folded and lower case, words separated by spaces; they match a header as a
/// run of its words or as its words run together.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnNames {
    /// Phrases that say it: `date of birth`, `dob`, `geburtsdatum`.
    #[serde(default)]
    pub names: Vec<String>,
    /// Phrases that suggest it: `id no`, `document`.
    #[serde(default)]
    pub hints: Vec<String>,
    /// Phrases that speak against it although a name matches: `email sent at`, `phone model`.
    #[serde(default)]
    pub not: Vec<String>,
}

/// A value that must match.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// A whole value, or running text when `embedded` is set. Specimens or generated, never a real person's.
    pub text: String,
    /// Set when the value stands inside running text.
    #[serde(default)]
    pub embedded: bool,
}

/// A value that must not match.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CounterExample {
    /// The value.
    pub text: String,
    /// The reason: the documentation of the rule's edge.
    pub why: String,
}

/// A column that must, or must not, be judged to be the rule's identifier.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnExample {
    /// Header.
    pub name: String,
    /// Cells; repeated as often as a small table needs.
    pub values: Vec<String>,
    /// Whether the column is of this identifier.
    pub found: bool,
    /// The reason, where it is not.
    #[serde(default)]
    pub why: Option<String>,
}
