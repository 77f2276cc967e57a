//! What `locard business-rules` and `locard schedules` take.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ListFormat;
use super::values::probability;

/// Ask whether data is as it should be, by SQL that counts what is not
#[derive(Debug, Subcommand)]
pub(crate) enum BusinessRules {
    /// Make a business rule
    Add(Box<BusinessRule>),
    /// List the business rules with what came of them last
    List {
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Run business rules now, over live data
    Run {
        /// Names or ids
        #[arg(value_name = "RULE", required = true)]
        rules: Vec<String>,
        /// Count rows in these too: tables and files, by id or as source/schema/table; may be repeated
        #[arg(long, value_name = "ENTITY")]
        count: Vec<String>,
        /// Form of the answer
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Print what came of a business rule, the newest first
    History {
        /// Its name or id
        #[arg(value_name = "RULE")]
        rule: String,
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Forget a business rule and its history
    Remove {
        /// Its name or id
        #[arg(value_name = "RULE")]
        rule: String,
    },
}

/// Make a business rule
#[derive(Args, Debug)]
#[command(
    after_help = "The SQL is one SELECT over tables and files of registered sources that yields one row with the counts \
    total_count, scopeCount and nonCompliant. Each is count(…) or sum(CASE … THEN 1 ELSE 0 END); tables are named \
    schema.table, source.schema.table or \"folder/file.csv\"."
)]
pub(crate) struct BusinessRule {
    /// The name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The SQL
    #[arg(long, value_name = "SELECT", required_unless_present = "file")]
    pub(crate) sql: Option<String>,
    /// A file with the SQL; `-` reads stdin
    #[arg(long, value_name = "FILE|-", conflicts_with = "sql")]
    pub(crate) file: Option<PathBuf>,
    /// Where its tables are: a source, or source/schema/*; may be repeated [default: anywhere]
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// A larger share of non-compliant records, 0 to 1, is a warning
    #[arg(long, value_name = "SHARE", value_parser = probability)]
    pub(crate) warn_share: Option<f64>,
    /// A larger share of non-compliant records, 0 to 1, fails [default: 0, if nothing is said of warnings]
    #[arg(long, value_name = "SHARE", value_parser = probability)]
    pub(crate) fail_share: Option<f64>,
    /// More non-compliant records than that are a warning
    #[arg(long, value_name = "N", conflicts_with_all = ["warn_share", "fail_share"])]
    pub(crate) warn_rows: Option<u32>,
    /// More non-compliant records than that fail
    #[arg(long, value_name = "N", conflicts_with_all = ["warn_share", "fail_share"])]
    pub(crate) fail_rows: Option<u32>,
    /// What it is about
    #[arg(long, value_name = "DIMENSION")]
    pub(crate) dimension: Option<QualityDimension>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// A tag; may be repeated
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
}

/// What a business rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum QualityDimension {
    /// Values are right
    Accuracy,
    /// Nothing is there twice
    Uniqueness,
    /// Records agree with one another
    Consistency,
    /// Records are there in time
    Timeliness,
    /// Values are written as they should be
    Conformity,
    /// Nothing is missing
    Completeness,
    /// Values can be what they are
    Validity,
}

/// Run jobs again and again
#[derive(Debug, Subcommand)]
pub(crate) enum Schedules {
    /// Make a schedule; servers over this home or store fire it
    Add(Box<Schedule>),
    /// List the schedules with their next times
    List {
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Show one schedule with its next times and what came of it last
    Show {
        /// Its name or id
        #[arg(value_name = "SCHEDULE")]
        schedule: String,
    },
    /// Let a schedule fire no more until it is resumed
    Pause {
        /// Its name or id
        #[arg(value_name = "SCHEDULE")]
        schedule: String,
    },
    /// Let a schedule fire again, from its next time on
    Resume {
        /// Its name or id
        #[arg(value_name = "SCHEDULE")]
        schedule: String,
    },
    /// Put a schedule's job in the queue now, whatever its times
    Run {
        /// Its name or id
        #[arg(value_name = "SCHEDULE")]
        schedule: String,
    },
    /// Forget a schedule; what it started goes on
    Remove {
        /// Its name or id
        #[arg(value_name = "SCHEDULE")]
        schedule: String,
    },
}

/// Make a schedule
#[derive(Args, Debug)]
pub(crate) struct Schedule {
    /// The name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What is done
    #[arg(value_name = "JOB")]
    pub(crate) job: ScheduledJob,
    /// About what: sources, or source/schema/table with * for several; of business rules their names, of a collection
    /// its id
    #[arg(value_name = "SCOPE", required = true)]
    pub(crate) scope: Vec<String>,
    /// When, as a cron expression: minute, hour, day, month, weekday
    #[arg(long, value_name = "CRON")]
    pub(crate) cron: String,
    /// By the clock of which zone
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) time_zone: String,
    /// What is done about times that passed while no server ran
    #[arg(long, value_name = "WHAT", default_value = "skip")]
    pub(crate) missed: MissedTimes,
    /// Which workers may run it
    #[arg(long, value_name = "LABEL")]
    pub(crate) affinity: Option<String>,
    /// Make it, but let it not fire yet
    #[arg(long)]
    pub(crate) paused: bool,
}

/// What a schedule can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduledJob {
    /// List and describe what sources hold
    Ingest,
    /// Read, profile and judge
    Scan,
    /// Judge what was read before by the rules of today
    Identify,
    /// Tell what the names of columns say
    Names,
    /// Ask how entities are used
    Usage,
    /// Run business rules
    BusinessRules,
    /// Scan the members of a collection
    ScanCollection,
    /// Sum up what the members of a dataset have in common
    SumCollection,
}

/// What is done about times that passed while no server ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MissedTimes {
    /// Nothing: it waits for the next time
    Skip,
    /// It is made up for once
    RunOnce,
}
