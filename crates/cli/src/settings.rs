//! `locard.toml` and the environment as defaults of the command line.
//!
//! Both are derived from the argument tree: `--min-confidence` of `scan` reads `LOCARD_SCAN_MIN_CONFIDENCE` and
//! `[scan] min-confidence`; the options of every command read `LOCARD_HOME` and the top level of the file. What is
//! typed wins over the environment, which wins over the file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory as _};
use toml::{Table, Value};

use crate::args::Cli;

/// The name of the settings file.
const FILE: &str = "locard.toml";

/// How every variable begins.
const PREFIX: &str = "LOCARD";

/// What a settings file says, and its name for messages.
#[derive(Default)]
pub(crate) struct Settings {
    table: Table,
    file: String,
    /// Whether nobody named it: it lies in the folder that a command happens to run in.
    here: bool,
}

/// What such a file decides: how is read and shown. Where is written, listened and connected to, what others may reach by
/// it, what secrets are taken from, whether rows are handed out that may be somebody else's or that nobody reviewed, and
/// what is decided about persons and their requests is none of it: a scan in somebody else's checkout would do as that
/// checkout says.
#[rustfmt::skip]
const TAKEN: &[&str] = &[
    "affinity", "after", "at", "at-risk", "baseline", "by", "channel", "collection", "color", "column", "complex",
    "contact", "count", "cron", "decisions", "description", "dimension", "email", "exclude", "exhaustive",
    "explanation", "fail-on", "fail-rows", "fail-share", "find", "format", "fresh", "from", "hours", "id",
    "identifier", "include", "instructions", "jobs-at-once", "jurisdiction", "kind", "language", "limit", "manual",
    "max-rate", "media-type", "min-confidence", "min-share", "missed", "name", "no-jobs", "no-max-rate",
    "no-readers", "no-relations", "no-weak", "no-window", "note", "notes", "owner", "partial-is-completed", "paused", "phone", "plan", "preview", "quiet", "readers",
    "reason", "received", "recheck", "region", "rejected", "request", "resource", "rule", "sample", "samples",
    "scope", "section", "snapshot", "source", "state", "status", "subject", "subject-id", "tag", "threads",
    "time-zone", "type", "until", "verbose", "verify", "warn-rows", "warn-share", "whole", "window",
];

/// The settings file that applies: the one named, else `locard.toml` here, else in the home.
pub(crate) fn load(named: Option<&Path>, home: Option<&Path>) -> Result<Settings> {
    let in_home = home.map(|home| home.join(FILE));
    let is_home = |path: &Path| {
        let place = |path: &Path| path.canonicalize().ok();
        let (here, home) = (place(path), in_home.as_deref().and_then(place));
        here.is_some() && here == home
    };
    let found = named.map(Path::to_owned).or_else(|| {
        [Some(PathBuf::from(FILE)), in_home.clone()]
            .into_iter()
            .flatten()
            .find(|path| path.is_file())
    });
    let Some(path) = found else {
        return Ok(Settings::default());
    };
    let file = path.display().to_string();
    let text = locard_app::read_text(&path).context("the settings cannot be used")?;
    let table = text.parse().map_err(|error: toml::de::Error| {
        // The message alone: the full error prints the offending line, which may hold a password.
        let line = error.span().map_or(1, |span| {
            text[..span.start.min(text.len())].matches('\n').count() + 1
        });
        anyhow::anyhow!("{file} line {line}: {}", error.message())
    })?;
    let here = named.is_none() && path == Path::new(FILE) && !is_home(&path);
    Ok(Settings { table, file, here })
}

/// Lays the file and the environment under the argument tree. An unknown key is an error that lists the known ones.
pub(crate) fn apply(command: Command, settings: &Settings) -> Result<Command> {
    let Settings { table, file, here } = settings;
    let global: Vec<String> = command.get_arguments().filter_map(option_name).collect();
    let known: Vec<String> = global
        .iter()
        .cloned()
        .chain(
            command
                .get_subcommands()
                .map(|sub| sub.get_name().to_owned()),
        )
        .collect();
    if let Some(key) = table.keys().find(|key| !known.contains(key)) {
        bail!(
            "unknown setting `{key}` in {file}\nhint: {}",
            meant(key, "known are", &known)
        );
    }
    let command = descend(command, table, PREFIX, file)?;
    if *here {
        refuse(table, file)?;
    }
    Ok(command)
}

