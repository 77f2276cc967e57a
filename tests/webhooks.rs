//! Webhooks through the interface: signed, tried again, told again, and never to where they may not reach.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ring::hmac;
use serde_json::{Value, json};

use crate::client::Server;
use crate::serve::PEOPLE;
use crate::support::Bench;

/// What was posted to a receiver.
#[derive(Debug)]
pub(crate) struct Posted {
    head: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Posted {
    fn header(&self, name: &str) -> &str {
        let found = self.head.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Checks it as a receiver does.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let signature = self.header("locard-signature");
        let (time, signed) = signature.split_once(",v1=").unwrap();
        let time = time.strip_prefix("t=").unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let age = now.unwrap().as_secs().abs_diff(time.parse().unwrap());
        let bytes: Vec<u8> = (0..signed.len() / 2)
            .map(|at| u8::from_str_radix(&signed[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let text = format!("{time}.{}", self.body);
        age < 300 && hmac::verify(&key, text.as_bytes(), &bytes).is_ok()
    }
}

/// A server that answers what it is told to, one after the other, and then 204.
pub(crate) fn receiver(answers: &'static [&'static str]) -> (String, Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, posted) = channel();
    std::thread::spawn(move || {
        let mut answers = answers.iter();
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim().split_once(": ") else {
                    if line.trim().is_empty() {
                        break;
                    }
                    continue;
                };
                head.push((name.to_lowercase(), value.to_owned()));
            }
            let length = head.iter().find(|(name, _)| name == "content-length");
            let length = length.map_or(0, |(_, length)| length.parse().unwrap());
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let body = String::from_utf8(body).unwrap();
            let answer = answers.next().unwrap_or(&"204 No Content");
            let answer =
                format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            drop(stream.get_mut().write_all(answer.as_bytes()));
            if sender.send(Posted { head, body }).is_err() {
                return;
            }
        }
    });
    (format!("http://{address}/hook?token=planted"), posted)
}

pub(crate) fn next(posted: &Receiver<Posted>) -> Posted {
    let next = posted.recv_timeout(Duration::from_mins(1));
    next.expect("the webhook is told")
}

fn deliveries(server: &Server, id: &str) -> Vec<Value> {
    let listed = server.get(&format!("/api/v1/webhooks/{id}/deliveries"));
    assert_eq!(listed.status, 200, "{listed:?}");
    listed.body["deliveries"].as_array().unwrap().clone()
}

