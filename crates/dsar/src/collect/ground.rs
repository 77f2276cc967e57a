//! What collecting stands on, wherever it begins: the relations that are followed, the entities that they may lead to, and
//! who reads and writes there.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use locard_app::{CancellationToken, Catalog, Home, OpenSources, Result, Suspect};
use locard_index::{Graph, Query, Relation, Step, Walk, builtin_role};
use locard_model::{EntityId, ExposeSecret as _, FindingKind, Identifier, Role, Strength, Subject};
use locard_store::Entity;

use super::kept::Reads;
use super::reader::{Job, Reader, What};
use super::writer::{self, Writer};
use super::{CollectOptions, feed};
use crate::naming::is_of_staff;
use crate::relations;
use crate::sections::Sections;

/// What collecting of one person stands on, wherever it begins.
pub(super) struct Ground<'a> {
    home: &'a Home,
    options: &'a CollectOptions,
    pub(super) opened: OpenSources<'a>,
    graph: Graph,
    pub(super) among: Among,
}

impl<'a> Ground<'a> {
    pub(super) async fn of(
        home: &'a Home,
        options: &'a CollectOptions,
        catalog: &Catalog<'_>,
    ) -> Result<Self> {
        let graph = if options.relations {
            relations::followed(home, catalog).await?
        } else {
            Graph::default()
        };
        Ok(Self {
            home,
            options,
            opened: OpenSources::new(home),
            graph,
            among: Among::of(catalog, options).await?,
        })
    }

    pub(super) fn reader<'g>(
        &'g self,
        queries: &Arc<Vec<Query>>,
        (reads, cancel): (Option<&'g dyn Reads>, &'g CancellationToken),
    ) -> Reader<'g> {
        Reader {
            home: self.home,
            opened: &self.opened,
            queries: Arc::clone(queries),
            subject: Arc::new(self.options.subject.clone()),
            bounds: self.options.bounds,
            cancel,
            graph: &self.graph,
            reads,
        }
    }

    pub(super) fn writer<'g>(
        &'g self,
        (sections, cancel): (&'g mut dyn Sections, &'g CancellationToken),
    ) -> Writer<'g, 'g> {
        let walk = Walk::new(&self.graph, self.options.bounds);
        let told = (self.options.review, cancel);
        let mut writer = Writer::new(self.home, sections, told, (&self.graph, walk));
        writer.places = self.among.places(self.home);
        writer
    }

    /// Reads what carries keys of rows that were reached, until no key leads any further.
    pub(super) async fn follow(
        &self,
        reader: &Reader<'_>,
        writer: &mut Writer<'_, '_>,
    ) -> Result<()> {
        loop {
            let mut jobs = Vec::new();
            // Those of one length do not depend on each other.
            while let Some(step) = writer
                .walk
                .next_of(jobs.first().map(|job: &Job| job.path().len()))
            {
                jobs.extend(self.among.job(reader, &self.graph, step, writer).await?);
            }
            if jobs.is_empty() {
                return Ok(());
            }
            feed::feed(reader, &jobs, writer).await?;
        }
    }
}

/// The entities that relations may lead to.
pub(super) struct Among {
    entities: HashMap<EntityId, Entity>,
    /// Their sources as people see them.
    sources: HashMap<EntityId, String>,
    /// Identifiers by which rows name the person or somebody else.
    telling: BTreeSet<Identifier>,
}

impl Among {
    async fn of(catalog: &Catalog<'_>, options: &CollectOptions) -> Result<Self> {
        let mut entities = Vec::new();
        if options.sources.is_empty() {
            entities = catalog.list(None).await?;
        }
        for name in &options.sources {
            let source = catalog.source_named(name.expose_secret())?.id;
            entities.extend(catalog.list(Some(source)).await?);
        }
        let source = |entity: &Entity| (entity.id, catalog.source_name(entity.source));
        Ok(Self {
            sources: entities.iter().map(source).collect(),
            entities: entities
                .into_iter()
                .map(|entity| (entity.id, entity))
                .collect(),
            telling: telling(&options.subject),
        })
    }