/// Which setting was likely meant, and which there are.
fn meant(key: &str, are: &str, known: &[String]) -> String {
    let meant = locard_app::did_you_mean(key, known.iter().map(String::as_str));
    let meant = meant.map(|meant| format!("{meant} ")).unwrap_or_default();
    format!("{meant}{are} {}", known.join(", "))
}

/// Refuses what a file that nobody named does not decide.
fn refuse(table: &Table, file: &str) -> Result<()> {
    for (key, value) in table {
        if let Value::Table(below) = value {
            refuse(below, file)?;
        }
        if !value.is_table() && !TAKEN.contains(&key.as_str()) {
            bail!(
                "setting `{key}` is not taken from the {file} of the folder that a command runs in, since whoever \
                 wrote that file would choose what is written or connected to\nhint: name the file with --config or \
                 LOCARD_CONFIG if it is yours, or put the setting into the locard.toml of the home or the environment"
            );
        }
    }
    Ok(())
}

fn descend(mut command: Command, settings: &Table, prefix: &str, file: &str) -> Result<Command> {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    let options: Vec<String> = command.get_arguments().filter_map(option_name).collect();
    if let Some(key) = settings
        .keys()
        .find(|key| !options.contains(key) && !names.contains(key))
    {
        bail!(
            "unknown setting `{key}` in {file}\nhint: {}",
            meant(key, "known here are", &[options, names].concat())
        );
    }
    let mut fault = None;
    command = command.mut_args(|arg| {
        let Some(name) = option_name(&arg) else {
            return arg;
        };
        let arg = set(switch(arg), variable(prefix, &name));
        match settings
            .get(&name)
            .map(|value| default(arg.clone(), &name, value, file))
        {
            Some(Ok(arg)) => arg,
            Some(Err(error)) => {
                fault = Some(error);
                arg
            }
            None => arg,
        }
    });
    if let Some(error) = fault {
        return Err(error);
    }
    for name in names {
        let table = match settings.get(&name) {
            Some(Value::Table(table)) => table.clone(),
            Some(_) => bail!(
                "setting `{name}` in {file} must be a table\nhint: write [{name}] on a line of its own"
            ),
            None => Table::new(),
        };
        let mut result = Ok(());
        let below = variable(prefix, &name);
        command = command.mut_subcommand(&name, |sub| {
            match descend(sub.clone(), &table, &below, file) {
                Ok(done) => done,
                Err(error) => {
                    result = Err(error);
                    sub
                }
            }
        });
        result?;
    }
    Ok(command)
}

/// The long name of an option that takes settings; positional arguments, help and version do not.
fn option_name(arg: &Arg) -> Option<String> {
    let name = arg.get_long()?;
    (!matches!(name, "help" | "version" | "config")).then(|| name.to_owned())
}

fn variable(prefix: &str, name: &str) -> String {
    format!("{prefix}_{}", name.to_uppercase().replace('-', "_"))
}

/// The option with what a variable says; an empty one is how many a script takes it back.
fn set(arg: Arg, variable: String) -> Arg {
    if std::env::var_os(&variable).is_some_and(|value| !value.is_empty()) {
        arg.env(variable).hide_env(true)
    } else {
        arg
    }
}

/// A switch takes what people write in files and variables: `1`, `yes` and `on`.
fn switch(arg: Arg) -> Arg {
    match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(yes_or_no),
        _ => arg,
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" => Ok(true),
        "0" | "false" | "f" | "no" | "n" | "off" => Ok(false),
        _ => Err("yes or no is wanted".to_owned()),
    }
}

