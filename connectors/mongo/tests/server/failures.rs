//! What goes wrong while a collection is read.

use futures::StreamExt as _;
use locard_connector::ErrorKind;
use serde_json::{Value, json};

use crate::proxy::cut_after;
use crate::{all, in_splits, open, read, seeded};

/// Documents of about half a kilobyte.
fn large(count: u32) -> Vec<Value> {
    let pad = "x".repeat(500);
    (0..count)
        .map(|n| json!({ "_id": n, "text": pad }))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_stream_ends_the_cursor_on_the_server() {
    let Some((database, source)) = seeded("cancel on drop", &large(60_000)).await else {
        return;
    };
    let before = database.cursors();
    let plan = source
        .plan(&in_splits(all(&database, "c"), 1))
        .await
        .expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    assert!(stream.next().await.is_some_and(|batch| batch.is_ok()));
    assert!(database.cursors() > before, "the server keeps a place");
    drop(stream);
    database.wait_for_cursors(before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_is_an_error_after_what_came() {
    let Some((database, _)) = seeded("a server that goes away", &large(40_000)).await else {
        return;
    };
    let url = format!("{}&connect_timeout=2", database.url());
    let source = open(&cut_after(&url, 6_000_000).await).await;
    let plan = source
        .plan(&in_splits(all(&database, "c"), 1))
        .await
        .expect("it is planned");
    let items: Vec<_> = source
        .read(&plan.splits[0])
        .await
        .expect("it begins")
        .collect()
        .await;
    let rows: usize = items
        .iter()
        .flatten()
        .map(|batch| batch.records.num_rows())
        .sum();
    assert!(rows > 0 && rows < 40_000, "{rows} documents came");
    let error = items
        .into_iter()
        .find_map(Result::err)
        .expect("the end is no end");
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Interrupted | ErrorKind::Unreachable
        ),
        "{error}"
    );
    assert!(
        error.is_retryable() && error.entity_name().is_some(),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_dropped_before_it_is_read_is_not_found() {
    let Some((database, source)) = seeded("dropped collection", &large(10)).await else {
        return;
    };
    let request = all(&database, "c");
    let plan = source.plan(&request).await.expect("it is planned");
    database.drop_collection("c");
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("it is gone");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert_eq!(
        error.entity_name(),
        Some(request.path.resource(request.kind).as_str())
    );
    database.insert("c", &large(10));
    let error = read(&*source, &plan.splits[0])
        .await
        .expect_err("it is another one");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(!error.is_retryable());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_dropped_while_it_is_read_is_an_error() {
    let Some((database, source)) = seeded("dropped in the middle", &large(60_000)).await else {
        return;
    };
    let plan = source
        .plan(&in_splits(all(&database, "c"), 1))
        .await
        .expect("it is planned");
    let mut stream = source.read(&plan.splits[0]).await.expect("it begins");
    assert!(stream.next().await.is_some_and(|batch| batch.is_ok()));
    database.drop_collection("c");
    let rest: Vec<_> = stream.collect().await;
    let error = rest
        .into_iter()
        .find_map(Result::err)
        .expect("half is not all");
    assert!(
        matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::NotFound),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_that_is_not_ours_is_refused() {
    let Some((database, source)) = seeded("odd splits", &large(10)).await else {
        return;
    };
    let plan = source
        .plan(&all(&database, "c"))
        .await
        .expect("it is planned");
    for part in [
        json!({ "filter": "00" }),
        json!({ "sql": "SELECT 1" }),
        json!(null),
    ] {
        let mut split = plan.splits[0].clone();
        split.part = part;
        let error = read(&*source, &split)
            .await
            .expect_err("it is none of ours");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.entity_name().is_some(), "{error}");
    }
}
