//! From what people write to open sources.

use std::sync::Arc;

use async_trait::async_trait;
use locard_connector::decorators::{Meter, Nested, Targets, compose};
use locard_connector::{Connector, ErrorKind, Scope, Source};
use locard_engine::{Failure, Target};
use locard_files::InCells;
use locard_model::{ExposeSecret as _, SecretString, SourceId};
use locard_store::SourceDraft;
use serde_json::Value;

use crate::settings::stored::StoredSettings;
use crate::settings::{MANUAL, is_registered};
use crate::sources::renewed::Renewed;
use crate::{Error, Home, Result, SourceLimits};

/// The connectors of this build, for databases that are met in folders.
struct Known(&'static [&'static dyn Connector]);

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|connector| connector.name()))
            .finish()
    }
}

#[async_trait]
impl Targets for Known {
    async fn open(&self, target: &str) -> Result<Arc<dyn Source>, locard_connector::Error> {
        let understood = self
            .0
            .iter()
            .find_map(|connector| Some((connector, connector.target(target)?)));
        let Some((connector, target)) = understood else {
            let sentence = "the file is a database that this build cannot read";
            return Err(locard_connector::Error::new(
                ErrorKind::Unsupported,
                sentence,
            ));
        };
        connector.open(target?.settings).await
    }
}

/// A source that can be opened.
pub(crate) struct Resolved {
    pub(crate) id: SourceId,
    /// As people see it: its name, or the canonical target.
    pub(crate) name: String,
    /// The target without credentials and options.
    pub(crate) canonical: String,
    pub(crate) connector: &'static dyn Connector,
    /// How it is read, and what else was registered with it.
    pub(crate) settings: StoredSettings,
    /// Counts what is asked of it.
    pub(crate) meter: Arc<Meter>,
    /// Whether the store knows it already.
    pub(crate) known: bool,
}

impl Home {
    /// The sources that these texts name; none: every registered source that can be read.
    pub(crate) async fn resolve_all(&self, texts: &[SecretString]) -> Result<Vec<Resolved>> {
        let mut resolved: Vec<Resolved> = Vec::new();
        if texts.is_empty() {
            for source in self
                .store
                .sources(self.org)
                .await?
                .into_iter()
                .filter(|source| source.kind != MANUAL)
            {
                resolved.push(self.stored(source).await?);
            }
            if resolved.is_empty() {
                return Err(Error::usage(
                    "there is nothing to scan: no target was given and no source is registered",
                )
                .hint(
                    "`locard scan ./folder` scans files, `locard sources add` registers a source",
                ));
            }
        }
        for text in texts {
            let source = self.resolve(text.expose_secret()).await?;
            if resolved.iter().all(|known| known.id != source.id) {
                resolved.push(source);
            }
        }
        Ok(resolved)
    }

    /// The source that a text names: a registered name or id first, then a registered source of the same place, then
    /// whatever connector understands it.
    pub(crate) async fn resolve(&self, text: &str) -> Result<Resolved> {
        if let Some(source) = self.known(text).await? {
            return self.stored(source).await;
        }
        let (connector, target) = self.understood(text)?;
        let there = self.at(connector.name(), &target.canonical).await?;
        if let Some(source) = there.filter(is_registered) {
            return self.stored(source).await;
        }
        Ok(Resolved {
            id: SourceId::derive(&target.canonical),
            name: target.canonical.clone(),
            canonical: target.canonical,
            connector,
            settings: StoredSettings::of(target.settings),
            meter: Arc::default(),
            known: false,
        })
    }

    /// The source of that name, id or canonical target in the catalog.
    pub(crate) async fn known(&self, text: &str) -> Result<Option<locard_store::Source>> {
        if let Some(source) = self.store.source_by_name(self.org, text).await? {
            return Ok(Some(source));
        }
        let id = text.parse::<SourceId>().ok();
        let sources = self.store.sources(self.org).await?;
        let is_meant = |source: &locard_store::Source| {
            Some(source.id) == id || source.target == text && source.kind != MANUAL
        };
        Ok(sources.into_iter().find(is_meant))
    }

    /// The source in the catalog that is at the same place for its connector, whoever reads it and however. Where there are
    /// several, the one whose findings came first: the one that was scanned before any was registered, else the oldest.
    pub(crate) async fn at(
        &self,
        kind: &str,
        canonical: &str,
    ) -> Result<Option<locard_store::Source>> {
        let mut sources = self.store.sources(self.org).await?;
        sources.retain(|source| source.kind == kind && source.target == canonical);
        let plain = SourceId::derive(canonical);
        let first = sources.iter().position(|source| source.id == plain);
        Ok((!sources.is_empty()).then(|| sources.swap_remove(first.unwrap_or(0))))
    }

