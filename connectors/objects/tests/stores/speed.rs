//! Bytes per second beside a plain get of the driver's; run by hand in a release build:
//! `./x servers cargo test --release -p locard-connector-objects --test stores -- --ignored --nocapture speed`.

use std::time::Instant;

use futures::StreamExt as _;
use locard_connector_objects::{Bucket, S3Settings};
use locard_files::Blobs as _;
use locard_model::EntityPath;
use object_store::aws::AmazonS3Builder;
use object_store::{ObjectStoreExt as _, path::Path};
use serde_json::json;

use crate::support::{Bench, Store};

const SIZE: usize = 256 << 20;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn speed() {
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
        .unwrap();
    for round in 0..3 {
        let began = Instant::now();
        let mut chunks = plain
            .get(&Path::from("large.bin"))
            .await
            .unwrap()
            .into_stream();
        let mut bytes = 0;
        while let Some(chunk) = chunks.next().await {
            bytes += chunk.unwrap().len();
        }
        assert_eq!(bytes, SIZE);
        let get = began.elapsed();
        let settings = bench.settings(json!({}));
        let bucket = Bucket::s3(serde_json::from_value::<S3Settings>(settings).unwrap()).unwrap();
        let began = Instant::now();
        let bytes = tokio::task::spawn_blocking(move || {
            let blob = bucket.open(&EntityPath::new(["large.bin"])).unwrap();
            let (mut at, mut buffer) = (0, vec![0; 1 << 20]);
            while let read @ 1.. = blob.read_at(at, &mut buffer).unwrap() {
                at += read as u64;
            }
            at
        })
        .await
        .unwrap();
        assert_eq!(bytes, SIZE as u64);
        let ours = began.elapsed();
        println!(
            "round {round}: get {get:?}, ours {ours:?}, ratio {:.2}",
            get.as_secs_f64() / ours.as_secs_f64()
        );
    }
}
