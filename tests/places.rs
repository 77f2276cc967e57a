//! Requests that people carry out at places, from the command line.

use serde_json::Value;

use crate::collect::{SHOP, scanned};
use crate::live;
use crate::support::{Bench, Run};

/// A request to erase Anna's data, whose places were found.
fn erasure(bench: &Bench) -> String {
    let created = requests(
        bench,
        &[
            "create",
            "--jurisdiction",
            "eu",
            "--received",
            "2026-11-02T10:00:00Z",
            "--type",
            "deletion",
            "--name",
            "Anna Muster",
            "--email",
            "anna@example.org",
            "--no-verification",
        ],
    );
    let id = created.stdout.trim().to_owned();
    assert!(places(bench, &id, &[]).is_empty(), "nobody looked yet");
    id
}

fn requests(bench: &Bench, args: &[&str]) -> Run {
    let run = bench.run(std::iter::once("requests").chain(args.iter().copied()));
    assert_eq!(run.status, 0, "{args:?}: {}", run.stderr);
    run
}

/// The places of a request, after something was done with them.
fn places(bench: &Bench, request: &str, more: &[&str]) -> Vec<Value> {
    let mut args = vec!["places", request, "--format", "ndjson"];
    args.extend(more);
    let run = requests(bench, &args);
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_table<'p>(places: &'p [Value], table: &str, strength: &str) -> &'p Value {
    let is_it = |place: &&Value| {
        let resource = place["resource"].as_str().unwrap_or_default();
        resource.ends_with(table) && place["strength"] == strength
    };
    places
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("{table}: {places:#?}"))
}

fn id(place: &Value) -> &str {
    place["id"].as_str().unwrap()
}

#[test]
fn places_are_found_decided_on_and_looked_at_again() {
    let bench = Bench::new();
    let file = scanned(&bench, SHOP);
    let request = erasure(&bench);
    let found = places(&bench, &request, &["--find"]);
    let (ticket, namesake) = (
        of_table(&found, "tickets", "weak"),
        of_table(&found, "customers", "weak"),
    );
    assert_eq!(
        (&ticket["listed"], &ticket["verdict"]),
        (&false.into(), &"open".into())
    );
    let without = bench.run(["requests", "places", &request, "--exclude", id(namesake)]);
    assert_eq!(without.status, 2, "a reason is wanted: {}", without.stdout);
    let unknown = bench.run(["requests", "places", &request, "--include", "ffff0000ffff"]);
    assert!(
        unknown.status == 2 && unknown.stderr.contains("no such place"),
        "{}",
        unknown.stderr
    );
    // The beginning of an id is enough.
    let short = &id(ticket)[..13];
    let decided = places(
        &bench,
        &request,
        &[
            "--include",
            short,
            "--exclude",
            id(namesake),
            "--reason",
            "of the same name",
        ],
    );
    let of = |places: &[Value], table: &str| {
        let place = of_table(places, table, "weak");
        (place["verdict"].clone(), place["listed"].clone())
    };
    assert_eq!(of(&decided, "tickets"), ("included".into(), true.into()));
    assert_eq!(of(&decided, "customers"), ("excluded".into(), false.into()));
    let reopened = places(&bench, &request, &["--reopen", id(namesake)]);
    assert_eq!(of(&reopened, "customers"), ("open".into(), false.into()));

    let again = places(&bench, &request, &["--recheck"]);
    assert_eq!(
        of_table(&again, "tickets", "weak")["recheck"],
        "still_there"
    );
    assert!(live::run(&file, "delete from tickets where id = 21;"));
    let again = places(&bench, &request, &["--done", id(ticket), "--recheck"]);
    let ticket = of_table(&again, "tickets", "weak");
    assert_eq!(
        (&ticket["verdict"], &ticket["recheck"]),
        (&"done".into(), &"gone".into())
    );
    assert_eq!(
        of_table(&again, "orders", "strong")["recheck"],
        "still_there"
    );
}

#[test]
fn what_was_found_where_no_connector_reaches_is_handed_in() {
    let bench = Bench::new();
    let added = bench.run([
        "sources",
        "add",
        "cabinet",
        "--manual",
        "--kind",
        "paper",
        "--owner",
        "HR",
        "--contact",
        "hr@example.org",
    ]);
    assert_eq!(added.status, 0, "{}", added.stderr);
    let request = erasure(&bench);
    let letter = bench.write("../letter.txt", "found in the second drawer");
    let letter = letter.display().to_string();
    let answer = [
        "tasks",
        &request,
        "--answer",
        "cabinet",
        "--file",
        &letter,
        "--outcome",
    ];
    let told =
        |outcome: &'static str| [answer.as_slice(), &[outcome, "--note", "second floor"]].concat();
    let odd = bench.run(std::iter::once("requests").chain(told("nothing-found")));
    assert_eq!(odd.status, 2, "{}", odd.stdout);
    let tasks = requests(&bench, &told("answered")).stdout;
    assert!(tasks.contains("answered"), "{tasks}");
    let shown: Value = serde_json::from_str(&requests(&bench, &["show", &request]).stdout).unwrap();
    assert!(shown.to_string().contains("letter.txt"), "{shown:#}");
}
