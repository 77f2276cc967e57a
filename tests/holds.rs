//! A legal hold on a DSAR job that answers no request, on the command line and over the programming interface.

use serde_json::{Value, json};

use crate::client::Server;
use crate::collect::{SHOP, scanned};
use crate::support::Bench;

#[test]
fn a_job_is_held_and_let_go_by_command_and_over_http() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let done = |args: &[&str]| {
        let run = bench.run(args);
        assert_eq!(run.status, 0, "{args:?}: {}", run.stderr);
        run.stdout
    };
    let made = done(&["dsar", "create", "--email", "anna@example.org"]);
    let job = made.lines().next().unwrap_or_default().trim().to_owned();
    let held = bench.run(["dsar", "hold", &job, "--reason", "case 7 of 2026"]);
    assert_eq!(held.status, 0, "{}", held.stderr);
    assert!(
        held.stderr.contains("under a legal hold"),
        "{}",
        held.stderr
    );
    let shown = done(&["dsar", "show", &job]);
    assert!(shown.contains("case 7 of 2026"), "{shown}");
    let twice = bench.run(["dsar", "hold", &job, "--reason", "case 8"]);
    assert_ne!(twice.status, 0);
    assert!(twice.stderr.contains("already"), "{}", twice.stderr);
    let unnamed = bench.run(["dsar", "unhold", "no-job"]);
    assert_ne!(unnamed.status, 0);

    let server = Server::start(&bench, &[]);
    let made = server.post(
        "/api/v1/keys",
        &json!({ "name": "officer", "role": "privacy-officer" }),
    );
    let officer = made.body["token"].as_str().unwrap().to_owned();
    let path = format!("/v1/compliance/dsar/{job}");
    let ask = |method: &str, path: &str, body: &Value| {
        let answer = server.ask_as(&officer, method, path, &body.to_string());
        (answer.status, answer.body)
    };
    let hold = format!("{path}/hold");
    let (status, seen) = ask("GET", &path, &Value::Null);
    assert_eq!(status, 200, "{seen:#}");
    assert_eq!(seen["data"]["job"]["legalHold"], true);
    assert_eq!(seen["data"]["job"]["hold"]["reason"], "case 7 of 2026");
    assert_eq!(ask("POST", &hold, &json!({ "reason": "once more" })).0, 409);
    let (status, lifted) = ask("DELETE", &hold, &Value::Null);
    assert_eq!(status, 200, "{lifted:#}");
    assert_eq!(lifted["data"]["job"]["legalHold"], false);
    assert_eq!(ask("DELETE", &hold, &Value::Null).0, 409);
    for body in [json!({}), json!({ "reason": " " })] {
        assert_eq!(ask("POST", &hold, &body).0, 400, "a reason is wanted");
    }
    let (status, placed) = ask("POST", &hold, &json!({ "reason": "case 9" }));
    assert_eq!(status, 200, "{placed:#}");
    assert_eq!(placed["data"]["job"]["hold"]["by"], "officer");
    let viewer = server.post("/api/v1/keys", &json!({ "name": "v", "role": "viewer" }));
    let viewer = viewer.body["token"].as_str().unwrap().to_owned();
    assert_eq!(server.ask_as(&viewer, "DELETE", &hold, "").status, 403);
    let log = server.get("/api/v1/audit?limit=50");
    let actions: Vec<&str> = log.body["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry["action"].as_str())
        .collect();
    assert!(
        actions.contains(&"dsar hold") && actions.contains(&"dsar unhold"),
        "{actions:?}"
    );
    assert!(!log.text.contains("case 9"), "why is not in the log");
}
