//! What documents look like: the columns of some of them, and the types that stand there.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use locard_connector::document::Flattener;
use locard_connector::{Error, ErrorKind, Result};
use mongodb::bson::{Document, RawDocumentBuf, doc};
use mongodb::error::Error as Driver;

use crate::catalog::{Collection, names};
use crate::client::Session;
use crate::project::ID;
use crate::walk::{Tell, walk};

/// Documents that are looked at from each end of a collection.
const FROM_EACH_END: i64 = 500;
/// Bytes of documents that are looked at from each end.
const MOST_BYTES: usize = 16 << 20;
/// The names of what a map's keys are scanned as.
const KEYS: &str = "*#key";

/// Everything one look is made from.
struct Look<'a> {
    session: &'a Session,
    collection: &'a Collection,
    flattener: Flattener,
}

/// The columns of some documents: the first and the last by `_id`, since documents change their shape over the years;
/// the first of a view.
pub(crate) async fn schema(session: &Session, collection: &Collection) -> Result<SchemaRef> {
    let mut look = Look {
        session,
        collection,
        flattener: Flattener::new(None),
    };
    let ends: &[Option<i32>] = if collection.has_ids {
        &[Some(1), Some(-1)]
    } else {
        &[None]
    };
    for order in ends {
        if let Err(error) = look.at(*order).await? {
            return Err(session.explain(&error, "looking at documents").await);
        }
    }
    let batch = look.flattener.finish().map_err(|cause| {
        Error::new(
            ErrorKind::Unexpected,
            "columns of documents differ in length",
        )
        .cause(cause)
    })?;
    Ok(columns(&batch))
}

impl Look<'_> {
    /// Looks at documents from one end.
    async fn at(&mut self, order: Option<i32>) -> Result<Result<(), Driver>> {
        let (database, name) = names(&self.collection.path)?;
        let settings = self.session.settings();
        let limit = settings.limit(self.collection.kind);
        let database = self.session.database(database).await?;
        let documents = database.collection::<RawDocumentBuf>(name);
        let mut asked = documents
            .find(Document::new())
            .limit(FROM_EACH_END)
            .batch_size(100)
            .selection_criteria(self.session.criteria());
        asked = match order {
            Some(order) => asked.sort(doc! { ID: order }),
            None => asked,
        };
        asked = match limit {
            Some(limit) => asked.max_time(limit),
            None => asked,
        };
        Ok(self.take(asked.await).await)
    }

    async fn take(
        &mut self,
        cursor: Result<mongodb::Cursor<RawDocumentBuf>, Driver>,
    ) -> Result<(), Driver> {
        let (mut cursor, mut bytes) = (cursor?, 0);
        while bytes < MOST_BYTES && cursor.advance().await? {
            let document = cursor.current();
            bytes += document.as_bytes().len();
            walk(document, Tell::Types, &mut self.flattener);
        }
        Ok(())
    }
}

/// The columns with what stands in them.
fn columns(batch: &RecordBatch) -> SchemaRef {
    let schema = batch.schema();
    let fields = schema.fields().iter().zip(batch.columns());
    let fields = fields.map(|(field, array)| {
        // What is told there are keys, not the types of anything.
        let native = if field.name().ends_with(KEYS) {
            "string".to_owned()
        } else {
            types(array)
        };
        let metadata = HashMap::from([("native_type".to_owned(), native)]);
        Field::new(field.name(), field.data_type().clone(), true).with_metadata(metadata)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The names of types in a column, each once.
fn types(array: &ArrayRef) -> String {
    let values = match array.data_type() {
        DataType::List(_) => Arc::clone(array.as_list::<i32>().values()),
        _ => Arc::clone(array),
    };
    let names: BTreeSet<&str> = values
        .as_string_view_opt()
        .into_iter()
        .flat_map(|names| names.iter().flatten())
        .collect();
    if names.is_empty() {
        return "null".to_owned();
    }
    names.into_iter().collect::<Vec<_>>().join(" | ")
}

/// The names of the fields that the first documents have, for what need not be sent.
pub(crate) async fn fields(session: &Session, collection: &Collection) -> Result<Vec<String>> {
    let (database, name) = names(&collection.path)?;
    let named = doc! { "$map": { "input": { "$objectToArray": "$$ROOT" }, "in": "$$this.k" } };
    let command = doc! {
        "aggregate": name,
        "pipeline": [{ "$limit": 50 }, { "$project": { ID: 0, "names": named } }],
        "cursor": { "batchSize": 50 },
    };
    // Without an answer everything is sent.
    let Ok(answer) = session.try_ask(database, command).await? else {
        return Ok(Vec::new());
    };
    let batch = answer
        .get_document("cursor")
        .and_then(|cursor| cursor.get_array("firstBatch"));
    let documents = batch.map_or(&[][..], Vec::as_slice).iter();
    let lists = documents.filter_map(|document| document.as_document()?.get_array("names").ok());
    let names: BTreeSet<&str> = lists.flatten().filter_map(|name| name.as_str()).collect();
    Ok(names.into_iter().map(str::to_owned).collect())
}
