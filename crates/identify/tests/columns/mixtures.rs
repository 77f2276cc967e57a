//! Cells of which only a part is the identifier, and columns whose cells are several things.

use locard_identify::{ColumnJudgement, Library};
use locard_model::FindingKind;

use super::dice::Dice;
use super::{ROWS, judge, sentence};

/// What was found of some kind, with its count.
fn found(judgement: &ColumnJudgement, kind: FindingKind) -> Vec<(&str, u64)> {
    let of_kind = judgement
        .findings
        .iter()
        .filter(|finding| finding.kind == kind);
    of_kind
        .map(|finding| (finding.identifier.as_str(), finding.matched))
        .collect()
}

/// As address books and directories are exported, line by line.
#[test]
fn a_value_right_behind_its_label_is_found() {
    let library = Library::builtin().unwrap();
    for (label, identifier, make) in [
        ("EMAIL", "EMAIL_ADDRESS", mail as fn(&mut Dice) -> String),
        ("E-Mail", "EMAIL_ADDRESS", mail),
        ("mail", "EMAIL_ADDRESS", mail),
        ("TEL", "PHONE_NUMBER", |dice| dice.form("+493099999999")),
        ("ip", "IP_ADDRESS", |dice| {
            format!("203.0.113.{}", dice.roll(256))
        }),
    ] {
        let mut dice = Dice::new(7);
        let cells: Vec<String> = (0..ROWS)
            .map(|row| match row % 3 {
                0 => format!("{label}:{}", make(&mut dice)),
                1 => "BEGIN:VCARD".to_owned(),
                _ => format!("rev:{}", dice.form("a9a9a9a9")),
            })
            .collect();
        let judgement = judge(&library, "text", &cells);
        assert_eq!(
            found(&judgement, FindingKind::Embedded),
            [(identifier, ROWS as u64 / 3)],
            "{}",
            sentence(label, "text", &judgement)
        );
    }
}

fn mail(dice: &mut Dice) -> String {
    format!("{}@example.org", dice.form("aaaaaa"))
}

/// Numbers that begin with 0 are written as telephone numbers are, too.
#[test]
fn one_span_of_text_is_one_identifier() {
    let library = Library::builtin().unwrap();
    for (before, identifier) in [
        ("SSN ", "US_SSN"),
        ("", "US_SSN"),
        ("call ", "PHONE_NUMBER"),
    ] {
        let mut dice = Dice::new(11);
        let cells: Vec<String> = (0..ROWS)
            .map(|_| format!("{before}{} was noted", dice.form("089-26-9929")))
            .collect();
        let judgement = judge(&library, "note", &cells);
        let identifiers = found(&judgement, FindingKind::Embedded);
        assert_eq!(
            identifiers,
            [(identifier, ROWS as u64)],
            "{}",
            sentence(before, "note", &judgement)
        );
    }
}
