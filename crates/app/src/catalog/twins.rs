//! One file in two sources, as when a folder and a folder inside it were scanned: a look-up tells it once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use jiff::Timestamp;
use locard_model::{EntityPath, SourceId};
use locard_store::Entity;

use crate::catalog::Catalog;
use crate::settings::stored::StoredSettings;
use crate::{Home, Result, ids};

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

/// One of the entities that are the same.
pub(crate) struct Same {
    pub(crate) entity: Arc<Entity>,
    /// Whether it is only a part of what the others are: a file, or all of one year, of a table in partitions.
    pub(crate) is_part: bool,
}

/// The address under which the paths of each source begin, where another one may hold the same.
pub(crate) type Bases = HashMap<SourceId, Option<String>>;

/// Which of some entities are the same, by their positions, and which of these are only parts of what the others are.
pub(crate) struct Grouping(Vec<Vec<(usize, bool)>>);

impl Grouping {
    /// Of these entities.
    pub(crate) fn of(entities: &[Arc<Entity>], bases: &Bases) -> Self {
        let place = |entity: &Arc<Entity>| {
            let base = bases.get(&entity.source)?.as_ref()?;
            Some(format!("{base}/{}", entity.path.segments().join("/")))
        };
        let placed: Vec<Option<String>> = entities.iter().map(place).collect();
        let tables: Vec<String> = placed
            .iter()
            .zip(entities)
            .filter(|(_, entity)| is_table(&entity.path))
            .filter_map(|(place, _)| place.clone())
            .collect();
        let mut groups: Vec<Vec<(usize, bool)>> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for (at, place) in placed.into_iter().enumerate() {
            let whole = place.as_deref().and_then(|place| table_of(place, &tables));
            let is_part = whole.is_some_and(|whole| place.as_ref() != Some(whole));
            let place = whole.cloned().or(place);
            let known = place.as_ref().and_then(|place| places.get(place));
            if let Some(group) = known.and_then(|at| groups.get_mut(*at)) {
                group.push((at, is_part));
                continue;
            }
            places.extend(place.map(|place| (place, groups.len())));
            groups.push(vec![(at, is_part)]);
        }
        Self(groups)
    }

    /// The groups, in each of which the entity that was read last comes first.
    pub(crate) async fn sorted(
        &self,
        home: &Home,
        entities: &[Arc<Entity>],
    ) -> Result<Vec<Vec<Same>>> {
        let mut groups = Vec::with_capacity(self.0.len());
        for group in &self.0 {
            let same = group.iter().filter_map(|(at, is_part)| {
                let (entity, is_part) = (Arc::clone(entities.get(*at)?), *is_part);
                Some(Same { entity, is_part })
            });
            let mut group: Vec<Same> = same.collect();
            if group.len() > 1 {
                newest_first(home, &mut group).await?;
            }
            groups.push(group);
        }
        Ok(groups)
    }
}

/// The entities, those that are the same in one group: the one that was read last comes first. A table in partitions and
/// its parts are in one group too.
pub(crate) async fn grouped(
    home: &Home,
    catalog: &Catalog<'_>,
    entities: Vec<Entity>,
) -> Result<Vec<Vec<Same>>> {
    let entities: Vec<Arc<Entity>> = entities.into_iter().map(Arc::new).collect();
    let bases = bases(home, catalog, &entities).await?;
    Grouping::of(&entities, &bases)
        .sorted(home, &entities)
        .await
}

/// Where the paths of the sources of these entities begin.
pub(crate) async fn bases(
    home: &Home,
    catalog: &Catalog<'_>,
    entities: &[Arc<Entity>],
) -> Result<Bases> {
    let mut bases = Bases::new();
    for entity in entities {
        if let Entry::Vacant(new) = bases.entry(entity.source) {
            new.insert(base(home, catalog, entity.source).await?);
        }
    }
    Ok(bases)
}

/// Whether an entity is a table of files in partitions.
fn is_table(path: &EntityPath) -> bool {
    let name = path.name();
    name.starts_with('*') && path.segments().iter().any(|folder| folder.ends_with("=*"))
}

/// The table that a file or table is a part of, or is: that of the most partitions.
fn table_of<'a>(file: &str, tables: &'a [String]) -> Option<&'a String> {
    let holds = |table: &&String| {
        let (file, table) = (file.split('/'), table.split('/'));
        file.clone().count() == table.clone().count()
            && file
                .zip(table)
                .all(|(part, pattern)| is_like(part, pattern))
    };
    tables
        .iter()
        .filter(holds)
        .max_by_key(|table| table.matches("=*").count())
}

