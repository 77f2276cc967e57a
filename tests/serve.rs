//! The programming interface: the binary serves, a plain client drives it, and jobs do what they say.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Server;
use crate::support::{Bench, Run, essence, postgres};

pub(crate) const PEOPLE: &str = "id,name,email\n1,Anna Muster,anna@planted.example\n2,Bert Beispiel,bert@planted.example\n\
    3,Cleo Probe,cleo@planted.example\n4,Dora Test,dora@planted.example\n";

#[test]
fn a_client_of_the_reference_goes_from_connection_to_findings() {
    let bench = Bench::new();
    bench.write("crm/people.csv", PEOPLE);
    bench.write("crm/items.csv", "sku,price\nA-1,3\nA-2,4\nA-3,9\n");
    let server = Server::start(&bench, &[]);
    let source = server.folder(&bench.data(), "FILES_1");

    let ingested = server.run_job(
        "metadata/ingest",
        &json!({ "resourceId": source, "fqdnId": "FILES_1", "jobClasspath": "x.jar", "odd": 1 }),
    );
    assert_eq!(ingested["status"], "COMPLETED", "{ingested:#}");
    assert_eq!(ingested["result"]["entities"], 2);
    assert_eq!(ingested["result"]["described"], 2);
    let warnings = ingested["warnings"].to_string();
    assert!(
        warnings.contains("jobClasspath") && warnings.contains("odd"),
        "{warnings}"
    );

    let entities = server.get("/api/v1/entities").body["entities"].clone();
    let people = entities
        .as_array()
        .unwrap()
        .iter()
        .find(|entity| entity["resource"] == "crm/people.csv");
    let people = people.expect("it was ingested")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = server.get(&format!("/api/v1/entities/{people}")).body;
    let columns: Vec<&str> = shown["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["path"].as_str().unwrap())
        .collect();
    assert_eq!(columns, ["id", "name", "email"]);

    // What names say needs no reading; what values say does.
    let scope = json!({ "scope": [people] });
    let named = server.run_job(
        "pii-detection",
        &json!({ "scope": [people], "configs": { "language": "JAPANESE" } }),
    );
    assert_eq!(named["status"], "COMPLETED", "{named:#}");
    assert!(
        named["result"]["found"]
            .to_string()
            .contains("EMAIL_ADDRESS"),
        "{named:#}"
    );
    let unread = server.run_job("data-identification", &scope);
    assert_eq!(
        (&unread["status"], &unread["outcome"]),
        (&json!("FAILED"), &json!("FAILED"))
    );
    assert!(
        unread["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("not profiled"),
        "{unread:#}"
    );

    let profiled = server.run_job(
        "data-profiling",
        &json!({ "scope": [people], "configs": { "splitJobByColumns": true, "sampleValue": 0, "whereClause": "" } }),
    );
    assert_eq!(profiled["status"], "COMPLETED", "{profiled:#}");
    assert_eq!(profiled["counts"]["rows"], 4);
    assert!(
        profiled["warnings"]
            .to_string()
            .contains("configs.splitJobByColumns")
    );
    assert_eq!(profiled["scope"]["dataSources"][0]["_id"], source.as_str());
    assert_eq!(profiled["scope"]["scope"][0]["_id"], people.as_str());
    let found = server.findings();
    assert!(
        found
            .iter()
            .any(|finding| finding["identifier"] == "EMAIL_ADDRESS"),
        "{found:#?}"
    );
    assert!(
        found
            .iter()
            .all(|finding| finding["resource"] == "crm/people.csv"),
        "only the scope was read"
    );

    // Judged again it is as it was.
    let judged = server.run_job("data-identification", &scope);
    assert_eq!(judged["status"], "COMPLETED", "{judged:#}");
    assert_eq!(essence(&server.findings()), essence(&found));

    // Every file, by the name of its source; and then that of a person.
    let all = server.run_job(
        "data-discovery",
        &json!({ "scope": ["FILES_1"], "configs": { "extensions": ["csv"] } }),
    );
    assert_eq!(all["status"], "COMPLETED", "{all:#}");
    let again = server.run_job(
        "metadata/re-ingest",
        &json!({ "scope": ["FILES_1/crm/*.csv"] }),
    );
    assert_eq!(again["result"]["changed"], 0, "{again:#}");

    let removed = server.run_job(
        "remove-datasource",
        &json!({ "id": source, "fqdnId": "FILES_1" }),
    );
    assert_eq!(removed["status"], "COMPLETED", "{removed:#}");
    assert_eq!(server.get("/api/v1/sources").body["sources"], json!([]));
    assert_eq!(server.findings(), Vec::<Value>::new());
}

#[test]
fn bad_requests_are_told_as_the_reference_tells_them_and_never_with_a_fault_of_ours() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let execute = "/api/public/v2/jobs/execute";
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (path, body, status) in [
        ("data-profiling", json!({}), 400),
        ("data-profiling", json!({ "scope": [] }), 400),
        ("data-profiling", json!({ "scope": "x" }), 400),
        ("data-profiling", json!({ "scope": [unknown] }), 404),
        (
            "data-profiling",
            json!({ "scope": ["FILES_1"], "configs": { "whereClause": "1=1" } }),
            400,
        ),
        (
            "data-profiling",
            json!({ "scope": ["FILES_1"], "configs": 3 }),
            400,
        ),
        (
            "data-identification",
            json!({ "scope": ["FILES_1"], "dictionaryIds": ["no such"] }),
            404,
        ),
        (
            "remove-datasource",
            json!({ "id": "6852ca4a50c4d05ad04a7490", "fqdnId": "FILES_1" }),
            404,
        ),
        ("remove-datasource", json!({ "fqdnId": "FILES_1" }), 400),
        (
            "test-connection",
            json!({ "databaseType": "LOCAL", "path": "/etc", "fqdnId": "ETC" }),
            403,
        ),
        (
            "test-connection",
            json!({ "databaseType": "SQLITE", "path": "/etc/passwd" }),
            403,
        ),
        (
            "test-connection",
            json!({ "databaseType": "POSTGRES", "host": "169.254.169.254", "fqdnId": "M" }),
            403,
        ),
        (
            "test-connection",
            json!({ "databaseType": "POSTGRES", "host": "127.0.0.1", "fqdnId": "L" }),
            403,
        ),
        (
            "test-connection",
            json!({ "databaseType": "POSTGRES", "host": "x/y?host=/tmp", "fqdnId": "H" }),
            400,
        ),
        (
            "test-connection",
            json!({ "uri": "jdbc:postgresql://db.example/x?sslrootcert=/etc/passwd" }),
            403,
        ),
        (
            "test-connection",
            json!({ "resourceId": "6852ca4a50c4d05ad04a7490" }),
            404,
        ),
        ("test-connection", json!({ "databaseType": "ODD" }), 400),
        ("no-such-job", json!({}), 404),
    ] {
        let answer = server.post(&format!("{execute}/{path}"), &body);
        assert_eq!(answer.status, status, "{path} {body}: {answer:?}");
        assert_eq!(answer.body["status"], status, "{path} {body}: {answer:?}");
        assert!(answer.body["message"].is_string(), "{answer:?}");
    }
    for (method, path, body) in [
        (
            "POST",
            "/api/public/v1/jobs/execute/data-profiling",
            "{\"scope\": SECRET",
        ),
        ("POST", "/api/public/v1/jobs/execute/data-profiling", "[]"),
        ("GET", "/api/public/v1/jobs/nothing/status", ""),
        ("GET", "/api/v1/jobs?limit=0", ""),
        ("GET", "/api/v1/jobs?state=odd", ""),
        ("GET", "/api/v1/entities/x", ""),
        ("GET", "/api/v1/findings?minConfidence=7", ""),
        ("PUT", "/api/v1/jobs", ""),
        ("GET", "/nothing", ""),
    ] {
        let answer = server.ask_as(&server.key, method, path, body);
        assert!(
            (400..500).contains(&answer.status),
            "{method} {path}: {answer:?}"
        );
        assert!(!answer.text.contains("SECRET"), "{answer:?}");
    }
}

#[test]
fn a_key_lets_do_what_its_role_may_and_a_look_up_is_recorded() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    assert_eq!(
        server.run_job("data-profiling", &json!({ "scope": ["FILES_1"] }))["status"],
        "COMPLETED"
    );
    for key in ["", "locard_", "nonsense", &"x".repeat(5_000)] {
        assert_eq!(
            server.ask_as(key, "GET", "/api/v1/sources", "").status,
            401,
            "{key}"
        );
    }
    assert_eq!(server.ask_as("", "GET", "/healthz", "").status, 200);
    let ready = server.ask_as("", "GET", "/readyz", "");
    assert_eq!(
        (ready.status, &ready.body["status"]),
        (200, &json!("ready"))
    );
    let filters = &ready.body["filters"];
    assert!(
        ["loading", "loaded"]
            .iter()
            .any(|state| filters["state"] == *state),
        "they are read after the start: {filters}"
    );
    let key = |role: &str| {
        let made = server.post("/api/v1/keys", &json!({ "name": role, "role": role }));
        assert_eq!(made.status, 200, "{made:?}");
        let id = made.body["id"].as_str().unwrap().to_owned();
        (made.body["token"].as_str().unwrap().to_owned(), id)
    };
    let (viewer, id) = key("viewer");
    let (officer, _) = key("privacy-officer");
    let profile = json!({ "scope": ["FILES_1"] }).to_string();
    let start = "/api/public/v1/jobs/execute/data-profiling";
    assert_eq!(
        server.ask_as(&viewer, "GET", "/api/v1/findings", "").status,
        200
    );
    assert_eq!(server.ask_as(&viewer, "POST", start, &profile).status, 403);
    let who = json!({ "purpose": "request 17", "attributes": { "EMAIL_ADDRESS": "anna@planted.example" } });
    assert_eq!(
        server.post("/api/v1/locate", &who).status,
        403,
        "an administrator looks nobody up"
    );
    let found = server.ask_as(&officer, "POST", "/api/v1/locate", &who.to_string());
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(
        found.body["places"][0]["column"], "email",
        "{:#}",
        found.body
    );
    let audit = server.get("/api/v1/audit");
    let row = audit.body["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["action"] == "locate");
    let row = row.expect("it was recorded");
    assert_eq!(
        (&row["actor"], &row["purpose"]),
        (&json!("privacy-officer"), &json!("request 17"))
    );
    let actions: Vec<&str> = audit.body["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["action"].as_str())
        .collect();
    assert!(
        actions.contains(&"put source") && actions.contains(&"test source"),
        "{actions:?}"
    );
    // The person stands in it as a keyed digest, and the log is whole.
    let log = bench.run(["audit", "export", "--format", "jsonl"]);
    let looked = log.ndjson();
    let looked = looked.iter().find(|entry| entry["action"] == "locate");
    assert!(
        looked.is_some_and(|entry| entry["subject"].is_string()),
        "{}",
        log.stdout
    );
    assert_eq!(bench.run(["audit", "verify"]).status, 0);
    assert!(!audit.text.contains("anna@"), "{}", audit.text);
    let revoked = server.ask_as(&server.key, "DELETE", &format!("/api/v1/keys/{id}"), "");
    assert_eq!(revoked.body["valid"], false);
    assert_eq!(
        server.ask_as(&viewer, "GET", "/api/v1/findings", "").status,
        401
    );
    let metrics = server.get("/metrics");
    assert!(
        metrics
            .text
            .contains("locard_http_requests_total{method=\"POST\",route=\"/api/v1/locate\""),
        "{}",
        metrics.text
    );
    // The look-up waited for the filters.
    assert!(
        metrics
            .text
            .contains("locard_filters_state{state=\"loaded\"} 1"),
        "{}",
        metrics.text
    );
    assert!(
        metrics.head.contains("x-request-id: ") && metrics.head.contains("nosniff"),
        "{}",
        metrics.head
    );
}

#[test]
fn a_key_is_narrowed_ends_in_time_and_everybody_is_listed_with_their_role() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let make = |body: Value| server.post("/api/v1/keys", &body);
    let narrow = make(json!({
        "name": "pipeline", "role": "administrator", "scopes": ["jobs:read", "keys"], "expiresAt": "2099-01-01T00:00:00Z",
    }));
    assert_eq!(narrow.status, 200, "{narrow:?}");
    let token = narrow.body["token"].as_str().unwrap();
    let status =
        |method: &str, path: &str, body: &str| server.ask_as(token, method, path, body).status;
    assert_eq!(status("GET", "/api/v1/jobs", ""), 200);
    assert_eq!(status("GET", "/api/v1/sources", ""), 403);
    let unknown = "/api/v1/jobs/00000000-0000-4000-8000-000000000000/cancel";
    assert_eq!(status("POST", unknown, ""), 403);
    // It makes no key that reaches further.
    let wide = json!({ "name": "x", "role": "administrator" }).to_string();
    assert_eq!(status("POST", "/api/v1/keys", &wide), 403);
    let within = json!({ "name": "x", "role": "viewer", "scopes": ["jobs:read"] }).to_string();
    assert_eq!(status("POST", "/api/v1/keys", &within), 200);
    for (field, value) in [
        ("expiresAt", json!("2020-01-01T00:00:00Z")),
        ("expiresAt", json!("soon")),
        ("scopes", json!(["odd"])),
        ("role", json!("root")),
    ] {
        let mut body = json!({ "name": "late", "role": "viewer" });
        body[field] = value;
        let refused = make(body);
        assert_eq!(
            (refused.status, &refused.body["field"]),
            (400, &json!(field)),
            "{refused:?}"
        );
    }
    let users = server.get("/api/v1/users").body;
    let listed = users["users"].as_array().unwrap().iter();
    let listed: Vec<&str> = listed.filter_map(|user| user["name"].as_str()).collect();
    assert_eq!(listed, ["first administrator", "pipeline", "x"]);
    let roles = server.get("/api/v1/roles").body;
    let may = |role: &str, path: &str| {
        let roles = roles["roles"].as_array().unwrap();
        let role = roles.iter().find(|it| it["role"] == role).unwrap();
        let mut routes = role["routes"].as_array().unwrap().iter();
        routes.any(|route| route["path"] == path)
    };
    assert!(may("privacy-officer", "/api/v1/locate") && !may("administrator", "/api/v1/locate"));
    assert!(may("administrator", "/api/v1/users") && !may("operator", "/api/v1/users"));
}

#[test]
fn a_killed_server_goes_on_with_its_job_and_the_job_ends_once() {
    let bench = Bench::new();
    let rows: Vec<String> = (0..60_000)
        .map(|row| format!("{row},anna{row}@planted.example,{}\n", row % 7))
        .collect();
    let rows = rows.concat();
    for file in 0..4 {
        bench.write(&format!("f{file}.csv"), format!("id,email,level\n{rows}"));
    }
    let mut server = Server::start(&bench, &["--threads", "1"]);
    server.folder(&bench.data(), "FILES_1");
    let (id, _) = server.start_job("data-profiling", &json!({ "scope": ["FILES_1"] }));
    let key = server.key.clone();
    let mut kills = 0;
    loop {
        let start = Instant::now();
        let status = loop {
            let status = server.get(&format!("/api/public/v1/jobs/{id}/status")).body;
            let done = status["counts"]["done"].as_u64().unwrap_or(0);
            if status["status"] != "RUNNING" || done > 3 * (kills + 1) {
                break status;
            }
            assert!(start.elapsed() < Duration::from_mins(2), "{status:#}");
            std::thread::sleep(Duration::from_millis(5));
        };
        if status["status"] != "RUNNING" || kills == 3 {
            break;
        }
        // SIGKILL on Unix: nothing of it is told.
        server.child.kill().expect("it runs");
        server.child.wait().expect("it ends");
        kills += 1;
        server = Server::again(&bench, &key, &["--threads", "1"]);
    }
    assert!(kills > 0, "it ended before it was killed");
    let ended = server.end_of(&id);
    assert_eq!(ended["status"], "COMPLETED", "{ended:#}");
    assert_eq!(ended["counts"]["rows"], 240_000, "{ended:#}");
    let jobs = server.get("/api/v1/jobs").body;
    let scans = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|job| job["kind"] == "scan")
        .count();
    assert_eq!(scans, 1, "{jobs:#}");
    let undisturbed = Bench::new();
    for file in 0..4 {
        undisturbed.write(&format!("f{file}.csv"), format!("id,email,level\n{rows}"));
    }
    // Pieces of the same size, since of each the first cells are judged.
    let mut scan = undisturbed.command(["scan", &undisturbed.data(), "--format", "ndjson"]);
    let scan = Run::of(
        &scan
            .env("LOCARD_TEST_PIECE_BYTES", "65536")
            .output()
            .unwrap(),
    );
    assert_eq!(essence(&server.findings()), essence(&scan.ndjson()));
}

