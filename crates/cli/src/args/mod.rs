//! What can be typed. One struct per command; its doc comments are the help text and the reference.
//!
//! Every option can also stand in the environment (`LOCARD_SCAN_SAMPLE`) or in `locard.toml` (`[scan] sample`):
//! `settings.rs` derives both from this tree, so nothing is listed twice but what a file that nobody named may not say.

mod collect;
mod control;
mod dsar;
mod findings;
mod knowledge;
mod look;
mod requests;
mod scan;
mod serve;
mod sources;
mod tokens;
mod upkeep;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use locard_app::Access;
use locard_model::SecretString;

pub(crate) use collect::{Collect, DecideRelation, Relations, RowFormat};
pub(crate) use control::{
    BusinessRule, BusinessRules, MissedTimes, QualityDimension, Schedule, ScheduledJob, Schedules,
};
pub(crate) use dsar::{CreateDsar, Dsar, ReviewDsar};
pub(crate) use findings::{Decide, Findings, Withdrawal};
pub(crate) use knowledge::{Dictionaries, Rules};
pub(crate) use look::{Diff, Duplicates, Explain, Find, Person, Rows};
pub(crate) use requests::{
    Audit, Judgement, LogFormat, Looked, NewRequest, Places, ProofStep, Requests, Step, Tasks,
};
pub(crate) use scan::{MIN_CONFIDENCE, Scan, SnapshotScope, Sparing};
pub(crate) use serve::{LogForm, Serve, Worker};
pub(crate) use sources::{Sources, Spare};
pub(crate) use upkeep::{Backup, Jobs, Restore};
use values::{secret, threads};

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
    /// Collect every row that is about one person
    Collect(Collect),
    /// Answer a person's request for their data: collect, review, hand out
    #[command(subcommand)]
    Dsar(Dsar),
    /// Tell why a column was judged as it was, in numbers
    Explain(Explain),
    /// List the rows in which an identifier occurs
    Rows(Rows),
    /// Review findings
    #[command(subcommand)]
    Findings(Findings),
    /// Review how entities lead to each other
    #[command(subcommand)]
    Relations(Relations),
    /// Compare the findings of two scans
    Diff(Diff),
    /// Tell what is there more than once
    Duplicates(Duplicates),
    /// Register and test data sources
    #[command(subcommand)]
    Sources(Sources),
    /// List, check and try the rules
    #[command(subcommand)]
    Rules(Rules),
    /// List and build the dictionaries
    #[command(subcommand)]
    Dictionaries(Dictionaries),
    /// Ask whether data is as it should be, by SQL that counts what is not
    #[command(subcommand)]
    BusinessRules(BusinessRules),
    /// Look at scans and other work, running and done
    #[command(subcommand)]
    Jobs(Jobs),
    /// Run jobs again and again
    #[command(subcommand)]
    Schedules(Schedules),
    /// Work on the legal requests of persons
    #[command(subcommand)]
    Requests(Requests),
    /// Verify and export the log of what was done
    #[command(subcommand)]
    Audit(Audit),
    /// Write the whole catalog to one file
    Backup(Backup),
    /// Bring a backup back
    Restore(Restore),
    /// Replace the master key; nothing is scanned again, and older backups still need the older key
    RotateKey,
    /// Serve the programming interface, and run the jobs that are asked for by it
    Serve(Serve),
    /// Run jobs that servers over the same store accept
    Worker(Worker),
    /// Print the completion script of a shell
    Completions(Completions),
}

impl Command {
    /// What the command does with the home: whoever only looks stands in nobody's way.
    pub(crate) fn access(&self) -> Access {
        match self {
            // The key that signs is made when it is first needed.
            Self::Collect(collect) if collect.is_bundle() => Access::Beside,
            Self::Find(_)
            | Self::Collect(_)
            | Self::Explain(_)
            | Self::Rows(_)
            | Self::Dsar(Dsar::List { .. } | Dsar::Show { .. })
            | Self::Relations(Relations::List { .. })
            | Self::Diff(_)
            | Self::Duplicates(_)
            | Self::Rules(
                Rules::List { .. } | Rules::Check { .. } | Rules::Test { .. } | Rules::Export { .. },
            )
            | Self::Scan(Scan { plan: true, .. })
            | Self::Findings(Findings::List { .. } | Findings::Export { .. })
            | Self::Sources(Sources::List { .. } | Sources::Test { .. })
            | Self::Audit(_)
            // A copy is taken of what is committed, whoever goes on writing.
            | Self::Backup(_)
            | Self::Requests(
                Requests::List { .. }
                | Requests::Show(_)
                | Requests::Explain(_)
                | Requests::Timeline(_)
                | Requests::Letter { .. }
                | Requests::Export { .. }
                | Requests::Calendar,
            )
            | Self::Dictionaries(Dictionaries::List { .. } | Dictionaries::Overlap { .. }) => {
                Access::Look
            }
            Self::BusinessRules(BusinessRules::List { .. } | BusinessRules::History { .. })
            | Self::Schedules(Schedules::List { .. } | Schedules::Show { .. }) => Access::Look,
            Self::Jobs(_)
            // A running scan or server looks at it by itself.
            | Self::Rules(_)
            | Self::Dictionaries(
                Dictionaries::Import { .. }
                | Dictionaries::Export { .. }
                | Dictionaries::Enable { .. }
                | Dictionaries::Disable { .. }
                | Dictionaries::Remove { .. },
            )
            | Self::Sources(Sources::Spare { .. })
            | Self::Dsar(Dsar::Verify { .. })
            | Self::Schedules(_)
            | Self::BusinessRules(BusinessRules::Add(_) | BusinessRules::Remove { .. }) => {
                Access::Beside
            }
            _ => Access::Alone,
        }
    }

