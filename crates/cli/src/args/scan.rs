//! What `locard scan` takes.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use locard_app::{Amount, SourceLimits};
use locard_model::SecretString;

use super::ReportFormat;
use super::values::{amount, probability, rate, readers, secret};

/// Find personal data in files and databases
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  locard scan ./exports\n  locard scan 'sqlite:shop.db' 'postgres://reader@db.example/crm'\n  \
    locard scan ./exports --format sarif --output locard.sarif --fail-on 'high:0.9'"
)]
pub(crate) struct Scan {
    /// Paths, globs, `sqlite:FILE`, `postgres://…`, `mysql://…`, `mssql://…`, `hana://…`, `odbc:…`, `mongodb://…`, `s3://…`, `az://…`, `gs://…`,
    /// or the names of registered sources; without any, all registered sources
    #[arg(value_name = "TARGET", value_parser = secret)]
    pub(crate) targets: Vec<SecretString>,

    /// Only tell what a scan would read: entities, bytes, time, load on the source
    #[arg(long)]
    pub(crate) plan: bool,

    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: ReportFormat,

    /// Write the result to a file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Only resources that match this glob; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,

    /// No resources that match this glob; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,

    /// Read about this many rows of each entity, or this share of them (`10%`); the rest is then not in the index, unless
    /// an earlier scan read it all
    #[arg(long, value_name = "N|N%", value_parser = amount)]
    pub(crate) sample: Option<Amount>,

    /// Judge every value by every rule, also where a column is already clear
    #[arg(long)]
    pub(crate) exhaustive: bool,

    /// How much of a database one consistent view covers
    #[arg(long, value_name = "SCOPE", default_value = "table")]
    pub(crate) snapshot: SnapshotScope,

    /// Options that spare the sources.
    #[command(flatten)]
    pub(crate) sparing: Sparing,

    /// Leave out findings below this confidence; what is likelier no personal data is never a finding, only in
    /// `locard explain`
    #[arg(long, value_name = "P", default_value_t = MIN_CONFIDENCE, value_parser = probability)]
    pub(crate) min_confidence: f64,

    /// Exit with 1 when this is crossed: IDENTIFIER|category|sensitivity|any[:CONFIDENCE[:COUNT]], several by comma; a
    /// sensitivity (low, medium, high, special) stands for higher ones too. Counted are matching cells among those that
    /// rules tested, over all findings of at least CONFIDENCE [default: 0.5:1]. Cells are not tested that `--sample`
    /// leaves out, nor, without `--exhaustive`, many of a column that is clear already: ask for a COUNT with
    /// `--exhaustive`
    #[arg(long, value_name = "EXPR")]
    pub(crate) fail_on: Option<String>,

    /// Report, and judge `--fail-on` by, only what an earlier NDJSON result does not hold
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Decisions and allowed values under version control (see `locard findings export`)
    #[arg(long, value_name = "FILE")]
    pub(crate) decisions: Option<PathBuf>,

    /// Read everything anew: what has not changed since an earlier scan, too, and what an interrupted one had read
    #[arg(long)]
    pub(crate) fresh: bool,
}

/// What is less likely a scan does not show unless it is asked to.
pub(crate) const MIN_CONFIDENCE: f64 = 0.5;

/// How much of a database one consistent view covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SnapshotScope {
    /// Each table by itself: short transactions.
    Table,
    /// All tables together: one long transaction.
    Database,
}

/// What spares a source.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Sparing {
    /// Take at most this much of each source per second, for instance 20MB/s, as records take in memory
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) max_rate: Option<NonZeroU64>,

    /// Read at most this many pieces of each source at the same time
    #[arg(long, value_name = "N", value_parser = readers)]
    pub(crate) readers: Option<NonZeroUsize>,
}

impl Sparing {
    /// As the use cases take it.
    pub(crate) fn limits(self) -> SourceLimits {
        SourceLimits {
            readers: self.readers,
            bytes_per_second: self.max_rate,
        }
    }
}