#[test]
fn a_server_that_is_told_to_end_gives_its_job_back_and_another_process_can_cancel_it() {
    let bench = Bench::new();
    let rows: Vec<String> = (0..60_000)
        .map(|row| format!("{row},anna{row}@planted.example\n"))
        .collect();
    let rows = rows.concat();
    for file in 0..8 {
        bench.write(&format!("f{file}.csv"), format!("id,email\n{rows}"));
    }
    let mut server = Server::start(&bench, &["--threads", "1"]);
    server.folder(&bench.data(), "FILES_1");
    let (id, started) = server.start_job("data-profiling", &json!({ "scope": ["FILES_1"] }));
    while server.get(&format!("/api/public/v1/jobs/{id}/status")).body["counts"]["done"] == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    #[cfg(unix)]
    {
        use nix::sys::signal::{Signal, kill};
        use nix::unistd::Pid;
        kill(Pid::from_raw(server.child.id() as i32), Signal::SIGTERM).expect("it runs");
        let status = server.child.wait().expect("it ends");
        assert!(status.success(), "{status}");
        let key = server.key.clone();
        server = Server::again(&bench, &key, &["--threads", "1"]);
        let status = server.get(&format!("/api/public/v1/jobs/{id}/status")).body;
        assert_eq!(status["status"], "RUNNING", "{status:#}");
    }
    let job = started["data"]["jobId"].as_str().unwrap();
    let run = bench.run(["jobs", "cancel", job]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(server.end_of(&id)["status"], "CANCELLED");
    let again = server.post(&format!("/api/v1/jobs/{id}/cancel"), &json!({}));
    assert_eq!(again.status, 409, "{again:?}");
}

#[test]
fn the_log_of_a_server_is_an_object_a_line_with_the_id_of_each_request() {
    let bench = Bench::new();
    let log = bench.path("log.ndjson");
    let mut child = bench
        .command(["serve", "--listen", "127.0.0.1:0", "--log", "json"])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let address = loop {
        let said = std::fs::read_to_string(&log).unwrap();
        if let Some((_, rest)) = said.split_once("serving on http://") {
            break rest.lines().next().unwrap().to_owned();
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{said}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let mut stream = TcpStream::connect(&address).unwrap();
    let request =
        "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: my-17\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.to_lowercase().contains("x-request-id: my-17"),
        "{answer}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let said = std::fs::read_to_string(&log).unwrap();
    let lines = said.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answered = lines.iter().find(|line| line["request"] == "my-17");
    let answered = answered.unwrap_or_else(|| panic!("{said}"));
    assert_eq!(
        (
            &answered["message"],
            &answered["route"],
            &answered["status"],
            &answered["level"]
        ),
        (
            &json!("answered"),
            &json!("/healthz"),
            &json!(200),
            &json!("INFO")
        )
    );
    assert!(
        answered["timestamp"].as_str().unwrap().ends_with('Z'),
        "{answered}"
    );
}

#[test]
fn ten_starts_with_one_key_make_one_job() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let ids: std::collections::BTreeSet<String> = (0..10)
        .map(|_| {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            let body = json!({ "scope": ["FILES_1"] }).to_string();
            let request = format!(
                "POST /api/public/v1/jobs/execute/data-profiling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                X-API-Key: {}\r\nIdempotency-Key: tonight\r\nContent-Length: {}\r\n\r\n{body}",
                server.key,
                body.len()
            );
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let (_, body) = answer.split_once("\r\n\r\n").unwrap();
            let body: Value = serde_json::from_str(body).unwrap();
            body["data"]["_id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[test]
fn tables_of_a_server_are_ingested_with_their_keys_and_profiled_by_a_worker_of_a_shared_store() {
    let Some(url) = postgres() else { return };
    let bench = Bench::new();
    let schema = crate::postgres::Schema::new(&url, "serve");
    schema.run(&format!(
        "create table {0}.people (id int primary key, email text); create table {0}.orders (id int primary key, person int \
        references {0}.people (id)); insert into {0}.people select n, 'p' || n || '@planted.example' from \
        generate_series(1, 200) n; insert into {0}.orders select n, n from generate_series(1, 200) n",
        schema.name
    ));
    let server = Server::start(&bench, &["--allow-loopback"]);
    let registered = server.post(
        "/api/v1/sources",
        &json!({ "name": "crm", "key": "CRM_1", "target": url }),
    );
    assert_eq!(registered.status, 200, "{registered:?}");
    let ingested = server.run_job(
        "metadata/ingest",
        &json!({ "fqdnId": "CRM_1", "schemaNames": [schema.name] }),
    );
    assert_eq!(ingested["status"], "COMPLETED", "{ingested:#}");
    assert_eq!(ingested["result"]["described"], 2, "{ingested:#}");
    let orders = format!("CRM_1/{}/orders", schema.name);
    let people = format!("CRM_1/{}/people", schema.name);
    let entities = server.get("/api/v1/entities?limit=1000").body["entities"].clone();
    let known = entities
        .as_array()
        .unwrap()
        .iter()
        .find(|entity| entity["resource"].as_str().unwrap().ends_with("orders"));
    let id = known.unwrap()["id"].as_str().unwrap();
    let described = server.get(&format!("/api/v1/entities/{id}")).body["description"].clone();
    assert_eq!(described["primaryKey"], json!(["id"]), "{described:#}");
    assert_eq!(
        described["foreignKeys"][0]["references"],
        json!([schema.name, "people"]),
        "{described:#}"
    );
    let profiled = server.run_job("data-profiling", &json!({ "scope": [people, orders] }));
    assert_eq!(profiled["status"], "COMPLETED", "{profiled:#}");
    assert_eq!(profiled["counts"]["rows"], 400);
    assert!(
        server
            .findings()
            .iter()
            .any(|finding| finding["identifier"] == "EMAIL_ADDRESS")
    );
}

/// Whoever asks waits for no scan that needs the same cores.
#[cfg(target_os = "linux")]
#[test]
fn scans_of_a_server_give_way_to_its_answers() {
    let bench = Bench::new();
    let server = Server::start(&bench, &["--threads", "2"]);
    let tasks = format!("/proc/{}/task", server.child.id());
    let (mut scanning, mut others) = (Vec::new(), Vec::new());
    for task in std::fs::read_dir(tasks).unwrap().flatten() {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap();
        let (name, rest) = stat.split_once(") ").unwrap();
        let nice: i32 = rest.split(' ').nth(16).unwrap().parse().unwrap();
        let list = if name.contains("(locard-") {
            &mut scanning
        } else {
            &mut others
        };
        list.push(nice);
    }
    let usual = others[0];
    assert!(others.iter().all(|nice| *nice == usual), "{others:?}");
    // A test that is itself run behind all others tells nothing.
    if usual <= 14 {
        assert_eq!(scanning, [usual + 5, usual + 5]);
    }
}
