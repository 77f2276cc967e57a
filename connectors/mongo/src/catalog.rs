//! Databases and collections: what there is, how large, and by which keys.

use futures::TryStreamExt as _;
use locard_connector::{Error, ErrorKind, Result};
use locard_model::{EntityKind, EntityPath};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Bson, Document, doc};

use crate::client::{Session, number, text};
use crate::error::{from_driver, is_denied};
use crate::part::hex;
use crate::project::ID;

/// Databases of the server itself.
const OWN_DATABASES: [&str; 3] = ["admin", "config", "local"];
/// Collections of the server itself begin so.
const OWN_COLLECTIONS: &str = "system.";

/// One collection or view.
#[derive(Clone, Debug)]
pub(crate) struct Collection {
    /// Database and name.
    pub(crate) path: EntityPath,
    /// Collection or view.
    pub(crate) kind: EntityKind,
    /// Whether its documents are kept by their `_id`, so that there are ranges of it.
    pub(crate) has_ids: bool,
    /// What tells it from a later one of the same name.
    pub(crate) uuid: Option<String>,
    /// What a view is made of.
    pub(crate) definition: Option<String>,
    /// What its rules say of it.
    pub(crate) comment: Option<String>,
}

/// How much there is of a collection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    /// Documents.
    pub(crate) rows: Option<u64>,
    /// Bytes of all documents.
    pub(crate) bytes: Option<u64>,
}

/// Database and name of a collection.
pub(crate) fn names(path: &EntityPath) -> Result<(&str, &str)> {
    match path.segments() {
        [database, name] => Ok((database, name)),
        _ => Err(missing(path)),
    }
}

/// The error for a collection that is not there.
pub(crate) fn missing(path: &EntityPath) -> Error {
    let sentence = "there is no such collection, or the account may not see it";
    Error::new(ErrorKind::NotFound, sentence)
        .entity(path.resource(EntityKind::Collection))
        .hint("scan the source again")
}

