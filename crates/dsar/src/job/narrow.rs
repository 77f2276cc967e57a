//! Which sources and entities a scope narrows a job to.

use std::collections::BTreeSet;

use locard_app::{
    Catalog, Error, Home, NotSearched, Result, choose, chosen_entities, collection, collections,
    members,
};
use locard_model::{EntityId, SecretString};

use super::Scope;

/// What is collected from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrow {
    /// Only these sources; empty: all.
    pub(crate) sources: Vec<SecretString>,
    /// Only sections of these entities; `None`: all of the sources.
    pub(crate) entities: Option<BTreeSet<EntityId>>,
}

/// What the scope names. Keys may lead over entities that it does not name, to those that it does.
pub(super) async fn narrowed(home: &Home, scope: &Scope) -> Result<Narrow> {
    let mut narrow = Narrow::default();
    let mut entities: Option<BTreeSet<EntityId>> = None;
    let mut only = |found: BTreeSet<EntityId>| {
        entities = Some(match entities.take() {
            Some(known) => known.intersection(&found).copied().collect(),
            None => found,
        });
    };
    if !scope.substrates.is_empty() {
        let chosen = choose(home, &scope.substrates).await?;
        let found = chosen_entities(home, &chosen).await?;
        only(found.iter().map(|entity| entity.id).collect());
        let sources = chosen.sources.iter();
        narrow.sources = sources
            .map(|id| SecretString::from(id.to_string()))
            .collect();
    }
    if !scope.campaign_ids.is_empty() {
        let mut found = BTreeSet::new();
        for name in &scope.campaign_ids {
            let row = named(home, name).await?;
            let members = members(home, &row).await?;
            let entities = chosen_entities(home, &members.chosen).await?;
            found.extend(entities.iter().map(|entity| entity.id));
        }
        only(found);
    }
    narrow.entities = entities;
    Ok(narrow)
}

/// Leaves out of what was not searched places that nobody asked for: what they keep from those that were asked for is told
/// there.
pub(super) async fn only_asked(
    home: &Home,
    narrow: &Narrow,
    gaps: &mut Vec<NotSearched>,
) -> Result<()> {
    let Some(wanted) = &narrow.entities else {
        return Ok(());
    };
    let catalog = Catalog::open(home).await?;
    let mask = home.engine().mask();
    let (mut sources, mut others) = (BTreeSet::new(), BTreeSet::new());
    for entity in catalog.list(None).await? {
        let source = catalog.source_name(entity.source);
        if wanted.contains(&entity.id) {
            sources.insert(source);
        } else {
            others.insert((source, mask.path(&entity.path, entity.kind)));
        }
    }
    gaps.retain(|gap| {
        let is_other = gap
            .resource
            .as_ref()
            .is_some_and(|resource| others.contains(&(gap.source.clone(), resource.clone())));
        sources.contains(&gap.source) && !is_other
    });
    Ok(())
}

/// The collection of that id or name.
async fn named(home: &Home, name: &str) -> Result<locard_app::CollectionRow> {
    if let Ok(id) = name.parse() {
        return collection(home, id).await;
    }
    let mut after = None;
    loop {
        let (rows, next) = collections(home, after, 1_000).await?;
        if let Some(row) = rows.into_iter().find(|row| row.name == name) {
            return Ok(row);
        }
        if next.is_none() {
            return Err(Error::not_found("there is no such collection"));
        }
        after = next;
    }
}
