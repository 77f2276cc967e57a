//! Globs of a scan that match nothing: what was to be left out was read, or what was to be read was not.

use std::collections::BTreeSet;

use locard_connector::{Globs, Scope};
use locard_engine::Failure;
use locard_model::{EntityKind, JobState};
use locard_store::Entity;

use crate::catalog::Catalog;
use crate::record::spec::{Scan, scanned_by, scans};
use crate::sources::target::Resolved;
use crate::{Home, Result, ScanOptions, record};

/// A glob that matches nothing that was ever listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdleGlob {
    /// Of what is read.
    Include(String),
    /// Of what is left out.
    Exclude(String),
}

/// The globs of a scan that match nothing in its sources. Of what is left out nobody can say that in a source that was never
/// listed whole, nor in one with tables in partitions, whose files are not told one by one.
pub(crate) async fn idle_globs(
    home: &Home,
    sources: &[Resolved],
    options: &ScanOptions,
    failures: &[Failure],
) -> Result<Vec<IdleGlob>> {
    if options.include.is_empty() && options.exclude.is_empty() {
        return Ok(Vec::new());
    }
    let catalog = Catalog::open(home).await?;
    let mut open: BTreeSet<IdleGlob> = options
        .include
        .iter()
        .cloned()
        .map(IdleGlob::Include)
        .chain(options.exclude.iter().cloned().map(IdleGlob::Exclude))
        .collect();
    for source in sources {
        let entities = catalog.list(Some(source.id)).await?;
        if entities.iter().any(is_partitioned) {
            return Ok(Vec::new());
        }
        let mut names: BTreeSet<String> = entities.iter().flat_map(names).collect();
        let of_scan = failures.iter().filter(|it| it.source == Some(source.id));
        names.extend(of_scan.filter_map(|failure| failure.resource.clone()));
        let earlier = if options.exclude.is_empty() {
            None
        } else {
            listed_whole(home, &catalog, source).await?
        };
        let is_known = earlier.is_some();
        names.extend(earlier.unwrap_or_default());
        open.retain(|glob| match glob {
            IdleGlob::Exclude(_) if !is_known => false,
            IdleGlob::Include(glob) | IdleGlob::Exclude(glob) => !is_met(source, glob, &names),
        });
    }
    Ok(open.into_iter().collect())
}

fn is_partitioned(entity: &Entity) -> bool {
    entity.path.segments().iter().any(|part| part.contains('*'))
}

/// What globs may name of an entity: itself, the containers that it is in, and the database.
fn names(entity: &Entity) -> Vec<String> {
    let resource = entity.path.resource(entity.kind);
    let containers = resource.match_indices("!/");
    let mut names: Vec<String> = containers
        .map(|(at, _)| resource[..at].to_owned())
        .collect();
    if entity.kind != EntityKind::File {
        names.extend(entity.path.segments().first().cloned());
    }
    names.push(resource);
    names
}

/// Whether a glob matches any of some names in a source.
fn is_met(source: &Resolved, glob: &str, names: &BTreeSet<String>) -> bool {
    let scope = Scope {
        include: vec![glob.to_owned()],
        exclude: Vec::new(),
    };
    let globs = if source.connector.holds_files() {
        Globs::of_files(&scope)
    } else {
        Globs::of_tables(&scope)
    };
    // One that is no glob was refused already.
    globs.is_ok_and(|globs| names.iter().any(|name| globs.admit(name)))
}

/// What could not be read of a source when it was last listed whole; `None`: it never was.
async fn listed_whole(
    home: &Home,
    catalog: &Catalog<'_>,
    source: &Resolved,
) -> Result<Option<BTreeSet<String>>> {
    for Scan { job, spec } in scans(home).await? {
        let Some(spec) = spec.filter(|spec| !spec.is_narrowed()) else {
            continue;
        };
        let has_ended = matches!(job.state, JobState::Completed | JobState::Partial);
        let mut targets = spec.targets.iter();
        let is_of = |name: &String| {
            scanned_by(&job, catalog, name).is_some_and(|scanned| scanned.id == source.id)
        };
        if has_ended && targets.any(is_of) {
            let failures = record::all_failures(home, job.id).await?;
            let names = failures
                .into_iter()
                .filter_map(|failure| failure.what.resource);
            return Ok(Some(names.collect()));
        }
    }
    Ok(None)
}
