//! The bytes of an object beside a plain get of the driver's, of each store: `./x bench`.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;

use futures::StreamExt as _;
use locard_connector_objects::Bucket;
use locard_files::Blobs as _;
use locard_model::EntityPath;
use locard_testkit::speed::race;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder};
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt as _, StaticCredentialProvider};
use serde_json::json;

use support::{Bench, Store, bucket};

const SIZE: usize = 256 << 20;
const NAME: &str = "large";

#[tokio::main]
async fn main() {
    for (store, name) in [
        (Store::Signed, "s3"),
        (Store::Azure, "azure"),
        (Store::Gcs, "gcs"),
    ] {
        if let Some(bench) = Bench::new(store, "a measurement") {
            measure(&bench, name).await;
        }
    }
}

async fn measure(bench: &Bench, name: &str) {
    bench.put(NAME, vec![b'x'; SIZE]);
    let driver = driver(bench);
    let get = async || by_driver(&*driver).await;
    let settings = bench.settings(json!({}));
    let ours = async || {
        let bucket = bucket(bench.store, settings.clone()).expect("a bucket");
        let reading = tokio::task::spawn_blocking(move || read(&bucket));
        reading.await.expect("it is read")
    };
    let client = "the driver's get, bytes thrown away";
    race(SIZE as u64, (client, get), (name, ours)).await;
}

/// The driver over the same bucket, as its users make it.
fn driver(bench: &Bench) -> Box<dyn ObjectStore> {
    let endpoint = format!("http://{}", bench.host);
    let understood = "the driver understands";
    match bench.store {
        Store::S3 | Store::Signed => {
            let builder = AmazonS3Builder::new()
                .with_endpoint(endpoint)
                .with_allow_http(true)
                .with_bucket_name(&bench.bucket)
                .with_region("us-east-1")
                .with_access_key_id(&bench.user)
                .with_secret_access_key(&bench.password);
            Box::new(builder.build().expect(understood))
        }
        Store::Azure => {
            let builder = MicrosoftAzureBuilder::new()
                .with_endpoint(format!("{endpoint}/{}", bench.user))
                .with_allow_http(true)
                .with_container_name(&bench.bucket)
                .with_account(&bench.user)
                .with_access_key(&bench.password);
            Box::new(builder.build().expect(understood))
        }
        Store::Gcs => {
            // The store for tests asks for a token and takes any.
            let bearer = "anybody".to_owned();
            let token = StaticCredentialProvider::new(GcpCredential { bearer });
            let builder = GoogleCloudStorageBuilder::new()
                .with_base_url(&endpoint)
                .with_bucket_name(&bench.bucket)
                .with_credentials(Arc::new(token))
                .with_client_options(ClientOptions::new().with_allow_http(true));
            Box::new(builder.build().expect(understood))
        }
    }
}

async fn by_driver(driver: &dyn ObjectStore) -> u64 {
    let answer = driver.get(&Path::from(NAME)).await;
    let mut chunks = answer.expect("it is there").into_stream();
    let mut bytes = 0;
    while let Some(chunk) = chunks.next().await {
        bytes += chunk.expect("it comes").len() as u64;
    }
    bytes
}

fn read(bucket: &Bucket) -> u64 {
    let blob = bucket.open(&EntityPath::new([NAME]));
    let blob = blob.expect("it is there");
    let (mut at, mut buffer) = (0, vec![0; 1 << 20]);
    while let read @ 1.. = blob.read_at(at, &mut buffer).expect("it comes") {
        at += read as u64;
    }
    at
}
