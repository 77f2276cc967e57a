//! Registered sources.

pub(crate) mod ingest;
pub(crate) mod options;
pub(crate) mod renewed;
pub(crate) mod sparing;
pub(crate) mod target;
pub(crate) mod upsert;

use std::collections::HashMap;
use std::sync::Arc;

use locard_connector::{Scope, Server};
use locard_engine::Target;
use locard_model::{ExposeSecret as _, SecretString, SourceId};
use locard_store::SourceDraft;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::access::{Actor, record_audit};
use crate::catalog::Catalog;
use crate::record::spec::{self, Scan};
pub use crate::settings::MANUAL;
use crate::settings::is_registered;
use crate::settings::secrets::Secrets;
use crate::settings::stored::StoredSettings;
use crate::sources::ingest::{IngestReport, Ingesting, ingest};
use crate::sources::target::Resolved;
use crate::words::is_unprintable;
use crate::{Error, Home, Result, ScanWindow, SourceLimits, clock, words};

/// A source to register.
#[derive(Clone, Debug)]
pub struct AddSource {
    /// Its name, unique in the home.
    pub name: String,
    /// The target as people write it; credentials in it are sealed. `None`: a manual source that no connector
    /// reaches.
    pub target: Option<SecretString>,
    /// Who answers for it; required for manual sources.
    pub owner: Option<String>,
    /// What it is, in the user's words.
    pub note: Option<String>,
    /// How much of it is taken at a time.
    pub limits: SourceLimits,
    /// When it is scanned; `None`: at any time.
    pub window: Option<ScanWindow>,
    /// The key by which other systems name it; once set it stays.
    pub key: Option<String>,
    /// How it is searched, where no connector reaches it.
    pub manual: Manual,
    /// What else is said of how it is read, by the names that [`source_options`](crate::source_options) lists.
    pub options: Vec<(String, String)>,
    /// Where its secrets are kept.
    pub secrets: Secrets,
}

/// A registered source, or an ad hoc one that was scanned.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRow {
    /// Its id.
    pub id: SourceId,
    /// Its name; the canonical target for ad hoc sources.
    pub name: String,
    /// The connector; `manual` for places that no connector reaches.
    pub connector: String,
    /// The canonical target, without credentials and options.
    pub target: String,
    /// Whether it was registered by name.
    pub registered: bool,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The key by which other systems name it.
    pub key: Option<String>,
    /// What somebody wrote about it.
    pub note: Option<String>,
    /// How much of it is taken at a time, as registered.
    pub limits: SourceLimits,
    /// When it is scanned; `None`: at any time.
    pub window: Option<ScanWindow>,
    /// How it is searched, where no connector reaches it.
    pub manual: Option<Manual>,
    /// Entities in the catalog.
    pub entities: u64,
    /// When it was last scanned, RFC 3339.
    pub scanned_at: Option<String>,
}

/// What a place is that no connector reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ManualKind {
    /// A program that has no connector.
    #[default]
    System,
    /// Somebody else who keeps data on behalf of the organisation.
    Processor,
    /// Letters and messages.
    Mailbox,
    /// Files in cabinets.
    Paper,
}

locard_model::named!(ManualKind {
    System => "system",
    Processor => "processor",
    Mailbox => "mailbox",
    Paper => "paper",
});

/// How a place that no connector reaches is searched: by asking somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manual {
    /// What it is.
    pub kind: ManualKind,
    /// How whoever answers for it is reached.
    pub contact: Option<String>,
    /// What they are to do.
    pub instructions: Option<String>,
}

/// A place that no connector reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManualSource {
    /// Its id.
    pub id: SourceId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ManualKind,
    /// Who answers for it.
    pub owner: Option<String>,
    /// How they are reached.
    pub contact: Option<String>,
    /// What they are to do.
    pub instructions: Option<String>,
    /// What somebody wrote about it.
    pub note: Option<String>,
}

impl Manual {
    /// As it is stored among the settings of its source.
    fn settings(&self) -> Value {
        json!({
            "manualKind": self.kind.as_str(),
            "contact": self.contact,
            "instructions": self.instructions,
        })
    }

