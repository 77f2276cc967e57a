//! The stored catalog as people address it: sources and entities by name, in the order of their resources.

pub(crate) mod annotations;
pub(crate) mod collections;
pub(crate) mod entities;
pub(crate) mod lexicon;
pub(crate) mod places;
pub(crate) mod scope;
pub(crate) mod search;
pub(crate) mod twins;
pub(crate) mod usage;
pub(crate) mod view;

use std::collections::HashMap;
use std::sync::Arc;

use locard_engine::untagged;
use locard_model::{ColumnId, EntityId, SourceId};
use locard_store::{Column, Entity, EntityFilter, Page, Source};

use crate::{Error, ErrorKind, Home, Result, words};

/// Entities with the source they are in.
pub struct Catalog<'a> {
    home: &'a Home,
    sources: HashMap<SourceId, Source>,
    entities: HashMap<EntityId, Entity>,
}

impl<'a> Catalog<'a> {
    /// The catalog of a home.
    pub async fn open(home: &'a Home) -> Result<Self> {
        let sources = home.store.sources(home.org).await?;
        let sources = sources
            .into_iter()
            .map(|source| (source.id, source))
            .collect();
        Ok(Self {
            home,
            sources,
            entities: HashMap::new(),
        })
    }

    /// The source as people see it.
    pub fn source_name(&self, id: SourceId) -> String {
        self.sources
            .get(&id)
            .map_or_else(|| id.to_string(), |source| source.name.clone())
    }