/// The names of the databases that the account may see, without the server's own.
pub(crate) async fn databases(session: &Session) -> Result<Vec<String>> {
    let command = doc! { "listDatabases": 1, "nameOnly": true, "authorizedDatabases": true };
    let answer = session.ask("admin", command, "listing databases").await?;
    let listed = answer.get_array("databases").map_or(&[][..], Vec::as_slice);
    let names = listed.iter().filter_map(Bson::as_document);
    let mut names: Vec<String> = names
        .filter_map(|database| text(database, "name"))
        .filter(|name| !OWN_DATABASES.contains(name))
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// The collections of a database, or the one of that name.
pub(crate) async fn collections(
    session: &Session,
    database: &str,
    name: Option<&str>,
) -> Result<Vec<Collection>> {
    let mut command = doc! { "listCollections": 1 };
    if let Some(name) = name {
        command.insert("filter", doc! { "name": name });
    }
    let listed = match listed(session, database, command.clone()).await? {
        Err(error) if is_denied(&error) => {
            // Some roles allow only to read what they name.
            command.extend(doc! { "nameOnly": true, "authorizedCollections": true });
            listed(session, database, command).await?
        }
        listed => listed,
    };
    let listed = match listed {
        Ok(listed) => listed,
        Err(error) => return Err(session.explain(&error, "listing collections").await),
    };
    let known = listed.iter().filter_map(|told| collection(database, told));
    let mut known: Vec<Collection> = known.collect();
    known.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(known)
}

async fn listed(
    session: &Session,
    database: &str,
    command: Document,
) -> Result<Result<Vec<Document>, mongodb::error::Error>> {
    match session.cursor(database, command).await? {
        Ok(cursor) => Ok(cursor.try_collect().await),
        Err(error) => Ok(Err(error)),
    }
}

/// The collection at a path.
pub(crate) async fn one(session: &Session, path: &EntityPath) -> Result<Collection> {
    let (database, name) = names(path)?;
    let found = collections(session, database, Some(name)).await?;
    found.into_iter().next().ok_or_else(|| missing(path))
}

fn collection(database: &str, told: &Document) -> Option<Collection> {
    let name = text(told, "name")?;
    if name.starts_with(OWN_COLLECTIONS) {
        return None;
    }
    let nothing = Document::new();
    let part = |field| told.get_document(field).unwrap_or(&nothing);
    let (options, info) = (part("options"), part("info"));
    let is_view = text(told, "type") == Some("view");
    let is_series = text(told, "type") == Some("timeseries") || options.contains_key("timeseries");
    Some(Collection {
        path: EntityPath::new([database, name]),
        kind: if is_view {
            EntityKind::View
        } else {
            EntityKind::Collection
        },
        has_ids: !is_view && !is_series,
        uuid: info.get("uuid").and_then(uuid),
        definition: is_view.then(|| definition(options)),
        comment: comment(options),
    })
}

fn uuid(value: &Bson) -> Option<String> {
    match value {
        Bson::Binary(binary) if binary.subtype == BinarySubtype::Uuid => Some(hex(&binary.bytes)),
        _ => None,
    }
}

fn definition(options: &Document) -> String {
    let part = |field: &str| options.get(field).cloned().unwrap_or(Bson::Null);
    doc! { "viewOn": part("viewOn"), "pipeline": part("pipeline") }.to_string()
}

/// What the rules for documents say that these are.
fn comment(options: &Document) -> Option<String> {
    let rules = options.get_document("validator").ok()?;
    let rules = rules.get_document("$jsonSchema").ok()?;
    let said = text(rules, "description").or_else(|| text(rules, "title"));
    said.map(str::to_owned)
}

/// How much there is of a collection; what the account may not know is left out.
pub(crate) async fn size(session: &Session, collection: &Collection) -> Result<Size> {
    let (database, name) = names(&collection.path)?;
    if !collection.has_ids {
        return Ok(Size::default());
    }
    if let Ok(answer) = session
        .try_ask(database, doc! { "collStats": name })
        .await?
    {
        return Ok(Size {
            rows: number(&answer, "count"),
            bytes: number(&answer, "size"),
        });
    }
    let counted = session.try_ask(database, doc! { "count": name }).await?;
    let rows = counted.ok().and_then(|answer| number(&answer, "n"));
    Ok(Size { rows, bytes: None })
}

/// The sets of fields of which no two documents have the same values, `_id` aside.
pub(crate) async fn unique(session: &Session, path: &EntityPath) -> Result<Vec<Vec<String>>> {
    let (database, name) = names(path)?;
    let indexes = listed(session, database, doc! { "listIndexes": name }).await?;
    let indexes = match indexes {
        Ok(indexes) => indexes,
        // Who may read documents need not be told of indexes.
        Err(error) if is_denied(&error) => Vec::new(),
        Err(error) => return Err(from_driver(&error, "listing indexes")),
    };
    Ok(indexes.iter().filter_map(fields_of).collect())
}

fn fields_of(index: &Document) -> Option<Vec<String>> {
    let is_unique = index.get_bool("unique").unwrap_or(false);
    // These leave documents out.
    let is_partial =
        index.contains_key("partialFilterExpression") || index.get_bool("sparse").unwrap_or(false);
    let key = index.get_document("key").ok()?;
    let fields: Vec<String> = key.keys().cloned().collect();
    let is_wanted = is_unique && !is_partial && fields != [ID];
    is_wanted.then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_keeps_for_itself_is_left_out() {
        assert!(collection("x", &doc! { "name": "system.views", "type": "collection" }).is_none());
        assert!(collection("x", &doc! { "name": "systematic", "type": "collection" }).is_some());
    }

    #[test]
    fn views_and_series_have_no_ranges() {
        let of = |kind: &str| collection("x", &doc! { "name": "c", "type": kind });
        let view = of("view").unwrap();
        assert_eq!((view.kind, view.has_ids), (EntityKind::View, false));
        assert!(view.definition.is_some());
        let series = of("timeseries").unwrap();
        assert_eq!(
            (series.kind, series.has_ids),
            (EntityKind::Collection, false)
        );
        assert!(of("collection").unwrap().has_ids);
    }

    #[test]
    fn an_index_that_leaves_documents_out_is_no_key() {
        let index = doc! { "key": { "a": 1, "b.c": -1 }, "unique": true };
        assert_eq!(
            fields_of(&index),
            Some(vec!["a".to_owned(), "b.c".to_owned()])
        );
        for other in [
            doc! { "key": { "a": 1 } },
            doc! { "key": { "_id": 1 }, "unique": true },
            doc! { "key": { "a": 1 }, "unique": true, "sparse": true },
        ] {
            assert_eq!(fields_of(&other), None);
        }
    }
}
