//! A column of values of every kind, beside one that names each.

use arrow_array::StringViewArray;
use locard_identify::{Library, Scratch};
use locard_model::FindingKind;
use locard_sketch::Preparer;

use super::dice::Dice;
use super::{Seen, judge_beside, sentence};

const PLACES: &str = "Berlin|Hamburg|Lyon|Madrid|Osaka|Toronto|Chicago|Warsaw|Sydney|Lima";
const GIVEN: &str = "Anna|Maria|Peter|Julia|Thomas|Sabine|Klaus|Laura|Michael|Petra";

type Make = fn(&mut Dice) -> String;

/// What an attribute is called, what its values are, and how they look.
const ATTRIBUTES: [(&str, Option<&str>, Make); 7] = [
    ("email", Some("EMAIL_ADDRESS"), |dice| {
        format!("{}@example.org", dice.form("aaaaaa"))
    }),
    ("home_phone", Some("PHONE_NUMBER"), |dice| {
        dice.form("2125559999")
    }),
    ("dob", Some("DATE_OF_BIRTH"), |dice| {
        let (year, month, day) = dice.date(1940, 2004);
        format!("{year}-{month:02}-{day:02}")
    }),
    ("first_name", Some("FIRST_NAME"), |dice| {
        dice.pick(GIVEN).to_owned()
    }),
    ("city", Some("CITY"), |dice| dice.pick(PLACES).to_owned()),
    ("theme", None, |dice| dice.pick("dark|light").to_owned()),
    ("quota", None, |dice| dice.form("99999")),
];

#[test]
fn values_are_judged_by_what_names_them() {
    let library = Library::builtin().unwrap();
    let mut dice = Dice::new(17);
    let kinds = ATTRIBUTES.iter().cycle().take(70 * ATTRIBUTES.len());
    let rows: Vec<(&str, String)> = kinds
        .map(|(name, _, make)| (*name, make(&mut dice)))
        .collect();
    let values: Vec<String> = rows.iter().map(|(_, value)| value.clone()).collect();
    let names: Vec<String> = rows.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut seen = Seen::of(&library, &values);
    for (name, ..) in ATTRIBUTES {
        let own = rows.iter().filter(|(of, _)| *of == name);
        let own = StringViewArray::from_iter_values(own.map(|(_, value)| value));
        library.observe_named(
            &library.named_by(name),
            &Preparer::default().prepare(&own),
            &mut seen.evidence,
            &mut Scratch::default(),
        );
    }
    let others = [("attribute", Seen::of(&library, &names))];
    let judgement = judge_beside(&library, "value", &seen, &others);
    let told = sentence("values", "value", &judgement);
    for (name, identifier, _) in ATTRIBUTES {
        let found = judgement.findings.iter().find(|finding| {
            identifier == Some(finding.identifier.as_str()) && finding.kind == FindingKind::Stray
        });
        let matched = found.map_or(0, |finding| finding.matched);
        assert_eq!(matched, identifier.map_or(0, |_| 70), "{name}: {told}");
    }
    assert_eq!(judgement.findings.len(), 5, "{told}");
}
