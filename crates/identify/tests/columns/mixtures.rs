//! Cells of which only a part is the identifier, and columns whose cells are several things.

use locard_identify::{ColumnJudgement, Library};
use locard_model::FindingKind;

use super::dice::{Dice, luhn_digit};
use super::{ROWS, Seen, column, judge, judge_beside, sentence};

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

/// The shortest card numbers have as many digits as other numbers, and pass their checks now and then.
#[test]
fn cards_of_many_lengths_are_nothing_besides_cards() {
    let library = Library::builtin().unwrap();
    let mut dice = Dice::new(3);
    let cells: Vec<String> = (0..600)
        .map(|row| {
            let body = match row % 3 {
                0 => dice.form("50189999999"),
                1 => dice.form("453999999999999"),
                _ => dice.form("37999999999999"),
            };
            format!("{body}{}", luhn_digit(&body))
        })
        .collect();
    let judgement = judge(&library, "card", &cells);
    let identifiers: Vec<&str> = judgement
        .findings
        .iter()
        .map(|finding| finding.identifier.as_str())
        .collect();
    assert_eq!(
        identifiers,
        ["CREDIT_CARD"],
        "{}",
        sentence("cards", "card", &judgement)
    );
}

#[test]
fn names_beside_other_text_are_found_where_something_names_them() {
    let library = Library::builtin().unwrap();
    let names =
        "Mark Silva|Anna Klotz|James Wood|Maria Schneider|Laura Bianchi|Peter Wagner|Julia Becker";
    let mut dice = Dice::new(21);
    let contacts: Vec<String> = (0..ROWS)
        .map(|_| format!("{} {}", dice.pick(names), dice.form("001-545-999-9999x99")))
        .collect();
    let remarks: Vec<String> = (0..ROWS)
        .map(|row| match row % 4 {
            0 => format!("Ehefrau {} bevollmächtigt", dice.pick(names)),
            _ => dice
                .pick("zahlt per Rechnung|nur schriftlich|wünscht Rückruf")
                .to_owned(),
        })
        .collect();
    for (name, cells, least) in [
        ("EmergencyContact", contacts, 90),
        ("Bemerkung", remarks, 20),
    ] {
        let judgement = judge(&library, name, &cells);
        let persons = found(&judgement, FindingKind::Embedded)
            .into_iter()
            .find(|(identifier, _)| *identifier == "PERSON");
        assert!(
            persons.is_some_and(|(_, cells)| cells >= least),
            "{}",
            sentence("names", name, &judgement)
        );
    }
}

/// São Paulo's check digit is computed as that of the Dutch citizens' number.
#[test]
fn identity_cards_of_brazil_are_no_dutch_numbers() {
    let library = Library::builtin().unwrap();
    let mut dice = Dice::new(31);
    let numbers: Vec<String> = (0..ROWS)
        .map(|_| {
            let body = dice.form("99999999");
            let sum: u32 = body
                .bytes()
                .zip((2..=9).rev())
                .map(|(byte, weight)| u32::from(byte - b'0') * weight)
                .sum();
            match sum % 11 {
                10 => format!("{body}X"),
                check => format!("{body}{check}"),
            }
        })
        .collect();
    let others = [("nome", column(&library, 71, "full names"))];
    let judgement = judge_beside(&library, "rg", &Seen::of(&library, &numbers), &others);
    assert_eq!(
        found(&judgement, FindingKind::Column),
        [("BR_RG", ROWS as u64)],
        "{}",
        sentence("numbers", "rg", &judgement)
    );
}

