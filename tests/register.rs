//! The register of requests goes out and comes in again as it was.

use std::collections::BTreeMap;

use crate::support::Bench;

/// The rows of a register by id, each by column.
fn register(bench: &Bench) -> BTreeMap<String, BTreeMap<String, String>> {
    let run = bench.run(["requests", "export"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let mut reader = csv::Reader::from_reader(run.stdout.as_bytes());
    let names = reader.headers().unwrap().clone();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let cells = names.iter().zip(row.iter());
        let cells = cells.map(|(name, cell)| (name.to_owned(), cell.to_owned()));
        cells.collect::<BTreeMap<_, _>>()
    });
    rows.map(|row| (row["id"].clone(), row)).collect()
}

fn import(bench: &Bench, name: &str, text: &str) -> String {
    let file = bench.write(name, text);
    bench
        .run(["requests", "import", file.to_str().unwrap()])
        .stderr
}

const PAST: &str = "jurisdiction,region,requestType,receivedAt,acknowledgedAt,status,endedAt,extensions,refusalReason,requestorName\n\
    eu,DE-BE,access,2026-01-05T10:00:00Z,2026-01-06T10:00:00Z,closed,2026-02-20T09:00:00Z,2026-01-20T08:00:00Z by 2 months,,Anna\n\
    eu,DE-BE,access,2026-01-06T10:00:00Z,,fulfilled,2026-02-02T09:00:00Z,,,Bert\n\
    eu,DE-BE,access,2026-01-07T10:00:00Z,,refused,2026-02-03T09:00:00Z,,nothing is held,Cleo\n\
    eu,DE-BE,access,2026-01-08T10:00:00Z,,withdrawn,2026-02-04T09:00:00Z,,,Dora\n";

#[test]
fn a_register_comes_back_as_it_went_out_and_once() {
    let bench = Bench::new();
    let told = import(&bench, "past.csv", PAST);
    assert!(told.contains("4 requests taken over"), "{told}");
    let before = register(&bench);
    let ends: Vec<&str> = before.values().map(|row| row["endedAt"].as_str()).collect();
    for end in [
        "2026-02-20T09:00:00Z",
        "2026-02-02T09:00:00Z",
        "2026-02-03T09:00:00Z",
        "2026-02-04T09:00:00Z",
    ] {
        assert!(ends.contains(&end), "{end}: {ends:?}");
    }
    let anna = before.values().find(|row| row["requestorName"] == "Anna");
    let anna = anna.unwrap();
    assert_eq!(anna["extensions"], "2026-01-20T08:00:00Z by 2 months");
    assert_eq!(anna["status"], "closed");
    assert!(anna["dueAt"].starts_with("2026-04"), "{anna:?}");

    // Into the same home nothing comes twice; into another it comes once, and as it was.
    let exported = bench.run(["requests", "export"]).stdout;
    let told = import(&bench, "same.csv", &exported);
    assert!(
        told.contains("0 requests taken over, 4 known already"),
        "{told}"
    );
    assert_eq!(register(&bench), before);
    let other = Bench::new();
    let told = import(&other, "other.csv", &exported);
    assert!(told.contains("4 requests taken over"), "{told}");
    let told = import(&other, "again.csv", &exported);
    assert!(
        told.contains("0 requests taken over, 4 known already"),
        "{told}"
    );
    let there: Vec<_> = register(&other).into_values().map(bare).collect();
    let mut here: Vec<_> = before.into_values().map(bare).collect();
    here.sort();
    let mut there = there;
    there.sort();
    assert_eq!(there, here);
}

/// A row without the id of its home.
fn bare(mut row: BTreeMap<String, String>) -> BTreeMap<String, String> {
    row.remove("id");
    row
}

#[test]
fn a_line_that_makes_no_sense_leaves_nothing_behind() {
    let bench = Bench::new();
    let text = "jurisdiction,region,receivedAt,status,endedAt,extensions\n\
        eu,DE-BE,2026-01-05T10:00:00Z,fulfilled,2026-01-01T10:00:00Z,\n\
        eu,DE-BE,2026-01-05T10:00:00Z,in_progress,2026-01-09T10:00:00Z,\n\
        eu,DE-BE,2026-01-05T10:00:00Z,fulfilled,2026-02-01T10:00:00Z,soon\n\
        eu,DE-BE,2026-01-05T10:00:00Z,in_progress,,2026-01-09T10:00:00Z by 9 months\n";
    let told = import(&bench, "wrong.csv", text);
    assert!(
        told.contains("0 requests taken over, 0 known already, 4 refused"),
        "{told}"
    );
    assert!(
        told.contains("line 2: endedAt") && told.contains("line 4: extensions"),
        "{told}"
    );
    assert!(register(&bench).is_empty(), "{told}");
}