/// Whether a part of a path is what a table says of it: itself, `year=*`, `*.csv` or, of names without a dot, `*`.
fn is_like(part: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        Some(("", "")) => !part.contains('.'),
        Some(("", ending)) => part.ends_with(ending),
        Some((key, "")) if key.ends_with('=') => part.starts_with(key),
        _ => part == pattern,
    }
}

/// The address under which the paths of a source begin, where another one may hold the same.
pub(crate) async fn base(
    home: &Home,
    catalog: &Catalog<'_>,
    source: SourceId,
) -> Result<Option<String>> {
    let kind = catalog.source(source).map(|source| source.kind.as_str());
    let connector = home
        .connectors
        .iter()
        .find(|connector| Some(connector.name()) == kind);
    let Some(connector) = connector else {
        return Ok(None);
    };
    let settings = home.store.source_settings(home.org, source).await?;
    let settings = StoredSettings::read(&settings);
    Ok(settings.and_then(|settings| connector.base(settings.connector)))
}

async fn newest_first(home: &Home, group: &mut Vec<Same>) -> Result<()> {
    let mut dated: Vec<(Option<Timestamp>, Same)> = Vec::new();
    for same in group.drain(..) {
        let heads = home.store.column_heads(home.org, same.entity.id).await?;
        let job = match heads.first() {
            Some(head) => ids::known_job(home, head.job).await?,
            None => None,
        };
        dated.push((job.map(|job| job.created_at), same));
    }
    dated.sort_by(|(a, _), (b, _)| b.cmp(a));
    group.extend(dated.into_iter().map(|(_, same)| same));
    Ok(())
}

/// Counts an entity that was left out; within one source there is nothing to tell.
pub(crate) fn count(twins: &mut Vec<Twins>, source: String, asked: String) {
    if source != asked {
        let entities = 1;
        add(
            twins,
            Twins {
                source,
                asked,
                entities,
            },
        );
    }
}

/// Adds what was counted elsewhere. Of two sources of which each was asked for some of what both hold, it is said once.
pub(crate) fn add(twins: &mut Vec<Twins>, more: Twins) {
    let same = |known: &&mut Twins| {
        let (source, asked) = (&known.source, &known.asked);
        (source, asked) == (&more.source, &more.asked)
            || (source, asked) == (&more.asked, &more.source)
    };
    match twins.iter_mut().find(same) {
        Some(known) => known.entities += more.entities,
        None => twins.push(more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_sources_that_hold_the_same_it_is_told_in_one_direction() {
        let mut twins = Vec::new();
        for (source, asked) in [
            ("D", "D/*.csv"),
            ("D/*.csv", "D"),
            ("D", "D/*.csv"),
            ("E", "D"),
        ] {
            count(&mut twins, source.to_owned(), asked.to_owned());
        }
        let told: Vec<_> = twins
            .iter()
            .map(|it| (it.source.as_str(), it.asked.as_str(), it.entities))
            .collect();
        assert_eq!(told, [("D", "D/*.csv", 3), ("E", "D", 1)]);
    }

    #[test]
    fn a_file_in_a_partition_is_of_its_table() {
        let tables = [
            "/d/t/year=*/*.csv",
            "/d/t/year=*/*",
            "/d/u/k=*/*.csv.gz",
            "/d/v/a=*/b=*/*.csv",
            "/d/v/a=1/b=*/*.csv",
        ]
        .map(str::to_owned);
        for (file, table) in [
            ("/d/t/year=2024/a.csv", Some(0)),
            ("/d/t/year=*/*.csv", Some(0)),
            ("/d/v/a=1/b=*/*.csv", Some(3)),
            ("/d/v/a=1/b=2/x.csv", Some(3)),
            ("/d/t/year=2024/part-0", Some(1)),
            ("/d/u/k=/a.csv.gz", Some(2)),
            ("/d/u/k=1/a.csv", None),
            ("/d/t/month=2/a.csv", None),
            ("/d/t/a.csv", None),
            ("/e/t/year=2024/a.csv", None),
        ] {
            assert_eq!(
                table_of(file, &tables),
                table.map(|at| &tables[at]),
                "{file}"
            );
        }
    }
}
