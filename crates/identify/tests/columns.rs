//! Made-up columns that a person would tell at a glance, without a header or with one that says nothing: things stay
//! without findings, and personal data is found all the same.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "columns/attributes.rs"]
mod attributes;
#[path = "columns/dice.rs"]
mod dice;
#[path = "columns/digits.rs"]
mod digits;
#[path = "columns/mixtures.rs"]
mod mixtures;
#[path = "columns/persons.rs"]
mod persons;
#[path = "columns/strangers.rs"]
mod strangers;
#[path = "columns/talk.rs"]
mod talk;
#[path = "columns/things.rs"]
mod things;

use std::collections::{HashMap, HashSet};

use arrow_array::StringViewArray;
use dice::Dice;
use locard_identify::{ColumnFacts, ColumnJudgement, ColumnView, Evidence, Library, Scratch};
use locard_model::{FindingKind, LogicalType};
use locard_sketch::Preparer;

/// Headers that say nothing, or nothing about persons.
const NEUTRAL: [&str; 6] = ["", "column_7", "name", "code", "value", "data"];
const ROWS: usize = 90;

/// One column with what was seen of it.
struct Seen {
    evidence: Evidence,
    facts: ColumnFacts,
}

impl Seen {
    fn of(library: &Library, cells: &[String]) -> Self {
        let texts = StringViewArray::from_iter_values(cells);
        let mut evidence = Evidence::new();
        library.observe(
            &Preparer::default().prepare(&texts),
            &mut evidence,
            &mut Scratch::default(),
        );
        let mut shapes: HashMap<String, usize> = HashMap::new();
        for cell in cells {
            *shapes.entry(shape(cell)).or_default() += 1;
        }
        let most = shapes.into_values().max().unwrap_or(0);
        let distinct = cells.iter().collect::<HashSet<_>>().len();
        let facts = ColumnFacts {
            rows: cells.len() as u64,
            values: cells.len() as u64,
            distinct: distinct as f64,
            top_shape: most as f64 / cells.len() as f64,
        };
        Self { evidence, facts }
    }

    fn view<'a>(&'a self, name: &'a str) -> ColumnView<'a> {
        ColumnView {
            name,
            logical: LogicalType::Text,
            facts: self.facts,
            evidence: &self.evidence,
            derived: false,
        }
    }
}

fn judge_beside(
    library: &Library,
    name: &str,
    seen: &Seen,
    others: &[(&str, Seen)],
) -> ColumnJudgement {
    let others = others.iter().map(|(name, seen)| seen.view(name));
    let columns: Vec<ColumnView<'_>> = std::iter::once(seen.view(name)).chain(others).collect();
    library.judge("", &columns).remove(0)
}

fn judge(library: &Library, name: &str, cells: &[String]) -> ColumnJudgement {
    judge_beside(library, name, &Seen::of(library, cells), &[])
}

fn column(library: &Library, seed: u64, what: &str) -> Seen {
    let mut dice = Dice::new(seed);
    let (_, _, make) = persons::PERSONS
        .iter()
        .find(|(name, ..)| *name == what)
        .unwrap();
    let cells: Vec<String> = (0..ROWS).map(|_| make(&mut dice)).collect();
    Seen::of(library, &cells)
}

/// As the profile sees it: letters and digits forgotten, runs of small letters drawn together.
fn shape(cell: &str) -> String {
    let mut shape = String::new();
    for c in cell.chars() {
        let kind = match c {
            c if c.is_numeric() => '9',
            c if c.is_uppercase() => 'A',
            c if c.is_alphabetic() => 'a',
            c => c,
        };
        if kind != 'a' || !shape.ends_with('a') {
            shape.push(kind);
        }
    }
    shape
}

fn sentence(what: &str, name: &str, judgement: &ColumnJudgement) -> String {
    let found: Vec<String> = judgement
        .findings
        .iter()
        .map(|finding| {
            format!(
                "{} ({}, {:.2}, {:?})",
                finding.identifier, finding.kind, finding.confidence, finding.rules
            )
        })
        .collect();
    format!("{what} under {name:?}: {}", found.join("; "))
}

