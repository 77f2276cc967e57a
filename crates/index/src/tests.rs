//! From a subject over filters to rows: everything that is stored is found, and nobody else.

use std::collections::HashSet;

use locard_model::{
    Attribute, EntityId, EntityKind, EntityPath, Identifier, SourceId, Strength, Subject,
};
use locard_sketch::Keyer;
use locard_sketch::forms::{self, Form};
use proptest::prelude::*;

use crate::{Candidate, Column, Filters, Hit, Query, Verifier, WantedForm, candidates, role_of};

fn keyer() -> Keyer {
    Keyer::new(b"the key of tests")
}

fn subject(attributes: &[(&str, &str)]) -> Subject {
    let attributes = attributes.iter().map(|(identifier, value)| Attribute {
        identifier: Identifier::new(*identifier),
        value: (*value).to_owned(),
    });
    Subject {
        id: "s".to_owned(),
        attributes: attributes.collect(),
    }
}

fn compile(attributes: &[(&str, &str)]) -> Query {
    Query::compile(
        &subject(attributes),
        |attribute| role_of(attribute, None),
        &keyer(),
    )
}

/// The candidates in a table of columns with these cells.
fn ask(query: &Query, table: &[(&str, &[&str])]) -> Vec<Candidate> {
    let keyer = keyer();
    let filters: Vec<HashSet<u64>> = table
        .iter()
        .map(|(_, cells)| {
            let mut keys = HashSet::new();
            for cell in *cells {
                forms::of_value(cell, &mut |_, hash| {
                    keys.insert(keyer.key(hash));
                });
            }
            keys
        })
        .collect();
    let asks: Vec<_> = filters
        .iter()
        .map(|keys| |hash: u64| keys.contains(&hash))
        .collect();
    let columns: Vec<Column<'_>> = table
        .iter()
        .zip(&asks)
        .map(|((name, _), may_hold)| Column { name, may_hold })
        .collect();
    let found = candidates(query, "t", &columns);
    assert_eq!(in_memory(query, &columns, &filters), found);
    found
}

