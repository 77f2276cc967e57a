//! A kind of data source: its name, its settings, how a target's text names it.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, ErrorKind, Result, Source, foreign};

/// What an author of a connector writes; a blanket implementation makes it a [`Connector`].
pub trait Kind: Send + Sync + 'static {
    /// Its stable name: `postgres`, `local`.
    const NAME: &'static str;

    /// The folder of its crate below `connectors/`, whose README lists its settings.
    const FOLDER: &'static str = Self::NAME;

    /// Whether its entities are files, so that there may be databases among them
    /// ([`Nested`](crate::decorators::Nested)).
    const HOLDS_FILES: bool = false;

    /// The name of its setting for folders and files that it must never read, where it has one: whoever opens a source
    /// without that setting puts in where Locard keeps its own state and its keys.
    const OWN_STATE_SETTING: Option<&'static str> = None;

    /// Its settings; the field docs are the form, the help and the reference. Secret fields are of type
    /// [`locard_model::SecretString`] or hold a reference to a secret.
    type Settings: DeserializeOwned + JsonSchema + Send;

    /// What a target's text means for this connector: `None` when it is not addressed (another scheme), an error
    /// when it is and makes no sense.
    fn target(text: &str) -> Option<Result<Target>>;

    /// Where the paths of its entities begin, where another source may hold the same entities from another place on:
    /// the folder of a source of files, the server or database of one of tables. Whoever reads it, and how, is no part of it.
    fn base(_settings: Self::Settings) -> Option<String> {
        None
    }

    /// Opens a source. It may connect lazily; [`Source::check`] tells whether it can.
    fn open(settings: Self::Settings) -> impl Future<Output = Result<impl Source>> + Send;
}

/// A target as a connector understands it.
#[derive(Clone)]
pub struct Target {
    /// Settings for [`Connector::open`]; may hold secrets, so it is sealed before it is stored and never printed.
    pub settings: Value,
    /// The target without credentials and options: what a source id derives from and what people see.
    pub canonical: String,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Target({})", self.canonical)
    }
}

impl Target {
    /// Refuses text that is taken for the path of a file, that is no file, and that may be an address with a password in
    /// it (`./postgres://anna:…@host`): where the file is missing its path is printed.
    pub fn refuse_password(text: &str) -> Result<()> {
        // Where several files may be meant, only an address has a slash behind a colon.
        let from = if text.contains(['*', '?', '[', '{']) {
            text.split_once(":/").map_or("", |(_, rest)| rest)
        } else {
            text
        };
        let secret = from.rsplit_once('@').and_then(|(before, _)| {
            let (_, secret) = before.split_once(':')?;
            Some(secret)
        });
        if secret.is_none_or(str::is_empty) || Path::new(text).exists() {
            return Ok(());
        }
        let sentence = "there is no such file, and what was named may hold a password, so it is not repeated here";
        Err(Error::new(ErrorKind::Settings, sentence).hint(
            "an address begins with its scheme: postgres://user@host:5432/database, and its password goes into PGPASSWORD",
        ))
    }
}

/// A kind of data source, type-erased for the registry.
#[async_trait]
pub trait Connector: Send + Sync + 'static {
    /// Its stable name.
    fn name(&self) -> &'static str;

    /// See [`Kind::HOLDS_FILES`].
    fn holds_files(&self) -> bool;

    /// See [`Kind::OWN_STATE_SETTING`].
    fn own_state_setting(&self) -> Option<&'static str>;

    /// JSON Schema of its settings.
    fn settings(&self) -> Value;

    /// See [`Kind::target`].
    fn target(&self, text: &str) -> Option<Result<Target>>;

    /// Whether these settings can be read.
    fn check(&self, settings: Value) -> Result<()>;

    /// See [`Kind::base`]; `None` too for settings that cannot be read.
    fn base(&self, settings: Value) -> Option<String>;

    /// See [`Kind::open`].
    async fn open(&self, settings: Value) -> Result<Arc<dyn Source>>;
}

#[async_trait]
impl<K: Kind> Connector for K {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn holds_files(&self) -> bool {
        K::HOLDS_FILES
    }

    fn own_state_setting(&self) -> Option<&'static str> {
        K::OWN_STATE_SETTING
    }

    fn settings(&self) -> Value {
        schemars::schema_for!(K::Settings).to_value()
    }

    fn target(&self, text: &str) -> Option<Result<Target>> {
        K::target(text)
    }

    fn check(&self, settings: Value) -> Result<()> {
        settings_of::<K>(settings).map(drop)
    }

    fn base(&self, settings: Value) -> Option<String> {
        serde_json::from_value(settings).ok().and_then(K::base)
    }

    async fn open(&self, settings: Value) -> Result<Arc<dyn Source>> {
        let settings = settings_of::<K>(settings)?;
        Ok(Arc::new(foreign::call(K::open(settings)).await?))
    }
}

/// A deserialisation error may quote the offending value, so only what is wrong with it is told.
fn settings_of<K: Kind>(settings: Value) -> Result<K::Settings> {
    serde_json::from_value(settings).map_err(|error| {
        let fault = if error.is_data() {
            "a field is missing, unknown or of the wrong type"
        } else {
            "not an object"
        };
        Error::new(
            ErrorKind::Settings,
            format!("settings of a {} source: {fault}", K::NAME),
        )
        .hint(format!("`locard sources options {}` lists them", K::NAME))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_whose_name_may_hold_a_password_is_refused_without_its_name() {
        for text in [
            "/data/postgres:/anna:plantpw55@host/x",
            "./postgres://anna:plantpw55@host/x",
            "./anna:plantpw55@host",
            "postgres://anna:pl*ant?pw55@host/x",
        ] {
            let error = Target::refuse_password(text).unwrap_err();
            let told = format!("{error:?} {:?}", error.hint_text());
            assert!(!told.contains("pw55"), "{told}");
        }
        for text in [
            "/data/crm.csv",
            "/data/a@b:c",
            "/data/10:30/*@*.csv",
            "C:/data/x.csv",
        ] {
            assert!(Target::refuse_password(text).is_ok(), "{text}");
        }
    }
}
