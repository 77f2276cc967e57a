//! Targets that are slips of the finger: nothing of them may stay in the catalog.

use std::collections::HashSet;

use locard_connector::{ErrorKind as Missing, Scope};
use locard_engine::{Failure, Target};
use locard_model::SourceId;
use locard_store::{EntityFilter, Page};

use crate::sources::registered_like;
use crate::sources::target::Resolved;
use crate::{Error, Home, Result, SourceLimits};

/// What was opened, and what was not.
pub(crate) type Opened = (Vec<Target>, Vec<Failure>);

/// Takes out targets that are not there and never were: a slip of the finger must not stay in the catalog as a source,
/// nor in its jobs. What there is besides is scanned. Gives the sources, which of them are new, and the slips.
pub(crate) async fn without_slips(
    home: &Home,
    sources: Vec<Resolved>,
    limits: SourceLimits,
) -> Result<(Vec<Resolved>, HashSet<SourceId>, Vec<Failure>)> {
    let new = unknown(home, &sources).await?;
    let (mut stay, mut slips) = (Vec::new(), Vec::new());
    for source in sources {
        let missing = if new.contains(&source.id) {
            let opened = source.target(home, Scope::default(), limits).await;
            opened
                .err()
                .filter(|failure| failure.kind == Missing::NotFound)
        } else {
            None
        };
        match missing {
            Some(slip) => slips.push(slip),
            None => stay.push(source),
        }
    }
    if let (true, Some(slip)) = (stay.is_empty(), slips.first()) {
        let error = Error::not_found(format!("{}: {}", slip.source_name, slip.sentence));
        let meant = registered_like(home, &slip.source_name).await?;
        let hint = meant.or_else(|| slip.hint.clone());
        return Err(error.hint(hint.unwrap_or_else(|| "check how it is spelled".to_owned())));
    }
    Ok((stay, new, slips))
}

/// Sources that the catalog does not know yet.
async fn unknown(home: &Home, sources: &[Resolved]) -> Result<HashSet<SourceId>> {
    let known = home.store.sources(home.org).await?;
    let known: HashSet<SourceId> = known.into_iter().map(|source| source.id).collect();
    let ids = sources.iter().map(|source| source.id);
    Ok(ids.filter(|id| !known.contains(id)).collect())
}

/// A new glob that nothing matches is a slip too, and so is what could never be opened or listed: whoever types it right
/// scans another target, and each later look-up would tell of this one.
pub(crate) async fn forget_unread(
    home: &Home,
    sources: &[Resolved],
    new: &HashSet<SourceId>,
    (empty, failures): (&[String], &[Failure]),
) -> Result<()> {
    for source in sources.iter().filter(|source| new.contains(&source.id)) {
        let has_failed = failures
            .iter()
            .any(|failure| failure.source == Some(source.id) && is_of_source(failure));
        let is_slip = empty.contains(&source.name) && is_glob(source);
        if (is_slip || has_failed) && !holds_any(home, source.id).await? {
            home.store.remove_source(home.org, source.id).await?;
        }
    }
    Ok(())
}

/// Whether a source failed as a whole.
fn is_of_source(failure: &Failure) -> bool {
    let resource = failure.resource.as_ref();
    failure.entity.is_none() && resource.is_none_or(|name| *name == failure.source_name)
}

/// Whether the catalog has any entity of a source.
async fn holds_any(home: &Home, source: SourceId) -> Result<bool> {
    let filter = EntityFilter {
        source: Some(source),
        ..EntityFilter::default()
    };
    let found = home.store.entities(home.org, &filter, Page::first(1));
    Ok(!found.await?.items.is_empty())
}

pub(crate) fn is_glob(source: &Resolved) -> bool {
    source.canonical.contains(['*', '?', '[']) && source.connector.holds_files()
}
