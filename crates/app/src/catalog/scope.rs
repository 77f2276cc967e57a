//! Which sources and entities a job is about, as callers name them, and sources of which only those are listed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use locard_connector::decorators::{Narrow, Narrows};
use locard_connector::{Entity, Source};
use locard_engine::Target;
use locard_model::{ColumnId, EntityId, EntityPath, SecretString, SourceId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::{Error, ErrorKind, Home, Result, ids};

/// Something that a job is about, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeItem {
    /// `source`, or the kind of the entity.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// As people see it, masked.
    pub title: String,
}

/// What a job is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The sources, in the order of their ids.
    pub sources: Vec<SourceId>,
    /// Only these entities and what is in them, in the order of their ids; of a source of which none is named,
    /// everything.
    pub entities: Vec<EntityId>,
    /// The sources and entities as they are told.
    pub items: Vec<ScopeItem>,
    /// The collection whose members these are.
    pub collection: Option<Uuid>,
}

impl Chosen {
    /// Its sources as targets.
    pub(crate) fn targets(&self) -> Vec<SecretString> {
        let ids = self.sources.iter();
        ids.map(|id| SecretString::from(id.to_string())).collect()
    }
}

/// What these texts name: sources by id, short id, name or key; entities and columns by id, or as `source/path/to/it`,
/// where globs may stand for several. Each must name something.
pub async fn choose(home: &Home, texts: &[String]) -> Result<Chosen> {
    let mut choosing = Choosing {
        home,
        catalog: Catalog::open(home).await?,
        whole: BTreeSet::new(),
        entities: BTreeMap::new(),
        named: None,
    };
    for text in texts {
        choosing.add(text).await?;
    }
    choosing.chosen().await
}

struct Choosing<'a> {
    home: &'a Home,
    catalog: Catalog<'a>,
    /// Sources of which everything is wanted.
    whole: BTreeSet<SourceId>,
    entities: BTreeMap<EntityId, SourceId>,
    /// Every entity by its full name, once one was asked for.
    named: Option<Vec<(String, EntityId, SourceId)>>,
}

