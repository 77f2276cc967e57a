//! `kill -9` at any moment leaves a usable catalog, and the next scan finishes it with the result of an undisturbed one.
//!
//! Each round has a home of its own, so that each kill is followed by a finish and a comparison.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Bench, Dice, Run, essence, postgres};

/// Files of several sizes, so that a kill falls between and inside tasks.
fn fill(bench: &Bench, files: usize) {
    for file in 0..files {
        let mut rows = String::from("id,first_name,last_name,email,phone,amount\n");
        for i in 0..200 * (1 + file % 7) {
            rows += &format!(
                "{i},Anna{},Muster{},anna{file}.{i}@example.org,+49 30 55{i:05},{}.50\n",
                i % 40,
                i % 90,
                i * 3
            );
        }
        bench.write(&format!("part{:02}/people{file:03}.csv", file % 5), rows);
    }
}

/// Twenty in every run; the longer lane asks for more.
fn rounds() -> usize {
    std::env::var("LOCARD_TEST_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20)
}

/// What a scan says in full: every finding with its counts, and the totals but for the time it took.
fn outcome(run: &Run) -> (Vec<String>, Value) {
    assert_eq!(run.status, 0, "{}", run.stderr);
    let mut document: Value = serde_json::from_str(&run.stdout).expect("a scan prints JSON");
    let findings = document["findings"].as_array().cloned().unwrap_or_default();
    let totals = document["totals"].take();
    // Bytes and seconds tell what this run did, not what is known.
    let known = [
        "entities",
        "entitiesWithFindings",
        "columns",
        "rows",
        "failures",
    ];
    let totals = known.map(|name| (name.to_owned(), totals[name].clone()));
    (
        essence(&findings),
        Value::Object(totals.into_iter().collect()),
    )
}

/// How many pieces were recorded when the scan was killed; `None` when it had not recorded a job, or had ended.
fn left_open(bench: &Bench, round: usize) -> Option<u64> {
    let list = bench.run(["jobs", "list", "--format", "ndjson"]);
    assert_eq!(list.status, 0, "round {round}: no usable catalog: {list:?}");
    let job = list.ndjson().into_iter().next()?;
    assert_ne!(job["state"], "RUNNING", "round {round}: nobody runs it");
    (job["state"] != "COMPLETED").then(|| job["done"].as_u64().unwrap_or(0))
}

/// Runs rounds of kill, look and finish, and holds each to the undisturbed outcome.
fn hold_rounds(rounds: usize, args: &[String], look_up: &[&str]) {
    let undisturbed = Bench::new();
    // The first run also warms what the machine keeps of the files.
    outcome(&Bench::new().run(args));
    let began = Instant::now();
    let expected = outcome(&undisturbed.run(args));
    let whole = began.elapsed();
    assert!(expected.0.len() >= 6, "{expected:?}");
    let found = undisturbed.run(look_up);
    assert!(found.status == 0 && !found.stdout.is_empty(), "{found:?}");

    let mut dice = Dice(0x5eed);
    let mut inside = 0;
    for round in 0..rounds * 5 {
        // On a machine whose speed varies, luck may need more rounds.
        if round >= rounds && inside > 0 {
            break;
        }
        let bench = Bench::new();
        let mut child = bench
            .command(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Leaning to the end, since the beginning is spent on starting up.
        std::thread::sleep(whole.mul_f64(dice.share().sqrt()));
        child.kill().unwrap();
        child.wait().unwrap();
        inside += u32::from(left_open(&bench, round).is_some_and(|done| done > 0));
        let partial = bench.run(look_up);
        let nothing_yet = partial.stderr.contains("nothing was scanned yet");
        assert_eq!(
            partial.status,
            if nothing_yet { 2 } else { 0 },
            "round {round}: {partial:?}"
        );
        assert_eq!(outcome(&bench.run(args)), expected, "round {round}");
        assert_eq!(bench.run(look_up).stdout, found.stdout, "round {round}");
    }
    println!("{inside} of {rounds} kills fell between recorded pieces");
    assert!(inside > 0, "no kill fell between recorded pieces");
}

#[test]
fn a_scan_killed_at_random_moments_is_finished_by_the_next() {
    let data = Bench::new();
    fill(&data, 60);
    let args = ["scan", &data.data(), "--quiet", "--format", "json"].map(str::to_owned);
    let look_up = [
        "find",
        "--email",
        "anna6.7@example.org",
        "--verify",
        "--format",
        "ndjson",
    ];
    hold_rounds(rounds(), &args, &look_up);
}

#[test]
fn files_that_change_between_kill_and_next_scan_are_read_again() {
    let bench = Bench::new();
    fill(&bench, 40);
    let mut child = bench
        .command(["scan", &bench.data(), "--quiet"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    child.kill().unwrap();
    child.wait().unwrap();
    for file in 0..40 {
        bench.write(&format!("part{:02}/people{file:03}.csv", file % 5), "id,iban\n1,DE02120300000000202051\n2,DE02500105170137075030\n3,DE02100500000054540402\n4,DE02300209000106531065\n");
    }
    let findings = bench.scan();
    assert!(
        findings
            .iter()
            .all(|finding| finding["identifier"] != "EMAIL_ADDRESS"),
        "an old file's findings are still there"
    );
    assert_eq!(
        findings
            .iter()
            .filter(|finding| finding["identifier"] == "IBAN_CODE")
            .count(),
        40
    );
}

/// Updates some rows again and again until told to stop; answers how often.
fn keep_writing(url: &str, schema: &str, stop: &AtomicBool) -> u32 {
    let mut writes = 0;
    while !stop.load(Ordering::Relaxed) {
        crate::postgres::run(
            url,
            &format!(
                "update {schema}.t0 set touched = 1 - touched where id % 50 = {}",
                writes % 50
            ),
        );
        writes += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    writes
}

#[test]
fn a_database_scan_killed_while_rows_change_is_finished_by_the_next() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = crate::postgres::Schema::new(&url, "kill");
    for table in 0..6 {
        schema.run(&format!(
            "create table t{table} (id int primary key, full_name text, email text, touched int default 0);
             insert into t{table} select i, 'Anna Muster' || i, 'person' || i || '@example.org' from generate_series(1, 10000) i"
        ));
    }
    let include = format!("{}.*", schema.name);
    let args = [
        "scan",
        &url,
        "--include",
        &include,
        "--quiet",
        "--format",
        "json",
    ]
    .map(str::to_owned);
    let look_up = [
        "find",
        "--email",
        "person77@example.org",
        "--verify",
        "--format",
        "ndjson",
    ];
    let stop = AtomicBool::new(false);
    let writes = std::thread::scope(|scope| {
        let writer = scope.spawn(|| keep_writing(&url, &schema.name, &stop));
        // A failed round must end the writer too.
        let held = std::panic::catch_unwind(|| hold_rounds(rounds(), &args, &look_up));
        stop.store(true, Ordering::Relaxed);
        let writes = writer.join().expect("the writer ends");
        held.unwrap_or_else(|failure| std::panic::resume_unwind(failure));
        writes
    });
    println!("{writes} updates beside the rounds");
    assert!(writes > 10, "the rows hardly changed: {writes}");
}
