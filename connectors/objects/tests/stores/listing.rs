//! Lists of very many objects.

use locard_connector_objects::{Bucket, S3Settings};
use locard_files::Blobs as _;
use serde_json::json;

use crate::support::front::{Act, Front};
use crate::support::{ALL, Bench, Store, listed};

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_listed() {
    for store in ALL {
        let Some(bench) = Bench::new(store, "several pages") else {
            continue;
        };
        let wanted: Vec<String> = (0..1_100)
            .map(|number| format!("many/{number:05}.csv"))
            .collect();
        for name in &wanted {
            bench.put(name, "");
        }
        let (names, errors) = listed(&bench.source(json!({})).unwrap()).await;
        assert!(errors.is_empty(), "{store:?} {errors:?}");
        assert_eq!(names, wanted, "{store:?}");
    }
}

/// A page of a list that goes on for ever.
fn page(head: &str) -> Act {
    let from = head
        .split("continuation-token=")
        .nth(1)
        .and_then(|rest| rest.split(['&', ' ']).next())
        .and_then(|from| from.parse().ok())
        .unwrap_or(0_u32);
    let objects: String = (from..from + 1_000)
        .map(|number| format!("<Contents><Key>logs/{number:09}/a+name+that+is+long%2C+as+many+are.csv</Key><Size>10</Size></Contents>"))
        .collect();
    let next = format!(
        "<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>",
        from + 1_000
    );
    Act::Answer(
        200,
        "",
        format!(
            "<ListBucketResult><EncodingType>url</EncodingType>{objects}{next}</ListBucketResult>"
        ),
    )
}

/// Kilobytes in use.
#[cfg(target_os = "linux")]
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the system tells");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("it tells this");
    line.trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number")
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_objects_are_listed_in_little_memory() {
    let front = Front::start("127.0.0.1:1", |head, _| page(head));
    let settings =
        json!({"bucket": "huge", "endpoint": format!("http://{}", front.host), "anonymous": true});
    let bucket =
        Bucket::s3(serde_json::from_value::<S3Settings>(settings).expect("the settings are right"))
            .unwrap();
    let (count, grown) = tokio::task::spawn_blocking(move || {
        let (mut count, mut before) = (0_u64, 0);
        bucket.list(&globset::GlobSet::empty(), &mut |found| {
            assert!(
                found
                    .unwrap()
                    .path
                    .segments()
                    .last()
                    .unwrap()
                    .starts_with("a name")
            );
            count += 1;
            if count == 5_000 {
                before = memory();
            }
            count < 100_000
        });
        (count, memory().saturating_sub(before))
    })
    .await
    .unwrap();
    println!(
        "{count} objects, {grown} kB more after the first 5,000; {} requests",
        front.heads().len()
    );
    assert_eq!(count, 100_000);
    assert!(grown < 16 << 10, "{grown} kB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_begins_again_for_ever_is_left() {
    let again = "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></ListBucketResult>";
    let front = Front::start("127.0.0.1:1", move |_, _| {
        Act::Answer(200, "", again.to_owned())
    });
    let settings =
        json!({"bucket": "loop", "endpoint": format!("http://{}", front.host), "anonymous": true});
    let source = crate::support::open(Store::S3, settings).unwrap();
    assert!(listed(&source).await.0.is_empty());
    assert_eq!(front.heads().len(), 2);
}