    /// How they are shown: source, and resource.
    fn places(&self, home: &Home) -> HashMap<EntityId, (String, String)> {
        let mask = home.engine().mask();
        let place = |entity: &Entity| {
            let source = self.sources.get(&entity.id).cloned();
            let resource = mask.path(&entity.path, entity.kind);
            (entity.id, (source.unwrap_or_default(), resource))
        };
        self.entities.values().map(place).collect()
    }

    /// The reading of rows that name the person so firmly.
    pub(super) async fn naming(
        &self,
        home: &Home,
        suspects: &[Arc<Suspect>],
        strength: Strength,
        writer: &Writer<'_, '_>,
    ) -> Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for suspect in suspects {
            let entity = suspect.entity.id;
            let is_known = self.telling.iter().any(is_name);
            let names = if is_known {
                columns_of(home, entity, is_name).await?
            } else {
                BTreeSet::new()
            };
            jobs.push(Job {
                entity: suspect.entity.clone(),
                source: suspect.source.clone(),
                resource: suspect.resource.clone(),
                names: suspect.names.clone(),
                leading: writer.walk.from(entity),
                what: What::Naming {
                    suspect: Arc::clone(suspect),
                    strength,
                    names,
                },
            });
        }
        Ok(jobs)
    }

    /// The reading of what a step leads to; nothing where that is in no source that was asked for.
    async fn job(
        &self,
        reader: &Reader<'_>,
        graph: &Graph,
        step: Step,
        writer: &Writer<'_, '_>,
    ) -> Result<Option<Job>> {
        let relation = step.path.last().and_then(|at| graph.relation(*at));
        let Some((relation, entity)) = relation.and_then(|relation: &Relation| {
            let entity = self.entities.get(&relation.child.entity)?;
            Some((relation.clone(), entity.clone()))
        }) else {
            return Ok(None);
        };
        let home = reader.home;
        let naming = columns_of(home, entity.id, |it| self.telling.contains(it)).await?;
        Ok(Some(Job {
            source: self.sources.get(&entity.id).cloned().unwrap_or_default(),
            resource: home.engine().mask().path(&entity.path, entity.kind),
            names: home.store().columns(home.org(), entity.id).await?,
            leading: writer.walk.from(entity.id),
            what: What::Keyed {
                path: step.path,
                relation,
                keys: step.keys,
                naming,
            },
            entity,
        }))
    }
}

/// The columns of an entity that hold some identifiers as a whole, but for those of who dealt with its rows.
async fn columns_of(
    home: &Home,
    entity: EntityId,
    wanted: impl Fn(&Identifier) -> bool,
) -> Result<BTreeSet<String>> {
    let is_whole = |kind: FindingKind| kind == FindingKind::Column;
    let found = writer::found(home, entity, is_whole).await?.into_iter();
    let columns = found
        .filter(|(column, identifiers)| identifiers.iter().any(&wanted) && !is_of_staff(column));
    Ok(columns.map(|(column, _)| column).collect())
}

/// What names a person in words.
const NAMES: [&str; 3] = ["PERSON", "FIRST_NAME", "LAST_NAME"];

fn is_name(identifier: &Identifier) -> bool {
    NAMES.contains(&identifier.as_str())
}

/// Identifiers of which the subject's values are known, and of which another value is another person's: names, birth
/// dates, and what is unique.
fn telling(subject: &Subject) -> BTreeSet<Identifier> {
    let mut telling = BTreeSet::new();
    for attribute in &subject.attributes {
        let identifier = &attribute.identifier;
        if is_name(identifier) {
            telling.extend(NAMES.map(Identifier::new));
        } else if matches!(builtin_role(identifier), Role::Unique | Role::Weak) {
            telling.insert(identifier.clone());
        }
    }
    telling
}
