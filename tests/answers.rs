//! What a look-up may say: "nowhere", and 0, only where everything was looked through that could hold the person.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Bench, Run};

/// Columns as many systems call numbers of persons, with the same ten values in each.
const HEADERS: [&str; 10] = [
    "Kunden-Nr",
    "Kundennummer",
    "cust_id",
    "no_client",
    "klantnr",
    "Pers.-Nr.",
    "matricule",
    "employee_no",
    "mitgliedsnr",
    "Menge",
];

fn numbers(bench: &Bench) {
    let row = |value: u32| vec![value.to_string(); HEADERS.len()].join(";");
    let rows: Vec<String> = (1_001..=1_010).map(row).collect();
    let text = format!("{}\n{}\n", HEADERS.join(";"), rows.join("\n"));
    bench.write("numbers.csv", text);
    bench.scan();
}

fn find(bench: &Bench, args: &[&str]) -> Run {
    bench.run(["find"].iter().chain(args))
}

fn columns(run: &Run) -> Vec<String> {
    let hits = run.hits();
    let mut columns: Vec<String> = hits
        .iter()
        .map(|hit| hit["column"].as_str().unwrap().to_owned())
        .collect();
    columns.sort();
    columns
}

#[test]
fn a_short_number_is_found_in_columns_of_its_kind_whatever_the_language() {
    let bench = Bench::new();
    numbers(&bench);
    for (id, expected) in [
        (
            "CUSTOMER_ID=1001",
            &[
                "Kunden-Nr",
                "Kundennummer",
                "cust_id",
                "klantnr",
                "no_client",
            ][..],
        ),
        (
            "EMPLOYEE_ID=1001",
            &["Pers.-Nr.", "employee_no", "matricule"][..],
        ),
        ("MEMBER_ID=1001", &["mitgliedsnr"][..]),
        (
            "KUNDENNUMMER=1001",
            &[
                "Kunden-Nr",
                "Kundennummer",
                "cust_id",
                "klantnr",
                "no_client",
            ][..],
        ),
    ] {
        let run = find(&bench, &["--id", id, "--verify", "--format", "ndjson"]);
        assert_eq!(run.status, 0, "{id}: {}", run.stderr);
        assert_eq!(columns(&run), expected, "{id}");
        assert!(
            run.hits().iter().all(|hit| hit["strength"] == "strong"),
            "{id}"
        );
        assert!(!run.stderr.contains("no rule knows"), "{}", run.stderr);
        // What else may hold it is told, without the number.
        let others = HEADERS.len() - expected.len();
        let told = format!("may be in {others} columns that are not called like it");
        assert!(run.stderr.contains(&told), "{id}: {}", run.stderr);
        assert!(!run.stderr.contains("1001"), "{}", run.stderr);
    }
}