impl Choosing<'_> {
    async fn add(&mut self, text: &str) -> Result<()> {
        if let Some(source) = self.source(text).await? {
            self.whole.insert(source);
            return Ok(());
        }
        if let Ok(id) = text.parse::<Uuid>() {
            let (entity, source) = self.entity(id).await?;
            self.entities.insert(entity, source);
            return Ok(());
        }
        let glob = globset::GlobBuilder::new(text)
            .literal_separator(true)
            .build();
        let glob = glob.ok().map(|glob| glob.compile_matcher());
        let fitting: Vec<_> = (self.named().await?.iter())
            .filter(|(name, ..)| {
                name == text || glob.as_ref().is_some_and(|glob| glob.is_match(name))
            })
            .map(|(_, entity, source)| (*entity, *source))
            .collect();
        if fitting.is_empty() {
            return Err(unknown(text));
        }
        self.entities.extend(fitting);
        Ok(())
    }

    async fn source(&self, text: &str) -> Result<Option<SourceId>> {
        let (home, store) = (self.home, &self.home.store);
        if let Some(id) = ids::source_id(home, text).await? {
            return Ok(Some(id));
        }
        let named = match store.source_by_key(home.org, text).await? {
            Some(source) => Some(source),
            None => store.source_by_name(home.org, text).await?,
        };
        Ok(named.map(|source| source.id))
    }

    /// The entity of that id, or the one that a column of that id is in.
    async fn entity(&self, id: Uuid) -> Result<(EntityId, SourceId)> {
        let (org, store) = (self.home.org, &self.home.store);
        let missing =
            |error: &locard_store::Error| error.kind() == locard_store::ErrorKind::NotFound;
        match store.entity(org, EntityId(id)).await {
            Ok(entity) if entity.gone_at.is_none() => Ok((entity.id, entity.source)),
            Ok(_) => Err(unknown(&id.to_string())),
            Err(error) if missing(&error) => match store.column(org, ColumnId(id)).await {
                Ok(column) => Ok((column.entity, column.source)),
                Err(error) if missing(&error) => Err(unknown(&id.to_string())),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Every entity by its full name, behind both the name and the key of its source.
    async fn named(&mut self) -> Result<&[(String, EntityId, SourceId)]> {
        if self.named.is_none() {
            let mut all = Vec::new();
            for entity in self.catalog.list(None).await? {
                let Some(source) = self.catalog.source(entity.source) else {
                    continue;
                };
                let path = entity.path.to_string();
                for name in [Some(&source.name), source.key.as_ref()]
                    .into_iter()
                    .flatten()
                {
                    all.push((format!("{name}/{path}"), entity.id, entity.source));
                }
            }
            self.named = Some(all);
        }
        Ok(self.named.as_deref().unwrap_or_default())
    }

    async fn chosen(mut self) -> Result<Chosen> {
        let whole = &self.whole;
        self.entities.retain(|_, source| !whole.contains(source));
        let mut sources = self.whole;
        sources.extend(self.entities.values());
        let mut items = Vec::new();
        for source in &sources {
            items.push(ScopeItem {
                kind: "source".to_owned(),
                id: source.0,
                title: self.catalog.source_name(*source),
            });
        }
        for id in self.entities.keys() {
            let entity = self.catalog.entity(*id).await?;
            items.push(ScopeItem {
                kind: entity.kind.as_str().to_owned(),
                id: id.0,
                title: self.home.engine.mask().path(&entity.path, entity.kind),
            });
        }
        Ok(Chosen {
            sources: sources.into_iter().collect(),
            entities: self.entities.into_keys().collect(),
            items,
            collection: None,
        })
    }
}

/// The text is not repeated beyond its beginning: it may be anything.
fn unknown(text: &str) -> Error {
    let shown: String = text.chars().take(80).collect();
    Error::not_found(format!("nothing in the catalog is called {shown}"))
        .hint("name sources and entities by their ids, or as source/schema/table")
}

/// Some entities of sources, by their paths.
#[derive(Debug, Default)]
pub(crate) struct Only(BTreeMap<SourceId, Arc<HashSet<EntityPath>>>);

impl Only {
    /// Of these ids; what is gone by now is not there to be read.
    pub(crate) async fn load(home: &Home, entities: &[EntityId]) -> Result<Self> {
        let mut paths: BTreeMap<SourceId, HashSet<EntityPath>> = BTreeMap::new();
        for id in entities {
            match home.store.entity(home.org, *id).await {
                Ok(entity) => {
                    paths.entry(entity.source).or_default().insert(entity.path);
                }
                Err(error) if error.kind() == locard_store::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        if paths.is_empty() && !entities.is_empty() {
            let sentence = "nothing of what was asked for is in the catalog any more";
            return Err(Error::new(ErrorKind::NotFound, sentence));
        }
        let paths = paths.into_iter();
        Ok(Self(
            paths.map(|(id, paths)| (id, Arc::new(paths))).collect(),
        ))
    }

    /// Whether nothing is left out.
    pub(crate) fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the entity is wanted.
    pub(crate) fn admits(&self, source: SourceId, path: &EntityPath) -> bool {
        let paths = self.0.get(&source);
        paths.is_none_or(|paths| is_in(paths, path))
    }

    /// Hides everything else of the targets.
    pub(crate) fn narrow(&self, targets: &mut [Target]) {
        for target in targets {
            if let Some(paths) = self.0.get(&target.id) {
                let part = Part(Arc::clone(paths));
                target.source = Arc::new(Narrow::new(Arc::clone(&target.source), part));
            }
        }
    }
}

/// Whether the path is one of these, or below one.
fn is_in(paths: &HashSet<EntityPath>, path: &EntityPath) -> bool {
    let segments = path.segments();
    (1..=segments.len())
        .any(|end| paths.contains(&EntityPath::new(segments[..end].iter().cloned())))
}

/// The entities of one source that are wanted, by their paths.
#[derive(Debug)]
struct Part(Arc<HashSet<EntityPath>>);

impl Part {
    /// Whether what could not be listed is in an entity that is wanted; what has no name may be.
    fn concerns(&self, resource: Option<&str>) -> bool {
        resource.is_none_or(|resource| {
            self.0.iter().any(|path| {
                ["/", "."].iter().any(|separator| {
                    let wanted = path.segments().join(separator);
                    let rest = resource.strip_prefix(wanted.as_str());
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(separator))
                })
            })
        })
    }
}

#[async_trait]
impl Narrows for Part {
    async fn admits(&self, _: &dyn Source, item: &locard_connector::Result<Entity>) -> bool {
        match item {
            Ok(entity) => is_in(&self.0, &entity.path),
            Err(error) => self.concerns(error.entity_name()),
        }
    }
}