    /// A source, unless it was removed.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(&id)
    }

    /// Every source, the oldest first.
    pub fn sources(&self) -> Vec<&Source> {
        let mut sources: Vec<&Source> = self.sources.values().collect();
        sources.sort_unstable_by_key(|source| (source.created_at, source.id));
        sources
    }

    /// Of them those that are wanted; `None`: all.
    pub(crate) fn of(&self, wanted: Option<&[SourceId]>) -> Vec<&Source> {
        let mut sources = self.sources();
        sources.retain(|source| wanted.is_none_or(|wanted| wanted.contains(&source.id)));
        sources
    }

    /// One entity; asked for once.
    pub(crate) async fn entity(&mut self, id: EntityId) -> Result<&Entity> {
        use std::collections::hash_map::Entry;
        match self.entities.entry(id) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => Ok(new.insert(self.home.store.entity(self.home.org, id).await?)),
        }
    }

    /// The source that an entity is in, unless it was removed with everything in it.
    pub(crate) async fn known(&mut self, id: EntityId) -> Result<Option<SourceId>> {
        match self.entity(id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            entity => Ok(Some(entity?.source)),
        }
    }

    /// Its resource as it may be shown.
    pub(crate) async fn resource(&mut self, id: EntityId) -> Result<String> {
        let home = self.home;
        let entity = self.entity(id).await?;
        Ok(home.engine.mask().path(&entity.path, entity.kind))
    }

    /// Every entity that can be read and is not gone, of one source or all.
    pub async fn list(&self, source: Option<SourceId>) -> Result<Vec<Entity>> {
        let filter = EntityFilter {
            source,
            ..EntityFilter::default()
        };
        let mut all = Vec::new();
        let mut page = Page::first(Page::MAX);
        loop {
            let found = self
                .home
                .store
                .entities(self.home.org, &filter, page)
                .await?;
            all.extend(found.items.into_iter().filter(is_readable));
            let Some(after) = found.next else {
                return Ok(all);
            };
            page.after = Some(after);
        }
    }

    /// The entity that a person means: by id, by resource, or by an end of it that only one has.
    pub async fn named(&self, text: &str) -> Result<Entity> {
        if let Ok(id) = text.parse::<EntityId>() {
            return Ok(self.home.store.entity(self.home.org, id).await?);
        }
        // As shells complete the path of a file.
        let text = text.strip_prefix("./").unwrap_or(text);
        let mut fitting = Vec::new();
        for entity in self.list(None).await? {
            // What was printed masked can be typed back masked, with its tag or without where that leads to one.
            let plain = entity.path.resource(entity.kind);
            let masked = self.home.engine.mask().path(&entity.path, entity.kind);
            let name = self.source_name(entity.source);
            let mut whole = false;
            let mut end = false;
            let mut names = vec![plain];
            let unquoted = entity.path.unquoted(entity.kind);
            if masked != names[0] {
                names.extend([untagged(&masked), masked]);
            }
            if unquoted != names[0] {
                names.push(unquoted);
            }
            for resource in names {
                whole |= resource == text || format!("{name}/{resource}") == text;
                end |= is_end(&resource, text);
            }
            if whole || end {
                fitting.push((whole, entity));
            }
        }
        let exact = fitting.iter().filter(|(whole, _)| *whole).count();
        fitting.retain(|(whole, _)| *whole || exact == 0);
        let mut fitting: Vec<Entity> = fitting.into_iter().map(|(_, entity)| entity).collect();
        if fitting.len() != 1 {
            let there = self.at_path(text).await?;
            if !there.is_empty() {
                fitting = there;
            }
        }
        // What two sources hold is one entity, as the last of them that was scanned knows it.
        let same = twins::grouped(self.home, self, fitting).await?;
        let mut fitting: Vec<Entity> = same
            .into_iter()
            .filter_map(|same| Some(Arc::unwrap_or_clone(same.into_iter().next()?.entity)))
            .collect();
        match fitting.len() {
            1 => Ok(fitting.remove(0)),
            0 => {
                let error = Error::not_found("no such entity is in the catalog");
                Err(error.hint(self.entities_like(text).await?))
            }
            several => Err(Error::usage(format!(
                "{several} entities of the catalog end like that"
            ))
            .hint(format!(
                "name more of the path, or where it is: {}",
                self.full_names(&fitting)
            ))),
        }
    }

    /// The entities to which a path of this machine leads, typed from the folder in which we are.
    pub(crate) async fn at_path(&self, text: &str) -> Result<Vec<Entity>> {
        let Some(typed) = absolute(text) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for source in self.sources() {
            let base = twins::base(self.home, self, source.id).await?;
            let below = base.as_deref().and_then(|base| {
                let rest = typed.strip_prefix(base.trim_end_matches('/'))?;
                rest.strip_prefix('/')
            });
            if let Some(below) = below {
                let mut entities = self.list(Some(source.id)).await?;
                entities.retain(|entity| entity.path.segments().join("/") == below);
                found.extend(entities);
            }
        }
        Ok(found)
    }

    /// Which entity may have been meant, or where they are listed.
    async fn entities_like(&self, typed: &str) -> Result<String> {
        let mask = self.home.engine.mask();
        let known: Vec<String> = self
            .list(None)
            .await?
            .iter()
            .map(|entity| mask.path(&entity.path, entity.kind))
            .collect();
        let mut likely = words::likely(typed, known.iter().map(String::as_str));
        likely.dedup();
        Ok(if likely.is_empty() {
            "`locard findings list` shows what was scanned; `locard scan` fills the catalog"
                .to_owned()
        } else {
            format!("did you mean {}?", likely.join(" or "))
        })
    }

    /// Names that lead to one entity each, as they may be shown.
    fn full_names(&self, entities: &[Entity]) -> String {
        const SHOWN: usize = 5;
        let name = |entity: &Entity| {
            let resource = self.home.engine.mask().path(&entity.path, entity.kind);
            format!("{}/{resource}", self.source_name(entity.source))
        };
        let names: Vec<String> = entities.iter().take(SHOWN).map(name).collect();
        names.join(", ")
    }

    /// The source of that name or target, scanned or not; every one of the catalog where none is named.
    pub(crate) fn sources_of(&self, text: Option<&str>) -> Vec<SourceId> {
        let Some(text) = text else {
            return self.sources.keys().copied().collect();
        };
        // The id of an ad hoc source derives from its target.
        let derived = || match self.home.understood(text) {
            Ok((_, target)) => SourceId::derive(&target.canonical),
            Err(_) => SourceId::derive(text),
        };
        vec![
            self.source_named(text)
                .map_or_else(|_| derived(), |source| source.id),
        ]
    }

    /// The source at the same place for its connector: the one that was scanned before any was registered, else the oldest.
    fn at(&self, kind: &str, canonical: &str) -> Option<&Source> {
        let plain = SourceId::derive(canonical);
        let is_there = |source: &&Source| source.kind == kind && source.target == canonical;
        let there = self.sources().into_iter().filter(is_there);
        there.min_by_key(|source| source.id != plain)
    }

    /// The source of that name, id or target.
    pub fn source_named(&self, text: &str) -> Result<&Source> {
        // Of one target there may be several sources, read by several accounts; a name is only one's.
        let by_name = |source: &&Source| source.name == text;
        let by_text = |source: &&Source| source.target == text || source.id.to_string() == text;
        let sources = || self.sources.values();
        if let Some(source) = sources().find(by_name).or_else(|| sources().find(by_text)) {
            return Ok(source);
        }
        let there = self.home.understood(text).ok();
        there
            .and_then(|(connector, target)| self.at(connector.name(), &target.canonical))
            .ok_or_else(|| {
                let mut names: Vec<&str> = self
                    .sources
                    .values()
                    .map(|source| source.name.as_str())
                    .collect();
                names.sort_unstable();
                Error::not_found("no such source is in the catalog")
                    .hint(sources_like(text, &names))
            })
    }
}

