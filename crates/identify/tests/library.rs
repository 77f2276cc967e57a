//! A library made of the fixture's three rules: loading, observing, judging, checking.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

use std::path::PathBuf;

use arrow_array::StringViewArray;
use locard_identify::{
    ColumnFacts, ColumnView, Evidence, How, Judgement, Library, Scratch, check, check_alone,
};
use locard_model::{FindingKind, LogicalType};
use locard_sketch::Preparer;

/// This package in the clone that is tested: clones that share a target folder may share the program too.
fn package() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs this test"))
}

fn fixture() -> PathBuf {
    package().join("tests/fixture")
}

fn library() -> std::sync::Arc<Library> {
    Library::from_folder(&fixture()).unwrap()
}

fn observe(library: &Library, values: &[&str]) -> Evidence {
    let texts = StringViewArray::from_iter_values(values);
    let mut evidence = Evidence::new();
    library.observe(
        &Preparer::default().prepare(&texts),
        &mut evidence,
        &mut Scratch::default(),
    );
    evidence
}

fn label(name: &str, values: &[&str]) -> Vec<(String, FindingKind)> {
    let judgement = library().test_column(name, values).unwrap();
    judgement
        .findings
        .iter()
        .map(|finding| (finding.identifier.to_string(), finding.kind))
        .collect()
}

#[test]
fn the_fixture_passes_the_check_that_users_run() {
    let report = check_alone(&fixture()).unwrap();
    assert_eq!((report.rules, report.lists), (3, 1));
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn a_check_tells_of_every_rule_that_cannot_be_used_and_tries_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules/own");
    std::fs::create_dir_all(&rules).unwrap();
    let rule = |name: &str, pattern: &str| {
        let text = format!(
            "id = \"own.{name}\"\nidentifier = \"PET\"\ntitle = \"A pet\"\ncategory = \"demographic\"\n\
            sensitivity = \"low\"\nrole = \"weak\"\nprior = 0.001\n\
            [[value]]\npattern = '{pattern}'\nlength = [1, 9]\nchance = 0.1\nlookalikes = 0.1\n"
        );
        std::fs::write(rules.join(format!("{name}.toml")), text).unwrap();
    };
    rule("open", "[0-9");
    rule("other", "(");
    rule("few", "[0-9]+");
    std::fs::write(rules.join("typo.toml"), "ide = 1").unwrap();
    let report = check(folder.path()).unwrap();
    let told = |subject: &str| {
        let mut problems = report.problems.iter();
        problems.any(|problem| problem.subject.contains(subject))
    };
    assert!(report.problems.len() >= 4, "{:#?}", report.problems);
    for subject in ["own/open", "own/other", "own/typo", "own.few/example"] {
        assert!(told(subject), "{subject}: {:#?}", report.problems);
    }
}

#[test]
fn more_lists_than_may_be_looked_up_by_word_are_refused() {
    let compiled = |lists: u32| {
        let folder = tempfile::tempdir().unwrap();
        for kind in ["rules", "terms"] {
            std::fs::create_dir(folder.path().join(kind)).unwrap();
        }
        for list in 0..lists {
            let rule = format!(
                "id = \"pet{list}\"\nidentifier = \"PET\"\ntitle = \"A pet\"\ncategory = \"demographic\"\n\
                sensitivity = \"low\"\nrole = \"weak\"\nprior = 0.001\n\
                [[terms]]\nlist = \"pets{list}\"\nwithin = \"words\"\ncoverage = 0.8\nchance = 0.005\n"
            );
            let (rules, terms) = (folder.path().join("rules"), folder.path().join("terms"));
            std::fs::write(rules.join(format!("pet{list}.toml")), rule).unwrap();
            let list_text = format!("# source: a test\n# licence: Apache-2.0\nrex{list}\n");
            std::fs::write(terms.join(format!("pets{list}.txt")), list_text).unwrap();
        }
        Library::from_folder(folder.path()).map(drop)
    };
    compiled(32).unwrap();
    let error = compiled(33).unwrap_err().to_string();
    assert!(
        error.contains("33 lists are looked up word by word"),
        "{error}"
    );
}