/// Variables that are settings of nothing here, by what they are most like: a slip of the finger that spares a source
/// nothing. Those of tests, of the key and of the program for drivers are none.
pub(crate) fn unknown_variables() -> Vec<String> {
    let mut known = vec![variable(PREFIX, "config")];
    let mut open = vec![(PREFIX.to_owned(), Cli::command())];
    while let Some((prefix, command)) = open.pop() {
        let names = command.get_arguments().filter_map(option_name);
        known.extend(names.map(|name| variable(&prefix, &name)));
        let below = command.get_subcommands();
        open.extend(below.map(|sub| (variable(&prefix, sub.get_name()), sub.clone())));
    }
    let is_other = |name: &str| {
        ["TEST", "BENCH", "STORE_TEST", "MASTER_KEY", "ODBC_HELPER"]
            .iter()
            .any(|of| name.starts_with(&variable(PREFIX, of)))
    };
    let said = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    let said = said.filter_map(|(name, _)| name.into_string().ok());
    let ours = said.filter(|name| name.starts_with(&variable(PREFIX, "")) && !is_other(name));
    let unknown = ours.filter(|name| !known.contains(name));
    unknown
        .map(
            |name| match locard_app::did_you_mean(&name, known.iter().map(String::as_str)) {
                Some(meant) => format!("the environment variable {name} is no setting; {meant}"),
                None => format!("the environment variable {name} is no setting"),
            },
        )
        .collect()
}

/// The variable that keeps a line from being understood which is well by itself.
pub(crate) fn misfit(line: &ArgMatches) -> Option<anyhow::Error> {
    let (command, mut line, mut prefix) = (Cli::command(), line, PREFIX.to_owned());
    let mut command = &command;
    loop {
        let found = command.get_arguments().find_map(|arg| {
            let name = option_name(arg)?;
            let variable = variable(&prefix, &name);
            let word = std::env::var(&variable)
                .ok()
                .filter(|word| !word.is_empty())?;
            let place = format!("the environment variable {variable}");
            fits(&switch(arg.clone()), &name, &word, &place).err()
        });
        let (name, below) = match (found, line.subcommand()) {
            (Some(error), _) => return Some(error),
            (None, None) => return None,
            (None, Some(below)) => below,
        };
        command = command.find_subcommand(name)?;
        (line, prefix) = (below, variable(&prefix, name));
    }
}

fn default(arg: Arg, name: &str, value: &Value, file: &str) -> Result<Arg> {
    let words = match value {
        Value::Array(items) => items
            .iter()
            .map(|item| scalar(name, item, file))
            .collect::<Result<Vec<_>>>()?,
        other => vec![scalar(name, other, file)?],
    };
    for word in &words {
        fits(&arg, name, word, &format!("setting `{name}` in {file}"))?;
    }
    // A flag takes `true`; `false` is what it is without the setting.
    Ok(
        if matches!(arg.get_action(), ArgAction::SetTrue) && words == ["false"] {
            arg
        } else {
            arg.default_values(words)
        },
    )
}

/// Whether the option would take that word. The word itself is not repeated: a file may hold secrets.
fn fits(arg: &Arg, name: &str, word: &str, place: &str) -> Result<()> {
    let option = Arg::new("setting")
        .long("setting")
        .value_parser(arg.get_value_parser().clone());
    let tried = Command::new("setting")
        .no_binary_name(true)
        .arg(option)
        .try_get_matches_from([format!("--setting={word}")]);
    let Err(error) = tried else { return Ok(()) };
    let why = std::error::Error::source(&error).map_or_else(String::new, |why| format!(": {why}"));
    bail!(
        "{place} has a value that --{name} does not take{why}\nhint: `locard COMMAND --help` tells what it takes"
    )
}

