//! What commands take that look after the catalog: jobs, backups.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ListFormat;

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
