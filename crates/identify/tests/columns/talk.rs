//! Names that are a part of what a column holds: lines of logs, notes, and cells among others.

use locard_identify::{ColumnJudgement, Library};
use locard_model::FindingKind;

use super::dice::Dice;
use super::{judge, sentence};

const LINES: usize = 300;
const FIRST: &str = "Anna|Maria|Peter|Julia|Thomas|Sabine|Klaus|Laura|Michael|Petra|James|Linda|Robert|Emily|Sophie";
const LAST: &str = "Schneider|Müller|Weber|Fischer|Wagner|Becker|Hoffmann|Richter|Zimmermann|Walker|Johnson|Miller|Davis";

fn name(dice: &mut Dice) -> String {
    format!("{} {}", dice.pick(FIRST), dice.pick(LAST))
}

fn lines(seed: u64, make: impl Fn(&mut Dice, usize) -> String) -> Vec<String> {
    let mut dice = Dice::new(seed);
    (0..LINES).map(|row| make(&mut dice, row)).collect()
}

/// Cells in which persons were found, of whatever kind.
fn persons(judgement: &ColumnJudgement) -> Option<u64> {
    let found = &judgement.findings;
    let mut of_persons = found
        .iter()
        .filter(|finding| finding.identifier.as_str() == "PERSON");
    of_persons.next().map(|finding| finding.matched)
}

#[test]
fn names_in_lines_of_logs_are_found_by_their_keys_and_quotes() {
    let library = Library::builtin().unwrap();
    for around in [
        "user=\"@\" ok",
        "user='@' ok",
        "user=@ ok",
        "user: \"@\"",
        "full_name=\"@\"",
        "read patient_name=\"@\" status=200",
        "customer=\"@\" paid",
        "key=\"@\"",
        "body={\"first_name\":\"A\",\"customer_name\":\"@\"} 200",
        "body={\\\"owner\\\":\\\"@\\\"}",
        "\"@\" logged in",
        "(@) logged in",
        "customerName=@",
        "msg=\"@ logged in\" took=35ms status=ok",
    ] {
        let cells = lines(3, |dice, row| {
            let line = around.replace('@', &name(dice));
            format!(
                "2024-03-{:02}T10:{:02}:00Z INFO {line}",
                row % 28 + 1,
                row % 60
            )
        });
        let judgement = judge(&library, "text", &cells);
        assert_eq!(
            persons(&judgement),
            Some(300),
            "{}",
            sentence(around, "text", &judgement)
        );
    }
}

#[test]
fn family_names_are_found_behind_a_form_of_address() {
    let library = Library::builtin().unwrap();
    for around in [
        "Frau @ hat angerufen",
        "Bitte Herrn @ anrufen",
        "2024-03-01 called Mrs. @ today",
        "2024-03-01 rappeler madame @ demain",
        "Termin bei Dr. @ verschoben",
        "Herr Prof. @ kommt 10:30",
    ] {
        let cells = lines(5, |dice, _| around.replace('@', dice.pick(LAST)));
        let judgement = judge(&library, "note", &cells);
        assert_eq!(
            persons(&judgement),
            Some(300),
            "{}",
            sentence(around, "note", &judgement)
        );
    }
}

/// Names that no list has.
const UNHEARD: &str = "Xavronka Plonketti|Zulmira Qvarnberg|Oddbjora Vrskeland|Tjibbe Gruvenstein|Ysolde Kwarteng-Pohl";

#[test]
fn names_that_no_list_has_are_found_behind_what_only_names_follow() {
    let library = Library::builtin().unwrap();
    for around in [
        "Frau @ hat angerufen",
        "called Mrs. @ today about order 7",
        "The contract was signed by @ in June",
        "Ansprechpartnerin: @, bitte melden",
        "parcel left at the door, contact: @.",
        "Le bail est signé par @ hier",
    ] {
        let cells = lines(11, |dice, _| around.replace('@', dice.pick(UNHEARD)));
        let judgement = judge(&library, "note", &cells);
        assert_eq!(
            persons(&judgement),
            Some(300),
            "{}",
            sentence(around, "note", &judgement)
        );
    }
}

