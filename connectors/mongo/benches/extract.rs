//! A full read into Arrow beside the driver's cursor, whose documents are thrown away: `./x bench`.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

use locard_connector::{Connector as _, ScanRequest};
use locard_connector_mongo::Mongo;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers::Mongo as Database;
use locard_testkit::speed::{extract, race};
use mongodb::Client;
use mongodb::bson::{RawDocumentBuf, doc};
use serde_json::json;

const ROWS: u64 = 100_000;

#[tokio::main]
async fn main() {
    let Some(database) = Database::new("a measurement") else {
        return;
    };
    let documents: Vec<_> = (0..ROWS)
        .map(|n| {
            json!({
                "_id": n, "name": { "first": format!("Anna{}", n % 977), "last": format!("Example{}", n % 7919) },
                "mail": format!("p{n}@example.org"), "tags": ["a", "b", format!("t{}", n % 50)],
                "address": { "street": format!("{} Long Street of the Town", n % 300), "city": format!("City {}", n % 512) },
                "visits": n % 100, "note": format!("customer number {n} wrote to us some time ago"),
            })
        })
        .collect();
    database.insert("t", &documents);
    let target = Mongo.target(&database.url()).expect("ours");
    let settings = target.expect("it makes sense").settings;
    let source = Mongo.open(settings).await.expect("nothing connects yet");
    let path = EntityPath::new([database.name(), "t"]);
    let request = ScanRequest::all(path, EntityKind::Collection);
    let ours = async || extract(&*source, &request).await;
    let client = Client::with_uri_str(database.url()).await;
    let client = client.expect("the driver understands the target");
    let collection = client.database(database.name());
    let collection = collection.collection::<RawDocumentBuf>("t");
    let driver = async || {
        let cursor = collection.find(doc! {}).batch_size(2_000).await;
        let mut cursor = cursor.expect("the driver asks");
        let mut rows = 0;
        while cursor.advance().await.expect("the driver reads") {
            rows += u64::from(!cursor.current().as_bytes().is_empty());
        }
        rows
    };
    race(
        ROWS,
        ("the driver, documents thrown away", driver),
        ("mongo", ours),
    )
    .await;
}
