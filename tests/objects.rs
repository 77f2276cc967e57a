//! The sample company in a bucket gives what it gives as files.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::Server;
use crate::support::{Bench, root};
use locard_testkit::servers;

/// A bucket with everything in a folder, but for what is no file there: SQLite.
fn fill(address: &str, folder: &Path, below: &str) {
    for entry in std::fs::read_dir(folder)
        .expect("the samples are here")
        .flatten()
    {
        let name = format!("{below}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            fill(address, &entry.path(), &name);
            continue;
        }
        let content = std::fs::read(entry.path()).expect("a sample can be read");
        let (status, _) = servers::http("PUT", &format!("{address}{name}"), &[], &content);
        assert_eq!(status, 200, "{name}");
    }
}

/// Findings without what tells the source and the job.
fn findings(text: &str) -> Vec<String> {
    let mut found: Vec<String> = text
        .lines()
        .map(|line| {
            let mut finding: Value = serde_json::from_str(line).expect("findings are JSON");
            for field in ["source", "id", "job", "source_id"] {
                finding
                    .as_object_mut()
                    .expect("a finding is an object")
                    .remove(field);
            }
            finding.to_string()
        })
        .filter(|line| !line.contains("sqlite"))
        .collect();
    found.sort();
    found
}

#[test]
fn a_bucket_gives_the_same_findings_as_the_files() {
    let Some(server) = servers::address("a bucket", "an S3 server", servers::S3_URL) else {
        return;
    };
    let host = server.rsplit('@').next().expect("the address has a host");
    let bucket = format!("http://{host}/sample-{}", std::process::id());
    assert_eq!(servers::http("PUT", &bucket, &[], b"").0, 200);
    let company = root().join("docs/sample/company");
    fill(&bucket, &company, "/company");
    let target = format!("s3+{bucket}/company");

    let bench = Bench::new();
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIALOCARDTEST"),
        ("AWS_SECRET_ACCESS_KEY", "hushhushhush"),
    ];
    let run = |args: &[&str]| {
        let mut command = bench.command(args);
        let output = command.envs(keys).output().expect("locard runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let files = run(&["scan", &company.to_string_lossy(), "--format", "ndjson"]);
    let objects = run(&["scan", &target, "--format", "ndjson"]);
    // The database of the sample is reported: it is not read from there.
    assert_eq!(objects.0, Some(2), "{}", objects.2);
    assert!(objects.2.contains("shop.sqlite"), "{}", objects.2);
    assert_eq!(findings(&objects.1), findings(&files.1));
    assert!(findings(&objects.1).len() >= 18, "{}", objects.1);

    let person = root().join("docs/sample/person.json");
    let found = run(&[
        "find",
        "--subject",
        &person.to_string_lossy(),
        "--verify",
        "--format",
        "ndjson",
    ]);
    let places = found
        .1
        .lines()
        .filter(|line| line.contains("s3+http"))
        .count();
    assert!(places >= 9, "{}\n{}", found.1, found.2);
    for text in [&objects.1, &objects.2, &found.1, &found.2] {
        assert!(!text.contains("hushhushhush"), "{text}");
    }

    let wrong = run(&["scan", &target.replace("sample-", "nothing-")]);
    assert_eq!(wrong.0, Some(2), "{}", wrong.2);
    assert!(wrong.2.contains("there is no such bucket"), "{}", wrong.2);
}

#[test]
fn objects_tell_when_they_were_written_and_not_who_reads_them() {
    let Some(server) = servers::address("a bucket", "an S3 server", servers::S3_URL) else {
        return;
    };
    let host = server.rsplit('@').next().expect("the address has a host");
    let bucket = format!("http://{host}/usage-{}", std::process::id());
    assert_eq!(servers::http("PUT", &bucket, &[], b"").0, 200);
    let object = format!("{bucket}/a.csv");
    let content = b"id,email\n1,anna@planted.example\n";
    assert_eq!(servers::http("PUT", &object, &[], content).0, 200);
    let bench = Bench::new();
    let server = Server::start(&bench, &["--allow-loopback"]);
    let target = format!("s3+{bucket}");
    let source = json!({ "name": "bucket", "key": "BUCKET_1", "target": target });
    let registered = server.post("/api/v1/sources", &source);
    assert_eq!(registered.status, 200, "{registered:?}");
    let scope = json!({ "scope": ["BUCKET_1"] });
    let ingested = server.run_job("metadata/re-ingest", &scope);
    assert_eq!(ingested["status"], "COMPLETED", "{ingested:#}");
    let told = server.run_job("usage-statistics", &scope);
    assert_eq!(told["status"], "COMPLETED", "{told:#}");
    let object = &told["result"]["usage"][0];
    assert_eq!(object["resource"], "a.csv", "{told:#}");
    let year = object["lastWrite"].as_str().map(|at| at[..2].to_owned());
    assert_eq!(year.as_deref(), Some("20"), "{told:#}");
    assert_eq!(object["lastRead"], Value::Null);
    let untold = told["result"]["cannotTell"].to_string();
    assert!(untold.contains("last read"), "{untold}");
}
