//! What `locard collect` and `locard relations` take.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use locard_model::SecretString;

use super::values::secret;
use super::{ListFormat, Person};

/// Collect every row that is about one person
#[derive(Args, Debug)]
#[command(
    after_help = "Rows in which something unique to the person agrees are collected, and rows that carry their keys, over \
    foreign keys and over relations that `locard relations confirm` confirmed. A name, a birth date or a shared phone \
    alone may be somebody else's: such rows are for review, and are written with --include-weak only."
)]
pub(crate) struct Collect {
    /// The person.
    #[command(flatten)]
    pub(crate) person: Person,

    /// Write into this folder, which is made: one file per section and summary.json, for their owner only. A name that ends
    /// in .zip or .zip.age is one signed bundle, as a person is handed: `locard dsar verify` checks it
    #[arg(long, short, value_name = "DIR|FILE.zip")]
    pub(crate) output: PathBuf,

    /// Form of the rows
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub(crate) format: RowFormat,

    /// Encrypt the bundle to this public key of age; may be repeated
    #[arg(long, value_name = "AGE")]
    pub(crate) recipient: Vec<String>,

    /// Write rows for review too, marked as such: weak matches, and rows that name somebody else
    #[arg(long)]
    pub(crate) include_weak: bool,

    /// Follow no relations: only rows that name the person
    #[arg(long)]
    pub(crate) no_relations: bool,

    /// Only this source, by name or target; may be repeated
    #[arg(long, value_name = "SOURCE", value_parser = secret)]
    pub(crate) source: Vec<SecretString>,

    /// Why the person is looked up: a request, an order. It stands in the log of acts for good, so name nobody
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<String>,

    /// Replace what an earlier run wrote into the folder
    #[arg(long)]
    pub(crate) force: bool,
}

impl Collect {
    /// Whether one bundle is made.
    pub(crate) fn is_bundle(&self) -> bool {
        let name = self.output.to_string_lossy().to_lowercase();
        [".zip", ".zip.age"].iter().any(|end| name.ends_with(end))
    }
}

/// Form of collected rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// One JSON array of rows per file.
    Json,
    /// One JSON object per row and line.
    Ndjson,
    /// One line per row for a spreadsheet.
    Csv,
}

/// Review how entities lead to each other
#[derive(Debug, Subcommand)]
pub(crate) enum Relations {
    /// List foreign keys, and columns that look like some
    List {
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Confirm a relation: `locard collect` follows it from then on
    Confirm(DecideRelation),
    /// Reject a relation: `locard collect` does not follow it
    Reject(DecideRelation),
    /// Take a decision back
    Withdraw {
        /// The relation: its id or the beginning of it, as `locard relations list` prints it
        #[arg(value_name = "RELATION")]
        relation: String,
    },
}

/// A decision on a relation.
#[derive(Args, Debug)]
pub(crate) struct DecideRelation {
    /// The relation: its id or the beginning of it, as `locard relations list` prints it
    #[arg(value_name = "RELATION")]
    pub(crate) relation: String,

    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}