#[test]
fn what_else_stands_behind_such_words_is_no_person() {
    let library = Library::builtin().unwrap();
    let others =
        "Customer Service|Sales Department|Zorblax Qvantor GmbH|Deutsche Bank|Support Team";
    for around in [
        "The contract was signed by @ in June",
        "for questions contact: @ today",
        "delivered by @ to the door",
    ] {
        let cells = lines(13, |dice, _| around.replace('@', dice.pick(others)));
        let judgement = judge(&library, "note", &cells);
        assert_eq!(
            persons(&judgement),
            None,
            "{}",
            sentence(around, "note", &judgement)
        );
    }
}

/// Sentences with what persons sign, say and send, each `@` one of these.
fn persons_in(library: &Library, all: &str) -> Vec<(&'static str, Option<u64>, String)> {
    let sentences = [
        "The contract was signed by @ in June",
        "approved by @ on the same day",
        "the truck came from @ this morning",
        "we spoke with @ about the new rates",
    ];
    let judged = sentences.iter().map(|around| {
        let cells = lines(19, |dice, _| around.replace('@', dice.pick(all)));
        let judgement = judge(library, "note", &cells);
        let told = sentence(around, "note", &judgement);
        (*around, persons(&judgement), told)
    });
    judged.collect()
}

/// Nearly every town is a word of names, and so is what stands before many: `San`, `Santa`, `New`.
#[test]
fn places_and_their_offices_are_no_persons_whoever_they_follow() {
    let library = Library::builtin().unwrap();
    let places = "New York|San Francisco|Santa Monica|Salt Lake City|South Carolina|Kuala Lumpur|Abu Dhabi|Hong Kong|\
Paris Office|Berlin Council|Frankfurt Branch|Hamburg Department|San Juan Capistrano|Porto Alegre";
    for (_, found, told) in persons_in(&library, places) {
        assert_eq!(found, None, "{told}");
    }
}

#[test]
fn persons_who_are_called_like_places_are_found() {
    let library = Library::builtin().unwrap();
    let people = "Paris Hilton|Jack London|Jordan Fischer|Sydney Brown|Victoria Wagner|Austin Miller|Florence Weber";
    for (_, found, told) in persons_in(&library, people) {
        assert_eq!(found, Some(300), "{told}");
    }
    // What stands before or behind a name says that it is one, whatever else is called so.
    for around in [
        "called Mrs. @ about it",
        "mail of @ <sales@mail.example> came",
        "2024-03-01 user=\"@\" ok",
    ] {
        let cells = lines(21, |dice, _| {
            around.replacen('@', dice.pick("Carlos Casares|Santa Monica"), 1)
        });
        let judgement = judge(&library, "note", &cells);
        let told = sentence(around, "note", &judgement);
        assert_eq!(persons(&judgement), Some(300), "{told}");
    }
}

#[test]
fn given_names_are_found_behind_what_their_bearers_are_to_somebody() {
    let library = Library::builtin().unwrap();
    for around in [
        "please call wife @ on the other number",
        "spoke to his spouse @ about the late payment",
        "bitte nur die tochter @ anrufen",
        "avisar a la madre @ antes de las ocho",
    ] {
        let cells = lines(25, |dice, _| {
            around.replace('@', dice.pick("Julia|Thomas|Sabine|Zanele"))
        });
        let judgement = judge(&library, "note", &cells);
        let told = sentence(around, "note", &judgement);
        assert_eq!(persons(&judgement), Some(300), "{told}");
    }
    for other in [
        "the son Company paid",
        "mother Board was sent",
        "a sister Hotel nearby",
    ] {
        let cells = lines(27, |_, row| format!("{other} for order {row} again"));
        let judgement = judge(&library, "note", &cells);
        let told = sentence(other, "note", &judgement);
        assert_eq!(persons(&judgement), None, "{told}");
    }
}

