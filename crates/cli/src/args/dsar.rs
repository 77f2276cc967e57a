//! What `locard dsar` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use locard_model::SecretString;

use super::values::secret;
use super::{ListFormat, Person};

/// Answer a person's request for their data: collect, review, hand out
#[derive(Debug, Subcommand)]
#[command(
    after_help = "A job goes from REQUESTED over COLLECTING and PACKAGING to READY; handing its bundle out makes it \
    DELIVERED. In PACKAGING it waits for people: `locard dsar review JOB` shows what was collected, and --approve lets it go. \
    What is READY and not fetched in time is destroyed, and so is what was delivered."
)]
pub(crate) enum Dsar {
    /// Ask for a job about one person, or for an export of everything
    Create(CreateDsar),
    /// List the jobs, the newest first
    List {
        /// Only those in this state: REQUESTED, COLLECTING, PACKAGING, READY, DELIVERED, EXPIRED or FAILED
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Show one job with its timeline
    Show {
        /// The job, as `locard dsar list` prints it
        #[arg(value_name = "JOB")]
        job: String,
    },
    /// Run a job as far as it goes without people; one that was interrupted goes on
    Run {
        /// The job
        #[arg(value_name = "JOB")]
        job: String,
    },
    /// Show what was collected, decide about rows, approve
    Review(ReviewDsar),
    /// Write the bundle to a file; it counts as delivered
    Download {
        /// The job
        #[arg(value_name = "JOB")]
        job: String,
        /// The file, which must not be there yet
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
        /// Only look at it: nothing is delivered
        #[arg(long)]
        preview: bool,
    },
    /// Make a link by which the recipient fetches the bundle from a running server; its code works once
    Link {
        /// The job
        #[arg(value_name = "JOB")]
        job: String,
        /// How long it lasts
        #[arg(long, value_name = "HOURS", default_value_t = 168)]
        hours: u32,
    },
    /// End a job without a bundle
    Cancel {
        /// The job
        #[arg(value_name = "JOB")]
        job: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Put a job under a legal hold: nothing of it is destroyed, whatever its time says
    Hold {
        /// The job
        #[arg(value_name = "JOB")]
        job: String,
        /// Why
        #[arg(long, value_name = "TEXT", value_parser = secret)]
        reason: SecretString,
    },
    /// Lift the legal hold of a job
    Unhold {
        /// The job
        #[arg(value_name = "JOB")]
        job: String,
    },
    /// Begin a job anew that failed, or in which places were not searched: another job, which goes on from what was read
    Retry {
        /// The job
        #[arg(value_name = "JOB")]
        job: String,
    },
    /// Check a bundle: whether every file is as it was signed, and by whom
    Verify {
        /// The bundle; one that is encrypted must be decrypted with `age` first
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// A public key that is trusted besides that of this home; may be repeated
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
    },
    /// Show and change how jobs are done here
    Settings {
        /// NAME=VALUE, where the value is JSON: `activeLimit=10`, `secondApprover=true`; may be repeated
        #[arg(value_name = "NAME=VALUE")]
        changes: Vec<String>,
    },
}

/// Ask for a job about one person, or for an export of everything
#[derive(Args, Debug)]
pub(crate) struct CreateDsar {
    /// The person.
    #[command(flatten)]
    pub(crate) person: Person,

    /// Export what the catalog knows of everything, and nobody's rows. The setting tenantExport must be on, and another
    /// administrator must approve it
    #[arg(long, conflicts_with_all = ["subject", "email", "phone", "name", "id"])]
    pub(crate) everything: bool,

    /// With --everything: also every row of the sources; the setting tenantExportRows must be on
    #[arg(long, requires = "everything")]
    pub(crate) with_rows: bool,

    /// Only rows from then on, where a dataset has a column of times: 2024-01-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,

    /// Only rows before that
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,

    /// Only this source or entity, by id, key or name; may be repeated
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Vec<String>,

    /// Only the members of this collection, by id or name; may be repeated
    #[arg(long, value_name = "COLLECTION")]
    pub(crate) collection: Vec<String>,

    /// Format of the data: JSON, CSV, NDJSON or PARQUET; may be repeated
    #[arg(long, value_name = "FORMAT", default_value = "JSON")]
    pub(crate) format: Vec<String>,

    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    pub(crate) notes: Option<String>,

    /// Encrypt the bundle to this public key of age; may be repeated
    #[arg(long, value_name = "AGE")]
    pub(crate) recipient: Vec<String>,

    /// Hand out what is certainly about the person without anybody looking at it first
    #[arg(long)]
    pub(crate) no_review: bool,
}

/// Show what was collected, decide about rows, approve
#[derive(Args, Debug)]
#[command(
    after_help = "Rows are named SECTION:ROW, fields SECTION:ROW:COLUMN, as they are printed. Rows that are certainly about \
    the person are in, others are out until somebody says that they are the same person's. Names, addresses and numbers of \
    other people in the same row are taken out by rule; --reveal brings a field back. What is taken out stands between [- and -]."
)]
pub(crate) struct ReviewDsar {
    /// The job
    #[arg(value_name = "JOB")]
    pub(crate) job: String,

    /// Show rows of this section
    #[arg(long, value_name = "N")]
    pub(crate) section: Option<usize>,

    /// Show rows behind this one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) after: u64,

    /// Show the whole of long texts, and not only how they begin
    #[arg(long)]
    pub(crate) whole: bool,

    /// A row is about the person; may be repeated. Once approved, rows that carry its keys are collected too
    #[arg(long, value_name = "ROW")]
    pub(crate) same: Vec<String>,

    /// A row is somebody else's; may be repeated
    #[arg(long, value_name = "ROW")]
    pub(crate) not: Vec<String>,

    /// Nobody can tell whose a row is; may be repeated
    #[arg(long, value_name = "ROW")]
    pub(crate) unsure: Vec<String>,

    /// Hand a row out; may be repeated
    #[arg(long, value_name = "ROW")]
    pub(crate) include: Vec<String>,

    /// Do not hand a row out; may be repeated
    #[arg(long, value_name = "ROW")]
    pub(crate) exclude: Vec<String>,

    /// Take a field out; may be repeated
    #[arg(long, value_name = "FIELD")]
    pub(crate) redact: Vec<String>,

    /// With --redact: take out only these words, one or several on each line of a file, wherever the fields have them; `-` reads
    /// standard input
    #[arg(long, value_name = "FILE|-", requires = "redact")]
    pub(crate) only: Option<PathBuf>,

    /// Hand a field out that a rule took out; may be repeated
    #[arg(long, value_name = "FIELD")]
    pub(crate) reveal: Vec<String>,

    /// Why, for the audit alone; the person never reads it
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    /// The code of the exemption that allows it, as the person reads it: 'Art. 15(4)'
    #[arg(long, value_name = "CODE")]
    pub(crate) exemption: Option<String>,

    /// Take the decision of this number back; may be repeated
    #[arg(long, value_name = "N")]
    pub(crate) undo: Vec<u64>,

    /// Approve what is to be handed out; `locard dsar run` packs it then
    #[arg(long)]
    pub(crate) approve: bool,

    /// Approve although nobody decided about some rows: they are left out
    #[arg(long, requires = "approve")]
    pub(crate) leave_out_undecided: bool,
}
