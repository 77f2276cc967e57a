//! What can be typed. One struct per command; its doc comments are the help text and the reference.
//!
//! Every option can also stand in the environment (`LOCARD_SCAN_SAMPLE`) or in `locard.toml` (`[scan] sample`):
//! `settings.rs` derives both from this tree, so nothing is listed twice.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use locard_app::Access;
use locard_model::{ExposeSecret as _, SecretString};

/// Finds personal data in databases and files, and tells where one person's data lives.
#[derive(Debug, Parser)]
#[command(
    name = "locard",
    version,
    propagate_version = true,
    max_term_width = 110,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Options of every command.
    #[command(flatten, next_help_heading = "Options of every command")]
    pub(crate) global: Global,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// Folder of the catalog and index [default: the platform's data folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,

    /// PostgreSQL database that holds the catalog in place of the home, so that several processes can share it:
    /// postgres://user@host:5432/database. Its password comes from PGPASSWORD or a password file; other users see what
    /// is typed here
    #[arg(long, global = true, value_name = "URL", hide_default_value = true, value_parser = secret)]
    pub(crate) store: Option<SecretString>,

    /// Settings file [default: locard.toml here or in the home]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Folder with rules and dictionaries of your own, laid over the built-in ones
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) dictionaries_dir: Option<PathBuf>,

    /// Threads for reading and judging [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,

    /// Use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,

    /// Say nothing on stderr but errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Say more on stderr; twice for the log of every part
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// When the output is a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find personal data in files and databases
    Scan(Scan),
    /// Tell where one person occurs
    Find(Find),
    /// Tell why a column was judged as it was, in numbers
    Explain(Explain),
    /// List the rows in which an identifier occurs
    Rows(Rows),
    /// Review findings
    #[command(subcommand)]
    Findings(Findings),
    /// Compare the findings of two scans
    Diff(Diff),
    /// Register and test data sources
    #[command(subcommand)]
    Sources(Sources),
    /// List, check and try the rules
    #[command(subcommand)]
    Rules(Rules),
    /// List and build the dictionaries
    #[command(subcommand)]
    Dictionaries(Dictionaries),
    /// Look at scans and other work, running and done
    #[command(subcommand)]
    Jobs(Jobs),
    /// Write the whole catalog to one file
    Backup(Backup),
    /// Bring a backup back
    Restore(Restore),
    /// Replace the master key; nothing is scanned again, and older backups still need the older key
    RotateKey,
    /// Print the completion script of a shell
    Completions(Completions),
}

impl Command {
    /// What the command does with the home: whoever only looks stands in nobody's way.
    pub(crate) fn access(&self) -> Access {
        match self {
            Self::Find(_)
            | Self::Explain(_)
            | Self::Rows(_)
            | Self::Diff(_)
            | Self::Rules(_)
            | Self::Scan(Scan { plan: true, .. })
            | Self::Findings(Findings::List { .. } | Findings::Export { .. })
            | Self::Sources(Sources::List { .. } | Sources::Test { .. })
            | Self::Dictionaries(Dictionaries::List { .. } | Dictionaries::Overlap { .. }) => {
                Access::Look
            }
            Self::Jobs(_) => Access::Beside,
            _ => Access::Alone,
        }
    }
}

/// Find personal data in files and databases
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  locard scan ./exports\n  locard scan 'sqlite:shop.db' 'postgres://reader@db.example/crm'\n  \
    locard scan ./exports --format sarif --output locard.sarif --fail-on 'high:0.9'"
)]
pub(crate) struct Scan {
    /// Paths, globs, `sqlite:FILE`, `postgres://…`, or the names of registered sources
    #[arg(required = true, value_name = "TARGET", value_parser = secret)]
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