    /// A target as its connector understands it, without credentials and options: what a face may judge.
    pub fn canonical(&self, text: &str) -> Result<String> {
        Ok(self.understood(text)?.1.canonical)
    }

    /// Whether there is a password in a target.
    pub fn holds_password(&self, target: &str) -> bool {
        let understood = self.understood(target).ok();
        understood.is_some_and(|(_, target)| target.settings["password"].is_string())
    }

    /// The connector that understands a target's text, and what it makes of it.
    pub(crate) fn understood(
        &self,
        text: &str,
    ) -> Result<(&'static dyn Connector, locard_connector::Target)> {
        let text = unwrapped(text);
        if is_connection_string(text) && !std::path::Path::new(text).exists() {
            return Err(Error::usage(
                "a target of keys and values, or of half an address, is not understood",
            )
            .hint(
                "write postgres://user@host:5432/database, and give the password in PGPASSWORD",
            ));
        }
        for connector in self.connectors {
            if let Some(target) = connector.target(text) {
                return Ok((*connector, target?));
            }
        }
        // Only the scheme is repeated: the rest may hold a password.
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
        Err(
            Error::usage(format!("`{scheme}:` is no kind of source that this build knows, and no file of that name is here"))
                .hint("a target is a path, or begins like one of those that `locard scan --help` shows"),
        )
    }

    pub(crate) async fn stored(&self, source: locard_store::Source) -> Result<Resolved> {
        let connector = self.connectors.iter();
        let mut fitting = connector.filter(|connector| connector.name() == source.kind);
        let connector = fitting.next().ok_or_else(|| unread(&source))?;
        let settings = self.store.source_settings(self.org, source.id).await?;
        let settings = StoredSettings::read(&settings).ok_or_else(|| {
            Error::new(
                crate::ErrorKind::Store,
                format!("the settings of source {} are damaged", source.name),
            )
        })?;
        Ok(Resolved {
            id: source.id,
            name: source.name,
            canonical: source.target,
            connector: *connector,
            settings,
            meter: Arc::default(),
            known: true,
        })
    }
}

impl Home {
    /// Opens a source of the catalog again.
    pub(crate) async fn open_stored(&self, id: SourceId) -> Result<Arc<dyn Source>> {
        let source = self.store.source(self.org, id).await?;
        let source = self.stored(source).await?;
        Ok(source.open(self, SourceLimits::default()).await?)
    }
}

impl Resolved {
    /// Whether it has a name of its own.
    pub(crate) fn is_registered(&self) -> bool {
        self.known && self.name != self.canonical
    }

    /// Remembers an ad hoc source with its settings (sealed), so that look-ups can read it again. Registered ones are
    /// left as they are.
    pub(crate) async fn remember(&self, home: &Home) -> Result<()> {
        if self.is_registered() {
            return Ok(());
        }
        let draft = SourceDraft {
            id: self.id,
            name: self.name.clone(),
            kind: self.connector.name().to_owned(),
            target: self.canonical.clone(),
            settings: self.settings.text(),
            owner: None,
            key: None,
        };
        home.store.put_source(home.org, &draft).await?;
        Ok(())
    }

    /// Opens it, with everything that is put around a source, and asks whether it answers. What `limits` say wins over
    /// what was registered.
    pub(crate) async fn open(
        &self,
        home: &Home,
        limits: SourceLimits,
    ) -> Result<Arc<dyn Source>, locard_connector::Error> {
        if self.settings.gated
            && let Some(gate) = home.gate()
        {
            let denied = |why| locard_connector::Error::new(ErrorKind::Denied, why);
            gate.admit(&self.canonical).await.map_err(denied)?;
        }
        let settings = self.settings(home);
        let secrets = &self.settings.secrets;
        let mut source: Arc<dyn Source> = if secrets.0.is_empty() {
            self.connector.open(settings).await?
        } else {
            Arc::new(Renewed::open(self.connector, settings, secrets.clone()).await?)
        };
        if self.connector.holds_files() {
            source = Arc::new(Nested::new(source, Arc::new(Known(home.connectors))));
        }
        let source: Arc<dyn Source> = Arc::new(InCells::new(source));
        let limits = limits.or(self.settings.limits).complete();
        let source = compose(source, &limits, Arc::clone(&self.meter));
        source.check().await?;
        Ok(source)
    }

