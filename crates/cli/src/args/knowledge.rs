//! What `locard rules` and `locard dictionaries` take.

use std::path::PathBuf;

use clap::Subcommand;

use super::ListFormat;
use super::values::probability;

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
        /// Folder of rules and dictionaries [default: --dictionaries-dir or that of the home]
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Try values against the rules, one per line, and tell how a column of them would be judged
    Test {
        /// A file of values; `-` reads stdin
        #[arg(value_name = "FILE|-", default_value = "-")]
        file: PathBuf,
        /// Only this rule
        #[arg(long, value_name = "RULE")]
        rule: Option<String>,
        /// Judge the values as a column of this name [default: a column whose name says nothing]
        #[arg(long, value_name = "NAME")]
        column: Option<String>,
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
