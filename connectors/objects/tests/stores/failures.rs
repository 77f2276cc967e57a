//! What fails is told by what it is, where it is, and with what to do; the rest goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use locard_connector::{ErrorKind, ScanRequest, Source};
use locard_model::{EntityKind, EntityPath};
use serde_json::json;

use crate::support::front::{Act, Front};
use crate::support::{Bench, Store, listed, open, rows};

const PEOPLE: &str = "name,mail\nAnna,a@example.org\nBert,b@example.org\n";

fn refusal(code: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>secret words</Message></Error>"
    )
}

fn is_list(head: &str) -> bool {
    head.lines()
        .next()
        .is_some_and(|line| line.contains("list-type=2"))
}

/// Ten megabytes in rows.
fn large() -> String {
    (0..400_000).fold("id,mail\n".to_owned(), |text, row| {
        text + &format!("{row},{row}@example.org\n")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_forbidden_object_costs_only_itself() {
    let Some(bench) = Bench::new(Store::S3, "a forbidden object") else {
        return;
    };
    bench.put("open.csv", PEOPLE);
    bench.put("closed.csv", PEOPLE);
    let front = Front::start(&bench.host, |head, _| match head {
        head if head.contains("closed.csv") => Act::Answer(403, "", refusal("AccessDenied")),
        _ => Act::Pass,
    });
    let source = open(Store::S3, bench.settings_by(&front.host, json!({}))).unwrap();
    let (names, errors) = listed(&source).await;
    assert_eq!(names, ["open.csv"]);
    assert_eq!(
        (errors.len(), errors[0].kind(), errors[0].entity_name()),
        (1, ErrorKind::Denied, Some("closed.csv"))
    );
    assert!(
        errors[0].hint_text().unwrap().contains("s3:GetObject"),
        "{errors:?}"
    );
    assert!(!format!("{} {:?}", errors[0], errors[0]).contains("secret words"));
    println!("{} / {}", errors[0], errors[0].hint_text().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_may_be_read_needs_no_list() {
    let Some(bench) = Bench::new(Store::S3, "an object without a list") else {
        return;
    };
    bench.put("crm/a.csv", PEOPLE);
    let front = Front::start(&bench.host, |head, _| match head {
        head if is_list(head) => Act::Answer(403, "", refusal("AccessDenied")),
        _ => Act::Pass,
    });
    let at = |path: &str| {
        open(
            Store::S3,
            bench.settings_by(&front.host, json!({"path": path})),
        )
        .unwrap()
    };
    let source = at("crm/a.csv");
    source.check().await.unwrap();
    assert_eq!(listed(&source).await.0, ["a.csv"]);
    assert_eq!(rows(&source, "a.csv").await.unwrap(), 2);
    let error = at("crm").check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(
        error.hint_text().unwrap().contains("s3:ListBucket"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_archived_or_locked_with_another_key_says_so() {
    let Some(bench) = Bench::new(Store::S3, "an archived object") else {
        return;
    };
    bench.put("cold.csv", PEOPLE);
    bench.put("locked.csv", PEOPLE);
    let front = Front::start(&bench.host, |head, _| match head {
        head if head.contains("cold.csv") => Act::Answer(403, "", refusal("InvalidObjectState")),
        head if head.contains("locked.csv") => Act::Answer(400, "", refusal("InvalidRequest")),
        _ => Act::Pass,
    });
    let source = open(Store::S3, bench.settings_by(&front.host, json!({}))).unwrap();
    let (_, errors) = listed(&source).await;
    assert_eq!(errors[0].kind(), ErrorKind::Unsupported);
    assert!(
        errors[0].hint_text().unwrap().contains("restore"),
        "{errors:?}"
    );
    assert!(
        errors[1].hint_text().unwrap().contains("customer_key"),
        "{errors:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_goes_away_during_a_scan_is_not_found() {
    for store in crate::support::ALL {
        let Some(bench) = Bench::new(store, "a deleted object") else {
            continue;
        };
        bench.put("gone.csv", PEOPLE);
        let source = bench.source(json!({})).unwrap();
        let request = ScanRequest::all(EntityPath::new(["gone.csv"]), EntityKind::File);
        let plan = source.plan(&request).await.unwrap();
        bench.delete("gone.csv");
        let mut batches = source.read(&plan.splits[0]).await.unwrap();
        let error = batches.next().await.unwrap().unwrap_err();
        assert_eq!(
            (error.kind(), error.entity_name()),
            (ErrorKind::NotFound, Some("gone.csv")),
            "{store:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_replaced_while_it_is_read_is_told() {
    let Some(bench) = Bench::new(Store::S3, "a replaced object") else {
        return;
    };
    bench.put("new.csv", large());
    let front = Front::start(&bench.host, |head, _| match head.contains("if-match:") {
        true => Act::Answer(412, "", refusal("PreconditionFailed")),
        false => Act::Pass,
    });
    let source = open(Store::S3, bench.settings_by(&front.host, json!({}))).unwrap();
    let error = rows(&source, "new.csv").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Interrupted, true),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_parquet_file_is_damaged_and_an_unreadable_one_is_not() {
    let Some(bench) = Bench::new(Store::S3, "a truncated file") else {
        return;
    };
    let table = locard_testkit::people("people", 5_000);
    let whole = (locard_testkit::files::FORMATS[2].write)(&table);
    bench.put("cut.parquet", &whole[..whole.len() / 2]);
    bench.put("whole.parquet", &whole);
    let source = bench.source(json!({})).unwrap();
    let error = rows(&source, "cut.parquet").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    assert_eq!(rows(&source, "whole.parquet").await.unwrap(), 5_000);
    let front = Front::start(&bench.host, |head, before| match before {
        // Its head is had, its footer is not.
        0 => Act::Pass,
        _ if is_list(head) => Act::Pass,
        _ => Act::Answer(403, "", refusal("AccessDenied")),
    });
    let big = (locard_testkit::files::FORMATS[2].write)(&locard_testkit::people("people", 60_000));
    assert!(
        big.len() > 400 << 10,
        "larger than what is read at once: {}",
        big.len()
    );
    bench.put("big.parquet", big);
    let source = open(Store::S3, bench.settings_by(&front.host, json!({}))).unwrap();
    let error = rows(&source, "big.parquet").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_goes_on_where_it_broke() {
    for store in crate::support::ALL {
        let Some(bench) = Bench::new(store, "a broken stream") else {
            continue;
        };
        bench.put("large.csv", large());
        let front = Front::start(&bench.host, |_, before| {
            if before % 2 == 1 {
                Act::Cut(700_000)
            } else {
                Act::Pass
            }
        });
        let source = open(store, bench.settings_by(&front.host, json!({}))).unwrap();
        assert_eq!(
            rows(&source, "large.csv").await.unwrap(),
            400_000,
            "{store:?}"
        );
        println!("{store:?}: {} requests", front.heads().len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_store_is_asked_again_with_pauses_and_not_for_ever() {
    let Some(bench) = Bench::new(Store::S3, "a busy store") else {
        return;
    };
    bench.put("a.csv", PEOPLE);
    let busy = || Act::Answer(503, "", refusal("SlowDown"));
    let front = Front::start(
        &bench.host,
        move |_, before| if before < 2 { busy() } else { Act::Pass },
    );
    let source = open(Store::S3, bench.settings_by(&front.host, json!({}))).unwrap();
    let began = Instant::now();
    assert_eq!(rows(&source, "a.csv").await.unwrap(), 2);
    assert!(
        began.elapsed() >= Duration::from_millis(550),
        "it was left in peace: {:?}",
        began.elapsed()
    );

    let front = Front::start(&bench.host, move |_, _| busy());
    let source = open(Store::S3, bench.settings_by(&front.host, json!({}))).unwrap();
    let error = source.check().await.unwrap_err();
    // Whoever is around this must not multiply its patience.
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Throttled, false),
        "{error}"
    );
    assert_eq!(front.heads().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_says_nothing_is_given_up() {
    let Some(bench) = Bench::new(Store::S3, "a silent store") else {
        return;
    };
    bench.put("a.csv", PEOPLE);
    let front = Front::start(&bench.host, |_, before| {
        if before < 2 { Act::Silence } else { Act::Pass }
    });
    let source = open(
        Store::S3,
        bench.settings_by(&front.host, json!({"timeout": 1})),
    )
    .unwrap();
    let began = Instant::now();
    assert_eq!(rows(&source, "a.csv").await.unwrap(), 2);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_nobody_wants_any_more_ends() {
    let Some(bench) = Bench::new(Store::S3, "an abandoned read") else {
        return;
    };
    // More than all buffers on the way hold.
    bench.put("large.csv", "1,a@example.org\n".repeat(4 << 20));
    let front = Front::start(&bench.host, |_, _| Act::Pass);
    let source = open(Store::S3, bench.settings_by(&front.host, json!({}))).unwrap();
    let plan = source
        .plan(&ScanRequest::all(
            EntityPath::new(["large.csv"]),
            EntityKind::File,
        ))
        .await
        .unwrap();
    let mut batches = source.read(&plan.splits[0]).await.unwrap();
    batches.next().await.unwrap().unwrap();
    // Nobody takes what comes, so it does not go on for ever.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let asked = front.heads().len();
    assert!(asked < 8, "{asked} requests for what nobody took");
    drop(batches);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((front.heads().len(), front.open()), (asked, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_revoked_during_a_read_end_it_by_name_and_what_came_stands() {
    const REVOKED: usize = 1;
    const RENEWED: usize = 2;
    let Some(bench) = Bench::new(Store::S3, "revoked credentials") else {
        return;
    };
    bench.put("large.csv", large());
    let state = Arc::new(AtomicUsize::new(0));
    let told = state.clone();
    let front = Front::start(&bench.host, move |_, _| match told.load(Ordering::SeqCst) {
        REVOKED => Act::Answer(403, "", refusal("InvalidAccessKeyId")),
        RENEWED => Act::Pass,
        _ => Act::Cut(700_000),
    });
    let source = open(Store::S3, bench.settings_by(&front.host, json!({}))).unwrap();
    let path = EntityPath::new(["large.csv"]);
    let whole = ScanRequest::all(path, EntityKind::File);
    let plan = source.plan(&whole).await.unwrap();
    let mut batches = source.read(&plan.splits[0]).await.unwrap();
    let mut came = batches.next().await.unwrap().unwrap().records.num_rows();
    state.store(REVOKED, Ordering::SeqCst);
    let error = loop {
        match batches.next().await.expect("the file is longer") {
            Ok(batch) => came += batch.records.num_rows(),
            Err(error) => break error,
        }
    };
    assert!(came > 0 && came < 400_000, "{came} rows");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert_eq!(error.entity_name(), Some("large.csv"));
    let told = format!("{error} {error:?} {:?}", error.hint_text());
    assert!(!told.contains("secret words") && !told.contains(&bench.password));
    // Who is let in again reads all of it.
    state.store(RENEWED, Ordering::SeqCst);
    assert_eq!(rows(&source, "large.csv").await.unwrap(), 400_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_is_told_with_how_wrong_it_is() {
    let Some(bench) = Bench::new(Store::S3, "a wrong clock") else {
        return;
    };
    for code in ["RequestTimeTooSkewed", "AccessDenied"] {
        let front = Front::start(&bench.host, move |_, _| {
            Act::Answer(
                403,
                "Date: Tue, 01 Jan 2030 10:00:00 GMT\r\n",
                refusal(code),
            )
        });
        let source = open(Store::S3, bench.settings_by(&front.host, json!({}))).unwrap();
        let error = source.check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        let hint = error.hint_text().unwrap();
        assert!(
            error.sentence().contains("clock") && hint.contains("minutes behind"),
            "{error} / {hint}"
        );
        println!("{error} / {hint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_connecting_names_itself() {
    let Some(bench) = Bench::new(Store::S3, "the steps of a connection") else {
        return;
    };
    let moved = Front::start(&bench.host, |_, _| {
        Act::Answer(
            301,
            "x-amz-bucket-region: eu-central-1\r\n",
            refusal("PermanentRedirect"),
        )
    });
    let web = Front::start(&bench.host, |_, _| {
        Act::Answer(200, "", "<html><body>welcome</body></html>".to_owned())
    });
    let cases = [
        (
            json!({"endpoint": "http://no-such-host.invalid:9000"}),
            ErrorKind::Unreachable,
            "resolving",
        ),
        (
            json!({"endpoint": "http://127.0.0.1:1"}),
            ErrorKind::Unreachable,
            "connecting to 127.0.0.1:1",
        ),
        (
            json!({"endpoint": format!("https://{}", bench.host)}),
            ErrorKind::Unreachable,
            "TLS",
        ),
        (
            json!({"endpoint": format!("http://{}", moved.host)}),
            ErrorKind::Settings,
            "region",
        ),
        (
            json!({"endpoint": format!("http://{}", web.host)}),
            ErrorKind::Unexpected,
            "list",
        ),
        (
            json!({"bucket": "no-such-bucket-here"}),
            ErrorKind::NotFound,
            "no such bucket",
        ),
    ];
    for (more, kind, words) in cases {
        let error = bench.source(more).unwrap().check().await.unwrap_err();
        println!("{error} / {}", error.hint_text().unwrap_or("-"));
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error} names {words}");
        assert!(error.hint_text().is_some(), "{error}");
    }
}