    /// The settings; a source of files is told what of ours it must not read.
    fn settings(&self, home: &Home) -> Value {
        let mut settings = self.settings.connector.clone();
        let setting = self.connector.own_state_setting();
        if let (Some(setting), Some(settings)) = (setting, settings.as_object_mut()) {
            settings.entry(setting).or_insert_with(|| {
                let hidden = home.hidden();
                hidden.iter().map(|path| path.to_string_lossy()).collect()
            });
        }
        settings
    }

    /// It as something to scan.
    pub(crate) async fn target(
        &self,
        home: &Home,
        scope: Scope,
        limits: SourceLimits,
    ) -> Result<Target, Failure> {
        match self.open(home, limits).await {
            Ok(source) => Ok(Target {
                id: self.id,
                name: self.name.clone(),
                source,
                scope,
            }),
            Err(error) => Err(Failure {
                source: Some(self.id),
                ..Failure::of(home.engine.mask(), &error, &self.name, None)
            }),
        }
    }
}

/// The text without what a copy from a settings file brings along, blanks and quotes around it: no connector understands
/// its scheme behind them.
fn unwrapped(text: &str) -> &str {
    if std::path::Path::new(text).exists() {
        return text;
    }
    let mut bare = text.trim();
    for quote in ['"', '\'', '`'] {
        let inner = bare.strip_prefix(quote);
        if let Some(inner) = inner.and_then(|inner| inner.strip_suffix(quote)) {
            bare = unwrapped(inner);
        }
    }
    bare
}

/// Whether it is meant as a database's address in a notation that no connector reads. As a path it would be printed,
/// password and all.
fn is_connection_string(text: &str) -> bool {
    let text = text.to_ascii_lowercase().replace(" =", "=");
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == ';')
        .filter(|word| !word.is_empty())
        .collect();
    let begins = |keys: &[&str]| {
        words.iter().any(|word| {
            let key = word.split_once('=').map(|(key, _)| key);
            key.is_some_and(|key| keys.contains(&key))
        })
    };
    // A lone `host=web1/…` is a folder of a partitioned table.
    let is_path = words.len() == 1 && text.contains(['/', '*']);
    // `postgres//anna:…@host`: the colon is missing.
    let slashes = text.split_once("//").is_some_and(|(scheme, rest)| {
        let databases = [
            "postgres",
            "mysql",
            "mariadb",
            "mssql",
            "sqlserver",
            "hana",
            "mongodb",
        ];
        let is_database = databases.iter().any(|name| scheme.starts_with(name));
        !scheme.contains(':') && is_database && rest.contains('@')
    });
    begins(&["password", "pwd"]) || (begins(&["host", "hostaddr", "dbname"]) && !is_path) || slashes
}

/// Why a registered source has no connector.
fn unread(source: &locard_store::Source) -> Error {
    if source.kind == MANUAL {
        let owner = source.owner.as_deref().unwrap_or("its owner");
        let sentence = format!(
            "no connector reaches {}: it was registered as manual",
            source.name
        );
        return Error::usage(sentence).hint(format!(
            "ask {owner}; `locard find` names it among what was not searched"
        ));
    }
    let sentence = format!(
        "source {} is of kind {}, which this build cannot read",
        source.name, source.kind
    );
    Error::usage(sentence).hint("use a build that has that connector")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_quotes_around_a_target_are_no_part_of_it() {
        for text in [
            " postgres://host/x\n",
            "\"postgres://host/x\"",
            " 'postgres://host/x' ",
            "\" 'postgres://host/x'\"",
        ] {
            assert_eq!(unwrapped(text), "postgres://host/x", "{text}");
        }
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("'a b' ");
        std::fs::write(&odd, "").unwrap();
        let odd = odd.to_str().unwrap();
        assert_eq!(unwrapped(odd), odd);
        assert_eq!(unwrapped("'"), "'");
    }

    #[test]
    fn connection_strings_are_not_taken_for_files() {
        for text in [
            "host=x password=plantpw55",
            "HOST = x PASSWORD = plantpw55",
            "host=/run/pg dbname=x",
            "host=db.example",
            "Server=x;Password=plantpw55",
            "postgresql//anna:plantpw55@host/x",
            "mysql//anna:plantpw55@host/x",
            "mssql//anna:plantpw55@host/x",
        ] {
            assert!(is_connection_string(text), "{text}");
        }
        for text in [
            "host=web1/part.parquet",
            "data/host=*/x.csv",
            "postgres://anna:plantpw55@host/x",
            "./exports",
        ] {
            assert!(!is_connection_string(text), "{text}");
        }
    }
}
