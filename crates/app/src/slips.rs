//! Targets that are slips of the finger: nothing of them may stay in the catalog.

use std::collections::HashSet;

use locard_connector::ErrorKind as Missing;
use locard_engine::{Failure, Target};
use locard_model::SourceId;

use crate::sources::registered_like;
use crate::target::Resolved;
use crate::{Error, Home, Result};

/// What was opened, and what was not.
pub(crate) type Opened = (Vec<Target>, Vec<Failure>);

/// Takes out targets that are not there and never were: a slip of the finger must not stay in the catalog as a source,
/// nor in its jobs. What there is besides is scanned.
pub(crate) async fn without_slips(
    home: &Home,
    sources: Vec<Resolved>,
    (targets, failures): Opened,
) -> Result<(Vec<Resolved>, Opened, Vec<Failure>)> {
    let unknown = unknown(home, &sources).await?;
    let is_slip = |failure: &Failure| {
        let mut named = sources
            .iter()
            .filter(|source| source.name == failure.source_name);
        failure.kind == Missing::NotFound && named.any(|source| unknown.contains(&source.id))
    };
    let (slips, failures): (Vec<_>, Vec<_>) = failures.into_iter().partition(is_slip);
    if let Some(slip) = slips
        .first()
        .filter(|_| targets.is_empty() && failures.is_empty())
    {
        let error = Error::not_found(format!("{}: {}", slip.source_name, slip.sentence));
        let meant = registered_like(home, &slip.source_name).await?;
        let hint = meant.or_else(|| slip.hint.clone());
        return Err(error.hint(hint.unwrap_or_else(|| "check how it is spelled".to_owned())));
    }
    let stays = |source: &Resolved| slips.iter().all(|slip| slip.source_name != source.name);
    let sources = sources.into_iter().filter(stays).collect();
    Ok((sources, (targets, failures), slips))
}

/// Sources that the catalog does not know yet.
pub(crate) async fn unknown(home: &Home, sources: &[Resolved]) -> Result<HashSet<SourceId>> {
    let known = home.store.sources(home.org).await?;
    let known: HashSet<SourceId> = known.into_iter().map(|source| source.id).collect();
    let ids = sources.iter().map(|source| source.id);
    Ok(ids.filter(|id| !known.contains(id)).collect())
}

/// A new glob that nothing matches is a slip too.
pub(crate) async fn forget_empty(
    home: &Home,
    sources: &[Resolved],
    new: &HashSet<SourceId>,
    empty: &[String],
) -> Result<()> {
    for source in sources {
        if new.contains(&source.id) && empty.contains(&source.name) && is_glob(source) {
            home.store.remove_source(home.org, source.id).await?;
        }
    }
    Ok(())
}

pub(crate) fn is_glob(source: &Resolved) -> bool {
    source.canonical.contains(['*', '?', '[']) && source.connector.holds_files()
}
