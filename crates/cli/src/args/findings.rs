//! What `locard findings` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ReportFormat;

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
        /// List what people rejected too
        #[arg(long)]
        rejected: bool,
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ReportFormat,
    },
    /// Confirm that a column holds an identifier
    Confirm(Decide),
    /// Reject a finding
    Reject(Decide),
    /// Write decisions and allowed values to a file for version control
    Export {
        /// The file; `-` is stdout
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Replace the file if it is there already
        #[arg(long)]
        force: bool,
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
pub(crate) struct Decide {
    /// The column as a scan prints it: `crm/customers.csv:email`; a name with a colon in it may stand in double quotes
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
    /// The column as a scan prints it: `crm/customers.csv:email`; a name with a colon in it may stand in double quotes
    #[arg(value_name = "ENTITY:COLUMN")]
    pub(crate) column: String,

    /// The identifier
    #[arg(long, value_name = "KIND")]
    pub(crate) identifier: String,
}