#[test]
fn where_a_short_number_may_be_elsewhere_nobody_is_told_nowhere() {
    let bench = Bench::new();
    bench.write("list.csv", "Nummer,Ort\n1001,Bern\n1002,Thun\n1003,Chur\n");
    bench.scan();
    let run = find(&bench, &["--id", "CUSTOMER_ID=1001", "--verify"]);
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert!(!run.stdout.contains("nowhere"), "{}", run.stdout);
    assert!(run.stdout.contains("--everywhere"), "{}", run.stdout);
    let run = find(&bench, &["--id", "CUSTOMER_ID=1001", "--format", "csv"]);
    assert!(run.stdout.contains("not-found-with-gaps"), "{}", run.stdout);
    // Somebody whose number no column holds is nowhere.
    let run = find(&bench, &["--id", "CUSTOMER_ID=1009", "--verify"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("nowhere"), "{}", run.stdout);
    // Looked for everywhere it is found, as somebody that it may be.
    let everywhere = ["--id", "CUSTOMER_ID=1001", "--everywhere", "--verify"];
    let run = find(&bench, &[&everywhere[..], &["--format", "ndjson"]].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(columns(&run), ["Nummer"]);
    assert_eq!(run.hits()[0]["strength"], "weak");
    // Collecting says so too.
    let collect = bench.run(["collect", "--id", "CUSTOMER_ID=1001", "--output", "out"]);
    assert_eq!(collect.status, 2, "{}", collect.stderr);
    let summary = std::fs::read_to_string(bench.path("out/summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["answer"], "not-known", "{summary}");
}

/// A file that no reader takes, one that is broken when it is listed, and one when it is read.
fn odd_files(bench: &Bench, pictures: usize) {
    for picture in 0..pictures {
        bench.write(&format!("p{picture}.png"), b"\x89PNG\r\n\x1a\n0000");
    }
    bench.write("broken.xlsx", "PK\u{3}\u{4}garbage");
    bench.write(
        "half.json",
        "{\"email\": \"bert@example.org\"}\n{\"email\": \n",
    );
    bench.write("people.csv", "email\nanna@example.org\n");
}

#[test]
fn what_was_left_out_after_it_failed_is_left_out_on_purpose() {
    let bench = Bench::new();
    odd_files(&bench, 2);
    assert_eq!(bench.run(["scan", &bench.data()]).status, 2);
    let nobody = ["--email", "nobody@example.net", "--format", "json"];
    let reasons = |run: &Run| -> Vec<String> {
        let answer: Value = serde_json::from_str(&run.stdout).unwrap();
        let gaps = answer["notSearched"].as_array().unwrap().iter();
        let mut reasons: Vec<String> = gaps
            .map(|gap| format!("{} {}", gap["resource"], gap["reason"]).replace('"', ""))
            .collect();
        reasons.sort();
        reasons
    };
    let run = find(&bench, &nobody);
    assert_eq!(run.status, 2, "{}", run.stdout);
    // A scan of something else says nothing of them.
    let one = bench.run(["scan", &bench.data(), "--include", "people.csv"]);
    assert_eq!(one.status, 0, "{}", one.stderr);
    assert_eq!(find(&bench, &nobody).status, 2);
    let exclude = ["*.png", "*.xlsx", "*.json"].map(|glob| ["--exclude", glob]);
    let data = bench.data();
    let scan = ["scan", &data]
        .into_iter()
        .chain(exclude.iter().flatten().copied());
    let scan = bench.run(scan);
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    let run = find(&bench, &nobody);
    assert_eq!(run.status, 0, "{}", run.stdout);
    let expected = ["broken.xlsx", "half.json", "p0.png", "p1.png"];
    assert_eq!(
        reasons(&run),
        expected.map(|name| format!("{name} left-out"))
    );
    // Asked for again, they fail again.
    assert_eq!(bench.run(["scan", &data, "--include", "*.xlsx"]).status, 2);
    let run = find(&bench, &nobody);
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert!(
        reasons(&run).contains(&"broken.xlsx failed".to_owned()),
        "{}",
        run.stdout
    );
}

#[test]
fn many_files_that_are_not_searched_for_one_reason_are_told_in_one_line() {
    let bench = Bench::new();
    odd_files(&bench, 30);
    assert_eq!(bench.run(["scan", &bench.data()]).status, 2);
    let run = find(&bench, &["--email", "nobody@example.net"]);
    let lines = run.stdout.lines().filter(|line| line.contains(".png"));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), 1, "{}", run.stdout);
    assert!(lines[0].contains("30 resources: p0.png"), "{}", lines[0]);
    assert!(run.stdout.contains("broken.xlsx"), "{}", run.stdout);
}

#[test]
fn an_index_that_is_half_built_is_no_clean_no() {
    let bench = Bench::new();
    for file in 0..200 {
        let rows = "1,anna@example.org\n".repeat(4_000);
        bench.write(&format!("f{file}.csv"), format!("a,email\n{rows}"));
    }
    let mut child = bench
        .command(["scan", &bench.data(), "--max-rate", "1MB/s"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    bench.wait_for(child.id());
    let nobody = ["--email", "nobody@example.net"];
    let start = Instant::now();
    let mut run = find(&bench, &nobody);
    while !run.stdout.contains("under way") && start.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(50));
        run = find(&bench, &nobody);
    }
    assert_eq!(run.status, 2, "under way: {run:?}");
    assert!(
        run.stdout.contains("not everything was searched"),
        "{}",
        run.stdout
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let run = find(&bench, &nobody);
    assert_eq!(run.status, 2, "cut short: {run:?}");
}

#[test]
fn sources_that_overlap_are_told_of_in_one_line() {
    let bench = Bench::new();
    for name in ["a", "b", "c"] {
        bench.write(
            &format!("{name}.csv"),
            format!("email\n{name}@example.org\n"),
        );
    }
    bench.scan();
    let glob = format!("{}/*.csv", bench.data());
    assert_eq!(bench.run(["scan", &glob]).status, 0);
    // One file was read last by the other.
    bench.write("a.csv", "email\na@example.org\nz@example.org\n");
    bench.scan();
    let run = find(&bench, &["--email", "a@example.org", "--verify"]);
    let lines = run
        .stdout
        .lines()
        .filter(|line| line.contains("the same as in"));
    assert_eq!(lines.count(), 1, "{}", run.stdout);
    assert!(run.stdout.contains("3 entities of"), "{}", run.stdout);
}