    /// Read about this many rows of each entity; the rest is then not in the index, unless an earlier scan read it all
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) sample: Option<u64>,

    /// Judge every value by every rule, also where a column is already clear
    #[arg(long)]
    pub(crate) exhaustive: bool,

    /// How much of a database one consistent view covers
    #[arg(long, value_name = "SCOPE", default_value = "table")]
    pub(crate) snapshot: SnapshotScope,

    /// Leave out findings below this confidence
    #[arg(long, value_name = "P", default_value_t = MIN_CONFIDENCE, value_parser = probability)]
    pub(crate) min_confidence: f64,

    /// Exit with 1 when a finding crosses this: IDENTIFIER|category|sensitivity|any[:CONFIDENCE[:COUNT]], several by
    /// comma; a sensitivity (low, medium, high, special) stands for higher ones too
    #[arg(long, value_name = "EXPR")]
    pub(crate) fail_on: Option<String>,

    /// Report, and judge `--fail-on` by, only what an earlier NDJSON result does not hold
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Decisions and allowed values under version control (see `locard findings export`)
    #[arg(long, value_name = "FILE")]
    pub(crate) decisions: Option<PathBuf>,

    /// Start anew even if an interrupted scan of the same targets could be finished
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

/// Form of a scan's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Table,
    /// One JSON object per finding and line.
    Ndjson,
    /// One JSON document with findings, failures and counts.
    Json,
    /// One line per finding for a spreadsheet.
    Csv,
    /// SARIF 2.1.0 for code-scanning tools.
    Sarif,
}

/// Form of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people.
    Table,
    /// One JSON object per line.
    Ndjson,
    /// One JSON document.
    Json,
    /// For a spreadsheet.
    Csv,
}

/// Tell where one person occurs
#[derive(Args, Debug)]
#[command(after_help = "A subject file holds JSON, one object per subject:\n  \
    {\"subject\": \"request-1\", \"PERSON\": \"Ada Example\", \"EMAIL_ADDRESS\": [\"ada@example.org\"]}\n\
    Other users of this machine can see the arguments of a running command, so prefer --subject for real people.")]
pub(crate) struct Find {
    /// What is known of the person, as JSON; `-` reads stdin
    #[arg(long, value_name = "FILE|-")]
    pub(crate) subject: Option<PathBuf>,

    /// An e-mail address; may be repeated
    #[arg(long, value_name = "VALUE", value_parser = secret)]
    pub(crate) email: Vec<SecretString>,

    /// A telephone number in any notation; may be repeated
    #[arg(long, value_name = "VALUE", value_parser = secret)]
    pub(crate) phone: Vec<SecretString>,

    /// A full name; may be repeated
    #[arg(long, value_name = "VALUE", value_parser = secret)]
    pub(crate) name: Vec<SecretString>,

    /// Any other attribute, for instance `US_SSN=…`; may be repeated. One of fewer than five letters and digits is looked
    /// for only in columns named like its kind: CUSTOMER_ID=1008 in `customer_no`
    #[arg(long, value_name = "KIND=VALUE", value_parser = secret)]
    pub(crate) id: Vec<SecretString>,

    /// Read the candidate columns again and answer with rows
    #[arg(long)]
    pub(crate) verify: bool,

    /// Form of the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: ListFormat,

    /// Write the answer to a file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Leave out weak matches: a name, a birth date or a shared phone alone
    #[arg(long)]
    pub(crate) no_weak: bool,

    /// Only this source, by name or target; may be repeated
    #[arg(long, value_name = "SOURCE", value_parser = secret)]
    pub(crate) source: Vec<SecretString>,
}

/// Tell why a column was judged as it was, in numbers
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// An entity or column as a scan prints it: `crm/customers.csv` or `crm/customers.csv:email`; a name with a colon in
    /// it stands in double quotes: `readings:"a:b"`
    #[arg(value_name = "ENTITY")]
    pub(crate) entity: String,

    /// Read this many values again and show them masked; nothing is stored
    #[arg(long, value_name = "N")]
    pub(crate) samples: Option<u64>,

    /// Form of the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: ListFormat,
}