/// Waits until the newest delivery of a webhook is in a state.
fn until(server: &Server, id: &str, state: &str) -> Value {
    let start = Instant::now();
    loop {
        let newest = deliveries(server, id)
            .into_iter()
            .next()
            .unwrap_or_default();
        if newest["state"] == state {
            return newest;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{newest:#}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_webhook_is_told_signed_tried_again_and_told_again() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let server = Server::start(&bench, &["--allow-loopback"]);
    let (url, posted) = receiver(&["500 Oh", "302 Found\r\nLocation: http://127.0.0.1:1/"]);
    let made = server.post(
        "/api/v1/webhooks",
        &json!({ "name": "ci", "url": url, "events": ["job.completed"] }),
    );
    assert_eq!(made.status, 200, "{made:?}");
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    assert!(
        secret.starts_with("whsec_") && secret.len() > 60,
        "{secret}"
    );
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/webhooks/{id}");
    let shown = server.get(&path);
    assert!(
        !shown.text.contains(&secret) && !shown.text.contains("planted"),
        "{shown:?}"
    );

    let source = server.folder(&bench.data(), "FILES_1");
    let first = next(&posted);
    assert!(first.is_signed_with(&secret), "{first:?}");
    assert!(!first.is_signed_with("another secret"), "{first:?}");
    assert_eq!(first.header("locard-event"), "job.completed");
    let told = first.json();
    assert_eq!(told["id"], first.header("locard-delivery"), "{told:#}");
    assert_eq!(told["data"]["state"], "COMPLETED", "{told:#}");
    assert!(told["data"]["counts"]["rows"].is_u64(), "{told:#}");
    assert!(
        !first.body.contains("FILES_1") && !first.body.contains(&bench.data()),
        "{told:#}"
    );
    // It answered 500, and then led elsewhere: both are tried again, and nobody is followed.
    let (second, third) = (next(&posted), next(&posted));
    for again in [&second, &third] {
        assert_eq!(again.body, first.body);
        assert!(again.is_signed_with(&secret), "{again:?}");
    }
    let delivered = until(&server, &id, "DELIVERED");
    assert_eq!(
        (&delivered["attempts"], &delivered["statusCode"]),
        (&json!(3), &json!(204)),
        "{delivered:#}"
    );

    // Told again, it is the same; with another secret it is signed by that.
    let replay = format!(
        "/api/v1/deliveries/{}/replay",
        delivered["id"].as_str().unwrap()
    );
    let patched = server.ask_as(&server.key, "PATCH", &path, r#"{"newSecret": true}"#);
    let renewed = patched.body["secret"].as_str().unwrap().to_owned();
    assert_ne!(renewed, secret);
    assert_eq!(server.post(&replay, &json!({})).status, 200);
    let replayed = next(&posted);
    assert_eq!(replayed.body, first.body);
    assert!(replayed.is_signed_with(&renewed) && !replayed.is_signed_with(&secret));

    let tested = server.post(&format!("{path}/test"), &json!({}));
    assert_eq!(tested.body["event"], "webhook.test", "{tested:?}");
    assert_eq!(next(&posted).json()["event"], "webhook.test");
    until(&server, &id, "DELIVERED");
    let off = server.ask_as(&server.key, "PATCH", &path, r#"{"enabled": false}"#);
    assert_eq!(off.body["enabled"], false, "{off:?}");
    let asked = json!({ "scope": [source] });
    assert_eq!(
        server.run_job("metadata/re-ingest", &asked)["status"],
        "COMPLETED"
    );
    assert!(
        posted.recv_timeout(Duration::from_secs(2)).is_err(),
        "it is switched off"
    );
    assert_eq!(server.ask_as(&server.key, "DELETE", &path, "").status, 200);
    assert_eq!(server.post(&replay, &json!({})).status, 404);
}

#[test]
fn hostile_webhooks_are_refused_when_made_and_when_told() {
    let bench = Bench::new();
    let (url, posted) = receiver(&[]);
    let port = url
        .split(':')
        .nth(2)
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    let open = Server::start(&bench, &["--allow-loopback"]);
    let named = format!("http://localhost:{port}/hook");
    let made = open.post(
        "/api/v1/webhooks",
        &json!({ "name": "named", "url": named }),
    );
    assert_eq!(made.status, 200, "{made:?}");
    let plain = open.post("/api/v1/webhooks", &json!({ "name": "plain", "url": url }));
    assert_eq!(plain.status, 200, "{plain:?}");
    let key = open.key.clone();
    drop(open);
    // The next server was not told to reach this machine: what it is asked is judged again where it connects.
    let server = Server::again(&bench, &key, &[]);
    for id in [&made.body["id"], &plain.body["id"]] {
        let id = id.as_str().unwrap();
        let tested = server.post(&format!("/api/v1/webhooks/{id}/test"), &json!({}));
        assert_eq!(tested.status, 200, "{tested:?}");
        let failed = until(&server, id, "FAILED");
        assert!(
            failed["note"].as_str().unwrap().contains("this machine"),
            "{failed:#}"
        );
    }
    assert!(
        posted.recv_timeout(Duration::from_secs(1)).is_err(),
        "it was reached"
    );
    for url in [
        "http://127.0.0.1:9/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://2130706433/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "https://user:pw@hooks.example/",
        "nothing",
    ] {
        let refused = server.post("/api/v1/webhooks", &json!({ "name": "x", "url": url }));
        assert!(matches!(refused.status, 400 | 403), "{url}: {refused:?}");
    }
    for (field, value) in [
        ("name", json!("")),
        ("events", json!(["Job Failed"])),
        ("secret", json!("short")),
        ("odd", json!(1)),
    ] {
        // What makes no sense is told before anybody asks what a name stands for, which would be refused.
        let mut body = json!({ "name": "x", "url": "http://localhost/" });
        body[field] = value;
        let refused = server.post("/api/v1/webhooks", &body);
        assert_eq!(refused.status, 400, "{body}: {refused:?}");
    }
    let viewer = server.post("/api/v1/keys", &json!({ "name": "v", "role": "operator" }));
    let viewer = viewer.body["token"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        server.ask_as(&viewer, "GET", "/api/v1/webhooks", "").status,
        403
    );
}
