//! Registering a source, or changing it, by whatever other systems know it by.

use std::path::PathBuf;

use locard_connector::Connector;
use locard_model::{ExposeSecret as _, SecretString, SourceId};
use locard_store::{Source, SourceDraft};
use serde_json::Value;
use uuid::Uuid;

use crate::settings::secrets::Secrets;
use crate::settings::stored::StoredSettings;
use crate::sources::options;
use crate::words::is_unprintable;
use crate::{Error, ErrorKind, Home, Result};

/// A source as another system describes it. What is not said stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Upsert {
    /// The source that is meant.
    pub id: Option<SourceId>,
    /// The key by which that system knows it; it never changes.
    pub key: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its target as people write it; credentials in it are sealed.
    pub target: Option<SecretString>,
    /// Whether the target is complete. One without credentials leaves those that are stored, where it is the same.
    pub has_secret: bool,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What is written about it.
    pub note: Option<String>,
    /// Which workers run what is asked about it.
    pub affinity: Option<String>,
    /// Where its secrets are kept; heeded together with a target.
    pub secrets: Secrets,
    /// Where somebody asks for it over a network, the folders out of which nothing of it is read. Whatever they name is
    /// judged anew whenever it is opened.
    pub within: Option<Vec<PathBuf>>,
}

/// A source that was registered or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upserted {
    /// Its id.
    pub id: SourceId,
    /// Its name.
    pub name: String,
    /// Whether it is new.
    pub new: bool,
}

/// Registers a source, or changes the one of that id or key.
pub async fn upsert_source(home: &Home, source: Upsert) -> Result<Upserted> {
    let known = known(home, &source).await?;
    let new = known.is_none();
    let draft = match known {
        Some(known) => changed(home, known, &source).await?,
        None => registered(home, &source)?,
    };
    if draft.name.trim().is_empty() || draft.name.chars().any(is_unprintable) {
        return Err(Error::usage("a source needs a name that can be printed"));
    }
    let stored = home.store.put_source(home.org, &draft).await?;
    Ok(Upserted {
        id: stored.id,
        name: stored.name,
        new,
    })
}

/// The source that is meant, if it is known. One that is named by an id must be.
async fn known(home: &Home, source: &Upsert) -> Result<Option<Source>> {
    let by_id = match source.id {
        Some(id) => Some(home.store.source(home.org, id).await?),
        None => None,
    };
    let by_key = match &source.key {
        Some(key) => home.store.source_by_key(home.org, key).await?,
        None => None,
    };
    match (by_id, by_key) {
        (Some(one), Some(other)) if one.id != other.id => Err(Error::new(
            ErrorKind::Conflict,
            "the id and the key name two different sources",
        )),
        (one, other) => Ok(one.or(other)),
    }
}

async fn changed(home: &Home, known: Source, source: &Upsert) -> Result<SourceDraft> {
    if let (Some(old), Some(new)) = (&known.key, &source.key)
        && old != new
    {
        let sentence = format!("the key of {} is set, and never changes", known.name);
        return Err(Error::new(ErrorKind::Conflict, sentence));
    }
    let stored = home.store.source_settings(home.org, known.id).await?;
    let (kind, target, settings) = match &source.target {
        None => (known.kind, known.target, stored),
        Some(text) => {
            let (connector, target) = home.understood(text.expose_secret())?;
            let same = target.canonical == known.target && connector.name() == known.kind;
            let settings = if same && !source.has_secret {
                stored
            } else {
                let said = StoredSettings::read(&stored).unwrap_or_default();
                settings(connector, target.settings, source, said)?.text()
            };
            (connector.name().to_owned(), target.canonical, settings)
        }
    };
    let settings = told(settings, source);
    Ok(SourceDraft {
        id: known.id,
        name: source.name.clone().unwrap_or(known.name),
        kind,
        target,
        settings,
        owner: source.owner.clone().or(known.owner),
        key: known.key.or_else(|| source.key.clone()),
    })
}

/// Settings with what is said about their source, as far as something is.
fn told(settings: SecretString, source: &Upsert) -> SecretString {
    if source.note.is_none() && source.affinity.is_none() {
        return settings;
    }
    match StoredSettings::read(&settings) {
        Some(mut read) => {
            read.note = source.note.clone().or(read.note);
            read.affinity = source.affinity.clone().or(read.affinity);
            read.text()
        }
        // What is damaged is told by whoever opens it.
        None => settings,
    }
}

/// Settings of a target with what is said besides. How it is spared, and what was written about it, is as it was.
fn settings(
    connector: &dyn Connector,
    target: Value,
    source: &Upsert,
    before: StoredSettings,
) -> Result<StoredSettings> {
    let mut settings = options::said(connector, target, &[], &source.secrets)?;
    let stored = |connector, gated| StoredSettings {
        connector,
        secrets: source.secrets.clone(),
        gated,
        ..before
    };
    let Some(within) = &source.within else {
        return Ok(stored(settings, false));
    };
    let is_confined = connector.settings().pointer("/properties/within").is_some();
    if let (true, Some(settings)) = (is_confined, settings.as_object_mut()) {
        let within = within.iter().map(|folder| folder.to_string_lossy());
        settings.insert("within".to_owned(), within.collect());
    }
    Ok(stored(settings, true))
}

fn registered(home: &Home, source: &Upsert) -> Result<SourceDraft> {
    let Some(text) = &source.target else {
        return Err(
            Error::not_found("no such source is registered").hint("say where it is to register it")
        );
    };
    let (connector, target) = home.understood(text.expose_secret())?;
    let settings = settings(
        connector,
        target.settings,
        source,
        StoredSettings::default(),
    )?;
    let id = SourceId(Uuid::new_v4());
    let name = source.name.clone().or_else(|| source.key.clone());
    Ok(SourceDraft {
        id,
        name: name.unwrap_or_else(|| format!("source {id}")),
        kind: connector.name().to_owned(),
        target: target.canonical,
        settings: told(settings.text(), source),
        owner: source.owner.clone(),
        // Whoever gives none is given one.
        key: Some(source.key.clone().unwrap_or_else(|| crate::short_id(id.0))),
    })
}