    /// What is stored of it. Those that were registered before it could be said are systems.
    fn read(settings: &Value) -> Self {
        let text = |name: &str| Some(settings.get(name)?.as_str()?.to_owned());
        let kind = text("manualKind").and_then(|kind| ManualKind::parse(&kind));
        Self {
            kind: kind.unwrap_or_default(),
            contact: text("contact"),
            instructions: text("instructions"),
        }
    }
}

/// Every place that no connector reaches, the oldest first.
pub async fn manual_sources(home: &Home) -> Result<Vec<ManualSource>> {
    let mut places = Vec::new();
    for source in home.store.sources(home.org).await? {
        if source.kind != MANUAL {
            continue;
        }
        let settings = home.store.source_settings(home.org, source.id).await?;
        let settings = StoredSettings::read(&settings).unwrap_or_default();
        let manual = Manual::read(&settings.connector);
        places.push(ManualSource {
            id: source.id,
            name: source.name,
            kind: manual.kind,
            owner: source.owner,
            contact: manual.contact,
            instructions: manual.instructions,
            note: Some(source.target).filter(|note| !note.is_empty()),
        });
    }
    Ok(places)
}

/// Registers a source without connecting to it; see [`test_source`]. What was scanned of the same target before it had a
/// name is taken over: entities, findings, decisions.
pub async fn add_source(home: &Home, actor: &Actor, source: AddSource) -> Result<SourceRow> {
    if source.name.trim().is_empty() {
        return Err(Error::usage("a source needs a name"));
    }
    if source.name.chars().any(is_unprintable) {
        return Err(
            Error::usage("the name of the source holds characters that cannot be seen")
                .hint("write it with letters, digits and signs"),
        );
    }
    if home
        .store
        .source_by_name(home.org, &source.name)
        .await?
        .is_some()
    {
        return Err(
            Error::usage(format!("there is a source {} already", source.name)).hint(format!(
                "choose another name, or `locard sources remove {}` first",
                words::shell_word(&source.name)
            )),
        );
    }
    let mut draft = draft(home, source)?;
    let scanned = home.at(&draft.kind, &draft.target).await?;
    if let Some(scanned) = scanned.filter(|source| !is_registered(source)) {
        draft.id = scanned.id;
    }
    let stored = home.store.put_source(home.org, &draft).await?;
    let details = json!({ "source": stored.id, "new": true });
    record_audit(home, actor, "put source", details).await?;
    let catalog = Catalog::open(home).await?;
    row(home, &catalog, &stored, &ends(home, &catalog).await?).await
}

/// The source as it is stored.
fn draft(home: &Home, source: AddSource) -> Result<SourceDraft> {
    let (kind, target, settings) = match &source.target {
        Some(text) => {
            let (connector, target) = home.understood(text.expose_secret())?;
            let settings =
                options::said(connector, target.settings, &source.options, &source.secrets)?;
            let settings = StoredSettings {
                limits: source.limits,
                window: source.window,
                secrets: source.secrets,
                note: source.note,
                ..StoredSettings::of(settings)
            };
            (connector.name(), target.canonical, settings)
        }
        None if source.owner.is_none() => {
            return Err(Error::usage(
                "a source without a target needs an owner, who answers for it",
            )
            .hint("add --owner NAME"));
        }
        None => (
            MANUAL,
            source.note.clone().unwrap_or_default(),
            StoredSettings::of(source.manual.settings()),
        ),
    };
    Ok(SourceDraft {
        id: SourceId(Uuid::new_v4()),
        name: source.name,
        kind: kind.to_owned(),
        target,
        settings: settings.text(),
        owner: source.owner,
        key: source.key,
    })
}

