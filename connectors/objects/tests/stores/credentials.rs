//! Who asks, and how that is proved.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use locard_connector::{ErrorKind, Source as _};
use locard_testkit::servers;
use serde_json::json;
use sha2::Sha256;

use crate::support::front::{Act, Front};
use crate::support::{Bench, Store, listed, open, rows};

const PEOPLE: &str = "name,mail\nAnna,a@example.org\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_checks_signatures_takes_ours() {
    let Some(bench) = Bench::new(Store::Signed, "signatures") else {
        return;
    };
    for name in ["a.csv", "crm/b c.csv", "crm/é+&=.csv"] {
        bench.put(name, PEOPLE);
    }
    let source = bench.source(json!({"path": "crm"})).unwrap();
    let (names, errors) = listed(&source).await;
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(names, ["b c.csv", "é+&=.csv"]);
    for name in names {
        assert_eq!(rows(&source, &name).await.unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_told_apart_and_shown_to_nobody() {
    let Some(bench) = Bench::new(Store::Signed, "wrong keys") else {
        return;
    };
    let cases = [
        (json!({"secret_access_key": "hushhushhush"}), "secret"),
        (json!({"access_key_id": "AKIANOBODY"}), "does not know"),
    ];
    for (more, words) in cases {
        let source = bench.source(more).unwrap();
        let error = source.check().await.unwrap_err();
        println!("{error} / {}", error.hint_text().unwrap());
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(error.to_string().contains(words), "{error}");
        let told = format!("{error} {error:?} {source:?} {:?}", error.hint_text()).to_lowercase();
        assert!(!told.contains("hushhush"), "{told}");
    }
    let half = bench
        .source(json!({"secret_access_key": null}))
        .unwrap_err();
    assert_eq!(half.kind(), ErrorKind::Settings, "{half}");
    let broken = bench.source(json!({"session_token": "a\nb"})).unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::Settings, "{broken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_settings_say_stands_in_every_request() {
    let Some(bench) = Bench::new(Store::S3, "headers") else {
        return;
    };
    bench.put("a.csv", PEOPLE);
    let key = BASE64_STANDARD.encode([7; 32]);
    let cases = [
        (
            json!({"session_token": "tokentoken"}),
            "x-amz-security-token: tokentoken",
            true,
        ),
        (
            json!({"requester_pays": true}),
            "x-amz-request-payer: requester",
            true,
        ),
        (
            json!({"customer_key": key}),
            "x-amz-server-side-encryption-customer-key-md5: ",
            false,
        ),
        (
            json!({}),
            "authorization: AWS4-HMAC-SHA256 Credential=",
            true,
        ),
    ];
    for (more, header, everywhere) in cases {
        let front = Front::start(&bench.host, |_, _| Act::Pass);
        let source = open(Store::S3, bench.settings_by(&front.host, more)).unwrap();
        listed(&source).await;
        let heads = front.heads();
        let with = heads.iter().filter(|head| head.contains(header)).count();
        assert!(
            with == heads.len() || (with > 0 && !everywhere),
            "{header}: {heads:?}"
        );
    }
    let public = format!("http://{}/{}/public.csv", bench.host, bench.bucket);
    servers::http(
        "PUT",
        &public,
        &[("x-amz-acl", "public-read")],
        PEOPLE.as_bytes(),
    );
    let front = Front::start(&bench.host, |_, _| Act::Pass);
    let settings = bench.settings_by(
        &front.host,
        json!({"anonymous": true, "access_key_id": null, "secret_access_key": null}),
    );
    assert_eq!(
        rows(&open(Store::S3, settings).unwrap(), "public.csv")
            .await
            .unwrap(),
        1
    );
    assert!(
        front
            .heads()
            .iter()
            .all(|head| !head.to_lowercase().contains("authorization"))
    );
    assert!(bench.source(json!({"customer_key": "short"})).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_assumed_once_and_its_key_used() {
    let Some(bench) = Bench::new(Store::S3, "a role") else {
        return;
    };
    bench.put("a.csv", PEOPLE);
    let front = Front::start(&bench.host, |_, _| Act::Pass);
    let role = json!({
        "role": "arn:aws:iam::123456789012:role/locard", "external_id": "outside",
        "sts_endpoint": format!("http://{}", bench.host),
    });
    let source = open(Store::S3, bench.settings_by(&front.host, role)).unwrap();
    assert_eq!(rows(&source, "a.csv").await.unwrap(), 1);
    assert_eq!(listed(&source).await.0, ["a.csv"]);
    let heads = front.heads();
    assert!(
        heads
            .iter()
            .all(|head| head.contains("x-amz-security-token: ") && !head.contains(&bench.user)),
        "{heads:?}"
    );

    let refusing = Front::start(&bench.host, |_, _| Act::Answer(403, "", String::new()));
    let role = json!({"role": "arn:aws:iam::1:role/no", "sts_endpoint": format!("http://{}", refusing.host)});
    let error = bench.source(role).unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    println!("{error} / {}", error.hint_text().unwrap());
}

/// A signature that lets its bearer list and read a container.
fn shared_access(bench: &Bench, permissions: &str) -> String {
    let until = "2040-01-01T00:00:00Z";
    let resource = format!("/blob/{}/{}", bench.user, bench.bucket);
    // The parts of a service signature of version 2020-12-06, those that are left out too.
    let text = [
        permissions,
        "",
        until,
        &resource,
        "",
        "",
        "https,http",
        "2020-12-06",
        "c",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
    ]
    .join("\n");
    let key = BASE64_STANDARD
        .decode(&bench.password)
        .expect("the key is base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key will do");
    mac.update(text.as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let signature =
        percent_encoding::utf8_percent_encode(&signature, percent_encoding::NON_ALPHANUMERIC);
    format!(
        "?sv=2020-12-06&se=2040-01-01T00%3A00%3A00Z&sr=c&sp={permissions}&spr=https,http&sig={signature}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_access_signature_opens_what_it_allows() {
    let Some(bench) = Bench::new(Store::Azure, "a shared access signature") else {
        return;
    };
    bench.put("crm/a b.csv", PEOPLE);
    let with = |token: String| bench.source(json!({"access_key": null, "sas_token": token}));
    let source = with(shared_access(&bench, "rl")).unwrap();
    assert_eq!(listed(&source).await.0, ["crm/a b.csv"]);
    assert_eq!(rows(&source, "crm/a b.csv").await.unwrap(), 1);

    let error = with(shared_access(&bench, "r"))
        .unwrap()
        .check()
        .await
        .unwrap_err();
    println!("{error} / {}", error.hint_text().unwrap());
    assert_eq!(error.kind(), ErrorKind::Denied);
    let forged = shared_access(&bench, "rl").replace("sig=", "sig=AAAA");
    let error = with(forged).unwrap().check().await.unwrap_err();
    println!("{error} / {}", error.hint_text().unwrap());
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{error:?}").contains("AAAA"), "{error:?}");
    assert!(with("nonsense".to_owned()).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_account_of_google_signs_its_own_tokens() {
    let Some(bench) = Bench::new(Store::Gcs, "a service account") else {
        return;
    };
    bench.put("a.csv", PEOPLE);
    let front = Front::start(&bench.host, |_, _| Act::Pass);
    let more = json!({"billing_project": "payer"});
    let source = open(Store::Gcs, bench.settings_by(&front.host, more)).unwrap();
    assert_eq!(rows(&source, "a.csv").await.unwrap(), 1);
    let heads = front.heads();
    assert!(
        heads
            .iter()
            .all(|head| head.contains("authorization: Bearer ey")
                && head.contains("x-goog-user-project: payer")),
        "{heads:?}"
    );
    // What is stored compressed must come as it is.
    assert!(heads[0].contains("accept-encoding: gzip"), "{heads:?}");
    let broken = bench
        .source(json!({"service_account_key": "{\"private_key\":\"hushhush\"}"}))
        .unwrap_err();
    assert!(!format!("{broken:?} {broken}").contains("hushhush"));
}
