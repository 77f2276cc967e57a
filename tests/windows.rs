//! Scan windows: scans of a source wait for them, break off at their end and go on; look-ups do not mind them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::client::Server;
use crate::serve::PEOPLE;
use crate::support::{Bench, Run};

/// Hours of a window that begins and ends so many minutes from now.
fn minutes_from_now(from: i64, to: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = (now.as_secs() / 60).cast_signed();
    let clock = |minutes: i64| {
        let at = (now + minutes).rem_euclid(24 * 60);
        format!("{:02}:{:02}", at / 60, at % 60)
    };
    format!("{}-{} UTC", clock(from), clock(to))
}

fn spare(server: &Server, body: &Value) {
    let path = "/api/v1/sources/FILES_1";
    let patched = server.ask_as(&server.key, "PATCH", path, &body.to_string());
    assert_eq!(patched.status, 200, "{patched:?}");
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    while start.elapsed() < Duration::from_mins(2) {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} never was");
}

/// When a job goes on, once it waits.
fn waiting(server: &Server, id: &str) -> String {
    until("a job that waits", || {
        let job = server.get(&format!("/api/v1/jobs/{id}")).body;
        job["waitsUntil"].as_str().map(str::to_owned)
    })
}

#[test]
fn a_scan_waits_for_the_window_of_its_source_and_a_look_up_does_not() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    let all = json!({ "scope": ["FILES_1"] });
    spare(
        &server,
        &json!({ "scanWindow": minutes_from_now(-60, 60), "readers": 2 }),
    );
    assert_eq!(
        server.run_job("data-profiling", &all)["status"],
        "COMPLETED"
    );

    let closed = minutes_from_now(120, 180);
    spare(&server, &json!({ "scanWindow": closed }));
    let shown = server.get("/api/v1/sources/FILES_1").body;
    assert_eq!(
        (&shown["scanWindow"], &shown["readers"]),
        (&json!(closed), &json!(2))
    );
    bench.write("b.csv", PEOPLE);
    let (id, _) = server.start_job("data-profiling", &all);
    let opens = waiting(&server, &id);
    assert!(opens.ends_with(":00Z"), "{opens}");
    let status = server.get(&format!("/api/public/v1/jobs/{id}/status")).body;
    assert_eq!(status["status"], "RUNNING", "{status:#}");
    assert!(
        status["activity"].as_str().unwrap().contains("scan window"),
        "{status:#}"
    );
    let listed = bench.run(["jobs", "list"]);
    assert!(listed.stdout.contains("WAITING"), "{listed:?}");
    let found = bench.run(["find", "--email", "anna@planted.example", "--verify"]);
    assert!(found.stdout.contains("a.csv"), "{found:?}");

    // Where the window goes, nobody waits for it any more.
    spare(&server, &json!({ "scanWindow": null }));
    assert_eq!(server.end_of(&id)["status"], "COMPLETED");
    let found = server.findings();
    assert!(
        found.iter().any(|it| it["resource"] == "b.csv"),
        "{found:#?}"
    );

    let path = "/api/v1/sources/FILES_1";
    for (field, value) in [
        ("scanWindow", json!("22-06")),
        ("scanWindow", json!("22:00-06:00 Europe/Nowhere")),
        ("maxBytesPerSecond", json!(7)),
        ("readers", json!(0.5)),
    ] {
        let body = json!({ field: value }).to_string();
        let refused = server.ask_as(&server.key, "PATCH", path, &body);
        assert_eq!(
            (refused.status, &refused.body["field"]),
            (400, &json!(field)),
            "{refused:?}"
        );
    }
    // Who only judges what is in the catalog does not say how it is read.
    let officer = json!({ "name": "o", "role": "privacy-officer" });
    let officer = server.post("/api/v1/keys", &officer).body["token"].clone();
    let body = json!({ "scanWindow": null }).to_string();
    let refused = server.ask_as(officer.as_str().unwrap(), "PATCH", path, &body);
    assert_eq!(refused.status, 403, "{refused:?}");
}

#[test]
fn a_scan_breaks_off_when_its_window_closes_and_keeps_what_it_read() {
    let bench = Bench::new();
    let rows: Vec<String> = (0..60_000)
        .map(|row| format!("{row},anna{row}@planted.example,{}\n", row % 7))
        .collect();
    let rows = rows.concat();
    for file in 0..2 {
        bench.write(&format!("f{file}.csv"), format!("id,email,level\n{rows}"));
    }
    let server = Server::start(&bench, &[]);
    server.folder(&bench.data(), "FILES_1");
    // It closes at the next full minute but one, however late in this one it is.
    spare(
        &server,
        &json!({ "scanWindow": minutes_from_now(-5, 1), "maxBytesPerSecond": 60_000, "readers": 1 }),
    );
    let (id, _) = server.start_job("data-profiling", &json!({ "scope": ["FILES_1"] }));
    waiting(&server, &id);
    let job = server.get(&format!("/api/v1/jobs/{id}")).body;
    assert_eq!(
        (&job["state"], &job["error"]),
        (&json!("QUEUED"), &json!(null)),
        "{job:#}"
    );
    spare(
        &server,
        &json!({ "scanWindow": null, "maxBytesPerSecond": null, "readers": null }),
    );
    let ended = server.end_of(&id);
    assert_eq!(ended["status"], "COMPLETED", "{ended:#}");
    assert_eq!(ended["counts"]["rows"], 120_000, "{ended:#}");
}

