//! What `locard rules` and `locard dictionaries` take. What is made, switched or removed is heeded by whatever begins then,
//! in a running server too.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ListFormat;
use super::values::probability;

/// List, check, try and keep the rules
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
    /// Take the file of a rule into the catalog, or replace the own one of its id
    Import {
        /// A rule as dictionaries/README.md describes it; `-` reads stdin
        #[arg(value_name = "FILE|-")]
        file: PathBuf,
    },
    /// Print the text of a rule
    Export {
        /// The rule as `list` prints it
        #[arg(value_name = "RULE")]
        rule: String,
    },
    /// Look for what a rule recognises again
    Enable {
        /// The rule as `list` prints it
        #[arg(value_name = "RULE")]
        rule: String,
    },
    /// No longer look for what a rule recognises
    Disable {
        /// The rule as `list` prints it
        #[arg(value_name = "RULE")]
        rule: String,
    },
    /// Forget an own rule
    Remove {
        /// The rule as `list` prints it
        #[arg(value_name = "RULE")]
        rule: String,
    },
}

/// List, build and keep the dictionaries
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
    /// Take a term list into the catalog, sealed, where every later scan uses it
    Import {
        /// A list as `build` makes it
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What its terms are values of.
        #[command(flatten)]
        meaning: Meaning,
    },
    /// Print the terms of an own dictionary
    Export {
        /// The dictionary as `list` prints it
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Use a dictionary again
    Enable {
        /// The dictionary as `list` prints it
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// No longer use a dictionary, nor the rules that know nothing else
    Disable {
        /// The dictionary as `list` prints it
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Forget an own dictionary, and the rule that was made with it
    Remove {
        /// The dictionary as `list` prints it
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// What the terms of a list are values of.
#[derive(Args, Debug)]
pub(crate) struct Meaning {
    /// Look for its terms, and call what they are in so, as in PROJECT_NAME [default: only rules that refer to the list do]
    #[arg(long, value_name = "IDENTIFIER")]
    pub(crate) identifier: Option<String>,
    /// Name of a column that holds them; may be repeated
    #[arg(long, value_name = "NAME", requires = "identifier")]
    pub(crate) column_name: Vec<String>,
}
