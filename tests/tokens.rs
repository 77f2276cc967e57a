//! Tokens of an identity provider: they let in by the roles that the server was told of, and by no others.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::client::Server;
use crate::serve::PEOPLE;
use crate::support::Bench;

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn claims(roles: &[&str]) -> Value {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    json!({
        "iss": "https://id.example/realms/one", "aud": ["account", "locard"], "sub": "f1-7", "preferred_username": "anna",
        "exp": now.unwrap().as_secs() + 300, "realm_access": { "roles": roles },
    })
}

fn hs256(secret: &str, claims: &Value) -> String {
    let signed = format!(
        "{}.{}",
        encoded(&json!({ "alg": "HS256" })),
        encoded(claims)
    );
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let signature = ring::hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn ed25519(pair: &Ed25519KeyPair, kid: &str, claims: &Value) -> String {
    let header = json!({ "alg": "EdDSA", "kid": kid });
    let signed = format!("{}.{}", encoded(&header), encoded(claims));
    let signature = pair.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

const WHOSE: [&str; 10] = [
    "--jwt-issuer",
    "https://id.example/realms/one",
    "--jwt-audience",
    "locard",
    "--jwt-role-claim",
    "realm_access.roles",
    "--jwt-role",
    "ops=operator",
    "--jwt-role",
    "dpo=privacy-officer",
];

#[test]
fn a_token_lets_do_what_its_roles_may_and_its_bearer_is_recorded() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let secret = "0123456789abcdef0123456789abcdef";
    let file = bench.path("secret");
    std::fs::write(&file, format!("{secret}\n")).unwrap();
    let file = file.display().to_string();
    let mut options = vec!["--jwt-secret-file", file.as_str()];
    options.extend(WHOSE);
    let server = Server::start(&bench, &options);
    let status = |token: &str, method: &str, path: &str, body: &Value| {
        server.ask_as(token, method, path, &body.to_string()).status
    };
    let (operator, both) = (
        hs256(secret, &claims(&["ops", "else"])),
        hs256(secret, &claims(&["ops", "dpo"])),
    );
    let folder = json!({ "databaseType": "LOCAL", "path": bench.data(), "fqdnId": "FILES_1" });
    let start = "/api/public/v1/jobs/execute/test-connection";
    assert_eq!(status(&operator, "POST", start, &folder), 200);
    let who = json!({ "purpose": "request 17", "attributes": { "EMAIL_ADDRESS": "anna@planted.example" } });
    assert_eq!(status(&operator, "POST", "/api/v1/locate", &who), 403);
    assert_eq!(status(&both, "POST", "/api/v1/locate", &who), 200);
    assert_eq!(status(&both, "GET", "/api/v1/keys", &json!({})), 403);
    let row = server.get("/api/v1/audit").body["rows"][0].clone();
    assert_eq!(
        (&row["action"], &row["actor"]),
        (&json!("locate"), &json!("anna"))
    );

    let changed = |name: &str, value: Value| {
        let mut claims = claims(&["ops"]);
        claims[name] = value;
        hs256(secret, &claims)
    };
    for (token, expected) in [
        (hs256(secret, &claims(&["nobody"])), 403),
        (
            hs256("another secret of enough letters", &claims(&["ops"])),
            401,
        ),
        (changed("exp", json!(1_000)), 401),
        (changed("aud", json!("account")), 401),
        (changed("iss", json!("https://id.example/realms/two")), 401),
        (
            format!(
                "{}.{}.",
                encoded(&json!({ "alg": "none" })),
                encoded(&claims(&["ops"]))
            ),
            401,
        ),
        (operator.replace('.', ""), 401),
        (format!("{operator}x"), 401),
    ] {
        assert_eq!(
            status(&token, "GET", "/api/v1/sources", &json!({})),
            expected,
            "{token}"
        );
    }
    // Keys of ours go on as before.
    assert_eq!(server.get("/api/v1/keys").status, 200);
}

/// Serves a set of keys, and counts who asks.
fn provider(set: Arc<std::sync::Mutex<Value>>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/certs", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let _ = lines
                .take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()))
                .count();
            count.fetch_add(1, Ordering::SeqCst);
            let body = set.lock().unwrap().to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, asked)
}

#[test]
fn keys_of_a_provider_are_kept_and_asked_for_again_when_an_unknown_one_is_named() {
    let bench = Bench::new();
    let pairs = [1, 2].map(|seed| Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap());
    let jwk = |pair: &Ed25519KeyPair, kid: &str| {
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": kid, "x": x })
    };
    let set = Arc::new(std::sync::Mutex::new(
        json!({ "keys": [jwk(&pairs[0], "one")] }),
    ));
    let (address, asked) = provider(Arc::clone(&set));
    let mut options = vec!["--jwt-keys", address.as_str()];
    options.extend(WHOSE);
    let server = Server::start(&bench, &options);
    let status = |pair: usize, kid: &str| {
        let token = ed25519(&pairs[pair], kid, &claims(&["ops"]));
        server.ask_as(&token, "GET", "/api/v1/sources", "").status
    };
    for _ in 0..3 {
        assert_eq!(status(0, "one"), 200);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "they are kept");
    assert_eq!(status(1, "one"), 401, "the key is another");
    // The provider has changed its keys; nobody can make us ask all the time.
    *set.lock().unwrap() = json!({ "keys": [jwk(&pairs[1], "two")] });
    for _ in 0..5 {
        assert_eq!(status(0, "made up"), 401);
    }
    assert!(asked.load(Ordering::SeqCst) <= 2);
    let start = std::time::Instant::now();
    while status(1, "two") != 200 {
        assert!(
            start.elapsed().as_secs() < 30,
            "the new key was never asked for"
        );
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    assert_eq!(status(0, "one"), 401, "the old key is no key any more");
    assert!(asked.load(Ordering::SeqCst) <= 3);
}
