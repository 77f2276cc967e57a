//! Schedules through the interface: they fire, once, and not over one another.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Server;
use crate::postgres::Schema;
use crate::serve::PEOPLE;
use crate::support::{Bench, postgres};

fn nightly() -> Value {
    json!({
        "name": "nightly", "cron": "30 2 * * 1-5", "timeZone": "Europe/Berlin", "missed": "run-once",
        "job": "data-profiling", "body": { "scope": ["FILES_1"], "configs": { "odd": 1 } },
    })
}

/// Jobs of a kind, the oldest first.
fn jobs(server: &Server, kind: &str) -> Vec<Value> {
    let listed = server.get("/api/v1/jobs?limit=1000");
    assert_eq!(listed.status, 200, "{listed:?}");
    let mut jobs = listed.body["jobs"].as_array().cloned().unwrap_or_default();
    jobs.retain(|job| job["kind"] == kind);
    jobs.reverse();
    jobs
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    while start.elapsed() < Duration::from_mins(1) {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it never happened: {what}")
}

#[test]
fn a_schedule_is_made_told_changed_and_removed() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let made = server.post("/api/v1/schedules", &nightly());
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(
        made.body["next"].as_array().map(Vec::len),
        Some(5),
        "{made:?}"
    );
    assert_eq!(made.body["enabled"], true);
    assert!(
        made.body["warnings"].to_string().contains("configs.odd"),
        "{made:?}"
    );
    let path = format!("/api/v1/schedules/{}", made.body["id"].as_str().unwrap());
    assert_eq!(server.get(&path).body["job"], "data-profiling");
    assert_eq!(server.post("/api/v1/schedules", &nightly()).status, 409);

    let patch = |body: Value| server.ask_as(&server.key, "PATCH", &path, &body.to_string());
    let off = patch(json!({ "enabled": false, "cron": "@hourly" }));
    assert_eq!(
        (off.status, &off.body["next"]),
        (200, &json!([])),
        "{off:?}"
    );
    assert_eq!(off.body["timeZone"], "Europe/Berlin");
    let listed = server.get("/api/v1/schedules?limit=1").body;
    assert_eq!(listed["schedules"][0]["cron"], "@hourly", "{listed:#}");
    assert_eq!(listed["next"], Value::Null);

    for (name, value, field) in [
        ("cron", json!("no cron"), "cron"),
        ("cron", json!("0 0 30 2 *"), ""),
        ("timeZone", json!("Europe/Nowhere"), "timeZone"),
        ("missed", json!("often"), "missed"),
        ("job", json!("remove-datasource"), "job"),
        ("body", json!({ "scope": [] }), "body.scope"),
        ("name", json!(""), "name"),
        ("odd", json!(1), ""),
    ] {
        let mut body = nightly();
        body["name"] = json!("another");
        body[name] = value;
        let refused = server.post("/api/v1/schedules", &body);
        assert_eq!(refused.status, 400, "{body}: {refused:?}");
        if !field.is_empty() {
            assert_eq!(refused.body["field"], field, "{body}: {refused:?}");
        }
    }
    let removed = server.ask_as(&server.key, "DELETE", &path, "");
    assert_eq!(removed.status, 200, "{removed:?}");
    for path in [&path, "/api/v1/schedules/x"] {
        assert_eq!(server.get(path).status, 404);
    }
    assert_eq!(patch(json!({ "enabled": true })).status, 404);
    let audit = server.get("/api/v1/audit").text;
    assert!(
        audit.contains("add schedule") && audit.contains("remove schedule"),
        "{audit}"
    );
}

#[test]
fn a_schedule_starts_jobs_that_see_what_came_since_and_says_why_it_started_none() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let mut often = nightly();
    often["cron"] = json!("* * * * * *");
    often["body"] = json!({ "scope": ["FILES_1"] });
    let made = server.post("/api/v1/schedules", &often);
    assert_eq!(made.status, 200, "{made:?}");
    let path = format!("/api/v1/schedules/{}", made.body["id"].as_str().unwrap());
    let first = until("a job was started", || {
        jobs(&server, "scan").first().cloned()
    });
    assert_eq!(first["label"], "DATA_PROFILE", "{first:#}");
    let ended = server.end_of(first["shortId"].as_str().unwrap());
    assert_eq!(ended["status"], "COMPLETED", "{ended:#}");
    bench.write("b.csv", PEOPLE);
    until("the new file was read", || {
        let found = server.findings();
        found
            .iter()
            .any(|finding| finding["resource"] == "b.csv")
            .then_some(())
    });
    // What it is about goes away; nothing is started, and the schedule says so.
    let removed = server.ask_as(&server.key, "DELETE", "/api/v1/sources/FILES_1", "");
    assert_eq!(removed.status, 200, "{removed:?}");
    let note = until("a note", || {
        let note = server.get(&path).body["note"].clone();
        note.as_str()
            .filter(|note| note.contains("nothing in the catalog"))
            .map(str::to_owned)
    });
    assert!(note.contains("FILES_1"), "{note}");
    let off = server.ask_as(&server.key, "PATCH", &path, "{\"enabled\": false}");
    assert_eq!(off.status, 200, "{off:?}");
    let count = jobs(&server, "scan").len();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(jobs(&server, "scan").len(), count, "it is switched off");
}

