//! One file in two sources, as when a folder and a folder inside it were scanned: a look-up tells it once.

use std::collections::HashMap;

use jiff::Timestamp;
use locard_model::{ExposeSecret as _, SourceId};
use locard_store::Entity;
use serde_json::Value;

use crate::catalog::Catalog;
use crate::{Home, Result, SourceLimits};

/// Entities that a look-up left out because another source holds the same ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twins {
    /// The source that was left out.
    pub source: String,
    /// The source that was asked instead.
    pub asked: String,
    /// How many entities.
    pub entities: u64,
}

/// The entities, those that are the same in one group: the one that was read last comes first.
pub(crate) async fn grouped(
    home: &Home,
    catalog: &Catalog<'_>,
    entities: Vec<Entity>,
) -> Result<Vec<Vec<Entity>>> {
    let mut bases: HashMap<SourceId, Option<String>> = HashMap::new();
    let mut groups: Vec<Vec<Entity>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for entity in entities {
        let base = match bases.get(&entity.source) {
            Some(base) => base.clone(),
            None => base(home, catalog, entity.source).await?,
        };
        bases.insert(entity.source, base.clone());
        let place = base.map(|base| format!("{base}/{}", entity.path.segments().join("/")));
        let known = place.as_ref().and_then(|place| places.get(place));
        if let Some(group) = known.and_then(|at| groups.get_mut(*at)) {
            group.push(entity);
            continue;
        }
        places.extend(place.map(|place| (place, groups.len())));
        groups.push(vec![entity]);
    }
    for group in groups.iter_mut().filter(|group| group.len() > 1) {
        newest_first(home, group).await?;
    }
    Ok(groups)
}

/// The address under which the paths of a source begin, where another one may hold the same.
async fn base(home: &Home, catalog: &Catalog<'_>, source: SourceId) -> Result<Option<String>> {
    let kind = catalog.source(source).map(|source| source.kind.as_str());
    let connector = home
        .connectors
        .iter()
        .find(|connector| Some(connector.name()) == kind);
    let Some(connector) = connector else {
        return Ok(None);
    };
    let settings = home.store.source_settings(home.org, source).await?;
    let settings: Option<Value> = serde_json::from_str(settings.expose_secret()).ok();
    Ok(settings.and_then(|mut settings| {
        SourceLimits::take(&mut settings);
        connector.base(settings)
    }))
}

async fn newest_first(home: &Home, group: &mut Vec<Entity>) -> Result<()> {
    let mut dated: Vec<(Option<Timestamp>, Entity)> = Vec::new();
    for entity in group.drain(..) {
        let pieces = home.store.pieces(home.org, entity.id).await?;
        let job = match pieces.first() {
            Some(piece) => home.store.job(home.org, piece.job).await.ok(),
            None => None,
        };
        dated.push((job.map(|job| job.created_at), entity));
    }
    dated.sort_by(|(a, _), (b, _)| b.cmp(a));
    group.extend(dated.into_iter().map(|(_, entity)| entity));
    Ok(())
}

/// Counts an entity that was left out.
pub(crate) fn count(twins: &mut Vec<Twins>, source: String, asked: String) {
    let same = |known: &&mut Twins| (&known.source, &known.asked) == (&source, &asked);
    match twins.iter_mut().find(same) {
        Some(known) => known.entities += 1,
        None => twins.push(Twins {
            source,
            asked,
            entities: 1,
        }),
    }
}