#[test]
fn columns_of_things_give_no_finding_whatever_they_are_called() {
    let library = Library::builtin().unwrap();
    let mut wrong = Vec::new();
    for (seed, (what, make)) in (1..).zip(things::THINGS) {
        let mut dice = Dice::new(seed);
        let cells: Vec<String> = (0..ROWS).map(|row| make(&mut dice, row)).collect();
        for name in NEUTRAL {
            let judgement = judge(&library, name, &cells);
            if !judgement.findings.is_empty() {
                wrong.push(sentence(what, name, &judgement));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn things_beside_persons_give_no_finding_either() {
    let library = Library::builtin().unwrap();
    let others = [
        ("customer", column(&library, 71, "full names")),
        ("e_mail", column(&library, 72, "e-mail addresses")),
        ("account", column(&library, 73, "accounts of Germany")),
    ];
    let mut wrong = Vec::new();
    for (seed, (what, make)) in (100..).zip(things::THINGS) {
        let mut dice = Dice::new(seed);
        let cells: Vec<String> = (0..ROWS).map(|row| make(&mut dice, row)).collect();
        let seen = Seen::of(&library, &cells);
        for name in ["column_7", "code", "value"] {
            let judgement = judge_beside(&library, name, &seen, &others);
            if !judgement.findings.is_empty() {
                wrong.push(sentence(what, name, &judgement));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_few_cells_of_something_unmistakable_are_found_in_other_columns() {
    let library = Library::builtin().unwrap();
    let stray = |usual: fn(&mut Dice) -> String, other: &str| {
        let mut dice = Dice::new(5);
        let (_, identifier, make) = persons::PERSONS
            .iter()
            .find(|(name, ..)| *name == other)
            .unwrap();
        let cells: Vec<String> = (0..ROWS)
            .map(|row| {
                if row % 9 == 0 {
                    make(&mut dice)
                } else {
                    usual(&mut dice)
                }
            })
            .collect();
        let judgement = judge(&library, "value", &cells);
        let found = judgement
            .findings
            .iter()
            .any(|finding| finding.identifier.as_str() == *identifier);
        assert!(found, "{}", sentence(other, "value", &judgement));
    };
    stray(|dice| dice.form("aaaaa99"), "e-mail addresses");
    stray(|dice| dice.form("AA-9999"), "accounts of Germany");
    stray(
        |dice| dice.pick("open|closed|new").into(),
        "phones as in E.164",
    );
    stray(|dice| dice.form("999.99"), "cards");
}

#[test]
fn positions_are_nothing_but_positions() {
    let library = Library::builtin().unwrap();
    let mut dice = Dice::new(1);
    let degrees: Vec<String> = (0..ROWS)
        .map(|_| format!("{}.{}", dice.roll(80), dice.form("999999")))
        .collect();
    for name in NEUTRAL {
        let judgement = judge(&library, name, &degrees);
        let other = judgement
            .findings
            .iter()
            .any(|finding| finding.identifier.as_str() != "GEO_COORDINATES");
        assert!(!other, "{}", sentence("degrees", name, &judgement));
    }
}

#[test]
fn personal_data_is_told_by_its_values_alone() {
    let library = Library::builtin().unwrap();
    let mut wrong = Vec::new();
    for (seed, (what, identifier, make)) in (1..).zip(persons::PERSONS) {
        let mut dice = Dice::new(seed);
        let cells: Vec<String> = (0..ROWS).map(|_| make(&mut dice)).collect();
        for name in ["", "column_7", "field_3"] {
            let judgement = judge(&library, name, &cells);
            let label = judgement
                .findings
                .iter()
                .find(|finding| finding.kind == FindingKind::Column);
            let right = label.is_some_and(|finding| finding.identifier.as_str() == *identifier);
            if !right || judgement.findings.len() > 1 {
                wrong.push(sentence(what, name, &judgement));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// A cell of a name and an address is an address in text and one with its name before it: that is one address.
#[test]
fn one_address_in_one_cell_is_told_once() {
    let library = Library::builtin().unwrap();
    for cells in [
        &["Jörg Bär <joerg.baer@mail.example>"][..],
        &[
            "Jörg Bär <joerg.baer@mail.example>",
            "Ada Lovelace <ada@post.example>",
        ],
    ] {
        let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        let judgement = judge(&library, "from", &cells);
        let mails = judgement.findings.iter();
        let mails = mails.filter(|finding| finding.identifier.as_str() == "EMAIL_ADDRESS");
        assert_eq!(mails.count(), 1, "{}", sentence("", "from", &judgement));
    }
}

/// What is reported of cells among as many of something else is reported of them alone.
#[test]
fn a_tiny_column_never_comes_out_below_stray_cells() {
    let library = Library::builtin().unwrap();
    let mut wrong = Vec::new();
    let mut expect = |name: &str, cells: &[&str], identifier: &str| {
        let confidence = |cells: &[&str]| {
            let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
            let judgement = judge(&library, name, &cells);
            let mut found = judgement.findings.iter();
            let found = found.find(|finding| finding.identifier.as_str() == identifier);
            (
                found.map_or(0.0, |finding| finding.confidence),
                found.map_or(0, |finding| finding.matched),
                sentence("", name, &judgement),
            )
        };
        let mixed: Vec<&str> = [cells, &["open", "closed", "17 boxes"]].concat();
        let (alone, counted, told) = confidence(cells);
        let (stray, _, _) = confidence(&mixed);
        if stray > 0.0 && (alone == 0.0 || counted != cells.len() as u64) {
            wrong.push(format!(
                "{identifier} {stray:.2} among others, alone {told}"
            ));
        }
    };
    let mails = [
        "ada.lovelace@mail.example",
        "b.pascal@post.example",
        "carl_gauss@web.example",
    ];
    for name in NEUTRAL {
        for few in 1..=mails.len() {
            expect(name, &mails[..few], "EMAIL_ADDRESS");
        }
        // A code of digits may be an article's number, which explains the cell.
        if name != "code" {
            expect(name, &["4111111111111111"], "CREDIT_CARD");
        }
        expect(name, &["DE89370400440532013000"], "IBAN_CODE");
        expect(name, &["DE89370400440532013000"; 40], "IBAN_CODE");
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
