//! Settings of an SQLite source and what a target's text means. The field docs are the form and the reference.

use std::path::{Path, PathBuf};
use std::time::Duration;

use locard_connector::{Error, ErrorKind, Result, Target};
use locard_model::EntityKind;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Which database file, and how patient to be with its writers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Path of the database file.
    pub path: PathBuf,
    /// Seconds to wait for another program that has the file locked.
    #[serde(default = "default_busy_timeout")]
    pub busy_timeout: u64,
    /// Seconds after which a statement of ours is ended; 0 for never.
    #[serde(default = "default_statement_timeout")]
    pub statement_timeout: u64,
    /// Seconds after which the reading of a view is ended, which may be a query without end; 0 for never.
    #[serde(default = "default_view_timeout")]
    pub view_timeout: u64,
}

const fn default_busy_timeout() -> u64 {
    5
}

const fn default_statement_timeout() -> u64 {
    3_600
}

const fn default_view_timeout() -> u64 {
    300
}

/// How long a statement may take, and the setting that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) most: Option<Duration>,
    pub(crate) setting: &'static str,
}

impl Settings {
    /// How long a statement may take; `None` for as long as it wants.
    pub(crate) fn patience(&self) -> Option<Duration> {
        (self.statement_timeout > 0).then(|| Duration::from_secs(self.statement_timeout))
    }

    /// How long the reading of an entity may take: of a view as long as the stricter of both settings wants.
    pub(crate) fn limit(&self, kind: EntityKind) -> Limit {
        let statement = Limit {
            most: self.patience(),
            setting: "statement_timeout",
        };
        let view = Duration::from_secs(self.view_timeout);
        let is_sooner = statement.most.is_none_or(|most| view < most);
        if kind != EntityKind::View || view.is_zero() || !is_sooner {
            return statement;
        }
        Limit {
            most: Some(view),
            setting: "view_timeout",
        }
    }
}

/// The settings that a target may carry.
const OPTIONS: [&str; 3] = ["busy_timeout", "statement_timeout", "view_timeout"];

/// What a target's text means: `sqlite:PATH` or `sqlite://PATH`, either with `?statement_timeout=SECONDS` behind it.
pub(crate) fn target(text: &str) -> Option<Result<Target>> {
    let (scheme, rest) = text.split_once(':')?;
    scheme
        .eq_ignore_ascii_case("sqlite")
        .then(|| parse(rest.strip_prefix("//").unwrap_or(rest)))
}

fn parse(text: &str) -> Result<Target> {
    let fault = |what: &str| {
        Error::new(ErrorKind::Settings, format!("the SQLite target {what}"))
            .hint("a target reads sqlite:/data/crm.db?statement_timeout=60")
    };
    let (path, options) = split(text);
    if has_unknown_option(path) {
        let known = OPTIONS.join(", ");
        return Err(fault("has an option that is not known").hint(format!(
            "options are {known}; a file with ? in its name must be there already"
        )));
    }
    if path.is_empty() {
        return Err(fault("names no file"));
    }
    if path.starts_with(":memory:") {
        return Err(fault(
            "is a database in memory, which another process cannot see",
        ));
    }
    Target::refuse_password(path)?;
    // The same file has the same id from wherever it is named.
    let path =
        std::path::absolute(path).map_err(|_| fault("has a path that cannot be made absolute"))?;
    let canonical = format!("sqlite:{}", path.display());
    let mut settings = Map::from_iter([("path".to_owned(), json!(path))]);
    for (name, seconds) in options {
        let seconds: u64 = seconds
            .parse()
            .map_err(|_| fault("has a time-out that is no number of seconds"))?;
        settings.insert(name.to_owned(), json!(seconds));
    }
    Ok(Target {
        canonical,
        settings: Value::Object(settings),
    })
}

/// A path and the options behind it. A question mark that no option of ours follows is part of a file's name.
fn split(text: &str) -> (&str, Vec<(&str, &str)>) {
    let parted = text.rsplit_once('?').and_then(|(path, options)| {
        let options = options.split('&').map(option);
        Some((path, options.collect::<Option<_>>()?))
    });
    parted.unwrap_or((text, Vec::new()))
}

/// Whether a path ends like an option that is none of ours, and is no file. It may be a secret, so it is not shown.
fn has_unknown_option(path: &str) -> bool {
    let options = path.rsplit_once('?').map(|(_, options)| options);
    options.is_some_and(|options| options.contains('=')) && !Path::new(path).exists()
}

fn option(pair: &str) -> Option<(&str, &str)> {
    pair.split_once('=')
        .filter(|(name, _)| OPTIONS.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> String {
        target(text).unwrap().unwrap().canonical
    }

    #[test]
    fn both_spellings_mean_the_same_file() {
        assert_eq!(check("sqlite:/data/crm.db"), "sqlite:/data/crm.db");
        assert_eq!(check("sqlite:///data/crm.db"), "sqlite:/data/crm.db");
        assert_eq!(check("sqlite:crm.db"), check("sqlite:./crm.db"));
        assert_eq!(check("sqlite://crm.db"), check("sqlite:crm.db"));
    }

    #[test]
    fn options_are_behind_the_path_and_no_part_of_the_source() {
        let target = |text| target(text).unwrap();
        let given = target("sqlite:/data/crm.db?statement_timeout=50&busy_timeout=1").unwrap();
        assert_eq!(given.canonical, "sqlite:/data/crm.db");
        let settings: Settings = serde_json::from_value(given.settings).unwrap();
        assert_eq!((settings.statement_timeout, settings.busy_timeout), (50, 1));
        assert_eq!(settings.patience(), Some(Duration::from_secs(50)));
        let never = target("sqlite:/data/crm.db?statement_timeout=0").unwrap();
        let never: Settings = serde_json::from_value(never.settings).unwrap();
        assert_eq!(never.patience(), None);
        let limit =
            |settings: &Settings, kind| settings.limit(kind).most.map(|most| most.as_secs());
        assert_eq!(limit(&never, EntityKind::Table), None);
        assert_eq!(limit(&never, EntityKind::View), Some(300));
        assert_eq!(limit(&settings, EntityKind::View), Some(50));
        assert_eq!(
            settings.limit(EntityKind::View).setting,
            "statement_timeout"
        );
        assert_eq!(
            target("sqlite:/data/why?.db").unwrap().canonical,
            "sqlite:/data/why?.db"
        );
        for text in [
            "/data/crm.db?key=hush",
            "/data/crm.db?key=hush&busy_timeout=1",
        ] {
            let text = format!("sqlite:{text}");
            let error = super::target(&text).unwrap().unwrap_err();
            let told = format!("{error} {error:?} {:?}", error.hint_text());
            assert!(
                told.contains("statement_timeout") && !told.contains("hush"),
                "{told}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("a?b=c.db");
        std::fs::write(&odd, "").unwrap();
        let text = format!("sqlite:{}", odd.display());
        assert_eq!(check(&text), text);
        let wrong = target("sqlite:/data/crm.db?statement_timeout=soon").unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::Settings);
    }

    #[test]
    fn what_is_no_file_is_a_settings_error_and_other_schemes_are_not_addressed() {
        assert_eq!(
            target("sqlite:").unwrap().unwrap_err().kind(),
            ErrorKind::Settings
        );
        assert_eq!(
            target("sqlite::memory:").unwrap().unwrap_err().kind(),
            ErrorKind::Settings
        );
        assert!(target("/data/crm.db").is_none());
        assert!(target("postgres://x").is_none());
    }
}
