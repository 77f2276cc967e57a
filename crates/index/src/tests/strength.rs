//! How firmly a row points at the person, and at whom of several.

use super::*;

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