    /// The form of the log, where one was asked for.
    pub(crate) fn log(&self) -> Option<LogForm> {
        match self {
            Self::Serve(serve) => serve.log,
            Self::Worker(worker) => worker.log,
            _ => None,
        }
    }

    /// What helps where somebody else holds the home; `None`: what the store says of it.
    pub(crate) fn held(&self) -> Option<&'static str> {
        match self {
            Self::Scan(_) => None,
            Self::RotateKey => Some(
                "the key is replaced while nobody is in the home: end `locard serve` (Ctrl-C; its jobs go on at the next \
                start) or wait for the scan, then rotate it and start the server again",
            ),
            Self::Restore(_) => Some(
                "a home is replaced while nobody is in it: end whoever that is first, or restore into another --home",
            ),
            Self::Serve(_) | Self::Worker(_) => Some(
                "one process holds a home: end that one, or keep the catalog in PostgreSQL with --store, which several share",
            ),
            _ => Some(
                "while `locard serve` runs over it, ask its programming interface (/docs tells how), or keep the catalog in \
                PostgreSQL with --store, which several processes share; a scan can be waited for",
            ),
        }
    }

    /// Whether something is judged, or told of the rules: own ones that cannot be used are an error then.
    pub(crate) fn judges(&self) -> bool {
        match self {
            Self::Scan(_)
            | Self::Find(_)
            | Self::Collect(_)
            | Self::Dsar(_)
            | Self::Explain(_)
            | Self::Rows(_)
            | Self::Requests(_)
            | Self::Serve(_)
            | Self::Worker(_) => true,
            Self::Findings(findings) => {
                !matches!(findings, Findings::List { .. } | Findings::Export { .. })
            }
            Self::Rules(rules) => matches!(rules, Rules::List { .. } | Rules::Test { .. }),
            Self::Dictionaries(dictionaries) => matches!(
                dictionaries,
                Dictionaries::List { .. } | Dictionaries::Overlap { .. }
            ),
            Self::Diff(_)
            | Self::Duplicates(_)
            | Self::Relations(_)
            | Self::Sources(_)
            | Self::BusinessRules(_)
            | Self::Jobs(_)
            | Self::Schedules(_)
            | Self::Audit(_)
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::RotateKey
            | Self::Completions(_) => false,
        }
    }
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

/// Print the completion script of a shell
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
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

    /// The lines of shell blocks that begin with `locard`, in the pages that users read.
    fn lines_of_the_pages() -> Vec<String> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folders = [root.clone(), root.join("docs"), root.join("dictionaries")];
        let connectors = std::fs::read_dir(root.join("connectors")).unwrap();
        let folders = folders
            .into_iter()
            .chain(connectors.map(|entry| entry.unwrap().path()));
        let mut lines = Vec::new();
        for folder in folders.filter(|folder| folder.is_dir()) {
            for page in std::fs::read_dir(folder).unwrap() {
                let page = page.unwrap().path();
                if page.extension().is_none_or(|extension| extension != "md") {
                    continue;
                }
                let text = std::fs::read_to_string(page).unwrap();
                let mut inside = false;
                for line in text.replace("\\\n", " ").lines() {
                    if line.starts_with("```") {
                        inside = line == "```sh";
                    } else if inside && line.starts_with("locard ") {
                        lines.extend(line.split(" && ").map(str::to_owned));
                    }
                }
            }
        }
        lines
    }

    #[test]
    fn every_line_of_the_pages_is_understood() {
        let lines = lines_of_the_pages();
        assert!(lines.len() > 50, "{lines:?}");
        for line in lines {
            let words = shlex::split(&line).expect("its quotes are closed");
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}\n{error}");
            }
        }
    }

    #[test]
    fn nobody_and_no_password_stands_in_the_debug_text() {
        for line in [
            "scan postgres://reader:PLANTED@db.example/crm",
            "find --email PLANTED --phone PLANTED --name PLANTED --id US_SSN=PLANTED --source postgres://a:PLANTED@b/c",
            "collect --email PLANTED --phone PLANTED --name PLANTED --id A=PLANTED --source PLANTED --output out",
            "sources add crm postgres://reader:PLANTED@db.example/crm",
            "sources test postgres://reader:PLANTED@db.example/crm",
            "sources ingest postgres://reader:PLANTED@db.example/crm",
            "--store postgres://reader:PLANTED@db.example/crm jobs list",
            "requests create --jurisdiction eu --received 2026-03-31T08:00:00Z --name PLANTED --email PLANTED --subject-id PLANTED --id A=PLANTED",
            "requests extend x --reason PLANTED",
            "requests ask x --message PLANTED",
        ] {
            let words = std::iter::once("locard").chain(line.split(' '));
            let cli = Cli::try_parse_from(words).expect("the line is understood");
            let told = format!("{cli:?} {cli:#?}");
            assert!(!told.contains("PLANTED"), "{told}");
        }
    }
}