/// List the rows in which an identifier occurs
#[derive(Args, Debug)]
pub(crate) struct Rows {
    /// An entity or column as a scan prints it; a name with a colon in it stands in double quotes: `readings:"a:b"`
    #[arg(value_name = "ENTITY")]
    pub(crate) entity: String,

    /// The identifier
    #[arg(long, value_name = "KIND")]
    pub(crate) identifier: String,

    /// Stop after this many cells
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) limit: u64,

    /// Form of the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: ListFormat,
}

/// Review findings
#[derive(Debug, Subcommand)]
pub(crate) enum Findings {
    /// List the findings of the catalog
    List {
        /// Only resources that match this glob, or that contain this text
        #[arg(long, value_name = "GLOB|TEXT")]
        resource: Option<String>,
        /// Only this identifier
        #[arg(long, value_name = "KIND")]
        identifier: Option<String>,
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ReportFormat,
    },
    /// Confirm that a column holds an identifier
    Confirm(Decision),
    /// Reject a finding
    Reject(Decision),
    /// Write decisions and allowed values to a file for version control
    Export {
        /// The file; `-` is stdout
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Take a decision back
    Withdraw(Withdrawal),
    /// Allow a value read from stdin: from the next scan on it is evidence for nothing; only its hash is kept
    Allow {
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// No longer allow a value read from stdin
    Disallow,
    /// Take decisions and allowed values from a file
    Import {
        /// The file; `-` is stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// A decision on one column and identifier.
#[derive(Args, Debug)]
pub(crate) struct Decision {
    /// The column as a scan prints it: `crm/customers.csv:email`; a name with a colon in it stands in double quotes
    #[arg(value_name = "ENTITY:COLUMN")]
    pub(crate) column: String,

    /// The identifier
    #[arg(long, value_name = "KIND")]
    pub(crate) identifier: String,

    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// A decision that is taken back.
#[derive(Args, Debug)]
pub(crate) struct Withdrawal {
    /// The column as a scan prints it: `crm/customers.csv:email`; a name with a colon in it stands in double quotes
    #[arg(value_name = "ENTITY:COLUMN")]
    pub(crate) column: String,

    /// The identifier
    #[arg(long, value_name = "KIND")]
    pub(crate) identifier: String,
}

/// Compare the findings of two scans
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The earlier scan: `previous`, a job id or its beginning, or an NDJSON or JSON result file
    #[arg(value_name = "A", default_value = "previous")]
    pub(crate) before: String,

    /// The later scan, named likewise
    #[arg(value_name = "B", default_value = "latest")]
    pub(crate) after: String,

    /// Form of the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: ListFormat,
}

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
    /// Read schemas, keys and sizes, but no rows
    Ingest {
        /// A name or target
        #[arg(value_name = "SOURCE", value_parser = secret)]
        source: SecretString,
    },
    /// Remove a source with all that was learnt about it
    Remove {
        /// The name
        #[arg(value_name = "SOURCE")]
        source: String,
    },
}

/// List, check and try the rules
#[derive(Debug, Subcommand)]
pub(crate) enum Rules {
    /// List identifiers and their rules
    List {
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Check rule files with their examples
    Check {
        /// Folder of rules and dictionaries; the built-in ones when left out
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Try values against the rules, one per line
    Test {
        /// A file of values; `-` reads stdin
        #[arg(value_name = "FILE|-", default_value = "-")]
        file: PathBuf,
        /// Only this rule
        #[arg(long, value_name = "RULE")]
        rule: Option<String>,
        /// Form of the answer
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
}

/// List and build the dictionaries
#[derive(Debug, Subcommand)]
pub(crate) enum Dictionaries {
    /// List the dictionaries with sizes, sources and licences
    List {
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Make a sorted, unique term list from a text file or a column of a CSV file
    Build {
        /// One term per line, or CSV with --column
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The list's name, `language/name`
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Take this column of a CSV file
        #[arg(long, value_name = "COLUMN")]
        column: Option<String>,
        /// The folder of own rules and dictionaries it is written into
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// List the scanned columns that share values with a dictionary; no source is read
    Overlap {
        /// The dictionary as `list` prints it
        #[arg(value_name = "NAME")]
        name: String,
        /// Only columns of whose distinct values at least this share are terms
        #[arg(long, value_name = "SHARE", default_value_t = 0.1, value_parser = probability)]
        min_share: f64,
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Take a term list into the home, where every later scan uses it
    Import {
        /// A list as `build` makes it
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Look at scans and other work, running and done
#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// List jobs, the newest first
    List {
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Show one job with its counts and failures
    Show {
        /// Its id, or `latest`
        #[arg(value_name = "JOB")]
        job: String,
    },
    /// Ask a job to stop; what it found is kept
    Cancel {
        /// Its id, or `latest`
        #[arg(value_name = "JOB")]
        job: String,
    },
    /// Print what happened in a job
    Logs {
        /// Its id, or `latest`
        #[arg(value_name = "JOB")]
        job: String,
    },
}

/// Write the whole catalog to one file
#[derive(Args, Debug)]
pub(crate) struct Backup {
    /// The file to write; what is sealed stays sealed, so keep the master key apart
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Bring a backup back
#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// The file that `locard backup` wrote
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Replace the catalog that is there already
    #[arg(long)]
    pub(crate) force: bool,
}

/// Print the completion script of a shell
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// What was typed, for where it is put to use.
pub(crate) fn exposed(secrets: &[SecretString]) -> Vec<String> {
    let expose = |secret: &SecretString| secret.expose_secret().to_owned();
    secrets.iter().map(expose).collect()
}

/// Takes everything: what the parser refuses it repeats.
#[expect(clippy::unnecessary_wraps, reason = "the parser wants a result")]
fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}

/// More threads than this is a slip of the finger, and as many would starve the machine.
fn threads(text: &str) -> Result<usize, String> {
    let number = text.trim().parse().ok();
    number
        .filter(|number| (1..=256).contains(number))
        .ok_or_else(|| "a number from 1 to 256 is wanted".to_owned())
}

fn at_least_one(text: &str) -> Result<u64, String> {
    let number = text.trim().parse().ok();
    number
        .filter(|number| *number >= 1)
        .ok_or_else(|| "a whole number of at least 1 is wanted".to_owned())
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok();
    number
        .filter(|number| (0.0..=1.0).contains(number))
        .ok_or_else(|| "a number from 0 to 1 is wanted".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        let scan = |option: &str, value: &str| {
            Cli::try_parse_from(["locard", "scan", ".", option, value]).is_ok()
        };
        for (option, good, bad) in [
            ("--threads", ["1", "256"], ["0", "257"]),
            ("--sample", ["1", "5000"], ["0", "x"]),
            ("--min-confidence", ["0", "1"], ["7", "NaN"]),
        ] {
            assert!(good.iter().all(|value| scan(option, value)), "{option}");
            assert!(!bad.iter().any(|value| scan(option, value)), "{option}");
        }
    }

    #[test]
    fn nobody_and_no_password_stands_in_the_debug_text() {
        for line in [
            "scan postgres://reader:PLANTED@db.example/crm",
            "find --email PLANTED --phone PLANTED --name PLANTED --id US_SSN=PLANTED --source postgres://a:PLANTED@b/c",
            "sources add crm postgres://reader:PLANTED@db.example/crm",
            "sources test postgres://reader:PLANTED@db.example/crm",
            "sources ingest postgres://reader:PLANTED@db.example/crm",
            "--store postgres://reader:PLANTED@db.example/crm jobs list",
        ] {
            let words = std::iter::once("locard").chain(line.split(' '));
            let cli = Cli::try_parse_from(words).expect("the line is understood");
            let told = format!("{cli:?} {cli:#?}");
            assert!(!told.contains("PLANTED"), "{told}");
        }
    }
}