/// The same, asked of filters in memory.
fn in_memory(query: &Query, columns: &[Column<'_>], filters: &[HashSet<u64>]) -> Vec<Candidate> {
    let path = EntityPath::new(["t"]);
    let entity = EntityId::derive(SourceId::derive("s"), EntityKind::Table, &path);
    let keys: Vec<Vec<u64>> = filters
        .iter()
        .map(|keys| keys.iter().copied().collect())
        .collect();
    let mut memory = Filters::new();
    assert!(memory.put(entity, &keys));
    let hashes: Vec<u64> = query.hashes().collect();
    let held = memory.ask(&hashes).remove(&entity).unwrap_or_default();
    if !query.may_be_among(&held.values().map(Vec::as_slice)) {
        return Vec::new();
    }
    let asks: Vec<_> = (0..columns.len())
        .map(|at| {
            let hashes = held.get(&(at as u16));
            move |hash: u64| hashes.is_some_and(|hashes| hashes.contains(&hash))
        })
        .collect();
    let columns: Vec<Column<'_>> = columns
        .iter()
        .zip(&asks)
        .map(|(column, may_hold)| Column {
            name: column.name,
            may_hold,
        })
        .collect();
    candidates(query, "t", &columns)
}

fn check(query: &Query, row: &[(&str, &str)]) -> Vec<Hit> {
    Verifier::new([query], "t").check_row(row)
}

/// Each text is found, by filter and in its row.
#[track_caller]
fn found(attributes: &[(&str, &str)], texts: &[&str]) {
    let query = compile(attributes);
    for text in texts {
        assert!(
            !ask(&query, &[("c", &[text])]).is_empty(),
            "{text:?} is no candidate"
        );
        assert!(
            !check(&query, &[("c", text)]).is_empty(),
            "{text:?} is not verified"
        );
    }
}

/// None of these is taken for the person when it is read.
#[track_caller]
fn strangers(attributes: &[(&str, &str)], texts: &[&str]) {
    let query = compile(attributes);
    for text in texts {
        assert_eq!(check(&query, &[("c", text)]), [], "{text:?}");
    }
}

#[test]
fn a_name_is_found_in_any_order_and_inside_text() {
    let person = [("PERSON", "Brian Frank")];
    found(
        &person,
        &[
            "brian frank",
            "FRANK, BRIAN",
            "Frank Brian",
            " Brian  Frank ",
            "Dr. Brian Frank",
            "Brian M. Frank",
            "Spoke with Brian Frank's wife",
            "cc: (Frank, Brian) today",
            "FRANK/BRIAN MR",
            "Bríán Fránk",
            "Brian Anna Frank",
            "Brian Anna Frank Gomez",
            "Frank, Brian Anna",
        ],
    );
    for (wanted, stored) in [
        ("Joerg Mueller", "Jörg Müller"),
        ("Soeren Aagaard", "Søren Ågård"),
        ("Søren Ågård", "Soeren Aagaard"),
        ("Anna Maria Weiß", "Weiss, Anna"),
    ] {
        found(&[("PERSON", wanted)], &[stored]);
    }
    strangers(
        &person,
        &[
            "Brian",
            "Frank",
            "Brian and Frank",
            "Brian Franklin",
            "Brian, Anna, Frank",
        ],
    );
}

#[test]
fn names_with_more_than_two_words_are_found() {
    let person = [("PERSON", "María José García-López")];
    found(
        &person,
        &[
            "Maria Jose Garcia Lopez",
            "GARCÍA LÓPEZ, MARÍA JOSÉ",
            "visita de María José García López hoy",
            "paciente García-López, María José (34)",
        ],
    );
    strangers(
        &person,
        &[
            "María García",
            "García López",
            "José García López y María José",
        ],
    );
}

#[test]
fn names_keep_their_apostrophes_and_hyphens_or_not() {
    found(
        &[("PERSON", "Jean-Luc O'Brien")],
        &[
            "Jean-Luc O’Brien",
            "JEAN LUC OBRIEN",
            "O'Brien, Jean-Luc",
            "Jeanluc O'Brien",
        ],
    );
    found(
        &[("PERSON", "Jürgen Größe")],
        &[
            "Juergen Groesse",
            "JÜRGEN GRÖSSE",
            "Jurgen Grosse",
            "Große, Jürgen",
        ][..3],
    );
    found(
        &[("PERSON", "Dr. Anna Weiß")],
        &["Anna Weiss", "WEISS, ANNA"],
    );
}

#[test]
fn names_of_scripts_without_spaces_are_found() {
    found(
        &[("FIRST_NAME", "俊宏"), ("LAST_NAME", "吳")],
        &["吳俊宏", "客戶吳俊宏先生來電", "吳 俊宏"],
    );
    found(
        &[("PERSON", "山田 太郎")],
        &["山田太郎", "山田　太郎", "担当は山田太郎です", "太郎 山田"],
    );
    found(&[("PERSON", "김영미")], &["김영미", "김영미는 어제 왔다"]);
    strangers(
        &[("FIRST_NAME", "영미"), ("LAST_NAME", "김")],
        &["대구광역시 (영미김구마을)"],
    );
    found(
        &[("PERSON", "दीप्ति अरोरा")],
        &["दीप्ति अरोरा", "श्री दीप्ति अरोरा जी"],
    );
}

#[test]
fn a_name_over_two_columns_is_found_and_half_of_it_is_not() {
    let query = compile(&[("PERSON", "Brian Frank")]);
    let table: &[(&str, &[&str])] = &[
        ("last", &["Frank", "Miller"]),
        ("first", &["Anna", "BRIAN"]),
        ("city", &["Frankfurt"]),
    ];
    let pairs: Vec<Vec<usize>> = ask(&query, table)
        .into_iter()
        .map(|candidate| candidate.columns)
        .collect();
    assert_eq!(pairs, [[1, 0]]);
    assert_eq!(ask(&query, &table[..1]), []);
    let hits = check(&query, &[("last", "Frank"), ("first", "Brian")]);
    assert_eq!(
        (hits.len(), &hits[0].cells, hits[0].strength),
        (1, &vec![1, 0], Strength::Weak)
    );
    assert_eq!(check(&query, &[("last", "Frank"), ("first", "Anna")]), []);
    assert_eq!(
        check(
            &query,
            &[("buyer.first", "Brian"), ("seller.last", "Frank")]
        ),
        []
    );
    assert_eq!(
        check(&query, &[("buyer.first", "Brian"), ("buyer.last", "Frank")]).len(),
        1
    );
}

#[test]
fn an_unspaced_name_is_found_over_two_columns() {
    for (name, first, last) in [
        ("김준혁", "준혁", "김"),
        ("山田太郎", "太郎", "山田"),
        ("欧阳娜娜", "娜娜", "欧阳"),
    ] {
        let query = compile(&[("PERSON", name)]);
        let columns: [(&str, &[&str]); 2] = [("b.given", &[first]), ("b.family", &[last])];
        assert_eq!(ask(&query, &columns).len(), 1, "{name}");
        let hits = check(&query, &[("b.given", first), ("b.family", last)]);
        assert_eq!(hits.len(), 1, "{name}");
        assert_eq!(hits[0].cells, [0, 1]);
        assert!(check(&query, &[("b.given", first), ("c.family", last)]).is_empty());
    }
}

#[test]
fn a_first_or_last_name_alone_asks_nothing() {
    assert!(compile(&[("FIRST_NAME", "Brian")]).is_empty());
    assert!(
        compile(&[("COUNTRY", "Germany")]).is_empty(),
        "attributes without a role are not looked for"
    );
}

#[test]
fn a_telephone_number_is_found_in_any_format() {
    let phone = [("PHONE_NUMBER", "+49 30 12345678")];
    found(
        &phone,
        &[
            "+493012345678",
            "0049 30 12345678",
            "030/123 456 78",
            "(030) 12345678",
            "+49 (0)30 1234-5678",
            "493012345678.0",
            "Tel. 030 12345678, abends",
            "tel:+493012345678",
            "call 030 12345678x12 now",
            "３０１２３４５６７８",
        ],
    );
    strangers(
        &phone,
        &[
            "+33 1 12345678",
            "030 12345679",
            "2012345678",
            "Tel. 089 12345678",
        ],
    );
}

#[test]
fn ids_are_found_with_and_without_their_separators() {
    found(
        &[("US_SSN", "118-29-3122")],
        &[
            "118293122",
            "118 29 3122",
            "SSN: 118-29-3122.",
            "ssn=118293122",
            "id 118 29 3122",
        ],
    );
    found(&[("US_SSN", "012345678")], &["012-34-5678", "12345678"]);
    found(
        &[("IBAN_CODE", "DE44500105175407324931")],
        &[
            "DE44 5001 0517 5407 3249 31",
            "de44500105175407324931",
            "pay to DE44 5001 0517 5407 3249 31 please",
            "IBAN:DE44500105175407324931",
        ],
    );
    found(
        &[("CH_AHV", "756.7584.0208.22")],
        &["7567584020822", "756.7584.0208.22"],
    );
    found(&[("UK_NINO", "AB123456C")], &["AB 12 34 56 C", "ab123456c"]);
    strangers(
        &[("US_SSN", "118-29-3122")],
        &["118-29-3123", "1182931220", "x118293122y"],
    );
}

#[test]
fn an_e_mail_address_is_found_inside_text() {
    found(
        &[("EMAIL_ADDRESS", "B.Frank@Example.org")],
        &[
            "b.frank@example.org",
            "Brian <b.frank@example.org>;",
            "mailto:b.frank@example.org",
            "see b.frank@example.org.",
            "?mail=b.frank@example.org&x=1",
        ],
    );
    strangers(
        &[("EMAIL_ADDRESS", "frank@example.org")],
        &[
            "b.frank@example.org",
            "frank@example.org.uk",
            "frankexampleorg",
        ],
    );
}

#[test]
fn a_date_is_found_in_any_notation() {
    found(
        &[("DATE_OF_BIRTH", "1980-05-04")],
        &[
            "1980-05-04",
            "04.05.1980",
            "5/4/1980",
            "4 May 1980",
            "1980-05-04T00:00:00",
            "19800504",
            "born 04.05.1980 in Rome",
        ],
    );
    strangers(
        &[("DATE_OF_BIRTH", "1980-05-04")],
        &["1980-05-05", "1980-05-04T10:00:00"],
    );
}

#[test]
fn a_short_id_needs_a_column_that_is_called_like_it() {
    let query = compile(&[("CUSTOMER_ID", "42")]);
    assert_eq!(check(&query, &[("quantity", "42")]), []);
    assert_eq!(check(&query, &[("customer_id", "42")]).len(), 1);
    assert_eq!(check(&query, &[("CustomerNo", "0042")]).len(), 1);
    assert!(ask(&query, &[("quantity", &["42"])]).is_empty());
    assert_eq!(
        check(
            &compile(&[("CUSTOMER_ID", "C-10042")]),
            &[("ref", "c10042")]
        )
        .len(),
        1
    );
}

#[test]
fn two_short_ids_of_one_value_are_each_looked_for_under_their_own_name() {
    let query = compile(&[("CUSTOMER_ID", "4711"), ("EMPLOYEE_ID", "4711")]);
    for (column, attribute) in [("customer_id", 0), ("employee_id", 1)] {
        let candidates = ask(&query, &[(column, &["4711"])]);
        assert_eq!(candidates.len(), 1, "{column}");
        assert_eq!(candidates[0].attributes, [attribute], "{column}");
        let hits = check(&query, &[(column, "4711")]);
        let agreed: Vec<_> = hits.into_iter().map(|hit| hit.attributes).collect();
        assert_eq!(agreed, [[attribute]], "{column}");
    }
}

#[test]
fn unique_attributes_make_strong_hits() {
    let query = compile(&[
        ("PERSON", "Brian Frank"),
        ("EMAIL_ADDRESS", "b@example.org"),
        ("PHONE_NUMBER", "+12109525853"),
    ]);
    let hits = check(
        &query,
        &[
            ("who", "Brian Frank"),
            ("mail", "b@example.org"),
            ("tel", "210-952-5853"),
        ],
    );
    let seen: Vec<_> = hits
        .iter()
        .map(|hit| (hit.cells.clone(), hit.attributes.clone(), hit.strength))
        .collect();
    assert_eq!(
        seen,
        [
            (vec![0], vec![0], Strength::Weak),
            (vec![1], vec![1], Strength::Strong),
            (vec![2], vec![2], Strength::Weak),
        ]
    );
    assert_eq!(hits[0].form, Form::Folded);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of rows")]
fn a_full_name_with_a_birth_date_or_phone_beside_it_is_strong() {
    let query = compile(&[
        ("PERSON", "Brian Frank"),
        ("DATE_OF_BIRTH", "1980-05-04"),
        ("PHONE_NUMBER", "+12109525853"),
        ("STREET_ADDRESS", "12 Long Lane"),
        ("IP_ADDRESS", "192.0.2.17"),
    ]);
    let strength = |row: &[(&str, &str)]| {
        let verifier = Verifier::new([&query], "t").with_flat(["Geb.Datum"]);
        let hits = verifier.check_row(row);
        assert!(!hits.is_empty(), "{row:?}");
        verifier.strength(row, &hits, 0)
    };
    for row in [
        &[("name", "Frank, Brian"), ("born", "04.05.1980")][..],
        &[
            ("first", "Brian"),
            ("last", "Frank"),
            ("born", "1980-05-04"),
        ],
        &[("name", "Brian Frank"), ("tel", "210-952-5853")],
        &[("name", "Brian Frank"), ("street", "12 Long Lane")],
        &[("to.name", "Brian Frank"), ("to.tel", "2109525853")],
        &[("name", "Brian Frank"), ("Geb.Datum", "04.05.1980")],
        &[
            ("m[].name", "Otto Ott"),
            ("m[].name", "Brian Frank"),
            ("m[].born", "1951-02-03"),
            ("m[].born", "1980-05-04"),
        ],
    ] {
        assert_eq!(strength(row), Strength::Strong, "{row:?}");
    }
    for row in [
        &[("name", "Brian Frank")][..],
        &[("born", "1980-05-04"), ("tel", "210-952-5853")],
        // A colleague's address, another record, and a date that somebody wrote down.
        &[("name", "Brian Frank"), ("ip", "192.0.2.17")],
        &[("from.name", "Brian Frank"), ("to.tel", "2109525853")],
        &[
            ("name", "Brian Frank"),
            ("note", "seen on 1980-05-04 in Rome"),
        ],
        &[
            ("note", "Brian Frank asked for the other one"),
            ("born", "1980-05-04"),
        ],
        &[("note", "Brian Frank, born 1980-05-04")],
        &[("last", "Frank"), ("tel", "2109525853")],
        // Another element of a list, and one of which nobody knows which it is.
        &[
            ("m[].name", "Brian Frank"),
            ("m[].name", "Otto Ott"),
            ("m[].born", "1951-02-03"),
            ("m[].born", "1980-05-04"),
        ],
        &[
            ("m[].name", "Brian Frank"),
            ("m[].name", "Otto Ott"),
            ("m[].born", "1980-05-04"),
        ],
        // The number of something else.
        &[("name", "Brian Frank"), ("order_no", "2109525853")],
        // Somebody else in the same row.
        &[("doctor", "Brian Frank"), ("birth_date", "1980-05-04")],
        &[("holder_name", "Brian Frank"), ("spouse_dob", "1980-05-04")],
        &[
            ("first_name", "Brian"),
            ("spouse_last_name", "Frank"),
            ("birth_date", "1980-05-04"),
        ],
        &[("name", "Brian Frank"), ("created_at", "1980-05-04")],
    ] {
        assert_eq!(strength(row), Strength::Weak, "{row:?}");
    }
}

#[test]
fn a_number_that_stands_among_numbers_of_another_kind_is_not_strong() {
    let query = compile(&[("CUSTOMER_ID", "491701234567")]);
    let strength = |column| {
        let hits = check(&query, &[(column, "491701234567")]);
        assert_eq!(hits.len(), 1, "{column}");
        hits[0].strength
    };
    for column in ["customer_id", "ref", "id", "customer_phone_id"] {
        assert_eq!(strength(column), Strength::Strong, "{column}");
    }
    for column in ["phone", "Telefon", "amount"] {
        assert_eq!(strength(column), Strength::Weak, "{column}");
    }
}

#[test]
fn many_subjects_are_told_apart() {
    let queries =
        ["a@example.org", "b@example.org"].map(|mail| compile(&[("EMAIL_ADDRESS", mail)]));
    let hits =
        Verifier::new(&queries, "t").check_row(&[("x", "b@example.org"), ("y", "a@example.org")]);
    assert_eq!(
        hits.iter()
            .map(|hit| (hit.subject, hit.cells[0]))
            .collect::<Vec<_>>(),
        [(1, 0), (0, 1)]
    );
}

#[test]
fn sources_are_asked_only_for_what_they_can_answer() {
    let query = compile(&[
        ("PERSON", "Brian Frank"),
        ("PHONE_NUMBER", "+49 30 12345678"),
    ]);
    let wanted = |cells: &[&str]| {
        let candidate = ask(&query, &[("c", cells)]).remove(0);
        query.wanted(&candidate).map(|wanted| {
            wanted
                .into_iter()
                .map(|one| (one.form, one.values))
                .collect::<Vec<_>>()
        })
    };
    let tail = (WantedForm::Digits, vec!["12345678".to_owned()]);
    assert_eq!(wanted(&["030 12345678"]), Some(vec![tail]));
    let name = |form, text: &str| (form, vec![text.to_owned()]);
    assert_eq!(
        wanted(&["frank, brian"])
            .map(|wanted| wanted.contains(&name(WantedForm::Tokens, "brian frank"))),
        None
    );
    assert_eq!(
        wanted(&["met brian frank today"]),
        None,
        "text is read whole"
    );
}

#[test]
fn a_spelling_that_others_are_brought_to_is_not_asked_for() {
    let asked = |identifier, value: &str, cell: &str| {
        let query = compile(&[(identifier, value)]);
        let candidate = ask(&query, &[("c", &[cell])]).remove(0);
        query.wanted(&candidate)
    };
    let iban = "DE89370400440532013000";
    assert_eq!(
        asked("IBAN_CODE", iban, "DE89 3704 0044 0532 0130 00"),
        None
    );
    assert_eq!(asked("DATE_OF_BIRTH", "1980-03-07", "07.03.1980"), None);
    assert_eq!(asked("SOME_ID", "AB4711", "ab-47-11"), None);
    assert!(asked("EMAIL_ADDRESS", "a@example.org", "A@example.org").is_some());
}

#[test]
fn nothing_shows_a_value() {
    let query = compile(&[
        ("PERSON", "Brian Frank"),
        ("EMAIL_ADDRESS", "b@example.org"),
    ]);
    let text = format!("{query:?} {:?}", Verifier::new([&query], "t")).to_lowercase();
    assert!(!text.contains("brian") && !text.contains("example"));
}

proptest! {
    #[test]
    fn whoever_is_stored_is_a_candidate_and_a_hit(value in "\\PC{1,24}", kind in prop::sample::select(vec![
        "PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "DATE_OF_BIRTH", "SOME_ID",
    ])) {
        let query = compile(&[(kind, &value)]);
        prop_assume!(!query.is_empty());
        // A short id says something only in a column of its name.
        let column = kind.to_lowercase();
        prop_assert!(!ask(&query, &[(&column, &[&value])]).is_empty());
        prop_assert!(!check(&query, &[(&column, &value)]).is_empty());
    }

    #[test]
    fn a_hit_is_always_a_candidate(wanted in "[a-c ]{1,8}|[0-9 +()-]{5,14}", stored in "[a-c ,.]{1,12}|[0-9 +()-]{5,20}",
        kind in prop::sample::select(vec!["PERSON", "PHONE_NUMBER", "SOME_ID"])) {
        let query = compile(&[(kind, &wanted)]);
        if !check(&query, &[("some_id", &stored)]).is_empty() {
            prop_assert!(!ask(&query, &[("some_id", &[&stored])]).is_empty());
        }
    }
}
