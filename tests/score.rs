//! The share of columns that are judged right, by the whole program: of the sample company always, of a larger labelled
//! corpus where one is named.

use std::path::Path;

use locard_testkit::score::{Score, Truth, score};
use serde_json::Value;

use crate::support::{Bench, corpus, root, sample};

/// Micro F1 below which a change has made judging worse, a little below what it is: on tables that rules were written with,
const LEAST: f64 = 0.97;
/// and on tables of well-known schemas that no rule may be fitted to.
const LEAST_UNSEEN: f64 = 0.90;

#[test]
fn columns_of_the_sample_are_judged_as_labelled() {
    let sample = sample();
    let score = scanned(&sample.join("company"), &sample.join("truth.jsonl"), LEAST);
    assert!(score.columns.right >= 20, "{score:?}");
    assert_eq!(score.unknown, [""; 0], "the sample is labelled as a whole");
    assert_eq!(score.embedded.missed, 0, "{:?}", score.mistakes);
}

#[test]
fn columns_of_the_corpus_are_judged_as_labelled() {
    if let Some(corpus) = corpus() {
        let score = scanned(&corpus, &corpus.join("truth.jsonl"), LEAST);
        assert!(score.columns.right >= 100, "{:?}", score.columns);
    }
}

/// `tests/schemas/make.py` tells what they are. A mistake in them is no reason to add a word to a rule: then nothing would be
/// left that tells how well unseen tables are judged. `docs/decisions/scoring.md` has the rules of this.
#[test]
fn columns_of_well_known_schemas_are_judged_as_labelled() {
    let schemas = root().join("tests/schemas");
    let score = scanned(
        &schemas.join("tables"),
        &schemas.join("truth.jsonl"),
        LEAST_UNSEEN,
    );
    assert_eq!(score.unknown, [""; 0], "they are labelled as a whole");
    assert!(score.innocent.0 >= 200, "{:?}", score.innocent);
}

/// Holds our counting against the scorer that came with the corpus, where it did and there is a Python.
fn hold_alike(score: &Score, truth: &Path, findings: &Path) {
    let beside = truth.parent().and_then(Path::parent);
    let scorer = beside.map(|folder| folder.join("score.py"));
    let Some(scorer) = scorer.filter(|scorer| scorer.is_file()) else {
        return;
    };
    let scored = std::process::Command::new("python3")
        .arg(scorer)
        .args([truth, findings])
        .output();
    let Ok(scored) = scored else { return };
    let printed = String::from_utf8_lossy(&scored.stdout);
    let theirs = printed.trim().rsplit(' ').next();
    let theirs: f64 = theirs
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("no score in {printed}"));
    let ours = score.columns.f1();
    assert!((ours - theirs).abs() < 1e-3, "{ours} here, {theirs} there");
}

/// Scans a folder and holds what was found against its truth.
fn scanned(folder: &Path, truth: &Path, least: f64) -> Score {
    let path = truth;
    let text = std::fs::read_to_string(path).expect("there is a truth");
    let truth = Truth::parse(&text).expect("the truth is JSON lines");
    let bench = Bench::new();
    let output = bench.path("findings.ndjson");
    let run = bench.run([
        Path::new("scan"),
        folder,
        Path::new("--quiet"),
        Path::new("--format"),
        Path::new("ndjson"),
        Path::new("--output"),
        &output,
    ]);
    let Ok(findings) = std::fs::read_to_string(&output) else {
        panic!("nothing was written: {run:?}");
    };
    let lines = findings.lines().map(serde_json::from_str);
    let findings: Vec<Value> = lines.collect::<Result<_, _>>().expect("findings are JSON");
    let score = score(&truth, &findings);
    let (columns, embedded) = (score.columns, score.embedded);
    println!(
        "{} columns: precision {:.4} recall {:.4} micro F1 {:.4} | embedded F1 {:.4} | {} of {} innocent columns with a finding",
        truth.len(),
        columns.precision(),
        columns.recall(),
        columns.f1(),
        embedded.f1(),
        score.innocent.1,
        score.innocent.0,
    );
    assert!(columns.f1() >= least, "{:#?}", score.mistakes);
    hold_alike(&score, path, &output);
    score
}
