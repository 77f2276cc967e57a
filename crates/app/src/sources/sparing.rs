//! Changing how a registered source is spared: how much of it is taken at a time, and when it is scanned.

use locard_model::{JobState, SourceId};
use locard_store::{JobFilter, Page, SourceDraft};
use serde_json::json;

use crate::access::{Actor, record_audit};
use crate::catalog::Catalog;
use crate::record::spec::{SCAN, ScanSpec};
use crate::settings::stored::StoredSettings;
use crate::sources::MANUAL;
use crate::{Error, Home, Result, ScanWindow, SourceLimits};

/// How a source is spared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sparing {
    /// How much of it is taken at a time.
    pub limits: SourceLimits,
    /// When it is scanned; `None`: at any time.
    pub window: Option<ScanWindow>,
}

/// How a source is spared now.
pub async fn sparing(home: &Home, id: SourceId) -> Result<Sparing> {
    let stored = home.store.source_settings(home.org, id).await?;
    let settings = StoredSettings::read(&stored).unwrap_or_default();
    Ok(Sparing {
        limits: settings.limits,
        window: settings.window,
    })
}

/// The source of that name, and how it is spared now.
pub async fn sparing_named(home: &Home, name: &str) -> Result<(SourceId, Sparing)> {
    let catalog = Catalog::open(home).await?;
    let id = catalog.source_named(name)?.id;
    Ok((id, sparing(home, id).await?))
}

/// Spares a source in this way from now on. Scans that wait for its window look again; one under way goes on until the
/// window that it began in closes.
pub async fn spare_source(
    home: &Home,
    actor: &Actor,
    id: SourceId,
    sparing: Sparing,
) -> Result<()> {
    let source = home.store.source(home.org, id).await?;
    if source.kind == MANUAL {
        let sentence = format!(
            "no connector reaches {}, so nothing is to be spared",
            source.name
        );
        return Err(Error::usage(sentence));
    }
    let stored = home.store.source_settings(home.org, id).await?;
    let damaged = || {
        let sentence = format!("the settings of source {} are damaged", source.name);
        Error::new(crate::ErrorKind::Store, sentence)
    };
    let settings = StoredSettings {
        limits: sparing.limits,
        window: sparing.window,
        ..StoredSettings::read(&stored).ok_or_else(damaged)?
    };
    let draft = SourceDraft {
        id,
        name: source.name.clone(),
        kind: source.kind,
        target: source.target,
        settings: settings.text(),
        owner: source.owner,
        key: source.key,
    };
    home.store.put_source(home.org, &draft).await?;
    record_audit(home, actor, "spare source", json!({ "source": id })).await?;
    hasten(home, &source.name).await
}

/// Lets scans of a source that wait for a window be taken up, to look at the window of now.
async fn hasten(home: &Home, name: &str) -> Result<()> {
    let waiting = JobFilter {
        states: vec![JobState::Queued],
        kind: Some(SCAN.to_owned()),
        ..JobFilter::default()
    };
    let mut page = Page::first(Page::MAX);
    loop {
        let found = home.store.jobs(home.org, &waiting, page).await?;
        for job in found.items {
            let is_meant =
                ScanSpec::of(&job).is_ok_and(|spec| spec.targets.iter().any(|it| it == name));
            if is_meant && job.not_before.is_some() {
                home.store.hasten_job(home.org, job.id).await?;
            }
        }
        let Some(after) = found.next else {
            return Ok(());
        };
        page.after = Some(after);
    }
}
