//! The behaviour suite over a MongoDB database per case.
//!
//! Every document has an `_id`, and tables of the suite have an `id` and nothing else; so the one is called by the other's
//! name here.

#![expect(
    clippy::expect_used,
    reason = "a fixture that cannot be made fails its test"
)]

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use locard_connector::{
    Batch, Connector, Description, Entity, Filter, Result, ScanPlan, ScanRequest, Scope, Server,
    Source, Split,
};
use locard_connector_mongo::Mongo;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::behaviour::{Fixture, Login, Place, Skip, run};
use locard_testkit::servers::Mongo as Database;
use locard_testkit::{Table, cell};
use serde_json::{Map, Value, json};

fn main() -> ExitCode {
    run(Documents)
}

async fn open(target: &str) -> Result<Arc<dyn Source>> {
    let target = Mongo.target(target).expect("the target is MongoDB's")?;
    Mongo.open(target.settings).await
}

struct Documents;

#[async_trait]
impl Fixture for Documents {
    fn name(&self) -> String {
        "mongo".to_owned()
    }

    async fn seed(&self, tables: &[Table]) -> std::result::Result<Box<dyn Place>, Skip> {
        let database = Database::new("the behaviour suite")
            .ok_or_else(|| Skip::missing_server("there is no MongoDB server"))?;
        for table in tables {
            database.run(&json!({ "create": table.name }));
            database.insert(&table.name, &documents(table));
        }
        let names = tables.iter().map(|table| table.name.clone()).collect();
        Ok(Box::new(OneDatabase {
            database,
            names: Mutex::new(names),
        }))
    }

    fn given_back(&self, data_type: &DataType, text: String) -> String {
        match data_type {
            // Days are moments there, and these have milliseconds.
            DataType::Date32 => format!("{text}T00:00:00Z"),
            DataType::Timestamp(_, _) => shown(&text),
            DataType::Float64 => text.parse::<f64>().expect("a number").to_string(),
            _ => text,
        }
    }

    async fn wrong_password(&self) -> Option<Login> {
        let database = Database::new("the behaviour suite")?;
        let password = "not-the-password-6b1".to_owned();
        Some(Login {
            source: open(&database.url_as("locard", &password)).await,
            password,
        })
    }
}

struct OneDatabase {
    database: Database,
    names: Mutex<Vec<String>>,
}

#[async_trait]
impl Place for OneDatabase {
    async fn source(&self) -> Result<Arc<dyn Source>> {
        let inner = open(&self.database.url()).await?;
        Ok(Arc::new(Renamed { inner }))
    }

    fn path(&self, table: &str) -> (EntityPath, EntityKind) {
        let path = EntityPath::new([self.database.name(), table]);
        (path, EntityKind::Collection)
    }

    async fn remove(&self, table: &str) {
        self.database.drop_collection(table);
        let mut names = self.names.lock().expect("nobody panicked");
        names.retain(|name| name != table);
    }

    fn password(&self) -> Option<String> {
        let url = self.database.url();
        let (login, _) = url.split_once("://")?.1.rsplit_once('@')?;
        let (_, password) = login.split_once(':')?;
        Some(password.to_owned())
    }

    async fn contents(&self) -> Option<Vec<u8>> {
        let names = self.names.lock().expect("nobody panicked").clone();
        let listed = json!({ "listCollections": 1 });
        let listed = self.database.run(&listed)["cursor"]["firstBatch"].to_string();
        let contents = names.iter().map(|name| self.database.contents(name));
        Some(format!("{listed}{}", contents.collect::<String>()).into_bytes())
    }

    async fn busy(&self) -> Option<usize> {
        usize::try_from(self.database.cursors()).ok()
    }
}

/// The documents of a table, as extended JSON.
fn documents(table: &Table) -> Vec<Value> {
    let schema = table.rows.schema();
    let document = |row: usize| {
        let cells = schema.fields().iter().zip(table.rows.columns());
        let cells = cells.map(|(field, column)| {
            let name = to_inner(field.name());
            (name, value(field.data_type(), cell(column, row)))
        });
        Value::Object(cells.collect::<Map<_, _>>())
    };
    (0..table.rows.num_rows()).map(document).collect()
}

fn value(data_type: &DataType, text: Option<String>) -> Value {
    let Some(text) = text else {
        return Value::Null;
    };
    match data_type {
        DataType::Int64 => json!({ "$numberLong": text }),
        DataType::Float64 => json!({ "$numberDouble": text }),
        DataType::Boolean => json!(text == "true"),
        DataType::Date32 => moment(&format!("{text}T00:00:00.000000")),
        DataType::Timestamp(_, _) => moment(&text),
        _ => json!(text),
    }
}

/// Milliseconds since 1970 of a moment without a zone; what is finer is cut off.
fn milliseconds(text: &str) -> i64 {
    let moment: jiff::civil::DateTime = text.parse().expect("a moment");
    let since = moment.duration_since(jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0));
    i64::try_from(since.as_millis()).expect("not so far from 1970")
}

/// As the connector writes it.
fn shown(text: &str) -> String {
    let since = jiff::SignedDuration::from_millis(milliseconds(text));
    let moment = jiff::civil::date(1970, 1, 1)
        .at(0, 0, 0, 0)
        .checked_add(since);
    format!("{}Z", moment.expect("a moment"))
}

fn moment(text: &str) -> Value {
    json!({ "$date": { "$numberLong": milliseconds(text).to_string() } })
}

fn to_inner(name: &str) -> String {
    if name == "id" { "_id" } else { name }.to_owned()
}

fn to_outer(name: &str) -> String {
    if name == "_id" { "id" } else { name }.to_owned()
}

/// A source with `_id` called `id`.
#[derive(Debug)]
struct Renamed {
    inner: Arc<dyn Source>,
}

fn outer_schema(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        let field = Field::clone(field);
        let name = to_outer(field.name());
        field.with_name(name)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn outer_batch(mut batch: Batch) -> Batch {
    let schema = outer_schema(&batch.records.schema());
    let columns = batch.records.columns().to_vec();
    let options =
        arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.records.num_rows()));
    batch.records =
        RecordBatch::try_new_with_options(schema, columns, &options).expect("only names differ");
    batch
}

fn inner_filter(filter: &mut Filter) {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => parts.iter_mut().for_each(inner_filter),
        Filter::Not(part) => inner_filter(part),
        Filter::Compare { column, .. } | Filter::IsNull(column) => *column = to_inner(column),
    }
}

fn inner_request(request: &ScanRequest) -> ScanRequest {
    let mut request = request.clone();
    for column in request.columns.iter_mut().flatten() {
        *column = to_inner(column);
    }
    for matching in &mut request.matching {
        matching.column = to_inner(&matching.column);
    }
    request.filter.iter_mut().for_each(inner_filter);
    request
}

#[async_trait]
impl Source for Renamed {
    async fn check(&self) -> Result<Server> {
        self.inner.check().await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        self.inner.entities(scope)
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        let mut description = self.inner.describe(path, kind).await?;
        description.schema = outer_schema(&description.schema);
        Ok(description)
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        self.inner.plan(&inner_request(request)).await
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        let batches = self.inner.read(split).await?;
        Ok(batches.map(|batch| batch.map(outer_batch)).boxed())
    }
}