#[test]
fn the_rules_that_are_built_in_pass_the_same_check() {
    let folder = package().join("../../dictionaries");
    let report = check_alone(&folder).unwrap();
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn values_are_recognised_by_pattern_by_word_list_and_inside_text() {
    let library = library();
    let how = |value: &str| {
        library
            .test(value)
            .iter()
            .map(|trial| (trial.rule.clone(), trial.how))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        how(" B-1234-5678 "),
        [("test.badge".to_owned(), How::Pattern)]
    );
    assert_eq!(how("MIMI"), [("test.pet".to_owned(), How::Terms)]);
    assert_eq!(
        how("lost B-1234-5678, found"),
        [("test.badge".to_owned(), How::Inside)]
    );
    assert!(how("B-1234-5678-9").is_empty());
    assert!(how("N/A").is_empty());
    let wrong = library.test("4111111111111112");
    assert_eq!(wrong[0].validated, Some(false));
}

#[test]
fn splits_observed_apart_sum_up_to_the_whole() {
    let library = library();
    let values = [
        "B-1234-5678",
        "rex",
        "call B-1111-2222",
        "",
        "n/a",
        "4111 1111 1111 1111",
        "x",
    ];
    let whole = observe(&library, &values);
    let mut sum = observe(&library, &values[..3]);
    sum.merge(&observe(&library, &values[3..])).unwrap();
    assert_eq!(whole, sum);
    assert_eq!(whole.tested(), 5);
    assert_eq!(whole.placeholders(), 1);
}

#[test]
fn weights_of_grouped_cells_count_as_rows() {
    let library = library();
    let values: Vec<&str> = ["rex", "bello", "b-1", "B-1234-5678"]
        .into_iter()
        .cycle()
        .take(400)
        .collect();
    let texts = StringViewArray::from_iter_values(&values);
    let mut grouped = Evidence::new();
    library.observe(
        &Preparer::default().prepare_grouped(&texts),
        &mut grouped,
        &mut Scratch::default(),
    );
    assert_eq!(grouped, observe(&library, &values));
}

#[test]
fn values_decide_without_a_telling_name_and_a_name_does_not_decide_against_the_values() {
    let badges = ["B-1234-5678", "B-9999-0000", "B-0102-0304"];
    assert_eq!(
        label("c7", &badges),
        [("BADGE".to_owned(), FindingKind::Column)]
    );
    assert_eq!(
        label("colour", &badges),
        [("BADGE".to_owned(), FindingKind::Column)]
    );
    assert!(label("badge", &["red", "green", "blue"]).is_empty());
}

#[test]
fn numbers_with_accidental_check_digits_are_no_cards() {
    let numbers: Vec<String> = (0..300_u64)
        .map(|i| format!("{:016}", 4_000_000_000_000_000 + i * 7_919_773))
        .collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    assert!(label("c7", &numbers).is_empty());
}

#[test]
fn a_few_cells_that_are_something_else_are_stray() {
    let mut values = ["some stage", "another one", "a third"].repeat(60);
    values[7] = "B-1234-5678";
    assert_eq!(
        label("stage", &values),
        [("BADGE".to_owned(), FindingKind::Stray)]
    );
}

#[test]
fn what_stands_inside_text_is_embedded() {
    let values = [
        "she lost badge B-1234-5678 at the gate",
        "nothing happened here today",
        "he has badge B-4321-0000",
    ];
    assert_eq!(
        label("note", &values),
        [("BADGE".to_owned(), FindingKind::Embedded)]
    );
}

/// So many cells of a word, and others beside them.
fn mixture(word: (&str, usize), others: &[&str], times: usize) -> Vec<(String, FindingKind)> {
    let mut values = vec![word.0; word.1];
    values.extend(others.iter().cycle().take(times));
    label("comment", &values)
}

#[test]
fn names_of_goods_among_short_constants_are_nobodys() {
    let goods = [
        "Set mit Becher Oslo",
        "Regal Billy aus Birke",
        "Sofa Victoria mit Bezug",
    ];
    let found = mixture(("neu", 200), &goods, 100);
    assert!(found.iter().all(|(name, _)| name != "PERSON"), "{found:?}");
}

/// What any table may have is read together with what the table holds.
#[test]
fn the_name_of_a_table_tells_what_its_names_are() {
    let library = Library::builtin().unwrap();
    let countries = [
        "Germany", "France", "Spain", "Poland", "Italy", "Ireland", "Norway",
    ];
    let values: Vec<&str> = countries.into_iter().cycle().take(70).collect();
    let evidence = observe(&library, &values);
    let view = ColumnView {
        name: "name",
        logical: LogicalType::Text,
        facts: ColumnFacts {
            rows: 70,
            distinct: 7.0,
            ..ColumnFacts::default()
        },
        evidence: &evidence,
        derived: false,
    };
    for table in ["countries.csv", "dim_country", "Countries_2024.parquet"] {
        let judged = library.judge(table, std::slice::from_ref(&view));
        let found = judged[0]
            .findings
            .first()
            .map(|found| found.identifier.as_str());
        assert_eq!(found, Some("COUNTRY"), "{table}");
    }
}

/// Groups of a random id are no telephone numbers, wherever it stands.
#[test]
fn nothing_is_found_inside_random_ids() {
    let library = Library::builtin().unwrap();
    let ids: Vec<String> = (0..60)
        .map(|id| match id % 3 {
            0 => format!("{{be7e6629-0301-2345-6718-702b45bedd{id:02}}}"),
            1 => format!("done by be7e6629-0301-2345-6718-702b45bedd{id:02} today"),
            _ => format!("be7e6629-4018-4fad-8492-702b45bedd{id:02}"),
        })
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let judged = library.test_column("guid", &ids).unwrap();
    assert_eq!(judged.findings, []);
}

/// The dates of a log fail the checks of telephone numbers, and say nothing about those in its lines.
#[test]
fn dates_at_the_head_of_lines_do_not_hide_what_stands_behind_them() {
    let library = Library::builtin().unwrap();
    for head in [
        "2024-03-01",
        "01.03.24",
        "01.03.2024",
        "01/03/2024",
        "[01.03.24, 10:00:11]",
    ] {
        let lines: Vec<String> = (0..100)
            .map(|line| match line % 6 {
                0 => format!("{head} Ben: call me at +49 171 55533{line:02} after work"),
                _ => format!("{head} Ben: the parcel has not come yet, number {line}"),
            })
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let judged = library.test_column("text", &lines).unwrap();
        let found = judged
            .findings
            .iter()
            .any(|finding| finding.identifier.as_str() == "PHONE_NUMBER");
        assert!(found, "{head}");
    }
}

#[test]
fn a_column_without_values_is_not_enough_to_judge() {
    let library = library();
    let evidence = observe(&library, &["", "n/a", ""]);
    let facts = ColumnFacts {
        rows: 3,
        ..ColumnFacts::default()
    };
    let view = ColumnView {
        name: "badge",
        logical: LogicalType::Text,
        facts,
        evidence: &evidence,
        derived: false,
    };
    let judged = library.judge("", &[view]);
    assert_eq!(judged[0].explanation.judgement, Judgement::NotEnoughData);
    assert!(judged[0].findings.is_empty());
}

#[test]
fn every_weight_is_explained_and_the_weights_add_up() {
    let judgement = library()
        .test_column("badge", &["B-1234-5678", "B-9999-0000", "B-0102-0304"])
        .unwrap();
    let best = &judgement.explanation.hypotheses[0];
    assert_eq!(best.rule, "test.badge");
    assert!(best.weights.iter().all(|weight| !weight.detail.is_empty()));
    let odds = best.log_odds().exp();
    assert!((best.probability - odds / (1.0 + odds)).abs() < 1e-9);
    assert_eq!((best.tested, best.matched), (60, 60));
}

#[test]
fn evidence_of_other_rules_tells_what_was_not_tested() {
    let library = library();
    assert!(library.untested(&library.manifest()).is_empty());
    assert_eq!(library.untested(&[]).len(), 3);
}
