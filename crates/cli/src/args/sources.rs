//! What `locard sources` takes.

use std::num::{NonZeroU64, NonZeroUsize};

use clap::{ArgGroup, Args, Subcommand};
use locard_app::ScanWindow;
use locard_model::SecretString;

use super::values::{rate, readers, secret, window};
use super::{ListFormat, Sparing};

/// Register and test data sources
#[derive(Debug, Subcommand)]
pub(crate) enum Sources {
    /// Register a source under a name
    Add {
        /// The name
        #[arg(value_name = "NAME")]
        name: String,
        /// What `locard scan` takes; `-` reads it from stdin so that no password shows in the process list
        #[arg(value_name = "TARGET", required_unless_present = "manual", value_parser = secret)]
        target: Option<SecretString>,
        /// A place that no connector reaches (paper, a processor, a mailbox); answers to `find` mention it
        #[arg(long, conflicts_with = "target", requires = "owner")]
        manual: bool,
        /// Who answers for it
        #[arg(long, value_name = "WHO")]
        owner: Option<String>,
        /// What it is
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// Kind of a manual source: system, processor, mailbox, paper
        #[arg(long, value_name = "KIND", requires = "manual")]
        kind: Option<String>,
        /// How whoever answers for a manual source is reached
        #[arg(long, value_name = "TEXT", requires = "manual")]
        contact: Option<String>,
        /// What they are to do for a request
        #[arg(long, value_name = "TEXT", requires = "manual")]
        instructions: Option<String>,
        /// An option of its connector; `locard sources options CONNECTOR` lists them; may be repeated
        #[arg(long, value_name = "NAME=VALUE", conflicts_with = "manual", value_parser = secret)]
        set: Vec<SecretString>,
        /// Where a secret is kept, instead of in the target: NAME=env:VARIABLE, NAME=file:PATH or NAME=exec:COMMAND; it is
        /// read there whenever the source is opened; may be repeated
        #[arg(long, value_name = "NAME=PLACE", conflicts_with = "manual", value_parser = secret)]
        secret: Vec<SecretString>,
        /// Scan it only in these hours of each day, as 22:00-06:00 Europe/Berlin; scans wait for them and go on in the next
        /// ones, look-ups do not
        #[arg(long, value_name = "HOURS", conflicts_with = "manual", value_parser = window)]
        window: Option<Box<ScanWindow>>,
        /// How it is spared, unless a scan says otherwise.
        #[command(flatten)]
        sparing: Sparing,
    },
    /// List what can be said of a source of a connector with `--set` and `--secret`
    Options {
        /// The connector, such as postgres or s3
        #[arg(value_name = "CONNECTOR")]
        connector: String,
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// List the registered sources
    List {
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Connect and say how far it gets
    Test {
        /// A name or target
        #[arg(value_name = "SOURCE", value_parser = secret)]
        source: SecretString,
    },
    /// List tables and files with their sizes, but read no rows
    Ingest {
        /// A name or target
        #[arg(value_name = "SOURCE", value_parser = secret)]
        source: SecretString,
    },
    /// Say in which hours a source is scanned, and how much of it is taken at a time
    Spare(Spare),
    /// Remove a source with all that was learnt about it
    Remove {
        /// The name
        #[arg(value_name = "SOURCE")]
        source: String,
    },
}

/// What `locard sources spare` takes.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("said").required(true).multiple(true))]
pub(crate) struct Spare {
    /// The name
    #[arg(value_name = "SOURCE")]
    pub(crate) source: String,

    /// Scan it only in these hours of each day, as 22:00-06:00 Europe/Berlin; scans that wait look at the new hours, one
    /// under way goes on until those close in which it began
    #[arg(long, value_name = "HOURS", group = "said", value_parser = window)]
    pub(crate) window: Option<Box<ScanWindow>>,

    /// Scan it at any time
    #[arg(long, group = "said", conflicts_with = "window")]
    pub(crate) no_window: bool,

    /// Take at most this much of it per second, for instance 20MB/s, as records take in memory
    #[arg(long, value_name = "RATE", group = "said", value_parser = rate)]
    pub(crate) max_rate: Option<NonZeroU64>,

    /// Take as much of it as comes
    #[arg(long, group = "said", conflicts_with = "max_rate")]
    pub(crate) no_max_rate: bool,

    /// Read at most this many pieces of it at the same time
    #[arg(long, value_name = "N", group = "said", value_parser = readers)]
    pub(crate) readers: Option<NonZeroUsize>,

    /// Read as many pieces of it as there are threads
    #[arg(long, group = "said", conflicts_with = "readers")]
    pub(crate) no_readers: bool,
}