#[test]
fn a_window_is_registered_and_shown_on_the_command_line() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let data = bench.data();
    let add = |window: &str| bench.run(["sources", "add", "crm", &data, "--window", window]);
    assert_eq!(add("22-06").status, 2);
    let added = add("22:00-06:00 Europe/Berlin");
    assert_eq!(added.status, 0, "{added:?}");
    let listed = bench.run(["sources", "list"]);
    assert!(
        listed.stdout.contains("22:00-06:00 Europe/Berlin"),
        "{listed:?}"
    );
}

#[test]
fn how_a_source_is_spared_is_changed_and_taken_back_on_the_command_line() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    let data = bench.data();
    assert_eq!(bench.run(["sources", "add", "crm", &data]).status, 0);
    let spare = |said: &[&str]| {
        let run = bench.run([&["sources", "spare", "crm"][..], said].concat());
        assert_eq!(run.status, 0, "{run:?}");
        let listed = bench
            .run(["sources", "list", "--format", "ndjson"])
            .ndjson();
        let shown = ["window", "maxRate", "readers"].map(|name| listed[0][name].clone());
        (run.stderr, shown)
    };
    let (said, shown) = spare(&[
        "--window",
        "22:00-06:00 Europe/Berlin",
        "--max-rate",
        "20MB/s",
    ]);
    assert!(
        said.contains("crm is scanned only in 22:00-06:00 Europe/Berlin, at most 20MB/s"),
        "{said}"
    );
    assert_eq!(
        shown,
        [
            json!("22:00-06:00 Europe/Berlin"),
            json!("20MB/s"),
            Value::Null
        ]
    );
    // What is not said stays.
    let (_, shown) = spare(&["--window", "01:00-02:00 UTC", "--readers", "3"]);
    assert_eq!(shown, [json!("01:00-02:00 UTC"), json!("20MB/s"), json!(3)]);
    let (said, shown) = spare(&["--no-window", "--no-max-rate", "--no-readers"]);
    assert!(said.contains("at any time, as fast as it goes"), "{said}");
    assert_eq!(shown, [Value::Null, Value::Null, Value::Null]);
    let scanned = bench.run(["scan", "crm", "--format", "ndjson"]);
    assert_eq!(scanned.status, 0, "{scanned:?}");

    for (said, wanted) in [
        (&["crm"][..], "--window"),
        (&["crm", "--window", "22-06"][..], "HH:MM"),
        (
            &["crm", "--window", "01:00-02:00", "--no-window"][..],
            "cannot be used with",
        ),
        (&["crn", "--no-window"][..], "did you mean crm?"),
    ] {
        let run = bench.run([&["sources", "spare"][..], said].concat());
        assert_eq!(run.status, 2, "{run:?}");
        assert!(run.stderr.contains(wanted), "{run:?}");
    }
    // Beside a server, whose waiting scans look at it at once.
    let server = Server::start(&bench, &[]);
    spare(&["--window", "03:00-04:00 UTC"]);
    let sources = server.get("/api/v1/sources").body;
    assert_eq!(sources["sources"][0]["scanWindow"], "03:00-04:00 UTC");
}

/// A run that sees its home as on a disk that may not be written; `None` where this machine makes no such thing.
#[cfg(target_os = "linux")]
fn on_a_read_only_disk(bench: &Bench, args: &[&str]) -> Option<Run> {
    let home = bench.home().display().to_string();
    let locked = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" || exit 99; shift; exec \"$@\"";
    let plain = bench.command(args);
    let mut command = std::process::Command::new("unshare");
    command
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            locked,
            "sh",
        ])
        .arg(&home)
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear()
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let run = Run::of(&command.output().ok()?);
    let is_made = run.status != 99 && !run.stderr.contains("unshare");
    is_made.then_some(run)
}

#[cfg(target_os = "linux")]
#[test]
fn jobs_are_looked_at_in_a_home_that_may_not_be_written() {
    let bench = Bench::new();
    bench.write("a.csv", PEOPLE);
    bench.scan();
    let Some(listed) = on_a_read_only_disk(&bench, &["jobs", "list", "--format", "ndjson"]) else {
        println!("skipped: no disk can be made read-only here");
        return;
    };
    assert_eq!(listed.status, 0, "{listed:?}");
    let jobs = listed.ndjson();
    assert_eq!(jobs[0]["state"], "COMPLETED");
    let job = jobs[0]["job"].as_str().unwrap();
    for look in ["show", "logs"] {
        let run = on_a_read_only_disk(&bench, &["jobs", look, job]).unwrap();
        assert_eq!(run.status, 0, "{look}: {run:?}");
        assert!(!run.stdout.is_empty(), "{look}");
    }
    let found = on_a_read_only_disk(&bench, &["findings", "list"]).unwrap();
    assert!(found.stdout.contains("EMAIL_ADDRESS"), "{found:?}");
}