#[test]
fn two_servers_over_one_store_fire_a_schedule_once() {
    let Some(url) = postgres() else { return };
    let schema = Schema::new(&url, "schedules");
    let separator = if url.contains('?') { '&' } else { '?' };
    let store = format!("{url}{separator}options[search_path]={}", schema.name);
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let options = ["--store", store.as_str()];
    let one = Server::start(&bench, &options);
    let two = Server::again(&bench, &one.key, &options);
    one.folder(&bench.data(), "FILES_1");
    let mut often = nightly();
    often["cron"] = json!("*/2 * * * * *");
    often["job"] = json!("pii-detection");
    assert_eq!(
        one.run_job("metadata/re-ingest", &json!({ "scope": ["FILES_1"] }))["status"],
        "COMPLETED"
    );
    let made = one.post("/api/v1/schedules", &often);
    assert_eq!(made.status, 200, "{made:?}");
    let path = format!("/api/v1/schedules/{}", made.body["id"].as_str().unwrap());
    let fired = until("it fired three times", || {
        let jobs = jobs(&two, "names");
        (jobs.len() >= 3).then_some(jobs)
    });
    assert_eq!(two.ask_as(&two.key, "DELETE", &path, "").status, 200);
    let seconds = fired.iter().map(|job| {
        let at: String = job["createdAt"]
            .as_str()
            .unwrap()
            .chars()
            .take(19)
            .collect();
        at
    });
    let seconds: Vec<String> = seconds.collect();
    let mut distinct = seconds.clone();
    distinct.dedup();
    assert_eq!(seconds, distinct, "each time once");
    for job in fired {
        let ended = one.end_of(job["shortId"].as_str().unwrap());
        assert_eq!(ended["status"], "COMPLETED", "{ended:#}");
    }
}

#[test]
fn a_schedule_whose_makers_key_was_taken_back_fires_no_more_and_says_so() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let key = server.post(
        "/api/v1/keys",
        &json!({ "name": "pipeline", "role": "operator" }),
    );
    let token = key.body["token"]
        .as_str()
        .unwrap_or_else(|| panic!("{key:?}"));
    let mut often = nightly();
    often["cron"] = json!("* * * * * *");
    often["job"] = json!("pii-detection");
    often["body"] = json!({ "scope": ["FILES_1"] });
    let made = server.ask_as(token, "POST", "/api/v1/schedules", &often.to_string());
    assert_eq!(made.status, 200, "{made:?}");
    let path = format!("/api/v1/schedules/{}", made.body["id"].as_str().unwrap());
    until("a job was started", || {
        jobs(&server, "names").first().cloned()
    });
    let revoked = format!("/api/v1/keys/{}", key.body["id"].as_str().unwrap());
    assert_eq!(
        server.ask_as(&server.key, "DELETE", &revoked, "").status,
        200
    );
    let note = until("a note", || {
        let shown = server.get(&path).body;
        let note = shown["note"]
            .as_str()
            .filter(|note| note.contains("taken back"));
        note.map(str::to_owned)
    });
    assert!(note.contains("pipeline"), "{note}");
    assert_eq!(server.get(&path).body["next"], json!([]));
    let count = jobs(&server, "names").len();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(jobs(&server, "names").len(), count);
    // Whoever may change it takes it over.
    let resumed = server.ask_as(&server.key, "PATCH", &path, r#"{"enabled": true}"#);
    assert_eq!(
        resumed.body["createdBy"], "first administrator",
        "{resumed:?}"
    );
    until("a job was started again", || {
        (jobs(&server, "names").len() > count).then_some(())
    });
}

#[test]
fn the_command_line_makes_pauses_resumes_and_runs_schedules_beside_a_server() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let run = |words: &[&str]| {
        let ran = bench.run(["schedules"].iter().chain(words));
        assert_eq!(ran.status, 0, "{words:?}: {ran:?}");
        ran
    };
    assert!(run(&["list"]).stdout.contains("no schedules yet"));
    let made = run(&[
        "add",
        "nightly",
        "names",
        "FILES_1",
        "--cron",
        "0 3 * * *",
        "--time-zone",
        "Europe/Zurich",
    ]);
    assert!(made.stderr.contains("made nightly, next at"), "{made:?}");
    assert!(run(&["list"]).stdout.contains("pii-detection"));
    run(&["pause", "nightly"]);
    let shown = run(&["show", "nightly"]);
    assert!(
        shown.stdout.contains("paused") && !shown.stdout.contains("next"),
        "{shown:?}"
    );
    run(&["resume", "nightly"]);
    let shown = run(&["show", "nightly"]);
    assert_eq!(shown.stdout.matches("next ").count(), 5, "{shown:?}");
    run(&["run", "nightly"]);
    let job = until("the server ran it", || {
        let job = jobs(&server, "names").first().cloned();
        job.filter(|job| job["state"] == "COMPLETED")
    });
    assert_eq!(job["label"], "PII_DETECTION", "{job:#}");
    // The interface changes what the command line made.
    let listed = server.get("/api/v1/schedules").body;
    let id = listed["schedules"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/schedules/{id}");
    let changed = server.ask_as(
        &server.key,
        "PATCH",
        &path,
        r#"{"body": {"scope": ["FILES_1"], "configs": {}}}"#,
    );
    assert_eq!(changed.status, 200, "{changed:?}");
    let now = server.post(&format!("{path}/run"), &json!({}));
    assert_eq!(now.status, 200, "{now:?}");
    run(&["remove", "nightly"]);
    let gone = bench.run(["schedules", "show", "nightly"]);
    assert_eq!(gone.status, 2, "{gone:?}");
    let odd = bench.run([
        "schedules",
        "add",
        "odd",
        "names",
        "FILES_1",
        "--cron",
        "often",
    ]);
    assert_eq!(odd.status, 2, "{odd:?}");
    for cron in ["* * * * * *", "*/30 * * * * *"] {
        let often = bench.run(["schedules", "add", "x", "names", "FILES_1", "--cron", cron]);
        assert_eq!(often.status, 2, "{often:?}");
        assert!(often.stderr.contains("once a minute"), "{often:?}");
    }
}
