//! The bytes of an object beside a plain get of the driver's: `./x bench`.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

#[path = "../tests/support/mod.rs"]
mod support;

use futures::StreamExt as _;
use locard_connector_objects::{Bucket, S3Settings};
use locard_files::Blobs as _;
use locard_model::EntityPath;
use locard_testkit::speed::race;
use object_store::aws::AmazonS3Builder;
use object_store::{ObjectStoreExt as _, path::Path};
use serde_json::json;

use support::{Bench, Store};

const SIZE: usize = 256 << 20;

#[tokio::main]
async fn main() {
    let Some(bench) = Bench::new(Store::Signed, "speed") else {
        return;
    };
    bench.put("large.bin", vec![b'x'; SIZE]);
    let plain = AmazonS3Builder::new()
        .with_endpoint(format!("http://{}", bench.host))
        .with_allow_http(true)
        .with_bucket_name(&bench.bucket)
        .with_region("us-east-1")
        .with_access_key_id(&bench.user)
        .with_secret_access_key(&bench.password)
        .build()
        .expect("the driver understands");
    let get = async || {
        let answer = plain.get(&Path::from("large.bin")).await;
        let mut chunks = answer.expect("it is there").into_stream();
        let mut bytes = 0;
        while let Some(chunk) = chunks.next().await {
            bytes += chunk.expect("it comes").len() as u64;
        }
        bytes
    };
    let settings = serde_json::from_value::<S3Settings>(bench.settings(json!({})));
    let settings = settings.expect("settings");
    let ours = async || {
        let bucket = Bucket::s3(settings.clone()).expect("a bucket");
        let reading = tokio::task::spawn_blocking(move || {
            let blob = bucket.open(&EntityPath::new(["large.bin"]));
            let blob = blob.expect("it is there");
            let (mut at, mut buffer) = (0, vec![0; 1 << 20]);
            while let read @ 1.. = blob.read_at(at, &mut buffer).expect("it comes") {
                at += read as u64;
            }
            at
        });
        reading.await.expect("it is read")
    };
    race(
        SIZE as u64,
        ("the driver's get, bytes thrown away", get),
        ("s3", ours),
    )
    .await;
}