/// Which source may have been meant, or which there are.
fn sources_like(typed: &str, known: &[&str]) -> String {
    match words::did_you_mean(typed, known.iter().copied()) {
        Some(meant) => meant,
        None if known.is_empty() => {
            "no source is known yet; `locard scan TARGET` reads one".to_owned()
        }
        None => format!("known are {}", known.join(", ")),
    }
}

/// Of several readings of a name, as entity and column, the first that the catalog knows; where it knows none, the first
/// of all.
pub async fn known_place(
    home: &Home,
    readings: Vec<(String, Option<String>)>,
) -> Result<(String, Option<String>)> {
    // Of a known entity a column that is not there is rather the slip.
    let mut near = None;
    if readings.len() > 1 {
        let catalog = Catalog::open(home).await?;
        for (entity, column) in &readings {
            let Ok(known) = catalog.named(entity).await else {
                continue;
            };
            let is_known = match column {
                Some(column) => column_named(home, known.id, column).await.is_ok(),
                None => true,
            };
            let reading = (entity.clone(), column.clone());
            if is_known {
                return Ok(reading);
            }
            near.get_or_insert(reading);
        }
    }
    let first = readings.into_iter().next();
    near.or(first)
        .ok_or_else(|| Error::usage("no entity is named"))
}

/// The column that a person means: by its path as it is, by its id, or as it is shown.
pub(crate) async fn column_named(home: &Home, entity: EntityId, column: &str) -> Result<Column> {
    let mut columns = home.store.columns(home.org, entity).await?;
    let mask = home.engine.mask();
    let id = column.parse::<ColumnId>().ok();
    let by_path = columns.iter().position(|known| known.path == column);
    let by_id = || columns.iter().position(|known| Some(known.id) == id);
    let fits: Vec<usize> = match by_path.or_else(by_id) {
        Some(at) => vec![at],
        None => (0..columns.len())
            .filter(|at| mask.is_named(&columns[*at].path, column))
            .collect(),
    };
    match fits.as_slice() {
        [at] => Ok(columns.swap_remove(*at)),
        [] => {
            let all = columns.iter().map(|known| mask.segment(&known.path));
            let hint = columns_like(column, &all.collect::<Vec<_>>());
            Err(Error::not_found("the entity has no such column").hint(hint))
        }
        several => {
            let names = several.iter().map(|at| mask.segment(&columns[*at].path));
            let names = names.collect::<Vec<_>>().join(", ");
            let count = several.len();
            Err(
                Error::usage(format!("{count} columns of the entity are shown like that"))
                    .hint(format!("name one of them in full: {names}")),
            )
        }
    }
}

/// Which column may have been meant: those with a like name, or some of all.
fn columns_like(typed: &str, known: &[String]) -> String {
    const SHOWN: usize = 20;
    let likely = words::likely(typed, known.iter().map(String::as_str));
    if !likely.is_empty() {
        return format!("did you mean {}?", likely.join(" or "));
    }
    let shown = known.iter().take(SHOWN).cloned().collect::<Vec<_>>();
    let more = match known.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("it has {}{more}", shown.join(", "))
}

pub(crate) fn is_readable(entity: &Entity) -> bool {
    use locard_model::EntityKind as Kind;
    !matches!(entity.kind, Kind::Schema | Kind::Folder | Kind::Column) && entity.gone_at.is_none()
}

/// A path from the root, without links in the folders that it leads through; what is within a container need not exist.
fn absolute(text: &str) -> Option<String> {
    let path = std::path::absolute(text).ok()?;
    let mut folders = path.ancestors().skip(1);
    let place = folders.find_map(|folder| {
        let real = folder.canonicalize().ok()?;
        Some(real.join(path.strip_prefix(folder).ok()?))
    });
    place.map(|place| place.to_string_lossy().replace('\\', "/"))
}

/// Whether the text is a run of whole segments at the end of the resource.
fn is_end(resource: &str, text: &str) -> bool {
    let before = resource.strip_suffix(text);
    before.is_some_and(|before| {
        !text.is_empty() && (before.is_empty() || before.ends_with(['/', '.']))
    })
}

#[cfg(test)]
mod tests {
    use super::is_end;

    #[test]
    fn an_end_is_made_of_whole_segments() {
        assert!(is_end("crm/customers.csv", "customers.csv"));
        assert!(is_end("public.users", "users"));
        assert!(is_end("users", "users"));
        assert!(!is_end("public.superusers", "users"));
        assert!(!is_end("users", ""));
    }
}
