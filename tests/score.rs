//! The share of columns that are judged right, counted by the scorer that came with the labelled corpus.

use std::path::Path;
use std::process::Command;

use crate::support::{Bench, corpus};

#[test]
fn columns_of_the_corpus_are_judged_as_labelled() {
    let Some(corpus) = corpus() else {
        return;
    };
    let scorer = corpus.join("../score.py");
    if !scorer.is_file() {
        println!("skipped: no score.py beside the corpus");
        return;
    }
    let bench = Bench::new();
    let findings = bench.path("findings.ndjson");
    let run = bench.run([
        Path::new("scan"),
        &corpus,
        Path::new("--quiet"),
        Path::new("--format"),
        Path::new("ndjson"),
        Path::new("--output"),
        &findings,
    ]);
    assert!(findings.is_file(), "{run:?}");
    let Ok(scored) = Command::new("python3")
        .arg(&scorer)
        .arg(corpus.join("truth.jsonl"))
        .arg(&findings)
        .output()
    else {
        println!("skipped: python3 cannot be started");
        return;
    };
    let said = String::from_utf8_lossy(&scored.stdout);
    let last = said.lines().last().unwrap_or_default();
    println!("{last}");
    let figure = micro_f1(last);
    assert!(
        figure.is_some_and(|figure| figure >= 0.80),
        "{last}\n{}",
        String::from_utf8_lossy(&scored.stderr)
    );
}

/// The figure at the end of the scorer's last line: `… micro_f1 0.9123`.
fn micro_f1(line: &str) -> Option<f64> {
    line.rsplit_once("micro_f1 ")?.1.trim().parse().ok()
}
