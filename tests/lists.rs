//! Lists on terminals of any width: whatever somebody types back is there whole.

use std::collections::BTreeSet;

use crate::support::{Bench, Run, sample};

const WIDTHS: [usize; 3] = [60, 80, 120];

/// What a terminal of that width shows.
fn shown(bench: &Bench, line: &[&str], width: usize) -> String {
    let mut command = bench.command(line);
    let run = Run::of(&command.env("COLUMNS", width.to_string()).output().unwrap());
    assert_eq!(run.status, 0, "{line:?}: {run:?}");
    for told in run.stdout.lines() {
        assert!(told.chars().count() <= width, "{width}: {told}\n{run:?}");
    }
    run.stdout
}

/// The text without the breaks that a narrow terminal makes.
fn joined(text: &str) -> String {
    text.lines().map(str::trim).collect()
}

fn told(bench: &Bench, line: &[&str], name: &str) -> BTreeSet<String> {
    let run = bench.run([line, &["--format", "ndjson"]].concat());
    assert_eq!(run.status, 0, "{line:?}: {run:?}");
    let names = run.ndjson();
    let names = names.iter().map(|item| item[name].as_str().unwrap());
    names.map(str::to_owned).collect()
}

fn scanned() -> Bench {
    let bench = Bench::new();
    let company = sample().join("company").display().to_string();
    assert_eq!(bench.run(["scan", &company]).status, 0);
    bench.write(
        "people.csv",
        "id,email\n1,anna@example.org\n2,bert@example.org\n",
    );
    let (name, data) = ("customers-of-the-northern-branches", bench.data());
    let added = bench.run(["sources", "add", name, &data, "--note", "as told by them"]);
    assert_eq!(added.status, 0, "{added:?}");
    assert_eq!(bench.run(["scan", name]).status, 0);
    bench
}

#[test]
fn names_that_are_typed_back_are_whole_at_any_width() {
    let bench = scanned();
    for (line, names) in [
        (&["rules", "list"][..], &["rule", "identifier"][..]),
        (&["dictionaries", "list"], &["dictionary"]),
        (&["sources", "list"], &["name", "target"]),
        (&["schedules", "list"], &[]),
        (&["relations", "list"], &["from", "to"]),
        (&["sources", "options", "postgres"], &["name"]),
        (
            &["rows", "people.csv", "--identifier", "EMAIL_ADDRESS"],
            &["column"],
        ),
    ] {
        for width in WIDTHS {
            let text = joined(&shown(&bench, line, width));
            for name in names.iter().flat_map(|name| told(&bench, line, name)) {
                assert!(text.contains(&name), "{line:?} {width}: {name}\n{text}");
            }
        }
    }
}

#[test]
fn a_source_that_is_called_as_its_target_is_told_once() {
    let bench = scanned();
    let company = sample().join("company").canonicalize().unwrap();
    for width in WIDTHS {
        let text = joined(&shown(&bench, &["sources", "list"], width));
        let times = text.matches(company.to_str().unwrap()).count();
        assert_eq!(times, 1, "{width}: {text}");
    }
}

#[test]
fn a_job_is_listed_by_a_beginning_that_names_it() {
    let bench = scanned();
    let ids = told(&bench, &["jobs", "list"], "job");
    for width in WIDTHS {
        let text = shown(&bench, &["jobs", "list"], width);
        let words = text.split_whitespace();
        let listed: Vec<&str> = words
            .filter(|word| ids.iter().any(|id| id.starts_with(word)) && word.len() > 8)
            .collect();
        assert_eq!(listed.len(), ids.len(), "{width}: {text}");
        let diff = bench.run(["diff", listed[1], listed[0]]);
        assert_eq!(diff.status, 0, "{diff:?}");
    }
}
