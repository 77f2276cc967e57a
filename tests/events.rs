//! The progress of a job as events, and the page that tells how everything is asked for.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::client::Server;
use crate::support::Bench;

/// Listens to a job until the server ends the stream; the name of each event and what it says.
fn listen(server: &Server, path: &str) -> (u16, Vec<(String, Value)>) {
    let mut stream = TcpStream::connect(&server.address).expect("the server listens");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\nAccept: text/event-stream\r\n\r\n",
        server.key
    );
    stream
        .write_all(request.as_bytes())
        .expect("the server reads");
    let mut lines = BufReader::new(stream)
        .lines()
        .map(|line| line.expect("the server answers"));
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let (mut events, mut name) = (Vec::new(), String::new());
    for line in lines {
        if let Some(text) = line.strip_prefix("event: ") {
            text.clone_into(&mut name);
        } else if let Some(text) = line.strip_prefix("data: ") {
            let data = serde_json::from_str(text).expect("an event says something");
            events.push((std::mem::take(&mut name), data));
        }
    }
    (status.expect("an answer has a status"), events)
}

#[test]
fn whoever_listens_to_a_scan_hears_of_its_progress_and_its_end() {
    let bench = Bench::new();
    let rows: Vec<String> = (0..60_000)
        .map(|row| format!("{row},anna{row}@planted.example\n"))
        .collect();
    for file in 0..4 {
        bench.write(
            &format!("f{file}.csv"),
            format!("id,email\n{}", rows.concat()),
        );
    }
    // Slow enough that whoever listens is there before the end.
    let slow = [
        "sources",
        "add",
        "files",
        &bench.data(),
        "--max-rate",
        "2MB/s",
    ];
    assert_eq!(bench.run(slow).status, 0);
    let server = Server::start(&bench, &[]);
    let (id, _) = server.start_job("data-profiling", &json!({ "scope": ["files"] }));
    let path = format!("/api/v1/jobs/{id}/events");
    let (status, events) = listen(&server, &path);
    assert_eq!(status, 200);
    assert!(events.len() > 2, "{events:#?}");
    let (last, before) = events.split_last().expect("there are some");
    assert_eq!(
        (last.0.as_str(), &last.1["state"]),
        ("end", &json!("COMPLETED"))
    );
    assert_eq!(last.1["rows"], 240_000);
    assert!(
        before.iter().all(|(name, _)| name == "progress"),
        "{before:#?}"
    );
    let done: Vec<u64> = events
        .iter()
        .filter_map(|(_, job)| job["tasksDone"].as_u64())
        .collect();
    assert!(done.is_sorted() && done.first() < done.last(), "{done:?}");
    assert!(
        before.iter().any(|(_, job)| job["state"] == "RUNNING"),
        "{before:#?}"
    );

    // Whoever comes late hears how it ended.
    let (_, late) = listen(&server, &path);
    assert_eq!(late.len(), 1, "{late:#?}");
    assert_eq!(late[0], *last);
    assert_eq!(listen(&server, "/api/v1/jobs/nothing/events").0, 404);
    assert_eq!(server.ask_as("", "GET", &path, "").status, 401);
}

#[test]
fn the_reference_page_shows_the_document_and_needs_nothing_else() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    for (path, kind) in [
        ("/docs", "text/html"),
        ("/docs.js", "text/javascript"),
        ("/docs.css", "text/css"),
    ] {
        let answer = server.ask_as("", "GET", path, "");
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(
            answer.head.contains(&format!("content-type: {kind}")),
            "{}",
            answer.head
        );
        let policy = "content-security-policy: default-src 'none'; script-src 'self'";
        assert!(answer.head.contains(policy), "{}", answer.head);
        assert!(
            answer.head.matches("content-security-policy").count() == 1,
            "{}",
            answer.head
        );
        assert!(answer.head.contains("nosniff"), "{}", answer.head);
    }
    let document = server.ask_as("", "GET", "/openapi.json", "").body;
    let paths = document["paths"].as_object().expect("paths are told");
    let mut operations = 0;
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods are told") {
            operations += 1;
            // What is made is answered with 201, what is only accepted with 202.
            let responses = &operation["responses"];
            let told = ["200", "201", "202"].map(|status| &responses[status]["content"]);
            let told = told.into_iter().find_map(Value::as_object);
            let example = told.and_then(|told| told.values().next());
            assert!(
                example.is_some_and(|told| !told["example"].is_null()),
                "{method} {path}"
            );
            // Of files there is no example.
            let body = &operation["requestBody"]["content"]["application/json"];
            assert!(
                body.is_null() || !body["example"].is_null(),
                "{method} {path}"
            );
        }
    }
    assert!(operations > 50, "{operations}");
}