/// A number that is called something and mistyped is no telephone number within; one that is called a telephone stays one.
#[test]
fn no_telephone_begins_within_a_number_of_another_name() {
    let library = Library::builtin().unwrap();
    for (note, is_phone) in [
        ("patiente, n° sécu 1 85 05 78 006 084 36, à revoir", false),
        ("carte vitale 1 85 05 78 006 084 36", false),
        ("client, tél 05 78 00 60 84, à revoir", true),
        ("n° sécu inconnu, tél 05 78 00 60 84", true),
        ("n° sécu 1 85 05 78 006 084 36, tél 06 12 34 56 78", true),
        ("Паспорт 4510 123456, выдан", false),
        ("Паспорт 4510 123456, тел. +7 916 123-45-67", true),
    ] {
        let cells = vec![note.to_owned(); 3];
        let judgement = judge(&library, "note", &cells);
        let phones = found(&judgement, FindingKind::Embedded)
            .into_iter()
            .any(|(identifier, _)| identifier == "PHONE_NUMBER");
        assert_eq!(phones, is_phone, "{}", sentence(note, "note", &judgement));
    }
}

/// An account whose check digits are wrong is neither a card nor a telephone in its middle.
#[test]
fn nothing_is_found_within_a_number_that_fails_its_check() {
    let library = Library::builtin().unwrap();
    for around in ["@", "paid from @ in March", "account @, see the contract"] {
        let mut dice = Dice::new(61);
        let cells: Vec<String> = (0..ROWS)
            .map(|_| around.replace('@', &dice.form("XK99 9999 9999 9999 9999 99")))
            .collect();
        let judgement = judge(&library, "note", &cells);
        let told = sentence(around, "note", &judgement);
        let mut found = judgement.findings.iter();
        let is_inner = |of: &str| ["CREDIT_CARD", "PHONE_NUMBER"].contains(&of);
        assert!(
            !found.any(|found| is_inner(found.identifier.as_str())),
            "{told}"
        );
    }
}

/// A header says what a column is called; where no cell has the shape of it, the header is wrong.
#[test]
fn a_name_alone_reports_nothing_where_no_cell_has_the_shape() {
    let library = Library::builtin().unwrap();
    let others = || [("customer", column(&library, 81, "full names"))];
    for (header, words) in [
        ("address.street", "see map"),
        ("street", "x-17"),
        ("home_address", "as before|see map"),
        ("passport", "no"),
        ("iban", "cash"),
    ] {
        let mut dice = Dice::new(67);
        let cells: Vec<String> = (0..ROWS).map(|_| dice.pick(words).to_owned()).collect();
        let judgement = judge_beside(&library, header, &Seen::of(&library, &cells), &others());
        let told = sentence(words, header, &judgement);
        assert!(judgement.findings.is_empty(), "{told}");
    }
}

/// Streets whose numbers stand in a column of their own.
#[test]
fn names_of_streets_are_found_below_a_name_that_says_so() {
    let library = Library::builtin().unwrap();
    for (header, words) in [
        (
            "Strasse",
            "Lindenstraße|Gartenweg|Am Markt|Unter den Linden|Schillerallee|Zum Hof",
        ),
        (
            "VIA",
            "C/ Mayor|Avda. Constitución|Plaza España|Calle Alcalá|Serrano|Goya",
        ),
        ("улица", "Ленина|Пушкина|Садовая|Гагарина|Мира|Советская"),
        (
            "street_name",
            "High Street|Station Road|Mill Lane|Park Avenue|Church Walk",
        ),
    ] {
        let mut dice = Dice::new(71);
        let cells: Vec<String> = (0..ROWS).map(|_| dice.pick(words).to_owned()).collect();
        let others = [("customer", column(&library, 82, "full names"))];
        let seen = Seen::of(&library, &cells);
        let judgement = judge_beside(&library, header, &seen, &others);
        let told = sentence(words, header, &judgement);
        let is_street = judgement.findings.iter().any(|found| {
            found.identifier.as_str() == "STREET_ADDRESS" && found.kind == FindingKind::Column
        });
        assert!(is_street, "{told}");
        // Below a name that says nothing of streets, such words are none.
        let judgement = judge_beside(&library, "address", &seen, &[]);
        let generic = words.contains("Ленина");
        assert!(
            !generic || judgement.findings.is_empty(),
            "{}",
            sentence(words, "address", &judgement)
        );
    }
}