#[test]
fn lines_about_things_hold_no_persons() {
    let library = Library::builtin().unwrap();
    let things = "Order Service|Billing Gateway|Mail Relay|Search Index|Audit Trail";
    for (what, make) in [
        (
            "services",
            &(|dice: &mut Dice| format!("service=\"{}\" state=Running", dice.pick(things)))
                as &dyn Fn(&mut Dice) -> String,
        ),
        ("goods", &|dice| format!("product=\"{}\" sold", name(dice))),
        ("firms", &|dice| format!("company=\"{}\" ok", name(dice))),
        ("firms' names", &|dice| {
            format!("company_name=\"{}\" ok", name(dice))
        }),
        ("roads", &|dice| format!("street=\"{}\" closed", name(dice))),
        ("doctors' roads", &|dice| {
            format!("Rua Dr. {} fechada", dice.pick(LAST))
        }),
        ("milliseconds", &|dice| {
            format!("took 35 ms {} done", dice.pick(things))
        }),
        ("enums", &|dice| {
            format!(
                "state=\"{}\"",
                dice.pick("In Progress|Not Started|Will Retry")
            )
        }),
        ("cities", &|dice| {
            format!(
                "city=\"{}\" ok",
                dice.pick("Santa Maria|San Martin|Saint Paul|San Jose")
            )
        }),
    ] {
        let cells = lines(7, |dice, row| {
            format!("2024-03-01T10:{:02}:00Z INFO {}", row % 60, make(dice))
        });
        let judgement = judge(&library, "text", &cells);
        assert_eq!(
            persons(&judgement),
            None,
            "{}",
            sentence(what, "text", &judgement)
        );
    }
}

#[test]
fn names_among_other_cells_are_found() {
    let library = Library::builtin().unwrap();
    let diagnoses = "Asthma|Type 2 diabetes|Essential hypertension|Migraine";
    for (what, every, other) in [
        (
            "system",
            3,
            &(|_: &mut Dice| "system".to_owned()) as &dyn Fn(&mut Dice) -> String,
        ),
        ("states", 2, &|dice| dice.pick("open|closed").to_owned()),
        ("numbers", 4, &|dice| dice.form("999-99-9999")),
        ("diagnoses", 3, &|dice| dice.pick(diagnoses).to_owned()),
    ] {
        for header in ["value", "assigned_to", "owner", "name", "wert"] {
            let cells = lines(9, |dice, row| match row % every {
                0 => name(dice),
                _ => other(dice),
            });
            let judgement = judge(&library, header, &cells);
            let all = judgement.findings.iter();
            let all = all.filter(|finding| finding.identifier.as_str() == "PERSON");
            let [found] = all.collect::<Vec<_>>()[..] else {
                panic!("{}", sentence(what, header, &judgement));
            };
            assert!(
                found.kind != FindingKind::Embedded && found.matched >= (LINES / every) as u64,
                "{}",
                sentence(what, header, &judgement)
            );
            assert!(
                found.confidence > 0.6,
                "{}",
                sentence(what, header, &judgement)
            );
        }
    }
}

#[test]
fn names_of_things_among_other_cells_are_no_persons() {
    let library = Library::builtin().unwrap();
    let goods = "Victoria sofa|Emma Lamp|Oslo Rug|Billy Bookcase|Paris Armchair|Martin Chair|Black Table|Linda Mug";
    let firms = "Becker Logistik|Martin Weber GmbH|Fischer Hoffmann AG|Schneider Electric|Morgan Trading|Wagner Verlag";
    let cities = "San Antonio|Santa Maria|New York|San Jose|Los Angeles|Salt Lake City|Saint Paul|Fort Worth";
    let brands = "Calvin Klein|Nike|Adidas|Gap|Uniqlo|Ralph Lauren|Mango|Bosch|Esprit|North Face|Under Armour|New Balance|Hugo Boss|Fruit Basket|Old Navy|Banana Republic|Urban Outfitters|Free People";
    let states = "In Progress|Not Started|Will Retry|Done|Ready For Review";
    for (what, words) in [
        ("goods", goods),
        ("firms", firms),
        ("cities", cities),
        ("brands", brands),
        ("states", states),
        (
            "constants",
            "system|admin|root|Administrator|Service Account|Guest User",
        ),
    ] {
        for header in ["value", "item", "data"] {
            let cells = lines(13, |dice, row| match row % 3 {
                0 => dice.form("999.99"),
                _ => dice.pick(words).to_owned(),
            });
            let judgement = judge(&library, header, &cells);
            assert_eq!(
                persons(&judgement),
                None,
                "{}",
                sentence(what, header, &judgement)
            );
        }
    }
}