/// Every source in the catalog, by name.
pub async fn sources(home: &Home) -> Result<Vec<SourceRow>> {
    let catalog = Catalog::open(home).await?;
    let ends = ends(home, &catalog).await?;
    let mut rows = Vec::new();
    for source in home.store.sources(home.org).await? {
        rows.push(row(home, &catalog, &source, &ends).await?);
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

async fn row(
    home: &Home,
    catalog: &Catalog<'_>,
    source: &locard_store::Source,
    ends: &HashMap<SourceId, String>,
) -> Result<SourceRow> {
    let settings = home.store.source_settings(home.org, source.id).await?;
    let settings = StoredSettings::read(&settings).unwrap_or_default();
    // Of a place without a target the note is what is known of where it is.
    let (target, note) = if source.kind == MANUAL {
        (String::new(), Some(source.target.clone()))
    } else {
        (source.target.clone(), settings.note)
    };
    Ok(SourceRow {
        id: source.id,
        registered: is_registered(source),
        name: source.name.clone(),
        connector: source.kind.clone(),
        target,
        owner: source.owner.clone(),
        key: source.key.clone(),
        note: note.filter(|note| !note.is_empty()),
        manual: (source.kind == MANUAL).then(|| Manual::read(&settings.connector)),
        limits: settings.limits,
        window: settings.window,
        entities: catalog.list(Some(source.id)).await?.len() as u64,
        scanned_at: ends.get(&source.id).cloned(),
    })
}

/// When the last scan ended that named each source.
async fn ends(home: &Home, catalog: &Catalog<'_>) -> Result<HashMap<SourceId, String>> {
    let mut ends = HashMap::new();
    for Scan { job, spec } in spec::scans(home).await? {
        let Some(end) = job.ended_at.map(clock::instant) else {
            continue;
        };
        for name in spec.into_iter().flat_map(|spec| spec.targets) {
            if let Some(source) = spec::scanned_by(&job, catalog, &name) {
                ends.entry(source.id).or_insert_with(|| end.clone());
            }
        }
    }
    Ok(ends)
}

/// Connects, authenticates and asks who answers. `source`: name, id or target.
pub async fn test_source(home: &Home, source: &str) -> Result<Server> {
    let resolved = home.resolve(source).await?;
    Ok(opened(home, &resolved).await?.check().await?)
}

/// Opens a source. A name that is no source's was taken for a path, so that both are told where neither is there.
async fn opened(home: &Home, source: &Resolved) -> Result<Arc<dyn locard_connector::Source>> {
    let limits = SourceLimits::default();
    let error = match source.open(home, limits).await {
        Ok(opened) => return Ok(opened),
        Err(error) => error,
    };
    let missing = error.kind() == locard_connector::ErrorKind::NotFound;
    if !missing || source.known || !source.connector.holds_files() {
        return Err(error.into());
    }
    let hint = registered_like(home, &source.name).await?;
    Err(Error::not_found(format!(
        "no source {0} is registered, and there is no file or folder {0}",
        source.name
    ))
    .hint(hint.unwrap_or_else(|| "`locard sources list` prints what is registered".to_owned())))
}

/// Which registered source may have been meant by what was taken for a path.
pub(crate) async fn registered_like(home: &Home, path: &str) -> Result<Option<String>> {
    let sources = home.store.sources(home.org).await?;
    let typed = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let names = sources
        .iter()
        .filter(|source| source.name != source.target)
        .map(|source| source.name.as_str());
    Ok(words::did_you_mean(typed, names))
}

/// Lists a source's entities into the catalog, with what the source tells of each, without reading rows.
pub async fn ingest_source(home: &Home, source: &str) -> Result<IngestReport> {
    let resolved = home.resolve(source).await?;
    let source = opened(home, &resolved).await?;
    resolved.remember(home).await?;
    let target = Target {
        id: resolved.id,
        name: resolved.name.clone(),
        source,
        scope: Scope::default(),
    };
    let ingesting = Ingesting {
        author: home.org.into(),
        narrowed: false,
        stop: &CancellationToken::new(),
    };
    ingest(home, &target, &ingesting).await
}

/// Forgets a source, its entities, findings and filters.
pub async fn remove_source(home: &Home, actor: &Actor, source: &str) -> Result<SourceRow> {
    let catalog = Catalog::open(home).await?;
    let known = catalog.source_named(source)?.clone();
    let row = row(home, &catalog, &known, &ends(home, &catalog).await?).await?;
    home.store.remove_source(home.org, known.id).await?;
    let details = json!({ "source": known.id });
    record_audit(home, actor, "remove source", details).await?;
    home.store.compact().await?;
    Ok(row)
}
