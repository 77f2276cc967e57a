//! Whoever is responsible hears of deadlines, tasks and collections: webhooks are told, each once, over restarts and several
//! servers.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::client::Server;
use crate::collect::{SHOP, scanned};
use crate::support::Bench;
use crate::webhooks::{Posted, next, receiver};

/// How long nothing more is told where nothing more is to be told.
const QUIET: Duration = Duration::from_secs(3);

/// The key of a privacy officer.
fn officer(server: &Server) -> String {
    let key = json!({ "name": "officer", "role": "privacy-officer" });
    let made = server.post("/api/v1/keys", &key);
    made.body["token"].as_str().unwrap().to_owned()
}

/// A request that came in so many days ago.
fn request(server: &Server, officer: &str, days: i64) -> String {
    let received = Timestamp::now() - SignedDuration::from_hours(24 * days);
    let intake = json!({
        "jurisdiction": "eu", "region": "DE-BE", "requiresVerification": false,
        "intakeSource": { "channel": "email", "rawText": "my data, please", "receivedAt": received.to_string() },
        "requestor": { "type": "subject", "name": "Anna Muster", "email": "anna@example.org" },
    });
    let made = server.ask_as(officer, "POST", "/requests", &intake.to_string());
    assert!(made.status < 300, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

/// What was told until it is quiet, by event and request.
fn told(posted: &Receiver<Posted>, mut patience: Duration) -> Vec<(String, String)> {
    let mut told = Vec::new();
    while let Ok(one) = posted.recv_timeout(patience) {
        patience = QUIET;
        let body = one.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        assert!(
            !one.body.contains("Anna") && !one.body.contains("anna@"),
            "{body:#}"
        );
        told.push((text(&body["event"]), text(&body["data"]["request"])));
    }
    told.sort();
    told
}

#[test]
fn what_draws_near_or_passed_is_told_once_whoever_looks_and_however_often() {
    let bench = Bench::new();
    let server = Server::start(&bench, &["--allow-loopback"]);
    let cabinet = json!({ "name": "cabinet", "manual": "paper", "owner": "HR" });
    assert_eq!(server.post("/api/v1/sources", &cabinet).status, 200);
    let officer = officer(&server);
    let (overdue, near, far) = (
        request(&server, &officer, 60),
        request(&server, &officer, 27),
        request(&server, &officer, 1),
    );
    let (url, posted) = receiver(&[]);
    let hook = json!({ "name": "officer", "url": url, "events": ["request.*"] });
    let made = server.post("/api/v1/webhooks", &hook);
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    let key = server.key.clone();
    drop(server);
    let again = |posted: &Receiver<Posted>, patience: Duration| {
        let server = Server::again(&bench, &key, &["--allow-loopback"]);
        let told = told(posted, patience);
        drop(server);
        told
    };
    let first = again(&posted, Duration::from_mins(1));
    let of = |id: &str| {
        let of_it = first.iter().filter(|(_, request)| request == id);
        of_it.map(|(event, _)| event.as_str()).collect::<Vec<_>>()
    };
    assert!(of(&overdue).contains(&"request.overdue"), "{first:#?}");
    assert!(of(&overdue).contains(&"request.task-overdue"), "{first:#?}");
    assert!(of(&near).contains(&"request.due-soon"), "{first:#?}");
    assert!(
        of(&far).iter().all(|event| *event != "request.overdue"),
        "{first:#?}"
    );
    assert!(
        again(&posted, QUIET).is_empty(),
        "all of it was told before"
    );
    // Whoever is added later hears of what holds then.
    let server = Server::again(&bench, &key, &["--allow-loopback"]);
    let (url, later) = receiver(&[]);
    let hook = json!({ "name": "deputy", "url": url, "events": ["request.overdue"] });
    assert_eq!(server.post("/api/v1/webhooks", &hook).status, 200);
    drop(server);
    let server = Server::again(&bench, &key, &["--allow-loopback"]);
    let one = next(&later);
    assert_eq!(one.json()["data"]["request"], overdue.as_str());
    assert!(one.json()["data"]["daysOverdue"].as_i64() > Some(20));
    assert!(!one.is_signed_with(&secret), "it has a secret of its own");
    assert!(posted.recv_timeout(QUIET).is_err());
    // How early it is told is a setting.
    let earlier = json!({ "alertDays": [40] }).to_string();
    let changed = server.ask_as(&server.key, "PATCH", "/api/v1/dsar-settings", &earlier);
    assert_eq!(changed.status, 200, "{changed:?}");
    drop(server);
    let early = again(&posted, Duration::from_mins(1));
    assert!(
        early.contains(&("request.due-soon".to_owned(), far)),
        "{early:#?}"
    );
}

#[test]
fn a_collection_that_ends_is_told_with_the_request_that_it_answers() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let server = Server::start(&bench, &["--allow-loopback"]);
    let (url, posted) = receiver(&[]);
    let hook = json!({ "name": "officer", "url": url, "events": ["dsar.*"] });
    assert_eq!(server.post("/api/v1/webhooks", &hook).status, 200);
    let officer = officer(&server);
    let id = request(&server, &officer, 1);
    let collection = format!("/requests/{id}/collection");
    let started = server.ask_as(&officer, "POST", &collection, "{}");
    assert!(started.status < 300, "{started:?}");
    let job = started.body["jobId"].as_str().unwrap().to_owned();
    let states: Vec<Value> = (0..2).map(|_| next(&posted).json()).collect();
    for (told, event) in states.iter().zip(["dsar.collecting", "dsar.packaging"]) {
        assert_eq!(told["event"], event);
        assert_eq!(
            (&told["data"]["dsarJob"], &told["data"]["request"]),
            (&json!(job), &json!(id))
        );
    }
    let cancel = format!("/v1/compliance/dsar/{job}/cancel");
    let cancel = server.ask_as(&officer, "POST", &cancel, "{}");
    assert!(cancel.status < 300, "{cancel:?}");
    assert_eq!(next(&posted).json()["data"]["state"], "FAILED");
}
