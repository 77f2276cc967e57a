//! Collections: named sets of entities, by ids, names and globs. A dataset is one whose entities are all of one sort, so that
//! what they have in common can be summed up.

use std::collections::BTreeSet;

use jiff::Timestamp;
use locard_model::EntityKind;
use locard_store::{Collection, CollectionDraft, CollectionId, Entity, Page};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::catalog::scope::{Chosen, Only, choose};
use crate::catalog::{Catalog, is_readable};
use crate::home::json;
use crate::{Error, ErrorKind, Home, Result};

/// Members that a collection may name.
const MOST: usize = 10_000;

/// What a collection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CollectionKind {
    /// Any entities.
    Collection,
    /// Tables only, or files only, or collections of documents only.
    Dataset,
}

locard_model::named!(CollectionKind {
    Collection => "collection",
    Dataset => "dataset",
});

/// Of what a collection is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionOptions {
    /// What it is to be; `None`: a dataset if it can be one now.
    pub kind: Option<CollectionKind>,
    /// Ids, names and globs of sources and entities.
    pub members: Vec<String>,
    /// What people say of it.
    pub note: Option<String>,
}

/// A collection as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectionRow {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: CollectionKind,
    /// What it was said to be made of.
    pub members: Vec<String>,
    /// What people say of it.
    pub note: Option<String>,
    /// What its members have in common, and when that was summed up.
    pub statistics: Option<(Value, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody changed it last.
    pub updated_at: Timestamp,
}

/// What a collection consists of now.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// The sources and entities that its members name.
    pub chosen: Chosen,
    /// Members that name nothing now.
    pub missing: Vec<String>,
}

/// Makes a collection.
pub async fn add_collection(
    home: &Home,
    name: &str,
    options: CollectionOptions,
) -> Result<CollectionRow> {
    put(home, CollectionId(Uuid::now_v7()), name, options).await
}

/// Changes a collection.
pub async fn change_collection(
    home: &Home,
    id: Uuid,
    name: &str,
    options: CollectionOptions,
) -> Result<CollectionRow> {
    home.store.collection(home.org, CollectionId(id)).await?;
    put(home, CollectionId(id), name, options).await
}

async fn put(
    home: &Home,
    id: CollectionId,
    name: &str,
    mut options: CollectionOptions,
) -> Result<CollectionRow> {
    if name.trim().is_empty() || name.len() > 200 || name.chars().any(crate::is_unprintable) {
        return Err(Error::usage(
            "a collection needs a short name that can be printed",
        ));
    }
    if options.members.is_empty() || options.members.len() > MOST {
        return Err(Error::usage("a collection has 1 to 10,000 members"));
    }
    // Whoever makes it hears of what is misspelt; what goes later is told where it is used.
    let chosen = choose(home, &options.members).await?;
    let uniform = is_uniform(&chosen_entities(home, &chosen).await?);
    options.kind = Some(match (options.kind, uniform) {
        (Some(CollectionKind::Dataset), false) => return Err(mixed()),
        (Some(kind), _) => kind,
        (None, true) => CollectionKind::Dataset,
        (None, false) => CollectionKind::Collection,
    });
    let draft = CollectionDraft {
        id,
        name: name.trim().to_owned(),
        spec: json(&options)?,
    };
    row(home.store.put_collection(home.org, &draft).await?)
}

/// Collections in the order of their ids, after that one if one is given; and where to go on.
pub async fn collections(
    home: &Home,
    after: Option<Uuid>,
    limit: u32,
) -> Result<(Vec<CollectionRow>, Option<Uuid>)> {
    let page = Page { after, limit };
    let found = home.store.collections(home.org, page).await?;
    let rows = found.items.into_iter().map(row);
    Ok((rows.collect::<Result<_>>()?, found.next))
}

/// One collection.
pub async fn collection(home: &Home, id: Uuid) -> Result<CollectionRow> {
    row(home.store.collection(home.org, CollectionId(id)).await?)
}

/// Forgets a collection; its entities stay.
pub async fn remove_collection(home: &Home, id: Uuid) -> Result<()> {
    let id = CollectionId(id);
    Ok(home.store.remove_collection(home.org, id).await?)
}

/// What a collection consists of now.
pub async fn members(home: &Home, collection: &CollectionRow) -> Result<Members> {
    match choose(home, &collection.members).await {
        Ok(chosen) => {
            return Ok(Members {
                chosen,
                missing: Vec::new(),
            });
        }
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Err(_) => {}
    }
    let (mut present, mut missing) = (Vec::new(), Vec::new());
    for member in &collection.members {
        match choose(home, std::slice::from_ref(member)).await {
            Ok(_) => present.push(member.clone()),
            Err(error) if error.kind() == ErrorKind::NotFound => missing.push(member.clone()),
            Err(error) => return Err(error),
        }
    }
    let chosen = choose(home, &present).await?;
    Ok(Members { chosen, missing })
}

/// The members of a dataset, for a job that sums them up; a collection of all sorts is refused.
pub(crate) async fn dataset(home: &Home, id: Uuid) -> Result<(CollectionRow, Members)> {
    let row = collection(home, id).await?;
    let members = present(home, &row).await?;
    if row.kind != CollectionKind::Dataset
        || !is_uniform(&chosen_entities(home, &members.chosen).await?)
    {
        return Err(mixed());
    }
    Ok((row, members))
}

/// What a collection consists of now, if it is anything.
pub(crate) async fn present(home: &Home, row: &CollectionRow) -> Result<Members> {
    let members = members(home, row).await?;
    if members.chosen.sources.is_empty() {
        let sentence = "nothing that the collection names is in the catalog any more";
        return Err(Error::new(ErrorKind::NotFound, sentence));
    }
    Ok(members)
}

fn mixed() -> Error {
    Error::usage("the collection is not of type dataset: its members are not all of one sort")
        .hint("a dataset holds tables only, or files only")
}

/// The entities that can be read, among those that were chosen and in them.
pub async fn chosen_entities(home: &Home, chosen: &Chosen) -> Result<Vec<Entity>> {
    let catalog = Catalog::open(home).await?;
    let only = Only::load(home, &chosen.entities).await?;
    let mut leaves = Vec::new();
    for source in &chosen.sources {
        let all = catalog.list(Some(*source)).await?.into_iter();
        leaves.extend(
            all.filter(|entity| is_readable(entity) && only.admits(entity.source, &entity.path)),
        );
    }
    Ok(leaves)
}

/// Whether all are of one sort; nothing is of none.
fn is_uniform(leaves: &[Entity]) -> bool {
    let sort = |kind: EntityKind| match kind {
        EntityKind::Table
        | EntityKind::View
        | EntityKind::MaterializedView
        | EntityKind::ForeignTable => EntityKind::Table,
        kind => kind,
    };
    let sorts: BTreeSet<EntityKind> = leaves.iter().map(|entity| sort(entity.kind)).collect();
    sorts.len() == 1
}

fn row(collection: Collection) -> Result<CollectionRow> {
    let options = CollectionOptions::deserialize(&collection.spec).map_err(|error| {
        let sentence = "what was recorded of a collection cannot be read";
        Error::new(ErrorKind::Store, sentence).cause(error)
    })?;
    Ok(CollectionRow {
        id: collection.id.0,
        name: collection.name,
        kind: options.kind.unwrap_or(CollectionKind::Collection),
        members: options.members,
        note: options.note,
        statistics: collection.statistics,
        created_at: collection.created_at,
        updated_at: collection.updated_at,
    })
}
