//! A catalog in PostgreSQL that several processes share: the same answers as from a home, and leases in place of its
//! lock.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::postgres::Schema;
use crate::support::{Bench, Run, essence, identifiers, postgres};

/// A bench whose catalog is in a schema of its own.
struct Shared {
    bench: Bench,
    schema: Schema,
    store: String,
}

impl Shared {
    fn new(name: &str) -> Option<Self> {
        let url = postgres()?;
        let schema = Schema::new(&url, name);
        let separator = if url.contains('?') { '&' } else { '?' };
        Some(Self {
            bench: Bench::new(),
            store: format!("{url}{separator}options[search_path]={}", schema.name),
            schema,
        })
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.bench.command(args);
        command.env("LOCARD_STORE", &self.store);
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        Run::of(&self.command(args).output().expect("locard starts"))
    }

    /// A scan of the data folder that takes some seconds, once it has taken up its job.
    fn scanning(&self) -> Child {
        let mut child = self
            .command(&["scan", &self.bench.data(), "--format", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("locard starts");
        let start = Instant::now();
        while start.elapsed() < Duration::from_mins(1) {
            let jobs = self.run(&["jobs", "list", "--format", "ndjson"]);
            assert_eq!(jobs.status, 0, "{}", jobs.stderr);
            if jobs.ndjson().iter().any(|job| job["state"] == "RUNNING") {
                return child;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().and_then(|()| child.wait()).expect("it runs");
        panic!("the scan never took up its job");
    }

    fn fill(&self, files: usize) {
        for file in 0..files {
            let rows = "1,anna@example.org\n".repeat(5_000);
            self.bench
                .write(&format!("f{file}.csv"), "a,email\n".to_owned() + &rows);
        }
    }
}

const PEOPLE: &str = "id,email,account\n\
    1,anna@planted.example,DE02120300000000202051\n2,bert@planted.example,DE02500105170137075030\n\
    3,cleo@planted.example,DE02100500000054540402\n4,dora@planted.example,DE02300209000106531065\n";

#[test]
fn a_shared_catalog_answers_like_one_in_a_home() {
    let Some(shared) = Shared::new("shared_answers") else {
        return;
    };
    let bench = &shared.bench;
    bench.write("a.csv", PEOPLE);
    let data = bench.data();
    let first = shared.run(&["scan", &data, "--format", "ndjson"]);
    assert_eq!(first.status, 0, "{}", first.stderr);
    assert!(
        !bench.home().join("catalog.sqlite").exists(),
        "the catalog is not in the home"
    );
    assert_eq!(essence(&first.ndjson()), essence(&bench.scan()));
    bench.write("b.csv", PEOPLE.replace("planted", "other"));
    assert_eq!(shared.run(&["scan", &data]).status, 0);
    assert_eq!(bench.run(["scan", &data]).status, 0);
    for question in [
        &[
            "find",
            "--email",
            "anna@planted.example",
            "--verify",
            "--format",
            "ndjson",
        ][..],
        &["explain", "a.csv:email", "--samples", "2"],
        &["diff", "previous", "latest", "--format", "ndjson"],
        &["rows", "a.csv", "--identifier", "IBAN_CODE"],
        &["findings", "list", "--format", "ndjson"],
        &["dictionaries", "overlap", "world/first_names"],
    ] {
        let (ours, theirs) = (shared.run(question), bench.run(question));
        assert_eq!(ours.status, 0, "{question:?}: {}", ours.stderr);
        assert!(!ours.stdout.is_empty(), "{question:?}");
        // The times of the scans differ.
        let plain = |run: &Run| {
            let lines = run
                .stdout
                .lines()
                .filter(|line| !line.contains("scanned 2"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(plain(&ours), plain(&theirs), "{question:?}");
    }
}

#[test]
fn a_shared_catalog_holds_no_value_and_takes_a_backup_of_a_home() {
    let Some(shared) = Shared::new("shared_privacy") else {
        return;
    };
    let bench = &shared.bench;
    bench.write("a.csv", PEOPLE);
    let found = bench.scan();
    assert_eq!(bench.run(["backup", "catalog.backup"]).status, 0);
    let run = shared.run(&["restore", "catalog.backup"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let run = shared.run(&["restore", "catalog.backup"]);
    assert_eq!(run.status, 2, "a store with something in it is kept");
    let restored = shared.run(&["findings", "list", "--format", "ndjson"]);
    assert_eq!(essence(&restored.ndjson()), essence(&found));
    assert_eq!(shared.run(&["scan", &bench.data(), "--fresh"]).status, 0);
    let dump = shared.schema.dump();
    assert!(
        dump.contains("EMAIL_ADDRESS"),
        "the dump holds the findings"
    );
    for line in PEOPLE.lines().skip(1) {
        for value in line.split(',').skip(1) {
            let hex = value
                .bytes()
                .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            assert!(!dump.contains(value) && !dump.contains(&hex), "{value}");
        }
    }
}

#[test]
fn two_scans_of_one_target_obey_the_lease_and_one_can_stop_the_other() {
    // Enough of them that the first scan runs while three other commands do.
    const FILES: usize = 900;
    let Some(shared) = Shared::new("shared_leases") else {
        return;
    };
    shared.fill(FILES);
    let data = shared.bench.data();
    let first = shared.scanning();
    let second = shared.run(&["scan", &data]);
    assert_eq!(second.status, 2, "{second:?}");
    assert!(
        second
            .stderr
            .contains("another locard is scanning the same targets")
            && second.stderr.contains("hint:"),
        "{}",
        second.stderr
    );
    // Other targets are nobody else's.
    let other = shared.bench.path("other");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("a.csv"), PEOPLE).unwrap();
    let run = shared.run(&["scan", "other", "--format", "ndjson"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(
        identifiers(&run.ndjson(), "a.csv", "email"),
        ["EMAIL_ADDRESS"]
    );
    let jobs = shared.run(&["jobs", "list", "--format", "ndjson"]).ndjson();
    let running = jobs.iter().find(|job| job["state"] == "RUNNING");
    let id = running.and_then(|job| job["job"].as_str());
    let id = id.expect("the first scan still runs").to_owned();
    let run = shared.run(&["jobs", "cancel", &id]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let ended = Run::of(&first.wait_with_output().unwrap());
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert!(ended.stdout.contains("\"CANCELLED\""), "{}", ended.stdout);
    let run = shared.run(&["scan", &data, "--format", "ndjson"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("took up"), "{}", run.stderr);
    assert_eq!(run.ndjson().len(), FILES);
}

#[test]
fn the_hold_of_a_killed_process_is_told_and_not_broken() {
    let Some(shared) = Shared::new("shared_killed") else {
        return;
    };
    shared.fill(100);
    let mut first = shared.scanning();
    first.kill().unwrap();
    first.wait().unwrap();
    let run = shared.run(&["scan", &shared.bench.data()]);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.stderr.contains("ends after 60 s"), "{}", run.stderr);
}

#[test]
fn of_two_scans_that_start_at_the_same_moment_one_is_refused() {
    let Some(shared) = Shared::new("shared_start") else {
        return;
    };
    shared.fill(100);
    assert_eq!(shared.run(&["jobs", "list"]).status, 0);
    let start = || {
        let mut command = shared.command(&["scan", &shared.bench.data(), "--fresh"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("locard starts")
    };
    let (one, two) = (start(), start());
    let runs = [one, two].map(|child| Run::of(&child.wait_with_output().unwrap()));
    let mut statuses = runs.each_ref().map(|run| run.status);
    statuses.sort_unstable();
    assert_eq!(statuses, [0, 2], "{runs:?}");
    let refused = runs.iter().find(|run| run.status == 2).unwrap();
    assert!(refused.stderr.contains("another locard"), "{refused:?}");
    let jobs = shared.run(&["jobs", "list", "--format", "ndjson"]).ndjson();
    assert_eq!(jobs.len(), 1, "{jobs:?}");
}
