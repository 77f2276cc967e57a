//! Commands whose output or input is a pipe.

use std::process::Stdio;

use crate::support::{Bench, Run, sample};

/// A command whose output nobody reads.
#[cfg(unix)]
fn unread(bench: &Bench, line: &[&str]) -> Run {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = bench.command(line);
    Run::of(
        &command
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap(),
    )
}

#[cfg(unix)]
#[test]
fn whatever_is_printed_ends_quietly_where_nobody_reads_on() {
    let bench = Bench::new();
    let company = sample().join("company").display().to_string();
    for _ in 0..2 {
        assert_eq!(bench.run(["scan", &company]).status, 0);
    }
    let subject = sample().join("person.json").display().to_string();
    let rows = ["rows", "crm/customers.csv", "--identifier", "CITY"];
    for line in [
        &["scan", &company][..],
        &["scan", &company, "--plan"],
        &["find", "--subject", &subject],
        &["find", "--subject", &subject, "--verify"],
        &rows,
        &["diff", "previous", "latest"],
        &["findings", "list"],
        &["sources", "list"],
        &["rules", "list"],
        &["dictionaries", "list"],
        &["jobs", "list"],
        &["relations", "list"],
        &["duplicates"],
    ] {
        for format in ["table", "json", "ndjson", "csv"] {
            let run = unread(&bench, &[line, &["--format", format]].concat());
            assert_eq!(run.status, 0, "{line:?} {format}: {run:?}");
            assert!(!run.stderr.contains("pipe"), "{line:?} {format}: {run:?}");
        }
    }
}

#[test]
fn a_scan_says_why_it_reads_no_standard_input() {
    let bench = Bench::new();
    let people = "id,email\n1,anna@example.org\n2,bert@example.org\n";
    let run = bench.run_with_stdin(["scan", "-"], people);
    assert_eq!(run.status, 2, "{run:?}");
    for said in [
        "a scan does not read standard input",
        "hint: write it to a file and scan that",
    ] {
        assert!(run.stderr.contains(said), "{run:?}");
    }
    // What is really called so is a file.
    std::fs::write(bench.path("-"), people).unwrap();
    let run = bench.run(["scan", "./-"]);
    assert_eq!(run.status, 0, "{run:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_that_is_named_as_a_file_is_refused_for_what_it_is() {
    let bench = Bench::new();
    let people = "id,email\n1,anna@example.org\n2,bert@example.org\n";
    let run = bench.run_with_stdin(["scan", "/dev/stdin"], people);
    assert_eq!(run.status, 2, "{run:?}");
    for said in [
        "a pipe can be read only once",
        "hint: write it to a file first, and scan that",
    ] {
        assert!(run.stdout.contains(said), "{run:?}");
    }
}