fn scalar(name: &str, value: &Value, file: &str) -> Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Boolean(flag) => Ok(flag.to_string()),
        _ => bail!(
            "setting `{name}` in {file} must be text, a number, true or false, or a list of these"
        ),
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use locard_app::{Amount, Share};

    use super::*;
    use crate::args::Command as Chosen;

    fn settings(text: &str) -> Settings {
        Settings {
            table: text.parse().unwrap(),
            file: "other.toml".to_owned(),
            here: false,
        }
    }

    fn scan(text: &str, line: &[&str]) -> crate::args::Scan {
        let command = apply(Cli::command(), &settings(text)).unwrap();
        let cli = Cli::from_arg_matches(&command.get_matches_from(line)).unwrap();
        match cli.command {
            Chosen::Scan(scan) => scan,
            other => panic!("not a scan: {other:?}"),
        }
    }

    #[test]
    fn the_file_gives_defaults_and_the_line_wins() {
        let settings = "[scan]\nsample = 50\nexhaustive = true\nexclude = ['*.tmp', '*.bak']\n";
        let read = scan(settings, &["locard", "scan", "."]);
        assert_eq!(
            (read.sample, read.exhaustive, read.exclude.len()),
            (Some(Amount::Rows(50)), true, 2)
        );
        assert_eq!(
            scan(settings, &["locard", "scan", ".", "--sample", "7"]).sample,
            Some(Amount::Rows(7))
        );
        let share = scan("[scan]\nsample = '10%'\n", &["locard", "scan", "."]).sample;
        assert_eq!(share, Share::percent(10.0).map(Amount::Share));
    }

    /// The long names of all options.
    fn options(command: &Command, all: &mut std::collections::BTreeSet<String>) {
        all.extend(command.get_arguments().filter_map(option_name));
        command
            .get_subcommands()
            .for_each(|below| options(below, all));
    }

    #[test]
    fn a_file_that_nobody_named_decides_only_how_is_read_and_shown() {
        let mut all = std::collections::BTreeSet::new();
        options(&Cli::command(), &mut all);
        for name in TAKEN {
            assert!(all.contains(*name), "there is no --{name} any more");
        }
        for text in [
            "store = 'hush'",
            "[scan]\noutput = 'hush'",
            "[restore]\nforce = true",
        ] {
            let mut settings = settings(text);
            assert!(apply(Cli::command(), &settings).is_ok(), "{text}");
            settings.here = true;
            let error = apply(Cli::command(), &settings).unwrap_err().to_string();
            assert!(
                error.contains("is not taken from")
                    && error.contains("--config")
                    && !error.contains("hush"),
                "{error}"
            );
        }
        let mut settings = settings("[scan]\nsample = 5");
        settings.here = true;
        assert!(apply(Cli::command(), &settings).is_ok());
    }

    #[test]
    fn a_switch_takes_what_people_write() {
        let switch = |word: &str| {
            let command = apply(Cli::command(), &Settings::default()).unwrap();
            let parser = command
                .get_arguments()
                .find(|arg| arg.get_long() == Some("quiet"))
                .unwrap()
                .get_value_parser()
                .clone();
            let option = Arg::new("quiet").long("quiet").value_parser(parser);
            Command::new("x")
                .no_binary_name(true)
                .arg(option)
                .try_get_matches_from([format!("--quiet={word}")])
                .ok()
                .and_then(|matches| matches.get_one::<bool>("quiet").copied())
        };
        for (word, expected) in [
            ("1", Some(true)),
            ("true", Some(true)),
            ("yes", Some(true)),
            ("on", Some(true)),
            ("0", Some(false)),
            ("no", Some(false)),
            ("false", Some(false)),
            ("perhaps", None),
        ] {
            assert_eq!(switch(word), expected, "{word}");
        }
    }

    #[test]
    fn an_unknown_key_lists_the_known_ones() {
        let error = apply(Cli::command(), &settings("[scan]\nsampel = 1"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`sampel` in other.toml")
                && error.contains("did you mean sample")
                && error.contains("known here are"),
            "{error}"
        );
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_unquoted() {
        for text in [
            "threads = 99999999",
            "[scan]\nsample = 0",
            "[scan]\nformat = 'hush'",
        ] {
            let error = apply(Cli::command(), &settings(text))
                .unwrap_err()
                .to_string();
            assert!(error.contains("does not take"), "{error}");
            assert!(
                !error.contains("hush") && !error.contains("99999999"),
                "{error}"
            );
        }
    }
}