/// Whoever is told by its header and fails its check is nothing else.
#[test]
fn numbers_below_another_identifiers_name_are_not_taken_for_what_they_are_alike() {
    let library = Library::builtin().unwrap();
    for (header, form, wrong) in [
        ("imei", "359999999999999", "IMSI"),
        ("USt-IdNr", "DE999999999", "DRIVER_LICENSE"),
        ("part", "123-45-9999", "US_SSN"),
    ] {
        let cells = lines(17, |dice, _| dice.form(form));
        let judgement = judge(&library, header, &cells);
        let is_wrong = judgement
            .findings
            .iter()
            .any(|finding| finding.identifier.as_str() == wrong && finding.confidence >= 0.5);
        assert!(!is_wrong, "{}", sentence(form, header, &judgement));
    }
}

/// Whom one calls or writes to is a person, also where the cells are too short to be text.
#[test]
fn names_beside_numbers_and_addresses_are_found() {
    let library = Library::builtin().unwrap();
    for (header, around) in [
        ("note", "call @ at 597.963.####"),
        ("from", "@ <mail####[at]example.org>"),
        ("to", "\"@\" <mail####[at]example.org>"),
    ] {
        let cells = lines(23, |dice, row| {
            let number = format!("{:04}", 1200 + row * 7);
            let cell = around.replace('@', &name(dice));
            cell.replace("####", &number).replace("[at]", "@")
        });
        let judgement = judge(&library, header, &cells);
        assert!(
            persons(&judgement).is_some(),
            "{}",
            sentence(around, header, &judgement)
        );
    }
}

/// One cue word right before a value tells what it is, in one line among many.
#[test]
fn what_a_word_says_of_a_value_counts_once_it_is_said() {
    let library = Library::builtin().unwrap();
    for (said, wanted) in [
        ("Anna Muster, geb. 14.08.1967, rief an", "DATE_OF_BIRTH"),
        ("Date of birth: 03/14/1981 as told", "DATE_OF_BIRTH"),
        (
            "Diagnose: Diabetes mellitus Typ 2 (E11.9)",
            "MEDICAL_DIAGNOSIS",
        ),
        ("the customer is HIV positive", "MEDICAL_DIAGNOSIS"),
        ("Versichertennummer A123456780 bitte", "HEALTH_INSURANCE_ID"),
        ("Religionszugehörigkeit: evangelisch", "RELIGION"),
        (
            "Wagen mit Kennzeichen L-UB 1967 steht hier",
            "LICENSE_PLATE",
        ),
        ("the passport number is 533401372 now", "PASSPORT"),
        ("Password: hunter2!x", "PASSWORD"),
        ("password=Sup3rS3cret!12", "PASSWORD"),
        ("Schwerbehinderung: gehörlos seit langem", "DISABILITY"),
        ("Steuernummer 181/815/08155 liegt vor", "DE_TAX_NUMBER"),
    ] {
        let cells = lines(29, |_, row| match row {
            150 => said.to_owned(),
            _ => format!("order {row} was sent to the shop again"),
        });
        let judgement = judge(&library, "note", &cells);
        let mut found = judgement.findings.iter();
        assert!(
            found.any(|finding| finding.identifier.as_str() == wanted),
            "{}",
            sentence(said, "note", &judgement)
        );
    }
}

/// The same words without a value, or another value, tell nothing.
#[test]
fn talk_of_such_values_is_none() {
    let library = Library::builtin().unwrap();
    for said in [
        "the contract of 14.08.1967 ends",
        "ask for the date of birth",
        "HIV test kits, 20 pieces",
        "Password: required",
        "the password is expired",
        "the plate is at no 5",
        "passport seen, order 53340137 released",
    ] {
        let cells = lines(31, |_, row| match row {
            150 => said.to_owned(),
            _ => format!("order {row} was sent to the shop again"),
        });
        let judgement = judge(&library, "note", &cells);
        assert!(
            judgement.findings.is_empty(),
            "{}",
            sentence(said, "note", &judgement)
        );
    }
}
